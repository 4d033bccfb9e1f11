"""Checks on a sheet that read the rows below it, and the project's list of states."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from coding import codebooks, sittings, work
from coding.errors import Refused
from coding.models import Coding
from tests.conftest import World
from tests.strict import objective, partners, sound, strict


def told(coding: Coding) -> list[str]:
    """What the checks of the sitting say, each with the case it stands on."""
    sheets = sittings.readings(sittings.sheets_of(coding))
    return [f"{s.coding.case.title}: {b.message}" for s in sheets for b in s.broken]


MAIN = "Case US-1990-SHI: Exactly one objective is the main one."
ROSTER = "Case US-1990-SHI: The flag and the roster do not agree."
MEMBER = "Germany: It was no state on the day it joined."


def test_a_check_counts_the_rows_below(world: World) -> None:
    world = strict(world)
    world.say(world.coding_a, "regime")
    assert told(world.coding_a) == [MAIN]

    objective(world, world.coding_a, "1")
    assert told(world.coding_a) == []

    second = objective(world, world.coding_a, "1")
    assert told(world.coding_a) == [MAIN]

    world.say(second, "-99", "main")  # who knows
    assert told(world.coding_a) == []


def test_a_flag_is_held_against_the_roster_once_the_roster_is_answered(world: World) -> None:
    world = strict(world)
    world.say(world.coding_a, "1", "ended")
    assert told(world.coding_a) == []

    partners(world, world.coding_a)
    assert told(world.coding_a) == [ROSTER]

    world.say(world.coding_a, "-99", "partners")
    assert told(world.coding_a) == []

    partners(world, world.coding_a, france="1", germany="2")
    assert told(world.coding_a) == []

    world.say(world.sheet_of(world.coder_a, "255"), "1", "sent")
    assert told(world.coding_a) == [ROSTER]

    work.clear_value(
        coding=world.sheet_of(world.coder_a, "255"), entry=world.entry("sent")
    )  # what it sent is open again
    assert told(world.coding_a) == []


@pytest.mark.parametrize(
    ("joined", "broken"),
    [
        ("1990-10-02", [MEMBER]),
        ("1990-10-03", []),
        ("1990-09", [MEMBER]),
        ("1990-10", []),
        ("1990", []),
        ("1989", [MEMBER]),
        ("../1989", [MEMBER]),
        ("1989/..", []),
        ("-99", []),
    ],
)
def test_a_state_was_in_the_system_if_it_was_on_any_day_that_the_date_can_mean(
    world: World, joined: str, broken: list[str]
) -> None:
    world = strict(world)
    partners(world, world.coding_a, joined, germany="2")

    assert told(world.coding_a) == broken


def test_a_hard_check_across_units_keeps_the_sitting_back_and_leads_to_its_entry(
    world: World,
) -> None:
    world = strict(world)
    sound(world, world.coding_a)
    objective(world, world.coding_a, "1")

    with pytest.raises(Refused) as refused:
        work.submit(coding=world.coding_a)

    address = reverse("coding:sheet", args=[world.coding_a.pk])
    label = world.entry("goal").label
    text = f"Case US-1990-SHI · {label}: Exactly one objective is the main one."
    assert refused.value.links == [(text, f"{address}#f-goal")]


def test_a_soft_check_is_handed_in_with_a_note_and_a_project_check_without(world: World) -> None:
    world = strict(world, goal="soft", ended="project")
    world.say(world.coding_a, "regime")
    world.say(world.coding_a, "0", "ended")
    partners(world, world.coding_a, germany="2")

    with pytest.raises(Refused) as refused:
        work.submit(coding=world.coding_a)
    assert [text.partition(": ")[2] for text, _ in refused.value.links] == [
        "Exactly one objective is the main one. Correct it, or write a note that says why."
    ]

    world.say(world.coding_a, "regime", note="No objective was ever stated.")
    work.submit(coding=world.coding_a)


def test_the_page_of_a_sheet_says_what_does_not_hold_there_and_on_the_other_sheets(
    world: World, client: Client
) -> None:
    world = strict(world, goal="soft")
    world.say(world.coding_a, "regime")
    partners(world, world.coding_a, "1989", germany="2")
    client.force_login(world.coder_a)

    page = client.get(reverse("coding:sheet", args=[world.coding_a.pk])).content.decode()
    germany = world.sheet_of(world.coder_a, "255")
    beside = client.get(reverse("coding:sheet", args=[germany.pk])).content.decode()

    assert '<a href="#n-goal">write a note</a>' in page
    assert "1 check on other sheets of this sitting does not hold." in page
    assert f'<a href="/codings/{germany.pk}/#f-joined">Germany · joined: {MEMBER[9:]}</a>' in page
    assert "1 check on other sheets of this sitting does not hold." in beside
    assert f'<a href="/codings/{world.coding_a.pk}/#f-goal">' in beside


def test_an_answer_below_brings_the_checks_above_up_to_date(world: World, client: Client) -> None:
    world = strict(world)
    world.say(world.coding_a, "regime")
    row = objective(world, world.coding_a, "0")
    client.force_login(world.coder_a)
    address = reverse("coding:save", args=[row.pk, "main"])
    from_script = {"headers": {"X-Requested-With": "fetch"}}

    broken = client.post(address, {"text": "0", "note": "x"}, **from_script).content.decode()
    mended = client.post(address, {"text": "1"}, **from_script).content.decode()

    assert "Exactly one objective is the main one." in broken
    assert "data-warnings" in mended
    assert "Exactly one objective is the main one." not in mended


def test_an_answer_that_is_listed_brings_the_check_of_the_flag_up_to_date(
    world: World, client: Client
) -> None:
    world = strict(world)
    world.say(world.coding_a, "1", "ended")
    client.force_login(world.coder_a)

    fragment = client.post(
        reverse("coding:save", args=[world.coding_a.pk, "partners"]),
        {"instead": "none"},
        headers={"X-Requested-With": "fetch"},
    ).content.decode()

    assert "The flag and the roster do not agree." in fragment


def test_what_an_answer_has_a_say_in_across_units_is_known(world: World) -> None:
    world = strict(world)
    swayed = {
        name: codebooks.swayed(world.codebook, world.entry(name))
        for name in ("goal", "story", "main", "partners", "troops", "sent")
    }

    assert {name: s.across for name, s in swayed.items()} == {
        "goal": True,
        "story": False,
        "main": True,
        "partners": True,
        "troops": True,
        "sent": True,
    }
    assert "ended" in swayed["partners"].names
