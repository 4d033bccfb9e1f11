"""A codebook as a REDCap data dictionary and back; dictionaries made by others as codebooks."""

from __future__ import annotations

import csv
import io
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from coding.documents import Document
from curation import codebook_files, formats
from curation.faults import BadInput
from curation.formats import kept
from curation.formats.filled import filled
from curation.formats.redcap import dividing, words
from curation.formats.redcap.dividing import REDCAP
from curation.formats.rules import translate
from curation.formats.rules.scope import scope_of
from curation.formats.rules.tree import Untranslatable
from curation.formats.said import Unmapped
from tests.documents_strategy import documents_of_any_kind

FIXTURE = Path(__file__).parents[1] / "fixtures" / "codebook.yaml"
few = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module")
def first() -> Document:
    return codebook_files.read(FIXTURE)


def back(document: Document) -> Document:
    read, unread = formats.read(formats.write(document, "redcap")[0], "dictionary.csv")
    assert list(unread) == []
    return read


def rows(raw: bytes) -> list[dict[str, str]]:
    lines = csv.DictReader(io.StringIO(raw.decode(), newline=""))
    names = {title: name for name, title in words.COLUMNS.items()}
    return [{names[title]: text for title, text in line.items() if text} for line in lines]


def test_the_first_codebook_comes_back_as_far_as_a_dictionary_says_it(first: Document) -> None:
    assert back(first) == dividing.sayable(first)


@few
@given(documents_of_any_kind())
def test_any_codebook_comes_back_as_far_as_a_dictionary_says_it(document: Document) -> None:
    assert back(document) == dividing.sayable(document)


@few
@given(documents_of_any_kind())
def test_all_that_a_dictionary_does_not_say_is_listed(document: Document) -> None:
    said, unmapped = dividing.divide(document)

    assert overlaid(said, unmapped) == in_one_form(document)


def overlaid(said: Document, unmapped: list[Unmapped]) -> Document:
    """What is said, with all that is not said put in its place."""
    head = said["codebook"]
    for line in unmapped:  # what is gone as a whole comes first, that its parts have a place
        if line.part.startswith("unit "):
            head["units"].append(line.value)
        elif line.part == "variable":
            said["variables"].append(line.value)
    head.pop("missing_codes", None)
    for unit in head["units"]:
        unit.setdefault("label", unit["id"])
    for line in unmapped:
        places = kept._places(said)
        if line.part.startswith("unit ") or line.part in ("variable", kept.ORDER):
            continue
        if line.part == "skip" and not isinstance(line.value, dict):
            places[line.place]["skip"]["then"] = line.value
        elif line.is_half:
            del places[line.place][line.part]
        elif line.part.startswith("check "):
            places[line.place].setdefault("checks", []).append(line.value)
        else:
            places[line.place][line.part] = line.value
    return in_order(said, unmapped)


def in_order(said: Document, unmapped: list[Unmapped]) -> Document:
    for line in unmapped:
        if line.part == kept.ORDER:
            kept.put_back(said, [line])
    return said


def in_one_form(document: Document) -> Document:
    document = filled(document)
    roots = [unit for unit in document["codebook"]["units"] if "parent" not in unit]
    flat = {unit["id"]: roots[0]["id"] for unit in document["codebook"]["units"]}
    units = [{"id": name, "parent": parent} for name, parent in flat.items()]
    del units[0]["parent"]
    head = document["codebook"] | {"units": units}
    for v in document["variables"]:
        scope = scope_of(document | {"codebook": head}, v["unit"])
        with suppress(Untranslatable):
            if "skip" in v:
                v["skip"]["if"] = translate.shown(v["skip"]["if"], scope, REDCAP).here
        with suppress(Untranslatable):
            if "derive" in v:
                v["derive"] = dividing.computable(v, scope)
    return document


# ------------------------------------------------------------------ what a dictionary is made of

SMALL: Document = {
    "codebook": {
        "title": "Wars",
        "units": [
            {"id": "war", "label": "War", "key": ["war_id"]},
            {"id": "side", "parent": "war"},
        ],
        "missing_codes": [
            {"code": -77, "label": "Unclear"},
            {"code": -99, "label": "Unknown"},
            {"code": -88, "label": "Not applicable", "set_by": "rule"},
        ],
    },
    "variables": [
        {
            "name": "aim",
            "unit": "war",
            "section": "Aims",
            "label": "Aim",
            "question": "Which aim?",
            "type": "ordinal",
            "required": True,
            "rule": "The first.",
            "example": "Korea: 1",
            "categories": [
                {"code": 1, "label": "Land", "definition": "Soil"},
                {"code": 2, "label": "A | B"},
            ],
        },
        {
            "name": "men",
            "unit": "war",
            "type": "integer",
            "question": "=1+1",
            "measure": "persons",
            "min": 0,
            "max": 9.5,
            "skip": {"if": "aim == 1", "then": 0},
            "checks": [{"expr": "men != 3", "severity": "soft", "message": "Three?"}],
        },
        {"name": "ended", "unit": "war", "section": "End", "type": "boolean", "label": "Ended"},
        {"name": "began", "unit": "war", "section": "End", "type": "date", "label": "Began"},
        {
            "name": "roles",
            "unit": "side",
            "type": "set",
            "exclusive": [0],
            "categories": [{"code": 0, "label": "None"}, {"code": 1, "label": "Troops"}],
            "skip": {"if": "war.ended == 0 || war.men < 2", "then": -88},
        },
        {"name": "share", "unit": "side", "type": "decimal", "derive": "double(war.men) / 2.0"},
        {
            "name": "big",
            "unit": "side",
            "type": "boolean",
            "derive": "war.men > 5 ? 1 : 0",
            "derived_from": "men",
        },
    ],
}


