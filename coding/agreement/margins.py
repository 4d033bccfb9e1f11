"""How the ratings spread over the categories, and what follows by chance alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .distances import Distance
from .patterns import Codes, Floats, Patterns

DENSE = 1 << 22  # a P x G x K table up to this many numbers is made once


@dataclass(frozen=True)
class Margins:
    """Shares of the categories in G groups of ratings: all of them, or one group a coder.

    weight  P x m: how much each rating counts, 0 where there is none.
    group   m: the group each coder's ratings belong to.
    """

    codes: Codes
    weight: Floats
    group: Codes
    size: int

    @property
    def groups(self) -> int:
        return int(self.group.max(initial=-1)) + 1

    @cached_property
    def places(self) -> Codes:
        """P x m: where each rating counts in a row of G x K numbers; its weight is 0 if missing."""
        return np.maximum(self.codes, 0) + self.group * self.size

    @cached_property
    def table(self) -> Floats | None:
        """P x GK: what one unit with each row adds; None where that would be too large."""
        rows, cells = len(self.codes), self.groups * self.size
        if rows * cells > DENSE:
            return None
        flat = (self.places + np.arange(rows)[:, None] * cells).ravel()
        added = np.bincount(flat, weights=self.weight.ravel(), minlength=rows * cells)
        return added.reshape(rows, cells).astype(np.float64, copy=False)

    def totals(self, times: Floats) -> Floats:
        """R x P -> R x G x K: the weighted count of each category."""
        if self.table is not None:
            return (times @ self.table).reshape(-1, self.groups, self.size)
        return np.stack([self._count(row) for row in times])

    def _count(self, row: Floats) -> Floats:
        weight = (self.weight * row[:, None]).ravel()
        cells = self.groups * self.size
        counted = np.bincount(self.places.ravel(), weights=weight, minlength=cells)
        return counted.reshape(self.groups, self.size).astype(np.float64, copy=False)

    def influence(self, slope: Floats, totals: Floats, units: int) -> Floats:
        """P: what one unit adds, through the shares, to a figure with this G x K ``slope``."""
        mass = totals.sum(axis=-1, keepdims=True)
        centred = slope - (slope * totals / mass).sum(axis=-1, keepdims=True)
        lever = (units / mass * centred).ravel()
        added: Floats = (self.weight * lever[self.places]).sum(axis=1)
        return added


# Drawn: which ratings chance draws from.
Drawn = Callable[[Patterns], Margins]


def all_ratings(patterns: Patterns) -> Margins:
    """Every rating counts the same (Krippendorff)."""
    return _pooled(patterns, patterns.rated.astype(np.float64))


def all_units(patterns: Patterns) -> Margins:
    """Every unit counts the same, however many rated it (Fleiss, Gwet)."""
    return _pooled(patterns, patterns.rated / np.maximum(patterns.each, 1)[:, None])


def by_coder(patterns: Patterns) -> Margins:
    """Each coder's own shares (Cohen, Conger)."""
    weight = patterns.rated.astype(np.float64)
    return Margins(patterns.codes, weight, np.arange(patterns.coders), len(patterns.categories))


def _pooled(patterns: Patterns, weight: Floats) -> Margins:
    group = np.zeros(patterns.coders, dtype=np.intp)
    return Margins(patterns.codes, weight, group, len(patterns.categories))


# Chance: R x G x K shares -> the expected distance (R) and its slope in the shares (R x G x K).
Chance = Callable[[Floats, Distance], tuple[Floats, Floats]]


def of_two_drawn(shares: Floats, distance: Distance) -> tuple[Floats, Floats]:
    """Two ratings drawn from all: sum pi_c pi_k d_ck (Scott, Fleiss, Krippendorff)."""
    away = distance.times(shares)
    return (shares * away).sum(axis=(1, 2)), 2 * away


def of_two_coders(shares: Floats, distance: Distance) -> tuple[Floats, Floats]:
    """A rating of each of two coders, over all pairs of coders (Cohen; Conger 1980)."""
    coders = shares.shape[1]
    others = distance.times(shares.sum(axis=1))[:, None] - distance.times(shares)
    away = others / max(coders * (coders - 1), 1)
    return (shares * away).sum(axis=(1, 2)), 2 * away


def of_hard_units(shares: Floats, distance: Distance) -> tuple[Floats, Floats]:
    """1 - T sum pi_k (1 - pi_k), T = sum w / (K (K - 1)): Gwet (2008)."""
    size = distance.size
    scale = (size**2 - distance.total) / (size * (size - 1)) if size > 1 else np.nan
    return 1 - scale * (shares * (1 - shares)).sum(axis=(1, 2)), -scale * (1 - 2 * shares)


def of_equal_shares(shares: Floats, distance: Distance) -> tuple[Floats, Floats]:
    """Every category as likely as any other: sum d / K^2 (Brennan & Prediger 1981)."""
    expected = distance.total / distance.size**2 if distance.size > 1 else np.nan
    return np.full(len(shares), expected), np.zeros_like(shares)


def of_nothing(shares: Floats, distance: Distance) -> tuple[Floats, Floats]:
    """No correction for chance: percent agreement."""
    return np.ones(len(shares)), np.zeros_like(shares)
