"""Quality: the cases that do not meet the codebook's checks, and the waivers that accept it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.paginator import Page, Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from coding import access, blind, canonical, codebooks, quality, work
from coding.expressions import words
from coding.models import Case, Entry, Project, Waiver
from coding.quality import Rule, Verdict
from coding.shapes import SEVERITIES
from coding.views.writing import writes

PAGE = 50
SHOW = {"open": "Open", "waived": "Waived"}


@dataclass(frozen=True)
class Tally:
    """A rule with the number of cases for which it holds, does not, is waived or is unknown."""

    rule: Rule
    holds: int
    unknown: int
    open: int
    waived: int
    is_judged: bool


@dataclass(frozen=True)
class Shown:
    """One cell that the rule reads, as the page names it."""

    name: str
    text: str
    url: str


@dataclass(frozen=True)
class Line:
    """A case that does not meet a rule, with what the rule reads of it."""

    case: Case
    rule: Rule
    cells: list[Shown]
    waiver: Waiver | None


class Survey:
    """The page as somebody asked for it."""

    def __init__(self, user: User, project: Project, query: Mapping[str, str]) -> None:
        self.user, self.project = user, project
        self.verdicts = quality.seen_by(user, project, query.get("rule", ""))
        self.waivers = quality.waivers(project)
        self.rule, self.severity = query.get("rule", ""), query.get("severity", "")
        self.unit, self.q = query.get("unit", ""), query.get("q", "").strip()
        self.show = query.get("show", "open") if query.get("show") in SHOW else "open"

    @cached_property
    def tallies(self) -> list[Tally]:
        return [self._tally(verdict) for verdict in self.verdicts if self._fits(verdict)]

    def _tally(self, verdict: Verdict) -> Tally:
        waived = sum(verdict.rule.at(case) in self.waivers for case in verdict.broken)
        left = len(verdict.broken) - waived
        return Tally(verdict.rule, verdict.holds, verdict.unknown, left, waived, verdict.is_judged)

    def _fits(self, verdict: Verdict) -> bool:
        rule = verdict.rule
        return self.severity in ("", rule.severity) and self.unit in ("", rule.unit.name)

    @property
    def chosen(self) -> list[Tally]:
        """The rules whose cases are listed below."""
        return [t for t in self.tallies if self.rule in ("", t.rule.key)]

    @property
    def counts(self) -> list[tuple[str, str, int]]:
        """Open and waived, with how many each has under the chosen rules."""
        return [(k, label, sum(getattr(t, k) for t in self.chosen)) for k, label in SHOW.items()]

    @property
    def units(self) -> dict[str, str]:
        return {v.rule.unit.name: str(v.rule.unit) for v in self.verdicts}

    @cached_property
    def broken(self) -> list[tuple[int, Rule]]:
        """Case and rule of everything that is listed, rule by rule."""
        pairs = [
            (case, verdict.rule)
            for verdict in self.verdicts
            if self._fits(verdict) and self.rule in ("", verdict.rule.key)
            for case in verdict.broken
            if (verdict.rule.at(case) in self.waivers) == (self.show == "waived")
        ]
        if not self.q:
            return pairs
        named = Q(key__icontains=self.q) | Q(title__icontains=self.q)
        named |= Q(root__title__icontains=self.q)
        found = blind.opened_cases(self.user).filter(named, unit__project=self.project)
        known = set(found.values_list("pk", flat=True))
        return [(case, rule) for case, rule in pairs if case in known]

    def page(self, number: str | None) -> Page[tuple[int, Rule]]:
        return Paginator(self.broken, PAGE).get_page(number)

    def lines(self, pairs: Sequence[tuple[int, Rule]]) -> list[Line]:
        """What stands on a page, in a fixed number of queries."""
        cases = (
            blind.opened_cases(self.user)
            .filter(pk__in={case for case, _ in pairs})
            .select_related("unit", "root", "parent")
        )
        by_pk = {case.pk: case for case in cases}
        around = {pk for case in by_pk.values() for pk in (case.pk, case.parent_id) if pk}
        read = {v: e for v, e in self._entries.items() if e.name in _words(pairs)}
        cells = blind.cells_for(self.user).filter(case__in=around, variable__in=read)
        said = {(cell.case_id, cell.variable_id): cell for cell in cells}
        return [
            Line(by_pk[pk], rule, self._shown(by_pk[pk], rule, said), self._waiver(pk, rule))
            for pk, rule in pairs
            if pk in by_pk
        ]

    @cached_property
    def _entries(self) -> dict[int, Entry]:
        book = codebooks.current(self.project)
        return {e.variable_id: e for e in codebooks.entries(book)} if book else {}

    @cached_property
    def _states(self) -> dict[str, str]:
        return codebooks.states_of(self.project.pk)

    def _shown(self, case: Case, rule: Rule, said: Mapping[tuple[int, int], Any]) -> list[Shown]:
        """The cells of the case and of the one above it that the rule reads."""
        read = words(rule.expr) | {rule.entry.name}
        return [
            Shown(
                entry.name,
                canonical.show(cell.text, entry.domain, self._states) or "disputed",
                f"{reverse('coding:case', args=[at])}#v-{entry.name}",
            )
            for entry in self._entries.values()
            if entry.name in read
            for at in (case.parent_id, case.pk)
            if at and (cell := said.get((at, entry.variable_id)))
        ]

    def _waiver(self, case: int, rule: Rule) -> Waiver | None:
        return self.waivers.get(rule.at(case))

    def find(self, case: int, key: str) -> Rule:
        """The rule that this case does not meet; 404 where there is none."""
        for verdict in self.verdicts:
            if verdict.rule.key == key and case in verdict.broken:
                return verdict.rule
        raise Http404


def _words(pairs: Sequence[tuple[int, Rule]]) -> frozenset[str]:
    read = (words(rule.expr) | {rule.entry.name} for _, rule in pairs)
    return frozenset().union(*read)


@login_required
def listing(request: HttpRequest, slug: str) -> HttpResponse:
    """Rule by rule what the data set does not meet."""
    assert isinstance(request.user, User)
    member = access.member_or_404(request.user, slug, *access.ADJUDICATORS)
    survey = Survey(request.user, member.project, request.GET)
    page = survey.page(request.GET.get("page"))
    context = {
        "project": member.project,
        "survey": survey,
        "page": page,
        "lines": survey.lines(list(page.object_list)),
        "severities": SEVERITIES,
        "here": request.get_full_path(),
    }
    return render(request, "coding/quality.html", context)


@writes
def waive(request: HttpRequest, pk: int) -> HttpResponse:
    """Accept that a case does not meet a rule, with a reason; or take that back."""
    assert isinstance(request.user, User)
    case, member = access.case_or_404(request.user, pk, *access.ADJUDICATORS)
    key = request.POST.get("rule", "")
    rule = Survey(request.user, member.project, {"rule": key}).find(case.pk, key)
    named: dict[str, Any] = {
        "case": case,
        "entry": rule.entry,
        "rule": rule.expr,
        "by": request.user,
    }
    if "end" in request.POST:
        work.end_waiver(**named)
        messages.success(request, f"{case.title}: the check counts again.")
    else:
        work.waive(**named, reason=request.POST.get("reason", ""))
        messages.success(request, f"{case.title}: waived.")
    return redirect(_back(request, member.project))


def _back(request: HttpRequest, project: Project) -> str:
    """The list as it was filtered, and nothing but the list."""
    address = reverse("coding:quality", args=[project.slug])
    back = request.POST.get("back", "")
    return back if back.partition("?")[0] == address else address
