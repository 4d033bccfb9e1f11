"""How what was said of a variable is measured: its scale, and what its missing codes count."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np

from coding import canonical
from coding.agreement import Measure
from coding.agreement.distances import Beyond, Weights
from coding.agreement.patterns import Floats
from coding.models import Entry, MissingCode, Variable
from coding.reliability.asked import Missing

Kind = Variable.Kind
MEASURES: dict[str, Measure] = {
    "nominal": "nominal",
    "ordinal": "ordinal",
    "interval": "interval",
    "ratio": "ratio",
}
AC: dict[Measure, Weights] = {
    "nominal": "identity",
    "ordinal": "ordinal",
    "interval": "quadratic",
    "ratio": "quadratic",
}
OPEN_LIST = "It has no closed list of categories, and AC counts those that nobody used."


@dataclass(frozen=True)
class Scale:
    """A variable's scale under one treatment of missing codes.

    measure   the level of measurement of alpha: sets are compared by MASI, and a variable that
              counts missing codes as categories has no other order left: nominal.
    closed    the codes that may be answered, in order; None where they cannot be listed. A missing
              code that counts is one of the categories only once somebody used it.
    left_out  the missing codes that count as nothing said.
    words     the treatment of missing codes as a sentence.
    """

    entry: Entry
    measure: Measure
    closed: tuple[str, ...] | None
    left_out: frozenset[str]
    words: str

    @cached_property
    def is_date(self) -> bool:
        return self.entry.variable.kind == Kind.DATE

    def order(self, used: Sequence[str]) -> list[str]:
        """The categories: the closed list, then whatever else was said, by number or alphabet."""
        closed = list(self.closed or ())
        rest = sorted(set(used) - set(closed), key=_by_number)
        return closed + rest

    def place(self, text: str) -> Hashable:
        """What alpha compares: the text, the set, the number; None where it has no place.

        A date counts as the day halfway between its earliest and its latest day: 1991-02 is the
        middle of that February, and a range with an open end is as its known end.
        """
        if self.measure == "nominal":
            return text
        if self.measure in ("masi", "jaccard"):
            missing = self.entry.domain.is_missing(text)
            return frozenset([text] if missing else canonical.members(text))
        if self.measure == "ordinal" and self.closed:
            return text
        return canonical.middle(text) if self.is_date else _number(text)

    def percent_weights(self, texts: Sequence[str]) -> Weights:
        """Same or not; with a tolerance, near enough or not, as cells are compared."""
        tolerance = self.entry.tolerance
        if tolerance is None:
            return "identity"
        read = _ends if self.is_date else _point
        missing = self.entry.domain.is_missing
        values = [(np.nan, np.nan) if missing(text) else read(text) for text in texts]
        return Beyond(np.array(values, dtype=np.float64).reshape(-1, 2).T, float(tolerance))


def scale_of(
    entry: Entry,
    codes: Mapping[str, MissingCode],
    states: Mapping[str, str],
    missing: Missing,
    used: Collection[str],
) -> Scale:
    """The scale of a variable of which `used` was said, with the project's codes and states.

    A missing code that nobody used leaves a scale as it is.
    """
    variable = entry.variable
    measure: Measure = "masi" if variable.kind == Kind.SET else MEASURES[variable.measure]
    counted = {code for code, each in codes.items() if _counts(each, missing)}
    words = _words(codes, counted)
    if measure not in ("nominal", "masi") and counted & set(used):
        if missing == "rule":
            words = f"Missing codes have no place on the {measure} scale and count as nothing said."
            counted = set()
        else:
            words += f" They have no place on the {measure} scale: here it is nominal, same or not."
            measure = "nominal"
    return Scale(entry, measure, _closed(entry, states), frozenset(codes) - counted, words)


def _counts(code: MissingCode, missing: Missing) -> bool:
    """A code that a skip rule sets only says again what another variable says."""
    if missing == "rule":
        return code.in_reliability == MissingCode.InReliability.CATEGORY
    return missing == "as-category" and code.set_by == MissingCode.SetBy.CODER


def _words(codes: Mapping[str, MissingCode], counted: set[str]) -> str:
    if not codes:
        return "There are no missing codes."
    said = [
        f"{', '.join(listed)} {'counts' if len(listed) == 1 else 'count'} as {what}"
        for what, listed in (
            (
                "a category" if len(counted) == 1 else "categories",
                [c for c in codes if c in counted],
            ),
            ("nothing said", [c for c in codes if c not in counted]),
        )
        if listed
    ]
    return f"{'; '.join(said)}."


def _closed(entry: Entry, states: Mapping[str, str]) -> tuple[str, ...] | None:
    kind = entry.variable.kind
    if kind in (Kind.BOOLEAN, Kind.CATEGORY, Kind.ORDINAL):
        return tuple(entry.domain.categories)
    return tuple(states) if kind == Kind.STATE and states else None


def _ends(text: str) -> tuple[float, float]:
    earliest, latest, _ = canonical.bounds(text)
    return date.fromisoformat(earliest).toordinal(), date.fromisoformat(latest).toordinal()


def _point(text: str) -> tuple[float, float]:
    number = _number(text)
    return (np.nan, np.nan) if number is None else (number, number)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _by_number(text: str) -> tuple[int, float, str]:
    number = _number(text)
    return (1, 0.0, text) if number is None else (0, number, text)


def as_numbers(values: Sequence[Hashable]) -> Floats:
    """Numbers, nan where there is none."""
    return np.array([np.nan if v is None else v for v in values], dtype=np.float64)
