"""What a cell was in the release before: since which release it is there, and is what it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from itertools import groupby
from typing import NamedTuple

from coding import codebooks
from curation import store
from curation.models import Release
from curation.releases import manifest as manifests
from curation.releases import standalone

SAME = ("value", "status", "cause", "reason")


class Stood(NamedTuple):
    """A cell of the release before: what it said, and in which releases it came and moved."""

    said: tuple[str, ...]
    first: str
    changed: str


NOTHING: Mapping[int, Stood] = {}


class Past:
    """The cells of the release before, read along with those of the next in the same order."""

    def __init__(self, before: Release | None) -> None:
        self._before = before
        self._open = ExitStack()
        self._unit = ""
        self._cases: Iterator[tuple[str, Mapping[int, Stood]]] = iter(())
        self._next: tuple[str, Mapping[int, Stood]] | None = None

    def __enter__(self) -> Past:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def of(self, unit: str, case: str) -> Mapping[int, Stood]:
        """By variable. The cases of a unit are asked for in the order of their keys."""
        if self._before is None:
            return NOTHING
        if unit != self._unit:
            self._unit, self._cases = unit, self._read(self._before, unit)
            self._next = next(self._cases, None)
        while self._next and self._next[0] < case:
            self._next = next(self._cases, None)
        return self._next[1] if self._next and self._next[0] == case else NOTHING

    def _read(self, before: Release, unit: str) -> Iterator[tuple[str, Mapping[int, Stood]]]:
        file = manifests.read(before.manifest).file("cells.csv")
        if file is None:
            return
        variables = {e.name: e.variable_id for e in codebooks.entries(before.codebook)}
        data = self._open.enter_context(store.opened(file.sha256))
        lines = standalone.rows_of(data)
        head = next(lines)
        rows = (dict(zip(head, line, strict=True)) for line in lines if line[0] == unit)
        for case, group in groupby(rows, key=lambda row: row["case"]):
            yield (
                case,
                {
                    variables[row["variable"]]: _stood(row, before.version)
                    for row in group
                    if row["variable"] in variables
                },
            )


def _stood(row: Mapping[str, str], version: str) -> Stood:
    """Releases from before these columns were written tell only that it was there."""
    said = tuple(row[name] for name in SAME)
    return Stood(said, row.get("first_release", version), row.get("changed_release", version))
