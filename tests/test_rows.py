"""Partners and objectives: listed, added, put away, let in and ruled out."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from coding import blind, codebooks, work
from coding.errors import Refused
from coding.models import Case, Cell, Coding, Member, Unit, Value
from tests.conftest import World
from tests.test_cells import elsewhere
from tests.test_codebooks import published
from tests.test_documents import at, changed


def listing(world: World, coding: Coding, states: str, sent: str = "2") -> None:
    """A coder lists states, says what they sent, and hands in."""
    world.say(coding, "regime")
    world.say(coding, states, "partners")
    for state in [] if states in ("none", "-99") else states.split(";"):
        world.say(world.sheet_of(coding.coder, state), sent, "sent")
    work.submit(coding=coding)


def both(world: World, a: str, b: str) -> None:
    listing(world, world.coding_a, a)
    listing(world, world.coding_b, b)


def universe(world: World) -> dict[str, bool]:
    """State and whether it is in the data set."""
    partners = Case.objects.filter(parent=world.case).order_by("key")
    return {c.key.rpartition("/")[2]: c.in_universe for c in partners}


def top_ups() -> set[tuple[str, str]]:
    """Open top-ups: coder and state."""
    found = Coding.objects.open().filter(purpose="top_up")
    return {(c.coder.username, c.case.key.rpartition("/")[2]) for c in found}


def partner_cells(world: World, state: str) -> dict[str, tuple[str, str | None]]:
    names = {e.variable_id: e.name for e in codebooks.entries(world.codebook)}
    found = blind.all_cells(world.project).filter(case__key=f"{world.case.key}/{state}")
    return {names[c.variable_id]: (c.status, c.text) for c in found}


# ------------------------------------------------------------------ listed


def test_a_listed_state_has_one_case_whoever_lists_it(world: World) -> None:
    world.say(world.coding_a, "200", "partners")
    world.say(world.coding_b, "200;220", "partners")

    cases = Case.objects.filter(parent=world.case).order_by("key")
    assert [(c.key, c.title, c.rostered, c.root) for c in cases] == [
        ("US-1991-GUL/200", "United Kingdom", True, world.case),
        ("US-1991-GUL/220", "France", True, world.case),
    ]
    assert Coding.objects.filter(case__in=cases).count() == 3


def test_a_partners_sheet_says_already_which_state_it_is_for(world: World) -> None:
    world.say(world.coding_a, "200", "partners")
    sheet = world.sheet_of(world.coder_a, "200")

    assert [v.text for v in Value.objects.filter(coding=sheet)] == ["200"]
    with pytest.raises(Refused, match="This sheet stands for United Kingdom"):
        world.say(sheet, "220", "partner_state")
    with pytest.raises(Refused, match="take the state off the list"):
        work.clear_value(coding=sheet, entry=world.entry("partner_state"))


@pytest.mark.parametrize("emptied", ["none", "-99", None])
def test_a_roster_that_is_emptied_puts_every_sheet_away(world: World, emptied: str | None) -> None:
    world.say(world.coding_a, "200;220", "partners")
    world.say(world.sheet_of(world.coder_a, "200"), "2", "sent")

    if emptied:
        world.say(world.coding_a, emptied, "partners")
    else:
        work.clear_value(coding=world.coding_a, entry=world.entry("partners"))

    assert Coding.objects.standing().filter(case__parent=world.case).count() == 0
    assert Value.objects.filter(text="2").count() == 1


def test_a_delisting_touches_no_other_coder(world: World) -> None:
    world.say(world.coding_a, "200", "partners")
    world.say(world.coding_b, "200", "partners")

    world.say(world.coding_a, "none", "partners")

    standing = Coding.objects.standing().filter(case__parent=world.case)
    assert [c.coder for c in standing] == [world.coder_b]


def test_why_a_sheet_came_and_went_is_kept(world: World) -> None:
    for states in ("200", "none", "200"):
        world.say(world.coding_a, states, "partners")

    sheet = world.sheet_of(world.coder_a, "200")
    rows = Coding.history.filter(id=sheet.pk).order_by("history_id")
    assert list(rows.values_list("history_change_reason", flat=True))[1:] == [
        "no longer listed",
        "listed again",
    ]


def test_a_state_that_was_listed_under_an_older_codebook_gets_a_sheet_of_the_newer(
    world: World,
) -> None:
    world.say(world.coding_a, "200", "partners")
    newer = published(world.project, changed((at("goal", "rule"), "Another.")))
    coding = work.assign(case=world.case, coder=world.coder_a, codebook=newer)
    entry = next(e for e in codebooks.entries(newer) if e.name == "partners")

    work.save_value(coding=coding, entry=entry, text="200")

    sheets = Coding.objects.standing().filter(case__key="US-1991-GUL/200")
    assert {c.codebook for c in sheets} == {world.codebook, newer}


# ------------------------------------------------------------------ objectives


def objective(world: World, coding: Coding) -> Coding:
    unit = Unit.objects.get(project=world.project, name="objective")
    return work.add_row(coding=coding, unit=unit)


def test_an_objective_is_its_coders_own_and_its_key_tells_nothing(world: World) -> None:
    rows = [objective(world, coding) for coding in (world.coding_a, world.coding_b) * 2]

    keys = [row.case.key for row in rows]
    assert len(set(keys)) == 4
    assert all(key.startswith("US-1991-GUL/o-") for key in keys)
    assert [row.coder for row in rows] == [world.coder_a, world.coder_b] * 2


def test_a_removed_objective_keeps_what_was_typed_and_counts_no_more(world: World) -> None:
    row = objective(world, world.coding_a)
    world.say(row, "Iraqi forces leave Kuwait.", "objective_text")

    work.remove_row(coding=row)
    world.close("regime", "regime")

    assert Value.objects.filter(coding=row).count() == 1
    assert Cell.objects.filter(case=row.case).count() == 0


def test_objectives_are_single_and_both_coders_rows_stand(world: World) -> None:
    for coding, text in ((world.coding_a, "Free Kuwait."), (world.coding_b, "Weaken Iraq.")):
        world.say(objective(world, coding), text, "objective_text")
    world.close("regime", "regime")

    found = Cell.objects.filter(variable=world.entry("objective_text").variable)
    assert sorted((c.status, c.text, c.coders) for c in found) == [
        ("single", "Free Kuwait.", 1),
        ("single", "Weaken Iraq.", 1),
    ]


def test_rows_are_added_and_removed_only_in_the_right_place_and_moment(world: World) -> None:
    row = objective(world, world.coding_a)
    world.say(row, "Free Kuwait.", "objective_text")
    world.say(world.coding_a, "200", "partners")
    partner = world.sheet_of(world.coder_a, "200")
    world.say(partner, "1", "sent")
    units = {u.name: u for u in Unit.objects.filter(project=world.project)}

    for coding, unit in (
        (world.coding_a, "partner"),
        (world.coding_a, "intervention"),
        (partner, "objective"),
    ):
        with pytest.raises(Refused, match="cannot be added to this sheet"):
            work.add_row(coding=coding, unit=units[unit])
    with pytest.raises(Refused, match="cannot be removed"):
        work.remove_row(coding=partner)

    world.say(world.coding_a, "regime")
    work.submit(coding=world.coding_a)
    with pytest.raises(Refused, match="no row can be added"):
        objective(world, world.coding_a)
    with pytest.raises(Refused, match="cannot be removed"):
        work.remove_row(coding=row)


def test_a_withdrawn_sheet_takes_no_row(world: World) -> None:
    work.withdraw(coding=world.coding_a, reason="On leave", by=world.curator)

    with pytest.raises(Refused, match="no row can be added"):
        objective(world, world.coding_a)


# ------------------------------------------------------------------ rosters decided


def test_a_roster_on_which_all_agree_decides_at_once(world: World) -> None:
    both(world, "200;220", "200;220")

    assert world.cell("partners").status == "agreed"
    assert universe(world) == {"200": True, "220": True}
    assert top_ups() == set()
    assert partner_cells(world, "220")["sent"] == ("agreed", "2")


def test_a_partner_that_only_one_coder_listed_is_single_until_the_roster_is_settled(
    world: World,
) -> None:
    both(world, "200;220", "200")

    assert world.cell("partners").status == "disputed"
    assert partner_cells(world, "220") == {
        "partner_state": ("single", "220"),
        "sent": ("single", "2"),
    }
    assert top_ups() == set()


def test_states_that_nobody_listed_are_coded_by_all_when_the_ruling_adds_them(
    world: World,
) -> None:
    both(world, "200", "none")

    world.settle("200;255", "partners")

    assert universe(world) == {"200": True, "255": True}
    assert top_ups() == {("coder_b", "200"), ("coder_a", "255"), ("coder_b", "255")}
    sheet = world.sheet_of(world.coder_a, "255")
    assert [v.text for v in Value.objects.filter(coding=sheet)] == ["255"]


def test_a_top_up_is_compared_with_what_was_said_before(world: World) -> None:
    both(world, "200;220", "200")
    world.settle("200;220", "partners")

    world.say(world.sheet_of(world.coder_b, "220"), "1", "sent")
    work.submit(coding=world.sheet_of(world.coder_b, "220"))

    assert partner_cells(world, "220") == {
        "partner_state": ("agreed", "220"),
        "sent": ("disputed", None),
        "strength": ("single", "-88"),
    }


def test_of_two_top_ups_of_a_state_the_first_stays_closed(world: World) -> None:
    both(world, "200", "none")
    world.settle("200;255", "partners")
    first = world.sheet_of(world.coder_a, "255")

    world.say(first, "1", "sent")
    work.submit(coding=first)

    assert Coding.objects.get(pk=first.pk).unblinded_at is None
    assert partner_cells(world, "255") == {}


def test_a_ruling_that_leaves_a_state_out_takes_it_and_its_top_ups_off(world: World) -> None:
    both(world, "200;220", "200")
    world.settle("200;220", "partners")
    world.settle("200", "partners")

    assert universe(world) == {"200": True, "220": False}
    assert top_ups() == set()


def test_a_ruling_that_lets_a_state_in_again_brings_its_top_ups_back(world: World) -> None:
    both(world, "200;220", "200")
    world.settle("200;220", "partners")
    world.say(world.sheet_of(world.coder_b, "220"), "1", "sent")
    world.settle("200", "partners")

    world.settle("200;220", "partners")

    assert universe(world) == {"200": True, "220": True}
    assert top_ups() == {("coder_b", "220")}
    assert Value.objects.filter(coding=world.sheet_of(world.coder_b, "220"), text="1").exists()


@pytest.mark.parametrize("ruling", ["none", "-99"])
def test_a_ruling_that_there_was_no_partner_leaves_all_out(world: World, ruling: str) -> None:
    both(world, "200;220", "200")

    world.settle(ruling, "partners")

    assert universe(world) == {"200": False, "220": False}


def test_a_roster_left_unresolved_moves_nothing(world: World) -> None:
    both(world, "200;220", "200")

    world.settle(None, "partners")

    assert universe(world) == {"200": True, "220": True}
    assert top_ups() == set()


def test_computed_cells_count_only_who_is_in(world: World) -> None:
    world = elsewhere(
        world,
        (at("share", "derive"), "double(strength) / double(sum(siblings.map(s, s.strength)))"),
    )
    for coding, states in ((world.coding_a, "200;220"), (world.coding_b, "200")):
        world.say(coding, states, "partners")
        for state in states.split(";"):
            world.say(world.sheet_of(coding.coder, state), "100", "strength")
        listing(world, coding, states)
    before = partner_cells(world, "200")["share"]

    world.settle("200", "partners")

    assert (before, partner_cells(world, "200")["share"]) == (("derived", "0.5"), ("derived", "1"))


def late(world: World, coder: User, states: str) -> None:
    coding = work.assign(case=world.case, coder=coder, codebook=world.codebook)
    listing(world, coding, states)


def test_a_ruling_on_a_roster_goes_on_to_hold_for_who_comes_later(world: World) -> None:
    both(world, "200;220", "200")
    world.settle("200;220", "partners")
    work.withdraw(coding=world.sheet_of(world.coder_b, "220"), reason="Enough", by=world.curator)

    late(world, world.curator, "200;255")

    assert universe(world) == {"200": True, "220": True, "255": False}
    assert ("curator", "220") in top_ups()
    assert world.cell("partners").flagged is True


# ------------------------------------------------------------------ who is asked


def test_earlier_data_sets_and_readers_get_no_top_ups(world: World) -> None:
    machine = User.objects.create_user("tago-2005")
    Member.objects.create(project=world.project, user=machine, kind=Member.Kind.MACHINE)
    coding = work.assign(case=world.case, coder=machine, codebook=world.codebook)
    listing(world, coding, "none")
    both(world, "200", "none")
    Member.objects.filter(user=world.coder_a).update(role=Member.Role.READER)

    world.settle("200;255", "partners")

    assert top_ups() == {("coder_b", "200"), ("coder_b", "255")}


def test_who_trained_or_repeated_a_case_gets_no_top_up(world: World) -> None:
    other = User.objects.create_user("coder_c")
    Member.objects.create(project=world.project, user=other, role=Member.Role.CODER)
    for purpose, who in (("training", world.curator), ("repeat", other)):
        coding = work.assign(case=world.case, coder=who, purpose=purpose)
        listing(world, coding, "none")
    both(world, "200", "none")

    world.settle("200", "partners")

    assert top_ups() == {("coder_b", "200")}
