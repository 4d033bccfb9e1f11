"""Precedents: looked for, marked at the ruling, withdrawn with a reason."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from coding import access, blind, work
from coding.precedents import WHICH, Asked, Shelf
from coding.views.writing import writes


@login_required
def precedents(request: HttpRequest, slug: str) -> HttpResponse:
    """The precedents of a project, by variable and by words."""
    assert isinstance(request.user, User)
    member = access.member_or_404(request.user, slug, *access.ADJUDICATORS)
    shelf = Shelf(request.user, member.project, Asked.of(request.GET))
    page = shelf.page(request.GET.get("page"))
    context = {
        "project": member.project,
        "shelf": shelf,
        "asked": shelf.asked,
        "which": WHICH,
        "page": page,
        "rows": shelf.shown(page),
    }
    return render(request, "coding/precedents.html", context)


@writes
def mark(request: HttpRequest, pk: int, cell: int) -> HttpResponse:
    """Mark a ruling as precedent, or word its pattern anew."""
    assert isinstance(request.user, User)
    case, _ = access.case_or_404(request.user, pk, *access.ADJUDICATORS)
    found = get_object_or_404(blind.cells_for(request.user).filter(case=case), pk=cell)
    pattern = request.POST.get("pattern", "")[:2_000]
    work.mark_precedent(cell=found, pattern=pattern, by=request.user)
    messages.success(request, "Marked as precedent: it stands beside disputes like this one.")
    return redirect(f"{reverse('coding:dispute', args=[pk])}#c-{cell}")


@writes
def withdraw(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Let a precedent lead no more."""
    assert isinstance(request.user, User)
    member = access.member_or_404(request.user, slug, *access.ADJUDICATORS)
    known = get_object_or_404(blind.precedents_for(request.user, member.project), pk=pk)
    reason = request.POST.get("reason", "")[:2_000]
    work.withdraw_precedent(precedent=known, reason=reason, by=request.user)
    messages.success(request, "Withdrawn: it leads no ruling any more.")
    return redirect("coding:precedents", slug)
