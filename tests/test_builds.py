"""Long work beside the requests: queued, done, cancelled, broken off, taken up again."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest
from django.test import Client
from django.utils import timezone

from coding.errors import Refused
from curation import builds
from curation.builds import Kind, Watched
from curation.kinds import KINDS
from curation.models import Build, Release
from curation.progress import Progress, Stopped
from tests.conftest import World
from tests.releasing import ask_to_cut

ROOT = Path(__file__).parent.parent
Work = Callable[[Build, Progress], object]


def asked(world: World) -> Build:
    """A signed draft, waiting to be cut."""
    return ask_to_cut(world.project, "0.1.0", world.curator)


def kinds(work: Work) -> dict[str, Kind]:
    """The work of a release in the hands of a test."""
    return {"release": replace(KINDS["release"], work=work)}


def now(build: Build) -> tuple[str, int, int]:
    build.refresh_from_db()
    return build.state, build.done, build.of


def test_a_queued_release_is_cut_and_its_progress_told(world: World) -> None:
    world.close("regime", "regime")
    build = asked(world)

    assert builds.work_off(KINDS, "me") == 1

    assert now(build) == ("done", 1, 1)
    assert Release.objects.get().released_by == world.curator
    assert builds.work_off(KINDS, "me") == 0


def test_the_same_asked_twice_is_one_build(world: World) -> None:
    build = asked(world)
    again = builds.ask(project=world.project, kind="release", arguments={}, by=world.curator)
    assert (again, Build.objects.count()) == (build, 1)


def test_what_is_refused_is_told_on_its_page(world: World, client: Client) -> None:
    world.close("regime", "policy")
    build = asked(world)
    builds.work_off(KINDS, "me")
    client.force_login(world.curator)

    page = client.get(f"/projects/usmi/builds/{build.pk}/").content.decode()

    assert "Release 0.1.0 was not cut" in client.get("/projects/usmi/releases/").content.decode()
    assert now(build)[0] == "failed"
    assert "It would not meet: disputes" in page
    assert Release.objects.count() == 0


def test_a_fault_of_ours_is_logged_and_the_next_build_goes_on(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(build: Build, progress: Progress) -> None:
        raise ZeroDivisionError

    build = asked(world)
    builds.work_off(kinds(broken), "me")
    asked(world)

    assert builds.work_off(KINDS, "me") == 1
    assert "ZeroDivisionError" in caplog.text
    assert (now(build)[0], "fault of Casebook" in build.error) == ("failed", True)
    assert Release.objects.count() == 1


# ------------------------------------------------------------------ cancelled


def test_what_waits_is_cancelled_at_once(world: World) -> None:
    build = builds.cancel(build=asked(world))

    assert build.state == "cancelled"
    assert builds.work_off(KINDS, "me") == 0
    with pytest.raises(Refused, match="ended already"):
        builds.cancel(build=build)


def test_what_runs_is_cancelled_before_its_next_block_and_keeps_nothing(world: World) -> None:
    def cancelled_meanwhile(build: Build, progress: Progress) -> None:
        builds.cancel(build=build)
        assert isinstance(progress, Watched)
        progress.beat()
        KINDS["release"].work(build, progress)

    build = asked(world)
    builds.work_off(kinds(cancelled_meanwhile), "me")

    assert now(build)[0] == "cancelled"
    assert Release.objects.count() == 0


def test_cancelled_at_the_last_moment_is_cancelled(world: World) -> None:
    def cancelled_at_the_end(build: Build, progress: Progress) -> None:
        progress.tell(1, 1)
        builds.cancel(build=build)
        with progress.finishing():
            raise AssertionError("It was cancelled.")

    build = asked(world)
    builds.work_off(kinds(cancelled_at_the_end), "me")

    assert now(build)[0] == "cancelled"


# ------------------------------------------------------------------ broken off


def silent_since(build: Build, **time: float) -> None:
    Build.objects.filter(pk=build.pk).update(beat=timezone.now() - timedelta(**time))


def test_work_whose_worker_is_gone_is_taken_up_again_from_its_start(world: World) -> None:
    build = asked(world)
    assert builds.take("gone") == build
    assert builds.take("me") is None

    silent_since(build, seconds=31)

    assert builds.work_off(KINDS, "me") == 1
    assert (now(build)[0], build.starts) == ("done", 2)


def test_who_was_thought_gone_cannot_finish_what_another_does_now(world: World) -> None:
    slow = builds.take("slow") if asked(world) else None
    assert slow is not None
    silent_since(slow, minutes=1)
    taken = builds.take("me")
    assert taken == slow

    progress = Watched(slow, Event())
    progress.beat()

    with pytest.raises(Stopped):
        progress.tell(1, 1)
    with pytest.raises(Stopped), Watched(slow, Event()).finishing():
        raise AssertionError("It is another's.")
    builds.run(taken, KINDS["release"], Event())
    assert (now(slow)[0], Release.objects.count()) == ("done", 1)


def test_what_ends_each_of_its_workers_is_given_up(world: World) -> None:
    build = asked(world)
    for _ in range(3):
        assert builds.take("dies") == build
        silent_since(build, minutes=1)

    assert builds.take("me") is None
    assert (now(build)[0], build.error[:21]) == ("failed", "It broke off 3 times.")


def test_a_server_that_stops_puts_its_work_down_for_the_next(world: World) -> None:
    stop = Event()

    def told_to_stop(build: Build, progress: Progress) -> None:
        stop.set()
        progress.tell(0, 1)

    build = asked(world)
    builds.work_off(kinds(told_to_stop), "me", stop)

    assert now(build)[0] == "queued"
    assert builds.work_off(KINDS, "other") == 1
    assert (now(build)[0], build.starts) == ("done", 1)


KILLED = """
import os, sys, time, django
django.setup()
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from datetime import timedelta
call_command("migrate", verbosity=0)
from tests.conftest import make_world
from curation import builds, store
from curation.kinds import KINDS
from curation.models import Build, Release
project = make_world().project
from django.contrib.auth.models import User
from tests.releasing import ask_to_cut
build = ask_to_cut(project, "0.1.0", User.objects.get(username="curator"))
def dies(owner, name, nth, after=False):
    real, left = getattr(owner, name), [nth]
    def dying(*words, **named):
        left[0] -= 1
        found = real(*words, **named) if after or left[0] else None
        if left[0] == 0: os.kill(os.getpid(), 9)
        return found
    setattr(owner, name, dying)
