"""The lists of an XLSForm: the categories of each question, and the codebook's missing codes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from coding import shapes
from coding.documents import Document
from curation.files import Row
from curation.formats import cells
from curation.formats.said import Unmapped, stand_in
from curation.formats.xlsform import words


@dataclass
class Lists:
    """Categories by list, and the missing codes of all."""

    categories: dict[str, list[Document]] = field(default_factory=dict)
    missing: list[Document] = field(default_factory=list)


def read(rows: Iterable[Row], unmapped: list[Unmapped]) -> Lists:
    """The choices; those marked as missing are no categories."""
    found = Lists()
    for row in rows:
        name = row["list_name"]
        if not name:
            unmapped.append(Unmapped(row.place(), "list_name", "is empty: the row was left out."))
        elif name == words.MISSING_LIST:
            found.missing.append(_missing_code(row))
        elif row["missing"].lower() not in ("yes", "true", "1"):
            found.categories.setdefault(name, []).append(_category(row))
    return found


def _category(row: Row) -> Document:
    code = row["name"]
    category: Document = {"code": cells.value_of(code, "code")}
    label = label_of(row)
    if label != stand_in(code):
        category["label"] = label or code
    texts = {key: row[key] for key in words.CATEGORY}
    return category | {key: text for key, text in texts.items() if text}


def _missing_code(row: Row) -> Document:
    code: Document = {"code": cells.value_of(row["name"], "code")}
    if row["label"] != stand_in(row["name"]):
        code["label"] = row["label"]
    for key in words.MISSING_CODE:
        if row[key]:
            code[key] = cells.value_of(row[key], shapes.MISSING_CODE[key])
    return code


def label_of(row: Row) -> str:
    """The label, or the first of its translations, as `label::English (en)`."""
    translated = (row[name] for name in row.header.names if name.startswith("label:"))
    return row["label"] or next(translated, "")


def first_translations(rows: Sequence[Row]) -> list[str]:
    """The column of translated labels that is read, where labels have no other."""
    names = rows[0].header.names if rows else ()
    translated = [name for name in names if name.startswith("label:")]
    return [] if "label" in names else translated[:1]
