"""Whether the cells are still what the codings give: worked out anew, told, and undone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from django.db import transaction
from django.db.models import Exists, Max, OuterRef

from coding import blind, codebooks
from coding.models import Case, Cell, Coding, Project
from coding.work.cells import recompute


class Drift(NamedTuple):
    """A cell that is not what the codings of its case give, or that they would make or lose."""

    case: str
    variable: str
    stands: str
    follows: str


def drift(*, project: Project) -> Iterator[Drift]:
    """Every cell of a project that recomputing would change. Nothing is written.

    For operators, as a nightly check: it reads all cells, whoever may see them.
    """
    names = {pk: entry.name for pk, entry in codebooks.newest_entries(project).items()}
    opened = Coding.objects.standing().exclude(unblinded_at=None).order_by().values("case")
    roots = Case.objects.filter(unit__project=project, parent=None)
    below = Case.objects.filter(pk__in=opened).exclude(root=None).values("root")
    for root in (roots.filter(pk__in=opened) | roots.filter(pk__in=below)).distinct():
        yield from _drift_of(root, names)


def _drift_of(root: Case, names: dict[int, str]) -> list[Drift]:
    """What recomputing would write; the database takes all of it back."""
    with transaction.atomic():
        before = dict(_cells(root))
        last = Cell.history.aggregate(last=Max("history_id"))["last"] or 0
        recompute(root=root)
        written = Cell.history.filter(history_id__gt=last).exists()
        after = dict(_cells(root)) if written else before
        transaction.set_rollback(True)
    changed = [key for key in before | after if before.get(key) != after.get(key)]
    return [
        Drift(key[0], names[key[1]], _told(before.get(key)), _told(after.get(key)))
        for key in sorted(changed)
    ]


def unverified(*, project: Project) -> Iterator[Drift]:
    """Single and agreed cells that were verified once, and that nobody ruled on since: their mark
    went without an act. There should be none."""
    names = {pk: entry.name for pk, entry in codebooks.newest_entries(project).items()}
    before = Cell.history.filter(id=OuterRef("pk"), verified_at__isnull=False)
    lost = blind.all_cells(project).filter(
        Exists(before), status__in=(Cell.Status.SINGLE, Cell.Status.AGREED), verified_at=None
    )
    for key, variable in lost.order_by("case__key", "pk").values_list("case__key", "variable"):
        yield Drift(key, names[variable], "not verified", "verified")


Found = tuple[str, str | None, int, bool, bool]


def _cells(root: Case) -> Iterator[tuple[tuple[str, int], Found]]:
    cells = blind.all_cells(root.unit.project).filter(
        case__in=Case.objects.filter(pk=root.pk) | Case.objects.filter(root=root.pk)
    )
    columns = ("case__key", "variable", "status", "text", "coders", "verified_at", "flagged")
    for key, variable, status, text, coders, verified, flagged in cells.values_list(*columns):
        yield (key, variable), (status, text, coders, verified is not None, flagged)


def _told(found: Found | None) -> str:
    if found is None:
        return "no cell"
    status, text, coders, verified, flagged = found
    said = status if text is None else f"{text}, {status}"
    said = f"{said} by {coders}" if coders else said
    return f"{said}{', verified' if verified else ''}{', flagged' if flagged else ''}"
