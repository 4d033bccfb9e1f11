"""What a coder does with a whole sheet: submit, take back, add and remove rows; handing back."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from coding import work
from coding.models import Coding
from tests.conftest import World
from tests.sheets import browser, said, url

MINE = ("submit", "take-back", "add/objective", "remove")


@pytest.fixture
def coder(world: World) -> Client:
    return browser(world.coder_a)


def act(coding: Coding, name: str) -> str:
    return url(coding, "act", name)


def fresh(coding: Coding) -> Coding:
    return Coding.objects.get(pk=coding.pk)


@pytest.mark.parametrize("name", [*MINE, "give-back"])
def test_no_act_without_a_sign_in(world: World, client: Client, name: str) -> None:
    response = client.post(act(world.coding_a, name))

    assert response.status_code == 401
    assert fresh(world.coding_a).submitted_at is None


@pytest.mark.parametrize("name", MINE)
def test_no_act_on_the_sheet_of_somebody_else(world: World, name: str) -> None:
    world.say(world.coding_a, "regime")
    for person in (world.coder_b, world.adjudicator, world.curator, world.outsider):
        assert browser(person).post(act(world.coding_a, name)).status_code == 404

    assert fresh(world.coding_a).submitted_at is None
    assert Coding.objects.filter(case__unit__name="objective").count() == 0


@pytest.mark.parametrize("name", [*MINE, "give-back"])
def test_acts_are_not_done_by_looking(world: World, coder: Client, name: str) -> None:
    assert coder.get(act(world.coding_a, name)).status_code == 405


# ------------------------------------------------------------------ submit, take back


def test_a_complete_sheet_is_handed_in_and_the_worklist_follows(
    world: World, coder: Client
) -> None:
    world.say(world.coding_a, "regime")
    response = coder.post(act(world.coding_a, "submit"))

    assert response.headers["Location"] == f"/projects/{world.project.slug}/work/"
    assert fresh(world.coding_a).submitted_at is not None


def test_what_is_missing_is_listed_on_the_sheet_with_links(world: World, coder: Client) -> None:
    world.say(world.coding_a, "200", "partners")
    partner = world.sheet_of(world.coder_a, "200")

    response = coder.post(act(world.coding_a, "submit"))

    html = response.content.decode()
    listed = html.split('id="points"')[1].split("</ul>")[0]
    links = re.findall(r'<a href="([^"]+)"', listed)
    assert response.status_code == 409
    assert "2 answers keep this sheet from being submitted." in listed
    assert links == ["#f-goal", f"{url(partner)}#f-sent"]
    assert "Not coded yet." in html.split('id="f-goal"')[1].split("</fieldset>")[1]
    assert fresh(world.coding_a).submitted_at is None


def test_a_partner_sheet_is_handed_in_with_its_main_sheet(world: World, coder: Client) -> None:
    world.say(world.coding_a, "regime")
    world.say(world.coding_a, "200", "partners")
    partner = world.sheet_of(world.coder_a, "200")
    world.say(partner, "2", "sent")

    coder.post(act(partner, "submit"))

    assert [fresh(c).submitted_at is not None for c in (world.coding_a, partner)] == [True, True]


def test_a_sheet_is_not_handed_in_twice(world: World, coder: Client) -> None:
    world.say(world.coding_a, "regime")
    answers = [coder.post(act(world.coding_a, "submit")).status_code for _ in range(2)]

    assert answers == [302, 409]


def test_a_sheet_is_taken_back_while_its_case_is_closed(world: World, coder: Client) -> None:
    world.say(world.coding_a, "regime")
    work.submit(coding=world.coding_a)

    response = coder.post(act(world.coding_a, "take-back"))

    assert response.headers["Location"] == url(world.coding_a)
    assert fresh(world.coding_a).submitted_at is None


def test_a_sheet_is_not_taken_back_before_it_is_handed_in_nor_after_its_case_is_open(
    world: World, coder: Client
) -> None:
    before = coder.post(act(world.coding_a, "take-back")).status_code
    world.close("regime", "policy")
    after = coder.post(act(world.coding_a, "take-back")).status_code

    assert (before, after) == (409, 409)


# ------------------------------------------------------------------ rows


def test_an_objective_is_added_and_its_sheet_opens(world: World, coder: Client) -> None:
    response = coder.post(act(world.coding_a, "add/objective"))

    objective = Coding.objects.get(case__unit__name="objective")
    assert response.headers["Location"] == url(objective)
    assert (objective.coder, objective.case.parent) == (world.coder_a, world.case)


def test_objectives_are_numbered_until_they_have_words(world: World, coder: Client) -> None:
    world.say(world.coding_a, "200", "partners")
    pages = [coder.post(act(world.coding_a, "add/objective"), follow=True) for _ in range(2)]

    headings = [page.content.decode().split("<h1>")[1].split(" <small>")[0] for page in pages]
    assert headings == ["Objective 1", "Objective 2"]


def test_an_objective_is_removed_and_the_main_sheet_opens(world: World, coder: Client) -> None:
    coder.post(act(world.coding_a, "add/objective"))
    objective = Coding.objects.get(case__unit__name="objective")
    world.say(objective, "Liberate Kuwait", "objective_text")

    response = coder.post(act(objective, "remove"))

    assert response.headers["Location"] == url(world.coding_a)
    assert coder.get(url(objective)).status_code == 404
    assert said(objective) == {"objective_text": "Liberate Kuwait"}


@pytest.mark.parametrize("unit", ["partner", "intervention"])
def test_partners_are_listed_not_added(world: World, coder: Client, unit: str) -> None:
    assert coder.post(act(world.coding_a, f"add/{unit}")).status_code == 409


def test_a_unit_of_another_project_cannot_be_added(world: World, coder: Client) -> None:
    assert coder.post(act(world.coding_a, "add/nothing")).status_code == 404


def test_rows_stay_as_they_are_once_submitted(world: World, coder: Client) -> None:
    world.say(world.coding_a, "regime")
    coder.post(act(world.coding_a, "add/objective"))
    objective = Coding.objects.get(case__unit__name="objective")
    world.say(objective, "Liberate Kuwait", "objective_text")
    work.submit(coding=world.coding_a)

    assert coder.post(act(objective, "remove")).status_code == 409
    assert coder.post(act(world.coding_a, "add/objective")).status_code == 409


def test_the_main_sheet_cannot_be_removed(world: World, coder: Client) -> None:
    assert coder.post(act(world.coding_a, "remove")).status_code == 409


# ------------------------------------------------------------------ handing back


@pytest.fixture
def handed_in(world: World) -> Coding:
    world.say(world.coding_a, "canary", note="notequetzal")
    work.submit(coding=world.coding_a)
    return world.coding_a


@pytest.mark.parametrize("role", ["adjudicator", "curator"])
def test_a_sheet_is_handed_back_with_a_question_by_who_cannot_read_it(
    world: World, handed_in: Coding, role: str
) -> None:
    client = browser(getattr(world, role))
    response = client.post(act(handed_in, "give-back"), {"question": "Which came first?"})

    shown = client.get(response.headers["Location"]).content.decode()
    back = fresh(handed_in)
    assert (back.submitted_at, back.question) == (None, "Which came first?")
    assert "is returned with your question" in shown
    assert "canary" not in shown
    assert "notequetzal" not in shown


@pytest.mark.parametrize("role", ["coder_b", "coder_a", "reader", "outsider"])
def test_only_adjudicators_and_curators_hand_back(
    world: World, handed_in: Coding, role: str
) -> None:
    client = browser(getattr(world, role))

    answer = client.post(act(handed_in, "give-back"), {"question": "Which came first?"})
    assert answer.status_code == 404
    assert fresh(handed_in).submitted_at is not None


def test_handing_back_needs_a_question(world: World, handed_in: Coding) -> None:
    answer = browser(world.curator).post(act(handed_in, "give-back"), {"question": " "})

    assert answer.status_code == 409
    assert fresh(handed_in).submitted_at is not None


def test_a_sheet_of_an_open_case_or_one_still_being_coded_is_not_handed_back(
    world: World,
) -> None:
    ask = {"question": "Which came first?"}
    being_coded = browser(world.curator).post(act(world.coding_a, "give-back"), ask)
    world.close("regime", "policy")
    opened = browser(world.curator).post(act(world.coding_a, "give-back"), ask)

    assert (being_coded.status_code, opened.status_code) == (409, 409)


def test_the_sheet_of_a_state_that_one_coder_listed_is_not_known_to_others(
    world: World,
) -> None:
    world.say(world.coding_a, "regime")
    world.say(world.coding_a, "220", "partners")
    partner = world.sheet_of(world.coder_a, "220")
    world.say(partner, "2", "sent")
    work.submit(coding=world.coding_a)

    answer = browser(world.curator).post(act(partner, "give-back"), {"question": "Really?"})

    assert answer.status_code == 404
