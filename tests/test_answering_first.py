"""A project in which adjudicators answer before they see what coders said."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from coding import work
from coding.errors import Refused
from coding.models import FirstAnswer
from tests.conftest import World


@pytest.fixture
def asked(world: World, client: Client) -> World:
    """The coders differ on a word and on a list; the adjudicator has to answer first."""
    world.project.blind_first = True
    world.project.save()
    for coding, text, states in ((world.coding_a, "quetzal", "200"), (world.coding_b, "dodo", "")):
        world.say(coding, "regime" if coding == world.coding_a else "policy")
        world.say(coding, "A note", "story", note=f"{text} seen")
        world.say(coding, "1991-02-28" if states else "1990-01-01", "end_date", note=text)
    work.submit(coding=world.coding_a)
    work.submit(coding=world.coding_b)
    client.force_login(world.adjudicator)
    return world


def page(world: World, client: Client) -> str:
    return client.get(reverse("coding:dispute", args=[world.case.pk])).content.decode()


def post(world: World, client: Client, name: str = "goal", **said: str) -> int:
    cell = world.cell(name)
    url = reverse("coding:settle", args=[world.case.pk, cell.pk])
    seen = cell.since.isoformat()
    return client.post(
        url, {"seen": seen, **said}, headers={"X-Requested-With": "fetch"}
    ).status_code


def article(world: World, client: Client, name: str) -> str:
    whole = page(world, client)
    start = whole.index(f'id="c-{world.cell(name).pk}"')
    return whole[start : whole.index("</article>", start)]


def test_no_answer_of_a_coder_is_sent_before_the_own_one(asked: World, client: Client) -> None:
    shown = article(asked, client, "goal") + article(asked, client, "end_date")
    for told in ("quetzal", "dodo", "1990-01-01", 'name="take" value="regime"', "Coder A"):
        assert told not in shown
    assert "is-spans" not in shown
    queue = client.get(reverse("coding:disputes", args=[asked.project.slug])).content.decode()
    assert "Regime change" not in queue
    assert "1990-01-01" not in queue
    assert "hidden until you answer" in queue


def test_then_the_columns_are_shown_beside_it(asked: World, client: Client) -> None:
    assert post(asked, client, act="first", text="territory") == 200

    shown = article(asked, client, "goal")
    assert "You answered first: <b>territory Territory</b>" in shown
    assert 'name="take" value="regime"' in shown
    assert "1990-01-01" not in article(asked, client, "end_date")  # not answered yet
    assert asked.cell().status == "disputed"


def test_what_was_said_first_is_said_once(asked: World, client: Client) -> None:
    post(asked, client, act="first", text="territory")
    post(asked, client, act="first", text="policy")

    assert [f.text for f in FirstAnswer.objects.all()] == ["territory"]


def test_nobody_rules_without_having_answered(asked: World, client: Client) -> None:
    said = {"take": "", "text": "policy", "cause": "slip", "reason": "As stated"}
    assert post(asked, client, act="settle", **said) == 409
    with pytest.raises(Refused, match="Answer first"):
        asked.settle("policy")
    assert asked.cell().status == "disputed"

    post(asked, client, act="first", text="territory")
    assert post(asked, client, act="settle", **said) == 200
    assert asked.cell().text == "policy"


def test_an_empty_first_answer_is_said_beside_the_field(asked: World, client: Client) -> None:
    assert post(asked, client, act="first", text="") == 422
    assert post(asked, client, "end_date", act="first", text="soon") == 422
    assert not FirstAnswer.objects.exists()


def test_each_adjudicator_answers_first(asked: World, client: Client) -> None:
    post(asked, client, act="first", text="territory")
    client.force_login(asked.curator)

    shown = article(asked, client, "goal")
    assert "Answer first" in shown
    assert 'name="take" value="regime"' not in shown
