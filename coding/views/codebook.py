"""The codebook to be read, version by version: as a page, on paper, as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AnonymousUser, User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from coding import access, blind, printing
from coding.changes import Kind
from coding.models import Codebook, Member
from coding.reading import comparison, described, manual
from coding.reading.described import Book


@dataclass(frozen=True)
class Version:
    """A version in the change log: its kinds of changes since the one before it."""

    book: Codebook
    before: Codebook | None
    counts: dict[Kind, int]


@login_required
@require_safe
def codebook(request: HttpRequest, slug: str, number: int | None = None) -> HttpResponse:
    """Every question, rule, category, missing code and expression of one version."""
    member = access.member_or_404(request.user, slug)
    books = access.codebooks_for(member)
    chosen = _book_or_404(books, number)
    context = {
        "project": member.project,
        "member": member,
        "books": books,
        "versions": _versions(books),
        "has_draft": any(each.published_at is None for each in books),
        "codebook": chosen,
        "book": described.book(chosen, request.user) if chosen else None,
        "closed": blind.opened_and_being_coded(request.user, member.project),
    }
    return render(request, "coding/codebook.html", context)


@login_required
@require_safe
def as_markdown(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """One version as Markdown."""
    _, found = _read_or_404(request.user, slug, number)
    return _file(manual.written(found).encode(), "text/markdown; charset=utf-8")


@login_required
@require_safe
def as_pdf(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """One version to be printed, with a title page and a table of contents."""
    member, found = _read_or_404(request.user, slug, number)
    page = reverse("coding:codebook-version", args=[slug, number])
    context = {
        "project": member.project,
        "book": found,
        "index": found.by_name,
        "digest": comparison.digest_of(found.codebook),
        "closed": blind.opened_and_being_coded(request.user, member.project),
    }
    html = render_to_string("coding/codebook_paper.html", context)
    content = printing.pdf(html, links=[(f"Codebook {number}", page)])
    response = _file(content, "application/pdf")
    name = f"{slug}-codebook-{number}.pdf"
    response["Content-Disposition"] = content_disposition_header(False, name) or "inline"
    return response


def _read_or_404(user: User | AnonymousUser, slug: str, number: int) -> tuple[Member, Book]:
    member = access.member_or_404(user, slug)
    found = _book_or_404(access.codebooks_for(member), number)
    assert found is not None
    return member, described.book(found, user)


def _file(content: bytes, content_type: str) -> HttpResponse:
    """It holds what this reader may see today: nobody keeps it for another."""
    response = HttpResponse(content, content_type=content_type)
    response["Cache-Control"] = "private, no-cache"
    return response


def _book_or_404(books: Sequence[Codebook], number: int | None) -> Codebook | None:
    """The version of this number; without one the current version, or a draft before the first."""
    if number is None:
        return next((book for book in books if book.published_at), books[0] if books else None)
    if found := next((book for book in books if book.number == number), None):
        return found
    raise Http404


def _versions(books: Sequence[Codebook]) -> list[Version]:
    """The newest first, each with what changed since the one before."""
    earlier: list[Codebook | None] = [*books[1:], None]
    return [
        Version(book, before, comparison.counts_between(before, book) if before else {})
        for book, before in zip(books, earlier, strict=False)
    ]
