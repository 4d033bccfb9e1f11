"""What a codebook document says of its variables: read once its shape and its names are right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from coding import fitting
from coding.canonical import Domain, Invalid, matches, parse
from coding.expressions import (
    BadExpression,
    names,
    names_its_series,
    parent_names,
    reads_series,
    reads_states,
    refuse_as_values,
    sibling_names,
)
from coding.fitting import Place

Fault = tuple[str, str]  # place and rule
Variable = Mapping[str, Any]
OfUnits = Mapping[str, Mapping[str, Variable]]  # the variables of each unit by name
NUMBERS = ("integer", "decimal")
SMALLEST = Decimal("0.00000001")


def faults(document: Mapping[str, Any]) -> Iterator[Fault]:
    """Place and rule of all that a document in its normal form says and that cannot be."""
    head, variables = document["codebook"], document["variables"]
    of_unit: dict[str, dict[str, Variable]] = {u["id"]: {} for u in head["units"]}
    for v in variables:
        of_unit[v["unit"]][v["name"]] = v
    above, parents = _units_above(head), {u["id"]: u.get("parent") for u in head["units"]}
    missing = [str(code["code"]) for code in head.get("missing_codes") or []]
    places = {unit: _place(unit, above, of_unit, missing) for unit in above}
    unreadable = False
    for v in variables:
        place = f"variable {v['name']}"
        yield from _kind_faults(place, v, of_unit, parents)
        for part, text in expressions_of(v):
            rules = list(_expression_faults(part, text, places[v["unit"]]))
            unreadable = unreadable or bool(rules)
            for rule in rules or fitting.misfits(part, text, v, places[v["unit"]]):
                yield f"{place}, {part}", rule
        if v.get("skip"):
            yield from _skip_faults(f"{place}, skip", v, head.get("missing_codes") or [])
    if not unreadable:
        yield from _circles(variables)


def _units_above(head: Mapping[str, Any]) -> dict[str, list[str]]:
    above: dict[str, list[str]] = {}
    for unit in head["units"]:
        parent = unit.get("parent")
        above[unit["id"]] = [parent, *above[parent]] if parent else []
    return above


def _place(
    unit: str, above: Mapping[str, Sequence[str]], of_unit: OfUnits, missing: Sequence[str]
) -> Place:
    below = [name for name, units in above.items() if units[:1] == [unit]]
    return Place(unit, above[unit], below, of_unit, missing)


def _kind_faults(
    place: str, v: Variable, of_unit: OfUnits, parents: Mapping[str, str | None]
) -> Iterator[Fault]:
    kind, from_states = v["type"], v.get("reference") == "state"
    if kind in ("category", "ordinal") and not v["categories"]:
        yield place, "needs categories."
    if kind == "set" and not v["categories"] and not from_states:
        yield place, "needs categories, or reference: state."
    if v.get("categories_from") and not any(v["categories_from"] in u for u in of_unit.values()):
        yield place, f"categories_from {v['categories_from']!r} is not a variable."
    elif odd := {str(code) for code in v.get("exclusive") or []} - set(_labels(v)):
        yield place, f"exclusive code {min(odd)} is not among its categories."
    if v.get("pattern"):
        yield from _pattern_faults(place, v["pattern"])
    yield from _reference_faults(place, v, parents)
    yield from _number_faults(place, v)


def _reference_faults(
    place: str, v: Variable, parents: Mapping[str, str | None]
) -> Iterator[Fault]:
    reference, roster = v.get("reference"), v.get("roster_of")
    if reference not in (None, "state"):
        yield place, f"reference {reference!r} is unknown: only state is."
    if v.get("derive") and (reference == "state" or v["type"] == "state"):
        yield place, "derive cannot give a state: the codebook does not know the list of states."
    if reference == "state" and v["type"] not in ("set", "state"):
        yield place, "reference: state needs the type set or state."
    if roster and (v["type"] != "set" or reference != "state"):
        yield place, "roster_of needs the type set and reference: state."
    if roster and parents.get(roster) != v["unit"]:
        yield place, f"roster_of {roster!r} is not a unit right below {v['unit']}."


def _number_faults(place: str, v: Variable) -> Iterator[Fault]:
    for key in ("min", "max", "tolerance"):
        if v.get(key) is None:
            continue
        if v["type"] not in (*NUMBERS, "date") or (key != "tolerance" and v["type"] == "date"):
            yield place, f"{key} is for numbers{' and dates' if key == 'tolerance' else ''} only."
        if Decimal(str(v[key])) % SMALLEST:
            yield place, f"{key} {v[key]} has more than 8 decimal places."
    if v.get("tolerance", 0) < 0:
        yield place, f"tolerance {v['tolerance']} is below 0."
    if "min" in v and "max" in v and v["min"] > v["max"]:
        yield place, f"min {v['min']} is above max {v['max']}."


def _pattern_faults(place: str, pattern: str) -> Iterator[Fault]:
    try:
        matches("", pattern)
    except Invalid as error:
        yield place, str(error)


def expressions_of(v: Variable) -> Iterator[tuple[str, str]]:
    """The expressions of a variable with the part that holds each."""
    if v.get("skip"):
        yield "skip", v["skip"]["if"]
    for number, check in enumerate(v.get("checks") or [], 1):
        yield f"check {number}", check["expr"]
    if v.get("derive"):
        yield "derive", v["derive"]


def _expression_faults(part: str, text: str, place: Place) -> Iterator[str]:
    unit, of_unit = place.unit, place.of_unit
    try:
        used = names(text)
        refuse_as_values(text, place.below)
    except BadExpression as error:
        yield str(error)
        return
    if reads_series(text):
        yield from _series_faults(part, text)
    if not part.startswith("check"):
        yield from _beyond(text, used, unit, place.below)
    for name in sorted(used - {*of_unit[unit], *place.above, *place.below, "siblings"}):
        yield f"{name} is not a variable of {unit} nor a unit above or right below it."
    if not used.intersection(place.below):
        for name in sorted(sibling_names(text) - set(of_unit[unit])):
            yield f"{name} is not a variable of {unit}."
    for parent in place.above:
        for name in sorted(parent_names(text, parent) - set(of_unit[parent])):
            yield f"{parent}.{name} is not a variable of {parent}."


def _beyond(text: str, used: frozenset[str], unit: str, below: Sequence[str]) -> Iterator[str]:
    """What only a check may read: skip and derive rules must stand by the row itself."""
    for name in sorted(used & set(below)):
        yield f"{name} is a unit below {unit}: only a check may read its rows."
    if reads_states(text):
        yield "in_system is for checks only: the list of states may change, the rule may not."


def _series_faults(part: str, text: str) -> Iterator[str]:
    """Others' data give values: what is asked and what is checked stands by what was coded."""
    if part != "derive":
        yield "series is for derive only: derive a variable from it, and read that variable."
    elif not names_its_series(text):
        yield 'series needs the name of a series in quotation marks, as series("capability", …).'


