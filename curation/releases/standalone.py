"""Check a release with nothing but its files and Python 3.9 or newer.

    python verify.py                        the folder in which this file lies
    python verify.py FOLDER_OR_ZIP
    python verify.py --digest SHA256        the manifest's sha256, as the release's page shows it
    python verify.py --previous FOLDER_OR_ZIP      the release before this one

It checks that every file is what the manifest says, that the manifest is the one of that digest,
that the chain to the release before holds, that keys are unique and lead to a row, that cells.csv
says what the tables say, the fingerprints (UNF version 6), the list of fields that a spreadsheet
may run, and that each file in another format says the same as the CSV beside it.

Exit code 0: everything holds. 1: something does not.
"""

from __future__ import annotations

import argparse
import base64
import csv
import gzip
import hashlib
import importlib.util
import io
import itertools
import json
import re
import struct
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, BinaryIO, cast
from xml.etree import ElementTree

MANIFEST = "manifest.json"
SIGNATURES = "signatures.csv"
FINGERPRINTS = "fingerprints.csv"
FORMULAS = "formulas.csv"
CHUNK = 1 << 20
LONGEST_FIELD = 1 << 30
MOST_TOLD = 5  # of one kind in one file


# ------------------------------------------------------------------ the fingerprint

MISSING = b"\0\0\0"
END = b"\n\0"
DIGITS, CHARACTERS, HASH_BYTES = 7, 128, 16
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
DAY = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")


def number_in_unf(number: float) -> str:
    """Seven significant digits, ties to even, in the exponential form of UNF 6: -300 is -3.e+2."""
    if number != number:
        return "+nan"
    if number in (float("inf"), float("-inf")):
        return "+inf" if number > 0 else "-inf"
    digits, exponent = f"{number:+.{DIGITS - 1}e}".split("e")
    power = int(exponent)
    sign = "-" if power < 0 else "+"
    whole, _, fraction = digits.partition(".")
    return f"{whole}.{fraction.rstrip('0')}e{sign}{abs(power) or ''}"


class Fingerprint:
    """UNF version 6 of one column of text, of the type that Dataverse finds in a CSV file.

    numeric    every field that is not empty is a number; empty is missing
    date       every field that is not empty is a day, YYYY-MM-DD; empty is missing
    character  anything else, 128 characters of each; empty is the empty text

    https://guides.dataverse.org/en/latest/developers/unf/unf-v6.html
    """

    def __init__(self) -> None:
        self._of = {"numeric": hashlib.sha256(), "date": hashlib.sha256()}
        self._text = hashlib.sha256()
        self._known: dict[str, dict[str, bytes]] = {"numeric": {}, "date": {}}

    def add(self, fields: Sequence[str]) -> None:
        """The next fields of the column."""
        cut = [field[:CHARACTERS].encode() for field in fields]
        self._text.update(b"".join(text + END for text in cut))
        for kind in list(self._of):
            try:
                known = self._known[kind]
                self._of[kind].update(
                    b"".join([known.get(f) or self._add(kind, f) for f in fields])
                )
            except ValueError:
                del self._of[kind]

    def _add(self, kind: str, field: str) -> bytes:
        """The written form of a field, kept: the same few come a million times."""
        found = as_number(field) if kind == "numeric" else as_day(field)
        if len(self._known[kind]) < 100_000:
            self._known[kind][field] = found
        return found

    @property
    def kind(self) -> str:
        return next(iter(self._of), "character")

    def written(self) -> str:
        return _unf(self._of.get(self.kind, self._text))


def as_number(field: str) -> bytes:
    if not field:
        return MISSING
    if not NUMBER.fullmatch(field):
        raise ValueError(field)
    return number_in_unf(float(field)).encode() + END


def as_day(field: str) -> bytes:
    if not field:
        return MISSING
    if not DAY.fullmatch(field):
        raise ValueError(field)
    return field.encode() + END


def _unf(found: Any) -> str:
    return "UNF:6:" + base64.b64encode(found.digest()[:HASH_BYTES]).decode()


