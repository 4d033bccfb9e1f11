from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from coding import codebooks, work
from coding.models import Case
from coding.reading import described, frequencies, manual
from coding.reading.frequencies import Frequencies
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


# ------------------------------------------------------------------ what the cells hold


def code(world: World, case: Case, **said: str) -> None:
    """Both coders say the same of a case and hand it in."""
    for coder in (world.coder_a, world.coder_b):
        coding = work.assign(case=case, coder=coder, codebook=world.codebook)
        for name, text in {"goal": "regime", **said}.items():
            world.say(coding, text, name, note="As asked." if text == "-77" else "")
        work.submit(coding=coding)


def counted(world: World, user: User) -> dict[str, Frequencies]:
    return frequencies.of(world.codebook, user)


def test_each_answer_and_each_missing_code_is_counted(world: World) -> None:
    for n, goal in enumerate(["regime", "regime", "policy", "-77"]):
        code(world, _another(world, n), goal=goal)

    goal = counted(world, world.curator)["goal"]

    assert (goal.cells, goal.valid, goal.unsettled) == (4, 3, 0)
    assert [(a.code, a.label, a.cells, a.percent) for a in goal.rows] == [
        ("regime", "Regime change", 2, 50.0),
        ("territory", "Territory", 0, 0.0),
        ("policy", "Policy change", 1, 25.0),
        ("canary", "A rare bird", 0, 0.0),
        ("-77", "Cannot be determined", 1, 25.0),
    ]


def _another(world: World, n: int) -> Case:
    return Case.objects.create(unit=world.case.unit, key=f"US-18{n:02d}-Y", title=f"Case {n}")


def test_numbers_dates_and_texts_are_summed_up_as_they_are(world: World) -> None:
    said = [
        {"troops": "10", "end_date": "1991-02", "story": "One."},
        {"troops": "1000", "end_date": "1990-08-02/..", "story": "One."},
    ]
    for n, answers in enumerate(said):
        code(world, _another(world, n), **answers)

    found = counted(world, world.curator)

    assert found["troops"].span == (("Minimum", "10"), ("Median", "505"), ("Maximum", "1\xa0000"))
    assert found["end_date"].span == (("Earliest", "1990-08-02"), ("Latest", "1991-02-28"))
    assert (found["story"].cells, found["story"].rows) == (2, ())


@pytest.mark.parametrize(
    ("kind", "said", "span"),
    [
        ("troops", {"1": 1, "2": 1, "9": 1}, ("1", "2", "9")),
        ("troops", {"1": 3, "9": 1}, ("1", "1", "9")),
        ("troops", {"1": 2, "9": 2}, ("1", "5", "9")),
        ("share", {"0.25": 1, "1.5": 1}, ("0.25", "0.875", "1.5")),
        ("share", {"-10": 1}, ("-10", "-10", "-10")),
    ],
)
def test_the_median_lies_in_the_middle_of_the_cells(
    world: World, kind: str, said: dict[str | None, int], span: tuple[str, ...]
) -> None:
    found = frequencies.counted(world.entry(kind), said, {})

    assert tuple(value for _, value in found.span) == span


def test_members_of_a_set_are_counted_one_by_one(world: World) -> None:
    said: dict[str | None, int] = {"220;255": 2, "220": 1, "none": 1, "-99": 1, None: 3}

    found = frequencies.counted(world.entry("partners"), said, {"220": "France", "255": "Germany"})

    assert [(a.code, a.label, a.cells) for a in found.rows] == [
        ("220", "France", 3),
        ("255", "Germany", 2),
        ("none", "none", 1),
        ("-99", "Unknown", 1),
    ]
    assert (found.cells, found.valid, found.unsettled) == (5, 4, 3)


def test_what_is_disputed_is_no_answer_yet(world: World) -> None:
    world.close("regime", "policy")

    goal = counted(world, world.curator)["goal"]

    assert (goal.cells, goal.unsettled) == (0, 1)


