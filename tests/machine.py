"""What the tests need from the machine, installed if missing: printing, R, a server, a browser.

python -m tests.machine sqlite COMMAND ...       runs it with a database of its own in memory
python -m tests.machine postgresql COMMAND ...   runs it with DATABASE_URL of a new cluster
python -m tests.machine chromium COMMAND ...     runs it with CHROMIUM, the browser's path
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from types import FrameType

from playwright.sync_api import sync_playwright

from coding.printing import PACKAGES

SERVERS = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
    "/usr/local/pgsql/bin",
)
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC_BROWSER = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
# A test needs no data after a power cut; a benchmark must pay for it as an installation does.
# Statistics gathered while tests come and go are of empty tables, and lead to slow plans.
QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off")


class Missing(Exception):
    """A part that the tests need is neither here nor to be installed: they must not go on."""


def as_root() -> list[str] | None:
    """The words before a command that needs root; None where we cannot be root."""
    if os.geteuid() == 0:
        return []
    sudo = ["sudo", "-n"]
    allowed = shutil.which("sudo") and subprocess.run([*sudo, "true"], capture_output=True)
    return sudo if allowed and allowed.returncode == 0 else None


def install(*packages: str) -> None:
    """Ask apt-get for the packages; quiet where there is no apt-get or no right to use it."""
    root = as_root()
    if root is None or not shutil.which("apt-get"):
        return
    print(f"Installing {' '.join(packages)} with apt-get", flush=True)
    apt = [*root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    patience = ["-o", "DPkg::Lock::Timeout=300"]
    for words in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        subprocess.run([*apt, *patience, *words], stdout=subprocess.DEVNULL, check=False)


# What makes a PDF


def can_print() -> bool:
    """Whether the libraries are there: asked of a new process, which has not looked before."""
    trial = [sys.executable, "-c", "import weasyprint"]
    return subprocess.run(trial, capture_output=True, check=False).returncode == 0


def printing() -> None:
    if not can_print():
        install(*PACKAGES.split())
    if not can_print():
        raise Missing(
            f"What makes a PDF is missing. Install it, for example: apt-get install {PACKAGES}"
        )


# R, with what reads the files of Stata and SPSS

R_PACKAGES = "r-base-core r-cran-haven r-cran-mass"


def can_read_in_r() -> bool:
    """Whether R is there with what reads files of Stata and SPSS."""
    trial = ["Rscript", "--vanilla", "-e", "library(haven); library(MASS)"]
    return (
        bool(shutil.which("Rscript"))
        and not subprocess.run(trial, capture_output=True, check=False).returncode
    )


def rscript() -> str:
    if not can_read_in_r():
        install(*R_PACKAGES.split())
    if not can_read_in_r():
        raise Missing(f"R is missing. Install it, for example: apt-get install {R_PACKAGES}")
    return "Rscript"


# PostgreSQL


def version_of(folder: Path) -> list[int]:
    return [
        int(digits) for digits in "".join(c if c.isdigit() else " " for c in str(folder)).split()
    ]


def postgresql_binaries() -> Path | None:
    """The newest folder that holds initdb and the server; the PATH goes first."""
    initdb = shutil.which("initdb")
    if initdb:
        return Path(initdb).resolve().parent
    folders = [folder for pattern in SERVERS for folder in Path("/").glob(pattern[1:])]
    able = [folder for folder in folders if (folder / "initdb").exists()]
    return max(able, key=version_of, default=None)


def postgresql() -> Path:
    if postgresql_binaries() is None:
        install("postgresql")
    folder = postgresql_binaries()
    if folder is None:
        raise Missing(
            "PostgreSQL's server is missing. Install it, for example: apt-get install postgresql"
        )
    return folder


def server_account() -> pwd.struct_passwd:
    """Who runs the server: PostgreSQL refuses root, so root lends it another account."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid())
    names = {account.pw_name: account for account in pwd.getpwall()}
    return names.get("postgres") or names["nobody"]


def sorting(folder: Path) -> list[str]:
    """Sort as most installations do, unlike SQLite, so that a test sees where the order matters."""
    known = subprocess.run(
        [folder / "initdb", "--help"], capture_output=True, text=True, check=True
    )
    if "--icu-locale" in known.stdout:
        return ["--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en"]
    return ["--locale=C.UTF-8"]


@contextmanager
def cluster(*, durable: bool = False) -> Iterator[str]:
    """The address of a new, empty server that listens on a socket in its own folder only."""
    binaries, account = postgresql(), server_account()
    home = Path(mkdtemp(prefix="casebook-pg-"))
    os.chown(home, account.pw_uid, account.pw_gid)

    def server(program: str, *words: str | Path) -> None:
        identity = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        subprocess.run(
            [binaries / program, "--pgdata", home / "data", *words],
            stdout=subprocess.DEVNULL,
            cwd=home,
            check=True,
            **(identity if os.geteuid() == 0 else {}),  # type: ignore[call-overload]
        )

    settings = ["listen_addresses=", f"unix_socket_directories={home}", *(() if durable else QUICK)]
    words = " ".join(f"-c {setting}" for setting in settings)
    try:
        server(
            "initdb", "--username=casebook", "--auth=trust", "--encoding=UTF8", *sorting(binaries)
        )
        server("pg_ctl", "--wait", "--log", home / "log", "--options", words, "start")
        yield f"postgres://casebook@/{home}/postgres"
    finally:
        if (home / "data/postmaster.pid").exists():
            server("pg_ctl", "--mode=immediate", "stop")
        shutil.rmtree(home, ignore_errors=True)


# Chromium


def installed_browser() -> str | None:
    found = filter(None, map(shutil.which, BROWSERS))
    return next(found, MAC_BROWSER if Path(MAC_BROWSER).exists() else None)


def playwright_browser() -> str | None:
    """The browser that playwright brings itself, where it may download one."""
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def chromium() -> str:
    if os.environ.get("CHROMIUM"):
        return os.environ["CHROMIUM"]
    if not installed_browser():
        install("chromium")
    path = installed_browser() or playwright_browser()
    if path is None:
        raise Missing("Chromium is missing. Install it, for example: apt-get install chromium")
    return path


# The command


def run(command: Sequence[str], extra: Mapping[str, str]) -> int:
    return subprocess.run(command, env=os.environ | dict(extra), check=False).returncode


def interrupted(number: int, frame: FrameType | None) -> None:
    """Leave through every `finally`: neither the command nor the cluster may outlive us."""
    sys.exit(128 + number)


def main(words: Sequence[str]) -> int:
    signal.signal(signal.SIGTERM, interrupted)
    match words:
        case [("sqlite" | "postgresql" | "chromium"), _, *_]:
            printing()
    match words:
        case ["sqlite", _, *_]:
            rscript()
            return run(words[1:], {"DATABASE_URL": ""})
        case ["postgresql", "--durable", _, *_]:
            with cluster(durable=True) as address:
                return run(words[2:], {"DATABASE_URL": address})
        case ["postgresql", _, *_]:
            with cluster() as address:
                return run(words[1:], {"DATABASE_URL": address})
        case ["chromium", _, *_]:
            return run(words[1:], {"CHROMIUM": chromium()})
    raise SystemExit(__doc__)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Missing as missing:
        sys.exit(f"{missing}\nThe tests cannot be complete without it, so they stop here.")
