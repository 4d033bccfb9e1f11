"""One entry of the draft: its page, a new one, and what a coder would see of it meanwhile."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AnonymousUser, User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from coding import access, drafts, learning, shapes
from coding.documents import Document, Problem, categories_of
from coding.drafting import Draft, Line, Unsound
from coding.entry_form import CATEGORY, CHECK, EntryForm, Faults, Row, placed, row_of
from coding.errors import Overtaken, Refused
from coding.models import Project, Variable
from coding.views.draft_preview import preview as drawn
from coding.views.draft_theirs import Difference, differences
from coding.views.writing import kept, writes


@dataclass
class Page:
    """An entry's page as it is drawn: the form, what is wrong, and what others did meanwhile."""

    project: Project
    draft: Draft
    form: EntryForm
    line: Line | None = None  # None for an entry that is not there yet
    after: str = ""
    faults: Faults = field(default_factory=Faults)
    theirs: Sequence[Difference] = ()
    by: str = ""
    seen: str = ""  # the stamp that was posted

    @property
    def stamp(self) -> str:
        return drafts.entry_stamp(self.line) if self.line else ""

    @property
    def name(self) -> str:
        return self.line.name if self.line else ""

    @property
    def number(self) -> int:
        at = self.draft.at(self.name) if self.line else None
        return len(self.draft.lines) + 1 if at is None else at + 1

    @property
    def doubted(self) -> set[str]:
        return set(self.faults.by_field)

    @property
    def readable(self) -> list[tuple[str, str]]:
        """What an expression of this unit may read: the word, and what it stands for."""
        unit, units = self.form.fields["unit"], self.draft.head.get("units", [])
        found = [(d["name"], d["label"]) for d in self._of(unit)]
        for parent in _above(units, unit):
            found += [(f"{parent}.{d['name']}", d["label"]) for d in self._of(parent)]
        return found

    @property
    def below(self) -> list[Document]:
        """Units whose rows a check may look at."""
        unit = self.form.fields["unit"]
        return [u for u in self.draft.head.get("units", []) if u.get("parent") == unit]

    @property
    def looped(self) -> list[tuple[str, str]]:
        """What may be read of a row in a loop: over the rows beside this one, or below it."""
        units = [self.form.fields["unit"], *(unit["id"] for unit in self.below)]
        return [(d["name"], d["label"]) for unit in units for d in self._of(unit)]

    @property
    def lost(self) -> list[Document]:
        """Categories of the codebook before that the entry has no more."""
        previous = self.line.previous if self.line else None
        if previous is None or self.draft.before is None:
            return []
        stand = {row["code"] for row in self.form.categories}
        stand |= {row["was"] for row in self.form.categories}
        entry = next(e for e in self.draft.earlier if e.variable_id == previous.pk)
        return [c for c in categories_of(entry) if str(c["code"]) not in stand]

    @property
    def is_overtaken(self) -> bool:
        """Whether somebody saved the entry since this page was drawn."""
        return bool(self.line and self.seen and self.seen != self.stamp)

    @property
    def categories(self) -> list[tuple[Row, list[str]]]:
        """The rows of the form, each with what is wrong with it."""
        return self._with_faults(self.form.categories, "c")

    @property
    def checks(self) -> list[tuple[Row, list[str]]]:
        return self._with_faults(self.form.checks, "k")

    def _with_faults(self, rows: Sequence[Row], kind: str) -> list[tuple[Row, list[str]]]:
        found = self.faults.by_field
        return [(row, found.get(f"{kind}{n}", [])) for n, row in enumerate(rows)]

    @property
    def unplaced(self) -> list[str]:
        """What is wrong with the entry and stands beside none of its fields."""
        return self.faults.by_field.get("", [])

    @property
    def listed(self) -> list[tuple[str, str, list[str]]]:
        """What is wrong, by field: where it stands, and what a reader calls it."""
        return [(*_called(key), texts) for key, texts in self.faults.by_field.items() if key]

    def act(self, word: str) -> None:
        """Change the rows of the form, where no script does; nothing is saved."""
        name, _, code = word.partition("-back-")
        found = [c for c in self.lost if name == "category" and str(c["code"]) == code]
        self.form.categories += [row_of(category) for category in found]
        self.form.act(word)

    def _argued(self, user: User | AnonymousUser) -> list[learning.Argument]:
        """The disputes that argue for a change of the entry, of what it measures and measured."""
        entry = self.line.entry if self.line else None
        if entry is None or isinstance(user, AnonymousUser):
            return []
        before = self.line.previous if self.line else None
        variables = {entry.variable_id, entry.variable.replaces_id, before.pk if before else None}
        return learning.arguments(user, self.project, filter(None, variables))

    def _of(self, unit: str) -> list[Document]:
        return [d for d in self.draft.document["variables"] if d["unit"] == unit]

    def drawn(
        self, request: HttpRequest, *, status: int = 200, fragment: bool = False
    ) -> HttpResponse:
        template = "coding/_draft_preview.html" if fragment else "coding/draft_entry.html"
        units = self.draft.head.get("units", [])
        context = {
            "project": self.project,
            "page": self,
            "form": self.form,
            "faults": self.faults,
            "argued": () if fragment else self._argued(request.user),
            "preview": drawn(self.draft, self.form.document, self.doubted),
            "missing": self.draft.codebook.missing_codes.all(),
            "codebook": self.draft.codebook,
            "blank_category": dict.fromkeys(CATEGORY, ""),
            "blank_check": dict.fromkeys(CHECK, ""),
            "units": units,
            "kinds": Variable.Kind.choices,
            "measures": Variable.Measure.choices,
            "severities": shapes.SEVERITIES,
            "sections": sorted(
                {d["section"] for d in self.draft.document["variables"] if d.get("section")}
            ),
        }
        return render(request, template, context, status=status)


