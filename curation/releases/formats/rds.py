"""R's .rds, as "R Internals", section 1.8, describes it: XDR, version 2, read by every R since 1.4.

A data frame. Closed answers are factors, whose attribute `codes` holds the codes of its levels;
numbers are doubles in which a missing code is NA with a tag (haven's `na_tag` reads it), named in
the attribute `missing`; what is left is text. Every column has its label as attribute `label`.
"""

from __future__ import annotations

import gzip
import struct
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from curation.releases.formats.table import Column, Table

HEAD = b"X\n" + struct.pack(">iii", 2, 0x030500, 0x020300)
SYMBOL, NIL, LIST = struct.pack(">i", 1), struct.pack(">i", 0xFE), struct.pack(">i", 0x402)
INTS, REALS, STRINGS, VECTOR = 13, 14, 16, 19
IS_OBJECT, HAS_ATTRIBUTES = 0x100, 0x200
UTF8, ASCII = 0x8009, 0x40009
NA_STRING = struct.pack(">ii", 9, -1)
NA_INTEGER = -(2**31)
NA_REAL = 0x7FF00000_000007A2  # a tag goes into the lowest byte of its high word
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def write(table: Table, path: Path) -> None:
    whole = table.whole()
    names = [column.name for column in table.columns]
    with path.open("wb") as raw, gzip.GzipFile("", "wb", 6, raw, mtime=0) as file:
        file.write(HEAD + _head(VECTOR, len(names), is_object=True))
        for n, column in enumerate(table.columns):
            file.write(_column(column, whole.column(n).to_pylist()))
        rows = struct.pack(">ii", NA_INTEGER, -whole.num_rows)
        file.write(
            _attributes(
                {
                    "names": _strings(names),
                    "class": _strings(["data.frame"]),
                    "row.names": _head(INTS, 2, bare=True) + rows,
                    "label": _strings([table.label]),
                }
            )
        )


def _head(kind: int, length: int, *, is_object: bool = False, bare: bool = False) -> bytes:
    flags = kind | (IS_OBJECT if is_object else 0) | (0 if bare else HAS_ATTRIBUTES)
    return struct.pack(">ii", flags, length)


def _column(column: Column, values: Sequence[str | None]) -> bytes:
    label = {"label": _strings([column.label])}
    if column.is_coded:
        return _factor(column, values, label)
    if column.is_number:
        return _numbers(column, values, label)
    return _strings(values, bare=False) + _attributes(label)


def _factor(column: Column, values: Sequence[str | None], more: Mapping[str, bytes]) -> bytes:
    """Levels are labels; where two codes share one, each has its code beside it."""
    labels = {**column.labels, **column.missing}
    levels = labels | {text: text for text in sorted({v for v in values if v} - labels.keys())}
    told = list(levels.values())
    shown = [f"{t} [{c}]" if told.count(t) > 1 else t for c, t in levels.items()]
    places: dict[str | None, int] = {code: n for n, code in enumerate(levels, 1)}
    places[None] = NA_INTEGER
    found = np.array([places[value] for value in values], ">i4")
    attributes = {
        "levels": _strings(shown),
        "class": _strings(["factor"]),
        **more,
        "codes": _strings(list(levels)),
    }
    return _head(INTS, len(values), is_object=True) + found.tobytes() + _attributes(attributes)


def _numbers(column: Column, values: Sequence[str | None], more: Mapping[str, bytes]) -> bytes:
    tags = {
        code: NA_REAL | ord(letter) << 32
        for code, letter in zip(column.missing, LETTERS, strict=False)
    }
    known: dict[str | None, int] = {None: NA_REAL}
    known.update(tags)
    for text in set(values) - known.keys():
        known[text] = struct.unpack(">Q", struct.pack(">d", float(text or "nan")))[0]
    found = np.array([known[value] for value in values], ">u8")
    if tags:
        missing = np.array(list(tags.values()), ">u8").tobytes()
        named = {"names": _strings(list(column.missing.values()))}
        more = {**more, "missing": _head(REALS, len(tags)) + missing + _attributes(named)}
    return _head(REALS, len(values)) + found.tobytes() + _attributes(more)


def _strings(values: Iterable[str | None], *, bare: bool = True) -> bytes:
    texts = [NA_STRING if value is None else _string(value) for value in values]
    return _head(STRINGS, len(texts), bare=bare) + b"".join(texts)


def _string(text: str) -> bytes:
    raw = text.encode()
    return struct.pack(">ii", ASCII if text.isascii() else UTF8, len(raw)) + raw


def _attributes(parts: Mapping[str, bytes]) -> bytes:
    found = [LIST + SYMBOL + _string(name) + value for name, value in parts.items()]
    return b"".join(found) + NIL
