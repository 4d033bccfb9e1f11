"""What the data set says: compared, settled, verified, corrected, flagged, computed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.models import User

from coding import work
from coding.errors import Refused
from coding.models import Case, Cell, Coding, Value
from tests.conftest import World
from tests.test_codebooks import published
from tests.test_documents import at, changed


def elsewhere(world: World, *changes: tuple[tuple[str | int, ...], Any]) -> World:
    """The same cast with another case under a changed codebook."""
    book = published(world.project, changed(*changes))
    case = Case.objects.create(unit=world.case.unit, key="US-1994-HAI", title="Haiti")
    mine, others = (
        work.assign(case=case, coder=coder, codebook=book)
        for coder in (world.coder_a, world.coder_b)
    )
    return replace(world, codebook=book, case=case, coding_a=mine, coding_b=others)


def join_in(world: World, coder: User, text: str, name: str = "goal") -> Coding:
    """A further coder codes the case and hands in."""
    coding = work.assign(case=world.case, coder=coder, codebook=world.codebook)
    if name != "goal":
        world.say(coding, "regime")
    world.say(coding, text, name)
    work.submit(coding=coding)
    return coding


def state_of(cell: Cell) -> tuple[str, str | None, int, bool]:
    return cell.status, cell.text, cell.coders, cell.flagged


def past(cell: Cell) -> list[tuple[str, str | None, str | None]]:
    rows = Cell.history.filter(id=cell.pk).order_by("history_id")
    return list(rows.values_list("status", "text", "history_change_reason"))


# ------------------------------------------------------------------ compared

CLOSE: tuple[tuple[str | int, ...], Any] = (at("troops", "tolerance"), 10)
CLOSE_DAYS: tuple[tuple[str | int, ...], Any] = (at("end_date", "tolerance"), 10)


@pytest.mark.parametrize(
    ("name", "said", "expected"),
    [
        ("troops", ["100", "110"], ("agreed", "100")),
        ("troops", ["110", "100"], ("agreed", "110")),
        ("troops", ["100", "111"], ("disputed", None)),
        ("troops", ["100", "110", "120"], ("disputed", None)),
        ("troops", ["100", "110", "110"], ("agreed", "110")),
        ("troops", ["-99", "-99"], ("agreed", "-99")),
        ("troops", ["-99", "0"], ("disputed", None)),
        ("end_date", ["1991-02-18", "1991-02-28"], ("agreed", "1991-02-18")),
        ("end_date", ["1991-02", "1991-02-28"], ("disputed", None)),
        ("end_date", ["1991-02-28", "1991-02-28~"], ("agreed", "1991-02-28")),
        ("end_date", ["-99", "1991-02-28"], ("disputed", None)),
    ],
)
def test_numbers_and_dates_agree_within_the_tolerance_of_their_variable(
    world: World, name: str, said: list[str], expected: tuple[str, str | None]
) -> None:
    world = elsewhere(world, CLOSE, CLOSE_DAYS)
    world.close(said[0], said[1], name)
    for third in said[2:]:
        join_in(world, world.curator, third, name)

    cell = world.cell(name)

    assert (cell.status, cell.text, cell.coders) == (*expected, len(said))


def test_without_a_tolerance_numbers_agree_only_when_they_are_equal(world: World) -> None:
    world.close("100", "101", "troops")

    assert world.cell("troops").status == "disputed"


def test_missing_codes_are_compared_as_codes(world: World) -> None:
    for coding, text in ((world.coding_a, "-77"), (world.coding_b, "-99")):
        world.say(coding, text, note="Two histories differ.")
        world.say(coding, "-99", "troops")
        work.submit(coding=coding)

    assert state_of(world.cell("goal")) == ("disputed", None, 2, False)
    assert state_of(world.cell("troops")) == ("agreed", "-99", 2, False)


def test_a_variable_that_is_not_compared_takes_the_first_coders_words(world: World) -> None:
    world.close("Told one way.", "Told another way.", "story")

    assert state_of(world.cell("story")) == ("single", "Told one way.", 2, False)


def test_what_only_one_coder_answered_is_single(world: World) -> None:
    world.say(world.coding_a, "1000", "troops")
    world.close("regime", "regime")

    assert state_of(world.cell("troops")) == ("single", "1000", 1, False)


@pytest.mark.parametrize(
    ("third", "expected"),
    [
        ("regime", ("agreed", "regime", 3, False)),
        ("policy", ("disputed", None, 3, False)),
    ],
)
def test_of_three_coders_all_must_agree(
    world: World, third: str, expected: tuple[str, str | None, int, bool]
) -> None:
    coding = work.assign(case=world.case, coder=world.curator)
    world.say(coding, third)
    world.close("regime", "regime")
    assert Cell.objects.count() == 0

    work.submit(coding=coding)

    assert state_of(world.cell()) == expected


def test_an_unsettled_cell_follows_a_late_coding_and_tells_that_it_changed(world: World) -> None:
    world.close("regime", "regime")
    seen = world.cell().since

    join_in(world, world.curator, "policy")

    assert state_of(world.cell()) == ("disputed", None, 3, False)
    assert world.cell().since > seen
    assert [p[0] for p in past(world.cell())] == ["agreed", "disputed"]


def test_a_cell_whose_text_follows_the_most_coders_tells_that_it_changed(world: World) -> None:
    world = elsewhere(world, CLOSE)
    world.close("100", "110", "troops")
    seen = world.cell("troops").since

    join_in(world, world.curator, "110", "troops")

    assert state_of(world.cell("troops")) == ("agreed", "110", 3, False)
    with pytest.raises(Refused, match="Somebody else ruled"):
        work.verify(cell=world.cell("troops"), by=world.adjudicator, seen=seen)


# ------------------------------------------------------------------ settled


def test_a_ruling_may_be_a_third_value(world: World) -> None:
    world.close("regime", "policy")

    world.settle("territory")

    assert state_of(world.cell()) == ("adjudicated", "territory", 2, False)


def test_a_dispute_is_left_unresolved_and_settled_later(world: World) -> None:
    world.close("regime", "policy")

    world.settle(None)
    unresolved = state_of(world.cell())
    world.settle("policy")

    assert unresolved == ("unresolved", None, 2, False)
    assert past(world.cell()) == [
        ("disputed", None, "case opened"),
        ("unresolved", None, "Source 3, p. 12"),
        ("adjudicated", "policy", "Source 3, p. 12"),
    ]


def test_a_correction_keeps_the_ruling_before_it(world: World) -> None:
    world.close("regime", "policy")
    world.settle("policy")
    world.settle("regime", by=world.curator)

    rows = Cell.history.filter(id=world.cell().pk).order_by("history_id")
    assert list(rows.values_list("text", "history_user__username", "cause")) == [
        (None, None, ""),
        ("policy", "adjudicator", "judgement"),
        ("regime", "curator", "judgement"),
    ]


def test_an_agreed_cell_is_corrected_by_the_same_act(world: World) -> None:
    world.close("regime", "regime")

    world.settle("policy")

    assert state_of(world.cell()) == ("adjudicated", "policy", 2, False)
    assert [v.text for v in Value.objects.all()] == ["regime", "regime"]


@pytest.mark.parametrize(
    ("cause", "reason"),
    [("judgement", ""), ("judgement", " \n"), ("", "Source 3"), ("whim", "Source 3")],
)
def test_a_ruling_needs_a_cause_and_a_reason(world: World, cause: str, reason: str) -> None:
    world.close("regime", "policy")

    with pytest.raises(Refused, match="needs a cause and a reason"):
        work.settle(
            cell=world.cell(),
            entry=world.entry("goal"),
            text="policy",
            cause=cause,
            reason=reason,
            by=world.adjudicator,
        )
    assert world.cell().status == "disputed"


def test_who_is_still_coding_the_case_does_not_rule_on_it_even_by_discussion(
    world: World,
) -> None:
    world.close("regime", "policy")
    world.project.reconcile_by_discussion = True
    world.project.save()
    work.assign(case=world.case, coder=world.curator)

    with pytest.raises(Refused, match="hand in your own sheet first"):
        world.settle("policy", by=world.curator)
    world.settle("policy", by=world.coder_a)


def test_who_coded_one_case_of_a_family_rules_on_none(world: World) -> None:
    for coding in (world.coding_a, world.coding_b):
        world.say(coding, "regime")
        world.say(coding, "200", "partners")
        world.say(world.sheet_of(coding.coder, "200"), "1", "sent")
        work.submit(coding=coding)
    partner = Case.objects.get(key="US-1991-GUL/200")
    work.assign(case=partner, coder=world.curator)

    with pytest.raises(Refused, match="You coded this case"):
        world.settle("policy", by=world.curator)
    with pytest.raises(Refused, match="You coded this case"):
        world.settle("2", "sent", by=world.coder_a)


# ------------------------------------------------------------------ verified


@pytest.mark.parametrize("said", ["regime", None])
def test_a_single_or_agreed_cell_is_verified(world: World, said: str | None) -> None:
    if said:
        world.close(said, said)
    else:
        work.withdraw(coding=world.coding_b, reason="On leave", by=world.curator)
        world.say(world.coding_a, "regime")
        work.submit(coding=world.coding_a)

    work.verify(cell=world.cell(), by=world.adjudicator)

    cell = world.cell()
    assert (cell.text, cell.verified_by) == ("regime", world.adjudicator)
    assert cell.status == ("agreed" if said else "single")
    assert past(cell)[-1] == (cell.status, "regime", "verified")


@pytest.mark.parametrize("ruling", ["dispute", "policy", None])
def test_a_dispute_or_a_ruling_is_not_verified(world: World, ruling: str | None) -> None:
    world.close("regime", "policy")
    if ruling != "dispute":
        world.settle(ruling)

    with pytest.raises(Refused, match="Only single and agreed"):
        work.verify(cell=world.cell(), by=world.adjudicator)


def test_a_verified_cell_stays_and_is_flagged_when_a_late_coding_differs(world: World) -> None:
    world.close("regime", "regime")
    work.verify(cell=world.cell(), by=world.adjudicator)

    join_in(world, world.curator, "policy")

    cell = world.cell()
    assert state_of(cell) == ("agreed", "regime", 3, True)
    assert cell.verified_by == world.adjudicator


def test_a_verified_cell_that_a_late_coding_confirms_is_not_flagged(world: World) -> None:
    world.close("regime", "regime")
    work.verify(cell=world.cell(), by=world.adjudicator)

    join_in(world, world.curator, "regime")

    assert state_of(world.cell()) == ("agreed", "regime", 3, False)


def test_a_ruling_takes_the_flag_away_and_a_correction_the_verification(world: World) -> None:
    world.close("regime", "regime")
    work.verify(cell=world.cell(), by=world.adjudicator)
    join_in(world, world.curator, "policy")

    world.settle("regime")

    cell = world.cell()
    assert state_of(cell) == ("adjudicated", "regime", 3, False)
    assert (cell.verified_by, cell.verified_at) == (None, None)


def test_an_unresolved_cell_stays_when_a_late_coding_comes(world: World) -> None:
    world.close("regime", "policy")
    world.settle(None)

    join_in(world, world.curator, "policy")

    assert state_of(world.cell()) == ("unresolved", None, 3, False)


@pytest.mark.parametrize(
    ("late", "flagged"), [("150", False), ("155", False), ("161", True), ("-99", True)]
)
def test_a_ruling_is_flagged_by_what_comes_later_and_not_by_what_it_ruled_on(
    world: World, late: str, flagged: bool
) -> None:
    world = elsewhere(world, CLOSE)
    world.close("100", "200", "troops")
    world.settle("150", "troops")

    join_in(world, world.curator, late, "troops")
    work.recompute(root=world.case)

    assert state_of(world.cell("troops")) == ("adjudicated", "150", 3, flagged)


def test_a_ruling_on_words_that_are_not_compared_is_not_flagged_by_other_words(
    world: World,
) -> None:
    world.close("Told one way.", "Told another way.", "story")
    world.settle("Told well.", "story")

    join_in(world, world.curator, "Told a third way.", "story")

    assert state_of(world.cell("story")) == ("adjudicated", "Told well.", 3, False)


def test_comparing_a_settled_case_again_changes_nothing(world: World) -> None:
    world.close("regime", "policy")
    world.settle("policy")
    before = past(world.cell())

    work.recompute(root=world.case)

    assert past(world.cell()) == before
    assert world.cell().flagged is False
