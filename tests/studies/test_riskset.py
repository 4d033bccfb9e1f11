"""Who could have joined: every state of the system then, but for those that lead."""

from __future__ import annotations

import csv
import io

import pytest

from coding.errors import Refused
from coding.models import State
from curation.releases.riskset import COLUMNS, Declared, Spell, lines
from tests.conftest import World
from tests.test_releases import coded, data, hand_in, release, table  # noqa: F401

DECLARED = Declared(
    "intervention", "partners", "start", "place", frozenset({"2"}), frozenset({"-99"})
)
SPELLS = [
    Spell("2", "USA", "United States", "1816-01-01", "", "Americas"),
    Spell("255", "GMY", "Germany", "1990-10-03", "", "Europe"),
    Spell("260", "GFR", "German Federal Republic", "1955-05-05", "1990-10-02", "Europe"),
    Spell("345", "YUG", "Yugoslavia", "1878-07-13", "", "Europe"),
    Spell("690", "KUW", "Kuwait", "1961-06-19", "", ""),
]


def drawn(**row: str) -> list[dict[str, object]]:
    said = {"case": "US-1", "start": "1990-10", "place": "345", "partners": "260", **row}
    return [dict(zip(COLUMNS, line, strict=True)) for line in lines(DECLARED, said, SPELLS)]


def test_the_states_of_the_day_are_there_joined_or_not_and_who_leads_is_not() -> None:
    found = drawn(start="1990-10-02")

    assert [(row["state"], row["joined"]) for row in found] == [("260", 1), ("345", 0), ("690", 0)]
    assert [(row["is_target"], row["in_home_region"]) for row in found] == [
        (0, 1),
        (1, 1),
        (0, ""),
    ]


def test_a_month_in_which_a_code_changed_holds_both_codes() -> None:
    assert [row["state"] for row in drawn()] == ["255", "260", "345", "690"]


@pytest.mark.parametrize(("roster", "joined"), [("", ""), ("-99", ""), ("none", 0)])
def test_a_roster_without_an_answer_leaves_joining_open_and_an_empty_one_does_not(
    roster: str, joined: object
) -> None:
    assert {row["joined"] for row in drawn(partners=roster)} == {joined}


def test_who_joined_joined_as_something() -> None:
    said = {"case": "US-1", "start": "1990-10-02", "place": "", "partners": "260"}
    found = lines(DECLARED, said, SPELLS, (), {"US-1/260": "5", "US-1/345": "4"})

    as_what = {line[1]: line[COLUMNS.index("joined_as")] for line in found}
    assert as_what == {"260": "5", "345": "", "690": ""}


@pytest.mark.parametrize("start", ["", "-99"])
def test_a_case_without_a_start_has_no_lines(start: str) -> None:
    assert drawn(start=start) == []


def test_a_release_holds_the_risk_set_that_its_own_tables_give(coded: World) -> None:  # noqa: F811
    State.objects.filter(project=coded.project, code="255").update(member_from="1992-01-01")
    coded.project.risk_set = {
        "roster": "partners",
        "start": "end_date",
        "target": "",
        "class": "sent",
        "leads": ["2"],
    }
    coded.project.save()

    cut_now = release(coded, allow_disputes=True)

    found = table(cut_now, "risk_set")
    assert [(row["case"], row["state"], row["joined"], row["joined_as"]) for row in found] == [
        ("US-1991-GUL", "200", "1", "2"),
        ("US-1991-GUL", "220", "1", "2"),
    ]
    spells = csv.DictReader(io.StringIO(data(cut_now, "states.csv").decode(), newline=""))
    assert [row["code"] for row in spells] == ["2", "200", "220", "255"]
    assert b"`risk_set.csv`" in data(cut_now, "README.md")


def test_a_project_that_declares_none_has_no_risk_set(coded: World) -> None:  # noqa: F811
    names = [file["name"] for file in release(coded, allow_disputes=True).manifest["files"]]

    assert not {"risk_set.csv", "states.csv"} & set(names)


def test_a_declaration_that_the_codebook_no_longer_fits_is_refused(
    coded: World,  # noqa: F811
) -> None:
    coded.project.risk_set = {"roster": "partners", "start": "goal", "target": "", "leads": []}
    coded.project.save()

    with pytest.raises(Refused, match="“goal”, and the codebook has no such date"):
        release(coded, allow_disputes=True)
