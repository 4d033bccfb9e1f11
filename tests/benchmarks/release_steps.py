"""A project of 20,000 cases and 50 variables, said by two coders, and the cut of it."""
# ruff: noqa: S608 - the statements are written here

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client

from coding import codebooks
from coding.models import Member, Project, Source, State, Unit
from curation.models import Release
from curation.releases import propose
from tests.benchmarks import release_parts
from tests.benchmarks.release_parts import Took
from tests.releasing import cut

LIMITS = {  # of a million cells, in all formats
    "release": 120,
    "release, peak memory": 700,
    "release, CSV, times a plain script": 1.3,
    "comparing two releases": 10,
    "page of releases": 100,
}
ROWS = "tables, cells, codings and where they come from"
PAGES = {
    "page of releases": "",
    "page of a release": "0.2.0/",
    "page of two releases compared": "compare/0.1.0/0.2.0/",
}
CELL = (
    "id, case_id, variable_id, status, text, coders, cause, reason, flagged, reopened, "
    "distance, since"
)
CATEGORIES = [{"code": n, "label": f"Category {n}"} for n in range(1, 6)]
# Kind, more of its document, and its texts as SQL over the number of a case.
KINDS: list[tuple[str, dict[str, Any], str]] = [
    ("category", {"categories": CATEGORIES}, "CAST(1 + {n} % 5 AS TEXT)"),
    ("ordinal", {"categories": CATEGORIES, "level": "ordinal"}, "CAST(1 + {n} % 5 AS TEXT)"),
    ("boolean", {}, "CAST({n} % 2 AS TEXT)"),
    ("integer", {"level": "ratio"}, "CASE {n} % 9 WHEN 0 THEN '-99' ELSE CAST({n} AS TEXT) END"),
    ("decimal", {"level": "ratio"}, "'0.' || CAST(1 + {n} % 999 AS TEXT)"),
    ("date", {}, "CAST(1950 + {n} % 60 AS TEXT) || '-1' || CAST({n} % 3 AS TEXT)"),
    ("text", {}, "'In the ' || CAST({n} AS TEXT) || 'th case, \"much\" happened, then more'"),
    ("state", {}, "CAST(1 + {n} % 200 AS TEXT)"),
    ("set", {"reference": "state"}, "CAST(1 + {n} % 90 AS TEXT) || ';100'"),
    ("category", {"categories": CATEGORIES}, "'-77'"),
]
VARIABLES = [(f"v{n:02d}", *KINDS[n % len(KINDS)]) for n in range(50)]
DOCUMENT = {
    "codebook": {
        "title": "A long codebook",
        "units": [{"id": "crisis", "label": "Crisis", "key": ["crisis"]}],
        "missing_codes": [
            {"code": -77, "key": "indeterminate", "label": "Cannot be determined"},
            {"code": -99, "key": "unknown", "label": "Unknown"},
        ],
    },
    "variables": [
        {"name": name, "unit": "crisis", "label": name, "question": "?", "type": kind, **more}
        for name, kind, more, _ in VARIABLES
    ],
}


