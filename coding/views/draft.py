"""The draft of a codebook: its outline, and what is done to the draft as a whole."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from coding import access, changes, codebooks, drafts
from coding.changes import Kind, Pair
from coding.documents import Document
from coding.drafting import Draft, Unsound
from coding.errors import Overtaken
from coding.models import Entry, Project, Proposal
from coding.views.writing import is_fetch, writes

# What a curator sees of a change at a glance; the page that publishes tells it in full.
_BADGES = {Kind.ADDED: "new", Kind.RENAMED: "renamed", Kind.MOVED: "moved"}
_BADGES |= {Kind.EDITORIAL: "reworded", Kind.CLARIFYING: "reworded"}


@dataclass(frozen=True)
class Row:
    """An entry of the outline: what is new about it, and what is wrong with it."""

    entry: Entry
    badges: list[str]
    faults: list[str]
    is_new: bool  # nothing of it is left once it is taken out


@dataclass
class Section:
    """A section of a unit, with its place among the others."""

    name: str
    number: int
    rows: list[Row] = field(default_factory=list)


@dataclass
class Part:
    """A unit as the draft words it, with its sections."""

    unit: Document
    sections: dict[str, Section] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return sum(len(section.rows) for section in self.sections.values())


@login_required
def draft(request: HttpRequest, slug: str) -> HttpResponse:
    """The outline of the draft; where there is none, the way to start one."""
    project = access.member_or_404(request.user, slug, *access.CURATORS).project
    return page(request, project)


def page(
    request: HttpRequest, project: Project, *, status: int = 200, again: str = "", no: str = ""
) -> HttpResponse:
    """The draft's page; `again` names a move that was not made because the outline changed."""
    found = Draft.of(project)
    context: dict[str, object] = {
        "project": project,
        "current": codebooks.current(project),
        "proposals": proposed(project),
    }
    if found:
        context |= _outline(found) | {"no": no, "again": again, "typed": request.POST.items()}
    return render(request, "coding/draft.html", context, status=status)


def proposed(project: Project) -> list[tuple[Proposal, Entry]]:
    """What those who settle disputes would have the codebook say, still to be answered."""
    standing = list(project.proposals.filter(closed_at=None).select_related("by"))
    entries = codebooks.newest_entries(project) if standing else {}
    return [(p, entries[p.variable_id]) for p in standing if p.variable_id in entries]


def _outline(draft: Draft) -> dict[str, object]:
    pairs = _pairs(draft)
    wrong: dict[str, list[str]] = {}
    for fault in draft.faults(draft.lines):
        words = fault.place.removeprefix("variable ").split(",")
        wrong.setdefault(words[0], []).append(str(fault))
    parts = {unit["id"]: Part(unit) for unit in draft.head.get("units", [])}
    for entry in draft.entries:
        name = entry.variable.unit.name
        sections = parts.setdefault(name, Part({"id": name})).sections
        section = sections.setdefault(entry.section, Section(entry.section, len(sections) + 1))
        badges = badges_of(pairs[entry.pk]) if entry.pk in pairs else []
        is_new = draft.continued(entry) is None
        section.rows.append(Row(entry, badges, wrong.pop(entry.name, []), is_new))
    return {
        "draft": draft,
        "codebook": draft.codebook,
        "parts": list(parts.values()),
        "retired": draft.retired,
        "faults": [text for texts in wrong.values() for text in texts],
        "changed": sum(bool(p.changes) for p in pairs.values()) + len(draft.retired),
        "stamp": drafts.outline_stamp(draft),
        "whole": drafts.whole_stamp(draft),
    }


def _pairs(draft: Draft) -> dict[int, Pair]:
    """What changed since the codebook before, by entry of the draft."""
    if draft.before is None:
        return {}
    return {p.new.pk: p for p in changes.compare(draft.before, draft.codebook) if p.new}


def badges_of(pair: Pair) -> list[str]:
    """The kinds of change in a word each: what is measured before how it is said."""
    kinds = [_BADGES.get(change.kind, "changed") for change in pair.changes]
    order = ("new", "changed", "renamed", "moved", "reworded")
    return [word for word in order if word in kinds]


