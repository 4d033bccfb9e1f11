from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from coding import blind, work
from coding.models import Case, Coding
from coding.views.cases import Listing
from tests.conftest import World


def listing(world: World, user: User, **query: str) -> Listing:
    return Listing(world.project, user, query)


def counts(world: World, user: User, name: str, **query: str) -> dict[str, int]:
    filters = {f.name: f for f in listing(world, user, **query).filters()}
    return {option.value: option.count for option in filters[name].options}


def spread(world: World) -> None:
    """Four cases in two regions and two decades; one is disputed, one settled."""
    world.case.facts = {"region": "Middle East", "start_year": "1991"}
    world.case.save()
    facts = (("Europe", "1948"), ("Europe", "1999"), ("Middle East", "1958"))
    for case, (region, year) in zip(world.more_cases(3), facts, strict=True):
        case.facts = {"region": region, "start_year": year}
        case.save()
    world.close("regime", "policy")
    first = Case.objects.get(key="US-1900-X")
    for coder in (world.coder_a, world.coder_b):
        coding = Coding.objects.get(case=first, coder=coder)
        world.say(coding, "regime")
        work.submit(coding=coding)


def test_the_counts_of_every_filter_add_up_to_the_cases_it_sorts(world: World) -> None:
    spread(world)

    assert counts(world, world.curator, "region") == {"Europe": 2, "Middle East": 2}
    assert counts(world, world.curator, "period") == {"1940": 1, "1950": 1, "1990": 2}
    states = listing(world, world.curator).by_work()
    assert {o.value: o.count for o in states.options} == {
        "unassigned": 0,
        "coding": 2,
        "disputed": 1,
        "coded": 1,
    }


def test_a_filter_counts_under_the_others_but_not_under_itself(world: World) -> None:
    spread(world)

    assert counts(world, world.curator, "region", region="Europe", period="1990") == {
        "Europe": 1,
        "Middle East": 1,
    }


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"q": "storm"}, ["US-1991-GUL"]),
        ({"region": "Europe"}, ["US-1900-X", "US-1901-X"]),
        ({"period": "1950"}, ["US-1902-X"]),
        ({"work": "disputed"}, ["US-1991-GUL"]),
        ({"work": "coded"}, ["US-1900-X"]),
        ({"unit": "partner"}, []),
    ],
)
def test_the_list_shows_what_passes_the_filters(
    world: World, query: dict[str, str], expected: list[str]
) -> None:
    spread(world)

    found = listing(world, world.curator, **query).found()
    assert [case.key for case in found] == expected


def test_to_somebody_who_codes_it_again_a_disputed_case_is_only_being_coded(world: World) -> None:
    spread(world)
    work.assign(case=world.case, coder=world.adjudicator, codebook=world.codebook)

    states = dict(blind.with_work(Case.objects.all(), world.adjudicator).values_list("key", "work"))
    assert states["US-1991-GUL"] == "coding"


def test_a_partner_that_another_coder_listed_is_not_in_the_list_before_the_case_opens(
    world: World,
) -> None:
    world.say(world.coding_a, "200", "partners")

    def keys(user: User) -> list[str]:
        return [c.key for c in listing(world, user, unit="partner").found()]

    assert keys(world.coder_a) == ["US-1991-GUL/200"]
    assert keys(world.coder_b) == keys(world.curator) == []


@pytest.mark.parametrize("more", [1, 3])
def test_the_list_costs_the_same_queries_whatever_its_length(
    world: World, client: Client, more: int, django_assert_num_queries: pytest.FixtureRequest
) -> None:
    world.more_cases(more)
    client.force_login(world.curator)
    client.get(reverse("coding:cases", args=[world.project.slug]))

    with django_assert_num_queries(16):  # type: ignore[operator]
        client.get(reverse("coding:cases", args=[world.project.slug]))


@pytest.mark.parametrize(
    ("reader", "status"),
    [("coder_a", 200), ("adjudicator", 200), ("curator", 200), ("reader", 404), ("outsider", 404)],
)
def test_cases_are_for_the_team(world: World, client: Client, reader: str, status: int) -> None:
    client.force_login(getattr(world, reader))

    answers = [
        client.get(reverse("coding:cases", args=[world.project.slug])).status_code,
        client.get(reverse("coding:case", args=[world.case.pk])).status_code,
        client.get(reverse("coding:history", args=[world.case.pk])).status_code,
    ]
    assert answers == [status] * 3


def page(client: Client, world: World, user: User) -> str:
    client.force_login(user)
    return client.get(reverse("coding:case", args=[world.case.pk])).content.decode()


def test_a_closed_case_says_that_it_is_closed(world: World, client: Client) -> None:
    world.say(world.coding_a, "territory")

    assert "Still closed" in page(client, world, world.curator)
    assert "Closed to you while you code it" in page(client, world, world.coder_b)


def test_an_open_case_shows_its_cells_to_the_team(world: World, client: Client) -> None:
    world.close("territory", "territory")

    assert "territory Territory" in page(client, world, world.coder_a)


def test_an_adjudicator_reads_letters_where_a_curator_reads_names(
    world: World, client: Client
) -> None:
    world.close("territory", "policy")

    assert "coder_b" in page(client, world, world.curator)
    seen = page(client, world, world.adjudicator)
    assert ("Coder A" in seen, "coder_a" in seen, "coder_b" in seen) == (True, False, False)


def test_a_curator_assigns_and_others_cannot(world: World, client: Client) -> None:
    url = reverse("coding:assign", args=[world.case.pk])
    body = {"coder": world.adjudicator.pk}

    client.force_login(world.coder_a)
    refused = client.post(url, body).status_code
    client.force_login(world.curator)
    done = client.post(url, body).status_code

    assert (refused, done) == (404, 302)
    assert Coding.objects.filter(case=world.case, coder=world.adjudicator).count() == 1


def test_a_member_of_another_project_cannot_be_given_a_case(world: World, client: Client) -> None:
    client.force_login(world.curator)

    answer = client.post(
        reverse("coding:assign", args=[world.case.pk]), {"coder": world.outsider.pk}
    )
    assert answer.status_code == 404


def test_opening_early_is_refused_without_a_reason_and_to_others(
    world: World, client: Client
) -> None:
    world.say(world.coding_a, "territory")
    work.submit(coding=world.coding_a)
    url = reverse("coding:unblind", args=[world.case.pk])

    client.force_login(world.adjudicator)
    stranger = client.post(url, {"reason": "Curious"}).status_code
    client.force_login(world.curator)
    silent = client.post(url, {"reason": " "}).status_code
    done = client.post(url, {"reason": "Coder B left."}).status_code

    assert (stranger, silent, done) == (404, 409, 302)


def test_a_withdrawn_sheet_lets_the_case_open_and_keeps_what_was_typed(
    world: World, client: Client
) -> None:
    world.say(world.coding_a, "territory")
    world.say(world.coding_b, "policy")
    work.submit(coding=world.coding_a)
    client.force_login(world.curator)

    client.post(
        reverse("coding:withdraw", args=[world.case.pk]),
        {"coding": world.coding_b.pk, "reason": "Left the project"},
    )

    assert (world.cell().status, world.cell().text) == ("single", "territory")
    assert blind.values_for(world.coder_b).filter(text="policy").count() == 1
