"""A share as a bar, to stand in the row of a table."""

from __future__ import annotations

from .svg import Svg, drawing, tag

WIDTH, HEIGHT = 72, 10


def bar(share: float, name: str) -> Svg:
    """From nothing to all. What is there at all has at least a pixel."""
    length = min(max(share, 0.0), 1.0) * WIDTH
    drawn = tag("rect", width=max(length, 1.0), height=HEIGHT, rx=2, class_="is-share")
    ground = tag("rect", width=WIDTH, height=HEIGHT, rx=2, class_="is-ground")
    words = f"{name}: {share:.0%}"
    return drawing(WIDTH, HEIGHT, words, "", ground, drawn if share > 0 else "", kind="bar")
