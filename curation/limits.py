"""How much one request may bring: checked before any of it is kept."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

MB = 2**20
CHUNK = 64 * 1024


def length(request: HttpRequest) -> int:
    stated = request.META.get("CONTENT_LENGTH") or "0"
    return int(stated) if stated.isdigit() else 0


def discard(request: HttpRequest) -> None:
    """Read to the end: some browsers show a broken connection in place of an early answer."""
    while request.read(CHUNK):
        pass


class UploadLimitMiddleware:
    """Answers 413 to what is larger than an import may be."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if length(request) <= (settings.IMPORT_MAX_MB + 1) * MB:
            return self.get_response(request)
        discard(request)
        context = {"size": length(request) // MB, "limit": settings.IMPORT_MAX_MB}
        return render(request, "413.html", context, status=413)
