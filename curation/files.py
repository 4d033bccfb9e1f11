"""Tables out of CSV and XLSX files from anywhere, each value with its place.

Nothing is guessed in silence: what had to be assumed is a notice, what cannot be read is a fault.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from openpyxl.utils import get_column_letter

from curation import workbooks
from curation.faults import BadInput, Fault
from curation.workbooks import MOST_ROWS, Line

MB = 2**20
DELIMITERS = (",", ";", "\t")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True)
class Header:
    """The names of a table's columns; in a workbook, with the sheet that holds them."""

    names: tuple[str, ...]
    sheet: str = ""
    # Where in the line each named column stands: columns without a name are left out.
    columns: tuple[int, ...] = ()
    number: int = 1

    def place(self, number: int, name: str = "") -> str:
        """A line, or the cell of it under a name, as its reader finds it again."""
        if not self.sheet:
            return f"line {number}, column {name}" if name else f"line {number}"
        column = self.columns[self.names.index(name)] if name in self.names else None
        letter = "" if column is None else get_column_letter(column + 1)
        return f"{self.sheet}!{letter}{number}"


@dataclass(frozen=True)
class Row:
    """One row of a table: the texts by column name, and where they stand."""

    header: Header
    number: int
    texts: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.texts.get(name, "")

    def place(self, name: str = "") -> str:
        return self.header.place(self.number, name)

    def fault(self, name: str, rule: str) -> Fault:
        return Fault(self.place(name), self[name], rule)


@dataclass(frozen=True)
class Table:
    """A file as rows under a header."""

    header: Header
    rows: Sequence[Row]
    notices: list[str] = field(default_factory=list)


def table_of(rows: Iterable[Mapping[str, str]]) -> Table:
    """Rows that were made, not read, as if they stood in a file."""
    listed = list(rows)
    names = tuple(listed[0])
    header = Header(names, "", tuple(range(len(names))))
    return Table(header, [Row(header, number, texts) for number, texts in enumerate(listed, 2)])


def read(path: Path, *, encoding: str = "", sheet: str = "") -> Table:
    """The table in a file. Raises BadInput with every fault."""
    try:
        with path.open("rb") as file:
            return read_from(file, path.name, encoding=encoding, sheet=sheet)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise BadInput([Fault(str(path), "", f"cannot be opened: {reason}.")]) from None


def read_from(file: BinaryIO, name: str, *, encoding: str = "", sheet: str = "") -> Table:
    """The table in an open file; the first bytes, not the name, say what kind it is."""
    refuse_large(file, name)
    first = file.read(8)
    file.seek(0)
    if first.startswith(b"PK\x03\x04"):
        title, lines, notices = workbooks.read(file, name, sheet)
        return _table(lines, title, notices)
    if first.startswith(b"\xd0\xcf\x11\xe0"):
        rule = "is an old Excel file or has a password: save it as .xlsx without one, or as CSV."
        raise BadInput([Fault(name, "", rule)])
    text, notices = decode(file.read(), name, encoding)
    return _table(_csv_lines(text), "", notices)


def read_sheet(file: BinaryIO, name: str, sheet: str) -> Table:
    """One sheet of a workbook, which may be a header without rows."""
    refuse_large(file, name)
    title, lines, notices = workbooks.read(file, name, sheet)
    return _table(lines, title, notices, needs_rows=False)


def refuse_large(file: BinaryIO, name: str) -> None:
    """Refuse a file larger than an import may be, before a byte of it is read."""
    size, limit = file.seek(0, io.SEEK_END), settings.IMPORT_MAX_MB
    file.seek(0)
    if size > limit * MB:
        said = f"is {size / MB:,.0f} MB and the limit is {limit} MB"
        raise BadInput([Fault(name, "", f"{said}: split it, or raise IMPORT_MAX_MB.")])


# ------------------------------------------------------------------ text


def decode(raw: bytes, name: str, encoding: str = "") -> tuple[str, list[str]]:
    """The text of a file, and what had to be assumed to read it."""
    if encoding or marked(raw):
        return _text(raw, name, encoding or marked(raw)), []
    try:
        return raw.decode("utf-8"), []
    except UnicodeDecodeError as error:
        line = line_at(raw, error.start)
        notice = (
            f"Line {line} is not UTF-8: {name} was read as Windows-1252. "
            "If letters look wrong, name the right encoding with --encoding."
        )
        return _text(raw, name, "cp1252"), [notice]


def marked(raw: bytes) -> str:
    """The encoding that the first bytes announce; empty where they announce none."""
    return next((encoding for mark, encoding in _BOMS if raw.startswith(mark)), "")


