"""Two versions of a codebook side by side: as a page, as Markdown, as JSON."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from coding import codebooks
from coding.changes import Kind
from coding.models import Codebook
from coding.reading import changelog, comparison, markdown
from coding.reading.words import GONE, NEW, SAME, Piece, marked
from tests.conftest import DOCUMENT, World

PAGE = "/projects/usmi/codebook/compare/1/2/"
Document = dict[str, Any]


def changed(**words: Any) -> Document:
    """The small codebook with a category more and less, new words, a rename and a removal."""
    document = deepcopy(DOCUMENT)
    goal, ended = document["variables"][:2]
    goal["question"] = "What was the first main goal?"
    goal["rule"] = "The goal named first"
    goal["categories"][0]["label"] = "Change of regime"
    goal["categories"][3] = {"code": "aid", "label": "Aid"}
    ended |= {"name": "over", "renamed_from": "ended"}
    document["variables"][2]["skip"]["if"] = "over == 0"
    document["variables"] = [v for v in document["variables"] if v["name"] != "story"]
    document["codebook"]["missing_codes"][2]["label"] = "Not known"
    return document | words


def draft(world: World, document: Document) -> Codebook:
    return codebooks.draft(project=world.project, document=document)


@pytest.fixture
def second(world: World) -> Codebook:
    return codebooks.publish(codebook=draft(world, changed()), by=world.curator)


# ------------------------------------------------------------------ words


@given(st.text(), st.text())
def test_without_what_is_new_the_words_are_the_earlier_text(before: str, after: str) -> None:
    pieces = marked(before, after)

    assert "".join(p.text for p in pieces if p.kind != NEW) == before
    assert "".join(p.text for p in pieces if p.kind != GONE) == after


def test_only_the_words_that_changed_are_marked() -> None:
    assert marked("The goal named first.", "The main goal named in the text.") == [
        Piece(SAME, "The "),
        Piece(NEW, "main "),
        Piece(SAME, "goal named "),
        Piece(GONE, "first"),
        Piece(NEW, "in the text"),
        Piece(SAME, "."),
    ]


@given(st.text(alphabet="a *_`[]<>#|~-+=1.)\n\\&{}!", max_size=30))
def test_no_sign_of_a_text_is_left_to_markdown(words: str) -> None:
    in_one = markdown.line(words)

    assert "\n" not in in_one
    assert in_one.replace("\\\\", "").count("|") == in_one.replace("\\\\", "").count("\\|")


# ------------------------------------------------------------------ the comparison


def test_every_change_is_found_with_its_kind(world: World, second: Codebook) -> None:
    found = comparison.compare(world.codebook, second)

    assert {entry.name: entry.kinds for entry in found.changed} == {
        "goal": [Kind.EDITORIAL, Kind.CLARIFYING, Kind.RESCALED],
        "over": [Kind.RENAMED],
        "end_date": [Kind.CLARIFYING],
        "story": [Kind.RETIRED],
    }
    assert [(part, text.before, text.after) for part, text in found.head] == [
        (
            "missing code -99",
            "Unknown (unknown)\nSet by: Coder. In reliability: Exclude.",
            "Not known (unknown)\nSet by: Coder. In reliability: Exclude.",
        )
    ]


def test_categories_are_added_removed_changed_or_as_before(world: World, second: Codebook) -> None:
    found = comparison.compare(world.codebook, second)
    goal = next(entry for entry in found.entries if entry.name == "goal")

    assert [(answer.code, answer.state) for answer in goal.answers] == [
        ("regime", "changed"),
        ("territory", "same"),
        ("policy", "same"),
        ("canary", "removed"),
        ("aid", "added"),
    ]


def test_a_variable_is_followed_over_the_versions_between(world: World) -> None:
    books = [world.codebook]
    for code in ("aid", "oil"):
        document = codebooks.document_of(books[-1])
        document["variables"][0]["categories"].append({"code": code, "label": code})
        books.append(codebooks.publish(codebook=draft(world, document)))

    found = comparison.compare(books[0], books[2])

    assert [(e.name, e.kinds) for e in found.changed] == [("goal", [Kind.CATEGORY_ADDED])]


@pytest.mark.parametrize(
    "part",
    [
        ("filter", True),
        ("note", "Ask again in spring."),
        ("required", False),
        ("sources", "Newspapers"),
        ("categories", DOCUMENT["variables"][0]["categories"][::-1]),
    ],
)
def test_no_difference_between_two_versions_goes_unsaid(
    world: World, part: tuple[str, Any]
) -> None:
    document = deepcopy(DOCUMENT)
    document["variables"][0] |= dict([part])

    found = comparison.compare(world.codebook, draft(world, document))

    assert [entry.name for entry in found.changed] == ["goal"]


def test_prose_and_units_are_compared_as_well(world: World) -> None:
    document = deepcopy(DOCUMENT)
    document["codebook"] |= {"title": "A codebook", "scope": "1946–2018"}
    document["codebook"]["units"][1]["label"] = "Partner state"
    document["plan"] = {"first": 1946}

    found = comparison.compare(world.codebook, draft(world, document))

    assert [part for part, _ in found.head] == ["title", "unit partner", "scope", "plan"]


def test_the_order_of_keys_in_a_file_is_no_difference(world: World) -> None:
    document = codebooks.document_of(world.codebook)
    document["codebook"]["units"] = [
        dict(reversed(unit.items())) for unit in document["codebook"]["units"]
    ]
    document["variables"][0]["rule"] = "Another rule."

    found = comparison.compare(world.codebook, draft(world, document))

    assert found.head == []


# ------------------------------------------------------------------ the page


def test_words_that_are_gone_and_new_are_marked_for_eye_and_ear(
    world: World, second: Codebook, client: Client
) -> None:
    client.force_login(world.coder_a)

    body = client.get(PAGE).content.decode()

    wanted = [
        '<ins><span class="visually-hidden">[new: </span>first <span class="visually-hidden">]',
        '<del><span class="visually-hidden">[gone: </span>Unknown<span class="visually-hidden">]',
        "renamed",
        "4 of 11 entries changed",
        "was not there",
    ]
    assert [text for text in wanted if text not in body] == []
    assert "What did it send?" not in body  # did not change
    assert "What did it send?" in client.get(f"{PAGE}?show=all").content.decode()


def test_two_versions_are_chosen_and_the_earlier_stands_left(
    world: World, second: Codebook, client: Client
) -> None:
    client.force_login(world.coder_a)
    base = "/projects/usmi/codebook/compare/"

    to = [client.get(base).headers["Location"], client.get(f"{base}2/1/").headers["Location"]]
    chosen = client.get(f"{base}?before=2&after=1").headers["Location"]

    assert {*to, chosen} == {PAGE}
    for odd in ("?before=1&after=7", "?before=x", "1/7/", "?after=%C2%B2"):
        assert client.get(base + odd).status_code == 404


def test_one_version_alone_is_refused_with_a_way_out(world: World, client: Client) -> None:
    client.force_login(world.coder_a)

    answer = client.get("/projects/usmi/codebook/compare/")

    assert answer.status_code == 409
    assert b"/projects/usmi/codebook/" in answer.content


def test_a_version_compared_with_itself_says_that_nothing_differs(
    world: World, client: Client
) -> None:
    client.force_login(world.coder_a)

    assert b"Nothing differs" in client.get("/projects/usmi/codebook/compare/1/1/").content


@pytest.mark.parametrize("address", [PAGE, f"{PAGE[:-1]}.md", f"{PAGE[:-1]}.json"])
@pytest.mark.parametrize(
    ("who", "status"),
    [("curator", 200), ("coder_a", 404), ("adjudicator", 404), ("reader", 404), ("outsider", 404)],
)
def test_a_draft_is_compared_for_curators_alone(
    world: World, client: Client, address: str, who: str, status: int
) -> None:
    draft(world, changed())
    client.force_login(getattr(world, who))

    assert client.get(address).status_code == status


@pytest.mark.parametrize("ending", ["/", ".md", ".json"])
def test_published_versions_are_compared_for_every_member_and_for_nobody_else(
    world: World, second: Codebook, client: Client, ending: str
) -> None:
    address = PAGE.rstrip("/") + ending
    found = {}
    for who in ("reader", "coder_a", "outsider"):
        client.force_login(getattr(world, who))
        found[who] = client.get(address).status_code
    client.logout()

    assert found == {"reader": 200, "coder_a": 200, "outsider": 404}
    assert client.get(address).status_code == 302
    assert client.post(address).status_code in (302, 405)


def test_the_page_asks_the_same_queries_for_any_number_of_entries(
    world: World, client: Client
) -> None:
    client.force_login(world.curator)
    asked = []
    for count in (1, 3):
        document = deepcopy(DOCUMENT)
        for v in document["variables"][:count]:
            v["question"] += "!"
        draft(world, document)
        client.get(PAGE)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(PAGE)
        asked.append(len(queries))

    assert asked[0] == asked[1]


# ------------------------------------------------------------------ for programs


def test_the_json_holds_every_change_in_a_shape_of_its_own(
    world: World, second: Codebook, client: Client
) -> None:
    client.force_login(world.reader)

    answer = client.get(f"{PAGE[:-1]}.json")

    found = json.loads(answer.content)
    assert found == comparison.plain(comparison.compare(world.codebook, second))
    assert (found["format"], found["before"]["digest"]) == (
        "casebook-comparison-1",
        world.codebook.digest,
    )
    assert found["counts"] == {
        "editorial": 1,
        "clarifying": 2,
        "renamed": 1,
        "retired": 1,
        "rescaled": 1,
    }
    over = next(entry for entry in found["entries"] if entry["name"] == "over")
    assert over == {
        "name": "over",
        "was": "ended",
        "unit": "intervention",
        "section": "Dates",
        "changes": [{"kind": "renamed", "part": "name", "before": "ended", "after": "over"}],
        "categories": [],
    }


def test_the_change_log_reads_as_markdown(world: World, second: Codebook, client: Client) -> None:
    client.force_login(world.reader)

    text = client.get(f"{PAGE[:-1]}.md").content.decode()

    wanted = [
        "# A small codebook: codebook 1 to 2",
        "- Entries that changed: 1 editorial, 2 clarifying, 1 renamed, 1 retired, 1 rescaled",
        "### `over` Has it ended?",
        "- **renamed** name: ~~ended~~**over**",
        "- **clarifying** question: What was the **first** main goal?",
        "- category `canary` removed",
    ]
    assert [line for line in wanted if line not in text] == []
    assert text == changelog.written(comparison.compare(world.codebook, second))


@pytest.mark.parametrize("ending", [".md", ".json"])
def test_what_cannot_change_is_sent_once(
    world: World, second: Codebook, client: Client, ending: str
) -> None:
    client.force_login(world.reader)
    first = client.get(PAGE[:-1] + ending)

    again = client.get(PAGE[:-1] + ending, headers={"If-None-Match": first["ETag"]})

    assert (again.status_code, again.content) == (304, b"")
    for digest in (world.codebook.digest, second.digest):
        assert digest in first["ETag"]


def test_a_draft_that_changes_has_another_tag(world: World, client: Client) -> None:
    client.force_login(world.curator)
    draft(world, changed())
    first = client.get(f"{PAGE[:-1]}.json")["ETag"]
    document = changed()
    document["variables"][0]["rule"] = "Another rule."
    draft(world, document)

    assert client.get(f"{PAGE[:-1]}.json", headers={"If-None-Match": first}).status_code == 200
