"""Which parts of a codebook a form says, and which it does not, each with the reason."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from coding.documents import Document
from coding.meanings import expressions_of
from curation.formats import cells, kept
from curation.formats.filled import filled, is_computed, unit_order
from curation.formats.rules import translate
from curation.formats.rules.parser import LONGEST
from curation.formats.rules.scope import Scope, scope_of
from curation.formats.rules.tree import Untranslatable
from curation.formats.said import Unmapped, stand_in
from curation.formats.xlsform import constraint, words
from curation.formats.xlsform.constraint import XPATH

Parts = Mapping[str, object]
WHY = {
    "filter": "A form does not say which answers its lists are searched by.",
    "compare": "A form does not compare two coders.",
    "weight": "A form does not say how much a disagreement matters.",
    "tolerance": "A form does not compare two coders.",
    "renamed_from": "A form knows no earlier version of itself.",
}
NO_COLUMN = "A form has no column for it."
NO_CELL = "A form cannot show this text as it is."


@dataclass(frozen=True)
class Divided:
    """What a form says, as a document, and what it does not."""

    said: Document
    unmapped: list[Unmapped]


def divide(document: Document) -> Divided:
    """The document that a form holds, and all the rest, line by line."""
    document = filled(document)
    unmapped: list[Unmapped] = []
    head = _head(document, unmapped)
    variables = [_variable(v, document, unmapped) for v in _in_order(document, unmapped)]
    for key, value in document.items():
        if key not in ("codebook", "variables"):
            unmapped.append(Unmapped("document", key, NO_COLUMN, value))
    return Divided({"codebook": head, "variables": variables}, unmapped)


def sayable(document: Document) -> Document:
    """What of a document a form says by its own columns and ours."""
    said = divide(document).said
    words.complete(said)
    return said


# ------------------------------------------------------------------ the codebook


def _head(document: Document, unmapped: list[Unmapped]) -> Document:
    said: Document = {}
    for key, value in document["codebook"].items():
        if key in words.SETTINGS.values() and _is_setting(key, value):
            said[key] = value
        elif key not in ("units", "missing_codes"):
            why = NO_CELL if key in words.SETTINGS.values() else NO_COLUMN
            unmapped.append(Unmapped("codebook", key, why, value))
    units = {u["id"]: _unit(u, unmapped) for u in document["codebook"]["units"]}
    said["units"] = [units[name] for name in unit_order(document)]
    if codes := document["codebook"].get("missing_codes"):
        said["missing_codes"] = [_missing_code(code, unmapped) for code in codes]
    return said


def _is_setting(key: str, value: object) -> bool:
    if key == "title" and value == stand_in("title"):
        return False
    fits = key != "language" or re.fullmatch(r"[A-Za-z][\w ()-]*", str(value))
    return words.is_sayable(value) and bool(fits)


def _unit(unit: Document, unmapped: list[Unmapped]) -> Document:
    place, said = f"unit {unit['id']}", {}
    for key, value in unit.items():
        if _is_said_of_unit(unit, key, value):
            said[key] = value
        else:
            unmapped.append(Unmapped(place, key, NO_CELL, value))
    return said


def _is_said_of_unit(unit: Document, key: str, value: object) -> bool:
    if key in ("id", "parent"):
        return True
    if key == "key":
        return words.is_sayable(cells.cell_of(value, "texts"))
    return words.is_sayable(value) and value != stand_in(unit["id"])


def _missing_code(code: Document, unmapped: list[Unmapped]) -> Document:
    place, said = f"missing code {code['code']}", {}
    for key, value in code.items():
        is_text = isinstance(value, str) and key != "code"
        if not is_text or (words.is_sayable(value) and value != stand_in(code["code"])):
            said[key] = value
        else:
            unmapped.append(Unmapped(place, key, NO_CELL, value))
    return said


def _in_order(document: Document, unmapped: list[Unmapped]) -> list[Document]:
    """The variables as a form lists them: unit by unit."""
    order, variables = unit_order(document), document["variables"]
    found = sorted(variables, key=lambda v: order.index(v["unit"]))
    units = [unit["id"] for unit in document["codebook"]["units"]]
    if found != variables or order != units:
        wanted = {"units": units, "variables": [v["name"] for v in variables]}
        why = "A form asks unit by unit, each with those below it."
        unmapped.append(Unmapped("document", kept.ORDER, why, wanted))
    return found


# ------------------------------------------------------------------ variables


def _variable(v: Document, document: Document, unmapped: list[Unmapped]) -> Document:
    place, scope = f"variable {v['name']}", scope_of(document, v["unit"])
    said: Document = {}
    for key, value in v.items():
        if key in ("skip", "checks", "derive", "categories"):
            continue
        if why := _why_not(v, key, value, document, scope):
            unmapped.append(Unmapped(place, key, why, value))
        else:
            said[key] = value
    if "categories" in v:
        said["categories"] = [_category(place, c, unmapped) for c in v["categories"]]
    said |= _rules(place, v, scope, unmapped)
    unmapped += [Unmapped(place, part, why, is_half=True) for part, why in _half_said(v, document)]
    return said


def _why_not(v: Document, key: str, value: object, document: Document, scope: Scope) -> str:
    """Why a form cannot say a part of a variable; empty where it can."""
    if key in ("name", "unit", "type", "level", "required"):
        return ""
    if key in (*words.TEXTS, "section"):
        is_sayable = words.is_sayable(value) and value != stand_in(v["name"])
        return "" if is_sayable else NO_CELL
    if key == "exclusive":
        return "" if v["type"] == "set" else "A form excludes choices of several only."
    if key == "reference":
        return "" if v["type"] == "set" else "It goes without saying."
    if key == "roster_of":
        first = next(w for w in document["variables"] if w.get("roster_of") == value)
        return "" if first is v else "Another variable lists the same rows."
    if key in ("min", "max"):
        return ""
    if key == "pattern":
        return constraint.why_no_pattern(v)
    return WHY.get(key, NO_COLUMN)


def _category(place: str, category: Document, unmapped: list[Unmapped]) -> Document:
    said: Document = {}
    for key, value in category.items():
        plain = words.is_sayable(value) and value != stand_in(category["code"])
        if key == "code" or plain:
            said[key] = value
        else:
            unmapped.append(Unmapped(f"{place}, category {category['code']}", key, NO_CELL, value))
    return said


def _half_said(v: Document, document: Document) -> Iterator[tuple[str, str]]:
    """What a form says, but does not do as Casebook does."""
    if is_computed(v):
        return
    if v["type"] == "date":
        yield "type", "A date in a form is a whole day: asked as text, as 1991-02 or 1991~."
    if v["type"] == "state" or v.get("reference"):
        yield "type", "The form needs a file states.csv with the columns name and label."
    spelled = {code for _, rule in expressions_of(v) for code in _codes_of_rules(rule, document)}
    for code in sorted(spelled):
        yield "rule", f"A form never holds {code}: what is skipped there has no answer."
    if "skip" in v and not _is_set_by_rule(v["skip"]["then"], document):
        then = v["skip"]["then"]
        yield "skip", f"A form leaves a skipped answer empty: set it to {then} afterwards."


def _codes_of_rules(rule: str, document: Document) -> Iterator[str]:
    """The missing codes that a rule spells though no form ever holds them."""
    for code in document["codebook"].get("missing_codes", ()):
        written = rf"(?<![\w.]){re.escape(str(code['code']))}(?![\w.])"
        if code.get("set_by") != "coder" and re.search(written, rule):
            yield str(code["code"])


def _is_set_by_rule(code: object, document: Document) -> bool:
    codes = document["codebook"].get("missing_codes", ())
    return any(c["code"] == code and c.get("set_by") == "rule" for c in codes)


# ------------------------------------------------------------------ rules


def _rules(place: str, v: Document, scope: Scope, unmapped: list[Unmapped]) -> Document:
    said: Document = {}
    if "skip" in v:
        try:
            rule = translate.shown(v["skip"]["if"], scope, XPATH)
            said["skip"] = {"if": rule.here, "then": v["skip"]["then"]}
        except Untranslatable as error:
            unmapped.append(Unmapped(place, "skip", str(error), v["skip"]))
    if "derive" in v:
        try:
            said["derive"] = translate.calculated(v["derive"], scope, XPATH).here
        except Untranslatable as error:
            unmapped.append(Unmapped(place, "derive", str(error), v["derive"]))
    if checks := _checks(place, v, scope, unmapped):
        said["checks"] = checks
    return said


def _checks(place: str, v: Document, scope: Scope, unmapped: list[Unmapped]) -> list[Document]:
    """The checks that a form makes: those that block an answer first."""
    said = []
    for number, check in enumerate(v.get("checks", ()), 1):
        try:
            said.append(check | {"expr": constraint.checkable(check, v, scope)})
        except Untranslatable as error:
            unmapped.append(Unmapped(place, f"{kept.CHECK} {number}", str(error), check))
    said.sort(key=lambda check: str(check["severity"]))
    while said and len(constraint.written(v | {"checks": said}, scope)) > LONGEST:
        why = "The constraint of the question would be too long."
        unmapped.append(Unmapped(place, f"{kept.CHECK} 0", why, said.pop(0)))
    return said
