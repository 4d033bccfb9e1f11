"""What disputes teach: a coder of the own answers, a project of its rules and its rulings."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import combinations
from typing import NamedTuple

from django.contrib.auth.models import User
from django.core.paginator import Page, Paginator
from django.db.models import Case as Switch
from django.db.models import IntegerField, When
from django.db.models import Value as Constant

from coding import blind, canonical, codebooks, work
from coding.models import Case, Entry, Project

AT_ONCE = 2_000  # cases whose answers are read in one query
PER_PAGE = 50
ARGUED = 20
AMBIGUOUS = "rule_ambiguous"
CAUSES = dict(work.CAUSES)


class Contested(NamedTuple):
    """A cell that is disputed or ruled on."""

    cell: int
    case: int
    variable: int
    status: str
    text: str | None
    cause: str
    reason: str
    since: datetime
    rule: int | None  # the variable of the entry that decided


_COLUMNS = ("pk", "case", "variable", "status", "text", "cause", "reason", "since")


class Lessons:
    """The contested cells of a project that this person may know of, with what was said of them."""

    def __init__(self, user: User, project: Project) -> None:
        self.user, self.project = user, project

    @cached_property
    def entries(self) -> dict[int, Entry]:
        return codebooks.newest_entries(self.project)

    @cached_property
    def states(self) -> dict[str, str]:
        return codebooks.states_of(self.project.pk)

    @cached_property
    def cells(self) -> list[Contested]:
        """The newest first."""
        rows = blind.contested_for(self.user, self.project).order_by("-since", "-pk")
        return [Contested(*row) for row in rows.values_list(*_COLUMNS, "rule__variable")]

    @cached_property
    def said(self) -> dict[tuple[int, int], list[blind.Spoken]]:
        """What was said of each case and variable, oldest first."""
        cases = sorted({cell.case for cell in self.cells})
        variables = {cell.variable for cell in self.cells}
        found: dict[tuple[int, int], list[blind.Spoken]] = defaultdict(list)
        for start in range(0, len(cases), AT_ONCE):
            for said in blind.spoken_for(self.user, cases[start : start + AT_ONCE], variables):
                found[said.case, said.variable].append(said)
        return found

    def before(self, cell: Contested) -> dict[int, str]:
        """What each coder had said last when the cell was ruled on; where it is open, says now."""
        heard = self.said.get((cell.case, cell.variable), [])
        if cell.status == "disputed":
            return {s.coder: s.text for s in heard}
        return {s.coder: s.text for s in heard if s.opened <= cell.since}

    def after(self, cell: Contested) -> dict[int, str]:
        """What coders said of it after the ruling."""
        heard = self.said.get((cell.case, cell.variable), [])
        return {s.coder: s.text for s in heard if s.opened > cell.since}

    def are_same(self, cell: Contested, one: str, other: str) -> bool:
        return canonical.same(one, other, self.entries[cell.variable].domain)

    def overrules(self, cell: Contested, text: str) -> bool:
        return cell.text is not None and not self.are_same(cell, text, cell.text)

    def show(self, cell: Contested, text: str | None) -> str:
        return canonical.show(text, self.entries[cell.variable].domain, self.states)

    def rule_of(self, cell: Contested) -> Entry:
        """The entry that decided: the cell's own where no other is named."""
        own = self.entries[cell.variable]
        return self.entries.get(cell.rule or cell.variable, own)


def _cases(cells: Iterable[Contested]) -> dict[int, Case]:
    """The cases of cells that were let through already."""
    return Case.objects.select_related("root").in_bulk({cell.case for cell in cells})


# ------------------------------------------------------------------ a coder's own


@dataclass(frozen=True)
class Overruled:
    """An answer of one's own beside the ruling that took another."""

    cell: Contested
    case: Case
    entry: Entry
    rule: Entry
    said: str
    ruled: str

    @property
    def cause(self) -> str:
        return str(CAUSES.get(self.cell.cause, ""))


@dataclass(frozen=True)
class Count:
    """How often, by variable or by cause, one's own answer was not the one that was taken."""

    value: str
    label: str
    overruled: int
    ruled: int


