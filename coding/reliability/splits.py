"""One variable's agreement in parts: by coder, codebook version, region, period; by pair."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Literal, get_args

import numpy as np

from coding.agreement import Coefficient
from coding.agreement.patterns import MISSING
from coding.models import Entry
from coding.reliability.figures import count
from coding.reliability.opened import Coder, Opened, Ratings

By = Literal["coder", "version", "region", "period"]
BY: tuple[By, ...] = get_args(By)


@dataclass(frozen=True)
class Part:
    """The agreement in one part of what was coded.

    For a coder: of the units that this coder rated, with all their ratings; `without` is alpha
    of the variable with this coder left out.
    """

    key: str
    label: str
    alpha: Coefficient
    percent: Coefficient
    without: Coefficient | None = None


@dataclass(frozen=True)
class Pair:
    """The agreement of two coders: on `alpha.n_units` of the `shared` cases that both coded."""

    one: Coder
    other: Coder
    alpha: Coefficient
    percent: Coefficient
    shared: int


def parts(opened: Opened, entry: Entry, by: By) -> list[Part]:
    """The figure of each part, in order. Codings of two versions of a case meet in neither."""
    return list(_PARTS[by](opened, entry))


def pairs(opened: Opened, entry: Entry) -> list[Pair]:
    """Each two coders that coded a case in common."""
    ratings = opened.ratings(entry)
    spoke = ratings.codes != MISSING
    column = {pk: n for n, pk in enumerate(ratings.coders.tolist())}
    found = []
    for one, other in combinations([c for c in opened.coders.values() if c.pk in column], 2):
        shared = int((spoke[:, column[one.pk]] & spoke[:, column[other.pk]]).sum())
        if shared:
            counted = count(ratings.of_coders((one.pk, other.pk)), opened.scale(entry))
            found.append(Pair(one, other, counted.alpha(), counted.percent(), shared))
    return found


def _of(opened: Opened, ratings: Ratings, key: str, label: str) -> Part:
    counted = count(ratings, opened.scale(ratings.entry))
    return Part(key, label, counted.alpha(), counted.percent())


def _by_coder(opened: Opened, entry: Entry) -> Iterator[Part]:
    ratings = opened.ratings(entry)
    scale = opened.scale(entry)
    column = {pk: n for n, pk in enumerate(ratings.coders.tolist())}
    for coder in opened.coders.values():
        if coder.pk not in column:
            continue
        own = count(ratings.of_cases(ratings.codes[:, column[coder.pk]] != MISSING), scale)
        rest = count(ratings.of_coders(pk for pk in column if pk != coder.pk), scale)
        yield Part(str(coder.pk), coder.name, own.alpha(), own.percent(), rest.alpha())


def _by_version(opened: Opened, entry: Entry) -> Iterator[Part]:
    for number in np.unique(opened.version).tolist():
        ratings = opened.ratings(entry, opened.version == number)
        if len(ratings.cases):
            yield _of(opened, ratings, str(number), f"Codebook {number}")


def _by_region(opened: Opened, entry: Entry) -> Iterator[Part]:
    yield from _by_place(opened, entry, "region")


def _by_period(opened: Opened, entry: Entry) -> Iterator[Part]:
    yield from _by_place(opened, entry, "period")


def _by_place(opened: Opened, entry: Entry, name: str) -> Iterator[Part]:
    ratings = opened.ratings(entry)
    where = np.array([getattr(opened.places[pk], name) for pk in ratings.cases.tolist()], dtype=str)
    for key in sorted(set(where.tolist()), key=lambda key: (not key, key)):
        yield _of(opened, ratings.of_cases(where == key), key, key or f"no {name} known")


_PARTS = {
    "coder": _by_coder,
    "version": _by_version,
    "region": _by_region,
    "period": _by_period,
}
