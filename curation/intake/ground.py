"""What a table of codings stands on: the people, questions, cases and sheets that are there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from django.contrib.auth.models import User

from coding import blind, codebooks
from coding.expressions import Spells
from coding.models import Codebook, Coding, Entry, Member, Project, Unit
from curation.files import Table


@dataclass(frozen=True)
class Stored:
    """A coder's sheet as it stands before the import. For checks, never for a report."""

    coding: Coding
    answers: Mapping[str, str]
    notes: Mapping[str, str]
    asks: frozenset[str]


@dataclass(frozen=True)
class Ground:
    """Everything that the rows of a table are checked against."""

    project: Project
    codebook: Codebook
    add_coders: bool
    people: dict[str, User]
    machines: frozenset[str]
    readers: frozenset[str]
    units: dict[str, Unit]
    entries: dict[int, dict[str, Entry]]  # by unit and name
    states: dict[str, str]
    spells: Callable[[], Spells]
    parents: dict[int, dict[str, str]]  # by unit: known cases and the case above each
    sheets: dict[tuple[str, int, str], Stored]  # by coder, unit and case

    def entry(self, unit: Unit, name: str) -> Entry | None:
        return self.entries[unit.pk].get(name)

    def rosters(self, unit: Unit) -> list[Entry]:
        """The questions of the unit above that list this unit's rows."""
        above = self.entries.get(unit.parent_id or 0, {}).values()
        return [entry for entry in above if entry.variable.roster_of_id == unit.pk]

    def above(self, unit: Unit, key: str) -> tuple[Unit, str] | None:
        """Unit and key of the case above a case; None for the top of a family."""
        if unit.parent_id is None:
            return None
        parent = next(u for u in self.units.values() if u.pk == unit.parent_id)
        known = self.parents[unit.pk].get(key) or key.rpartition("/")[0]
        return parent, known

    def top(self, unit: Unit, key: str) -> tuple[Unit, str]:
        """Unit and key of the case that heads a family."""
        while above := self.above(unit, key):
            unit, key = above
        return unit, key


def ground_of(project: Project, book: Codebook, table: Table, add_coders: bool) -> Ground:
    """Read once what the rows need: as many queries for ten rows as for ten thousand."""
    members = Member.objects.filter(project=project).select_related("user")
    by_name = {m.user.username: m for m in members}
    named = {row["coder"] for row in table.rows}
    coders = {n: m.user for n, m in by_name.items() if m.role != Member.Role.READER}
    units = {unit.name: unit for unit in project.units.select_related("parent")}
    return Ground(
        project=project,
        codebook=book,
        add_coders=add_coders,
        people=coders,
        machines=frozenset(n for n, m in by_name.items() if m.kind == Member.Kind.MACHINE),
        readers=frozenset(n for n, m in by_name.items() if m.role == Member.Role.READER),
        units=units,
        entries={
            unit.pk: {e.name: e for e in codebooks.entries_of(book, unit.pk)}
            for unit in units.values()
        },
        states=codebooks.states_of(project.pk),
        spells=cache(lambda: codebooks.spells_of(project.pk)),
        parents={unit.pk: _known_cases(unit) for unit in units.values()},
        sheets=_stored_sheets(book, [user for name, user in coders.items() if name in named]),
    )


def _known_cases(unit: Unit) -> dict[str, str]:
    """The cases that anybody may know of: a hint must not tell what a closed coding lists."""
    cases = blind.open_cases().filter(unit=unit)
    return {key: above or "" for key, above in cases.values_list("key", "parent__key")}


def _stored_sheets(book: Codebook, coders: list[User]) -> dict[tuple[str, int, str], Stored]:
    codings = list(
        Coding.objects.filter(codebook=book, coder__in=coders, purpose=Coding.Purpose.PRODUCTION)
        .select_related("case", "coder")
        .prefetch_related("asks")
    )
    answers = blind.own_answers(coding.pk for coding in codings)
    return {
        (c.coder.username, c.case.unit_id, c.case.key): Stored(
            coding=c,
            answers={name: said.text for name, said in answers.get(c.pk, {}).items()},
            notes={name: said.note for name, said in answers.get(c.pk, {}).items()},
            asks=frozenset(entry.name for entry in c.asks.all()),
        )
        for c in codings
    }
