"""`ddi.xml`: the release as DDI-Codebook 2.5 describes it, by file and by variable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from coding.documents import Document
from curation.releases.formats.table import CODED, NUMBERS, Column, Table

NAME = "ddi.xml"
SPACE = "ddi:codebook:2_5"
Variables = Mapping[tuple[str, str], Mapping[str, Any]]


def written(tables: Sequence[Table], document: Document, title: str, version: str) -> bytes:
    """Elements stand in the order in which the schema wants them."""
    root = Element("codeBook", {"xmlns": SPACE, "version": "2.5"})
    _study(root, document, title, version)
    for table in tables:
        _file(root, table)
    described = SubElement(root, "dataDscr")
    variables = {(v["unit"], v["name"]): v for v in document["variables"]}
    for table in tables:
        for column in table.columns:
            _variable(described, table, column, variables.get((table.name, column.name), {}))
    indent(root, " ")
    text: str = tostring(root, "unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'.encode()


def _study(root: Element, document: Document, title: str, version: str) -> None:
    study = SubElement(root, "stdyDscr")
    citation = SubElement(study, "citation")
    _text(SubElement(citation, "titlStmt"), "titl", title)
    _text(SubElement(citation, "verStmt"), "version", version)
    summary = SubElement(SubElement(study, "stdyInfo"), "sumDscr")
    for unit in document["codebook"].get("units", []):
        _text(summary, "anlyUnit", unit.get("label") or unit["id"])


def _file(root: Element, table: Table) -> None:
    file = SubElement(root, "fileDscr", {"ID": _id(table), "URI": table.file.name})
    about = SubElement(file, "fileTxt")
    _text(about, "fileName", table.file.name)
    _text(about, "fileCont", table.label)
    size = SubElement(about, "dimensns")
    _text(size, "caseQnty", str(table.file.rows))
    _text(size, "varQnty", str(len(table.columns)))
    _text(about, "fileType", "text/csv")


def _id(table: Table, column: Column | None = None) -> str:
    return f"F-{table.name}" if column is None else f"V-{table.name}-{column.name}"


def _variable(parent: Element, table: Table, column: Column, told: Mapping[str, Any]) -> None:
    number = column.kind in NUMBERS
    found = SubElement(
        parent,
        "var",
        {
            "ID": _id(table, column),
            "name": column.name,
            "files": _id(table),
            "intrvl": "contin" if number else "discrete",
            "representationType": _representation(column),
            **({"nature": column.measure} if column.measure in NATURES and told else {}),
        },
    )
    _text(found, "labl", column.label)
    _asked(found, told)
    _ranges(found, column, told)
    if rule := told.get("rule"):
        _text(found, "txt", rule)
    for code, label, definition, missing in _categories(column, told):
        _category(found, code, label, definition, missing)
    if derived := told.get("derive") or told.get("derived_from"):
        _text(SubElement(found, "derivation"), "drvdesc", derived)
    SubElement(found, "varFormat", {"type": "numeric" if number else "character"})


NATURES = ("nominal", "ordinal", "interval", "ratio")


def _representation(column: Column) -> str:
    if column.kind in CODED:
        return "code"
    if column.kind in NUMBERS:
        return "numeric"
    return "datetime" if column.kind in ("date", "day") else "text"


def _asked(variable: Element, told: Mapping[str, Any]) -> None:
    if question := told.get("question"):
        _text(SubElement(variable, "qstn"), "qstnLit", question)


def _ranges(variable: Element, column: Column, told: Mapping[str, Any]) -> None:
    ends = {key: str(told[key]) for key in ("min", "max") if key in told}
    if ends:
        SubElement(SubElement(variable, "valrng"), "range", ends)
    if column.missing:
        invalid = SubElement(variable, "invalrng")
        for code in column.missing:
            SubElement(invalid, "item", {"VALUE": code})


def _categories(column: Column, told: Mapping[str, Any]) -> Iterator[tuple[str, str, str, bool]]:
    definitions = {str(c["code"]): c.get("definition", "") for c in told.get("categories", [])}
    for code, label in column.labels.items():
        yield code, label, definitions.get(code, ""), False
    for code, label in column.missing.items():
        yield code, label, "", True


def _category(variable: Element, code: str, label: str, definition: str, missing: bool) -> None:
    category = SubElement(variable, "catgry", {"missing": "Y" if missing else "N"})
    _text(category, "catValu", code)
    _text(category, "labl", label)
    if definition:
        _text(category, "txt", definition)


def _text(parent: Element, name: str, text: str) -> None:
    SubElement(parent, name).text = " ".join(str(text).split())
