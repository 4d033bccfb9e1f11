"""Every kind of work that goes on beside the requests: the one place where it is named."""

from __future__ import annotations

from django.urls import reverse

from curation.builds import Kind
from curation.models import Build, Release, StudyRun
from curation.progress import Progress
from curation.releases import cut
from curation.studies.asked import run
from curation.studies.registry import STUDIES


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


def _study(build: Build, progress: Progress) -> StudyRun:
    said = build.arguments
    release = build.project.releases.get(version=said["version"])
    return run(study=STUDIES[said["study"]], release=release, by=build.asked_by, progress=progress)


def _its_study(build: Build) -> str:
    said = build.arguments
    return f"{STUDIES[said['study']].title} On release {said['version']}"


def _page_of_study(build: Build) -> str:
    said = build.arguments
    page = reverse("curation:study", args=[build.project.slug, said["study"]])
    return f"{page}?release={said['version']}"


def _studies(build: Build) -> str:
    return reverse("curation:studies", args=[build.project.slug])


KINDS = {
    "release": Kind(
        work=_cut, title=_release, address=_its_page, asked_at=_releases, place="Releases"
    ),
    "study": Kind(
        work=_study, title=_its_study, address=_page_of_study, asked_at=_studies, place="Studies"
    ),
}
