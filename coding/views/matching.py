"""Matching rows without a natural key: a proposal, corrected by keyboard or by hand, confirmed."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from coding import access, work
from coding.errors import Refused
from coding.matching import Matching, OwnRow
from coding.models import Unit
from coding.views.writing import writes


def match(request: HttpRequest, pk: int, unit: str) -> HttpResponse:
    return write(request, pk, unit) if request.method == "POST" else show(request, pk, unit)


@login_required
def show(request: HttpRequest, pk: int, unit: str) -> HttpResponse:
    """Each coder's rows side by side, matched as they stand or as is proposed."""
    return _page(request, _asked(request, pk, unit))


@writes
def write(request: HttpRequest, pk: int, unit: str) -> HttpResponse:
    found = _asked(request, pk, unit)
    reason = request.POST.get("reason", "")[:2_000]
    assert isinstance(request.user, User)
    groups = _groups(request, found)
    try:
        work.align(
            parent=found.parent,
            unit=found.unit,
            groups=[[row.case for row in group] for group in groups],
            reason=reason,
            by=request.user,
        )
    except Refused as no:
        return _page(request, found, groups, reason, no.reason)
    left = len(groups)
    messages.success(request, f"{len(found.rows)} rows of coders are {left} in the data set.")
    return redirect(reverse("coding:match", args=[pk, unit]))


def _asked(request: HttpRequest, pk: int, unit: str) -> Matching:
    assert isinstance(request.user, User)
    case, member = access.case_to_settle_or_404(request.user, pk)
    request.project, request.member = member.project, member  # type: ignore[attr-defined]
    own = get_object_or_404(
        Unit, project=member.project, name=unit, parent=case.unit_id, rows=Unit.Rows.NUMBERED
    )
    return Matching(request.user, case, own)


def _groups(request: HttpRequest, found: Matching) -> list[list[OwnRow]]:
    """What was chosen for each row; a row of which nothing was said is alone."""
    if request.POST.get("act") == "apart":
        return [[row] for row in found.rows]
    groups: dict[str, list[OwnRow]] = {}
    for row in found.rows:
        chosen = request.POST.get(f"row-{row.case.pk}", "")
        groups.setdefault(chosen or f"alone-{row.case.pk}", []).append(row)
    return list(groups.values())


def _page(
    request: HttpRequest,
    found: Matching,
    groups: list[list[OwnRow]] | None = None,
    reason: str = "",
    refusal: str = "",
) -> HttpResponse:
    shown = found.groups if groups is None else groups
    numbers = range(1, len(found.rows) + 1)
    context = {
        "project": found.project,
        "case": found.parent,
        "unit": found.unit,
        "matching": found,
        "letters": found.letters,
        "groups": [
            (number, [[r for r in group if r.letter == letter] for letter in found.letters])
            for number, group in _numbered(shown, len(numbers))
        ],
        "numbers": numbers,
        "reason": reason,
        "refusal": refusal,
        "barred": work.barred(found.parent, found.user),
    }
    return render(request, "coding/match.html", context, status=409 if refusal else 200)


def _numbered(groups: list[list[OwnRow]], count: int) -> list[tuple[int, list[OwnRow]]]:
    """The groups with their numbers, and as many empty places as rows could go alone."""
    places = [*groups, *([] for _ in range(count - len(groups)))]
    return list(enumerate(places, start=1))
