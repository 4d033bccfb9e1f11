"""Every bad input that the issue names, through the command that a person would run."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from coding.models import Member, Project, State
from curation import codebook_files, files
from curation.intake import import_cases, import_codebook
from curation.mapping import FIXTURES
from tests.first import needs_shared
from tests.tables import LONG, csv_of, everything, refused, run, xlsx_of
from tests.test_files import zeros

COW = Path(__file__).parents[2] / "shared/external/cow_interstate_wars_v4.0.csv"
PANAMA = "US-1989-PAN2"
ASKED = {
    "start_date",
    "end_status",
    "end_date",
    "location_state",
    "us_peak_personnel",
    "coalition",
    "partners",
    "case_narrative",
    "partner_state",
    "partner_class",
    "joined_date",
}


@pytest.fixture
def project(db: None) -> Project:
    """A part of the first project's codebook, two cases and a coder; no codings."""
    document = codebook_files.read(FIXTURES / "codebook.yaml")
    document["variables"] = [v for v in document["variables"] if v["name"] in ASKED]
    import_codebook(slug="us", document=document, publish=True)
    project = Project.objects.get(slug="us")
    for code, name in (("2", "United States"), ("95", "Panama"), ("200", "United Kingdom")):
        State.objects.create(project=project, code=code, name=name)
    rows = [{"key": PANAMA, "title": "Just Cause"}, {"key": "US-1991-GUL", "title": "Storm"}]
    unit = project.units.get(name="intervention")
    import_cases(project=project, unit=unit, table=files.table_of(rows))
    Member.objects.create(project=project, user=User.objects.create_user("ada"))
    return project


@pytest.fixture(autouse=True)
def nothing_is_written(request: pytest.FixtureRequest) -> Iterator[None]:
    """Bad input leaves every table as it was, whatever else a test looks at."""
    request.getfixturevalue("project")
    before = everything()
    yield
    assert everything() == before


def no_to_cases(path: Path, *options: str) -> list[str]:
    return refused("import_cases", path, "--project", "us", "--unit", "intervention", *options)


def no_to_codings(path: Path, *options: str) -> list[str]:
    return refused("import_codings", path, "--project", "us", *options)


def no_to_value(tmp_path: Path, variable: str, value: str) -> str:
    """The one fault of a table with one value."""
    path = tmp_path / "t.csv"
    path.write_text(csv_of(LONG, [("ada", "intervention", PANAMA, variable, value)]))
    fault, count = no_to_codings(path)
    assert count == "1 fault. Nothing was written."
    return fault


# ------------------------------------------------------------------ files


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252"])
def test_neither_a_bom_nor_windows_letters_hide_a_fault(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text("key,title\r\nNürn berg,x\r\n", encoding=encoding, newline="")

    assert no_to_cases(path)[0] == (
        "line 2, column key: “Nürn berg” a key holds neither spaces nor slashes."
    )


@needs_shared
def test_a_key_that_many_lines_share_is_named_for_each_of_them() -> None:
    named = ("--key", "WarNum", "--title", "WarName", "--facts", "Outcome")

    said = no_to_cases(COW, *named, "--ignore-other-columns")

    assert said[:2] == [
        "line 3, column WarNum: “1” is the key of line 2 already.",
        "line 5, column WarNum: “4” is the key of line 4 already.",
    ]
    assert said[-2:] == ["… and 42 more.", "242 faults. Nothing was written."]


def test_a_header_twice_and_unknown_columns_are_refused(tmp_path: Path) -> None:
    twice, unknown = tmp_path / "twice.csv", tmp_path / "unknown.csv"
    twice.write_text("key,key,title\nA,B,x\n")
    unknown.write_text("key,titel,region\nA,x,y\n")

    assert no_to_cases(twice)[0] == (
        "line 1: “key” stands in the header twice: give each column its own name."
    )
    assert no_to_cases(unknown) == [
        "line 1, column titel: “titel” is an unknown column. Did you mean title?",
        "line 1, column region: “region” is an unknown column. There are key, parent, title.",
        "2 faults. Nothing was written.",
    ]


def test_a_duplicate_key_is_refused_with_both_its_lines(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("intervention_id,title\nA,x\nB,y\nA,z\n")

    assert no_to_cases(path)[0] == (
        "line 4, column intervention_id: “A” is the key of line 2 already."
    )


def test_a_file_of_200_mb_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    with path.open("wb") as file:
        file.truncate(200 * files.MB)

    assert no_to_codings(path)[0] == (
        "t.csv: is 200 MB and the limit is 50 MB: split it, or raise IMPORT_MAX_MB."
    )


def test_a_workbook_that_unpacks_to_10_gb_is_refused(tmp_path: Path) -> None:
    path = zeros(tmp_path / "bomb.xlsx", 100, times=100)

    assert no_to_codings(path)[0] == (
        "bomb.xlsx: would unpack to 10,000 MB and the limit is 400 MB."
    )


# ------------------------------------------------------------------ values


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("location_state", "999", "is not a code of the state list."),
        ("location_state", "Panama", "is a label: write its code, 95."),
        ("start_date", "31 February 1991", "1991-02-31 does not exist in the calendar."),
        ("start_date", "1989-12-32", "1989-12-32 does not exist in the calendar."),
        ("us_peak_personnel", "6,000-10,000", "is not a whole number: write 1 to 18 digits only"),
        ("coalition", "Yes", "is a label: write its code, 1."),
        ("coalition", "2", "is not a category code: choose from 0, 1."),
        ("case_narrative", "=cmd()", "begins like a spreadsheet formula: begin with a word."),
        ("coalition", "-66", "is not a category code: choose from 0, 1."),
        ("coalition", "-88", "-88 is set by a skip rule and cannot be typed: leave it out."),
        ("end_date", "-88", "is set by the rule end_status == 3, which does not hold here."),
        ("partners", "200;840", "is not a code of the state list."),
    ],
)
def test_a_value_that_breaks_a_rule_is_named_with_the_rule(
    tmp_path: Path, variable: str, value: str, expected: str
) -> None:
    fault = no_to_value(tmp_path, variable, value)

    assert fault.startswith("line 2, column value: ")
    assert fault.count(f"“{value}”") == 1
    assert expected in fault


