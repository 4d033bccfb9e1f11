"""The words of an XLSForm: its own columns, and ours beside them, which forms pass over."""

from __future__ import annotations

import re

from coding import shapes
from coding.documents import Document
from curation.formats import cells
from curation.formats.said import stand_in

OURS = (
    *("kind", "level", "short_label", "measure", "derived_from", "skip_value", "sources"),
    *("definition", "key", "rows"),
)
SURVEY = (
    *("type", "name", "label", "hint", "guidance_hint", "required", "relevant", "constraint"),
    *("constraint_message", "calculation", "appearance", "repeat_count", *OURS),
)
CATEGORY = tuple(key for key in shapes.CATEGORY if key not in ("code", "label"))
MISSING_CODE = tuple(key for key in shapes.MISSING_CODE if key not in ("code", "label"))
CHOICES = ("list_name", "name", "label", "missing", *CATEGORY, *MISSING_CODE)
SETTINGS = {"form_title": "title", "form_id": "id", "version": "version"}
SETTINGS |= {"default_language": "language"}
KEPT = ("place", "part", "why", cells.MORE)
SHEETS = ("survey", "choices", "settings")
KEPT_SHEET = "casebook"

# The text of a variable, and the column that holds it.
TEXTS = {
    "question": "label",
    "rule": "hint",
    "example": "guidance_hint",
    "label": "short_label",
    "sources": "sources",
    "measure": "measure",
    "derived_from": "derived_from",
}
UNIT_TEXTS = {"label": "label", "definition": "definition", "rows": "rows"}
OF_STATES = "_from_file states.csv"
TYPES = {
    "category": "select_one",
    "ordinal": "select_one",
    "boolean": "select_one",
    "set": "select_multiple",
    "state": f"select_one{OF_STATES}",
    "integer": "integer",
    "decimal": "decimal",
    "date": "text",
    "text": "text",
}
KINDS = {"select_one": "category", "select_multiple": "set", "integer": "integer"}
KINDS |= {"decimal": "decimal", "text": "text"}
CHOSEN = ("category", "ordinal", "boolean", "set")
NOTHING_ASKED = "Nothing is asked here."
APPEARANCES = ("minimal autocomplete", "multiline")
MISSING_LIST = "missing-codes"
# What is no day, month or year with ~ ? or %, and no range of these, is no date.
_POINT = "[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?[~?%]?"
EDTF = rf"^({_POINT}(/({_POINT}|\.\.))?|\.\./{_POINT})$"


def complete(document: Document) -> None:
    """Put a word where a codebook needs one and a form has none."""
    document["codebook"].setdefault("title", "Untitled form")
    for variable in document["variables"]:
        for category in variable.get("categories", ()):
            category.setdefault("label", stand_in(category["code"]))


def is_sayable(value: object) -> bool:
    """Whether a form shows this text as it is; `${` would call a variable."""
    return isinstance(value, str) and cells.is_plain(value) and not re.search(r"\$\s*\{", value)
