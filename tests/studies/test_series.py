"""Others' data by state and time: taken over with their source, matched by date, gaps as gaps."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from coding.models import Project, Series, State
from curation.faults import BadInput
from curation.files import read, table_of
from curation.intake.series import About, Columns, SeriesReport, import_series
from curation.releases.covariates import Covariate
from tests.conftest import World
from tests.studies.test_estimators import EXTERNAL, beside
from tests.test_commands import run
from tests.test_releases import coded, release, table  # noqa: F401

BY_YEAR = Columns(state="code", value="share", year="year")
ABOUT = {
    "title": "Share of capabilities",
    "source": "Somebody 2020",
    "version": "2",
    "licence": "CC BY 4.0",
}
GERMANY = {"255": ("1990-10-03", None), "260": ("1955-05-05", "1990-10-02")}


@pytest.fixture
def project(db: None) -> Project:
    made = Project.objects.create(slug="wars", title="Wars")
    spells = {**GERMANY, "2": ("1816-01-01", None), "347": ("2008-02-17", None)}
    for code, (first, last) in spells.items():
        State.objects.create(
            project=made,
            code=code,
            name=code,
            member_from=date.fromisoformat(first),
            member_until=last and date.fromisoformat(last),
        )
    return made


def taken(
    project: Project, *rows: tuple[str, ...], columns: Columns = BY_YEAR, **about: Any
) -> tuple[SeriesReport, Covariate]:
    names = columns.named
    found = import_series(
        project=project,
        table=table_of(dict(zip(names, row, strict=True)) for row in rows),
        columns=columns,
        about=About(**{"name": "capability", **ABOUT, **about}),
    )
    return found, Covariate(Series.objects.get(project=project))


def test_a_value_is_that_of_the_year_and_nothing_is_known_outside_it(project: Project) -> None:
    _, capability = taken(project, ("2", ".3", "1990"), ("2", ".2", "1992"))

    days = ("1989-06-01", "1990-06-01", "1991-06-01", "1992-12-31", "1993-01-01")
    assert [capability.of("2", day, "", []) for day in days] == ["", ".3", "", ".2", ""]
    assert capability.of("255", "1990-06-01", "", []) == ""


def test_what_no_row_means_holds_only_where_the_series_covers_the_day(project: Project) -> None:
    _, capability = taken(project, ("2", "1", "1990"), ("2", "1", "1995"), absent="0")

    days = ("1989-12-31", "1993-01-01", "1996-01-01")
    assert [capability.of("2", day, "", []) for day in days] == ["", "0", ""]


def test_their_missing_codes_are_gaps_and_their_codes_become_ours(project: Project) -> None:
    report, capability = taken(
        project,
        ("2", "-9", "1990"),
        ("2", "4", "1991"),
        missing={"-9": ""},
        codes={"4": "1"},
    )

    assert (report.kept, report.missing) == (1, 1)
    assert capability.of("2", "1991-01-01", "", []) == "1"


def test_codes_that_are_not_in_the_system_then_are_left_out_and_reported(project: Project) -> None:
    """Kosovo before 2008; Germany under the code that it had on the day."""
    report, _ = taken(
        project,
        ("347", "1", "2000"),
        ("347", "2", "2007"),
        ("347", "3", "2008"),
        ("255", "4", "1985"),
        ("999", "5", "1985"),
    )

    assert report.unmatched == [
        ("255", "1985-1985", 1),
        ("347", "2000-2007", 2),
        ("999", "1985-1985", 1),
    ]
    assert report.kept == 1


def test_codes_of_one_state_become_the_code_of_the_day(project: Project) -> None:
    report, capability = taken(
        project,
        ("255", "4", "1985"),
        ("255", "5", "1995"),
        same=(frozenset({"255", "260"}),),
    )

    assert (report.moved, report.unmatched) == (1, [])
    assert capability.of("260", "1985-05-05", "", []) == "4"
    assert capability.of("255", "1995-05-05", "", []) == "5"


def test_a_pair_is_asked_with_the_place_or_with_who_leads(project: Project) -> None:
    spans = Columns(state="a", other="b", first="from", last="to", value="v")
    rows = (("255", "1", "2", "1991-01-01", "1999-12-31"), ("260", "1", "2", "1980-01-01", ""))
    _, border = taken(project, *rows, columns=spans, pair="target", absent="0")
    asked = [border.of("255", "1995-01-01", target, []) for target in ("2", "260", "")]
    assert asked == ["1", "0", ""]

    _, pact = taken(project, *rows, columns=spans, pair="leads", absent="0")
    assert pact.of("255", "1995-01-01", "", ["2", "260"]) == "1"
    assert pact.of("255", "1995-01-01", "2", []) == ""


def test_years_before_are_added_up_and_only_where_all_are_covered(project: Project) -> None:
    rows = [("2", str(n), str(1990 + n)) for n in range(1, 7)]
    _, exercises = taken(project, *rows, years_before=5, absent="0")

    assert exercises.of("2", "1996-03-01", "", []) == "15"
    assert exercises.of("2", "1995-03-01", "", []) == ""
    assert exercises.of("255", "1996-03-01", "", []) == "0"


@pytest.mark.parametrize(
    ("row", "place", "rule"),
    [
        (("2", "many", "1990"), "line 2, column share", "is no number"),
        (("2", "=1+1", "1990"), "line 2, column share", "is no number"),
        (("2", "nan", "1990"), "line 2, column share", "is no number"),
        (("2", "1", "90"), "line 2, column year", "is no year"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_place_and_nothing_is_written(
    project: Project, row: tuple[str, ...], place: str, rule: str
) -> None:
    with pytest.raises(BadInput) as error:
        taken(project, row)

    [fault] = error.value.faults
    assert (fault.place, rule in fault.rule) == (place, True)
    assert not Series.objects.exists()


def test_two_rows_that_contradict_each_other_are_refused(project: Project) -> None:
    with pytest.raises(BadInput) as error:
        taken(project, ("2", "1", "1990"), ("2", "2", "1990"))

    assert "contradicts another row" in error.value.faults[0].rule


@pytest.mark.parametrize(
    ("about", "place"),
    [
        ({"name": "joined"}, "--name"),
        ({"name": "two words"}, "--name"),
        ({"licence": " "}, "--licence"),
        ({"version": ""}, "--edition"),
        ({"pair": "target"}, "--other"),
    ],
)
def test_a_series_says_what_it_is_and_how_it_may_be_used(
    project: Project, about: dict[str, str], place: str
) -> None:
    with pytest.raises(BadInput) as error:
        taken(project, ("2", "1", "1990"), **about)

    assert [fault.place for fault in error.value.faults] == [place]


def test_columns_that_are_not_there_are_named_with_what_may_be_meant(project: Project) -> None:
    with pytest.raises(BadInput) as error:
        import_series(
            project=project,
            table=table_of([{"code": "2", "year": "1990", "shares": "1"}]),
            columns=BY_YEAR,
            about=About(name="capability", **ABOUT),
        )

    assert "shares" in error.value.faults[0].rule


def test_a_later_version_replaces_the_series_and_a_dry_run_nothing(project: Project) -> None:
    taken(project, ("2", "1", "1990"))
    import_series(
        project=project,
        table=table_of([{"code": "2", "share": "9", "year": "1990"}]),
        columns=BY_YEAR,
        about=About(name="capability", **ABOUT),
        dry_run=True,
    )
    assert Covariate(Series.objects.get()).of("2", "1990-01-01", "", []) == "1"

    _, later = taken(project, ("2", "2", "1990"), version="3")
    assert (later.of("2", "1990-01-01", "", []), Series.objects.get().version) == ("2", "3")


def test_a_release_holds_the_series_as_columns_and_says_whose_they_are(
    coded: World,  # noqa: F811
) -> None:
    coded.project.risk_set = {
        "roster": "partners",
        "start": "end_date",
        "target": "",
        "leads": ["2"],
    }
    coded.project.save()
    taken(coded.project, ("200", ".5", "1991"), ("999", "1", "1991"))

    cut_now = release(coded, allow_disputes=True)

    shares = {row["state"]: row["capability"] for row in table(cut_now, "risk_set")}
    assert shares == {"200": ".5", "220": "", "255": ""}
    [told] = table(cut_now, "series")
    assert (told["source"], told["licence"]) == ("Somebody 2020", "CC BY 4.0")
    assert told["not_in_the_list_of_states"] == "999 1991-1991 (1)"


@beside
def test_the_files_of_others_are_read_as_they_come(project: Project, capsys: Any) -> None:
    """Capabilities by year, borders by day and pacts by pair and year, by the command."""
    common = ("--project", "wars", "--licence", "with citation", "--edition", "1", "--source", "x")

    said = [
        run(
            "import_series",
            str(EXTERNAL / "cow_nmc_1946_2016.csv"),
            *common,
            *("--name", "capability", "--title", "Capability"),
            *("--state", "ccode", "--year", "year", "--value", "cinc", "--missing=-9"),
        ),
        run(
            "import_series",
            str(EXTERNAL / "cow_direct_contiguity.csv"),
            *common,
            *("--name", "contiguity", "--title", "Border", "--state", "ccode1"),
            *("--other", "ccode2", "--with", "target", "--first", "stdate", "--last", "enddate"),
            *("--value", "conttype", "--codes", "1=1", "2=1", "3=1", "4=1", "5=1", "--absent", "0"),
        ),
    ]

    assert [words.split(":")[0] for words in said] == ["capability", "contiguity"]
    capability = Covariate(Series.objects.get(name="capability"))
    theirs = {
        (row["ccode"], row["year"]): row["cinc"]
        for row in read(Path(EXTERNAL / "cow_nmc_1946_2016.csv")).rows
    }
    for year in ("1950", "1989", "2016"):
        assert capability.of("2", f"{year}-07-01", "", []) == theirs["2", year]
