from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from coding import blind, codebooks, work
from coding.errors import Refused
from coding.models import Case, Cell, Coding, Value
from tests.conftest import World


def cells(world: World, name: str = "goal") -> list[tuple[str, str | None]]:
    found = blind.all_cells(world.project).filter(variable=world.entry(name).variable)
    return list(found.values_list("status", "text"))


@pytest.mark.parametrize(
    ("coder_a", "coder_b", "expected"),
    [("regime", "regime", [("agreed", "regime")]), ("regime", "policy", [("disputed", None)])],
)
def test_the_last_submission_fills_the_cells_of_a_case(
    world: World, coder_a: str, coder_b: str, expected: list[tuple[str, str | None]]
) -> None:
    world.close(coder_a, coder_b)

    assert cells(world) == expected


def test_nothing_opens_while_one_coder_is_not_done(world: World) -> None:
    world.say(world.coding_a, "regime")
    work.submit(coding=world.coding_a)

    assert cells(world) == []


def test_saving_the_same_value_again_leaves_no_trace(world: World) -> None:
    for text in ("regime", "regime", "policy"):
        world.say(world.coding_a, text)

    past = Value.history.order_by("history_id").values_list("text", flat=True)
    assert list(past) == ["regime", "policy"]


def test_a_submitted_coding_can_no_longer_change(world: World) -> None:
    world.close("regime", "policy")

    with pytest.raises(Refused, match="submitted"):
        world.say(world.coding_a, "policy")


def test_a_sheet_with_a_required_question_open_is_not_accepted(world: World) -> None:
    with pytest.raises(Refused, match="1 answer keeps") as refusal:
        work.submit(coding=world.coding_a)

    assert refusal.value.links == [
        (
            "Desert Storm · Main goal: Not coded yet.",
            f"/codings/{world.coding_a.pk}/#f-goal",
        )
    ]


def test_a_skipped_question_is_coded_not_applicable_at_submission(world: World) -> None:
    world.say(world.coding_a, "regime")
    world.say(world.coding_a, "1991-02-28", "end_date")
    world.say(world.coding_a, "0", "ended")
    work.submit(coding=world.coding_a)

    said = Value.objects.get(coding=world.coding_a, variable=world.entry("end_date").variable)
    assert said.text == "-88"


def test_a_code_that_needs_a_note_is_not_accepted_without_one(world: World) -> None:
    world.say(world.coding_a, "-77")
    with pytest.raises(Refused):
        work.submit(coding=world.coding_a)

    world.say(world.coding_a, "-77", note="Two histories contradict each other.")
    work.submit(coding=world.coding_a)


def test_listing_a_state_gives_its_coder_a_sheet_and_delisting_puts_it_away(world: World) -> None:
    world.say(world.coding_a, "200;220", "partners")
    world.say(world.coding_a, "200", "partners")

    standing = Coding.objects.standing().filter(case__parent=world.case)
    assert [(c.coder, c.case.key) for c in standing] == [(world.coder_a, "US-1991-GUL/200")]
    assert Coding.objects.filter(case__key="US-1991-GUL/220").count() == 1


def test_a_relisted_state_finds_its_answers_again(world: World) -> None:
    world.say(world.coding_a, "200", "partners")
    world.say(world.sheet_of(world.coder_a, "200"), "2", "sent")
    world.say(world.coding_a, "none", "partners")
    world.say(world.coding_a, "200", "partners")

    sheet = world.sheet_of(world.coder_a, "200")
    assert sheet.withdrawn_at is None
    assert Value.objects.filter(coding=sheet, text="2").count() == 1


def list_and_send(world: World, coding: Coding, states: str) -> None:
    world.say(coding, "regime")
    world.say(coding, states, "partners")
    for state in states.split(";"):
        world.say(world.sheet_of(coding.coder, state), "2", "sent")
    work.submit(coding=coding)


def test_a_partner_that_one_coder_listed_stays_closed_until_the_other_is_done(
    world: World,
) -> None:
    list_and_send(world, world.coding_a, "200")

    sheet = world.sheet_of(world.coder_a, "200")
    assert (sheet.submitted_at is not None, sheet.unblinded_at) == (True, None)


def test_a_partner_that_the_ruling_lets_in_is_coded_blind_by_the_other_coder(
    world: World,
) -> None:
    list_and_send(world, world.coding_a, "200;220")
    list_and_send(world, world.coding_b, "200")

    world.settle("200;220", "partners")

    top_up = world.sheet_of(world.coder_b, "220")
    assert (top_up.purpose, top_up.submitted_at) == ("top_up", None)
    seen = blind.values_for(world.coder_b).filter(coding__case=top_up.case)
    assert [(v.coding, v.text) for v in seen] == [(top_up, "220")]


