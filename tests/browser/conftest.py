"""The real server on a database of its own, and real Chromium in front of it."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.machine import chromium

ROOT = Path(__file__).parents[2]
PASSWORD = "journey-casebook-1"
FRESH = "as-loaded.sqlite3"
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
SignIn = Callable[..., Page]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Site:
    """An installation with the first project, as `make run` makes it."""

    def __init__(self, home: Path) -> None:
        self.home, self.port = home, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.env = os.environ | {
            "DATABASE_URL": f"sqlite:///{home / 'casebook.sqlite3'}",
            "STORE_DIR": str(home / "store"),
            "PORT": str(self.port),
            "DEMO_PASSWORD": PASSWORD,
            "SECRET_KEY": "only-for-the-journey-" * 3,
            "DJANGO_SETTINGS_MODULE": "curation.settings",
        }
        self.server: subprocess.Popen[bytes] | None = None

    def manage(self, *words: str) -> str:
        command = [sys.executable, "manage.py", *words]
        done = subprocess.run(command, cwd=ROOT, env=self.env, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self) -> None:
        command = [sys.executable, "manage.py", "serve"]
        self.server = subprocess.Popen(command, cwd=ROOT, env=self.env)
        for _ in range(300):
            try:
                urlopen(f"{self.url}/sign-in/", timeout=5).close()  # noqa: S310
            except (URLError, OSError):
                time.sleep(0.1)
            else:
                return
        raise AssertionError("The server did not answer within 30 seconds.")

    def stop(self) -> None:
        if self.server:
            self.server.terminate()
            self.server.wait(timeout=40)
            self.server = None


def prepared(site: Site) -> Site:
    """The site with the first project and its people, answering."""
    site.manage("migrate", "--verbosity=0")
    site.manage("collectstatic", "--noinput", "--verbosity=0")
    site.manage("load_first_project", "--demo")
    copied(site.home / "casebook.sqlite3", site.home / FRESH)
    site.start()
    return site


def copied(database: Path, to: Path) -> None:
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(to)) as target:
        source.backup(target)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    made = prepared(Site(tmp_path_factory.mktemp("site")))
    yield made
    made.stop()


@pytest.fixture
def own_site(site: Site, tmp_path: Path) -> Iterator[Site]:
    """The first project as it was loaded, whatever other journeys did with theirs."""
    made = Site(tmp_path)
    copied(site.home / FRESH, tmp_path / "casebook.sqlite3")
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium(), args=QUIET)
        yield opened
        opened.close()


@pytest.fixture
def sign_in(site: Site, browser: Browser) -> Iterator[SignIn]:
    with windows(site, browser) as opened:
        yield opened


@contextmanager
def windows(site: Site, browser: Browser) -> Iterator[SignIn]:
    """Opens the site as somebody, in a window of their own; any error of a script fails."""
    contexts, errors = [], []

    def opened(name: str, theme: str = "light", width: int = 1440) -> Page:
        context = browser.new_context(
            base_url=site.url,
            viewport={"width": width, "height": 1000},
            color_scheme="dark" if theme == "dark" else "light",
            accept_downloads=True,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto("/sign-in/")
        page.fill("[name=username]", name)
        page.fill("[name=password]", PASSWORD)
        page.press("[name=password]", "Enter")
        page.wait_for_url(lambda url: "/sign-in/" not in url)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert errors == []
