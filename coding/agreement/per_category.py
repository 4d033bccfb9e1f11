"""Which categories the coders agree on."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass

import numpy as np

from .bootstrap import Seed
from .chance_corrected import fleiss_kappa
from .coefficient import Coefficient
from .distances import Nominal
from .estimate import Model, estimate
from .margins import all_ratings, of_nothing
from .patterns import MISSING, Codes, Floats, Patterns, Ratings, tabulate

NEVER_USED = "No coder used this category."


def per_category(
    ratings: Ratings,
    coefficient: Callable[..., Coefficient] = fleiss_kappa,
    *,
    categories: Iterable[Hashable] | None = None,
    bootstrap: int = 0,
    seed: Seed = 0,
) -> dict[Hashable, Coefficient]:
    """A coefficient for each category, all others taken together as one.

    With Fleiss' kappa and r ratings of each of n units, Fleiss (1971), Psychological Bulletin 76,
    378-382: 1 - sum_i x_i (r - x_i) / (n r (r - 1) p (1 - p)), x_i of them this category, p its
    share. Any function of this package that takes ratings, ``bootstrap`` and ``seed`` will do.
    """
    patterns = tabulate(ratings, categories)
    return {
        category: coefficient(patterns.against_rest(place), bootstrap=bootstrap, seed=seed)
        for place, category in enumerate(patterns.categories)
    }


def specific_agreement(
    ratings: Ratings,
    *,
    categories: Iterable[Hashable] | None = None,
    bootstrap: int = 0,
    seed: Seed = 0,
) -> dict[Hashable, Coefficient]:
    """If one coder says this category, how likely another one does: not corrected for chance.

    sum_i x_i (x_i - 1) / (r_i - 1) / sum_i x_i over units with r_i >= 2 ratings, x_i of them this
    category. For two coders, 2a / (2a + b + c): positive and negative agreement of Cicchetti &
    Feinstein (1990), Journal of Clinical Epidemiology 43, 551-558.
    """
    patterns = tabulate(ratings, categories).pairable()
    return {
        category: estimate(
            _specific(patterns.against_rest(place).unordered()), bootstrap=bootstrap, seed=seed
        )
        for place, category in enumerate(patterns.categories)
    }


@dataclass(frozen=True)
class FromOne(Nominal):
    """From a rating of category 1 to the other ratings of its unit."""

    def within(self, codes: Codes) -> Floats:
        each = (codes != MISSING).sum(axis=1)
        others = each - (codes == 1).sum(axis=1)
        mean: Floats = others / np.maximum(each - 1, 1)
        return mean


def _specific(patterns: Patterns) -> Model:
    return Model(
        patterns=patterns,
        distance=FromOne(2),
        margins=all_ratings(patterns),
        chance=of_nothing,
        unit=(patterns.codes == 1).sum(axis=1).astype(np.float64),
        weighted=True,
        undefined=NEVER_USED,
        least=0.0,
    )
