"""Others' data, asked of a state on a day: the value, whose it is, and the row it stands in."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property, lru_cache
from typing import NamedTuple

from coding import codebooks
from coding.models import Series

Spells = Mapping[str, Sequence[tuple[str, str]]]  # first and last day of each, by code


class Row(NamedTuple):
    """What a series says: one row, several added up, or what it means that there is none."""

    text: str
    is_missing: bool
    words: str


class Found(NamedTuple):
    """A row that a rule read, and whose it is."""

    series: str
    row: Row

    @property
    def words(self) -> str:
        return f"{self.series}: {self.row.words}"


class Lookup:
    """One series, ready to be asked of many states on many days."""

    def __init__(self, series: Series) -> None:
        self.name, self.pair = series.name, series.pair
        self.whose = f"{series.title}, {series.version} ({series.source})"
        self.years_before, self.absent = series.years_before, series.absent
        self.missing = frozenset(series.missing)
        self.same: dict[str, list[str]] = {code: group for group in series.same for code in group}
        self.covered = (series.report.get("first", ""), series.report.get("last", ""))
        self.lines: dict[tuple[str, str], list[tuple[str, str, str]]] = {}
        for state, other, first, last, value in series.lines:
            self.lines.setdefault((state, other), []).append((first, last, value))
        for spans in self.lines.values():
            spans.sort()

    def at(self, state: str, other: str, day: str) -> Row | None:
        """What it says of a state, or of a pair, on a day; None where nothing is known."""
        if not self.covered[0] <= day <= self.covered[1]:
            return None
        return self._added(state, other, day) if self.years_before else self._row(state, other, day)

    def _row(self, state: str, other: str, day: str) -> Row | None:
        spans = self.lines.get((state, other), [])
        place = bisect_right(spans, (day, "~", "~")) - 1
        pair = f"{state} with {other}" if other else state
        if place >= 0 and spans[place][0] <= day <= spans[place][1]:
            first, last, text = spans[place]
            return Row(text, text in self.missing, f"{pair}, {_between(first, last)}: {text}")
        if not self.absent:
            return None
        words = f"{pair}, no row for {day}: {self.absent}"
        return Row(self.absent, self.absent in self.missing, words)

    def _added(self, state: str, other: str, day: str) -> Row | None:
        """The years before that of the day, added up, where all of them are covered."""
        year = int(day[:4])
        days = [f"{y:04}-12-31" for y in range(year - self.years_before, year)]
        if days[0] < self.covered[0]:
            return None
        rows = [self._row(state, other, each) for each in days]
        found = [row for row in rows if row is not None]
        if len(found) < len(rows):
            return None
        if missing := next((row for row in found if row.is_missing), None):
            return missing
        total = f"{sum(float(row.text) for row in found):g}"
        pair = f"{state} with {other}" if other else state
        return Row(total, False, f"{pair}, {days[0][:4]} to {days[-1][:4]} added up: {total}")

    def code_on(self, state: str, day: str, spells: Spells) -> str | None:
        """The code that the state had on the day; None where it was in no spell of the system."""
        for code in [state, *sorted(set(self.same.get(state, ())) - {state})]:
            if any(first <= day <= last for first, last in spells.get(code, ())):
                return code
        return None


def _between(first: str, last: str) -> str:
    if (first[5:], last[5:]) == ("01-01", "12-31") and first[:4] == last[:4]:
        return first[:4]
    return f"{first} to {last}" if last < "9999" else f"since {first}"


@lru_cache(maxsize=32)
def _lookup(pk: int, imported_at: datetime) -> Lookup:
    """Read once per process: a row of this table never changes."""
    return Lookup(Series.objects.get(pk=pk, imported_at=imported_at))


class Reference:
    """The series of a project as derive rules ask them; remembers the rows that they read."""

    def __init__(self, project: int) -> None:
        self.project = project
        self.read: list[Found] = []
        self.unplaced: set[tuple[str, str]] = set()

    @cached_property
    def _known(self) -> dict[str, tuple[int, datetime]]:
        rows = Series.objects.filter(project=self.project)
        return {name: key for name, *key in rows.values_list("name", "pk", "imported_at")}  # type: ignore[misc]

    @cached_property
    def _spells(self) -> Spells:
        return {str(code): spells for code, spells in codebooks.spells_of(self.project).items()}

    def __call__(self, name: str, state: object, *rest: object) -> int | float:
        """The value at the first day that a date can mean. LookupError where it is not known."""
        lookup = _lookup(*self._known[name])
        *others, date = rest
        day = date["earliest"]  # type: ignore[index]
        codes = [lookup.code_on(str(code), day, self._spells) for code in (state, *others)]
        self.unplaced |= {
            (str(code), day)
            for code, there in zip((state, *others), codes, strict=True)
            if there is None
        }
        if None in codes or len(others) != bool(lookup.pair):
            raise LookupError(name)
        row = lookup.at(str(codes[0]), str(codes[1]) if others else "", day)
        if row is None:
            raise LookupError(name)
        self.read.append(Found(lookup.whose, row))
        if row.is_missing:
            raise LookupError(name)
        return _number(row.text)


def _number(text: str) -> int | float:
    number = float(text)
    return int(number) if number.is_integer() and abs(number) < 2**53 else number
