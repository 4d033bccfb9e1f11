"""A document with all that goes without saying said, and nothing said that says nothing.

Formats that have no place for everything start from here, so that a default is no loss.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from coding import codebooks, documents
from coding.documents import Document, compares_by_default
from curation.formats.rules.tree import is_whole

_SAYS_NOTHING: tuple[object, ...] = (None, "", [], {})


def filled(document: Document) -> Document:
    """The document as an import understands it."""
    document = documents.normal(document)
    head = dict(document["codebook"])
    head["units"] = [_unit(unit) for unit in head["units"]]
    if codes := head.pop("missing_codes", None):
        head["missing_codes"] = [_missing_code(code) for code in codes]
    return document | {
        "codebook": head,
        "variables": [_variable(variable) for variable in document["variables"]],
    }


def _saying(parts: Mapping[str, object]) -> Document:
    return {key: value for key, value in parts.items() if value not in _SAYS_NOTHING}


def _unit(unit: Document) -> Document:
    return _saying({"label": unit["id"]} | _saying(unit))


def _missing_code(code: Document) -> Document:
    rest = _saying(code)
    label = rest.get("label") or rest.get("key") or "missing"
    always = {"code": _code(code["code"]), "label": label, "set_by": str(codebooks.set_by(code))}
    if documents.needs_note(code):
        always["note_required"] = True
    return rest | always


def _variable(variable: Document) -> Document:
    found = _saying(variable)
    found.pop("categories_from", None)
    label = found.get("label") or found["name"]
    found |= {"label": label, "question": found.get("question") or label}
    default = compares_by_default(found["type"], found.get("pattern", ""))
    for flag, unsaid in (("required", False), ("filter", False), ("compare", default)):
        if found.get(flag) is unsaid:
            del found[flag]
    if found.get("weight") == 1:
        del found["weight"]
    return found | _saying({**_answers(found), **_rules(found)})


def _answers(variable: Document) -> Document:
    numbers = {
        key: _number(variable[key]) for key in ("min", "max", "tolerance") if key in variable
    }
    return numbers | {
        "categories": [_category(category) for category in variable.get("categories", ())],
        "exclusive": [_code(code) for code in variable.get("exclusive", ())],
    }


def _category(category: Document) -> Document:
    known = {"code": _code(category["code"]), "label": str(category["label"])}
    return _saying(category) | known


def _rules(variable: Document) -> Document:
    rules: Document = {
        "checks": [{"severity": "hard"} | _saying(check) for check in variable.get("checks", ())]
    }
    if skip := variable.get("skip"):
        rules["skip"] = {"if": skip["if"], "then": _code(skip["then"])}
    return rules


def _code(code: int | str) -> int | str:
    return int(code) if is_whole(str(code)) else code


def _number(number: float) -> int | float:
    return int(number) if number == int(number) else number


def is_computed(v: Document) -> bool:
    """Computed variables are never asked."""
    return bool(v.get("derive") or v.get("derived_from"))


def unit_order(document: Document) -> list[str]:
    """The units as forms nest them: each with those below it."""
    units = document["codebook"]["units"]

    def below(parent: str | None) -> Iterator[str]:
        for unit in units:
            if unit.get("parent") == parent:
                yield unit["id"]
                yield from below(unit["id"])

    return list(below(None))
