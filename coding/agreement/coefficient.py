"""What every function of this package answers: one figure, and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan


@dataclass(frozen=True, slots=True)
class Coefficient:
    """One figure of agreement. ``float(c)`` is ``c.value``.

    value      the coefficient; nan where it is not defined, and then ``reason`` says why.
    se         standard error by units, given these coders (they are not a sample of coders);
               0 where all agree, which tells nothing of units not coded.
    low, high  the 95 % interval: by percentiles of the bootstrap where one was asked for,
               the analytic one otherwise.
    n_units    units that at least two coders coded: only they can agree.
    n_ratings  the ratings of those units.
    analytic_low, analytic_high   the analytic interval, whichever was asked for.
    """

    value: float
    se: float
    low: float
    high: float
    n_units: int
    n_ratings: int
    reason: str = ""
    analytic_low: float = nan
    analytic_high: float = nan

    def __float__(self) -> float:
        return self.value


def undefined(reason: str, *, n_units: int, n_ratings: int) -> Coefficient:
    """No figure, and why: never 0 and never 1."""
    return Coefficient(nan, nan, nan, nan, n_units, n_ratings, reason)
