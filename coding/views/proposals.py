"""From a dispute to the codebook: the draft at its entry, or a note to those who write it."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from coding import access, blind, codebooks, learning, work
from coding.drafting import Draft
from coding.models import Case, Entry, Member, Project
from coding.views.writing import writes


def propose(request: HttpRequest, pk: int, cell: int) -> HttpResponse:
    return write(request, pk, cell) if request.method == "POST" else show(request, pk, cell)


@login_required
def show(request: HttpRequest, pk: int, cell: int) -> HttpResponse:
    """Curators are led to the draft's entry where there is one; others write a note."""
    case, member, entry = _asked(request, pk, cell)
    name = _name_in_draft(member.project, entry) if member.role in access.CURATORS else None
    if name:
        entry_url = reverse("coding:draft-entry", args=[member.project.slug, name])
        return redirect(f"{entry_url}?argued=1")
    return _page(request, case, member, entry, cell)


@writes
def write(request: HttpRequest, pk: int, cell: int) -> HttpResponse:
    case, member, entry = _asked(request, pk, cell)
    assert isinstance(request.user, User)
    words = request.POST.get("words", "").strip()[:5_000]
    if not words:
        return _page(request, case, member, entry, cell, "Say what the codebook should say.")
    work.propose(project=member.project, variable=entry.variable, words=words, by=request.user)
    messages.success(request, "Proposed: curators read it beside the draft.")
    return redirect(f"{reverse('coding:dispute', args=[pk])}#c-{cell}")


@writes
def answer(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """A curator says what became of a proposal."""
    assert isinstance(request.user, User)
    project = access.member_or_404(request.user, slug, *access.CURATORS).project
    proposal = get_object_or_404(project.proposals, pk=pk)
    said = request.POST.get("answer", "")[:2_000]
    work.close_proposal(proposal=proposal, answer=said, by=request.user)
    messages.success(request, "The proposal is answered.")
    return redirect("coding:draft", slug)


def _asked(request: HttpRequest, pk: int, cell: int) -> tuple[Case, Member, Entry]:
    """The case, the member and the entry of a cell that the member may see."""
    assert isinstance(request.user, User)
    case, member = access.case_or_404(request.user, pk, *access.ADJUDICATORS)
    request.project, request.member = member.project, member  # type: ignore[attr-defined]
    found = get_object_or_404(blind.cells_for(request.user).filter(case=case), pk=cell)
    return case, member, codebooks.newest_entries(member.project)[found.variable_id]


def _name_in_draft(project: Project, entry: Entry) -> str | None:
    """What the draft calls the entry, also where it gave it another meaning."""
    draft = Draft.of(project)
    lines = draft.entries if draft else ()
    same = (e for e in lines if entry.variable_id in (e.variable_id, e.variable.replaces_id))
    return next((e.name for e in same), None)


def _page(
    request: HttpRequest, case: Case, member: Member, entry: Entry, cell: int, error: str = ""
) -> HttpResponse:
    assert isinstance(request.user, User)
    context = {
        "project": member.project,
        "case": case,
        "cell": cell,
        "entry": entry,
        "earlier": member.project.proposals.filter(variable=entry.variable_id).select_related(
            "by", "closed_by"
        ),
        "argued": learning.arguments(request.user, member.project, [entry.variable_id]),
        "may_edit": member.role in access.CURATORS,
        "words": request.POST.get("words", ""),
        "error": error,
    }
    return render(request, "coding/propose.html", context, status=422 if error else 200)
