"""The server as `make run` starts it, in its own processes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from curation.management.commands.serve import server as built

ROOT = Path(__file__).parent.parent


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def start(folder: Path, **environment: str) -> subprocess.Popen[str]:
    ours = {"DATABASE_URL": f"sqlite:///{folder}/db.sqlite3", "DEBUG": "1"}
    return subprocess.Popen(
        [sys.executable, "manage.py", "serve"],
        cwd=ROOT,
        env={**os.environ, **ours, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def page(address: str, *, patience: float = 30) -> str:
    """The page, as soon as the server answers."""
    end = time.monotonic() + patience
    while True:
        try:
            with urlopen(address) as answer:  # noqa: S310
                return str(answer.read().decode())
        except URLError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    port = free_port()
    process = start(tmp_path, PORT=str(port))
    with process:
        yield process, f"http://127.0.0.1:{port}/"
        process.terminate()


def test_the_server_answers_and_stops_when_it_is_told_to(
    server: tuple[subprocess.Popen[str], str],
) -> None:
    process, address = server

    assert "Sign in" in page(f"{address}sign-in/")

    process.send_signal(signal.SIGTERM)

    assert process.wait(timeout=30) == 0
    assert process.stdout is not None
    assert f"Casebook answers at {address}" in process.stdout.read()


def test_a_port_that_is_taken_is_refused(
    server: tuple[subprocess.Popen[str], str], tmp_path: Path
) -> None:
    _, address = server
    page(f"{address}sign-in/")
    port = address.strip("/").rpartition(":")[2]

    second = start(tmp_path, PORT=port)

    output, _ = second.communicate(timeout=30)
    assert second.returncode == 1
    assert f"127.0.0.1:{port} cannot be used: Address already in use" in output


def test_a_number_of_processes_that_is_no_number_is_refused(tmp_path: Path) -> None:
    process = start(tmp_path, WEB_CONCURRENCY="many")

    output, _ = process.communicate(timeout=30)

    assert process.returncode == 1
    assert "WEB_CONCURRENCY must be a number from 1 up, not 'many'." in output


def test_the_number_of_processes_comes_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WEB_CONCURRENCY", "5")

    assert built("127.0.0.1", 8000).workers == 5
