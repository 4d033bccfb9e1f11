"""The cast and their small world, built through the acts that everybody uses."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from coding import blind, codebooks, work
from coding.models import Case, Cell, Codebook, Coding, Entry, Member, Project, State, Unit


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What asks no database is not tested a second time on another one."""
    if connection.vendor == "postgresql":
        asks = [item for item in items if _asks_a_database(item)]
        config.hook.pytest_deselected(items=[item for item in items if item not in asks])
        items[:] = asks


def _asks_a_database(item: pytest.Item) -> bool:
    named = set(getattr(item, "fixturenames", ()))
    return bool(
        named & {"db", "transactional_db", "address"} or item.get_closest_marker("django_db")
    )


DOCUMENT: dict[str, Any] = {
    "codebook": {
        "title": "A small codebook",
        "units": [
            {"id": "intervention", "label": "Intervention", "key": ["intervention_id"]},
            {
                "id": "partner",
                "label": "Partner",
                "parent": "intervention",
                "key": ["intervention_id", "partner_state"],
            },
            {
                "id": "objective",
                "label": "Objective",
                "parent": "intervention",
                "key": ["intervention_id", "objective_no"],
            },
        ],
        "missing_codes": [
            {
                "code": -77,
                "key": "indeterminate",
                "label": "Cannot be determined",
                "counts_in_reliability": "as_category",
                "note_required": True,
            },
            {"code": -88, "key": "na", "label": "Not applicable", "set_by": "rule"},
            {"code": -99, "key": "unknown", "label": "Unknown"},
        ],
    },
    "variables": [
        {
            "name": "goal",
            "unit": "intervention",
            "section": "Aims",
            "label": "Main goal",
            "question": "What was the main goal?",
            "type": "category",
            "level": "nominal",
            "required": True,
            "rule": "The goal named first.",
            "categories": [
                {"code": "regime", "label": "Regime change"},
                {"code": "territory", "label": "Territory"},
                {"code": "policy", "label": "Policy change"},
                {"code": "canary", "label": "A rare bird"},
            ],
        },
        {
            "name": "ended",
            "unit": "intervention",
            "section": "Dates",
            "label": "Ended",
            "question": "Has it ended?",
            "type": "boolean",
            "level": "nominal",
        },
        {
            "name": "end_date",
            "unit": "intervention",
            "section": "Dates",
            "label": "End date",
            "question": "When did it end?",
            "type": "date",
            "level": "interval",
            "skip": {"if": "ended == 0", "then": -88},
        },
        {
            "name": "troops",
            "unit": "intervention",
            "section": "Dates",
            "label": "Troops",
            "question": "How many troops?",
            "type": "integer",
            "level": "ratio",
            "min": 0,
            "max": 100000,
        },
        {
            "name": "story",
            "unit": "intervention",
            "section": "Story",
            "label": "Story",
            "question": "What happened?",
            "type": "text",
            "level": "nominal",
        },
        {
            "name": "partners",
            "unit": "intervention",
            "section": "Partners",
            "label": "Partners",
            "question": "Which states took part?",
            "type": "set",
            "level": "nominal",
            "reference": "state",
            "roster_of": "partner",
        },
        {
            "name": "partner_state",
            "unit": "partner",
            "label": "State",
            "question": "Which state?",
            "type": "state",
            "level": "nominal",
            "required": True,
        },
        {
            "name": "sent",
            "unit": "partner",
            "label": "Sent",
            "question": "What did it send?",
            "type": "ordinal",
            "level": "ordinal",
            "required": True,
            "categories": [{"code": 1, "label": "Words"}, {"code": 2, "label": "Troops"}],
        },
        {
            "name": "strength",
            "unit": "partner",
            "label": "Strength",
            "question": "How many did it send?",
            "type": "integer",
            "level": "ratio",
            "skip": {"if": "sent == 1", "then": -88},
            "checks": [
                {
                    "expr": "strength <= intervention.troops",
                    "severity": "hard",
                    "message": "More than the whole force.",
                }
            ],
        },
        {
            "name": "share",
            "unit": "partner",
            "label": "Share",
            "question": "Which share of the force?",
            "type": "decimal",
            "level": "ratio",
            "derived_from": "strength / troops",
            "derive": "double(strength) / double(intervention.troops)",
        },
        {
            "name": "objective_text",
            "unit": "objective",
            "label": "Objective",
            "question": "What was to be achieved?",
            "type": "text",
            "level": "nominal",
            "required": True,
        },
    ],
}
STATES = {"2": "United States", "200": "United Kingdom", "220": "France", "255": "Germany"}


