"""Saving answers and evidence, and that nothing typed is ever lost."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from coding import blind, work
from coding.models import Coding
from tests.conftest import World
from tests.sheets import FETCH, browser, field, said, token, url


@pytest.fixture
def coder(world: World) -> Client:
    return browser(world.coder_a)


def test_without_a_script_the_save_button_leads_back_to_the_field(
    world: World, coder: Client
) -> None:
    response = coder.post(
        url(world.coding_a, "goal"), {"text": "regime", "certainty": "2", "note": "p. 3"}
    )

    assert response.headers["Location"] == f"{url(world.coding_a)}#f-goal"
    kept = blind.own_answers([world.coding_a.pk])[world.coding_a.pk]["goal"]
    assert (kept.text, kept.certainty, kept.note) == ("regime", 2, "p. 3")


def test_autosave_answers_with_the_state_of_the_field(world: World, coder: Client) -> None:
    response = coder.post(
        url(world.coding_a, "story"), {"text": "Kuwait was freed."}, headers=FETCH
    )

    html = response.content.decode()
    assert response.status_code == 200
    assert f'data-token="{token(world.coding_a, "story")}" data-saved' in html
    assert "is-saved" in html


def test_an_answer_that_no_rule_reads_is_saved_in_nine_queries(
    world: World, coder: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Session, user, coding; savepoint, lock, value, update, history, release."""
    coder.post(url(world.coding_a, "story"), {"text": "First."}, headers=FETCH)

    with django_assert_num_queries(9):
        coder.post(url(world.coding_a, "story"), {"text": "Second."}, headers=FETCH)


