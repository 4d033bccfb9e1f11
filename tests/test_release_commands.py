from __future__ import annotations

import hashlib
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from coding.models import Project
from curation import store
from curation.models import Release
from tests.conftest import World


def run(*words: str) -> str:
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


def told(*words: str) -> Any:
    return json.loads(run(*words, "--json"))


CUT = (
    *("cut_release", "--project", "usmi"),
    *("--signed-by", "curator", "--signed-by", "adjudicator"),
)


@pytest.fixture
def released(world: World) -> World:
    world.close("regime", "regime")
    run(*CUT, "0.1.0")
    return world


# ------------------------------------------------------------------ cut_release


def test_a_release_is_cut_and_its_files_copied(world: World, tmp_path: Path) -> None:
    world.close("regime", "regime")

    report = told(*CUT, "0.1.0", "--out", str(tmp_path / "out"), "--notes", "N")

    release = Release.objects.get()
    assert (release.version, release.notes, release.released_by) == ("0.1.0", "N", None)
    assert report["digest"] == release.digest
    assert report["units"][0]["cells"] == {"agreed": 1}
    copied = {
        p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in (tmp_path / "out").iterdir()
    }
    assert copied == {f["name"]: f["sha256"] for f in report["files"]} | {
        "manifest.json": release.digest
    }


def test_the_next_version_is_what_is_proposed(world: World) -> None:
    world.close("regime", "regime")

    assert "Release 0.1.0 of usmi is cut" in run(*CUT, "next")
    with pytest.raises(CommandError, match=r"Nothing has changed since 0\.1\.0"):
        run(*CUT, "next")


def test_open_disputes_refuse_the_release_unless_allowed(world: World) -> None:
    world.close("regime", "policy")

    with pytest.raises(CommandError, match="It would not meet: disputes"):
        run(*CUT, "0.1.0")
    assert Release.objects.count() == 0

    run(*CUT, "0.1.0", "--allow-disputes")
    assert Release.objects.count() == 1


def test_a_folder_that_holds_something_is_not_written_into(world: World, tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("precious")

    with pytest.raises(CommandError, match="is not empty"):
        run(*CUT, "0.1.0", "--out", str(tmp_path))
    assert Release.objects.count() == 0


def test_an_unknown_project_is_told_with_those_there_are(world: World) -> None:
    with pytest.raises(CommandError, match="There are: elsewhere, usmi"):
        run("cut_release", "--project", "nowhere", "0.1.0")


# ------------------------------------------------------------------ verify_releases


def test_intact_releases_are_told_as_such(released: World) -> None:
    count = len(Release.objects.get().manifest["files"]) + 1
    assert run("verify_releases") == f"usmi 0.1.0: {count} files are intact\n"
    assert told("verify_releases", "--project", "usmi")["damaged"] == 0


def test_damage_ends_with_exit_code_1(released: World, capsys: pytest.CaptureFixture[str]) -> None:
    file = Release.objects.get().manifest["files"][0]
    store.path_of(file["sha256"]).unlink()
    out = StringIO()

    with pytest.raises(CommandError) as failure:
        call_command("verify_releases", "--json", stdout=out)

    report = json.loads(out.getvalue())
    assert failure.value.returncode == 1
    assert report["damaged"] == 1
    assert report["releases"][0]["problems"] == [
        f"intervention.csv: {file['sha256']} is gone from the store: No such file or directory."
    ]


def test_no_release_is_no_damage(world: World) -> None:
    assert run("verify_releases") == "There are no releases.\n"


# ------------------------------------------------------------------ export_project, import_project


def test_a_project_goes_out_and_comes_in_under_another_name(
    released: World, tmp_path: Path
) -> None:
    path = str(tmp_path / "usmi.zip")

    written = told("export_project", "--project", "usmi", path)
    report = told("import_project", path, "--slug", "rehearsal")

    files = Release.objects.get(project__slug="usmi").manifest["files"]
    kept = {file["sha256"] for file in files}
    assert (written["accounts"], written["files_of_releases"]) == (5, len(kept) + 1)
    assert written["bytes"] == Path(path).stat().st_size
    assert report == {
        "project": "rehearsal",
        "members": 5,
        "releases": 1,
        "inactive_accounts": [],
    }


def test_a_bad_archive_is_told_in_words(world: World, tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_text("not a zip")

    with pytest.raises(CommandError, match=r"a\.zip: It is damaged, or no zip at all"):
        run("import_project", str(tmp_path / "a.zip"))


def test_a_taken_name_is_told_with_the_way_out(released: World, tmp_path: Path) -> None:
    run("export_project", "--project", "usmi", str(tmp_path / "a.zip"))

    with pytest.raises(CommandError, match="give the other one a name with --slug"):
        run("import_project", str(tmp_path / "a.zip"))
    assert Project.objects.count() == 2


@pytest.mark.parametrize(
    "command", ["cut_release", "verify_releases", "export_project", "import_project"]
)
def test_the_help_shows_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        call_command(command, "--help")

    assert f"Example:\n  manage.py {command}" in capsys.readouterr().out


@pytest.mark.parametrize("word", ["CLOSED codings", "keep it from everybody"])
def test_the_help_warns_of_what_an_archive_holds(
    word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        call_command("export_project", "--help")

    assert word in " ".join(capsys.readouterr().out.split())
