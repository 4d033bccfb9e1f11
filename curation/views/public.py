"""The pages that need no account: releases of projects whose curators opened them.

Nobody is known here: a page is the same for all, whoever is signed in.
"""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import conditional_page, require_safe

from curation import public, serving, store
from curation.deposit import bag
from curation.models import Release
from curation.releases import changes, cite, errata, jsonld
from curation.releases import manifest as manifests
from curation.releases.csvfile import File
from curation.releases.manifest import Manifest
from curation.releases.readme import STATUSES
from curation.views.releases import counted_of, listing

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Shown:
    """A release in the list."""

    release: Release
    rows: int
    cells: int
    doi: str
    withdrawn: bool
    known: int


@require_safe
@conditional_page
def releases(request: HttpRequest, slug: str) -> HttpResponse:
    """What of this project can be used and cited, the newest first."""
    project = public.project_or_404(slug)
    found = list(public.releases_of(project))
    known = list(errata.known(project).order_by())
    listed = [_shown(each, known) for each in found]
    context = {"project": project, "listed": listed, "tab": "releases"}
    return render(request, "curation/public_releases.html", context)


def _shown(release: Release, known: list[Any]) -> Shown:
    units = manifests.read(release.manifest).units
    return Shown(
        release,
        sum(unit.rows for unit in units),
        sum(sum(unit.cells.values()) for unit in units),
        public.doi_of(release),
        public.withdrawal_of(release) is not None,
        sum(errata.affects(erratum, release) for erratum in known),
    )


@require_safe
@conditional_page
def release(request: HttpRequest, slug: str, version: str) -> HttpResponse:
    """What a release holds, how it is cited and loaded. Withdrawn, a stone with its name."""
    found = public.release_or_404(slug, version)
    manifest, address, doi = manifests.read(found.manifest), _address(request, found), _doi(found)
    cited = f"https://doi.org/{doi}" if doi else address
    context = {
        "project": found.project,
        "tab": "releases",
        "release": found,
        "manifest": manifest,
        "doi": doi,
        "apa": cite.apa(found, cited),
        "withdrawal": public.withdrawal_of(found),
    }
    if context["withdrawal"]:
        return render(request, "curation/public_withdrawn.html", context, status=410)
    names = {file.name for file in manifest.files}
    context |= {
        **listing(found, manifest),
        "names": names,
        "counted": counted_of(manifest),
        "statuses": STATUSES,
        "changes": _changes(found, manifest),
        "bibtex": cite.bibtex(found, cited, doi),
        "load_lines": cite.load_lines([unit.name for unit in manifest.units], manifest.files),
        "known": errata.affecting(found),
        "jsonld": jsonld.script(jsonld.dataset(found, address, doi)),
        "check": request.build_absolute_uri(reverse("curation:public-check", args=[slug])),
    }
    return render(request, "curation/public_release.html", context)


_doi = public.doi_of


def _address(request: HttpRequest, release: Release) -> str:
    named = [release.project.slug, release.version]
    return request.build_absolute_uri(reverse("curation:public-release", args=named))


def _manifest_file(release: Release, manifest: Manifest) -> File:
    return File(manifests.NAME, release.digest, len(manifest.written()))


def _changes(release: Release, manifest: Manifest) -> list[changes.Change]:
    if release.previous is None:
        return []
    return changes.between(manifests.read(release.previous.manifest), manifest)


# ------------------------------------------------------------------ in use only


def _in_use_or_gone(request: HttpRequest, slug: str, version: str) -> Release | HttpResponse:
    """A withdrawn release has its page and no more."""
    found = public.release_or_404(slug, version)
    if public.withdrawal_of(found) is None:
        return found
    return release(request, slug, version)


@require_safe
def file(request: HttpRequest, slug: str, version: str, file: str) -> HttpResponseBase:
    """A file of a release, byte for byte, whole or in part."""
    found = _in_use_or_gone(request, slug, version)
    if isinstance(found, HttpResponse):
        return found
    manifest = manifests.read(found.manifest)
    named = {each.name: each for each in [*manifest.files, _manifest_file(found, manifest)]}
    if file not in named:
        raise Http404
    kept = serving.Kept(file, named[file].sha256, named[file].bytes, found.released_at, public=True)
    try:
        return serving.answer(request, kept)
    except store.StoreError as error:
        return _damaged(request, found, file, error)


def _damaged(request: HttpRequest, release: Release, name: str, error: Exception) -> HttpResponse:
    log.error("%s of release %s: %s", name, release.version, error)
    context = {"project": release.project, "release": release, "name": name}
    return render(request, "curation/public_damaged.html", context, status=503)


@require_safe
@conditional_page
def bibtex(request: HttpRequest, slug: str, version: str) -> HttpResponse:
    return _citation(request, slug, version, "bib", "application/x-bibtex; charset=utf-8")


@require_safe
@conditional_page
def ris(request: HttpRequest, slug: str, version: str) -> HttpResponse:
    return _citation(request, slug, version, "ris", "application/x-research-info-systems")


def _citation(
    request: HttpRequest, slug: str, version: str, ending: str, kind: str
) -> HttpResponse:
    """A withdrawn release is cited still: who used it must be able to name it."""
    found = public.release_or_404(slug, version)
    doi = _doi(found)
    address = f"https://doi.org/{doi}" if doi else _address(request, found)
    written = (cite.ris if ending == "ris" else cite.bibtex)(found, address, doi)
    response = HttpResponse(written, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{slug}-{version}.{ending}"'
    return response


@require_safe
@conditional_page
def codebook(request: HttpRequest, slug: str, version: str) -> HttpResponse:
    """What each column and code means, from the codebook that was frozen with the release."""
    found = _in_use_or_gone(request, slug, version)
    if isinstance(found, HttpResponse):
        return found
    named = manifests.read(found.manifest).file("codebook.json")
    try:
        document = json.loads(store.get(named.sha256 if named else ""))
    except store.StoreError as error:
        return _damaged(request, found, "codebook.json", error)
    by_unit = defaultdict(list)
    for variable in document["variables"]:
        by_unit[variable["unit"]].append(variable)
    units = [(unit, by_unit[unit["id"]]) for unit in document["codebook"]["units"]]
    missing = document["codebook"]["missing_codes"]
    context = {"project": found.project, "release": found, "units": units, "missing": missing}
    return render(request, "curation/public_codebook.html", context)


@require_safe
def bundle(request: HttpRequest, slug: str, version: str) -> HttpResponseBase:
    """The release packed for a repository."""
    found = _in_use_or_gone(request, slug, version)
    if isinstance(found, HttpResponse):
        return found
    try:
        return bag.response(request, found)
    except store.StoreError as error:
        return _damaged(request, found, "", error)
