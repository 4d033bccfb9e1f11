"""Learning: a coder's overruled answers, and what disputes tell of rules, coders and rulings."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from coding import access
from coding.learning import CAUSES, Lessons, Own, Rules
from coding.models import Member


@login_required
def learning(request: HttpRequest, slug: str) -> HttpResponse:
    """By rule, by coder and against later codings; a coder is led to the own answers."""
    assert isinstance(request.user, User)
    member = access.member_or_404(request.user, slug, *access.TEAM)
    if member.role not in access.ADJUDICATORS:
        return _own(request, member)
    rules = Rules(Lessons(request.user, member.project))
    may_curate = member.role in access.CURATORS
    context = {
        "project": member.project,
        "rules": rules,
        "rows": rules.rows,
        "causes": CAUSES.values(),
        "first": rules.rows[0] if rules.rows and rules.rows[0].ambiguous else None,
        "late": rules.late(),
        "rates": rules.rates() if may_curate else (),
        "may_curate": may_curate,
    }
    return render(request, "coding/learning.html", context)


@login_required
def own(request: HttpRequest, slug: str) -> HttpResponse:
    """What rulings made of one's own answers."""
    return _own(request, access.member_or_404(request.user, slug, *access.TEAM))


def _own(request: HttpRequest, member: Member) -> HttpResponse:
    assert isinstance(request.user, User)
    asked = {name: request.GET.get(name, "").strip()[:200] for name in ("variable", "cause")}
    found = Own(Lessons(request.user, member.project), **asked)
    page = found.page(request.GET.get("page"))
    context = {
        "project": member.project,
        "own": found,
        "page": page,
        "rows": found.rows(page),
        "is_settler": member.role in access.ADJUDICATORS,
    }
    return render(request, "coding/learning_own.html", context)
