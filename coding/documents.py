"""The codebook as a document: plain data in and out, checked before anything is written."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from coding import meanings, shapes
from coding.canonical import DATE_PARTS, NONE, Invalid, clean
from coding.expressions import is_name
from coding.models import Codebook, Entry, MissingCode, Variable

Document = dict[str, Any]  # YAML or JSON: the shape is what `problems` checks


def canonical(document: Document) -> bytes:
    """The document's one written form, whose sha256 is the codebook's digest."""
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode()


def digest_of(document: Document) -> str:
    """The same content gives the same digest everywhere."""
    return hashlib.sha256(canonical(document)).hexdigest()


# ------------------------------------------------------------------ out


def document_of(codebook: Codebook, entries: Iterable[Entry]) -> Document:
    """The whole codebook as plain data, in a stable order and without empty keys."""
    prose = codebook.document
    head = {
        "title": codebook.title,
        **prose.get("codebook", {}),
        "missing_codes": [_missing_of(code) for code in codebook.missing_codes.all()],
    }
    rest = {k: v for k, v in prose.items() if k != "codebook"}
    return {"codebook": head, "variables": [_entry_of(entry) for entry in entries], **rest}


def _filled(**parts: object) -> dict[str, object]:
    return {k: v for k, v in parts.items() if v not in (None, "", [], {}, False)}


def _missing_of(code: MissingCode) -> dict[str, object]:
    treated = {"exclude": False, "category": "as_category", "configurable": "configurable"}
    return {
        "code": as_code(code.code),
        "key": code.key,
        "label": code.label,
        "meaning": code.meaning,
        "counts_in_reliability": treated[code.in_reliability],
        "set_by": code.set_by,
        "note_required": code.needs_note,
    }


def needs_note(missing_code: Document) -> bool:
    """Whether a missing code needs a note, where need be as its meaning says in prose."""
    said = "note is required" in missing_code.get("meaning", "")
    return bool(missing_code.get("note_required", said))


def as_code(text: str) -> int | str:
    """A code as documents spell it: a whole number as one, any other as a word."""
    return int(text) if re.fullmatch(r"0|-?[1-9][0-9]*", text) else text


def categories_of(entry: Entry) -> list[Document]:
    """The categories of an entry as documents list them."""
    return [
        {"code": as_code(c.code), "label": c.label}
        | _filled(**{word: getattr(c, word) for word in shapes.CATEGORY_WORDS})
        for c in entry.categories.all()
    ]


def _entry_of(entry: Entry) -> dict[str, object]:
    v = entry.variable
    default = compares_by_default(v.kind, v.pattern)
    return {
        "name": entry.name,
        "unit": v.unit.name,
        **_filled(section=entry.section),
        "label": entry.label,
        "question": entry.question,
        "type": v.kind,
        "level": v.measure,
        **_filled(
            required=entry.required,
            filter=entry.filter,
            reference=v.reference,
            roster_of=v.roster_of.name if v.roster_of else None,
            measure=v.unit_of_measurement,
        ),
        **({"min": _number(v.minimum)} if v.minimum is not None else {}),
        **({"max": _number(v.maximum)} if v.maximum is not None else {}),
        **({"tolerance": _number(entry.tolerance)} if entry.tolerance is not None else {}),
        **({"compare": entry.compare} if entry.compare != default else {}),
        **({"weight": entry.weight} if entry.weight != 1 else {}),
        **_filled(
            pattern=v.pattern,
            categories=categories_of(entry),
            exclusive=[as_code(code) for code in v.exclusive],
            skip=(
                {"if": entry.skip_if, "then": as_code(entry.skip_value)} if entry.skip_if else None
            ),
            checks=entry.checks,
            derived_from=entry.derived_from,
            derive=entry.derive,
            rule=entry.rule,
            example=entry.example,
            sources=entry.sources,
        ),
        **entry.extra,
    }


def _number(value: Decimal) -> int | float:
    return int(value) if value == int(value) else float(value)


def compares_by_default(kind: str, pattern: str) -> bool:
    """Free text is told, not measured: coders need not use the same words."""
    return kind != Variable.Kind.TEXT or bool(pattern)


# ------------------------------------------------------------------ in

KINDS = {
    "categorical": "category",
    "date_with_precision": "date",
    "state_reference": "state",
    "multi_select": "set",
} | {kind: kind for kind in Variable.Kind.values}
EXTRA_KEYS = shapes.EXTRA


@dataclass(frozen=True)
class Problem:
    """A fault of a document: where it is, and which rule it breaks."""

    place: str
    rule: str

    def __str__(self) -> str:
        return f"{self.place}: {self.rule}"


def normal(document: Document) -> Document:
    """The document with our words for kinds, categories written out and defaults in place.

    Its keys are text, as the database gives them back: 10 would stand after 9, "10" before "9".
    """
    document = json.loads(json.dumps(document))
    by_name: dict[str, Document] = {v["name"]: v for v in document["variables"]}
    return document | {"variables": [_normal_variable(v, by_name) for v in by_name.values()]}


def _normal_variable(variable: Document, by_name: Mapping[str, Document]) -> Document:
    kind = KINDS[variable["type"]]
    categories = variable.get("categories") or []
    if source := by_name.get(variable.get("categories_from", "")):
        categories = source.get("categories") or []
    if kind == "boolean" and not categories:
        categories = [{"code": 0, "label": "No"}, {"code": 1, "label": "Yes"}]
    level = variable.get("level") or ("ordinal" if kind == "ordinal" else "nominal")
    return variable | {"type": kind, "categories": categories, "level": level}


def mended(document: Document) -> Document:
    """The document with labels put together again that YAML cut at an unquoted comma.

    In `{code: 10, label: Advice, training or support}` the second half of the label is read as
    a key without a value.
    """
    variables = document.get("variables")
    if not isinstance(variables, list):
        return document
    rejoined = [
        v | {"categories": [_rejoined(c) for c in v["categories"]]}
        if isinstance(v, dict) and isinstance(v.get("categories"), list)
        else v
        for v in variables
    ]
    return document | {"variables": rejoined}


def _rejoined(category: Document) -> Document:
    if not isinstance(category, dict):
        return category
    tail = [str(k) for k, v in category.items() if v is None and k not in shapes.CATEGORY]
    rest = {k: v for k, v in category.items() if k not in tail}
    return rest | {"label": ", ".join([str(rest.get("label", "")), *tail])} if tail else rest


def problems(document: object, *, begun: bool = False) -> list[Problem]:
    """Everything that is wrong with a document, not only the first thing.

    What it says is read only where it has the shape of a codebook. One that is only `begun` may
    have no variable yet.
    """
    if not isinstance(document, Mapping):
        return [Problem("document", "must be a mapping with the keys codebook and variables.")]
    head, variables = document.get("codebook"), document.get("variables")
    listed = isinstance(variables, list) and (variables or begun)
    if not isinstance(head, Mapping) or not isinstance(variables, list) or not listed:
        return [Problem("document", "needs a mapping codebook and a list variables.")]
    if misshapen := [Problem(*fault) for fault in shapes.faults(document)]:
        return misshapen
    if misnamed := [*_head_problems(head), *_variable_problems(variables, head)]:
        return misnamed
    return [Problem(*fault) for fault in meanings.faults(normal(dict(document)))]


def _odd_name(name: str) -> str:
    """Why nothing can have this name; empty where it can. Expressions must be able to say it."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", name):
        return f"the name {name!r} must be lower-case letters, digits and _."
    if name in ("siblings", "case", "parent") or not is_name(name):
        return f"the name {name} is a word of the expression language: take another."
    return ""


