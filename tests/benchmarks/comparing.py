"""Two versions of a codebook of 200 entries, all of which changed: the work, the page, the files.

    python -m tests.benchmarks.comparing

One JSON line for each figure. `cpu_ms` is the processor's time, which a busy machine leaves alone.
On the database of DATABASE_URL, or on a new SQLite file.
"""

from __future__ import annotations

import os
import subprocess
import sys
from tempfile import TemporaryDirectory


def main() -> None:
    """In a process of its own, on a database of its own."""
    with TemporaryDirectory(prefix="casebook-bench-") as folder:
        environment = {
            "DATABASE_URL": os.environ.get("DATABASE_URL") or f"sqlite:///{folder}/bench.sqlite3",
            "DJANGO_SETTINGS_MODULE": "tests.settings",
        }
        step = "import django; django.setup()\n"
        step += "from tests.benchmarks import comparing_steps\ncomparing_steps.measure()"
        subprocess.run([sys.executable, "-c", step], env=os.environ | environment, check=True)


if __name__ == "__main__":
    main()
