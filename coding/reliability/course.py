"""How agreement moves: by the week in which cases were opened, as a control chart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from math import nan, sqrt

import numpy as np

from coding.agreement import Coefficient
from coding.agreement.coefficient import undefined
from coding.models import Entry
from coding.reliability.difficulty import differing
from coding.reliability.figures import count
from coding.reliability.opened import Opened

FEW_UNITS = 5  # in a week: no limits are drawn


@dataclass(frozen=True)
class Batch:
    """The units that were opened in one week.

    units      coded by two coders; `apart` of them with ratings that differ.
    low, high  the limits of the share that differs: 3 standard errors around the mean of all
               weeks (Shewhart's p chart; Montgomery, Introduction to Statistical Quality
               Control, chapter 7). nan where the week has too few units to tell.
    versions   the codebooks that its codings were made under.
    """

    start: date
    units: int
    apart: int
    alpha: Coefficient
    low: float
    high: float
    versions: tuple[int, ...]

    @property
    def share(self) -> float:
        return self.apart / self.units if self.units else nan

    @property
    def is_outside(self) -> bool:
        return bool(self.share > self.high or self.share < self.low)


@dataclass(frozen=True)
class Mark:
    """The day on which a codebook was published."""

    day: date
    number: int


@dataclass(frozen=True)
class Course:
    """All weeks in order; `mean` is the share of units that differ over all of them."""

    batches: tuple[Batch, ...]
    mean: float
    marks: tuple[Mark, ...]


def course(opened: Opened, entry: Entry | None = None) -> Course:
    """Of one variable, or of all together: then without alpha, which would mix their scales."""
    week, versions = _weeks(opened)
    units: dict[date, int] = defaultdict(int)
    apart: dict[date, int] = defaultdict(int)
    for case, differs in _units(opened, [entry] if entry else opened.entries):
        units[week[case]] += 1
        apart[week[case]] += differs
    total = sum(units.values())
    mean = sum(apart.values()) / total if total else nan
    batches = [
        Batch(
            start,
            units[start],
            apart[start],
            _alpha(opened, entry, [c for c, w in week.items() if w == start]),
            *_limits(mean, units[start]),
            tuple(sorted(versions[start])),
        )
        for start in sorted(units)
    ]
    marks = [Mark(b.published_at.date(), b.number) for b in opened.books if b.published_at]
    return Course(tuple(batches), mean, tuple(marks))


def _weeks(opened: Opened) -> tuple[dict[int, date], dict[date, set[int]]]:
    """The Monday of the week in which each case was opened last, and the versions of the week."""
    week: dict[int, date] = {}
    asked = opened.of_who.tolist()
    for case, moment, who in zip(opened.case.tolist(), opened.opened_at, asked, strict=True):
        if not who:
            continue
        day = moment.date()
        week[case] = max(week.get(case, date.min), day - timedelta(days=day.weekday()))
    versions: dict[date, set[int]] = defaultdict(set)
    for case, number, who in zip(opened.case.tolist(), opened.version.tolist(), asked, strict=True):
        if who:
            versions[week[case]].add(number)
    return week, versions


def _units(opened: Opened, entries: Iterable[Entry]) -> Iterable[tuple[int, bool]]:
    """Each unit that two coders coded, with whether they differ."""
    for entry in entries:
        if entry.variable_id in opened.said:
            pairs = differing(count(opened.ratings(entry), opened.scale(entry)))
            apart: dict[int, bool] = defaultdict(bool)
            for case, differs in zip(pairs.cases.tolist(), pairs.differs.tolist(), strict=True):
                apart[case] |= differs
            yield from apart.items()


def _alpha(opened: Opened, entry: Entry | None, cases: list[int]) -> Coefficient:
    if entry is None:
        return undefined("Of all variables together there is no alpha.", n_units=0, n_ratings=0)
    ratings = opened.ratings(entry)
    kept = ratings.of_cases(np.isin(ratings.cases, cases))
    return count(kept, opened.scale(entry)).alpha()


def _limits(mean: float, units: int) -> tuple[float, float]:
    if units < FEW_UNITS:
        return nan, nan
    error = 3 * sqrt(mean * (1 - mean) / units)
    return max(0.0, mean - error), min(1.0, mean + error)