@dataclass
class World:
    """Two coders code a case blind, others adjudicate and curate, an outsider is elsewhere."""

    project: Project
    codebook: Codebook
    case: Case
    coder_a: User
    coder_b: User
    adjudicator: User
    curator: User
    reader: User
    outsider: User
    coding_a: Coding
    coding_b: Coding

    def entry(self, name: str) -> Entry:
        return next(e for e in codebooks.entries(self.codebook) if e.name == name)

    def say(self, coding: Coding, text: str, name: str = "goal", **more: Any) -> None:
        work.save_value(coding=coding, entry=self.entry(name), text=text, **more)

    def close(self, coder_a: str, coder_b: str, name: str = "goal") -> None:
        """Both coders answer and hand in; `goal` is filled where it is not the question."""
        for coding, text in ((self.coding_a, coder_a), (self.coding_b, coder_b)):
            if name != "goal":
                self.say(coding, "regime")
            self.say(coding, text, name)
        work.submit(coding=self.coding_a)
        work.submit(coding=self.coding_b)

    def cell(self, name: str = "goal") -> Cell:
        return blind.all_cells(self.project).get(variable=self.entry(name).variable)

    def settle(self, text: str | None, name: str = "goal", by: User | None = None) -> Cell:
        return work.settle(
            cell=self.cell(name),
            entry=self.entry(name),
            text=text,
            cause="judgement",
            reason="Source 3, p. 12",
            by=by or self.adjudicator,
        )

    def sheet_of(self, coder: User, state: str) -> Coding:
        """A coder's sheet for a partner of the case."""
        return Coding.objects.get(coder=coder, case__key=f"{self.case.key}/{state}")

    def more_cases(self, count: int) -> list[Case]:
        """Further cases, assigned to both coders."""
        made = []
        for n in range(count):
            case = Case.objects.create(
                unit=self.case.unit, key=f"US-19{n:02d}-X", title=f"Case {n}"
            )
            for coder in (self.coder_a, self.coder_b):
                work.assign(case=case, coder=coder, codebook=self.codebook)
            made.append(case)
        return made


def make_project(slug: str = "usmi") -> tuple[Project, Codebook]:
    project = Project.objects.create(slug=slug, title=f"Project {slug}")
    for code, name in STATES.items():
        State.objects.create(project=project, code=code, name=name)
    codebook = codebooks.draft(project=project, document=DOCUMENT)
    return project, codebooks.publish(codebook=codebook)


@pytest.fixture
def world(db: None, settings: Any, tmp_path: Path) -> World:
    settings.STORE_DIR = tmp_path / "store"
    return make_world()


def make_world() -> World:
    """The cast in their project, and the outsider in another."""
    project, codebook = make_project()
    elsewhere, _ = make_project("elsewhere")
    unit = Unit.objects.get(project=project, name="intervention")
    case = Case.objects.create(unit=unit, key="US-1991-GUL", title="Desert Storm")
    roles = {
        "coder_a": Member.Role.CODER,
        "coder_b": Member.Role.CODER,
        "adjudicator": Member.Role.ADJUDICATOR,
        "curator": Member.Role.CURATOR,
        "reader": Member.Role.READER,
    }
    cast = {name: User.objects.create_user(name, password="secret") for name in roles}
    for name, role in roles.items():
        Member.objects.create(project=project, user=cast[name], role=role)
    cast["outsider"] = User.objects.create_user("outsider", password="secret")
    Member.objects.create(project=elsewhere, user=cast["outsider"], role=Member.Role.CURATOR)
    codings = {
        name: work.assign(case=case, coder=cast[coder], codebook=codebook)
        for name, coder in (("coding_a", "coder_a"), ("coding_b", "coder_b"))
    }
    return World(project, codebook, case, **cast, **codings)
