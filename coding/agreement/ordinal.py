"""Krippendorff's ordinal distance: it depends on how often each rank was used."""

from __future__ import annotations

import numpy as np

from .patterns import Floats, Patterns


def ranks(shares: Floats) -> Floats:
    """(..., K) -> (..., K): the share of ratings below a category, plus half of its own.

    The ordinal distance is the squared difference of these (Krippendorff 2019, chapter 12).
    """
    return np.cumsum(shares, axis=-1) - shares / 2


def rank_slope(patterns: Patterns, shares: Floats, apart: float, expected: float) -> Floats:
    """K: how alpha moves with the shares because they move the ranks r.

    With D / E = ``apart``, E = ``expected`` and m_c the mean of the other ratings' ranks beside
    a rating of c, times its share s_c: dD/dr = 4 (s r - m), dE/dr = 4 s (r - sum s r).
    """
    rank = ranks(shares)
    said = np.where(patterns.rated, rank[patterns.codes], 0.0)
    others = said.sum(axis=1, keepdims=True) - said
    weight = patterns.times[:, None] / np.maximum(patterns.each - 1, 1)[:, None]
    seen = patterns.rated
    beside = np.bincount(patterns.codes[seen], (weight * others)[seen], minlength=len(shares))
    observed = 4 * (shares * rank - beside / patterns.ratings)
    by_chance = 4 * shares * (rank - shares @ rank)
    change = (apart * by_chance - observed) / expected
    return np.cumsum(change[::-1])[::-1] - change / 2
