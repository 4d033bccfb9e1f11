"""2,165 disputes that two teams coded: the reference figures, from the database.

The file may not be copied into the repository; the tests read it where it lies, if it is there.
"""

from __future__ import annotations

import csv
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from coding import codebooks, reliability
from coding.models import Case, Coding, Member, Project, Value
from tests.agreement.test_reference import REFERENCE, TWO_TEAMS

TEAMS = ("cow", "gml")
NAMES = {"outcome": "nominal", "hostlev": "ordinal"}
MISSING = "-9"


def case_of(name: str) -> dict[str, Any]:
    return REFERENCE[f"mid_cow_vs_gml_{name}"]


def variable(name: str) -> dict[str, Any]:
    level = NAMES[name]
    return {
        "name": name,
        "unit": "dispute",
        "label": name,
        "question": "Which?",
        "type": "category" if level == "nominal" else level,
        "level": level,
        "categories": [{"code": n, "label": f"Value {n}"} for n in case_of(name)["categories"]],
    }


@pytest.fixture
def disputes(db: None) -> Project:
    """Both teams as coders who handed in everything; written in bulk, for there is much of it."""
    if not TWO_TEAMS.exists():
        pytest.skip(f"needs {TWO_TEAMS.name}, which may not be copied into the repository")
    project = Project.objects.create(slug="mid", title="Disputes")
    head = {
        "title": "Disputes",
        "units": [{"id": "dispute", "label": "Dispute", "key": ["dispnum"]}],
        "missing_codes": [{"code": MISSING, "key": "missing", "label": "Missing"}],
    }
    document = {"codebook": head, "variables": [variable(name) for name in NAMES]}
    book = codebooks.publish(codebook=codebooks.draft(project=project, document=document))
    with TWO_TEAMS.open() as file:
        rows = list(csv.DictReader(file))
    unit, now = project.units.get(), timezone.now()
    cases = Case.objects.bulk_create(
        Case(unit=unit, key=row["dispnum"], title=row["dispnum"]) for row in rows
    )
    for team in TEAMS:
        coder = User.objects.create_user(team)
        Member.objects.create(project=project, user=coder, role=Member.Role.CODER)
        codings = Coding.objects.bulk_create(
            Coding(case=case, coder=coder, codebook=book, submitted_at=now, unblinded_at=now)
            for case in cases
        )
        for entry in codebooks.entries(book):
            Value.objects.bulk_create(
                Value(
                    coding=coding, variable_id=entry.variable_id, text=said(row, entry.name, team)
                )
                for coding, row in zip(codings, rows, strict=True)
            )
    return project


def said(row: dict[str, str], name: str, team: str) -> str:
    text = row[f"{name}_{team}"]
    return text if int(text) in case_of(name)["categories"] else MISSING


@pytest.mark.parametrize("name", NAMES)
def test_the_figures_of_the_two_teams_come_out_of_the_database(
    disputes: Project, name: str
) -> None:
    opened = reliability.opened(disputes)
    entry = opened.entry(name)
    assert entry is not None

    found = reliability.figure(opened, entry)
    depth = reliability.depth(opened, entry)

    expected = case_of(name)["expected"]
    wanted = {
        f"krippendorff_alpha_{NAMES[name]}": found.alpha.value,
        "percent_agreement": found.percent.value,
        "cohen_kappa": depth.others["Conger's kappa"].value,
    }
    for figure, value in wanted.items():
        reference = expected[figure]
        assert value == pytest.approx(reference["value"], abs=reference["tolerance"]), figure
    assert found.cases == 2165
    assert len(depth.used) + sum(map(len, depth.dropped.values())) == 2165
