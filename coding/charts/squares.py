"""Squares on a grid: who agrees with whom, and which categories are taken for each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import cos, isnan, radians, sin

from .interval import band
from .svg import Svg, drawing, join, link, short, tag, text, width, wrap

SIDE, GAP, LINE = 50, 2, 15
LABELS, TILTED = 170, 150  # pixels for the words of a row, and of a column that does not fit
SHADES = 6
TILT = 45


@dataclass(frozen=True)
class Label:
    """A row or column: what stands there, and in full for whoever points at it."""

    short: str
    full: str = ""

    @property
    def words(self) -> str:
        return self.full or self.short


@dataclass(frozen=True)
class Square:
    """One field of the grid. ``kind`` colours it, ``shade`` (0 to SHADES) says how much."""

    row: int
    column: int
    words: str
    name: str
    kind: str
    shade: int = 0
    href: str = ""
    below: str = ""


@dataclass(frozen=True)
class Chart:
    """A drawing, and the table that holds the same."""

    svg: Svg
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


# ------------------------------------------------------------------ which are confused


def heat_map(
    categories: Sequence[Label],
    counts: Mapping[tuple[int, int], int],
    *,
    title: str,
    href: Callable[[int, int], str] = lambda row, column: "",
) -> Chart:
    """In how many cases one coder said the row and another the column, whoever it was.

    ``counts`` holds each pair of categories once, the larger place first; the diagonal is what
    they agree on. The darkest square off the diagonal is the commonest confusion.
    """
    apart = max((n for (i, j), n in counts.items() if i != j), default=0)
    same = max((n for (i, j), n in counts.items() if i == j), default=0)
    squares = [
        Square(
            row=i,
            column=j,
            words=str(n) if n else "·",
            name=_confused(categories[i], categories[j], n, i == j),
            kind="same" if i == j else "apart",
            shade=shade(n, same if i == j else apart),
            href=href(i, j) if n else "",
        )
        for i in range(len(categories))
        for j in range(i + 1)
        for n in [counts.get((i, j), 0)]
    ]
    desc = "Cases by what two of their coders said; on the diagonal both said the same."
    svg = grid(categories, categories, squares, title=title, desc=desc, kind="heat")
    return Chart(svg, *_table("One said", categories, categories, squares))


def shade(count: int, most: int) -> int:
    """0 for nothing, then 1 to SHADES in equal steps of the largest count."""
    if not count or not most:
        return 0
    return 1 + round((SHADES - 1) * count / most)


def _confused(row: Label, column: Label, count: int, same: bool) -> str:
    cases = f"{count} case{'' if count == 1 else 's'}"
    if same:
        return f"Both said {row.words}: {cases}"
    return f"One said {row.words}, the other {column.words}: {cases}"


# ------------------------------------------------------------------ who agrees with whom


@dataclass(frozen=True)
class Pair:
    """Two coders: their figure over ``used`` of the ``found`` units that both coded."""

    value: float
    used: int
    found: int


def matrix(
    coders: Sequence[Label],
    pairs: Mapping[tuple[int, int], Pair],
    *,
    title: str,
    share: bool = False,
    href: Callable[[int, int], str] = lambda row, column: "",
) -> Chart:
    """Coder by coder: the figure above the diagonal, units used / found below it.

    ``pairs`` holds each pair once, the smaller place first. A ``share`` has no lines to reach.
    """
    squares = [
        square
        for i in range(len(coders))
        for j in range(i + 1, len(coders))
        for square in _of_pair((coders[i], coders[j]), (i, j), pairs.get((i, j)), href(i, j), share)
    ]
    squares += [Square(i, i, "", coders[i].words, "self") for i in range(len(coders))]
    squares.sort(key=lambda s: (s.row, s.column))
    desc = "Above the diagonal the figure, below it units used of units that both coded."
    svg = grid(coders, coders, squares, title=title, desc=desc, kind="matrix")
    return Chart(svg, *_table("Coder", coders, coders, squares))


def _of_pair(
    coders: tuple[Label, Label], at: tuple[int, int], pair: Pair | None, href: str, share: bool
) -> tuple[Square, Square]:
    names, (i, j) = f"{coders[0].words} and {coders[1].words}", at
    if pair is None:
        nothing = f"{names}: nothing in common"
        return Square(i, j, "·", nothing, "none"), Square(j, i, "·", nothing, "none")
    figure = "–" if isnan(pair.value) else f"{pair.value:.0%}" if share else f"{pair.value:.2f}"
    said = "no figure" if isnan(pair.value) else figure
    kind = "none" if share else band(pair.value)
    units = f"{names}: {pair.used} used of {pair.found} in common"
    return (
        Square(i, j, figure, f"{names}: {said}", kind, href=href),
        Square(j, i, str(pair.used), units, "count", below=f"of {pair.found}"),
    )


# ------------------------------------------------------------------ the grid itself


def grid(
    rows: Sequence[Label],
    columns: Sequence[Label],
    squares: Sequence[Square],
    *,
    title: str,
    desc: str,
    kind: str,
) -> Svg:
    """Rows named on the left, columns on top: upright where the words fit, else tilted."""
    left = min(LABELS, max((width(r.words) for r in rows), default=0)) + 10
    fits = all(width(c.short) <= SIDE - 4 for c in columns)
    longest = max((min(width(c.short), TILTED) for c in columns), default=0)
    head = LINE + 6 if fits else longest * sin(radians(TILT)) + 16
    overhang = 0 if fits else longest * cos(radians(TILT))
    step = SIDE + GAP
    return drawing(
        left + len(columns) * step + overhang + 2,
        head + len(rows) * step + 2,
        title,
        desc,
        *(_row_name(row, left - 10, head + i * step) for i, row in enumerate(rows)),
        *(_column_name(c, left + i * step, head, fits) for i, c in enumerate(columns)),
        *(_square(s, left + s.column * step, head + s.row * step) for s in squares),
        kind=kind,
    )


def _row_name(label: Label, right: float, top: float) -> Svg:
    lines = wrap(label.words, min(LABELS, right) + 1, 2)
    first = top + SIDE / 2 + 4 - (len(lines) - 1) * LINE / 2
    written = [text(line, right, first + n * LINE, "", "end") for n, line in enumerate(lines)]
    return tag("g", tag("title", label.words), *written)


def _column_name(label: Label, x: float, head: float, fits: bool) -> Svg:
    named = tag("title", label.words)
    if fits:
        return tag("g", named, text(label.short, x + SIDE / 2, head - 6, "", "middle"))
    return tag(
        "text",
        named,
        short(label.short, TILTED),
        x=x + SIDE / 2,
        y=head - 6,
        transform=f"rotate(-{TILT} {x + SIDE / 2:.2f} {head - 6:.2f})",
    )


def _square(square: Square, x: float, y: float) -> Svg:
    middle = y + SIDE / 2 + (4 if not square.below else -2)
    box = tag(
        "rect",
        x=x,
        y=y,
        width=SIDE,
        height=SIDE,
        rx=3,
        class_=f"is-square is-{square.kind} is-shade-{square.shade}",
    )
    words = text(square.words, x + SIDE / 2, middle, "is-count", "middle")
    below = text(square.below, x + SIDE / 2, middle + 13, "is-below", "middle")
    return link(square.href, square.name, join(box, words, below if square.below else Svg("")))


def _table(
    corner: str, rows: Sequence[Label], columns: Sequence[Label], squares: Sequence[Square]
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    said = {(s.row, s.column): f"{s.words} {s.below}".strip() for s in squares}
    head = (corner, *(column.words for column in columns))
    body = tuple(
        (row.words, *(said.get((i, j), "") for j in range(len(columns))))
        for i, row in enumerate(rows)
    )
    return head, body
