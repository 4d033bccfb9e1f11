"""The CSV files of a release of the benchmark, as a script with `sqlite3` and `csv` writes them.

    python -m tests.benchmarks.plain DATABASE FOLDER

What a release's CSV is measured against: the same questions to the same database, the same bytes.
It knows the benchmark's project by heart and prints its seconds of wall clock and processor.
"""

from __future__ import annotations

import csv
import gc
import json
import sqlite3
import sys
import time
from calendar import monthrange
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

AT_ONCE = 500
CELLS = (
    *("unit", "case", "variable", "value", "label", "status", "coders", "certainty", "cause"),
    *("reason", "verified", "flagged", "codebook", "citations", "first_release"),
    "changed_release",
)
CODINGS = ("unit", "case", "variable", "coder", "value", "certainty", "note", "purpose")
CASES = "SELECT id, key FROM coding_case ORDER BY key"
ENTRIES = """SELECT e.variable_id, e.name, v.kind FROM coding_entry e
    JOIN coding_variable v ON v.id = e.variable_id ORDER BY e.position"""
CELL = """SELECT case_id, variable_id, text, status, coders, cause, reason,
    verified_by_id IS NOT NULL, flagged FROM coding_cell WHERE case_id IN ({})"""
VALUE = """SELECT g.case_id, v.variable_id, m.pseudonym, v.text, v.certainty, v.note, g.purpose,
    v.id FROM coding_value v JOIN coding_coding g ON g.id = v.coding_id
    JOIN coding_member m ON m.user_id = g.coder_id
    WHERE g.case_id IN ({}) AND g.unblinded_at IS NOT NULL ORDER BY m.pseudonym"""
CITED = """SELECT c.value_id, s.citation || ', ' || c.locator FROM coding_citation c
    JOIN coding_source s ON s.id = c.source_id JOIN coding_value v ON v.id = c.value_id
    JOIN coding_coding g ON g.id = v.coding_id WHERE g.case_id IN ({})"""


def main(database: str, folder: str) -> None:
    gc.disable()  # as a cut does: rows hold no circles
    wall, busy = time.perf_counter(), time.process_time()
    write(sqlite3.connect(database), Path(folder))
    times = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - busy}
    sys.stdout.write(f"{json.dumps(times)}\n")


def write(data: sqlite3.Connection, folder: Path) -> None:
    entries = data.execute(ENTRIES).fetchall()
    label_of = {variable: labelling(data, kind) for variable, _, kind in entries}
    with ExitStack() as files:
        wide, cells, codings = (
            csv.writer(
                files.enter_context((folder / name).open("w", encoding="utf-8", newline="")),
                lineterminator="\n",
            )
            for name in ("crisis.csv", "cells.csv", "codings.csv")
        )
        wide.writerow(["case", *(h for _, name, kind in entries for h in headings(name, kind))])
        cells.writerow(CELLS)
        codings.writerow(CODINGS)
        for cases in blocks(data.execute(CASES).fetchall()):
            block(data, cases, entries, label_of, (wide, cells, codings))


def block(data: Any, cases: Any, entries: Any, label_of: Any, out: Any) -> None:
    cell_of: dict[Any, Any] = {}
    said: dict[Any, list[Any]] = defaultdict(list)
    cited: dict[int, list[str]] = defaultdict(list)
    marks, pks = ",".join("?" * len(cases)), [pk for pk, _ in cases]
    for case, variable, *rest in data.execute(CELL.format(marks), pks):
        cell_of[case, variable] = rest
    for case, variable, *rest in data.execute(VALUE.format(marks), pks):
        said[case, variable].append(rest)
    for value, citation in data.execute(CITED.format(marks), pks):
        cited[value].append(citation)
    wide, cells, codings = [], [], []
    for pk, key in cases:
        row = [key]
        for variable, name, kind in entries:
            text, status, coders, cause, reason, verified, flagged = cell_of[pk, variable]
            row += parts(text) if kind == "date" else (text,)
            certainty, sources = None, set()
            for coder, value, sure, note, purpose, number in said[pk, variable]:
                codings.append(("crisis", key, name, coder, value, sure, note, purpose))
                if value == text:
                    certainty = sure if certainty is None else min(certainty, sure)
                    sources.update(cited.get(number, ()))
            cells.append(
                (
                    *("crisis", key, name, text, label_of[variable](text), status, coders),
                    *(certainty, cause, reason, verified, flagged, 1, "; ".join(sorted(sources))),
                    *("0.1.0", "0.1.0"),
                )
            )
        wide.append(row)
    for file, rows in zip(out, (wide, cells, codings), strict=True):
        file.writerows(rows)


def blocks(cases: list[Any]) -> Iterator[list[Any]]:
    return (cases[start : start + AT_ONCE] for start in range(0, len(cases), AT_ONCE))


def headings(name: str, kind: str) -> list[str]:
    ends = ("_earliest", "_latest", "_precision") if kind == "date" else ()
    return [name, *(f"{name}{end}" for end in ends)]


def parts(text: str) -> tuple[str, str, str, str]:
    """All dates of the benchmark are months."""
    year, month = map(int, text.split("-"))
    return text, f"{text}-01", f"{text}-{monthrange(year, month)[1]}", "month"


def labelling(data: sqlite3.Connection, kind: str) -> Callable[[str], str]:
    missing = {"-77": "Cannot be determined", "-99": "Unknown"}
    states = dict(data.execute("SELECT code, name FROM coding_state"))
    labels = {
        "category": {str(n): f"Category {n}" for n in range(1, 6)},
        "ordinal": {str(n): f"Category {n}" for n in range(1, 6)},
        "boolean": {"0": "No", "1": "Yes"},
        "state": states,
    }.get(kind, {})
    if kind == "set":
        return lambda text: "; ".join(states[code] for code in text.split(";"))
    known = labels | missing
    return lambda text: known.get(text, "")


if __name__ == "__main__":
    main(*sys.argv[1:])
