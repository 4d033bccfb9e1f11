"""One estimator for every coefficient: 1 - observed distance / distance expected by chance.

With u_p the weight of a unit showing row p (mean 1 over units), d_p the mean distance within it,
D = sum n_p u_p d_p / n and E the expected distance, the coefficient is A = 1 - D / E. Each unit's
influence on it, after Gwet (2014, chapter 5) in the notation of distances, is

    A_p - A = 1 - u_p d_p / E - A  +  s (u_p - 1)  +  (1 - A) E'_p / E

where E'_p is its influence on E and s = 1 for Gwet's family, where the share of units with two
ratings is taken as fixed, and 1 - A where units have weights. The standard error is the square
root of sum n_p (A_p - A)^2 / (n (n - 1)), conditional on the coders, as in irrCAC.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import inf, isnan, sqrt

import numpy as np

from .bootstrap import Draws, Seed
from .coefficient import Coefficient, undefined
from .distances import Distance, Squares
from .margins import Chance, Margins
from .ordinal import rank_slope, ranks
from .patterns import Floats, Patterns
from .quantiles import t_quantile

FEW_UNITS = "Fewer than two units were coded by two coders."
NO_VARIATION = "Only one category was used: nothing could have differed."


@dataclass(frozen=True)
class Model:
    """What makes one coefficient differ from another.

    distance      between categories; None = Krippendorff's ordinal one, made from the shares.
    margins       which ratings chance draws from.
    chance        what two such ratings are expected to differ by.
    unit          P: how much a unit counts in the observed distance, 0 without a pair.
    weighted      units have weights of their own: s = 1 - A, otherwise 1.
    small_sample  Krippendorff's correction: E is of draws without putting back.
    table         the variance of a table of two coders, over n^2 instead of n (n - 1).
    undefined     why there may be no figure.
    least         no interval reaches below.
    """

    patterns: Patterns
    distance: Distance | None
    margins: Margins
    chance: Chance
    unit: Floats
    weighted: bool = False
    small_sample: bool = False
    table: bool = False
    undefined: str = NO_VARIATION
    least: float = -inf

    @property
    def times(self) -> Floats:
        """1 x P: the counts as they are."""
        return self.patterns.times[None].astype(np.float64)

    def values(self, times: Floats) -> Floats:
        """R x P counts of the rows -> R coefficients."""
        at = self.at(times)
        return 1 - self._correction(times) * at.observed / at.expected

    def influence(self) -> Floats:
        """P: A_p - A, what a unit with each row does to A."""
        at = self.at(self.times)
        units, expected = self.patterns.units, float(at.expected[0])
        apart = float(at.observed[0]) / expected
        unit = self.unit * units / float(self.times[0] @ self.unit)
        own = unit * at.within[0] / expected
        kept = apart * float(self._correction(self.times)[0]) if self.weighted else 1.0
        lever = apart * at.slope[0] / expected
        if self.distance is None:
            lever = lever + rank_slope(self.patterns, at.shares[0, 0], apart, expected)
        chance = self.margins.influence(lever, at.totals[0], units)
        influence: Floats = apart - own + kept * (unit - 1) + chance
        return influence

    def at(self, times: Floats) -> At:
        totals = self.margins.totals(times)
        shares = totals / totals.sum(axis=-1, keepdims=True)
        distance = self.distance or Squares(ranks(shares))
        within = self._rows(distance) if self._within is None else self._within
        weight = times * self.unit
        observed = (weight * within).sum(axis=1) / weight.sum(axis=1)
        return At(totals, shares, within, observed, *self.chance(shares, distance))

    @cached_property
    def _within(self) -> Floats | None:
        """1 x P: the distance within each row, where it does not depend on the counts."""
        return None if self.distance is None else self._rows(self.distance)

    def _rows(self, distance: Distance) -> Floats:
        return distance.within(self.patterns.codes).reshape(-1, len(self.patterns.codes))

    def _correction(self, times: Floats) -> Floats:
        return 1 - 1 / (times @ self.unit) if self.small_sample else np.ones(len(times))


@dataclass(frozen=True)
class At:
    """What the coefficient is made of at R sets of counts."""

    totals: Floats  # R x G x K
    shares: Floats  # R x G x K
    within: Floats  # R x P, or 1 x P where it is the same for all
    observed: Floats  # R
    expected: Floats  # R
    slope: Floats  # R x G x K, of the expected distance in the shares


def estimate(model: Model, *, bootstrap: int, seed: Seed) -> Coefficient:
    """The coefficient, its standard error and interval; undefined with its reason."""
    patterns = model.patterns
    pairable = patterns.pairable()
    if pairable.units < 2:
        return undefined(FEW_UNITS, n_units=pairable.units, n_ratings=pairable.ratings)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = float(model.values(model.times)[0])
        if isnan(value):
            return undefined(model.undefined, n_units=pairable.units, n_ratings=pairable.ratings)
        influence = model.influence()
        cells = max(patterns.codes.size, model.margins.groups * model.margins.size)
        draws = Draws(patterns.times, cells, bootstrap, seed)
        drawn = draws.interval(model.values, value, influence)
    units = patterns.units
    spread = float(patterns.times @ influence**2)
    se = sqrt(spread / units / (units - (0 if model.table else 1)))
    width = t_quantile(0.975, units - 1) * se
    limits = max(model.least, value - width), min(1.0, value + width)
    low, high = drawn or limits
    return Coefficient(value, se, low, high, pairable.units, pairable.ratings, "", *limits)
