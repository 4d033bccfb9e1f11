"""The server as `make run` starts it, watched from outside, and how its figures are told."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from django.db import connection
from django.urls import reverse

from tests.benchmarks.browser import HOST

ROOT = Path(__file__).resolve().parents[2]
WORKERS = 2
PATIENCE = 60.0  # seconds


def tell(figure: str, value: float, unit: str, **more: object) -> None:
    line = {"figure": figure, "database": connection.vendor, "value": round(value, 1), "unit": unit}
    print(json.dumps(line | more), flush=True)


@dataclass(frozen=True)
class Server:
    port: int
    process: int

    def cpu_ms(self) -> float | None:
        """What the server's processes have used, where /proc tells: the rest is waiting."""
        total = sum(map(self._ticks, Path("/proc").glob("[0-9]*/stat")))
        return 1000 * total / os.sysconf("SC_CLK_TCK") if total else None

    def _ticks(self, path: Path) -> int:
        try:
            words = path.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            return 0
        is_ours = self.process in (int(path.parent.name), int(words[1]))
        return int(words[11]) + int(words[12]) if is_ours else 0


def per_one(before: float | None, after: float | None, count: int) -> float | None:
    if before is None or after is None:
        return None
    return round((after - before) / count, 2)


@contextmanager
def served() -> Iterator[Server]:
    port = free_port()
    ours = {"HOST": HOST, "PORT": str(port), "WEB_CONCURRENCY": str(WORKERS)}
    log = Path(os.environ["BENCHMARK_DIR"]) / "server.log"
    with log.open("w") as out:
        command = [sys.executable, "manage.py", "serve"]
        environment = {**os.environ, "DEBUG": "", "HTTPS": "", **ours}
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=out)
    try:
        wait_for(f"http://{HOST}:{port}{reverse('login')}")
        yield Server(port, process.pid)
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE)
        sys.stderr.write(log.read_text().partition("stops it)\n")[2][-4000:])


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        return int(listener.getsockname()[1])


def wait_for(address: str) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            with urlopen(address):  # noqa: S310
                return
        except URLError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