def fill(cases: int) -> None:
    """The database makes the rows itself: in seconds, not by the acts."""
    call_command("migrate", verbosity=0)
    project = Project.objects.create(slug="bench", title="Bench")
    State.objects.bulk_create(
        State(project=project, code=str(n), name=f"State {n}") for n in range(1, 201)
    )
    book = codebooks.publish(codebook=codebooks.draft(project=project, document=DOCUMENT))
    for name in ("ada", "ben"):
        Member.objects.create(project=project, user=User.objects.create_user(name))
    variables = {e.name: e.variable_id for e in codebooks.entries(book)}
    Source.objects.create(project=project, citation="History of crises, vol. 2")
    unit = Unit.objects.get(project=project).pk
    made = [
        *codings(cases, unit, book.pk),
        *answers(unit, book.pk, variables),
        *evidence(unit, project.pk),
    ]
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in made:
            cursor.execute(statement)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def codings(cases: int, unit: int, book: int) -> list[str]:
    """Cases whose keys are not in the order of their rows, each coded by both."""
    return [
        f"""WITH RECURSIVE numbers(n) AS
            (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {cases})
            INSERT INTO coding_case (unit_id, key, title, facts, rostered, in_universe)
            SELECT {unit}, 'US-' || CAST(100000 + (n * 7919) % 900001 AS TEXT) || '-X',
            'Crisis', '{{}}', FALSE, TRUE FROM numbers""",
        f"""INSERT INTO coding_coding (case_id, coder_id, codebook_id, purpose, assigned_at,
            submitted_at, unblinded_at, question, unblind_reason, position, third)
            SELECT c.id, u.id, {book}, 'production', CURRENT_TIMESTAMP, CURRENT_TIMESTAMP,
            CURRENT_TIMESTAMP, '', '', 0, FALSE
            FROM coding_case c, auth_user u WHERE c.unit_id = {unit}""",
    ]


def answers(unit: int, book: int, variables: dict[str, int]) -> list[str]:
    """What both say, and its cells, a tenth of them ruled on: case by case, as work makes them."""
    texts = [(variables[name], text) for name, _, _, text in VARIABLES]
    said = " ".join(f"WHEN {pk} THEN {text.format(n='c.case_id')}" for pk, text in texts)
    cell = " ".join(f"WHEN {pk} THEN {text.format(n='c.id')}" for pk, text in texts)
    return [
        f"""INSERT INTO coding_value (coding_id, variable_id, text, certainty, note, saved_at)
            SELECT c.id, v.id, CASE v.id {said} END, 1 + c.id % 4,
            CASE c.id % 10 WHEN 0 THEN 'A note, longer than most' ELSE '' END, CURRENT_TIMESTAMP
            FROM coding_coding c CROSS JOIN coding_variable v
            WHERE c.codebook_id = {book} AND v.unit_id = {unit} ORDER BY c.id, v.id""",
        f"""INSERT INTO coding_cell (case_id, variable_id, status, text, coders, cause, reason,
            flagged, reopened, distance, since)
            SELECT c.id, v.id, CASE c.id % 10 WHEN 0 THEN 'adjudicated' ELSE 'agreed' END,
            CASE v.id {cell} END, 2, CASE c.id % 10 WHEN 0 THEN 'slip' ELSE '' END,
            CASE c.id % 10 WHEN 0 THEN 'Source 3, p. 12, is nearer to the event' ELSE '' END,
            FALSE, FALSE, 0, CURRENT_TIMESTAMP FROM coding_case c CROSS JOIN coding_variable v
            WHERE c.unit_id = {unit} AND v.unit_id = {unit} ORDER BY c.id, v.id""",
    ]


def evidence(unit: int, project: int) -> list[str]:
    """A citation for every twentieth value, and the history of the cells."""
    return [
        f"""INSERT INTO coding_citation (value_id, source_id, locator, quote)
            SELECT v.id, s.id, 'p. ' || CAST(v.id % 500 AS TEXT), ''
            FROM coding_value v, coding_source s
            WHERE v.id % 20 = 0 AND s.project_id = {project}""",
        f"""INSERT INTO coding_historicalcell ({CELL}, history_date, history_type)
            SELECT {CELL}, CURRENT_TIMESTAMP, '+' FROM coding_cell
            WHERE case_id IN (SELECT id FROM coding_case WHERE unit_id = {unit})""",
    ]


