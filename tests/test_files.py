from __future__ import annotations

import re
import struct
import zipfile
from collections.abc import Callable
from copy import copy
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from curation import files
from curation.faults import BadInput, Fault, lines
from tests.first import needs_shared

COW = Path(__file__).parents[2] / "shared/external/cow_interstate_wars_v4.0.csv"
Write = Callable[[bytes | str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a file and gives its path."""

    def write(content: bytes | str) -> Path:
        path = tmp_path / "table"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def workbook(path: Path, *rows: list[Any], title: str = "cases") -> Path:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = title
    for row in rows:
        sheet.append(row)
    book.save(path)
    return path


def texts(table: files.Table) -> list[dict[str, str]]:
    return [dict(row.texts) for row in table.rows]


def faults(path: Path, **choice: str) -> list[str]:
    with pytest.raises(BadInput) as refusal:
        files.read(path, **choice)
    return [str(fault) for fault in refusal.value.faults]


# ------------------------------------------------------------------ encodings and line ends


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_an_encoding_that_can_be_known_is_read_without_a_word(write: Write, encoding: str) -> None:
    table = files.read(write("key,title\nA,Nürnberg – Łódź\n".encode(encoding)))

    assert texts(table) == [{"key": "A", "title": "Nürnberg – Łódź"}]
    assert table.notices == []


def test_what_is_not_utf_8_is_read_as_windows_1252_and_says_so(write: Write) -> None:
    table = files.read(write("key,title\nA,x\nB,Nürnberg – 1994\n".encode("cp1252")))

    assert texts(table)[1] == {"key": "B", "title": "Nürnberg – 1994"}
    assert table.notices == [
        "Line 3 is not UTF-8: table was read as Windows-1252. "
        "If letters look wrong, name the right encoding with --encoding."
    ]


def test_an_encoding_that_is_named_is_believed(write: Write) -> None:
    path = write("key,title\nA,Łódź\n".encode("cp1250"))

    assert texts(files.read(path, encoding="cp1250")) == [{"key": "A", "title": "Łódź"}]


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [
        (
            "",
            "table, line 2: is neither UTF-8 nor Windows-1252: "
            "save it as UTF-8, or name its encoding with --encoding.",
        ),
        (
            "ascii",
            "table, line 2: is not ascii: save it as UTF-8, or name its encoding with --encoding.",
        ),
        (
            "klingon",
            "encoding: “klingon” is not the name of a text encoding: "
            "try utf-8, cp1252, latin-1 or utf-16.",
        ),
        (
            "zip",
            "encoding: “zip” is not the name of a text encoding: "
            "try utf-8, cp1252, latin-1 or utf-16.",
        ),
    ],
)
def test_bytes_that_no_encoding_explains_are_refused(
    write: Write, encoding: str, expected: str
) -> None:
    assert faults(write(b"key,title\nA,\x81\x8d\n"), encoding=encoding) == [expected]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_as_on_unix_windows_and_old_macs(write: Write, end: str) -> None:
    table = files.read(write(end.join(["key,title", "A,x", "B,y"])))

    assert [(row.number, row["key"], row["title"]) for row in table.rows] == [
        (2, "A", "x"),
        (3, "B", "y"),
    ]


@needs_shared
def test_a_published_file_with_old_mac_line_ends_is_read() -> None:
    table = files.read(COW)

    assert len(table.rows) == 337
    assert table.rows[0]["WarName"] == "Franco-Spanish War"
    assert table.rows[-1].number == 338


def test_a_file_with_nul_bytes_is_refused(write: Write) -> None:
    path = write(b"key,title\nA,\x00\nB,y\nC,\x00\n")

    rule = "holds a NUL byte: this is not a text file, or its encoding needs --encoding."
    assert faults(path) == [f"line 2: {rule}", f"line 4: {rule}"]


# ------------------------------------------------------------------ CSV


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_the_one_of_the_header(write: Write, delimiter: str) -> None:
    path = write(f"key{delimiter}title\nA{delimiter}x\n")

    assert texts(files.read(path)) == [{"key": "A", "title": "x"}]


def test_a_delimiter_within_quotation_marks_does_not_count(write: Write) -> None:
    path = write('key;"a, b, c"\nA;x\n')

    assert texts(files.read(path)) == [{"key": "A", "a, b, c": "x"}]


def test_a_row_is_found_where_it_begins_though_quoted_lines_break(write: Write) -> None:
    table = files.read(write('key,title\nA,"first\r\nsecond"\nB,y\n'))

    assert [row.place("title") for row in table.rows] == [
        "line 2, column title",
        "line 4, column title",
    ]
    assert table.rows[0]["title"] == "first\r\nsecond"


def test_empty_lines_and_columns_without_anything_are_passed_over(write: Write) -> None:
    table = files.read(write("\nkey,title,\n,,\nA,x,\n\n"))

    assert texts(table) == [{"key": "A", "title": "x"}]
    assert table.rows[0].place() == "line 4"


def test_every_fault_of_header_and_rows_is_named_at_once(write: Write) -> None:
    path = write("key,title,key,\nA,x,B,lost\nA,x\nkey,title,key,\n")

    assert faults(path) == [
        "line 1: “key” stands in the header twice: give each column its own name.",
        "line 1: column 4 has values and no name.",
        "line 3: has 2 fields where the header has 4.",
        "line 4: “key” repeats the header.",
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "line 1: is empty: a header and rows are needed."),
        ("\n\n", "line 1: is empty: a header and rows are needed."),
        ("key,title\n", "line 1: is a header without rows."),
        (
            'key,title\nA,"x\nB,y\n',
            "line 2: cannot be read as CSV: unexpected end of data. Is a quotation mark open?",
        ),
    ],
)
def test_a_file_without_rows_is_refused(write: Write, content: str, expected: str) -> None:
    assert faults(write(content)) == [expected]


def test_more_rows_than_can_be_checked_are_refused(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MOST_ROWS", 2)

    assert faults(write("key\nA\nB\nC\n")) == ["line 3: more than 2 rows: split the file."]


# ------------------------------------------------------------------ files


def test_a_file_of_200_mb_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.csv"
    with path.open("wb") as file:
        file.truncate(200 * files.MB)  # a hole: it takes no room on disk

    assert faults(path) == [
        "huge.csv: is 200 MB and the limit is 50 MB: split it, or raise IMPORT_MAX_MB."
    ]


def test_a_file_that_is_not_there_is_refused_in_words(tmp_path: Path) -> None:
    assert faults(tmp_path / "none.csv") == [
        f"{tmp_path}/none.csv: cannot be opened: no such file or directory."
    ]
    assert faults(tmp_path) == [f"{tmp_path}: cannot be opened: is a directory."]


# ------------------------------------------------------------------ workbooks


def test_a_workbook_is_read_as_what_a_person_would_write(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "t.xlsx",
        ["key", "start", "time", "number", "share", "yes"],
        ["A", date(1991, 2, 28), datetime(1991, 2, 28, 6, 30), 1.0, 0.25, True],  # noqa: DTZ001
        ["B", "1991-02~", None, 640, 1e-7, False],
    )

    assert texts(files.read(path)) == [
        {
            "key": "A",
            "start": "1991-02-28",
            "time": "1991-02-28T06:30:00",
            "number": "1",
            "share": "0.25",
            "yes": "1",
        },
        {
            "key": "B",
            "start": "1991-02~",
            "time": "",
            "number": "640",
            "share": "0.0000001",
            "yes": "0",
        },
    ]


@pytest.mark.parametrize(
    ("shown_as", "expected"),
    [("yyyy-mm-dd", "1991-02-01"), ("mmm-yy", "1991-02"), ("[$-409]mmmm\\ yyyy;@", "1991-02")],
)
def test_a_month_that_excel_keeps_as_its_first_day_stays_a_month(
    tmp_path: Path, shown_as: str, expected: str
) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["start"])
    sheet.append([date(1991, 2, 1)])
    sheet["A2"].number_format = shown_as
    book.save(tmp_path / "t.xlsx")

    assert texts(files.read(tmp_path / "t.xlsx")) == [{"start": expected}]


def test_a_cell_of_a_workbook_is_named_by_sheet_and_cell(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", ["key", "title"], ["A", "x"], [None], ["B", "y"])

    table = files.read(path)

    assert [row.place("title") for row in table.rows] == ["cases!B2", "cases!B4"]
    assert table.rows[1].place() == "cases!4"


def test_formulas_errors_and_merged_cells_are_all_named(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "cases"
    for row in (["key", "title"], ["A", "=cmd()"], ["B", "#N/A"], ["C", "x"], ["D", None]):
        sheet.append(row)
    sheet.merge_cells("B4:B5")
    book.save(tmp_path / "t.xlsx")

    assert faults(tmp_path / "t.xlsx") == [
        "cases!B2: “=cmd()” is a formula: write the value itself.",
        "cases!B3: “#N/A” is an error of Excel: write the value itself.",
        "cases!B4:B5: is merged: give each cell its own value.",
    ]


def test_faults_of_a_header_are_named_by_cell(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", ["key", "key"], ["A", "x", "lost"])

    assert faults(path) == [
        "cases!B1: “key” stands in the header twice: give each column its own name.",
        "cases!C1: column 3 has values and no name.",
    ]


def test_a_sheet_is_chosen_by_name_and_the_first_one_is_announced(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.worksheets[0].title = "cases"
    book.create_sheet("more")
    for sheet, key in zip(book.worksheets, "AB", strict=True):
        sheet.append(["key"])
        sheet.append([key])
    path = tmp_path / "t.xlsx"
    book.save(path)

    first, second = files.read(path), files.read(path, sheet="more")

    assert (first.rows[0]["key"], second.rows[0]["key"]) == ("A", "B")
    assert first.notices == ["t.xlsx has 2 sheets: “cases” was read. Choose with --sheet."]
    assert second.notices == []
    assert faults(path, sheet="none") == [
        "sheet: “none” is not a sheet of t.xlsx: it has cases, more."
    ]


@pytest.mark.parametrize("content", [b"PK\x03\x04 and no more", b"\xd0\xcf\x11\xe0 old or locked"])
def test_what_is_no_workbook_of_today_is_refused(write: Write, content: bytes) -> None:
    assert len(faults(write(content))) == 1


def test_a_workbook_whose_parts_are_nonsense_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "<nonsense/>")

    assert faults(path) == ["t.xlsx: cannot be read as an Excel workbook (OSError): save it again."]


# ------------------------------------------------------------------ workbooks that are made to hurt


def zeros(path: Path, megabytes: int, times: int = 1) -> Path:
    """A real workbook with a part of zeros, which its list of contents names many times."""
    workbook(path, ["key"], ["A"])
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("xl/media/0.bin", "w") as part:
            for _ in range(megabytes):
                part.write(bytes(files.MB))
        for number in range(1, times):
            again = copy(archive.getinfo("xl/media/0.bin"))
            again.filename = f"xl/media/{number}.bin"
            archive.filelist.append(again)
    return path


def test_a_workbook_that_unpacks_to_10_gb_is_refused_unopened(tmp_path: Path) -> None:
    path = zeros(tmp_path / "bomb.xlsx", 100, times=100)

    assert path.stat().st_size < files.MB
    assert faults(path) == ["bomb.xlsx: would unpack to 10,000 MB and the limit is 400 MB."]


def test_a_part_that_is_packed_more_than_words_can_be_is_refused(tmp_path: Path) -> None:
    [fault] = faults(zeros(tmp_path / "bomb.xlsx", 20))

    assert re.fullmatch(r"bomb.xlsx: holds xl/media/0.bin, 1,0\d\d times larger than .*", fault)


def test_a_workbook_that_says_less_than_it_holds_is_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", ["key"], *[["A"]] * 1000)
    raw = bytearray(path.read_bytes())
    listed = raw.rindex(b"PK\x01\x02", 0, raw.rindex(b"xl/worksheets/sheet1.xml"))
    raw[listed + 24 : listed + 28] = struct.pack("<L", 500)  # its unpacked size
    path.write_bytes(raw)

    assert faults(path) == [
        "t.xlsx: cannot be unpacked: Bad CRC-32 for file 'xl/worksheets/sheet1.xml'."
    ]


def test_a_workbook_with_endless_parts_is_refused(tmp_path: Path) -> None:
    assert faults(zeros(tmp_path / "bomb.xlsx", 0, times=2001)) == [
        "bomb.xlsx: has 2,010 parts: no workbook needs more than 2,000."
    ]


def with_sheet(path: Path, xml: str) -> Path:
    """A workbook whose sheet is the given XML."""
    workbook(path, ["key"], ["A"])
    made = path.with_name("made.xlsx")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(made, "w") as new:
        for part in old.infolist():
            is_sheet = part.filename.endswith("sheet1.xml")
            new.writestr(part.filename, xml if is_sheet else old.read(part))
    return made


SHEET = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{}</worksheet>'
)


def test_a_workbook_with_entities_of_its_own_is_refused(tmp_path: Path) -> None:
    laughs = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>' + SHEET.format("")

    assert faults(with_sheet(tmp_path / "t.xlsx", laughs)) == [
        "made.xlsx, xl/worksheets/sheet1.xml: defines a document type: no Excel workbook does."
    ]


def test_the_size_that_a_sheet_claims_is_not_believed(tmp_path: Path) -> None:
    rows = (
        '<dimension ref="A1:XFD1048576"/><sheetData><row r="1"><c r="A1" t="inlineStr"><is>'
        '<t>key</t></is></c></row><row r="1048576"><c r="A1048576"><v>7</v></c></row></sheetData>'
    )

    table = files.read(with_sheet(tmp_path / "t.xlsx", SHEET.format(rows)))

    assert [(row.place("key"), row["key"]) for row in table.rows] == [("cases!A1048576", "7")]


def test_a_cell_far_out_is_refused(tmp_path: Path) -> None:
    rows = '<sheetData><row r="1"><c r="XFD1"><v>7</v></c></row></sheetData>'

    assert faults(with_sheet(tmp_path / "t.xlsx", SHEET.format(rows))) == [
        "cases!XFD1: stands beyond column 1,000."
    ]


# ------------------------------------------------------------------ faults as they are printed


def test_200_faults_are_printed_and_all_are_counted() -> None:
    printed = list(lines([Fault(f"line {n}", "", "is odd.") for n in range(250)]))

    assert printed[199:] == [
        "line 199: is odd.",
        "… and 50 more.",
        "250 faults. Nothing was written.",
    ]


def test_a_value_is_printed_on_one_line_and_short() -> None:
    fault = Fault("line 2", "a\nb\x1b[31m" + "x" * 100, "is odd.")

    assert str(fault) == "line 2: “a␣b␣[31m" + "x" * 49 + "…” is odd."
