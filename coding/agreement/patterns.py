"""From ratings to counts: the distinct rows, and how many units show each.

A million units coded by five coders on five categories are at most 7,775 different rows. Every
coefficient, its standard error and each bootstrap replicate need only these rows and their counts.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]

MISSING = -1
WIDE = 1 << 16  # whole numbers in a range smaller than this are counted, not sorted
LARGEST_KEY = 1 << 62
NO_MATRIX = "Ratings are a matrix of units x coders."


@dataclass(frozen=True)
class Patterns:
    """Distinct rows of ratings. Made by :func:`tabulate`.

    codes       P x m: the position in ``categories`` of what each of m coders said, -1 = nothing.
    times       P: how many units show the row.
    categories  the scale, in order.
    """

    codes: Codes
    times: NDArray[np.int64]
    categories: tuple[Hashable, ...]

    @property
    def coders(self) -> int:
        return int(self.codes.shape[1])

    @cached_property
    def rated(self) -> NDArray[np.bool_]:
        return np.not_equal(self.codes, MISSING)

    @cached_property
    def each(self) -> NDArray[np.int64]:
        """How many ratings a unit with this row has."""
        each: NDArray[np.int64] = self.rated.sum(axis=1)
        return each

    @cached_property
    def units(self) -> int:
        return int(self.times.sum())

    @cached_property
    def ratings(self) -> int:
        return int(self.times @ self.each)

    @cached_property
    def numbers(self) -> Floats | None:
        """The number each category is or spells, None where one is no number."""
        return numbers(self.categories)

    def where(self, keep: NDArray[np.bool_]) -> Patterns:
        return replace(self, codes=self.codes[keep], times=self.times[keep])

    def pairable(self) -> Patterns:
        """Only the units that at least two coders coded."""
        return self.where(self.each >= 2)

    def without_idle_coders(self) -> Patterns:
        return replace(self, codes=self.codes[:, self.rated.any(axis=0)])

    def unordered(self) -> Patterns:
        """The same counts where it does not matter which coder said what: fewer rows."""
        return self._merged(np.sort(self.codes, axis=1))

    def against_rest(self, position: int) -> Patterns:
        """One category against all others: 1 = this one, 0 = another."""
        codes = np.where(self.rated, self.codes == position, MISSING).astype(np.intp)
        return replace(self, categories=(0, 1))._merged(codes)

    def _merged(self, codes: Codes) -> Patterns:
        first, rows = distinct(codes, len(self.categories))
        times = np.bincount(rows, weights=self.times, minlength=len(first)).astype(np.int64)
        return replace(self, codes=codes[first], times=times)


Ratings = Patterns | NDArray[np.generic] | Sequence[Sequence[object]]


def tabulate(ratings: Ratings, categories: Iterable[Hashable] | None = None) -> Patterns:
    """Count the distinct rows of ``ratings``, a matrix of units x coders.

    A rating is a number, a string, or a set (a list counts as a set); None and NaN are missing.
    Without ``categories`` the scale is what was used, in order: by number where all are numbers
    or spell one, else alphabetically. Name the categories to fix their order and to keep those
    nobody used; a rating outside them is a ValueError. Rows without any rating are left out.
    """
    patterns, _ = tabulate_units(ratings, categories)
    return patterns.where(patterns.each > 0)


def tabulate_units(
    ratings: Ratings, categories: Iterable[Hashable] | None = None
) -> tuple[Patterns, Codes]:
    """All distinct rows, one without any rating too; and which of them each unit shows."""
    scale = None if categories is None else tuple(_hashable(value) for value in categories)
    if isinstance(ratings, Patterns):
        found = ratings if scale is None else _on_scale(ratings, scale)
        return found, np.repeat(np.arange(len(found.times)), found.times)
    codes, values = _code(ratings)
    first, rows = distinct(codes, len(values))
    times = np.bincount(rows, minlength=len(first)).astype(np.int64)
    return _on_scale(Patterns(codes[first].astype(np.intp), times, tuple(values)), scale), rows


def numbers(values: Sequence[Hashable]) -> Floats | None:
    """The finite numbers these are or spell; None where one is no number."""
    try:
        found = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        return None
    return found if found.ndim == 1 and np.isfinite(found).all() else None


def distinct(codes: NDArray[np.integer], size: int) -> tuple[Codes, Codes]:
    """A unit for each distinct row, and which distinct row each unit has."""
    keys, span = _keys(codes, size + 1)
    if span > max(4 * len(keys), WIDE):
        _, first, rows = np.unique(keys, return_index=True, return_inverse=True)
        return first, rows
    example = np.full(span, MISSING, dtype=np.intp)
    example[keys] = np.arange(len(keys))
    found = np.flatnonzero(example != MISSING)
    place = np.empty(span, dtype=np.intp)
    place[found] = np.arange(len(found))
    return example[found], place[keys]


def _keys(codes: NDArray[np.integer], base: int) -> tuple[NDArray[np.int64], int]:
    """One number for each row, equal only where the rows are; and how large it can get."""
    keys, span = np.zeros(len(codes), dtype=np.int64), 1
    for column in codes.T:
        if span * base > LARGEST_KEY:
            values, keys = np.unique(keys, return_inverse=True)
            span = len(values)
        keys = keys * base + (column + 1)
        span *= base
    return keys, span


def _code(
    ratings: NDArray[np.generic] | Sequence[Sequence[object]],
) -> tuple[NDArray[np.integer], Sequence[Hashable]]:
    """Each rating as a position in the list of values found, -1 where missing."""
    if not hasattr(ratings, "__array__"):
        return _code_objects(ratings)
    matrix = np.asarray(ratings)
    if matrix.ndim != 2:
        raise ValueError(NO_MATRIX)
    if matrix.size == 0:
        return np.full(matrix.shape, MISSING, dtype=np.intp), []
    if matrix.dtype.kind in "biu":
        return _code_numbers(matrix.astype(np.int64, copy=False))
    if matrix.dtype.kind == "f":
        return _code_numbers(matrix.astype(np.float64, copy=False))
    return _code_objects(matrix.tolist())


def _code_objects(rows: Sequence[Sequence[object]]) -> tuple[Codes, list[Hashable]]:
    if any(isinstance(row, str) or not isinstance(row, Iterable) for row in rows):
        raise ValueError(NO_MATRIX)
    lists = [list(row) for row in rows]
    width = len(lists[0]) if lists else 0
    if any(len(row) != width for row in lists):
        raise ValueError("Every unit needs one place for each coder: the rows differ in length.")
    index: dict[Hashable, int] = {}
    flat = [
        MISSING if _is_missing(value) else index.setdefault(_hashable(value), len(index))
        for row in lists
        for value in row
    ]
    return np.array(flat, dtype=np.intp).reshape(len(lists), width), list(index)


def _code_numbers(
    matrix: NDArray[np.int64] | Floats,
) -> tuple[NDArray[np.integer], Sequence[Hashable]]:
    """Whole numbers in a small range by subtraction, any others by sorting."""
    low, high = np.fmin.reduce(matrix, axis=None).item(), np.fmax.reduce(matrix, axis=None).item()
    if high - low < WIDE:
        codes = _steps(matrix, low)
        if codes is not None:
            return codes, [low + step for step in range(int(high - low) + 1)]
    missing = np.isnan(matrix)
    values, places = np.unique(matrix[~missing], return_inverse=True)
    codes = np.full(matrix.shape, MISSING, dtype=np.intp)
    codes[~missing] = places
    return codes, values.tolist()


def _steps(matrix: NDArray[np.int64] | Floats, low: float) -> NDArray[np.integer] | None:
    """How many whole steps each number lies above the lowest; None where one lies between."""
    if matrix.dtype.kind == "i":
        return np.subtract(matrix, low, dtype=np.int32, casting="unsafe")  # wraps around, rightly
    steps = matrix - low
    steps[np.isnan(steps)] = MISSING
    codes = steps.astype(np.int32)
    return codes if np.array_equal(codes, steps) else None


def _on_scale(patterns: Patterns, scale: tuple[Hashable, ...] | None) -> Patterns:
    """The same rows with their codes as positions on the scale, by default on what was used."""
    used = np.flatnonzero(np.bincount(patterns.codes[patterns.rated]))
    values = [patterns.categories[code] for code in used]
    lookup = np.full(len(patterns.categories) + 1, MISSING, dtype=np.intp)  # the last is missing
    if scale is None:
        order = _order(values)
        lookup[used[order]] = np.arange(len(used))
        return Patterns(lookup[patterns.codes], patterns.times, tuple(values[at] for at in order))
    position = {value: place for place, value in enumerate(scale)}
    outside = [value for value in values if value not in position]
    if outside:
        raise ValueError(f"Not on the scale: {', '.join(map(repr, outside[:5]))}.")
    lookup[used] = [position[value] for value in values]
    return Patterns(lookup[patterns.codes], patterns.times, scale)


def _order(values: list[Hashable]) -> Codes:
    """The places of the values from the lowest to the highest."""
    found = numbers(values)
    if found is not None:
        return np.argsort(found, kind="stable")
    keys = [(type(value).__name__, _spelled(value)) for value in values]
    return np.array(sorted(range(len(values)), key=keys.__getitem__), dtype=np.intp)


def _spelled(value: Hashable) -> str:
    return repr(sorted(map(repr, value))) if isinstance(value, frozenset) else str(value)


def _is_missing(value: object) -> bool:
    """None, and whatever does not equal itself: NaN, pandas' NA and NaT."""
    same = value == value
    return value is None or not (isinstance(same, bool | np.bool_) and same)


def _hashable(value: object) -> Hashable:
    return frozenset(value) if isinstance(value, set | list) else value
