"""The words of a REDCap data dictionary."""

from __future__ import annotations

import re

from coding.canonical import is_formula
from coding.documents import Document
from curation.formats import cells
from curation.formats.said import stand_in

# The columns in REDCap's order: how we call each, and how its dictionary does.
COLUMNS = {
    "field_name": "Variable / Field Name",
    "form_name": "Form Name",
    "section_header": "Section Header",
    "field_type": "Field Type",
    "field_label": "Field Label",
    "select_choices_or_calculations": "Choices, Calculations, OR Slider Labels",
    "field_note": "Field Note",
    "text_validation_type_or_show_slider_number": "Text Validation Type OR Show Slider Number",
    "text_validation_min": "Text Validation Min",
    "text_validation_max": "Text Validation Max",
    "identifier": "Identifier?",
    "branching_logic": "Branching Logic (Show field only if...)",
    "required_field": "Required Field?",
    "custom_alignment": "Custom Alignment",
    "question_number": "Question Number (surveys only)",
    "matrix_group_name": "Matrix Group Name",
    "matrix_ranking": "Matrix Ranking?",
    "field_annotation": "Field Annotation",
}
CHOICES = "select_choices_or_calculations"
VALIDATION = "text_validation_type_or_show_slider_number"
LOWEST, HIGHEST = "text_validation_min", "text_validation_max"

# What a field's annotation tells in lines of its own, for people and for us.
TOLD = {
    "label": "Label",
    "example": "Example",
    "sources": "Sources",
    "measure": "Measured in",
    "derived_from": "Derived from",
    "type": "Kind",
    "level": "Level",
}
NO_AND_YES = [{"code": 0, "label": "No"}, {"code": 1, "label": "Yes"}]
CHOSEN = ("category", "ordinal", "boolean")
READ_ONLY = "@READONLY"
_ALONE = re.compile(r"@NONEOFTHEABOVE\s*=\s*(['\"])(.*?)\1")


def alone(codes: list[str]) -> str:
    """The tag of choices that exclude all others."""
    return f"@NONEOFTHEABOVE='{','.join(codes)}'"


def alone_in(line: str) -> list[str] | None:
    """The choices that such a tag names; None where the line is no such tag."""
    found = _ALONE.fullmatch(line)
    return [code.strip() for code in found[2].split(",")] if found else None


def is_sayable(value: object) -> bool:
    """Whether a dictionary holds this text, and no spreadsheet that opens it computes it."""
    if not isinstance(value, str) or not cells.is_plain(value) or is_formula(value):
        return False
    return not re.search(r"\[\w+\]", value)  # REDCap puts an answer in the place of a name


def is_line(value: object) -> bool:
    """Whether it can stand in one line among others."""
    return is_sayable(value) and len(str(value).splitlines()) == 1


def complete(document: Document) -> None:
    """Put a word where a codebook needs one and a dictionary has none."""
    document["codebook"].setdefault("title", "Untitled data dictionary")
    for variable in document["variables"]:
        for category in variable.get("categories", ()):
            category.setdefault("label", stand_in(category["code"]))


_KINDS = {
    "text": "text",
    "notes": "text",
    "radio": "category",
    "dropdown": "category",
    "checkbox": "set",
    "yesno": "boolean",
    "truefalse": "boolean",
    "calc": "decimal",
    "slider": "integer",
}


def kind_of(field_type: str, validation: str) -> str:
    """What kind of variable a field is, where nothing else is said; empty where it is none."""
    if field_type != "text" or not validation:
        return _KINDS.get(field_type, "")
    if validation.startswith("date_"):
        return "date"
    return {"integer": "integer", "int": "integer", "number": "decimal", "float": "decimal"}.get(
        validation.partition("_")[0], "text"
    )