def of_all(prints: Iterable[str]) -> str:
    """The fingerprint of a file from those of its columns; of one column, that one itself."""
    ordered = sorted(prints)
    if len(ordered) == 1:
        return ordered[0]
    return _unf(hashlib.sha256(b"".join(each.encode() + END for each in ordered)))


def fingerprints(file: BinaryIO) -> Iterator[tuple[str, str, str]]:
    """Name, type and fingerprint of each column of a CSV file; last, of the file itself."""
    rows = rows_of(file)
    names = next(rows, [])
    columns = [Fingerprint() for _ in names]
    for block in _blocks(rows):
        for column, fields in zip(columns, zip(*block)):  # noqa: B905 - read by Python 3.9
            column.add(fields)
    found = [(n, c.kind, c.written()) for n, c in zip(names, columns)]  # noqa: B905
    yield from found
    yield "", "", of_all(unf for _, _, unf in found)


def _blocks(rows: Iterator[list[str]]) -> Iterator[list[list[str]]]:
    block = []
    for row in rows:
        block.append(row)
        if len(block) == 2000:
            yield block
            block = []
    if block:
        yield block


def rows_of(file: BinaryIO) -> Iterator[list[str]]:
    csv.field_size_limit(LONGEST_FIELD)
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    try:
        yield from csv.reader(text, strict=True)
    finally:
        text.detach()  # whoever opened the file closes it


# ------------------------------------------------------------------ formulas

RUN = ("=", "+", "-", "@", "\t", "\r")
MAY_RUN = re.compile(
    rb'(?<=")[=@\t\r+-]|'
    rb"(?<=[,\n])(?:[=@\t\r]|[+-](?!(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[,\n]))"
)


def is_run(text: str) -> bool:
    """Whether a spreadsheet that opens the CSV file may run it as a formula. Numbers are read."""
    return text.startswith(RUN) and not NUMBER.fullmatch(text)


def formulas(file: BinaryIO) -> Iterator[tuple[int, str]]:
    """Row, as a spreadsheet counts, and column of each such field of a CSV file."""
    if not _may_run(file):
        return
    file.seek(0)
    rows = rows_of(file)
    names = next(rows, [])
    for number, row in enumerate(rows, 2):
        for name, field in zip(names, row):  # noqa: B905
            if is_run(field):
                yield number, name


def _may_run(file: BinaryIO) -> bool:
    """Most files hold none: they are looked through much faster than they are read."""
    left = b"\n"
    for chunk in iter(lambda: file.read(CHUNK), b""):
        whole, end, left = (left + chunk).rpartition(b"\n")
        if MAY_RUN.search(whole + end):
            return True
        left = end + left
    return bool(MAY_RUN.search(left + b"\n"))


# ------------------------------------------------------------------ the files


class Files:
    """The files of a release, in a folder or in a zip, maybe in one folder inside it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.zip = None if path.is_dir() else zipfile.ZipFile(path)
        self.top = self._top()

    def _top(self) -> str:
        if self.zip is None:
            return ""
        found = [n for n in self.zip.namelist() if n.split("/")[-1] == MANIFEST]
        if not found:
            raise OSError(f"there is no {MANIFEST} in it")
        return min(found, key=len)[: -len(MANIFEST)]

    def names(self) -> list[str]:
        if self.zip is None:
            return sorted(p.relative_to(self.path).as_posix() for p in self.path.rglob("*"))
        within = (n for n in self.zip.namelist() if n.startswith(self.top))
        return sorted(n[len(self.top) :] for n in within if not n.endswith("/"))

    def open(self, name: str) -> BinaryIO:
        if self.zip is None:
            return (self.path / name).open("rb")
        return cast(BinaryIO, self.zip.open(self.top + name))

    def read(self, name: str) -> bytes:
        with self.open(name) as file:
            return file.read()


class Release:
    """What is said of a release while it is read: what is wrong, and what was not looked at."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self.problems: list[str] = []
        self.unchecked: list[str] = []
        self.manifest: dict[str, Any] = {}
        self.digest = ""

    def says(self, problem: str) -> None:
        self.problems.append(problem)

    def some(self, place: str, found: Iterable[str]) -> None:
        """The first few problems of one kind, and how many more there are."""
        listed = list(found)
        for each in listed[:MOST_TOLD]:
            self.says(f"{place}: {each}")
        if len(listed) > MOST_TOLD:
            self.says(f"{place}: {len(listed) - MOST_TOLD} more of this kind.")

    @property
    def named(self) -> dict[str, dict[str, Any]]:
        return {file["name"]: file for file in self.manifest.get("files", [])}

    @property
    def units(self) -> list[str]:
        return [unit["name"] for unit in self.manifest["units"]]


