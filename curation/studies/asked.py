"""A study asked of a release: its files come from the store, its result is kept beside it."""

from __future__ import annotations

import json

from django.contrib.auth.models import User

from coding.models import Project
from curation import store
from curation.models import Release, StudyRun
from curation.progress import UNWATCHED, Progress
from curation.releases import manifest as manifests
from curation.studies import results
from curation.studies.declared import Study
from curation.studies.frames import Files


def files_of(release: Release) -> Files:
    """The files of a release, each hashed again as it is read."""
    manifest = manifests.read(release.manifest)

    def get(name: str) -> bytes | None:
        file = manifest.file(name)
        return store.get(file.sha256) if file else None

    return Files(get, release.version, manifest.title)


def run(
    *, study: Study, release: Release, by: User | None = None, progress: Progress = UNWATCHED
) -> StudyRun:
    """Ask, and keep what was found. The same release gives the same result, to the byte."""
    before = files_of(release.previous) if release.previous else None
    progress.tell(0, 1, "Reading the release")
    found = results.run(
        study,
        files_of(release),
        before,
        lambda done, of: progress.tell(done, of, "Trying single cells"),
    )
    with progress.finishing():
        return StudyRun.objects.create(
            release=release, study=study.name, result=json.loads(results.written(found)), by=by
        )


def last_of(release: Release, study: str) -> StudyRun | None:
    return StudyRun.objects.filter(release=release, study=study).select_related("by").first()


def last_of_each(release: Release) -> dict[str, StudyRun]:
    """The last result of each study on a release."""
    return {run.study: run for run in StudyRun.objects.filter(release=release).order_by("pk")}


def releases_of(project: Project) -> list[Release]:
    """Newest first."""
    return list(project.releases.order_by("-pk"))
