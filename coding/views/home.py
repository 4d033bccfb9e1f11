"""The first page: it leads each role to the next thing to do."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from coding import access, blind, codebooks
from coding.models import Case, Member, Project
from coding.universe import STATES

STARTS = {
    Member.Role.CODER: "coding:work",
    Member.Role.ADJUDICATOR: "coding:disputes",
    Member.Role.READER: "curation:releases",
}


@dataclass(frozen=True)
class Tile:
    """A count that leads to the cases it counts."""

    count: int
    label: str
    url: str
    warm: bool = False


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """One project is opened at once; several are listed."""
    members = list(access.memberships(request.user))
    if len(members) == 1:
        return redirect("coding:start", members[0].project.slug)
    return render(request, "coding/home.html", {"members": members})


@login_required
def start(request: HttpRequest, slug: str) -> HttpResponse:
    """Coders, adjudicators and readers go straight to their work; curators get the overview."""
    member = access.member_or_404(request.user, slug)
    if member.role in STARTS:
        return redirect(STARTS[Member.Role(member.role)], slug)
    assert isinstance(request.user, User)
    cases = _main_cases(member.project)
    counts = Counter(blind.with_work(cases, request.user).values_list("work", flat=True))
    return render(
        request,
        "coding/start.html",
        {
            "project": member.project,
            "tiles": _tiles(member.project, counts),
            "total": sum(counts.values()),
            "coders": _coders(member.project),
            "codebook": codebooks.current(member.project),
            "disputes": blind.disputes_for(request.user, member.project).count(),
        },
    )


def _main_cases(project: Project) -> QuerySet[Case]:
    return Case.objects.filter(unit__project=project, parent=None, in_universe=True)


def _tiles(project: Project, counts: Counter[str]) -> list[Tile]:
    address = reverse("coding:cases", args=[project.slug])
    return [
        Tile(counts[name], label, f"{address}?work={name}", name == "disputed")
        for name, label in STATES
    ]


def _coders(project: Project) -> QuerySet[Member]:
    """How far each coder is, in sheets handed in: nothing about what they hold."""
    here = Q(user__codings__case__unit__project=project, user__codings__withdrawn_at=None)
    main = here & Q(user__codings__case__parent=None)
    done = main & Q(user__codings__submitted_at__isnull=False)
    return (
        Member.objects.filter(project=project, kind=Member.Kind.PERSON)
        .annotate(assigned=Count("user__codings", main), submitted=Count("user__codings", done))
        .filter(assigned__gt=0)
        .select_related("user")
        .order_by("user__username")
    )
