"""Cutting a release of a million cells: seconds and peak memory, one JSON line for each figure.

    python -m tests.benchmarks.release [CASES]

On the database of DATABASE_URL, or on a new SQLite file. The rows are made in a process of their
own, so that the peak is the cut's alone.
"""

from __future__ import annotations

import os
import subprocess
import sys
from tempfile import TemporaryDirectory

CASES = 20_000
STEP = (
    "import django; django.setup()\n"
    "from tests.benchmarks import release_steps\n"
    "release_steps.{step}({cases})"
)


def main(cases: int = CASES) -> None:
    with TemporaryDirectory(prefix="casebook-bench-") as folder:
        environment = {
            "DATABASE_URL": os.environ.get("DATABASE_URL") or f"sqlite:///{folder}/bench.sqlite3",
            "DJANGO_SETTINGS_MODULE": "tests.settings",
        }
        for step in ("fill", "measure"):
            command = [sys.executable, "-c", STEP.format(step=step, cases=cases)]
            subprocess.run(command, env=os.environ | environment, check=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
