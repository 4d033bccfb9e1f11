"""Reviews: cells to be verified, cell by cell, what was found, and questions to coders."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from coding import access, blind, canonical, charts, codebooks, reviewing, work
from coding.models import Case, Entry, Member, Project, Review
from coding.reviewing import OPEN, STATES, Found, Reading
from coding.views.disputes import Desk
from coding.views.writing import writes
from coding.work import Scope

PAGE = 50


class ReviewForm(forms.Form):
    """Which cells are verified."""

    kind = forms.ChoiceField(choices=Review.Kind.choices, label="Verify")
    share = forms.IntegerField(
        min_value=1, max_value=100, initial=10, label="Share in percent", required=False
    )
    seed = forms.CharField(
        max_length=80,
        help_text="The order is drawn by sha256 of this word and each cell’s name: anybody can "
        "draw it again.",
    )
    certainty = forms.TypedChoiceField(
        choices=[("", "any"), (1, "1, a guess"), (2, "2 or less"), (3, "3 or less")],
        coerce=int,
        empty_value=None,
        required=False,
        label="Doubtful: certainty",
        help_text="One of those who said it was only so certain.",
    )
    ambiguous = forms.IntegerField(
        min_value=1,
        required=False,
        label="Doubtful: ambiguous rules",
        help_text="The rule was ruled ambiguous in at least so many disputes.",
    )
    unit = forms.ChoiceField(required=False, label="Only of the unit")
    section = forms.ChoiceField(required=False, label="Only of the section")
    variable = forms.ChoiceField(required=False, label="Only of the variable")
    reason = forms.CharField(max_length=2_000, required=False, label="Why")

    def __init__(self, data: QueryDict | None = None, *, project: Project) -> None:
        super().__init__(data, initial={"seed": secrets.token_hex(4), "kind": "share"})
        book = codebooks.current(project)
        self.entries = {e.name: e for e in codebooks.entries(book)} if book else {}
        asked = [e for e in self.entries.values() if not e.is_computed]
        self.units = {e.variable.unit.name: e.variable.unit for e in asked}
        self._offer("unit", "every unit", [(n, str(u)) for n, u in self.units.items()])
        sections = dict.fromkeys(e.section for e in asked if e.section)
        self._offer("section", "every section", [(s, s) for s in sections])
        named = [(e.name, f"{e.name} · {e.label}") for e in asked]
        self._offer("variable", "every variable", named)

    def _offer(self, name: str, every: str, choices: list[tuple[str, str]]) -> None:
        cast(forms.ChoiceField, self.fields[name]).choices = [("", every), *choices]

    def clean(self) -> dict[str, Any]:
        said = self.cleaned_data
        doubtful = said.get("kind") == Review.Kind.DOUBTFUL
        if doubtful and not (said.get("certainty") or said.get("ambiguous")):
            self.add_error("kind", "Say what is doubtful: a certainty, or how often ambiguous.")
        if said.get("kind") == Review.Kind.SHARE and not said.get("share"):
            self.add_error("share", "Say how large the share is, in percent.")
        return said

    @property
    def scope(self) -> Scope:
        said = self.cleaned_data
        entry = self.entries.get(said["variable"])
        doubtful = said["kind"] == Review.Kind.DOUBTFUL
        return Scope(
            kind=said["kind"],
            share=said["share"] or 100,
            seed=said["seed"].strip(),
            unit=self.units.get(said["unit"]),
            section=said["section"],
            variable=entry.variable if entry else None,
            certainty=said["certainty"] if doubtful else None,
            ambiguous=said["ambiguous"] if doubtful else None,
        )


# ------------------------------------------------------------------ the reviews of a project


@login_required
def listing(request: HttpRequest, slug: str) -> HttpResponse:
    """Every review with what it found, and the form that starts another."""
    member = access.member_or_404(request.user, slug, *access.ADJUDICATORS)
    return _listing(request, member, ReviewForm(project=member.project))


def _listing(
    request: HttpRequest, member: Member, form: ReviewForm, status: int = 200
) -> HttpResponse:
    assert isinstance(request.user, User)
    reading = Reading(request.user, member.project)
    context = {
        "project": member.project,
        "reading": reading,
        "found": reading.found(reading.reviews),
        "form": form,
        "may_start": member.role in access.CURATORS,
    }
    return render(request, "coding/reviews.html", context, status=status)


@writes
def start(request: HttpRequest, slug: str) -> HttpResponse:
    """Draw the cells of a review: kept as they were drawn."""
    assert isinstance(request.user, User)
    member = access.member_or_404(request.user, slug, *access.CURATORS)
    form = ReviewForm(request.POST, project=member.project)
    if not form.is_valid():
        return _listing(request, member, form, status=422)
    made = work.start_review(
        project=member.project,
        scope=form.scope,
        cells=reviewing.pool(request.user, member.project, form.scope),
        reason=form.cleaned_data["reason"],
        by=request.user,
    )
    return redirect("coding:review", slug, made.number)


@writes
def end(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Look no further, with a reason that the release prints."""
    assert isinstance(request.user, User)
    member = access.member_or_404(request.user, slug, *access.CURATORS)
    review = get_object_or_404(Review, project=member.project, number=number)
    reason = request.POST.get("reason", "").strip()[:2_000]
    work.end_review(review=review, reason=reason, by=request.user)
    messages.success(request, f"{review} has ended.")
    return redirect("coding:review", slug, number)


