"""The codebook's checks on the cells of opened cases: which hold, which do not, what is waived."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache

from django.contrib.auth.models import User
from django.db.models import QuerySet

from coding import blind, codebooks, rules
from coding.expressions import Context, Row, Spells, holds, reads_states, words
from coding.models import Case, Codebook, Entry, Project, Unit, Waiver

MOST_AT_ONCE = 5_000  # opened cases; of more, one rule is judged at a time
MOST_REMEMBERED = 200_000
_HELD: dict[tuple[object, ...], bool | None] = {}  # whether a rule holds, by all that it reads

Place = tuple[int, int, str]  # case, variable and the rule's expression: what a waiver names


@dataclass(frozen=True)
class Rule:
    """A check as it stands in the codebook."""

    entry: Entry
    number: int
    expr: str
    message: str
    severity: str

    @property
    def key(self) -> str:
        return f"{self.entry.name}-{self.number}"

    @property
    def unit(self) -> Unit:
        return self.entry.variable.unit

    def at(self, case: int) -> Place:
        return case, self.entry.variable_id, self.expr


@dataclass
class Verdict:
    """For how many cases a rule holds or cannot be known, and the cases for which it does not."""

    rule: Rule
    holds: int = 0
    unknown: int = 0
    broken: list[int] = field(default_factory=list)
    is_judged: bool = True

    def count(self, found: bool | None, case: int) -> None:
        if found is False:
            self.broken.append(case)
        elif found:
            self.holds += 1
        else:
            self.unknown += 1


@dataclass(frozen=True)
class Finding:
    """A rule that a case of the data set does not meet; `waived` with its reason, if it is."""

    rule: Rule
    case: int
    waived: str


def rules_of(book: Codebook) -> list[Rule]:
    """Every check of a codebook, in its order."""
    return [
        Rule(entry, number, check["expr"], check["message"], check["severity"])
        for entry in codebooks.entries(book)
        for number, check in enumerate(entry.checks, 1)
    ]


def findings(project: Project) -> list[Finding]:
    """What the whole data set does not meet: for releases, never for a person's screen."""
    book = codebooks.current(project)
    if book is None:
        return []
    cells, cases = blind.all_cells(project), blind.released_cases(project)
    waived = waivers(project)
    return [
        Finding(verdict.rule, case, waived[place].reason if place in waived else "")
        for verdict in judged(project, book, cells, cases, rules_of(book))
        for case in verdict.broken
        for place in [verdict.rule.at(case)]
    ]


def waivers(project: Project) -> dict[Place, Waiver]:
    """The project's waivers by what they name; those of checks that are no more are among them."""
    rows = Waiver.objects.filter(case__unit__project=project).select_related("by")
    return {(w.case_id, w.variable_id, w.rule): w for w in rows}


# ------------------------------------------------------------------ as a person may see it


@dataclass(frozen=True)
class _Sight:
    """What a person sees of the cells at a moment: for the same sight nothing is judged again."""

    project: int
    book: int
    published: datetime | None
    as_of: tuple[int, ...]
    closed: frozenset[int]
    spells: int
    only: str
    user: User = field(compare=False)


def seen_by(user: User, project: Project, only: str = "") -> Sequence[Verdict]:
    """The verdicts over the opened cases that this user is not coding.

    Where there are very many cases, the rule `only`, or else the first, alone is judged.
    """
    book = codebooks.current(project)
    found = rules_of(book) if book else []
    if book is None or not found:
        return ()
    on_states = any(reads_states(rule.expr) for rule in found)
    spells = hash(repr(codebooks.spells_of(project.pk))) if on_states else 0
    if _cases_seen_by(user, project).count() <= MOST_AT_ONCE:
        only = ""
    elif only not in [rule.key for rule in found]:
        only = found[0].key
    closed = blind.being_coded(user)
    at = blind.as_of()
    return _judged(_Sight(project.pk, book.pk, book.published_at, at, closed, spells, only, user))


@lru_cache(maxsize=64)
def _judged(sight: _Sight) -> tuple[Verdict, ...]:
    project = Project.objects.get(pk=sight.project)
    book = Codebook.objects.get(pk=sight.book)
    cells = blind.cells_for(sight.user).filter(case__unit__project=project)
    chosen = [rule for rule in rules_of(book) if sight.only in ("", rule.key)]
    found = judged(project, book, cells, _cases_seen_by(sight.user, project), chosen)
    by_key = {verdict.rule.key: verdict for verdict in found}
    return tuple(by_key.get(rule.key) or Verdict(rule, is_judged=False) for rule in rules_of(book))


def _cases_seen_by(user: User, project: Project) -> QuerySet[Case]:
    opened = blind.opened_cases(user).values("pk")
    return blind.released_cases(project).filter(pk__in=opened)


# ------------------------------------------------------------------ judging


def judged(
    project: Project,
    book: Codebook,
    cells: blind.Cells,
    cases: QuerySet[Case],
    found: Sequence[Rule],
) -> list[Verdict]:
    """What each of these rules says of these cases and cells, in a fixed number of queries."""
    verdicts = [Verdict(rule) for rule in found]
    ground = _Ground(project, book, cells, cases, found)
    for verdict in verdicts:
        for case in ground.of_unit[verdict.rule.unit.pk]:
            said = ground.said[case.pk]
            if verdict.rule.entry.name in said:
                verdict.count(ground.verdict(verdict.rule, case), case.pk)
    return verdicts


@dataclass(frozen=True)
class _Known:
    """A case as far as a rule needs it."""

    pk: int
    key: str
    unit: int
    parent: int | None


