"""Planning: how many cases to code twice, who codes which, and what follows when a coder leaves."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from coding import access, assigning, planning
from coding.errors import Refused
from coding.models import Member, Project
from coding.views import curves
from coding.wishes import MEANINGS, DesignForm, LeavingForm, PlanForm


@login_required
@require_safe
def plan(request: HttpRequest, slug: str) -> HttpResponse:
    """How many cases to code twice, from what is expected: everything stands in the address."""
    member = access.member_or_404(request.user, slug, *access.CURATORS)
    form = PlanForm(_filled(request.GET, member.project), project=member.project)
    context: dict[str, object] = {"project": member.project, "form": form}
    valid = form.is_valid()
    if valid and form.entries:
        found = planning.plan(form.entries, form.asked())
        context |= {"plan": found, "chart": curves.chart(found), "rows": _rows(form, found)}
    status = 200 if valid or not form.units else 422
    return render(request, "coding/plan.html", context, status=status)


def _filled(query: QueryDict, project: Project) -> QueryDict:
    """What the address leaves out takes the usual."""
    data = query.copy()
    first = project.units.filter(parent=None).order_by("position", "pk").first()
    usual = {n: f.initial for n, f in PlanForm.base_fields.items() if f.initial is not None}
    for name, value in {"unit": first.name if first else "", **usual}.items():
        if name not in data:
            data[name] = str(value)
    return data


def _rows(form: PlanForm, found: planning.Plan) -> list[dict[str, object]]:
    """Each variable with its own two inputs."""
    return [
        {
            "line": line,
            "rare": form[f"rare.{line.entry.name}"] if line.counted else None,
            "alpha": form[f"alpha.{line.entry.name}"],
        }
        for line in found.lines
    ]


# ------------------------------------------------------------------ assigning


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def design(request: HttpRequest, slug: str) -> HttpResponse:
    """A design: asked for, looked at, and then put on the worklists in one act."""
    member = access.member_or_404(request.user, slug, *access.CURATORS)
    if request.method == "POST":
        return _make(request, member)
    if "kind" not in request.GET or "coders" not in request.GET:
        return _design_page(
            request, member, DesignForm(initial=_begin(request), project=member.project)
        )
    form = DesignForm(request.GET, project=member.project)
    if not form.is_valid():
        return _design_page(request, member, form, status=422)
    try:
        found = assigning.preview(member.project, form.wish())
    except Refused as no:
        return _design_page(request, member, form, status=409, no=no)
    return _design_page(
        request,
        member,
        form,
        preview=found,
        hours=found.hours(_minutes(request.GET)),
        kept=_again(request.GET, seed=found.wish.seed),
    )


def _begin(request: HttpRequest) -> dict[str, object]:
    """What a link of the planner has filled in already."""
    return {"kind": "overlap", "percent": 20, **request.GET.dict()}


def _minutes(query: Mapping[str, str]) -> float:
    try:
        return max(0.0, float(query.get("minutes", "30")))
    except ValueError:
        return 30.0


def _again(query: QueryDict, **more: str) -> list[tuple[str, str]]:
    """The fields of a form as they were sent, to be sent again."""
    sent = [(name, value) for name, values in query.lists() for value in values]
    return [(n, v) for n, v in sent if n not in more] + list(more.items())


def _design_page(
    request: HttpRequest, member: Member, form: DesignForm, *, status: int = 200, **more: object
) -> HttpResponse:
    context = {
        "project": member.project,
        "form": form,
        "kinds": [(radio, MEANINGS[radio.data["value"]]) for radio in form["kind"]],
        "made": list(assigning.made_in(member.project)),
        "minutes": f"{_minutes(request.GET):g}",
        **more,
    }
    return render(request, "coding/design.html", context, status=status)


def _make(request: HttpRequest, member: Member) -> HttpResponse:
    assert isinstance(request.user, User)
    form = DesignForm(request.POST, project=member.project)
    if not form.is_valid():
        return _design_page(request, member, form, status=422)
    seen = request.POST.get("seen", "")
    made = assigning.make(project=member.project, wish=form.wish(), seen=seen, by=request.user)
    count = made.codings.count()
    sheets = "1 sheet is" if count == 1 else f"{count} sheets are"
    messages.success(request, f"{sheets} on the worklists. Kept as {str(made).lower()}.")
    return redirect("coding:design", member.project.slug)


# ------------------------------------------------------------------ a coder leaves


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest, slug: str) -> HttpResponse:
    """Whose open sheets go to whom: looked at first, then done in one act."""
    member = access.member_or_404(request.user, slug, *access.CURATORS)
    if request.method == "POST":
        return _move(request, member)
    if "coder" not in request.GET:
        return _leave_page(request, member, LeavingForm(project=member.project))
    form = LeavingForm(request.GET, project=member.project)
    if not form.is_valid():
        return _leave_page(request, member, form, status=422)
    said = form.cleaned_data
    leaver = form.people[said["coder"]].user
    try:
        found = assigning.leaving(member.project, leaver, said["coders"])
    except Refused as no:
        return _leave_page(request, member, form, status=409, no=no)
    kept = _again(request.GET)
    return _leave_page(request, member, form, leaving=found, kept=kept)


def _leave_page(
    request: HttpRequest, member: Member, form: LeavingForm, *, status: int = 200, **more: object
) -> HttpResponse:
    context = {"project": member.project, "form": form, **more}
    return render(request, "coding/leave.html", context, status=status)


def _move(request: HttpRequest, member: Member) -> HttpResponse:
    assert isinstance(request.user, User)
    form = LeavingForm(request.POST, project=member.project)
    if not form.is_valid():
        return _leave_page(request, member, form, status=422)
    said = form.cleaned_data
    found = assigning.move(
        project=member.project,
        coder=form.people[said["coder"]].user,
        to=said["coders"],
        reason=said["reason"],
        seen=request.POST.get("seen", ""),
        by=request.user,
    )
    count = len(found.moves)
    cases = "1 case has" if count == 1 else f"{count} cases have"
    messages.success(request, f"{cases} moved. What was typed is kept and closed.")
    return redirect("coding:design", member.project.slug)
