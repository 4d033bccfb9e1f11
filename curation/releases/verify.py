"""Are the releases still what they were? Every byte is hashed again, and the chain followed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from coding import codebooks
from coding.models import Project
from curation import store
from curation.models import Release
from curation.releases import manifest as manifests
from curation.releases.csvfile import File


@dataclass(frozen=True)
class Report:
    """A release with what is wrong with it."""

    release: Release
    files: int
    problems: tuple[str, ...]


def verify(project: Project | None = None) -> list[Report]:
    """One report for each release, oldest first: of a project, or of all."""
    releases = Release.objects.select_related("project", "codebook", "previous")
    if project:
        releases = releases.filter(project=project)
    return [
        Report(release, len(release.manifest["files"]) + 1, tuple(problems(release)))
        for release in releases.order_by("project__slug", "pk")
    ]


def problems(release: Release) -> Iterator[str]:
    yield from _manifest_problems(release)
    yield from _chain_problems(release)
    for file in manifests.read(release.manifest).files:
        yield from _file_problems(file)
    if codebooks.digest_of(release.codebook) != release.manifest["codebook"]["digest"]:
        yield f"codebook {release.codebook.number}: its tables no longer give its digest."


def _manifest_problems(release: Release) -> Iterator[str]:
    try:
        written = store.get(release.digest)
    except store.StoreError as error:
        yield f"{manifests.NAME}: {error}"
        return
    if json.loads(written) != release.manifest:
        yield f"{manifests.NAME}: the database names other files than the store."


def _file_problems(file: File) -> Iterator[str]:
    try:
        with store.opened(file.sha256) as data:
            size = data.seek(0, 2)
    except store.StoreError as error:
        yield f"{file.name}: {error}"
        return
    if size != file.bytes:
        yield f"{file.name}: {size} bytes, but its manifest says {file.bytes}."


def _chain_problems(release: Release) -> Iterator[str]:
    named = release.manifest["previous"]
    before = release.previous
    stored = {"version": before.version, "digest": before.digest} if before else None
    earlier = Release.objects.filter(project=release.project_id, pk__lt=release.pk)
    if named != stored:
        yield "chain: the manifest names another release before it than the database."
    if before != earlier.order_by("-pk").first():
        yield "chain: it does not follow the release that was cut before it."
