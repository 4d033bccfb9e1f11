"""One workbook: a sheet for each unit, the codebook, the missing codes, and what changed.

Written row by row. Text is written as text, whatever it begins with: nothing in it is run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from coding.documents import Document
from curation.releases.formats.table import Column, Table

FORMULA = ("=", "+", "-", "@", "\t", "\r")
MOST_ROWS = 1_048_575
FIRST_DAY = date(1900, 3, 1)  # before it Excel counts a day that never was
OPTIONS = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
NO_TIME = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)
Cell = str | float | date | None


def is_formula(text: str) -> bool:
    """What a spreadsheet would run, if it were typed or read from CSV."""
    return text.startswith(FORMULA)


def write(tables: Sequence[Table], document: Document, title: str, path: Path) -> None:
    with closing(Workbook(str(path), OPTIONS)) as book:
        book.set_properties({"title": title, "created": NO_TIME})
        sheets = Sheets(book)
        shown = [table for table in tables if table.is_unit or table.name == "changes"]
        long = [table for table in shown if (table.file.rows or 0) > MOST_ROWS]
        for table in shown:
            if table not in long:
                sheets.add(table.name, [c.name for c in table.columns], _rows(table))
        if long:
            sheets.add("Left out", ("table", "rows", "why"), _left_out(long))
        sheets.add("Codebook", VARIABLE, _variables(document))
        sheets.add("Categories", CATEGORY, _categories(document))
        sheets.add("Missing codes", ("code", "label", "meaning"), _missing(document))


class Sheets:
    """The sheets of a workbook: heading frozen, every column with a filter."""

    def __init__(self, book: Workbook) -> None:
        self.book = book
        self.bold: Format = book.add_format({"bold": True})
        self.day: Format = book.add_format({"num_format": "yyyy-mm-dd"})
        self.quoted: Format = book.add_format({"quote_prefix": True})

    def add(self, name: str, headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
        sheet = self.book.add_worksheet(name[:31])
        sheet.freeze_panes(1, 1)
        sheet.set_column(0, len(headings) - 1, 16)
        for column, heading in enumerate(headings):
            sheet.write_string(0, column, heading, self.bold)
        last = 0
        for last, row in enumerate(rows, 1):
            self._row(sheet, last, row)
        sheet.autofilter(0, 0, last, len(headings) - 1)

    def _row(self, sheet: Worksheet, number: int, row: Sequence[Cell]) -> None:
        for column, value in enumerate(row):
            if value is None or value == "":
                continue
            if isinstance(value, str):
                style = self.quoted if is_formula(value) else None
                sheet.write_string(number, column, value, style)
            elif isinstance(value, date):
                sheet.write_datetime(number, column, value, self.day)
            else:
                sheet.write_number(number, column, value)


def _rows(table: Table) -> Iterator[Sequence[Cell]]:
    with table.blocks() as blocks:
        for block in blocks:
            columns = [
                _cells(column, values.to_pylist())
                for column, values in zip(table.columns, block.columns, strict=True)
            ]
            yield from zip(*columns, strict=True)


def _cells(column: Column, values: Sequence[str | None]) -> Sequence[Cell]:
    if column.is_number:
        return [None if text is None else float(text) for text in values]
    if column.kind == "day":
        return [_day(text) for text in values]
    return values


def _day(text: str | None) -> Cell:
    day = date.fromisoformat(text) if text else None
    return text if day and day < FIRST_DAY else day


def _left_out(tables: Sequence[Table]) -> Iterator[Sequence[Cell]]:
    why = f"A sheet holds {MOST_ROWS} rows below its heading: read the CSV or the Parquet file."
    return ((table.name, table.file.rows, why) for table in tables)


VARIABLE = (
    *("name", "unit", "section", "label", "question", "type", "level", "rule", "example"),
    *("sources", "min", "max", "measure", "pattern", "derived_from", "derive"),
)
CATEGORY = ("variable", "unit", "code", "label", "definition", "include", "exclude", "example")


def _variables(document: Document) -> Iterator[Sequence[Cell]]:
    for variable in document["variables"]:
        yield [_plain(variable.get(key)) for key in VARIABLE]


def _categories(document: Document) -> Iterator[Sequence[Cell]]:
    for variable in document["variables"]:
        for category in variable.get("categories", []):
            head = (variable["name"], variable["unit"])
            yield [*head, *(_plain(category.get(key)) for key in CATEGORY[2:])]


def _missing(document: Document) -> Iterator[Sequence[Cell]]:
    for code in document["codebook"]["missing_codes"]:
        yield [_plain(code.get(key)) for key in ("code", "label", "meaning")]


def _plain(value: Any) -> Cell:
    if isinstance(value, bool) or not isinstance(value, int | float | str | None):
        return str(value)
    return value
