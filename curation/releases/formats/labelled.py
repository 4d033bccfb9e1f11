"""Stata's .dta and SPSS's .sav: variables and values with labels, kinds of missing kept apart.

Codes that are whole numbers are numbers with value labels, other codes are words. In Stata the
missing codes are .a, .b, .c in the codebook's order; in SPSS they are user-missing values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyreadstat

from curation.releases.formats.names import names_of
from curation.releases.formats.table import Column, Table

LETTERS = "abcdefghijklmnopqrstuvwxyz"
Values = Sequence[str | None]
# Where the two formats keep the moment of writing, which is no part of the data.
STAMP = b"<timestamp>\x11"
NO_TIME = b"01 Jan 2000 00:00"
SAV_STAMP, SAV_NO_TIME = 92, b"01 Jan 0000:00:00"
DISCRETE = 3  # user-missing values that SPSS takes for a variable


def write_dta(table: Table, path: Path) -> None:
    """Version 118, of Stata 14: labels of 80 characters, texts of any length."""
    columns = _named(table)
    frame = _frame(table, {n: _stata(c) for n, c in columns.items()}, columns)
    numbers = {name: column for name, column in columns.items() if column.is_number}
    pyreadstat.write_dta(
        frame,
        str(path),
        version=14,
        file_label=_short(table.label, 80),
        column_labels={name: _short(column.label, 80) for name, column in columns.items()},
        variable_value_labels={
            name: _labels(column, _stata(column)) for name, column in numbers.items()
        },
        missing_user_values={
            name: list(_stata(column).values())
            for name, column in numbers.items()
            if column.missing
        },
    )
    _unstamp_dta(path)


def write_sav(table: Table, path: Path) -> None:
    columns = _named(table)
    frame = _frame(table, {}, columns)
    pyreadstat.write_sav(
        frame,
        str(path),
        file_label=_short(table.label, 64),
        row_compress=True,
        column_labels={name: _short(column.label, 255) for name, column in columns.items()},
        variable_value_labels={
            name: labels for name, column in columns.items() if (labels := _labels(column, {}))
        },
        missing_ranges=_user_missing(frame, columns),
        variable_measure={name: _measure(column) for name, column in columns.items()},
    )
    _patch(path, SAV_STAMP, SAV_NO_TIME)


def _named(table: Table) -> dict[str, Column]:
    names = names_of([column.name for column in table.columns])
    return {names[column.name]: column for column in table.columns}


def _stata(column: Column) -> dict[str, str]:
    """Missing codes as Stata's extended missing values, in the codebook's order."""
    return dict(zip(column.missing, LETTERS, strict=False)) if column.is_number else {}


def _frame(
    table: Table, instead: Mapping[str, Mapping[str, str]], columns: Mapping[str, Column]
) -> pd.DataFrame:
    whole = table.whole()
    found: dict[str, Any] = {}
    for n, (name, column) in enumerate(columns.items()):
        values = whole.column(n).to_pylist()
        if column.is_number:
            found[name] = _numbers(values, instead.get(name, {}))
        else:
            found[name] = pd.Series([value or "" for value in values], dtype=object)
    return pd.DataFrame(found)


def _numbers(values: Values, instead: Mapping[str, str]) -> pd.Series[Any]:
    known: dict[str | None, float | str | None] = {None: None}
    known.update(instead)
    for text in set(values) - known.keys():
        known[text] = float(text or "nan")
    kept = [known[text] for text in values]
    mixed = any(isinstance(value, str) for value in kept)
    return pd.Series(kept, dtype=object if mixed else "float64")


def _labels(column: Column, instead: Mapping[str, str]) -> dict[Any, str]:
    """What codes stand for, of what is closed, and of what is missing."""
    codes = {**(column.labels if column.is_coded else {}), **column.missing}
    whole = column.is_number
    return {
        instead.get(code, float(code) if whole else code): _short(label, 120)
        for code, label in codes.items()
        if column.is_coded or column.kind not in ("key", "word", "day", "text")
    }


def _user_missing(frame: pd.DataFrame, columns: Mapping[str, Column]) -> dict[str, list[Any]]:
    """Three values at most, or a range where nothing valid lies in it."""
    found: dict[str, list[Any]] = {}
    for name, column in columns.items():
        codes: list[Any] = [float(c) for c in column.missing] if column.is_number else []
        if not column.is_number and all(len(c.encode()) <= 8 for c in column.missing):
            codes = list(column.missing)
        if len(codes) <= DISCRETE or not column.is_number:
            codes = codes[-DISCRETE:]
        else:
            low, high = min(codes), max(codes)
            within = frame[name].between(low, high) & ~frame[name].isin(codes)
            codes = codes[-DISCRETE:] if within.any() else [{"lo": low, "hi": high}]
        if codes:
            found[name] = codes
    return found


def _measure(column: Column) -> str:
    if column.is_number and not column.is_coded:
        return "scale"
    return "ordinal" if column.kind == "ordinal" else "nominal"


def _short(text: str, longest: int) -> str:
    """On one line and of no more bytes than fit, cut between characters."""
    return " ".join(text.split()).encode()[:longest].decode(errors="ignore")


def _unstamp_dta(path: Path) -> None:
    with path.open("rb") as file:
        head = file.read(1000)
    _patch(path, head.index(STAMP) + len(STAMP), NO_TIME)


def _patch(path: Path, at: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(data)
