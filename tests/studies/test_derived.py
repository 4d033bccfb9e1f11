"""Cells that the codebook derives from others' data: filled, explained, and never over a person."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from coding import blind, codebooks, work
from coding.errors import Refused
from coding.models import Cell, Project, State
from curation.faults import BadInput
from curation.files import table_of
from curation.intake.series import About, Columns, SeriesReport, import_series
from tests.conftest import DOCUMENT, World
from tests.studies.test_estimators import EXTERNAL
from tests.studies.test_series import ABOUT
from tests.tables import run
from tests.test_cells import past
from tests.test_codebooks import published
from tests.test_documents import at, changed, faults
from tests.test_releases import coded, data, hand_in, one, release, table  # noqa: F401

RULE = 'series("pact", partner_state, 2, intervention.end_date)'
PACT = {
    "name": "pact",
    "unit": "partner",
    "label": "Pact",
    "question": "Had it a pact?",
    "type": "boolean",
    "level": "nominal",
    "derive": RULE,
}
PAIRS = Columns(state="a", other="b", year="year", value="v")


def derived(world: World, *rows: tuple[str, str], **about: Any) -> SeriesReport:
    """A series of 1991 with the United States: a state and its value."""
    lines = [{"a": state, "b": "2", "year": "1991", "v": value} for state, value in rows]
    said = {"name": "pact", "pair": "leads", **ABOUT, **about}
    return import_series(
        project=world.project, table=table_of(lines), columns=PAIRS, about=About(**said)
    )


def pacts(world: World) -> dict[str, tuple[str, str | None, str]]:
    cells = blind.all_cells(world.project).select_related("case")
    book = codebooks.current(world.project)
    assert book is not None
    variable = next(e.variable for e in codebooks.entries(book) if e.name == "pact")
    return {
        c.case.key.split("/")[1]: (c.status, c.text, c.reason)
        for c in cells.filter(variable=variable)
    }


@pytest.fixture
def asked(coded: World) -> World:  # noqa: F811
    """Two partners, 200 and 220, of a case in 1991 under a codebook that derives `pact`."""
    document = copy.deepcopy(DOCUMENT)
    document["variables"].append(PACT)
    published(coded.project, document)
    return coded


def test_a_series_fills_what_the_codebook_derives_from_it_and_says_from_which_row(
    asked: World,
) -> None:
    report = derived(asked, ("200", "1"), ("255", "1"))

    origin = "Share of capabilities, 2 (Somebody 2020): 200 with 2, 1991: 1"
    assert pacts(asked) == {"200": ("derived", "1", origin)}
    assert report.followed.counts == {"filled": 1, "empty": 1}
    cell = Cell.objects.get(reason=origin)
    assert past(cell) == [("derived", "1", "series pact, 2, taken over")]


def test_what_is_not_listed_is_what_the_series_says_that_means(asked: World) -> None:
    derived(asked, ("255", "1"), absent="0")

    assert {state: text for state, (_, text, _) in pacts(asked).items()} == {"200": "0", "220": "0"}


def test_a_state_is_found_under_the_code_of_the_day_and_one_out_of_the_system_is_told(
    asked: World,
) -> None:
    """Coded as 220, it stood under 221 then; 200 was in the system only later."""
    for code, first in (("220", "1992-01-01"), ("200", "2008-02-17")):
        State.objects.filter(project=asked.project, code=code).update(member_from=first)
    State.objects.create(project=asked.project, code="221", name="Before", member_from="1900-01-01")

    report = derived(asked, ("221", "1"), same=(frozenset({"220", "221"}),), absent="0")

    assert {state: text for state, (_, text, _) in pacts(asked).items()} == {"220": "1"}
    assert [code for code, _ in report.followed.unplaced] == ["200"]
    assert any("200 was in no spell" in line for line in report.lines())


def test_a_later_version_computes_again_and_a_release_names_others_data_as_the_one_cause(
    asked: World,
) -> None:
    derived(asked, ("200", "1"), ("220", "0"))
    before = release(asked, allow_disputes=True)
    derived(asked, ("200", "0"), version="3")
    after = release(asked, "0.2.0", allow_disputes=True)

    found = [r for r in table(after, "changes") if r["variable"] == "pact"]
    assert [(r["case"][-3:], r["change"], r["cause"]) for r in found] == [
        ("200", "value", "external data"),
        ("220", "removed", "external data"),
    ]
    assert one(table(before, "cells"), variable="pact", value="1")["status"] == "derived"
    told = one(table(after, "cells"), variable="pact")["reason"]
    assert told == "Share of capabilities, 3 (Somebody 2020): 200 with 2, 1991: 0"
    lines = [json.loads(line) for line in data(after, "provenance.jsonl").decode().splitlines()]
    [record] = [line for line in lines if line["variable"] == "pact"]
    assert record["derived_from"] == told
    assert [each["why"] for each in record["revisions"]] == [
        "series pact, 2, taken over",
        "series pact, 3, taken over",
    ]


def test_the_same_file_again_leaves_no_trace(asked: World) -> None:
    derived(asked, ("200", "1"))
    lines = Cell.history.count()

    report = derived(asked, ("200", "1"))

    assert (Cell.history.count(), report.followed.counts) == (lines, {"empty": 1})


def test_a_case_that_opens_later_finds_the_series(world: World) -> None:
    document = copy.deepcopy(DOCUMENT)
    document["variables"].append(PACT)
    published(world.project, document)
    derived(world, ("200", "1"))
    assert pacts(world) == {}

    for coding in (world.coding_a, world.coding_b):
        hand_in(world, coding, partners="200", end_date="1991-03", troops="1000")

    assert pacts(world)["200"][:2] == ("derived", "1")


def test_what_people_said_stays_and_is_told(coded: World) -> None:  # noqa: F811
    """`strength` was coded; from now on it is derived: the coded cells are not touched."""
    rule = RULE.replace('"pact"', '"strength"')
    published(coded.project, changed((at("strength", "derive"), rule)))
    said = [c.text for c in Cell.objects.filter(variable=coded.entry("strength").variable)]

    report = derived(coded, ("200", "7"), ("220", "7"), name="strength")

    cells = Cell.objects.filter(variable=coded.entry("strength").variable)
    assert [c.text for c in cells] == said == ["250", "250"]
    assert [line.split(": ")[1] for line in report.followed.kept] == [
        "250 stands, the series gives 7",
        "250 stands, the series gives 7",
    ]


def test_their_missing_code_becomes_the_one_of_ours_that_it_stands_for(asked: World) -> None:
    report = derived(asked, ("200", "-9"), ("220", "-8"), missing={"-9": "-99", "-8": ""})

    assert {state: text for state, (_, text, _) in pacts(asked).items()} == {"200": "-99"}
    assert (report.kept, report.missing) == (1, 2)


@pytest.mark.parametrize(
    ("value", "missing", "rule"),
    [
        ("-99", {}, "is -99 and would be taken for the missing code of this project"),
        ("1", {"-9": "-98"}, "-9 becomes -98, which is no missing code of the project."),
    ],
)
def test_a_missing_code_is_mapped_never_copied(
    asked: World, value: str, missing: dict[str, str], rule: str
) -> None:
    with pytest.raises(BadInput) as error:
        derived(asked, ("200", value), missing=missing)

    assert rule in error.value.faults[0].rule
    assert pacts(asked) == {}


@pytest.mark.parametrize(
    ("part", "content", "rule"),
    [
        ("derive", "series(goal, 2, end_date)", "needs the name of a series in quotation marks"),
        ("derive", 'series("pact", 2)', "is asked by its name, a state or two, and a date."),
        ("derive", 'series("pact", 2, 1991)', "series needs a date: 1991 is a whole number."),
        (
            "skip",
            {"if": 'series("pact", 2, end_date) == 1', "then": "-88"},
            "series is for derive only",
        ),
    ],
)
def test_a_rule_that_asks_a_series_wrongly_is_told_when_it_is_written(
    part: str, content: Any, rule: str
) -> None:
    [fault] = faults(changed((at("troops", part), content)))

    assert rule in fault


def test_a_cell_out_of_a_series_is_not_ruled_on(asked: World) -> None:
    derived(asked, ("200", "1"))
    cell = Cell.objects.get(reason__contains="Somebody")

    with pytest.raises(Refused, match="This cell is computed"):
        work.settle(
            cell=cell,
            entry=asked.entry("sent"),
            text="0",
            cause="slip",
            reason="x",
            by=asked.adjudicator,
        )


# ------------------------------------------------------------------ the files of others, in place


def pacts_are_taken_over_in_place(project: Project) -> None:
    """Who was allied with the United States when an intervention began: the file as it comes."""
    words = run(
        "import_series",
        str(EXTERNAL / "atop_us_alliance_years_1946.csv"),
        *("--project", project.slug, "--name", "pact", "--title", "Defence pact"),
        *("--source", "ATOP", "--edition", "5.0", "--licence", "with citation"),
        *("--state", "ccode2", "--other", "ccode1", "--with", "leads", "--year", "year"),
        *("--value", "atop_defense", "--absent", "0", "--same", "255,260"),
    )

    book = codebooks.current(project)
    assert book is not None
    [entry] = [e for e in codebooks.entries(book) if e.name == "defence_pact_with_us"]
    cells = blind.all_cells(project).filter(variable=entry.variable).select_related("case")
    said = {c.case.key: (c.status, c.text) for c in cells}
    assert f"Cells derived from it: {len(said)} filled" in words
    assert len(said) > 500
    assert said["US-1991-KUR/200"] == ("derived", "1")
    assert {text for _, text in said.values()} == {"0", "1"}
    assert all(c.reason.startswith("Defence pact, 5.0 (ATOP): ") for c in cells)
