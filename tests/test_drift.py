"""What is disputed is a function of the codings: worked out anew, it is the same."""

from __future__ import annotations

from coding import work
from coding.models import Cell, Coding
from coding.work import Drift
from tests.conftest import World
from tests.tables import refused, run


def found(world: World) -> list[Drift]:
    return list(work.drift(project=world.project))


def rows(world: World) -> list[tuple[object, ...]]:
    return [
        *Cell.objects.order_by("pk").values_list(),
        *Cell.history.order_by("history_id").values_list(),
        *Coding.history.order_by("history_id").values_list(),
    ]


def test_cells_as_their_codings_give_them_show_no_drift(world: World) -> None:
    world.close("regime", "policy")
    world.settle("policy")
    before = rows(world)

    assert found(world) == []
    assert rows(world) == before


def test_a_cell_that_was_changed_behind_the_acts_is_named_and_left_as_it_is(world: World) -> None:
    world.close("regime", "policy")
    Cell.objects.filter(pk=world.cell().pk).update(status="agreed", text="regime")
    before = rows(world)

    assert found(world) == [
        Drift("US-1991-GUL", "goal", "regime, agreed by 2", "disputed by 2"),
    ]
    assert rows(world) == before


def test_a_cell_that_went_missing_is_named(world: World) -> None:
    world.close("regime", "regime")
    Cell.objects.filter(pk=world.cell().pk).delete()

    assert found(world) == [Drift("US-1991-GUL", "goal", "no cell", "regime, agreed by 2")]


def test_the_nightly_check_fails_where_a_cell_drifted(world: World) -> None:
    world.close("regime", "policy")

    assert "Every cell is what its codings give." in run("check_cells", "--project", "usmi")

    Cell.objects.filter(pk=world.cell().pk).update(status="single", text="policy")
    assert refused("check_cells", "--project", "usmi") == [
        "1 cell is not what its codings give.",
        "  US-1991-GUL goal: policy, single by 2; should be: disputed by 2",
    ]
