"""Several adjudicators on one cell: what is asked for, how far they agree, what is passed by."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from coding import access, blind, charts, codebooks, rounds, work
from coding.adjudicators import Agreement, agreement_for
from coding.models import Bypass, Case, Entry, Member, Project, SecondLook
from coding.rounds import Round
from coding.views.disputes import Desk
from coding.views.writing import writes

SHOWN = 200  # cells that wait


class AskForm(forms.Form):
    """Where several adjudicators rule, and how many."""

    kind = forms.ChoiceField(
        choices=SecondLook.Kind.choices,
        help_text="Of a panel more than half must rule the same.",
        label="Who rules",
    )
    votes = forms.IntegerField(
        min_value=3, max_value=15, initial=3, label="Adjudicators of a panel", required=False
    )
    variable = forms.ChoiceField(required=False, label="Of which variable")
    share = forms.IntegerField(
        min_value=1, max_value=100, initial=100, label="Share of the cells, in percent"
    )
    seed = forms.CharField(
        max_length=80,
        label="Seed",
        help_text="The lot of a cell is sha256 of this word, case key and variable name: anybody "
        "can draw it again.",
    )
    reason = forms.CharField(max_length=2_000, required=False, label="Why")

    def __init__(self, data: QueryDict | None = None, *, project: Project) -> None:
        super().__init__(data, initial={"seed": secrets.token_hex(4)})
        book = codebooks.current(project)
        entries = codebooks.entries(book) if book else ()
        self.entries: dict[str, Entry] = {e.name: e for e in entries if not e.is_computed}
        named = [(name, f"{name} · {e.label}") for name, e in self.entries.items()]
        cast(forms.ChoiceField, self.fields["variable"]).choices = [("", "every variable"), *named]


@dataclass(frozen=True)
class Line:
    """The agreement of adjudicators on one variable, with its strip."""

    found: Agreement

    @property
    def drawn(self) -> charts.Svg:
        alpha = self.found.alpha
        name = self.found.entry.label
        return charts.dot(alpha.value, alpha.low, alpha.high, name, alpha.reason)


@login_required
def listing(request: HttpRequest, slug: str) -> HttpResponse:
    """What is asked for, whether adjudicators agree, and which rules are passed by."""
    member = access.member_or_404(request.user, slug, *access.ADJUDICATORS)
    return _page(request, member, AskForm(project=member.project))


def _page(request: HttpRequest, member: Member, form: AskForm, status: int = 200) -> HttpResponse:
    assert isinstance(request.user, User)
    project = member.project
    newest = codebooks.newest_entries(project)
    looks = SecondLook.objects.filter(project=project).select_related("by", "ended_by")
    context = {
        "project": project,
        "form": form,
        "looks": [(look, newest.get(look.variable_id or 0)) for look in looks],
        "under_way": _under_way(request.user, project, newest),
        "lines": [Line(found) for found in agreement_for(request.user, project)],
        "axis": charts.axis(),
        "bypasses": bypasses_for(request.user, project),
        "may_ask": member.role in access.CURATORS,
    }
    return render(request, "coding/second_looks.html", context, status=status)


def _under_way(
    user: User, project: Project, entries: Mapping[int, Entry]
) -> list[tuple[Case, Entry, int, Round]]:
    """Cells that wait for further adjudicators, with what this person may know of it."""
    cells = blind.being_ruled_on(user, project).select_related("case__root")[:SHOWN]
    listed = [(c.pk, c.case.key, entries[c.variable_id], True) for c in cells]
    found = rounds.rounds_of(user, project, listed, {}, over=False)
    return [(c.case, entries[c.variable_id], c.pk, found[c.pk]) for c in cells]


def bypasses_for(user: User, project: Project) -> list[Bypass]:
    """Of the whole project, and of cases that are open to this person."""
    known = blind.opened_cases(user).filter(unit__project=project).values("pk")
    found = Bypass.objects.filter(project=project).select_related("case", "by")
    return list(found.filter(case=None) | found.filter(case__in=known))


@writes
def ask(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask that several adjudicators rule on a variable, or on a share of all cells."""
    assert isinstance(request.user, User)
    member = access.member_or_404(request.user, slug, *access.CURATORS)
    form = AskForm(request.POST, project=member.project)
    if not form.is_valid():
        return _page(request, member, form, status=422)
    said = form.cleaned_data
    entry = form.entries.get(said["variable"])
    work.ask_second(
        project=member.project,
        kind=said["kind"],
        votes=said["votes"] or 3,
        variable=entry.variable if entry else None,
        share=said["share"],
        seed=said["seed"],
        reason=said["reason"],
        by=request.user,
    )
    messages.success(request, "From the next ruling on, several adjudicators are asked there.")
    return redirect("coding:second-looks", slug)


@writes
def end(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Ask for it no longer, with a reason that the release prints."""
    assert isinstance(request.user, User)
    member = access.member_or_404(request.user, slug, *access.CURATORS)
    look = get_object_or_404(SecondLook, project=member.project, pk=pk)
    work.end_second(look=look, reason=_reason(request), by=request.user)
    messages.success(request, "One adjudicator is enough there again.")
    return redirect("coding:second-looks", slug)


@writes
def pass_by(request: HttpRequest, slug: str) -> HttpResponse:
    """Keep with a reason that a curator of the project codes as well."""
    assert isinstance(request.user, User)
    member = access.member_or_404(request.user, slug, *access.CURATORS)
    rule = Bypass.Rule.CURATOR
    work.pass_by(project=member.project, rule=rule, reason=_reason(request), by=request.user)
    messages.success(request, "Kept: every release prints it.")
    return redirect("coding:second-looks", slug)


@writes
def rule_as_coder(request: HttpRequest, pk: int) -> HttpResponse:
    """Settle a case that one coded, with a reason that the release prints."""
    assert isinstance(request.user, User)
    case, _ = access.case_or_404(request.user, pk, *access.ADJUDICATORS)
    work.rule_as_coder(case=case, reason=_reason(request), by=request.user)
    messages.success(request, "You may settle this case: every release prints your reason.")
    return redirect("coding:dispute", pk)


@writes
def enough(request: HttpRequest, pk: int, cell: int) -> HttpResponse:
    """Let the rulings cast so far be enough, with a reason that the release prints."""
    desk = Desk(request, pk)
    access.member_or_404(request.user, desk.case.unit.project.slug, *access.ADJUDICATORS)
    found = desk.dossier.row(cell)
    if found is None:
        raise Http404
    entry = desk.dossier.cell(cell).entry
    work.settle_with_fewer(cell=found, entry=entry, reason=_reason(request), by=desk.user)
    messages.success(request, f"{entry.label} is settled: every release prints your reason.")
    return redirect(f"{reverse('coding:dispute', args=[pk])}#c-{cell}")


def _reason(request: HttpRequest) -> str:
    return request.POST.get("reason", "").strip()[:2_000]
