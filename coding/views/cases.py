"""The universe of cases: a list with filters that add up, and the page of one case."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from coding import access, blind, canonical, codebooks, work
from coding.models import Case, Coding, Entry, Member, Project, Unit
from coding.views.home import STATES

PAGE = 50


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


@login_required
def cases(request: HttpRequest, slug: str) -> HttpResponse:
    """All cases that the reader may know of, by unit, region, period, type and state of work."""
    member = access.member_or_404(request.user, slug, *access.TEAM)
    assert isinstance(request.user, User)
    listing = Listing(member.project, request.user, request.GET)
    page = Paginator(listing.found(), PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "coding/cases.html",
        {
            "project": member.project,
            "page": page,
            "rows": _rows(page.object_list, request.user),
            "filters": listing.filters(),
            "states": listing.by_work(),
            "everything": listing.everything().count(),
            "q": listing.q,
        },
    )


class Listing:
    """The cases of a project under the filters of an address."""

    def __init__(self, project: Project, user: User, query: Mapping[str, str]) -> None:
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
        return blind.cases_for(self.user).filter(unit__project=self.project, in_universe=True)

    def found(self, without: str = "") -> QuerySet[Any]:
        """The cases that pass all filters, or all but one, to count that one's options."""
        rows = blind.with_work(self.everything(), self.user)
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
        if state := ask("work"):
            found["work"] = Q(work=state)
        for entry in self.entries:
            if text := ask(entry.name):
                found[entry.name] = self._coded(entry, text)
        return found

    def _coded(self, entry: Entry, text: str) -> Q:
        cells = blind.cells_for(self.user).filter(variable=entry.variable_id)
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
        cells = blind.cells_for(self.user).filter(variable=entry.variable_id, case__in=rows)
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


def _rows(page: Iterable[Case], user: User) -> list[tuple[Case, int, int]]:
    """Each case of a page with its open disputes and the partners and objectives below it."""
    listed = list(page)
    keys = [case.pk for case in listed]
    cells = blind.cells_for(user).filter(case__in=keys, status="disputed")
    disputes = dict(cells.values_list("case").annotate(n=Count("pk")))
    below = blind.cases_for(user).filter(parent__in=keys, in_universe=True)
    children = dict(below.values_list("parent").annotate(n=Count("pk")))
    return [(c, disputes.get(c.pk, 0), children.get(c.pk, 0)) for c in listed]


# ------------------------------------------------------------------ one case


@dataclass(frozen=True)
class CellRow:
    """A cell as the page shows it."""

    entry: Entry
    cell: Any
    shown: str


@login_required
def case(request: HttpRequest, pk: int) -> HttpResponse:
    """A case's facts, the state of its codings, and the cells that the reader may see."""
    assert isinstance(request.user, User)
    found, member = access.case_or_404(request.user, pk)
    request.project, request.member = member.project, member  # type: ignore[attr-defined]
    family = _codings(request.user, found)
    names = blind.names_in(found.family_id, request.user, member.role, family)
    codings = [(c, names[c.coder_id]) for c in family if c.case_id == found.pk]
    below = blind.with_work(blind.cases_for(request.user), request.user).filter(parent=found)
    return render(
        request,
        "coding/case.html",
        {
            "project": member.project,
            "member": member,
            "case": found,
            "facts": [(k.replace("_", " "), v) for k, v in found.facts.items()],
            "codings": codings,
            "mine": next((c for c, _ in codings if c.coder_id == request.user.pk), None),
            "waiting": sum(c.submitted_at is None for c, _ in codings),
            "sections": _sections(request.user, found),
            "below": _by_unit(below.select_related("unit").order_by("unit__position", "key")),
            "may_rule": access.is_settler(member),
            "may_return": member.role in access.ADJUDICATORS,
            "may_curate": member.role in access.CURATORS,
            "people": _people(member, codings) if member.role in access.CURATORS else [],
        },
    )


def _codings(user: User, case: Case) -> list[Coding]:
    """The codings of the family, so that a coder has one letter in all of it."""
    family = blind.codings_for(user).of_family(case.family_id)
    return list(family.select_related("coder", "codebook").order_by("assigned_at", "pk"))


def _sections(user: User, case: Case) -> list[tuple[str, list[CellRow]]]:
    """The visible cells in the codebook's order, by section."""
    cells = {c.variable_id: c for c in blind.cells_for(user).filter(case=case)}
    book = codebooks.current(case.unit.project)
    if not cells or book is None:
        return []
    states = codebooks.states_of(case.unit.project_id)
    sections: dict[str, list[CellRow]] = {}
    for entry in codebooks.entries_of(book, case.unit_id):
        if cell := cells.get(entry.variable_id):
            row = CellRow(entry, cell, canonical.show(cell.text, entry.domain, states))
            sections.setdefault(entry.section or "Answers", []).append(row)
    return list(sections.items())


def _by_unit(below: Iterable[Case]) -> list[tuple[Unit, list[Case]]]:
    found: dict[Unit, list[Case]] = {}
    for child in below:
        found.setdefault(child.unit, []).append(child)
    return list(found.items())


def _people(member: Member, codings: list[tuple[Coding, str]]) -> list[Member]:
    """Who may still be given the case."""
    people = Member.objects.filter(project=member.project, kind=Member.Kind.PERSON)
    busy = [c.coder_id for c, _ in codings]
    return list(people.exclude(role="reader").exclude(user__in=busy).select_related("user"))


@require_POST
@login_required
def assign(request: HttpRequest, pk: int) -> HttpResponse:
    """A curator puts the case on somebody's worklist."""
    assert isinstance(request.user, User)
    found, member = access.case_or_404(request.user, pk, *access.CURATORS)
    coder = get_object_or_404(
        Member.objects.select_related("user"),
        project=member.project,
        user=_number(request.POST.get("coder")),
    ).user
    work.assign(case=found, coder=coder, by=request.user)
    messages.success(request, f"{found.title} is on the worklist of {coder}.")
    return redirect("coding:case", pk)


@require_POST
@login_required
def unblind(request: HttpRequest, pk: int) -> HttpResponse:
    """A curator opens the case early, with a reason that the release prints."""
    assert isinstance(request.user, User)
    found, _ = access.case_or_404(request.user, pk, *access.CURATORS)
    work.unblind(case=found, reason=request.POST.get("reason", ""), by=request.user)
    messages.warning(request, "The case is open. The release will print the reason.")
    return redirect("coding:case", pk)


@require_POST
@login_required
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """A curator takes an assignment off a worklist, with a reason."""
    assert isinstance(request.user, User)
    found, _ = access.case_or_404(request.user, pk, *access.CURATORS)
    coding = get_object_or_404(
        blind.codings_for(request.user), pk=_number(request.POST.get("coding")), case=found
    )
    reason = request.POST.get("reason", "").strip() or "withdrawn by a curator"
    work.withdraw(coding=coding, reason=reason, by=request.user)
    messages.success(request, f"The sheet of {coding.coder} is withdrawn. Nothing is deleted.")
    return redirect("coding:case", pk)


def _number(text: str | None) -> int:
    if text is None or not text.isdigit():
        raise Http404
    return int(text)
