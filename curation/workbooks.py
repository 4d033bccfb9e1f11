"""Excel workbooks from anywhere, read as text: nothing is computed, followed or unpacked whole."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, BinaryIO
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile, ZipInfo

from django.conf import settings
from openpyxl import load_workbook
from openpyxl.cell.read_only import ReadOnlyCell
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._read_only import ReadOnlyWorksheet
from openpyxl.worksheet._reader import WorkSheetParser

from curation.faults import BadInput, Fault

MB = 2**20
MOST_ROWS = 500_000
MOST_COLUMNS = 1_000
MOST_PARTS = 2_000
# Sheets of repeated words shrink to a thirtieth; what shrinks to less is made to hurt.
MOST_TIMES_SMALLER = 200
UNPACKED_TIMES_LIMIT = 8


@dataclass(frozen=True)
class Line:
    """The texts of one line, with its number."""

    number: int
    texts: list[str]

    def place(self, sheet: str) -> str:
        return f"{sheet}!{self.number}" if sheet else f"line {self.number}"


def read(file: BinaryIO, name: str, sheet: str) -> tuple[str, list[Line], list[str]]:
    """One sheet of a workbook: its title, its lines, and notices."""
    with _sheets(file, name) as sheets:
        chosen, notices = _choose(sheets, name, sheet)
        return chosen.title, list(_lines(chosen)), notices


def titles(file: BinaryIO, name: str) -> list[str]:
    """The titles of a workbook's sheets."""
    with _sheets(file, name) as sheets:
        return [sheet.title for sheet in sheets]


