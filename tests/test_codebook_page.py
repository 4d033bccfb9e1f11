from __future__ import annotations

from copy import deepcopy

import pytest
from django.test import Client

from coding import codebooks
from tests.conftest import DOCUMENT, World

PAGE = "/projects/usmi/codebook/"


def test_every_question_rule_category_and_expression_stands_on_the_page(
    world: World, client: Client
) -> None:
    client.force_login(world.reader)

    body = client.get(PAGE).content.decode()

    wanted = [v["question"] for v in DOCUMENT["variables"]]
    wanted += ["The goal named first.", "Regime change", "ended == 0", "Cannot be determined"]
    wanted += ["strength &lt;= intervention.troops", world.codebook.digest]
    assert [text for text in wanted if text not in body] == []


@pytest.mark.parametrize(("who", "status"), [("curator", 200), ("coder_a", 404), ("reader", 404)])
def test_a_draft_is_shown_to_curators_alone(
    world: World, client: Client, who: str, status: int
) -> None:
    variables = [v | {"question": v["question"] + "!"} for v in DOCUMENT["variables"]]
    codebooks.draft(project=world.project, document=DOCUMENT | {"variables": variables})
    client.force_login(getattr(world, who))

    assert client.get(PAGE + "2/").status_code == status


def test_a_stranger_finds_no_codebook(world: World, client: Client) -> None:
    client.force_login(world.outsider)

    assert [client.get(PAGE).status_code, client.get(PAGE + "1/").status_code] == [404, 404]


def test_new_words_touch_no_variable_and_a_new_code_makes_one(world: World) -> None:
    """Words stand in the entry: only what is measured makes a new variable."""
    reworded = deepcopy(DOCUMENT)
    reworded["variables"][0]["question"] = "Which goal was named first?"
    reworded["variables"][0]["categories"][0]["definition"] = "A new government."
    reworded["variables"][1] |= {"name": "over", "renamed_from": "ended"}
    reworded["variables"][2]["skip"]["if"] = "over == 0"
    reworded["variables"][7]["categories"].append({"code": 3, "label": "Money"})

    codebook = codebooks.draft(project=world.project, document=reworded)

    before = {e.name: e.variable_id for e in codebooks.entries(world.codebook)}
    after = {e.name: e.variable_id for e in codebooks.entries(codebook)}
    assert after["goal"] == before["goal"]
    assert after["over"] == before["ended"]
    sent = next(e.variable for e in codebooks.entries(codebook) if e.name == "sent")
    assert (sent.pk != before["sent"], sent.replaces_id) == (True, before["sent"])


def test_the_page_lists_every_version_with_what_changed(world: World, client: Client) -> None:
    document = deepcopy(DOCUMENT)
    document["variables"][0]["question"] = "Which goal was named first?"
    draft = codebooks.draft(project=world.project, document=document, note="Clearer words.")
    codebooks.publish(codebook=draft, by=world.curator)
    client.force_login(world.reader)

    body = client.get(PAGE + "1/").content.decode()

    wanted = ["Clearer words.", "1 clarifying", "/codebook/compare/1/2/", ", curator"]
    assert [text for text in wanted if text not in body] == []
