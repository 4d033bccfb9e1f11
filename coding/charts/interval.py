"""A figure of agreement as a dot with its interval, against the lines that people quote."""

from __future__ import annotations

from math import isnan

from .svg import Svg, drawing, tag, text

ENOUGH, TENTATIVE = 0.8, 0.667
WIDTH, HEIGHT, EDGE = 260, 30, 14
TICKS = ((0.0, "0"), (TENTATIVE, ".667"), (ENOUGH, ".8"), (1.0, "1"))


def band(value: float) -> str:
    """enough, tentative or below: Krippendorff (2019, chapter 12) draws firm conclusions from
    .800 upwards and tentative ones from .667."""
    if isnan(value):
        return "none"
    return "enough" if value >= ENOUGH else "tentative" if value >= TENTATIVE else "below"


def dot(value: float, low: float, high: float, name: str, reason: str = "") -> Svg:
    """The strip of one figure: a filled dot from .800, half filled from .667, else a ring."""
    if isnan(value):
        words = f"{name}: no figure. {reason}".strip()
        dash = text("–", at(0.5), HEIGHT / 2 + 4, "is-quiet", "middle")
        return drawing(WIDTH, HEIGHT, words, "", lines(), dash, kind="dot")
    interval = "" if isnan(low) or isnan(high) else f", 95 % interval {low:.3f} to {high:.3f}"
    words = f"{name}: {value:.3f}{interval}; {_said(value)}"
    return drawing(WIDTH, HEIGHT, words, "", lines(), _whisker(low, high), _mark(value), kind="dot")


def axis() -> Svg:
    """The scale above a column of strips."""
    ticks = [text(words, at(value), 12, "is-tick", "middle") for value, words in TICKS]
    return drawing(WIDTH, 16, "Scale from 0 to 1", "", *ticks, kind="axis")


def at(value: float) -> float:
    """Where a figure stands; what lies below 0 is drawn at the edge."""
    return EDGE + min(max(value, 0.0), 1.0) * (WIDTH - 2 * EDGE)


def lines() -> Svg:
    """The lines of the scale, as high as the strip, so that they run on from row to row."""
    drawn = [
        tag("line", x1=at(v), x2=at(v), y1=0, y2=HEIGHT, class_=f"is-line is-{kind}")
        for v, kind in ((0.0, "zero"), (TENTATIVE, "tentative"), (ENOUGH, "enough"), (1.0, "zero"))
    ]
    return tag("g", *drawn)


def _whisker(low: float, high: float) -> str:
    if isnan(low) or isnan(high):
        return ""
    middle, left, right = HEIGHT / 2, at(low), at(high)
    ends = [
        tag("line", x1=x, x2=x, y1=middle - 4, y2=middle + 4, class_="is-end")
        for x, inside in ((left, low >= 0), (right, high >= 0))
        if inside
    ]
    bar = tag("line", x1=left, x2=right, y1=middle, y2=middle, class_="is-whisker")
    return tag("g", bar, *ends, _arrow(low, high))


def _arrow(low: float, high: float) -> str:
    """The interval goes on beyond the edge, or lies there altogether."""
    middle, left = HEIGHT / 2, at(0) - (5 if high < 0 else 0)
    points = f"{left - 6},{middle:g} {left},{middle - 4:g} {left},{middle + 4:g}"
    return tag("polygon", points=points, class_="is-beyond") if low < 0 else ""


def _mark(value: float) -> Svg:
    kind, x, middle = band(value), at(value), HEIGHT / 2
    ring = tag("circle", cx=x, cy=middle, r=5, class_=f"is-mark is-{kind}")
    if kind != "tentative":
        return ring
    half = f"M{x:.2f} {middle - 5:g} A5 5 0 0 0 {x:.2f} {middle + 5:g} Z"
    return tag("g", ring, tag("path", d=half, class_="is-half"))


def _said(value: float) -> str:
    words = {"enough": "at or above .800", "tentative": "between .667 and .800"}
    return words.get(band(value), "below .667")
