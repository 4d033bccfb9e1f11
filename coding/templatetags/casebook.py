"""What templates draw in one word: an icon, the status of a cell, of a coding, of a codebook."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from math import isnan
from pathlib import Path

from django import template
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString

from coding.changes import TOUCHING, Kind
from coding.reading.comparison import Answer, Text
from coding.reading.words import GONE, NEW, SAME, Piece

register = template.Library()

# Status: its icon and its word. Colour never says it alone.
STATUSES = {
    "single": ("user", "Single"),
    "agreed": ("check", "Agreed"),
    "disputed": ("alert-triangle", "Disputed"),
    "adjudicated": ("scale", "Adjudicated"),
    "unresolved": ("help-circle", "Unresolved"),
    "derived": ("math-function", "Derived"),
    "uncoded": ("circle-dashed", "Not coded yet"),
    "skipped": ("arrow-move-right", "Not applicable"),
    "open": ("pencil", "To code"),
    "submitted": ("circle-check", "Submitted"),
    "returned": ("arrow-back-up", "Returned"),
    "withdrawn": ("x", "Withdrawn"),
    "right": ("check", "Right"),
    "wrong": ("x", "Wrong"),
    "certified": ("rosette-discount-check", "Certified"),
    "lapsed": ("history", "Lapsed"),
    "verified": ("rosette-discount-check", "Verified"),
    "flagged": ("flag", "Flagged"),
    "draft": ("pencil", "Draft"),
    "published": ("lock", "Published"),
    "new": ("plus", "New"),
    "changed": ("git-compare", "Changed"),
    "renamed": ("selector", "Renamed"),
    "moved": ("arrow-move-right", "Moved"),
    "reworded": ("quote", "Reworded"),
    "retired": ("x", "Retired"),
}

# Level of a message: its icon.
LEVELS = {"success": "circle-check", "warning": "alert-triangle", "error": "alert-circle"}


@cache
def icon_names() -> frozenset[str]:
    """The icons in the sprite."""
    path = finders.find("icons.svg")
    sprite = Path(path).read_text(encoding="utf-8") if path else ""
    return frozenset(re.findall(r'<symbol id="([^"]+)"', sprite))


@register.simple_tag
@cache
def icon(name: str, extra: str = "") -> SafeString:
    """An icon of the sprite, silent for screen readers: the words beside it speak."""
    if name not in icon_names():
        raise template.TemplateSyntaxError(f"There is no icon “{name}” in icons.svg.")
    return format_html(
        '<svg class="{}" aria-hidden="true"><use href="{}#{}"></use></svg>',
        f"icon {extra}".strip(),
        static("icons.svg"),
        name,
    )


@register.simple_tag
def status(name: str, extra: str = "", word: str = "") -> SafeString:
    """A badge: the status by colour, symbol and word."""
    if name not in STATUSES:
        raise template.TemplateSyntaxError(f"There is no status “{name}”.")
    symbol, usual = STATUSES[name]
    return format_html(
        '<span class="{}">{}{}</span>',
        f"cb-status is-{name} {extra}".strip(),
        icon(symbol),
        word or usual,
    )


# A kind of change: its icon and the colour of its badge; what is not here is a change of words.
CHANGES = {
    Kind.MOVED: ("arrow-move-right", "is-single"),
    Kind.ADDED: ("plus", "is-agreed"),
    Kind.RETIRED: ("x", "is-unresolved"),
    Kind.COMPARED: ("git-compare", "is-single"),
    **dict.fromkeys(TOUCHING, ("git-compare", "is-disputed")),
}
# What stands around words that are gone and that are new, for the eye and for the ear.
MARKS = {
    SAME: ("", ""),
    GONE: (
        '<del><span class="visually-hidden">[gone: </span>',
        '<span class="visually-hidden">]</span></del>',
    ),
    NEW: (
        '<ins><span class="visually-hidden">[new: </span>',
        '<span class="visually-hidden">]</span></ins>',
    ),
}


@register.simple_tag
def change_kind(kind: str, count: int | None = None) -> SafeString:
    """A badge: the kind of a change by colour, symbol and word, with how many there are."""
    symbol, colour = CHANGES.get(Kind(kind), ("pencil", "is-single"))
    number = "" if count is None else f"{count} "
    return format_html(
        '<span class="cb-status {}">{}{}{}</span>', colour, icon(symbol), number, kind
    )


@register.filter
def words(pieces: Iterable[Piece]) -> SafeString:
    """A text with what is gone and what is new marked: by colour, by a sign, and for the ear."""
    marked = []
    for piece in pieces:
        before, after = MARKS[piece.kind]
        marked.append(f"{before}{escape(piece.text)}{after}")
    return SafeString("".join(marked))


@register.filter
def words_before(answer: Answer) -> SafeString:
    """A category as the earlier version words it."""
    return _worded((name, text.left if text.before else []) for name, text in _marked(answer))


@register.filter
def words_after(answer: Answer) -> SafeString:
    """A category as the later version words it."""
    return _worded((name, text.right if text.after else []) for name, text in _marked(answer))


def _marked(answer: Answer) -> Iterable[tuple[str, Text]]:
    """The words of a category; of one that came or went as a whole, none is marked by itself."""
    for name, text in answer.words.items():
        whole = text.before or text.after
        yield name, text if answer.state == "changed" else Text(whole, whole)


def _worded(texts: Iterable[tuple[str, Iterable[Piece]]]) -> SafeString:
    lines = []
    for name, pieces in texts:
        head = "" if name == "label" else f"<b>{name.replace('_', '-').capitalize()}</b> "
        if shown := words(pieces):
            lines.append(f"<div>{head}{shown}</div>")
    return SafeString("".join(lines))


@register.filter
def coefficient(value: float) -> str:
    """0.52, −0.03; a dash where there is no figure."""
    return "–" if isnan(value) else f"{value:.2f}".replace("-", "−")


@register.filter
def percent(share: float) -> str:
    return "–" if isnan(share) else f"{share:.0%}"


@register.filter
def level_icon(level: str) -> str:
    """The icon of a message of this level."""
    return LEVELS.get(level, "info-circle")
