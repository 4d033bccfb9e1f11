"""Workbooks out and in: rows under a frozen header, the same bytes for the same rows."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from openpyxl import Workbook
from openpyxl.cell.cell import Cell as ExcelCell
from openpyxl.cell.cell import MergedCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter

from curation import files, workbooks
from curation.faults import BadInput, Fault
from curation.files import Row
from curation.formats.cells import Cell

MOST_UNPACKED = 64 * files.MB  # each sheet of it is read on its own
LAST_CHOICE = 5_000  # down to which row a list of choices is offered
_MADE = datetime(2000, 1, 1)  # noqa: DTZ001 - a time would make each file another
_WIDTHS = {"text": 60, "more": 30}


@dataclass(frozen=True)
class Sheet:
    """A table of a workbook. `choices` are lists of words, or references to a column."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Mapping[str, Cell]]
    choices: Mapping[str, str | Sequence[str]] = field(default_factory=dict)


# ------------------------------------------------------------------ out


def written(sheets: Sequence[Sheet]) -> bytes:
    """The workbook as a file."""
    book = Workbook()
    book.remove(book.worksheets[0])
    book.properties.creator = "Casebook"
    book.properties.created = book.properties.modified = _MADE
    for sheet in sheets:
        _fill(book.create_sheet(sheet.title), sheet)
    file = io.BytesIO()
    ExcelWriter(book, ZipFile(file, "w")).save()
    return _timeless(file)


def _timeless(file: io.BytesIO) -> bytes:
    packed = io.BytesIO()
    with ZipFile(file) as made, ZipFile(packed, "w") as archive:
        for part in made.infolist():
            archive.writestr(ZipInfo(part.filename), made.read(part), ZIP_DEFLATED)
    return packed.getvalue()


def _fill(page: Worksheet, sheet: Sheet) -> None:
    for column, name in enumerate(sheet.columns, 1):
        page.cell(1, column, name).font = Font(bold=True)
        width = max([len(name), *(_width(row.get(name)) for row in sheet.rows)])
        page.column_dimensions[get_column_letter(column)].width = min(width + 2, 60)
    for number, row in enumerate(sheet.rows, 2):
        for column, name in enumerate(sheet.columns, 1):
            _put(page.cell(number, column), row.get(name))
    page.freeze_panes = "B2"
    for name, choices in sheet.choices.items():
        _offer(page, get_column_letter(sheet.columns.index(name) + 1), choices)


def _width(cell: Cell) -> int:
    return max(map(len, str(cell).split("\n"))) if cell is not None else 0


def _put(cell: ExcelCell | MergedCell, value: Cell) -> None:
    """Texts stay texts, also those that look like a formula, a date or a number."""
    if isinstance(value, str):
        cell.value = value
        cell.data_type, cell.number_format = "s", "@"
    elif value is not None:
        cell.value = value


def _offer(page: Worksheet, letter: str, choices: str | Sequence[str]) -> None:
    formula = choices if isinstance(choices, str) else f'"{",".join(choices)}"'
    rule = DataValidation("list", formula1=formula, allow_blank=True, showErrorMessage=True)
    rule.error = "Choose from the list."
    rule.add(f"{letter}2:{letter}{LAST_CHOICE}")
    page.add_data_validation(rule)


# ------------------------------------------------------------------ in


def titles(raw: bytes, name: str) -> list[str]:
    """The titles of a workbook's sheets. Raises BadInput for one that unpacks to far too much."""
    workbooks.refuse_bomb(io.BytesIO(raw), name)
    with ZipFile(io.BytesIO(raw)) as archive:
        unpacked = sum(part.file_size for part in archive.infolist())
    if unpacked > MOST_UNPACKED:
        rule = f"would unpack to {unpacked // files.MB} MB: no codebook needs that."
        raise BadInput([Fault(name, "", rule)])
    return workbooks.titles(io.BytesIO(raw), name)


def rows(raw: bytes, name: str, title: str) -> Sequence[Row]:
    """The rows of a sheet."""
    return files.read_sheet(io.BytesIO(raw), name, title).rows


Faulty = Callable[[Fault], None]


@contextmanager
def gathered() -> Iterator[Faulty]:
    """Collects faults while rows are read, and refuses the file with all of them at the end."""
    faults: list[Fault] = []
    yield faults.append
    if faults:
        raise BadInput(faults)
