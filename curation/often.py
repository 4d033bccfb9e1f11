"""How often something may be done from one place: counted in the database, so that all processes
of the server know, under a keyed hash that tells neither a name nor an address."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac


def address_of(request: HttpRequest) -> str:
    """Who asks; behind the proxy that speaks HTTPS for us, whom it says it was asked by."""
    said = request.headers.get("X-Forwarded-For", "") if settings.HTTPS else ""
    return said.rpartition(",")[2].strip() or str(request.META.get("REMOTE_ADDR", ""))


def mark_of(request: HttpRequest, salt: str, name: str) -> str:
    """What stands for this name, from this address."""
    words = f"{name.strip().casefold()}|{address_of(request)}"
    return salted_hmac(salt, words, algorithm="sha256").hexdigest()


def minutes_to_wait(counted: QuerySet[Any], mark: str, most: int, within: timedelta) -> int:
    """How long nobody may do it again; 0 where they may."""
    since = timezone.now() - within
    times = list(
        counted.filter(mark=mark, at__gt=since).order_by("-at").values_list("at", flat=True)[:most]
    )
    if len(times) < most:
        return 0
    return max(1, -int((since - times[-1]).total_seconds() // 60))


def note(counted: QuerySet[Any], mark: str, within: timedelta) -> None:
    """Count it, and forget what is too old to count."""
    counted.filter(at__lte=timezone.now() - within).delete()
    counted.create(mark=mark)