def _head_problems(head: Mapping[str, Any]) -> Iterator[Problem]:
    if not head.get("title"):
        yield Problem("codebook", "needs a title.")
    units = head.get("units") or []
    if not units:
        yield Problem("codebook.units", "needs at least one unit of analysis.")
    known = [u["id"] for u in units]
    for name in _twice(known):
        yield Problem(f"codebook.units {name}", "is defined twice.")
    for number, unit in enumerate(units):
        place = f"codebook.units {unit['id']}"
        if rule := _odd_name(unit["id"]):
            yield Problem(place, rule)
        if unit.get("parent") and unit["parent"] not in known[:number]:
            yield Problem(place, "parent must be a unit listed before.")
        if unit.get("rows") in ("roster", "numbered") and not unit.get("parent"):
            yield Problem(place, f"rows are {unit['rows']}: it needs a parent.")
    yield from _missing_code_problems([str(m["code"]) for m in head.get("missing_codes") or []])


def _missing_code_problems(codes: list[str]) -> Iterator[Problem]:
    for code in _twice(codes):
        yield Problem(f"codebook.missing_codes {code}", "is defined twice.")
    for code in codes:
        if rule := _odd_code(code):
            yield Problem(f"codebook.missing_codes {code}", rule)


def _twice(found: Iterable[str]) -> list[str]:
    return [item for item, times in Counter(found).items() if times > 1]


