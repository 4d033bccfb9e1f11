"""A project of 200 entries, said by two coders on 2,500 cases, and its second codebook."""
# ruff: noqa: S608 - the statements are written here

from __future__ import annotations

import json
import time
from collections.abc import Callable
from copy import deepcopy
from statistics import median
from typing import Any

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection, transaction

from coding import changes, codebooks, publishing, rules, work
from coding.expressions import Context, Row, holds
from coding.models import Case, Coding, Member, Project, Unit
from coding.publishing import Ruling
from tests.benchmarks.release_parts import peak
from tests.benchmarks.release_steps import codings

LIMITS = {
    "publishing a version": 5.0,
    "comparing two versions": 0.2,
    "an entry's expression": 0.005,
}
ENTRIES, OPEN = 200, 100
CATEGORIES = [{"code": n, "label": f"Category {n}"} for n in range(1, 6)]


def skipped(n: int) -> dict[str, Any]:
    return {"skip": {"if": f"v{n - 1:03d} == 6 || v{n - 2:03d} == 7", "then": -88}}


DOCUMENT: dict[str, Any] = {
    "codebook": {
        "title": "A very long codebook",
        "units": [{"id": "crisis", "label": "Crisis", "key": ["crisis"]}],
        "missing_codes": [
            {"code": -88, "key": "na", "label": "Not applicable", "set_by": "rule"},
            {"code": -99, "key": "unknown", "label": "Unknown"},
        ],
    },
    "variables": [
        {
            "name": f"v{n:03d}",
            "unit": "crisis",
            "section": f"Section {n // 20}",
            "label": f"Variable {n}",
            "question": f"What was the {n}th thing that mattered in this crisis?",
            "rule": "Take what was said first, and of two sources the one nearer to the event.",
            "type": "category",
            "categories": CATEGORIES,
            **(
                {"skip": {"if": f"v{n - 1:03d} == 6 || v{n - 2:03d} == 7", "then": -88}}
                if n > 1 and n % 2
                else {}
            ),
        }
        for n in range(ENTRIES)
    ],
}


def fill(cases: int) -> None:
    """The database makes the rows itself: in seconds, not by the acts."""
    call_command("migrate", verbosity=0)
    project = Project.objects.create(slug="bench", title="Bench")
    book = codebooks.publish(codebook=codebooks.draft(project=project, document=DOCUMENT))
    for name in ("ada", "ben"):
        Member.objects.create(project=project, user=User.objects.create_user(name))
    unit = Unit.objects.get(project=project)
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in [*codings(cases, unit.pk, book.pk), *answers(unit.pk)]:
            cursor.execute(statement)
    entries = codebooks.entries(book)[:20]
    for n in range(OPEN):
        case = Case.objects.create(unit=unit, key=f"OPEN-{n}", title="Still coded")
        coding = work.assign(case=case, coder=User.objects.get(username="ada"), codebook=book)
        for entry in entries:
            work.save_value(coding=coding, entry=entry, text="1")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def answers(unit: int) -> list[str]:
    """What both say, and its cells: all agree, on one of five codes."""
    return [
        f"""INSERT INTO coding_value (coding_id, variable_id, text, note, saved_at)
            SELECT c.id, v.id, CAST(1 + c.case_id % 5 AS TEXT), '', CURRENT_TIMESTAMP
            FROM coding_coding c CROSS JOIN coding_variable v
            WHERE v.unit_id = {unit} ORDER BY c.id, v.id""",
        f"""INSERT INTO coding_cell (case_id, variable_id, status, text, coders, cause, reason,
            flagged, reopened, distance, since)
            SELECT c.id, v.id, 'agreed', CAST(1 + c.id % 5 AS TEXT), 2, '', '', FALSE, FALSE,
            0, CURRENT_TIMESTAMP FROM coding_case c CROSS JOIN coding_variable v
            WHERE v.unit_id = {unit} ORDER BY c.id, v.id""",
    ]


def second() -> dict[str, Any]:
    """New words for twenty, a name, a place; one split, one merged, two broadened, one more."""
    document = deepcopy(DOCUMENT)
    variables = document["variables"]
    for n in range(20, 40):
        variables[n]["question"] += " Think of its first week."
    variables[50] |= {"name": "renamed", "renamed_from": "v050"}
    variables.insert(10, variables.pop(60))
    variables[101] = _with(variables[101], [*CATEGORIES[1:], _code(11), _code(12)])
    variables[103] = _with(variables[103], [*CATEGORIES[:3], _code(45)])
    for n in (105, 107):
        variables[n] = _with(variables[n], [*CATEGORIES, _code(6)])
    variables.append(variables[0] | {"name": "more", "label": "More"})
    for variable in variables:
        if "skip" in variable:
            variable["skip"] = {
                **variable["skip"],
                "if": variable["skip"]["if"].replace("v050", "renamed"),
            }
    return document


def _with(variable: dict[str, Any], categories: list[dict[str, Any]]) -> dict[str, Any]:
    return variable | {"categories": categories}


def _code(code: int) -> dict[str, Any]:
    return {"code": code, "label": f"Category {code}"}


def measure(cases: int) -> None:
    project = Project.objects.get(slug="bench")
    before = codebooks.current_or_refused(project)
    values = 2 * cases * ENTRIES
    draft = codebooks.draft(project=project, document=second())
    tell("comparing two versions", values, middle(lambda: changes.compare(before, draft)))
    curator = User.objects.get(username="ada")
    rulings = {"v101": Ruling(typed_name="v101")}
    seen = middle(lambda: publishing.consequences(draft, rulings, curator), times=3)
    tell("consequences of a version", values, seen)
    started, busy = time.perf_counter(), time.process_time()
    done = publishing.publish(draft=draft, by=curator, rulings=rulings)
    took, worked = time.perf_counter() - started, time.process_time() - busy
    counts = {
        "carried": sum(each.carried for each in done),
        "queued": sum(each.queued for each in done),
        "new_sheets": Coding.objects.filter(codebook=draft).count() - OPEN,
        "open_sheets": OPEN,
    }
    tell("publishing a version", values, took, **counts)
    tell("publishing a version, work of our process", values, worked)
    tell("publishing a version, peak memory", values, peak(), "MB")
    expressions(values)


def expressions(values: int) -> None:
    """What the rule of one entry costs when an answer is saved, on a sheet of 200 answers."""
    entries = codebooks.entries(codebooks.current_or_refused(Project.objects.get(slug="bench")))
    answers = {entry.name: "1" for entry in entries}
    row = Row(answers, rules.domains(entries))
    rule = next(entry.skip_if for entry in entries if entry.skip_if)
    tell("an entry's expression", values, middle(lambda: holds(rule, Context(row)), times=101))
    everything = middle(lambda: rules.read(entries, answers, rules.Surroundings()))
    tell("all rules of a sheet of 200 entries", values, everything)


def middle(act: Callable[[], object], *, times: int = 5) -> float:
    def once() -> float:
        start = time.perf_counter()
        act()
        return time.perf_counter() - start

    return median(once() for _ in range(times))


def tell(figure: str, values: int, value: float, unit: str = "s", **more: object) -> None:
    line = {"figure": figure, "database": connection.vendor, "values": values}
    limit = {"limit": LIMITS[figure], "kept": value < LIMITS[figure]} if figure in LIMITS else {}
    print(json.dumps(line | {"value": round(value, 4), "unit": unit} | limit | more), flush=True)