class _Ground:
    """The cells that rules read, by case, and the cases around each."""

    def __init__(
        self,
        project: Project,
        book: Codebook,
        cells: blind.Cells,
        cases: QuerySet[Case],
        found: Sequence[Rule],
    ) -> None:
        self.project, self.book = project, book
        self.entries: dict[int, list[Entry]] = defaultdict(list)
        for entry in codebooks.entries(book):
            self.entries[entry.variable.unit_id].append(entry)
        self.domains = {unit: rules.domains(of) for unit, of in self.entries.items()}
        known = sorted(e.name for e in codebooks.entries(book))
        self._names = {r.expr: [n for n in known if n in words(r.expr)] for r in found}
        self.words = frozenset().union(*(words(rule.expr) for rule in found))
        self._read_cases(cases)
        self._read_cells(cells, {rule.entry.pk for rule in found})

    def _read_cases(self, cases: QuerySet[Case]) -> None:
        rows = cases.order_by("key").values_list("pk", "key", "unit", "parent")
        self.cases = {row[0]: _Known(*row) for row in rows.iterator(chunk_size=5_000)}
        self.of_unit: dict[int, list[_Known]] = defaultdict(list)
        self.under: dict[tuple[int | None, int], list[_Known]] = defaultdict(list)
        for case in self.cases.values():
            self.of_unit[case.unit].append(case)
            self.under[case.parent, case.unit].append(case)

    def _read_cells(self, cells: blind.Cells, checked: set[int]) -> None:
        """Only what some rule reads. A cell without an answer is there, and is not known."""
        read = {
            e.variable_id: e.name
            for e in codebooks.entries(self.book)
            if e.name in self.words or e.pk in checked or e.variable.roster_of_id
        }
        self.said: dict[int, dict[str, str | None]] = defaultdict(dict)
        rows = cells.filter(variable__in=list(read)).order_by()
        for case, variable, text in rows.values_list("case", "variable", "text").iterator(5_000):
            self.said[case][read[variable]] = text
        self.rows: dict[int, Row] = {}

    def verdict(self, rule: Rule, case: _Known) -> bool | None:
        """Whether the rule holds for the case; None where it cannot be known."""
        if self.said[case.pk][rule.entry.name] is None:
            return None
        context = self._context(rule, case)
        read = self._read_by(rule, context)
        if read not in _HELD:
            if len(_HELD) >= MOST_REMEMBERED:
                _HELD.clear()
            _HELD[read] = holds(rule.expr, context)
        return _HELD[read]

    def _read_by(self, rule: Rule, context: Context) -> tuple[object, ...]:
        """All that the verdict depends on: the same answers are judged once per process."""
        names = self._names[rule.expr]

        def texts(row: Row) -> tuple[str | None, ...]:
            return tuple(row.answers.get(name) for name in names)

        states = self._states if reads_states(rule.expr) else 0
        above = [(unit, texts(row)) for unit, row in context.parents.items()]
        below = [(unit, *map(texts, rows)) for unit, rows in context.below.items()]
        beside = tuple(map(texts, context.siblings))
        here = texts(context.row), tuple(above), beside, tuple(below)
        return self.book.pk, self.book.published_at, states, rule.expr, *here

    def _context(self, rule: Rule, case: _Known) -> Context:
        beside = "siblings" in words(rule.expr) and case.parent
        siblings = self.under[case.parent, case.unit] if beside else ()
        return Context(
            self._row(case),
            dict(self._above(case, words(rule.expr))),
            [self._row(each) for each in siblings],
            dict(self._below(rule, case)),
            self._spells,
        )

    def _row(self, case: _Known) -> Row:
        if case.pk not in self.rows:
            answers = {n: text for n, text in self.said[case.pk].items() if text is not None}
            self.rows[case.pk] = Row(answers, self.domains.get(case.unit, {}))
        return self.rows[case.pk]

    def _above(self, case: _Known, read: frozenset[str]) -> Iterator[tuple[str, Row]]:
        while case := self.cases.get(case.parent or 0):  # type: ignore[assignment]
            if self._units[case.unit].name in read:
                yield self._units[case.unit].name, self._row(case)

    def _below(self, rule: Rule, case: _Known) -> Iterator[tuple[str, Sequence[Row]]]:
        for unit in self._units_below[case.unit]:
            if unit.name not in words(rule.expr):
                continue
            under = self.under[case.pk, unit.pk]
            rows = {each.key.rpartition("/")[2]: self._row(each) for each in under}
            answers, whole = self._row(case).answers, case.pk in self._asked_in_full
            known = rules.rows_below(unit, self._rosters, answers, rows, whole)
            if known is not None:
                yield unit.name, known

    @cached_property
    def _units(self) -> Mapping[int, Unit]:
        return {e.variable.unit_id: e.variable.unit for e in codebooks.entries(self.book)}

    @cached_property
    def _units_below(self) -> Mapping[int, list[Unit]]:
        return {unit: codebooks.units_below(self.book, unit) for unit in self._units}

    @cached_property
    def _rosters(self) -> list[Entry]:
        return [e for e in codebooks.entries(self.book) if e.variable.roster_of_id]

    @cached_property
    def _asked_in_full(self) -> set[int]:
        return blind.asked_in_full(self.project)

    @cached_property
    def _known_spells(self) -> Spells:
        return codebooks.spells_of(self.project.pk)

    @cached_property
    def _states(self) -> int:
        return hash(repr(self._known_spells))

    def _spells(self) -> Spells:
        return self._known_spells