UNREADABLE = (
    *(KeyError, ValueError, IndexError, EOFError, OSError, SyntaxError),
    *(csv.Error, struct.error, zipfile.BadZipFile),
)


def check(
    path: Path,
    digest: str = "",
    previous: Path | None = None,
) -> Release:
    """Everything that can be checked of the release in this folder or zip."""
    release = Release(Files(path))
    if not _read_manifest(release, digest):
        return release
    _check_chain(release, previous)
    if not _check_files(release):
        return release  # what is damaged is not read further
    looks = (
        *(_check_signatures, _check_keys, _check_cells, _check_fingerprints),
        *(_check_formulas, _check_formats),
    )
    for look in looks:
        try:
            look(release)
        except UNREADABLE as error:
            release.says(f"{_words(look)}: not to be read: {type(error).__name__} {error}.")
    return release


def _words(look: Any) -> str:
    return str(look.__name__).rpartition("_")[2]


def _read_manifest(release: Release, digest: str) -> bool:
    try:
        written = release.files.read(MANIFEST)
        release.digest = hashlib.sha256(written).hexdigest()
        release.manifest = json.loads(written)
    except (OSError, KeyError, ValueError) as error:
        release.says(f"{MANIFEST}: not to be read: {error}.")
        return False
    if digest and digest != release.digest:
        release.says(f"{MANIFEST}: its sha256 is {release.digest}, not {digest}.")
    text = json.dumps(release.manifest, ensure_ascii=False, indent=1, sort_keys=True)
    if f"{text}\n".encode() != written:
        release.says(f"{MANIFEST}: it is not as it was written.")
    return True


def _check_chain(release: Release, previous: Path | None) -> None:
    named = release.manifest.get("previous")
    if previous is None:
        return
    try:
        written = Files(previous).read(MANIFEST)
    except (OSError, KeyError) as error:
        release.says(f"chain: the release before cannot be read: {error}.")
        return
    if named is None:
        release.says("chain: this is the first release: it follows none.")
    elif hashlib.sha256(written).hexdigest() != named["digest"]:
        release.says(f"chain: it follows {named['version']}, {named['digest']}, not that one.")


def _check_files(release: Release) -> bool:
    before = len(release.problems)
    there = set(release.files.names())
    for name, file in sorted(release.named.items()):
        if name not in there:
            release.says(f"{name}: it is missing.")
            continue
        found, size = _hashed(release.files, name)
        if size != file["bytes"]:
            release.says(f"{name}: {size} bytes, and {file['bytes']} in the manifest.")
        elif found != file["sha256"]:
            release.says(f"{name}: its bytes give {found}, and {file['sha256']} in the manifest.")
    return len(release.problems) == before


def _hashed(files: Files, name: str) -> tuple[str, int]:
    found, size = hashlib.sha256(), 0
    with files.open(name) as file:
        for chunk in iter(lambda: file.read(CHUNK), b""):
            found.update(chunk)
            size += len(chunk)
    return found.hexdigest(), size


