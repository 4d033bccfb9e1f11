"""JSON Lines: a row an object, numbers as numbers to their last digit, sets as lists."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pyarrow as pa

from coding.canonical import members
from curation.releases.columns import Remembered
from curation.releases.formats.table import NUMBERS, Column, Table

AT_ONCE = 5000
NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?")


def write(table: Table, path: Path) -> None:
    heads = [f"{json.dumps(column.name)}: " for column in table.columns]
    spells = [_spelling(column) for column in table.columns]
    with table.blocks() as blocks, path.open("w", encoding="utf-8", newline="\n") as file:
        for block in _parts(blocks):
            columns = [
                [head + ("null" if text is None else spell(text)) for text in values.to_pylist()]
                for head, spell, values in zip(heads, spells, block.columns, strict=True)
            ]
            rows = zip(*columns, strict=True)
            file.writelines("{" + ", ".join(row) + "}\n" for row in rows)


def _parts(blocks: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Fewer rows at a time: as Python's objects they are many times as long."""
    for block in blocks:
        yield from (block.slice(at, AT_ONCE) for at in range(0, block.num_rows, AT_ONCE))


def _spelling(column: Column) -> Callable[[str], str]:
    """Each text is spelled once: the same few come a million times."""
    if column.is_number and column.kind in NUMBERS:
        return _number
    if column.kind == "set":
        return Remembered(_list(column)).__getitem__
    if column.is_coded or column.kind == "word":
        return Remembered(_text).__getitem__
    return _text


def _number(text: str) -> str:
    """As it stands: the canonical form is JSON's. Others' series may write +3, .5 or 007."""
    return text if NUMBER.fullmatch(text) else repr(float(text))


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _list(column: Column) -> Callable[[str], str]:
    """A missing code is no member: it stands as the word it is."""

    def spell(text: str) -> str:
        return _text(text) if text in column.missing else json.dumps(list(members(text)))

    return spell
