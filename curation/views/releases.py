"""The releases of a project: what there is, what each holds, its files; and the next one."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AnonymousUser, User
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from coding import access, blind, codebooks
from coding.errors import Refused
from coding.models import Member, Project
from curation import public, serving, store, tables
from curation.models import Release
from curation.releases import changes, cite, groups, propose, signatures
from curation.releases import draft as drafts
from curation.releases import manifest as manifests
from curation.releases.csvfile import File
from curation.releases.manifest import Manifest, UnitCounts
from curation.releases.readme import STATUSES

log = logging.getLogger(__name__)


# ------------------------------------------------------------------ the list


@dataclass(frozen=True)
class Listed:
    """A release as the list shows it: its size, and what moved since the one before."""

    release: Release
    rows: int
    cells: int
    changes: list[changes.Change] | None


@login_required
@require_safe
def releases(request: HttpRequest, slug: str) -> HttpResponse:
    """All releases, newest first; who may look at it also finds the way to the next."""
    member = access.member_or_404(request.user, slug)
    project = member.project
    found = public.releases_of(project).select_related("released_by", "codebook")
    context = {"project": project, "member": member, "listed": list(_listed(list(found)))}
    if member.role in access.ADJUDICATORS and codebooks.current(project):
        context |= {"makes": True, "draft": drafts.current(project)}
        context |= {"proposal": propose(project), "last": drafts.last_build(project)}
    return render(request, "curation/releases.html", context)


def _listed(found: Sequence[Release]) -> Iterator[Listed]:
    read = [manifests.read(release.manifest) for release in found]
    for n, release in enumerate(found):
        before = read[n + 1] if n + 1 < len(found) else None
        yield Listed(
            release,
            sum(unit.rows for unit in read[n].units),
            sum(sum(unit.cells.values()) for unit in read[n].units),
            changes.between(before, read[n]) if before else None,
        )


# ------------------------------------------------------------------ one release


@dataclass(frozen=True)
class Share:
    """A status with its cells, and its part of a bar of length 100."""

    status: str
    count: int
    start: float
    width: float


@dataclass(frozen=True)
class Counted:
    """A unit's rows and cells by status."""

    unit: UnitCounts
    shares: list[Share]


def _release_or_404(
    user: User | AnonymousUser, slug: str, version: str
) -> tuple[Release, Manifest, Member]:
    member = access.member_or_404(user, slug)
    found = public.releases_of(member.project).select_related("released_by", "codebook", "previous")
    release = get_object_or_404(found, version=version)
    return release, manifests.read(release.manifest), member


@login_required
@require_safe
def release(request: HttpRequest, slug: str, version: str) -> HttpResponse:
    """What a release holds, how far to trust it, how to cite and to load it."""
    found, manifest, member = _release_or_404(request.user, slug, version)
    address = request.build_absolute_uri(reverse("curation:release", args=[slug, version]))
    doi = public.doi_of(found)
    cited = f"https://doi.org/{doi}" if doi else address
    closed = closed_to(request.user, member.project)
    units = [unit.name for unit in manifest.units]
    chosen = request.GET.get("unit", units[0])
    context = {
        "project": member.project,
        "release": found,
        "manifest": manifest,
        **listing(found, manifest),
        "counted": counted_of(manifest),
        "statuses": STATUSES,
        "changes": _changes(found, manifest),
        "member": member,
        "doi": doi,
        "withdrawal": public.withdrawal_of(found),
        "apa": cite.apa(found, cited),
        "bibtex": cite.bibtex(found, cited, doi),
        "load_lines": cite.load_lines(units, manifest.files),
        "closed": closed,
        "chosen": chosen if chosen in units else units[0],
    }
    if not closed:
        context |= _preview(found, manifest, str(context["chosen"]))
    return render(request, "curation/release.html", context)


def listing(release: Release, manifest: Manifest) -> dict[str, object]:
    """Its files by group, who signed it, and the pages that say where each cell comes from."""
    files = [*manifest.files, _manifest_file(release, manifest)]
    try:
        signed = signatures.read(manifest)
    except store.StoreError:  # told where the file is asked for
        signed = []
    why = manifest.file("why.zip")
    return {"files": files, "groups": groups.grouped(files), "signed": signed, "why": why}


