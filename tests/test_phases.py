"""A coding's way: assigned, submitted, opened; taken back, returned, withdrawn, opened early."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from coding import blind, codebooks, work
from coding.errors import Refused
from coding.models import Case, Cell, Codebook, Coding, Member, Project, Unit, Value
from tests.conftest import World
from tests.test_codebooks import published
from tests.test_documents import at, changed


def fresh(coding: Coding) -> Coding:
    return Coding.objects.get(pk=coding.pk)


def hand_in(world: World, coding: Coding, text: str = "regime", states: str = "") -> None:
    world.say(coding, text)
    if states:
        world.say(coding, states, "partners")
        for state in states.split(";"):
            world.say(world.sheet_of(coding.coder, state), "2", "sent")
    work.submit(coding=coding)


def history_of(coding: Coding) -> list[tuple[str, str | None]]:
    rows = Coding.history.filter(id=coding.pk).order_by("history_id")
    return list(rows.values_list("history_change_reason", "history_user__username"))


def refused(act: Callable[[], object]) -> str:
    with pytest.raises(Refused) as refusal:
        act()
    return refusal.value.reason


# ------------------------------------------------------------------ assigned


def test_assigning_twice_is_once(world: World) -> None:
    again = work.assign(case=world.case, coder=world.coder_a)

    assert again == world.coding_a
    assert Coding.objects.of(world.coder_a).count() == 1


def test_work_is_assigned_under_the_current_codebook_and_never_under_a_draft(
    world: World,
) -> None:
    codebooks.draft(project=world.project, document=changed((at("goal", "rule"), "A")))
    draft = Codebook.objects.get(published_at=None)

    assert work.assign(case=world.case, coder=world.curator).codebook == world.codebook
    assert "publish it first" in refused(
        lambda: work.assign(case=world.case, coder=world.adjudicator, codebook=draft)
    )


@pytest.mark.parametrize("who", ["reader", "outsider"])
def test_only_who_codes_in_the_project_is_assigned(world: World, who: str) -> None:
    reason = refused(lambda: work.assign(case=world.case, coder=getattr(world, who)))

    assert reason == f"{who} is not a coder of Project usmi."


def test_a_project_without_a_codebook_assigns_nothing(world: World) -> None:
    empty = Project.objects.create(slug="empty", title="Empty")
    Member.objects.create(project=empty, user=world.coder_a)
    case = Case.objects.create(
        unit=Unit.objects.create(project=empty, name="war"), key="X", title="X"
    )

    reason = refused(lambda: work.assign(case=case, coder=world.coder_a))

    assert reason.startswith("This project has no published codebook yet")


# ------------------------------------------------------------------ submitted


def test_a_sitting_is_handed_in_whole(world: World) -> None:
    hand_in(world, world.coding_a, states="200;220")

    mine = Coding.objects.of(world.coder_a)
    assert [c.submitted_at is not None for c in mine] == [True] * 3
    assert len({c.submitted_at for c in mine}) == 1


def test_a_partners_sheet_is_not_handed_in_alone(world: World) -> None:
    world.say(world.coding_a, "200", "partners")
    sheet = world.sheet_of(world.coder_a, "200")

    with pytest.raises(Refused, match="together with its intervention's") as refusal:
        work.submit(coding=sheet)
    assert refusal.value.links == [("Open the main sheet", f"/codings/{world.coding_a.pk}/")]


def test_a_sitting_with_an_open_point_on_any_sheet_is_not_handed_in_at_all(world: World) -> None:
    world.say(world.coding_a, "regime")
    world.say(world.coding_a, "0", "ended")
    world.say(world.coding_a, "200", "partners")

    with pytest.raises(Refused, match="1 answer keeps"):
        work.submit(coding=world.coding_a)

    assert Coding.objects.filter(submitted_at__isnull=False).count() == 0
    assert Value.objects.filter(text="-88").count() == 0


@pytest.mark.parametrize("act", ["submit", "say", "clear", "cite"])
def test_what_is_handed_in_takes_no_further_act(world: World, act: str) -> None:
    hand_in(world, world.coding_a)
    acts: dict[str, Callable[[], object]] = {
        "submit": lambda: work.submit(coding=world.coding_a),
        "say": lambda: world.say(world.coding_a, "policy"),
        "clear": lambda: work.clear_value(coding=world.coding_a, entry=world.entry("goal")),
        "cite": lambda: work.add_citation(
            coding=world.coding_a, entry=world.entry("goal"), source="S"
        ),
    }

    assert "submitted" in refused(acts[act])


def test_a_roster_that_a_rule_skips_puts_its_sheets_away_as_it_is_handed_in(
    world: World,
) -> None:
    book = published(
        world.project, changed((at("partners", "skip"), {"if": "ended == 1", "then": -88}))
    )
    case = Case.objects.create(unit=world.case.unit, key="US-1994-HAI", title="Haiti")
    coding = work.assign(case=case, coder=world.coder_a, codebook=book)
    entries = {e.name: e for e in codebooks.entries(book)}
    for name, text in (("goal", "regime"), ("partners", "200"), ("ended", "1")):
        work.save_value(coding=coding, entry=entries[name], text=text)

    work.submit(coding=coding)  # the partner's sheet is empty, and no longer asked

    partner = Coding.objects.get(case__parent=case)
    assert (partner.submitted_at, partner.withdrawn_at is None) == (None, False)
    said = Value.objects.get(coding=coding, variable=entries["partners"].variable)
    assert said.text == "-88"


# ------------------------------------------------------------------ taken back, returned


def test_a_sitting_is_taken_back_whole_and_handed_in_again(world: World) -> None:
    hand_in(world, world.coding_a, states="200")

    work.take_back(coding=world.sheet_of(world.coder_a, "200"))

    assert list(Coding.objects.open().of(world.coder_a)) == [
        world.coding_a,
        world.sheet_of(world.coder_a, "200"),
    ]
    world.say(world.coding_a, "policy")
    work.submit(coding=world.coding_a)
    assert fresh(world.coding_a).submitted_at is not None


def test_only_what_is_handed_in_is_taken_back_or_returned(world: World) -> None:
    reasons = {
        refused(lambda: work.take_back(coding=world.coding_a)),
        refused(lambda: work.give_back(coding=world.coding_a, question="Why?", by=world.curator)),
    }

    assert reasons == {"This coding is not submitted yet."}


def test_taking_back_leaves_the_other_coder_and_the_earlier_repeat_alone(world: World) -> None:
    repeat = work.assign(
        case=world.case, coder=world.coder_a, codebook=world.codebook, purpose="training"
    )
    hand_in(world, repeat)
    hand_in(world, world.coding_a)

    work.take_back(coding=world.coding_a)

    assert fresh(repeat).submitted_at is not None
    assert fresh(world.coding_a).submitted_at is None


@pytest.mark.parametrize("act", ["take_back", "give_back"])
def test_what_could_be_read_beside_an_open_case_is_closed_for_good(world: World, act: str) -> None:
    """Two late coders: the first has handed in, reads what is open, and may change no more."""
    world.close("regime", "policy")
    late = [
        work.assign(case=world.case, coder=coder) for coder in (world.adjudicator, world.curator)
    ]
    hand_in(world, late[0], "territory")
    assert fresh(late[0]).unblinded_at is None
    assert blind.values_for(world.adjudicator).filter(text="policy").exists()
    acts: dict[str, Callable[[], object]] = {
        "take_back": lambda: work.take_back(coding=late[0]),
        "give_back": lambda: work.give_back(coding=late[0], question="Why?", by=world.curator),
    }

    assert "closed for good" in refused(acts[act])


def test_a_repeat_is_not_taken_back_once_its_coder_can_read_the_first(world: World) -> None:
    world.close("regime", "policy")
    repeat = work.assign(case=world.case, coder=world.coder_a, purpose="repeat")
    hand_in(world, repeat, "territory")

    assert "closed for good" in refused(lambda: work.take_back(coding=repeat))


def test_a_returned_sitting_bears_the_question_until_it_is_handed_in_again(world: World) -> None:
    hand_in(world, world.coding_a, states="200")
    sheet = world.sheet_of(world.coder_a, "200")

    work.give_back(coding=sheet, question="Troops or words?", by=world.adjudicator)

    assert (fresh(sheet).question, fresh(world.coding_a).question) == ("Troops or words?", "")
    assert history_of(sheet)[-1] == ("returned: Troops or words?", "adjudicator")
    work.submit(coding=world.coding_a)
    assert fresh(sheet).question == ""


@pytest.mark.parametrize("question", ["", "  \n"])
def test_a_sitting_is_not_returned_without_a_question(world: World, question: str) -> None:
    hand_in(world, world.coding_a)

    assert "Write the question" in refused(
        lambda: work.give_back(coding=world.coding_a, question=question, by=world.curator)
    )


# ------------------------------------------------------------------ withdrawn


def test_the_withdrawal_of_the_last_open_coding_opens_the_case(world: World) -> None:
    hand_in(world, world.coding_a)
    world.say(world.coding_b, "policy")

    work.withdraw(coding=world.coding_b, reason="On leave", by=world.curator)

    assert world.cell().status == "single"
    assert (world.cell().text, world.cell().coders) == ("regime", 1)
    assert Value.objects.filter(text="policy").count() == 1
    assert history_of(world.coding_b)[-1] == ("On leave", "curator")


def test_a_withdrawal_while_others_are_at_work_opens_nothing(world: World) -> None:
    third = work.assign(case=world.case, coder=world.curator)
    hand_in(world, world.coding_a)

    work.withdraw(coding=third, reason="Enough coders", by=world.curator)

    assert Cell.objects.count() == 0


def test_what_is_handed_in_is_not_withdrawn(world: World) -> None:
    hand_in(world, world.coding_a)

    assert "submitted" in refused(
        lambda: work.withdraw(coding=world.coding_a, reason="x", by=world.curator)
    )


def test_a_withdrawn_sheet_takes_no_answers(world: World) -> None:
    work.withdraw(coding=world.coding_a, reason="On leave", by=world.curator)

    assert "withdrawn" in refused(lambda: world.say(world.coding_a, "policy"))
    assert "withdrawn" in refused(lambda: work.submit(coding=world.coding_a))


def test_a_withdrawal_takes_the_partners_along_but_no_other_task_of_the_coder(
    world: World,
) -> None:
    world.say(world.coding_a, "200", "partners")
    training = work.assign(case=world.case, coder=world.coder_a, purpose="training")

    work.withdraw(coding=world.coding_a, reason="Practice first", by=world.curator)

    assert list(Coding.objects.open().of(world.coder_a)) == [training]


# ------------------------------------------------------------------ opened early


def test_a_case_is_opened_early_with_a_reason_that_each_opened_coding_keeps(world: World) -> None:
    hand_in(world, world.coding_a, states="200")

    world.say(world.coding_b, "policy")
    training = work.assign(case=world.case, coder=world.coder_a, purpose="training")
    hand_in(world, training)

    work.unblind(case=world.case, reason="A court asks.", by=world.curator)

    opened = Coding.objects.exclude(unblinded_at=None)
    assert {c.coder for c in opened} == {world.coder_a}
    assert [c.unblind_reason for c in opened] == ["A court asks."] * 2
    assert history_of(world.coding_a)[-1] == ("opened early: A court asks.", "curator")
    assert (world.cell().status, world.cell().text) == ("single", "regime")


def test_the_database_refuses_an_opened_coding_that_is_not_handed_in(world: World) -> None:
    world.close("regime", "policy")
    mine = Coding.objects.filter(pk=world.coding_a.pk)

    for moment in (None, timezone.now()):
        with pytest.raises(IntegrityError), transaction.atomic():
            mine.update(submitted_at=moment)


def test_the_last_submission_after_an_early_opening_is_compared_with_what_is_open(
    world: World,
) -> None:
    hand_in(world, world.coding_a)
    work.unblind(case=world.case, reason="A court asks.", by=world.curator)

    hand_in(world, world.coding_b, "policy")

    assert (world.cell().status, world.cell().coders) == ("disputed", 2)
    assert fresh(world.coding_b).unblind_reason == ""


@pytest.mark.parametrize(
    ("before", "reason", "why"),
    [
        ("nothing", "A court asks.", "No submitted coding"),
        ("one", "  ", "needs a reason"),
        ("all", "A court asks.", "No submitted coding"),
    ],
)
def test_a_case_is_not_opened_early_in_the_wrong_moment_or_without_a_reason(
    world: World, before: str, reason: str, why: str
) -> None:
    for coding in {"nothing": [], "one": [world.coding_a]}.get(
        before, [world.coding_a, world.coding_b]
    ):
        hand_in(world, coding)

    assert why in refused(lambda: work.unblind(case=world.case, reason=reason, by=world.curator))


def test_training_and_repeats_never_open_a_case_nor_speak_in_it(world: World) -> None:
    people: list[tuple[User, str]] = [(world.coder_a, "training"), (world.curator, "repeat")]
    for coder, purpose in people:
        coding = work.assign(case=world.case, coder=coder, purpose=purpose)
        hand_in(world, coding, "territory")

    world.close("regime", "regime")

    assert (world.cell().status, world.cell().text, world.cell().coders) == ("agreed", "regime", 2)
    kept: Any = Coding.objects.filter(purpose__in=["training", "repeat"])
    assert [c.unblinded_at for c in kept] == [None, None]
