"""The pages of reliability: who may read them, what they say, and what they never tell."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from coding import blind, reliability, work
from coding.models import Case, Coding
from coding.templatetags.casebook import coefficient, percent
from tests.conftest import World

GOALS = [("regime", "regime"), ("policy", "policy"), ("regime", "policy"), ("policy", "territory")]


def opened(world: World, answers: list[tuple[str, str]], name: str = "goal") -> list[Case]:
    """Each pair of answers opens a further case; the case of the world stays closed."""
    cases = world.more_cases(len(answers))
    for case, pair in zip(cases, answers, strict=True):
        for coder, text in zip((world.coder_a, world.coder_b), pair, strict=True):
            hand_in(world, case, coder, {"goal": "regime", name: text})
    return cases


def hand_in(world: World, case: Case, coder: User, said: dict[str, str]) -> Coding:
    coding = Coding.objects.get(case=case, coder=coder)
    for name, text in said.items():
        world.say(coding, text, name)
    work.submit(coding=coding)
    return coding


def url(page: str = "reliability", name: str = "", slug: str = "usmi") -> str:
    return reverse(f"coding:{page}", args=[slug, name] if name else [slug])


PAGES = (
    ("reliability", ""),
    ("reliability-variable", "goal"),
    ("reliability-cells", "goal"),
)


def read(client: Client, user: User, page: str = "reliability", name: str = "", **ask: str) -> str:
    client.force_login(user)
    answer = client.get(url(page, name), ask)
    assert answer.status_code == 200
    html = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", answer.content.decode())
    return " ".join(html.split())


def words(html: str) -> str:
    """What the page's main part says, without markup."""
    main = html[html.index('<main id="main"') :]
    return " ".join(re.sub(r"<[^>]+>", " ", main).split())


# ------------------------------------------------------------------ who may read them


@pytest.mark.parametrize(("page", "name"), PAGES)
@pytest.mark.parametrize(
    ("reader", "status"),
    [
        ("coder_a", 200),
        ("adjudicator", 200),
        ("curator", 200),
        ("reader", 404),
        ("outsider", 404),
    ],
)
def test_the_team_reads_reliability_and_nobody_else(
    world: World, client: Client, page: str, name: str, reader: str, status: int
) -> None:
    opened(world, GOALS)
    client.force_login(getattr(world, reader))

    assert client.get(url(page, name)).status_code == status


@pytest.mark.parametrize(("page", "name"), PAGES)
def test_a_visitor_is_asked_to_sign_in(world: World, client: Client, page: str, name: str) -> None:
    assert client.get(url(page, name))["Location"].startswith("/sign-in/")


@pytest.mark.parametrize("name", ["share", "no_such_variable"])
def test_there_is_no_page_for_what_is_computed_or_unknown(
    world: World, client: Client, name: str
) -> None:
    client.force_login(world.curator)

    assert client.get(url("reliability-variable", name)).status_code == 404
    assert client.get(url("reliability-cells", name)).status_code == 404


# ------------------------------------------------------------------ what they say


def test_the_overview_says_what_reliability_computed(world: World, client: Client) -> None:
    opened(world, GOALS)
    figure = reliability.figure(reliability.opened(world.project), world.entry("goal"))

    said = words(read(client, world.adjudicator))

    assert f"Main goal goal {coefficient(figure.alpha.value)}" in said
    low, high = coefficient(figure.alpha.low), coefficient(figure.alpha.high)
    assert f"{low} to {high}" in said
    assert f"4 of 4 {percent(figure.percent.value)} {coefficient(figure.ac.value)}" in said


def test_the_page_of_a_variable_says_why_its_figure_is_what_it_is(
    world: World, client: Client
) -> None:
    opened(world, GOALS)
    depth = reliability.depth(reliability.opened(world.project), world.entry("goal"))

    said = words(read(client, world.adjudicator, "reliability-variable", "goal"))

    for sentence in depth.reading:
        assert sentence.replace("'", "&#x27;") in said
    assert "used: two coders or more said something that counts 4" in said
    # regime, territory, policy said 3, 1 and 4 times: by chance n_c n_k / 7
    assert "regime Regime change 2 (0.9) 0 (0.4) 1 (1.7) 3" in said
    assert "The goal named first." in said
    assert "Disputed 2" in said


def test_a_square_of_the_heat_map_leads_to_its_cells_and_they_to_the_dispute(
    world: World, client: Client
) -> None:
    cases = opened(world, GOALS)
    html = read(client, world.adjudicator, "reliability-variable", "goal")
    square = re.search(r'href="(/projects/[^"]+one=regime&amp;other=policy[^"]*)"', html)
    assert square
    listed = client.get(square[1].replace("&amp;", "&")).content.decode()

    assert cases[2].title in listed
    assert cases[3].title not in listed
    cell = blind.all_cells(world.project).get(case=cases[2], variable=world.entry("goal").variable)
    assert f"{reverse('coding:dispute', args=[cases[2].pk])}#c-{cell.pk}" in listed


def test_coders_who_do_not_settle_are_led_to_the_case(world: World, client: Client) -> None:
    cases = opened(world, GOALS)
    listed = read(client, world.coder_a, "reliability-cells", "goal")

    assert reverse("coding:case", args=[cases[2].pk]) + "#v-goal" in listed
    assert "/disputes/" not in listed