# ------------------------------------------------------------------ acts


@writes
def start(request: HttpRequest, slug: str) -> HttpResponse:
    """Begin a draft: the current codebook over again, or an empty one."""
    project = access.member_or_404(request.user, slug, *access.CURATORS).project
    drafts.start(project=project)
    messages.success(request, "The draft is yours to change. Nobody codes by it until you publish.")
    return redirect("coding:draft", slug)


@writes
def discard(request: HttpRequest, slug: str) -> HttpResponse:
    """Throw the draft away, once it was confirmed."""
    project = access.member_or_404(request.user, slug, *access.CURATORS).project
    drafts.discard(project=project, stamp=request.POST.get("stamp", ""))
    messages.success(request, "The draft is discarded. The codebook is as it was.")
    return redirect("coding:codebook", slug)


@writes
def act(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """Duplicate an entry, or retire it."""
    project = access.member_or_404(request.user, slug, *access.CURATORS).project
    if request.POST.get("act") == "duplicate":
        copy = drafts.duplicate(project=project, name=name)
        messages.success(request, f"A copy of {name}: give it a name and words of its own.")
        return redirect("coding:draft-entry", slug, copy.name)
    if request.POST.get("act") != "retire":
        raise Http404
    drafts.retire(project=project, name=name)
    messages.success(request, f"{name} is taken out of the draft.")
    return redirect("coding:draft", slug)


@writes
def back(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """Bring back an entry that was retired in the draft."""
    project = access.member_or_404(request.user, slug, *access.CURATORS).project
    try:
        drafts.bring_back(project=project, name=name)
    except Unsound as unsound:
        return page(request, project, status=422, no=f"{name} cannot come back: {unsound}")
    return _to(slug, f"e-{name}")


@writes
def outline(request: HttpRequest, slug: str) -> HttpResponse:
    """Move an entry or a section, or name a section anew.

    Where somebody changed the outline meanwhile, theirs is shown, and the move can be made on it.
    """
    project = access.member_or_404(request.user, slug, *access.CURATORS).project
    try:
        at = _move(request, project)
    except Overtaken:
        return page(request, project, status=409, again=_told(request))
    except Unsound as unsound:
        return page(request, project, status=422, no=str(unsound))
    if is_fetch(request):
        found = Draft.of(project)
        return HttpResponse(drafts.outline_stamp(found) if found else "")
    return _to(slug, at)


def _move(request: HttpRequest, project: Project) -> str:
    said, stamp = request.POST, request.POST.get("stamp", "")
    for key, by in (("up", -1), ("down", 1)):
        if name := said.get(key):
            drafts.move(project=project, name=name, by=by, stamp=stamp)
            return f"e-{name}"
        if heading := said.get(f"section-{key}"):
            unit, _, section = heading.partition("/")
            drafts.move_section(project=project, unit=unit, section=section, by=by, stamp=stamp)
            return f"u-{unit}"
    if name := said.get("place"):
        where = {key: said.get(key, "") for key in ("section", "before", "after")}
        drafts.place(project=project, name=name, stamp=stamp, **where)
        return f"e-{name}"
    unit, section = said.get("unit", ""), said.get("old", "")
    name = said.get("new", "").strip()
    drafts.rename_section(project=project, unit=unit, section=section, name=name, stamp=stamp)
    return f"u-{unit}"


def _told(request: HttpRequest) -> str:
    """What was to be done, in words."""
    said = request.POST
    for key in ("up", "down"):
        if name := said.get(key):
            return f"move {name} {key}"
        if heading := said.get(f"section-{key}"):
            return f"move the section {heading.partition('/')[2]} {key}"
    if said.get("place"):
        return f"move {said['place']}"
    return f"call the section {said.get('old', '')} {said.get('new', '')}"


def _to(slug: str, anchor: str) -> HttpResponse:
    address = f"{reverse('coding:draft', args=[slug])}#{anchor}"
    return HttpResponse(status=303, headers={"Location": address})
