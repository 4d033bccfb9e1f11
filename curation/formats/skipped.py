"""The missing code of answers that a form skipped, where the form has none of its own."""

from __future__ import annotations

from coding.documents import Document

SKIPPED = {"key": "not_applicable", "label": "Not applicable", "set_by": "rule"}
_CODES = (-88, -888, -8888, -88888)


def code_of_skipped(document: Document) -> int | str:
    """The code that skip rules set; the codebook gets one if it has none."""
    head = document["codebook"]
    codes = head.get("missing_codes", [])
    for code in codes:
        if code.get("set_by") == "rule":
            found: int | str = code["code"]
            return found
    taken = {str(c["code"]) for v in document["variables"] for c in v.get("categories", ())}
    taken |= {str(code["code"]) for code in codes}
    made = next(code for code in _CODES if str(code) not in taken)
    head["missing_codes"] = [*codes, {"code": made, **SKIPPED}]
    return made