def test_an_end_before_the_start_is_refused_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    where = ("ada", "intervention", PANAMA)
    rows = [(*where, "start_date", "1990-01-31"), (*where, "end_date", "1989-12-20")]
    path.write_text(csv_of(LONG, rows))

    assert no_to_codings(path)[0] == (
        f"line 3, column value: “1989-12-20” The end lies before the start. ({PANAMA}, end_date)"
    )


def test_a_formula_is_refused_in_every_column_of_text(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    header = (*LONG, "note", "source", "quote")
    row = ("ada", "intervention", PANAMA, "coalition", "1", "=cmd()", "@SUM(A1)", "+cmd|'/c'!A0")
    path.write_text(csv_of(header, [row]))

    rule = "begins like a spreadsheet formula: begin with a word."
    assert no_to_codings(path)[:3] == [
        f"line 2, column note: “=cmd()” {rule}",
        f"line 2, column source: “@SUM(A1)” {rule}",
        f"line 2, column quote: “+cmd|'/c'!A0” {rule}",
    ]


def test_a_formula_in_a_workbook_is_refused_by_its_cell(tmp_path: Path) -> None:
    row = ("ada", "intervention", PANAMA, "case_narrative", "=cmd()")
    path = xlsx_of(tmp_path / "t.xlsx", LONG, [row])

    assert no_to_codings(path)[0] == ("codings!E2: “=cmd()” is a formula: write the value itself.")


def test_all_faults_are_named_at_once_and_in_the_order_of_the_lines(tmp_path: Path) -> None:
    here, partner = ("ada", "intervention", PANAMA), ("ada", "partner", f"{PANAMA}/200")
    rows = [
        (*here, "start_date", "1990-01-31"),
        (*here, "end_date", "1989-12-20"),
        (*here, "coalition", "Yes"),
        ("eve", "intervention", PANAMA, "coalition", "1"),
        (*here, "colition", "1"),
        (*here, "us_peak_personnel", "6,000-10,000"),
        ("ada", "intervention", "US-1989-PAN", "coalition", "1"),
        (*partner, "joined_date", "31 Feb 1990"),
        ("ada", "intervencion", PANAMA, "coalition", "1"),
        (*partner, "partner_class", "4"),
    ]
    path = xlsx_of(tmp_path / "t.xlsx", LONG, rows)

    said = no_to_codings(path)

    assert [line.split(" ")[0] for line in said[:-1]] == [
        "codings!E3:",
        "codings!E4:",
        "codings!A5:",
        "codings!D6:",
        "codings!E7:",
        "codings!C8:",
        "codings!E9:",
        "codings!B10:",
        "codings!C11:",
    ]
    assert said[2] == (
        "codings!A5: “eve” is no coder of us: --add-coders makes the account. There are ada."
    )
    assert said[3] == (
        "codings!D6: “colition” is no variable of intervention. Did you mean coalition?"
    )
    assert said[5] == (
        f"codings!C8: “US-1989-PAN” is no case of intervention. Did you mean {PANAMA}?"
    )
    assert said[7] == "codings!B10: “intervencion” is not a unit. Did you mean intervention?"
    assert said[8] == (
        f"codings!C11: “{PANAMA}/200” ada does not list 200 in partners of {PANAMA}: list it there."
    )


def test_the_faults_come_as_data_where_they_are_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("key,title\nA,=1\n")
    out = io.StringIO()

    refused("import_cases", path, "--project", "us", "--unit", "intervention", "--json", out=out)

    rule = "begins like a spreadsheet formula: begin with a word."
    assert json.loads(out.getvalue()) == {
        "faults": [{"place": "line 2, column title", "value": "=1", "rule": rule}]
    }


def test_a_project_that_is_not_there_is_named_with_those_that_are() -> None:
    assert refused("assign", "--project", "su", "--coder", "ada", "--case", "A")[0] == (
        "--project: “su” is no project. There are: us."
    )


# ------------------------------------------------------------------ codebooks


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\na: 2\n", "line 2: “a” stands twice: the first would be lost."),
        ("a:\n\tb: 1\n", "line 2, column 1: begins with a tab: indent with spaces."),
        (
            "a: &x [1]\nb: *x\n",
            "line 2, column 4: cannot be read as YAML: an alias stands here: "
            "write its content out.",
        ),
        (
            "a: !!python/object/apply:os.system [ls]\n",
            "line 1, column 4: cannot be read as YAML: could not determine a constructor for "
            "the tag 'tag:yaml.org,2002:python/object/apply:os.system'.",
        ),
        ("a: Nürnberg\n", "line 1: is not UTF-8: save it as UTF-8."),
        ("[" * 5000, "t.yaml: is nested too deeply."),
        ("a: b\n", "document: needs a mapping codebook and a list variables."),
    ],
)
def test_a_codebook_that_cannot_be_read_is_refused_with_the_line(
    tmp_path: Path, text: str, expected: str
) -> None:
    path = tmp_path / "t.yaml"
    path.write_text(text, encoding="latin-1")

    assert refused("import_codebook", path, "--project", "us")[0] == expected