def _manifest_file(release: Release, manifest: Manifest) -> File:
    return File(manifests.NAME, release.digest, len(manifest.written()))


def _changes(release: Release, manifest: Manifest) -> list[changes.Change]:
    if release.previous is None:
        return []
    return changes.between(manifests.read(release.previous.manifest), manifest)


def counted_of(manifest: Manifest) -> list[Counted]:
    return [Counted(unit, _shares(unit)) for unit in manifest.units]


def _shares(unit: UnitCounts) -> list[Share]:
    whole, start, found = unit.rows * unit.columns, 0.0, []
    for status in STATUSES:
        if count := unit.count(status):
            width = 100 * count / whole
            found.append(Share(status, count, round(start, 3), round(width, 3)))
            start += width
    return found


def _preview(release: Release, manifest: Manifest, unit: str) -> dict[str, object]:
    """The head of a table; where its file is damaged, that is said in its place."""
    file = manifest.file(f"{unit}.csv")
    assert file is not None
    codes = tuple(code.code for code in release.codebook.missing_codes.all())
    entries = codebooks.entries(release.codebook)
    labels = {entry.name: entry.label for entry in entries}
    try:
        preview = tables.preview(file.sha256, codes)
    except store.StoreError as error:
        return {"damage": str(error)}
    filled = [(column, labels.get(column.name, "")) for column in preview.filled]
    return {"preview": preview, "rows": file.rows, "filled": filled}


# ------------------------------------------------------------------ its files


@login_required
@require_safe
def file(request: HttpRequest, slug: str, version: str, name: str) -> HttpResponseBase:
    """A file of a release, byte for byte. Not handed out where it is damaged."""
    release, manifest, member = _release_or_404(request.user, slug, version)
    found = manifest.file(name)
    found = _manifest_file(release, manifest) if name == manifests.NAME else found
    if found is None:
        raise Http404
    refuse_while_coding(request.user, member.project)
    try:
        return serving.answer(
            request, serving.Kept(name, found.sha256, found.bytes, release.released_at)
        )
    except store.StoreError as error:
        log.error("%s of release %s: %s", name, version, error)
        raise Refused(
            f"{name} of {version} is damaged or gone on this server, so it is not handed out. "
            "Whoever runs the server can bring it back from a backup of the store; "
            "verify_releases tells more."
        ) from error


RELEASES_TELL = "the files of releases would tell you what others said"


@dataclass(frozen=True)
class Closed:
    """What closes releases to somebody: cases they code again, disputes to be answered first."""

    coding: int
    unanswered: int

    def __bool__(self) -> bool:
        return bool(self.coding or self.unanswered)


def closed_to(
    user: User | AnonymousUser, project: Project, until: datetime | None = None
) -> Closed:
    """Whether releases would tell this person what they have still to say for themselves.

    until: how far what is told reaches; without, to the newest release.
    """
    if until is None and project.blind_first:
        newest = public.releases_of(project).order_by("-pk").first()
        until = newest.released_at if newest else None
    return Closed(
        blind.opened_and_being_coded(user, project),
        blind.withheld_at(user, project, until) if until and project.blind_first else 0,
    )


def refuse_while_coding(
    user: User | AnonymousUser,
    project: Project,
    why: str = RELEASES_TELL,
    until: datetime | None = None,
) -> None:
    """A release would tell a coder what others said of a case that is coded again, blind; and an
    adjudicator who answers first what coders said of a dispute."""
    closed = closed_to(user, project, until)
    if closed.coding:
        cases = "a case that is" if closed.coding == 1 else f"{closed.coding} cases that are"
        raise Refused(
            f"You are coding {cases} open already. Hand in your own sheet first: {why}.",
            [("My work", reverse("coding:work", args=[project.slug]))],
        )
    if closed.unanswered:
        cells = "a dispute" if closed.unanswered == 1 else f"{closed.unanswered} disputes"
        raise Refused(
            f"You have {cells} to answer first: {why}.",
            [("Disputes", reverse("coding:disputes", args=[project.slug]))],
        )
