"""What reference series say of a state at the start of a case: columns of the risk set."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

from curation.models import Series

Pair = tuple[str, str]


class Covariate:
    """One series, ready to be asked of many states on many days."""

    def __init__(self, series: Series) -> None:
        self.name, self.pair = series.name, series.pair
        self.years_before, self.absent = series.years_before, series.absent
        self.covered = (series.report.get("first", ""), series.report.get("last", ""))
        self.lines: dict[Pair, list[tuple[str, str, str]]] = {}
        for state, other, first, last, value in series.lines:
            self.lines.setdefault((state, other), []).append((first, last, value))
        for spans in self.lines.values():
            spans.sort()

    def of(self, state: str, start: str, target: str, leads: Iterable[str]) -> str:
        """The value at the first day of a start, or "" where nothing is known.

        Of a pair with several leading states, the largest.
        """
        if self.pair == "target":
            others: Sequence[str] = [target] if target else []
        else:
            others = sorted(leads) if self.pair == "leads" else [""]
        found = [text for other in others if (text := self._one(state, other, start)) != ""]
        return max(found, key=float, default="")

    def _one(self, state: str, other: str, day: str) -> str:
        if not self.covered[0] <= day <= self.covered[1]:
            return ""
        if not self.years_before:
            return self._at(state, other, day) or self.absent
        year = int(day[:4])
        days = [f"{y:04}-12-31" for y in range(year - self.years_before, year)]
        if days[0] < self.covered[0]:
            return ""
        texts = [self._at(state, other, each) or self.absent for each in days]
        return "" if "" in texts else f"{sum(map(float, texts)):g}"

    def _at(self, state: str, other: str, day: str) -> str:
        spans = self.lines.get((state, other), [])
        place = bisect_right(spans, (day, "~", "~")) - 1
        if place >= 0 and spans[place][0] <= day <= spans[place][1]:
            return spans[place][2]
        return ""
