"""Who may write from a page, and what happens to typed text when they may not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.csrf import csrf_failure
from django.views.decorators.http import require_POST

View = Callable[..., HttpResponse]
# Pages of a project on which something is written, and where each is found again.
OF_PROJECT = {
    "discussion": "coding:discussion",
    "questions": "coding:questions",
    "reviews": "coding:reviews",
    "second-looks": "coding:second-looks",
}
HIDDEN = ("csrfmiddlewaretoken", "coder", "seen", "stamp", "c_was", "clear", "remove")


def is_fetch(request: HttpRequest) -> bool:
    """Sent by the page's own script, which takes a fragment and never a redirect."""
    return request.headers.get("X-Requested-With") == "fetch"


def writes(view: View) -> View:
    """An act of a signed-in person. Whoever is not signed in gets back what they typed.

    `coder` says for whom the page was drawn: somebody else may have signed in since.
    """

    @require_POST
    @wraps(view)
    def answer(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        drawn_for = request.POST.get("coder") or str(request.user.pk)
        if request.user.is_authenticated and drawn_for == str(request.user.pk):
            return view(request, *args, **kwargs)
        return kept(request, args[0] if args else _key(kwargs), status=401)

    return answer


def _key(arguments: Mapping[str, object]) -> object:
    """What the page is found by: the number of a coding or a case, or the name of a project."""
    return arguments.get("pk") or arguments.get("slug")


def kept(request: HttpRequest, key: object, *, status: int, reason: str = "") -> HttpResponse:
    """Nothing was saved, and nothing that was typed is lost: it stands on the page to copy.

    Without a reason it is that the person is not signed in.
    """
    if is_fetch(request):
        return HttpResponse(status=status)
    typed = [
        (name, text)
        for name, texts in request.POST.lists()
        for text in texts
        if name not in HIDDEN and text.strip()
    ]
    page, back = _page(request, key)
    context = {"typed": typed, "page": page, "back": back, "reason": reason}
    return render(request, "coding/signed_out.html", context, status=status)


def _page(request: HttpRequest, key: object) -> tuple[str, str]:
    """What was written on, in a word and by its address."""
    match = request.resolver_match
    slug = match.kwargs.get("slug") if match else None
    for part, view in OF_PROJECT.items():
        if slug and f"/projects/{slug}/{part}/" in request.path:
            return "page", reverse(view, args=[slug])
    if request.path.startswith("/cases/"):
        return "case", reverse("coding:dispute", args=[key])
    if "/codebook/draft/" in request.path:
        return "draft", reverse("coding:draft", args=[key])
    return "sheet", reverse("coding:sheet", args=[key])


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form's token is of another session: what was typed is kept, as when signed out."""
    match = request.resolver_match
    known = ("coding:settle", "coding:draft-entry", "coding:draft-add", "coding:draft-words")
    if match and (match.view_name in known or request.path.startswith("/codings/")):
        return kept(request, _key(match.kwargs), status=403)
    return csrf_failure(request, reason)
