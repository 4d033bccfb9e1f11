"""One variable in depth: what its figure is made of, and where the coders part."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from coding import canonical
from coding.agreement import (
    Coefficient,
    brennan_prediger,
    conger_kappa,
    fleiss_kappa,
    krippendorff_alpha,
    specific_agreement,
)
from coding.agreement.patterns import MISSING, Floats, Patterns
from coding.models import Entry
from coding.reliability.figures import Counted, Figure, count, figure
from coding.reliability.opened import Opened, Place
from coding.reliability.reading import read

LARGEST_MATRIX = 30  # categories; beyond, only the list of squares can be read


@dataclass(frozen=True)
class Square:
    """Two categories that coders of the same unit said, and the cases in which they did.

    Of the same category: they agreed. Whose rating is whose is not told: the order is that of
    the scale. `coincidences` counts as in the matrix, pairs over (ratings of the unit - 1).
    """

    one: str
    other: str
    label: str
    other_label: str
    coincidences: float
    expected: float
    cases: tuple[Place, ...]

    @property
    def agrees(self) -> bool:
        return self.one == self.other


@dataclass(frozen=True)
class OfCategory:
    """One category against all others.

    alpha     nominal, this category or another.
    specific  if one coder says it, how likely another one does.
    """

    code: str
    label: str
    count: int
    alpha: Coefficient
    specific: Coefficient


@dataclass(frozen=True)
class Depth:
    """Why a figure is what it is.

    categories    code and label of the rows and columns of the matrices, as they were said.
    coincidences  K x K, symmetric, sums to the ratings used (Krippendorff 2019, chapter 12).
    expected      what chance alone would give, from the same margins.
    squares       the filled places of the matrix with their cases, most coincidences first.
    dropped       the cases that were not used, by the reason.
    used          the cases that were.
    others        further coefficients by name, where the scale is nominal or ordinal.
    reading       what the figures say together, in sentences.
    """

    figure: Figure
    categories: tuple[tuple[str, str], ...]
    coincidences: Floats
    expected: Floats
    squares: tuple[Square, ...]
    by_category: tuple[OfCategory, ...]
    used: tuple[Place, ...]
    dropped: dict[str, tuple[Place, ...]]
    others: dict[str, Coefficient]
    reading: tuple[str, ...]

    @property
    def fits_a_matrix(self) -> bool:
        return len(self.categories) <= LARGEST_MATRIX

    @property
    def disputed(self) -> tuple[Square, ...]:
        """Where the coders part, most often first."""
        return tuple(square for square in self.squares if not square.agrees)


def depth(opened: Opened, entry: Entry) -> Depth:
    """One variable in depth, of what `opened` holds."""
    ratings = opened.ratings(entry)
    counted = count(ratings, opened.scale(entry))
    said = _used_only(counted.used)
    labels = {str(t): canonical.show(str(t), entry.domain, opened.states) for t in said.categories}
    fits = len(labels) <= LARGEST_MATRIX
    matrix = coincidences(said) if fits else np.empty((0, 0))
    found = figure(opened, entry, ratings)
    rows = counted.placed.each[counted.rows] >= 2
    return Depth(
        figure=found,
        categories=tuple(labels.items()),
        coincidences=matrix,
        expected=expected(matrix.sum(axis=1)),
        squares=_squares(opened, counted, labels),
        by_category=_by_category(said, labels) if fits else (),
        used=tuple(opened.places[pk] for pk in ratings.cases[rows].tolist()),
        dropped={
            why: tuple(opened.places[pk] for pk in cases) for why, cases in counted.dropped.items()
        },
        others=_others(counted),
        reading=read(found, said),
    )


def coincidences(patterns: Patterns) -> Floats:
    """o_ck: the pairs of ratings c, k within units, each unit's over its ratings less one."""
    size = len(patterns.categories)
    said = (patterns.codes[:, :, None] == np.arange(size)).sum(axis=1).astype(np.float64)
    weight = patterns.times / np.maximum(patterns.each - 1, 1)
    matrix: Floats = (said * weight[:, None]).T @ said
    matrix[np.diag_indices(size)] -= weight @ said
    return matrix


def expected(margins: Floats) -> Floats:
    """e_ck = n_c n_k / (n - 1), and n_c (n_c - 1) / (n - 1) on the diagonal."""
    chance: Floats = (np.outer(margins, margins) - np.diag(margins)) / max(margins.sum() - 1, 1)
    return chance


def _used_only(patterns: Patterns) -> Patterns:
    """Without the categories that nobody said."""
    used = np.unique(patterns.codes[patterns.rated])
    lookup = np.full(len(patterns.categories) + 1, MISSING, dtype=np.intp)
    lookup[used] = np.arange(len(used))
    categories = tuple(patterns.categories[code] for code in used.tolist())
    return replace(patterns, codes=lookup[patterns.codes], categories=categories)


def _squares(opened: Opened, counted: Counted, labels: dict[str, str]) -> tuple[Square, ...]:
    texts = [str(text) for text in counted.said.categories]
    cases, weights = defaultdict(list), Counter[tuple[str, str]]()
    met = [_met(row) for row in counted.said.codes.tolist()]
    enough, each = (counted.placed.each >= 2).tolist(), counted.said.each.tolist()
    for case, row in zip(counted.ratings.cases.tolist(), counted.rows.tolist(), strict=True):
        for (one, other), times in met[row].items() if enough[row] else ():
            twice = 2 if one == other else 1  # both orders lie in one place of the matrix
            weights[texts[one], texts[other]] += twice * times / (each[row] - 1)
            cases[texts[one], texts[other]].append(opened.places[case])
    margins = Counter[str]()
    for (one, other), weight in weights.items():
        margins.update({one: weight} if one == other else {one: weight, other: weight})
    total = max(sum(margins.values()) - 1, 1)
    place = {text: n for n, text in enumerate(labels)}
    found = [
        Square(
            one,
            other,
            labels[one],
            labels[other],
            weights[one, other],
            margins[one] * (margins[other] - (one == other)) / total,
            tuple(sorted(listed, key=lambda p: p.key)),
        )
        for (one, other), listed in cases.items()
    ]
    return tuple(sorted(found, key=lambda s: (-s.coincidences, place[s.one], place[s.other])))


def _met(row: list[int]) -> Counter[tuple[int, int]]:
    """Each two categories that met in a unit, in the order of the scale, and how often."""
    said = sorted(code for code in row if code != MISSING)
    return Counter(combinations(said, 2))


def _by_category(said: Patterns, labels: dict[str, str]) -> tuple[OfCategory, ...]:
    specific = specific_agreement(said)
    counts = (said.codes[:, :, None] == np.arange(len(labels))).sum(axis=1)
    totals = (said.times @ counts).tolist() if len(labels) else []
    return tuple(
        OfCategory(
            code,
            label,
            totals[place],
            krippendorff_alpha(said.against_rest(place)),
            specific[code],
        )
        for place, (code, label) in enumerate(labels.items())
    )


def _others(counted: Counted) -> dict[str, Coefficient]:
    if counted.scale.closed is None or counted.scale.measure == "masi":
        return {}
    return {
        "Fleiss' kappa": fleiss_kappa(counted.said),
        "Conger's kappa": conger_kappa(counted.said),
        "Brennan-Prediger": brennan_prediger(counted.said),
    }
