"""Markup of a drawing: every word escaped, every number finite, every label measured."""

from __future__ import annotations

import re
import unicodedata
from html import escape
from math import isfinite

FONT = 12  # pixels; the style sheet draws the text of charts in this size
NARROW, WIDE = "iljtf.,:;'|!()[]/ 1", "mwMW@%—…"


class Svg(str):
    """Markup that may be shown as it is: whatever was put into it has been escaped."""

    __slots__ = ()

    def __html__(self) -> Svg:
        return self


def tag(name: str, *inside: str, **attributes: object) -> Svg:
    """An element. ``class_`` is written class, ``stroke_width`` stroke-width; None is left out.

    A number that is not finite is a ValueError: a drawing with a hole in it tells a lie.
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_attribute(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    body = join(*inside)
    return Svg(f"<{name}{written}>{body}</{name}>" if body else f"<{name}{written}/>")


def join(*parts: str) -> Svg:
    """What stands side by side; plain words are escaped."""
    return Svg("".join(part if isinstance(part, Svg) else escape(part) for part in parts))


def _attribute(value: object) -> str:
    if isinstance(value, int | float):
        return plain(value)
    return escape(str(value))


def plain(number: float) -> str:
    """A coordinate with at most two decimals."""
    if not isfinite(number):
        raise ValueError(f"A drawing cannot hold {number}.")
    return f"{number:.2f}".rstrip("0").rstrip(".") if number else "0"


def drawing(width: float, height: float, title: str, desc: str, *inside: str, kind: str) -> Svg:
    """The whole picture, with a name and a description for whoever does not see it.

    A picture that holds links is a group: an image would hide them from a screen reader.
    """
    held = join(*inside)
    return tag(
        "svg",
        tag("title", title),
        tag("desc", desc) if desc else "",
        held,
        class_=f"cb-chart is-{kind}",
        role="group" if "<a " in held else "img",
        width=width,
        height=height,
        viewBox=f"0 0 {plain(width)} {plain(height)}",
    )


def link(href: str, name: str, *inside: str) -> Svg:
    """Something to follow, by mouse or by keyboard; without an address the thing alone."""
    named = join(tag("title", name), *inside)
    return tag("a", named, href=href, aria_label=name) if href else tag("g", named)


def text(words: str, x: float, y: float, kind: str = "", anchor: str | None = None) -> Svg:
    return tag("text", words, x=x, y=y, class_=kind or None, text_anchor=anchor)


# ------------------------------------------------------------------ how much room words need


def width(words: str) -> float:
    """At most so many pixels wide, whatever the letters: nothing may be cut off."""
    return sum(_advance(letter) for letter in words) * FONT


def _advance(letter: str) -> float:
    if unicodedata.combining(letter):
        return 0.0
    if unicodedata.east_asian_width(letter) in "WF" or letter in WIDE:
        return 1.0
    if letter in NARROW:
        return 0.4
    return 0.74 if letter.isupper() or ord(letter) > 0x2FF else 0.62


def short(words: str, room: float) -> str:
    """The words, or as many letters as fit with an ellipsis."""
    if width(words) <= room:
        return words
    kept = words
    while kept and width(kept + "…") > room:
        kept = kept[:-1]
    return kept.rstrip() + "…"


PIECE = re.compile(r"\s*[^\s_/-]*[_/-]?")


def wrap(words: str, room: float, lines: int) -> list[str]:
    """The words in at most so many lines; what does not fit ends in an ellipsis."""
    found = [""]
    for piece in PIECE.findall(words.strip()):
        if found[-1] and width(found[-1] + piece) > room and len(found) < lines:
            found.append("")
        found[-1] = (found[-1] + piece).lstrip()
    return [short(line, room) for line in found]