def _check_signatures(release: Release) -> None:
    """What was signed is this release, all but the file of the signatures."""
    if SIGNATURES not in release.named:
        return
    rest = [file for file in release.manifest["files"] if file["name"] != SIGNATURES]
    signed = {**release.manifest, "files": rest}
    text = json.dumps(signed, ensure_ascii=False, indent=1, sort_keys=True)
    digest = hashlib.sha256(f"{text}\n".encode()).hexdigest()
    lines = list(_table(release, SIGNATURES))
    if not lines:
        release.says(f"{SIGNATURES}: nobody has signed.")
    others = [line["signer"] for line in lines if line["digest"] != digest]
    release.some(SIGNATURES, (f"{name} signed something else than {digest}." for name in others))


# ------------------------------------------------------------------ keys and cells


def _table(release: Release, name: str) -> Iterator[dict[str, str]]:
    with release.files.open(name) as file:
        rows = rows_of(file)
        head = next(rows)
        for row in rows:
            if len(row) != len(head):
                raise ValueError(f"{name}: a row of {len(row)} fields under {len(head)} headings")
            yield dict(zip(head, row))  # noqa: B905


def _check_keys(release: Release) -> None:
    """Each case once in its table, and each parent a row of the tables."""
    cases, parents = {}, {}
    for unit in release.units:
        found: dict[str, int] = {}
        for row in _table(release, f"{unit}.csv"):
            found[row["case"]] = found.get(row["case"], 0) + 1
            if "parent" in row:
                parents[unit, row["case"]] = row["parent"]
        twice = sorted(key for key, times in found.items() if times > 1)
        release.some(f"{unit}.csv", (f"the key {key} stands twice." for key in twice))
        cases[unit] = set(found)
    everywhere = set().union(*cases.values()) if cases else set()
    lost = [(u, c, p) for (u, c), p in parents.items() if p not in everywhere]
    release.some("parent", (f"{p}, of {c} in {u}.csv, is no row." for u, c, p in lost))
    for name in ("cells.csv", "codings.csv"):
        if name in release.named:
            strays = sorted(
                {(r["unit"], r["case"]) for r in _table(release, name)}
                - {(unit, case) for unit in cases for case in cases[unit]}
            )
            release.some(name, (f"{case} is no row of {unit}.csv." for unit, case in strays))


def _check_cells(release: Release) -> None:
    """Every field of the tables is the value of its cell, and empty where there is no cell."""
    if "cells.csv" not in release.named:
        return
    stated: dict[str, dict[tuple[str, str], str]] = {}
    for row in _table(release, "cells.csv"):
        cells = stated.setdefault(row["unit"], {})
        place = (row["case"], row["variable"])
        if place in cells:
            release.says(f"cells.csv: {row['variable']} of {row['case']} stands twice.")
        cells[place] = row["value"]
    for unit in release.units:
        cells = stated.get(unit, {})
        variables = {variable for _, variable in cells}
        found = (
            f"{name} of {row['case']} is “{row[name]}”, and “{cells.get((row['case'], name), '')}” "
            "in cells.csv."
            for row in _table(release, f"{unit}.csv")
            for name in variables & set(row)
            if row[name] != cells.get((row["case"], name), "")
        )
        release.some(f"{unit}.csv", found)


# ------------------------------------------------------------------ fingerprints and formats


def _check_fingerprints(release: Release) -> None:
    if FINGERPRINTS not in release.named:
        release.unchecked.append("fingerprints: this release has none.")
        return
    stated: dict[str, list[tuple[str, str, str]]] = {}
    for row in _table(release, FINGERPRINTS):
        stated.setdefault(row["file"], []).append((row["column"], row["type"], row["unf"]))
    for name, said in stated.items():
        with release.files.open(name) as file:
            if list(fingerprints(file)) != said:
                release.says(f"{name}: its fingerprints are not those of {FINGERPRINTS}.")