def correct(cases: int) -> None:
    """One cell of every seventh case is ruled on, as a slip, after the release."""
    project = Project.objects.get(slug="bench")
    book = codebooks.current_or_refused(project)
    variable = next(e.variable_id for e in codebooks.entries(book) if e.name == "v00")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"""UPDATE coding_cell SET status = 'adjudicated', cause = 'slip',
            reason = 'Read again', text = CASE text WHEN '1' THEN '2' ELSE '1' END
            WHERE variable_id = {variable} AND case_id % 7 = 0"""
        )
        cursor.execute(
            f"""INSERT INTO coding_historicalcell ({CELL}, history_date, history_type)
            SELECT {CELL}, CURRENT_TIMESTAMP, '~' FROM coding_cell
            WHERE variable_id = {variable} AND case_id % 7 = 0"""
        )


def measure(cases: int) -> None:
    """The first release, part by part; the CSV beside a plain script in the same run."""
    project = Project.objects.get(slug="bench")
    cells = cases * len(VARIABLES)
    parts = _cut(project, "0.1.0", cells)
    rows, traces = parts[ROWS], parts[release_parts.TRACES]
    ours = rows.cpu - traces.cpu
    tell("release, CSV alone, work of our process", cells, ours, "s")
    if connection.vendor == "sqlite":
        tell("release, CSV, times a plain script", cells, ours / _plainly(), "x")
    started = time.perf_counter()
    propose(project)
    tell("release, next version proposed", cells, time.perf_counter() - started, "s")


def again(cases: int) -> None:
    """The second release: what differs, and the pages that show it."""
    project = Project.objects.get(slug="bench")
    cells = cases * len(VARIABLES)
    parts = _cut(project, "0.2.0", cells)
    changes, patch = parts["changes, with their patch"], parts["patch.jsonl"]
    tell("comparing two releases", cells, changes.wall - patch.wall, "s")
    curator = User.objects.create_user("curator")
    Member.objects.create(project=project, user=curator, role=Member.Role.CURATOR)
    client = Client(SERVER_NAME="localhost")
    client.force_login(curator)
    for figure, page in PAGES.items():
        tell(figure, cells, _page(client, f"/projects/bench/releases/{page}"), "ms")


def _page(client: Client, address: str) -> float:
    times = []
    for _ in range(7):
        started = time.perf_counter()
        answer = client.get(address)
        times.append(1000 * (time.perf_counter() - started))
        assert answer.status_code == 200, answer
    return median(times)


def _cut(project: Project, version: str, cells: int) -> dict[str, Took]:
    parts = release_parts.watched()
    started, busy = time.perf_counter(), time.process_time()
    cut(project=project, version=version)
    tell("release", cells, time.perf_counter() - started, "s", version=version)
    tell("release, work of our process", cells, time.process_time() - busy, "s", version=version)
    tell("release, peak memory", cells, release_parts.peak(), "MB", version=version)
    for part, took in parts.items():
        more = {"cpu": round(took.cpu, 2), "peak_mb": round(took.peak), "version": version}
        tell(f"release: {part}", cells, took.wall, "s", **more)
    return parts


def _plainly() -> float:
    """The shortest of two runs, whose files have the bytes that the release has."""
    database = str(connection.settings_dict["NAME"])
    files = Release.objects.get().manifest["files"]
    named = {file["name"]: file["sha256"] for file in files}
    with TemporaryDirectory(prefix="casebook-bench-") as folder:
        command = [sys.executable, "-m", "tests.benchmarks.plain", database, folder]
        runs = [subprocess.run(command, check=True, capture_output=True) for _ in range(2)]
        for path in Path(folder).iterdir():
            assert hashlib.sha256(path.read_bytes()).hexdigest() == named[path.name], path.name
    return min(float(json.loads(run.stdout)["cpu"]) for run in runs)


def tell(figure: str, cells: int, value: float, unit: str, **more: object) -> None:
    line = {"figure": figure, "database": connection.vendor, "cells": cells}
    limit = {"limit": LIMITS[figure], "kept": value < LIMITS[figure]} if figure in LIMITS else {}
    print(json.dumps(line | {"value": round(value, 2), "unit": unit} | limit | more), flush=True)
