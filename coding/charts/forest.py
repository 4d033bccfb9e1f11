"""Coefficients with their intervals around zero, and columns of counts as bars. No Django."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .svg import Svg, drawing, short, tag, text

LABELS, PLOT, ROW, TOP, EDGE = 250, 330, 24, 8, 12
FIGURES = 150
TURNS = {"+": "enough", "-": "below", "0": "none"}


@dataclass(frozen=True)
class Effect:
    """A coefficient with its 95% interval; without one, the reason stands in its row."""

    label: str
    value: float = 0.0
    low: float = 0.0
    high: float = 0.0
    verdict: str = ""
    reason: str = ""


def forest(effects: Sequence[Effect], *, title: str) -> Svg:
    """A row for each effect: filled where the interval leaves out zero, a ring where not."""
    there = [e for e in effects if e.verdict]
    most = max((max(abs(e.low), abs(e.high)) for e in there), default=1.0) or 1.0
    height = TOP + ROW * len(effects) + 26
    told = "; ".join(_told(effect) for effect in effects)
    rows = [_row(effect, TOP + ROW * n + ROW / 2, most) for n, effect in enumerate(effects)]
    zero = _at(0, most)
    line = tag("line", x1=zero, x2=zero, y1=TOP, y2=height - 24, class_="is-line is-zero")
    ticks = [
        text(f"{value:g}".replace("-", "−"), _at(value, most), height - 8, "is-tick", "middle")
        for value in _ticks(most)
    ]
    return drawing(LABELS + PLOT + FIGURES, height, title, told, line, *rows, *ticks, kind="forest")


def _told(effect: Effect) -> str:
    if not effect.verdict:
        return f"{effect.label}: none. {effect.reason}"
    return f"{effect.label}: {effect.value:.2f}, {effect.low:.2f} to {effect.high:.2f}"


def _at(value: float, most: float) -> float:
    half = PLOT / 2 - EDGE
    return LABELS + PLOT / 2 + value / most * half


def _ticks(most: float) -> list[float]:
    step = next(s for s in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 1e9) if most / s < 4)
    count = int(most / step)
    return [step * n for n in range(-count, count + 1)]


def _row(effect: Effect, middle: float, most: float) -> Svg:
    name = text(short(effect.label, LABELS - 14), 0, middle + 4)
    if not effect.verdict:
        room = PLOT + FIGURES
        return tag("g", name, text(short(effect.reason, room), LABELS, middle + 4, "is-quiet"))
    left, right = _at(effect.low, most), _at(effect.high, most)
    bar = tag("line", x1=left, x2=right, y1=middle, y2=middle, class_="is-whisker")
    mark = tag(
        "circle",
        cx=_at(effect.value, most),
        cy=middle,
        r=5,
        class_=f"is-mark is-effect is-{TURNS[effect.verdict]}",
    )
    figure = f"{effect.value:.2f} [{effect.low:.2f}, {effect.high:.2f}]".replace("-", "−")
    return tag("g", name, bar, mark, text(figure, LABELS + PLOT + 8, middle + 4, "is-tick"))


def bars(rows: Sequence[tuple[str, float, str]], *, title: str) -> Svg:
    """(label, number, words): a bar from zero for each, its words at the end."""
    most = max((number for _, number, _ in rows), default=1.0) or 1.0
    height = TOP + ROW * len(rows) + 4
    told = "; ".join(f"{label}: {words}" for label, _, words in rows)
    drawn = [_bar(row, TOP + ROW * n + ROW / 2, most) for n, row in enumerate(rows)]
    return drawing(LABELS + PLOT + FIGURES, height, title, told, *drawn, kind="bars")


def _bar(row: tuple[str, float, str], middle: float, most: float) -> Svg:
    label, number, words = row
    length = number / most * PLOT
    shape = tag(
        "rect", x=LABELS, y=middle - 7, width=max(length, 0.5), height=14, rx=2, class_="is-share"
    )
    name = text(short(label, LABELS - 14), 0, middle + 4)
    return tag("g", name, shape, text(words, LABELS + length + 8, middle + 4, "is-tick"))


TILE, ACROSS = 46, 16


@dataclass(frozen=True)
class Tile:
    """A state on the map of tiles: how often, and of how many."""

    name: str
    abbreviation: str
    region: str
    count: int


def tiles(states: Sequence[Tile], *, title: str, most: int) -> Svg:
    """A map by region: a square for each state, the darker the more often it joined.

    Squares of one size show small states as well as large ones.
    """
    regions = sorted({state.region for state in states})
    drawn: list[Svg] = []
    y = 0.0
    for region in regions:
        there = [state for state in states if state.region == region]
        drawn.append(text(region or "Elsewhere", 0, y + 14))
        y += 22
        for place, state in enumerate(there):
            row, column = divmod(place, ACROSS)
            drawn.append(_tile(state, column * TILE, y + row * TILE, most))
        y += ((len(there) - 1) // ACROSS + 1) * TILE + 10
    told = "; ".join(f"{state.name}: {state.count}" for state in states)
    return drawing(ACROSS * TILE, y, title, told, *drawn, kind="tiles")


def _tile(state: Tile, x: float, y: float, most: int) -> Svg:
    shade = 0 if not state.count else 1 + round(5 * state.count / max(most, 1))
    square = tag(
        "rect",
        x=x + 1,
        y=y + 1,
        width=TILE - 2,
        height=TILE - 2,
        rx=2,
        class_=f"is-square is-came is-shade-{min(shade, 6)}",
    )
    middle = x + TILE / 2
    return tag(
        "g",
        tag("title", f"{state.name}: {state.count}"),
        square,
        text(state.abbreviation, middle, y + 21, "is-tick", "middle"),
        text(str(state.count), middle, y + 37, "", "middle"),
    )
