"""The first project's fixtures as plain data, for the tests of codebook and lists."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from coding.canonical import Domain
from coding.expressions import Context, Row
from curation import first_project
from curation.mapping import FIXTURES

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
needs_shared = pytest.mark.skipif(
    not SHARED.is_dir(),
    reason="../shared/data, which the fixtures copy, is not beside this checkout",
)

Answers = dict[str, str]
Entry = dict[str, Any]


@cache
def codebook() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((FIXTURES / "codebook.yaml").read_text("utf-8"))
    return document


@cache
def entries() -> dict[str, Entry]:
    return {entry["name"]: entry for entry in codebook()["variables"]}


@cache
def domain(name: str) -> Domain:
    entry = entries()[name]
    listed = entries()[entry.get("categories_from", name)].get("categories", [])
    missing = codebook()["codebook"]["missing_codes"]
    return Domain(
        kind=entry["type"],
        categories={str(c["code"]): c["label"] for c in listed},
        exclusive=frozenset(map(str, entry.get("exclusive", []))),
        missing={str(m["code"]): m["label"] for m in missing if m["set_by"] == "coder"},
        set_by_rule=frozenset(str(m["code"]) for m in missing if m["set_by"] == "rule"),
        minimum=Decimal(entry["min"]) if "min" in entry else None,
        maximum=Decimal(entry["max"]) if "max" in entry else None,
        pattern=entry.get("pattern", ""),
        of_states=entry.get("reference") == "state",
    )


@cache
def states() -> dict[str, str]:
    return {row["cow_code"]: row["name"] for row in first_project.read_states()}


@cache
def coding_rows() -> list[dict[str, str]]:
    return list(first_project.coding_rows())


@cache
def sheets() -> dict[tuple[str, str, str], Answers]:
    """Coder, unit and case: what that coding says."""
    found: dict[tuple[str, str, str], Answers] = defaultdict(dict)
    for row in coding_rows():
        found[row["coder"], row["unit"], row["case"]][row["variable"]] = row["value"]
    return dict(found)


def intervention(case: str) -> Answers:
    return sheets()["compiled-list", "intervention", case]


def partner(case: str) -> Answers:
    return sheets()["compiled-list", "partner", case]


def as_row(answers: Answers) -> Row:
    return Row(answers, {name: domain(name) for name in answers})


def context(unit: str, case: str, answers: Answers) -> Context:
    if unit == "intervention":
        return Context(as_row(answers))
    return Context(as_row(answers), {"intervention": as_row(intervention(case.split("/")[0]))})
