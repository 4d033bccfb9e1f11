"""How far apart two ratings are: 0 for the same, and what each kind of scale makes of the rest.

A distance answers two questions, both from counts. ``within(codes)``: the mean over the ordered
pairs of ratings of a unit. ``times(shares)``: how far each category is on average from ratings
spread as ``shares``, in units of their sum.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from .patterns import MISSING, Codes, Floats, Patterns

BLOCK = 1 << 22  # numbers held at once where every category meets every other

Measure = Literal["nominal", "ordinal", "interval", "ratio", "jaccard", "masi"]


class Distance(ABC):
    """Distances between ``size`` categories, known by their positions."""

    @property
    @abstractmethod
    def size(self) -> int: ...

    @abstractmethod
    def between(self, one: Codes, other: Codes) -> Floats:
        """From each category in ``one`` to that in ``other``, elementwise."""

    def within(self, codes: Codes) -> Floats:
        """P x m -> P: the mean distance of the ordered pairs of ratings in a row, 0 without any."""
        rated = codes != MISSING
        total = np.zeros(len(codes))
        for first in range(codes.shape[1]):
            for second in range(first + 1, codes.shape[1]):
                both = rated[:, first] & rated[:, second]
                distance = self.between(codes[:, first], codes[:, second])
                total += np.where(both, distance, 0.0)
        each = rated.sum(axis=1)
        mean: Floats = 2 * total / np.maximum(each * (each - 1), 1)
        return mean

    def times(self, shares: Floats) -> Floats:
        """(..., K) -> (..., K): the sum over k of shares[k] x distance(c, k), for every c."""
        everything = np.arange(self.size)
        step = max(1, BLOCK // max(self.size, 1))
        blocks = [
            shares @ self.between(everything[:, None], everything[None, start : start + step])
            for start in range(0, self.size, step)
        ]
        return np.concatenate(blocks, axis=-1)

    @property
    def total(self) -> float:
        """The sum over all pairs of categories."""
        return float(self.times(np.ones(self.size)).sum())


Named = Literal["identity", "linear", "quadratic", "ordinal"]
Weights = Named | Sequence[Sequence[float]] | Floats | Distance


@dataclass(frozen=True)
class Nominal(Distance):
    """Same or not: 0 or 1."""

    count: int

    @property
    def size(self) -> int:
        return self.count

    def between(self, one: Codes, other: Codes) -> Floats:
        return np.not_equal(one, other).astype(np.float64)

    def times(self, shares: Floats) -> Floats:
        away: Floats = shares.sum(axis=-1, keepdims=True) - shares
        return away


@dataclass(frozen=True)
class Squares(Distance):
    """(x_c - x_k)^2 for numbers x, (..., K) of them; from means and squares, never K x K."""

    values: Floats

    @property
    def size(self) -> int:
        return int(self.values.shape[-1])

    def between(self, one: Codes, other: Codes) -> Floats:
        return np.square(self.values[..., one] - self.values[..., other])

    def within(self, codes: Codes) -> Floats:
        rated = codes != MISSING
        each = np.maximum(rated.sum(axis=1), 1)
        said = np.where(rated, self.values[..., codes], 0.0)
        centred = np.where(rated, said - said.sum(axis=-1, keepdims=True) / each[:, None], 0.0)
        mean: Floats = 2 * np.square(centred).sum(axis=-1) / np.maximum(each - 1, 1)
        return mean

    def times(self, shares: Floats) -> Floats:
        mass = shares.sum(axis=-1, keepdims=True)
        centred = self.values - (shares * self.values).sum(axis=-1, keepdims=True) / mass
        variance = (shares * centred**2).sum(axis=-1, keepdims=True)
        away: Floats = mass * centred**2 + variance
        return away


@dataclass(frozen=True)
class Beyond(Distance):
    """0 for values that lie within a tolerance of one another at each of their ends, else 1.

    values     E x K: E = 1 for numbers, 2 for the earliest and the latest day of a date; nan where
               a category is no such value: it is as near as its own text, and to nothing else.
    """

    values: Floats
    tolerance: float

    @property
    def size(self) -> int:
        return int(self.values.shape[1])

    def between(self, one: Codes, other: Codes) -> Floats:
        apart = np.abs(self.values[:, one] - self.values[:, other]).max(axis=0)
        near = apart <= self.tolerance * (1 + 1e-9)  # 0.8 - 0.7 is a little more than 0.1
        return np.where(np.equal(one, other) | near, 0.0, 1.0)


@dataclass(frozen=True)
class Ratio(Distance):
    """((c - k) / (c + k))^2 for numbers of zero or more; 0 between two zeros."""

    values: Floats

    @property
    def size(self) -> int:
        return len(self.values)

    def between(self, one: Codes, other: Codes) -> Floats:
        here, there = self.values[one], self.values[other]
        return np.square((here - there) / np.where(here + there > 0, here + there, 1.0))


@dataclass(frozen=True)
class Table(Distance):
    """Any symmetric K x K table with zeros on its diagonal."""

    table: Floats

    @property
    def size(self) -> int:
        return len(self.table)

    def between(self, one: Codes, other: Codes) -> Floats:
        return self.table[one, other]

    def times(self, shares: Floats) -> Floats:
        return shares @ self.table


def by_weights(weights: Weights, patterns: Patterns) -> Distance:
    """1 - weight, the weights of Gwet's irrCAC for a scale of K categories x_1 ... x_K.

    identity  w = 1[k = l]          linear    w = 1 - |x_k - x_l| / (max x - min x)
    quadratic w = 1 - (x_k - x_l)^2 / (max x - min x)^2
    ordinal   w = 1 - C(|k - l| + 1, 2) / C(K, 2), by the position on the scale
    x are the categories where they are numbers or spell one, their positions otherwise. A
    distance between the categories of ``patterns`` is taken as it is.
    """
    if isinstance(weights, Distance):
        return weights
    if not isinstance(weights, str):
        return _by_matrix(np.asarray(weights, dtype=np.float64), len(patterns.categories))
    if weights == "identity":
        return Nominal(len(patterns.categories))
    places = np.arange(len(patterns.categories), dtype=np.float64)
    values = places if patterns.numbers is None else patterns.numbers
    steps = np.abs(np.subtract.outer(places, places))
    tables = {
        "linear": np.abs(np.subtract.outer(values, values)),
        "quadratic": np.square(np.subtract.outer(values, values)),
        "ordinal": steps * (steps + 1) / 2,
    }
    if weights not in tables:
        raise ValueError(f"Weights are identity, linear, quadratic, ordinal or a matrix: {weights}")
    table = tables[weights]
    return Table(table / max(float(table.max(initial=0.0)), np.finfo(float).tiny))


def _by_matrix(weights: Floats, size: int) -> Distance:
    if weights.shape != (size, size):
        raise ValueError(f"{size} categories need {size} x {size} weights, not {weights.shape}.")
    if not np.array_equal(weights, weights.T) or not (weights.diagonal() == 1).all():
        raise ValueError("Weights are symmetric, with 1 where two ratings are the same.")
    return Table(1 - weights)


def by_measure(measure: Measure, patterns: Patterns) -> Distance:
    """The distance of a level of measurement (Krippendorff 2019, chapter 12).

    Ordinal is not here: its distance depends on how often each rank was used.
    """
    if measure == "nominal":
        return Nominal(len(patterns.categories))
    if measure in ("jaccard", "masi"):
        return Table(_between_sets(patterns.categories, graded=measure == "masi"))
    if patterns.numbers is None:
        raise ValueError(f"The {measure} measure needs numbers.")
    if measure == "interval":
        return Squares(patterns.numbers)
    if measure != "ratio":
        raise ValueError(f"There is no measure {measure!r}.")
    if (patterns.numbers < 0).any():
        raise ValueError("The ratio measure needs numbers of zero or more.")
    return Ratio(patterns.numbers)


def _between_sets(categories: Sequence[Hashable], *, graded: bool) -> Floats:
    """Jaccard: 1 - |A and B| / |A or B|. MASI: 1 - that x 1, 2/3, 1/3 or 0 (Passonneau 2006).

    1 where the sets are equal, 2/3 where one holds the other, 1/3 where they overlap.
    """
    sets = [_as_set(value) for value in categories]
    items = {item: place for place, item in enumerate(set().union(*sets))}
    member = np.zeros((len(sets), len(items)))
    for row, one in enumerate(sets):
        member[row, [items[item] for item in one]] = 1
    common = member @ member.T
    sizes = member.sum(axis=1)
    either = np.add.outer(sizes, sizes) - common
    likeness = np.where(either > 0, common / np.maximum(either, 1), 1.0)
    return 1 - likeness * (_monotonicity(common, sizes) if graded else 1.0)


def _monotonicity(common: Floats, sizes: Floats) -> Floats:
    smaller, larger = np.minimum.outer(sizes, sizes), np.maximum.outer(sizes, sizes)
    kinds = [common == larger, common == smaller, common > 0]
    return np.select(kinds, [1.0, 2 / 3, 1 / 3], 0.0)


def _as_set(value: Hashable) -> frozenset[Hashable]:
    if not isinstance(value, frozenset | tuple):
        raise ValueError(f"Set measures need sets: {value!r} is none.")
    return frozenset(value)
