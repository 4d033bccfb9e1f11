"""A codebook as an Excel workbook: all that a document can say, one row for each thing.

Sheets *codebook* (what is said of it as a whole), *units*, *missing*, *variables*, *categories*
and *checks*. What no cell can hold stands as JSON in the column *more*, so nothing is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from coding import shapes
from coding.documents import KINDS, Document
from coding.models import Variable
from coding.shapes import Shape
from curation.files import Row
from curation.formats import cells, sheets
from curation.formats.cells import Cell
from curation.formats.order import ordered
from curation.formats.said import Reading, Unmapped
from curation.formats.sheets import Sheet

HEAD: Shape = {"of": "codebook|document", "key": "text", "text": "text"}
SKIP: Shape = {"skip_if": shapes.SKIP["if"], "skip_then": shapes.SKIP["then"]}
_FLAT = {key: kind for key, kind in shapes.VARIABLE.items() if kind not in ("rows", "mapping")}
VARIABLE: Shape = _FLAT | dict(SKIP)
CATEGORY: Shape = {"variable": "text 64"} | dict(shapes.CATEGORY)
CHECK: Shape = {"variable": "text 64"} | dict(shapes.CHECK)
LISTS = {"units": ("units", shapes.UNIT), "missing": ("missing_codes", shapes.MISSING_CODE)}
NEEDED = ("codebook", "units", "variables")
TITLES = (*NEEDED, "missing", "categories", "checks")
_UNITS, _NAMES = "units!$A$2:$A$1000", "variables!$A$2:$A$5000"


# ------------------------------------------------------------------ out


def write(document: Document) -> tuple[bytes, list[Unmapped]]:
    """The document as a workbook; nothing of it is left out."""
    document = ordered(document)
    variables = document["variables"]
    return sheets.written(
        [
            _sheet("codebook", HEAD, _head_rows(document)),
            *(
                _sheet(title, shape, _listed(document, key, shape))
                for title, (key, shape) in LISTS.items()
            ),
            _sheet("variables", VARIABLE, [_variable_row(v) for v in variables]),
            _sheet("categories", CATEGORY, _rows_below(variables, "categories", CATEGORY)),
            _sheet("checks", CHECK, _rows_below(variables, "checks", CHECK)),
        ]
    ), []


def _sheet(title: str, shape: Shape, rows: Sequence[Mapping[str, Cell]]) -> Sheet:
    return Sheet(title, cells.columns_of(rows, shape), rows, dict(_choices(title, shape)))


def _choices(title: str, shape: Shape) -> Iterable[tuple[str, str | Sequence[str]]]:
    """The cells that offer a list: whatever a rule of the document limits to some words."""
    for column, kind in shape.items():
        if kind == "flag":
            yield column, ("yes", "no")
        elif kind == "treatment":
            yield column, ("no", "as_category", "configurable")
        elif "|" in kind:
            yield column, kind.split("|")
    if title == "variables":
        yield "unit", _UNITS
        yield "roster_of", _UNITS
        yield "type", sorted(KINDS)
        yield "level", Variable.Measure.values
        yield "reference", ["state"]
    elif title in ("categories", "checks"):
        yield "variable", _NAMES


def _head_rows(document: Document) -> list[Mapping[str, Cell]]:
    parts = [("codebook", key, value) for key, value in document["codebook"].items()]
    parts += [("document", k, v) for k, v in document.items() if k not in ("codebook", "variables")]
    listed = {("codebook", key) for key, _ in LISTS.values() if document["codebook"].get(key)}
    return [_head_row(*part) for part in parts if part[:2] not in listed]


def _head_row(of: str, key: str, value: object) -> dict[str, Cell]:
    """A key that no cell can hold is JSON together with what it says."""
    if value is None or not cells.is_plain(key):
        return {"of": of, **cells.in_pieces({key: value})}
    shown = cells.cell_of(value, "text") if isinstance(value, str) else None
    said = {"text": shown} if shown else cells.in_pieces(value)
    return {"of": of, "key": key, **said}


def _listed(document: Document, key: str, shape: Shape) -> list[dict[str, Cell]]:
    return [cells.row_of(row, shape) for row in document["codebook"].get(key) or []]


def _variable_row(variable: Document) -> dict[str, Cell]:
    parts = {k: v for k, v in variable.items() if not (k in ("categories", "checks") and v)}
    skip = parts.get("skip") or {}
    apart = {f"skip_{key}": value for key, value in skip.items()}
    if len(apart) == 2 and all(cells.cell_of(value, SKIP[k]) for k, value in apart.items()):
        parts = {k: v for k, v in parts.items() if k != "skip"} | apart
    return cells.row_of(parts, VARIABLE)


def _rows_below(variables: list[Document], key: str, shape: Shape) -> list[dict[str, Cell]]:
    return [
        cells.row_of({"variable": v["name"]} | row, shape)
        for v in variables
        for row in v.get(key) or []
    ]


# ------------------------------------------------------------------ in


def read(raw: bytes, name: str = "codebook.xlsx") -> Reading:
    """The document in a workbook. Raises BadInput with the cell of every fault."""
    there = sheets.titles(raw, name)
    wanted = [title for title in TITLES if title in there or title in NEEDED]
    tables = {title: sheets.rows(raw, name, title) for title in wanted}
    with sheets.gathered() as fault:
        document = _head(tables["codebook"], fault)
        for title, (key, shape) in LISTS.items():
            if rows := [parts for _, parts in _read(tables.get(title, ()), shape, fault)]:
                document["codebook"][key] = rows
        variables = list(_read(tables["variables"], VARIABLE, fault))
        document["variables"] = [_variable(parts) for _, parts in variables]
        for title, shape in (("categories", CATEGORY), ("checks", CHECK)):
            _hang(document["variables"], title, _read(tables.get(title, ()), shape, fault), fault)
    places = {str(parts.get("name")): row.place() for row, parts in variables}
    why = "is no sheet of a codebook workbook: it was not read."
    others = [Unmapped("workbook", title, why, title) for title in there if title not in TITLES]
    return Reading(document, others, places)


def _read(
    rows: Iterable[Row], shape: Shape, fault: sheets.Faulty
) -> Iterable[tuple[Row, Document]]:
    for row in rows:
        try:
            yield row, cells.parts_of(row.texts, shape)
        except (ValueError, RecursionError) as error:
            fault(row.fault(cells.MORE, f"cannot be read as JSON: {error}."))


def _head(rows: Sequence[Row], fault: sheets.Faulty) -> Document:
    document: Document = {"codebook": {}}
    for row in rows:
        try:
            parts = _head_parts(row)
        except (ValueError, RecursionError) as error:
            fault(row.fault(cells.MORE, f"cannot be read as JSON: {error}."))
            continue
        holder = document if row["of"] == "document" else document["codebook"]
        for key, value in parts.items():
            if key in holder or (holder is document and key == "variables"):
                fault(row.fault("key", "stands twice: the first would be lost."))
            holder[key] = value
    return document


def _head_parts(row: Row) -> Document:
    more = cells.whole(row.texts)
    if row["key"]:
        return {row["key"]: row["text"] if more is None else more}
    if isinstance(more, dict):
        return more
    raise ValueError("a row without a key needs a JSON mapping")


def _variable(parts: Document) -> Document:
    skip = {key.removeprefix("skip_"): parts[key] for key in SKIP if key in parts}
    rest = {key: value for key, value in parts.items() if key not in SKIP}
    return rest | ({"skip": skip} if skip else {})


def _hang(
    variables: list[Document], key: str, rows: Iterable[tuple[Row, Document]], fault: sheets.Faulty
) -> None:
    """Put rows below the variables that they name."""
    by_name = {str(v.get("name")): v for v in variables}
    for row, parts in rows:
        variable = by_name.get(str(parts.pop("variable", "")))
        if variable is None:
            fault(row.fault("variable", "is not a variable of the sheet variables."))
        else:
            variable.setdefault(key, []).append(parts)
