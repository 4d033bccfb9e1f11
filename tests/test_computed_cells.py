"""Cells that are computed from others: they wait, follow, and go with what they need."""

from __future__ import annotations

import pytest

from coding import blind, codebooks, work
from coding.errors import Refused
from coding.models import Cell, Coding
from tests.conftest import World
from tests.test_cells import CLOSE, past, state_of
from tests.test_codebooks import published
from tests.test_documents import changed


def whole(world: World, coding: Coding, strength: str = "250") -> None:
    world.say(coding, "regime")
    world.say(coding, "1000", "troops")
    world.say(coding, "200", "partners")
    sheet = world.sheet_of(coding.coder, "200")
    world.say(sheet, "2", "sent")
    world.say(sheet, strength, "strength")
    work.submit(coding=coding)


def test_a_computed_cell_waits_until_what_it_needs_is_settled(world: World) -> None:
    whole(world, world.coding_a)
    whole(world, world.coding_b, "500")
    before = list(blind.all_cells(world.project).filter(status="derived"))

    world.settle("500", "strength")

    assert before == []
    assert state_of(world.cell("share")) == ("derived", "0.5", 0, False)


def test_a_computed_cell_goes_with_what_it_was_computed_from(world: World) -> None:
    whole(world, world.coding_a)
    whole(world, world.coding_b)
    share = world.cell("share")

    world.settle(None, "troops")

    assert not Cell.objects.filter(pk=share.pk).exists()
    assert past(share)[-1][2] == "can no longer be computed"


def test_a_computed_cell_is_neither_settled_nor_verified(world: World) -> None:
    whole(world, world.coding_a)
    whole(world, world.coding_b)

    for act in (
        lambda: world.settle("0.3", "share"),
        lambda: work.verify(cell=world.cell("share"), by=world.adjudicator),
    ):
        with pytest.raises(Refused, match="This cell is computed"):
            act()


def test_computing_again_what_has_not_changed_leaves_no_trace(world: World) -> None:
    whole(world, world.coding_a)
    whole(world, world.coding_b)
    before = Cell.history.count()

    work.recompute(root=world.case)
    work.recompute(root=world.case)

    assert Cell.history.count() == before


def test_cells_are_compared_as_the_newest_codebook_says(world: World) -> None:
    world.close("100", "105", "troops")
    assert world.cell("troops").status == "disputed"
    newer = published(world.project, changed(CLOSE))
    coding = work.assign(case=world.case, coder=world.curator, codebook=newer)
    entries = {e.name: e for e in codebooks.entries(newer)}

    work.save_value(coding=coding, entry=entries["goal"], text="regime")
    work.save_value(coding=coding, entry=entries["troops"], text="105")
    work.submit(coding=coding)

    # How near is agreed is the entry's to say: the same variable, the same cell.
    assert state_of(world.cell("troops")) == ("agreed", "105", 3, False)