def test_units_are_instruments_and_variables_are_fields() -> None:
    raw, _ = formats.write(SMALL, "redcap")

    assert rows(raw) == [
        {
            "field_name": "war_id",
            "form_name": "war",
            "field_type": "text",
            "field_label": "Key of the case",
        },
        {
            "field_name": "aim",
            "form_name": "war",
            "section_header": "Aims",
            "field_type": "radio",
            "field_label": "Which aim?",
            "select_choices_or_calculations": "1, Land | 2, (2)",
            "field_note": "The first.",
            "required_field": "y",
            "field_annotation": "Label: Aim\nExample: Korea: 1\nKind: ordinal\nLevel: ordinal",
        },
        {
            "field_name": "men",
            "form_name": "war",
            "field_type": "text",
            "field_label": "(men)",
            words.VALIDATION: "integer",
            "text_validation_min": "0",
            "text_validation_max": "9.5",
            "branching_logic": "[aim] <> '1'",
            "field_annotation": "Label: men\nMeasured in: persons\nLevel: nominal",
        },
        {
            "field_name": "ended",
            "form_name": "war",
            "section_header": "End",
            "field_type": "yesno",
            "field_label": "Ended",
            "field_annotation": "Label: Ended\nLevel: nominal",
        },
        {
            "field_name": "began",
            "form_name": "war",
            "field_type": "text",
            "field_label": "Began",
            "field_annotation": "Label: Began\nKind: date\nLevel: nominal",
        },
        {
            "field_name": "roles",
            "form_name": "side",
            "field_type": "checkbox",
            "field_label": "roles",
            "select_choices_or_calculations": "0, None | 1, Troops",
            "branching_logic": "[ended] <> '0' and ([men] >= 2 or isblankormissingcode([men]))",
            "field_annotation": "@NONEOFTHEABOVE='0'\nLabel: roles\nLevel: nominal",
        },
        {
            "field_name": "share",
            "form_name": "side",
            "field_type": "calc",
            "field_label": "share",
            "select_choices_or_calculations": "if(isblankormissingcode([men]), '', [men] / 2.0)",
            "field_annotation": "Label: share\nLevel: nominal",
        },
        {
            "field_name": "big",
            "form_name": "side",
            "field_type": "yesno",
            "field_label": "big",
            "field_annotation": "@READONLY\nLabel: big\nDerived from: men\nLevel: nominal",
        },
    ]


def test_what_a_dictionary_does_not_say_is_listed_line_by_line() -> None:
    _, unmapped = formats.write(SMALL, "redcap")

    assert [str(line) for line in unmapped] == [
        "codebook, title: A data dictionary has no column for it.",
        "codebook, missing_codes: REDCap keeps missing data codes in a project's settings: "
        "-77, Unclear | -99, Unknown",
        "unit war, label: A data dictionary knows only an instrument's name.",
        "variable aim, category 1, definition: REDCap has no place for it beside a choice.",
        "variable aim, category 2, label: A data dictionary cannot hold this text as it is.",
        "variable men, question: A data dictionary cannot hold this text as it is.",
        "variable men, check 1: REDCap checks a range, and nothing across fields.",
        "variable big, derive: REDCap computes numbers only.",
        "variable men, skip: REDCap leaves a skipped field empty: set it to 0 afterwards.",
        "variable men, section: It stands under Aims: a section header in REDCap has no end.",
    ]


def test_the_columns_are_those_of_redcap(first: Document) -> None:
    raw, _ = formats.write(first, "redcap")

    assert raw.decode().splitlines()[0] == (
        "Variable / Field Name,Form Name,Section Header,Field Type,Field Label,"
        '"Choices, Calculations, OR Slider Labels",Field Note,'
        "Text Validation Type OR Show Slider Number,Text Validation Min,Text Validation Max,"
        "Identifier?,Branching Logic (Show field only if...),Required Field?,Custom Alignment,"
        "Question Number (surveys only),Matrix Group Name,Matrix Ranking?,Field Annotation"
    )


