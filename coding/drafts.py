"""What a curator does with the draft of a codebook: every act leaves it sound.

Each act locks the draft, so two people write one after the other. A `stamp` says what the page
was drawn from: where that has changed since, the act is refused as Overtaken and nothing is lost.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db import transaction
from django.urls import reverse

from coding import codebooks, documents, meanings, renaming
from coding.documents import Document
from coding.drafting import Codes, Draft, Line
from coding.errors import Overtaken, Refused
from coding.models import Codebook, Entry, Project

MISSING = [
    {"code": -77, "key": "indeterminate", "label": "Cannot be determined", "note_required": True},
    {"code": -88, "key": "not_applicable", "label": "Not applicable", "set_by": "rule"},
    {"code": -99, "key": "unknown", "label": "Unknown"},
]
EMPTY_UNITS = [{"id": "event", "label": "Event"}]


class NoDraft(Refused):
    """There is nothing to change: the draft was published or discarded."""


class Gone(Refused):
    """The entry that was to be changed is not in the draft any more."""


@dataclass(frozen=True)
class Saved:
    """An entry as it was saved, and the entries whose expressions read it."""

    entry: Entry
    rewritten: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


# ------------------------------------------------------------------ stamps


def stamp(document: Document) -> str:
    """What one part of a draft says, in a few letters."""
    return documents.digest_of(document)[:16]


def outline_stamp(draft: Draft) -> str:
    """The order of entries, their units and sections."""
    places = [[d["name"], d["unit"], d.get("section", "")] for d in draft.document["variables"]]
    return stamp({"outline": places})


def head_stamp(draft: Draft) -> str:
    """Title, note, units and missing codes."""
    return stamp({"head": draft.head, "note": draft.codebook.note})


def whole_stamp(draft: Draft) -> str:
    """Everything that the draft says."""
    return stamp({"document": draft.document, "note": draft.codebook.note})


# ------------------------------------------------------------------ the draft as a whole


@transaction.atomic
def start(*, project: Project) -> Codebook:
    """Make the draft: the current codebook over again, or an empty one for a new project."""
    Project.objects.select_for_update().get(pk=project.pk)
    if Draft.of(project):
        raise Refused("This project has a draft already.", [_way_to_draft(project)])
    before = codebooks.current(project)
    document = codebooks.document_of(before) if before else _blank(project)
    return codebooks.filled(project, documents.normal(document), "", before)


def _blank(project: Project) -> Document:
    units = [
        {"id": u.name, "label": u.label, "definition": u.definition, "key": [u.key_name]}
        | ({"parent": u.parent.name, "rows": u.rows} if u.parent else {})
        for u in project.units.select_related("parent")
    ]
    head = {"title": project.title, "units": units or EMPTY_UNITS, "missing_codes": MISSING}
    return {"codebook": head, "variables": []}


@transaction.atomic
def discard(*, project: Project, stamp: str) -> None:
    """Throw the draft away as it was seen: nothing that somebody typed since."""
    draft = _opened(project)
    if stamp != whole_stamp(draft):
        raise Overtaken(
            "Somebody changed the draft since you saw it: look at it again before you discard it.",
            [_way_to_draft(project)],
        )
    codebooks.discard(codebook=draft.codebook)


@transaction.atomic
def save_head(*, project: Project, head: Document, note: str, stamp: str) -> Codebook:
    """Save the title, the note, the units and the missing codes."""
    draft = _opened(project)
    if stamp != head_stamp(draft):
        raise Overtaken("Somebody changed title, units or missing codes since you opened them.")
    codebook, head = draft.codebook, draft.head | head
    draft.write(draft.lines, head)
    if head.get("missing_codes", []) != draft.head.get("missing_codes", []):
        codebooks.renew_missing_codes(codebook, head.get("missing_codes", []))
    codebook.title, codebook.note = head["title"], note
    prose = {k: v for k, v in head.items() if k not in ("title", "missing_codes")}
    codebook.document = codebook.document | {"codebook": prose}
    codebook.save()
    return codebook


# ------------------------------------------------------------------ one entry


@transaction.atomic
def save_entry(
    *, project: Project, name: str, document: Document, stamp: str, codes: Codes | None = None
) -> Saved:
    """Save an entry; expressions that read it follow its new name and its categories' new codes.

    `codes` are those of its categories that got another code.
    """
    draft = _opened(project)
    at = _at(draft, name)
    if stamp != entry_stamp(draft.lines[at]):
        raise Overtaken(f"Somebody changed {name} since you opened it.")
    followed = draft.with_entry(at, document, codes or {})
    written = draft.write(followed.lines)
    return Saved(written[str(document["name"])], followed.rewritten, followed.left)


def entry_stamp(line: Line) -> str:
    """What an entry says, as it stands."""
    return stamp(line.document)


@transaction.atomic
def add_entry(*, project: Project, document: Document, after: str = "") -> Entry:
    """Add an entry after another one; else at the end of its section, or of its unit."""
    draft = _opened(project)
    lines = list(draft.lines)
    lines.insert(_place_for(draft, document, after), Line(document))
    return draft.write(lines)[str(document["name"])]


def _place_for(draft: Draft, document: Document, after: str) -> int:
    if (at := draft.at(after)) is not None:
        return at + 1
    near = [
        n for n, line in enumerate(draft.lines) if line.document["unit"] == document.get("unit")
    ]
    section = document.get("section", "")
    beside = [n for n in near if draft.lines[n].document.get("section", "") == section]
    return max(beside or near, default=len(draft.lines) - 1) + 1


@transaction.atomic
def duplicate(*, project: Project, name: str) -> Entry:
    """Put a copy of an entry after it: a variable of its own, under a name of its own."""
    draft = _opened(project)
    at = _at(draft, name)
    taken = {line.name for line in draft.lines} | {entry.name for entry in draft.earlier}
    document = draft.lines[at].document
    copy = document | {
        "name": next(n for n in _names_like(name) if n not in taken),
        "label": f"{document['label'][:193]} (copy)",
    }
    lines = list(draft.lines)
    lines.insert(at + 1, Line(copy))
    return draft.write(lines)[copy["name"]]


def _names_like(name: str) -> list[str]:
    return [f"{name[:60]}_{number}" for number in range(2, 1000)]


@transaction.atomic
def retire(*, project: Project, name: str) -> None:
    """Leave an entry out of the draft, unless the expressions of others read it."""
    draft = _opened(project)
    line = draft.lines[_at(draft, name)]
    readers = [other for other in draft.lines if other.name != name and _reads(other, name)]
    if readers:
        raise Refused(
            f"{name} cannot be retired: the expressions of {len(readers)} "
            f"{'entry reads' if len(readers) == 1 else 'entries read'} it. Change them first.",
            [(f"{r.document['label']} ({r.name})", _way_to(project, r.name)) for r in readers],
        )
    draft.write([other for other in draft.lines if other is not line])


def _reads(line: Line, name: str) -> bool:
    return any(renaming.reads(text, name) for _, text in meanings.expressions_of(line.document))


@transaction.atomic
def bring_back(*, project: Project, name: str) -> Entry:
    """Take an entry that was retired in the draft into it again, as it was, where it stood."""
    draft = _opened(project)
    entry = next((e for e in draft.retired if e.name == name), None)
    if entry is None or draft.before is None:
        raise Gone(f"{name} is not retired in this draft.", [_way_to_draft(project)])
    document = documents.normal(codebooks.document_of(draft.before))["variables"]
    old = next(v for v in document if v["name"] == name)
    lines = list(draft.lines)
    lines.insert(_old_place(draft, entry), Line(old, None, entry.variable))
    return draft.write(lines)[name]


def _old_place(draft: Draft, entry: Entry) -> int:
    """Behind the nearest entry that stood before it and still stands."""
    places = {line.previous.pk: n for n, line in enumerate(draft.lines) if line.previous}
    earlier = [e for e in draft.earlier if e.position < entry.position]
    near = next((places[e.variable_id] for e in earlier[::-1] if e.variable_id in places), -1)
    return near + 1


# ------------------------------------------------------------------ order and sections


@transaction.atomic
def place(
    *, project: Project, name: str, section: str, stamp: str, before: str = "", after: str = ""
) -> None:
    """Put an entry into a section of its unit: before or after another entry, or at its end."""
    _place(_ordered(project, stamp), name, section, before, after)


def _place(draft: Draft, name: str, section: str, before: str = "", after: str = "") -> None:
    lines = list(draft.lines)
    line = lines.pop(_at(draft, name))
    names = [other.name for other in lines]
    moved = _under(line.document, section)
    if before in names:
        at = names.index(before)
    elif after in names:
        at = names.index(after) + 1
    else:
        beside = [n for n, other in enumerate(lines) if _heading(other) == _heading_of(moved)]
        at = max(beside, default=len(lines) - 1) + 1
    lines.insert(at, Line(moved, line.entry, line.previous, line.was))
    draft.write(lines)


def _under(document: Document, section: str) -> Document:
    rest = {key: value for key, value in document.items() if key != "section"}
    return rest | ({"section": section} if section else {})


def _heading(line: Line) -> tuple[str, str]:
    return _heading_of(line.document)


def _heading_of(document: Document) -> tuple[str, str]:
    return document["unit"], document.get("section", "")


@transaction.atomic
def move(*, project: Project, name: str, by: int, stamp: str) -> None:
    """Move an entry one place up or down; over the edge of its section into the next one."""
    draft = _ordered(project, stamp)
    line = draft.lines[_at(draft, name)]
    headings = _headings(draft, line.document["unit"])
    inside = headings[_heading(line)[1]]
    beside = inside.index(name) + by
    names = list(headings)
    to = names.index(_heading(line)[1])
    if 0 <= beside < len(inside):
        end = inside[beside]
    elif 0 <= to + by < len(names):
        to, end = to + by, ""
    else:
        return
    if by < 0:
        _place(draft, name, names[to], before=end, after=end or headings[names[to]][-1])
    else:
        _place(draft, name, names[to], before="" if end else headings[names[to]][0], after=end)


def _headings(draft: Draft, unit: str) -> dict[str, list[str]]:
    """The sections of a unit in order, with the names of their entries."""
    found: dict[str, list[str]] = {}
    for line in draft.lines:
        if line.document["unit"] == unit:
            found.setdefault(_heading(line)[1], []).append(line.name)
    return found


@transaction.atomic
def move_section(*, project: Project, unit: str, section: str, by: int, stamp: str) -> None:
    """Move a section of a unit one place up or down, with all its entries."""
    draft = _ordered(project, stamp)
    names = list(_headings(draft, unit))
    if section not in names:
        raise Gone(f"There is no section {section} any more.", [_way_to_draft(project)])
    at = names.index(section)
    if not 0 <= at + by < len(names):
        return
    names[at], names[at + by] = names[at + by], names[at]
    mine = [n for n, line in enumerate(draft.lines) if line.document["unit"] == unit]
    ordered = sorted(mine, key=lambda n: names.index(_heading(draft.lines[n])[1]))
    lines = list(draft.lines)
    for to, source in zip(mine, ordered, strict=True):
        lines[to] = draft.lines[source]
    draft.write(lines)


@transaction.atomic
def rename_section(*, project: Project, unit: str, section: str, name: str, stamp: str) -> None:
    """Give a section of a unit another name; the name of another one joins the two."""
    draft = _ordered(project, stamp)
    draft.write(
        [
            Line(_under(line.document, name), line.entry, line.previous, line.was)
            if _heading(line) == (unit, section)
            else line
            for line in draft.lines
        ]
    )


# ------------------------------------------------------------------ what all of them need


def _opened(project: Project) -> Draft:
    draft = Draft.of(project, to_write=True)
    if draft is None:
        raise NoDraft(
            "There is no draft any more: it was published or discarded.",
            [("The codebook", reverse("coding:codebook", args=[project.slug]))],
        )
    return draft


def _ordered(project: Project, stamp: str) -> Draft:
    draft = _opened(project)
    if stamp != outline_stamp(draft):
        raise Overtaken("Somebody changed the outline since you saw it.", [_way_to_draft(project)])
    return draft


def _at(draft: Draft, name: str) -> int:
    at = draft.at(name)
    if at is None:
        raise Gone(f"{name} is not in the draft any more.", [_way_to_draft(draft.project)])
    return at


def _way_to(project: Project, name: str) -> str:
    return reverse("coding:draft-entry", args=[project.slug, name])


def _way_to_draft(project: Project) -> tuple[str, str]:
    return "The draft", reverse("coding:draft", args=[project.slug])