# ------------------------------------------------------------------ one review


@dataclass(frozen=True)
class Row:
    """A cell on the worklist."""

    row: blind.Checked
    entry: Entry
    shown: str
    is_barred: bool

    @property
    def word(self) -> str:
        return STATES[self.row.state]

    @property
    def is_open(self) -> bool:
        return self.row.state in OPEN


class Worklist:
    """The cells of one review that this person may see, in the order in which they were drawn."""

    def __init__(self, user: User, member: Member, number: int) -> None:
        self.user, self.project = user, member.project
        self.reading = Reading(user, member.project)
        self.review = get_object_or_404(
            Review.objects.select_related("by", "unit", "variable"),
            project=member.project,
            number=number,
        )
        seen = blind.verifications_for(user, member.project).filter(review=self.review)
        self.rows = seen.select_related("cell__case__unit", "cell__case__root")
        self.coded = blind.families_coded_by(user, member.project)

    @property
    def found(self) -> Found:
        return self.reading.found([self.review])[0]

    def lines(self, rows: list[blind.Checked]) -> list[Row]:
        entries, states = self.reading.entries, codebooks.states_of(self.project.pk)
        return [
            Row(
                row,
                entry,
                canonical.show(row.cell.text, entry.domain, states) or "disputed",
                row.cell.case.family_id in self.coded,
            )
            for row in rows
            for entry in [entries[row.cell.variable_id]]
        ]

    def next_after(self, place: int = 0) -> blind.Checked | None:
        """The next cell that is still to be looked at, by somebody who did not code it."""
        if self.review.ended_at:
            return None
        family = Coalesce("cell__case__root", "cell__case")
        left = self.rows.filter(state__in=("waiting", "answered")).annotate(top=family)
        fit = left.exclude(top__in=self.coded).exclude(place=place).order_by("place")
        return fit.filter(place__gt=place).first() or fit.first()


