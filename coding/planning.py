"""Double coding planned from the codebook: what each variable will tell, and what it costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import floor

from coding import codebooks
from coding.agreement import Measure
from coding.agreement.planning import (
    Expected,
    Outlook,
    continuous,
    nominal,
    outlook,
    units_for,
    with_rarest,
)
from coding.models import Entry, Unit, Variable

Kind = Variable.Kind
STEPS = (10, 15, 20, 30, 40, 60, 80, 120, 160, 240, 320, 480, 640, 960, 1280)
FEW = 10  # cases of the rarest category below which a figure hangs on single cases
SOME_STATES = 20
EMPTY = 0.05


@dataclass(frozen=True)
class Asked:
    """What is known or wanted before coding. `rare` and `alphas` are of single entries."""

    cases: int
    coders: int = 2
    minutes: float = 30.0
    hours: float | None = None  # of all coders together
    alpha: float = 0.8
    rarest: float = 0.1
    width: float = 0.2
    double: int | None = None
    rare: Mapping[str, float] = field(default_factory=dict)
    alphas: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Line:
    """A variable, what is expected of it, and what so many double-coded cases will tell."""

    entry: Entry
    words: str
    expected: Expected
    outlook: Outlook
    needed: int | None
    counted: bool = True  # whether its rarest category is a question at all

    @property
    def seen(self) -> float:
        """How often the rarest category is expected among the double-coded cases."""
        return self.expected.rarest * self.outlook.units

    @property
    def tells(self) -> bool:
        """Whether there will be an interval at all, as a rule."""
        return self.outlook.empty < 0.5

    @property
    def warning(self) -> str:
        """What this sample will not tell; empty where it will do."""
        if self.outlook.empty > EMPTY:
            return f"Says nothing in {self.outlook.empty:.0%} of such samples."
        if self.counted and self.seen < FEW:
            return f"Hangs on about {self.seen:.0f} cases of the rarest category."
        return ""


@dataclass(frozen=True)
class Plan:
    """A number of double-coded cases: what it tells of each variable, and what it costs."""

    asked: Asked
    double: int
    recommended: int
    lines: list[Line]

    @property
    def codings(self) -> int:
        """Every case once, the double-coded ones twice."""
        return self.asked.cases + self.double

    @property
    def hours(self) -> float:
        return self.codings * self.asked.minutes / 60

    @property
    def hours_each(self) -> float:
        return self.hours / self.asked.coders

    @property
    def affordable(self) -> int | None:
        """How many cases the hours leave for a second coding; None where they are not known."""
        return affordable(self.asked)

    @property
    def over(self) -> bool:
        """More than the hours that there are."""
        return self.asked.hours is not None and self.hours > self.asked.hours

    @property
    def worst(self) -> Line:
        """The variable of which this sample is most likely to say nothing."""
        return max(self.lines, key=lambda line: line.outlook.empty)

    @property
    def worst_percent(self) -> float:
        return 100 * self.worst.expected.rarest

    @property
    def percent(self) -> float:
        """The share of the cases, exact enough to give this number again."""
        return round(100 * self.double / self.asked.cases, 3)

    @cached_property
    def enough(self) -> list[Line]:
        return [line for line in self.lines if self._does(line)]

    def _does(self, line: Line) -> bool:
        found = line.outlook
        return found.empty <= EMPTY and found.width <= self.asked.width

    @cached_property
    def never(self) -> list[Line]:
        """Variables for which not even all cases would be enough."""
        return [line for line in self.lines if line.needed is None]

    @cached_property
    def silent(self) -> list[Line]:
        """Variables of which this sample is likely to say nothing at all."""
        return [line for line in self.lines if line.outlook.empty > EMPTY]

    def curves(self) -> list[tuple[Line, list[Outlook]]]:
        """The widest, the middle and the narrowest variable, at more and more cases."""
        steps = [n for n in STEPS if n < self.asked.cases] + [self.asked.cases]
        ranked = sorted(self.lines, key=_by_need)
        chosen = {id(ranked[at].expected): ranked[at] for at in (-1, len(ranked) // 2, 0)}
        return [(line, [outlook(line.expected, n) for n in steps]) for line in chosen.values()]


def _by_need(line: Line) -> tuple[float, float]:
    return line.needed or float("inf"), line.outlook.width


def plan(entries: Sequence[Entry], asked: Asked) -> Plan:
    """The plan for these entries. Without a number of cases, for the recommended one.

    Recommended is the fewest cases whose intervals are narrow enough for every variable that
    can have one with the cases that there are.
    """
    found = [(entry, *expected_of(entry, asked)) for entry in entries]
    needed = {e: units_for(e, asked.width, most=max(asked.cases, 8)) for _, _, e in found}
    fits = [n for n in needed.values() if n is not None and n <= asked.cases]
    recommended = max(fits, default=asked.cases)
    double = recommended if asked.double is None else asked.double
    lines = [
        Line(
            entry,
            words,
            e,
            outlook(e, max(double, 2)),
            _within(needed[e], asked.cases),
            _rare(entry),
        )
        for entry, words, e in found
    ]
    return Plan(asked, double, recommended, lines)


def _within(needed: int | None, cases: int) -> int | None:
    return needed if needed is not None and needed <= cases else None


def affordable(asked: Asked) -> int | None:
    if asked.hours is None:
        return None
    left = floor(asked.hours * 60 / asked.minutes) - asked.cases
    return max(0, min(asked.cases, left))


# ------------------------------------------------------------------ what is expected


def planned(unit: Unit) -> Iterator[Entry]:
    """The entries of a unit on which coders have to agree: neither text nor computed."""
    book = codebooks.current(unit.project)
    for entry in codebooks.entries_of(book, unit.pk) if book else ():
        variable = entry.variable
        if entry.compare and variable.kind != Kind.TEXT and not entry.is_computed:
            yield entry


def _rare(entry: Entry) -> bool:
    """Whether a rarest category can be typed: not of states, numbers and dates."""
    return entry.variable.kind != Kind.STATE and not _is_number(entry)


def _is_number(entry: Entry) -> bool:
    return entry.variable.kind in (Kind.INTEGER, Kind.DECIMAL, Kind.DATE)


def expected_of(entry: Entry, asked: Asked) -> tuple[str, Expected]:
    """Its kind in words, and what is expected of it."""
    alpha = asked.alphas.get(entry.name, asked.alpha)
    if _is_number(entry):
        measure: Measure = "ratio" if entry.variable.measure == "ratio" else "interval"
        return _kind(entry, measure), continuous(measure, alpha)
    shares = _shares(entry, asked.rare.get(entry.name), asked.rarest)
    kind = "ordinal" if entry.variable.measure == "ordinal" and len(shares) > 2 else "nominal"
    return _words(entry, len(shares)), nominal(shares, alpha, kind)  # type: ignore[arg-type]


def _kind(entry: Entry, measure: str) -> str:
    return f"date, {measure}" if entry.variable.kind == Kind.DATE else f"number, {measure}"


def _words(entry: Entry, count: int) -> str:
    variable = entry.variable
    if variable.kind == Kind.SET:
        return "set: each code, listed or not"
    if variable.kind == Kind.BOOLEAN:
        return "yes or no"
    if variable.kind == Kind.STATE:
        return f"state, as if one of {count}"
    return f"{variable.measure}, {count} categories"


def _shares(entry: Entry, typed: float | None, usual: float) -> tuple[float, ...]:
    """As typed; else as the codebook expects; else with the usual rarest category."""
    prior = _prior(entry)
    if typed is None and prior:
        return prior
    return with_rarest(_count(entry), usual if typed is None else typed)


def _prior(entry: Entry) -> tuple[float, ...]:
    """The key `prevalence` of an entry: how often each code is expected, in any unit."""
    said = entry.extra.get("prevalence")
    if not isinstance(said, dict) or len(said) < 2:
        return ()
    weights = [float(w) for w in said.values() if isinstance(w, int | float) and w > 0]
    total = sum(weights)
    return tuple(w / total for w in weights) if len(weights) == len(said) else ()


def _count(entry: Entry) -> int:
    if entry.variable.kind in (Kind.SET, Kind.BOOLEAN):
        return 2
    if entry.variable.kind == Kind.STATE:
        return SOME_STATES
    return max(2, len(entry.variable.codes))
