"""Corrections from a file: what each would change is shown first, then all is made as one batch."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_safe

from coding import access, codebooks, work
from coding.models import Entry, Project
from curation import files, intake, since_release
from curation.faults import SHOWN, BadInput, Fault
from curation.files import Header, Row, Table
from curation.intake import Corrections

STATUSES = ("agreed", "single", "adjudicated", "unresolved", "disputed")
LARGEST = 4  # MB of corrections that one page takes


@dataclass(frozen=True)
class Sent:
    """What the page keeps of a file between looking and confirming."""

    name: str
    table: Table
    passed_over: int = 0

    @property
    def kept(self) -> str:
        header = self.table.header
        rows = [[row.number, *map(row.__getitem__, header.names)] for row in self.table.rows]
        head = [header.names, header.sheet, header.columns, header.number]
        return json.dumps([head, rows], ensure_ascii=False)

    @classmethod
    def of(cls, name: str, kept: str) -> Sent:
        """As it was kept. Raises BadInput for what no page of ours sends."""
        try:
            (names, sheet, columns, number), rows = json.loads(kept)
            places = tuple(int(column) for _, column in zip(names, columns, strict=True))
            header = Header(tuple(map(str, names)), str(sheet), places, int(number))
            texts = [(int(n), dict(zip(names, said, strict=True))) for n, *said in rows]
            table = Table(header, [_row(header, n, each) for n, each in texts])
        except (ValueError, TypeError, RecursionError):
            rule = "cannot be read any more: choose it again."
            raise BadInput([Fault("file", "", rule)]) from None
        return cls(name, table)


def _row(header: Header, number: int, texts: dict[str, object]) -> Row:
    if not all(isinstance(text, str) for text in texts.values()):
        raise ValueError("a text is needed")
    return Row(header, number, {name: str(text) for name, text in texts.items()})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def corrections(request: HttpRequest, slug: str) -> HttpResponse:
    """A file is read and shown cell by cell; confirmed with a note, it is one batch."""
    assert isinstance(request.user, User)
    project = access.member_or_404(request.user, slug, *access.ADJUDICATORS).project
    if request.method != "POST":
        return _form(request, project)
    try:
        if "kept" in request.POST:
            return _confirm(request, project, request.user)
        sent = _sent(request)
        return _preview(request, project, sent, _read(project, request.user, sent))
    except BadInput as error:
        return _form(request, project, error.faults)


def _form(request: HttpRequest, project: Project, faults: Sequence[Fault] = ()) -> HttpResponse:
    assert isinstance(request.user, User)
    entries = list(_correctable(project))
    context = {
        "project": project,
        "faults": faults[:SHOWN],
        "more": max(len(faults) - SHOWN, 0),
        "count": len(faults),
        "entries": entries,
        "units": list(dict.fromkeys(e.variable.unit for e in entries)),
        "statuses": STATUSES,
        "causes": work.CAUSES,
        "since": since_release.changed(request.user, project),
    }
    return render(request, "curation/corrections.html", context, status=422 if faults else 200)


def _correctable(project: Project) -> Iterator[Entry]:
    book = codebooks.current(project)
    for entry in codebooks.entries(book) if book else ():
        if not entry.is_computed and not entry.variable.roster_of_id:
            yield entry


def _sent(request: HttpRequest) -> Sent:
    sent = request.FILES.get("file")
    if sent is None:
        raise BadInput([Fault("file", "", "is missing: choose one.")])
    name = sent.name or "file"
    table = files.read_from(cast(BinaryIO, sent.file), name)
    said = [r for r in table.rows if any(r[column] for column in ("new", "cause", "reason"))]
    kept = Sent(
        name,
        Table(table.header, said or table.rows, table.notices),
        passed_over=len(table.rows) - len(said),
    )
    if said and len(kept.kept) > LARGEST * files.MB:
        rule = f"corrects more than {LARGEST} MB: split it, or use import_corrections."
        raise BadInput([Fault(name, "", rule)])
    return kept


def _read(project: Project, by: User, sent: Sent) -> Corrections:
    return intake.read_corrections(project=project, by=by, table=sent.table)


def _preview(
    request: HttpRequest,
    project: Project,
    sent: Sent,
    read: Corrections,
    *,
    overtaken: bool = False,
    missing: str = "",
) -> HttpResponse:
    """Each cell with what it says and would say, and what is wrong. Nothing is written yet."""
    faulty = [line for line in read.lines if line.faults]
    context = {
        "project": project,
        "name": sent.name,
        "passed_over": sent.passed_over,
        "read": read,
        "faulty": faulty,
        "lines": [*faulty, *(line for line in read.lines if not line.faults)][:SHOWN],
        "shown": SHOWN,
        "overtaken": overtaken,
        "missing": missing,
        "kept": "" if faulty else sent.kept,
        "stamp": read.stamp,
        "note": request.POST.get("note", ""),
    }
    status = 409 if overtaken else 422 if faulty or missing else 200
    return render(request, "curation/corrections_check.html", context, status=status)


def _confirm(request: HttpRequest, project: Project, by: User) -> HttpResponse:
    """Make them, or say that one of the cells is another by now."""
    sent = Sent.of(request.POST.get("name", "file")[:200], request.POST["kept"])
    read, note = _read(project, by, sent), request.POST.get("note", "").strip()[:2_000]
    if read.faults or read.stamp != request.POST.get("stamp"):
        return _preview(request, project, sent, read, overtaken=True)
    if not note:
        missing = "Say why these cells are corrected: the log keeps it."
        return _preview(request, project, sent, read, missing=missing)
    batch = intake.correct(project=project, by=by, read=read, file=sent.name, note=note)
    count = len(read.lines)
    said = f"{count} cell{'' if count == 1 else 's'} corrected as one batch."
    messages.success(request, said)
    address = redirect("coding:batches", project.slug).url
    return redirect(f"{address}#b-{batch.pk}" if batch else address)


class _Echo:
    """Gives each line back as it is written."""

    def write(self, line: str) -> str:
        return line


@login_required
@require_safe
def cells(request: HttpRequest, slug: str) -> StreamingHttpResponse:
    """The cells as they stand, to edit in a spreadsheet and bring back."""
    assert isinstance(request.user, User)
    project = access.member_or_404(request.user, slug, *access.ADJUDICATORS).project
    asked = {name: request.GET.get(name, "") for name in ("unit", "variable", "status")}
    rows = intake.cells_to_edit(project=project, by=request.user, **asked)
    writer = csv.writer(_Echo())
    lines = (writer.writerow(row) for row in rows)
    response = StreamingHttpResponse(_with_mark(lines), content_type="text/csv; charset=utf-8")
    name = f"{slug}-corrections.csv"
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["Cache-Control"] = "private, no-store"
    return response


def _with_mark(lines: Iterator[str]) -> Iterator[str]:
    """Begins with a mark by which spreadsheets know UTF-8."""
    yield "\ufeff"
    yield from lines
