"""A sitting: a coder's sheet together with the sheets of its partners and objectives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property

from django.urls import reverse
from django.utils.text import Truncator

from coding import blind, codebooks, rules
from coding.expressions import Row, Spells
from coding.models import Coding, Entry, Unit
from coding.series import Reference

Purpose = Coding.Purpose
APART = (Purpose.TOP_UP, Purpose.RECODE)


@dataclass(frozen=True)
class Point:
    """Something that keeps a sheet from being submitted, and where to mend it."""

    text: str
    url: str


@dataclass(frozen=True)
class Sheet:
    """One coding with its entries, answers and what the rules make of them."""

    coding: Coding
    entries: tuple[Entry, ...]
    typed: dict[str, blind.Said]
    around: rules.Surroundings
    # All entries of the unit; and of a sheet that asks only some of them, what its coder said of
    # the others before.
    whole: tuple[Entry, ...] = ()
    before: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def by_name(self) -> dict[str, Entry]:
        return {entry.name: entry for entry in self.entries}

    @cached_property
    def reading(self) -> rules.Reading:
        typed = {name: said.text for name, said in self.typed.items()}
        if not self.before:
            return rules.read(self.entries, typed, self.around)
        return rules.read(self.whole, {**self.before, **typed}, self.around).of(self.by_name)

    @cached_property
    def broken(self) -> list[rules.Broken]:
        """Checks that fail now."""
        return rules.broken_checks(self.entries, self.reading, self.around, self.known)

    @property
    def known(self) -> tuple[Entry, ...]:
        """The entries whose answers its rules may read."""
        return self.whole if self.before else self.entries

    @cached_property
    def unanswered(self) -> list[rules.Broken]:
        notes = {name: said.note for name, said in self.typed.items()}
        return rules.unanswered(self.entries, self.reading, notes)

    @cached_property
    def without_note(self) -> list[rules.Broken]:
        """Soft checks that fail and ask for a note, at the entry that takes it."""
        notes = {name: said.note for name, said in self.typed.items()}
        return list(rules.without_note(self.broken, self.entries, self.reading, notes))

    @property
    def asked(self) -> list[Entry]:
        """What the coder has to answer: neither computed nor skipped."""
        return [e for e in self.entries if not e.is_computed and e.name not in self.reading.skipped]

    @property
    def done(self) -> int:
        return sum(entry.name in self.typed for entry in self.asked)

    def title(self, number: int) -> str:
        """What its coder calls it: a row without a key by its first words, else by its number."""
        unit = self.coding.case.unit
        if unit.rows != Unit.Rows.NUMBERED:
            return self.coding.case.title
        words = [s.text for n, s in self.typed.items() if self.by_name[n].variable.kind == "text"]
        return Truncator(words[0]).chars(60) if words else f"{unit.label} {number}"

    def points(self, *, with_notes: bool = True) -> Iterator[Point]:
        """All that keeps this sheet from being submitted, with or without notes that are asked."""
        hard = [broken for broken in self.broken if broken.hard]
        for broken in [*self.unanswered, *hard, *(self.without_note if with_notes else ())]:
            yield self._point(broken)

    def warnings(self) -> Iterator[Point]:
        """The checks that do not hold now, whatever else is missing."""
        for broken in [*(b for b in self.broken if b.hard), *self.without_note]:
            yield self._point(broken)

    def _point(self, broken: rules.Broken) -> Point:
        address = reverse("coding:sheet", args=[self.coding.pk])
        text = f"{self.coding.case.title} · {broken.entry.label}: {broken.message}"
        return Point(text, f"{address}#f-{broken.entry.name}")


def sheets_of(coding: Coding) -> list[Coding]:
    """The codings of a coder's sitting, the main sheet first, then in the order they came."""
    family = (
        Coding.objects.standing()
        .of_family(coding.case.family_id)
        .filter(coder=coding.coder_id, codebook=coding.codebook_id, purpose=coding.purpose)
        .select_related("case__unit__project", "codebook", "coder")
        .order_by("case__unit__position", "pk")
    )
    found = list(family)
    if any(c.case_id == coding.case.family_id for c in found):
        return found
    return [c for c in found if c.case_id == coding.case_id]


def sheet(coding: Coding, sitting: Sequence[Coding]) -> Sheet:
    """The coding as a sheet."""
    return next(s for s in readings(sitting) if s.coding.pk == coding.pk)


