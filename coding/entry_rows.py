"""An entry's rows from its document: its words, its categories, and the variable it measures."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise

from coding import documents, shapes
from coding.documents import Document
from coding.models import Category, Entry, Unit, Variable

FURTHEST = 32_000  # positions fit a small integer of every database
Units = Mapping[str, Unit]


def write(entry: Entry, document: Document, units: Units, previous: Variable | None) -> Entry:
    """Write an entry as its document says, touching only the rows that differ.

    Where it measures what `previous` does, it shares that variable; where not, it has one of its
    own that replaces it, and is the only one that it has.
    """
    own, measured = _own_variable(entry), meaning(document, units)
    entry.variable = _variable(own, previous, measured)
    for word, value in words(document).items():
        setattr(entry, word, value)
    if _differs(entry):
        entry.save()
    _write_categories(entry, document)
    if own and own.pk != entry.variable_id:
        sweep([own])
    return entry


def _differs(row: Entry | Category) -> bool:
    """Whether a row says something else than the database: saving the same leaves no trace."""
    fields = [f.attname for f in row._meta.concrete_fields]
    stored = type(row)._default_manager.filter(pk=row.pk).values(*fields).first()
    return stored is None or any(getattr(row, field) != stored[field] for field in fields)


def _own_variable(entry: Entry) -> Variable | None:
    """The variable that this draft's entry alone has: it can change until it is published."""
    if entry.pk is None or Entry.objects.filter(variable=entry.variable_id).count() > 1:
        return None
    return entry.variable


def _variable(own: Variable | None, previous: Variable | None, measured: Document) -> Variable:
    if previous and means(previous, measured):
        return previous
    if own is None:
        return Variable.objects.create(replaces=previous, **measured)
    if not means(own, measured):
        for key, value in measured.items():
            setattr(own, key, value)
        own.save()
    return own


def sweep(variables: Iterable[Variable]) -> None:
    """Take away the variables among these that no codebook has any more."""
    for variable in variables:
        if not Entry.objects.filter(variable=variable).exists():
            variable.delete()


def _write_categories(entry: Entry, document: Document) -> None:
    before = {category.code: category for category in Category.objects.filter(entry=entry)}
    wanted = categories(document)
    for code in before.keys() - {category["code"] for category in wanted}:
        before.pop(code).delete()
    for said in wanted:
        category = before.get(said["code"]) or Category(entry=entry)
        if category.pk and all(getattr(category, key) == value for key, value in said.items()):
            continue
        for key, value in said.items():
            setattr(category, key, value)
        category.save()


# ------------------------------------------------------------------ from the document


def words(document: Document) -> Document:
    """The columns of an entry: all that may change from codebook to codebook."""
    skip = document.get("skip") or {}
    default = documents.compares_by_default(document["type"], document.get("pattern", ""))
    return {
        "name": document["name"],
        "label": document.get("label") or document["name"],
        "question": document.get("question") or document.get("label") or document["name"],
        "section": document.get("section", ""),
        "rule": document.get("rule", ""),
        "example": document.get("example", ""),
        "sources": document.get("sources", ""),
        "required": bool(document.get("required")),
        "filter": bool(document.get("filter")),
        "weight": document.get("weight", 1),
        "tolerance": _decimal(document.get("tolerance")),
        "compare": bool(document.get("compare", default)),
        "skip_if": skip.get("if", ""),
        "skip_value": str(skip.get("then", "")),
        "checks": [{"severity": "hard"} | check for check in document.get("checks") or []],
        "derived_from": str(document.get("derived_from", "")),
        "derive": document.get("derive", ""),
        "extra": {k: document[k] for k in documents.EXTRA_KEYS if k in document},
    }


def meaning(document: Document, units: Units) -> Document:
    """The columns of a variable: what is measured, and how."""
    return {
        "unit": units[document["unit"]],
        "kind": document["type"],
        "measure": document["level"],
        "unit_of_measurement": document.get("measure", ""),
        "minimum": _decimal(document.get("min")),
        "maximum": _decimal(document.get("max")),
        "pattern": document.get("pattern", ""),
        "codes": _codes(document),
        "exclusive": sorted(str(code) for code in document.get("exclusive") or []),
        "reference": document.get("reference", ""),
        "roster_of": units.get(document.get("roster_of", "")),
    }


def means(before: Variable, measured: Document) -> bool:
    """Whether a variable measures just this."""
    return all(getattr(before, key) == value for key, value in measured.items())


def _codes(document: Document) -> list[str]:
    """The codes of its categories; their order counts only where it is measured."""
    codes = [str(category["code"]) for category in document["categories"]]
    return codes if document["level"] == Variable.Measure.ORDINAL else sorted(codes)


def _decimal(number: object) -> Decimal | None:
    return None if number is None else Decimal(str(number))


def categories(document: Document) -> list[Document]:
    """The columns of each category, in order."""
    return [
        {
            "code": str(category["code"]),
            "label": str(category["label"]),
            "position": position,
            **{word: category.get(word, "") for word in shapes.CATEGORY_WORDS},
        }
        for position, category in enumerate(document["categories"], 1)
    ]


# ------------------------------------------------------------------ places


def gap(count: int) -> int:
    """How far apart so many entries stand, so that others find room between them."""
    return max(1, min(100, FURTHEST // (count + 1)))


def places(positions: Sequence[int | None]) -> list[int]:
    """Ascending positions for entries in their new order, as few of them changed as can be.

    None is an entry that has no position yet.
    """
    kept = _unmoved(positions)
    found: list[int] = []
    for index, position in enumerate(positions):
        behind = bisect_left(kept, index)
        if behind < len(kept) and kept[behind] == index and position is not None:
            found.append(position)
            continue
        end = kept[behind] if behind < len(kept) else len(positions)
        below = found[-1] if found else 0
        above = positions[end] if end < len(positions) else below + 100 * (end - index + 1)
        found.append(below + (above - below) // (end - index + 1))  # type: ignore[operator]
    ascending = all(a < b for a, b in pairwise(found))
    if ascending and (not found or found[-1] <= FURTHEST):
        return found
    return [n * gap(len(positions)) for n in range(1, len(positions) + 1)]


def _unmoved(positions: Sequence[int | None]) -> list[int]:
    """The places of a longest ascending run."""
    tails: list[int] = []
    ends: list[int] = []
    before: dict[int, int] = {}
    for index, position in enumerate(positions):
        if position is None or position < 1:
            continue
        at = bisect_left(tails, position)
        before[index] = ends[at - 1] if at else -1
        tails[at : at + 1], ends[at : at + 1] = [position], [index]
    run: list[int] = []
    place = ends[-1] if ends else -1
    while place >= 0:
        run.append(place)
        place = before[place]
    return run[::-1]
