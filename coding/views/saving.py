"""Saving one answer, and citing where it was read: the hot path of the sheet."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from coding import access, blind, codebooks, sittings, work
from coding.blind import Quoted, Said
from coding.errors import Overtaken, Refused
from coding.forms import CitationForm, States, ValueForm, takes_states
from coding.models import Coding, Entry
from coding.rules import Surroundings
from coding.sittings import Sheet
from coding.views.questions import Question, conflict_of
from coding.views.sheet import page, questions_of, rows_of, warnings_of
from coding.views.writing import is_fetch, kept, writes


@require_http_methods(["GET", "POST"])
def field(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """One entry: POST saves it, GET draws it as it is stored."""
    return save(request, pk, name) if request.method == "POST" else stored(request, pk, name)


@login_required
def stored(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """The field as it stands, for the script; a person is led to its place on the sheet."""
    coding = access.own_coding_or_404(request.user, pk)
    access.refuse_while_coding_again(request.user, coding)
    entry = _entry_or_404(coding, name)
    if not is_fetch(request):
        return redirect(_place(coding, name))
    this = sittings.sheet(coding, sittings.sheets_of(coding))
    question = next(q for q in questions_of(this) if q.name == entry.name)
    return render(request, "coding/_field.html", {"q": question, "coder": request.user.pk})


@writes
def save(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Keep an answer, and say what it changes on the sheet."""
    coding = access.own_coding_or_404(request.user, pk)
    entry = _entry_or_404(coding, name)
    states = codebooks.states_of(coding.codebook.project_id) if takes_states(entry) else {}
    form = ValueForm(request.POST, entry=entry, states=states)
    try:
        complaints = [] if "clear" in request.POST else _complaints(form, coding, entry)
        if complaints:
            return _not_saved(request, coding, entry, states, errors=complaints)
        said = _keep(coding, entry, form, request.POST)
    except Overtaken:
        return _overtaken(request, coding, entry, states)
    except Refused as no:
        return _refused(request, coding, entry, no)
    if is_fetch(request):
        return _saved(request, coding, entry, states, said)
    return redirect(_place(coding, name))


def _place(coding: Coding, name: str) -> str:
    return f"{reverse('coding:sheet', args=[coding.pk])}#f-{name}"


def _entry_or_404(coding: Coding, name: str) -> Entry:
    """An entry that this coding asks; top-ups and recodes ask a part of the codebook."""
    for entry in codebooks.entries_of(coding.codebook, coding.case.unit_id):
        if entry.name == name and not entry.is_computed:
            break
    else:
        raise Http404
    if coding.purpose != Coding.Purpose.PRODUCTION:
        asked = coding.asks.values_list("pk", flat=True)
        if asked and entry.pk not in asked:
            raise Http404
    return entry


def _complaints(form: ValueForm, coding: Coding, entry: Entry) -> list[str]:
    if not form.is_valid():
        return form.complaints
    if not form.cleaned_data["text"] and _cited(coding, entry):
        return ["Its citations would go with the answer. Press Clear to take both away."]
    return []


def _cited(coding: Coding, entry: Entry) -> Sequence[Quoted]:
    said = _said(coding, entry)
    return blind.own_citations(coding.pk).get(said.pk, ()) if said else ()


def _said(coding: Coding, entry: Entry) -> Said | None:
    return blind.own_answers([coding.pk]).get(coding.pk, {}).get(entry.name)


def _keep(coding: Coding, entry: Entry, form: ValueForm, posted: QueryDict) -> Said | None:
    """Save what the form holds; an answer that was emptied is taken off the sheet."""
    seen = posted.get("seen")
    if "clear" in posted or not form.cleaned_data["text"]:
        work.clear_value(coding=coding, entry=entry, seen=seen)
        return None
    value = work.save_value(coding=coding, entry=entry, seen=seen, **form.cleaned_data)
    return Said(value.pk, value.text, value.note, value.certainty, value.saved_at)


# ------------------------------------------------------------------ what is answered


def _alone(coding: Coding, entry: Entry, said: Said | None) -> Sheet:
    """A sheet of one entry: enough where no rule reads it."""
    return Sheet(coding, (entry,), {entry.name: said} if said else {}, Surroundings())


def _fragment(context: dict[str, object], status: int = 200) -> HttpResponse:
    return HttpResponse(render_to_string("coding/_answers.html", context), status=status)


