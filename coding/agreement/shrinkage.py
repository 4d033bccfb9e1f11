"""Rates of few trials drawn to their common mean, so that 2 of 3 is not worse than 40 of 80.

Each group i has x_i of n_i; its own rate is drawn from a beta distribution common to all groups
(empirical Bayes; Efron & Morris 1975, Journal of the American Statistical Association 70,
311-319). Mean and spread of that distribution are the moment estimates of Kleinman (1973), Journal
of the American Statistical Association 68, 46-54, with weights n_i:

    p = sum x_i / N,  S = sum n_i (x_i / n_i - p)^2,  N = sum n_i,
    g = (S - p q (k - 1)) / (p q (N - sum n_i^2 / N - (k - 1))),  a + b = 1 / g - 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .patterns import Floats

STEPS = 801  # of the grid on which an interval is read
LEAST_ALIKE, MOST_ALIKE = 1e-6, 0.95  # a beta distribution needs both a + b < inf and > 0


@dataclass(frozen=True)
class Shrunk:
    """k rates, each with its 95 % interval (equal tails of its beta distribution).

    spread  the standard deviation of the groups' own rates: 0 where they differ no more than
            chance makes them; nan where there are fewer than two groups.
    """

    rates: Floats
    low: Floats
    high: Floats
    mean: float
    spread: float


def shrink(hits: ArrayLike, trials: ArrayLike) -> Shrunk:
    """The rates of groups with ``hits`` of ``trials`` (every one above 0) each."""
    x, n = np.asarray(hits, dtype=np.float64), np.asarray(trials, dtype=np.float64)
    if not x.size:
        return Shrunk(x, x, x, np.nan, np.nan)
    mean = float(x.sum() / n.sum())
    alike = _alike(x, n, mean)
    if len(x) < 2:  # nothing to be drawn to: Jeffreys' interval
        low, high = _interval(x + 0.5, n - x + 0.5)
        return Shrunk(x / n, low, high, mean, np.nan)
    strength = 1 / max(alike, LEAST_ALIKE) - 1
    a, b = strength * mean + x, strength * (1 - mean) + n - x
    spread = float(np.sqrt(alike * mean * (1 - mean)))
    if mean in (0.0, 1.0):
        return Shrunk(x / n, x / n, x / n, mean, 0.0)
    low, high = _interval(a, b)
    return Shrunk(a / (a + b), low, high, mean, spread)


def _alike(x: Floats, n: Floats, mean: float) -> float:
    """How alike trials of one group are beyond those of others: Kleinman's g, 0 to 1."""
    odd, total, free = mean * (1 - mean), n.sum(), len(n) - 1
    room = odd * (total - (n**2).sum() / total - free)
    if room <= 0:
        return 0.0
    excess = (n * (x / n - mean) ** 2).sum() - odd * free
    return float(np.clip(excess / room, 0.0, MOST_ALIKE))


def _interval(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    """The 2.5th and 97.5th percentiles of beta(a, b), read off a grid of log odds."""
    centre = np.log(a / b)
    width = 8 * np.sqrt(1 / a + 1 / b)
    grid = centre[:, None] + width[:, None] * np.linspace(-1, 1, STEPS)
    logs = a[:, None] * -np.logaddexp(0, -grid) + b[:, None] * -np.logaddexp(0, grid)
    mass = np.cumsum(np.exp(logs - logs.max(axis=1, keepdims=True)), axis=1)
    mass /= mass[:, -1:]
    ends = [grid[np.arange(len(a)), (mass < level).sum(axis=1)] for level in (0.025, 0.975)]
    low, high = (np.exp(-np.logaddexp(0, -end)) for end in ends)
    return low, high
