"""Training: gold cases, who trained on them, who is certified; and one's own results."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from coding import access, blind, training, work
from coding.models import Coding, Member
from coding.training import Books, Standing


@login_required
def project(request: HttpRequest, slug: str) -> HttpResponse:
    """For curators the gold cases and everybody's training; others read their own results."""
    member = access.member_or_404(request.user, slug, *access.TEAM)
    if member.role not in access.CURATORS:
        return redirect("coding:training-own", slug)
    assert isinstance(request.user, User)
    books = Books(member.project)
    cases = training.gold_cases(request.user, books)
    context = {
        "project": member.project,
        "cases": cases,
        "usable": [gold for gold in cases if gold.stands],
        "trainees": training.trainees(request.user, books),
        "asked": len(books.asked),
    }
    return render(request, "coding/training.html", context)


@login_required
def own(request: HttpRequest, slug: str) -> HttpResponse:
    """The reader's own training sheets and certificates."""
    member = access.member_or_404(request.user, slug, *access.TEAM)
    assert isinstance(request.user, User)
    books = Books(member.project)
    marked = blind.marked(blind.trained(request.user, member.project).of(request.user))
    standings = training.standings(books, member, marked)
    to_do = (
        Coding.objects.open()
        .of(request.user)
        .filter(
            purpose=Coding.Purpose.TRAINING, case__unit__project=member.project, case__parent=None
        )
    )
    context = {
        "project": member.project,
        "member": member,
        "sheets": training.sheets(request.user, member.project),
        "to_do": list(to_do.select_related("case").order_by("case__key")),
        "standings": [s for s in standings if s.marks.answers or s.certification],
        "certified": sum(s.state == "certified" for s in standings),
        "asked": len(standings),
        "may_curate": member.role in access.CURATORS,
    }
    return render(request, "coding/training_own.html", context)


@login_required
def sheet(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """What was right on one of the reader's training sheets, with its partners' sheets."""
    member = access.member_or_404(request.user, slug, *access.TEAM)
    assert isinstance(request.user, User)
    sheets = training.sheets(request.user, member.project)
    this = next((s.coding for s in sheets if s.coding.pk == pk), None)
    if this is None:
        raise Http404
    together = (this.case.family_id, this.codebook_id)
    sitting = [s for s in sheets if (s.coding.case.family_id, s.coding.codebook_id) == together]
    context = {"project": member.project, "coding": this, "sheets": sitting}
    return render(request, "coding/training_sheet.html", context)


@login_required
def coder(request: HttpRequest, slug: str, member: int) -> HttpResponse:
    """One coder against gold, variable by variable, with the form that certifies."""
    curator, trainee = _trainee(request, slug, member)
    assert isinstance(request.user, User)
    books = Books(curator.project)
    marked = blind.marked(blind.trained(request.user, curator.project).of(trainee.user))
    standings = training.standings(books, trainee, marked)
    context = {
        "project": curator.project,
        "trainee": trainee,
        "sections": _by_section(standings),
        "cases": [gold for gold in training.gold_cases(request.user, books) if gold.stands],
        "certified": sum(s.state == "certified" for s in standings),
        "asked": len(standings),
        "is_self": trainee.user_id == request.user.pk,
    }
    return render(request, "coding/training_coder.html", context)


def _by_section(standings: Sequence[Standing]) -> list[tuple[str, str, list[Standing]]]:
    """The variables by section; each with the name that the form knows the section by."""

    def place(standing: Standing) -> str:
        unit = standing.entry.variable.unit
        return f"{unit.label} · {standing.entry.section}" if standing.entry.section else unit.label

    found: dict[str, list[Standing]] = {}
    for name, group in groupby(standings, key=place):
        found.setdefault(name, []).extend(group)
    return [(name, f"s{n}", group) for n, (name, group) in enumerate(found.items(), 1)]


def _trainee(request: HttpRequest, slug: str, member: int) -> tuple[Member, Member]:
    curator = access.member_or_404(request.user, slug, *access.CURATORS)
    people = Member.objects.select_related("user", "project")
    return curator, get_object_or_404(people, pk=member, project=curator.project)


# ------------------------------------------------------------------ acts


@require_POST
@login_required
def assign(request: HttpRequest, slug: str, member: int) -> HttpResponse:
    """A curator puts a gold case on somebody's worklist as training."""
    _, trainee = _trainee(request, slug, member)
    assert isinstance(request.user, User)
    number = _number(request.POST.get("case"))
    case, _ = access.case_or_404(request.user, number, *access.CURATORS)
    if case.unit.project_id != trainee.project_id:
        raise Http404
    work.train(case=case, coder=trainee.user, by=request.user)
    messages.success(request, f"{case.title} is on the worklist of {trainee.user}, as training.")
    return redirect("coding:training-coder", slug, member)


@require_POST
@login_required
def certify(request: HttpRequest, slug: str, member: int) -> HttpResponse:
    """A curator certifies a coder for the chosen variables, or withdraws it."""
    _, trainee = _trainee(request, slug, member)
    assert isinstance(request.user, User)
    variables = _ticked(request)
    reason = request.POST.get("reason", "")
    if request.POST.get("act") == "withdraw":
        count = work.withdraw_certification(
            member=trainee, variables=variables, reason=reason, by=request.user
        )
        messages.warning(request, f"{trainee.user}: {_variables(count)} certified no more.")
    else:
        made = work.certify(member=trainee, variables=variables, reason=reason, by=request.user)
        messages.success(request, f"{trainee.user}: {_variables(len(made))} more certified.")
    return redirect("coding:training-coder", slug, member)


@require_POST
@login_required
def gold(request: HttpRequest, pk: int) -> HttpResponse:
    """A curator marks settled answers of a case as gold, or takes them off."""
    assert isinstance(request.user, User)
    case, _ = access.case_or_404(request.user, pk, *access.CURATORS)
    variables = _ticked(request)
    reason = request.POST.get("reason", "")
    if request.POST.get("act") == "off":
        count = work.take_off_gold(case=case, reason=reason, by=request.user, variables=variables)
        messages.warning(request, f"{case.title}: {_answers(count)} taken off gold.")
    else:
        made = work.mark_gold(case=case, reason=reason, by=request.user, variables=variables)
        messages.success(request, f"{case.title}: {_answers(len(made))} marked as gold.")
    return redirect("coding:case", case.family_id)


def _ticked(request: HttpRequest) -> set[int]:
    """The variables ticked one by one, and those of sections ticked as a whole."""
    whole = ",".join(request.POST.getlist("variables"))
    texts = [*request.POST.getlist("variable"), *filter(None, whole.split(","))]
    return {_number(text) for text in texts}


def _answers(count: int) -> str:
    return "1 answer" if count == 1 else f"{count} answers"


def _variables(count: int) -> str:
    return "1 variable" if count == 1 else f"{count} variables"


def _number(text: str | None) -> int:
    if text is None or not text.isdigit():
        raise Http404
    return int(text)
