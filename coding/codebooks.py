"""Codebooks: read one fast, draft one from a document, publish it for good."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max, Prefetch
from django.utils import timezone

from coding import canonical, documents, expressions
from coding.documents import Document
from coding.errors import Refused
from coding.models import Category, Codebook, Entry, MissingCode, Project, State, Unit, Variable


class Swayed(NamedTuple):
    """The reach of one answer: what the rules say beyond it stays as it is when it changes."""

    names: frozenset[str]  # entries of its own unit, itself among them
    by_rules: bool  # whether any rule reads it, or is its own
    rows: bool  # whether the sheets of another unit may ask more or less
    across: bool  # whether a check of another unit, or one that reads rows below, is concerned


def current(project: Project) -> Codebook | None:
    """The codebook that new codings use: the last one published."""
    return project.codebooks.exclude(published_at=None).order_by("-number").first()


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
        across=bool(others) or any(looks_down),
    )


def _words(check: dict[str, str]) -> frozenset[str]:
    return expressions.words(check["expr"])


def newest_entries(project: Project) -> dict[int, Entry]:
    """Each variable that was ever published, as the newest codebook that has it describes it."""
    books = project.codebooks.exclude(published_at=None).order_by("number")
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
    project.codebooks.filter(published_at=None).delete()
    units = _units(project, content["codebook"]["units"], content["variables"])
    codebook = _empty(project, content, note)
    previous = {e.name: e.variable for e in entries(before)} if before else {}
    for position, variable in enumerate(content["variables"], 1):
        # A document that is read again renames what has its new name already.
        origins = (variable.get("renamed_from", ""), variable["name"])
        known = next((previous.pop(name) for name in origins if name in previous), None)
        _add_entry(codebook, position, variable, units, known)
    if before and digest_of(codebook) == before.digest:
        codebook.delete()
        return before
    return codebook


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
    codes = content["codebook"].get("missing_codes") or []
    MissingCode.objects.bulk_create(
        MissingCode(codebook=codebook, position=n, **_missing(code)) for n, code in enumerate(codes)
    )
    return codebook


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


def _units(project: Project, listed: list[Document], variables: list[Document]) -> dict[str, Unit]:
    rosters = {v.get("roster_of") for v in variables}
    units: dict[str, Unit] = {}
    for position, unit in enumerate(listed):
        rows = Unit.Rows.KEYED
        if unit.get("parent"):
            rows = Unit.Rows.ROSTER if unit["id"] in rosters else Unit.Rows.NUMBERED
        units[unit["id"]], _ = Unit.objects.update_or_create(
            project=project,
            name=unit["id"],
            defaults={
                "label": unit.get("label") or unit["id"],
                "definition": unit.get("definition", ""),
                "parent": units.get(unit.get("parent", "")),
                "key_name": (unit.get("key") or ["key"])[-1],
                "rows": unit.get("rows") or rows,
                "position": position,
            },
        )
    return units


def _add_entry(
    codebook: Codebook,
    position: int,
    document: Document,
    units: dict[str, Unit],
    previous: Variable | None,
) -> None:
    meaning = _meaning(document, units)
    variable = previous if previous and _is_as_before(previous, meaning) else None
    if variable is None:
        variable = Variable.objects.create(replaces=previous, **meaning)
    skip = document.get("skip") or {}
    entry = Entry.objects.create(
        codebook=codebook,
        variable=variable,
        position=position,
        name=document["name"],
        label=document.get("label") or document["name"],
        question=document.get("question") or document.get("label") or document["name"],
        section=document.get("section", ""),
        rule=document.get("rule", ""),
        example=document.get("example", ""),
        sources=document.get("sources", ""),
        required=bool(document.get("required")),
        filter=bool(document.get("filter")),
        skip_if=skip.get("if", ""),
        skip_value=str(skip.get("then", "")),
        checks=[{"severity": "hard"} | check for check in document.get("checks") or []],
        derived_from=str(document.get("derived_from", "")),
        derive=document.get("derive", ""),
        extra={k: document[k] for k in documents.EXTRA_KEYS if k in document},
    )
    for category in _categories(document):
        Category.objects.create(entry=entry, **category)


def _meaning(document: Document, units: dict[str, Unit]) -> Document:
    kind, pattern = document["type"], document.get("pattern", "")
    default = documents.compares_by_default(kind, pattern)
    return {
        "unit": units[document["unit"]],
        "kind": kind,
        "measure": document["level"],
        "unit_of_measurement": document.get("measure", ""),
        "minimum": _decimal(document.get("min")),
        "maximum": _decimal(document.get("max")),
        "tolerance": _decimal(document.get("tolerance")),
        "pattern": pattern,
        "compare": bool(document.get("compare", default)),
        "codes": _codes(document),
        "exclusive": sorted(str(code) for code in document.get("exclusive") or []),
        "reference": document.get("reference", ""),
        "roster_of": units.get(document.get("roster_of", "")),
    }


def _codes(document: Document) -> list[str]:
    """The codes of its categories; their order counts only where it is measured."""
    codes = [str(category["code"]) for category in document["categories"]]
    return codes if document["level"] == Variable.Measure.ORDINAL else sorted(codes)


def _decimal(number: object) -> Decimal | None:
    return None if number is None else Decimal(str(number))


def _categories(document: Document) -> list[Document]:
    words = ("definition", "include", "exclude", "example")
    return [
        {
            "code": str(category["code"]),
            "label": str(category["label"]),
            "position": position,
            **{word: category.get(word, "") for word in words},
        }
        for position, category in enumerate(document["categories"], 1)
    ]


def _is_as_before(before: Variable, meaning: Document) -> bool:
    return all(getattr(before, key) == value for key, value in meaning.items())
