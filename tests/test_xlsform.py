"""A codebook as an XLSForm and back; forms made by others as codebooks."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from pyxform.xls2xform import convert

from coding import codebooks
from coding.documents import Document
from coding.models import Project
from curation import codebook_files, formats
from curation.faults import BadInput
from curation.formats import kept
from curation.formats.filled import filled
from curation.formats.rules import translate
from curation.formats.rules.scope import scope_of
from curation.formats.rules.tree import Untranslatable
from curation.formats.xlsform import constraint, dividing, words
from curation.formats.xlsform.constraint import XPATH
from tests.documents_strategy import documents_of_any_kind

FIXTURE = Path(__file__).parents[1] / "fixtures" / "codebook.yaml"
few = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module")
def first() -> Document:
    return codebook_files.read(FIXTURE)


def form_of(document: Document) -> bytes:
    return formats.write(document, "xlsform")[0]


def read(raw: bytes) -> Document:
    return formats.read(raw, "codebook.xlsx")[0]


def without(raw: bytes, title: str) -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(raw))
    del book[title]
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def in_one_form(document: Document) -> Document:
    """A document with its rules in the form in which they come back, in the order of a form."""
    document = filled(document)
    for v in document["variables"]:
        scope = scope_of(document, v["unit"])
        if "skip" in v:
            with suppress(Untranslatable):
                v["skip"]["if"] = translate.shown(v["skip"]["if"], scope, XPATH).here
        if "derive" in v:
            with suppress(Untranslatable):
                v["derive"] = translate.calculated(v["derive"], scope, XPATH).here
        for check in v.get("checks", []):
            with suppress(Untranslatable):
                check["expr"] = constraint.checkable(check, v, scope)
    return sorted_checks(document)


def sorted_checks(document: Document) -> Document:
    for v in document["variables"]:
        v.get("checks", []).sort(key=lambda check: sorted(check.items()))
    return document


def test_the_first_codebook_survives_as_an_xlsform(first: Document) -> None:
    raw, _ = formats.write(first, "xlsform")
    document, unread = formats.read(raw, "codebook.xlsx")

    assert document == filled(first)
    assert unread == []


def test_the_first_codebook_is_the_same_to_the_digest_after_a_round_trip(
    db: None, first: Document
) -> None:
    back = read(form_of(first))

    digests = {
        codebooks.digest_of(
            codebooks.draft(
                project=Project.objects.create(slug=slug, title=slug), document=document
            )
        )
        for slug, document in (("before", first), ("after", back))
    }

    assert len(digests) == 1


@few
@given(documents_of_any_kind())
def test_any_codebook_survives_as_an_xlsform(document: Document) -> None:
    raw, _ = formats.write(document, "xlsform")
    back, unread = formats.read(raw, "codebook.xlsx")

    assert unread == []
    assert sorted_checks(back) == in_one_form(document)


@few
@given(documents_of_any_kind())
def test_a_form_alone_says_what_is_sayable_and_the_rest_is_listed(document: Document) -> None:
    divided = dividing.divide(document)

    assert read(without(form_of(document), words.KEPT_SHEET)) == dividing.sayable(document)
    lines = [line for line in divided.unmapped if not line.is_half]
    assert kept.put_back(divided.said, lines) == []
    assert sorted_checks(divided.said) == in_one_form(document)


@few
@given(documents_of_any_kind())
def test_any_codebook_makes_a_form_that_converts(document: Document) -> None:
    assert "<h:html" in convert(io.BytesIO(form_of(document)), file_type=".xlsx").xform


def test_the_first_codebook_makes_a_form_that_converts_without_a_warning(first: Document) -> None:
    converted = convert(io.BytesIO(form_of(first)), file_type=".xlsx")

    assert converted.warnings == []


# ------------------------------------------------------------------ what a form is made of

SMALL: Document = {
    "codebook": {
        "title": "Wars",
        "id": "wars",
        "units": [
            {"id": "war", "label": "War", "key": ["war_id"]},
            {"id": "side", "label": "Side", "parent": "war", "rows": "roster"},
        ],
        "missing_codes": [
            {"code": -77, "label": "Unclear"},
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
            "categories": [{"code": 1, "label": "Land", "definition": "Soil"}],
        },
        {
            "name": "men",
            "unit": "war",
            "section": "Aims",
            "question": "How many?",
            "type": "integer",
            "min": 0,
            "max": 9,
            "tolerance": 2,
            "skip": {"if": "aim == 1", "then": -88},
            "checks": [
                {"expr": "men != 3", "severity": "soft", "message": "Three?"},
                {"expr": "men < 5 || aim == 1", "message": "Too many."},
            ],
        },
        {"name": "allies", "unit": "war", "type": "set", "reference": "state", "roster_of": "side"},
        {
            "name": "roles",
            "unit": "side",
            "type": "set",
            "exclusive": [0],
            "categories": [{"code": 0, "label": "None"}, {"code": 1, "label": "Troops"}],
        },
        {"name": "share", "unit": "side", "type": "decimal", "derive": "double(war.men) / 2.0"},
        {"name": "motto", "unit": "side", "type": "text", "pattern": "[a-z]+"},
    ],
}


def rows(raw: bytes, title: str) -> list[dict[str, str]]:
    header, *lines = openpyxl.load_workbook(io.BytesIO(raw))[title].iter_rows(values_only=True)
    return [{k: v for k, v in zip(header, line, strict=True) if v is not None} for line in lines]


def test_units_are_groups_and_repeats_and_questions_ask_what_the_codebook_asks() -> None:
    unknown = "string(.) = '' or selected('-77', string(.))"
    men = "string(${men}) = '' or selected('-77', string(${men}))"
    texts = {"level": "nominal"}

    assert rows(form_of(SMALL), "survey") == [
        {"type": "begin_group", "name": "war", "label": "War", "kind": "unit", "key": "war_id"},
        {"type": "begin_group", "name": "section-1", "label": "Aims"},
        {
            "type": "select_one aim",
            "name": "aim",
            "label": "Which aim?",
            "hint": "The first.",
            "guidance_hint": "Korea: 1",
            "required": "yes",
            "kind": "ordinal",
            "level": "ordinal",
            "short_label": "Aim",
        },
        {
            "type": "integer",
            "name": "men",
            "label": "How many?",
            "relevant": "${aim} != 1",
            "constraint": f"(. >= 0 and . <= 9 or {unknown}) and (. < 5 or ${{aim}} = 1 or "
            f"{unknown} or string(${{aim}}) = '' or selected('-77', string(${{aim}})))",
            "constraint_message": "Too many.",
            "short_label": "men",
            "skip_value": -88,
            **texts,
        },
        {
            "type": "note",
            "name": "men-check-2",
            "label": "Three?",
            "relevant": "not(${men} != 3)",
        },
        {"type": "end_group"},
        {
            "type": "select_multiple_from_file states.csv",
            "name": "allies",
            "label": "allies",
            "constraint": "not(selected(., '-77')) or count-selected(.) <= 1 or "
            "string(.) = '' or selected('-77', string(.))",
            "appearance": "minimal autocomplete",
            "short_label": "allies",
            **texts,
        },
        {
            "type": "calculate",
            "name": "side-rows",
            "calculation": "if(selected('-77', string(${allies})), 0, count-selected(${allies}))",
        },
        {
            "type": "begin_repeat",
            "name": "side",
            "label": "Side",
            "repeat_count": "${side-rows}",
            "kind": "unit",
            "rows": "roster",
        },
        {
            "type": "select_multiple roles",
            "name": "roles",
            "label": "roles",
            "constraint": f"(not(selected(., '0')) or count-selected(.) <= 1 or {unknown}) and "
            f"(not(selected(., '-77')) or count-selected(.) <= 1 or {unknown})",
            "short_label": "roles",
            **texts,
        },
        {
            "type": "calculate",
            "name": "share",
            "label": "share",
            "calculation": f"if({men}, '', number(${{men}}) div 2.0)",
            "kind": "decimal",
            "short_label": "share",
            **texts,
        },
        {
            "type": "text",
            "name": "motto",
            "label": "motto",
            "constraint": f"regex(., '^(?:[a-z]+)$') or {unknown}",
            "short_label": "motto",
            **texts,
        },
        {"type": "end_repeat"},
        {"type": "end_group"},
    ]


def test_missing_codes_are_further_choices_that_are_marked() -> None:
    lists = rows(form_of(SMALL), "choices")

    assert [line for line in lists if line["list_name"] in ("aim", words.MISSING_LIST)] == [
        {"list_name": "aim", "name": 1, "label": "Land", "definition": "Soil"},
        {"list_name": "aim", "name": -77, "label": "Unclear", "missing": "yes"},
        {
            "list_name": "missing-codes",
            "name": -77,
            "label": "Unclear",
            "missing": "yes",
            "set_by": "coder",
        },
        {
            "list_name": "missing-codes",
            "name": -88,
            "label": "Not applicable",
            "missing": "yes",
            "set_by": "rule",
        },
    ]


def test_what_a_form_does_not_say_is_listed_and_laid_beside() -> None:
    raw, unmapped = formats.write(SMALL, "xlsform")

    assert [str(line) for line in unmapped] == [
        "variable men, tolerance: A form does not compare two coders.",
        "variable allies, type: The form needs a file states.csv with the columns name and label.",
    ]
    assert rows(raw, "casebook") == [
        {
            "place": "variable men",
            "part": "tolerance",
            "why": "A form does not compare two coders.",
            "more": '{"part":"tolerance","value":2}',
        }
    ]


def test_of_the_first_codebook_these_rules_cannot_be_said_in_a_form(first: Document) -> None:
    _, unmapped = formats.write(first, "xlsform")

    of_rules = [u for u in unmapped if u.part.split()[0] in ("skip", "check", "derive")]
    assert [str(line) for line in of_rules if not line.is_half] == [
        "variable intervention_name, check 1: A form is one coder's: a rule for the project's "
        "cells is not shown.",
        "variable end_date, check 1: It reads the earliest or latest day of a date.",
        "variable partners, check 1: It looks at the rows beside its own.",
        "variable partner_state, check 1: It calls in_system.",
        "variable contribution_share, derive: It looks at the rows beside its own.",
        "variable joined_date, check 1: It reads the earliest or latest day of a date.",
        "variable left_date, check 1: It reads the earliest or latest day of a date.",
        "variable defence_pact_with_us, derive: It calls series.",
        "variable joint_exercises_5y, derive: It calls series.",
        "variable objective_stated_date, check 1: It reads the earliest or latest day of a date.",
        "variable objective_priority, check 1: It looks at the rows beside its own.",
    ]


# ------------------------------------------------------------------ forms that others changed


def changed(title: str, change: Callable[[Any], object]) -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(form_of(SMALL)))
    change(book[title])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def cell(name: str, column: str) -> str:
    survey = [row.get("name") for row in rows(form_of(SMALL), "survey")]
    return f"{'ABCDEFGHIJKLMNOPQRSTUV'[words.SURVEY.index(column)]}{survey.index(name) + 2}"


def test_what_a_form_says_now_counts_and_what_was_laid_beside_gives_way() -> None:
    def change(survey: Any) -> None:
        survey[cell("men", "name")] = "soldiers"
        survey[cell("aim", "relevant")] = "selected(${allies}, '2')"
        survey[cell("men-check-2", "relevant")] = None

    document, unread = formats.read(changed("survey", change), "codebook.xlsx")

    by_name = {v["name"]: v for v in document["variables"]}
    assert by_name["aim"]["skip"] == {"if": "!(2 in allies)", "then": -88}
    assert "tolerance" not in by_name["soldiers"]
    assert [str(line) for line in unread] == [
        "survey!J12, calculation: It reads men, which is not in reach of side.",
        "survey!B6, name: warns of no question.",
        "variable men, tolerance: was laid beside, but there is no such thing any more.",
    ]
    assert by_name["share"]["derived_from"].startswith("if(string(${men})")


FOREIGN = {
    "survey": [
        ["type", "name", "label::English", "label::Deutsch", "required", "relevance", "constraint"],
        ["start", "start", "", "", "", "", ""],
        ["select one yes_no", "Conflict", "Is there a conflict?", "Gibt es Streit?", "true"],
        ["begin group", "details", "Details", "", "", "${Conflict} = '1'"],
        ["integer", "men", "How many?", "", "", "", ". > 0 and . <= 100"],
        ["geopoint", "where", "Where?", "", "", "", ""],
        ["begin repeat", "side", "Sides", "", "", "", ""],
        ["text", "in", "Name", "", "", "${men} > 5 and ${Conflict} = 1", ""],
        ["date", "since", "Since?", "", "", "pulldata('a', 'b')", ""],
        ["end repeat"],
        ["end group"],
        ["select_multiple causes or_other", "why", "Why?", "", "", "", ""],
        ["calculate", "twice", "", "", "", "", ""],
    ],
    "choices": [
        ["list name", "name", "label::English", "image"],
        ["yes_no", "1", "Yes", "yes.png"],
        ["yes_no", "0", "No", ""],
        ["causes", "land", "Land", ""],
        ["unused", "x", "X", ""],
    ],
    "entities": [["list_name"], ["wars"]],
}


def foreign() -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title, lines in FOREIGN.items():
        sheet = book.create_sheet(title)
        for line in lines:
            sheet.append([text or None for text in line])
    book["survey"].cell(1, 8, "calculation")
    book["survey"].cell(13, 8, "${men} * 2")
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def test_a_form_made_by_others_becomes_a_codebook() -> None:
    document, _ = formats.read(foreign(), "form.xlsx")

    yes_no = [{"code": 1, "label": "Yes"}, {"code": 0, "label": "No"}]
    assert document == {
        "codebook": {
            "title": "Untitled form",
            "units": [
                {"id": "record", "label": "Record"},
                {"id": "side", "label": "Sides", "parent": "record"},
            ],
            "missing_codes": [
                {
                    "code": -88,
                    "key": "not_applicable",
                    "label": "Not applicable",
                    "set_by": "rule",
                }
            ],
        },
        "variables": [
            {
                "name": "conflict",
                "unit": "record",
                "question": "Is there a conflict?",
                "type": "category",
                "categories": yes_no,
                "required": True,
            },
            {
                "name": "men",
                "unit": "record",
                "section": "Details",
                "question": "How many?",
                "type": "integer",
                "skip": {"if": "conflict != 1", "then": -88},
                "max": 100,
                "checks": [
                    {
                        "expr": "men > 0",
                        "severity": "hard",
                        "message": "This answer is not possible.",
                    }
                ],
            },
            {
                "name": "in_",
                "unit": "side",
                "question": "Name",
                "type": "text",
                "skip": {
                    "if": "record.conflict != 1 || record.men <= 5",
                    "then": -88,
                },
            },
            {
                "name": "since",
                "unit": "side",
                "question": "Since?",
                "type": "date",
                "skip": {"if": "record.conflict != 1", "then": -88},
            },
            {
                "name": "why",
                "unit": "record",
                "question": "Why?",
                "type": "set",
                "categories": [{"code": "land", "label": "Land"}],
            },
            {"name": "twice", "unit": "record", "type": "decimal", "derive": "men * 2"},
        ],
    }


def test_what_of_a_form_made_by_others_is_left_out_is_listed_with_its_cell() -> None:
    _, unread = formats.read(foreign(), "form.xlsx")

    assert [str(line) for line in unread] == [
        "survey!A2, type: is collected by the form itself.",
        "survey!B3, name: was renamed conflict: names are of small letters, digits and _.",
        "survey!A6, type: asks nothing that a codebook could say.",
        "survey!B8, name: was renamed in_: names are of small letters, digits and _.",
        "survey!A12, type: offers “other” without a code: add a category.",
        "survey!F9, relevant: It calls pulldata().",
        "workbook, entities: is no sheet that a codebook has a place for: it was not read.",
        "survey!D3, label::deutsch: is a column that no codebook has a place for: it was not read.",
        "choices!D2, image: is a column that no codebook has a place for: it was not read.",
        "choices!5, unused: is a list of choices that no question uses.",
    ]


LONG = " or ".join(f"${{men}} = {n}" for n in range(600))


@pytest.mark.parametrize(
    ("title", "place", "said", "fault"),
    [
        ("survey", cell("men", "label"), "=1+1", "survey!C5: “=1+1” is a formula: write the va"),
        ("survey", cell("men", "name"), "aim", "survey!B5, name: was renamed aim_2"),
        ("survey", cell("men", "kind"), "pony", "survey!5, variable men: type 'pony' is unknown"),
        ("survey", cell("men", "relevant"), "(" * 9_000, "survey!G5, relevant: It is nested too"),
        ("survey", cell("men", "relevant"), LONG, "survey!G5, relevant: It would have 8286 char"),
        ("survey", cell("motto", "constraint"), "regex(., '(?=a)')", "survey!H13, constraint: The"),
        ("casebook", "D2", "{", "casebook!D2: “{” cannot be read as JSON: "),
        ("casebook", "D2", "[1]", "casebook!D2: “[1]” must be a JSON mapping of part and value."),
        ("casebook", "A2", "variable aim", "survey!4, variable aim: tolerance is for numbers"),
    ],
)
def test_a_hostile_form_is_refused_or_listed(title: str, place: str, said: str, fault: str) -> None:
    def change(sheet: Any) -> None:
        sheet[place] = said

    try:
        _, unread = formats.read(changed(title, change), "codebook.xlsx")
        told = [str(line) for line in unread]
    except BadInput as refused:
        told = refused.messages
    assert [line for line in told if line.startswith(fault)] != [], told
