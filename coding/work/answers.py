"""What a coder writes on a sheet: values and their citations."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from coding import canonical
from coding.errors import Refused
from coding.models import Citation, Coding, Entry, Source, Value
from coding.work import rows, signed


def locked(coding: Coding) -> Coding:
    """The coding as it stands, held until the transaction ends. Refuses when it is closed."""
    coding = Coding.objects.select_for_update(of=("self",)).select_related("case").get(pk=coding.pk)
    if coding.withdrawn_at:
        raise Refused("This sheet was withdrawn: it can no longer change.")
    if coding.submitted_at:
        raise Refused("This coding is submitted: it can no longer change.")
    return coding


@transaction.atomic
def save_value(
    *,
    coding: Coding,
    entry: Entry,
    text: str,
    certainty: int | None = None,
    note: str = "",
    reason: str = "",
) -> Value:
    """Record what the coder says now, in its written form. The same again leaves no trace."""
    coding = locked(coding)
    if entry.codebook_id != coding.codebook_id or entry.variable.unit_id != coding.case.unit_id:
        raise Refused(f"{entry.name} is not a question of this sheet.")
    value = Value.objects.filter(coding=coding, variable=entry.variable_id).first()
    if value is None:
        value = Value(coding=coding, variable_id=entry.variable_id)
    elif (value.text, value.certainty, value.note) == (text, certainty, note):
        return value
    value.text, value.certainty, value.note = text, certainty, note
    value.saved_at = timezone.now()
    signed.save(value, why=reason)
    if entry.variable.roster_of_id:
        rows.follow_roster(coding, entry, listed(text, entry))
    return value


def listed(text: str, entry: Entry) -> list[str]:
    """The states that a roster lists; a missing code lists none."""
    return [] if entry.domain.is_missing(text) else canonical.members(text)


@transaction.atomic
def clear_value(*, coding: Coding, entry: Entry) -> None:
    """Take an answer off the sheet. Its history stays."""
    coding = locked(coding)
    value = Value.objects.filter(coding=coding, variable=entry.variable_id).first()
    if value is None:
        return
    for citation in Citation.objects.filter(value=value):
        citation.delete()
    value.delete()
    if entry.variable.roster_of_id:
        rows.follow_roster(coding, entry, [])


@transaction.atomic
def add_citation(
    *, coding: Coding, entry: Entry, source: str, locator: str = "", quote: str = ""
) -> Citation:
    """Cite where the value was read; a source not known yet is added to the project."""
    coding = locked(coding)
    value = Value.objects.filter(coding=coding, variable=entry.variable_id).first()
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


@transaction.atomic
def remove_citation(*, coding: Coding, citation: int) -> None:
    """Take a citation off an answer. Its history stays."""
    coding = locked(coding)
    for found in Citation.objects.filter(pk=citation, value__coding=coding):
        found.delete()
