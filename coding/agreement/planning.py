"""Before coding: how wide will the interval of alpha be, with so many double-coded units?

The model of disagreement is mixing: each coder independently knows what a unit is with chance
c and otherwise says any category as often as it occurs. Of two ratings of a unit the joint shares
are c^2 on the diagonal and 1 - c^2 of independence, so D_o = (1 - c^2) D_e and alpha = c^2 in the
population, whatever the distance. It is the random error model of Maxwell (1977), British Journal
of Psychiatry 130, 79-83, with equal margins the constant predictive probability of Aickin (1990),
Biometrics 46, 293-302, and for two categories the common correlation model of Bloch & Kraemer
(1989), Biometrics 45, 269-287, on which sample sizes for kappa are usually planned.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations_with_replacement
from math import factorial, nan, sqrt

import numpy as np
from numpy.typing import NDArray

from .alpha import alpha_model
from .distances import Measure
from .estimate import Model
from .ordinal import ranks
from .patterns import Floats, Patterns
from .quantiles import t_quantile

DRAWS = 1_000
NODES = 11  # that stand for a continuous scale
LARGEST = 100_000
CLOSE = 1e-12


@dataclass(frozen=True)
class Expected:
    """What is expected of a variable: its scale, how often each category occurs, its alpha."""

    measure: Measure
    shares: tuple[float, ...]
    alpha: float
    categories: tuple[Hashable, ...]
    coders: int = 2

    def __post_init__(self) -> None:
        if len(self.shares) != len(self.categories) or len(self.shares) < 2:
            raise ValueError("Two or more categories, and a share for each.")
        if min(self.shares) < 0 or abs(sum(self.shares) - 1) > 1e-6:
            raise ValueError("Shares are zero or more and add up to 1.")
        if not 0 <= self.alpha <= 1:
            raise ValueError("The expected alpha is between 0 and 1.")
        if self.coders < 2:
            raise ValueError("Two or more coders make agreement.")

    @property
    def rarest(self) -> float:
        """The share of the rarest category that occurs."""
        return min(share for share in self.shares if share)


@dataclass(frozen=True)
class Outlook:
    """What so many double-coded units will tell of a variable.

    width  of the 95 % interval, the mean over the data sets that give one.
    low, high  where the figure itself will lie in 95 of 100 data sets.
    empty  how often there will be no interval: one category alone was seen, or nobody disagreed.
    """

    units: int
    width: float
    low: float
    high: float
    empty: float


def nominal(shares: Sequence[float], alpha: float, measure: Measure = "nominal") -> Expected:
    """Categories by position: what they are called does not matter."""
    return Expected(measure, tuple(shares), alpha, tuple(range(1, len(shares) + 1)))


def continuous(measure: Measure, alpha: float) -> Expected:
    """A number or a date, normally spread, or log-normally on a ratio scale.

    Gauss-Hermite nodes stand for the scale: few values with the moments of the whole.
    """
    at, weights = np.polynomial.hermite_e.hermegauss(NODES)
    shares = tuple((weights / weights.sum()).tolist())
    return Expected(
        measure, shares, alpha, tuple((np.exp(at) if measure == "ratio" else at).tolist())
    )


def with_rarest(count: int, rarest: float) -> tuple[float, ...]:
    """Shares of `count` categories of which one is this rare and the others equally frequent."""
    share = min(rarest, 1 / count)
    return (share, *((1 - share) / (count - 1) for _ in range(count - 1)))


# ------------------------------------------------------------------ the population


def population(expected: Expected) -> tuple[NDArray[np.intp], Floats]:
    """Every row of ratings that can occur, in no order of coders, and how likely it is.

    P(row) = orders x sum_t pi_t prod_j (c 1[row_j = t] + (1 - c) pi_row_j), c = sqrt(alpha).
    """
    shares, known = np.asarray(expected.shares), sqrt(expected.alpha)
    size, coders = len(shares), expected.coders
    rows = np.array(list(combinations_with_replacement(range(size), coders)), dtype=np.intp)
    guessed = (1 - known) * shares[rows]  # P x m
    chance = np.zeros(len(rows))
    for truth in range(size):
        chance += shares[truth] * (guessed + known * (rows == truth)).prod(axis=1)
    return rows, chance * _orders(rows, size)


def _orders(rows: NDArray[np.intp], size: int) -> Floats:
    """In how many orders of the coders the same ratings can be said."""
    facts = np.array([float(factorial(n)) for n in range(rows.shape[1] + 1)])
    same = np.ones(len(rows))
    for category in range(size):
        same *= facts[(rows == category).sum(axis=1)]
    orders: Floats = facts[-1] / same
    return orders


def simulated(expected: Expected, units: int, random: np.random.Generator) -> NDArray[np.object_]:
    """One data set, units x coders, drawn coder by coder as the model says it."""
    values = np.empty(len(expected.categories), dtype=object)
    values[:] = expected.categories
    shares, shape = np.asarray(expected.shares), (units, expected.coders)
    truth = random.choice(len(shares), units, p=shares)
    knows = random.random(shape) < sqrt(expected.alpha)
    said = np.where(knows, truth[:, None], random.choice(len(shares), shape, p=shares))
    found: NDArray[np.object_] = values[said]
    return found


# ------------------------------------------------------------------ many data sets at once


@lru_cache(maxsize=4096)
def outlook(expected: Expected, units: int, *, draws: int = DRAWS, seed: int = 0) -> Outlook:
    """What `units` units will tell, from `draws` data sets drawn from the population.

    Each data set's alpha, standard error and t interval are those of `krippendorff_alpha`.
    """
    rows, chance = population(expected)
    random = np.random.default_rng([seed, units, len(rows)])
    times = random.multinomial(units, chance / chance.sum(), draws).astype(np.float64)
    used = times.any(axis=0)
    alphas, errors = _Many(expected, rows[used]).estimates(times[:, used])
    reach = t_quantile(0.975, units - 1) * errors
    widths = np.minimum(1.0, alphas + reach) - (alphas - reach)
    told = ~np.isnan(alphas) & (errors > CLOSE)
    seen = alphas[~np.isnan(alphas)]
    low, high = np.quantile(seen, [0.025, 0.975]) if seen.size else (nan, nan)
    width = float(widths[told].mean()) if told.any() else nan
    return Outlook(units, width, float(low), float(high), 1 - float(told.mean()))


class _Many:
    """Alpha and its standard error for many sets of counts of the same rows."""

    def __init__(self, expected: Expected, rows: NDArray[np.intp]) -> None:
        counts = np.ones(len(rows), dtype=np.int64)
        self.patterns = Patterns(rows, counts, expected.categories)
        self.model: Model = alpha_model(self.patterns, expected.measure)

    def estimates(self, times: Floats) -> tuple[Floats, Floats]:
        """R x P counts -> R alphas and R standard errors, nan where one category alone occurs."""
        with np.errstate(divide="ignore", invalid="ignore"):
            alphas = self.model.values(times)
            influence = self._influence(times)
        units = times.sum(axis=1)
        spread = (times * influence**2).sum(axis=1)
        return alphas, np.sqrt(spread / units / (units - 1))

    def _influence(self, times: Floats) -> Floats:
        """R x P: `Model.influence` at each of R sets of counts; every unit has m ratings."""
        at = self.model.at(times)
        expected, apart = at.expected[:, None], (at.observed / at.expected)[:, None]
        lever = apart * at.slope[:, 0] / expected  # R x K
        if self.model.distance is None:
            lever = lever + self._rank_slope(times, at.shares[:, 0], apart, expected)
        centred = lever - (lever * at.shares[:, 0]).sum(axis=1, keepdims=True)
        chance = sum(centred[:, column] for column in self.patterns.codes.T)
        influence: Floats = apart - at.within / expected + chance / self.patterns.coders
        return influence

    def _rank_slope(self, times: Floats, shares: Floats, apart: Floats, expected: Floats) -> Floats:
        """R x K: `ordinal.rank_slope` at each of R sets of counts."""
        rank, coders = ranks(shares), self.patterns.coders
        said = rank[:, self.patterns.codes]  # R x P x m
        others = (said.sum(axis=2, keepdims=True) - said) * times[:, :, None] / (coders - 1)
        beside = np.zeros_like(shares)
        for place, column in enumerate(self.patterns.codes.T):
            beside += others[:, :, place] @ np.eye(shares.shape[1])[column]
        observed = 4 * (shares * rank - beside / (times.sum(axis=1, keepdims=True) * coders))
        by_chance = 4 * shares * (rank - (shares * rank).sum(axis=1, keepdims=True))
        change = (apart * by_chance - observed) / expected
        slope: Floats = np.cumsum(change[:, ::-1], axis=1)[:, ::-1] - change / 2
        return slope


# ------------------------------------------------------------------ how many


def units_for(
    expected: Expected, width: float, *, most: int = LARGEST, draws: int = DRAWS, seed: int = 0
) -> int | None:
    """The fewest units whose interval is this narrow, and fails to be one in 1 of 20 data sets.

    None where even `most` do not do.
    """

    def enough(units: int) -> bool:
        found = outlook(expected, units, draws=draws, seed=seed)
        return found.empty <= 0.05 and found.width <= width

    low, high = 2, 8
    while not enough(high):
        if high >= most:
            return None
        low, high = high, min(2 * high, most)
    while high - low > max(1, low // 50):
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
