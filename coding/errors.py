"""How a no looks when the person is right and the moment is wrong: one page for the whole site."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


class Refused(Exception):
    """Well formed and permitted, but the state of the work forbids it.

    `reason` is a full sentence for the user; `links` are (label, address) pairs that lead out.
    """

    def __init__(self, reason: str, links: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.links = list(links)


class Overtaken(Refused):
    """The answer was changed elsewhere since the page that sends this one was drawn."""


class RefusedMiddleware:
    """Shows every Refused as one 409 page: the only place where it meets HTTP."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, Refused):
            context = {"reason": error.reason, "links": error.links}
            return render(request, "refused.html", context, status=409)
        return None
