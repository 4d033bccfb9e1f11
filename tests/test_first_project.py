"""The first project's lists as codings: nothing mapped silently, every value valid."""

from __future__ import annotations

import io
import re
from collections import defaultdict
from collections.abc import Callable

import pytest

from coding.canonical import parse
from coding.expressions import holds
from curation import first_project
from curation.mapping import FIXTURES, rules
from tests.first import (
    SHARED,
    coding_rows,
    context,
    domain,
    entries,
    intervention,
    needs_shared,
    partner,
    sheets,
    states,
)

LISTS = ["interventions.csv", "partners.csv", "states.csv", "coalition_flag_three_sources.csv"]


def disputed() -> list[str]:
    rows = first_project.read_three_sources()
    columns = ("this_list", "tago2005", "mip2022")
    return sorted(
        row["intervention_id"] for row in rows if {"0", "1"} <= {row[column] for column in columns}
    )


# ------------------------------------------------------------------ the lists


def test_all_interventions_and_all_partner_rows_yield_codings() -> None:
    found = defaultdict(set)
    for coder, unit, case in sheets():
        found[coder, unit].add(case)

    assert {key: len(cases) for key, cases in found.items()} == {
        ("compiled-list", "intervention"): 190,
        ("compiled-list", "partner"): 640,
        ("tago-2005", "intervention"): 91,
        ("mip-2022", "intervention"): 112,
    }
    assert found["compiled-list", "intervention"] == {
        row["key"] for row in first_project.case_rows()
    }


def test_every_value_is_valid_and_in_its_written_form() -> None:
    wrong = [
        row
        for row in coding_rows()
        if entries()[row["variable"]]["unit"] != row["unit"]
        or parse(row["value"], domain(row["variable"]), states()) != row["value"]
    ]

    assert wrong == []


def test_nothing_is_said_of_what_is_computed() -> None:
    computed = {e["name"] for e in entries().values() if "derive" in e or "derived_from" in e}

    assert {row["variable"] for row in coding_rows()} & computed == set()


def test_all_hard_checks_hold_and_no_skip_rule_contradicts_a_value() -> None:
    broken = []
    for (coder, unit, case), answers in sheets().items():
        here = context(unit, case, answers)
        for name in answers:
            entry = entries()[name]
            if "skip" in entry and holds(entry["skip"]["if"], here):
                broken.append((coder, case, name, "skipped"))
            for check in entry.get("checks", []):
                if check["severity"] == "hard" and holds(check["expr"], here) is False:
                    broken.append((coder, case, name, check["expr"]))

    assert broken == []


def test_a_check_that_breaks_would_be_found() -> None:
    check = entries()["left_date"]["checks"][0]["expr"]
    answers = partner("US-1947-TRI/200") | {"left_date": "1947-04"}

    assert holds(check, context("partner", "US-1947-TRI/200", answers)) is False


def test_36_partners_joined_before_the_intervention_began() -> None:
    check = entries()["joined_date"]["checks"][0]["expr"]
    early = [
        case
        for (coder, unit, case), answers in sheets().items()
        if unit == "partner" and holds(check, context(unit, case, answers)) is False
    ]

    assert len(early) == 36


def test_a_value_has_one_certainty_and_note_and_each_citation_once() -> None:
    said = defaultdict(list)
    for row in coding_rows():
        said[row["coder"], row["case"], row["variable"]].append(row)

    for rows in said.values():
        assert len({(r["value"], r["certainty"], r["note"]) for r in rows}) == 1
        assert len({(r["source"], r["locator"]) for r in rows}) == len(rows)


def intervention_key(row: dict[str, str]) -> str:
    return row["intervention_id"]


@pytest.mark.parametrize(
    ("rows", "key"),
    [
        (first_project.read_interventions(), intervention_key),
        (first_project.read_partners(), first_project.partner_key),
    ],
)
def test_source_and_confidence_of_every_row_are_kept(
    rows: list[dict[str, str]], key: Callable[[dict[str, str]], str]
) -> None:
    certainty = {"high": "3", "medium": "2", "low": "1"}
    kept = defaultdict(set)
    for row in coding_rows():
        if row["coder"] == "compiled-list" and row["variable"] != "partners":
            kept[row["case"]].add((row["source"], row["certainty"]))

    for row in rows:
        cited = {(each, certainty[row["confidence"]]) for each in row["source"].split(" | ")}
        assert kept[key(row)] == cited


def test_a_citation_says_whether_it_was_checked() -> None:
    said = {row["source"] for row in coding_rows()}
    listed = first_project.read_interventions() + first_project.read_partners()

    assert said == {each for row in listed for each in row["source"].split(" | ")}
    assert [each for each in said if not re.search(r"checked|READ", each)] == []


