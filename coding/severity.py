"""How much a dispute matters: how far its answers lie apart, times the weight of its variable.

Nothing in this module knows the database.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import combinations

from coding.canonical import Domain, distance, members, same

BANDS = {"high": "high", "middle": "middle", "low": "low"}
YEAR = Decimal("365.25")  # days


def apart(texts: Sequence[str], domain: Domain, measure: str) -> float:
    """How far the two most distant of these answers lie apart, from 0 to 1."""
    pairs = combinations(dict.fromkeys(texts), 2)
    return max((between(a, b, domain, measure) for a, b in pairs), default=0.0)


def between(a: str, b: str, domain: Domain, measure: str) -> float:
    """The distance of two answers by the variable's level of measurement, from 0 to 1.

    0 if and only if they agree, within the tolerance if there is one. An answer lies 1 from a
    missing code, and one missing code 1 from another. Otherwise:

    sets: 1 - |A and B| / |A or B| (Jaccard 1912);
    ordinal: the steps between two of k ranks / (k - 1);
    numbers with a minimum and a maximum: |a - b| / (maximum - minimum);
    other numbers: |a - b| / (|a| + |b|), as Canberra's (Lance and Williams 1967);
    dates: days / (days + 365.25) at their further ends, so that a year is one half;
    all others: 1, as nominal.
    """
    if same(a, b, domain):
        return 0.0
    if domain.is_missing(a) or domain.is_missing(b):
        return 1.0
    if domain.kind == "set":
        return _rounded(_jaccard(set(members(a)), set(members(b))))
    if domain.kind == "date":
        days = distance(a, b, domain)
        return _rounded(days / (days + YEAR))
    if domain.kind in ("integer", "decimal") and measure != "nominal":
        return _rounded(_of_numbers(Decimal(a), Decimal(b), domain))
    if measure == "ordinal" and {a, b} <= set(domain.categories):
        ranks = list(domain.categories)
        steps = abs(ranks.index(a) - ranks.index(b))
        return _rounded(Decimal(steps) / (len(ranks) - 1))
    return 1.0


def _jaccard(one: set[str], other: set[str]) -> Decimal:
    return 1 - Decimal(len(one & other)) / len(one | other)


def _of_numbers(a: Decimal, b: Decimal, domain: Domain) -> Decimal:
    if domain.minimum is None or domain.maximum is None or domain.minimum == domain.maximum:
        return abs(a - b) / (abs(a) + abs(b))
    return min(abs(a - b) / (domain.maximum - domain.minimum), Decimal(1))


def _rounded(found: Decimal) -> float:
    """To three places, so that every database sorts alike; what differs is never 0."""
    return float(max(round(found, 3), Decimal("0.001")))


def limits(heaviest: int) -> dict[str, tuple[float, float]]:
    """From which severity to which a band reaches: thirds of the most that there can be.

    `heaviest` is the largest weight of the codebook. The upper end belongs to the next band.
    """
    third = max(heaviest, 1) / 3
    return {"high": (2 * third, 10.0), "middle": (third, 2 * third), "low": (0.0, third)}


def band(severity: float, heaviest: int) -> str:
    """The band that a severity falls into."""
    return next(name for name, (least, _) in limits(heaviest).items() if severity >= least)
