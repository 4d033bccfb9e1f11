"""The coder's sheet: one coding as a form that saves each answer by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from coding import access, blind, codebooks, precedents, sittings
from coding.discussion import Talk
from coding.errors import Refused
from coding.forms import takes_states
from coding.models import Codebook, Coding, Entry, Member, Unit
from coding.sittings import Point, Sheet
from coding.views.questions import Question, grouped


@dataclass(frozen=True)
class Row:
    """Another sheet of the sitting, as the list on the left shows it."""

    title: str
    url: str
    done: int
    asked: int
    current: bool


@dataclass(frozen=True)
class Rows:
    """The partners, or the objectives, of a sitting."""

    label: str
    rows: list[Row]
    add_url: str = ""
    add_form: str = ""


@login_required
def sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """The sheet to fill in; once submitted, to read."""
    return page(request, access.own_coding_or_404(request.user, pk))


def page(
    request: HttpRequest,
    coding: Coding,
    *,
    status: int = 200,
    name: str = "",
    shown: dict[str, Any] | None = None,
    no: Refused | None = None,
) -> HttpResponse:
    """The whole sheet; in the question `name` it shows errors and what was sent instead."""
    assert isinstance(request.user, User)
    access.refuse_while_coding_again(request.user, coding)
    project = coding.case.unit.project
    request.project = project  # type: ignore[attr-defined]
    sitting = sittings.sheets_of(coding)
    sheets = sittings.readings(sitting)
    this = next(s for s in sheets if s.coding.pk == coding.pk)
    questions = questions_of(this, wanting=no is not None)
    if shown:
        questions = [replace(q, **shown) if q.name == name else q for q in questions]
    if coding.submitted_at:
        questions = _remembered(request.user, coding, questions)
        questions = _discussed(request.user, coding, questions)
    url = reverse("coding:sheet", args=[coding.pk])
    context = {
        "coding": coding,
        "coder": request.user.pk,
        "project": project,
        "url": url,
        "main": sitting[0],
        "parent": _parent(coding, sitting),
        "title": this.title(_number(coding, sitting)),
        "facts": _facts(coding),
        "removable": coding.case.unit.rows == Unit.Rows.NUMBERED,
        "sections": grouped(questions),
        "done": this.done,
        "asked": len(this.asked),
        "rows": rows_of(sheets, coding),
        "rules": rule_panel(coding.codebook, coding.case.unit_id),
        "states": questions[0].states if questions else {},
        "sources": () if coding.submitted_at else blind.sources_for(request.user, project),
        "warnings": () if coding.submitted_at else warnings_of(sheets, coding),
        "no": no,
        "points": [(text, at.removeprefix(url)) for text, at in no.links] if no else [],
    }
    return render(request, "coding/sheet.html", context, status=status)


def _number(coding: Coding, sitting: Sequence[Coding]) -> int:
    """Its place among the rows of its unit."""
    return [c.pk for c in sitting if c.case.unit_id == coding.case.unit_id].index(coding.pk) + 1


def _facts(coding: Coding) -> str:
    """What is known before coding, in one line."""
    facts = coding.case.facts.items()
    return " · ".join(f"{name.replace('_', ' ')} {fact}" for name, fact in facts if fact)


def questions_of(this: Sheet, wanting: bool = False) -> list[Question]:
    coding = this.coding
    states: dict[str, str] = {}
    if any(takes_states(e) for e in this.entries):
        states = codebooks.states_of(coding.codebook.project_id)
    cited = blind.own_citations(coding.pk)
    url = reverse("coding:sheet", args=[coding.pk])
    return [
        Question(
            entry,
            this,
            number,
            states,
            sheet_url=url,
            closed=coding.submitted_at is not None,
            cited=cited.get(this.typed[entry.name].pk, ()) if entry.name in this.typed else (),
            wanting=wanting,
        )
        for number, entry in enumerate(this.entries, 1)
    ]


def _remembered(user: User, coding: Coding, questions: Sequence[Question]) -> list[Question]:
    """The questions of a sheet that is handed in, each with the precedents nearest to its answer.

    Never before: a precedent tells how another case was settled.
    """
    said = {q.entry.variable_id: q.said.text for q in questions if q.said}
    entries = [q.entry for q in questions]
    nearest = precedents.after_commit(user, coding.case.unit.project, said, entries)
    return [replace(q, precedents=nearest.get(q.entry.variable_id, ())) for q in questions]


def _discussed(user: User, coding: Coding, questions: Sequence[Question]) -> list[Question]:
    """The questions of a sheet whose case is open, each with the thread of its cell."""
    if not coding.unblinded_at:
        return list(questions)
    cells = blind.cells_for(user).filter(case=coding.case).exclude(status="derived")
    of = dict(cells.values_list("variable", "pk"))
    talk = Talk(user, coding.case.unit.project, Member.Role.CODER)
    threads = talk.threads(coding.case, of.values()) if of else {}
    return [
        replace(q, cell=cell, thread=threads[cell])
        if (cell := of.get(q.entry.variable_id, 0))
        else q
        for q in questions
    ]


def _parent(coding: Coding, sitting: Sequence[Coding]) -> str:
    """The title of the case above, for a partner's or an objective's sheet."""
    if coding.case.parent_id is None:
        return ""
    above = next((c.case for c in sitting if c.case_id == coding.case.parent_id), None)
    return (above or coding.case.parent).title  # type: ignore[union-attr]


def rows_of(sheets: Sequence[Sheet], current: Coding) -> list[Rows]:
    """The other sheets of the sitting by unit, with the ways to add to them."""
    main = sheets[0].coding
    found = [_listed(entry, sheets, current) for entry in sheets[0].entries]
    groups = [group for group in found if group]
    asks_all = len(sheets[0].entries) == len(sheets[0].whole)
    for unit in sittings.addable(main) if asks_all else []:
        url = reverse("coding:add-row", args=[main.pk, unit.name])
        group = Rows(unit.label, _of_unit(unit, sheets, current))
        if current.submitted_at is None:
            group = replace(group, add_url=url, add_form=f"add-{unit.name}")
        groups.append(group)
    return groups


def warnings_of(sheets: Sequence[Sheet], current: Coding) -> list[Point]:
    """What does not hold on the other sheets of the sitting; its own stands beside the fields."""
    others = (s for s in sheets if s.coding.pk != current.pk)
    return [point for other in others for point in other.warnings()]


def _listed(entry: Entry, sheets: Sequence[Sheet], current: Coding) -> Rows | None:
    """The rows that a roster opens, and the way to list another."""
    unit = entry.variable.roster_of
    if unit is None:
        return None
    url = reverse("coding:sheet", args=[sheets[0].coding.pk])
    add_url = "" if current.submitted_at else f"{url}#f-{entry.name}"
    return Rows(entry.label, _of_unit(unit, sheets, current), add_url)


def _of_unit(unit: Unit, sheets: Sequence[Sheet], current: Coding) -> list[Row]:
    of_unit = [s for s in sheets if s.coding.case.unit_id == unit.pk]
    return [
        Row(
            sheet.title(number),
            reverse("coding:sheet", args=[sheet.coding.pk]),
            sheet.done,
            len(sheet.asked),
            sheet.coding.pk == current.pk,
        )
        for number, sheet in enumerate(of_unit, 1)
    ]


def rule_panel(codebook: Codebook, unit: int) -> SafeString:
    """Every rule of a unit's entries. A published codebook cannot change: drawn once."""
    return _panel(codebook.pk, codebook.digest, unit)


@lru_cache(maxsize=64)
def _panel(codebook: int, digest: str, unit: int) -> SafeString:
    book = Codebook.objects.get(pk=codebook)
    context = {
        "codebook": book,
        "entries": codebooks.entries_of(book, unit),
        "missing": book.missing_codes.all(),
    }
    return mark_safe(render_to_string("coding/_rules.html", context))  # noqa: S308 our own template
