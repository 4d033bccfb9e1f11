"""Parquet: real types, codes as dictionaries, and the codebook in each field's metadata."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from curation.releases.formats.table import Column, Table


def write(table: Table, path: Path) -> None:
    """Missing codes stay as they were coded; field metadata `missing` tells them."""
    schema = pa.schema([_field(column) for column in table.columns])
    with (
        table.blocks() as blocks,
        pq.ParquetWriter(path, schema, compression="zstd", compression_level=3) as file,
    ):
        for block in blocks:
            arrays = [_typed(block.column(n), kind.type) for n, kind in enumerate(schema)]
            file.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))


def _field(column: Column) -> pa.Field:
    told = {"label": column.label, "kind": column.kind}
    for key in ("labels", "missing"):
        if found := getattr(column, key):
            told[key] = json.dumps(dict(found), ensure_ascii=False)
    return pa.field(column.name, _type(column), metadata=told)


def _type(column: Column) -> pa.DataType:
    if column.kind == "day":
        return pa.date32()
    if column.is_number and not column.is_coded:
        return pa.int64() if column.kind == "integer" else pa.float64()
    if column.is_coded or column.kind == "word":
        return pa.dictionary(pa.int32(), pa.string())
    return pa.string()


def _typed(values: pa.Array, kind: pa.DataType) -> pa.Array:
    if pa.types.is_dictionary(kind):
        return values.dictionary_encode()
    return pc.cast(values, kind)
