"""My work: what a coder has to code, what is handed in, and the next thing to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from coding import access, blind, sittings
from coding.models import Coding, Project

PAGE = 50
STATES = {
    "returned": ("returned", "Returned with a question"),
    "begun": ("draft", "In progress"),
    "new": ("open", "To do"),
    "waiting": ("submitted", "Submitted, waiting"),
    "closed": ("published", "Submitted, case open"),
    "marked": ("certified", "Submitted, marked"),
}
TO_CODE = ("returned", "begun", "new")


@dataclass
class Line:
    """One sheet on the worklist, and the number of sheets that came with it."""

    coding: Coding
    state: str
    more: int = 0
    done: int = 0
    asked: int = 0

    @property
    def icon(self) -> str:
        return STATES[self.state][0]

    @property
    def word(self) -> str:
        return STATES[self.state][1]


@login_required
def work(request: HttpRequest, slug: str) -> HttpResponse:
    """The coder's own sheets and nobody else's."""
    member = access.member_or_404(request.user, slug, *access.TEAM)
    assert isinstance(request.user, User)
    lines = _lines(request.user, member.project)
    to_code = [line for line in lines if line.state in TO_CODE]
    submitted = [line for line in lines if line.state not in TO_CODE]
    show = "submitted" if request.GET.get("show") == "submitted" else "open"
    chosen = submitted if show == "submitted" else to_code
    page = Paginator(chosen, PAGE).get_page(request.GET.get("page"))
    _measure(page.object_list)
    context = {
        "project": member.project,
        "page": page,
        "show": show,
        "to_code": len(to_code),
        "submitted": len(submitted),
        "next": to_code[0] if to_code else None,
        "questions": blind.questions_for(request.user, member.project)
        .filter(state="returned", review__ended_at=None)
        .count(),
    }
    return render(request, "coding/work.html", context)


def _lines(user: User, project: Project) -> list[Line]:
    """What was returned first, then what was begun, then as dealt; the newest submission on top."""
    codings = list(
        Coding.objects.standing()
        .of(user)
        .filter(case__unit__project=project)
        .select_related("case__unit", "case__parent", "codebook")
        .order_by("position", "case__key", "pk")
    )
    mains = {_sitting(c) for c in codings if c.case.parent_id is None}
    alone = [c for c in codings if c.case.parent_id is None or _sitting(c) not in mains]
    more = Counter(_sitting(c) for c in codings if c.case.parent_id is not None)
    said = blind.value_counts(c.pk for c in alone if c.submitted_at is None)
    lines = [Line(c, _state(c, said), _more(c, more)) for c in alone]
    newest = sorted(lines, key=lambda li: li.coding.submitted_at or li.coding.assigned_at)
    order = list(STATES)
    to_code = [line for line in lines if line.state in TO_CODE]
    to_code.sort(key=lambda line: order.index(line.state))
    return to_code + [line for line in reversed(newest) if line.state not in TO_CODE]


def _sitting(coding: Coding) -> tuple[int, int, str]:
    return coding.case.family_id, coding.codebook_id, coding.purpose


def _more(coding: Coding, counts: Counter[tuple[int, int, str]]) -> int:
    return counts[_sitting(coding)] if coding.case.parent_id is None else 0


def _state(coding: Coding, said: dict[int, int]) -> str:
    if coding.submitted_at and coding.purpose == Coding.Purpose.TRAINING:
        return "marked"
    if coding.submitted_at:
        return "closed" if coding.unblinded_at else "waiting"
    if coding.question:
        return "returned"
    return "begun" if said.get(coding.pk) else "new"


def _measure(lines: Iterable[Line]) -> None:
    """Fill in how far each open sheet is."""
    wanted = {line.coding.pk: line for line in lines if line.state in TO_CODE}
    for sheet in _readings([line.coding for line in wanted.values()]):
        line = wanted[sheet.coding.pk]
        line.done, line.asked = sheet.done, len(sheet.asked)


def _readings(codings: Sequence[Coding]) -> list[sittings.Sheet]:
    return sittings.readings(codings) if codings else []
