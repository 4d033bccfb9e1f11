"""Agreement from the database: a small world computed by hand, and what it may never hold."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from coding import reliability, work
from coding.models import Case, Coding
from coding.reliability import Asked
from tests.conftest import World

ALL_GOALS = [("regime", "regime"), ("policy", "policy"), ("regime", "policy")]


def code(world: World, answers: list[tuple[str, str]], name: str = "goal") -> list[Case]:
    """Each pair of answers opens a further case; the case of the world stays closed."""
    cases = world.more_cases(len(answers))
    for case, pair in zip(cases, answers, strict=True):
        for coder, text in zip((world.coder_a, world.coder_b), pair, strict=True):
            hand_in(world, case, coder, {"goal": "regime", name: text})
    return cases


def hand_in(world: World, case: Case, coder: User, said: dict[str, str]) -> Coding:
    coding = Coding.objects.get(case=case, coder=coder, purpose="production")
    for name, text in said.items():
        world.say(coding, text, name)
    work.submit(coding=coding)
    return coding


def figure(world: World, name: str = "goal", **asked: object) -> reliability.Figure:
    opened = reliability.opened(world.project, Asked(**asked))  # type: ignore[arg-type]
    return reliability.figure(opened, world.entry(name))


def test_alpha_of_a_small_world_is_what_a_hand_computes(world: World) -> None:
    code(world, ALL_GOALS)

    found = figure(world)

    # o: regime-regime 2, policy-policy 2, apart 2 of 6; n = 3 and 3: D_e = 2·3·3 / (6·5) = .6
    assert found.alpha.value == pytest.approx(1 - (2 / 6) / 0.6)
    assert found.percent.value == pytest.approx(2 / 3)
    assert (found.alpha.n_units, found.alpha.n_ratings, found.coders) == (3, 6, 2)
    said = [(share.code, share.count) for share in found.prevalence]
    assert said == [("regime", 3), ("territory", 0), ("policy", 3), ("canary", 0)]


def test_ac1_counts_the_categories_that_nobody_used(world: World) -> None:
    code(world, ALL_GOALS)

    # four categories: p_e = (.5 · .5 + .5 · .5) / 3
    assert figure(world).ac.value == pytest.approx((2 / 3 - 1 / 6) / (1 - 1 / 6))


def test_why_a_number_shows_the_pairs_with_their_cases_and_what_was_dropped(world: World) -> None:
    cases = code(world, ALL_GOALS)
    work.unblind(case=lone(world), reason="Coder B has left.", by=world.curator)

    opened = reliability.opened_for(world.adjudicator, world.project)
    depth = reliability.depth(opened, world.entry("goal"))

    assert depth.coincidences.tolist() == [[2, 1], [1, 2]]
    assert depth.expected.tolist() == [
        [pytest.approx(1.2), pytest.approx(1.8)],
        [pytest.approx(1.8), pytest.approx(1.2)],
    ]
    assert [(s.one, s.other, [p.pk for p in s.cases]) for s in depth.disputed] == [
        ("regime", "policy", [cases[2].pk])
    ]
    assert {why: [p.key for p in places] for why, places in depth.dropped.items()} == {
        "one coder only": ["US-1991-GUL"]
    }
    assert depth.figure.alpha.n_units == len(depth.used) == 3


def lone(world: World) -> Case:
    """The world's case, coded by one coder only so far."""
    world.say(world.coding_a, "regime")
    work.submit(coding=world.coding_a)
    return world.case
