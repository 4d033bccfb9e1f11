"""An entry that two people changed: where their versions differ, part by part."""

from __future__ import annotations

from dataclasses import dataclass

from coding import shapes
from coding.documents import Document


@dataclass(frozen=True)
class Difference:
    """A part of an entry as somebody else saved it, and as it was typed here."""

    part: str
    field: str
    theirs: str
    mine: str


def differences(theirs: Document, mine: Document) -> list[Difference]:
    """Every part that is not the same in both."""
    a, b = _parts(theirs), _parts(mine)
    order = dict.fromkeys([*a, *b])
    return [
        Difference(part, _field(part), a.get(part, ""), b.get(part, ""))
        for part in order
        if a.get(part, "") != b.get(part, "")
    ]


def _field(part: str) -> str:
    return "categories" if part.startswith("categor") else part.split()[0]


def _parts(document: Document) -> dict[str, str]:
    """The entry as texts by part, its rows taken apart."""
    nested = ("categories", "checks", "skip", "exclusive")
    found = {k: _said(v) for k, v in document.items() if k not in (*nested, *shapes.EXTRA)}
    if skip := document.get("skip"):
        found |= {"skip_if": str(skip.get("if", "")), "skip_then": str(skip.get("then", ""))}
    for number, check in enumerate(document.get("checks") or (), 1):
        found[f"checks {number}"] = f"{check['severity']}: {check['expr']} ({check['message']})"
    categories = document.get("categories") or ()
    found["categories, in order"] = ", ".join(str(c["code"]) for c in categories)
    found["categories, alone"] = ", ".join(map(str, document.get("exclusive") or ()))
    for category in categories:
        for word in ("label", *shapes.CATEGORY_WORDS):
            part = f"category {category['code']}, {word.replace('_', '-')}"
            found[part] = str(category.get(word, ""))
    return found


def _said(value: object) -> str:
    return (
        {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)
    )
