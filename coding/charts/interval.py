"""A figure of agreement as a dot with its interval, against the lines that people quote."""

from __future__ import annotations

from math import isnan

from .svg import Svg, drawing, tag, text

ENOUGH, TENTATIVE = 0.8, 0.667
WIDTH, HEIGHT, EDGE = 228, 30, 14
RATE = 180  # pixels of a rate, which has no lines to read it by
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
    interval = "" if isnan(low) or isnan(high) else f", 95% interval {low:.3f} to {high:.3f}"
    words = f"{name}: {value:.3f}{interval}; {_said(value)}"
    mark = _mark(value, at(value), HEIGHT / 2)
    return drawing(WIDTH, HEIGHT, words, "", lines(), _whisker(low, high), mark, kind="dot")


def axis() -> Svg:
    """The scale above a column of strips."""
    ticks = [text(words, at(value), 12, "is-tick", "middle") for value, words in TICKS]
    return drawing(WIDTH, 16, "Scale from 0 to 1", "", *ticks, kind="axis")


def rate(
    value: float, low: float, high: float, expected: float | None, most: float, name: str
) -> Svg:
    """A rate with its interval on a scale from 0 to ``most``, a line where one is expected."""

    def place(share: float) -> float:
        return EDGE + (min(share / most, 1.0) if most > 0 else 0.0) * (RATE - 2 * EDGE)

    words = f"{name}: {value:.0%}, 95% interval {low:.0%} to {high:.0%}"
    words += "" if expected is None else f", expected {expected:.0%}"
    left, right, middle = place(low), place(high), HEIGHT / 2
    bar = tag("line", x1=left, x2=right, y1=middle, y2=middle, class_="is-whisker")
    ends = [
        tag("line", x1=x, x2=x, y1=middle - 4, y2=middle + 4, class_="is-end")
        for x in (left, right)
    ]
    ground = tag(
        "line", x1=at(0), x2=at(0), y1=-3 * HEIGHT, y2=4 * HEIGHT, class_="is-line is-zero"
    )
    usual = _usual(place(expected)) if expected is not None else ""
    mark = tag("circle", cx=place(value), cy=middle, r=5, class_="is-mark is-rate")
    return drawing(RATE, HEIGHT, words, "", ground, usual, bar, *ends, mark, kind="dot")


def _usual(here: float) -> Svg:
    return tag("line", x1=here, x2=here, y1=4, y2=HEIGHT - 4, class_="is-expected")


def key() -> list[tuple[Svg, str]]:
    """Each mark with what it means."""
    return [(_sample(value), _said(value)) for value in (1.0, 0.7, 0.5)]


def _sample(value: float) -> Svg:
    mark = _mark(value, 7, 7)
    return tag("svg", mark, class_="cb-chart", aria_hidden="true", width=14, height=14)


def at(value: float) -> float:
    """Where a figure stands; what lies below 0 is drawn at the edge."""
    return EDGE + min(max(value, 0.0), 1.0) * (WIDTH - 2 * EDGE)


def lines() -> Svg:
    """The lines of the scale, higher than the strip, so that they run on from row to row."""
    drawn = [
        tag("line", x1=at(v), x2=at(v), y1=-3 * HEIGHT, y2=4 * HEIGHT, class_=f"is-line is-{kind}")
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


def _mark(value: float, x: float, middle: float) -> Svg:
    kind = band(value)
    ring = tag("circle", cx=x, cy=middle, r=5, class_=f"is-mark is-{kind}")
    if kind != "tentative":
        return ring
    half = f"M{x:.2f} {middle - 5:g} A5 5 0 0 0 {x:.2f} {middle + 5:g} Z"
    return tag("g", ring, tag("path", d=half, class_="is-half"))


def _said(value: float) -> str:
    words = {"enough": "at or above .800", "tentative": "between .667 and .800"}
    return words.get(band(value), "below .667")
