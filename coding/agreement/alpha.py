"""Krippendorff's alpha, for any number of coders, any level of measurement and missing ratings."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from . import margins as spread
from .bootstrap import Seed
from .coefficient import Coefficient
from .distances import Measure, by_measure
from .estimate import Model, estimate
from .patterns import Patterns, Ratings, tabulate


def krippendorff_alpha(
    ratings: Ratings,
    measure: Measure = "nominal",
    *,
    categories: Iterable[Hashable] | None = None,
    bootstrap: int = 0,
    seed: Seed = 0,
) -> Coefficient:
    """1 - D_o / D_e over the units with two or more ratings, N ratings in all.

    D_o = sum_u sum_{i != j} d(c_ui, c_uj) / (m_u - 1) / N, with m_u ratings of unit u;
    D_e = sum_ck n_c n_k d(c, k) / (N (N - 1)), with n_c ratings of category c;
    d the squared difference of ``measure``: nominal 1[c != k]; ordinal by the ratings between
    the ranks; interval (c - k)^2; ratio ((c - k) / (c + k))^2; jaccard and masi between sets.

    Krippendorff (2019), Content Analysis, 4th ed., chapter 12, and Krippendorff (2011),
    Computing Krippendorff's Alpha-Reliability; masi, Passonneau (2006), LREC. The standard error
    is krippen.alpha.raw of irrCAC; for ordinal, where that takes the distances as known, also
    the part that comes from the ranks. Parameters as in ``chance_corrected``.
    """
    patterns = tabulate(ratings, categories).pairable().unordered()
    return estimate(alpha_model(patterns, measure), bootstrap=bootstrap, seed=seed)


def alpha_model(patterns: Patterns, measure: Measure) -> Model:
    return Model(
        patterns=patterns,
        distance=None if measure == "ordinal" else by_measure(measure, patterns),
        margins=spread.all_ratings(patterns),
        chance=spread.of_two_drawn,
        unit=patterns.each.astype(float),
        weighted=True,
        small_sample=True,
    )
