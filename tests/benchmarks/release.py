"""Two releases of a million cells: seconds and peak memory, one JSON line for each figure.

    python -m tests.benchmarks.release [CASES]

On the database of DATABASE_URL, or on a new SQLite file. Each step has a process of its own, so
that a peak is the cut's alone. Both cuts are told part by part; the CSV beside a plain script.
"""

from __future__ import annotations

import os
import subprocess
import sys
from tempfile import TemporaryDirectory

CASES = 20_000
STEP = (
    "import os, django; django.setup()\n"
    "from django.conf import settings; settings.STORE_DIR = os.environ['STORE_DIR']\n"
    "from tests.benchmarks import release_steps\n"
    "release_steps.{step}({cases})"
)


def main(cases: int = CASES) -> None:
    with TemporaryDirectory(prefix="casebook-bench-") as folder:
        environment = {
            "DATABASE_URL": os.environ.get("DATABASE_URL") or f"sqlite:///{folder}/bench.sqlite3",
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "STORE_DIR": f"{folder}/store",
        }
        for step in ("fill", "measure", "correct", "again"):
            command = [sys.executable, "-c", STEP.format(step=step, cases=cases)]
            subprocess.run(command, env=os.environ | environment, check=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
