"""The project's memory of rulings: precedents to look for, and the nearest ones to a question."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property, reduce

from django.contrib.auth.models import User
from django.core.paginator import Page, Paginator
from django.db.models import Q

from coding import blind, canonical, codebooks
from coding.canonical import Domain
from coding.models import Case, Entry, Project
from coding.nearness import are_alike, nearness

NEAREST = 3
States = Mapping[str, str]
PER_PAGE = 50
WHICH = {"": "Standing", "gone": "Withdrawn or ruled anew"}


@dataclass(frozen=True)
class Known:
    """A precedent as a reader sees it beside a question."""

    row: blind.Guide
    entry: Entry
    states: States
    is_alike: bool = False

    @property
    def pk(self) -> int:
        return self.row.pk

    @property
    def case(self) -> Case:
        return self.row.cell.case

    @property
    def shown(self) -> str:
        return self._show(self.row.text)

    @property
    def differed(self) -> list[str]:
        """The answers that differed, as they are read."""
        return [self._show(text) for text in self.row.answers]

    @property
    def is_overruled(self) -> bool:
        """Its own cell says something else now."""
        return self.row.text != self.row.cell.text

    def rules_out(self, text: str | None) -> bool:
        """Coders differed alike there, and the ruling was another."""
        if not self.is_alike:
            return False
        return text is None or not canonical.same(self.row.text, text, self.entry.domain)

    def _show(self, text: str) -> str:
        return canonical.show(text, self.entry.domain, self.states)


def by_variable(
    user: User, project: Project, variables: Iterable[int]
) -> dict[int, list[blind.Guide]]:
    """The precedents of these variables that stand and that the user may know of."""
    standing = blind.precedents_for(user, project).standing()
    found: dict[int, list[blind.Guide]] = defaultdict(list)
    rows = standing.filter(cell__variable__in=list(variables))
    for row in rows.select_related("cell__case__root", "by"):
        found[row.cell.variable_id].append(row)
    return found


def nearest(
    rows: Sequence[blind.Guide],
    entry: Entry,
    states: States,
    answers: Collection[str],
    words: str,
) -> tuple[Known, ...]:
    """Precedents of a variable, the nearest to these answers and these words first."""
    ranked = sorted(
        rows,
        key=lambda row: nearness(answers, row.answers, words, f"{row.pattern} {row.cell.reason}"),
        reverse=True,
    )
    return tuple(Known(row, entry, states, are_alike(answers, row.answers)) for row in ranked)


def bind(
    rows: Sequence[blind.Guide], entry: Entry, answers: Collection[str], text: str | None
) -> bool:
    """A precedent rules otherwise where these answers differ."""
    alike = (Known(row, entry, {}, are_alike(answers, row.answers)) for row in rows)
    return any(known.rules_out(text) for known in alike)


def after_commit(
    user: User, project: Project, said: Mapping[int, str], entries: Iterable[Entry]
) -> dict[int, tuple[Known, ...]]:
    """By variable the precedents nearest to what a coder has handed in."""
    named = {entry.variable_id: entry for entry in entries}
    rows = by_variable(user, project, named)
    states = codebooks.states_of(project.pk) if rows else {}
    return {
        variable: _nearest_to(found, named[variable], states, said.get(variable, ""))
        for variable, found in rows.items()
    }


def _nearest_to(
    rows: Sequence[blind.Guide], entry: Entry, states: States, text: str
) -> tuple[Known, ...]:
    """Those first in which somebody gave the same answer."""
    ranked = sorted(rows, key=lambda row: text in row.answers, reverse=True)
    return tuple(Known(row, entry, states) for row in ranked[:NEAREST])


# ------------------------------------------------------------------ to look for


@dataclass(frozen=True)
class Asked:
    """What the reader looks for among the precedents. An unknown word finds nothing."""

    q: str = ""
    variable: str = ""
    state: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Asked:
        return cls(**{f.name: query.get(f.name, "").strip()[:200] for f in fields(cls)})

    @property
    def is_narrow(self) -> bool:
        return bool(self.q or self.variable or self.state)


class Shelf:
    """The precedents of a project that this person may know of, as the filters narrow them."""

    def __init__(self, user: User, project: Project, asked: Asked) -> None:
        self.user, self.project, self.asked = user, project, asked

    @cached_property
    def entries(self) -> dict[int, Entry]:
        return codebooks.newest_entries(self.project)

    @cached_property
    def variables(self) -> list[Entry]:
        """The variables that have a precedent, as the codebook orders them."""
        seen = blind.precedents_for(self.user, self.project).order_by()
        held = set(seen.values_list("cell__variable", flat=True))
        found = [entry for variable, entry in self.entries.items() if variable in held]
        return sorted(found, key=lambda e: (e.variable.unit.position, e.position))

    @property
    def found(self) -> blind.Precedents:
        every = blind.precedents_for(self.user, self.project)
        standing = every.standing()
        if self.asked.state:
            gone = every.exclude(pk__in=standing.order_by().values("pk"))
            standing = gone if self.asked.state in WHICH else every.none()
        if self.asked.variable:
            named = [v for v, e in self.entries.items() if e.name == self.asked.variable]
            standing = standing.filter(cell__variable__in=named)
        return standing.filter(reduce(Q.__and__, map(_holds, self.asked.q.split()), Q()))

    def page(self, number: str | None) -> Page[blind.Guide]:
        rows = self.found.select_related(
            "by", "withdrawn_by", "cell__case__root", "cell__rule__variable"
        )
        return Paginator(rows, PER_PAGE).get_page(number)

    def shown(self, page: Page[blind.Guide]) -> list[Known]:
        rows = list(page)
        domains: list[Domain] = [self.entries[row.cell.variable_id].domain for row in rows]
        of_states = any(d.kind == "state" or d.of_states for d in domains)
        states = codebooks.states_of(self.project.pk) if of_states else {}
        return [Known(row, self.entries[row.cell.variable_id], states) for row in rows]


def _holds(word: str) -> Q:
    """A word stands in the pattern, in the reason or in the title of the case."""
    return (
        Q(pattern__icontains=word)
        | Q(cell__reason__icontains=word)
        | Q(cell__case__title__icontains=word)
        | Q(cell__case__root__title__icontains=word)
    )
