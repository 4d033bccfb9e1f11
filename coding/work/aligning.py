"""Rows without a natural key: which of one coder's rows are the same as another's."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.auth.models import User
from django.db.models import ProtectedError
from django.utils import timezone

from coding import blind, codebooks
from coding.errors import Refused
from coding.models import Case, Cell, Unit
from coding.work import bypasses, cells, claims, grounds, reviews, signed
from coding.work.act import act

Groups = Sequence[Sequence[Case]]


@act
def align(*, parent: Case, unit: Unit, groups: Groups, reason: str, by: User) -> list[Case]:
    """Say which rows of a unit below a case are one: each group becomes one case, its first row.

    Every opened row stands in exactly one group, alone or with rows of other coders: rows in are
    rows out. The other rows of a group leave the data set, superseded by the first; their codings
    stay where they are, and are compared there. Saying it anew undoes what was said before: rows
    whose company changes are compared afresh, and rulings on them are in their history alone.
    """
    if not reason.strip():
        raise Refused("Say why these rows are the same, or are not: coders will read it.")
    Case.objects.select_for_update(of=("self",)).get(pk=parent.pk)
    if no := bypasses.barred(parent, by):
        raise Refused(no)
    claims.respect(parent, by)
    known = _rows(by, parent, unit)
    _check(groups, known)
    changed = [kept for group in groups if (kept := _join(group, reason.strip(), by))]
    _compare_afresh(changed, reason.strip(), by)
    cells.recompute(root=cells.root_of(parent))
    return changed


def _rows(by: User, parent: Case, unit: Unit) -> dict[int, set[int]]:
    """The opened rows, each with who coded it."""
    found: dict[int, set[int]] = {}
    for coding in blind.opened_rows(by, parent, unit):
        found.setdefault(coding.case_id, set()).add(coding.coder_id)
    return found


def _check(groups: Groups, known: dict[int, set[int]]) -> None:
    named = sorted(case.pk for group in groups for case in group)
    if named != sorted(known):
        raise Refused("The rows are others by now: load the page again.")
    for group in groups:
        coders = [coder for case in group for coder in known[case.pk]]
        if len(coders) != len(set(coders)):
            raise Refused("Two rows of one coder are not the same row: take one of them out.")


def _join(group: Sequence[Case], reason: str, by: User) -> Case | None:
    """Let the first row stand for all; None where it did so already."""
    kept, *others = sorted(group, key=lambda case: case.pk)
    before = set(Case.objects.filter(superseded_by=kept).values_list("pk", flat=True))
    rows = Case.objects.select_for_update(of=("self",)).select_related("unit__project")
    held = rows.in_bulk([case.pk for case in group])
    changed = before != {case.pk for case in others} or held[kept.pk].superseded_by_id is not None
    for case in held.values():
        superseded = None if case.pk == kept.pk else kept.pk
        if case.superseded_by_id != superseded:
            case.superseded_by_id, case.in_universe = superseded, superseded is None
            signed.save(case, why=reason, by=by)
    return held[kept.pk] if changed else None


def _compare_afresh(changed: Sequence[Case], reason: str, by: User) -> None:
    """What was ruled on or verified rested on other codings: it says what its codings give."""
    found = Cell.objects.select_for_update(of=("self",)).filter(case__in=[c.pk for c in changed])
    stand = list(found.exclude(status=Cell.Status.DERIVED).select_related("case__unit__project"))
    said = cells.said_of([case.pk for case in changed])
    entries = codebooks.newest_entries(changed[0].unit.project) if changed else {}
    why = f"Rows matched: {reason}"
    reviews.look_again(stand, why, by)
    grounds.take_away(stand, by)
    for cell in stand:
        heard = said.get((cell.case_id, cell.variable_id))
        if not heard:
            _take_off(cell, why, by)
            continue
        verdict = cells.verdict_on(heard, entries[cell.variable_id])
        cell.status, cell.text = str(verdict["status"]), verdict["text"]
        cell.cause, cell.reason, cell.rule, cell.batch = "", "", None, None
        cell.flagged, cell.reopened = False, False
        cell.verified_by, cell.verified_at, cell.since = None, None, timezone.now()
        signed.save(cell, why=why, by=by)


def _take_off(cell: Cell, why: str, by: User) -> None:
    """A cell of which only the row spoke that goes its own way again."""
    try:
        signed.delete(cell, why=why, by=by)
    except ProtectedError as held:
        raise Refused(
            f"A cell of {cell.case} that only the other row fills is talked about or a precedent: "
            "leave these rows matched."
        ) from held