def _odd_code(code: str) -> str:
    """Why a word cannot stand for an answer; empty where it can."""
    if not code or re.search(r"[;,\s]", code):
        return f"the code {code!r} is empty or holds a space, comma or semicolon."
    try:
        written = clean(code).replace("−", "-")
    except Invalid as error:
        return f"the code {code!r} cannot be written: {error}"
    return f"the code {code!r} must be written {written!r}." if written != code else ""


def _variable_problems(variables: list[Document], head: Mapping[str, Any]) -> Iterator[Problem]:
    units = [u["id"] for u in head.get("units") or []]
    missing = {str(m["code"]) for m in head.get("missing_codes") or []}
    yield from _doubles(variables)
    yield from _columns_of_dates(variables)
    for number, v in enumerate(variables, 1):
        place = f"variable {v.get('name') or f'no. {number}'}"
        if rule := _odd_name(v.get("name", "")):
            yield Problem(place, rule)
        if v.get("name") in units:
            yield Problem(place, f"the name {v['name']} is that of a unit.")
        if v.get("unit") not in units:
            yield Problem(place, f"unit {v.get('unit')!r} is not one of {', '.join(units)}.")
        if v.get("type") not in KINDS:
            yield Problem(place, f"type {v.get('type')!r} is unknown: use {', '.join(KINDS)}.")
        if v.get("level") not in (None, *Variable.Measure.values):
            levels = ", ".join(Variable.Measure.values)
            yield Problem(place, f"level {v['level']!r} is unknown: use {levels}.")
        yield from _category_problems(place, v, missing)


def _doubles(variables: list[Document]) -> Iterator[Problem]:
    names = _twice(v["name"] for v in variables if v.get("name"))
    for name in names:
        yield Problem(f"variable {name}", "is defined twice.")
    for name in _twice(v.get("renamed_from") or v.get("name", "") for v in variables):
        if name and name not in names:
            yield Problem(f"variable {name}", "is continued by two variables: rename only one.")


def _columns_of_dates(variables: list[Document]) -> Iterator[Problem]:
    """A release writes a date's ends and precision in columns beside it: these names are taken."""
    taken = {
        (v.get("unit"), f"{v['name']}_{part}"): v["name"]
        for v in variables
        if KINDS.get(v.get("type", "")) == "date" and v.get("name")
        for part in DATE_PARTS
    }
    for v in variables:
        if date := taken.get((v.get("unit"), v.get("name", ""))):
            rule = f"a release writes the date {date} in a column of this name: take another."
            yield Problem(f"variable {v['name']}", rule)


def _category_problems(place: str, v: Document, missing: set[str]) -> Iterator[Problem]:
    categories = v.get("categories") or []
    codes = [str(c.get("code", "")) for c in categories]
    for code in _twice(codes):
        yield Problem(place, f"two categories have the code {code}.")
    for category, code in zip(categories, codes, strict=True):
        if not code or category.get("label") in (None, ""):
            yield Problem(place, "every category needs a code and a label.")
        elif rule := _odd_code(code):
            yield Problem(place, rule)
        if code in missing:
            yield Problem(place, f"the code {code} is a missing code.")
        if code == NONE and KINDS.get(v.get("type", "")) == "set":
            yield Problem(place, f"the code {NONE} means that no category holds.")
    if not v.get("categories_from"):
        for code in {str(code) for code in v.get("exclusive") or []} - set(codes):
            yield Problem(place, f"exclusive code {code} is not among its categories.")
