"""A codebook as the rows of a REDCap data dictionary."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from decimal import Decimal

from coding.documents import Document
from curation.formats.filled import is_computed
from curation.formats.redcap import words
from curation.formats.redcap.dividing import REDCAP, divide
from curation.formats.rules import translate
from curation.formats.rules.scope import Scope, scope_of
from curation.formats.said import Unmapped, stand_in

Field = dict[str, str]


def write(document: Document) -> tuple[bytes, list[Unmapped]]:
    """The document as a data dictionary, and what it does not say."""
    said, unmapped = divide(document)
    uncomputed = {line.place.split()[1] for line in unmapped if line.part == "derive"}
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, list(words.COLUMNS), lineterminator="\n")
    writer.writerow(words.COLUMNS)
    writer.writerows([_record_id(said), *_fields(said, uncomputed)])
    return file.getvalue().encode(), unmapped


def _record_id(said: Document) -> Field:
    """The first field of a dictionary names the record."""
    first = said["codebook"]["units"][0]
    return {
        "field_name": first["key"][0],
        "form_name": first["id"],
        "field_type": "text",
        "field_label": "Key of the case",
    }


def _fields(said: Document, uncomputed: set[str]) -> Iterator[Field]:
    section: tuple[str, str] = ("", "")
    for v in said["variables"]:
        scope = scope_of(said, v["unit"])
        field = _field(v, scope, is_closed=is_computed(v) or v["name"] in uncomputed)
        here = (v["unit"], v.get("section", ""))
        if here[1] and here != section:
            field["section_header"] = here[1]
        section = here
        yield field


def _field(v: Document, scope: Scope, *, is_closed: bool) -> Field:
    answers = _answers(v, scope)
    field = {
        "field_name": v["name"],
        "form_name": v["unit"],
        "field_label": v.get("question", stand_in(v["name"])),
        "field_note": v.get("rule", ""),
        "required_field": "y" if v.get("required") else "",
        "field_annotation": "\n".join(_annotation(v, answers, is_closed=is_closed)),
        **answers,
    }
    if "skip" in v:
        field["branching_logic"] = translate.shown(v["skip"]["if"], scope, REDCAP).there
    return field


def _answers(v: Document, scope: Scope) -> Field:
    """The type of a field and what may be answered."""
    if "derive" in v:
        return {"field_type": "calc", words.CHOICES: _calculation(v, scope)}
    if v["type"] == "boolean" and v.get("categories") == words.NO_AND_YES:
        return {"field_type": "yesno"}
    if v.get("categories") and v["type"] in (*words.CHOSEN, "set"):
        kind = "checkbox" if v["type"] == "set" else "radio"
        return {"field_type": kind, words.CHOICES: " | ".join(map(_choice, v["categories"]))}
    if v["type"] in ("integer", "decimal"):
        return _number(v)
    return {"field_type": "notes" if v["type"] == "text" else "text"}


def _calculation(v: Document, scope: Scope) -> str:
    return translate.calculated(v["derive"], scope, REDCAP).there


def _choice(category: Document) -> str:
    return f"{category['code']}, {category.get('label', stand_in(category['code']))}"


def _number(v: Document) -> Field:
    field = {"field_type": "text"}
    field[words.VALIDATION] = "integer" if v["type"] == "integer" else "number"
    for key, column in (("min", words.LOWEST), ("max", words.HIGHEST)):
        if key in v:
            field[column] = format(Decimal(repr(v[key])), "f")
    return field


def _annotation(v: Document, answers: Field, *, is_closed: bool) -> Iterator[str]:
    if exclusive := v.get("exclusive"):
        yield words.alone(list(map(str, exclusive)))
    if is_closed and answers["field_type"] != "calc":
        yield words.READ_ONLY
    usual = words.kind_of(answers["field_type"], answers.get(words.VALIDATION, ""))
    for key, word in words.TOLD.items():
        if key in v and not (key == "type" and v[key] == usual):
            yield f"{word}: {v[key]}"
