"""Releases made by hand, for studies: simulated, with what is planted in them said aloud."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence

from curation.studies.frames import Files

CELLS = ("unit", "case", "variable", "value", "status", "coders", "certainty", "citations")
CODINGS = ("unit", "case", "variable", "coder", "value", "purpose")
VARIABLES = [("coalition", "boolean"), ("operation_type", "category"), ("start_date", "date")]
Row = dict[str, str]


def table(columns: Sequence[str], rows: Sequence[Row]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def release(
    cases: Sequence[Row],
    disputed: dict[str, tuple[str, str]] | None = None,
    version: str = "0.1.0",
    **more: bytes,
) -> Files:
    """Interventions as they were settled; of `disputed` cases, what two coders said of coalition.

    A case whose settled coalition is "" is disputed still.
    """
    names = [name for name, _ in VARIABLES]
    cells, codings = [], []
    for case in cases:
        for name in names:
            place = {"unit": "intervention", "case": case["case"], "variable": name}
            said = (case[name], case[name])
            if name == "coalition" and disputed:
                said = disputed.get(case["case"], said)
            status = "agreed" if said[0] == said[1] else "adjudicated" if case[name] else "disputed"
            cells.append(
                place | {"value": case[name], "status": status, "coders": "2", "certainty": "3"}
            )
            for coder, text in zip(("ann", "ben"), said, strict=True):
                codings.append(place | {"coder": coder, "value": text, "purpose": "production"})
    book = {
        "codebook": {"missing_codes": [{"code": -99}]},
        "variables": [{"unit": "intervention", "name": n, "type": t} for n, t in VARIABLES],
    }
    files = {
        "codebook.json": json.dumps(book).encode(),
        "intervention.csv": table(["case", *names], cases),
        "cells.csv": table(CELLS, cells),
        "codings.csv": table(CODINGS, codings),
        **more,
    }
    return Files(files.get, version)


def interventions(evacuations: tuple[int, int], others: tuple[int, int]) -> list[Row]:
    """(coalitions, alone) among evacuations, and among the rest; all began in 1980."""
    rows: list[Row] = []
    for kind, (with_others, alone) in (("7", evacuations), ("4", others)):
        for coalition, count in (("1", with_others), ("0", alone)):
            rows += [
                {
                    "case": f"C{len(rows) + n:03}",
                    "coalition": coalition,
                    "operation_type": kind,
                    "start_date": "1980-05-01",
                }
                for n in range(count)
            ]
    return rows
