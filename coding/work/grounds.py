"""The sources on which a ruling rests: they go with it, and their history stays."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.contrib.auth.models import User

from coding.models import Cell, Ground, Source
from coding.work import signed

ANEW = "ruled on anew"


class Place(NamedTuple):
    """A source on which a ruling rests, where in it, and in which words."""

    source: Source
    locator: str = ""
    quote: str = ""


def lay(cell: Cell, sources: Sequence[Place], by: User) -> None:
    """Let the ruling on a cell rest on these sources and on no others."""
    wanted = {(p.source.pk, p.locator.strip()): p.quote.strip() for p in sources}
    for ground in Ground.objects.filter(cell=cell):
        place = (ground.source_id, ground.locator)
        if wanted.get(place) == ground.quote:
            del wanted[place]
        else:
            signed.delete(ground, why=ANEW, by=by)
    for (source, locator), quote in sorted(wanted.items()):
        ground = Ground(cell=cell, source_id=source, locator=locator, quote=quote)
        signed.save(ground, why="decided the ruling", by=by)


def take_away(cells: Sequence[Cell], by: User) -> None:
    """These cells are open again: nothing decides them."""
    for ground in Ground.objects.filter(cell__in=cells):
        signed.delete(ground, why="opened again", by=by)


def laid_before(cell: Cell, moment: datetime) -> list[Place]:
    """The sources on which a cell rested until it was ruled on anew at that moment or later."""
    gone = Ground.history.filter(
        cell_id=cell.pk, history_type="-", history_date__gte=moment, history_change_reason=ANEW
    )
    sources = Source.objects.in_bulk([row.source_id for row in gone])
    return [Place(sources[row.source_id], row.locator, row.quote) for row in gone]