def _check_formulas(release: Release) -> None:
    """The list of fields that a spreadsheet may run names these and no others."""
    if FORMULAS not in release.named:
        release.unchecked.append("formulas: this release has no list of them.")
        return
    said = {(r["file"], int(r["row"]), r["column"]) for r in _table(release, FORMULAS)}
    found = set()
    for name in release.named:
        if name.endswith(".csv") and name != FORMULAS:
            with release.files.open(name) as file:
                found |= {(name, *place) for place in formulas(file)}
    odd = sorted(found ^ said)
    release.some(FORMULAS, (f"row {row}, {column} of {name}: not so." for name, row, column in odd))


def _check_formats(release: Release) -> None:
    tables = {name[:-4] for name in release.named if name.endswith(".csv")}
    for name in sorted(release.named):
        stem, _, kind = name.rpartition(".")
        if name == WORKBOOK:
            _check_workbook(release, tables)
        elif stem in tables and kind in NEEDED and not _is_there(NEEDED[kind]):
            release.unchecked.append(f"{name}: not compared, only its hash: needs {NEEDED[kind]}.")
        elif stem in tables and kind in READERS:
            _compare(release, name, f"{stem}.csv", READERS[kind](release, name))


def _is_there(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def _compare(
    release: Release,
    name: str,
    table: str,
    rows: Iterable[Sequence[Any]],
    longest: int = LONGEST_FIELD,
) -> None:
    """Row by row and field by field what the CSV says, and no row more or less."""
    found: list[str] = []
    with release.files.open(table) as file:
        written = rows_of(file)
        head = next(written)
        both = itertools.zip_longest(rows, written)
        for number, (said, row) in enumerate(both, 1):
            if said is None or row is None or len(said) != len(head):
                found.append(f"row {number} is not one of both, or of another length.")
                break
            found += [
                f"row {number}, {column}: {value!r}, and “{text}” in {table}."
                for column, value, text in zip(head, said, row)  # noqa: B905
                if not same(value, text) and len(text) <= longest
            ]
    release.some(name, found)


def _jsonl(release: Release, name: str) -> Iterator[Sequence[Any]]:
    with release.files.open(name) as file:
        yield from (list(json.loads(line).values()) for line in file)


def _missing_codes(release: Release) -> list[str]:
    """In the codebook's order, in which Stata's .a, .b, .c and R's tags stand for them."""
    book = json.loads(release.files.read("codebook.json"))["codebook"]
    return [str(code["code"]) for code in book.get("missing_codes", [])]


# ------------------------------------------------------------------ Excel

SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
LONGEST_CELL = 32767


def _check_workbook(release: Release, tables: Iterable[str]) -> None:
    """Each sheet that is called as a table; the codebook's sheets are not compared."""
    named = {table[:31]: table for table in tables}
    with zipfile.ZipFile(io.BytesIO(release.files.read(WORKBOOK))) as book:
        listed = ElementTree.fromstring(book.read("xl/workbook.xml"))  # noqa: S314 - its hash is known
        for number, sheet in enumerate(listed.iter(f"{SHEET}sheet"), 1):
            if table := named.get(sheet.attrib["name"]):
                with book.open(f"xl/worksheets/sheet{number}.xml") as file:
                    rows = _sheet(file, len(release.named[f"{table}.csv"]["columns"]))
                    _compare(release, f"{WORKBOOK}, {table}", f"{table}.csv", rows, LONGEST_CELL)


def _sheet(file: Any, width: int) -> Iterator[list[Any]]:
    """The rows under the heading; a row without a cell is a row."""
    expected = 2
    for _, row in ElementTree.iterparse(file):  # noqa: S314
        if row.tag == f"{SHEET}row" and (number := int(row.attrib["r"])) > 1:
            yield from ([None] * width for _ in range(expected, number))
            expected = number + 1
            fields: list[Any] = [None] * width
            for cell in row.iter(f"{SHEET}c"):
                fields[_place(cell.attrib["r"])] = _cell(cell)
            yield fields
            row.clear()


def _place(reference: str) -> int:
    """Column of a cell: A1 is 0, AA1 is 26."""
    place = 0
    for letter in reference.rstrip("0123456789"):
        place = place * 26 + ord(letter) - ord("A") + 1
    return place - 1


def _cell(cell: Any) -> Any:
    if cell.attrib.get("t") == "inlineStr":
        text = "".join(part.text or "" for part in cell.iter(f"{SHEET}t"))
        return ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    value = cell.find(f"{SHEET}v")
    return None if value is None else Serial(value.text)


class Serial(float):
    """A number of a sheet: itself, or a day counted from that of 1900 which never was."""

    @property
    def day(self) -> str:
        return (date(1899, 12, 30) + timedelta(days=int(self))).isoformat()


# ------------------------------------------------------------------ Stata

STRL, DOUBLE = 32768, 65526
STATA_MISSING = 0x7FE0 << 48


def _dta(release: Release, name: str) -> Iterator[list[Any]]:
    """Version 118, doubles and texts, which is what is in these files."""
    data = release.files.read(name)
    at = struct.unpack_from("<14Q", data, data.index(b"<map>") + 5)
    count = struct.unpack_from("<Q", data, data.index(b"<N>") + 3)[0]
    width = struct.unpack_from("<H", data, data.index(b"<K>") + 3)[0]
    kinds = struct.unpack_from(f"<{width}H", data, at[2] + len("<variable_types>"))
    parts = "".join("8s" if k == STRL else "Q" if k == DOUBLE else f"{k}s" for k in kinds)
    row = struct.Struct(f"<{parts}")
    texts, codes = _strls(data, at[10] + len("<strls>")), _missing_codes(release)
    for number in range(count):
        found = row.unpack_from(data, at[9] + len("<data>") + number * row.size)
        yield [_stata(value, kind, texts, codes) for value, kind in zip(found, kinds)]  # noqa: B905


def _stata(value: Any, kind: int, texts: dict[bytes, str], codes: Sequence[str]) -> Any:
    if kind == STRL:
        return texts.get(value, "")
    if kind != DOUBLE:
        return value.partition(b"\0")[0].decode()
    if value >> 63 == 0 and value >= STATA_MISSING:
        letter = (value - STATA_MISSING) >> 40
        return codes[letter - 1] if letter else None
    return struct.unpack("<d", struct.pack("<Q", value))[0]


def _strls(data: bytes, at: int) -> dict[bytes, str]:
    """Long texts, by variable and observation as the rows name them: 2 bytes and 6."""
    found = {}
    while data[at : at + 3] == b"GSO":
        variable, observation, _, length = struct.unpack_from("<IQBI", data, at + 3)
        start = at + 3 + struct.calcsize("<IQBI")
        text = data[start : start + length].rstrip(b"\0").decode()
        found[struct.pack("<H", variable) + struct.pack("<Q", observation)[:6]] = text
        at = start + length
    return found


# ------------------------------------------------------------------ R

NA_REAL = 0x7FF00000_000007A2  # with a letter in the lowest byte of its high word
NA_TAG = 0xFF << 32


def _rds(release: Release, name: str) -> Iterator[list[Any]]:
    """XDR, version 2: a data frame of numbers, texts and factors with their codes."""
    data = gzip.decompress(release.files.read(name))
    columns, _, _ = _vector(data, len(b"X\n") + 12)
    codes = _missing_codes(release)
    return zip(*[_as_coded(*column, codes) for column in columns])  # type: ignore  # noqa: B905


def _as_coded(values: Sequence[Any], about: dict[str, Any], codes: Sequence[str]) -> list[Any]:
    if "codes" in about:
        levels = about["codes"]
        return [levels[value - 1] if value > 0 else None for value in values]
    return [_tagged(value, codes) if isinstance(value, int) else value for value in values]


def _tagged(bits: int, codes: Sequence[str]) -> Any:
    if bits & ~NA_TAG == NA_REAL:
        letter = (bits & NA_TAG) >> 32
        return codes[letter - ord("a")] if letter else None
    return struct.unpack(">d", struct.pack(">Q", bits))[0]


def _vector(data: bytes, at: int) -> tuple[list[Any], dict[str, Any], int]:
    """The vector at this place, its attributes, and where it ends. Doubles are their bits."""
    flags, length = struct.unpack_from(">ii", data, at)
    at += 8
    found: list[Any] = []
    if flags & 255 in (13, 14):
        found = list(struct.unpack_from(f">{length}{'i' if flags & 255 == 13 else 'Q'}", data, at))
        at += length * (4 if flags & 255 == 13 else 8)
    else:
        for _ in range(length):
            if flags & 255 == 19:
                values, more, at = _vector(data, at)
                found.append((values, more))
            else:
                text, at = _text(data, at)
                found.append(text)
    about: dict[str, Any] = {}
    while flags & 0x200 and struct.unpack_from(">i", data, at)[0] == 0x402:
        name, at = _text(data, at + 8)
        about[str(name)], _, at = _vector(data, at)
    return found, about, at + 4 if flags & 0x200 else at


def _text(data: bytes, at: int) -> tuple[str | None, int]:
    _, length = struct.unpack_from(">ii", data, at)
    at += 8
    return (None, at) if length < 0 else (data[at : at + length].decode(), at + length)


# ------------------------------------------------------------------ what others read


def _parquet(release: Release, name: str) -> Iterator[Sequence[Any]]:
    table = importlib.import_module("pyarrow.parquet").read_table(
        io.BytesIO(release.files.read(name))
    )
    return zip(*[column.to_pylist() for column in table.columns])  # noqa: B905


def _sav(release: Release, name: str) -> Iterator[Sequence[Any]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.sav"
        path.write_bytes(release.files.read(name))
        frame, _ = importlib.import_module("pyreadstat").read_sav(str(path), user_missing=True)
    for row in frame.itertuples(index=False, name=None):
        yield [None if value != value else value for value in row]


WORKBOOK = "tables.xlsx"
NEEDED = {"sav": "pyreadstat", "parquet": "pyarrow"}
READERS = {"jsonl": _jsonl, "dta": _dta, "rds": _rds, "parquet": _parquet, "sav": _sav}


def same(said: Any, text: str) -> bool:
    """Whether a typed value is what a field of a CSV file says."""
    if said is None:
        return text == ""
    if isinstance(said, bool):
        return text in (("1", "true") if said else ("0", "false"))
    if isinstance(said, Serial) and DAY.fullmatch(text):
        return said.day == text
    if isinstance(said, date):
        return said.isoformat() == text
    if isinstance(said, (int, float)):
        return bool(NUMBER.fullmatch(text)) and float(text) == float(said)
    if isinstance(said, list):
        return ";".join(map(str, said)) == ("" if text == "none" else text)
    return str(said) == text


# ------------------------------------------------------------------ in words


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("path", nargs="?", type=Path, default=Path(__file__).parent)
    parser.add_argument("--digest", default="", help="sha256 of the manifest, from the page")
    parser.add_argument("--previous", type=Path, help="folder or zip of the release before")
    asked = parser.parse_args(arguments)
    try:
        release = check(asked.path, asked.digest, asked.previous)
    except (OSError, zipfile.BadZipFile) as error:
        sys.stdout.write(f"{asked.path}: {error}\n")
        return 1
    sys.stdout.write("".join(f"{line}\n" for line in words(release, bool(asked.digest))))
    return 1 if release.problems else 0


def words(release: Release, told: bool) -> Iterator[str]:
    yield from release.problems
    yield from (f"not checked: {each}" for each in release.unchecked)
    if release.problems:
        yield f"DAMAGED: {len(release.problems)} problems."
        return
    title, version = release.manifest["title"], release.manifest["version"]
    yield f"{title}, release {version}: {len(release.named) + 1} files are what they were."
    yield f"sha256 of its manifest: {release.digest}"
    if not told:
        yield "Compare this with the release's page: it stands for all the rest."


if __name__ == "__main__":
    sys.exit(main())
