from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from threading import Event, Thread
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction
from psycopg.conninfo import make_conninfo

from coding.models import Cell, Project
from curation import store
from tests.benchmarks.release_steps import fill
from tests.releasing import cut

KEYS = ("case__key", "-case__key")
CASES = 1_200  # read in three parts
PROGRAM = (
    "import django; django.setup()\nfrom tests import test_snapshot; test_snapshot.cut_and_write()"
)


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A database of the same kind as the tests', with connections of its own: a file on SQLite."""
    if connection.vendor == "sqlite":
        yield f"sqlite:///{tmp_path}/snapshot.sqlite3"
        return
    name, known = f"snapshot_{os.getpid()}", connection.settings_dict
    login = {key: known[key.upper()] for key in ("host", "port", "user", "password")}
    server_address = make_conninfo(**login, dbname="postgres")
    with psycopg.connect(server_address, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        yield os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{name}"
        server.execute(f"DROP DATABASE {name}")


def test_a_release_is_of_one_moment_and_makes_nobody_wait(address: str) -> None:
    """A cell of the first case and one of the last change together, again and again."""
    environment = {"DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    program = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(program, env=os.environ | environment, check=True, capture_output=True)
    found = json.loads(done.stdout)

    assert [first == last for first, last in found["ends"]] == [True, True, True]
    assert found["written meanwhile"] > 10


def cut_and_write() -> None:
    fill(CASES)
    project = Project.objects.get(slug="bench")
    written: list[int] = []
    with writing(project, written):
        releases = [cut(project=project, version=f"0.{n}.0") for n in range(1, 4)]
    ends = [ends_of(release.manifest["files"][0]) for release in releases]
    print(json.dumps({"ends": ends, "written meanwhile": len(written)}))


@contextmanager
def writing(project: Project, written: list[int]) -> Iterator[None]:
    """Somebody saves, in one transaction each time, until the end."""
    cells = Cell.objects.filter(case__unit__project=project, variable__entries__name="v06")
    ends = [cells.order_by(order).values_list("pk", flat=True)[0] for order in KEYS]
    stop = Event()

    @transaction.atomic
    def write(number: int) -> None:
        for pk in ends:
            cell = Cell.objects.get(pk=pk)
            cell.text = str(number)
            cell.save()  # with its revision: a release explains every change

    def write_on() -> None:
        for number in count(1):
            if stop.is_set():
                break
            write(number)
            written.append(number)
        connection.close()

    write(0)
    thread = Thread(target=write_on)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def ends_of(file: dict[str, Any]) -> tuple[str, str]:
    """The same column in the first and in the last row."""
    rows = list(csv.DictReader(io.StringIO(store.get(file["sha256"]).decode(), newline="")))
    return rows[0]["v06"], rows[-1]["v06"]
