"""Intervals from drawing the units again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from .patterns import Floats

Seed = int | np.random.Generator | None
AT_ONCE = 1 << 18  # numbers held at once: they stay in the processor's cache
NORMAL = NormalDist()
FEW_UNITS_A_ROW = 6


@dataclass(frozen=True)
class Draws:
    """``number`` draws of as many units as there are, with putting back.

    Drawing units is a multinomial draw of how many show each row: ``times`` has these counts.
    ``cells`` is how many numbers one draw takes while its coefficient is computed.
    """

    times: NDArray[np.int64]
    cells: int
    number: int
    seed: Seed

    def interval(
        self, values: Callable[[Floats], Floats], value: float, influence: Floats
    ) -> tuple[float, float] | None:
        """Two percentiles of the coefficient over the draws; None where no draws were asked for.

        Not the 2.5th and 97.5th but those corrected for bias and skewness (BCa; Efron 1987,
        Journal of the American Statistical Association 82, 171-185): near 1 the plain ones cover
        too seldom. Draws in which the coefficient is not defined are left out.
        """
        if self.number < 1:
            return None
        drawn = self._values(values)
        drawn = drawn[~np.isnan(drawn)]
        if not drawn.size:
            return np.nan, np.nan
        low, high = np.quantile(drawn, self._levels(drawn, value, influence))
        return float(low), float(high)

    def _values(self, values: Callable[[Floats], Floats]) -> Floats:
        random = np.random.default_rng(self.seed)
        step = max(1, AT_ONCE // max(self.cells, self.units if self.sparse else 1))
        sizes = [min(step, self.number - start) for start in range(0, self.number, step)]
        return np.concatenate([values(self._counts(random, size)) for size in sizes])

    @property
    def units(self) -> int:
        return int(self.times.sum())

    @property
    def sparse(self) -> bool:
        """So few units show each row that it is faster to draw units than counts of rows."""
        return self.units < FEW_UNITS_A_ROW * len(self.times)

    def _counts(self, random: np.random.Generator, size: int) -> Floats:
        """size x P: how many units show each row in each draw."""
        if not self.sparse:
            chances = self.times / self.units
            return random.multinomial(self.units, chances, size).astype(np.float64)
        rows = np.repeat(np.arange(len(self.times)), self.times)
        drawn = rows[random.integers(0, self.units, (size, self.units))]
        drawn += len(self.times) * np.arange(size)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=size * len(self.times))
        return counts.reshape(size, -1).astype(np.float64)

    def _levels(self, drawn: Floats, value: float, influence: Floats) -> list[float]:
        """Shift by the share of draws below the value, and by the skewness of the influence."""
        below = (np.count_nonzero(drawn < value) + np.count_nonzero(drawn <= value)) / 2
        edge = 1 / (drawn.size + 1)
        bias = NORMAL.inv_cdf(min(max(below / drawn.size, edge), 1 - edge))
        skewness = float(self.times @ influence**3 / (self.times @ influence**2) ** 1.5) / 6
        shifts = [bias + NORMAL.inv_cdf(level) for level in (0.025, 0.975)]
        skewness = skewness if isfinite(skewness) else 0.0
        return [NORMAL.cdf(bias + shift / (1 - skewness * shift)) for shift in shifts]
