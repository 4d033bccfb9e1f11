"""Two releases side by side, cell by cell, from their frozen bytes.

Both are read once, case by case, in the order in which they were written, so that memory does
not grow with the data. A renamed variable is the same one; labels are the codebook's to compare.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from io import TextIOWrapper
from itertools import groupby, pairwise
from operator import itemgetter
from typing import NamedTuple

from coding import codebooks
from coding.models import Codebook, Entry
from curation import store
from curation.releases.csvfile import File

ADDED, REMOVED, VALUE, STATUS, NOTE = "added", "removed", "value", "status", "note"
CHANGES = {
    ADDED: "there was no such cell",
    REMOVED: "the cell is gone",
    VALUE: "another value",
    STATUS: "the same value, come about otherwise",
    NOTE: "the same value and status; a reason, a certainty or a source differs",
}
COUNTED = ("category", "ordinal", "boolean", "state")


class Said(NamedTuple):
    """A cell as cells.csv has it."""

    value: str
    label: str
    status: str
    coders: str
    certainty: str
    cause: str
    reason: str
    verified: str
    flagged: str
    citations: str

    @property
    def told(self) -> tuple[str, ...]:
        """What must be equal for the cell to be the same: its label is the codebook's."""
        return self[:1] + self[2:]


class Difference(NamedTuple):
    """A cell that two releases do not say the same of."""

    unit: str
    case: str
    variable: str
    change: str
    before: Said | None
    after: Said | None
    first: bool = False  # no cell of the case stood in the earlier release
    last: bool = False  # no cell of the case stands in the later one


class Meeting(NamedTuple):
    """The entries of two codebooks, by what they are called in either."""

    renamed: Mapping[str, str]
    before: Mapping[str, Entry]  # by the later name
    after: Mapping[str, Entry]

    def replaced(self, name: str) -> bool:
        """Whether the name stands for another variable now, or for none in either."""
        old, new = self.before.get(name), self.after.get(name)
        return old is None or new is None or old.variable_id != new.variable_id


def meeting(before: Codebook, after: Codebook) -> Meeting:
    now = {entry.variable_id: entry.name for entry in codebooks.entries(after)}
    old = codebooks.entries(before)
    renamed = {e.name: now[e.variable_id] for e in old if now.get(e.variable_id, e.name) != e.name}
    return Meeting(
        renamed,
        {renamed.get(entry.name, entry.name): entry for entry in old},
        {entry.name: entry for entry in codebooks.entries(after)},
    )


@dataclass
class Tally:
    """A variable in both releases: how many cells, and which value stands for which."""

    counted: bool
    before: int = 0
    after: int = 0
    same: Counter[str] = field(default_factory=Counter)
    moved: Counter[tuple[str, str]] = field(default_factory=Counter)
    changes: Counter[str] = field(default_factory=Counter)


Place = tuple[str, str]  # unit and variable
Lines = Sequence[Sequence[str]]
Case = tuple[tuple[int, str], str, Lines]


