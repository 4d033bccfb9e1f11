"""How many of a finite lot are wrong, from those that were looked at: exact, without putting back.

Of N cells n were drawn at random and x were found wrong. How many of the N are wrong, K, is bounded
by inverting the hypergeometric distribution of x, as Clopper and Pearson (1934, Biometrika 26)
invert the binomial: K lies in the interval unless P(X >= x | K) or P(X <= x | K) is at most
(1 - level) / 2. See Buonaccorsi (1987, The American Statistician 41, 215-218) and Wright (1991,
Exact Confidence Bounds when Sampling from Small Finite Universes). The interval covers K with at
least the level, whatever K is; it is Clopper and Pearson's where N is large, and one point where
all N were looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, lgamma, nan


@dataclass(frozen=True)
class Rate:
    """A share with its interval; `of` were looked at, of `population`."""

    wrong: int
    of: int
    population: int
    value: float
    low: float
    high: float


def rate(wrong: int, of: int, population: int, level: float = 0.95) -> Rate:
    """The share that is wrong of a lot, with its exact interval; nan where nothing was seen."""
    if not 0 <= wrong <= of <= population:
        raise ValueError("wrong <= of <= population must hold")
    if of == 0:
        return Rate(0, 0, population, nan, nan, nan)
    tail = (1 - level) / 2
    low, high = _lowest(wrong, of, population, tail), _highest(wrong, of, population, tail)
    return Rate(wrong, of, population, wrong / of, low / population, high / population)


def _lowest(x: int, n: int, lot: int, tail: float) -> int:
    """The smallest K under which x or more wrong ones are not too rare."""
    low, high = x, lot - (n - x)
    while low < high:
        middle = (low + high) // 2
        if _from(x, n, middle, lot) > tail:
            high = middle
        else:
            low = middle + 1
    return low


def _highest(x: int, n: int, lot: int, tail: float) -> int:
    """The largest K under which x or fewer are not too rare: the right ones, counted alike."""
    return lot - _lowest(n - x, n, lot, tail)


def _from(x: int, n: int, wrong: int, lot: int) -> float:
    """P(X >= x): the longer tail is never summed."""
    most, least = min(n, wrong), max(0, n - (lot - wrong))
    if x <= least:
        return 1.0
    if x > most:
        return 0.0
    if x - least < most - x:
        return 1 - sum(_chance(k, n, wrong, lot) for k in range(least, x))
    return sum(_chance(k, n, wrong, lot) for k in range(x, most + 1))


def _chance(k: int, n: int, wrong: int, lot: int) -> float:
    """P(X = k) of n drawn from a lot that holds so many wrong ones."""
    return exp(_ways(wrong, k) + _ways(lot - wrong, n - k) - _ways(lot, n))


def _ways(n: int, k: int) -> float:
    """The logarithm of n over k."""
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
