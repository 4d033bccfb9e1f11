"""A column of the data set: how an entry's values are written, labelled and split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

from coding.canonical import DATE_PARTS, EARLIEST, LATEST, bounds, members
from coding.errors import Refused
from coding.models import Entry

OPEN_ENDS = (EARLIEST, LATEST)
# Columns of every table that no entry may claim.
KEYS = ("case", "parent")


class Remembered(dict[str, str]):
    """What a text gives, worked out once: the same few texts come a million times."""

    def __init__(self, work_out: Callable[[str], str]) -> None:
        self.work_out = work_out

    def __missing__(self, text: str) -> str:
        self[text] = found = self.work_out(text)
        return found


class Column:
    """An entry of the codebook as it stands in a release."""

    def __init__(self, entry: Entry, states: Mapping[str, str]) -> None:
        self.name, self.label = entry.name, entry.label
        self.variable = entry.variable_id
        self.is_date = entry.variable.kind == "date"
        self.is_cited = bool(entry.sources) and not entry.is_computed
        self.is_set = entry.variable.kind == "set"
        of_states = entry.variable.kind == "state" or entry.variable.reference == "state"
        self.categories = states if of_states else entry.domain.categories
        self.missing = {m.code: m.label for m in entry.codebook.missing_codes.all()}
        self.dates: dict[str, tuple[str, ...]] = {}
        self.labels = Remembered(self._label)

    @cached_property
    def headings(self) -> list[str]:
        parts = [f"{self.name}_{part}" for part in DATE_PARTS] if self.is_date else []
        return [self.name, *parts]

    @cached_property
    def uncoded(self) -> tuple[str, ...]:
        return ("",) * len(self.headings)

    def fields(self, text: str) -> tuple[str, ...]:
        """A value in the wide table: itself, and a date's two ends and precision beside it."""
        if not self.is_date:
            return (text,)
        if text not in self.dates:
            self.dates[text] = (text, *self._parts(text))
        return self.dates[text]

    def _parts(self, text: str) -> tuple[str, ...]:
        """A missing date has no ends, and an open range none where it is open."""
        if text in self.missing:
            return ("", "", "")
        earliest, latest, precision = bounds(text)
        ends = ("" if end in OPEN_ENDS else end for end in (earliest, latest))
        return (*ends, precision)

    def _label(self, text: str) -> str:
        """What a code stands for; numbers, dates and words stand for themselves."""
        if text in self.missing:
            return self.missing[text]
        if self.is_set:
            return "; ".join(self.categories.get(code, code) for code in members(text))
        return self.categories.get(text, "")


def columns_of(entries: Sequence[Entry], states: Mapping[str, str]) -> list[Column]:
    """The columns of one unit. Two of the same name cannot stand in one table."""
    columns = [Column(entry, states) for entry in entries]
    headings = Counter([*KEYS, *(h for column in columns for h in column.headings)])
    if twice := sorted(name for name, times in headings.items() if times > 1):
        raise Refused(
            f"Two columns would be called {', '.join(twice)}: a date takes the names that end in "
            "_earliest, _latest and _precision. Rename the other entry in the codebook."
        )
    return columns
