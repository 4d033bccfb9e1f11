"""Agreement over time as a control chart: does it drift, or is it only chance?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan

from .squares import Chart
from .svg import Svg, drawing, join, link, short, tag, text, width

WIDTH, HEIGHT = 680, 230
LEFT, RIGHT, TOP, BOTTOM = 48, 16, 34, 30


@dataclass(frozen=True)
class Point:
    """A stretch of time: of its ``units``, ``agreed`` were agreed on at once.

    low, high  the limits of that share; nan where there are too few units to have any.
    begins     the codebook under which nothing was coded before.
    """

    label: str
    agreed: float
    units: int
    low: float
    high: float
    begins: str = ""
    href: str = ""

    @property
    def share(self) -> float:
        return self.agreed / self.units

    @property
    def reading(self) -> str:
        if isnan(self.low):
            return "too few to tell"
        return "within" if self.low - 1e-9 <= self.share <= self.high + 1e-9 else "outside"


def control_chart(points: Sequence[Point], *, mean: float, title: str) -> Chart:
    """Shares over time, with limits that widen where units are few and codebooks marked.

    A point outside the limits is a diamond with its figure beside it.
    """
    outside = [p.label for p in points if p.reading == "outside"]
    told = f"Outside the limits: {', '.join(outside)}." if outside else "None outside the limits."
    places = [_x(n, len(points)) for n in range(len(points))]
    svg = drawing(
        WIDTH,
        HEIGHT,
        title,
        told,
        _scale(),
        _band(points, mean),
        *(_begin(n, points) for n, point in enumerate(points) if point.begins),
        _path(points, places),
        *(_mark(p, x) for p, x in zip(points, places, strict=True)),
        *_dates(points, places),
        kind="control",
    )
    return Chart(svg, HEAD, tuple(_row(p) for p in points))


HEAD = ("Period", "Units", "Agreed", "Share", "Limits", "Reading", "Codebook begins")


def _row(point: Point) -> tuple[str, ...]:
    return (
        point.label,
        str(point.units),
        f"{point.agreed:g}",
        f"{point.share:.0%}",
        "" if isnan(point.low) else f"{point.low:.0%} to {point.high:.0%}",
        point.reading,
        point.begins,
    )


def _x(place: int, of: int) -> float:
    return LEFT + (place + 0.5) * (WIDTH - LEFT - RIGHT) / max(of, 1)


def _y(share: float) -> float:
    return TOP + (1 - share) * (HEIGHT - TOP - BOTTOM)


def _scale() -> Svg:
    drawn = []
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = _y(share)
        drawn.append(tag("line", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y, class_="is-line is-zero"))
        drawn.append(text(f"{share:.0%}", LEFT - 8, y + 4, "is-tick", "end"))
    return tag("g", *drawn)


def _band(points: Sequence[Point], mean: float) -> Svg:
    """The limits as a band in steps, with the mean through it."""
    half = (WIDTH - LEFT - RIGHT) / max(len(points), 1) / 2
    areas = [
        tag(
            "rect",
            x=_x(n, len(points)) - half,
            y=_y(point.high),
            width=2 * half,
            height=_y(point.low) - _y(point.high),
            class_="is-limits",
        )
        for n, point in enumerate(points)
        if not isnan(point.low)
    ]
    if isnan(mean):
        return tag("g", *areas)
    y = _y(mean)
    line = tag("line", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y, class_="is-mean")
    return tag("g", *areas, line)


def _begin(place: int, points: Sequence[Point]) -> Svg:
    """A codebook begins: a line with its name, on the side where there is room."""
    words, half = points[place].begins, (WIDTH - LEFT - RIGHT) / len(points) / 2
    x = _x(place, len(points)) - half
    later = [n for n, p in enumerate(points) if p.begins and n > place]
    end = _x(later[0], len(points)) - half if later else WIDTH
    said = short(words, max(end - x - 12, 30))
    fits = x + 4 + width(said) <= WIDTH
    line = tag("line", x1=x, x2=x, y1=TOP - 14, y2=HEIGHT - BOTTOM, class_="is-begins")
    name = text(said, x + 4 if fits else x - 4, TOP - 18, "", None if fits else "end")
    return tag("g", tag("title", f"{words} begins"), line, name)


def _path(points: Sequence[Point], places: Sequence[float]) -> Svg:
    if len(points) < 2:
        return Svg("")
    joined = " ".join(f"{x:.2f},{_y(p.share):.2f}" for p, x in zip(points, places, strict=True))
    return tag("polyline", points=joined, class_="is-path")


def _mark(point: Point, x: float) -> Svg:
    y = _y(point.share)
    name = f"{point.label}: {point.share:.0%} of {point.units} units agreed on"
    if point.reading != "outside":
        drawn: Svg = tag("circle", cx=x, cy=y, r=5, class_="is-mark is-within")
    else:
        name += ", outside the limits"
        diamond = f"{x:.2f},{y - 7:.2f} {x + 7:.2f},{y:.2f} {x:.2f},{y + 7:.2f} {x - 7:.2f},{y:.2f}"
        said = text(f"{point.share:.0%}", x, y - 11 if y > TOP + 14 else y + 20, "", "middle")
        drawn = join(tag("polygon", points=diamond, class_="is-mark is-outside"), said)
    reach = tag("circle", cx=x, cy=y, r=12, class_="is-reach")
    return link(point.href, name, reach, drawn)


def _dates(points: Sequence[Point], places: Sequence[float]) -> list[Svg]:
    """As many labels as stand beside each other without touching."""
    widest = max((width(p.label) for p in points), default=0) + 12
    room = (WIDTH - LEFT - RIGHT) / max(len(points), 1)
    every = max(1, -int(-widest // room))
    return [
        text(p.label, min(max(x, widest / 2), WIDTH - widest / 2), HEIGHT - 8, "is-tick", "middle")
        for n, (p, x) in enumerate(zip(points, places, strict=True))
        if n % every == 0
    ]
