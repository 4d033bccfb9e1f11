"""Waivers: a check that does not hold for a case is accepted as it is, with a reason."""

from __future__ import annotations

from django.contrib.auth.models import User

from coding.errors import Refused
from coding.models import Case, Entry, Waiver
from coding.work import signed
from coding.work.act import act


@act
def waive(*, case: Case, entry: Entry, rule: str, reason: str, by: User) -> Waiver:
    """Accept that a check of an entry does not hold for a case. Another reason replaces the first.

    Raises Refused for a blank reason, and for a rule that is no check of the entry.
    """
    if not reason.strip():
        raise Refused("A waiver needs a reason: those who use the data will read it.")
    if rule not in [check["expr"] for check in entry.checks]:
        raise Refused(f"{entry.name} has no such check now: look at the list again.")
    Case.objects.select_for_update(of=("self",)).get(pk=case.pk)
    found = Waiver.objects.filter(case=case, variable=entry.variable_id, rule=rule).first()
    waiver = found or Waiver(case=case, variable_id=entry.variable_id, rule=rule)
    if waiver.reason != reason.strip():
        waiver.reason, waiver.by = reason.strip(), by
        signed.save(waiver, why="waived", by=by)
    return waiver


@act
def end_waiver(*, case: Case, entry: Entry, rule: str, by: User) -> None:
    """Take a waiver back: the check counts again. Its history stays."""
    for waiver in Waiver.objects.filter(case=case, variable=entry.variable_id, rule=rule):
        signed.delete(waiver, why="waiver withdrawn", by=by)
