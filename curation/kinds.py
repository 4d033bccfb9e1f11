"""Every kind of work that goes on beside the requests: the one place where it is named."""

from __future__ import annotations

from django.urls import reverse

from curation.builds import Kind
from curation.models import Build, DraftRelease, Release, StudyRun
from curation.progress import Progress
from curation.releases import draft
from curation.studies.asked import run
from curation.studies.registry import STUDIES


def _its_draft(build: Build) -> DraftRelease:
    return build.project.draft_releases.select_related("project").get(pk=build.arguments["draft"])


def _cut(build: Build, progress: Progress) -> Release | DraftRelease:
    return draft.cut(draft=_its_draft(build), by=build.asked_by, progress=progress)


def _release(build: Build) -> str:
    return f"Release {build.arguments['version']}"


def _its_page(build: Build) -> str:
    """Where something else came out than was signed, the draft tells what."""
    version = build.arguments["version"]
    if build.project.releases.filter(version=version).exists():
        return reverse("curation:release", args=[build.project.slug, version])
    return _draft_page(build)


def _draft(build: Build, progress: Progress) -> DraftRelease:
    return draft.build(draft=_its_draft(build), progress=progress)


def _draft_title(build: Build) -> str:
    return f"Draft of release {build.arguments['version']}"


def _draft_page(build: Build) -> str:
    return reverse("curation:draft", args=[build.project.slug])


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
        work=_cut, title=_release, address=_its_page, asked_at=_draft_page, place="Draft"
    ),
    "draft": Kind(
        work=_draft, title=_draft_title, address=_draft_page, asked_at=_draft_page, place="Draft"
    ),
    "study": Kind(
        work=_study, title=_its_study, address=_page_of_study, asked_at=_studies, place="Studies"
    ),
}
