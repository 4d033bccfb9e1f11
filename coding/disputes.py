"""The queue of disputes: what is open in a project, narrowed and counted by the database."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import compress
from operator import and_
from typing import Any

from django.contrib.auth.models import User
from django.core.paginator import Page, Paginator
from django.db.models import Q
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce
from django.utils import timezone

from coding import blind, canonical, claims, codebooks, filters, rounds, severity
from coding.claims import Held
from coding.filters import (
    DIMENSIONS,
    FACTS,
    FLAGGED,
    NO_YEAR,
    NOTHING,
    STATES,
    Asked,
    Facet,
    Option,
)
from coding.models import Case, Entry, Project
from coding.rounds import Round

PER_PAGE = 50
UNTOLD = "hidden until you answer"
SEPARATOR = "|"  # between the answers of a pair
WITHOUT = {"variable", "pair"}  # a pair of answers is one of its variable: they go together
BY_VARIABLE: dict[str, Callable[[Entry], str]] = {
    "unit": lambda entry: entry.variable.unit.name,
    "section": lambda entry: entry.section,
    "variable": lambda entry: entry.name,
}
NONE: list[tuple[()]] = [()] * (3 + len(STATES))
FILTERS = (*BY_VARIABLE, *DIMENSIONS, "pair")


@dataclass(frozen=True)
class Row:
    """One disputed cell of the queue: what differs, never who said it."""

    cell: int
    case: Case
    entry: Entry
    said: list[tuple[str, int]]
    stands: str
    since: datetime
    days: int
    severity: float
    band: str
    held: Held | None
    round: Round = rounds.NONE


class Queue:
    """The open disputes of a project that this person may know of, as the filters narrow them."""

    def __init__(self, user: User, project: Project, asked: Asked) -> None:
        self.user, self.project, self.asked = user, project, asked
        self.now = timezone.now()
        self._cases: Sequence[int] = ()  # of each dispute that the search finds

    @cached_property
    def entries(self) -> dict[int, Entry]:
        return codebooks.newest_entries(self.project)

    @cached_property
    def heaviest(self) -> int:
        """The most that a dispute can matter under this codebook."""
        return filters.heaviest(self.entries)

    @property
    def _found(self) -> blind.Cells:
        """What the search finds, before the filters."""
        disputes = self._in_state()
        if self.asked.family:
            family = int(self.asked.family) if self.asked.family.isdecimal() else 0
            disputes = disputes.filter(Q(case=family) | Q(case__root=family))
        if not self.asked.q:
            return disputes
        named = [v for v, e in self.entries.items() if _names(e, self.asked.q)]
        return disputes.filter(
            Q(variable__in=named)
            | Q(case__key__icontains=self.asked.q)
            | Q(case__title__icontains=self.asked.q)
            | Q(case__root__title__icontains=self.asked.q)
        )

    def _in_state(self) -> blind.Cells:
        """Disputes; or, where they are asked for, settled cells that a later coding contradicts."""
        if self.asked.state in ("", FLAGGED):
            of = blind.flagged_for if self.asked.state else blind.disputes_for
            return of(self.user, self.project)
        return blind.disputes_for(self.user, self.project).none()

    @property
    def is_flagged(self) -> bool:
        return self.asked.state == FLAGGED

    @cached_property
    def flagged(self) -> int:
        """How many settled cells a later coding contradicts, whatever else was asked for."""
        return blind.flagged_for(self.user, self.project).count()

    @property
    def narrowed(self) -> blind.Cells:
        """What the filters leave of it, with what it is sorted by."""
        found = self._found.annotate(above=Coalesce("case__root__key", "case__key"))
        if self.asked.severity or self.asked.sort.endswith("severity"):
            found = found.annotate(weighed=filters.weighed(self.entries))
        if self.asked.unit or self.asked.section or self.asked.variable:
            chosen = [v for v, e in self.entries.items() if not self._missed(e)]
            found = found.filter(variable__in=chosen)
        for name in DIMENSIONS:
            if wanted := getattr(self.asked, name):
                found = found.annotate(**{name: self._dimension(name)}).filter(**{name: wanted})
        if self.asked.pair:
            found = found.filter(pk__in=[c for c, p in self.pairs.items() if p == self.asked.pair])
        return found

    @property
    def sorted(self) -> blind.Cells:
        """The same, in the order that was asked for."""
        found = self.narrowed
        if self.asked.sort.endswith("variable"):
            found = found.annotate(place=filters.placed(self.entries))
        return found.order_by(*filters.order(self.asked.sort))

    def _dimension(self, name: str) -> Combinable:
        return filters.dimension(name, self.user, self.entries, self.now)

    # ---- which answers differ, for one variable

    @cached_property
    def _paired(self) -> Entry | None:
        """The chosen variable, where its answers are a closed list."""
        chosen = (e for e in self.entries.values() if e.name == self.asked.variable)
        fit = (e for e in chosen if e.domain.categories and e.domain.kind != "set")
        return next(fit, None)

    @cached_property
    def pairs(self) -> dict[int, str]:
        """By dispute of the chosen variable, the answers that stand against each other."""
        if self._paired is None:
            return {}
        variable = self._paired.variable_id
        cells = dict(self._found.filter(variable=variable).values_list("case", "pk"))
        said = self._said(set(cells), {variable})
        return {
            cell: self._pair(self._paired, said[case, variable]) for case, cell in cells.items()
        }

    def _pair(self, entry: Entry, texts: Sequence[str]) -> str:
        if not texts:
            return f"{entry.name}:"
        ranks = {code: n for n, code in enumerate(entry.domain.categories)}
        apart = sorted(set(texts), key=lambda text: (ranks.get(text, len(ranks)), text))
        return f"{entry.name}:{SEPARATOR.join(apart)}"

    def _pair_words(self, pair: str) -> str:
        assert self._paired
        texts = [text for text in pair.partition(":")[2].split(SEPARATOR) if text]
        if not texts:
            return UNTOLD
        return " against ".join(canonical.show(text, self._paired.domain) for text in texts)

    # ---- counts beside the filters

    @cached_property
    def _columns(self) -> dict[str, Sequence[str]]:
        """What each dispute that the search finds is counted under, filter by filter."""
        found = self._found.annotate(weighed=filters.weighed(self.entries))
        found = found.annotate(**{name: self._dimension(name) for name in STATES})
        rows = list(found.order_by().values_list("pk", "case", "variable", *STATES))
        cells, self._cases, variables, *of = zip(*rows, strict=True) if rows else NONE
        columns: dict[str, Sequence[str]] = dict(zip(STATES, of, strict=True))
        facts = Case.objects.filter(pk__in=set(self._cases))
        read_of = facts.values_list("pk", "facts", "root__facts")
        told = {pk: filters.told(own, of_root or {}) for pk, own, of_root in read_of}
        for number, name in enumerate(FACTS):
            columns[name] = [told[case][number] for case in self._cases]
        for name, read in BY_VARIABLE.items():
            known = {variable: read(entry) for variable, entry in self.entries.items()}
            columns[name] = [known[variable] for variable in variables]
        if self._paired:
            columns["pair"] = [self.pairs.get(cell, "") for cell in cells]
        return columns

    def _fits(self, leaving_out: Container[str] = ()) -> list[bool] | None:
        """For each of them whether it passes the filters; None where there are none."""
        columns, fits = self._columns, None
        for name in FILTERS:
            wanted = getattr(self.asked, name)
            if wanted and name not in leaving_out:
                column = columns.get(name, ())
                passes = [value == wanted for value in column] or [False] * len(
                    self._columns["age"]
                )
                fits = passes if fits is None else list(map(and_, fits, passes))
        return fits

    def _counts(self, name: str) -> Counter[str]:
        """How many disputes each choice of a filter holds under all the other filters."""
        column = self._columns[name]
        fits = self._fits(WITHOUT if name == "variable" else (name,))
        return Counter(column if fits is None else compress(column, fits))

    def _missed(self, entry: Entry) -> bool:
        """Whether this variable is left out by a filter."""
        asked = self.asked
        return any(getattr(asked, n) not in ("", read(entry)) for n, read in BY_VARIABLE.items())

    @cached_property
    def total(self) -> int:
        fits = self._fits()
        return len(self._cases) if fits is None else sum(fits)

    @property
    def everything(self) -> int:
        """How many disputes are open, whatever was asked for."""
        return blind.disputes_for(self.user, self.project).count()

    @cached_property
    def cases(self) -> int:
        """In how many cases the disputes stand."""
        fits = self._fits()
        return len(set(self._cases if fits is None else compress(self._cases, fits)))

    @cached_property
    def facets(self) -> list[Facet]:
        """The filters, each counted under all the others."""
        named = {e.name: e for e in self.entries.values()}
        by_place = sorted(named.values(), key=lambda e: (e.variable.unit.position, e.position))
        units = {e.variable.unit.name: str(e.variable.unit) for e in by_place}
        variables = {e.name: f"{e.name} · {e.label}" for e in by_place}
        regions = {r: "no region" if r == NOTHING else r for r in self._known("region")}
        return [
            self._facet("unit", "Unit", units),
            self._facet("section", "Section", {e.section: e.section for e in by_place}),
            self._facet("variable", "Variable", variables),
            *([self._facet("pair", "Answers", self._pairs_in_words)] if self._paired else []),
            self._facet("severity", "Severity", severity.BANDS),
            self._facet("region", "Region", regions),
            self._facet("period", "Period", self._periods),
            self._facet("age", "Age", {age: words for age, (words, _, _) in filters.AGES.items()}),
            self._facet("claim", "Settled by", filters.CLAIMS),
            self._facet("talk", "Discussion", filters.TALKS),
        ]

    def _known(self, name: str) -> list[str]:
        return sorted(set(self._columns[name]))

    @property
    def _periods(self) -> dict[str, str]:
        return {d: "no year" if d == NO_YEAR else f"{d}s" for d in self._known("period")}

    @property
    def _pairs_in_words(self) -> dict[str, str]:
        counted = Counter(self.pairs.values())
        return {pair: self._pair_words(pair) for pair, _ in counted.most_common()}

    def _facet(self, name: str, label: str, words: Mapping[str, str]) -> Facet:
        counts, chosen = self._counts(name), getattr(self.asked, name)
        options = [
            Option(value, text or "no section", counts[value])
            for value, text in words.items()
            if counts[value] or value == chosen
        ]
        return Facet(name, label, chosen, options)

    # ---- rows

    def page(self, number: str | None) -> Page[int]:
        """One page of the queue by number; the total is known, so nothing is counted again."""
        return Paginator(range(self.total), PER_PAGE).get_page(number)

    def rows(self, page: Page[int]) -> list[Row]:
        """What stands on a page, in the order that was asked for."""
        cells = self.sorted.select_related("case__unit", "case__root")
        first = max(page.start_index() - 1, 0)
        return self._rows(cells[first : page.end_index()])

    def _rows(self, cells: blind.Cells) -> list[Row]:
        listed = list(cells)
        said = self._said({c.case_id for c in listed}, {c.variable_id for c in listed})
        of_states = any(_holds_states(self.entries[c.variable_id]) for c in listed)
        states = codebooks.states_of(self.project.pk) if of_states else {}
        held = claims.held(self.user, self.project, {c.case.family_id for c in listed}, self.now)
        votes = self._rounds(listed, states)
        rows = []
        for cell in listed:
            entry = self.entries[cell.variable_id]
            weighs = round(entry.weight * cell.distance, 3)
            row = Row(
                cell=cell.pk,
                case=cell.case,
                entry=entry,
                said=differing(said[cell.case_id, cell.variable_id], entry, states),
                stands=canonical.show(cell.text, entry.domain, states),
                since=cell.since,
                days=(self.now - cell.since).days,
                severity=weighs,
                band=severity.band(entry.weight * cell.distance, self.heaviest),
                held=held.get(cell.case.family_id),
                round=votes.get(cell.pk, rounds.NONE),
            )
            rows.append(row)
        return rows

    def _rounds(self, cells: Sequence[Any], states: Mapping[str, str]) -> Mapping[int, Round]:
        """How many adjudicators each cell needs, and where they stand."""
        listed = [
            (c.pk, c.case.key, self.entries[c.variable_id], True)
            for c in cells
            if c.status == "disputed"
        ]
        return rounds.rounds_of(self.user, self.project, listed, states, over=False)

    def _said(self, cases: set[int], variables: set[int]) -> Mapping[tuple[int, int], list[str]]:
        """What each coder says last, without who it was."""
        last: dict[tuple[int, int], dict[int, str]] = defaultdict(dict)
        for said in blind.spoken_for(self.user, cases, variables):
            last[said.case, said.variable][said.coder] = said.text
        return defaultdict(list, {key: list(texts.values()) for key, texts in last.items()})


def _names(entry: Entry, words: str) -> bool:
    """Whether the words occur in the variable's name, label or question."""
    said = f"{entry.name}\n{entry.label}\n{entry.question}"
    return words.casefold() in said.casefold()


def _holds_states(entry: Entry) -> bool:
    return entry.domain.kind == "state" or entry.domain.of_states


def differing(
    texts: Sequence[str], entry: Entry, states: Mapping[str, str]
) -> list[tuple[str, int]]:
    """The values that differ with how many said each; of sets, the members that differ."""
    domain = entry.domain
    if domain.kind != "set" or any(domain.is_missing(text) for text in texts):
        return _most_first(canonical.show(text, domain, states) for text in texts)
    members = Counter(m for text in texts for m in canonical.members(text))
    in_all = sum(count == len(texts) for count in members.values())
    parts = {m: n for m, n in members.items() if n < len(texts)}
    shown = [(canonical.show(m, domain, states), n) for m, n in parts.items()]
    return [*([(f"{in_all} agreed", 0)] if in_all else []), *sorted(shown)]


def _most_first(shown: Iterable[str]) -> list[tuple[str, int]]:
    return sorted(Counter(shown).items(), key=lambda pair: (-pair[1], pair[0]))
