"""My work: the coder's own sheets, the next thing to do, and nothing about others."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from coding import work
from coding.models import Case
from tests.conftest import World
from tests.sheets import browser, url

WORK = "/projects/usmi/work/"


@pytest.fixture
def coder(world: World) -> Client:
    return browser(world.coder_a)


def listed(html: str) -> list[tuple[str, str]]:
    """Titles and states of the table's rows."""
    rows = html.split("<tbody>")[1].split("</tbody>")[0].split("<tr>")[1:]
    titles = [re.search(r'cb-row-link"[^>]*>([^<]+)<', row) for row in rows]
    states = [re.search(r"</svg>([^<]+)</span></td>", row) for row in rows]
    return [(t[1], s[1]) for t, s in zip(titles, states, strict=True) if t and s]


def test_a_stranger_is_asked_to_sign_in(world: World, client: Client) -> None:
    assert client.get(WORK).headers["Location"] == f"/sign-in/?next={WORK}"


@pytest.mark.parametrize("person", ["outsider", "reader"])
def test_who_does_not_code_here_finds_no_worklist(world: World, person: str) -> None:
    assert browser(getattr(world, person)).get(WORK).status_code == 404


def test_returned_sheets_come_first_then_those_begun_then_by_key(
    world: World, coder: Client
) -> None:
    begun, _ = world.more_cases(2)
    mine = work.assign(case=begun, coder=world.coder_a, codebook=world.codebook)
    world.say(mine, "regime")
    world.say(world.coding_a, "regime")
    work.submit(coding=world.coding_a)
    work.give_back(coding=world.coding_a, question="Which came first?", by=world.curator)

    html = coder.get(WORK).content.decode()

    assert listed(html) == [
        ("Desert Storm", "Returned with a question"),
        ("Case 0", "In progress"),
        ("Case 1", "To do"),
    ]
    assert "Which came first?" in html


def test_the_next_thing_to_do_is_one_button_away(world: World, coder: Client) -> None:
    html = coder.get(WORK).content.decode()

    head = html.split("</header>")[0]
    assert f'<a class="btn btn-primary" href="{url(world.coding_a)}">Begin: Desert Storm' in head


def test_progress_counts_what_is_asked_and_answered(world: World, coder: Client) -> None:
    world.say(world.coding_a, "regime")
    world.say(world.coding_a, "0", "ended")

    assert "<span>2 of 5</span>" in coder.get(WORK).content.decode()


def test_submitted_sheets_wait_and_are_closed_when_the_case_opens(
    world: World, coder: Client
) -> None:
    world.say(world.coding_a, "regime")
    work.submit(coding=world.coding_a)
    waiting = listed(coder.get(f"{WORK}?show=submitted").content.decode())
    world.say(world.coding_b, "policy")
    work.submit(coding=world.coding_b)
    opened = listed(coder.get(f"{WORK}?show=submitted").content.decode())

    assert waiting == [("Desert Storm", "Submitted, waiting")]
    assert opened == [("Desert Storm", "Submitted, case open")]


def test_partners_and_objectives_are_counted_with_their_main_sheet(
    world: World, coder: Client
) -> None:
    world.say(world.coding_a, "200;220", "partners")

    html = coder.get(WORK).content.decode()

    assert [title for title, _ in listed(html)] == ["Desert Storm"]
    assert "+ 2 sheets" in html


def test_a_top_up_stands_alone_with_the_name_of_its_case(world: World, coder: Client) -> None:
    for coding, states in ((world.coding_a, "200"), (world.coding_b, "200;220")):
        world.say(coding, "regime")
        world.say(coding, states, "partners")
        for state in states.split(";"):
            world.say(world.sheet_of(coding.coder, state), "2", "sent")
        work.submit(coding=coding)
    world.settle("200;220", "partners")

    html = coder.get(WORK).content.decode()
    top_up = world.sheet_of(world.coder_a, "220")

    assert listed(html) == [("France", "In progress")]
    assert "in Desert Storm" in html
    assert "in Desert Storm" in coder.get(url(top_up)).content.decode()
    world.say(top_up, "1", "sent")
    assert coder.post(url(top_up, "act", "submit")).status_code == 302


def test_the_worklist_tells_nothing_of_others(world: World, coder: Client) -> None:
    before = coder.get(WORK).content.decode()
    world.say(world.coding_b, "canary")
    world.say(world.coding_b, "220", "partners")
    world.say(world.sheet_of(world.coder_b, "220"), "2", "sent")
    work.submit(coding=world.coding_b)

    def without_tokens(html: str) -> str:
        return re.sub(r'csrfmiddlewaretoken" value="\w+"', "", html)

    assert without_tokens(coder.get(WORK).content.decode()) == without_tokens(before)


def test_an_empty_worklist_says_where_work_comes_from(world: World) -> None:
    assert "Nothing to code" in browser(world.adjudicator).get(WORK).content.decode()


def test_a_finished_worklist_says_so(world: World, coder: Client) -> None:
    world.say(world.coding_a, "regime")
    work.submit(coding=world.coding_a)

    assert "Everything is coded" in coder.get(WORK).content.decode()


@pytest.mark.parametrize("more", [0, 2])
def test_the_worklist_asks_the_same_number_of_queries_for_one_sheet_and_three(
    world: World, coder: Client, more: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    world.more_cases(more)
    coder.get(WORK)

    with django_assert_num_queries(9):
        coder.get(WORK)


def test_a_long_worklist_comes_in_pages(world: World, coder: Client) -> None:
    world.more_cases(60)

    html = coder.get(f"{WORK}?page=2").content.decode()

    assert len(listed(html)) == Case.objects.filter(parent=None).count() - 50
