"""What the units really are, and how each coder errs, when nobody knows the truth."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from .patterns import Codes, Floats, Patterns, Ratings, tabulate_units

TINY = 1e-300
TOO_FEW = "No unit has three ratings: two cannot tell who of them errs."


@dataclass(frozen=True)
class LatentClasses:
    """Dawid and Skene's model. All numbers are nan where it is not identified: see ``reason``.

    prevalence  K: the share of units in each category.
    errors      coders x K x K: how often a coder says l (last) of a unit that is k.
    posterior   units x K: how likely each unit is in each category.
    """

    categories: tuple[Hashable, ...]
    prevalence: Floats
    errors: Floats
    posterior: Floats
    log_likelihood: float
    steps: int
    converged: bool
    reason: str = ""


def dawid_skene(
    ratings: Ratings,
    *,
    coders: Sequence[int] | None = None,
    categories: Iterable[Hashable] | None = None,
    steps: int = 1000,
    tolerance: float = 1e-9,
) -> LatentClasses:
    """Fit by EM from the shares of ratings: T_ik ~ p_k prod_jl pi_jkl^n_ijl, then p, pi from T.

    Dawid & Skene (1979), Applied Statistics 28, 20-28, eqs 2.3-2.5. ``coders`` tells which coder
    each column is (0, 1, ...), where a coder rated units more than once. Ends where the log
    likelihood of a unit grows by less than ``tolerance``.
    """
    patterns, rows = tabulate_units(ratings, categories)
    coder = np.arange(patterns.coders) if coders is None else np.asarray(coders, dtype=np.intp)
    model = Errors(patterns, coder)
    if patterns.each.max(initial=0) < 3:
        return model.unknown(len(rows))
    posterior, likelihood, gain, step = model.shares(), -np.inf, np.inf, 0
    while step < steps and gain >= tolerance * patterns.units:
        prevalence, errors = model.maximise(posterior)
        posterior, reached = model.expect(prevalence, errors)
        gain, likelihood, step = reached - likelihood, reached, step + 1
    converged = gain < tolerance * patterns.units
    return LatentClasses(
        patterns.categories, prevalence, errors, posterior[rows], likelihood, step, converged
    )


@dataclass(frozen=True)
class Errors:
    """The two steps of EM over the distinct rows; ``coder`` names the coder of each column."""

    patterns: Patterns
    coder: Codes

    @property
    def size(self) -> tuple[int, int]:
        return int(self.coder.max(initial=-1)) + 1, len(self.patterns.categories)

    def shares(self) -> Floats:
        """P x K: the share of a row's ratings in each category, where EM starts."""
        size = len(self.patterns.categories)
        said = self.patterns.codes[..., None] == np.arange(size)
        shares: Floats = said.sum(axis=1) / np.maximum(self.patterns.each, 1)[:, None]
        return shares

    def maximise(self, posterior: Floats) -> tuple[Floats, Floats]:
        coders, size = self.size
        weighted = posterior * self.patterns.times[:, None]
        counts = np.zeros((coders, size, size))
        for column, coder in enumerate(self.coder):
            seen = self.patterns.rated[:, column]
            np.add.at(counts[coder].T, self.patterns.codes[seen, column], weighted[seen])
        prevalence = weighted[self.patterns.each > 0].sum(axis=0)
        made = counts.sum(axis=-1, keepdims=True)
        errors = np.divide(counts, made, out=np.full_like(counts, 1 / size), where=made > 0)
        return prevalence / prevalence.sum(), errors

    def expect(self, prevalence: Floats, errors: Floats) -> tuple[Floats, float]:
        logs = np.log(np.maximum(errors, TINY))
        joint = np.tile(np.log(np.maximum(prevalence, TINY)), (len(self.patterns.codes), 1))
        for column, coder in enumerate(self.coder):
            seen = self.patterns.rated[:, column]
            joint[seen] += logs[coder][:, self.patterns.codes[seen, column]].T
        largest = joint.max(axis=1, keepdims=True)
        likely = np.exp(joint - largest)
        total = likely.sum(axis=1, keepdims=True)
        each = (np.log(total) + largest)[:, 0]
        rated = self.patterns.each > 0
        return likely / total, float(self.patterns.times[rated] @ each[rated])

    def unknown(self, units: int) -> LatentClasses:
        coders, size = self.size
        return LatentClasses(
            self.patterns.categories,
            np.full(size, np.nan),
            np.full((coders, size, size), np.nan),
            np.full((units, size), np.nan),
            np.nan,
            0,
            False,
            TOO_FEW,
        )
