"""The codebook as a document: plain data in and out, checked before anything is written."""

from __future__ import annotations

import difflib
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from coding import shapes
from coding.canonical import Domain, Invalid, matches, parse
from coding.expressions import BadExpression, names, parent_names
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
        "code": _code(code.code),
        "key": code.key,
        "label": code.label,
        "meaning": code.meaning,
        "counts_in_reliability": treated[code.in_reliability],
        "set_by": code.set_by,
        **({"note_required": True} if code.needs_note else {}),
    }


def _code(text: str) -> int | str:
    return int(text) if text.lstrip("-").isdigit() and str(int(text)) == text else text


def _entry_of(entry: Entry) -> dict[str, object]:
    v = entry.variable
    categories = [
        {"code": _code(c.code), "label": c.label}
        | _filled(definition=c.definition, include=c.include, exclude=c.exclude, example=c.example)
        for c in v.categories.all()
    ]
    return {
        "name": entry.name,
        "unit": v.unit.name,
        **_filled(section=entry.section),
        "label": entry.label,
        "question": v.question,
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
        **({"tolerance": _number(v.tolerance)} if v.tolerance is not None else {}),
        **({"compare": v.compare} if v.compare != compares_by_default(v.kind, v.pattern) else {}),
        **_filled(
            pattern=v.pattern,
            categories=categories,
            exclusive=[_code(c.code) for c in v.categories.all() if c.exclusive],
            skip=(
                {"if": entry.skip_if, "then": _code(entry.skip_value)} if entry.skip_if else None
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
_VARIABLE_KEYS = {
    "name",
    "unit",
    "section",
    "label",
    "question",
    "type",
    "level",
    "required",
    "filter",
    "rule",
    "example",
    "sources",
    "categories",
    "categories_from",
    "exclusive",
    "skip",
    "checks",
    "derived_from",
    "derive",
    "reference",
    "roster_of",
    "measure",
    "min",
    "max",
    "pattern",
    "tolerance",
    "compare",
    "known_disagreement",
    "note",
    "hypotheses",
}
_CATEGORY_KEYS = {"code", "label", "definition", "include", "exclude", "example"}
EXTRA_KEYS = ("known_disagreement", "note", "hypotheses")


@dataclass(frozen=True)
class Problem:
    """A fault of a document: where it is, and which rule it breaks."""

    place: str
    rule: str

    def __str__(self) -> str:
        return f"{self.place}: {self.rule}"


def normal(document: Document) -> Document:
    """The document with our words for kinds, categories written out and defaults in place."""
    variables = document.get("variables") or []
    by_name: dict[str, Document] = {str(v.get("name")): v for v in variables}
    return document | {"variables": [_normal_variable(v, by_name) for v in variables]}


def _normal_variable(variable: Document, by_name: Mapping[str, Document]) -> Document:
    kind = KINDS.get(str(variable.get("type")), variable.get("type"))
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
    tail = [str(k) for k, v in category.items() if v is None and k not in _CATEGORY_KEYS]
    rest = {k: v for k, v in category.items() if k not in tail}
    return rest | {"label": ", ".join([str(rest.get("label", "")), *tail])} if tail else rest


def problems(document: object) -> list[Problem]:
    """Everything that is wrong with a document, not only the first thing."""
    if not isinstance(document, Mapping):
        return [Problem("document", "must be a mapping with the keys codebook and variables.")]
    head, variables = document.get("codebook"), document.get("variables")
    if not isinstance(head, Mapping) or not isinstance(variables, list) or not variables:
        return [Problem("document", "needs a mapping codebook and a list variables.")]
    if misshapen := [Problem(*fault) for fault in shapes.faults(document)]:
        return misshapen
    shape = [*_head_problems(head), *_shape_problems(variables, head)]
    if shape:
        return shape
    ready = normal(dict(document))
    # Circles can be followed only where every expression can be read.
    return [*_meaning_problems(ready["variables"], head)] or [*_circles(ready["variables"])]


def _head_problems(head: Mapping[str, Any]) -> Iterator[Problem]:
    if not head.get("title"):
        yield Problem("codebook", "needs a title.")
    units = head.get("units") or []
    if not units:
        yield Problem("codebook.units", "needs at least one unit of analysis.")
    known = [u.get("id") for u in units]
    for name in _twice(known):
        yield Problem(f"codebook.units {name}", "is defined twice.")
    for unit in units:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", str(unit.get("id", ""))):
            yield Problem(f"codebook.units {unit.get('id')}", "id must be lower-case letters.")
        if unit.get("parent") and unit["parent"] not in known[: known.index(unit["id"])]:
            yield Problem(f"codebook.units {unit['id']}", "parent must be a unit listed before.")
    for code in _twice(str(m.get("code")) for m in head.get("missing_codes") or []):
        yield Problem(f"codebook.missing_codes {code}", "is defined twice.")


def _twice(found: Iterable[object]) -> list[object]:
    return [item for item, times in Counter(found).items() if times > 1]


def _shape_problems(variables: list[Document], head: Mapping[str, Any]) -> Iterator[Problem]:
    units = [u.get("id") for u in head.get("units") or []]
    reserved = {*units, "siblings", "case", "parent"}
    for name in _twice(v.get("name") for v in variables):
        yield Problem(f"variable {name}", "is defined twice.")
    for number, v in enumerate(variables, 1):
        place = f"variable {v.get('name') or f'no. {number}'}"
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", str(v.get("name", ""))):
            yield Problem(place, "name must be lower-case letters, digits and _.")
        if v.get("name") in reserved:
            yield Problem(place, f"name is reserved ({', '.join(sorted(map(str, reserved)))}).")
        if v.get("unit") not in units:
            yield Problem(place, f"unit {v.get('unit')!r} is not one of {', '.join(units)}.")
        if str(v.get("type")) not in KINDS:
            yield Problem(place, f"type {v.get('type')!r} is unknown: use {', '.join(KINDS)}.")
        if v.get("level") not in (None, *Variable.Measure.values):
            yield Problem(place, f"level {v['level']!r} is unknown.")
        for key in set(v) - _VARIABLE_KEYS:
            near = difflib.get_close_matches(key, _VARIABLE_KEYS, 1)
            hint = f" Did you mean {near[0]}?" if near else ""
            yield Problem(place, f"key {key!r} is unknown.{hint}")
        yield from _category_problems(place, v, head)


def _category_problems(place: str, v: Document, head: Mapping[str, Any]) -> Iterator[Problem]:
    categories = v.get("categories") or []
    missing = {str(m.get("code")) for m in head.get("missing_codes") or []}
    codes = [str(c.get("code")) for c in categories]
    for code in _twice(codes):
        yield Problem(place, f"two categories have the code {code}.")
    for c in categories:
        if c.get("code") in (None, "") or not c.get("label"):
            yield Problem(place, "every category needs a code and a label.")
        if str(c.get("code")) in missing:
            yield Problem(place, f"the code {c['code']} is a missing code.")
        if re.search(r"[;,\s]", str(c.get("code", ""))):
            yield Problem(place, f"the code {c['code']!r} holds a space, comma or semicolon.")
        for key in set(c) - _CATEGORY_KEYS:
            yield Problem(place, f"category key {key!r} is unknown.")
    for code in v.get("exclusive") or []:
        if str(code) not in codes:
            yield Problem(place, f"exclusive code {code} is not among its categories.")


def _meaning_problems(variables: list[Document], head: Mapping[str, Any]) -> Iterator[Problem]:
    above = _units_above(head)
    of_unit: dict[str, set[str]] = {u["id"]: set() for u in head["units"]}
    for v in variables:
        of_unit[v["unit"]].add(v["name"])
    for v in variables:
        place = f"variable {v['name']}"
        yield from _kind_problems(place, v, variables, of_unit)
        for part, text in expressions_of(v):
            yield from _expression_problems(f"{place}, {part}", text, v["unit"], of_unit, above)
        if v.get("skip"):
            yield from _skip_problems(place, v, head)


def _units_above(head: Mapping[str, Any]) -> dict[str, list[str]]:
    above: dict[str, list[str]] = {}
    for unit in head["units"]:
        parent = unit.get("parent")
        above[unit["id"]] = [parent, *above[parent]] if parent else []
    return above


def _kind_problems(
    place: str, v: Document, variables: list[Document], of_unit: Mapping[str, set[str]]
) -> Iterator[Problem]:
    kind = v["type"]
    if kind in ("category", "ordinal") and not v["categories"]:
        yield Problem(place, "needs categories.")
    if kind == "set" and not v["categories"] and v.get("reference") != "state":
        yield Problem(place, "needs categories, or reference: state.")
    if v.get("categories_from") and v["categories_from"] not in {x["name"] for x in variables}:
        yield Problem(place, f"categories_from {v['categories_from']!r} is not a variable.")
    if v.get("reference") not in (None, "state"):
        yield Problem(place, f"reference {v['reference']!r} is unknown: only state is.")
    if v.get("roster_of") and (v["roster_of"] not in of_unit or v.get("reference") != "state"):
        yield Problem(place, "roster_of must name a unit, and needs reference: state.")
    low, high = v.get("min"), v.get("max")
    if low is not None and high is not None and low > high:
        yield Problem(place, f"min {low} is above max {high}.")
    if v.get("pattern"):
        yield from _pattern_problems(place, v["pattern"])


def _pattern_problems(place: str, pattern: str) -> Iterator[Problem]:
    try:
        matches("", pattern)
    except Invalid as error:
        yield Problem(place, str(error))


def expressions_of(v: Document) -> Iterator[tuple[str, str]]:
    """The expressions of a variable with the part that holds each."""
    if isinstance(v.get("skip"), Mapping):
        yield "skip", str(v["skip"].get("if", ""))
    for number, check in enumerate(v.get("checks") or [], 1):
        yield f"check {number}", str(check.get("expr", ""))
    if v.get("derive"):
        yield "derive", str(v["derive"])


def _expression_problems(
    place: str,
    text: str,
    unit: str,
    of_unit: Mapping[str, set[str]],
    above: Mapping[str, list[str]],
) -> Iterator[Problem]:
    try:
        used = names(text)
    except BadExpression as error:
        yield Problem(place, str(error))
        return
    known = of_unit[unit] | set(above[unit]) | {"siblings"}
    for name in sorted(used - known):
        yield Problem(place, f"{name} is not a variable of {unit} nor a unit above it.")
    for parent in above[unit]:
        for name in sorted(parent_names(text, parent) - of_unit[parent]):
            yield Problem(place, f"{parent}.{name} is not a variable of {parent}.")


def _skip_problems(place: str, v: Document, head: Mapping[str, Any]) -> Iterator[Problem]:
    then = str(v["skip"].get("then", ""))
    missing = {str(m["code"]): str(m.get("label", "")) for m in head.get("missing_codes") or []}
    codes = {str(c["code"]): str(c["label"]) for c in v["categories"]}
    try:
        if then not in missing:
            parse(then, Domain(kind=v["type"], categories=codes))
    except Invalid as error:
        yield Problem(f"{place}, skip", f"then {then!r} is not an answer. {error}")


def _circles(variables: list[Document]) -> Iterator[Problem]:
    """Skip and derive rules that in the end depend on themselves."""
    needs: dict[str, set[str]] = {}
    for v in variables:
        used = [names(t) for part, t in expressions_of(v) if not part.startswith("check")]
        needs[v["name"]] = set().union(*used) & {x["name"] for x in variables}
    for name in needs:
        if name in _reached(name, needs):
            yield Problem(f"variable {name}", "its skip or derive rule depends on itself.")


def _reached(start: str, needs: Mapping[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    waiting = list(needs[start])
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += needs.get(name, set())
    return seen
