from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from coding import work
from coding.views.history import Reading
from tests.conftest import World


def lines(world: World, user: User, role: str) -> list[tuple[str, str, str, str]]:
    """Who, what, old, new of each change, oldest first, without the sheets' own phases."""
    changes = sorted(Reading(world.case, user, role).changes(), key=lambda c: c.when)
    return [(c.who, c.what, c.old, c.new) for c in changes if c.entry]


def test_a_coder_reads_the_own_changes_with_old_and_new(world: World) -> None:
    world.say(world.coding_a, "regime")
    world.say(world.coding_a, "policy", certainty=3)

    assert lines(world, world.coder_a, "coder") == [
        ("You", "coded", "", "regime Regime change"),
        ("You", "coded again", "regime Regime change", "policy Policy change (certainty 3)"),
    ]


def test_nobody_reads_the_changes_of_a_closed_case(world: World) -> None:
    world.say(world.coding_b, "regime", note="secret")

    assert lines(world, world.coder_a, "coder") == []
    assert lines(world, world.curator, "curator") == []


def test_an_answer_taken_off_stays_in_the_history_of_its_coder(world: World) -> None:
    world.say(world.coding_a, "regime")
    work.clear_value(coding=world.coding_a, entry=world.entry("goal"))

    assert [what for _, what, _, _ in lines(world, world.coder_a, "coder")] == [
        "coded",
        "took the answer off",
    ]


def test_after_opening_the_adjudicator_reads_letters_and_rulings_with_their_reason(
    world: World,
) -> None:
    world.close("regime", "policy")
    world.settle("policy")

    read = lines(world, world.adjudicator, "adjudicator")
    assert {who for who, what, _, _ in read if what == "coded"} == {"Coder A", "Coder B"}
    assert read[-1] == ("adjudicator", "the cell is adjudicated", "", "policy Policy change")


def test_citations_stand_in_the_history(world: World) -> None:
    world.say(world.coding_a, "regime")
    work.add_citation(
        coding=world.coding_a,
        entry=world.entry("goal"),
        source="Truce Tent",
        locator="p. 12",
        quote="the passage",
    )

    assert lines(world, world.coder_a, "coder")[-1] == ("You", "cited", "", "Truce Tent, p. 12")


@pytest.mark.parametrize("more", [1, 3])
def test_the_history_costs_the_same_queries_whatever_its_length(
    world: World, client: Client, more: int, django_assert_num_queries: pytest.FixtureRequest
) -> None:
    for text in ["regime", "policy", "territory", "regime"][: more + 1]:
        world.say(world.coding_a, text)
    client.force_login(world.coder_a)
    url = reverse("coding:history", args=[world.case.pk])
    client.get(url)

    with django_assert_num_queries(18):  # type: ignore[operator]
        client.get(url)
