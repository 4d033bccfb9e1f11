"""Every kind of work that goes on beside the requests: the one place where it is named."""

from __future__ import annotations

from django.urls import reverse

from curation.builds import Kind
from curation.models import Build, Release
from curation.progress import Progress
from curation.releases import cut


def _cut(build: Build, progress: Progress) -> Release:
    said = build.arguments
    return cut(
        project=build.project,
        version=said["version"],
        by=build.asked_by,
        allow_disputes=said["allow_disputes"],
        notes=said["notes"],
        progress=progress,
    )


def _release(build: Build) -> str:
    return f"Release {build.arguments['version']}"


def _its_page(build: Build) -> str:
    return reverse("curation:release", args=[build.project.slug, build.arguments["version"]])


def _releases(build: Build) -> str:
    return reverse("curation:releases", args=[build.project.slug])


KINDS = {
    "release": Kind(
        work=_cut, title=_release, address=_its_page, asked_at=_releases, place="Releases"
    ),
}