@pytest.mark.parametrize("states", ["200", "200;220;255"])
def test_an_answer_that_rules_read_is_saved_in_eleven_queries_however_many_partners(
    world: World,
    coder: Client,
    states: str,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    """As above, then the answers of this sheet and what it asks: no partner is looked at."""
    world.say(world.coding_a, states, "partners")
    coder.post(url(world.coding_a, "ended"), {"text": "1"}, headers=FETCH)

    with django_assert_num_queries(11):
        coder.post(url(world.coding_a, "ended"), {"text": "0"}, headers=FETCH)


def test_an_answer_brings_the_fields_whose_rules_read_it(world: World, coder: Client) -> None:
    html = coder.post(url(world.coding_a, "ended"), {"text": "0"}, headers=FETCH).content.decode()

    assert re.findall(r'data-field="(\w+)"', html) == ["ended", "end_date"]
    assert "Not applicable" in field(html, "end_date")


def test_listing_a_state_brings_its_sheet_into_the_list(world: World, coder: Client) -> None:
    html = coder.post(
        url(world.coding_a, "partners"), {"text": ["200"], "add": "france"}, headers=FETCH
    ).content.decode()

    rows = html.split("data-rows")[1]
    assert re.findall(r"href=\"(/codings/\d+/)\"", rows) == [
        url(world.sheet_of(world.coder_a, state)) for state in ("200", "220")
    ]


def test_a_bad_answer_is_refused_beside_its_field_with_what_was_typed(
    world: World, coder: Client
) -> None:
    world.say(world.coding_a, "400", "troops")

    page = coder.post(url(world.coding_a, "troops"), {"text": "a few thousand"})
    fragment = coder.post(url(world.coding_a, "troops"), {"text": "a few thousand"}, headers=FETCH)

    assert (page.status_code, fragment.status_code) == (422, 422)
    on_page = field(page.content.decode(), "troops")
    assert 'value="a few thousand"' in on_page
    assert "“a few thousand” is not a whole number" in on_page
    assert "“a few thousand” is not a whole number" in fragment.content.decode()
    assert said(world.coding_a) == {"troops": "400"}


def test_nobody_else_can_save_into_a_sheet(world: World) -> None:
    for person in (world.coder_b, world.adjudicator, world.curator, world.outsider):
        response = browser(person).post(url(world.coding_a, "goal"), {"text": "policy"})
        assert response.status_code == 404

    assert said(world.coding_a) == {}


def test_a_submitted_sheet_takes_no_answer_and_gives_the_text_back(
    world: World, coder: Client
) -> None:
    world.say(world.coding_a, "regime")
    work.submit(coding=world.coding_a)

    page = coder.post(url(world.coding_a, "story"), {"text": "A late thought."})
    fragment = coder.post(url(world.coding_a, "story"), {"text": "A late thought."}, headers=FETCH)

    assert (page.status_code, fragment.status_code) == (409, 409)
    assert "A late thought." in page.content.decode()
    assert "This coding is submitted" in fragment.content.decode()
    assert said(world.coding_a) == {"goal": "regime"}


@pytest.mark.parametrize("name", ["share", "nothing", "objective_text"])
def test_what_a_sheet_does_not_ask_cannot_be_saved(world: World, coder: Client, name: str) -> None:
    assert coder.post(url(world.coding_a, name), {"text": "1"}).status_code == 404


def test_a_coding_that_asks_a_part_takes_no_other_answer(world: World) -> None:
    recode = work.assign(
        case=world.case,
        coder=world.adjudicator,
        codebook=world.codebook,
        purpose="recode",
        asks=(world.entry("goal"),),
    )
    recoder = browser(world.adjudicator)

    answers = [recoder.post(url(recode, name), {"text": "1"}) for name in ("troops", "ended")]

    assert [a.status_code for a in answers] == [404, 404]
    assert recoder.post(url(recode, "goal"), {"text": "regime"}).status_code == 302


def test_the_state_of_a_partner_sheet_is_set_by_the_list(world: World, coder: Client) -> None:
    world.say(world.coding_a, "200", "partners")
    sheet = world.sheet_of(world.coder_a, "200")

    response = coder.post(url(sheet, "partner_state"), {"text": "220"}, headers=FETCH)

    assert response.status_code == 409
    assert said(sheet) == {"partner_state": "200"}


def test_the_sheet_of_a_state_taken_off_the_list_is_gone(world: World, coder: Client) -> None:
    world.say(world.coding_a, "200", "partners")
    sheet = world.sheet_of(world.coder_a, "200")
    world.say(world.coding_a, "none", "partners")

    assert coder.post(url(sheet, "sent"), {"text": "2"}, headers=FETCH).status_code == 404


# ------------------------------------------------------------------ taking an answer away


def test_clear_takes_an_answer_and_its_citations_off_the_sheet(world: World, coder: Client) -> None:
    world.say(world.coding_a, "Kuwait was freed.", "story", note="In short.")
    work.add_citation(coding=world.coding_a, entry=world.entry("story"), source="A history")

    response = coder.post(url(world.coding_a, "story"), {"clear": "1"}, headers=FETCH)

    assert response.status_code == 200
    assert said(world.coding_a) == {}
    assert "A history" not in response.content.decode()


def test_an_emptied_answer_is_taken_away(world: World, coder: Client) -> None:
    world.say(world.coding_a, "400", "troops")
    coder.post(url(world.coding_a, "troops"), {"text": ""}, headers=FETCH)

    assert said(world.coding_a) == {}


def test_an_emptied_answer_does_not_take_its_citations_along(world: World, coder: Client) -> None:
    world.say(world.coding_a, "400", "troops")
    work.add_citation(coding=world.coding_a, entry=world.entry("troops"), source="A history")

    response = coder.post(url(world.coding_a, "troops"), {"text": ""}, headers=FETCH)

    assert response.status_code == 422
    assert said(world.coding_a) == {"troops": "400"}


# ------------------------------------------------------------------ two tabs


def test_what_another_tab_saved_is_not_overwritten_unseen(world: World, coder: Client) -> None:
    world.say(world.coding_a, "regime")
    seen = token(world.coding_a)
    world.say(world.coding_a, "territory", note="After the second order.")

    posted = {"text": "policy", "seen": seen}
    page = coder.post(url(world.coding_a, "goal"), posted)
    fragment = coder.post(url(world.coding_a, "goal"), posted, headers=FETCH)

    assert (page.status_code, fragment.status_code) == (409, 409)
    assert said(world.coding_a) == {"goal": "territory"}
    on_page = field(page.content.decode(), "goal")
    assert 'value="policy" data-key="3" checked' in on_page
    for html in (on_page, fragment.content.decode()):
        assert "Stored: <b>territory Territory</b>" in html
        assert "After the second order." in html


def test_the_coder_may_keep_theirs_after_seeing_the_other(world: World, coder: Client) -> None:
    world.say(world.coding_a, "territory")
    posted = {"text": "policy", "seen": ""}
    shown = coder.post(url(world.coding_a, "goal"), posted, headers=FETCH).content.decode()
    offered = shown.split('data-conflict="')[1].split('"')[0]

    coder.post(url(world.coding_a, "goal"), posted | {"seen": offered}, headers=FETCH)

    assert said(world.coding_a) == {"goal": "policy"}


def test_an_answer_sent_twice_is_no_conflict(world: World, coder: Client) -> None:
    posted = {"text": "policy", "seen": ""}
    first = coder.post(url(world.coding_a, "goal"), posted, headers=FETCH)
    again = coder.post(url(world.coding_a, "goal"), posted, headers=FETCH)

    assert (first.status_code, again.status_code) == (200, 200)
    assert first.content == again.content


def test_the_stored_field_can_be_taken_instead(world: World, coder: Client) -> None:
    world.say(world.coding_a, "territory")

    html = coder.get(url(world.coding_a, "goal"), headers=FETCH).content.decode()

    assert 'value="territory" data-key="2" checked' in html
    assert f'name="seen" value="{token(world.coding_a)}"' in html


def test_the_address_of_a_field_leads_a_person_to_its_place(world: World, coder: Client) -> None:
    response = coder.get(url(world.coding_a, "goal"))

    assert response.headers["Location"] == f"{url(world.coding_a)}#f-goal"


# ------------------------------------------------------------------ signed out while typing

TYPED = {"text": "Three pages of <story>", "note": "and a note", "seen": ""}


def test_a_sign_in_that_expired_gives_the_typed_text_back(world: World, client: Client) -> None:
    response = client.post(url(world.coding_a, "story"), TYPED)

    html = response.content.decode()
    assert response.status_code == 401
    assert "Three pages of &lt;story&gt;" in html
    assert "and a note" in html
    assert f'href="/sign-in/?next={url(world.coding_a)}"' in html
    assert said(world.coding_a) == {}


def test_the_script_is_told_that_the_sign_in_expired_without_a_redirect(
    world: World, client: Client
) -> None:
    response = client.post(url(world.coding_a, "story"), TYPED, headers=FETCH)

    assert (response.status_code, response.content) == (401, b"")


def test_text_of_one_coder_is_not_saved_nor_lost_when_another_signed_in_meanwhile(
    world: World,
) -> None:
    posted = TYPED | {"coder": str(world.coder_a.pk)}
    response = browser(world.coder_b).post(url(world.coding_a, "story"), posted)

    assert response.status_code == 401
    assert "Three pages of &lt;story&gt;" in response.content.decode()


def test_a_page_from_before_the_last_sign_in_gives_the_typed_text_back(world: World) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(world.coder_a)

    response = strict.post(url(world.coding_a, "story"), TYPED)

    assert response.status_code == 403
    assert "Three pages of &lt;story&gt;" in response.content.decode()
    assert said(world.coding_a) == {}


# ------------------------------------------------------------------ evidence


def cite(client: Client, coding: Coding, **posted: str) -> int:
    return client.post(url(coding, "goal", "cite"), posted, headers=FETCH).status_code


def test_a_citation_is_added_and_taken_off(world: World, coder: Client) -> None:
    world.say(world.coding_a, "regime")

    response = coder.post(
        url(world.coding_a, "goal", "cite"),
        {"source": "A history", "locator": "p. 36", "quote": "The aim was plain."},
        headers=FETCH,
    )
    [[quoted]] = blind.own_citations(world.coding_a.pk).values()
    removed = cite(coder, world.coding_a, remove=str(quoted.pk))

    assert (response.status_code, removed) == (200, 200)
    assert (quoted.source, quoted.locator) == ("A history", "p. 36")
    assert "The aim was plain." in response.content.decode()
    assert blind.own_citations(world.coding_a.pk) == {}


def test_without_a_script_a_citation_leads_back_to_its_field(world: World, coder: Client) -> None:
    world.say(world.coding_a, "regime")
    response = coder.post(url(world.coding_a, "goal", "cite"), {"source": "A history"})

    assert response.headers["Location"] == f"{url(world.coding_a)}#f-goal"


def test_a_citation_without_a_source_is_refused_with_what_was_typed(
    world: World, coder: Client
) -> None:
    world.say(world.coding_a, "regime")
    response = coder.post(url(world.coding_a, "goal", "cite"), {"quote": "Long words."})

    html = field(response.content.decode(), "goal")
    assert response.status_code == 422
    assert "Name the source" in html
    assert "Long words." in html


def test_a_citation_belongs_to_an_answer(world: World, coder: Client) -> None:
    assert cite(coder, world.coding_a, source="A history") == 409
    kept = coder.post(url(world.coding_a, "goal", "cite"), {"source": "A history"})
    assert "A history" in kept.content.decode()


def test_a_submitted_sheet_takes_no_citation(world: World, coder: Client) -> None:
    world.say(world.coding_a, "regime")
    work.submit(coding=world.coding_a)

    assert cite(coder, world.coding_a, source="A history") == 409


def test_nobody_else_can_cite_on_a_sheet(world: World, client: Client) -> None:
    world.say(world.coding_a, "regime")

    assert cite(browser(world.coder_b), world.coding_a, source="A history") == 404
    assert cite(client, world.coding_a, source="A history") == 401
    assert blind.own_citations(world.coding_a.pk) == {}


def test_a_coder_cannot_take_off_the_citation_of_another(world: World, coder: Client) -> None:
    world.say(world.coding_b, "regime")
    cited = work.add_citation(coding=world.coding_b, entry=world.entry("goal"), source="A history")

    cite(coder, world.coding_a, remove=str(cited.pk))

    assert len(blind.own_citations(world.coding_b.pk)) == 1
