"""What kind of thing the parts of an expression are, and what may be done with them.

The engine does not convert: what does not fit is an error each time, and a rule that ends in an
error never applies. So a misfit is told when the rule is written. Only what can never work is
one: a part that can be of several kinds fits where one of them does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

NUMERIC = frozenset(("whole", "decimal"))
WORDS = {
    "whole": "a whole number",
    "decimal": "a decimal number",
    "text": "a text",
    "truth": "true or false",
    "list": "a list",
    "row": "a row",
    "date": "a date",
}


class Misfit(ValueError):
    """Two parts that do not fit; the message names them and the way out."""


@dataclass(frozen=True)
class Kind:
    """What a part can be. Without `can_be` it can be anything, and fits everywhere."""

    can_be: frozenset[str] = frozenset()
    item: Kind | None = None
    fields: Mapping[str, Kind] = field(default_factory=dict)
    unit: str = ""  # of a row

    @property
    def words(self) -> str:
        return " or ".join(WORDS[each] for each in WORDS if each in self.can_be)

    def fits(self, *kinds: str) -> bool:
        return not self.can_be or bool(self.can_be.intersection(kinds))


ANY = Kind()
WHOLE, DECIMAL = Kind(frozenset(("whole",))), Kind(frozenset(("decimal",)))
TEXT, TRUTH = Kind(frozenset(("text",))), Kind(frozenset(("truth",)))
DATE = Kind(frozenset(("date",)), fields={"earliest": TEXT, "latest": TEXT})


def list_of(item: Kind) -> Kind:
    return Kind(frozenset(("list",)), item=item)


def row_of(fields: Mapping[str, Kind], unit: str) -> Kind:
    return Kind(frozenset(("row",)), fields=fields, unit=unit)


def either(*kinds: Kind) -> Kind:
    """What is one or the other."""
    if not kinds or any(not kind.can_be for kind in kinds):
        return ANY
    items = [kind.item for kind in kinds if kind.item]
    fields: dict[str, Kind] = {}
    for kind in kinds:
        fields |= kind.fields
    found = frozenset().union(*(kind.can_be for kind in kinds))
    return Kind(found, either(*items) if items else None, fields)


@dataclass(frozen=True)
class Part:
    """A part of an expression: its kind, and how it is written."""

    kind: Kind
    said: str

    @property
    def short(self) -> str:
        return self.said if len(self.said) <= 60 else f"{self.said[:57]}…"


def _groups(kind: Kind) -> set[str]:
    """Kinds that can be compared: numbers with numbers, whatever their sort."""
    return {"number" if each in NUMERIC else each for each in kind.can_be}


def equal(a: Part, sign: str, b: Part) -> Kind:
    """True or false: what is of two kinds is never equal."""
    if a.kind.can_be and b.kind.can_be and not _groups(a.kind) & _groups(b.kind):
        always = "never" if sign in ("==", "in") else "always"
        rule = f"compares {a.kind.words} with {b.kind.words}: it is {always} true."
        raise Misfit(f"{a.short} {sign} {b.short} {rule}{_hint(a, b)}")
    return TRUTH


def _hint(a: Part, b: Part) -> str:
    for part in (a, b):
        if part.kind.can_be == {"date"}:
            return f" A date has two ends: write {part.short}.earliest or {part.short}.latest."
        if part.kind.can_be == {"list"}:
            return f" Write … in {part.short}, or size({part.short})."
        if part.kind.can_be == {"truth"}:
            return " Yes and no are coded 1 and 0."
    return " Write texts in quotation marks and numbers without."


def ordered(a: Part, sign: str, b: Part) -> Kind:
    """True or false, of two numbers, two texts or two truths."""
    if not a.kind.can_be or not b.kind.can_be:
        for part in (a, b):
            if not part.kind.fits("whole", "decimal", "text", "truth"):
                raise Misfit(f"{part.short} is {part.kind.words}: it has no order.{_hint(a, b)}")
        return TRUTH
    if not (_groups(a.kind) & _groups(b.kind) & {"number", "text", "truth"}):
        rule = f"cannot order {a.kind.words} and {b.kind.words}."
        raise Misfit(f"{a.short} {sign} {b.short} {rule}{_hint(a, b)}")
    return TRUTH


def computed(a: Part, sign: str, b: Part) -> Kind:
    """The engine computes with two numbers of one sort, and joins texts and lists by +."""
    able = {"+": ("whole", "decimal", "text", "list"), "%": ("whole",)}
    allowed = frozenset(able.get(sign, ("whole", "decimal")))
    left, right = a.kind.can_be or allowed, b.kind.can_be or allowed
    found = left & right & allowed
    if found:
        return Kind(found, (either(*filter(None, (a.kind.item, b.kind.item)))))
    if left & NUMERIC and right & NUMERIC and sign != "%":
        raise Misfit(
            f"{a.short} {sign} {b.short} mixes a whole and a decimal number, which is never "
            f"computed: write {_as_decimal(a)} {sign} {_as_decimal(b)}."
        )
    rule = f"cannot be computed of {a.kind.words or 'this'} and {b.kind.words or 'this'}."
    raise Misfit(f"{a.short} {sign} {b.short} {rule}")


def _as_decimal(part: Part) -> str:
    if "decimal" in part.kind.can_be:
        return part.short
    return f"{part.said}.0" if part.said.isdigit() else f"double({part.short})"


def true_or_false(part: Part) -> Kind:
    """What is joined by && and ||, turned round by !, or asked before ? must be true or false."""
    if not part.kind.fits("truth"):
        way = f" Write {part.short} == 1." if part.kind.fits("whole") else ""
        raise Misfit(f"{part.short} is {part.kind.words}, not true or false.{way}")
    return TRUTH


def inside(a: Part, sign: str, b: Part) -> Kind:
    """Whether something is in a list."""
    if not b.kind.fits("list"):
        raise Misfit(f"{b.short} is {b.kind.words}: only a list has something in it.")
    if b.kind.can_be == {"list"} and b.kind.item:
        return equal(a, sign, Part(b.kind.item, b.said))
    return TRUTH


def member(part: Part, name: str) -> Kind:
    """What stands behind the dot."""
    if name in part.kind.fields:
        return part.kind.fields[name]
    if not part.kind.can_be:
        return ANY
    if part.kind.fits("date"):
        raise Misfit(f"{part.short}.{name}: a date has .earliest and .latest only.")
    if part.kind.fits("row"):
        raise Misfit(f"{part.short}.{name}: {name} is not a variable of {part.kind.unit}.")
    if part.kind.fits("list"):
        way = f"{part.short}.filter(x, x.{name} == …) or {part.short}.exists(x, x.{name} == …)"
        raise Misfit(f"{part.short}.{name}: {part.short} is a list. Write {way}.")
    raise Misfit(f"{part.short}.{name}: {part.short} is {part.kind.words} and has no parts.")


def indexed(part: Part) -> Kind:
    """What stands at a place of a list."""
    return part.kind.item or ANY if part.kind.can_be == {"list"} else ANY


def negative(part: Part) -> Kind:
    if not part.kind.fits(*NUMERIC):
        raise Misfit(f"-{part.short}: {part.short} is {part.kind.words}, not a number.")
    return part.kind


def rows_in(part: Part) -> Kind:
    """What a loop calls one of its rows."""
    if not part.kind.fits("list"):
        raise Misfit(f"{part.short} is {part.kind.words}: only a list is looped over.")
    return indexed(part)


# ------------------------------------------------------------------ functions


def _needs(part: Part, name: str, *kinds: str) -> None:
    if not part.kind.fits(*kinds):
        wanted = Kind(frozenset(kinds))
        raise Misfit(f"{name} needs {wanted.words}: {part.short} is {part.kind.words}.")


def _of(result: Kind, *wanted: tuple[str, ...]) -> Callable[[str, Sequence[Part]], Kind]:
    def given(name: str, parts: Sequence[Part]) -> Kind:
        for part, kinds in zip(parts, wanted, strict=False):
            _needs(part, name, *kinds)
        return result

    return given


def _sum(name: str, parts: Sequence[Part]) -> Kind:
    _needs(parts[0], name, "list")
    item = indexed(parts[0])
    _needs(Part(item, f"what {parts[0].short} holds"), name, *NUMERIC)
    return item


def _series(name: str, parts: Sequence[Part]) -> Kind:
    """A name, a state, with another one where it is of pairs, and a date last."""
    if len(parts) not in (3, 4):
        raise Misfit(f"{name} is asked by its name, a state or two, and a date.")
    _needs(parts[0], name, "text")
    for state in parts[1:-1]:
        _needs(state, name, "whole", "text")
    _needs(parts[-1], name, "date")
    return either(WHOLE, DECIMAL)


_SIMPLE = ("whole", "decimal", "text", "truth")
_FUNCTIONS: dict[str, Callable[[str, Sequence[Part]], Kind]] = {
    "contains": _of(TRUTH, ("text",), ("text",)),
    "double": _of(DECIMAL, _SIMPLE),
    "endsWith": _of(TRUTH, ("text",), ("text",)),
    "in_system": _of(TRUTH, ("whole", "text"), ("date",)),
    "int": _of(WHOLE, _SIMPLE),
    "matches": _of(TRUTH, ("text",), ("text",)),
    "series": _series,
    "size": _of(WHOLE, ("list", "text", "row", "date")),
    "startsWith": _of(TRUTH, ("text",), ("text",)),
    "string": _of(TEXT, _SIMPLE),
    "sum": _sum,
}


def called(name: str, parts: Sequence[Part]) -> Kind:
    """What a function gives of its parts, the one before the dot first."""
    return _FUNCTIONS[name](name, parts) if parts and name in _FUNCTIONS else ANY


OPERATORS = {
    **dict.fromkeys(("==", "!="), equal),
    **dict.fromkeys(("<", "<=", ">", ">="), ordered),
    **dict.fromkeys(("+", "-", "*", "/", "%"), computed),
    "in": inside,
}
