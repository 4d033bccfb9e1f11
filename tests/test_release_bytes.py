"""The same state gives the same bytes: in another process, time zone, locale and directory, out of
another database; and what breaks off at any file leaves no release."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from dataclasses import replace
from io import FileIO
from pathlib import Path
from typing import Any

import pytest

from coding.errors import Refused
from curation import archive, store
from curation.models import Release
from curation.releases import formats, freeze, verify
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


OF_THE_CUT = {"README.md"}


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
    expected = files_of(freeze(coded.project, "0.1.0").manifest)
    files = -1 - left[0]
    assert files > 20
    for place in range(1, files + 1):
        left[0] = place
        with pytest.raises(BrokenOff):
            release(coded)
        assert Release.objects.count() == 0
        assert not list(Path(store.path_of("0" * 64)).parent.parent.glob(".draft-*"))
    left[0] = -1
    assert expected <= files_of(release(coded))
    [report] = verify(coded.project)
    assert report.problems == ()


def files_of(made: Any) -> set[tuple[str, str]]:
    """Name and bytes of each file, but what tells of this cut alone: who signed and who waived."""
    listed = made.manifest["files"] if isinstance(made, Release) else made.plain()["files"]
    return {(f["name"], f["sha256"]) for f in listed if f["name"] not in OF_THE_CUT}


class Disk:
    """How much still fits on it. Files on it are written as they are on any other."""

    def __init__(self) -> None:
        self.left = 1 << 40

    def opened(self, handle: int, mode: str) -> FileIO:
        return OnDisk(self, handle, mode)


class OnDisk(FileIO):
    def __init__(self, disk: Disk, handle: int, mode: str) -> None:
        super().__init__(handle, mode)
        self.disk = disk

    def write(self, data: Any) -> int:
        self.disk.left -= len(data)
        if self.disk.left < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(data)


def test_a_full_disk_cuts_nothing_and_with_room_again_the_next_cut_succeeds(
    coded: World,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    disk = Disk()
    monkeypatch.setattr(store.os, "fdopen", disk.opened)
    before = disk.left
    expected = files_of(freeze(coded.project, "0.1.0").manifest)
    size = before - disk.left
    for share in (0, 0.01, 0.3, 0.7, 0.95):
        disk.left = int(size * share)
        with pytest.raises(Refused, match=r"No release was cut\..*No space left on device"):
            release(coded)
        assert Release.objects.count() == 0
        assert not list(Path(store.path_of("0" * 64)).parent.parent.glob(".draft-*"))
    disk.left = 2 * size
    assert expected <= files_of(release(coded))


def test_a_full_folder_of_temporary_files_is_told_too(
    coded: World,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(_: object, path: Path) -> None:
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(formats, "FORMATS", (replace(formats.FORMATS[0], write=full),))
    with pytest.raises(Refused, match=r"No release was cut.*temporary files.*No space left"):
        release(coded)
    assert Release.objects.count() == 0
