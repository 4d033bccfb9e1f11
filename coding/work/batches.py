"""Many rulings in one act, the same taken back in one act, and many cells opened anew."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.auth.models import User
from django.utils import timezone

from coding.bulk import BulkRule, Proposed
from coding.errors import Refused
from coding.models import Batch, Case, Cell, Project
from coding.work import cells, grounds, signed
from coding.work.act import act

Status = Cell.Status
REOPENED = "Opened again: "


@act
def rule_in_bulk(
    *,
    project: Project,
    rule: BulkRule,
    proposed: Sequence[Proposed],
    cause: str,
    reason: str,
    by: User,
) -> Batch:
    """Settle all these disputes by one rule, or none of them.

    Each is settled as by hand: who coded a case rules on none of its cells, and a cell that
    somebody ruled on since stops all of it.
    """
    if not reason.strip():
        raise Refused("Rulings in bulk need a reason: coders will read it.")
    if not proposed:
        raise Refused("The rule takes no answer for any of these disputes.")
    batch = Batch(
        project=project,
        rule=rule.rule,
        coders=rule.coders,
        certainty=rule.certainty,
        reason=reason.strip(),
        by=by,
    )
    signed.save(batch, why=reason, by=by)
    said = f"{reason.strip()} ({rule.words})"
    for each in proposed:
        cells.settle(
            cell=Cell(pk=each.cell),
            entry=each.entry,
            text=each.text,
            cause=cause,
            reason=said,
            by=by,
            seen=each.since,
            batch=batch,
        )
    return batch


@act
def undo_batch(*, batch: Batch, reason: str, by: User) -> int:
    """Open the disputes of a batch again, but for those that were ruled on anew since."""
    batch = Batch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
    if batch.undone_at:
        raise Refused("These rulings were taken back already.")
    if not reason.strip():
        raise Refused("Say why the rulings are taken back.")
    batch.undone_by, batch.undone_at, batch.undone_reason = by, timezone.now(), reason.strip()
    signed.save(batch, why=reason, by=by)
    stand = Cell.objects.select_for_update(of=("self",)).filter(batch=batch)
    return _open(list(stand.order_by("pk")), reason.strip(), by)


@act
def reopen(*, chosen: Sequence[Cell], reason: str, by: User) -> int:
    """Put cells back among the disputes, whatever they had come to: someone must look again."""
    if not reason.strip():
        raise Refused("Say why these cells are opened again.")
    held = Cell.objects.select_for_update(of=("self",)).filter(pk__in=[c.pk for c in chosen])
    stand = held.exclude(status__in=(Status.DERIVED, Status.DISPUTED)).order_by("pk")
    return _open(list(stand), f"{REOPENED}{reason.strip()}", by, reopened=True)


def _open(stand: Sequence[Cell], reason: str, by: User, *, reopened: bool = False) -> int:
    for cell in stand:
        cell.status, cell.text, cell.cause = Status.DISPUTED, None, ""
        cell.reason, cell.reopened = (reason, True) if reopened else ("", cell.reopened)
        cell.batch, cell.rule, cell.flagged = None, None, False
        cell.verified_by, cell.verified_at, cell.since = None, None, timezone.now()
        signed.save(cell, why=reason, by=by)
    grounds.take_away(stand, by)
    roots = Case.objects.filter(pk__in={c.case.family_id for c in stand})
    for root in roots.select_related("unit__project"):
        cells.derive(root)
    return len(stand)
