"""What the queue of disputes is narrowed, counted and sorted by, in the database's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from itertools import groupby

from django.contrib.auth.models import User
from django.db.models import Case as Switch
from django.db.models import CharField, F, FloatField, Q, When
from django.db.models import Value as Constant
from django.db.models.expressions import Combinable
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce, Concat, Substr
from django.utils.http import urlencode

from coding import severity
from coding.models import Claim, Comment, Entry, Inquiry

NOTHING, NO_YEAR = "-", "-0"  # no region, no decade
AGES = {
    "day": ("under a day", None, 1),
    "week": ("1 to 7 days", 1, 7),
    "month": ("7 to 30 days", 7, 30),
    "older": ("over 30 days", 30, None),
}
MINE, FREE, OTHERS = "mine", "free", "others"
CLAIMS = {MINE: "mine", FREE: "nobody’s", OTHERS: "somebody else’s"}
SILENT, SAID = "silent", "said"
TALKS = {
    "open": "open question",
    "answered": "answered",
    "closed": "closed",
    SAID: "comments only",
    SILENT: "no thread",
}
NOT_TOLD_APART = ([NOTHING], [NO_YEAR], [FREE], [SILENT])
FLAGGED = "flagged"
# What a row is narrowed by beside its variable, in the order of the columns that are counted.
FACTS = ("region", "period")  # of the case
STATES = ("age", "severity", "claim", "talk")  # of the dispute
DIMENSIONS = (*FACTS, *STATES)
# A case stands below its family, a partner below its intervention, whatever their titles.
ORDER = ("above", "case__unit__position", "case__key", "case_id")
# What a column of the queue sorts by; the other way round with a minus before it.
SORTS = {"case": (), "variable": ("place",), "severity": ("weighed",), "age": ("-since",)}


@dataclass(frozen=True)
class Asked:
    """What the reader wants to see of the queue, and in which order.

    An unknown word finds nothing. Causes are not among the filters: a dispute has none before it
    is settled.
    """

    q: str = ""
    unit: str = ""
    section: str = ""
    variable: str = ""
    pair: str = ""
    region: str = ""
    period: str = ""
    age: str = ""
    severity: str = ""
    claim: str = ""
    talk: str = ""
    family: str = ""
    state: str = ""
    sort: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Asked:
        """As an address says it; a pair of answers goes with the variable it was chosen for."""
        asked = cls(**{f.name: query.get(f.name, "").strip()[:200] for f in fields(cls)})
        fits = asked.pair.startswith(f"{asked.variable}:")
        asked = asked if fits else replace(asked, pair="")
        return asked if asked.sort.removeprefix("-") in SORTS else replace(asked, sort="")

    @property
    def parts(self) -> list[tuple[str, str]]:
        """What was asked for, name by name."""
        asked = ((f.name, getattr(self, f.name)) for f in fields(self))
        return [(name, value) for name, value in asked if value]

    @property
    def query(self) -> str:
        """The same wish as the end of an address."""
        return urlencode(self.parts)

    @property
    def narrows(self) -> bool:
        """Something may be left out, beyond an order."""
        return any(name != "sort" for name, _ in self.parts)

    @property
    def columns(self) -> dict[str, tuple[str, str]]:
        """For each column that sorts: how it is sorted now, and the address that sorts by it."""
        found = {}
        for name in SORTS:
            now = {name: "ascending", f"-{name}": "descending"}.get(self.sort or "case", "none")
            first = name if name in ("case", "variable") else f"-{name}"
            turned = f"-{name}" if first == name else name
            wanted = turned if (self.sort or "case") == first else first
            found[name] = (now, replace(self, sort="" if wanted == "case" else wanted).query)
        return found


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
        """Cases of which nothing is known, or that nobody claims, are not told apart by it."""
        known = [option.value for option in self.options]
        return bool(self.chosen) or (bool(known) and known not in NOT_TOLD_APART)


def dimension(name: str, user: User, entries: Mapping[int, Entry], now: datetime) -> Combinable:
    """What a dispute is counted under."""
    if name == "region":
        return _fact("region")
    if name == "period":
        decade = Substr(_fact("start_year"), 1, 3, output_field=CharField())
        return Concat(decade, Constant("0"), output_field=CharField())
    if name == "age":
        whens = [When(_aged(age, now), then=Constant(age)) for age in AGES]
        return Switch(*whens, output_field=CharField())
    if name == "talk":
        return _discussed()
    return _banded(entries) if name == "severity" else _claimed(user, now)


def _fact(name: str) -> Coalesce:
    """What is known of a case before coding; of a partner what is known of its intervention."""
    return Coalesce(
        KeyTextTransform(name, "case__root__facts"),
        KeyTextTransform(name, "case__facts"),
        Constant(NOTHING),
        output_field=CharField(),
    )


def told(facts: Mapping[str, object], of_root: Mapping[str, object]) -> tuple[str, str]:
    """Region and decade of a case, as `dimension` has them of each of its disputes."""
    region, year = (of_root.get(k) or facts.get(k) or NOTHING for k in ("region", "start_year"))
    return str(region), f"{str(year)[:3]}0"


def _aged(age: str, now: datetime) -> Q:
    """Disputes that have been open for so long."""
    _, least, most = AGES[age]
    found = Q() if least is None else Q(since__lte=now - timedelta(days=least))
    return found if most is None else found & Q(since__gt=now - timedelta(days=most))


def weighed(entries: Mapping[int, Entry]) -> Combinable:
    """Severity: how far the answers lie apart, by the weight that the codebook gives."""
    by_weight = sorted((entry.weight, variable) for variable, entry in entries.items())
    weights = {
        weight: [variable for _, variable in group]
        for weight, group in groupby(by_weight, key=lambda pair: pair[0])
    }
    whens = [
        When(variable__in=variables, then=Constant(float(weight)))
        for weight, variables in weights.items()
        if weight != 1
    ]
    return F("distance") * Switch(*whens, default=Constant(1.0), output_field=FloatField())


def heaviest(entries: Mapping[int, Entry]) -> int:
    return max((entry.weight for entry in entries.values()), default=1)


def _banded(entries: Mapping[int, Entry]) -> Combinable:
    limits = severity.limits(heaviest(entries))
    whens = [When(weighed__gte=least, then=Constant(name)) for name, (least, _) in limits.items()]
    return Switch(*whens, output_field=CharField())


def _claimed(user: User, now: datetime) -> Combinable:
    live = Claim.objects.live(now).order_by()
    mine, others = live.filter(user=user), live.exclude(user=user)
    return Switch(
        When(family__in=mine.values("case"), then=Constant(MINE)),
        When(family__in=others.values("case"), then=Constant(OTHERS)),
        default=Constant(FREE),
        output_field=CharField(),
    )


def _discussed() -> Combinable:
    """Where the thread of a cell stands: by its most urgent question, if it has one."""
    asked = Inquiry.objects.order_by()
    whens = [
        When(pk__in=asked.filter(state=state).values("comment__cell"), then=Constant(state))
        for state in ("open", "answered", "closed")
    ]
    said = Comment.objects.order_by().values("cell")
    return Switch(
        *whens,
        When(pk__in=said, then=Constant(SAID)),
        default=Constant(SILENT),
        output_field=CharField(),
    )


def placed(entries: Mapping[int, Entry]) -> Combinable:
    """A variable's place in the codebook."""
    by_place = sorted(
        entries.items(), key=lambda pair: (pair[1].variable.unit.position, pair[1].position)
    )
    whens = [When(variable=v, then=Constant(n)) for n, (v, _) in enumerate(by_place)]
    return Switch(*whens, default=Constant(len(by_place)))


def order(sort: str) -> Sequence[str]:
    """The columns that a sort stands for; by case where nothing else decides."""
    name, back = sort.removeprefix("-"), sort.startswith("-")
    columns = SORTS.get(name, ()) or (ORDER if back else ())
    if back:
        columns = tuple(c.removeprefix("-") if c.startswith("-") else f"-{c}" for c in columns)
    return (*columns, *(c for c in ORDER if f"-{c}" not in columns), "variable")
