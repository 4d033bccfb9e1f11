from __future__ import annotations

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
