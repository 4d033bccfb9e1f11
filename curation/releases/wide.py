"""The wide table of a unit: one row a case, one column an entry of the codebook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from coding.models import Unit
from curation.releases.columns import KEYS, Column
from curation.releases.csvfile import Field
from curation.releases.evidence import CellRow
from curation.releases.universe import Row


def headings(unit: Unit, columns: Sequence[Column]) -> list[str]:
    keys = KEYS if unit.parent_id else KEYS[:1]
    return [*keys, *(name for column in columns for name in column.headings)]


def row(case: Row, columns: Sequence[Column], cells: Mapping[int, CellRow]) -> list[Field]:
    """A case's final values; nothing where a cell is disputed, unresolved or not there yet."""
    found: list[Field] = [case.key] if case.parent is None else [case.key, case.parent]
    for column in columns:
        cell = cells.get(column.variable)
        if cell is None or cell.text is None:
            found += column.uncoded
        else:
            found += column.fields(cell.text)
    return found