_CALLED = {"min": "Lowest", "max": "Highest", "skip_if": "Skipped if", "skip_then": "Skipped, then"}
_CALLED |= {"tolerance": "Agree within", "measure": "Measured in", "derive": "Computed as"}
_CALLED |= {"sources": "Where to look", "level": "Level of measurement"}


def _called(key: str) -> tuple[str, str]:
    """The field that a fault's key leads to, and its word."""
    if row := re.fullmatch(r"([ck])(\d+)", key):
        kind = "Category" if row[1] == "c" else "Check"
        return ("categories" if row[1] == "c" else "checks"), f"{kind} {int(row[2]) + 1}"
    return key, _CALLED.get(key, key.replace("_", " ").capitalize())


def _above(units: Sequence[Document], name: str) -> list[str]:
    parents = {unit["id"]: unit.get("parent", "") for unit in units}
    above: list[str] = []
    while (name := parents.get(name, "")) and name not in above:
        above.append(name)
    return above


# ------------------------------------------------------------------ views


def entry(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """An entry to read and to change."""
    return save(request, slug, name) if request.method == "POST" else show(request, slug, name)


@login_required
def show(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    project = access.member_or_404(request.user, slug, *access.CURATORS).project
    draft = Draft.of(project)
    at = draft.at(name) if draft else None
    if draft is None or at is None:
        raise Http404
    line = draft.lines[at]
    return Page(project, draft, EntryForm.of(line.document), line).drawn(request)


@writes
def save(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """Save an entry. What is wrong stands beside its field; what others did, beside one's own."""
    project = access.member_or_404(request.user, slug, *access.CURATORS).project
    draft = Draft.of(project)
    at = draft.at(name) if draft else None
    if draft is None or at is None:
        return kept(request, slug, status=409, reason=_gone(draft, name))
    page = Page(project, draft, EntryForm.posted(request.POST, draft.lines[at].document))
    page.line = draft.lines[at]
    if act := request.POST.get("act", ""):
        page.act(act)
        return page.drawn(request)
    try:
        saved = drafts.save_entry(
            project=project,
            name=name,
            document=page.form.document,
            stamp=request.POST.get("stamp", ""),
            codes=page.form.codes,
        )
    except Overtaken:
        page.theirs = differences(page.line.document, page.form.document)
        page.by = _last_hand(page.line)
        return page.drawn(request, status=409)
    except Unsound as unsound:
        return refused(request, page, unsound.faults)
    except Refused as no:
        return kept(request, slug, status=409, reason=no.reason)
    messages.success(request, _told(saved))
    return redirect("coding:draft-entry", slug, saved.entry.name)


def _gone(draft: Draft | None, name: str) -> str:
    if draft is None:
        return "There is no draft any more: it was published or discarded while you wrote."
    return f"{name} is not in the draft any more: somebody renamed it or took it out."


def _told(saved: drafts.Saved) -> str:
    told = f"{saved.entry.name} is saved."
    if saved.rewritten:
        told += f" The expressions of {', '.join(saved.rewritten)} were rewritten with it."
    if saved.left:
        told += (
            f" Look at those of {', '.join(saved.left)}: they read it and were left as they are."
        )
    return told


def _last_hand(line: Line) -> str:
    """Who changed the entry last."""
    last = line.entry.history.select_related("history_user").first() if line.entry else None
    return str(last.history_user) if last and last.history_user else ""


def refused(request: HttpRequest, page: Page, faults: Sequence[Problem]) -> HttpResponse:
    page.faults = placed(faults, page.form.document, page.number)
    return page.drawn(request, status=422)


def add(request: HttpRequest, slug: str) -> HttpResponse:
    """A new entry, to be typed; it is part of the draft once it is sound."""
    return create(request, slug) if request.method == "POST" else begin(request, slug)


@login_required
def begin(request: HttpRequest, slug: str) -> HttpResponse:
    project = access.member_or_404(request.user, slug, *access.CURATORS).project
    if (draft := Draft.of(project)) is None:
        raise Http404
    units = [unit["id"] for unit in draft.head.get("units", [])]
    unit = request.GET.get("unit", "")
    blank = {
        "unit": unit if unit in units else units[0],
        "section": request.GET.get("section", "")[:80],
        "type": "category",
        "level": "nominal",
    }
    page = Page(project, draft, EntryForm.of(blank), after=request.GET.get("after", ""))
    page.form.act("category-add")
    page.form.act("category-add")
    return page.drawn(request)


@writes
def create(request: HttpRequest, slug: str) -> HttpResponse:
    project = access.member_or_404(request.user, slug, *access.CURATORS).project
    if (draft := Draft.of(project)) is None:
        return kept(request, slug, status=409, reason=_gone(None, ""))
    after = request.POST.get("after", "")
    page = Page(project, draft, EntryForm.posted(request.POST, {}), after=after)
    if act := request.POST.get("act", ""):
        page.form.act(act)
        return page.drawn(request)
    try:
        made = drafts.add_entry(project=project, document=page.form.document, after=after)
    except Unsound as unsound:
        return refused(request, page, unsound.faults)
    except Refused as no:
        return kept(request, slug, status=409, reason=no.reason)
    messages.success(request, f"{made.name} is added.")
    return redirect("coding:draft-entry", slug, made.name)


@writes
def preview(request: HttpRequest, slug: str) -> HttpResponse:
    """What a coder would see, and what is wrong with the draft as it would be. Writes nothing."""
    project = access.member_or_404(request.user, slug, *access.CURATORS).project
    if (draft := Draft.of(project)) is None:
        raise Http404
    at = draft.at(request.POST.get("entry", ""))
    line = draft.lines[at] if at is not None else None
    page = Page(project, draft, EntryForm.posted(request.POST, line.document if line else {}), line)
    page.seen = request.POST.get("stamp", "")
    document = page.form.document
    if at is None:
        lines = [*draft.lines, Line(document)]
    else:
        lines = draft.with_entry(at, document, page.form.codes).lines
    faults = draft.faults(lines)
    page.faults = placed(faults, document, page.number)
    fresh = {str(fault) for fault in draft.fresh(faults)}
    page.faults.elsewhere[:] = [each for each in page.faults.elsewhere if each[1] in fresh]
    return page.drawn(request, fragment=True)
