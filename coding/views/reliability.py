"""Reliability: every variable against the lines, and of each why its figure is what it is."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from coding import access, charts
from coding.models import Member
from coding.reliability import outside
from coding.views.blame import Blame
from coding.views.figures import Overview
from coding.views.squares import Squares
from coding.views.variable import Page


@login_required
def overview(request: HttpRequest, slug: str) -> HttpResponse:
    """The agreement on every variable, of what is open to the reader."""
    member, user = _reader(request, slug)
    page = Overview(user, member.project, request.GET)
    context = {
        "project": member.project,
        "page": page,
        "question": page.question,
        "axis": charts.axis(),
        "dots": charts.key(),
        "may_report": member.role in access.ADJUDICATORS,
    }
    return render(request, "coding/reliability.html", context)


@login_required
def variable(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """Why the figure of one variable is what it is."""
    member, user = _reader(request, slug)
    page = Page(member, user, name, request.GET)
    context = {
        "project": member.project,
        "page": page,
        "question": page.question,
        "entry": page.entry,
        "axis": charts.axis(),
        "menus": page.question.of_cases(user, member.project),
    }
    if member.role in access.ADJUDICATORS:
        context["outside"] = outside(page.opened, page.entry)
    return render(request, "coding/reliability_variable.html", context)


@login_required
def cells(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """The cases behind a square of its heat map, with the rule beside them."""
    member, user = _reader(request, slug)
    page = Page(member, user, name, request.GET)
    squares = Squares(page, request.GET)
    leaf = squares.leaf(request.GET.get("page"))
    context = {
        "project": member.project,
        "behind": page,
        "entry": page.entry,
        "squares": squares,
        "page": leaf,
        "rows": squares.rows(leaf.object_list),
    }
    return render(request, "coding/reliability_cells.html", context)


@login_required
def coders(request: HttpRequest, slug: str) -> HttpResponse:
    """The coder, the rule or the case: where the disagreements lie, over all variables."""
    member, user = _reader(request, slug)
    page = Blame(member, user, request.GET)
    context = {
        "project": member.project,
        "page": page,
        "question": page.question,
        "menus": page.question.of_cases(user, member.project),
    }
    return render(request, "coding/reliability_coders.html", context)


def _reader(request: HttpRequest, slug: str) -> tuple[Member, User]:
    assert isinstance(request.user, User)
    return access.member_or_404(request.user, slug, *access.TEAM), request.user
