"""The coder, the rule or the case: where do the disagreements lie, and can that be told at all?

What is counted is pairs of coders of the same unit: n pairs, x of them differ. With two coders a
pair that differs does not tell who erred, so that it counts for both. The rates of coders, of
variables and of cases are each drawn towards their mean (coding.agreement.shrinkage), so that few
pairs cannot look extreme, and are compared with what the mix of variables lets one expect
(indirect standardisation; Breslow & Day 1987, Statistical Methods in Cancer Research II,
chapter 2): whoever coded hard variables is not a bad coder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import isnan, nan
from typing import Literal

import numpy as np

from coding.agreement.distances import Distance
from coding.agreement.patterns import MISSING, Codes, Floats
from coding.agreement.shrinkage import shrink
from coding.models import Entry
from coding.reliability.figures import Counted, count
from coding.reliability.opened import Mask, Opened

Verdict = Literal["more", "less", "as expected", "cannot tell"]
FEW_PAIRS = 10
NARROW = 0.1  # of an interval that holds what is expected: then it is as expected


@dataclass(frozen=True)
class Pairs:
    """Pairs of ratings of one unit, as five columns."""

    variables: Codes
    cases: Codes
    one: Codes
    other: Codes
    differs: Mask

    def where(self, rows: Mask) -> Pairs:
        return Pairs(
            self.variables[rows],
            self.cases[rows],
            self.one[rows],
            self.other[rows],
            self.differs[rows],
        )


@dataclass(frozen=True)
class Rate:
    """How often the pairs of one coder, variable or case differ.

    key       the id of the coder or case, the name of the variable.
    rate      as counted; `shrunk` drawn to the mean, with its interval.
    expected  what the variables of these pairs would give; of a variable, the mean of all.
    verdict   more or less than expected, where the whole interval says so; cannot tell from few
              pairs or a wide interval.
    """

    key: int | str
    label: str
    pairs: int
    differing: int
    shrunk: float
    low: float
    high: float
    expected: float
    verdict: Verdict

    @property
    def rate(self) -> float:
        return self.differing / self.pairs


@dataclass(frozen=True)
class Difficulty:
    """All pairs, split three ways; each list begins with the highest rate.

    spread  the standard deviation of the true rates of coders, variables and cases (see
            shrinkage): the largest is where to look first.
    """

    pairs: int
    differing: int
    coders: tuple[Rate, ...]
    variables: tuple[Rate, ...]
    cases: tuple[Rate, ...]
    spread: dict[str, float]
    reading: tuple[str, ...]


@dataclass(frozen=True)
class Which:
    """The same question for one variable.

    rule    the variable among all others.
    coders  each coder on this variable alone.
    apart, alike   how often the cases in which coders differ here, and those in which they do
            not, are disagreed on otherwise.
    """

    rule: Rate | None
    coders: tuple[Rate, ...]
    apart: float
    alike: float
    reading: tuple[str, ...]


def differing(counted: Counted) -> Pairs:
    """The pairs of ratings of one variable, differing beyond its tolerance."""
    codes = counted.said.codes[counted.rows]
    ratings = counted.ratings
    far = _distance(counted)
    columns: list[tuple[Codes, int, int, Mask]] = []
    for i, j in combinations(range(codes.shape[1]), 2):
        rows = np.flatnonzero((codes[:, i] != MISSING) & (codes[:, j] != MISSING))
        apart = far(codes[rows, i], codes[rows, j])
        columns.append((ratings.cases[rows], ratings.coders[i], ratings.coders[j], apart))
    if not columns:
        return _joined([])
    cases = np.concatenate([c for c, *_ in columns])
    one = np.concatenate([np.full(len(c), i) for c, i, _, _ in columns])
    other = np.concatenate([np.full(len(c), j) for c, _, j, _ in columns])
    variables = np.full(len(cases), ratings.entry.variable_id)
    return Pairs(variables, cases, one, other, np.concatenate([apart for *_, apart in columns]))


def _distance(counted: Counted) -> Callable[[Codes, Codes], Mask]:
    weights = counted.scale.percent_weights([str(text) for text in counted.said.categories])
    if isinstance(weights, Distance):
        beyond = weights
        return lambda one, other: beyond.between(one, other) > 0
    return lambda one, other: np.not_equal(one, other)


def pairs_of(opened: Opened) -> Pairs:
    """The pairs of every variable that coders have to agree on."""
    found = [
        differing(count(opened.ratings(entry), opened.scale(entry)))
        for entry in opened.entries
        if entry.variable_id in opened.said
    ]
    return _joined(found)


def _joined(found: Sequence[Pairs]) -> Pairs:
    empty = np.empty(0, dtype=np.intp)
    none = Pairs(empty, empty, empty, empty, np.empty(0, dtype=np.bool_))
    every = [none, *found]
    return Pairs(
        np.concatenate([p.variables for p in every]),
        np.concatenate([p.cases for p in every]),
        np.concatenate([p.one for p in every]),
        np.concatenate([p.other for p in every]),
        np.concatenate([p.differs for p in every]),
    )


def difficulty(opened: Opened) -> Difficulty:
    """Coders, variables and cases of everything that `opened` holds."""
    pairs = pairs_of(opened)
    mix = _by_variable(pairs)
    coders, of_coders = _coder_rates(opened, pairs, mix)
    names = {e.variable_id: (e.name, e.label) for e in opened.entries}
    total = _mean(pairs)
    variables, of_variables = _rates(
        pairs.variables, pairs.differs, np.full(len(pairs.cases), total), lambda pk: names[pk]
    )
    cases, of_cases = _rates(
        pairs.cases, pairs.differs, mix, lambda pk: (pk, opened.places[pk].title)
    )
    spread = {"coders": of_coders, "variables": of_variables, "cases": of_cases}
    return Difficulty(
        len(pairs.cases),
        int(pairs.differs.sum()),
        coders,
        variables,
        cases,
        spread,
        tuple(_reading(spread, coders, variables, cases)),
    )


def which(opened: Opened, entry: Entry) -> Which:
    """The same for one variable, beside all others."""
    pairs = pairs_of(opened)
    here = pairs.where(pairs.variables == entry.variable_id)
    elsewhere = pairs.where(pairs.variables != entry.variable_id)
    coders, _ = _coder_rates(opened, here, np.full(len(here.cases), _mean(here)))
    names = {e.variable_id: (e.name, e.label) for e in opened.entries}
    mean = np.full(len(pairs.cases), _mean(pairs))
    variables, _ = _rates(pairs.variables, pairs.differs, mean, lambda pk: names[pk])
    rule = next((rate for rate in variables if rate.key == entry.name), None)
    apart = np.unique(here.cases[here.differs])
    in_apart = np.isin(elsewhere.cases, apart)
    in_alike = np.isin(elsewhere.cases, np.setdiff1d(here.cases, apart))
    rates = (_mean(elsewhere.where(in_apart)), _mean(elsewhere.where(in_alike)))
    numbers = (int(in_apart.sum()), int(in_alike.sum()))
    return Which(rule, coders, *rates, tuple(_which_reading(rule, coders, rates, numbers)))


def _mean(pairs: Pairs) -> float:
    return float(pairs.differs.mean()) if len(pairs.differs) else nan


def _by_variable(pairs: Pairs) -> Floats:
    """For each pair, how often the pairs of its variable differ."""
    _, places = np.unique(pairs.variables, return_inverse=True)
    every = np.bincount(places)
    rates: Floats = np.bincount(places, weights=pairs.differs) / np.maximum(every, 1)
    return rates[places]


def _coder_rates(opened: Opened, pairs: Pairs, mix: Floats) -> tuple[tuple[Rate, ...], float]:
    return _rates(
        np.concatenate([pairs.one, pairs.other]),
        np.concatenate([pairs.differs, pairs.differs]),
        np.concatenate([mix, mix]),
        lambda pk: (pk, opened.coders[pk].name),
    )


def _rates(
    keys: Codes, differs: Mask, mix: Floats, called: Callable[[int], tuple[int | str, str]]
) -> tuple[tuple[Rate, ...], float]:
    """The rate of each key, highest first, and their spread."""
    found, places = np.unique(keys, return_inverse=True)
    trials = np.bincount(places, minlength=len(found))
    hits = np.bincount(places, weights=differs, minlength=len(found))
    expected = np.bincount(places, weights=mix, minlength=len(found)) / np.maximum(trials, 1)
    drawn = shrink(hits, trials)
    rates = [
        _rate(called(int(key)), int(trials[n]), int(hits[n]), ends, float(expected[n]))
        for n, (key, *ends) in enumerate(
            zip(found, drawn.rates.tolist(), drawn.low.tolist(), drawn.high.tolist(), strict=True)
        )
    ]
    return tuple(sorted(rates, key=lambda rate: (-rate.shrunk, rate.label))), drawn.spread


def _rate(
    called: tuple[int | str, str], pairs: int, hits: int, ends: Sequence[float], expected: float
) -> Rate:
    shrunk, low, high = ends
    return Rate(
        *called, pairs, hits, shrunk, low, high, expected, _verdict(pairs, low, high, expected)
    )


def _verdict(pairs: int, low: float, high: float, expected: float) -> Verdict:
    if pairs < FEW_PAIRS:
        return "cannot tell"
    if low > expected:
        return "more"
    if high < expected:
        return "less"
    return "as expected" if high - low <= NARROW else "cannot tell"


def _reading(spread: dict[str, float], *lists: Sequence[Rate]) -> Iterator[str]:
    known = {name: value for name, value in spread.items() if not isnan(value)}
    if not known or max(known.values()) == 0:
        yield (
            "Coders, variables and cases differ among themselves no more than chance makes them: "
            "it cannot be told where the disagreements come from."
        )
        return
    most = max(known, key=lambda name: known[name])
    yield (
        f"The disagreements lie most with the {most}: their own rates spread by "
        f"{known[most]:.0%} around the mean"
        + "".join(f", those of {name} by {known[name]:.0%}" for name in known if name != most)
        + "."
    )
    for what, rates in zip(spread, lists, strict=True):
        more = [rate.label for rate in rates if rate.verdict == "more"][:3]
        if more:
            yield f"More often than expected: {what} {', '.join(more)}."


def _which_reading(
    rule: Rate | None,
    coders: Sequence[Rate],
    rates: tuple[float, float],
    pairs: tuple[int, int],
) -> Iterator[str]:
    if rule is None or rule.pairs < FEW_PAIRS:
        yield f"Fewer than {FEW_PAIRS} pairs of ratings: it cannot be told."
        return
    yield {
        "more": "The rule: coders differ here more often than on other variables.",
        "less": "Not the rule: coders differ here less often than on other variables.",
        "as expected": "Not the rule in particular: coders differ here as often as elsewhere.",
        "cannot tell": "Whether it is the rule cannot be told: the interval is too wide.",
    }[rule.verdict]
    more = [rate.label for rate in coders if rate.verdict == "more"]
    if len(coders) < 3:
        yield "Whether it is a coder cannot be told: two cannot tell who of them errs."
    elif more:
        yield f"A coder: {', '.join(more)} differs from the others more often."
    elif all(rate.verdict == "as expected" for rate in coders):
        yield "Not a coder: all differ equally often."
    else:
        yield "Whether it is a coder cannot be told: the intervals are too wide."
    apart, alike = rates
    if min(pairs) < FEW_PAIRS:
        yield "Whether it is the cases cannot be told: they were hardly coded otherwise."
    elif apart > 1.5 * alike:
        yield (
            f"The cases, too: where coders differ here, they differ on {apart:.0%} of the other "
            f"answers, elsewhere on {alike:.0%}."
        )
    else:
        yield (
            "Not the cases: where coders differ here, they agree on the other answers as elsewhere."
        )
