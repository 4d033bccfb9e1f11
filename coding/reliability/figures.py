"""The agreement of a variable: alpha by its level of measurement, percent, AC, prevalence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np

from coding import canonical
from coding.agreement import (
    Coefficient,
    Measure,
    Patterns,
    gwet_ac,
    krippendorff_alpha,
    percent_agreement,
)
from coding.agreement.coefficient import undefined
from coding.agreement.patterns import MISSING, Codes, distinct
from coding.models import Entry, Unit
from coding.reliability.asked import Missing
from coding.reliability.opened import Opened, Ratings
from coding.reliability.scales import AC, OPEN_LIST, Scale

DRAWS = 1000  # of the units, for the interval of alpha; the same ones at every reading
MOST_UNITS_DRAWN = 2000  # beyond, the analytic interval no longer differs
MOST_SETS = 3000  # different ones, each compared with each

COMPUTED = "It is computed, never coded."
NOT_COMPARED = "Coders need not agree on it (compare: no)."
OWN_ROWS = "Each coder adds rows without a common key: see them paired, row by row."
ONE_CODER = "one coder only"
LEFT_OUT = "a missing code left fewer than two ratings"
NO_PLACE = "no number, and so no place on the scale"


@lru_cache(maxsize=512)
def computed(
    codes: bytes,
    shape: tuple[int, ...],
    times: bytes,
    categories: tuple[Hashable, ...],
    measure: Measure,
) -> Coefficient:
    """Alpha of counted ratings: kept, for pages ask again and again while nothing has opened."""
    patterns = Patterns(
        np.frombuffer(codes, dtype=np.intp).reshape(shape),
        np.frombuffer(times, dtype=np.int64),
        categories,
    )
    draws = DRAWS if patterns.units <= MOST_UNITS_DRAWN else 0
    return krippendorff_alpha(patterns, measure, bootstrap=draws)


@dataclass(frozen=True)
class Share:
    """How often a category was said, among the ratings of the units used."""

    code: str
    label: str
    count: int
    share: float


@dataclass(frozen=True)
class Counted:
    """Ratings as counts on their scale: what every figure of a variable is computed from.

    said    distinct rows of what was said; a missing code that is left out is nothing said.
    placed  the same rows as alpha compares them: numbers, days, sets.
    rows    which row each unit of `ratings` shows.
    """

    ratings: Ratings
    scale: Scale
    said: Patterns
    placed: Patterns
    rows: Codes

    @cached_property
    def dropped(self) -> dict[str, list[int]]:
        """The cases that alpha does not use, by the reason."""
        spoke = (self.ratings.codes != MISSING).sum(axis=1)
        said, placed = self.said.each[self.rows], self.placed.each[self.rows]
        reasons = {
            ONE_CODER: spoke < 2,
            LEFT_OUT: (spoke >= 2) & (said < 2),
            NO_PLACE: (said >= 2) & (placed < 2),
        }
        cases = self.ratings.cases
        return {why: cases[rows].tolist() for why, rows in reasons.items() if rows.any()}

    @property
    def used(self) -> Patterns:
        """The units that alpha uses, as they were said."""
        return self.said.where(self.placed.each >= 2)

    def alpha(self, measure: Measure | None = None) -> Coefficient:
        """Krippendorff's alpha, its interval from draws of the units."""
        patterns, measure = self.placed, measure or self.scale.measure
        if reason := _unfit(patterns, measure):
            pairable = patterns.pairable()
            return undefined(reason, n_units=pairable.units, n_ratings=pairable.ratings)
        if measure in ("interval", "ratio"):
            patterns = _without_gaps(patterns)
        codes, times = patterns.codes, patterns.times
        return computed(codes.tobytes(), codes.shape, times.tobytes(), patterns.categories, measure)

    def percent(self) -> Coefficient:
        """The share of pairs of coders that agree, within the variable's tolerance."""
        weights = self.scale.percent_weights([str(text) for text in self.said.categories])
        return percent_agreement(self.said, weights)

    def ac(self) -> Coefficient:
        """Gwet's AC1; AC2 with weights on ordinal scales (ordinal) and on numbers (quadratic)."""
        if self.scale.closed is None or self.scale.measure == "masi":
            pairable = self.said.pairable()
            return undefined(OPEN_LIST, n_units=pairable.units, n_ratings=pairable.ratings)
        return gwet_ac(self.said, AC[self.scale.measure])


@dataclass(frozen=True)
class Figure:
    """The agreement on one variable.

    alpha        of the measure below, under the treatment of missing codes that was asked for.
    excluded, as_category   alpha under the two treatments, beside each other.
    ac           AC1, or AC2 (see `ac_name`).
    cases        units that anybody coded; `alpha.n_units` of them are used.
    missing      the treatment of missing codes, as a sentence.
    reason       why there is no figure; empty where there is one.
    """

    entry: Entry
    measure: Measure
    alpha: Coefficient
    excluded: Coefficient
    as_category: Coefficient
    percent: Coefficient
    ac: Coefficient
    cases: int
    coders: int
    prevalence: tuple[Share, ...]
    missing: str
    reason: str

    @property
    def name(self) -> str:
        return self.entry.name

    @property
    def ac_name(self) -> str:
        return "AC1" if self.measure in ("nominal", "masi") else "AC2"


