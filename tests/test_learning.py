"""Learning: own overruled answers, rules that were ambiguous, rulings that later codings deny."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from coding import work
from coding.learning import Lessons, Own, Rules, arguments
from coding.models import Case, Coding, Member
from tests.conftest import World
from tests.test_precedents import answered, goal_of, ruled


def lessons(world: World, viewer: User | None = None) -> Lessons:
    return Lessons(viewer or world.coder_b, world.project)


def own(world: World, viewer: User | None = None, **asked: str) -> list[tuple[str, str, str]]:
    found = Own(lessons(world, viewer), **asked)
    return [(row.case.title, row.said, row.ruled) for row in found.rows(found.page("1"))]


def rules(world: World, viewer: User | None = None) -> list[tuple[Any, ...]]:
    found = Rules(lessons(world, viewer or world.adjudicator))
    return [(r.entry.name, r.disputes, r.open, r.ambiguous, r.paired) for r in found.rows]


def late(world: World, viewer: User | None = None) -> list[tuple[str, str, str, int]]:
    found = Rules(lessons(world, viewer or world.adjudicator)).late()
    return [(one.case.title, one.ruled, one.later, one.coders) for one in found]


def overruled(world: World, count: int = 1) -> list[Case]:
    """Cases in which the ruling takes the answer of coder_a."""
    cases = world.more_cases(count)
    for case in cases:
        ruled(world, answered(world, case, "regime", "policy"))
    return cases


def page_url(world: World, name: str = "learning") -> str:
    return reverse(f"coding:{name}", args=[world.project.slug])


def called_later(world: World, case: Case, *said: str) -> None:
    """Further coders code the case after the ruling, blind, and hand in."""
    for number, text in enumerate(said):
        user = User.objects.create_user(f"later_{number}_{case.pk}")
        Member.objects.create(project=world.project, user=user, role=Member.Role.CODER)
        coding = work.assign(case=case, coder=user, codebook=world.codebook)
        world.say(coding, text)
        work.submit(coding=coding)


# ------------------------------------------------------------------ a coder's own


def test_a_coder_reads_the_own_overruled_answers_and_no_others(world: World) -> None:
    overruled(world)

    assert own(world) == [("Case 0", "policy Policy change", "regime Regime change")]
    assert own(world, world.coder_a) == own(world, world.curator) == []


def test_the_page_tells_cause_reason_and_rule(world: World, client: Client) -> None:
    overruled(world)
    client.force_login(world.coder_b)
    page = client.get(page_url(world)).content.decode()

    assert "1 of 1 answers of yours" in page
    assert "rule ambiguous" in page
    assert "<q>As stated</q>" in page
    assert "The goal named first." in page


def test_counts_by_variable_and_by_cause_add_up(world: World) -> None:
    overruled(world, 2)
    world.close("regime", "policy")
    ruled(world, world.case, "policy")

    found = Own(lessons(world))
    assert [(c.value, c.overruled, c.ruled) for c in found.by_variable] == [("goal", 2, 3)]
    assert [(c.value, c.overruled) for c in found.by_cause] == [("rule_ambiguous", 2)]
    assert len(own(world, cause="slip")) == len(own(world, variable="ended")) == 0
    assert len(own(world, cause="rule_ambiguous", variable="goal")) == 2


def test_an_open_dispute_teaches_nobody_yet(world: World) -> None:
    world.close("regime", "policy")

    assert own(world) == own(world, world.coder_a) == []


def test_a_dispute_left_unresolved_overrules_nobody(world: World) -> None:
    world.close("regime", "policy")
    world.settle(None)

    assert own(world) == []


def test_who_codes_the_case_again_reads_nothing_of_its_ruling(world: World, client: Client) -> None:
    [case] = overruled(world)
    work.assign(case=case, coder=world.coder_b, codebook=world.codebook, purpose="repeat")
    client.force_login(world.coder_b)

    assert own(world) == []
    assert "As stated" not in client.get(page_url(world)).content.decode()


def test_a_case_that_is_still_closed_teaches_nothing(world: World, client: Client) -> None:
    world.say(world.coding_a, "regime")
    world.say(world.coding_b, "canary")
    work.submit(coding=world.coding_b)

    for who in (world.coder_b, world.adjudicator, world.curator):
        assert (own(world, who), rules(world, who), late(world, who)) == ([], [], [])


@pytest.mark.parametrize("count", [1, 3])
def test_the_own_page_asks_the_same_number_of_questions_whatever_its_length(
    world: World, client: Client, django_assert_num_queries: DjangoAssertNumQueries, count: int
) -> None:
    overruled(world, count)
    client.force_login(world.coder_b)
    with django_assert_num_queries(10):
        page = client.get(page_url(world)).content.decode()

    assert page.count("<q>As stated</q>") == count


# ------------------------------------------------------------------ who may look


@pytest.mark.parametrize(
    ("who", "status"),
    [("coder_a", 200), ("adjudicator", 200), ("curator", 200), ("reader", 404), ("outsider", 404)],
)
def test_learning_is_for_the_team(world: World, client: Client, who: str, status: int) -> None:
    client.force_login(getattr(world, who))

    assert client.get(page_url(world)).status_code == status
    assert client.get(page_url(world, "learning-own")).status_code == status


def test_who_is_not_signed_in_is_asked_to(world: World, client: Client) -> None:
    assert client.get(page_url(world)).status_code == 302


def test_coders_are_named_to_curators_alone(world: World, client: Client) -> None:
    overruled(world)
    told = {}
    for who in ("coder_a", "coder_b", "adjudicator", "curator"):
        client.force_login(getattr(world, who))
        page = client.get(page_url(world)).content.decode().replace(f">{who}<", "")
        told[who] = [name for name in ("coder_a", "coder_b") if f">{name}</th>" in page]

    assert told == {
        "coder_a": [],
        "coder_b": [],
        "adjudicator": [],
        "curator": ["coder_a", "coder_b"],
    }


def test_rates_count_where_answers_differed_and_a_ruling_took_one(world: World) -> None:
    overruled(world, 2)
    found = Rules(lessons(world, world.curator)).rates()

    assert [(r.name, r.ruled, r.overruled) for r in found] == [("coder_b", 2, 2), ("coder_a", 2, 0)]


# ------------------------------------------------------------------ rules


def test_the_rule_whose_change_would_settle_most_comes_first(world: World) -> None:
    overruled(world, 2)
    world.say(world.coding_a, "1", "ended")
    world.say(world.coding_b, "0", "ended")
    world.close("regime", "territory")

    assert rules(world) == [("goal", 3, 1, 2, 2), ("ended", 1, 1, 0, 1)]
    [goal, _] = Rules(lessons(world, world.adjudicator)).rows
    assert goal.pair == ("policy Policy change", "regime Regime change")


def test_a_dispute_counts_for_the_rule_that_decided_it(world: World) -> None:
    world.close("regime", "policy")
    work.settle(
        cell=goal_of(world, world.case),
        entry=world.entry("goal"),
        text="regime",
        cause="rule_ambiguous",
        reason="The dates decide",
        by=world.adjudicator,
        rule=world.entry("ended"),
    )

    assert rules(world) == [("ended", 1, 0, 1, 1)]


def test_a_correction_of_what_all_agreed_on_is_no_dispute(world: World) -> None:
    world.close("regime", "regime")
    world.settle("policy")

    assert rules(world) == []


def test_what_an_adjudicator_codes_is_not_among_the_rules(world: World) -> None:
    [case] = overruled(world)
    work.assign(case=case, coder=world.adjudicator, codebook=world.codebook)

    assert rules(world) == []
    assert rules(world, world.curator) == [("goal", 1, 0, 1, 1)]


@pytest.mark.parametrize("count", [1, 3])
def test_the_project_page_asks_the_same_number_of_questions_whatever_its_length(
    world: World, client: Client, django_assert_num_queries: DjangoAssertNumQueries, count: int
) -> None:
    for case in overruled(world, count):
        called_later(world, case, "policy", "policy")
    client.force_login(world.curator)
    with django_assert_num_queries(12):
        page = client.get(page_url(world)).content.decode()

    assert page.count('class="cb-row-link"') == count


# ------------------------------------------------------------------ later codings


def test_later_codings_that_agree_against_the_ruling_are_flagged(world: World) -> None:
    [case] = overruled(world)
    called_later(world, case, "policy", "policy")

    assert late(world) == [("Case 0", "regime Regime change", "policy Policy change", 2)]


@pytest.mark.parametrize(
    "said", [("policy",), ("policy", "territory"), ("regime", "regime"), ("policy", "regime")]
)
def test_later_codings_that_differ_or_follow_the_ruling_are_not(
    world: World, said: tuple[str, ...]
) -> None:
    [case] = overruled(world)
    called_later(world, case, *said)

    assert late(world) == []


def test_a_ruling_after_those_codings_answers_them(world: World) -> None:
    [case] = overruled(world)
    called_later(world, case, "policy", "policy")
    ruled(world, case, "regime", "Looked at again")

    assert late(world) == []


def test_a_later_coding_that_is_still_open_tells_nothing(world: World) -> None:
    [case] = overruled(world)
    called_later(world, case, "policy")
    third = User.objects.create_user("third")
    Member.objects.create(project=world.project, user=third, role=Member.Role.CODER)
    coding = work.assign(case=case, coder=third, codebook=world.codebook)
    world.say(coding, "policy")

    assert late(world) == []
    assert Coding.objects.get(pk=coding.pk).submitted_at is None


# ------------------------------------------------------------------ what argues for a change


def test_disputes_that_were_ambiguous_argue_first(world: World) -> None:
    [case, other] = world.more_cases(2)
    answered(world, other, "regime", "territory")
    ruled(world, answered(world, case, "regime", "policy"))
    world.close("regime", "policy")
    ruled(world, world.case, cause="judgement")
    variable = world.entry("goal").variable_id
    found = arguments(world.curator, world.project, [variable])

    assert [a.case.title for a in found] == ["Case 0", "Case 1", "Desert Storm"]
    assert arguments(world.curator, world.project, [world.entry("ended").variable_id]) == []


def test_a_case_that_a_curator_codes_argues_for_nothing_there(world: World) -> None:
    [case] = overruled(world)
    work.assign(case=case, coder=world.curator, codebook=world.codebook)

    assert arguments(world.curator, world.project, [world.entry("goal").variable_id]) == []
