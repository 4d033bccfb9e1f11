"""Intraclass correlations, the six forms of Shrout & Fleiss (1979)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import isfinite, isinf, nan, sqrt

import numpy as np

from .bootstrap import Draws, Seed
from .coefficient import Coefficient, undefined
from .patterns import Floats, Ratings, tabulate
from .quantiles import f_quantile

FEW_UNITS = "Fewer than two units were rated by every one of two or more coders."
SAME = "The units do not differ: nothing could have correlated."
ZERO = 1e-12  # of the total sum of squares


def icc(ratings: Ratings, form: str = "2,1", *, bootstrap: int = 0, seed: Seed = 0) -> Coefficient:
    """Agreement of numbers by analysis of variance, over the n units that all k coders rated.

    With mean squares between units (B), within units (W), between coders (J) and residual (E):

    "1,1"  (B - W) / (B + (k-1) W)                     each unit has its own coders
    "2,1"  (B - E) / (B + (k-1) E + k (J - E) / n)     coders are a sample: absolute agreement
    "3,1"  (B - E) / (B + (k-1) E)                     just these coders: consistency
    "1,k"  (B - W) / B,  "2,k"  (B - E) / (B + (J - E) / n),  "3,k"  (B - E) / B
                                                       the mean of the k ratings

    Shrout & Fleiss (1979), Psychological Bulletin 86, 420-428, with their limits from F. The
    standard error, which they do not give, is the infinitesimal jackknife over units.
    """
    kind, averaged = _read(form)
    patterns = tabulate(ratings).without_idle_coders()
    complete = patterns.where(patterns.each == max(patterns.coders, 2))
    units, count = complete.units, complete.ratings
    if units < 2:
        return undefined(FEW_UNITS, n_units=units, n_ratings=count)
    if complete.numbers is None:
        raise ValueError("Intraclass correlation needs numbers.")
    said = complete.numbers[complete.codes]
    times = complete.times[None].astype(np.float64)
    table = Anova(_standardised(said, times[0]), units)
    correlation = Correlation(kind, averaged, complete.coders, units)
    with np.errstate(divide="ignore", invalid="ignore"):
        means = table.means(times)[:, 0]
        value = float(correlation.of(means))
        if not isfinite(value):
            return undefined(SAME, n_units=units, n_ratings=count)
        influence = correlation.influence(means, table.influence(times[0]))
        limits = correlation.limits(means)
        draws = Draws(complete.times, said.size, bootstrap, seed)
        drawn = draws.interval(lambda again: correlation.of(table.means(again)), value, influence)
    low, high = drawn or limits
    se = sqrt(float(times[0] @ influence**2) / units / (units - 1))
    return Coefficient(value, se, low, high, units, count, "", *limits)


@dataclass(frozen=True)
class Anova:
    """Two-way analysis of variance of P x k ratings, P rows standing for n units."""

    said: Floats
    units: int

    @property
    def free(self) -> Floats:
        """The degrees of freedom of B, W, J, E."""
        n, k = self.units, self.said.shape[1]
        return np.array([n - 1, n * (k - 1), k - 1, (n - 1) * (k - 1)], dtype=np.float64)

    def means(self, times: Floats) -> Floats:
        """R x P counts -> 4 x R mean squares B, W, J, E; nan where all ratings are the same."""
        coders = self.said.shape[1]
        by_coder = times @ self.said
        level = by_coder.sum(axis=1) ** 2 / (self.units * coders)
        total = times @ np.square(self.said).sum(axis=1) - level
        units = times @ np.square(self.said.sum(axis=1)) / coders - level
        columns = np.square(by_coder).sum(axis=1) / self.units - level
        squares = np.stack([units, total - units, columns, total - units - columns])
        zero = ZERO * self.said.size
        squares = np.where(squares > zero, squares, 0.0)
        return np.where(total > zero, squares, np.nan) / self.free[:, None]

    def influence(self, times: Floats) -> Floats:
        """4 x P: n times what one more unit with each row adds to each mean square."""
        columns = times @ self.said / self.units
        centred = self.said - columns.mean()
        coders = columns - columns.mean()
        units = np.square(centred.sum(axis=1)) / len(columns)
        within = np.square(centred).sum(axis=1) - units
        between = np.square(coders).sum() + 2 * (self.said - columns) @ coders
        squares = np.stack([units, within, between, within - between])
        return self.units * squares / self.free[:, None]


@dataclass(frozen=True)
class Correlation:
    """One of the six forms as a ratio of two sums of the mean squares B, W, J, E."""

    kind: int
    averaged: bool
    coders: int
    units: int

    @property
    def above(self) -> Floats:
        return np.array([1, -1, 0, 0] if self.kind == 1 else [1, 0, 0, -1], dtype=np.float64)

    @property
    def below(self) -> Floats:
        rest = 0.0 if self.averaged else self.coders - 1.0
        shift = (1 if self.averaged else self.coders) / self.units if self.kind == 2 else 0.0
        return np.array([1, rest, 0, 0] if self.kind == 1 else [1, 0, shift, rest - shift])

    def of(self, means: Floats) -> Floats:
        """4 x R -> R."""
        return np.divide(self.above @ means, self.below @ means)

    def influence(self, means: Floats, rows: Floats) -> Floats:
        """P: the derivative of the ratio, given that of the mean squares (4 x P)."""
        return (self.above - float(self.of(means)) * self.below) @ rows / (self.below @ means)

    def limits(self, means: Floats) -> tuple[float, float]:
        """The form itself, with the error mean squares as large or as small as F allows.

        Not known where the error has next to no degrees of freedom: F then allows anything.
        """
        free = self._error_freedom(means)
        larger = f_quantile(0.975, self.units - 1, free)
        smaller = 1 / f_quantile(0.975, free, self.units - 1)
        if isinf(larger):
            return nan, nan
        low, high = (float(self.of(means * np.array([1, q, q, q]))) for q in (larger, smaller))
        return low, high

    def _error_freedom(self, means: Floats) -> float:
        """Degrees of freedom of the error; for forms 2, Shrout & Fleiss's v (Satterthwaite)."""
        n, k = self.units, self.coders
        if self.kind == 1:
            return float(n * (k - 1))
        _, _, between, error = means
        single = float(Correlation(2, False, k, n).of(means))
        from_coders = k * single * between
        from_error = (n * (1 + (k - 1) * single) - k * single) * error
        if self.kind == 3 or from_coders == from_error == 0:
            return float((n - 1) * (k - 1))
        below = (n - 1) * from_coders**2 + from_error**2
        return float((k - 1) * (n - 1) * (from_coders + from_error) ** 2 / below)


def _standardised(said: Floats, times: Floats) -> Floats:
    """Mean 0 and standard deviation 1: no correlation changes and no digits are lost."""
    count = times.sum() * said.shape[1]
    centred = said - (times @ said).sum() / count
    deviation = sqrt(float(times @ np.square(centred).sum(axis=1)) / count)
    standardised: Floats = centred / (deviation if deviation > 0 else 1.0)
    return standardised


def _read(form: str) -> tuple[int, bool]:
    """The form "2,k", and the other ways to write it: "ICC(2,k)", "icc_2_k", "ICC2k"."""
    found = re.fullmatch(r"(?:icc)?[\s_(]*([123])[\s_,]*([1k]?)\)?", form.strip().lower())
    if found is None:
        raise ValueError(
            f'The forms are "1,1", "2,1", "3,1", "1,k", "2,k" and "3,k", not {form!r}.'
        )
    return int(found[1]), found[2] == "k"
