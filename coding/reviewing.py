"""Verification of single and agreed cells: what a review draws from, and what it found."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Count, Q, QuerySet

from coding import blind, codebooks
from coding.agreement import Rate, rate
from coding.learning import Lessons, Rules
from coding.models import Entry, Project, Review
from coding.work import Scope

Tally = tuple[str, int, int]  # state, variable, how many cells
OPEN = ("waiting", "returned", "answered")
WRONG, RIGHT, GONE = "corrected", "confirmed", "overtaken"
STATES = {
    "waiting": "To look at",
    "returned": "With a coder",
    "answered": "Answered",
    "confirmed": "Confirmed",
    "corrected": "Corrected",
    "overtaken": "Overtaken",
}


def pool(user: User, project: Project, scope: Scope) -> list[tuple[Any, Entry]]:
    """What a review draws from: single and agreed cells that nobody verified and that this person
    may see, each with its entry."""
    book = codebooks.current_or_refused(project)
    entries = {e.variable_id: e for e in codebooks.entries(book) if _fits(e, scope)}
    cells = blind.to_verify(user, project).filter(variable__in=entries)
    if scope.kind == Review.Kind.DOUBTFUL:
        cells = cells.filter(_doubtful(user, project, scope))
    found = cells.select_related("case").order_by("case__key", "variable", "pk")
    return [(cell, entries[cell.variable_id]) for cell in found]


def _fits(entry: Entry, scope: Scope) -> bool:
    if entry.is_computed or (scope.unit and entry.variable.unit_id != scope.unit.pk):
        return False
    if scope.section and entry.section != scope.section:
        return False
    return scope.variable is None or entry.variable_id == scope.variable.pk


def _doubtful(user: User, project: Project, scope: Scope) -> Q:
    """Somebody was not sure, or the rule was ruled ambiguous so often."""
    unsure = Q(blind.said_unsure(scope.certainty)) if scope.certainty else Q(pk=None)
    if not scope.ambiguous:
        return unsure
    rules = Rules(Lessons(user, project)).rows
    unclear = [r.entry.variable_id for r in rules if r.ambiguous >= scope.ambiguous]
    return unsure | Q(variable__in=unclear)


# ------------------------------------------------------------------ what was found


@dataclass(frozen=True)
class Line:
    """One variable, or all of them together, as the review found it."""

    name: str
    label: str
    states: Mapping[str, int]
    rate: Rate

    @property
    def open(self) -> int:
        return sum(self.states.get(state, 0) for state in OPEN)

    @property
    def percent(self) -> str:
        return _percent(self.rate.value) if self.rate.of else "–"

    @property
    def interval(self) -> str:
        low, high = self.rate.low, self.rate.high
        return f"{_percent(low)} to {_percent(high)}" if self.rate.of else ""


@dataclass(frozen=True)
class Found:
    """What a review found, overall and by variable.

    The rate of a share speaks for all that it was drawn from, with its interval; that of a review
    of doubtful cells for these cells alone.
    """

    review: Review
    all: Line
    lines: list[Line] = field(default_factory=list)

    @property
    def speaks_for_the_rest(self) -> bool:
        return self.review.kind != Review.Kind.DOUBTFUL

    @property
    def sentence(self) -> str:
        """The rate of error in words: what a release prints, too."""
        told = self.all.rate
        if not told.of:
            return "Nothing was looked at yet."
        cells = "1 cell" if told.of == 1 else f"{told.of} cells"
        said = f"Of {cells} looked at, {told.wrong} {'was' if told.wrong == 1 else 'were'} wrong"
        said += f": {_percent(told.value)}"
        if told.of < told.population:
            interval = f"95% interval {_percent(told.low)} to {_percent(told.high)}"
            said += f", {interval} of the {told.population} cells it was drawn from"
        if not self.speaks_for_the_rest:
            return f"{said}. They were chosen for doubt, so the rate says nothing of other cells."
        return f"{said}."


def _percent(share: float) -> str:
    return f"{100 * share:.1f}%"


def found(review: Review, rows: Iterable[Tally], entries: Mapping[int, Entry]) -> Found:
    """The rates of a review from how many of its cells are in which state, by variable."""
    by_name: dict[str, Counter[str]] = defaultdict(Counter)
    for state, variable, count in rows:
        by_name[entries[variable].name][state] += count
    labels = {entry.name: entry.label for entry in entries.values()}
    lines = [
        _line(name, labels[name], counts, _lot(review, counts, name))
        for name, counts in sorted(by_name.items())
    ]
    everything: Counter[str] = sum(by_name.values(), Counter())
    return Found(review, _line("", "All", everything, _lot(review, everything)), lines)


def _lot(review: Review, counts: Counter[str], name: str = "") -> int:
    """How many cells the rate speaks for; what became disputed meanwhile is none of them."""
    drawn = review.drawn_from.get(name, 0) if name else review.population
    return max(drawn, counts.total()) - counts[GONE]


def _line(name: str, label: str, counts: Counter[str], lot: int) -> Line:
    looked = counts[WRONG] + counts[RIGHT]
    return Line(name, label, counts, rate(counts[WRONG], looked, lot))


def tallied(rows: QuerySet[Any]) -> Mapping[int, list[Tally]]:
    """How many cells are in which state, by review: of rows that were let through already."""
    counted: dict[int, list[Tally]] = defaultdict(list)
    columns = ("review", "state", "cell__variable")
    for review, *tally in rows.order_by().values_list(*columns).annotate(n=Count("pk")):
        counted[review].append((tally[0], tally[1], tally[2]))
    return counted


class Reading:
    """The reviews of a project before one person."""

    def __init__(self, user: User, project: Project) -> None:
        self.user, self.project = user, project

    @cached_property
    def entries(self) -> dict[int, Entry]:
        return codebooks.newest_entries(self.project)

    @cached_property
    def hidden(self) -> int:
        """Cases open to others that this person codes: until then no figure is told."""
        return blind.opened_and_being_coded(self.user, self.project)

    @cached_property
    def reviews(self) -> list[Review]:
        found = Review.objects.filter(project=self.project).order_by("-number")
        return list(found.select_related("by", "unit", "variable", "ended_by"))

    def found(self, reviews: Sequence[Review]) -> list[Found]:
        """What each of them found, in one query."""
        seen = blind.verifications_for(self.user, self.project).filter(review__in=reviews)
        rows = tallied(seen)
        return [found(review, rows[review.pk], self.entries) for review in reviews]
