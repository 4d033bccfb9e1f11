"""Rulings in bulk: what a rule would take, all of it at once, and taken back at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from coding import access, blind, canonical, codebooks, precedents, work
from coding.bulk import BulkRule, Proposed, Said, proposals, stamp
from coding.disputes import Queue
from coding.errors import Refused
from coding.filters import ORDER, Asked
from coding.looks import Looks
from coding.models import Batch, Case, Entry, Member, Project

MOST = 2_000
SHOWN = 200


class RuleForm(forms.Form):
    """Which rule, and how many coders have to be how sure."""

    rule = forms.ChoiceField(choices=Batch.Rule.choices, label="Take")
    coders = forms.IntegerField(label="Of at least so many coders", min_value=2, max_value=99)
    certainty = forms.TypedChoiceField(
        choices=[("", "any"), *((n, f"{n} or more") for n in range(1, 5))],
        coerce=int,
        empty_value=None,
        required=False,
    )

    @property
    def chosen(self) -> BulkRule:
        return BulkRule(**self.cleaned_data)


class ReasonForm(forms.Form):
    """Why many cells are ruled on, taken back or opened at once."""

    reason = forms.CharField(max_length=2_000, error_messages={"required": "Say why."})


class BatchForm(ReasonForm):
    cause = forms.ChoiceField(
        choices=[("", "Why they differ"), *work.CAUSES],
        error_messages={"required": "Choose why they differ."},
    )


@dataclass(frozen=True)
class Line:
    """A dispute with the answer that the rule takes, and what the coders said."""

    case: Case
    entry: Entry
    takes: str
    said: list[str]


class Preview:
    """What a rule takes among the disputes that the filters leave."""

    def __init__(self, user: User, project: Project, asked: Asked, rule: BulkRule) -> None:
        self.user, self.rule = user, rule
        self.queue = Queue(user, project, asked)
        self.project = project

    @cached_property
    def cells(self) -> blind.Cells:
        """The disputes of the queue, and one more than can be ruled on at once."""
        found = self.queue.narrowed.select_related("case__root", "case__unit")
        return found.order_by(*ORDER, "variable")[: MOST + 1]

    @property
    def is_too_many(self) -> bool:
        return len(self.cells) > MOST

    @cached_property
    def said(self) -> dict[tuple[int, int], list[Said]]:
        """What each coder says last, by case and variable."""
        last: dict[tuple[int, int], dict[int, Said]] = defaultdict(dict)
        cases = {cell.case_id for cell in self.cells}
        variables = {cell.variable_id for cell in self.cells}
        for s in blind.spoken_for(self.user, cases, variables):
            last[s.case, s.variable][s.coder] = Said(s.text, s.certainty)
        return {key: list(by_coder.values()) for key, by_coder in last.items()}

    @cached_property
    def proposed(self) -> list[Proposed]:
        barred, looks = self._barred(), Looks(self.project)
        cells = [
            (c.pk, c.case_id, c.variable_id, c.since)
            for c in self.cells
            if c.case.family_id not in barred
            and looks.of(c.case.key, self.queue.entries[c.variable_id]) is None
        ]
        found = proposals(self.rule, cells, self.said, self.queue.entries)
        led = self._led(found)
        return [p for p in found if p.cell not in led]

    @cached_property
    def led(self) -> dict[int, list[blind.Guide]]:
        """The precedents of the variables at issue."""
        variables = {cell.variable_id for cell in self.cells}
        return precedents.by_variable(self.user, self.project, variables)

    def _led(self, found: Sequence[Proposed]) -> set[int]:
        """Cells on which a precedent rules otherwise: a person must say why it does not hold."""
        cases = {cell.pk: cell.case_id for cell in self.cells}
        return {
            p.cell
            for p in found
            for said in [self.said[cases[p.cell], p.entry.variable_id]]
            if precedents.bind(
                self.led.get(p.entry.variable_id, []), p.entry, {s.text for s in said}, p.text
            )
        }

    def _barred(self) -> set[int]:
        """Families that this person coded: somebody else must rule there."""
        if self.project.reconcile_by_discussion:
            return set()
        return blind.families_coded_by(self.user, self.project)

    @property
    def stamp(self) -> str:
        return stamp(self.proposed)

    @property
    def left(self) -> int:
        """Disputes for which the rule takes nothing."""
        return len(self.cells) - len(self.proposed)

    @property
    def lines(self) -> list[Line]:
        states = codebooks.states_of(self.project.pk)
        cells = {cell.pk: cell for cell in self.cells}
        return [
            Line(
                cells[p.cell].case,
                p.entry,
                canonical.show(p.text, p.entry.domain, states),
                [
                    canonical.show(s.text, p.entry.domain, states)
                    for s in self.said[cells[p.cell].case_id, p.entry.variable_id]
                ],
            )
            for p in self.proposed[:SHOWN]
        ]


@login_required
def bulk(request: HttpRequest, slug: str) -> HttpResponse:
    """Choose a rule, look at what it takes, and settle all of that in one act."""
    assert isinstance(request.user, User)
    member = access.settler_or_404(request.user, slug)
    asked = Asked.of(request.GET)
    data = request.GET if "rule" in request.GET else None
    chosen = RuleForm(data, initial={"coders": 3})
    preview = None
    if data is not None and chosen.is_valid():
        preview = Preview(request.user, member.project, asked, chosen.chosen)
    form = BatchForm(request.POST or None)
    if request.method == "POST" and preview and form.is_valid():
        return _ruled(request, member, preview, form)
    status = 422 if form.errors or (data is not None and chosen.errors) else 200
    return _page(request, member, asked, chosen, preview, form, status)


def _ruled(request: HttpRequest, member: Member, preview: Preview, form: BatchForm) -> HttpResponse:
    if preview.is_too_many or preview.stamp != request.POST.get("stamp"):
        raise Refused(
            "The disputes changed since you looked: nothing was ruled. Look at them again.",
            [("Look again", request.get_full_path())],
        )
    batch = work.rule_in_bulk(
        project=member.project,
        rule=preview.rule,
        proposed=preview.proposed,
        cause=form.cleaned_data["cause"],
        reason=form.cleaned_data["reason"],
        by=preview.user,
    )
    count = len(preview.proposed)
    messages.success(request, f"{count} dispute{'' if count == 1 else 's'} settled as one batch.")
    return redirect(f"{_batches_url(member.project)}#b-{batch.pk}")


def _batches_url(project: Project) -> str:
    address: str = redirect("coding:batches", project.slug).url
    return address


def _page(
    request: HttpRequest,
    member: Member,
    asked: Asked,
    chosen: RuleForm,
    preview: Preview | None,
    form: BatchForm,
    status: int,
) -> HttpResponse:
    context = {
        "project": member.project,
        "asked": asked,
        "chosen": chosen,
        "preview": preview,
        "form": form,
        "most": MOST,
        "shown": SHOWN,
    }
    return render(request, "coding/bulk.html", context, status=status)


# ------------------------------------------------------------------ batches


@login_required
def batches(request: HttpRequest, slug: str) -> HttpResponse:
    """The batches of a project, what is left of each, and the way to take one back."""
    assert isinstance(request.user, User)
    member = access.settler_or_404(request.user, slug)
    standing = dict(
        blind.cells_for(request.user)
        .filter(batch__project=member.project)
        .values_list("batch")
        .annotate(Count("pk"))
        .order_by()
    )
    found = list(member.project.batches.select_related("by", "undone_by"))
    anew = blind.ruled_anew(request.user, {batch.pk: batch.undone_at for batch in found})
    rows = [(batch, standing.get(batch.pk, 0), anew.get(batch.pk, [])) for batch in found]
    context = {"project": member.project, "rows": rows, "form": ReasonForm()}
    return render(request, "coding/batches.html", context)


@require_POST
@login_required
def undo(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Take the rulings of a batch back; what was ruled on anew since stays."""
    assert isinstance(request.user, User)
    member = access.settler_or_404(request.user, slug)
    batch = get_object_or_404(member.project.batches, pk=pk)
    count = work.undo_batch(
        batch=batch, reason=request.POST.get("reason", "").strip()[:2_000], by=request.user
    )
    done = "taken back" if batch.rule == Batch.Rule.FILE else "opened again"
    messages.success(request, f"{count} ruling{'' if count == 1 else 's'} {done}.")
    return redirect(f"{_batches_url(member.project)}#b-{batch.pk}")


