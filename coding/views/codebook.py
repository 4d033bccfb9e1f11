"""The codebook as a page, version by version."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from coding import access, codebooks
from coding.changes import Kind
from coding.models import Codebook, Entry, Unit
from coding.reading import comparison


@dataclass
class Part:
    """A unit's part of the codebook: its entries by section."""

    unit: Unit
    sections: dict[str, list[Entry]] = field(default_factory=dict)


@dataclass(frozen=True)
class Version:
    """A version in the change log: its kinds of changes since the one before it."""

    book: Codebook
    before: Codebook | None
    counts: dict[Kind, int]


@login_required
@require_safe
def codebook(request: HttpRequest, slug: str, number: int | None = None) -> HttpResponse:
    """Every question, rule, category, missing code and expression of one version.

    Drafts are shown to curators alone: others must not code by what may still change.
    """
    member = access.member_or_404(request.user, slug)
    books = access.codebooks_for(member)
    book = _book_or_404(books, number)
    return render(
        request,
        "coding/codebook.html",
        {
            "project": member.project,
            "member": member,
            "books": books,
            "versions": _versions(books),
            "has_draft": any(each.published_at is None for each in books),
            "book": book,
            "parts": _parts(codebooks.entries(book)) if book else [],
            "definitions": _definitions(book) if book else {},
            "missing_codes": book.missing_codes.all() if book else [],
        },
    )


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


def _parts(entries: Iterable[Entry]) -> list[Part]:
    parts: dict[int, Part] = {}
    for entry in entries:
        part = parts.setdefault(entry.variable.unit_id, Part(entry.variable.unit))
        part.sections.setdefault(entry.section, []).append(entry)
    return list(parts.values())


def _definitions(book: Codebook) -> dict[str, str]:
    """The units' definitions as this version words them."""
    units = book.document.get("codebook", {}).get("units", [])
    return {unit["id"]: unit.get("definition", "") for unit in units}