def _saved(
    request: HttpRequest, coding: Coding, entry: Entry, states: States, said: Said | None
) -> HttpResponse:
    """The field's new state, and whatever its answer changes elsewhere on the sheet."""
    url = reverse("coding:sheet", args=[coding.pk])
    cleared = "" if said else entry.name
    swayed = codebooks.swayed(coding.codebook, entry)
    with_rows = swayed.rows or bool(entry.variable.roster_of_id)
    if not (with_rows or swayed.by_rules or swayed.across):
        question = Question(entry, _alone(coding, entry, said), 0, states, sheet_url=url)
        return _fragment({"questions": [question], "cites": cleared})
    # Most rules of a sheet that has none above it read nothing but that sheet.
    is_whole = with_rows or swayed.across or coding.case.parent_id is not None
    sheets = sittings.readings(sittings.sheets_of(coding) if is_whole else [coding])
    this = next(s for s in sheets if s.coding.pk == coding.pk)
    changed = [e for e in this.entries if e.name in swayed.names]
    if any(takes_states(e) for e in changed) and not states:
        states = codebooks.states_of(coding.codebook.project_id)
    context = {
        "questions": [Question(e, this, 0, states, sheet_url=url) for e in changed],
        "cites": cleared,
        "rows": rows_of(sheets, coding) if with_rows else (),
        "with_rows": with_rows,
        "warnings": warnings_of(sheets, coding),
        "with_warnings": is_whole,
    }
    return _fragment(context)


def _not_saved(
    request: HttpRequest,
    coding: Coding,
    entry: Entry,
    states: States,
    *,
    status: int = 422,
    **shown: object,
) -> HttpResponse:
    """The field again with what was sent and why it was not kept."""
    if not is_fetch(request):
        return page(
            request, coding, status=status, name=entry.name, shown={"posted": request.POST} | shown
        )
    question = Question(entry, _alone(coding, entry, None), 0, states, **shown)  # type: ignore[arg-type]
    question.sheet_url = reverse("coding:sheet", args=[coding.pk])
    return _fragment({"questions": [question]}, status)


def _overtaken(request: HttpRequest, coding: Coding, entry: Entry, states: States) -> HttpResponse:
    """Another tab was quicker: both answers are shown, and the coder chooses."""
    conflict = conflict_of(_said(coding, entry), entry, states)
    return _not_saved(request, coding, entry, states, status=409, conflict=conflict)


def _refused(request: HttpRequest, coding: Coding, entry: Entry, no: Refused) -> HttpResponse:
    if is_fetch(request):
        return _not_saved(request, coding, entry, {}, status=409, errors=[no.reason])
    return kept(request, coding.pk, status=409, reason=no.reason)


# ------------------------------------------------------------------ evidence


@writes
def cite(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Add a citation to an answer, or take one off."""
    coding = access.own_coding_or_404(request.user, pk)
    entry = _entry_or_404(coding, name)
    form = CitationForm(request.POST)
    try:
        if "remove" in request.POST:
            work.remove_citation(coding=coding, citation=_number(request.POST["remove"]))
        elif form.is_valid():
            work.add_citation(coding=coding, entry=entry, **form.cleaned_data)
        else:
            return _not_cited(request, coding, entry, form.complaints, 422)
    except Refused as no:
        return _not_cited(request, coding, entry, [no.reason], 409)
    if not is_fetch(request):
        return redirect(_place(coding, name))
    this = _alone(coding, entry, _said(coding, entry))
    return _cites(Question(entry, this, 0, {}, cited=_cited(coding, entry)))


def _number(text: str) -> int:
    if not text.isdecimal():
        raise Http404
    return int(text)


def _cites(question: Question, status: int = 200) -> HttpResponse:
    return _fragment({"questions": [question], "only_cites": True}, status)


def _not_cited(
    request: HttpRequest, coding: Coding, entry: Entry, errors: list[str], status: int
) -> HttpResponse:
    if is_fetch(request):
        alone = _alone(coding, entry, None)
        return _cites(Question(entry, alone, 0, {}, cite_errors=errors), status)
    if status == 409:
        return kept(request, coding.pk, status=status, reason=errors[0])
    shown = {"citing": request.POST, "cite_errors": errors}
    return page(request, coding, status=status, name=entry.name, shown=shown)