def test_every_fault_of_a_codebook_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "t.yaml"
    path.write_text(
        "codebook: {title: X, units: [{id: war}]}\n"
        "variables:\n"
        "- {name: began, unit: war, type: date, level: low}\n"
        "- name: ended\n"
        "  unit: wars\n"
        "  type: dates\n"
    )

    said = refused("import_codebook", path, "--project", "new")

    assert [line.split(" is ")[0] for line in said] == [
        "line 3, variable began: level 'low'",
        "line 4, variable ended: unit 'wars'",
        "line 4, variable ended: type 'dates'",
        "3 faults. Nothing was written.",
    ]


@pytest.mark.parametrize(
    ("variable", "expected"),
    [
        ("type: integer, required: no", "required must be true or false, not 'no'."),
        ("type: integer, rulle: x", "key 'rulle' is unknown. Did you mean rule?"),
        ("type: integer, min: 5, max: 1", "min 5 is above max 1."),
        ("type: integer, label: 1991", "label must be text"),
    ],
)
def test_a_slip_in_a_variable_is_named(tmp_path: Path, variable: str, expected: str) -> None:
    path = tmp_path / "t.yaml"
    path.write_text(
        "codebook: {title: X, units: [{id: war}]}\n"
        f"variables:\n- {{name: lost, unit: war, {variable}}}\n"
    )

    fault, _ = refused("import_codebook", path, "--project", "new")

    assert fault.startswith("line 3, variable lost: ")
    assert expected in fault


def test_a_rule_that_cannot_be_read_is_a_fault_like_any_other(tmp_path: Path) -> None:
    path = tmp_path / "t.yaml"
    path.write_text(
        "codebook: {title: X, units: [{id: war}], missing_codes: [{code: -88, set_by: rule}]}\n"
        "variables:\n"
        "- {name: began, unit: war, type: date, skip: {if: 'began ==', then: -88}}\n"
        "- {name: ended, unit: war, type: integer, min: 5, max: 1}\n"
    )

    said = refused("import_codebook", path, "--project", "new")

    assert said[0].startswith("line 3, variable began, skip: ")
    assert said[-2:] == [
        "line 4, variable ended: min 5 is above max 1.",
        "2 faults. Nothing was written.",
    ]


def test_the_dry_run_of_a_good_file_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    header = (*LONG, "source")
    where = ("ada", "intervention", PANAMA)
    rows = [(*where, "partners", "200", "S"), (*where, "coalition", "1", "")]
    path.write_text(csv_of(header, rows))

    said = run("import_codings", path, "--project", "us", "--dry-run", "--add-coders")

    assert said.splitlines() == [
        "us, codebook 1: 2 values with 1 citations on 1 sheets of ada.",
        "Dry run: nothing was written.",
    ]
