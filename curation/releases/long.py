"""The long tables: one row a cell, with what it rests on; one row an opened value of a coder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter

from curation.releases.columns import Column
from curation.releases.csvfile import Field
from curation.releases.evidence import CellRow, Said

CELLS = (
    "unit",
    "case",
    "variable",
    "value",
    "label",
    "status",
    "coders",
    "certainty",
    "cause",
    "reason",
    "verified",
    "flagged",
    "codebook",
    "citations",
)
STATUS = CELLS.index("status")
CODINGS = ("unit", "case", "variable", "coder", "value", "certainty", "note", "purpose")

BY_CODER = attrgetter("coder", "purpose", "codebook", "text")
Place = tuple[str, str]  # unit and case
Sayings = Mapping[int, Sequence[Said]]


def cell_rows(
    place: Place,
    columns: Sequence[Column],
    cells: Mapping[int, CellRow],
    sayings: Sayings,
    codebook: int,
) -> Iterator[list[Field]]:
    """The cells of a case in the codebook's order. `codebook` numbers the one released."""
    for column in columns:
        cell = cells.get(column.variable)
        if cell is None:
            continue
        certainty, number, citations = _support(cell.text, sayings.get(column.variable, ()))
        yield [
            *place,
            column.name,
            cell.text,
            "" if cell.text is None else column.labels[cell.text],
            cell.status,
            cell.coders,
            certainty,
            cell.cause,
            cell.reason,
            0 if cell.verified_by is None else 1,
            1 if cell.flagged else 0,
            number or codebook,
            "; ".join(sorted(citations)) if citations else "",
        ]


def _support(text: str | None, said: Sequence[Said]) -> tuple[int | None, int, set[str]]:
    """The lowest certainty among those who say this, the newest codebook, what they cite.

    One plain loop: this runs once for every cell of the release.
    """
    certainty, number, citations = None, 0, set[str]()
    for each in said:
        if each.codebook > number:
            number = each.codebook
        if each.text == text:
            if each.certainty and (certainty is None or each.certainty < certainty):
                certainty = each.certainty
            if each.citations:
                citations.update(each.citations)
    return certainty, number, citations


def coding_rows(place: Place, columns: Sequence[Column], sayings: Sayings) -> Iterator[list[Field]]:
    """The opened values of a case in the codebook's order, then by coder."""
    for column in columns:
        for said in sorted(sayings.get(column.variable, ()), key=BY_CODER):
            yield [
                *place,
                column.name,
                said.coder,
                said.text,
                said.certainty,
                said.note,
                said.purpose,
            ]