def test_of_the_first_codebook_these_rules_cannot_be_said_in_redcap(first: Document) -> None:
    _, unmapped = formats.write(first, "redcap")

    found = [line for line in unmapped if line.part in ("skip", "derive")]
    assert [str(line) for line in found] == [
        "variable location_region, derive: REDCap computes numbers only.",
        "variable igo_role, skip: REDCap cannot ask for one tick and no other.",
        "variable personnel_precision, skip: REDCap keeps missing codes apart from answers.",
        "variable contribution_share, derive: It looks at the rows beside its own.",
        "variable in_home_region, derive: REDCap computes numbers only.",
        "variable defence_pact_with_us, derive: REDCap computes numbers only.",
        "variable joint_exercises_5y, derive: It calls series.",
    ]


# ------------------------------------------------------------------ made by others


FOREIGN = """\
field_name,form_name,section_header,field_type,field_label,select_choices_or_calculations,\
field_note,text_validation_type_or_show_slider_number,text_validation_min,text_validation_max,\
identifier,branching_logic,required_field,field_annotation
record_id,demographics,,text,Record,,,,,,,,,
born,demographics,About,text,Born?,,In full,date_ymd,1900-01-01,,y,,y,@HIDDEN
Age,demographics,,calc,Age,"rounddown(datediff([born], 'today', 'y'), 0)",,,,,,,,
weight,demographics,,text,Weight,,,number_1dp,20,300,,,,
sex,demographics,,dropdown,Sex,"1, Female | 2, Male, so said | x",,,,,,,,
intro,demographics,,descriptive,Welcome,,,,,,,,,
smokes,habits,,truefalse,Smokes?,,,,,,,"[sex] = '1' and [weight] > 50",,
packs,habits,,slider,Packs,,,,,,,[smokes] = 1 or [other_event][sex] = 1,,
"""


def test_a_dictionary_made_by_others_becomes_a_codebook() -> None:
    document, unread = formats.read(FOREIGN.encode(), "dictionary.csv")

    skipped = {"code": -88, "key": "not_applicable", "label": "Not applicable", "set_by": "rule"}
    assert document == {
        "codebook": {
            "title": "Untitled data dictionary",
            "units": [
                {"id": "demographics", "key": ["record_id"]},
                {"id": "habits", "parent": "demographics"},
            ],
            "missing_codes": [skipped],
        },
        "variables": [
            {
                "name": "born",
                "unit": "demographics",
                "section": "About",
                "question": "Born?",
                "rule": "In full",
                "type": "date",
                "required": True,
            },
            {
                "name": "age",
                "unit": "demographics",
                "section": "About",
                "question": "Age",
                "type": "decimal",
                "derived_from": "rounddown(datediff([born], 'today', 'y'), 0)",
            },
            {
                "name": "weight",
                "unit": "demographics",
                "section": "About",
                "question": "Weight",
                "type": "decimal",
                "min": 20,
                "max": 300,
            },
            {
                "name": "sex",
                "unit": "demographics",
                "section": "About",
                "question": "Sex",
                "type": "category",
                "categories": [
                    {"code": 1, "label": "Female"},
                    {"code": 2, "label": "Male, so said"},
                    {"code": "x", "label": "x"},
                ],
            },
            {
                "name": "smokes",
                "unit": "habits",
                "question": "Smokes?",
                "type": "boolean",
                "categories": [{"code": 0, "label": "False"}, {"code": 1, "label": "True"}],
                "skip": {"if": "demographics.sex != 1 || demographics.weight <= 50", "then": -88},
            },
            {
                "name": "packs",
                "unit": "habits",
                "question": "Packs",
                "type": "integer",
                "min": 0,
                "max": 100,
            },
        ],
    }
    assert [str(line) for line in unread] == [
        "line 3, Text Validation Type OR Show Slider Number: "
        "is a check that Casebook makes in its own way.",
        "line 3, Text Validation Min: is no limit that a codebook could say.",
        "line 3, Field Annotation: holds “@HIDDEN”, which is not taken over.",
        "line 4, Variable / Field Name: was renamed age.",
        "line 6, Choices, Calculations, OR Slider Labels: has the choice “x” without a label.",
        "line 7, Field Type: asks nothing that a codebook could say.",
        "line 4, Choices, Calculations, OR Slider Labels: It calls datediff().",
        "line 9, Branching Logic (Show field only if...): "
        "There is [sex] where the end was expected.",
        "line 3, identifier: is a column that no codebook has a place for: it was not read.",
    ]


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        (b"a,b\n1,2\n", "d.csv: is no data dictionary: it has no column Variable / Field Name."),
        (b"", "line 1: is empty: a header and rows are needed."),
        (
            FOREIGN.replace("born,demographics,About", "born,demographics").encode(),
            "line 3: has 13 fields where the header has 14.",
        ),
        (
            FOREIGN.replace("1, Female", "1, Female | 1, F").encode(),
            "line 6, variable sex: two categories have the code 1.",
        ),
        (b"x" * (5 * 2**20 + 1), "d.csv: is larger than 5 MB: no codebook needs that."),
    ],
)
def test_a_fault_of_a_dictionary_is_told_with_its_line(raw: bytes, fault: str) -> None:
    with pytest.raises(BadInput) as refused:
        formats.read(raw, "d.csv")

    assert fault in refused.value.messages