class Own:
    """What a coder learns from rulings on cells of the own cases."""

    def __init__(self, lessons: Lessons, variable: str = "", cause: str = "") -> None:
        self.lessons, self.variable, self.cause = lessons, variable, cause

    @cached_property
    def answers(self) -> list[tuple[Contested, str]]:
        """The cells that are ruled on, with what the coder had said of them."""
        me = self.lessons.user.pk
        ruled = (c for c in self.lessons.cells if c.status == "adjudicated")
        said = ((cell, self.lessons.before(cell).get(me)) for cell in ruled)
        return [(cell, text) for cell, text in said if text is not None]

    @cached_property
    def overruled(self) -> list[tuple[Contested, str]]:
        return [(c, text) for c, text in self.answers if self.lessons.overrules(c, text)]

    @property
    def by_variable(self) -> list[Count]:
        """Each variable of which an answer was overruled, the most often first."""
        ruled = Counter(cell.variable for cell, _ in self.answers)
        over = Counter(cell.variable for cell, _ in self.overruled)
        named = ((self.lessons.entries[v], n, ruled[v]) for v, n in over.most_common())
        return [Count(entry.name, entry.label, n, of) for entry, n, of in named]

    @property
    def by_cause(self) -> list[Count]:
        over = Counter(cell.cause for cell, _ in self.overruled)
        total = len(self.overruled)
        return [Count(cause, str(CAUSES[cause]), n, total) for cause, n in over.most_common()]

    def page(self, number: str | None) -> Page[tuple[Contested, str]]:
        found = [
            (cell, text)
            for cell, text in self.overruled
            if self.variable in ("", self.lessons.entries[cell.variable].name)
            and self.cause in ("", cell.cause)
        ]
        return Paginator(found, PER_PAGE).get_page(number)

    def rows(self, page: Page[tuple[Contested, str]]) -> list[Overruled]:
        cases = _cases(cell for cell, _ in page)
        lessons = self.lessons
        return [
            Overruled(
                cell,
                cases[cell.case],
                lessons.entries[cell.variable],
                lessons.rule_of(cell),
                lessons.show(cell, text),
                lessons.show(cell, cell.text),
            )
            for cell, text in page
        ]


# ------------------------------------------------------------------ the project's rules


@dataclass
class RuleRow:
    """What disputes tell of one entry's rule."""

    entry: Entry
    disputes: int = 0
    open: int = 0
    ambiguous: int = 0
    pairs: Counter[tuple[str, str]] = field(default_factory=Counter)
    causes: Counter[str] = field(default_factory=Counter)

    @property
    def by_cause(self) -> list[int]:
        """How many of its rulings have each cause, in the order of CAUSES; with what is open
        they add up to its disputes."""
        return [self.causes[cause] for cause in CAUSES]

    @property
    def pair(self) -> tuple[str, str]:
        return min(self.pairs, key=lambda p: (-self.pairs[p], p)) if self.pairs else ("", "")

    @property
    def paired(self) -> int:
        """How many disputes are about the pair of answers that differ most often."""
        return self.pairs[self.pair]

    @property
    def weight(self) -> tuple[int, int, int]:
        """What a clearer rule would settle: what was ambiguous, then the most frequent pair."""
        return (self.ambiguous, self.paired, self.disputes)


@dataclass(frozen=True)
class Rate:
    """How often rulings took another answer than a coder's."""

    name: str
    ruled: int
    overruled: int

    @property
    def percent(self) -> float:
        return 100 * self.overruled / self.ruled


@dataclass(frozen=True)
class Late:
    """A ruling against which all later codings agree."""

    cell: Contested
    case: Case
    entry: Entry
    ruled: str
    later: str
    coders: int


