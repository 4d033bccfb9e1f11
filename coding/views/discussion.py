"""Discussion: the thread of a cell, what is written there, and what waits for whom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from coding import access, blind, codebooks, work
from coding.discussion import Board, Talk
from coding.models import Inquiry
from coding.reconciling import Reconciled
from coding.views.writing import writes

TOLD = {
    "say": "Written.",
    "reply": "Answered.",
    "hand": "Handed on.",
    "close": "The question is closed.",
}


@login_required
def discussion(request: HttpRequest, slug: str) -> HttpResponse:
    """Questions to answer, mentions, what one asked, and all that is open in the project."""
    assert isinstance(request.user, User)
    member = access.member_or_404(request.user, slug, *access.TEAM)
    asked = (request.GET.get(name, "")[:200] for name in ("show", "owner"))
    board = Board(request.user, member, *asked)
    context = {
        "project": member.project,
        "member": member,
        "board": board,
        "page": board.page(request.GET.get("page")),
        "may_compare": member.role in access.ADJUDICATORS,
    }
    return render(request, "coding/discussion.html", context)


@login_required
def reconciled(request: HttpRequest, slug: str) -> HttpResponse:
    """Who moved towards whom where coders reconcile by discussion."""
    assert isinstance(request.user, User)
    member = access.member_or_404(request.user, slug, *access.ADJUDICATORS)
    context = {
        "project": member.project,
        "found": Reconciled(request.user, member.project),
        "may_name": member.role in access.CURATORS,
    }
    return render(request, "coding/reconciled.html", context)


@writes
def digests(request: HttpRequest, slug: str) -> HttpResponse:
    """Turn one's own mail of discussions on or off."""
    assert isinstance(request.user, User)
    member = access.member_or_404(request.user, slug, *access.TEAM)
    work.set_digests(member=member, on=request.POST.get("digests") == "on")
    messages.success(request, f"Mail of discussions is {'on' if member.digests else 'off'}.")
    return redirect("coding:discussion", slug)


def thread(request: HttpRequest, pk: int, cell: int) -> HttpResponse:
    """One cell's thread by itself; what is written there is posted to the same address."""
    if request.method == "POST":
        return write(request, pk, cell)
    return _page(request, pk, cell)


def _thread(
    request: HttpRequest, pk: int, cell: int, error: str = "", status: int = 200
) -> HttpResponse:
    assert isinstance(request.user, User)
    case, member = access.case_or_404(request.user, pk)
    found = get_object_or_404(blind.cells_for(request.user).filter(case=case), pk=cell)
    request.project, request.member = member.project, member  # type: ignore[attr-defined]
    talk = Talk(request.user, member.project, member.role)
    context = {
        "project": member.project,
        "case": case,
        "cell": found,
        "entry": codebooks.newest_entries(member.project)[found.variable_id],
        "thread": talk.threads(case, [found.pk])[found.pk],
        "withheld": blind.withheld_from(request.user).filter(pk=found.pk).exists(),
        "may_rule": access.is_settler(member),
        "error": error,
        "typed": request.POST,
    }
    return render(request, "coding/thread.html", context, status=status)


@login_required
def _page(request: HttpRequest, pk: int, cell: int) -> HttpResponse:
    return _thread(request, pk, cell)


@writes
def write(request: HttpRequest, pk: int, cell: int) -> HttpResponse:
    """Comment, ask, answer, hand a question on or close it."""
    assert isinstance(request.user, User)
    case, member = access.case_or_404(request.user, pk)
    found = get_object_or_404(blind.cells_for(request.user).filter(case=case), pk=cell)
    act = request.POST.get("act", "say")
    try:
        said = _acts(request, found)[act if act in TOLD else "say"]()
    except ValidationError as error:
        return _thread(request, pk, cell, error.messages[0], status=422)
    messages.success(request, TOLD.get(act, TOLD["say"]))
    to_desk = request.POST.get("back") == "dispute" and access.is_settler(member)
    page = reverse("coding:dispute" if to_desk else "coding:case", args=[pk])
    return redirect(f"{page}#comment-{said}")


def _acts(request: HttpRequest, cell: Any) -> dict[str, Callable[[], int]]:
    """What each button does; each gives the number of the comment that it wrote."""
    assert isinstance(request.user, User)
    by, text = request.user, request.POST.get("text", "")
    owner = request.POST.get("owner", "")

    def inquiry() -> Inquiry:
        asked = blind.inquiries_for(by, cell.case.unit.project).filter(comment__cell=cell)
        number = request.POST.get("question", "")
        return get_object_or_404(asked, pk=int(number) if number.isdecimal() else 0)

    def say() -> int:
        if owner:
            return work.inquire(cell=cell, text=text, owner=owner, by=by).comment_id
        return work.comment(cell=cell, text=text, by=by).pk

    return {
        "say": say,
        "reply": lambda: work.reply(inquiry=inquiry(), text=text, by=by).pk,
        "hand": lambda: work.hand_over(inquiry=inquiry(), text=text, owner=owner, by=by).pk,
        "close": lambda: work.close(inquiry=inquiry(), text=text, by=by).pk,
    }
