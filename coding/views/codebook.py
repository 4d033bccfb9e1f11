"""The codebook as a page, version by version."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from coding import access, codebooks
from coding.models import Codebook, Entry, Unit


@dataclass
class Part:
    """A unit's part of the codebook: its entries by section."""

    unit: Unit
    sections: dict[str, list[Entry]] = field(default_factory=dict)


@login_required
def codebook(request: HttpRequest, slug: str, number: int | None = None) -> HttpResponse:
    """Every question, rule, category, missing code and expression of one version.

    Drafts are shown to curators alone: others must not code by what may still change.
    """
    member = access.member_or_404(request.user, slug)
    books = member.project.codebooks.order_by("-number")
    if member.role not in access.CURATORS:
        books = books.exclude(published_at=None)
    book = (
        get_object_or_404(books, number=number)
        if number
        else codebooks.current(member.project) or books.first()
    )
    return render(
        request,
        "coding/codebook.html",
        {
            "project": member.project,
            "member": member,
            "books": list(books),
            "book": book,
            "parts": _parts(codebooks.entries(book)) if book else [],
            "definitions": _definitions(book) if book else {},
            "missing_codes": book.missing_codes.all() if book else [],
        },
    )


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
