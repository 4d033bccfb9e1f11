"""fixtures/mapping.yaml: each column and word has its place; too little said leaves a gap."""

from __future__ import annotations

import csv
from typing import Any

import pytest

from curation import first_project
from curation.mapping import FIXTURES, rules
from tests.first import intervention, partner, sheets


def columns(name: str) -> list[str]:
    with (FIXTURES / name).open(encoding="utf-8", newline="") as file:
        return next(csv.reader(file))


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("interventions", ["for_the_row", "as_it_stands", "by_rule", "by_word", "not_mapped"]),
        ("partners", ["for_the_row", "as_it_stands", "by_rule", "not_mapped"]),
        ("three_sources", ["for_the_row", "coders", "not_mapped"]),
    ],
)
def test_each_column_stands_in_exactly_one_place_of_the_mapping(
    name: str, parts: list[str]
) -> None:
    given: dict[str, Any] = dict(rules())[name]  # type: ignore[assignment]

    named = [column for part in parts for column in given[part]]

    assert sorted(named) == sorted(columns(given["file"]))


@pytest.mark.parametrize("column", ["type", "un_authorization", "lead_organisation"])
def test_each_word_has_a_code_or_a_reason(column: str) -> None:
    words = rules()["interventions"]["by_word"][column]
    listed = {row[column] for row in first_project.read_interventions()} - {""}

    assert set(words["codes"]) | set(words["left_to_coders"]) == listed
    assert set(words["codes"]) & set(words["left_to_coders"]) == set()


def test_each_second_activity_and_each_contribution_has_a_code_or_a_reason() -> None:
    types = rules()["interventions"]["by_word"]["type"]
    second = {row["secondary_type"] for row in first_project.read_interventions()} - {""}
    given = rules()["partners"]["contribution_types"]
    listed = {w for r in first_project.read_partners() for w in r["contribution_types"].split(";")}

    assert second <= set(types["codes"]) | set(types["left_to_coders"])
    assert listed == {*given["codes"], *given["only_in_combat"], *given["left_to_coders"]}


def test_a_word_that_the_mapping_does_not_name_is_an_error() -> None:
    row = next(iter(first_project.read_partners())) | {"contribution_types": "cavalry"}
    case = next(iter(first_project.read_interventions()))

    with pytest.raises(KeyError, match="cavalry"):
        first_project.partner_answers(row)
    with pytest.raises(KeyError, match="conquest"):
        first_project.intervention_answers(case | {"type": "conquest"})
    with pytest.raises(KeyError, match="conquest"):
        first_project.intervention_answers(
            case | {"type": "deterrence", "secondary_type": "conquest"}
        )


def test_each_ruling_is_about_a_row_that_exists() -> None:
    cases = {row["intervention_id"] for row in first_project.read_interventions()}
    rows = {first_project.partner_key(row) for row in first_project.read_partners()}
    given, partners = rules()["interventions"], rules()["partners"]
    about_cases = [*given["end_status"]["cases"]]
    about_cases += [case for words in given["by_word"].values() for case in words["cases"]]
    about_cases += [case for each in partners["combat"]["also"].values() for case in each]
    about_rows = [*partners["partner_class"]["cases"]]
    about_rows += [key for each in partners["combat"]["but_not"].values() for key in each]

    assert [case for case in about_cases if case not in cases] == []
    assert [key for key in about_rows if key not in rows] == []


def test_an_end_is_blank_only_where_the_list_says_ongoing() -> None:
    rows = first_project.read_interventions()

    assert [r for r in rows if (r["end_precision"] == "ongoing") != (r["end_date"] == "")] == []


def test_written_precision_is_the_listed_precision() -> None:
    lengths = {"day": 10, "month": 7, "year": 4, "ongoing": 0}
    rows = first_project.read_interventions()

    assert [r for r in rows if len(r["start_date"]) != lengths[r["start_precision"]]] == []
    assert [r for r in rows if len(r["end_date"]) != lengths[r["end_precision"]]] == []


