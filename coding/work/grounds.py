"""The sources on which a ruling rests: they go with it, and their history stays."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.auth.models import User

from coding.models import Cell, Ground, Source
from coding.work import signed


def lay(cell: Cell, sources: Sequence[tuple[Source, str]], by: User) -> None:
    """Let the ruling on a cell rest on these sources and on no others."""
    wanted = {(source.pk, locator.strip()) for source, locator in sources}
    for ground in Ground.objects.filter(cell=cell):
        place = (ground.source_id, ground.locator)
        if place not in wanted:
            signed.delete(ground, why="ruled on anew", by=by)
        wanted.discard(place)
    for source, locator in sorted(wanted):
        ground = Ground(cell=cell, source_id=source, locator=locator)
        signed.save(ground, why="decided the ruling", by=by)


def take_away(cells: Sequence[Cell], by: User) -> None:
    """These cells are open again: nothing decides them."""
    for ground in Ground.objects.filter(cell__in=cells):
        signed.delete(ground, why="opened again", by=by)
