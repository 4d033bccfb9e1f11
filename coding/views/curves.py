"""How wide intervals get with more and more double-coded cases: where each line and label lies."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan

from coding.agreement.planning import Outlook
from coding.planning import Line, Plan

WIDTH, HEIGHT = 640, 260
LEFT, RIGHT, TOP, BOTTOM = 44, 14, 14, 38
KINDS = ("is-widest", "is-middle", "is-narrowest")
WIDEST = 1.5  # what is wider is drawn at the edge
NICE = (1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000, 2000, 5000, 10_000, 20_000)


@dataclass(frozen=True)
class Tick:
    """A line of the grid with its label."""

    at: float
    label: str


@dataclass(frozen=True)
class Curve:
    """One variable: a line through its points, and the points for the table."""

    kind: str
    line: Line
    points: str
    outlooks: list[Outlook]


@dataclass(frozen=True)
class Chart:
    """A drawing of `Plan.curves`, with what it says in words."""

    curves: list[Curve]
    across: list[Tick]
    up: list[Tick]
    target: float
    chosen: float
    words: str
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM

    @property
    def rows(self) -> list[tuple[int, list[float]]]:
        """The same as a table: cases, and each curve's width."""
        counts = [found.units for found in self.curves[0].outlooks] if self.curves else []
        return [(n, [c.outlooks[row].width for c in self.curves]) for row, n in enumerate(counts)]


def chart(plan: Plan) -> Chart:
    """The widest, the middle and the narrowest variable against the number of cases."""
    drawn = plan.curves()
    widths = [o.width for _, found in drawn for o in found if not isnan(o.width)]
    highest = min(WIDEST, max([*widths, plan.asked.width])) * 1.05

    def x(cases: float) -> float:
        return round(LEFT + cases / plan.asked.cases * (WIDTH - LEFT - RIGHT), 1)

    def y(width: float) -> float:
        return round(TOP + (1 - min(width, highest) / highest) * (HEIGHT - TOP - BOTTOM), 1)

    curves = [
        Curve(
            kind,
            line,
            " ".join(f"{x(o.units)},{y(o.width)}" for o in found if not isnan(o.width)),
            found,
        )
        for kind, (line, found) in zip(KINDS, drawn, strict=False)
    ]
    return Chart(
        curves,
        [Tick(x(n), f"{n:,}") for n in _ticks(plan.asked.cases, 8)],
        [Tick(y(n / 10), f"{n / 10:.1f}") for n in range(0, int(highest * 10) + 1, 2)],
        y(plan.asked.width),
        x(plan.double),
        _words(plan, curves),
    )


def _ticks(largest: int, most: int) -> range:
    step = next((n for n in NICE if largest / n <= most), NICE[-1])
    return range(0, largest + 1, step)


def _words(plan: Plan, curves: list[Curve]) -> str:
    said = [
        f"{c.line.entry.label} from {c.outlooks[0].width:.2f} to {c.outlooks[-1].width:.2f}"
        for c in curves
    ]
    ends = f"from {curves[0].outlooks[0].units} to {plan.asked.cases} cases" if curves else ""
    return f"Expected width of the interval {ends}: {'; '.join(said)}."
