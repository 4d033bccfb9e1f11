"""Whether an expression fits the variables that it reads, and gives what its place needs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from coding import inference, kinds
from coding.expressions import spells
from coding.kinds import Kind, Misfit

Variable = Mapping[str, Any]

_OF_TYPE = {
    "integer": kinds.WHOLE,
    "decimal": kinds.DECIMAL,
    "text": kinds.TEXT,
    "date": kinds.DATE,
    "state": kinds.either(kinds.WHOLE, kinds.TEXT),
}
# What can be spelled as an answer of a type; true and false as 1 and 0.
_HELD = {
    "integer": ("whole", "truth"),
    "decimal": ("whole", "decimal", "truth"),
    "text": ("text", "whole", "decimal", "list"),
    "date": ("text", "whole"),
    "set": ("list", "text", "whole", "truth"),
}
_CODES = ("whole", "text", "truth")


@dataclass(frozen=True)
class Place:
    """Where expressions of a unit stand: the units around it, and what each holds."""

    unit: str
    above: Sequence[str]
    below: Sequence[str]
    of_unit: Mapping[str, Mapping[str, Variable]]
    missing: Sequence[str]


def misfits(part: str, text: str, v: Variable, place: Place) -> Iterator[str]:
    """What of an expression can never work. Its names are known to be right."""
    try:
        found = inference.kind_of(text, names_at(place, text))
    except Misfit as misfit:
        yield str(misfit)
        return
    if part == "derive":
        held = _HELD.get(v["type"], _CODES)
        if not found.fits(*held):
            yield f"gives {found.words}, which {v['name']} cannot hold.{_way(v, found)}"
    elif not found.fits("truth"):
        yield f"gives {found.words}: it must give true or false."


def _way(v: Variable, found: Kind) -> str:
    if found.can_be == {"decimal"}:
        return " Write int(…) for a whole number."
    if found.can_be == {"date"}:
        return " Write .earliest or .latest behind it."
    return ""


def names_at(place: Place, text: str) -> dict[str, Kind]:
    """The kinds of all that an expression can name."""
    code = [code for code in place.missing if spells(text, code)]
    rows = {unit: _row(unit, of.values(), code) for unit, of in place.of_unit.items()}
    return {
        **{name: kind_of(v, code) for name, v in place.of_unit[place.unit].items()},
        **{unit: rows[unit] for unit in place.above},
        **{unit: kinds.list_of(rows[unit]) for unit in place.below},
        "siblings": kinds.list_of(rows[place.unit]),
    }


def _row(unit: str, variables: Iterable[Variable], missing: Sequence[str]) -> Kind:
    return kinds.row_of({v["name"]: kind_of(v, missing) for v in variables}, unit)


def kind_of(v: Variable, missing: Sequence[str] = ()) -> Kind:
    """How expressions read a variable's answers, and the missing codes that are spelled."""
    if v["type"] == "set":
        of_states = v.get("reference") == "state"
        item = _OF_TYPE["state"] if of_states else _of_codes(_codes(v))
        found = kinds.list_of(item)
    else:
        found = _OF_TYPE.get(v["type"]) or _of_codes(_codes(v))
    return kinds.either(found, _of_codes(missing)) if missing else found


def _codes(v: Variable) -> list[str]:
    return [str(category["code"]) for category in v["categories"]]


def _of_codes(codes: Sequence[str]) -> Kind:
    """Codes that are whole numbers are read as numbers, others as texts."""
    read = {"whole" if re.fullmatch(r"-?[0-9]{1,18}", code) else "text" for code in codes}
    return Kind(frozenset(read))
