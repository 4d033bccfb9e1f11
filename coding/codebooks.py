"""Codebooks: read one fast, draft one from a document, publish it for good."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max, Prefetch
from django.utils import timezone

from coding import canonical, documents, entry_rows, expressions
from coding.documents import Document
from coding.errors import Refused
from coding.models import Category, Codebook, Entry, MissingCode, Project, State, Unit


class Swayed(NamedTuple):
    """The reach of one answer: what the rules say beyond it stays as it is when it changes."""

    names: frozenset[str]  # entries of its own unit, itself among them
    by_rules: bool  # whether any rule reads it, or is its own
    rows: bool  # whether the sheets of another unit may ask more or less
    computes: bool  # whether anything is computed from it, in any unit
    across: bool  # whether a check of another unit, or one that reads rows below, is concerned


def current(project: Project) -> Codebook | None:
    """The codebook that new codings use: the last one published."""
    published = project.codebooks.exclude(published_at=None).order_by("-number")
    return published.defer("document").first()  # long, and read on its own pages only


def current_or_refused(project: Project) -> Codebook:
    if codebook := current(project):
        return codebook
    raise Refused("This project has no published codebook yet: import one and publish it first.")


def entries(codebook: Codebook) -> tuple[Entry, ...]:
    """All entries in order, with variable, unit, categories and missing codes at hand.

    A published codebook cannot change, so it is read once per process.
    """
    if codebook.published_at:
        return _published(codebook.pk, codebook.published_at)
    return _read(codebook.pk)


@lru_cache(maxsize=64)
def _published(pk: int, at: datetime) -> tuple[Entry, ...]:
    return _read(pk)


def _read(pk: int) -> tuple[Entry, ...]:
    codebook = Codebook.objects.prefetch_related("missing_codes").get(pk=pk)
    rows = codebook.entries.select_related(
        "variable__unit__parent", "variable__roster_of"
    ).prefetch_related(Prefetch("categories", Category.objects.order_by("position")))
    found = tuple(rows)
    for entry in found:
        entry.codebook = codebook
    return found


def entries_of(codebook: Codebook, unit: int) -> tuple[Entry, ...]:
    """The entries of one unit of analysis."""
    return tuple(e for e in entries(codebook) if e.variable.unit_id == unit)


def units_below(codebook: Codebook, unit: int) -> list[Unit]:
    """The units whose rows stand right under a row of this one, in the codebook's order."""
    units = {e.variable.unit_id: e.variable.unit for e in entries(codebook)}
    return [below for below in units.values() if below.parent_id == unit]


def swayed(codebook: Codebook, entry: Entry) -> Swayed:
    """What an answer has a say in, by the words of the rules. Worked out once per process."""
    if codebook.published_at:
        return _swayed(codebook.pk, codebook.published_at, entry.name)
    return _swayed_by(_read(codebook.pk), entry.name)


@lru_cache(maxsize=4096)
def _swayed(pk: int, at: datetime, name: str) -> Swayed:
    return _swayed_by(_published(pk, at), name)


def _swayed_by(found: tuple[Entry, ...], name: str) -> Swayed:
    ruled = {e.name: expressions.words(e.skip_if) | expressions.words(e.derive) for e in found}
    decided, fresh = {name}, {name}
    while fresh:
        fresh = {e for e, words in ruled.items() if words & fresh} - decided
        decided |= fresh
    entry = next(e for e in found if e.name == name)
    told = decided | ({entry.variable.roster_of.name} if entry.variable.roster_of else set())
    checked = {e.name for e in found if any(_words(c) & told for c in e.checks)}
    below = {e.variable.unit.name for e in found if e.variable.unit.parent_id}
    unit = entry.variable.unit_id
    here = {e.name for e in found if e.variable.unit_id == unit} & (decided | checked)
    others = {e.name for e in found if e.checks} & (decided | checked) - here
    looks_down = (c for e in found if e.name in here for c in e.checks if _words(c) & below)
    return Swayed(
        names=frozenset(here),
        by_rules=len(here) > 1 or bool(entry.checks or entry.skip_if or entry.derive),
        rows=any(e.skip_if and e.name in decided for e in found if e.variable.unit_id != unit),
        computes=any(e.derive and e.name in decided for e in found),
        across=bool(others) or any(looks_down),
    )


def _words(check: dict[str, str]) -> frozenset[str]:
    return expressions.words(check["expr"])


