"""Publishing a version of 200 entries over a million values, and what goes before and after it.

    python -m tests.benchmarks.publishing [CASES]

One JSON line for each figure. On the database of DATABASE_URL, or on a new SQLite file; on
PostgreSQL: python -m tests.machine postgresql --durable python -m tests.benchmarks.publishing
"""

from __future__ import annotations

import os
import subprocess
import sys
from tempfile import TemporaryDirectory

CASES = 2_500
STEP = (
    "import django; django.setup()\n"
    "from tests.benchmarks import publishing_steps\n"
    "publishing_steps.{step}({cases})"
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
