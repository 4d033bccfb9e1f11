"""The queue of disputes: what is open in a project, narrowed and counted by the database."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from functools import cached_property

from django.contrib.auth.models import User
from django.core.paginator import Page, Paginator
from django.db.models import Case as Switch
from django.db.models import CharField, Count, Q, When
from django.db.models import Value as Constant
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.http import urlencode

from coding import blind, canonical, codebooks
from coding.models import Case, Entry, Project

PER_PAGE = 50
NO_REGION = "-"
AGES = {
    "day": ("under a day", None, 1),
    "week": ("1 to 7 days", 1, 7),
    "month": ("7 to 30 days", 7, 30),
    "older": ("over 30 days", 30, None),
}
FLAGGED = "flagged"
# A case stands below its family, a partner below its intervention, whatever their titles.
ORDER = ("above", "case__unit__position", "case__key", "case_id")


@dataclass(frozen=True)
class Asked:
    """What the reader wants to see of the queue. An unknown word finds nothing."""

    q: str = ""
    unit: str = ""
    section: str = ""
    variable: str = ""
    region: str = ""
    age: str = ""
    state: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Asked:
        return cls(**{f.name: query.get(f.name, "").strip()[:200] for f in fields(cls)})

    @property
    def parts(self) -> list[tuple[str, str]]:
        """What was asked for, name by name."""
        asked = ((f.name, getattr(self, f.name)) for f in fields(self))
        return [(name, value) for name, value in asked if value]

    @property
    def query(self) -> str:
        """The same wish as the end of an address."""
        return urlencode(self.parts)


@dataclass(frozen=True)
class Group:
    """Disputes that every filter treats alike, and how many they are."""

    unit: str
    section: str
    variable: str
    region: str
    age: str
    count: int


@dataclass(frozen=True)
class Option:
    value: str
    label: str
    count: int


@dataclass(frozen=True)
class Facet:
    """One filter with its choices; their counts add up to what stands without this filter."""

    name: str
    label: str
    chosen: str
    options: list[Option]

    @property
    def total(self) -> int:
        return sum(option.count for option in self.options)

    @property
    def is_useful(self) -> bool:
        """Cases of which no region is known are not told apart by it."""
        return bool(self.chosen) or [o.value for o in self.options] != [NO_REGION]


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


class Place:
    """Where a case stands in the queue, whether or not it has a dispute left, and its neighbours.

    Counted in one pass; the neighbours are looked for only where they are shown.
    """

    def __init__(self, queue: Queue, case: Case) -> None:
        self._disputes = queue.narrowed
        self._key = (
            case.root.key if case.root else case.key,
            case.unit.position,
            case.key,
            case.pk,
        )
        counted = self._disputes.aggregate(
            disputes=Count("pk"),
            cases=Count("case", distinct=True),
            before=Count("case", distinct=True, filter=_beyond(self._key, "lt")),
        )
        self.number, self.of = counted["before"] + 1, counted["cases"]
        self.disputes: int = counted["disputes"]

    @cached_property
    def previous(self) -> int | None:
        back = [f"-{name}" for name in ORDER]
        return self._first(self._disputes.filter(_beyond(self._key, "lt")).order_by(*back))

    @cached_property
    def next(self) -> int | None:
        return self._first(self._disputes.filter(_beyond(self._key, "gt")).order_by(*ORDER))

    def _first(self, found: blind.Cells) -> int | None:
        return found.values_list("case", flat=True).first()


class Queue:
    """The open disputes of a project that this person may know of, as the filters narrow them."""

    def __init__(self, user: User, project: Project, asked: Asked) -> None:
        self.user, self.project, self.asked = user, project, asked
        self.now = timezone.now()

    @cached_property
    def entries(self) -> dict[int, Entry]:
        return codebooks.newest_entries(self.project)

    @property
    def _found(self) -> blind.Cells:
        """What the search finds, before the filters."""
        disputes = self._in_state()
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
        if self.asked.unit or self.asked.section or self.asked.variable:
            chosen = [v for v, e in self.entries.items() if self._is_chosen(e)]
            found = found.filter(variable__in=chosen)
        if self.asked.region:
            found = found.annotate(region=_region()).filter(region=self.asked.region)
        if self.asked.age:
            found = found.filter(_aged(self.asked.age, self.now))
        return found

    def _is_chosen(self, entry: Entry) -> bool:
        asked = self.asked
        return (
            asked.unit in ("", entry.variable.unit.name)
            and asked.section in ("", entry.section)
            and asked.variable in ("", entry.name)
        )

    @cached_property
    def groups(self) -> list[Group]:
        """Everything that is counted beside the filters, in one GROUP BY."""
        aged = Switch(
            *(When(_aged(age, self.now), then=Constant(age)) for age in AGES),
            output_field=CharField(),
        )
        rows = (
            self._found.annotate(region=_region(), age=aged)
            .values_list("variable", "region", "age")
            .annotate(count=Count("pk"))
            .order_by()
        )
        return [
            Group(e.variable.unit.name, e.section, e.name, region, age, count)
            for variable, region, age, count in rows
            for e in [self.entries[variable]]
        ]

    @cached_property
    def total(self) -> int:
        return sum(group.count for group in self.groups if self._fits(group))

    @property
    def everything(self) -> int:
        """How many disputes are open, whatever was asked for."""
        return blind.disputes_for(self.user, self.project).count()

    @cached_property
    def cases(self) -> int:
        """In how many cases the disputes stand."""
        counted: int = self.narrowed.aggregate(cases=Count("case", distinct=True))["cases"]
        return counted

    def _fits(self, group: Group, leaving_out: str = "") -> bool:
        return all(
            getattr(self.asked, name) in ("", getattr(group, name))
            for name in ("unit", "section", "variable", "region", "age")
            if name != leaving_out
        )

    @cached_property
    def facets(self) -> list[Facet]:
        """The filters, each counted under all the others."""
        named = {e.name: e for e in self.entries.values()}
        units = {e.variable.unit.name: str(e.variable.unit) for e in self.entries.values()}
        by_place = sorted(named.values(), key=lambda e: (e.variable.unit.position, e.position))
        sections = {e.section: e.section or "no section" for e in by_place}
        variables = {e.name: f"{e.name} · {e.label}" for e in by_place}
        regions = {g.region: g.region for g in sorted(self.groups, key=lambda g: g.region)}
        labels = regions | {NO_REGION: "no region"} if NO_REGION in regions else regions
        return [
            self._facet("unit", "Unit", units),
            self._facet("section", "Section", sections),
            self._facet("variable", "Variable", variables),
            self._facet("region", "Region", labels),
            self._facet("age", "Age", {age: words for age, (words, _, _) in AGES.items()}),
        ]

    def _facet(self, name: str, label: str, words: Mapping[str, str]) -> Facet:
        counts: Counter[str] = Counter()
        for group in self.groups:
            if self._fits(group, leaving_out=name):
                counts[getattr(group, name)] += group.count
        chosen = getattr(self.asked, name)
        options = [
            Option(value, text, counts[value])
            for value, text in words.items()
            if counts[value] or value == chosen
        ]
        return Facet(name, label, chosen, options)

    def page(self, number: str | None) -> Page[int]:
        """One page of the queue by number; the total is known, so nothing is counted again."""
        return Paginator(range(self.total), PER_PAGE).get_page(number)

    def rows(self, page: Page[int]) -> list[Row]:
        """What stands on a page, sorted by family, case and variable."""
        cells = self.narrowed.select_related("case__unit", "case__root")
        first = max(page.start_index() - 1, 0)
        return self._rows(cells.order_by(*ORDER, "variable")[first : page.end_index()])

    def _rows(self, cells: blind.Cells) -> list[Row]:
        listed = list(cells)
        said = self._said({c.case_id for c in listed}, {c.variable_id for c in listed})
        of_states = any(_holds_states(self.entries[c.variable_id]) for c in listed)
        states = codebooks.states_of(self.project.pk) if of_states else {}
        return [
            Row(
                cell=cell.pk,
                case=cell.case,
                entry=entry,
                said=differing(said[cell.case_id, cell.variable_id], entry, states),
                stands=canonical.show(cell.text, entry.domain, states),
                since=cell.since,
                days=(self.now - cell.since).days,
            )
            for cell in listed
            for entry in [self.entries[cell.variable_id]]
        ]

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


def _region() -> Coalesce:
    """The region known of a case before coding; a partner's is its intervention's."""
    return Coalesce(
        KeyTextTransform("region", "case__root__facts"),
        KeyTextTransform("region", "case__facts"),
        Constant(NO_REGION),
        output_field=CharField(),
    )


def _aged(age: str, now: datetime) -> Q:
    """Disputes that have been open for so long."""
    if age not in AGES:
        return Q(pk=None)
    _, least, most = AGES[age]
    found = Q() if least is None else Q(since__lte=now - timedelta(days=least))
    return found if most is None else found & Q(since__gt=now - timedelta(days=most))


def _beyond(key: Sequence[object], direction: str) -> Q:
    """What comes before (lt) or after (gt) a key in ORDER."""
    found, level = Q(pk=None), Q()
    for name, value in zip(ORDER, key, strict=True):
        found |= level & Q(**{f"{name}__{direction}": value})
        level &= Q(**{name: value})
    return found


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
