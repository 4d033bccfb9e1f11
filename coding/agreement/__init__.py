"""Agreement between coders: coefficients, standard errors and intervals from counts, NumPy only."""

from .alpha import krippendorff_alpha
from .chance_corrected import (
    brennan_prediger,
    cohen_kappa,
    conger_kappa,
    fleiss_kappa,
    gwet_ac,
    percent_agreement,
    scott_pi,
)
from .coefficient import Coefficient
from .distances import Measure, Weights
from .finite import Rate, rate
from .icc import icc
from .latent import LatentClasses, dawid_skene
from .patterns import Patterns, Ratings, tabulate
from .per_category import per_category, specific_agreement
from .shrinkage import Shrunk, shrink

__all__ = [
    "Coefficient",
    "LatentClasses",
    "Measure",
    "Patterns",
    "Rate",
    "Ratings",
    "Shrunk",
    "Weights",
    "brennan_prediger",
    "cohen_kappa",
    "conger_kappa",
    "dawid_skene",
    "fleiss_kappa",
    "gwet_ac",
    "icc",
    "krippendorff_alpha",
    "per_category",
    "percent_agreement",
    "rate",
    "scott_pi",
    "shrink",
    "specific_agreement",
    "tabulate",
]
