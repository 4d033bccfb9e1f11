"""The cast's world under a codebook whose checks look across units."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from datetime import date
from typing import Any

from coding import codebooks, work
from coding.models import Case, Coding, State, Unit
from tests.conftest import DOCUMENT, World

MAIN = "objective.filter(o, o.main == 1).size() == 1"
ROSTER = "ended == 1 ? partner.exists(p, p.sent == 2) : !partner.exists(p, p.sent == 2)"
MEMBER = "in_system(partner_state, joined)"


def document(**severities: str) -> dict[str, Any]:
    """The small codebook with a main objective, a day of joining and checks across units."""
    made = deepcopy(DOCUMENT)
    main: dict[str, Any] = {"name": "main", "unit": "objective", "type": "boolean"}
    joined: dict[str, Any] = {"name": "joined", "unit": "partner", "type": "date"}
    made["variables"] += [main, joined]
    named = {v["name"]: v for v in made["variables"]}
    for name, expr, message in (
        ("goal", MAIN, "Exactly one objective is the main one."),
        ("ended", ROSTER, "The flag and the roster do not agree."),
        ("joined", MEMBER, "It was no state on the day it joined."),
    ):
        severity = severities.get(name, "hard")
        named[name]["checks"] = [{"expr": expr, "severity": severity, "message": message}]
    return made


def strict(world: World, **severities: str) -> World:
    """Both coders have a case under that codebook; Germany is a state from 1990-10-03 on."""
    book = codebooks.draft(project=world.project, document=document(**severities))
    book = codebooks.publish(codebook=book)
    State.objects.filter(project=world.project, code="255").update(member_from=date(1990, 10, 3))
    case, (coding_a, coding_b) = another_case(world, "US-1990-SHI", book)
    return replace(world, codebook=book, case=case, coding_a=coding_a, coding_b=coding_b)


def another_case(world: World, key: str, book: Any = None) -> tuple[Case, list[Coding]]:
    unit = Unit.objects.get(project=world.project, name="intervention")
    case = Case.objects.create(unit=unit, key=key, title=f"Case {key}")
    coders = (world.coder_a, world.coder_b)
    book = book or world.codebook
    return case, [work.assign(case=case, coder=c, codebook=book) for c in coders]


def objective(world: World, coding: Coding, main: str, **more: Any) -> Coding:
    """A row with a text, and whether it is the main one."""
    unit = Unit.objects.get(project=world.project, name="objective")
    row = work.add_row(coding=coding, unit=unit)
    world.say(row, "To be rid of him", "objective_text")
    world.say(row, main, "main", **more)
    return row


def partners(world: World, coding: Coding, joined: str = "1991", **sent: str) -> None:
    """List Germany and France, as far as they are named, with what each sent."""
    codes = {"germany": "255", "france": "220"}
    listed = ";".join(sorted(codes[name] for name in sent)) or "none"
    world.say(coding, listed, "partners")
    for name, what in sent.items():
        key = f"{coding.case.key}/{codes[name]}"
        sheet = Coding.objects.get(coder=coding.coder, case__key=key)
        world.say(sheet, what, "sent")
        world.say(sheet, joined, "joined")


def sound(world: World, coding: Coding, **more: str) -> None:
    """A sitting on which every check holds."""
    world.say(coding, "regime")
    world.say(coding, "1", "ended")
    partners(world, coding, **{"germany": "2", **more})
    objective(world, coding, "1")