@pytest.mark.parametrize(
    ("case", "variable", "value"),
    [
        ("US-1992-SOM2", "operation_type", "5"),
        ("US-1975-VIE", "operation_type", "7"),
        ("US-1965-DOM", "operation_types_all", "6;7"),
        ("US-1991-KUR", "unsc_authorization", "2"),
        ("US-1999-KOS", "unsc_authorization", "1"),
        ("US-2003-IRQ", "unsc_authorization", "3"),
        ("US-1995-IFO", "end_status", "2"),
        ("US-1999-KFO", "end_status", "3"),
        ("US-1999-ETM", "lead_framework", "2"),
        ("US-1987-GUL", "lead_framework", "6"),
        ("US-1978-ZAI", "coalition", "1"),
        ("US-1958-LEB", "coalition", "0"),
        ("US-1992-SOM2", "start_date", "1992-12-09"),
        ("US-1999-KOS", "location_state", "345"),
        ("US-1999-KFO", "location_state", "347"),
    ],
)
def test_the_codebooks_own_examples_come_out(case: str, variable: str, value: str) -> None:
    assert intervention(case)[variable] == value


@pytest.mark.parametrize(
    ("case", "variable", "value"),
    [
        ("US-1990-GUL/740", "partner_class", "2"),
        ("US-2003-IRQ/690", "partner_class", "3"),
        ("US-2011-LIB2/325", "contribution_types", "3;5;15"),
        ("US-1950-KOR/640", "joined_date", "1950-10-17"),
        ("US-2003-IRQ/230", "left_date", "2004-05"),
        ("US-1965-VIE/800", "peak_personnel", "11586"),
    ],
)
def test_the_codebooks_own_partner_examples_come_out(case: str, variable: str, value: str) -> None:
    assert partner(case)[variable] == value


@pytest.mark.parametrize(
    ("case", "variable"),
    [
        ("US-1982-SIN", "unsc_authorization"),
        ("US-1990-GUL", "unsc_authorization"),
        ("US-1962-CUB", "unsc_authorization"),
        ("US-1991-KUR", "operation_type"),
        ("US-1991-KUR", "operation_types_all"),
        ("US-1974-SUE", "operation_types_all"),
        ("US-2011-LIB1", "end_status"),  # Unified Protector begins on its last day
        ("US-2017-SYR", "end_status"),  # Inherent Resolve goes on in Syria
        ("US-2001-ISA", "end_status"),  # Resolute Support begins within a month
        ("US-1990-GUL", "lead_framework"),
        ("US-1986-LIB", "other_locations"),
    ],
)
def test_what_the_list_does_not_say_is_left_to_coders(case: str, variable: str) -> None:
    assert variable not in intervention(case)


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ("US-1982-SIN/900", None),  # air: helicopters
        ("US-2013-TUR/255", None),  # air: Patriots
        ("US-1999-KOS/385", "5"),  # air: combat aircraft
        ("US-1992-SHA/211", "5"),  # naval: an embargo
        ("US-1990-GUL/290", None),  # naval: a hospital ship
        ("US-2003-IRQ/310", "4"),  # logistics, with a strength
        ("US-1995-IFO/350", None),  # logistics, without
        ("US-1950-KOR/390", "4"),  # medical
        ("US-2001-ISA/395", None),  # civilian staff
    ],
)
def test_the_class_of_a_partner_is_given_only_where_it_follows(row: str, kind: str | None) -> None:
    assert partner(row).get("partner_class") == kind


def test_coalition_and_partner_classes_do_not_contradict_each_other() -> None:
    forces = {
        case.split("/")[0]
        for (_, unit, case), answers in sheets().items()
        if unit == "partner" and answers.get("partner_class") in {"4", "5"}
    }

    assert [case for case in forces if intervention(case).get("coalition") != "1"] == []
