"""Rows below a case: did both coders list it, and given that both did, did they code it the same?

Identification and classification are two questions (Krippendorff 2019, chapter 12, on unitizing).
A partner is listed by naming its state on the roster. A numbered row (an objective) has no key
that two coders share: there, rows of a case are paired so that most of their codes are alike.
What an adjudicator matched later (`work.align`) is not asked: a ruling moves no figure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np

from coding import canonical
from coding.agreement import (
    Coefficient,
    gwet_ac,
    krippendorff_alpha,
    percent_agreement,
    specific_agreement,
)
from coding.agreement.coefficient import undefined
from coding.agreement.patterns import MISSING, Codes
from coding.models import Entry, Unit
from coding.reliability.figures import Figure, count, figure
from coding.reliability.opened import Opened, Place, Ratings

MOST_ROWS = 12  # of one coder in one case; more are not paired


@dataclass(frozen=True)
class OfMember:
    """One state (or code) over all cases that two coders coded: listed or not.

    listed    by how many ratings; `both`, `one`: cases in which all, and some but not all, did.
    specific  if one coder lists it, how likely another one does.
    """

    code: str
    label: str
    listed: int
    both: int
    one: tuple[Place, ...]
    alpha: Coefficient
    ac1: Coefficient
    percent: Coefficient
    specific: Coefficient


@dataclass(frozen=True)
class Identification:
    """Of the rows that at least one coder of a case listed: how many did all of them list?

    specific  if one coder lists a row, how likely another one does: 2a / (2a + b + c). What
              nobody listed is no unit, so that no coefficient corrected for chance applies.
    counts    interval alpha of how many rows each coder listed.
    """

    cases: int
    rows: int
    by_all: int
    specific: Coefficient
    counts: Coefficient

    @property
    def share(self) -> float:
        return self.by_all / self.rows if self.rows else float("nan")


@dataclass(frozen=True)
class Roster:
    """A set-valued variable: as sets, member by member, and the rows that it lists.

    masi, jaccard   alpha between the sets that the coders named.
    identical       the share of pairs that named the very same set.
    classification  the variables of the rows, given that two coders coded the row.
    """

    entry: Entry
    masi: Coefficient
    jaccard: Coefficient
    identical: Coefficient
    identification: Identification
    members: tuple[OfMember, ...]
    classification: tuple[Figure, ...]


@dataclass(frozen=True)
class Numbered:
    """Rows without a key. `paired` figures are an upper bound: rows were paired by these codes."""

    unit: Unit
    identification: Identification
    paired: tuple[Figure, ...]


def sets(opened: Opened) -> list[Entry]:
    """The variables whose answers are sets."""
    return [e for e in opened.entries if e.domain.kind == "set" and e.variable_id in opened.said]


def roster(opened: Opened, entry: Entry) -> Roster:
    """A set-valued variable. A coder who gave a missing code named no set: left out here."""
    ratings = opened.ratings(entry)
    counted = count(ratings, opened.scale(entry, "exclude"))
    named = _Named(opened, entry, ratings)
    unit = entry.variable.roster_of_id
    below = [e for e in opened.entries if unit and e.variable.unit_id == unit]
    return Roster(
        entry=entry,
        masi=counted.alpha(),
        jaccard=counted.alpha("jaccard"),
        identical=counted.percent(),
        identification=named.identification(),
        members=tuple(named.members()),
        classification=tuple(figure(opened, e) for e in below if e.variable_id in opened.said),
    )


def numbered(opened: Opened, unit: Unit) -> Numbered:
    """The rows of a unit without a natural key, paired within each case."""
    pairing = _Pairing(opened, unit)
    return Numbered(unit, pairing.identification(), tuple(pairing.figures()))


def _identified(
    listed: Sequence[Sequence[object]], counts: Sequence[Sequence[object]]
) -> Identification:
    """`listed`: row x coder, 1 or 0; `counts`: case x coder, how many rows."""
    matrix = np.array([[np.nan if v is None else v for v in row] for row in listed], dtype=float)
    by_all = int((np.nan_to_num(matrix, nan=1) == 1).all(axis=1).sum()) if len(matrix) else 0
    specific = specific_agreement(listed, categories=(0, 1))[1] if listed else _none(0)
    number = krippendorff_alpha(counts, "interval") if counts else _none(0)
    return Identification(len(counts), len(listed), by_all, specific, number)


def _none(units: int) -> Coefficient:
    return undefined("No case was coded by two coders.", n_units=units, n_ratings=2 * units)


# ------------------------------------------------------------------ rosters


class _Named:
    """Who named which member of a set in which case."""

    def __init__(self, opened: Opened, entry: Entry, ratings: Ratings) -> None:
        self.opened, self.entry = opened, entry
        self.sets = [_members(text, entry) for text in ratings.texts]
        named = np.array([found is not None for found in self.sets] + [False])
        codes = np.where(named[ratings.codes], ratings.codes, MISSING)
        enough = (codes != MISSING).sum(axis=1) >= 2
        self.cases, self.codes = ratings.cases[enough], codes[enough]

    @cached_property
    def codings(self) -> list[list[frozenset[str] | None]]:
        """case x coder: the set that was named, None where nothing was said."""
        return [
            [None if c == MISSING else self.sets[c] for c in row] for row in self.codes.tolist()
        ]

    def identification(self) -> Identification:
        counts = [[None if s is None else len(s) for s in row] for row in self.codings]
        listed = [
            [None if s is None else int(member in s) for s in row]
            for row in self.codings
            for member in sorted(_union(row))
        ]
        return _identified(listed, counts)

    def members(self) -> Iterable[OfMember]:
        """Every member that somebody named, most named first."""
        named = defaultdict[str, int](int)
        for row in self.codings:
            for found in row:
                for member in found or ():
                    named[member] += 1
        for member in sorted(named, key=lambda m: (-named[m], m)):
            yield self._member(member, named[member])

    def _member(self, member: str, times: int) -> OfMember:
        said = [[None if s is None else int(member in s) for s in row] for row in self.codings]
        kinds = [set(row) - {None} for row in said]
        apart = [pk for pk, kind in zip(self.cases.tolist(), kinds, strict=True) if len(kind) > 1]
        return OfMember(
            code=member,
            label=canonical.show(member, self.entry.domain, self.opened.states),
            listed=times,
            both=sum(kind == {1} for kind in kinds),
            one=tuple(self.opened.places[pk] for pk in apart),
            alpha=krippendorff_alpha(said),
            ac1=gwet_ac(said, categories=(0, 1)),
            percent=percent_agreement(said),
            specific=specific_agreement(said, categories=(0, 1))[1],
        )


def _members(text: str, entry: Entry) -> frozenset[str] | None:
    return None if entry.domain.is_missing(text) else frozenset(canonical.members(text))


def _union(sets: Iterable[frozenset[str] | None]) -> set[str]:
    return {member for found in sets for member in found or ()}


# ------------------------------------------------------------------ rows without a key


class _Pairing:
    """Rows of the same case that two coders added, paired so that most codes are alike."""

    def __init__(self, opened: Opened, unit: Unit) -> None:
        self.opened, self.unit = opened, unit
        self.entries = [
            e
            for e in opened.entries
            if e.variable.unit_id == unit.pk and e.variable_id in opened.said
        ]

    @cached_property
    def codings(self) -> list[tuple[Place, int]]:
        """Case and coder of every coding of those asked for."""
        columns = (self.opened.case, self.opened.coder, self.opened.of_who)
        rows = zip(*(column.tolist() for column in columns), strict=True)
        return [(self.opened.places[case], coder) for case, coder, who in rows if who]

    @cached_property
    def answers(self) -> dict[int, dict[int, int]]:
        """By row, then by variable: what its coder said."""
        found: dict[int, dict[int, int]] = defaultdict(dict)
        for entry in self.entries:
            ratings = self.opened.ratings(entry)
            for row, codes in zip(ratings.cases.tolist(), ratings.codes.tolist(), strict=True):
                for code in set(codes) - {MISSING}:  # one: a row is its coder's own
                    found[row][entry.variable_id] = code
        return found

    @cached_property
    def by_case(self) -> dict[int, dict[int, list[int]]]:
        """Case above -> coder -> the rows of that coder; coders without any row as well."""
        found: dict[int, dict[int, list[int]]] = defaultdict(dict)
        rows = [(place, coder) for place, coder in self.codings if place.unit == self.unit.pk]
        above = {place.parent for place, _ in rows}
        for place, coder in self.codings:
            if place.pk in above:
                found[place.pk].setdefault(coder, [])
        for place, coder in sorted(set(rows), key=lambda row: row[0].pk):
            found[place.parent or place.pk].setdefault(coder, []).append(place.pk)
        return {case: coders for case, coders in sorted(found.items()) if len(coders) > 1}

    @cached_property
    def groups(self) -> list[list[int | None]]:
        """For each two coders of a case: the pairs of rows, None where one has no partner."""
        found: list[list[int | None]] = []
        for coders in self.by_case.values():
            for one, other in combinations(sorted(coders), 2):
                found += self._pair(coders[one], coders[other])
        return found

    def _pair(self, one: list[int], other: list[int]) -> list[list[int | None]]:
        if max(len(one), len(other)) > MOST_ROWS:
            return []
        alike = [[self._alike(a, b) for b in other] for a in one]
        chosen = _assign(alike, len(other))
        left: list[list[int | None]] = [
            [row, None if place is None else other[place]]
            for row, place in zip(one, chosen, strict=True)
        ]
        rest = [row for place, row in enumerate(other) if place not in chosen]
        return left + [[None, row] for row in rest]

    def _alike(self, one: int, other: int) -> float:
        """The share of variables both answered in which the answers are the same."""
        a, b = self.answers[one], self.answers[other]
        common = a.keys() & b.keys()
        return sum(a[v] == b[v] for v in common) / len(common) if common else 0.0

    def identification(self) -> Identification:
        listed = [[int(row is not None) for row in pair] for pair in self.groups]
        counts = [
            [len(coders[one]), len(coders[other])]
            for coders in self.by_case.values()
            for one, other in combinations(sorted(coders), 2)
        ]
        return _identified(listed, counts)

    def figures(self) -> Iterable[Figure]:
        """Of each variable, over the pairs."""
        both = [pair for pair in self.groups if None not in pair]
        for entry in self.entries:
            said = self.opened.said[entry.variable_id]
            rows = [[self.answers[r or 0].get(entry.variable_id, MISSING) for r in p] for p in both]
            codes: Codes = np.array(rows, dtype=np.intp).reshape(-1, 2)
            cases = np.array([pair[0] for pair in both], dtype=np.intp)
            ratings = Ratings(entry, cases, np.arange(2), codes, said.texts)
            yield figure(self.opened, entry, ratings)


def _assign(alike: list[list[float]], width: int) -> list[int | None]:
    """One column for each row, none twice, so that the sum is largest; None where nothing fits.

    Over the sets of columns taken: 2^width x rows, which is little for the rows of one case.
    """
    best: dict[int, tuple[float, tuple[int | None, ...]]] = {0: (0.0, ())}
    for row in alike:
        after: dict[int, tuple[float, tuple[int | None, ...]]] = {}
        for taken, (total, chosen) in best.items():
            free = [c for c in range(width) if not taken & 1 << c and row[c] > 0]
            for column in (*free, None):
                now = taken if column is None else taken | 1 << column
                sum_ = total + (0.0 if column is None else row[column])
                if now not in after or sum_ > after[now][0]:
                    after[now] = (sum_, (*chosen, column))
        best = after
    return list(max(best.values(), key=lambda found: found[0])[1]) if best else []