def newest_entries(project: Project) -> dict[int, Entry]:
    """Each variable that was ever published, as the newest codebook that has it describes it."""
    books = project.codebooks.exclude(published_at=None).order_by("number").defer("document")
    return {entry.variable_id: entry for book in books for entry in entries(book)}


def missing_codes_of(project: Project) -> dict[str, MissingCode]:
    """Every missing code that was ever published, as the newest codebook that has it says."""
    rows = MissingCode.objects.filter(codebook__project=project)
    rows = rows.exclude(codebook__published_at=None)
    return {m.code: m for m in rows.order_by("codebook__number", "position")}


def states_of(project: int) -> dict[str, str]:
    """Codes of the project's state list and their names; the last spell names a code."""
    rows = State.objects.filter(project=project).order_by("member_from")
    return dict(rows.values_list("code", "name"))


def spells_of(project: int) -> expressions.Spells:
    """First and last day of each spell in the state system, by code as rules read it."""
    found: dict[object, list[tuple[str, str]]] = {}
    rows = State.objects.filter(project=project).order_by("member_from")
    for code, first, last in rows.values_list("code", "member_from", "member_until"):
        until = last.isoformat() if last else canonical.LATEST
        spell = (first.isoformat(), until)
        found.setdefault(canonical.plain(code, _A_STATE), []).append(spell)
    return found


_A_STATE = canonical.Domain("state")


def document_of(codebook: Codebook) -> Document:
    """The codebook as plain data, ready for YAML or JSON."""
    return documents.document_of(codebook, entries(codebook))


def digest_of(codebook: Codebook) -> str:
    """The digest of what the tables say now, whatever the cache remembers."""
    return documents.digest_of(documents.document_of(codebook, _read(codebook.pk)))


@transaction.atomic
def publish(*, codebook: Codebook, by: User | None = None) -> Codebook:
    """Close a codebook for good. From here on the database refuses to change it."""
    codebook = Codebook.objects.select_for_update().get(pk=codebook.pk)
    if codebook.published_at:
        raise Refused(f"Codebook {codebook.number} is published already.")
    if not codebook.entries.exists():
        raise Refused("An empty codebook cannot be published: add an entry first.")
    _refuse_unsound(codebook)
    _renew_units(codebook)
    codebook.digest = digest_of(codebook)
    codebook.published_at, codebook.published_by = timezone.now(), by
    codebook.save()
    return codebook


@transaction.atomic
def draft(*, project: Project, document: object, note: str = "") -> Codebook:
    """Make the project's draft from a document, replacing an earlier draft.

    A variable whose meaning is as before is shared with the codebook before it; one whose
    meaning changed is a new variable that replaces it. Raises ValidationError with every
    fault of the document. A document equal to the current codebook gives that one back.
    """
    if isinstance(document, dict):
        document = documents.mended(document)
    if faults := documents.problems(document):
        raise ValidationError([str(fault) for fault in faults])
    content = documents.normal(dict(document))  # type: ignore[call-overload]
    before = current(project)
    for earlier in project.codebooks.filter(published_at=None):
        discard(codebook=earlier)
    codebook = filled(project, content, note, before)
    if before and digest_of(codebook) == before.digest:
        discard(codebook=codebook)
        return before
    return codebook


def filled(project: Project, content: Document, note: str, before: Codebook | None) -> Codebook:
    """A draft from a sound document, its entries continuing those of the codebook before it."""
    units = units_of(project, content)
    codebook = _empty(project, content, note)
    previous = {e.name: e.variable for e in entries(before)} if before else {}
    gap = entry_rows.gap(len(content["variables"]))
    for position, variable in enumerate(content["variables"], 1):
        # A document that is read again renames what has its new name already.
        origins = (variable.get("renamed_from", ""), variable["name"])
        known = next((previous.pop(name) for name in origins if name in previous), None)
        entry = Entry(codebook=codebook, position=position * gap)
        entry_rows.write(entry, variable, units, known)
    return codebook


@transaction.atomic
def discard(*, codebook: Codebook) -> None:
    """Take a draft away, with the variables that it alone has. The database refuses any other."""
    mine = [e.variable for e in codebook.entries.select_related("variable")]
    codebook.delete()
    entry_rows.sweep(mine)
    _sweep_units(codebook)


