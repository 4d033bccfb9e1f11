"""Two adjudicators on one cell at the same time: one wins, the other is told, nothing is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from coding.models import Cell, Member
from tests.conftest import make_world
from tests.test_disputes import disputed
from tests.test_snapshot import address as address

CASES = 6
JUDGES = ("adjudicator", "second")
SAID = {"adjudicator": "regime", "second": "policy"}
PROGRAM = "import django; django.setup()\nfrom tests import test_race; test_race.settle_at_once()"


def test_of_two_rulings_at_the_same_time_one_wins_and_no_word_is_lost(address: str) -> None:
    environment = {"DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    program = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(program, env=os.environ | environment, check=True, capture_output=True)

    for race in json.loads(done.stdout):
        won, lost = sorted(race["answers"], key=lambda answer: answer["status"])
        assert (won["status"], lost["status"]) == (200, 409)
        assert race["stands"] == ["adjudicated", SAID[won["who"]], reason_of(won["who"])]
        assert race["past"] == ["disputed", "adjudicated"]
        assert "Somebody else ruled on this cell meanwhile" in lost["page"]
        assert reason_of(won["who"]) in lost["page"]
        assert f'value="{reason_of(lost["who"])}"' in lost["page"]
        assert f'value="{SAID[lost["who"]]}" checked' in lost["page"]


def reason_of(name: str) -> str:
    return f"The {name} read source 3."


def settle_at_once() -> None:
    """Each case has one dispute; both judges settle it as soon as both are ready."""
    call_command("migrate", verbosity=0)
    world = make_world()
    second = User.objects.create_user("second")
    Member.objects.create(project=world.project, user=second, role=Member.Role.ADJUDICATOR)
    cases = disputed(world, CASES)
    found = Cell.objects.filter(case__in=cases, variable=world.entry("goal").variable)
    print(json.dumps([race_for(cell) for cell in found.order_by("pk")]))


def race_for(cell: Cell) -> dict[str, Any]:
    barrier = Barrier(len(JUDGES))
    with ThreadPoolExecutor(len(JUDGES)) as pool:
        answers = list(pool.map(lambda name: settle(name, cell, barrier), JUDGES))
    cell.refresh_from_db()
    past = Cell.history.filter(id=cell.pk).order_by("history_id")
    return {
        "answers": answers,
        "stands": [cell.status, cell.text, cell.reason],
        "past": list(past.values_list("status", flat=True)),
    }


def settle(name: str, cell: Cell, barrier: Barrier) -> dict[str, Any]:
    client = Client(SERVER_NAME="localhost", headers={"X-Requested-With": "fetch"})
    client.force_login(User.objects.get(username=name))
    ruling = {
        "act": "settle",
        "take": SAID[name],
        "cause": "judgement",
        "reason": reason_of(name),
        "seen": cell.since.isoformat(),
    }
    barrier.wait()
    answer = client.post(reverse("coding:settle", args=[cell.case_id, cell.pk]), ruling)
    connection.close()
    return {"who": name, "status": answer.status_code, "page": answer.text}