cut = sys.modules["curation.releases.cut"]
points = {
    "before a row": (cut, "_block", 1),
    "at the first file": (store.Draft, "keep", 1),
    "at a table": (store.Draft, "keep", 7),
    "while a table is written": (store.Draft, "write", 9),
    "among the formats": (cut.formats, "_put", 5),
    "after the workbook": (cut.formats.xlsx, "write", 1, True),
    "before the row of the release": (sys.modules["curation.releases.draft"], "register", 1),
    "with the row not committed": (Release.objects, "create", 1, True),
    "before the end is written": (builds.Watched, "end", 1),
    "with the end not committed": (builds.Watched, "end", 1, True),
}
for point, where in points.items():
    connection.close()
    if (child := os.fork()) == 0:
        dies(*where)
        builds.work_off(KINDS, "killed")
        os._exit(0)
    killed = os.WTERMSIG(os.waitpid(child, 0)[1])
    build.refresh_from_db()
    print(point, killed, build.state, Release.objects.count())
    Build.objects.update(starts=1, beat=timezone.now() - timedelta(minutes=1))
builds.work_off(KINDS, "next")
build.refresh_from_db()
from curation.releases import verify
print(build.state, Release.objects.count(), [r.problems for r in verify()])
from dataclasses import replace
from curation.snapshot import snapshot
def slow(build, progress):
    seen = build.beat
    with snapshot():
        progress.tell(3, 9, "Reading")
        time.sleep(0.5)
    build.refresh_from_db()
    print(build.done, build.of, build.doing, build.beat > seen)
    builds.cancel(build=build)
    time.sleep(0.5)
    progress.tell(4, 9)
builds.BEAT = 0.05
build = builds.ask(project=project, kind="release", arguments={}, by=None)
builds.work_off({"release": replace(KINDS["release"], work=slow)}, "slow")
build.refresh_from_db()
print(build.state)
"""


def test_a_build_killed_at_any_point_leaves_no_release_and_the_next_makes_it(
    tmp_path: Path,
) -> None:
    ours = {
        "DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3",
        "STORE_DIR": str(tmp_path / "store"),
        "DJANGO_SETTINGS_MODULE": "curation.settings",
        "SECRET_KEY": "only-for-tests-" * 4,
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        [sys.executable, "-c", KILLED],
        env=os.environ | ours,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )

    *killed, made, told, cancelled = done.stdout.splitlines()
    assert (len(killed), [k for k in killed if not k.endswith(" 9 running 0")]) == (10, [])
    assert [made, told, cancelled] == [
        "done 1 [()]",
        "3 9 Reading True",  # while one long moment of the database was read
        "cancelled",
    ], done.stderr


# ------------------------------------------------------------------ the process


def test_a_worker_ends_with_the_server_that_started_it(tmp_path: Path) -> None:
    ours = {"DATABASE_URL": f"sqlite:///{tmp_path}/none.sqlite3", "SECRET_KEY": "tests-" * 9}
    worker = subprocess.run(
        [sys.executable, "manage.py", "work", "--parent=1"],
        cwd=ROOT,
        env=os.environ | ours,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert (worker.returncode, "The queue cannot be read" in worker.stderr) == (0, True)


# ------------------------------------------------------------------ its page


def test_only_curators_look_at_builds_and_cancel_them(world: World, client: Client) -> None:
    page = f"/projects/usmi/builds/{asked(world).pk}/"
    answers = set()
    for who in (world.coder_a, world.adjudicator, world.reader, world.outsider):
        client.force_login(who)
        answers |= {client.get(page).status_code, client.post(f"{page}cancel/").status_code}

    assert answers == {404}
    assert Build.objects.get().state == "queued"


def test_the_page_tells_how_far_it_is_and_that_nobody_has_taken_it(
    world: World, client: Client
) -> None:
    build = asked(world)
    page = f"/projects/usmi/builds/{build.pk}/"
    client.force_login(world.curator)
    Build.objects.update(asked_at=timezone.now() - timedelta(minutes=2))
    waiting = client.get(page).content.decode()
    Build.objects.update(state="running", done=500, of=2000, doing="Writing intervention rows")

    part = client.get(f"{page}?part").content.decode()

    assert "manage.py work" in waiting
    assert 'http-equiv="refresh"' in waiting
    assert "Writing intervention rows: 500 of 2000" in part
    assert "<html" not in part


def test_a_cancelled_build_says_that_nothing_was_kept(world: World, client: Client) -> None:
    page = f"/projects/usmi/builds/{asked(world).pk}/"
    client.force_login(world.curator)

    answer = client.post(f"{page}cancel/", follow=True)

    assert "Nothing was kept" in answer.content.decode()