@contextmanager
def _sheets(file: BinaryIO, name: str) -> Iterator[list[ReadOnlyWorksheet]]:
    refuse_bomb(file, name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles that no value depends on
            with closing(load_workbook(file, read_only=True, keep_links=False)) as book:
                yield [s for s in book.worksheets if isinstance(s, ReadOnlyWorksheet)]
    except BadInput:
        raise
    except Exception as error:  # whatever a broken or hostile file makes the parser say
        rule = f"cannot be read as an Excel workbook ({type(error).__name__}): save it again."
        raise BadInput([Fault(name, "", rule)]) from None


def _choose(
    sheets: Sequence[ReadOnlyWorksheet], name: str, wanted: str
) -> tuple[ReadOnlyWorksheet, list[str]]:
    titles = [sheet.title for sheet in sheets]
    if wanted and wanted not in titles:
        rule = f"is not a sheet of {name}: it has {', '.join(titles)}."
        raise BadInput([Fault("sheet", wanted, rule)])
    if not sheets:
        raise BadInput([Fault(name, "", "has no sheet with cells.")])
    if wanted:
        return sheets[titles.index(wanted)], []
    several = f"{name} has {len(titles)} sheets: “{titles[0]}” was read. Choose with --sheet."
    return sheets[0], [several] if len(titles) > 1 else []


# ------------------------------------------------------------------ what may be opened


def refuse_bomb(file: BinaryIO, name: str) -> None:
    """Refuse what would unpack to far more than it is, and what defines words of its own."""
    try:
        with ZipFile(file) as archive:
            parts = archive.infolist()
            if rule := _too_large(parts):
                raise BadInput([Fault(name, "", rule)])
            for part in parts:
                if part.filename.endswith((".xml", ".rels")) and _defines_words(archive, part):
                    rule = "defines a document type: no Excel workbook does."
                    raise BadInput([Fault(f"{name}, {part.filename}", "", rule)])
    except (BadZipFile, RuntimeError, NotImplementedError, OSError, EOFError) as error:
        raise BadInput([Fault(name, "", f"cannot be unpacked: {error}.")]) from None
    file.seek(0)


def _too_large(parts: list[ZipInfo]) -> str:
    unpacked, limit = sum(p.file_size for p in parts), settings.IMPORT_MAX_MB * UNPACKED_TIMES_LIMIT
    if len(parts) > MOST_PARTS:
        return f"has {len(parts):,} parts: no workbook needs more than {MOST_PARTS:,}."
    if unpacked > limit * MB:
        return f"would unpack to {unpacked / MB:,.0f} MB and the limit is {limit} MB."
    for part in parts:
        if part.file_size > MB and part.file_size > part.compress_size * MOST_TIMES_SMALLER:
            times = part.file_size // max(part.compress_size, 1)
            return f"holds {part.filename}, {times:,} times larger than it is packed."
    return ""


class _Known(Exception):
    """The beginning of a document says enough."""


def _defines_words(archive: ZipFile, part: ZipInfo) -> bool:
    """Whether an XML part has a DOCTYPE, where entities are defined; reads up to the root only."""
    found: list[str] = []

    def doctype(*of: object) -> None:
        found.append(str(of[0]))
        raise _Known

    def root(*of: object) -> None:
        raise _Known

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = doctype
    parser.StartElementHandler = root
    try:
        with archive.open(part) as file:
            parser.ParseFile(file)
    except (_Known, expat.ExpatError):
        pass
    return bool(found)


# ------------------------------------------------------------------ cells


def _lines(sheet: ReadOnlyWorksheet) -> Iterator[Line]:
    """The lines with something in them. Raises BadInput for formulas, errors and merged cells.

    Cells are taken one by one as they stand in the file: the size that a sheet claims for
    itself is not believed.
    """
    faults: list[Fault] = []
    inner: Any = sheet  # the parser's own reading of a sheet is padded to the size it claims
    book = inner.parent
    with book._archive.open(inner._worksheet_path) as source:
        parser = WorkSheetParser(
            source,
            inner._shared_strings,
            epoch=book.epoch,
            date_formats=book._date_formats,
            timedelta_formats=book._timedelta_formats,
        )
        for count, (number, cells) in enumerate(parser.parse()):
            yield Line(number, _texts(sheet, cells, faults))
            if count > MOST_ROWS:
                break
        faults += [_merged(sheet, area.coord) for area in _areas(parser)]
    if faults:
        raise BadInput(faults)


def _areas(parser: WorkSheetParser) -> list[Any]:
    return list(parser.merged_cells.mergeCell) if parser.merged_cells else []


def _merged(sheet: ReadOnlyWorksheet, area: str) -> Fault:
    return Fault(f"{sheet.title}!{area}", "", "is merged: give each cell its own value.")


def _texts(sheet: ReadOnlyWorksheet, cells: list[dict[str, Any]], faults: list[Fault]) -> list[str]:
    filled = [cell for cell in cells if cell["value"] is not None]
    width = max((cell["column"] for cell in filled), default=0)
    if width > MOST_COLUMNS:
        place = f"{sheet.title}!{get_column_letter(width)}{filled[0]['row']}"
        raise BadInput([Fault(place, "", f"stands beyond column {MOST_COLUMNS:,}.")])
    texts = [""] * width
    for cell in filled:
        text, rule = _text(sheet, cell)
        texts[cell["column"] - 1] = text
        if rule:
            place = f"{sheet.title}!{get_column_letter(cell['column'])}{cell['row']}"
            faults.append(Fault(place, text, rule))
    return texts


def _text(sheet: ReadOnlyWorksheet, cell: dict[str, Any]) -> tuple[str, str]:
    """A cell as a person would write it, and the rule that it breaks."""
    value, kind = cell["value"], cell["data_type"]
    if kind == "f":
        return str(getattr(value, "text", value)), "is a formula: write the value itself."
    if kind == "e":
        return str(value), "is an error of Excel: write the value itself."
    if isinstance(value, bool):
        return str(int(value)), ""
    if isinstance(value, int | float):
        return _number(value), ""
    if isinstance(value, datetime | date | time):
        return _moment(value, ReadOnlyCell(sheet, **cell).number_format), ""
    return str(value), ""


def _number(value: float) -> str:
    number = Decimal(repr(value))
    return str(int(number)) if number == number.to_integral_value() else format(number, "f")


def _moment(value: datetime | date | time, shown_as: str) -> str:
    """A date as precise as the sheet shows it: Excel keeps “Feb 1991” as the first of February."""
    if isinstance(value, datetime) and value.time() == time(0):
        value = value.date()
    if isinstance(value, datetime | time):
        return value.isoformat()
    shown = re.sub(r'"[^"]*"|\[[^\]]*\]|\\.', "", shown_as).lower()
    if "d" in shown or "y" not in shown:
        return value.isoformat()
    return value.isoformat()[:7] if "m" in shown else value.isoformat()[:4]
