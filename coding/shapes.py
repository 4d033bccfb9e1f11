"""What each key of a codebook document may hold: checked first, so that all else can rely on it."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterator, Mapping

# A word for the kind of content, and for texts and codes how many characters fit.
Shape = Mapping[str, str]

CODEBOOK: Shape = {"title": "text 200", "units": "rows", "missing_codes": "rows"}
UNIT: Shape = {
    "id": "text 50",
    "label": "text 120",
    "definition": "text",
    "parent": "text 50",
    "key": "texts 80",
    "rows": "keyed|roster|numbered",
}
MISSING_CODE: Shape = {
    "code": "code 12",
    "key": "text 50",
    "label": "text 120",
    "meaning": "text",
    "set_by": "coder|rule|nobody",
    "counts_in_reliability": "treatment",
    "note_required": "flag",
}
VARIABLE: Shape = {
    "name": "text 64",
    "unit": "text 50",
    "section": "text 80",
    "label": "text 200",
    "question": "text",
    "type": "text",
    "level": "text",
    "required": "flag",
    "filter": "flag",
    "compare": "flag",
    "weight": "digit",
    "rule": "text",
    "example": "text",
    "sources": "text",
    "categories": "rows",
    "categories_from": "text",
    "exclusive": "codes 40",
    "skip": "mapping",
    "checks": "rows",
    "derived_from": "text",
    "derive": "text 1000",
    "reference": "text",
    "roster_of": "text",
    "measure": "text 40",
    "min": "number",
    "max": "number",
    "tolerance": "number",
    "renamed_from": "text 64",
    "pattern": "text 200",
}
CATEGORY: Shape = {
    "code": "code 40",
    "label": "label 200",
    "definition": "text",
    "include": "text",
    "exclude": "text",
    "example": "text",
    "counter_example": "text",
}
CATEGORY_WORDS = ("definition", "include", "exclude", "example", "counter_example")
SKIP: Shape = {"if": "text 500", "then": "code 40"}
# What a check that does not hold does. Each also runs on the cells of opened cases.
SEVERITIES = {
    "hard": "blocks a submission",
    "soft": "asks for a note",
    "project": "is listed for the project only",
}
CHECK: Shape = {"expr": "text 1000", "severity": "|".join(SEVERITIES), "message": "text"}
EXTRA = ("known_disagreement", "note", "hypotheses")  # kept with a variable as they are
LARGEST = 10**15
DEEPEST = 20


def faults(document: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Place and rule of everything that does not have the shape of a codebook document."""
    head = document["codebook"]
    for key, value in document.items():
        if key != "variables":
            yield from _unwritable(str(key), value)
    yield from _of("codebook", head, CODEBOOK)
    yield from _rows("codebook.units", head, "units", UNIT, "id", ("id",))
    yield from _rows(
        "codebook.missing_codes", head, "missing_codes", MISSING_CODE, "code", ("code",)
    )
    for number, variable in enumerate(_listed(document, "variables"), 1):
        name = variable.get("name") if isinstance(variable, Mapping) else None
        yield from _variable(f"variable {name or f'no. {number}'}", variable)


def _variable(place: str, variable: object) -> Iterator[tuple[str, str]]:
    yield from _unwritable(place, variable)
    yield from _of(place, variable, VARIABLE)
    yield from _unknown(place, variable, (*VARIABLE, *EXTRA))
    yield from _rows(f"{place}, category", variable, "categories", CATEGORY, "code", ())
    yield from _rows(f"{place}, check", variable, "checks", CHECK, "", ("expr", "message"))
    if isinstance(variable, Mapping) and isinstance(variable.get("skip"), Mapping):
        yield from _of(f"{place}, skip", variable["skip"], SKIP, ("if", "then"))
        yield from _unknown(f"{place}, skip", variable["skip"], tuple(SKIP))