def _sweep_units(gone: Codebook) -> None:
    """Take away the units that only a draft named, from the lowest up; cases keep theirs."""
    last = current(gone.project)
    kept = {u["id"] for u in _units_in(last)} if last else set()
    for unit in reversed([u for u in _units_in(gone) if u["id"] not in kept]):
        named = gone.project.units.filter(name=unit["id"])
        named.filter(variables=None, rosters=None, cases=None, children=None).delete()


def _units_in(codebook: Codebook) -> list[Document]:
    return list(codebook.document.get("codebook", {}).get("units", []))


def _empty(project: Project, content: Document, note: str) -> Codebook:
    head = {k: v for k, v in content["codebook"].items() if k not in ("title", "missing_codes")}
    rest = {k: v for k, v in content.items() if k not in ("codebook", "variables")}
    last = project.codebooks.aggregate(last=Max("number"))["last"] or 0
    codebook = Codebook.objects.create(
        project=project,
        number=last + 1,
        title=content["codebook"]["title"],
        note=note,
        document={"codebook": head, **rest},
    )
    renew_missing_codes(codebook, content["codebook"].get("missing_codes") or [])
    return codebook


def renew_missing_codes(codebook: Codebook, codes: list[Document]) -> None:
    """The missing codes of a draft as its document lists them."""
    codebook.missing_codes.all().delete()
    MissingCode.objects.bulk_create(
        MissingCode(codebook=codebook, position=n, **_missing(code)) for n, code in enumerate(codes)
    )


def _missing(code: Document) -> Document:
    treated = {False: "exclude", "as_category": "category", "configurable": "configurable"}
    return {
        "code": str(code["code"]),
        "key": code.get("key") or f"code{code['code']}".replace("-", "_"),
        "label": code.get("label") or code.get("key") or "missing",
        "meaning": code.get("meaning", ""),
        "set_by": set_by(code),
        "in_reliability": treated.get(code.get("counts_in_reliability", False), "exclude"),
        "needs_note": documents.needs_note(code),
    }


def set_by(code: Document) -> str:
    """Who sets a missing code, also where the document says it in prose only."""
    if code.get("set_by"):
        return str(code["set_by"])
    meaning = code.get("meaning", "").lower()
    if "skip logic" in meaning:
        return MissingCode.SetBy.RULE
    nobody = "never leaves" in meaning
    return MissingCode.SetBy.NOBODY if nobody else MissingCode.SetBy.CODER


def units_of(project: Project, document: Document) -> dict[str, Unit]:
    """The units a document names, those that are new made.

    What an older one says changes with the publication: coders see no draft.
    """
    known = {unit.name: unit for unit in project.units.all()}
    for name, said in _units_said(document):
        if name not in known:
            parent = known.get(said.pop("parent"))
            known[name] = Unit.objects.create(project=project, name=name, parent=parent, **said)
    return known


def _units_said(document: Document) -> Iterator[tuple[str, Document]]:
    rosters = {v.get("roster_of") for v in document["variables"]}
    for position, unit in enumerate(document["codebook"]["units"]):
        rows = Unit.Rows.KEYED
        if unit.get("parent"):
            rows = Unit.Rows.ROSTER if unit["id"] in rosters else Unit.Rows.NUMBERED
        yield (
            unit["id"],
            {
                "label": unit.get("label") or unit["id"],
                "definition": unit.get("definition", ""),
                "parent": unit.get("parent", ""),
                "key_name": (unit.get("key") or ["key"])[-1],
                "rows": unit.get("rows") or rows,
                "position": position,
            },
        )


def _refuse_unsound(codebook: Codebook) -> None:
    """A draft can come from a codebook that is older than a rule: then it is mended first."""
    if faults := documents.problems(documents.document_of(codebook, _read(codebook.pk))):
        told = " ".join(str(fault) for fault in faults[:3])
        many = "a fault" if len(faults) == 1 else f"{len(faults)} faults"
        raise Refused(f"Mend the draft first: it has {many}. {told}")


def _renew_units(codebook: Codebook) -> None:
    """The units as the codebook words them, now that it holds for everybody."""
    document = documents.document_of(codebook, _read(codebook.pk))
    known = {unit.name: unit for unit in codebook.project.units.select_related("parent")}
    for name, said in _units_said(document) if document["codebook"].get("units") else ():
        unit, parent = known[name], known.get(said.pop("parent"))
        if any(getattr(unit, key) != value for key, value in (said | {"parent": parent}).items()):
            for key, value in (said | {"parent": parent}).items():
                setattr(unit, key, value)
            unit.save()