def readings(sitting: Sequence[Coding]) -> list[Sheet]:
    """Every sheet of a sitting, read together: rules look up, aside and, for checks, down."""
    known, only = _with_family(sitting), _asks(sitting)
    apart = bool(only) and sitting[0].purpose in APART
    # What is asked apart is read beside all that its coder said before, in today's words.
    before = blind.said_before(known, sitting[0].codebook_id) if apart else {}
    typed = blind.own_answers(c.pk for c in (sitting if apart else known))
    project = sitting[0].case.unit.project_id
    spells = cache(lambda: codebooks.spells_of(project))
    series = Reference(project)
    sheets: dict[int, Sheet] = {}
    for coding in known:
        book = sitting[0].codebook if apart else coding.codebook
        entries = codebooks.entries_of(book, coding.case.unit_id)
        chosen = only.get(coding.pk)
        asked = tuple(e for e in entries if e.pk in chosen) if chosen else entries
        around = _around(coding, entries, sheets, known, typed, before, spells, series)
        answers, said = typed.get(coding.pk, {}), before.get(coding.case_id, {})
        rest = {n: t for n, t in said.items() if not chosen or n not in {e.name for e in asked}}
        sheets[coding.pk] = Sheet(coding, asked, answers, around, entries, rest)
    for sheet in sheets.values():
        sheet.around.below.update(_below(sheet, sheets, whole=sheet.coding.pk not in only))
    return [sheets[coding.pk] for coding in sitting]


def _below(above: Sheet, sheets: dict[int, Sheet], *, whole: bool) -> dict[str, list[Row]]:
    """The rows under a sheet by unit, as their rules leave them, where they are known."""
    coding, found = above.coding, {}
    for unit in codebooks.units_below(coding.codebook, coding.case.unit_id):
        domains = rules.domains(codebooks.entries_of(coding.codebook, unit.pk))
        rows = {
            s.coding.case.key.rpartition("/")[2]: Row(s.reading.answers, domains)
            for s in sheets.values()
            if (s.coding.case.unit_id, s.coding.case.parent_id) == (unit.pk, coding.case_id)
        }
        known = rules.rows_below(unit, above.entries, above.reading.answers, rows, whole)
        if known is not None:
            found[unit.name] = known
    return found


def _with_family(sitting: Sequence[Coding]) -> list[Coding]:
    """The sitting; before a row that is coded alone, its coder's earlier sheets of the family."""
    first = sitting[0]
    if first.case.parent_id is None:
        return list(sitting)
    earlier = (
        Coding.objects.standing()
        .of_family(first.case.family_id)
        .filter(coder=first.coder_id, purpose__in=(Purpose.PRODUCTION, Purpose.TOP_UP))
        .exclude(case__in=[c.case_id for c in sitting])
        .select_related("case__unit", "codebook")
        .order_by("case__unit__position", "pk")
    )
    return [*earlier, *sitting]


def _asks(sitting: Sequence[Coding]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    through = Coding.asks.through.objects.filter(coding__in=[c.pk for c in sitting])
    for coding, entry in through.values_list("coding_id", "entry_id"):
        found.setdefault(coding, set()).add(entry)
    return found


def _around(
    coding: Coding,
    entries: tuple[Entry, ...],
    sheets: dict[int, Sheet],
    known: Sequence[Coding],
    typed: dict[int, dict[str, blind.Said]],
    before: Mapping[int, dict[str, str]],
    spells: Callable[[], Spells],
    series: Reference,
) -> rules.Surroundings:
    parents: dict[str, Row] = {}
    for parent in sheets.values():
        if parent.coding.case_id == coding.case.parent_id:
            parents |= parent.around.parents
            parents[parent.coding.case.unit.name] = Row(
                parent.reading.answers, rules.domains(parent.whole)
            )
    domains = rules.domains(entries)
    rows: dict[int, dict[str, str]] = {}
    for c in known:
        place = (c.case.parent_id, c.case.unit_id)
        if coding.case.parent_id and place == (coding.case.parent_id, coding.case.unit_id):
            row = rows.setdefault(c.case_id, dict(before.get(c.case_id, {})))
            row |= {name: said.text for name, said in typed.get(c.pk, {}).items()}
    siblings = [Row(r, domains) for r in rows.values()]
    return rules.Surroundings(parents, siblings, {}, spells, series)


def addable(coding: Coding) -> list[Unit]:
    """Units whose rows the coder may add to this sheet: those that the codebook asks of."""
    below = Unit.objects.filter(parent=coding.case.unit_id, rows=Unit.Rows.NUMBERED)
    return [unit for unit in below if codebooks.entries_of(coding.codebook, unit.pk)]
