"""Starts the server: processes that each answer at most two requests at once."""

from __future__ import annotations

import os
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

# One thread a process writes fastest. The second lets the others be answered while one request
# is slow, such as the cut of a large release.
THREADS = 2


def workers() -> int:
    wanted = os.environ.get("WEB_CONCURRENCY") or "2"
    if not wanted.isdigit() or int(wanted) < 1:
        raise CommandError(f"WEB_CONCURRENCY must be a number from 1 up, not {wanted!r}.")
    return int(wanted)


def options(host: str, port: str) -> list[str]:
    return [
        "--interface=wsgi",
        "--http=1",
        "--no-ws",
        f"--host={host}",
        f"--port={port}",
        f"--workers={workers()}",
        f"--blocking-threads={THREADS}",
        "--respawn-failed-workers",
        "--workers-kill-timeout=30",
        "--log-level=warning",
    ]


class Command(BaseCommand):
    help = "Serve Casebook on HOST (127.0.0.1) and PORT (8000), with WEB_CONCURRENCY processes (2)."

    def handle(self, *args: Any, **kwargs: Any) -> None:
        host = os.environ.get("HOST") or "127.0.0.1"
        port = os.environ.get("PORT") or "8000"
        self.stdout.write(f"Casebook answers at http://{host}:{port}/  (Ctrl+C stops it)")
        self.stdout.flush()
        os.chdir(settings.BASE_DIR)
        command = [sys.executable, "-m", "granian", *options(host, port)]
        # The server takes this process's place, so that signals reach it and no parent lingers.
        os.execv(sys.executable, [*command, "curation.wsgi:application"])  # noqa: S606
