"""Coders who wish that what they said is not released. The cells that rest on it stay.

Releases that are cut already do not change: a curator can withdraw one.
"""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from coding.errors import Refused
from coding.models import Member, Project
from curation.models import Withholding


def wished(project: Project) -> frozenset[int]:
    """Users of whose answers a release tells nothing."""
    standing = Withholding.objects.filter(project=project, ended_at=None)
    return frozenset(standing.values_list("coder", flat=True))


def withhold(*, project: Project, coder: User, reason: str, by: User) -> Withholding:
    """From the next release on, what this coder says is left out and only counted."""
    if not Member.history.filter(project=project, user=coder).exists():
        raise Refused("Nobody of that name has coded here.")
    if not reason.strip():
        raise Refused("Say why: who asked for it, and when.")
    try:
        with transaction.atomic():
            return Withholding.objects.create(
                project=project, coder=coder, reason=reason.strip(), by=by
            )
    except IntegrityError as error:
        raise Refused("What this coder says is withheld already.") from error


@transaction.atomic
def end(*, withholding: Withholding, reason: str, by: User) -> Withholding:
    """From the next release on, what this coder says is released again."""
    found = Withholding.objects.select_for_update().get(pk=withholding.pk)
    if found.ended_at:
        raise Refused("It has ended already.")
    if not reason.strip():
        raise Refused("Say why: who asked for it, and when.")
    found.ended_at, found.ended_by, found.ended_reason = timezone.now(), by, reason.strip()
    found.save()
    return found
