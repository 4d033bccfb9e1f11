"""Cells that are computed from others and from others' data: they follow, with their reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Exists, OuterRef
from django.db.models.functions import Coalesce
from django.utils import timezone

from coding import blind, codebooks, rules
from coding.expressions import Row, series_read
from coding.models import Case, Cell, Coding, Entry, Project, Series
from coding.series import Reference
from coding.work import signed
from coding.work.act import act

Status = Cell.Status


@dataclass
class Followed:
    """What became of the cells that are derived from a series.

    counts: cells filled, changed, gone, and empty for want of a value. kept: what people say
    otherwise, which stands. unplaced: states that were in no spell of the system on the day.
    """

    counts: Counter[str] = field(default_factory=Counter)
    kept: list[str] = field(default_factory=list)
    unplaced: list[tuple[str, str]] = field(default_factory=list)


@act
def follow_series(*, series: Series) -> Followed:
    """Fill the derived cells of all opened cases from a series as it is now.

    What a person coded or ruled stays. For operators: the counts are of all cells.
    """
    told, project = Followed(), series.project
    readers = _readers(project, series.name)
    if not readers:
        return told
    reference = Reference(project.pk)
    writing = _Writing(taken_over(series), told, readers, reference)
    coded = Cell.objects.filter(case__unit__project=project)
    families = coded.order_by().annotate(family=Coalesce("case__root", "case")).values("family")
    roots = Case.objects.filter(pk__in=families).select_related("unit__project").order_by("pk")
    for root in roots.select_for_update(of=("self",)):
        derive(root, writing)
    told.unplaced = sorted(reference.unplaced)
    return told


def taken_over(series: Series) -> str:
    """Why a cell changed, as its history tells it."""
    return f"series {series.name}, {series.version}, taken over"


def _readers(project: Project, name: str) -> frozenset[int]:
    """The variables that the newest codebook derives from a series."""
    book = codebooks.current(project)
    entries = codebooks.entries(book) if book else ()
    return frozenset(e.variable_id for e in entries if name in series_read(e.derive))


@dataclass(frozen=True)
class _Writing:
    """Why cells are computed again, of which variables it is told, and out of which series."""

    why: str
    told: Followed
    readers: frozenset[int]
    reference: Reference


def derive(root: Case, writing: _Writing | None = None) -> None:
    """Compute the derived cells of a family again from what they depend on."""
    book = codebooks.current(root.unit.project)
    if book is None or not any(e.derive for e in codebooks.entries(book)):
        return
    family = _family(root)
    known = {case.pk: {} for case in family}  # type: dict[int, dict[int, Cell]]
    for cell in Cell.objects.filter(case__in=family):
        known[cell.case_id][cell.variable_id] = cell
    entries = {u: codebooks.entries_of(book, u) for u in {case.unit_id for case in family}}
    answers = {c.pk: _answers(known[c.pk], entries[c.unit_id]) for c in family}
    reference = writing.reference if writing else Reference(root.unit.project_id)
    for case in family:
        if not known[case.pk]:
            continue
        around = _around(case, family, answers, entries, reference)
        reading = rules.read(entries[case.unit_id], answers[case.pk], around)
        answers[case.pk] = reading.answers
        _write_derived(case, entries[case.unit_id], reading, known[case.pk], writing)


def _family(root: Case) -> list[Case]:
    """The root case and all below it, parents before children.

    Rows that only training or repeats brought in are not the data set's.
    """
    here = Coding.objects.filter(case=OuterRef("pk"))
    practised = Exists(here) & ~Exists(here.filter(purpose__in=blind.SPEAKING))
    celled = Exists(Cell.objects.filter(case=OuterRef("pk")))
    known = Case.objects.filter(celled | ~practised, root=root.pk)
    below = known.select_related("unit").order_by("pk")
    inside = [c for c in below if c.in_universe]
    return [root, *sorted(inside, key=lambda c: (c.unit.position, c.pk))]


def _answers(cells: dict[int, Cell], entries: Iterable[Entry]) -> dict[str, str]:
    return {
        e.name: cells[e.variable_id].text or ""
        for e in entries
        if e.variable_id in cells and cells[e.variable_id].text is not None and not e.derive
    }


def _around(
    case: Case,
    family: list[Case],
    answers: dict[int, dict[str, str]],
    entries: dict[int, tuple[Entry, ...]],
    reference: Reference,
) -> rules.Surroundings:
    by_pk = {c.pk: c for c in family}
    parents: dict[str, Row] = {}
    parent = by_pk.get(case.parent_id or 0)
    while parent is not None:
        parents[parent.unit.name] = Row(answers[parent.pk], rules.domains(entries[parent.unit_id]))
        parent = by_pk.get(parent.parent_id or 0)
    domains = rules.domains(entries[case.unit_id])
    beside = [c for c in family if (c.parent_id, c.unit_id) == (case.parent_id, case.unit_id)]
    siblings = [Row(answers[c.pk], domains) for c in beside] if case.parent_id else []
    return rules.Surroundings(parents, siblings, series=reference)


def _write_derived(
    case: Case,
    entries: Iterable[Entry],
    reading: rules.Reading,
    known: dict[int, Cell],
    writing: _Writing | None,
) -> None:
    for entry in entries:
        if not entry.derive:
            continue
        cell, text = known.get(entry.variable_id), reading.computed.get(entry.name)
        origin = "; ".join(found.words for found in reading.origins.get(entry.name, ()))
        is_told = writing is not None and entry.variable_id in writing.readers
        why = writing.why if writing and is_told else ""
        done = _written(cell, Cell(case=case, variable_id=entry.variable_id), text, origin, why)
        if writing and is_told:
            _tell(writing.told, done, cell, f"{entry.name} of {case.key}", text)


def _written(cell: Cell | None, fresh: Cell, text: str | None, origin: str, why: str) -> str:
    """Make, change or take away a derived cell; what a person says is left as it is."""
    if cell is not None and cell.status != Status.DERIVED:
        return "kept"
    if text is None:
        if cell is None:
            return "empty"
        signed.delete(cell, why=why or "can no longer be computed")
        return "gone"
    if cell is None:
        fresh.status, fresh.text, fresh.reason = Status.DERIVED, text, origin
        signed.save(fresh, why=why or "computed")
        return "filled"
    if (cell.text, cell.reason) == (text, origin):
        return "same"
    cell.text, cell.reason, cell.since = text, origin, timezone.now()
    signed.save(cell, why=why or "computed again")
    return "changed"


def _tell(told: Followed, done: str, cell: Cell | None, place: str, text: str | None) -> None:
    if done == "kept" and cell is not None:
        if text is not None and text != cell.text:
            told.kept.append(f"{place}: {cell.text or 'open'} stands, the series gives {text}")
    elif done != "same":
        told.counts[done] += 1
