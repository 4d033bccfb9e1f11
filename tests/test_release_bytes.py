"""The same state gives the same bytes: in another process, time zone, locale and directory, out of
another database; and what breaks off at any file leaves no release."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from coding.errors import Refused
from curation import archive, store
from curation.models import Release
from curation.releases import freeze, verify
from tests.conftest import World
from tests.test_releases import coded, release  # noqa: F401 - the fixture

ROOT = Path(__file__).parent.parent
ELSEWHERE = """
import sys, time, django
time.tzset()
django.setup()
from pathlib import Path
from django.core.management import call_command
call_command("migrate", verbosity=0)
from curation import archive
from curation.releases import freeze
project = archive.bring_in(Path(sys.argv[1]))
found = freeze(project, "0.1.1", notes="A note")
print("\\n".join(f"{file.name} {file.sha256}" for file in found.manifest.files))
"""


def test_another_process_place_and_database_give_the_same_bytes(
    coded: World,  # noqa: F811
    tmp_path: Path,
) -> None:
    """Brought into SQLite from an archive; run on PostgreSQL, this compares both."""
    release(coded)
    coded.settle("2000", "troops")
    archive.export(coded.project, tmp_path / "usmi.zip")
    here = freeze(coded.project, "0.1.1", notes="A note")
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    other = {
        "DATABASE_URL": f"sqlite:///{folder}/db.sqlite3",
        "STORE_DIR": str(folder / "store"),
        "DJANGO_SETTINGS_MODULE": "curation.settings",
        "SECRET_KEY": "only-for-tests-" * 4,
        "PYTHONPATH": str(ROOT),
        "PYTHONHASHSEED": "77",
        "TZ": "Asia/Kathmandu",
        "TIME_ZONE": "Asia/Kathmandu",
        "LC_ALL": "C",
        "LANG": "C",
    }
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, str(tmp_path / "usmi.zip")],
        env=os.environ | other,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[:-1] == [f"{f.name} {f.sha256}" for f in here.manifest.files]


class BrokenOff(BaseException):
    """As if the process were killed: nobody handles it."""


def test_what_breaks_off_at_any_file_leaves_no_release(
    coded: World,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keep, left = store.Draft.keep, [-1]

    def counted(draft: store.Draft) -> store.Kept:
        left[0] -= 1
        if left[0] == 0:
            raise BrokenOff
        return keep(draft)

    monkeypatch.setattr(store.Draft, "keep", counted)
    expected = freeze(coded.project, "0.1.0").digest
    files = -1 - left[0]
    assert files > 20
    for place in range(1, files + 1):
        left[0] = place
        with pytest.raises(BrokenOff):
            release(coded)
        assert Release.objects.count() == 0
        assert not list(Path(store.path_of("0" * 64)).parent.parent.glob(".draft-*"))
    left[0] = -1
    assert release(coded).digest == expected
    [report] = verify(coded.project)
    assert report.problems == ()


def test_a_store_that_takes_no_more_cuts_nothing(
    coded: World,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(_: store.Draft) -> store.Kept:
        raise store.StoreError("No space left.")

    monkeypatch.setattr(store.Draft, "keep", full)
    with pytest.raises(Refused, match=r"No release was cut\. No space left"):
        release(coded)
    assert Release.objects.count() == 0
