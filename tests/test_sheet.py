"""The page of the coder's sheet: what it asks, what it shows, and to whom."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from coding import work
from coding.models import Coding
from tests.conftest import World
from tests.sheets import FETCH, browser, field, url


@pytest.fixture
def coder(world: World) -> Client:
    return browser(world.coder_a)


def test_the_sheet_asks_every_question_of_its_unit(world: World, coder: Client) -> None:
    html = coder.get(url(world.coding_a)).content.decode()

    asked = re.findall(r'<fieldset class="cb-entry[^>]* id="f-(\w+)"', html)
    assert asked == ["goal", "ended", "end_date", "troops", "story", "partners"]


def test_a_stranger_is_asked_to_sign_in(world: World, client: Client) -> None:
    response = client.get(url(world.coding_a))

    assert response.headers["Location"] == f"/sign-in/?next={url(world.coding_a)}"


@pytest.mark.parametrize("reader", ["coder_b", "adjudicator", "curator", "reader", "outsider"])
def test_the_sheet_of_somebody_else_does_not_exist(world: World, reader: str) -> None:
    world.say(world.coding_a, "canary")

    assert browser(getattr(world, reader)).get(url(world.coding_a)).status_code == 404


def test_the_sheet_shows_what_was_said_and_how_far_it_is(world: World, coder: Client) -> None:
    world.say(world.coding_a, "regime", certainty=3, note="So says the order.")
    world.say(world.coding_a, "1991-02-28", "end_date")

    html = coder.get(url(world.coding_a)).content.decode()

    assert 'value="regime" data-key="1" checked' in field(html, "goal")
    assert 'name="certainty" value="3" checked' in field(html, "goal")
    assert "So says the order." in field(html, "goal")
    assert "1991-02-28, day known" in field(html, "end_date")
    assert "2 of 6" in html


def test_a_skipped_question_says_why_and_what_is_set(world: World, coder: Client) -> None:
    world.say(world.coding_a, "0", "ended")

    html = field(coder.get(url(world.coding_a)).content.decode(), "end_date")

    assert "Not applicable" in html
    assert "Skipped: <code>ended == 0</code>, so -88 not applicable is set." in html


def test_what_is_computed_is_shown_and_not_asked(world: World, coder: Client) -> None:
    world.say(world.coding_a, "400", "troops")
    world.say(world.coding_a, "200", "partners")
    sheet = world.sheet_of(world.coder_a, "200")
    world.say(sheet, "2", "sent")
    world.say(sheet, "100", "strength")

    html = field(coder.get(url(sheet)).content.decode(), "share")

    assert "0.25" in html
    assert "<form" not in html


def test_a_hard_check_and_a_missing_note_are_told_beside_the_field(
    world: World, coder: Client
) -> None:
    world.say(world.coding_a, "-77")
    world.say(world.coding_a, "400", "troops")
    world.say(world.coding_a, "200", "partners")
    sheet = world.sheet_of(world.coder_a, "200")
    world.say(sheet, "2", "sent")
    world.say(sheet, "500", "strength")

    main, partner = (coder.get(url(c)).content.decode() for c in (world.coding_a, sheet))

    assert "-77 needs a note that says why." in field(main, "goal")
    assert "More than the whole force." in field(partner, "strength")


def test_the_rule_stands_beside_the_question(world: World, coder: Client) -> None:
    html = coder.get(url(world.coding_a)).content.decode()

    rule = html.split('<article id="r-goal"')[1].split("</article>")[0]
    assert "The goal named first." in rule
    assert "<kbd>territory</kbd> Territory" in rule


def test_a_returned_sheet_begins_with_the_question(world: World, coder: Client) -> None:
    world.say(world.coding_a, "regime")
    work.submit(coding=world.coding_a)
    work.give_back(coding=world.coding_a, question="Which goal came first?", by=world.adjudicator)

    assert "Which goal came first?" in coder.get(url(world.coding_a)).content.decode()


def test_a_submitted_sheet_can_be_read_and_taken_back(world: World, coder: Client) -> None:
    world.say(world.coding_a, "regime")
    work.submit(coding=world.coding_a)

    html = coder.get(url(world.coding_a)).content.decode()

    assert 'value="regime" data-key="1" checked disabled' in field(html, "goal")
    assert f'action="{url(world.coding_a, "act", "take-back")}"' in html
    assert "cb-clear" not in html


def test_what_was_submitted_is_closed_while_the_case_is_coded_again(
    world: World, coder: Client
) -> None:
    world.close("canary", "policy")
    work.assign(case=world.case, coder=world.coder_a, codebook=world.codebook, purpose="repeat")

    pages = [
        coder.get(url(world.coding_a)),
        coder.get(url(world.coding_a, "goal"), headers=FETCH),
        coder.post(url(world.coding_a, "goal"), {"text": "nonsense"}),
        coder.post(url(world.coding_a, "goal"), {"text": "policy"}, headers=FETCH),
        coder.post(url(world.coding_a, "goal", "cite"), {"source": "S"}, headers=FETCH),
    ]

    assert [p.status_code for p in pages] == [409] * 5
    assert not any("checked" in p.content.decode() for p in pages)


def test_a_repeat_is_blind_to_the_partners_of_the_first_time_as_well(
    world: World, coder: Client
) -> None:
    for coding in (world.coding_a, world.coding_b):
        world.say(coding, "regime")
        world.say(coding, "200", "partners")
        world.say(world.sheet_of(coding.coder, "200"), "2", "sent")
        work.submit(coding=coding)
    first = world.sheet_of(world.coder_a, "200")
    before = coder.get(url(first)).status_code
    work.assign(case=world.case, coder=world.coder_a, codebook=world.codebook, purpose="repeat")

    assert (before, coder.get(url(first)).status_code) == (200, 409)


def test_a_top_up_is_checked_against_what_its_coder_said_of_the_case(
    world: World, coder: Client
) -> None:
    for coding, states in ((world.coding_a, "200"), (world.coding_b, "200;220")):
        world.say(coding, "regime")
        world.say(coding, "400", "troops")
        world.say(coding, states, "partners")
        for state in states.split(";"):
            world.say(world.sheet_of(coding.coder, state), "2", "sent")
        work.submit(coding=coding)
    world.settle("200;220", "partners")
    top_up = world.sheet_of(world.coder_a, "220")
    world.say(top_up, "2", "sent")
    world.say(top_up, "500", "strength")

    html = coder.get(url(top_up)).content.decode()

    assert "More than the whole force." in field(html, "strength")


def test_partners_and_objectives_stand_beside_the_main_sheet(world: World, coder: Client) -> None:
    world.say(world.coding_a, "200;220", "partners")
    coder.post(url(world.coding_a, "act", "add", "objective"))
    objective = Coding.objects.get(case__unit__name="objective")
    world.say(objective, "Liberate Kuwait", "objective_text")

    for coding in (world.coding_a, world.sheet_of(world.coder_a, "200")):
        html = coder.get(url(coding)).content.decode()
        rows = html.split('id="rows"')[1].split("</nav>")[0]
        titles = re.findall(r"<a href=\"/codings/\d+/\"[^>]*>([^<]+) <span", rows)
        assert titles == ["United Kingdom", "France", "Liberate Kuwait"]


def test_a_sheet_lists_nothing_that_another_coder_listed(world: World, coder: Client) -> None:
    world.say(world.coding_b, "220", "partners")

    html = coder.get(url(world.coding_a)).content.decode()

    assert "France" not in html.split('id="rows"')[1].split("</nav>")[0]


@pytest.mark.parametrize("states", ["200", "200;220;255"])
def test_the_sheet_asks_the_same_number_of_queries_for_one_partner_and_three(
    world: World,
    coder: Client,
    states: str,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for name, text in (("goal", "regime"), ("troops", "400"), ("partners", states)):
        world.say(world.coding_a, text, name)
        work.add_citation(coding=world.coding_a, entry=world.entry(name), source="A history")
    coder.get(url(world.coding_a))  # codebook and rules are read once per process

    with django_assert_num_queries(11):
        coder.get(url(world.coding_a))


def test_a_sheet_without_answers_asks_no_fewer_queries(
    world: World, coder: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    coder.get(url(world.coding_a))

    with django_assert_num_queries(11):
        coder.get(url(world.coding_a))
