"""The universe of cases: a list with filters that add up, and the page of one case."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from coding import access, blind, canonical, codebooks, training, work
from coding.discussion import Talk, Thread
from coding.models import Case, Coding, Entry, Member, Unit
from coding.universe import Listing

PAGE = 50


@login_required
def cases(request: HttpRequest, slug: str) -> HttpResponse:
    """All cases that the reader may know of, by unit, region, period, type and state of work."""
    member = access.member_or_404(request.user, slug, *access.TEAM)
    assert isinstance(request.user, User)
    listing = Listing(member.project, request.user, request.GET)
    page = Paginator(listing.found(), PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "coding/cases.html",
        {
            "project": member.project,
            "page": page,
            "rows": _rows(page.object_list, request.user),
            "filters": listing.filters(),
            "states": listing.by_work(),
            "everything": listing.everything().count(),
            "q": listing.q,
        },
    )


def _rows(page: Iterable[Case], user: User) -> list[tuple[Case, int, int]]:
    """Each case of a page with its open disputes and the partners and objectives below it."""
    listed = list(page)
    keys = [case.pk for case in listed]
    cells = blind.cells_for(user).filter(case__in=keys, status="disputed")
    disputes = dict(cells.values_list("case").annotate(n=Count("pk")))
    below = blind.cases_for(user).filter(parent__in=keys, in_universe=True)
    children = dict(below.values_list("parent").annotate(n=Count("pk")))
    return [(c, disputes.get(c.pk, 0), children.get(c.pk, 0)) for c in listed]


# ------------------------------------------------------------------ one case


@dataclass(frozen=True)
class CellRow:
    """A cell as the page shows it."""

    entry: Entry
    cell: Any
    shown: str
    grounds: Sequence[Any]  # the sources on which the ruling rests


@login_required
def case(request: HttpRequest, pk: int) -> HttpResponse:
    """A case's facts, the state of its codings, and the cells that the reader may see."""
    assert isinstance(request.user, User)
    found, member = access.case_or_404(request.user, pk)
    request.project, request.member = member.project, member  # type: ignore[attr-defined]
    family = _codings(request.user, found)
    names = blind.names_in(found.family_id, request.user, member.role, family)
    codings = [(c, names[c.coder_id]) for c in family if c.case_id == found.pk]
    below = blind.with_work(blind.cases_for(request.user), request.user).filter(parent=found)
    return render(
        request,
        "coding/case.html",
        {
            "project": member.project,
            "member": member,
            "case": found,
            "facts": [(k.replace("_", " "), v) for k, v in found.facts.items()],
            "codings": codings,
            "mine": next((c for c, _ in codings if c.coder_id == request.user.pk), None),
            "waiting": sum(c.submitted_at is None and _speaks(c) for c, _ in codings),
            "sections": (sections := _sections(request.user, found)),
            "threads": _threads(member, found, sections),
            "below": _by_unit(below.select_related("unit").order_by("unit__position", "key")),
            "may_rule": access.is_settler(member),
            "may_return": member.role in access.ADJUDICATORS,
            "may_curate": member.role in access.CURATORS,
            **(_for_curators(member, found, codings) if member.role in access.CURATORS else {}),
        },
    )


def _speaks(coding: Coding) -> bool:
    return coding.purpose in blind.SPEAKING


def _for_curators(
    member: Member, case: Case, codings: list[tuple[Coding, str]]
) -> dict[str, object]:
    """Who may be given the case, with what they are certified for; and what of it is gold."""
    people = _people(member, codings)
    words = training.certificate_words(member.project, people)
    return {
        "people": [(person, words.get(person.user_id, "")) for person in people],
        "gold": None if case.parent_id else training.gold_of(member.user, case, member.project),
    }


def _codings(user: User, case: Case) -> list[Coding]:
    """The codings of the family, so that a coder has one letter in all of it."""
    family = blind.codings_for(user).of_family(case.family_id)
    return list(family.select_related("coder", "codebook").order_by("assigned_at", "pk"))


def _sections(user: User, case: Case) -> list[tuple[str, list[CellRow]]]:
    """The visible cells in the codebook's order, by section."""
    cells = {c.variable_id: c for c in blind.cells_for(user).filter(case=case)}
    book = codebooks.current(case.unit.project)
    if not cells or book is None:
        return []
    states = codebooks.states_of(case.unit.project_id)
    grounds = defaultdict(list)
    for ground in blind.grounds_for(user, case):
        grounds[ground.cell_id].append(ground)
    sections: dict[str, list[CellRow]] = {}
    for entry in codebooks.entries_of(book, case.unit_id):
        if cell := cells.get(entry.variable_id):
            shown = canonical.show(cell.text, entry.domain, states)
            row = CellRow(entry, cell, shown, grounds[cell.pk])
            sections.setdefault(entry.section or "Answers", []).append(row)
    return list(sections.items())


def _threads(
    member: Member, case: Case, sections: list[tuple[str, list[CellRow]]]
) -> list[tuple[CellRow, Thread]]:
    """The cells of which something was said, each with its thread."""
    rows = [row for _, listed in sections for row in listed]
    if not rows:
        return []
    talk = Talk(member.user, member.project, member.role)
    threads = talk.threads(case, [row.cell.pk for row in rows])
    return [(row, threads[row.cell.pk]) for row in rows if threads[row.cell.pk].said]


def _by_unit(below: Iterable[Case]) -> list[tuple[Unit, list[Case]]]:
    found: dict[Unit, list[Case]] = {}
    for child in below:
        found.setdefault(child.unit, []).append(child)
    return list(found.items())


def _people(member: Member, codings: list[tuple[Coding, str]]) -> list[Member]:
    """Who may still be given the case."""
    people = Member.objects.filter(project=member.project, kind=Member.Kind.PERSON)
    busy = [c.coder_id for c, _ in codings]
    return list(people.exclude(role="reader").exclude(user__in=busy).select_related("user"))


@require_POST
@login_required
def assign(request: HttpRequest, pk: int) -> HttpResponse:
    """A curator puts the case on somebody's worklist."""
    assert isinstance(request.user, User)
    found, member = access.case_or_404(request.user, pk, *access.CURATORS)
    coder = get_object_or_404(
        Member.objects.select_related("user"),
        project=member.project,
        user=_number(request.POST.get("coder")),
    ).user
    work.assign(case=found, coder=coder, by=request.user)
    messages.success(request, f"{found.title} is on the worklist of {coder}.")
    return redirect("coding:case", pk)


@require_POST
@login_required
def unblind(request: HttpRequest, pk: int) -> HttpResponse:
    """A curator opens the case early, with a reason that the release prints."""
    assert isinstance(request.user, User)
    found, _ = access.case_or_404(request.user, pk, *access.CURATORS)
    work.unblind(case=found, reason=request.POST.get("reason", ""), by=request.user)
    messages.warning(request, "The case is open. The release will print the reason.")
    return redirect("coding:case", pk)


@require_POST
@login_required
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """A curator takes an assignment off a worklist, with a reason."""
    assert isinstance(request.user, User)
    found, _ = access.case_or_404(request.user, pk, *access.CURATORS)
    coding = get_object_or_404(
        blind.codings_for(request.user), pk=_number(request.POST.get("coding")), case=found
    )
    reason = request.POST.get("reason", "").strip() or "withdrawn by a curator"
    work.withdraw(coding=coding, reason=reason, by=request.user)
    messages.success(request, f"The sheet of {coding.coder} is withdrawn. Nothing is deleted.")
    return redirect("coding:case", pk)


def _number(text: str | None) -> int:
    if text is None or not text.isdigit():
        raise Http404
    return int(text)
