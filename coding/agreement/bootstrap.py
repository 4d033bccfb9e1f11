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
AT_ONCE = 1 << 22  # numbers held at once
NORMAL = NormalDist()


@dataclass(frozen=True)
class Draws:
    """``number`` draws of as many units as there are, with putting back.

    Drawing units is one multinomial draw of how many show each row: ``times`` has these counts.
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
        units = int(self.times.sum())
        random = np.random.default_rng(self.seed)
        step = max(1, AT_ONCE // max(self.cells, 1))
        sizes = [min(step, self.number - start) for start in range(0, self.number, step)]
        draws = (random.multinomial(units, self.times / units, size) for size in sizes)
        return np.concatenate([values(draw.astype(np.float64)) for draw in draws])

    def _levels(self, drawn: Floats, value: float, influence: Floats) -> list[float]:
        """Shift by the share of draws below the value, and by the skewness of the influence."""
        below = (np.count_nonzero(drawn < value) + np.count_nonzero(drawn <= value)) / 2
        edge = 1 / (drawn.size + 1)
        bias = NORMAL.inv_cdf(min(max(below / drawn.size, edge), 1 - edge))
        skewness = float(self.times @ influence**3 / (self.times @ influence**2) ** 1.5) / 6
        shifts = [bias + NORMAL.inv_cdf(level) for level in (0.025, 0.975)]
        skewness = skewness if isfinite(skewness) else 0.0
        return [NORMAL.cdf(bias + shift / (1 - skewness * shift)) for shift in shifts]
