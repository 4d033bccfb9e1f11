"""The process beside the server that does the long work, such as cutting a large release."""

from __future__ import annotations

import os
import signal
from threading import Event
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, close_old_connections, connection

from curation import builds
from curation.kinds import KINDS

LOOKS = 1.0  # seconds between two looks at the queue


class Command(BaseCommand):
    help = (
        "Do the long work that is asked for on pages, one piece after the other. `serve` starts "
        "it by itself; with WORKER=0 it does not, and this runs elsewhere."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="Do what is queued, then end.")
        parser.add_argument("--parent", type=int, help="End when this process is gone.")

    def handle(self, *args: Any, **options: Any) -> None:
        stop, worker = Event(), builds.new_worker()
        for told in (signal.SIGTERM, signal.SIGINT):
            signal.signal(told, lambda *_: stop.set())
        while not stop.is_set():
            self._look(worker, stop)
            if options["once"] or _is_orphan(options["parent"]):
                return
            stop.wait(LOOKS)

    def _look(self, worker: str, stop: Event) -> None:
        close_old_connections()
        try:
            builds.work_off(KINDS, worker, stop)
        except DatabaseError as error:
            self.stderr.write(f"The queue cannot be read: {error}")
            connection.close()


def _is_orphan(parent: int | None) -> bool:
    return parent is not None and os.getppid() != parent
