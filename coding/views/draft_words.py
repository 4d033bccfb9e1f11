"""The draft's title and note, its units and its missing codes."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render

from coding import access, documents, drafts
from coding.documents import Document, Problem
from coding.drafting import Draft, Unsound
from coding.errors import Overtaken, Refused
from coding.models import MissingCode, Project, Unit
from coding.views.writing import kept, writes

UNIT = ("id", "label", "definition", "parent", "key", "rows")
CODE = ("code", "key", "label", "meaning", "set_by", "counts", "note")
BLANK_ROWS = 1
TREATED = {"exclude": False, "category": "as_category", "configurable": "configurable"}
Row = dict[str, str]


@dataclass
class WordsForm:
    """What stands in the fields of the page."""

    title: str
    note: str
    units: list[Row] = field(default_factory=list)
    codes: list[Row] = field(default_factory=list)

    @classmethod
    def of(cls, draft: Draft) -> WordsForm:
        units = [
            {key: unit.get(key, "") for key in UNIT} | {"key": ", ".join(unit.get("key", ()))}
            for unit in draft.head.get("units", [])
        ]
        treated = {value: word for word, value in TREATED.items()}
        codes = [
            {key: str(code.get(key, "")) for key in CODE}
            | {
                "counts": treated[code.get("counts_in_reliability", False)],
                "note": "yes" if documents.needs_note(code) else "",
            }
            for code in draft.head.get("missing_codes", [])
        ]
        return cls(draft.codebook.title, draft.codebook.note, units, codes)

    @classmethod
    def posted(cls, data: QueryDict) -> WordsForm:
        units = [row for row in _rows(data, "u", UNIT) if row["id"] or row["label"]]
        codes = [row for row in _rows(data, "m", CODE) if row["code"] or row["label"]]
        note = data.get("note", "").replace("\r\n", "\n")
        return cls(data.get("title", "").strip(), note, units, codes)

    def head(self, before: Document) -> Document:
        """The head of the document as it would be; what the page does not show stays."""
        known = {unit["id"]: unit for unit in before.get("units", [])}
        return {
            "title": self.title,
            "units": [_unit(row, known.get(row["id"], {})) for row in self.units],
            "missing_codes": [_code(row) for row in self.codes],
        }

    @property
    def blank_units(self) -> list[Row]:
        return [*self.units, dict.fromkeys(UNIT, "")]

    @property
    def blank_codes(self) -> list[Row]:
        return [*self.codes, dict.fromkeys(CODE, "")]


def _rows(data: QueryDict, prefix: str, columns: tuple[str, ...]) -> list[Row]:
    lists = {key: data.getlist(f"{prefix}_{key}") for key in columns}
    return [
        {k: (v[n] if n < len(v) else "").replace("\r\n", "\n").strip() for k, v in lists.items()}
        for n in range(max(map(len, lists.values())))
    ]


def _unit(row: Row, stored: Document) -> Document:
    said: Document = {key: row[key] for key in ("id", "label", "definition", "parent", "rows")}
    said["key"] = [word.strip() for word in row["key"].split(",") if word.strip()]
    empty = {key for key, value in said.items() if not value and key not in stored}
    kept = {key: value for key, value in said.items() if key not in empty}
    needed = {k: v for k, v in kept.items() if v or k not in ("parent", "rows", "key")}
    return {k: v for k, v in stored.items() if k not in said} | needed


def _code(row: Row) -> Document:
    return {
        "code": documents.as_code(row["code"].replace("−", "-")),
        **{key: row[key] for key in ("key", "label", "meaning") if row[key] or key != "key"},
        "set_by": row["set_by"] or "coder",
        "counts_in_reliability": TREATED.get(row["counts"], False),
        "note_required": bool(row["note"]),
    }


def words(request: HttpRequest, slug: str) -> HttpResponse:
    """Title, note, units and missing codes, to read and to change."""
    return save(request, slug) if request.method == "POST" else show(request, slug)


@login_required
def show(request: HttpRequest, slug: str) -> HttpResponse:
    project = access.member_or_404(request.user, slug, *access.CURATORS).project
    if (draft := Draft.of(project)) is None:
        raise Http404
    return _page(request, project, draft, WordsForm.of(draft))


@writes
def save(request: HttpRequest, slug: str) -> HttpResponse:
    project = access.member_or_404(request.user, slug, *access.CURATORS).project
    if (draft := Draft.of(project)) is None:
        reason = "There is no draft any more: it was published or discarded while you wrote."
        return kept(request, slug, status=409, reason=reason)
    form = WordsForm.posted(request.POST)
    try:
        drafts.save_head(
            project=project,
            head=form.head(draft.head),
            note=form.note,
            stamp=request.POST.get("stamp", ""),
        )
    except Overtaken:
        return _page(request, project, draft, form, status=409, theirs=WordsForm.of(draft))
    except Unsound as unsound:
        return _page(request, project, draft, form, status=422, faults=unsound.faults)
    except Refused as no:
        return kept(request, slug, status=409, reason=no.reason)
    messages.success(request, "Title, units and missing codes are saved.")
    return redirect("coding:draft", slug)


def _page(
    request: HttpRequest,
    project: Project,
    draft: Draft,
    form: WordsForm,
    *,
    status: int = 200,
    faults: list[Problem] | None = None,
    theirs: WordsForm | None = None,
) -> HttpResponse:
    context = {
        "project": project,
        "codebook": draft.codebook,
        "form": form,
        "faults": faults or [],
        "theirs": theirs,
        "stamp": drafts.head_stamp(draft),
        "known": [unit["id"] for unit in draft.head.get("units", [])],
        "rows": Unit.Rows.choices,
        "set_by": MissingCode.SetBy.choices,
        "treated": MissingCode.InReliability.choices,
    }
    return render(request, "coding/draft_words.html", context, status=status)
