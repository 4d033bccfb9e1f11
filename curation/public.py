"""What the world may see of a project: nothing, until a curator says so; then released bytes.

The public pages read releases, their standing and accepted errata. They read no value, cell or
coding: what is not released cannot be on them.
"""

from __future__ import annotations

import re

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404
from django.shortcuts import get_object_or_404

from coding.errors import Refused
from coding.models import Project
from curation.models import Deposit, Publication, Release, Withdrawal

# A prefix that the DOI Foundation gives out, and a suffix without blanks (ISO 26324).
DOI = re.compile(r"10\.\d{4,9}(\.\d+)*/[!-~]{1,180}", re.ASCII)
BEFORE_A_DOI = re.compile(r"(https?://(dx\.)?doi\.org/|doi:)\s*", re.IGNORECASE)


def is_public(project: Project) -> bool:
    last = Publication.objects.filter(project=project).first()
    return last is not None and last.public


def project_or_404(slug: str) -> Project:
    """A project whose releases are public. Any other is as if it were not there."""
    last = Publication.objects.filter(project=OuterRef("pk")).order_by("-pk").values("public")[:1]
    return get_object_or_404(Project.objects.annotate(shown=Subquery(last)), slug=slug, shown=True)


def releases_of(project: Project) -> QuerySet[Release]:
    """The newest first, with what is said of each since."""
    found = Release.objects.filter(project=project).order_by("-pk")
    return found.select_related("project", "previous", "withdrawal").prefetch_related("deposits")


def release_or_404(slug: str, version: str) -> Release:
    found = releases_of(project_or_404(slug)).filter(version=version).first()
    if found is None:
        raise Http404
    return found


def doi_of(release: Release) -> str:
    """The one that was said last. Reads what was fetched already, for lists."""
    return next((deposit.doi for deposit in release.deposits.all()), "")


def withdrawal_of(release: Release) -> Withdrawal | None:
    found: Withdrawal | None = getattr(release, "withdrawal", None)
    return found


# ------------------------------------------------------------------ acts


@transaction.atomic
def show(*, project: Project, public: bool, reason: str, by: User) -> Publication:
    """Open the public pages, or close them. Kept with its reason, for good."""
    Project.objects.select_for_update().get(pk=project.pk)
    if is_public(project) == public:
        raise Refused(f"The public pages are {'open' if public else 'closed'} already.")
    return Publication.objects.create(project=project, public=public, reason=reason, by=by)


@transaction.atomic
def withdraw(*, release: Release, reason: str, by: User) -> Withdrawal:
    """Take a release out of use: its public page becomes a stone with its name and the reason."""
    Project.objects.select_for_update().get(pk=release.project_id)
    if Withdrawal.objects.filter(release=release).exists():
        raise Refused(f"Release {release.version} is withdrawn already.")
    return Withdrawal.objects.create(release=release, reason=reason, by=by)


def deposited(*, release: Release, doi: str, by: User) -> Deposit:
    """Say under which DOI a release can be found. Saying the same again leaves no trace."""
    doi = read_doi(doi)
    last = release.deposits.first()
    if last and last.doi == doi:
        return last
    return Deposit.objects.create(release=release, doi=doi, by=by)


def read_doi(text: str) -> str:
    """The bare DOI, from the forms in which it is copied. Raises ValidationError."""
    doi = BEFORE_A_DOI.sub("", text.strip(), count=1)
    if not DOI.fullmatch(doi):
        raise ValidationError(
            f"“{text[:80]}” is not a DOI: it begins with 10. and a number, such as "
            "10.7910/DVN/ABC123."
        )
    return doi
