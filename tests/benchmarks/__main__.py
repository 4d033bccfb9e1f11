"""The command: each database in a scratch folder, then what needs none. See the package."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

import django

from tests.benchmarks import __doc__ as how_to_read
from tests.machine import cluster

DATABASES = ("sqlite", "postgresql")


@contextmanager
def database(name: str, folder: Path) -> Iterator[str]:
    """The address of an empty database that is as safe from a power cut as an installation's."""
    if name == "sqlite":
        yield f"sqlite:///{folder}/casebook.sqlite3"
    else:
        with cluster(durable=True) as address:
            yield address


def call(module: str, *words: str, **environment: str) -> None:
    command = [sys.executable, "-m", module, *words]
    subprocess.run(command, env={**os.environ, **environment}, check=True)


def measure(name: str, module: str, *words: str) -> None:
    """Each module finds an empty database."""
    folders = TemporaryDirectory(prefix="casebook-bench-")
    with folders as folder, database(name, Path(folder)) as address:
        call(
            module,
            *words,
            BENCHMARK_DIR=folder,
            DATABASE_URL=address,
            DJANGO_SETTINGS_MODULE="tests.benchmarks.settings",
            STORE_DIR=f"{folder}/store",
        )


def measure_all(names: Iterable[str]) -> None:
    for name in names:
        measure(name, "tests.benchmarks", "here")
        measure(name, "tests.benchmarks.release")
        measure(name, "tests.benchmarks.publishing")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["here"]:
            django.setup()
            import_module("tests.benchmarks.people").measure()
        case []:
            measure_all(DATABASES)
            call("tests.benchmarks.comparing")
            call("tests.benchmarks.agreement")
            call("tests.benchmarks.studies")
        case names if set(names) <= set(DATABASES):
            measure_all(names)
        case _:
            sys.exit(how_to_read)
