"""Who moved towards whom where coders reconcile by discussion: per variable, and per pair.

Read from the moves alone, beside what was coded blind, which no move touches.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations

from django.contrib.auth.models import User

from coding import blind, codebooks
from coding.canonical import Domain, same
from coding.models import Entry, Project

TOWARDS = {"first": "one to the other", "third": "both to a third", "apart": "no agreement"}


@dataclass
class Talked:
    """A disputed cell on which somebody moved: what each coder held first and last."""

    variable: int
    first: dict[int, str]
    last: dict[int, str]


def outcome(a: int, b: int, cell: Talked, domain: Domain) -> tuple[str, int, int]:
    """How two coders came together: who moved, to whom; both are 0 where nobody moved to one.

    "together" is left out by the caller: two who agreed from the start have nothing to settle.
    """
    if not same(cell.last[a], cell.last[b], domain):
        return "apart", 0, 0
    if same(cell.last[a], cell.first[b], domain):
        return "first", a, b
    if same(cell.last[a], cell.first[a], domain):
        return "first", b, a
    return "third", 0, 0


@dataclass
class Pair:
    """Two coders and how their disputes ended; `to_b` counts moves of `a` to what `b` held."""

    a: str
    b: str
    to_a: int = 0
    to_b: int = 0
    third: int = 0
    apart: int = 0


@dataclass
class OfVariable:
    entry: Entry
    cells: int = 0
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def moved(self) -> int:
        return self.counts["first"]

    @property
    def third(self) -> int:
        return self.counts["third"]

    @property
    def apart(self) -> int:
        return self.counts["apart"]


class Reconciled:
    """The moves of a project as one member reads them, in a fixed number of queries."""

    def __init__(self, user: User, project: Project) -> None:
        self.user, self.project = user, project

    @cached_property
    def entries(self) -> Mapping[int, Entry]:
        return codebooks.newest_entries(self.project)

    @cached_property
    def _cells(self) -> dict[int, Talked]:
        moves = blind.moves_for(self.user, self.project).order_by("pk")
        columns = ("comment__cell__case", "comment__cell__variable", "comment__author", "text")
        rows = list(moves.values_list("comment__cell", *columns))
        if not rows:
            return {}
        first = self._first({case for _, case, *_ in rows}, {v for _, _, v, *_ in rows})
        found: dict[int, Talked] = {}
        for cell, case, variable, author, text in rows:
            held = first[case, variable]
            found.setdefault(cell, Talked(variable, held, dict(held))).last[author] = text
        return found

    def _first(
        self, cases: Iterable[int], variables: Iterable[int]
    ) -> Mapping[tuple[int, int], dict[int, str]]:
        said: dict[tuple[int, int], dict[int, str]] = defaultdict(dict)
        for each in blind.spoken_for(self.user, cases, variables):
            said[each.case, each.variable][each.coder] = each.text
        return said

    def _pairs(self) -> Iterable[tuple[Talked, int, int, tuple[str, int, int]]]:
        for cell in self._cells.values():
            domain = self.entries[cell.variable].domain
            for a, b in combinations(sorted(cell.first), 2):
                if not same(cell.first[a], cell.first[b], domain):
                    yield cell, a, b, outcome(a, b, cell, domain)

    @property
    def cells(self) -> int:
        return len(self._cells)

    @cached_property
    def by_variable(self) -> list[OfVariable]:
        """How the disputes of each variable ended, pair by pair; no coder is named."""
        found: dict[int, OfVariable] = {}
        for cell in self._cells.values():
            found.setdefault(cell.variable, OfVariable(self.entries[cell.variable])).cells += 1
        for cell, _, _, (how, _, _) in self._pairs():
            found[cell.variable].counts[how] += 1
        return sorted(found.values(), key=lambda v: (-v.cells, v.entry.name))

    @cached_property
    def by_pair(self) -> list[Pair]:
        """The same by pair of coders: for curators, who know who coded what."""
        people = {pk for cell in self._cells.values() for pk in cell.first}
        names = dict(User.objects.filter(pk__in=people).values_list("pk", "username"))
        found: dict[tuple[int, int], Pair] = {}
        for _, a, b, (how, mover, _) in self._pairs():
            pair = found.setdefault((a, b), Pair(names[a], names[b]))
            if how == "first":
                pair.to_b += mover == a
                pair.to_a += mover == b
            else:
                pair.third += how == "third"
                pair.apart += how == "apart"
        return sorted(found.values(), key=lambda p: (p.a, p.b))