def test_a_partner_that_the_ruling_leaves_out_leaves_the_universe_with_its_codings(
    world: World,
) -> None:
    list_and_send(world, world.coding_a, "200;220")
    list_and_send(world, world.coding_b, "200")

    world.settle("200", "partners")

    assert Case.objects.get(key="US-1991-GUL/220").in_universe is False
    assert Value.objects.filter(coding__case__key="US-1991-GUL/220").count() == 2


def test_settling_keeps_the_old_state_and_who_changed_it(world: World) -> None:
    world.close("regime", "policy")
    world.settle("policy")

    assert cells(world) == [("adjudicated", "policy")]
    past = Cell.history.filter(variable=world.entry("goal").variable).order_by("history_id")
    assert list(past.values_list("status", "history_user__username")) == [
        ("disputed", None),
        ("adjudicated", "adjudicator"),
    ]


def test_a_coder_cannot_adjudicate_the_case_they_coded(world: World) -> None:
    world.close("regime", "policy")

    with pytest.raises(Refused, match="You coded this case"):
        world.settle("policy", by=world.coder_a)


def test_the_second_of_two_rulings_on_what_both_saw_is_told_and_not_lost(world: World) -> None:
    world.close("regime", "policy")
    seen = world.cell().since
    world.settle("policy")

    with pytest.raises(Refused, match="Somebody else ruled"):
        work.settle(
            cell=world.cell(),
            entry=world.entry("goal"),
            text="regime",
            cause="slip",
            reason="mine",
            by=world.curator,
            seen=seen,
        )
    assert cells(world) == [("adjudicated", "policy")]


def test_a_settled_cell_stays_and_is_flagged_when_a_late_coding_differs(world: World) -> None:
    world.close("regime", "policy")
    world.settle("policy")
    late = work.assign(case=world.case, coder=world.curator, codebook=world.codebook)
    world.say(late, "territory")
    work.submit(coding=late)

    cell = world.cell()
    assert (cell.status, cell.text, cell.flagged, cell.coders) == (
        "adjudicated",
        "policy",
        True,
        3,
    )


def test_computed_cells_follow_the_cells_they_depend_on(world: World) -> None:
    for coding in (world.coding_a, world.coding_b):
        world.say(coding, "regime")
        world.say(coding, "1000", "troops")
        world.say(coding, "200", "partners")
        sheet = world.sheet_of(coding.coder, "200")
        world.say(sheet, "2", "sent")
        world.say(sheet, "250", "strength")
        work.submit(coding=coding)
    before = cells(world, "share")

    world.settle("500", "troops")

    assert (before, cells(world, "share")) == ([("derived", "0.25")], [("derived", "0.5")])


def test_comparing_an_opened_case_again_changes_nothing(world: World) -> None:
    list_and_send(world, world.coding_a, "200;220")
    list_and_send(world, world.coding_b, "200")
    before = list(Cell.history.order_by("history_id").values_list("history_id", "text"))

    work.recompute(root=world.case)

    assert list(Cell.history.order_by("history_id").values_list("history_id", "text")) == before


def test_a_coder_takes_a_sheet_back_only_while_the_case_is_closed(world: World) -> None:
    world.say(world.coding_a, "regime")
    work.submit(coding=world.coding_a)
    work.take_back(coding=world.coding_a)
    world.close("policy", "policy")

    with pytest.raises(Refused, match="closed for good"):
        work.take_back(coding=world.coding_a)
    assert cells(world) == [("agreed", "policy")]


def test_the_database_refuses_to_change_a_published_codebook(world: World) -> None:
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE coding_entry SET name = 'other'")


def test_the_database_refuses_a_ruling_without_a_reason(world: World) -> None:
    world.close("regime", "policy")
    with pytest.raises(IntegrityError), transaction.atomic():
        Cell.objects.update(status="adjudicated", text="policy", cause="slip", reason="")


def test_a_document_that_says_the_same_gives_the_current_codebook_back(world: World) -> None:
    document = codebooks.document_of(world.codebook)

    again = codebooks.draft(project=world.project, document=document)

    assert again == world.codebook


def test_an_assignment_that_was_withdrawn_is_brought_back_with_its_partners(world: World) -> None:
    world.say(world.coding_a, "200;220", "partners")
    world.say(world.coding_a, "200", "partners")
    work.withdraw(coding=world.coding_a, reason="on leave", by=world.curator)

    work.assign(case=world.case, coder=world.coder_a, by=world.curator)

    standing = Coding.objects.standing().of(world.coder_a).order_by("pk")
    assert [coding.case.key for coding in standing] == ["US-1991-GUL", "US-1991-GUL/200"]