class Rules:
    """What disputes tell adjudicators and curators of rules, of coders and of rulings."""

    def __init__(self, lessons: Lessons) -> None:
        self.lessons = lessons

    @cached_property
    def differing(self) -> list[tuple[Contested, list[str]]]:
        """Contested cells with the answers that differed; corrections of agreed cells have none."""
        lessons = self.lessons
        heard = ((c, sorted(set(lessons.before(c).values()))) for c in lessons.cells)
        return [
            (cell, texts)
            for cell, texts in heard
            if any(not lessons.are_same(cell, a, b) for a, b in combinations(texts, 2))
        ]

    @cached_property
    def rows(self) -> list[RuleRow]:
        """By rule, first the one whose change would have settled the most disputes."""
        found: dict[int, RuleRow] = {}
        for cell, texts in self.differing:
            entry = self.lessons.rule_of(cell)
            row = found.setdefault(entry.pk, RuleRow(entry))
            row.disputes += 1
            row.open += cell.status == "disputed"
            row.ambiguous += cell.cause == AMBIGUOUS
            row.causes.update([cell.cause] if cell.cause and cell.status != "disputed" else [])
            row.pairs.update(self._pairs(cell, texts))
        return sorted(found.values(), key=lambda row: (*(-n for n in row.weight), row.entry.name))

    @property
    def by_cause(self) -> list[int]:
        """How many rulings of all rules have each cause."""
        return [sum(row.causes[cause] for row in self.rows) for cause in CAUSES]

    @property
    def open(self) -> int:
        return sum(row.open for row in self.rows)

    @property
    def disputes(self) -> int:
        return sum(row.disputes for row in self.rows)

    def _pairs(self, cell: Contested, texts: Sequence[str]) -> Iterable[tuple[str, str]]:
        """The answers two by two; of free texts none, since they hardly ever come again."""
        if self.lessons.entries[cell.variable].domain.kind == "text":
            return ()
        return combinations([self.lessons.show(cell, text) for text in texts], 2)

    def rates(self) -> list[Rate]:
        """Whom rulings overruled how often, where answers differed. Names: for curators alone."""
        ruled, over = Counter[int](), Counter[int]()
        for cell, _ in self.differing:
            for coder, text in self.lessons.before(cell).items() if cell.text is not None else ():
                ruled[coder] += 1
                over[coder] += self.lessons.overrules(cell, text)
        names = dict(User.objects.filter(pk__in=ruled).values_list("pk", "username"))
        found = [Rate(names[coder], n, over[coder]) for coder, n in ruled.items()]
        return sorted(found, key=lambda rate: (-rate.percent, rate.name))

    def late(self) -> list[Late]:
        """Rulings against which two or more later codings agree with each other."""
        found = [(cell, text, n) for cell in self.lessons.cells for text, n in self._later(cell)]
        cases, lessons = _cases(cell for cell, _, _ in found), self.lessons
        return [
            Late(
                cell,
                cases[cell.case],
                lessons.entries[cell.variable],
                lessons.show(cell, cell.text),
                lessons.show(cell, text),
                coders,
            )
            for cell, text, coders in found
        ]

    def _later(self, cell: Contested) -> list[tuple[str, int]]:
        later = list(self.lessons.after(cell).values()) if cell.status == "adjudicated" else []
        if len(later) < 2 or not self.lessons.overrules(cell, later[0]):
            return []
        agree = all(self.lessons.are_same(cell, later[0], text) for text in later[1:])
        return [(later[0], len(later))] if agree else []


# ------------------------------------------------------------------ what argues for a change


@dataclass(frozen=True)
class Argument:
    """A dispute that argues for a change of the rule."""

    cell: int
    case: Case
    status: str
    cause: str
    reason: str


def arguments(user: User, project: Project, variables: Iterable[int]) -> list[Argument]:
    """Disputes of these variables that the user may know of: first those where the rule was
    ambiguous, then what is open, then the rest; the newest first."""
    weight = Switch(
        When(cause=AMBIGUOUS, then=Constant(0)),
        When(status="disputed", then=Constant(1)),
        default=Constant(2),
        output_field=IntegerField(),
    )
    cells = blind.contested_for(user, project).filter(variable__in=list(variables))
    found = cells.annotate(weight=weight).order_by("weight", "-since", "-pk")
    return [
        Argument(c.pk, c.case, c.status, c.get_cause_display(), c.reason)
        for c in found.select_related("case__root")[:ARGUED]
    ]