def _unwritable(place: str, value: object, depth: int = 0) -> Iterator[tuple[str, str]]:
    """What no database and no digest could keep: only texts, numbers, lists and mappings can be."""
    if depth > DEEPEST:
        yield place, "is nested too deeply."
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from _unwritable(place, key, depth + 1)
            yield from _unwritable(f"{place}.{key}", part, depth + 1)
    elif isinstance(value, list):
        for number, part in enumerate(value, 1):
            yield from _unwritable(f"{place}.{number}", part, depth + 1)
    elif isinstance(value, str):
        if re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]", value):
            yield place, "holds a control character: remove it."
    elif isinstance(value, float) and not math.isfinite(value):
        yield place, "is no number."
    elif value is not None and not isinstance(value, (int, float)):
        yield place, f"must be text in quotation marks, not a {type(value).__name__}."


def _listed(holder: object, key: str) -> list[object]:
    found = holder.get(key) if isinstance(holder, Mapping) else None
    return found if isinstance(found, list) else []


def _rows(
    place: str, holder: object, key: str, shape: Shape, name: str, needed: tuple[str, ...]
) -> Iterator[tuple[str, str]]:
    for number, row in enumerate(_listed(holder, key), 1):
        known = row.get(name) if isinstance(row, Mapping) else None
        where = f"{place} {number if known is None else known}"
        yield from _of(where, row, shape, needed)
        yield from _unknown(where, row, tuple(shape))


def _unknown(place: str, holder: object, known: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for key in holder if isinstance(holder, Mapping) else ():
        if isinstance(key, str) and key not in known:
            near = difflib.get_close_matches(key, known, 1)
            yield place, f"key {key!r} is unknown.{f' Did you mean {near[0]}?' if near else ''}"


def _of(
    place: str, holder: object, shape: Shape, needed: tuple[str, ...] = ()
) -> Iterator[tuple[str, str]]:
    if not isinstance(holder, Mapping):
        yield place, "must be a mapping."
        return
    for key in needed:
        if key not in holder:
            yield place, f"needs {key}."
    for key, value in holder.items():
        if not isinstance(key, str):
            yield place, f"key {key!r} must be text."
        elif key in shape and (rule := _broken(value, *shape[key].split())):
            yield place, f"{key} {rule}"


def _broken(value: object, kind: str, longest: str = "") -> str:
    """The rule that a value breaks; empty where it breaks none."""
    if value is None:
        return "is empty: leave the key out."
    if "|" in kind:
        choices = kind.split("|")
        return "" if value in choices else f"must be one of {', '.join(choices)}."
    if kind == "treatment":
        known = value is False or value in ("as_category", "configurable")
        return "" if known else "must be false, as_category or configurable."
    if kind in ("texts", "codes"):
        if not isinstance(value, list):
            return "must be a list."
        return next(filter(None, (_broken(each, kind[:-1], longest) for each in value)), "")
    expected, words = _KINDS[kind]
    if not isinstance(value, expected) or (kind != "flag" and isinstance(value, bool)):
        return f"must be {words}, not {value!r}."
    if kind == "number" and not -LARGEST <= value <= LARGEST:  # type: ignore[operator]
        return "is too large a number."
    if kind == "digit" and not 0 <= value <= 9:  # type: ignore[operator]
        return f"must be {words}, not {value!r}."
    if longest and len(str(value)) > int(longest):
        return f"is longer than {longest} characters."
    return ""


_KINDS: dict[str, tuple[type | tuple[type, ...], str]] = {
    "text": (str, "text (in quotation marks if it looks like something else)"),
    "label": ((str, int, float), "text (in quotation marks if it looks like something else)"),
    "code": ((str, int), "a whole number or a word in quotation marks"),
    "number": ((int, float), "a number"),
    "digit": (int, "a whole number from 0 to 9"),
    "flag": (bool, "true or false"),
    "mapping": (Mapping, "a mapping"),
    "rows": (list, "a list"),
}
