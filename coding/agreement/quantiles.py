"""Quantiles of Student's t and of F, without SciPy."""

from __future__ import annotations

from functools import lru_cache
from math import exp, inf, lgamma, log, log1p, nan, sqrt

TINY = 1e-300
CLOSE = 1e-13


def t_quantile(p: float, df: float) -> float:
    """The t that Student's t with ``df`` degrees of freedom stays below with chance p >= 1/2."""
    return sqrt(f_quantile(2 * p - 1, 1, df)) if df > 0 else nan


@lru_cache(maxsize=4096)
def f_quantile(p: float, df1: float, df2: float) -> float:
    """The value that F(df1, df2) stays below with chance p."""
    if not (df1 > 0 and df2 > 0):
        return nan
    x = beta_quantile(p, df1 / 2, df2 / 2)
    return df2 * x / (df1 * (1 - x)) if x < 1 else inf


def beta_quantile(p: float, a: float, b: float) -> float:
    """The x with I_x(a, b) = p: Newton's steps, halving the bracket where one would leave it."""
    low, high, x = 0.0, 1.0, a / (a + b)
    log_scale = lgamma(a + b) - lgamma(a) - lgamma(b)
    for _ in range(200):
        if x >= 1:  # closer to 1 than a number can tell
            break
        error = beta_cdf(x, a, b) - p
        low, high = (low, x) if error > 0 else (x, high)
        density = exp(log_scale + (a - 1) * log(x) + (b - 1) * log1p(-x))
        guess = x - error / density if density > 0 else low
        if not low < guess < high:
            guess = (low + high) / 2
        if abs(guess - x) <= CLOSE * x:
            break
        x = guess
    return x


def beta_cdf(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_x(a, b); DLMF 8.17.22 by Lentz's method."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - beta_cdf(1 - x, b, a)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)) / a
    return front / _fraction(x, a, b)


def _fraction(x: float, a: float, b: float) -> float:
    value = c = 1.0
    d = 0.0
    for step in range(1, 10_000):
        m = step // 2
        if step % 2:
            term = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            term = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1 / (_nonzero(1 + term * d))
        c = _nonzero(1 + term / c)
        value *= c * d
        if abs(c * d - 1) < CLOSE:
            break
    return value


def _nonzero(value: float) -> float:
    return value if abs(value) > TINY else TINY
