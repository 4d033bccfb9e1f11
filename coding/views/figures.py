"""What the pages of reliability show: figures as lines, sorted and filtered, and as charts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import isnan

import numpy as np
from django.contrib.auth.models import User
from django.db.models.fields.json import KeyTextTransform
from django.http import QueryDict

from coding import blind, charts, reliability
from coding.agreement import Coefficient
from coding.models import Entry, Member, Project, Unit
from coding.reliability import Asked, Figure

FLOORS = {
    "below-800": ("Below .800", charts.ENOUGH),
    "below-667": ("Below .667", charts.TENTATIVE),
}
NO_FIGURE = "none"
SORTS = ("alpha", "units", "percent", "ac")
WHO = {"people": "People", "machines": "Earlier data sets", "everybody": "Together"}
MISSING = {
    "rule": "as the codebook says",
    "exclude": "left out",
    "as-category": "each a category",
}


@dataclass(frozen=True)
class Option:
    value: str
    label: str
    chosen: bool


@dataclass(frozen=True)
class Menu:
    """A filter of the page and its choices."""

    name: str
    label: str
    options: list[Option]
    everything: str = "All"

    @property
    def is_useful(self) -> bool:
        return len(self.options) > 1 or any(o.chosen for o in self.options)


class Question:
    """What the reader of a page of reliability asks, from its address."""

    def __init__(self, query: QueryDict) -> None:
        self.query = query
        self.asked = Asked.of(
            {name: query.get(name, "")[:200] for name in ("who", "missing", "region", "period")}
        )

    @property
    def kept(self) -> str:
        """The same question as the end of the address of another page."""
        kept = QueryDict(mutable=True)
        for name in ("who", "missing", "region", "period"):
            if self.query.get(name):
                kept[name] = self.query.get(name, "")
        return f"?{kept.urlencode()}" if kept else ""

    def of_who(self) -> list[Option]:
        return [Option(v, label, v == self.asked.who) for v, label in WHO.items()]

    def of_missing(self) -> list[Option]:
        return [Option(v, label, v == self.asked.missing) for v, label in MISSING.items()]

    def of_cases(self, user: User, project: Project) -> list[Menu]:
        """Region and period of the cases that the reader may know of."""
        cases = blind.cases_for(user).filter(unit__project=project, parent=None, in_universe=True)
        facts = cases.order_by().values_list(
            KeyTextTransform("region", "facts"), KeyTextTransform("start_year", "facts")
        )
        rows = set(facts)
        regions = {region: region for region, _ in rows if region}
        decades = {f"{int(year) // 10}0" for _, year in rows if year and year.isdecimal()}
        return [
            self._menu("region", "Region", regions),
            self._menu("period", "Period", {d: f"{d}s" for d in decades}),
        ]

    def _menu(self, name: str, label: str, words: Mapping[str, str]) -> Menu:
        chosen = self.query.get(name, "")
        options = [Option(v, words[v], v == chosen) for v in sorted(words)]
        return Menu(name, label, options)


@dataclass(frozen=True)
class Line:
    """One variable of the overview."""

    figure: Figure

    @property
    def entry(self) -> Entry:
        return self.figure.entry

    @cached_property
    def strip(self) -> charts.Svg:
        return strip(self.figure.alpha, f"Alpha of {self.entry.label}", self.figure.reason)

    @property
    def band(self) -> str:
        return charts.band(self.figure.alpha.value)

    @cached_property
    def commonest(self) -> reliability.Share | None:
        """The category said most often: what agreement by chance is made of."""
        return max(self.figure.prevalence, key=lambda share: share.count, default=None)

    @property
    def bar(self) -> charts.Svg:
        share = self.commonest
        return charts.bar(share.share, share.label) if share else charts.Svg("")

    @property
    def why_none(self) -> str:
        """Why there is no figure, in words that fit a row."""
        cases, has_no_key = self.figure.cases, self.entry.variable.unit.rows == Unit.Rows.NUMBERED
        if not cases:
            return "Not coded yet."
        if has_no_key:
            return self.figure.reason
        return f"{cases} coded, {'it' if cases == 1 else 'each'} by one."

    @property
    def hangs_on_missing(self) -> bool:
        """The figure is another one when missing codes count as categories."""
        one, other = self.figure.excluded.value, self.figure.as_category.value
        return isnan(one) != isnan(other) or abs(one - other) >= 0.005

    def sorted_by(self, name: str) -> float:
        figure = self.figure
        if name == "units":
            return float(figure.alpha.n_units)
        return float({"percent": figure.percent, "ac": figure.ac}.get(name, figure.alpha).value)


def strip(figure: Coefficient, name: str, reason: str = "") -> charts.Svg:
    return charts.dot(figure.value, figure.low, figure.high, name, reason or figure.reason)


class Overview:
    """The variables of the current codebook with their figures, as the filters narrow them."""

    def __init__(self, user: User, project: Project, query: QueryDict) -> None:
        self.user, self.project, self.query = user, project, query
        self.question = Question(query)
        self.opened = reliability.opened_for(user, project, self.question.asked)
        self.find = query.get("find", "").strip()[:200]
        self.unit, self.section = query.get("unit", ""), query.get("section", "")
        self.floor = query.get("floor", "")

    @cached_property
    def everything(self) -> list[Line]:
        """Every variable that coders have to agree on."""
        return [
            Line(figure)
            for figure in reliability.figures(self.opened)
            if figure.entry.compare and not figure.entry.is_computed
        ]

    @cached_property
    def found(self) -> list[Line]:
        return [line for line in self.everything if self._fits(line)]

    @property
    def measured(self) -> list[Line]:
        """The variables that at least one unit can say something about."""
        return [line for line in self.lines if line.figure.alpha.n_units]

    @property
    def unmeasured(self) -> list[Line]:
        return [line for line in self.lines if not line.figure.alpha.n_units]

    @cached_property
    def lines(self) -> list[Line]:
        """What passes all filters, in the order of the codebook or as the reader sorts."""
        passed = [line for line in self.found if _under(line, self.floor)]
        name = self.sort.removeprefix("-")
        if not name:
            return passed
        known = [line for line in passed if not isnan(line.sorted_by(name))]
        known.sort(key=lambda line: line.sorted_by(name), reverse=self.sort.startswith("-"))
        return known + [line for line in passed if isnan(line.sorted_by(name))]

    @property
    def sort(self) -> str:
        asked = self.query.get("sort", "")
        return asked if asked.removeprefix("-") in SORTS else ""

    @property
    def alpha_column(self) -> Column:
        return Column("alpha", "Alpha", self.sort)

    def columns(self) -> list[Column]:
        return [Column(name, label, self.sort) for name, label in COLUMNS.items()]

    @property
    def has_machines(self) -> bool:
        return any(c.kind == Member.Kind.MACHINE for c in self.opened.coders.values())

    def floors(self) -> list[tuple[str, str, int]]:
        """The chips: how many variables of those found are below each line."""
        chips = [("", "All"), *((name, label) for name, (label, _) in FLOORS.items())]
        chips.append((NO_FIGURE, "No figure"))
        return [(n, label, sum(_under(li, n) for li in self.found)) for n, label in chips]

    def menus(self) -> list[Menu]:
        units, sections = {}, {}
        for line in self.everything:
            units[line.entry.variable.unit.name] = str(line.entry.variable.unit)
            if self.unit in ("", line.entry.variable.unit.name) and line.entry.section:
                sections[line.entry.section] = line.entry.section
        chosen = {"unit": self.unit, "section": self.section}
        return [
            Menu(name, label, [Option(v, w, v == chosen[name]) for v, w in words.items()])
            for name, label, words in (("unit", "Unit", units), ("section", "Section", sections))
        ] + self.question.of_cases(self.user, self.project)

    @cached_property
    def counted(self) -> Counts:
        return Counts.of(self.opened)

    def _fits(self, line: Line) -> bool:
        entry = line.entry
        words = f"{entry.name}\n{entry.label}\n{entry.question}".casefold()
        return (
            self.unit in ("", entry.variable.unit.name)
            and self.section in ("", entry.section)
            and self.find.casefold() in words
        )


COLUMNS = {"units": "Units", "percent": "Agree", "ac": "AC"}


@dataclass(frozen=True)
class Column:
    """A head to sort by: first the lowest, then the highest, then the codebook's order."""

    name: str
    label: str
    sort: str

    @property
    def aria(self) -> str:
        return {self.name: "ascending", f"-{self.name}": "descending"}.get(self.sort, "none")

    @property
    def next(self) -> str | None:
        return {self.name: f"-{self.name}", f"-{self.name}": None}.get(self.sort, self.name)


def _under(line: Line, floor: str) -> bool:
    value = line.figure.alpha.value
    if floor == NO_FIGURE:
        return isnan(value)
    return floor not in FLOORS or value < FLOORS[floor][1]


@dataclass(frozen=True)
class Counts:
    """What is counted, in words: cases that are open, and those of them coded by two."""

    opened: int
    double: int
    by_unit: list[tuple[str, int, int]] = field(default_factory=list)

    @classmethod
    def of(cls, opened: reliability.Opened) -> Counts:
        kept = opened.of_who
        pairs = np.unique(np.stack([opened.case[kept], opened.coder[kept]]), axis=1)
        coders = Counter(pairs[0].tolist())
        names = {entry.variable.unit_id: str(entry.variable.unit) for entry in opened.entries}
        by_unit = [
            (names[unit], len(cases), sum(coders[case] > 1 for case in cases))
            for unit in names
            for cases in [[case for case in coders if opened.places[case].unit == unit]]
            if cases
        ]
        return cls(len(coders), sum(n > 1 for n in coders.values()), by_unit)