def figures(opened: Opened) -> list[Figure]:
    """Every variable of the codebook, in its order; those never compared with their reason."""
    return [figure(opened, entry) for entry in opened.entries]


def figure(opened: Opened, entry: Entry, ratings: Ratings | None = None) -> Figure:
    """One variable, of all its ratings or of those given."""
    ratings = opened.ratings(entry) if ratings is None else ratings
    counted = count(ratings, opened.scale(entry, used=ratings.texts))
    alpha = counted.alpha()
    both = {m: _under(m, counted, alpha, opened) for m in ("exclude", "as-category")}
    return Figure(
        entry=entry,
        measure=counted.scale.measure,
        alpha=alpha,
        excluded=both["exclude"],
        as_category=both["as-category"],
        percent=counted.percent(),
        ac=counted.ac(),
        cases=len(ratings.cases),
        coders=len(ratings.coders),
        prevalence=prevalence(counted, opened.states),
        missing=counted.scale.words,
        reason=_why_none(entry, alpha),
    )


def _why_none(entry: Entry, alpha: Coefficient) -> str:
    if entry.is_computed:
        return COMPUTED
    if not entry.compare:
        return NOT_COMPARED
    own_rows = entry.variable.unit.rows == Unit.Rows.NUMBERED
    return OWN_ROWS if own_rows and not alpha.n_units else alpha.reason


def _under(missing: str, counted: Counted, alpha: Coefficient, opened: Opened) -> Coefficient:
    """Alpha under the other treatment; the same where no missing code was said."""
    texts = counted.ratings.texts
    treatment: Missing = "exclude" if missing == "exclude" else "as-category"
    other = opened.scale(counted.scale.entry, treatment, texts)
    if not set(texts) & (other.left_out ^ counted.scale.left_out):
        return alpha
    return count(counted.ratings, other).alpha()


def count(ratings: Ratings, scale: Scale) -> Counted:
    """Count the distinct rows of ratings on their scale."""
    kept = [text for text in _used(ratings) if text not in scale.left_out]
    categories = scale.order(kept)
    position = {text: place for place, text in enumerate(categories)}
    lookup = np.array([position.get(t, MISSING) for t in ratings.texts] + [MISSING], dtype=np.intp)
    codes = lookup[ratings.codes]
    first, rows = distinct(codes, len(categories))
    times = np.bincount(rows, minlength=len(first)).astype(np.int64)
    said = Patterns(codes[first], times, tuple(categories))
    return Counted(ratings, scale, said, _placed(said, scale), rows)


def _used(ratings: Ratings) -> list[str]:
    used = np.unique(ratings.codes[ratings.codes != MISSING])
    return [ratings.texts[code] for code in used.tolist()]


def _placed(said: Patterns, scale: Scale) -> Patterns:
    places: list[Hashable] = [scale.place(str(text)) for text in said.categories]
    lost = np.array([place is None for place in places] + [True], dtype=np.bool_)
    codes = np.where(lost[said.codes], MISSING, said.codes)
    return replace(said, codes=codes, categories=tuple(places))


def _without_gaps(patterns: Patterns) -> Patterns:
    """What has no place was taken out of the rows: any number may stand for it."""
    filled = tuple(0.0 if place is None else place for place in patterns.categories)
    return replace(patterns, categories=filled)


def _unfit(patterns: Patterns, measure: Measure) -> str:
    """Why a measure cannot be applied to what was said."""
    if measure == "masi" and len(patterns.categories) > MOST_SETS:
        return f"More than {MOST_SETS} different sets were said: see the agreement per member."
    if measure not in ("interval", "ratio"):
        return ""
    places = [place for place in patterns.categories if place is not None]
    if not all(isinstance(place, float) for place in places):
        return f"The {measure} scale needs numbers."
    negative = measure == "ratio" and any(float(str(place)) < 0 for place in places)
    return "A ratio scale has no numbers below zero." if negative else ""


def prevalence(counted: Counted, states: dict[str, str]) -> tuple[Share, ...]:
    """How often each category was said in the units used, in the order of the scale."""
    used, domain = counted.used, counted.scale.entry.domain
    said = (used.rated * used.times[:, None]).ravel()
    counts = np.bincount(
        np.maximum(used.codes, 0).ravel(), weights=said, minlength=len(used.categories)
    )
    total = Counter(dict(enumerate(counts.astype(int).tolist())))
    everything = sum(total.values())
    return tuple(
        Share(text, canonical.show(text, domain, states), total[place], total[place] / everything)
        for place, text in enumerate(map(str, used.categories))
        if everything and (total[place] or not _is_long(counted.scale))
    )


def _is_long(scale: Scale) -> bool:
    """Of states and numbers, only those that were said."""
    return scale.closed is None or scale.entry.domain.kind == "state"
