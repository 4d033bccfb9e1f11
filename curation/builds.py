"""Long pieces of work beside the requests: asked for by a row, done by a worker's process.

A worker signs the row it takes and gives a sign of life every second, from a thread and a
connection of its own, while the work reads one long moment of the database. Without a sign for
a while the work is taken up again from its start. Work writes what makes it count in its last
step only, together with its end: what breaks off leaves nothing half done.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from threading import Event, Thread

from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from coding import access
from coding.errors import Refused
from coding.models import Project
from curation.models import Build
from curation.progress import Progress, Stopped

log = logging.getLogger(__name__)
BEAT = 1.0  # seconds
STALE = timedelta(seconds=30)
MOST_STARTS = 3
State = Build.State
UNDER_WAY = (State.QUEUED, State.RUNNING)


@dataclass(frozen=True)
class Kind:
    """What a build of this kind does, what it is called, where its outcome is looked at, and the
    page where it was asked for, if that is another one."""

    work: Callable[[Build, Progress], object]
    title: Callable[[Build], str]
    address: Callable[[Build], str]
    asked_at: Callable[[Build], str] | None = None
    place: str = "Where it was asked for"
    roles: tuple[str, ...] = access.CURATORS  # who looks at it and cancels it


# ------------------------------------------------------------------ asking for it


def ask(*, project: Project, kind: str, arguments: Mapping[str, object], by: User | None) -> Build:
    """Queue the work; where the same is under way already, that one is given back."""
    if found := under_way(project, kind):
        return found
    try:
        with transaction.atomic():
            return Build.objects.create(
                project=project, kind=kind, arguments=dict(arguments), asked_by=by
            )
    except IntegrityError:  # somebody else's click was faster
        found = under_way(project, kind)
        if found is None:
            raise
        return found


def under_way(project: Project, kind: str) -> Build | None:
    return Build.objects.filter(project=project, kind=kind, state__in=UNDER_WAY).first()


def cancel(*, build: Build) -> Build:
    """At once where it waits; where it runs, before its next block of rows."""
    ended = {"state": State.CANCELLED, "ended_at": timezone.now()}
    waiting = Build.objects.filter(pk=build.pk, state=State.QUEUED)
    if not waiting.update(cancel_asked=True, **ended):
        running = Build.objects.filter(pk=build.pk, state=State.RUNNING)
        if not running.update(cancel_asked=True):
            raise Refused("It has ended already: there is nothing left to cancel.")
    build.refresh_from_db()
    return build


def is_waiting_long(build: Build) -> bool:
    """Nobody has taken it: no worker may be running."""
    return build.state == State.QUEUED and timezone.now() - build.asked_at > STALE


# ------------------------------------------------------------------ doing it


def take(worker: str) -> Build | None:
    """The oldest build that nobody does, signed; never the same one for two workers."""
    for build in _to_do():
        seen = Build.objects.filter(pk=build.pk, state=build.state, beat=build.beat)
        signed = {"state": State.RUNNING, "worker": worker, "beat": timezone.now()}
        if _is_hopeless(build):
            _end(seen, build)
        elif seen.update(starts=build.starts + 1, done=0, of=0, doing="", **signed):
            return Build.objects.select_related("project", "asked_by").get(pk=build.pk)
    return None


def _to_do() -> QuerySet[Build]:
    stale = Q(state=State.RUNNING, beat__lt=timezone.now() - STALE)
    return Build.objects.filter(Q(state=State.QUEUED) | stale).order_by("pk")


def _is_hopeless(build: Build) -> bool:
    return build.cancel_asked or build.starts >= MOST_STARTS


def _end(seen: QuerySet[Build], build: Build) -> None:
    """Work whose worker is gone and that nobody wants, or that ended each of its workers."""
    state = State.CANCELLED if build.cancel_asked else State.FAILED
    error = f"It broke off {build.starts} times. The server's log may tell why."
    seen.update(state=state, ended_at=timezone.now(), error="" if build.cancel_asked else error)


def new_worker() -> str:
    return secrets.token_hex(16)


def work_off(kinds: Mapping[str, Kind], worker: str, stop: Event | None = None) -> int:
    """Do what is queued, one after the other; how many there were."""
    count = 0
    while (stop is None or not stop.is_set()) and (build := take(worker)):
        run(build, kinds[build.kind], stop or Event())
        count += 1
    return count


def run(build: Build, kind: Kind, stop: Event) -> None:
    """Do the work of a build that was taken. Its failure is told on its page."""
    with _beating(build, stop) as progress:
        try:
            kind.work(build, progress)
        except Stopped:
            _put_down(progress, stop)
        except Refused as refusal:
            progress.end(State.FAILED, refusal.reason)
        except Exception:
            log.exception("Build %s, %s, failed", build.pk, build.kind)
            progress.end(State.FAILED, "It failed by a fault of Casebook: the log tells more.")


def _put_down(progress: Watched, stop: Event) -> None:
    """Cancelled; or the server stops, and the next worker takes it up at once."""
    if progress.cancelled.is_set():
        progress.end(State.CANCELLED, "")
    elif stop.is_set():
        ours = progress.ours()
        ours.update(state=State.QUEUED, worker="", beat=None, starts=progress.build.starts - 1)


class Watched(Progress):
    """How far a build is: told to the beating thread, which writes it down every second."""

    def __init__(self, build: Build, stop: Event) -> None:
        self.build, self.stop = build, stop
        self.cancelled, self.lost = Event(), Event()
        self.now = (0, 0, "")

    def tell(self, done: int, of: int, doing: str = "") -> None:
        self.now = (done, of, doing)
        if self.cancelled.is_set() or self.lost.is_set() or self.stop.is_set():
            raise Stopped

    @contextmanager
    def finishing(self) -> Iterator[None]:
        """One transaction with the end of the build, and only if it is still ours and wanted."""
        with transaction.atomic():
            mine = self.ours().select_for_update().first()
            if mine is None:
                raise Stopped
            if mine.cancel_asked:
                self.cancelled.set()
                raise Stopped
            yield
            self.end(State.DONE, "")

    def ours(self) -> QuerySet[Build]:
        return Build.objects.filter(pk=self.build.pk, state=State.RUNNING, worker=self.build.worker)

    def end(self, state: str, error: str) -> None:
        done, of, _ = self.now
        self.ours().update(
            state=state, error=error, ended_at=timezone.now(), done=done, of=of, doing=""
        )

    def beat(self) -> None:
        """Still alive, and so far; learns whether it was cancelled, or taken by another."""
        done, of, doing = self.now
        if not self.ours().update(beat=timezone.now(), done=done, of=of, doing=doing):
            self.lost.set()
        elif self.ours().filter(cancel_asked=True).exists():
            self.cancelled.set()


@contextmanager
def _beating(build: Build, stop: Event) -> Iterator[Watched]:
    progress, over = Watched(build, stop), Event()
    thread = Thread(target=_beat, args=(progress, over), daemon=True)
    thread.start()
    try:
        yield progress
    finally:
        over.set()
        thread.join()


def _beat(progress: Watched, over: Event) -> None:
    try:
        while not over.wait(BEAT):
            try:
                progress.beat()
            except Exception:
                log.exception("No sign of life of build %s", progress.build.pk)
                connection.close()
    finally:
        connection.close()
