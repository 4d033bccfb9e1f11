"""The codebook's two files: the document whose sha256 is its digest, and one for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from coding import shapes
from coding.documents import Document

Part = Mapping[str, Any]  # a variable or a category of the document


def markdown(document: Document) -> str:
    """Every unit, missing code, question, rule, category and expression, to be read."""
    return "\n".join(_lines(document)) + "\n"


def _lines(document: Document) -> Iterator[str]:
    head = document["codebook"]
    yield f"# {_text(head['title'])}"
    yield ""
    yield "## Units of analysis"
    yield ""
    for unit in head.get("units", []):
        yield f"- **{_text(unit.get('label') or unit['id'])}** (`{unit['id']}`)" + _about(unit)
    yield ""
    yield "## Missing codes"
    yield ""
    for code in head.get("missing_codes", []):
        yield f"- `{code['code']}` **{_text(code['label'])}**" + _told(code, "meaning")
        yield f"  Set by: {code['set_by']}. In reliability: {_counts(code)}."
    for (unit, section), group in groupby(document["variables"], key=_chapter):
        yield ""
        yield f"## {unit}" + (f" · {_text(section)}" if section else "")
        for variable in group:
            yield from _variable(variable)


def _chapter(variable: Part) -> tuple[str, str]:
    return variable["unit"], variable.get("section", "")


def _about(unit: Part) -> str:
    below = f", below {unit['parent']}" if unit.get("parent") else ""
    return below + _told(unit, "definition")


def _told(part: Part, key: str) -> str:
    return f": {_text(part[key])}" if part.get(key) else ""


def _counts(code: Part) -> str:
    treated = code["counts_in_reliability"]
    return "left out" if treated is False else str(treated).replace("_", " ")


def _variable(variable: Part) -> Iterator[str]:
    yield ""
    yield f"### {variable['name']}: {_text(variable['label'])}"
    yield ""
    yield f"**{_text(variable['question'])}**"
    yield ""
    yield f"- Kind: {variable['type']}, {variable['level']}" + _bounds(variable)
    for key, word in WORDS.items():
        if variable.get(key):
            yield f"- {word}: {_text(variable[key])}"
    yield from _rules(variable)
    if variable.get("categories"):
        yield "- Categories:"
        yield from (_category(c, variable.get("exclusive", [])) for c in variable["categories"])


WORDS = {
    "rule": "Rule",
    "example": "Example",
    "sources": "Sources",
    "note": "Note",
    "known_disagreement": "Known disagreement",
    "derived_from": "Computed from",
}


def _bounds(variable: Part) -> str:
    said = [
        "required" if variable.get("required") else "",
        f"in {variable['measure']}" if variable.get("measure") else "",
        f"from {variable['min']}" if "min" in variable else "",
        f"to {variable['max']}" if "max" in variable else "",
        f"of the form `{variable['pattern']}`" if variable.get("pattern") else "",
        f"equal within {variable['tolerance']}" if "tolerance" in variable else "",
        "codes of the state list" if variable.get("reference") == "state" else "",
        f"lists the rows of {variable['roster_of']}" if variable.get("roster_of") else "",
        "" if variable.get("compare", True) else "not compared between coders",
    ]
    return "".join(f"; {part}" for part in said if part)


def _rules(variable: Part) -> Iterator[str]:
    if skip := variable.get("skip"):
        yield f"- Skipped if `{skip['if']}`: then `{skip['then']}`"
    for check in variable.get("checks", []):
        yield f"- Check ({check['severity']}): `{check['expr']}`. {_text(check['message'])}"
    if variable.get("derive"):
        yield f"- Computed as: `{variable['derive']}`"


def _category(category: Part, exclusive: list[object]) -> str:
    said = f"  - `{category['code']}` **{_text(category['label'])}**" + _told(
        category, "definition"
    )
    for key in shapes.CATEGORY_WORDS[1:]:
        word = key.replace("_", "-").capitalize()
        said += f" {word}: {_text(category[key])}" if category.get(key) else ""
    return said + (" Stands alone." if category["code"] in exclusive else "")


def _text(text: object) -> str:
    """On one line, and never read as a tag."""
    return " ".join(str(text).split()).replace("<", "&lt;")
