"""What a coder writes on a sheet: values and their citations."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User
from django.utils import timezone

from coding import canonical
from coding.errors import Overtaken, Refused
from coding.models import Citation, Coding, Entry, Source, Value
from coding.work import rows, signed
from coding.work.act import act


def locked(coding: Coding) -> Coding:
    """The coding as it stands, held until the transaction ends. Refuses when it is closed."""
    held = Coding.objects.select_for_update(of=("self",)).get(pk=coding.pk)
    if held.withdrawn_at:
        raise Refused("This sheet was withdrawn: it can no longer change.")
    if held.submitted_at:
        raise Refused("This coding is submitted: it can no longer change.")
    held.case = coding.case  # it never changes, so it need not be read again
    return held


@act
def save_value(
    *,
    coding: Coding,
    entry: Entry,
    text: str,
    certainty: int | None = None,
    note: str = "",
    reason: str = "",
    seen: str | None = None,
    by: User | None = None,
) -> Value:
    """Record what the coder says now, in its written form. The same again leaves no trace.

    With `seen`, the token of the answer that the coder had in view, a newer one is not overwritten.
    `by` signs the history where no request says who it is.
    """
    coding = locked(coding)
    if entry.codebook_id != coding.codebook_id or entry.variable.unit_id != coding.case.unit_id:
        raise Refused(f"{entry.name} is not a question of this sheet.")
    refuse_another_row(coding, entry, text)
    value = _said(coding, entry)
    if value and (value.text, value.certainty, value.note) == (text, certainty, note):
        return value
    _refuse_unseen(value, seen)
    if value is None:
        value = Value(coding=coding, variable_id=entry.variable_id)
    value.text, value.certainty, value.note = text, certainty, note
    value.saved_at = timezone.now()
    signed.save(value, why=reason, by=by)
    if entry.variable.roster_of_id:
        rows.follow_roster(coding, entry, listed(text, entry))
    return value


def token(saved_at: datetime | None) -> str:
    """What a page remembers of the answer that it shows; "" where there was none."""
    return saved_at.isoformat() if saved_at else ""


def _said(coding: Coding, entry: Entry) -> Value | None:
    """What the coder says so far: one value at most, so nothing is sorted."""
    found = Value.objects.filter(coding=coding.pk, variable=entry.variable_id)
    return next(iter(found), None)


def _refuse_unseen(value: Value | None, seen: str | None) -> None:
    if seen is not None and seen != token(value.saved_at if value else None):
        raise Overtaken("This answer was changed in another tab or on another device.")


def refuse_another_row(coding: Coding, entry: Entry, text: str) -> None:
    """A partner's sheet stands for the state that was listed; another state is listed anew."""
    if entry.names_its_row and text != coding.case.key.rpartition("/")[2]:
        raise Refused(f"This sheet stands for {coding.case.title}: list another state instead.")


def listed(text: str, entry: Entry) -> list[str]:
    """The states that a roster lists; a missing code lists none."""
    return [] if entry.domain.is_missing(text) else canonical.members(text)


@act
def clear_value(*, coding: Coding, entry: Entry, seen: str | None = None) -> None:
    """Take an answer off the sheet. Its history stays."""
    coding = locked(coding)
    if entry.names_its_row:
        raise Refused("This sheet stands for a listed state: take the state off the list instead.")
    value = _said(coding, entry)
    if value is None:
        return
    _refuse_unseen(value, seen)
    for citation in Citation.objects.filter(value=value):
        citation.delete()
    value.delete()
    if entry.variable.roster_of_id:
        rows.follow_roster(coding, entry, [])


@act
def add_citation(
    *, coding: Coding, entry: Entry, source: str, locator: str = "", quote: str = ""
) -> Citation:
    """Cite where the value was read; a source not known yet is added to the project."""
    coding = locked(coding)
    value = _said(coding, entry)
    if value is None:
        raise Refused(f"Answer {entry.label} first: a citation belongs to an answer.")
    project = coding.case.unit.project_id
    known, _ = Source.objects.get_or_create(project_id=project, citation=source)
    citation, _ = Citation.objects.get_or_create(
        value=value, source=known, locator=locator, defaults={"quote": quote}
    )
    if citation.quote != quote:
        citation.quote = quote
        citation.save()
    return citation


@act
def remove_citation(*, coding: Coding, citation: int) -> None:
    """Take a citation off an answer. Its history stays."""
    coding = locked(coding)
    for found in Citation.objects.filter(pk=citation, value__coding=coding):
        found.delete()
