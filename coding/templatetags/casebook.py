"""What templates draw in one word: an icon, the status of a cell, of a coding, of a codebook."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from django import template
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

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
    "verified": ("rosette-discount-check", "Verified"),
    "flagged": ("flag", "Flagged"),
    "draft": ("pencil", "Draft"),
    "published": ("lock", "Published"),
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


@register.filter
def level_icon(level: str) -> str:
    """The icon of a message of this level."""
    return LEVELS.get(level, "info-circle")