def _skip_faults(
    place: str, v: Variable, missing_codes: Sequence[Mapping[str, Any]]
) -> Iterator[Fault]:
    then = str(v["skip"]["then"])
    for code in missing_codes:
        if then == str(code["code"]):
            if code.get("set_by") == "nobody":
                yield place, f"then {then} is a code that nobody sets."
            return
    try:
        written = parse(then, _domain(v))
    except Invalid as error:
        yield place, f"then {then!r} is not an answer. {error}"
        return
    if written != then:
        yield place, f"then {then!r} must be written {written!r}."


def _domain(v: Variable) -> Domain:
    exclusive = frozenset(str(code) for code in v.get("exclusive") or [])
    return Domain(
        kind=v["type"],
        categories=_labels(v),
        exclusive=exclusive,
        minimum=None if v.get("min") is None else Decimal(str(v["min"])),
        maximum=None if v.get("max") is None else Decimal(str(v["max"])),
        pattern=v.get("pattern", ""),
        of_states=v.get("reference") == "state",
        can_be_empty=v["type"] == "set" and not exclusive,
    )


def _labels(v: Variable) -> dict[str, str]:
    return {str(c["code"]): str(c["label"]) for c in v["categories"]}


def _circles(variables: Sequence[Variable]) -> Iterator[Fault]:
    """Skip and derive rules that in the end depend on themselves."""
    known = {v["name"] for v in variables}
    needs: dict[str, set[str]] = {}
    for v in variables:
        texts = [text for part, text in expressions_of(v) if not part.startswith("check")]
        used = [names(text) | sibling_names(text) for text in texts]
        needs[v["name"]] = set().union(*used) & known
    for name in needs:
        if name in _reached(name, needs):
            yield f"variable {name}", "its skip or derive rule depends on itself."


def _reached(start: str, needs: Mapping[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    waiting = list(needs[start])
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += needs.get(name, set())
    return seen
