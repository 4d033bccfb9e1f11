"""The long tables: one row a cell, with what it rests on; one row an opened value of a coder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from curation.releases.columns import Column
from curation.releases.csvfile import Field, written
from curation.releases.evidence import CellRow, Opened
from curation.releases.past import Stood

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
    "first_release",
    "changed_release",
)
STATUS = CELLS.index("status")
CODINGS = ("unit", "case", "variable", "coder", "value", "certainty", "note", "purpose")

Place = tuple[str, str]  # unit and case


def cell_rows(
    place: Place,
    columns: Sequence[Column],
    cells: Mapping[int, CellRow],
    opened: Sequence[Opened],
    codebook: int,
    version: str,
    before: Mapping[int, Stood],
) -> Iterator[Sequence[Field]]:
    """The cells of a case in the codebook's order. `codebook` numbers the one released."""
    for column in columns:
        cell = cells.get(column.variable)
        if cell is None:
            continue
        certainty, number, cited = _support(cell.text, column.variable, opened)
        citations = {*cited, *cell.grounds}
        yield (
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
            "; ".join(sorted(citations)),
            *_since(cell, before.get(column.variable), version),
        )


def _since(cell: CellRow, before: Stood | None, version: str) -> tuple[str, str]:
    """The release in which the cell came, and the one that last changed it."""
    if before is None:
        return version, version
    same = before.said == (cell.text or "", cell.status, cell.cause, written(cell.reason))
    return before.first, before.changed if same else version


def _support(
    text: str | None, variable: int, opened: Sequence[Opened]
) -> tuple[int | None, int, list[str]]:
    """The lowest certainty among those who say this, the newest codebook, what they cite.

    One plain loop: this runs once for every cell of the release.
    """
    certainty, number, citations = None, 0, list[str]()
    for coding in opened:
        said = coding.said.get(variable)
        if said is None:
            continue
        if coding.codebook > number:
            number = coding.codebook
        if said[0] == text:
            if said[1] and (certainty is None or said[1] < certainty):
                certainty = said[1]
            if variable in coding.cited:
                citations += coding.cited[variable]
    return certainty, number, citations


def coding_rows(
    place: Place, columns: Sequence[Column], opened: Sequence[Opened]
) -> Iterator[Sequence[Field]]:
    """The opened values of a case in the codebook's order, then by coder."""
    for column in columns:
        for coding in opened:
            said = coding.said.get(column.variable)
            if said is not None:
                yield (*place, column.name, coding.coder, *said, coding.purpose)
