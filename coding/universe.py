"""The universe of cases under filters that add up: for the list of cases and for reliability."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Count, Q, QuerySet
from django.db.models.fields.json import KeyTextTransform

from coding import blind, canonical, codebooks
from coding.models import Case, Entry, Project

STATES = (
    ("unassigned", "to assign"),
    ("coding", "being coded"),
    ("disputed", "with disputes"),
    ("coded", "coded, without disputes"),
)


@dataclass(frozen=True)
class Option:
    """One choice of a filter, with the number of cases behind it."""

    value: str
    label: str
    count: int
    chosen: bool


@dataclass(frozen=True)
class Filter:
    """A filter of the list. Its options' counts add up to `total`."""

    name: str
    label: str
    options: list[Option]

    @property
    def total(self) -> int:
        return sum(option.count for option in self.options)

    @property
    def chosen(self) -> bool:
        return any(option.chosen for option in self.options)


class Listing:
    """The cases of a project under the filters of an address.

    Without a user it is for releases and commands: then it asks nothing of the state of work.
    """

    def __init__(self, project: Project, user: User | None, query: Mapping[str, str]) -> None:
        self.project, self.user, self.query = project, user, query
        self.units = list(project.units.order_by("position", "pk"))
        first = self.units[0].name if self.units else ""
        self.unit = query.get("unit") or first
        self.q = query.get("q", "").strip()
        self.entries = self._entries()

    def _entries(self) -> list[Entry]:
        book = codebooks.current(self.project)
        found = codebooks.entries(book) if book else ()
        return [e for e in found if e.filter and self.unit in ("all", e.variable.unit.name)]

    def everything(self) -> QuerySet[Case]:
        cases = blind.cases_for(self.user) if self.user else blind.open_cases()
        return cases.filter(unit__project=self.project, in_universe=True)

    def _cells(self) -> blind.Cells:
        return blind.cells_for(self.user) if self.user else blind.all_cells(self.project)

    def found(self, without: str = "") -> QuerySet[Any]:
        """The cases that pass all filters, or all but one, to count that one's options."""
        rows = self.everything()
        if self.user:
            rows = blind.with_work(rows, self.user)
        for name, condition in self._conditions().items():
            if name != without:
                rows = rows.filter(condition)
        return rows.select_related("unit", "parent").order_by("key")

    def _conditions(self) -> dict[str, Q]:
        """The condition of each filter that is set."""
        ask, found = self.query.get, {}
        if self.unit != "all":
            found["unit"] = Q(unit__name=self.unit)
        if self.q:
            found["q"] = Q(key__icontains=self.q) | Q(title__icontains=self.q)
        if region := ask("region"):
            found["region"] = Q(facts__region=region)
        if (decade := ask("period", "")).isdigit():
            found["period"] = Q(
                facts__start_year__gte=decade, facts__start_year__lt=str(int(decade) + 10)
            )
        if self.user and (state := ask("work")):
            found["work"] = Q(work=state)
        for entry in self.entries:
            if text := ask(entry.name):
                found[entry.name] = self._coded(entry, text)
        return found

    def _coded(self, entry: Entry, text: str) -> Q:
        cells = self._cells().filter(variable=entry.variable_id)
        if text == "none":
            return ~Q(pk__in=cells.filter(text__isnull=False).values("case"))
        return Q(pk__in=cells.filter(text=text).values("case"))

    def filters(self) -> list[Filter]:
        """Every filter with its options; those without a choice are left out."""
        found = [self._units(), self._regions(), self._periods()]
        found += [self._by_entry(entry) for entry in self.entries]
        return [f for f in found if len(f.options) > 1 or f.chosen]

    def _units(self) -> Filter:
        counts = Counter(self.found(without="unit").values_list("unit__name", flat=True))
        options = [self._option("unit", u.name, u.label, counts[u.name]) for u in self.units]
        return Filter("unit", "Unit", options)

    def _facts(self, name: str) -> Counter[str]:
        without = {"region": "region", "start_year": "period"}[name]
        rows = self.found(without=without).order_by().annotate(fact=KeyTextTransform(name, "facts"))
        return Counter(
            {row["fact"] or "": row["n"] for row in rows.values("fact").annotate(n=Count("pk"))}
        )

    def _regions(self) -> Filter:
        counts = self._facts("region")
        options = [self._option("region", r, r, counts[r]) for r in sorted(filter(None, counts))]
        return Filter("region", "Region", options)

    def _periods(self) -> Filter:
        decades: Counter[str] = Counter()
        for year, count in self._facts("start_year").items():
            if year.isdigit():
                decades[f"{int(year) // 10}0"] += count
        options = [self._option("period", d, f"{d}s", decades[d]) for d in sorted(decades)]
        return Filter("period", "Period", options)

    def _by_entry(self, entry: Entry) -> Filter:
        rows = self.found(without=entry.name).values("pk")
        cells = self._cells().filter(variable=entry.variable_id, case__in=rows)
        counts = {r["text"]: r["n"] for r in cells.values("text").annotate(n=Count("pk"))}
        known = sorted((text, n) for text, n in counts.items() if text is not None)
        options = [
            self._option(entry.name, text, canonical.show(text, entry.domain), count)
            for text, count in known
        ]
        rest = self.found(without=entry.name).count() - sum(count for _, count in known)
        if options and rest:
            options.append(self._option(entry.name, "none", "no value to see", rest))
        return Filter(entry.name, entry.label, options)

    def by_work(self) -> Filter:
        rows = self.found(without="work").order_by().values("work").annotate(n=Count("pk"))
        counts = {row["work"]: row["n"] for row in rows}
        options = [self._option("work", name, label, counts.get(name, 0)) for name, label in STATES]
        return Filter("work", "State of work", options)

    def _option(self, name: str, value: str, label: str, count: int) -> Option:
        chosen = self.unit if name == "unit" else self.query.get(name)
        return Option(value, label, count, chosen == value)
