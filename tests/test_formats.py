"""Codebooks as YAML, JSON and Excel workbooks: read again, each is the same document."""

from __future__ import annotations

import copy
import io
import re
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curation import codebook_files, formats
from curation.faults import BadInput
from tests.documents_strategy import documents_of_any_kind

Document = dict[str, Any]
FIXTURE = Path(__file__).parents[1] / "fixtures" / "codebook.yaml"
LOSSLESS = ["yaml", "json", "xlsx"]
few = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module")
def first() -> Document:
    return codebook_files.read(FIXTURE)


def again(document: Document, name: str) -> Document:
    raw, unmapped = formats.write(document, name)
    assert unmapped == []
    read, unread = formats.read(raw, f"codebook.{name}", name)
    assert list(unread) == []
    return read


def as_json(document: Document) -> bytes:
    return formats.write(document, "json")[0]


@pytest.mark.parametrize("name", LOSSLESS)
def test_the_first_codebook_survives_the_round_trip(first: Document, name: str) -> None:
    assert again(first, name) == first


@pytest.mark.parametrize("name", LOSSLESS)
@few
@given(st.data())
def test_any_codebook_survives_the_round_trip(name: str, data: st.DataObject) -> None:
    document = data.draw(documents_of_any_kind())

    read = again(document, name)

    assert read == document
    assert as_json(read) == as_json(document)  # 1, true and 1.0 are not the same


# ------------------------------------------------------------------ one order, one file


def shuffled(content: Any) -> Any:
    """The same content with the keys of every mapping turned round."""
    if isinstance(content, dict):
        return {key: shuffled(content[key]) for key in reversed(content)}
    return [shuffled(each) for each in content] if isinstance(content, list) else content


@pytest.mark.parametrize("name", LOSSLESS)
def test_equal_codebooks_are_equal_files_to_the_byte(first: Document, name: str) -> None:
    assert formats.write(shuffled(first), name) == formats.write(first, name)


@pytest.mark.parametrize("name", ["xlsx", "xlsform"])
def test_a_workbook_says_nothing_of_when_it_was_written(first: Document, name: str) -> None:
    raw, _ = formats.write(first, name)

    with ZipFile(io.BytesIO(raw)) as archive:
        assert {part.date_time for part in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        core = archive.read("docProps/core.xml").decode()
    assert re.findall(r">([^<]*20[0-9]{2}[^<]*)<", core) == ["2000-01-01T00:00:00Z"] * 2


def test_a_codebook_as_yaml_changes_where_it_was_changed() -> None:
    before = {"codebook": {"title": "T", "units": [{"id": "war"}]}, "variables": []}
    after = {"codebook": {"title": "T", "units": [{"id": "war"}], "scope": "One.\nTwo: 2\n"}}

    lines = formats.write(before, "yaml")[0].decode().splitlines()
    more = formats.write(after | {"variables": []}, "yaml")[0].decode().splitlines()

    assert [line for line in more if line not in lines] == ["  scope: |", "    One.", "    Two: 2"]


# ------------------------------------------------------------------ the workbook


SMALL: Document = {
    "codebook": {
        "title": "=1+1",
        "units": [{"id": "war", "label": "War", "key": ["war_id", "year"]}],
        "missing_codes": [{"code": -77, "label": "Unclear", "counts_in_reliability": False}],
        "scope": {"first": 1946},
    },
    "variables": [
        {
            "name": "goal",
            "unit": "war",
            "type": "category",
            "required": True,
            "compare": False,
            "categories": [
                {"code": 1, "label": "@One"},
                {"code": "b", "label": "-x", "definition": "\r"},
            ],
            "skip": {"if": "true", "then": -77},
            "checks": [{"expr": "goal == 1", "message": "No.", "severity": "soft"}],
        }
    ],
    "plan": "2019-01-01",
}


def opened(document: Document) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(formats.write(document, "xlsx")[0]))


def test_each_thing_of_a_codebook_is_a_row_of_its_sheet() -> None:
    rows = {s.title: [[c for c in r if c is not None] for r in s.values] for s in opened(SMALL)}

    assert {title: filled[1:] for title, filled in rows.items()} == {
        "codebook": [
            ["codebook", "title", "=1+1"],
            ["codebook", "scope", '{"first":1946}'],
            ["document", "plan", "2019-01-01"],
        ],
        "units": [["war", "War", "war_id; year"]],
        "missing": [[-77, "Unclear", "no"]],
        "variables": [["goal", "war", "category", "yes", "no", "true", -77]],
        "categories": [["goal", 1, "@One"], ["goal", "b", "-x", '{"definition":"\\r"}']],
        "checks": [["goal", "goal == 1", "soft", "No."]],
    }


def test_a_cell_of_a_workbook_is_never_computed() -> None:
    kinds = {c.data_type for s in opened(SMALL) for r in s.rows for c in r if c.value is not None}

    assert kinds == {"s", "n"}