@dataclass
class Sides:
    """The two releases being read: what differs comes out, what is alike is counted."""

    before: File
    after: File
    units: tuple[Sequence[str], Sequence[str]]  # in the order in which each has them
    names: Meeting
    tallies: dict[Place, Tally] = field(default_factory=dict)
    seen: Callable[[str, str, int, int], None] | None = None

    def differences(self) -> Iterator[Difference]:
        order = _order(*self.units)
        with (
            _cases(self.before, self.units[0], order) as (old, told),
            _cases(self.after, self.units[1], order) as (new, tells),
        ):
            alike = self.before.columns == self.after.columns and not self.names.renamed
            for unit, case, was, now in _paired(old, new):
                if alike and was == now:
                    self._count_alike(unit, now)
                    found: list[Difference] = []
                else:
                    here = self._rows(was, told), _by_name(now, tells)
                    found = list(self._apart(unit, case, *here))
                if self.seen:
                    moved = sum(each.change != NOTE for each in found)
                    self.seen(unit, case, len(now), moved)
                yield from found

    def _rows(self, rows: Lines, told: Callable[[Sequence[str]], Said]) -> dict[str, Said]:
        renamed = self.names.renamed
        return {renamed.get(name, name): said for name, said in _by_name(rows, told).items()}

    def _tally(self, unit: str, variable: str) -> Tally:
        found = self.tallies.get((unit, variable))
        if found is None:
            entry = self.names.after.get(variable) or self.names.before.get(variable)
            counted = entry is not None and entry.variable.kind in COUNTED
            found = self.tallies[unit, variable] = Tally(counted)
        return found

    def _count_alike(self, unit: str, rows: Lines) -> None:
        for row in rows:
            tally = self.tallies.get((unit, row[2])) or self._tally(unit, row[2])
            tally.before += 1
            tally.after += 1
            if row[3]:
                tally.same[row[3] if tally.counted else ""] += 1

    def _apart(
        self, unit: str, case: str, was: dict[str, Said], now: dict[str, Said]
    ) -> Iterator[Difference]:
        order = [*now, *(name for name in was if name not in now)]
        for variable in order:
            old, new = was.get(variable), now.get(variable)
            change = _change(old, new)
            if not change and self.names.replaced(variable):
                change = NOTE  # the same words mean something else
            self._count(unit, variable, change, old, new)
            if change:
                yield Difference(unit, case, variable, change, old, new, not was, not now)

    def _count(
        self, unit: str, variable: str, change: str, old: Said | None, new: Said | None
    ) -> None:
        tally = self._tally(unit, variable)
        tally.before += old is not None
        tally.after += new is not None
        if change:
            tally.changes[change] += 1
        if old and new and old.value and new.value:
            pair = (old.value, new.value) if tally.counted else ("", str(old.value == new.value))
            if old.value == new.value:
                tally.same[pair[0]] += 1
            else:
                tally.moved[pair] += 1


def _change(old: Said | None, new: Said | None) -> str:
    if old is None or new is None:
        return ADDED if old is None else REMOVED
    if old.value != new.value:
        return VALUE
    if old.status != new.status:
        return STATUS
    return "" if old.told == new.told else NOTE


def _by_name(rows: Lines, told: Callable[[Sequence[str]], Said]) -> dict[str, Said]:
    return {row[2]: told(row) for row in rows}


# ------------------------------------------------------------------ the bytes


def _order(before: Sequence[str], after: Sequence[str]) -> list[str]:
    """The units of both, so that each keeps its own order; where they differ, the later one's."""
    following: dict[str, set[str]] = {unit: set() for unit in (*before, *after)}
    for units in (before, after):
        for first, second in pairwise(units):
            following[second].add(first)
    try:
        return list(TopologicalSorter(following).static_order())
    except CycleError:
        return list(dict.fromkeys([*after, *before]))


@contextmanager
def _cases(
    file: File, units: Sequence[str], order: Sequence[str]
) -> Iterator[tuple[Iterator[Case], Callable[[Sequence[str]], Said]]]:
    """The cells of a release, case by case, in the order of these units; and how a line is read."""
    with TextIOWrapper(store.opened(file.sha256), encoding="utf-8", newline="") as text:
        lines = csv.reader(text)
        head = next(lines)
        at = [head.index(name) for name in Said._fields]
        place = {unit: n for n, unit in enumerate(order)}
        cases = _grouped(lines, place)
        if sorted(units, key=order.index) != list(units):
            cases = iter(sorted(cases))  # units changed places: this once, all are held at once
        yield cases, lambda row: Said(*(row[n] for n in at))


def _grouped(lines: Iterator[list[str]], place: Mapping[str, int]) -> Iterator[Case]:
    for (unit, case), rows in groupby(lines, key=itemgetter(0, 1)):
        yield (place[unit], case), unit, list(rows)


END: Case = ((1 << 30, ""), "", [])


def _paired(old: Iterator[Case], new: Iterator[Case]) -> Iterator[tuple[str, str, Lines, Lines]]:
    """Each case of either, with its lines in both."""
    was, now = next(old, END), next(new, END)
    while was is not END or now is not END:
        if was[0] == now[0]:
            yield now[1], now[0][1], was[2], now[2]
            was, now = next(old, END), next(new, END)
        elif was[0] < now[0]:
            yield was[1], was[0][1], was[2], []
            was = next(old, END)
        else:
            yield now[1], now[0][1], [], now[2]
            now = next(new, END)
