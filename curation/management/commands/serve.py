"""Starts the server: processes that each answer at most two requests at once."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.core.management.base import BaseCommand, CommandError
from django.core.wsgi import get_wsgi_application
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server.mp import MPServer

# One thread a process writes fastest. The second lets the others be answered while one request
# is slow.
THREADS = 2


def number(name: str, default: int) -> int:
    value = os.environ.get(name) or str(default)
    if not value.isdigit() or int(value) < 1:
        raise CommandError(f"{name} must be a number from 1 up, not {value!r}.")
    return int(value)


def refuse_a_taken_address(host: str, port: int) -> None:
    """The server itself would share the port with its neighbour, and each get half the visitors."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(
                f"{host}:{port} cannot be used: {error.strerror}. Choose another: PORT={port + 1}"
            ) from error


def application() -> WSGIHandler:
    """What each process serves. A process that is told to stop while it loads stops at once:
    it would lose the signal to the handler that it inherited."""
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, signal.SIG_DFL)
    return get_wsgi_application()


def server(host: str, port: int) -> MPServer:
    return MPServer(
        "curation.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        workers=number("WEB_CONCURRENCY", 2),
        blocking_threads=THREADS,
        respawn_failed_workers=True,
        workers_kill_timeout=30,
        log_level=LogLevels.warning,
    )


@contextmanager
def worker() -> Iterator[None]:
    """The process for long work, started again where it breaks off, ended with the server."""
    if os.environ.get("WORKER") == "0":
        yield
        return
    over = Event()
    thread = Thread(target=_keep_working, args=(over,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _keep_working(over: Event) -> None:
    command = [sys.executable, sys.argv[0], "work", f"--parent={os.getpid()}"]
    while not over.is_set():
        with subprocess.Popen(command) as process:
            while process.poll() is None and not over.wait(0.5):
                pass
            process.terminate()
        over.wait(1)


class Command(BaseCommand):
    help = "Serve Casebook on HOST (127.0.0.1) and PORT (8000), with WEB_CONCURRENCY processes (2)."

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = os.environ.get("HOST") or "127.0.0.1", number("PORT", 8000)
        refuse_a_taken_address(host, port)
        ready = server(host, port)
        self.stdout.write(f"Casebook answers at http://{host}:{port}/  (Ctrl+C stops it)")
        self.stdout.flush()
        with worker():
            ready.serve(target_loader=application, wrap_loader=False)
