"""Percent agreement, and the coefficients that correct it for chance: kappa, pi, AC and BP.

All are (p_a - p_e) / (1 - p_e) with the same observed agreement: with r_ik of the r_i coders of
unit i saying category k, and w the weights,

    p_a = mean over units with r_i >= 2 of  sum_kl w_kl r_ik (r_il - 1[k = l]) / (r_i (r_i - 1)).

They differ in p_e alone. ``ratings`` is a matrix of units x coders (see ``tabulate``); ``weights``
a name (see ``by_weights``) or a K x K matrix; ``categories`` fixes the scale; ``bootstrap`` draws
the units that many times again for an interval, the same one for the same ``seed``. Standard
errors are those of irrCAC (Gwet 2014, Handbook of Inter-Rater Reliability, 4th ed., chapter 5),
with t intervals.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import replace

from . import margins as spread
from .bootstrap import Seed
from .coefficient import Coefficient
from .distances import Weights, by_weights
from .estimate import Model, estimate
from .patterns import Patterns, Ratings, tabulate

Categories = Iterable[Hashable] | None


def percent_agreement(
    ratings: Ratings,
    weights: Weights = "identity",
    *,
    categories: Categories = None,
    bootstrap: int = 0,
    seed: Seed = 0,
) -> Coefficient:
    """p_a itself: the share of pairs of coders that agree, by unit, then the mean over units."""
    patterns = tabulate(ratings, categories).unordered()
    model = _model(patterns, weights, spread.all_units, spread.of_nothing)
    return estimate(replace(model, least=0.0), bootstrap=bootstrap, seed=seed)


def fleiss_kappa(
    ratings: Ratings,
    weights: Weights = "identity",
    *,
    categories: Categories = None,
    bootstrap: int = 0,
    seed: Seed = 0,
) -> Coefficient:
    """p_e = sum_kl w_kl pi_k pi_l, with pi_k the mean over all units of r_ik / r_i.

    Fleiss (1971), Psychological Bulletin 76, 378-382; with missing ratings, Gwet (2014). Units
    with one rating count in pi_k only.
    """
    patterns = tabulate(ratings, categories).unordered()
    model = _model(patterns, weights, spread.all_units, spread.of_two_drawn)
    return estimate(model, bootstrap=bootstrap, seed=seed)


def gwet_ac(
    ratings: Ratings,
    weights: Weights = "identity",
    *,
    categories: Categories = None,
    bootstrap: int = 0,
    seed: Seed = 0,
) -> Coefficient:
    """AC1, and AC2 with weights: p_e = T sum_k pi_k (1 - pi_k), T = sum w / (K (K - 1)).

    Gwet (2008), British Journal of Mathematical and Statistical Psychology 61, 29-48; weights and
    missing ratings, Gwet (2014). K counts categories nobody used: name them in ``categories``.
    """
    patterns = tabulate(ratings, categories).unordered()
    model = _model(patterns, weights, spread.all_units, spread.of_hard_units)
    return estimate(model, bootstrap=bootstrap, seed=seed)


def brennan_prediger(
    ratings: Ratings,
    weights: Weights = "identity",
    *,
    categories: Categories = None,
    bootstrap: int = 0,
    seed: Seed = 0,
) -> Coefficient:
    """p_e = sum w / K^2: every category is as likely as any other (also called S, G or PABAK).

    Brennan & Prediger (1981), Educational and Psychological Measurement 41, 687-699. K counts
    categories nobody used: name them in ``categories``.
    """
    patterns = tabulate(ratings, categories).unordered()
    model = _model(patterns, weights, spread.all_units, spread.of_equal_shares)
    return estimate(model, bootstrap=bootstrap, seed=seed)


def conger_kappa(
    ratings: Ratings,
    weights: Weights = "identity",
    *,
    categories: Categories = None,
    bootstrap: int = 0,
    seed: Seed = 0,
) -> Coefficient:
    """p_e = mean over pairs of coders g, h of sum_kl w_kl p_gk p_hl, each coder's own shares.

    Conger (1980), Psychological Bulletin 88, 322-328. Equals Cohen's kappa for two coders. Coders
    without any rating are left out.
    """
    patterns = tabulate(ratings, categories).without_idle_coders()
    model = _model(patterns, weights, spread.by_coder, spread.of_two_coders)
    return estimate(model, bootstrap=bootstrap, seed=seed)


def cohen_kappa(
    ratings: Ratings,
    weights: Weights = "identity",
    *,
    categories: Categories = None,
    bootstrap: int = 0,
    seed: Seed = 0,
) -> Coefficient:
    """Two coders, the units both coded: p_e = sum_kl w_kl p_1k p_2l.

    Cohen (1960), Educational and Psychological Measurement 20, 37-46; weighted, Cohen (1968),
    Psychological Bulletin 70, 213-220. The error is that of a table of n units, over n^2:
    Fleiss, Cohen & Everitt (1969), Psychological Bulletin 72, 323-327.
    """
    patterns = _of_two(tabulate(ratings, categories), "Cohen's kappa", "Conger's")
    model = _model(patterns, weights, spread.by_coder, spread.of_two_coders, table=True)
    return estimate(model, bootstrap=bootstrap, seed=seed)


def scott_pi(
    ratings: Ratings,
    weights: Weights = "identity",
    *,
    categories: Categories = None,
    bootstrap: int = 0,
    seed: Seed = 0,
) -> Coefficient:
    """Two coders, the units both coded: p_e = sum_kl w_kl pi_k pi_l, pi the mean of their shares.

    Scott (1955), Public Opinion Quarterly 19, 321-325. The error is that of a table of n units,
    over n^2 (scott2.table of irrCAC).
    """
    patterns = _of_two(tabulate(ratings, categories), "Scott's pi", "Fleiss'").unordered()
    model = _model(patterns, weights, spread.all_units, spread.of_two_drawn, table=True)
    return estimate(model, bootstrap=bootstrap, seed=seed)


def _model(
    patterns: Patterns,
    weights: Weights,
    margins: spread.Drawn,
    chance: spread.Chance,
    *,
    table: bool = False,
) -> Model:
    return Model(
        patterns=patterns,
        distance=by_weights(weights, patterns),
        margins=margins(patterns),
        chance=chance,
        unit=(patterns.each >= 2).astype(float),
        table=table,
    )


def _of_two(patterns: Patterns, name: str, other: str) -> Patterns:
    if patterns.coders > 2:
        raise ValueError(f"{name} is for two coders, not {patterns.coders}: {other} is for more.")
    return patterns.pairable()