def test_headers_stand_still_and_closed_cells_offer_their_words() -> None:
    book = opened(SMALL)

    assert {sheet.freeze_panes for sheet in book} == {"B2"}
    offered = {
        (sheet.title, sheet.cell(1, area.min_col).value): rule.formula1
        for sheet in book
        for rule in sheet.data_validations.dataValidation
        for area in rule.sqref.ranges
    }
    assert offered == {
        ("codebook", "of"): '"codebook,document"',
        ("units", "rows"): '"keyed,roster,numbered"',
        ("missing", "set_by"): '"coder,rule,nobody"',
        ("missing", "counts_in_reliability"): '"no,as_category,configurable"',
        ("missing", "note_required"): '"yes,no"',
        ("variables", "unit"): "units!$A$2:$A$1000",
        ("variables", "type"): '"boolean,categorical,category,date,date_with_precision,decimal,'
        'integer,multi_select,ordinal,set,state,state_reference,text"',
        ("variables", "level"): '"nominal,ordinal,interval,ratio"',
        ("variables", "required"): '"yes,no"',
        ("variables", "filter"): '"yes,no"',
        ("variables", "compare"): '"yes,no"',
        ("variables", "reference"): '"state"',
        ("variables", "roster_of"): "units!$A$2:$A$1000",
        ("categories", "variable"): "variables!$A$2:$A$5000",
        ("checks", "variable"): "variables!$A$2:$A$5000",
        ("checks", "severity"): '"hard,soft,project"',
    }


def test_texts_too_long_for_a_cell_and_codes_that_look_like_others_survive() -> None:
    document = copy.deepcopy(SMALL)
    document["variables"][0] |= {"rule": " é_x000D_" * 20_000, "section": "", "exclusive": []}
    document["variables"][0]["categories"] = [{"code": "1", "label": 7}, {"code": 2, "label": "7"}]
    document["codebook"]["missing_codes"] = []
    del document["variables"][0]["skip"]

    assert again(document, "xlsx") == document


def workbook(**changes: list[list[Any]]) -> bytes:
    """The small codebook as a workbook, with other rows in some sheets."""
    book = opened(SMALL)
    for title, rows in changes.items():
        if title in book.sheetnames:
            del book[title]
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


GOAL = ["goal", "war", "category"]
HEADER = ["name", "unit", "type"]


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        (
            {"variables": [[*HEADER, "rulle"], [*GOAL, "X"]]},
            "variables!2, variable goal: key 'rulle' is unknown. Did you mean rule?",
        ),
        (
            {"variables": [[*HEADER, "required"], [*GOAL, "maybe"]]},
            "variables!2, variable goal: required must be true or false, not 'maybe'.",
        ),
        (
            {"variables": [[*HEADER, "min"], [*GOAL, "=1+1"]]},
            "variables!D2: “=1+1” is a formula: write the value itself.",
        ),
        (
            {"variables": [[*HEADER, "more"], [*GOAL, "{"]]},
            "variables!D2: “{” cannot be read as JSON: Expecting property name enclosed in "
            "double quotes: line 1 column 2 (char 1).",
        ),
        (
            {"variables": [[*HEADER, "more"], [*GOAL, "[1]"]]},
            "variables!D2: “[1]” cannot be read as JSON: must be a JSON mapping.",
        ),
        (
            {"variables": [[*HEADER, "more"], [*GOAL, "[" * 20_000]]},
            f"variables!D2: “{'[' * 57}…” cannot be read as JSON: maximum recursion depth "
            "exceeded while decoding a JSON array from a unicode string.",
        ),
        (
            {"categories": [["variable", "code", "label"], ["gaol", 1, "One"]]},
            "categories!A2: “gaol” is not a variable of the sheet variables.",
        ),
        (
            {"codebook": [["of", "key", "text"], ["codebook", "title", "A"], ["", "title", "B"]]},
            "codebook!B3: “title” stands twice: the first would be lost.",
        ),
        (
            {"units": [["id", "id"], ["war", "war"]]},
            "units!B1: “id” stands in the header twice: give each column its own name.",
        ),
    ],
)
def test_a_fault_of_a_workbook_is_told_with_its_cell(
    changes: dict[str, list[list[Any]]], fault: str
) -> None:
    with pytest.raises(BadInput) as refused:
        formats.read(workbook(**changes), "codebook.xlsx")

    assert fault in refused.value.messages


def test_sheets_that_are_not_of_the_codebook_are_listed() -> None:
    _, unread = formats.read(workbook(notes=[["Remember"]]), "codebook.xlsx")

    assert [str(line) for line in unread] == [
        "workbook, notes: is no sheet of a codebook workbook: it was not read."
    ]


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        (b"PK\x03\x04 and no more", "codebook.xlsx: cannot be unpacked: File is not a zip file."),
        (b"x" * (5 * 2**20 + 1), "codebook.xlsx: is larger than 5 MB: no codebook needs that."),
    ],
)
def test_what_is_no_workbook_is_told_so(raw: bytes, fault: str) -> None:
    with pytest.raises(BadInput) as refused:
        formats.read(raw, "codebook.xlsx")

    assert refused.value.messages == [fault]


def test_a_workbook_that_swells_when_unpacked_is_refused() -> None:
    bomb = io.BytesIO()
    with ZipFile(bomb, "w", ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b" " * (30 * 2**20))

    with pytest.raises(BadInput) as refused:
        formats.read(bomb.getvalue(), "codebook.xlsx")

    assert "times larger than it is packed" in refused.value.messages[0]


def test_a_workbook_that_is_too_large_unpacked_is_refused() -> None:
    swollen = io.BytesIO()
    with ZipFile(swollen, "w", ZIP_DEFLATED) as archive:
        for n in range(70):
            archive.writestr(f"xl/{n}.bin", bytes(range(256)) * 4096)

    with pytest.raises(BadInput) as refused:
        formats.read(swollen.getvalue(), "codebook.xlsx")

    assert refused.value.messages == [
        "codebook.xlsx: would unpack to 70 MB: no codebook needs that."
    ]


def test_a_file_of_no_known_format_is_told_which_there_are() -> None:
    with pytest.raises(BadInput) as refused:
        formats.read(b"", "codebook.docx")

    assert refused.value.messages[0].startswith("file: “codebook.docx” does not end in .yaml, ")
