"""Dates and ranges as bars on one axis, so that two answers can be seen beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from .svg import Svg, drawing, tag, text

WIDTH, ROW, LEFT, RIGHT, FOOT = 560, 22, 28, 14, 34
LEAST = 6.0  # pixels of a bar, so that a day can be seen


@dataclass(frozen=True)
class Span:
    """What one answer means, from its first to its last day; None where an end is open."""

    letter: str
    first: date | None
    last: date | None
    words: str
    precision: str = "day"


@dataclass(frozen=True)
class Tick:
    """A day that is known of the case before anybody coded it."""

    day: date
    words: str


def spans(rows: Sequence[Span], ticks: Sequence[Tick], name: str) -> Svg:
    """Each row a bar with its letter, known days as lines across all of them.

    The axis reaches as far as the answers: a known day beyond them would press them together.
    """
    scale = _Scale(rows)
    ticks = [tick for tick in ticks if scale.holds(tick.day)]
    height = len(rows) * ROW + FOOT
    said = [f"{row.letter}: {row.words} ({row.precision})" for row in rows]
    said += [f"{tick.words}: {tick.day:%Y-%m-%d}" for tick in ticks]
    known = [_known(tick, scale, height) for tick in ticks]
    bars = [_bar(row, number, scale) for number, row in enumerate(rows)]
    return drawing(
        WIDTH, height, name, "; ".join(said), *known, _axis(scale, height), *bars, kind="spans"
    )


class _Scale:
    """Days to pixels, from the first day that an answer names to the last."""

    def __init__(self, rows: Sequence[Span]) -> None:
        days = [day for row in rows for day in (row.first, row.last) if day]
        self.first, self.last = min(days), max(days)

    def holds(self, day: date) -> bool:
        return self.first <= day <= self.last

    def at(self, day: date | None, otherwise: float) -> float:
        if day is None:
            return otherwise
        length = max((self.last - self.first).days, 1)
        return LEFT + 8 + (day - self.first).days / length * (WIDTH - LEFT - RIGHT - 24)


def _bar(row: Span, number: int, scale: _Scale) -> Svg:
    top, middle = number * ROW, number * ROW + ROW / 2
    left, right = scale.at(row.first, LEFT), scale.at(row.last, WIDTH - RIGHT)
    is_open = " is-open" if row.first is None or row.last is None else ""
    return tag(
        "g",
        text(row.letter, 2, middle + 4, "is-quiet"),
        tag(
            "rect",
            x=left,
            y=top + 5,
            width=max(right - left, LEAST),
            height=ROW - 10,
            rx=3,
            class_=f"is-span{is_open}",
        ),
    )


def _known(tick: Tick, scale: _Scale, height: float) -> Svg:
    x = scale.at(tick.day, LEFT)
    line = tag("line", x1=x, x2=x, y1=0, y2=height - FOOT, class_="is-expected")
    return tag("g", tag("title", f"{tick.words}: {tick.day:%Y-%m-%d}"), line)


def _axis(scale: _Scale, height: float) -> Svg:
    base = height - FOOT + 4
    line = tag("line", x1=LEFT, x2=WIDTH - RIGHT, y1=base, y2=base, class_="is-line")
    first, last = f"{scale.first:%Y-%m-%d}", f"{scale.last:%Y-%m-%d}"
    ends = [text(first, LEFT + 8, base + 16, "is-tick")]
    if scale.last != scale.first:
        right = scale.at(scale.last, WIDTH)
        ends.append(text(last, right + LEAST, base + 16, "is-tick", "end"))
    return tag("g", line, *ends)
