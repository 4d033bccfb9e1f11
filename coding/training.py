"""Gold answers and certificates: who has shown what, which stand, which lapsed.

Both point at a variable. New words leave it, so they stay; a changed meaning is a new variable,
which begins without any: they lapse by themselves, and stay on record. What was said on training
sheets comes through `coding.blind`, what is right through `coding.marking`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import isnan

from django.contrib.auth.models import User
from django.db.models import Q

from coding import blind, canonical, codebooks, marking
from coding.blind import Marked
from coding.models import (
    Case,
    Certification,
    Codebook,
    Coding,
    Entry,
    Gold,
    Member,
    MissingCode,
    Project,
    Variable,
)

# ------------------------------------------------------------------ what lapses


@dataclass(frozen=True)
class Lapses:
    """How many gold answers and certifications stand on some variables."""

    gold: int
    certifications: int


def lapses(variables: Iterable[int]) -> Lapses:
    """What lapses when these variables are replaced or leave the codebook: counts alone."""
    touched = list(variables)
    return Lapses(
        Gold.objects.filter(variable__in=touched).count(),
        Certification.objects.filter(variable__in=touched).count(),
    )


class Books:
    """A project's variables through its published codebooks."""

    def __init__(self, project: Project) -> None:
        self.project = project

    @cached_property
    def current(self) -> Codebook | None:
        return codebooks.current(self.project)

    @cached_property
    def asked(self) -> dict[int, Entry]:
        """What coders are asked today, by variable, in the codebook's order."""
        found = codebooks.entries(self.current) if self.current else ()
        return {e.variable_id: e for e in found if e.is_asked}

    @cached_property
    def _numbers(self) -> dict[int, list[int]]:
        """The numbers of the published codebooks that hold each variable."""
        rows = Entry.objects.filter(codebook__project=self.project)
        published = rows.exclude(codebook__published_at=None)
        found: dict[int, list[int]] = defaultdict(list)
        for variable, number in published.values_list("variable", "codebook__number"):
            found[variable].append(number)
        return found

    @cached_property
    def _replaced(self) -> dict[int, int]:
        """By variable, the one that it replaces."""
        rows = Variable.objects.filter(unit__project=self.project).exclude(replaces=None)
        return {pk: old for pk, old in rows.values_list("pk", "replaces") if old}

    def lapsed_with(self, variable: int) -> int | None:
        """The codebook with which a variable went out; None where it is in the current one."""
        numbers = sorted({n for held in self._numbers.values() for n in held})
        last = max(self._numbers.get(variable, [0]))
        return next((number for number in numbers if number > last), None)

    def ancestors(self, variable: int) -> list[int]:
        """All that a variable replaced, step by step."""
        found: list[int] = []
        while (old := self._replaced.get(variable)) and old not in found:
            found.append(old)
            variable = old
        return found


# ------------------------------------------------------------------ one coder


@dataclass(frozen=True)
class Standing:
    """Where one coder stands in one variable: the figures, and the certificate."""

    entry: Entry
    marks: marking.Marks
    certification: Certification | None
    lapsed_with: int | None

    @property
    def state(self) -> str:
        if self.certification is None:
            return ""
        return "lapsed" if self.lapsed_with else "certified"

    @property
    def alpha(self) -> float | None:
        """None where it is not defined; `marks.alpha.reason` says why."""
        value = self.marks.alpha.value
        return None if isnan(value) else value


def firsts(marked: Iterable[Marked]) -> list[Marked]:
    """What each coder said first of each case and variable: what is right was shown after it."""
    found: dict[tuple[int, int, int], Marked] = {}
    for each in marked:
        found.setdefault((each.coder, each.case, each.variable), each)
    return list(found.values())


def standings(books: Books, member: Member, marked: Iterable[Marked]) -> list[Standing]:
    """Every asked variable for one coder, in the codebook's order. `marked` is the coder's own."""
    pairs: dict[int, list[marking.Pair]] = defaultdict(list)
    for each in firsts(marked):
        pairs[each.variable].append((each.said, each.gold))
    held = {c.variable_id: c for c in member.certifications.select_related("by")}
    return [_standing(books, entry, pairs, held) for entry in books.asked.values()]


