"""Two versions of a codebook side by side: as a page, as Markdown, as JSON."""

from __future__ import annotations

import json

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AnonymousUser, User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.views.decorators.http import require_safe

from coding import access
from coding.errors import Refused
from coding.models import Codebook, Member
from coding.reading import changelog, comparison
from coding.reading.comparison import Comparison


@login_required
@require_safe
def choose(request: HttpRequest, slug: str) -> HttpResponse:
    """Leads to the two versions that were chosen, or to the last two there are."""
    member = access.member_or_404(request.user, slug)
    numbers = [book.number for book in access.codebooks_for(member)]
    if len(numbers) < 2:
        way_out = ("The codebook", reverse("coding:codebook", args=[slug]))
        raise Refused("There is only one version: nothing to compare it with yet.", [way_out])
    last = {"before": numbers[1], "after": numbers[0]}
    chosen = [request.GET.get(name, str(number)) for name, number in last.items()]
    if not all(each.isdecimal() and int(each) in numbers for each in chosen):
        raise Http404
    return redirect("coding:compare", slug, *sorted(map(int, chosen)))


@login_required
@require_safe
def compare(request: HttpRequest, slug: str, before: int, after: int) -> HttpResponse:
    """What changed, entry by entry; with `show=all` also what did not."""
    if before > after:
        return redirect("coding:compare", slug, after, before)
    member, found = _comparison_or_404(request.user, slug, before, after)
    context = {
        "project": member.project,
        "books": access.codebooks_for(member),
        "comparison": found,
        "everything": request.GET.get("show") == "all",
    }
    return render(request, "coding/compare.html", context)


@login_required
@require_safe
def as_markdown(request: HttpRequest, slug: str, before: int, after: int) -> HttpResponse:
    """The change log from one version to the other."""
    _, found = _comparison_or_404(request.user, slug, before, after)
    if unchanged := get_conditional_response(request, etag=_etag(found)):
        return unchanged
    return _file(found, changelog.written(found), "text/markdown; charset=utf-8")


@login_required
@require_safe
def as_json(request: HttpRequest, slug: str, before: int, after: int) -> HttpResponse:
    """The comparison for programs; its shape is that of `comparison.plain`."""
    _, found = _comparison_or_404(request.user, slug, before, after)
    if unchanged := get_conditional_response(request, etag=_etag(found)):
        return unchanged
    text = json.dumps(comparison.plain(found), ensure_ascii=False, indent=1) + "\n"
    return _file(found, text, "application/json")


def _comparison_or_404(
    user: User | AnonymousUser, slug: str, before: int, after: int
) -> tuple[Member, Comparison]:
    member = access.member_or_404(user, slug)
    books = {book.number: book for book in access.codebooks_for(member)}
    if before not in books or after not in books:
        raise Http404
    return member, comparison.compare(books[before], books[after])


def _etag(found: Comparison) -> str:
    """Both digests: published versions cannot change, a draft is another one when it does."""
    tags = [_tag(book) for book in (found.before, found.after)]
    return quote_etag(".".join([comparison.FORMAT, *tags]))


def _tag(book: Codebook) -> str:
    return f"{'' if book.published_at else 'draft-'}{comparison.digest_of(book)}"


def _file(found: Comparison, text: str, content_type: str) -> HttpResponse:
    response = HttpResponse(text, content_type=content_type)
    response["ETag"] = _etag(found)
    response["Cache-Control"] = "private, no-cache"
    return response
