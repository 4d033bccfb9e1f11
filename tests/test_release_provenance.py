"""Where each cell comes from: provenance.jsonl and the pages of why.zip; who withholds."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from html.parser import HTMLParser
from typing import Any

import pytest

from coding import work
from coding.errors import Refused
from coding.models import Member
from curation.models import Release
from curation.releases import freeze, withholding
from tests.conftest import World
from tests.test_releases import coded, data, one, release, table  # noqa: F401 - the fixture


def records(made: Release) -> list[dict[str, Any]]:
    return [json.loads(line) for line in data(made, "provenance.jsonl").decode().splitlines()]


def record(made: Release, variable: str) -> dict[str, Any]:
    [found] = [r for r in records(made) if r["variable"] == variable and r["case"] == "US-1991-GUL"]
    return found


def unpacked(made: Release, name: str) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(data(made, name))) as packed:
        assert packed.testzip() is None
        return {each: packed.read(each).decode() for each in packed.namelist()}


def alias(world: World, who: str) -> str:
    return Member.objects.get(project=world.project, user=getattr(world, who)).pseudonym


# ------------------------------------------------------------------ records


def test_a_record_tells_codings_with_their_quotes(world: World) -> None:
    world.say(world.coding_a, "1000", "troops", certainty=3, note="A “note”")
    work.add_citation(
        coding=world.coding_a,
        entry=world.entry("troops"),
        source="History, vol. 2",
        locator="p. 7",
        quote="a thousand <men>",
    )
    world.close("1000", "1000", "troops")

    assert record(release(world), "troops") == {
        "unit": "intervention",
        "case": "US-1991-GUL",
        "variable": "troops",
        "value": "1000",
        "status": "agreed",
        "codings": sorted(
            [
                {
                    "coder": alias(world, "coder_a"),
                    "codebook": 1,
                    "value": "1000",
                    "citations": [
                        {
                            "source": "History, vol. 2",
                            "locator": "p. 7",
                            "quote": "a thousand <men>",
                        }
                    ],
                },
                {"coder": alias(world, "coder_b"), "codebook": 1, "value": "1000"},
            ],
            key=lambda coding: str(coding["coder"]),
        ),
    }


def test_a_ruling_stands_with_its_words_and_each_revision_with_its_first_release(
    coded: World,  # noqa: F811
) -> None:
    first = release(coded)
    coded.settle("2000", "troops")
    second = release(coded, "0.1.1")

    judge = alias(coded, "adjudicator")
    ruling = {"cause": "judgement", "reason": "Source 3, p. 12", "by": judge}
    told = record(second, "troops")
    assert ruling.items() <= told["ruling"].items()
    moved = [(r["release"], r["status"], r["value"]) for r in told["revisions"]]
    assert moved == [
        ("0.1.0", "disputed", None),
        ("0.1.0", "adjudicated", "1000"),
        ("0.1.1", "adjudicated", "2000"),
    ]
    assert record(first, "troops")["revisions"] == told["revisions"][:2]
    assert "revisions" not in record(second, "goal")


def test_there_is_one_record_for_each_cell_in_the_same_order(coded: World) -> None:  # noqa: F811
    made = release(coded)
    keys = ("unit", "case", "variable", "status")
    assert [tuple(r[k] for k in keys) for r in records(made)] == [
        tuple(row[k] for k in keys) for row in table(made, "cells")
    ]


# ------------------------------------------------------------------ since which release


def test_a_cell_tells_in_which_release_it_came_and_last_changed(coded: World) -> None:  # noqa: F811
    def since(made: Release, variable: str) -> tuple[str, str]:
        row = one(table(made, "cells"), variable=variable, case="US-1991-GUL")
        return row["first_release"], row["changed_release"]

    first = release(coded)
    coded.settle("2000", "troops")
    second = release(coded, "0.1.1")
    third = release(coded, "0.1.2")

    assert since(first, "troops") == ("0.1.0", "0.1.0")
    assert [since(r, "troops") for r in (second, third)] == [("0.1.0", "0.1.1")] * 2
    assert [since(r, "end_date") for r in (second, third)] == [("0.1.0", "0.1.0")] * 2


def test_every_cell_that_did_not_change_keeps_its_releases(coded: World) -> None:  # noqa: F811
    release(coded)
    again = table(release(coded, "0.1.1"), "cells")

    assert {(row["first_release"], row["changed_release"]) for row in again} == {("0.1.0", "0.1.0")}


# ------------------------------------------------------------------ pages


class Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.found += [value or "" for name, value in attrs if name in ("href", "src")]


def test_each_row_has_a_page_and_every_link_leads_to_one(coded: World) -> None:  # noqa: F811
    made = release(coded)
    pages = unpacked(made, "why.zip")
    rows = sum(unit["rows"] for unit in made.manifest["units"])

    assert len(pages) == rows + 1
    for name, page in pages.items():
        parser = Links()
        parser.feed(page)
        folder = name.rpartition("/")[0]
        for link in parser.found:
            place = link.removeprefix("../") if link.startswith("../") else f"{folder}/{link}"
            assert place.lstrip("/") in pages
        assert "script" not in parser.tags
        assert not re.search(r"https?://", page)


def test_a_page_tells_the_ruling_and_escapes_what_people_typed(world: World) -> None:
    world.say(world.coding_a, "<b>one</b>", "story", note="<script>alert(1)</script>")
    world.close("<b>one</b>", "Two & three", "story")
    world.settle("Two & three", "story")

    page = unpacked(release(world), "why.zip")["intervention/1.html"]

    assert "<h3>The ruling</h3>" in page
    assert ("Two &amp; three" in page, "&lt;b&gt;one&lt;/b&gt;" in page) == (True, True)
    assert ("<b>" in page, "<script" in page) == (False, False)


# ------------------------------------------------------------------ reliability


def test_the_inputs_are_what_the_figures_were_counted_from(coded: World) -> None:  # noqa: F811
    made = release(coded)
    inputs = unpacked(made, "reliability_inputs.zip")
    measured = [row["variable"] for row in table(made, "reliability") if row["alpha"]]

    assert sorted(inputs) == sorted(f"{name}.csv" for name in measured)
    for name, text in inputs.items():
        head, *rows = csv.reader(io.StringIO(text))
        said = [r for r in table(made, "codings") if f"{r['variable']}.csv" == name]
        assert head == ["unit", *sorted({row["coder"] for row in said})]
        assert [row[0] for row in rows] == sorted({row["case"] for row in said})
    assert measured


# ------------------------------------------------------------------ withheld


def test_who_withholds_is_left_out_and_counted_and_the_cells_stay(coded: World) -> None:  # noqa: F811
    before = release(coded)
    withholding.withhold(
        project=coded.project, coder=coded.coder_a, reason="Asked by mail", by=coded.curator
    )
    after = release(coded, "0.1.1")

    name = alias(coded, "coder_a")
    said = [row for row in table(before, "codings") if row["coder"] == name]
    kept = [row for row in table(before, "codings") if row["coder"] != name]
    assert table(after, "codings") == kept
    assert after.manifest["withheld"] == {"coders": 1, "values": len(said)}
    assert f"{len(said)} values left out" in data(after, "README.md").decode()
    assert record(after, "end_date")["withheld"] == 1
    everything = [data(after, f["name"]) for f in after.manifest["files"]]
    everything += [
        t.encode()
        for z in ("why.zip", "reliability_inputs.zip")
        for t in unpacked(after, z).values()
    ]
    assert not any(name.encode() in file for file in everything)
    cells = [{**row, "changed_release": ""} for row in table(before, "cells")]
    assert [{**row, "changed_release": ""} for row in table(after, "cells")] == cells


def test_withholding_ends_and_what_was_said_comes_back(coded: World) -> None:  # noqa: F811
    told = freeze(coded.project, "0.1.0").digest
    wish = withholding.withhold(
        project=coded.project, coder=coded.coder_a, reason="Asked", by=coded.curator
    )
    assert freeze(coded.project, "0.1.0").digest != told
    withholding.end(withholding=wish, reason="Asked again", by=coded.curator)

    assert freeze(coded.project, "0.1.0").digest == told
    with pytest.raises(Refused, match="ended already"):
        withholding.end(withholding=wish, reason="Once more", by=coded.curator)


def test_a_wish_needs_a_coder_and_a_reason_and_is_written_down_once(world: World) -> None:
    def withheld(coder: Any, reason: str) -> None:
        withholding.withhold(project=world.project, coder=coder, reason=reason, by=world.curator)

    with pytest.raises(Refused, match="Nobody of that name"):
        withheld(world.outsider, "Asked")
    with pytest.raises(Refused, match="Say why"):
        withheld(world.coder_a, " ")
    withheld(world.coder_a, "Asked")
    with pytest.raises(Refused, match="withheld already"):
        withheld(world.coder_a, "Asked twice")