def _standing(
    books: Books,
    entry: Entry,
    pairs: Mapping[int, Sequence[marking.Pair]],
    held: Mapping[int, Certification],
) -> Standing:
    variable = entry.variable
    compared = pairs.get(variable.pk, ()) if entry.compare else ()
    marks = marking.marks(compared, entry.domain, variable.measure, _left_out(entry))
    if variable.pk in held:
        return Standing(entry, marks, held[variable.pk], None)
    lapsed = next((held[v] for v in books.ancestors(variable.pk) if v in held), None)
    number = books.lapsed_with(lapsed.variable_id) if lapsed else None
    return Standing(entry, marks, lapsed, number)


def _left_out(entry: Entry) -> frozenset[str]:
    """The missing codes that count as nothing said, by the rule of the codebook."""
    counted = MissingCode.InReliability.CATEGORY
    codes = entry.codebook.missing_codes.all()
    return frozenset(c.code for c in codes if c.in_reliability != counted)


@dataclass(frozen=True)
class Answer:
    """One answer of a training sheet as its coder reads it once it is handed in."""

    entry: Entry
    said: str
    gold: str
    right: bool | None  # None where coders need not use the same words
    members: list[tuple[str, bool, bool]]


@dataclass(frozen=True)
class Sheet:
    """A training sheet handed in: what was right on it, for its coder alone."""

    coding: Coding
    answers: list[Answer]

    @property
    def right(self) -> int:
        return sum(answer.right is True for answer in self.answers)

    @property
    def marked(self) -> int:
        return sum(answer.right is not None for answer in self.answers)


def sheets(user: User, project: Project) -> list[Sheet]:
    """The user's own training sheets, marked; the newest sitting first."""
    codings = blind.trained(user, project).of(user)
    marked = blind.marked(codings)
    listed = codings.select_related("case__unit", "case__parent", "codebook")
    order = listed.order_by("-submitted_at", "case__unit__position", "pk")
    states = codebooks.states_of(project.pk)
    of_sheet: dict[int, list[Marked]] = defaultdict(list)
    for each in marked:
        of_sheet[each.coding].append(each)
    return [Sheet(coding, _answers(coding, of_sheet[coding.pk], states)) for coding in order]


def _answers(coding: Coding, marked: Sequence[Marked], states: Mapping[str, str]) -> list[Answer]:
    found = {each.variable: each for each in marked}
    entries = codebooks.entries_of(coding.codebook, coding.case.unit_id)
    return [_answer(e, found[e.variable_id], states) for e in entries if e.variable_id in found]


def _answer(entry: Entry, marked: Marked, states: Mapping[str, str]) -> Answer:
    domain = entry.domain
    by_member = marking.by_member(marked.said, marked.gold, domain)
    return Answer(
        entry,
        canonical.show(marked.said, domain, states),
        canonical.show(marked.gold, domain, states),
        marking.is_right(marked.said, marked.gold, domain) if entry.compare else None,
        [(canonical.show(m.code, domain, states), m.said, m.gold) for m in by_member],
    )


# ------------------------------------------------------------------ the project


@dataclass(frozen=True)
class GoldCase:
    """A case with gold answers: how many stand, how many lapsed, how many people it trained."""

    case: Case
    stands: int
    lapsed: int
    trained: int


def gold_cases(user: User, books: Books) -> list[GoldCase]:
    """The cases with gold answers that this user may know of, by key."""
    stands: Counter[int] = Counter()
    lapsed: Counter[int] = Counter()
    gold = blind.gold_for(user, books.project)
    for family, variable in gold.values_list("family", "variable"):
        (stands if variable in books.asked else lapsed)[family] += 1
    training = Coding.objects.standing().filter(
        purpose=Coding.Purpose.TRAINING, case__in=[*stands, *lapsed], submitted_at__isnull=False
    )
    trained = Counter(training.values_list("case", flat=True))
    cases = Case.objects.filter(pk__in=[*stands, *lapsed]).order_by("key")
    return [GoldCase(c, stands[c.pk], lapsed[c.pk], trained[c.pk]) for c in cases]