def test_closed_cases_and_those_being_coded_are_not_counted(world: World) -> None:
    world.say(world.coding_a, "regime")
    work.submit(coding=world.coding_a)
    closed = [counted(world, who) for who in (world.coder_a, world.coder_b, world.curator)]
    world.say(world.coding_b, "regime")
    work.submit(coding=world.coding_b)
    work.assign(case=world.case, coder=world.adjudicator, codebook=world.codebook)

    assert closed == [{}, {}, {}]
    assert counted(world, world.curator)["goal"].cells == 1
    assert counted(world, world.adjudicator) == {}


def test_readers_have_releases_and_strangers_nothing(world: World) -> None:
    world.close("regime", "regime")

    assert counted(world, world.reader) == counted(world, world.outsider) == {}


def test_what_is_out_of_the_universe_is_not_counted(world: World) -> None:
    world.close("regime", "regime")
    world.case.in_universe = False
    world.case.save()

    assert counted(world, world.curator) == {}


def test_the_page_shows_counts_and_says_what_it_leaves_out(world: World, client: Client) -> None:
    world.close("regime", "regime")
    bodies = {}
    work.assign(case=world.case, coder=world.adjudicator, codebook=world.codebook)
    for who in ("curator", "adjudicator", "reader"):
        client.force_login(getattr(world, who))
        bodies[who] = client.get(PAGE).content.decode()

    assert "100.0&nbsp;%" in bodies["curator"]
    assert "leave out what you are coding" in bodies["adjudicator"]
    assert "100.0&nbsp;%" not in bodies["adjudicator"] + bodies["reader"]
    assert "/projects/usmi/releases/" in bodies["reader"]


def test_reliability_stands_beside_the_counts_where_there_is_any(world: World) -> None:
    for n, goal in enumerate(["regime", "policy", "policy", "territory"]):
        code(world, _another(world, n), goal=goal)

    goal = described.book(world.codebook, world.curator).entries[0]

    assert goal.agreement is not None
    assert (goal.agreement.alpha, goal.agreement.percent) == (1.0, 1.0)
    assert (goal.agreement.cases, goal.agreement.coders) == (4, 2)


def test_the_page_asks_the_same_queries_for_any_number_of_entries(
    world: World, client: Client
) -> None:
    client.force_login(world.curator)
    asked = []
    for count in (1, 3):
        names = [v["name"] for v in DOCUMENT["variables"] if v["unit"] == "objective"]
        names += ["goal", "ended", "troops"][:count]
        kept = [v for v in DOCUMENT["variables"] if v["name"] in names]
        codebooks.draft(project=world.project, document=DOCUMENT | {"variables": kept})
        client.get(f"{PAGE}2/")
        with CaptureQueriesContext(connection) as queries:
            client.get(f"{PAGE}2/")
        asked.append(len(queries))

    assert asked[0] == asked[1]


# ------------------------------------------------------------------ Markdown


def test_a_version_reads_as_markdown(world: World, client: Client) -> None:
    world.close("regime", "regime")
    client.force_login(world.curator)

    answer = client.get(f"{PAGE}1.md")

    assert answer["Content-Type"] == "text/markdown; charset=utf-8"
    lines = answer.content.decode().splitlines()
    wanted: list[Any] = [
        "# A small codebook",
        "### Aims",
        "#### `goal` What was the main goal?",
        "- `regime` **Regime change**",
        "- Skipped if `ended == 0`, then `-88`",
        "- Hard check: `strength <= intervention.troops` More than the whole force.",
        "| `regime` Regime change | 1 | 100.0 |",
        "Cells: 1",
        "- Minimum: 0",
        "- Maximum: 100000",
        "- `-99` **Unknown** Set by: Coder. In reliability: Exclude.",
    ]
    assert [line for line in wanted if line not in lines] == []


def test_signs_of_markdown_in_a_codebook_stay_signs(world: World) -> None:
    document = deepcopy(DOCUMENT)
    document["variables"][0] |= {"question": "# Which *goal*?", "rule": "- one\n1. two | three"}
    book = codebooks.draft(project=world.project, document=document)

    text = manual.written(described.book(book, world.curator))

    assert "#### `goal` \\# Which \\*goal\\*?" in text
    assert "\\- one  \n1\\. two \\| three" in text