def _text(raw: bytes, name: str, encoding: str) -> str:
    try:
        return raw.decode(encoding).removeprefix("\ufeff")
    except LookupError:
        rule = "is not the name of a text encoding: try utf-8, cp1252, latin-1 or utf-16."
        raise BadInput([Fault("encoding", encoding, rule)]) from None
    except UnicodeDecodeError as error:
        line = line_at(raw, error.start)
        also = "neither UTF-8 nor Windows-1252" if encoding == "cp1252" else f"not {encoding}"
        rule = f"is {also}: save it as UTF-8, or name its encoding with --encoding."
        raise BadInput([Fault(f"{name}, line {line}", "", rule)]) from None


def line_at(raw: bytes, position: int) -> int:
    """The number of the line that a byte stands on."""
    return len(raw[: position + 1].splitlines()) or 1


# ------------------------------------------------------------------ CSV


def _csv_lines(text: str) -> Iterator[Line]:
    """The records of a CSV with the line that each begins on."""
    if faults := _faults_of_text(text):
        raise BadInput(faults)
    reader = csv.reader(_physical_lines(text), delimiter=_delimiter(text), strict=True)
    begins = 1
    try:
        for texts in reader:
            yield Line(begins, texts)
            begins = reader.line_num + 1
    except csv.Error as error:
        rule = f"cannot be read as CSV: {error}. Is a quotation mark open?"
        raise BadInput([Fault(f"line {begins}", "", rule)]) from None


def _physical_lines(text: str) -> io.StringIO:
    """Lines as they end on Windows, Unix and old Macs."""
    return io.StringIO(text, newline="")


def _faults_of_text(text: str) -> list[Fault]:
    if "\x00" not in text:
        return []
    rule = "holds a NUL byte: this is not a text file, or its encoding needs --encoding."
    numbered = enumerate(_physical_lines(text), 1)
    return [Fault(f"line {number}", "", rule) for number, line in numbered if "\x00" in line]


def _delimiter(text: str) -> str:
    """Comma, semicolon or tab: whichever cuts the header into most names."""
    header = next((line for line in _physical_lines(text) if line.strip()), "")
    unquoted = re.sub(r'"[^"]*"', "", header)
    return max(DELIMITERS, key=unquoted.count)


# ------------------------------------------------------------------ tables


def _table(
    lines: Iterable[Line], sheet: str, notices: list[str], *, needs_rows: bool = True
) -> Table:
    """Lines as a table. Empty lines are passed over, whatever stands out of place is a fault."""
    filled = [line for line in lines if any(text.strip() for text in line.texts)]
    if not filled:
        raise BadInput([Fault(sheet or "line 1", "", "is empty: a header and rows are needed.")])
    if len(filled) > MOST_ROWS:
        rule = f"more than {MOST_ROWS:,} rows: split the file."
        raise BadInput([Fault(filled[MOST_ROWS].place(sheet), "", rule)])
    head, *rest = filled
    header = _header(head, rest, sheet)
    if faults := [*_faults_of_header(head, header), *_faults_of_lines(rest, head, sheet)]:
        raise BadInput(faults)
    if needs_rows and not rest:
        raise BadInput([Fault(head.place(sheet), "", "is a header without rows.")])
    return Table(header, [_row(line, header) for line in rest], notices)


def _header(head: Line, rest: Sequence[Line], sheet: str) -> Header:
    """The named columns; a column without a name counts only if something stands in it."""
    used = {n for line in rest for n, text in enumerate(line.texts) if text.strip()}
    names = {n: text.strip() for n, text in enumerate(head.texts)}
    standing = sorted(used | {n for n, name in names.items() if name})
    named = [(n, names.get(n, "")) for n in standing]
    return Header(
        names=tuple(name for _, name in named),
        sheet=sheet,
        columns=tuple(n for n, _ in named),
        number=head.number,
    )


def _faults_of_header(head: Line, header: Header) -> Iterator[Fault]:
    seen: set[str] = set()
    for column, name in zip(header.columns, header.names, strict=True):
        place = head.place("")
        if header.sheet:
            place = f"{header.sheet}!{get_column_letter(column + 1)}{head.number}"
        if not name:
            yield Fault(place, "", f"column {column + 1} has values and no name.")
        elif name in seen:
            yield Fault(place, name, "stands in the header twice: give each column its own name.")
        seen.add(name)


def _faults_of_lines(lines: Sequence[Line], head: Line, sheet: str) -> Iterator[Fault]:
    for line in lines:
        if line.texts == head.texts:
            yield Fault(line.place(sheet), line.texts[0], "repeats the header.")
        elif not sheet and len(line.texts) != len(head.texts):
            rule = f"has {len(line.texts)} fields where the header has {len(head.texts)}."
            yield Fault(line.place(sheet), "", rule)


def _row(line: Line, header: Header) -> Row:
    width = len(line.texts)
    texts = {
        name: line.texts[column].strip() if column < width else ""
        for name, column in zip(header.names, header.columns, strict=True)
    }
    return Row(header, line.number, texts)
