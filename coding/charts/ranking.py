"""How often each of a few things happened, as bars with their names and counts."""

from __future__ import annotations

from collections.abc import Sequence

from .svg import Svg, drawing, link, short, tag, text, width

LEFT, BARS, LINE, GAP = 150.0, 300.0, 22.0, 8.0


def ranking(rows: Sequence[tuple[str, int, str]], title: str) -> Svg:
    """`rows` are name, count and address, in the order in which they are drawn.

    The longest bar is as long as there is room; what happened at all has at least a pixel.
    """
    most = max((count for _, count, _ in rows), default=0)
    drawn = [_row(n, *row, most) for n, row in enumerate(rows)]
    room = max((width(str(count)) for _, count, _ in rows), default=0.0)
    words = "; ".join(f"{name}: {count}" for name, count, _ in rows)
    size = LEFT + BARS + 2 * GAP + room, max(len(rows), 1) * LINE
    return drawing(*size, title, words, *drawn, kind="ranking")


def _row(n: int, name: str, count: int, href: str, most: int) -> Svg:
    top, length = n * LINE, max(BARS * count / most, 1.0) if count else 0.0
    return link(
        href,
        f"{name}: {count}",
        text(short(name, LEFT - GAP), LEFT - GAP, top + 15, anchor="end"),
        tag("rect", x=LEFT, y=top + 4, width=length, height=LINE - 8, rx=2, class_="is-share"),
        text(str(count), LEFT + length + GAP, top + 15, "is-tick"),
    )
