"""Tables as tests write them, and a picture of the database before and after."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

LONG = ("coder", "unit", "case", "variable", "value")
Rows = Sequence[Sequence[str]]


def csv_of(header: Sequence[str], rows: Rows) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([header, *rows])
    return out.getvalue()


def xlsx_of(path: Path, header: Sequence[str], rows: Rows, title: str = "codings") -> Path:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = title
    for row in (header, *rows):
        sheet.append(row)
    book.save(path)
    return path


def run(name: str, *args: object, out: io.StringIO | None = None) -> str:
    """What a command prints."""
    out = out or io.StringIO()
    call_command(name, *map(str, args), stdout=out)
    return out.getvalue()


def refused(name: str, *args: object, out: io.StringIO | None = None) -> list[str]:
    """The lines with which a command says no."""
    with pytest.raises(CommandError) as refusal:
        run(name, *args, out=out)
    assert refusal.value.returncode == 1
    return str(refusal.value).splitlines()


def everything() -> Mapping[str, list[Any]]:
    """Every row of every table."""
    with connection.cursor() as cursor:
        found = {}
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
            found[table] = sorted(cursor.fetchall(), key=repr)
        return found
