"""Codebooks as files: downloaded in any format, read in as the draft, and the JSON Schema."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AnonymousUser, User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header, quote_etag
from django.views.decorators.http import require_http_methods, require_safe

from coding import access, codebooks, documents
from coding.documents import Document
from coding.errors import Overtaken
from coding.models import Codebook, Project
from curation import codebook_files, formats, intake
from curation.faults import SHOWN, BadInput, Fault
from curation.files import MB
from curation.formats import Unmapped, schema

# Format: what the page calls it, how its file's name ends, and its type.
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FILES = {
    "yaml": ("YAML, for git", ".yaml", "application/yaml; charset=utf-8"),
    "json": ("JSON, for programs", ".json", "application/json"),
    "xlsx": ("Excel workbook", ".xlsx", XLSX),
    "xlsform": ("XLSForm, for ODK and KoboToolbox", "-xlsform.xlsx", XLSX),
    "redcap": ("REDCap data dictionary", "-redcap.csv", "text/csv; charset=utf-8"),
}


# ------------------------------------------------------------------ out


@dataclass(frozen=True)
class Written:
    """A version in a format: what the file is called and how much of the codebook it says."""

    format_name: str
    title: str
    size: int
    unmapped: Sequence[Unmapped]


@login_required
@require_safe
def files(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """A version in every format, with what each of them does not take over."""
    project, books, book = _version_or_404(request.user, slug, number)
    written = []
    for name, (title, _, _) in FILES.items():
        content, unmapped = _written(book, name)
        written.append(Written(name, title, len(content), unmapped))
    context = {"project": project, "books": books, "codebook": book, "written": written}
    return render(request, "curation/codebook_files.html", context)


@login_required
@require_safe
def file(request: HttpRequest, slug: str, number: int, format_name: str) -> HttpResponse:
    """A version as a file; what it does not say stands on the page of the files."""
    _, _, book = _version_or_404(request.user, slug, number)
    if format_name not in FILES:
        raise Http404
    _, ending, content_type = FILES[format_name]
    digest = book.digest or codebooks.digest_of(book)
    etag = quote_etag(f"{digest}.{format_name}")
    if unchanged := get_conditional_response(request, etag=etag):
        return unchanged
    content, _ = _written(book, format_name)
    response = HttpResponse(content, content_type=content_type)
    name = f"{slug}-codebook-{number}{ending}"
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    return response


@require_safe
def json_schema(request: HttpRequest) -> HttpResponse:
    """The JSON Schema of codebook documents, for everybody: it is of no project."""
    return HttpResponse(schema.FILE.read_bytes(), content_type="application/schema+json")


def _version_or_404(
    user: User | AnonymousUser, slug: str, number: int
) -> tuple[Project, list[Codebook], Codebook]:
    member = access.member_or_404(user, slug)
    books = access.codebooks_for(member)
    book = next((book for book in books if book.number == number), None)
    if book is None:
        raise Http404
    return member.project, books, book


def _written(book: Codebook, format_name: str) -> tuple[bytes, list[Unmapped]]:
    if book.published_at:
        return _published(book, format_name, book.digest)
    return formats.write(codebooks.document_of(book), format_name)


@lru_cache(maxsize=32)
def _published(book: Codebook, format_name: str, digest: str) -> tuple[bytes, list[Unmapped]]:
    """What is published cannot change: it is written once in a process."""
    return formats.write(codebooks.document_of(book), format_name)


# ------------------------------------------------------------------ in


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest, slug: str) -> HttpResponse:
    """A file becomes the draft in two steps: it is read and compared, then it is confirmed."""
    project = access.member_or_404(request.user, slug, *access.CURATORS).project
    if request.method != "POST":
        return _form(request, project)
    try:
        if "document" in request.POST:
            return _confirm(request, project)
        return _read(request, project)
    except BadInput as error:
        return _form(request, project, error.faults)


def _form(request: HttpRequest, project: Project, faults: Sequence[Fault] = ()) -> HttpResponse:
    context = {
        "project": project,
        "faults": faults[:SHOWN],
        "more": max(len(faults) - SHOWN, 0),
        "count": len(faults),
        "largest": codebook_files.LARGEST // MB,
    }
    return render(request, "curation/codebook_upload.html", context, status=422 if faults else 200)


def _read(request: HttpRequest, project: Project) -> HttpResponse:
    """The file, read; whatever is wrong with it, all at once."""
    sent = request.FILES.get("file")
    if sent is None:
        raise BadInput([Fault("file", "", "is missing: choose one.")])
    name = sent.name or "file"
    document, unmapped = formats.read(sent.read(codebook_files.LARGEST + 1), name)
    if len(documents.canonical(document)) > codebook_files.LARGEST:
        rule = f"says more than {codebook_files.LARGEST // MB} MB: no codebook needs that."
        raise BadInput([Fault(name, "", rule)])
    return _preview(request, project, document, name=name, unmapped=unmapped)


def _preview(
    request: HttpRequest,
    project: Project,
    document: Document,
    *,
    name: str,
    unmapped: Sequence[Unmapped] = (),
    overtaken: str = "",
) -> HttpResponse:
    """What the document would change, and the form that confirms it. Nothing is written yet."""
    context = {
        "project": project,
        "name": name,
        "unmapped": unmapped,
        "overtaken": overtaken,
        "current": codebooks.current(project),
        "comparison": intake.would_change(project=project, document=document),
        "variables": len(document["variables"]),
        "document": documents.canonical(document).decode(),
        "stamp": intake.draft_stamp(project),
        "note": request.POST.get("note", ""),
    }
    status = 409 if overtaken else 200
    return render(request, "curation/codebook_upload_check.html", context, status=status)


def _confirm(request: HttpRequest, project: Project) -> HttpResponse:
    """Make the document the draft, or say that the draft is another by now."""
    name = request.POST.get("name", "file")
    document, _ = formats.read(request.POST["document"].encode(), "codebook.json", "json")
    note, stamp = request.POST.get("note", "").strip(), request.POST.get("stamp", "")
    try:
        book = intake.replace_draft(project=project, document=document, note=note, stamp=stamp)
    except Overtaken as error:
        return _preview(request, project, document, name=name, overtaken=error.reason)
    if book.published_at:
        messages.info(request, f"{name} says what codebook {book.number} says: there is no draft.")
    else:
        messages.success(request, f"{name} is the draft of codebook {book.number} now.")
    return redirect("coding:codebook-version", project.slug, book.number)