def test_the_roster_is_the_partner_rows_with_all_their_citations() -> None:
    rosters = defaultdict(list)
    for row in coding_rows():
        if row["variable"] == "partners":
            rosters[row["case"]].append(row)

    assert [row["value"] for row in rosters["US-1962-CUB"]] == ["42;101;160"]
    assert len(rosters["US-1995-PEU"]) == 2
    assert len(rosters) == 74
    assert "partners" not in intervention("US-1986-LIB")


def test_a_roster_is_as_sure_as_its_least_sure_row() -> None:
    sure = {row["case"]: row["certainty"] for row in coding_rows() if row["variable"] == "partners"}

    assert sure["US-1962-CUB"] == "2"
    assert sure["US-1950-KOR"] == "1"
    assert sure["US-2011-LIB1"] == "3"


def test_every_partner_note_stands_on_exactly_one_value() -> None:
    notes = defaultdict(list)
    for row in coding_rows():
        if row["unit"] == "partner" and row["variable"] != "partner_class" and row["note"]:
            notes[row["case"]].append(row["variable"])
    placed = {case: set(variables) for case, variables in notes.items()}

    expected = {first_project.partner_key(r) for r in first_project.read_partners() if r["note"]}
    assert {case for case, variables in placed.items() if len(variables) == 1} == expected
    assert placed["US-2003-IRQ/840"] == {"left_date"}
    assert placed["US-1990-GUL/200"] == {"peak_personnel"}
    assert placed["US-1990-GUL/255"] == {"joined_date"}
    assert placed["US-1950-KOR/390"] == {"contribution_types"}


def test_a_state_outside_the_system_is_noted() -> None:
    noted = {
        row["case"]: row["note"]
        for row in coding_rows()
        if row["variable"] == "location_state" and row["note"]
    }

    assert noted == dict.fromkeys(
        ["US-1948-BER", "US-1999-KFO", "US-1999-ETM"], "Not in the state system on the start date."
    )


# ------------------------------------------------------------------ was it a coalition?


def test_the_three_sources_disagree_on_27_interventions() -> None:
    said = defaultdict(set)
    for row in coding_rows():
        if row["variable"] == "coalition":
            said[row["case"]].add(row["value"])

    assert sorted(case for case, values in said.items() if len(values) > 1) == disputed()
    assert len(disputed()) == 27


def test_136_interventions_have_two_or_more_answers() -> None:
    rows = first_project.read_three_sources()
    answers = [[r[c] for c in ("this_list", "tago2005", "mip2022") if r[c]] for r in rows]

    assert sum(len(each) > 1 for each in answers) == 136


def test_our_column_is_what_our_list_says() -> None:
    ours = {r["intervention_id"]: r["coalition"] for r in first_project.read_interventions()}
    rows = first_project.read_three_sources()

    assert [r for r in rows if r["this_list"] != ours[r["intervention_id"]]] == []
    assert "coalition" not in intervention("US-1973-ISR")


def test_a_data_set_is_cited_as_in_our_list() -> None:
    cited = {row["source"] for row in coding_rows() if row["coder"] == "compiled-list"}

    for data_set in rules()["three_sources"]["coders"].values():
        assert data_set["source"] in cited


# ------------------------------------------------------------------ cases, worklist, copies


def test_the_cases_are_those_of_the_list() -> None:
    out = io.StringIO()
    first_project.write_cases(out)

    assert (FIXTURES / "cases.csv").read_text("utf-8") == out.getvalue()
    assert len(list(first_project.case_rows())) == 190


def test_an_ongoing_case_has_no_end_year() -> None:
    facts = {row["key"]: row for row in first_project.case_rows()}

    assert facts["US-1999-KFO"] == {
        "key": "US-1999-KFO",
        "title": "KFOR (Joint Guardian)",
        "fact.location": "Kosovo",
        "fact.region": "Europe",
        "fact.start_year": "1999",
        "fact.end_year": "",
    }


def test_the_worklist_of_the_demo_is_varied_and_holds_no_dispute() -> None:
    rows = {row["intervention_id"]: row for row in first_project.read_interventions()}
    work = [rows[key] for key in first_project.DEMO_WORKLIST]
    partners = [len(first_project.partners_of(key)) for key in first_project.DEMO_WORKLIST]

    assert set(first_project.DEMO_WORKLIST) & set(disputed()) == set()
    assert len(work) == len({row["intervention_id"] for row in work}) == 12
    assert len({row["region"] for row in work}) == 5
    assert len({row["type"] for row in work}) >= 7
    assert (min(partners), max(partners)) == (0, 39)


@needs_shared
@pytest.mark.parametrize("name", LISTS)
def test_the_lists_are_exact_copies(name: str) -> None:
    assert (FIXTURES / name).read_bytes() == (SHARED / name).read_bytes()