@login_required
def review(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """The worklist, what was found so far, and the way to the next cell."""
    assert isinstance(request.user, User)
    member = access.member_or_404(request.user, slug, *access.ADJUDICATORS)
    worklist = Worklist(request.user, member, number)
    show = request.GET.get("show", "")
    rows = worklist.rows.filter(state=show) if show in STATES else worklist.rows
    page = Paginator(rows.order_by("place"), PAGE).get_page(request.GET.get("page"))
    found = worklist.found
    context = {
        "project": member.project,
        "review": worklist.review,
        "found": found,
        "drawn": [(line, _strip(line)) for line in [found.all, *found.lines]],
        "hidden": worklist.reading.hidden,
        "rows": worklist.lines(list(page.object_list)),
        "page": page,
        "show": show,
        "chips": [(s, word, found.all.states.get(s, 0)) for s, word in STATES.items()],
        "total": sum(found.all.states.values()),
        "next": worklist.next_after(),
        "may_end": member.role in access.CURATORS and not worklist.review.ended_at,
    }
    return render(request, "coding/review.html", context)


def _strip(line: reviewing.Line) -> charts.Svg | str:
    told = line.rate
    if not told.of:
        return ""
    return charts.rate(told.value, told.low, told.high, None, 1.0, f"{line.label}: rate of error")


@login_required
def next_cell(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """The next cell to look at; the review where there is none."""
    assert isinstance(request.user, User)
    member = access.member_or_404(request.user, slug, *access.ADJUDICATORS)
    row = Worklist(request.user, member, number).next_after(_number(request.GET.get("after")))
    if row is None:
        messages.success(request, "Nothing is left to look at here.")
        return redirect("coding:review", slug, number)
    return redirect(address(slug, number, row.place))


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 9 else 0


def address(slug: str, number: int, place: int) -> str:
    """The page of one cell; what is ruled there leads back to the review."""
    page = reverse("coding:verification", args=[slug, number, place])
    return f"{page}?review={number}&place={place}"


@login_required
def verification(request: HttpRequest, slug: str, number: int, place: int) -> HttpResponse:
    """One cell with all its evidence: confirm it, correct it, or ask its coder."""
    return _cell(request, slug, number, place)


def _cell(
    request: HttpRequest, slug: str, number: int, place: int, error: str = ""
) -> HttpResponse:
    assert isinstance(request.user, User)
    member = access.member_or_404(request.user, slug, *access.ADJUDICATORS)
    worklist = Worklist(request.user, member, number)
    row = get_object_or_404(worklist.rows, place=place)
    desk = Desk(request, row.cell.case_id)
    if desk.dossier.row(row.cell_id) is None:
        raise Http404
    item = desk.item(desk.dossier.cell(row.cell_id))
    following = worklist.next_after(place)
    context = {
        "project": member.project,
        "review": worklist.review,
        "row": row,
        "word": STATES[row.state],
        "case": desk.case,
        "desk": desk,
        "item": item,
        "causes": work.CAUSES,
        "following": address(slug, number, following.place) if following else "",
        "may_ask": item.evidence.group in ("agreed", "single")
        and row.state in OPEN
        and not desk.barred
        and not worklist.review.ended_at,
        "error": error,
        "typed": request.POST.get("question", ""),
    }
    return render(request, "coding/review_cell.html", context, status=422 if error else 200)


@writes
def ask(request: HttpRequest, slug: str, number: int, place: int) -> HttpResponse:
    """Return a cell to its coders with a question."""
    assert isinstance(request.user, User)
    member = access.member_or_404(request.user, slug, *access.ADJUDICATORS)
    row = get_object_or_404(Worklist(request.user, member, number).rows, place=place)
    question = request.POST.get("question", "").strip()[:2_000]
    if not question:
        return _cell(request, slug, number, place, "Write the question that the coder answers.")
    work.return_cell(row=row, question=question, by=request.user)
    messages.success(request, "Asked: the coder answers in words.")
    return redirect(f"{reverse('coding:next-cell', args=[slug, number])}?after={place}")


# ------------------------------------------------------------------ a coder's questions


@dataclass(frozen=True)
class Question:
    row: blind.Checked
    case: Case
    entry: Entry
    shown: str

    @property
    def is_open(self) -> bool:
        return self.row.state == "returned" and not self.row.review.ended_at


@login_required
def questions(request: HttpRequest, slug: str) -> HttpResponse:
    """What reviewers ask of one's own cells, what is open first."""
    return _questions(request, access.member_or_404(request.user, slug, *access.TEAM))


def _questions(
    request: HttpRequest, member: Member, pressed: int = 0, status: int = 200
) -> HttpResponse:
    assert isinstance(request.user, User)
    entries = codebooks.newest_entries(member.project)
    states = codebooks.states_of(member.project.pk)
    asked = blind.questions_for(request.user, member.project)
    rows = asked.select_related("cell__case__root", "review", "asked_by", "answered_by")
    found = [
        Question(row, row.cell.case, entry, canonical.show(row.text, entry.domain, states))
        for row in rows
        for entry in [entries[row.cell.variable_id]]
    ]
    found.sort(key=lambda q: not q.is_open)
    context = {
        "project": member.project,
        "questions": found,
        "open": sum(q.is_open for q in found),
        "pressed": pressed,
    }
    return render(request, "coding/questions.html", context, status=status)


@writes
def answer(request: HttpRequest, slug: str, row: int) -> HttpResponse:
    """Answer a reviewer in words; what was coded stays as it is."""
    assert isinstance(request.user, User)
    member = access.member_or_404(request.user, slug, *access.TEAM)
    asked = get_object_or_404(blind.questions_for(request.user, member.project), pk=row)
    said = request.POST.get("answer", "").strip()[:2_000]
    if not said:
        return _questions(request, member, pressed=asked.pk, status=422)
    work.answer_question(row=asked, answer=said, by=request.user)
    messages.success(request, "Answered: the reviewer goes on with the cell.")
    return redirect("coding:questions", slug)