@dataclass
class Trainee:
    """A member who trained, or is certified, in counts."""

    member: Member
    open: int = 0
    done: int = 0
    answers: int = 0
    right: int = 0
    certified: int = 0
    lapsed: int = 0

    @property
    def percent(self) -> float | None:
        return 100 * self.right / self.answers if self.answers else None


def trainees(user: User, books: Books) -> list[Trainee]:
    """Everybody who may code, with training sheets, answers against gold and certificates."""
    people = Member.objects.filter(project=books.project, kind=Member.Kind.PERSON)
    able = people.exclude(role=Member.Role.READER).select_related("user")
    found = {m.user_id: Trainee(m) for m in able.order_by("user__username")}
    training = Coding.objects.standing().filter(
        purpose=Coding.Purpose.TRAINING, case__unit__project=books.project, case__parent=None
    )
    for coder, submitted in training.values_list("coder", "submitted_at"):
        if one := found.get(coder):
            one.done, one.open = one.done + bool(submitted), one.open + (submitted is None)
    domains = {v: e.domain for v, e in books.asked.items() if e.compare}
    for each in firsts(blind.marked(blind.trained(user, books.project))):
        if (one := found.get(each.coder)) and each.variable in domains:
            one.answers += 1
            one.right += marking.is_right(each.said, each.gold, domains[each.variable])
    _count_certificates(books, found)
    return list(found.values())


def _count_certificates(books: Books, found: Mapping[int, Trainee]) -> None:
    """A certificate whose variable was replaced, or left the codebook, has lapsed."""
    rows = Certification.objects.filter(member__project=books.project)
    for coder, variable in rows.values_list("member__user", "variable"):
        if one := found.get(coder):
            one.certified += variable in books.asked
            one.lapsed += variable not in books.asked


def certificate_words(project: Project, people: Iterable[Member]) -> dict[int, str]:
    """By user, how much of the codebook each is certified for; nothing where nobody ever was."""
    books = Books(project)
    rows = Certification.objects.filter(member__project=project)
    held = list(rows.values_list("member__user", "variable"))
    if not held:
        return {}
    counts = Counter(coder for coder, variable in held if variable in books.asked)
    return {m.user_id: _certified_for(counts[m.user_id], len(books.asked)) for m in people}


def _certified_for(count: int, asked: int) -> str:
    if not count:
        return "not certified"
    return "certified" if count == asked else f"certified for {count} of {asked} variables"


# ------------------------------------------------------------------ one case


@dataclass(frozen=True)
class Choice:
    """A variable with settled answers in a case and its partners, and what of them is gold."""

    entry: Entry
    settled: int
    gold: int


@dataclass(frozen=True)
class GoldOf:
    """What a curator may mark as gold in a case, and has."""

    choices: list[Choice] = field(default_factory=list)
    lapsed: int = 0

    @property
    def settled(self) -> int:
        return sum(choice.settled for choice in self.choices)

    @property
    def gold(self) -> int:
        return sum(choice.gold for choice in self.choices)


def gold_of(user: User, case: Case, project: Project) -> GoldOf:
    """The settled answers and the gold of a family, as far as this user may see it."""
    books = Books(project)
    cells = blind.settled_for(user, case.family_id).exclude(case__unit__rows="numbered")
    settled = Counter(cells.values_list("variable", flat=True))
    family = Q(case=case.family_id) | Q(case__root=case.family_id)
    gold = Counter(blind.gold_for(user, project).filter(family).values_list("variable", flat=True))
    choices = [
        Choice(entry, settled[v], gold[v])
        for v, entry in books.asked.items()
        if settled[v] or gold[v]
    ]
    return GoldOf(choices, sum(n for v, n in gold.items() if v not in books.asked))
