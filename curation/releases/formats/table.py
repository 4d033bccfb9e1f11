"""A frozen table as the other formats see it: its CSV file, and what its columns mean.

Nothing is asked of the database: a format is made from the bytes that are released beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pyarrow as pa
from pyarrow import csv

from coding.canonical import DATE_PARTS
from coding.documents import Document
from curation import store
from curation.releases import riskset
from curation.releases.csvfile import File

CODED = ("category", "ordinal", "boolean", "state")
NUMBERS = ("integer", "decimal")
BLOCK = 1 << 22  # bytes of CSV read at a time
PARTS = {
    "earliest": "earliest day",
    "latest": "latest day",
    "precision": "precision",
}


def is_whole(text: str) -> bool:
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdigit() and len(digits) <= 15


@dataclass(frozen=True)
class Column:
    """What a column holds. Kinds are those of the codebook, and key, day and word beside them."""

    name: str
    label: str
    kind: str
    labels: Mapping[str, str] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)
    measure: str = "nominal"

    @cached_property
    def is_coded(self) -> bool:
        return self.kind in CODED

    @cached_property
    def is_number(self) -> bool:
        """Numbers, and codes that are whole numbers: missing codes must be such, too."""
        if not all(map(is_whole, self.missing)):
            return False
        return self.kind in NUMBERS or (
            self.is_coded and bool(self.labels) and all(map(is_whole, self.labels))
        )


@dataclass(frozen=True)
class Table:
    """A CSV file of the release with its columns; `is_unit` where it has a row for each case."""

    name: str
    label: str
    file: File
    columns: tuple[Column, ...]
    is_unit: bool = False

    @contextmanager
    def blocks(self) -> Iterator[Iterator[pa.RecordBatch]]:
        """The rows as text, some at a time; an empty field is null."""
        names = [column.name for column in self.columns]
        with store.opened(self.file.sha256) as data:
            yield csv.open_csv(
                data,
                csv.ReadOptions(block_size=BLOCK, use_threads=False),
                csv.ParseOptions(newlines_in_values=True),
                csv.ConvertOptions(
                    column_types={name: pa.string() for name in names},
                    null_values=[""],
                    strings_can_be_null=True,
                    quoted_strings_can_be_null=False,
                ),
            )

    def whole(self) -> pa.Table:
        """All rows at once, for formats that are written column by column."""
        with self.blocks() as blocks:
            schema = pa.schema([(column.name, pa.string()) for column in self.columns])
            return pa.Table.from_batches(list(blocks), schema)


# ------------------------------------------------------------------ what the columns are

LONG = {
    "coders": "integer",
    "certainty": "integer",
    "verified": "boolean",
    "flagged": "boolean",
    "codebook": "integer",
    "is_target": "boolean",
    "in_home_region": "boolean",
    "joined": "boolean",
    "position": "integer",
    "third": "integer",
    "withdrawn": "integer",
    "design": "integer",
    "row": "integer",
    "round": "integer",
    "blind": "boolean",
    "value": "text",
    "label": "text",
    "reason": "text",
    "citations": "text",
    "note": "text",
}
YES = {"0": "No", "1": "Yes"}


def tables_of(document: Document, files: Sequence[File], states: Mapping[str, str]) -> list[Table]:
    """Every CSV file of the release; units first, as the manifest names them."""
    labels = {unit["id"]: unit.get("label", "") for unit in document["codebook"].get("units", [])}
    tables = []
    for file in files:
        name, _, suffix = file.name.partition(".")
        if suffix == "csv" and file.columns:
            known = _known(document, name, states) if name in labels else {}
            known |= _of_risk_set(document, file.columns, states) if name == "risk_set" else {}
            columns = tuple(known.get(c) or _other(c) for c in file.columns)
            tables.append(Table(name, labels.get(name) or name, file, columns, name in labels))
    return tables


def _of_risk_set(
    document: Document, names: Sequence[str], states: Mapping[str, str]
) -> dict[str, Column]:
    """Its states, and after its own columns the series, which are numbers."""
    series = [name for name in names if name not in riskset.COLUMNS]
    missing = _missing(document)
    found = {n: Column(n, _titled(n), "decimal", missing=missing, measure="ratio") for n in series}
    return {"state": Column("state", "State", "state", states), **found}


def _missing(document: Document) -> dict[str, str]:
    return {str(m["code"]): str(m["label"]) for m in document["codebook"]["missing_codes"]}


def _titled(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _other(name: str) -> Column:
    """A column that the codebook does not describe: its name says what it is."""
    kind = LONG.get(name, "word")
    return Column(name, _titled(name), kind, YES if kind == "boolean" else {})


def _known(document: Document, unit: str, states: Mapping[str, str]) -> dict[str, Column]:
    missing = _missing(document)
    found = {
        "case": Column("case", "Case", "key"),
        "parent": Column("parent", "Case above it", "key"),
    }
    for variable in document["variables"]:
        if variable["unit"] == unit:
            column = _column(variable, states, missing)
            found[column.name] = column
            if column.kind == "date":
                found |= {part.name: part for part in _parts(column)}
    return found


def _column(variable: Any, states: Mapping[str, str], missing: Mapping[str, str]) -> Column:
    of_states = variable["type"] == "state" or variable.get("reference") == "state"
    codes = {str(c["code"]): str(c["label"]) for c in variable.get("categories", [])}
    return Column(
        variable["name"],
        variable.get("label") or variable["name"],
        variable["type"],
        states if of_states else codes,
        missing,
        variable.get("level") or "nominal",
    )


def _parts(date: Column) -> Iterator[Column]:
    for part in DATE_PARTS:
        kind = "word" if part == "precision" else "day"
        yield Column(f"{date.name}_{part}", f"{date.label}: {PARTS[part]}", kind)
