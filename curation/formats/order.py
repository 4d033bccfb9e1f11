"""The one order of a document's keys: equal codebooks are equal texts, fit for git."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from coding import shapes
from coding.documents import Document

HEAD = ("id", "title", "version", "language", "units", "missing_codes")
# As a codebook is read: what it is, what may be answered, when it is asked, how it is coded.
VARIABLE = (
    *("name", "renamed_from", "unit", "section", "label", "question", "type", "level"),
    *("required", "filter", "compare", "weight", "reference", "roster_of", "measure"),
    *("min", "max", "tolerance", "pattern", "categories_from", "categories", "exclusive"),
    *("skip", "checks", "derived_from", "derive", "rule", "example", "sources"),
    *shapes.EXTRA,
)
_ROWS: dict[str, Iterable[str]] = {
    "units": shapes.UNIT,
    "missing_codes": shapes.MISSING_CODE,
    "categories": shapes.CATEGORY,
    "checks": shapes.CHECK,
}


def ordered(document: Document) -> Document:
    """The same document, its keys in order: known ones as above, all others by alphabet."""
    variables = [_sorted(v, (*VARIABLE, *shapes.VARIABLE)) for v in document["variables"]]
    rest = {k: v for k, v in document.items() if k not in ("codebook", "variables")}
    head = _sorted(document["codebook"], (*HEAD, *shapes.CODEBOOK))
    return {"codebook": head, "variables": variables, **_sorted(rest, ())}


def _sorted(content: Any, first: Iterable[str]) -> Any:
    """`Any`: prose of a codebook may be anything that JSON can say."""
    if isinstance(content, list):
        return [_sorted(each, first) for each in content]
    if not isinstance(content, Mapping):
        return content
    known = [key for key in dict.fromkeys(first) if key in content]
    keys = [*known, *sorted(key for key in content if key not in known)]
    return {key: _sorted(content[key], _order_within(key, first)) for key in keys}


def _order_within(key: str, first: Iterable[str]) -> Iterable[str]:
    if key not in tuple(first):
        return ()
    return shapes.SKIP if key == "skip" else _ROWS.get(key, ())