# ------------------------------------------------------------------ one coder's cells again


class CoderField(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, member: Member) -> str:
        return member.user.get_username()


class ReopenForm(ReasonForm):
    """Whose cells of which variable somebody has to look at again."""

    coder = CoderField(
        Member.objects.none(),
        empty_label="Whose answers",
        error_messages={"required": "Choose a coder."},
    )
    variable = forms.ChoiceField(error_messages={"required": "Choose a variable."})

    def __init__(self, data: QueryDict | None = None, *, project: Project) -> None:
        super().__init__(data)
        coder = self.fields["coder"]
        assert isinstance(coder, CoderField)
        coder.queryset = project.members.select_related("user").order_by("user__username")
        self.entries = {
            str(pk): e for pk, e in codebooks.newest_entries(project).items() if not e.is_computed
        }
        variable = self.fields["variable"]
        assert isinstance(variable, forms.ChoiceField)
        named = [(pk, f"{e.name} · {e.label}") for pk, e in self.entries.items()]
        variable.choices = [("", "Of which variable"), *named]


@login_required
def reopen(request: HttpRequest, slug: str) -> HttpResponse:
    """Open one coder's cells of one variable again, where that coder misread the rule."""
    assert isinstance(request.user, User)
    member = access.member_or_404(request.user, slug, *access.CURATORS)
    form = ReopenForm(request.POST or None, project=member.project)
    found = None
    if form.is_bound and form.is_valid():
        found = _cells_of(request.user, member.project, form)
        if "confirm" in request.POST:
            said = form.cleaned_data["reason"]
            count = work.reopen(chosen=list(found), reason=said, by=request.user)
            messages.success(request, f"{count} cell{'' if count == 1 else 's'} opened again.")
            name = form.entries[form.cleaned_data["variable"]].name
            return redirect(f"{redirect('coding:disputes', slug).url}?variable={name}")
    verified = 0 if found is None else found.filter(verified_at__isnull=False).count()
    context = {"project": member.project, "form": form, "cells": found, "verified": verified}
    status = 422 if form.errors else 200
    return render(request, "coding/reopen.html", context, status=status)


def _cells_of(user: User, project: Project, form: ReopenForm) -> blind.Cells:
    """The cells not open yet that rest on what this coder said of the variable."""
    variable = int(form.cleaned_data["variable"])
    coder = form.cleaned_data["coder"].user_id
    cells = blind.cells_for(user).filter(
        case__unit__project=project, variable=variable, case__in_universe=True
    )
    there = cells.filter(~Q(status="disputed")).values_list("case", flat=True)
    spoken = blind.spoken_for(user, list(there), [variable])
    cases = {s.case for s in spoken if s.coder == coder}
    return cells.filter(~Q(status="disputed"), case__in=cases).select_related("case")
