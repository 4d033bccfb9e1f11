"""What a ruling rests on: sets member by member, dates, skip rules, earlier rulings."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from coding import work
from coding.evidence import Dossier
from coding.models import Case
from tests.conftest import World
from tests.test_disputes import disputed, evidence, hand_in, judge, page_url, rule, state

__all__ = ["judge"]


def test_of_a_set_the_agreed_members_are_ticked_and_the_ticked_are_ruled_in(
    world: World, judge: Client
) -> None:
    hand_in(world, world.coding_a, "200;220")
    hand_in(world, world.coding_b, "200;255")

    ticked = re.findall(
        r'type="checkbox" name="text" value="(\d+)"( checked)?',
        judge.get(page_url(world.case)).text,
    )
    rule(judge, world, "partners", take="", text=["200", "255"])

    assert sorted(ticked) == [("200", " checked"), ("220", ""), ("255", "")]
    assert state(world, "partners") == ("adjudicated", "200;255")
    assert dict(Case.objects.filter(parent=world.case).values_list("key", "in_universe")) == {
        "US-1991-GUL/200": True,
        "US-1991-GUL/220": False,
        "US-1991-GUL/255": True,
    }


@pytest.mark.parametrize(
    ("posted", "expected"),
    [
        ({"take": "200;220", "text": ["200"]}, "200;220"),
        ({"text": ["200"], "add": "France; 255"}, "200;220;255"),
        ({"text": [], "instead": "none"}, "none"),
        ({"text": [], "instead": "-99"}, "-99"),
    ],
)
def test_a_set_is_taken_whole_extended_emptied_or_left_missing(
    world: World, judge: Client, posted: dict[str, Any], expected: str
) -> None:
    hand_in(world, world.coding_a, "200;220")
    hand_in(world, world.coding_b, "200")

    rule(judge, world, "partners", **posted)

    assert state(world, "partners") == ("adjudicated", expected)


@pytest.mark.parametrize(
    "posted", [{"text": []}, {"text": ["200"], "instead": "none"}, {"text": [], "add": "Atlantis"}]
)
def test_a_set_without_a_clear_answer_is_refused(
    world: World, judge: Client, posted: dict[str, Any]
) -> None:
    hand_in(world, world.coding_a, "200;220")
    hand_in(world, world.coding_b, "200")

    answer = rule(judge, world, "partners", **posted)

    assert (answer.status_code, state(world, "partners")) == (422, ("disputed", None))


def test_which_coder_listed_what_is_told_by_letter(world: World) -> None:
    hand_in(world, world.coding_a, "200;220")
    hand_in(world, world.coding_b, "200")

    found = evidence(world, "partners")
    whole = next(c.letter for c in found.columns if c.text == "200;220")

    assert [(m.code, m.by, m.everywhere) for m in found.listed] == [
        ("200", ("A", "B"), True),
        ("220", (whole,), False),
    ]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("1991-02-28", "1991-03-01", "1 day apart"),
        ("1991-02-28", "1991-03", "1 to 31 days apart"),
        ("1991", "1991-02", "0 to 333 days apart"),
        ("1991-01-01/1991-01-10", "1992-01-01", "356 to 365 days apart"),
        ("1991/..", "1992", "one end is open"),
        ("1991", "-99", ""),
    ],
)
def test_dates_tell_how_many_days_they_lie_apart(
    world: World, one: str, other: str, expected: str
) -> None:
    world.close(one, other, "end_date")

    assert evidence(world, "end_date").apart == expected


def test_a_skip_rule_that_the_settled_cells_fulfil_is_pointed_out(
    world: World, judge: Client
) -> None:
    world.say(world.coding_a, "0", "ended")
    world.say(world.coding_b, "1", "ended")
    world.say(world.coding_b, "1991", "end_date")
    for coding in (world.coding_a, world.coding_b):
        world.say(coding, "regime")
        work.submit(coding=coding)
    before = evidence(world, "end_date").skipped

    world.settle("0", "ended")

    assert (before, evidence(world, "end_date").skipped) == ("", "-88")


def test_earlier_rulings_on_the_same_question_stand_beside_the_dispute(
    world: World, judge: Client
) -> None:
    world.close("regime", "policy")
    cases = disputed(world, 4)
    for n, case in enumerate(cases):
        client_rule(judge, case, reason=f"Precedent {n}")

    page = judge.get(page_url(world.case)).text

    assert re.findall(r"Precedent \d", page) == ["Precedent 3", "Precedent 2", "Precedent 1"]


def client_rule(client: Client, case: Case, **posted: str) -> None:
    """Settle the only dispute of a case as its page would."""
    page = client.get(page_url(case)).text
    cell = re.findall(r'id="c-(\d+)" data-cell="\d+" data-group="open"', page)[0]
    seen = re.findall('name="seen" value="([^"]+)"', page)[0]
    client.post(
        reverse("coding:settle", args=[case.pk, cell]),
        {"seen": seen, "take": "policy", "cause": "judgement", **posted},
    )


def test_a_case_s_own_ruling_is_no_earlier_one(world: World, judge: Client) -> None:
    world.close("regime", "policy")
    world.settle("policy")

    assert dict(Dossier(world.adjudicator, world.case).rulings) == {}


def test_a_ruling_on_a_case_that_one_is_coding_is_not_among_the_earlier_ones(
    world: World, judge: Client
) -> None:
    world.close("regime", "policy")
    secret = disputed(world, 1)[0]
    client_rule(judge, secret, reason="Precedent canary")
    work.assign(case=secret, coder=world.adjudicator, codebook=world.codebook)

    assert "Precedent canary" not in judge.get(page_url(world.case)).text
