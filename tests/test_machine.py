from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.machine import server_account, version_of
from tests.totals import line

REPORT = """<testsuites><testsuite>
<testcase name="a"/><testcase name="b"><failure/></testcase>
<testcase name="c"><error/></testcase>{more}</testsuite></testsuites>"""


def test_the_last_line_adds_up_every_stage(tmp_path: Path) -> None:
    (tmp_path / "one.xml").write_text(REPORT.format(more=""))
    (tmp_path / "two.xml").write_text(REPORT.format(more='<testcase name="d"/>'))

    assert line(tmp_path.glob("*.xml")) == "3 passed, 4 failed"


def test_the_last_line_names_what_was_skipped(tmp_path: Path) -> None:
    (tmp_path / "one.xml").write_text(REPORT.format(more="<testcase><skipped/></testcase>"))

    assert line(tmp_path.glob("*.xml")) == "1 passed, 2 failed, 1 skipped"


def test_the_newest_postgresql_wins_by_number_not_by_letter() -> None:
    folders = [Path(f"/usr/lib/postgresql/{version}/bin") for version in ("9.6", "17", "15")]

    assert max(folders, key=version_of) == folders[1]


def test_the_server_never_runs_as_root() -> None:
    assert server_account().pw_uid != 0


def test_without_an_order_the_machine_says_how_it_is_asked() -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "tests.machine", "postgresql"],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parent.parent,
    )

    assert answer.returncode == 1
    assert "python -m tests.machine postgresql COMMAND" in answer.stderr


def test_a_missing_browser_stops_the_tests_loudly(tmp_path: Path) -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "tests.machine", "chromium", "true"],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parent.parent,
        env={
            **os.environ,
            "PATH": str(tmp_path),
            "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path),
            "PLAYWRIGHT_DOWNLOAD_HOST": "http://127.0.0.1:9",
            "CHROMIUM": "",
        },
    )

    assert answer.returncode == 1
    assert "Chromium is missing" in answer.stderr
