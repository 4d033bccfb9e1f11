"""Many rulings in one act, the same taken back in one act, and many cells opened anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.utils import timezone

from coding.bulk import BulkRule, Proposed
from coding.errors import Refused
from coding.models import Batch, Case, Cell, Entry, Project
from coding.work import cells, derived, grounds, reviews, signed
from coding.work.act import act
from coding.work.grounds import Place

Status = Cell.Status
SAID = (
    *("status", "text", "cause", "reason", "rule_id", "batch_id"),
    *("flagged", "reopened", "verified_by_id", "verified_at"),
)
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


@dataclass(frozen=True)
class Correction:
    """What a cell shall say, why, and the cell as it stood when that was looked at."""

    cell: int
    entry: Entry
    text: str | None
    cause: str
    reason: str
    since: datetime
    rule: Entry | None = None
    sources: Sequence[Place] = ()


@act
def correct_in_bulk(
    *, project: Project, corrections: Sequence[Correction], file: str, note: str, by: User
) -> Batch:
    """Settle or correct all these cells out of a file, each as by hand, or none of them."""
    if not note.strip():
        raise Refused("Say why these cells are corrected: the log keeps it.")
    if not corrections:
        raise Refused("There is nothing to correct.")
    if any(each.entry.variable.roster_of_id for each in corrections):
        raise Refused("A list of rows is ruled on by hand: it decides which rows there are.")
    batch = Batch(project=project, rule=Batch.Rule.FILE, file=file[:200], reason=note.strip())
    batch.by = by
    signed.save(batch, why=note.strip(), by=by)
    for each in corrections:
        cells.settle(
            cell=Cell(pk=each.cell),
            entry=each.entry,
            text=each.text,
            cause=each.cause,
            reason=each.reason,
            by=by,
            seen=each.since,
            batch=batch,
            rule=each.rule,
            sources=each.sources,
        )
    return batch


@act
def undo_batch(*, batch: Batch, reason: str, by: User) -> int:
    """Take the rulings of a batch back, but for cells that were ruled on anew since.

    What a rule settled is a dispute again; what was corrected out of a file says what it said.
    """
    batch = Batch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
    if batch.undone_at:
        raise Refused("These rulings were taken back already.")
    if not reason.strip():
        raise Refused("Say why the rulings are taken back.")
    batch.undone_by, batch.undone_at, batch.undone_reason = by, timezone.now(), reason.strip()
    signed.save(batch, why=reason, by=by)
    rows = Cell.objects.select_for_update(of=("self",)).filter(batch=batch)
    stand = list(rows.select_related("case").order_by("pk"))
    if batch.rule == Batch.Rule.FILE:
        return _give_back(stand, batch, by)
    count = _open(stand, reason.strip(), by)
    _compare(stand)  # what its codings give may be another than when the rule was followed
    return count


def _compare(stand: Sequence[Cell]) -> None:
    for root in Case.objects.filter(pk__in={cell.case.family_id for cell in stand}):
        cells.recompute(root=root)


def _give_back(stand: Sequence[Cell], batch: Batch, by: User) -> int:
    """Let corrected cells say again what they said, for the reason that they said it.

    What they said by a batch that was taken back meanwhile, nobody says any more: a dispute.
    """
    before = _before(stand, batch)
    gone = set(
        Batch.objects.filter(
            pk__in={row.batch_id for row in before.values()}, undone_at__isnull=False
        ).values_list("pk", flat=True)
    )
    _open([c for c in stand if before[c.pk].batch_id in gone], batch.undone_reason, by)
    back = [cell for cell in stand if before[cell.pk].batch_id not in gone]
    for cell in back:
        rested = grounds.laid_before(cell, batch.at)
        for column in SAID:
            setattr(cell, column, getattr(before[cell.pk], column))
        cell.since = timezone.now()
        signed.save(cell, why=f"Correction taken back: {batch.undone_reason}", by=by)
        grounds.lay(cell, rested, by)
    reviews.look_again(stand, batch.undone_reason, by)
    _compare(stand)
    return len(stand)


def _before(stand: Sequence[Cell], batch: Batch) -> dict[int, Cell]:
    """Each cell as it was just before the batch."""
    found: dict[int, Cell] = {}
    taken: set[int] = set()
    rows = Cell.history.filter(id__in=[cell.pk for cell in stand]).order_by("history_id")
    for row in rows:
        taken |= {row.id} if row.batch_id == batch.pk else set()
        if row.id not in taken:
            found[row.id] = row
    return found


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
    reviews.look_again(stand, reason, by)
    roots = Case.objects.filter(pk__in={c.case.family_id for c in stand})
    for root in roots.select_related("unit__project"):
        derived.derive(root)
    return len(stand)
