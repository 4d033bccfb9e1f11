"""The list of what does not hold, as adjudicators and curators see it, and waiving there."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from coding import quality, work
from coding.models import Waiver
from tests.conftest import World
from tests.strict import MAIN, another_case
from tests.test_quality import broken_once, project_wide, waive


@pytest.fixture
def broken(world: World) -> World:
    """A case that is open and has no objective."""
    return broken_once(world)


def page(client: Client, world: World, user: User | None = None, **query: str) -> str:
    client.force_login(user or world.adjudicator)
    response = client.get(reverse("coding:quality", args=[world.project.slug]), query)
    assert response.status_code == 200
    return response.content.decode()


def test_the_list_names_the_case_the_check_and_what_it_reads(broken: World, client: Client) -> None:
    shown = page(client, broken)

    case = reverse("coding:case", args=[broken.case.pk])
    assert f'<a href="{case}">Case US-1990-SHI</a>' in shown
    assert "Exactly one objective is the main one." in shown
    assert f'href="{case}#v-goal">regime Regime change</a>' in shown


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("curator", 200),
        ("adjudicator", 200),
        ("coder_a", 404),
        ("reader", 404),
        ("outsider", 404),
    ],
)
def test_the_list_is_for_adjudicators_and_curators(
    broken: World, client: Client, who: str, status: int
) -> None:
    client.force_login(getattr(broken, who))

    address = reverse("coding:quality", args=[broken.project.slug])
    assert client.get(address).status_code == status


def test_who_codes_a_case_is_told_nothing_of_it_not_even_a_count(
    broken: World, client: Client
) -> None:
    assert "Open <b>1</b>" in page(client, broken)

    work.assign(case=broken.case, coder=broken.adjudicator, codebook=broken.codebook)

    shown = page(client, broken)
    assert "Case US-1990-SHI" not in shown
    assert "Open <b>0</b>" in shown
    assert "Open <b>1</b>" in page(client, broken, broken.curator)
    assert post(client, broken, broken.adjudicator, reason="x").status_code == 404


def test_a_closed_case_is_not_counted(world: World, client: Client) -> None:
    world = project_wide(world)
    world.say(world.coding_a, "regime")
    work.submit(coding=world.coding_a)

    assert "Open <b>0</b>" in page(client, world)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"rule": "goal-1"}, True),
        ({"rule": "ended-1"}, False),
        ({"severity": "project"}, True),
        ({"severity": "hard"}, False),
        ({"unit": "intervention"}, True),
        ({"unit": "partner"}, False),
        ({"q": "shi"}, True),
        ({"q": "nowhere"}, False),
        ({"show": "waived"}, False),
        ({"page": "99"}, True),
        ({"rule": "no such", "show": "odd"}, False),
    ],
)
def test_filters(broken: World, client: Client, query: dict[str, str], found: bool) -> None:
    assert ("Case US-1990-SHI</a>" in page(client, broken, **query)) is found


def post(client: Client, world: World, user: User, **more: str) -> Any:
    client.force_login(user)
    data = {"rule": "goal-1", "coder": str(user.pk)} | more
    return client.post(reverse("coding:waive", args=[world.case.pk]), data)


def test_a_waiver_leaves_the_list_and_stands_apart_with_its_reason(
    broken: World, client: Client
) -> None:
    back = reverse("coding:quality", args=[broken.project.slug]) + "?rule=goal-1"
    answer = post(client, broken, broken.adjudicator, reason="Never stated.", back=back)

    assert (answer.status_code, answer["Location"]) == (302, back)
    assert "Case US-1990-SHI</a>" not in page(client, broken)
    waived = page(client, broken, show="waived")
    assert "Case US-1990-SHI</a>" in waived
    assert "<q>Never stated.</q>" in waived
    waiver = Waiver.objects.get()
    assert (waiver.rule, waiver.by) == (MAIN, broken.adjudicator)

    post(client, broken, broken.curator, end="1")
    assert "Case US-1990-SHI</a>" in page(client, broken)


def test_after_waiving_nobody_is_led_off_the_site(broken: World, client: Client) -> None:
    answer = post(client, broken, broken.curator, reason="x", back="https://evil.example/")

    assert answer["Location"] == reverse("coding:quality", args=[broken.project.slug])


def test_a_waiver_without_a_reason_is_refused_in_words(broken: World, client: Client) -> None:
    answer = post(client, broken, broken.curator, reason=" ")

    assert answer.status_code == 409
    assert "A waiver needs a reason" in answer.content.decode()
    assert Waiver.objects.count() == 0


@pytest.mark.parametrize("who", ["coder_a", "reader", "outsider"])
def test_others_cannot_waive(broken: World, client: Client, who: str) -> None:
    assert post(client, broken, getattr(broken, who), reason="x").status_code == 404
    assert Waiver.objects.count() == 0


def test_only_a_check_that_is_broken_is_waived(broken: World, client: Client) -> None:
    assert post(client, broken, broken.curator, rule="ended-1", reason="x").status_code == 404


def test_whoever_is_not_signed_in_gets_back_what_was_typed(broken: World, client: Client) -> None:
    address = reverse("coding:waive", args=[broken.case.pk])
    answer = client.post(address, {"rule": "goal-1", "reason": "Never stated."})

    assert answer.status_code == 401
    assert "Never stated." in answer.content.decode()


def test_of_very_many_cases_one_check_is_judged_at_a_time(
    broken: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quality, "MOST_AT_ONCE", 0)

    first = page(client, broken)
    assert "Case US-1990-SHI</a>" in first  # the check of the goal is the first
    assert first.count("choose the check to judge them") == 3
    assert "Case US-1990-SHI</a>" not in page(client, broken, rule="ended-1")
    assert post(client, broken, broken.curator, reason="Never stated.").status_code == 302


def test_where_nothing_is_broken_the_page_says_so(world: World, client: Client) -> None:
    assert "All checks hold" in page(client, world)  # the small codebook has one
    shown = page(client, world, rule="strength-1")
    assert "Nothing is left under these filters" in shown


def test_the_page_takes_as_many_queries_for_three_cases_as_for_one(
    broken: World, client: Client
) -> None:
    page(client, broken)

    def queries() -> int:
        quality._judged.cache_clear()
        with CaptureQueriesContext(connection) as captured:
            page(client, broken, show="open")
        return len(captured)

    from_one = queries()
    for key in ("US-1999-KOS", "US-2001-AFG"):
        _, codings = another_case(broken, key, broken.codebook)
        for coding in codings:
            broken.say(coding, "regime")
            work.submit(coding=coding)
    waive(broken)
    assert queries() == from_one
