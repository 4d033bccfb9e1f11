"""Any two of three releases on their page: the releases are cut once for all of these tests."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext

from coding import work
from curation.models import Release
from tests.conftest import World, make_world
from tests.test_release_changes import correct, data, hand_in, release

PAGE = "/projects/usmi/releases/compare"


@pytest.fixture(scope="module")
def cut(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """In a transaction around those of the tests, which is rolled back after the last of them."""
    folder = tmp_path_factory.mktemp("store")
    with (
        django_db_blocker.unblock(),
        override_settings(STORE_DIR=folder),
        transaction.atomic(),
    ):
        world = make_world()
        hand_in(world, goal="policy")
        world.more_cases(1)
        release(world, "0.1.0", allow_disputes=True)
        correct(world, "goal", "regime", "slip")
        correct(world, "troops", "500", "slip")
        release(world, "0.2.0")
        correct(world, "goal", "policy", "source_missing")
        correct(world, "troops", "1000", "judgement")
        correct(world, "story", "More", "slip")
        release(world, "0.3.0")
        yield world
        transaction.set_rollback(True)


@pytest.fixture
def three(cut: World, db: None) -> World:
    return cut


def test_over_several_releases_a_cell_takes_the_last_cause_and_names_its_steps(
    three: World, client: Client
) -> None:
    client.force_login(three.reader)

    answer = client.get(f"{PAGE}/0.1.0/0.3.0/changes.csv")

    rows = list(csv.DictReader(io.StringIO(answer.getvalue().decode())))  # type: ignore[attr-defined]
    found = {(r["variable"], r["change"], r["cause"], r["new_value"], r["releases"]) for r in rows}
    assert {f for f in found if f[0] in ("goal", "story")} == {
        ("goal", "value", "new source", "policy", "0.2.0; 0.3.0"),
        ("story", "value", "error", "More", "0.3.0"),
    }
    assert ("troops", "status", "adjudication", "1000", "0.2.0; 0.3.0") in found
    assert [f for f in found if f[0] == "share"] == []  # it is back where it was
    body = client.get(f"{PAGE}/0.1.0/0.3.0/").content.decode()
    assert "in 0.2.0; 0.3.0" in body
    words = client.get(f"{PAGE}/0.1.0/0.3.0/changes.md").content.decode()
    assert "| new source | 0 | 0 | 1 | 0 | 0 |" in words


def test_the_page_explains_every_changed_cell_and_is_filtered(three: World, client: Client) -> None:
    client.force_login(three.reader)
    whole = client.get(f"{PAGE}/0.1.0/0.2.0/")
    narrow = client.get(f"{PAGE}/0.1.0/0.2.0/?cause=adjudication")
    none = client.get(f"{PAGE}/0.1.0/0.2.0/?variable=story").content.decode()

    def shown(answer: Any) -> set[tuple[str, str]]:
        return {(each.changed.variable, each.changed.cause) for each in answer.context["shown"]}

    assert shown(whole) == {("goal", "adjudication"), ("troops", "error"), ("share", "error")}
    assert shown(narrow) == {("goal", "adjudication")}
    assert "No changed cell passes these filters." in none
    assert f"/cases/{three.case.pk}/history/" in whole.content.decode()
    stored = data(Release.objects.get(version="0.2.0"), "changes.md").decode()
    assert client.get(f"{PAGE}/0.1.0/0.2.0/changes.md").content.decode() == stored


def test_two_are_chosen_and_the_earlier_stands_left(three: World, client: Client) -> None:
    client.force_login(three.reader)

    last = client.get(f"{PAGE}/").headers["Location"]
    turned = client.get(f"{PAGE}/0.3.0/0.1.0/").headers["Location"]

    assert (last, turned) == (f"{PAGE}/0.2.0/0.3.0/", f"{PAGE}/0.1.0/0.3.0/")
    assert "No cell differs" in client.get(f"{PAGE}/0.2.0/0.2.0/").content.decode()
    for odd in ("/0.1.0/9.9.9/", "/?before=x"):
        assert client.get(PAGE + odd).status_code == 404


def test_strangers_find_nothing_and_visitors_are_asked_to_sign_in(
    three: World, client: Client
) -> None:
    pages = ["/", "/0.1.0/0.2.0/", "/0.1.0/0.2.0/changes.csv", "/0.1.0/0.2.0/changes.md"]

    assert {client.get(PAGE + page).status_code for page in pages} == {302}
    client.force_login(three.outsider)
    assert {client.get(PAGE + page).status_code for page in pages} == {404}


def test_who_codes_an_open_case_again_is_not_told_by_a_comparison(
    three: World, client: Client
) -> None:
    work.assign(case=three.case, coder=three.curator, codebook=three.codebook, purpose="production")
    client.force_login(three.curator)

    assert client.get(f"{PAGE}/0.1.0/0.2.0/").status_code == 409


def test_the_page_asks_as_much_for_three_cells_as_for_one(three: World, client: Client) -> None:
    client.force_login(three.reader)
    asked = []
    for cause in ("adjudication", ""):
        with CaptureQueriesContext(connection) as queries:
            client.get(f"{PAGE}/0.1.0/0.2.0/?cause={cause}")
        asked.append(len(queries))

    assert asked[0] == asked[1]
    assert asked[0] <= 20
