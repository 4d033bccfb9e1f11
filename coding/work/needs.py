"""Who has to be asked what after a codebook changed: these people on these cases, and no others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, Q

from coding import blind, codebooks
from coding.models import Cell, Codebook, Coding, Entry, Member, Project, Value
from coding.work import moving, signed
from coding.work.decisions import Decision, Survey, ancestry
from coding.work.moving import AT_ONCE

Purpose = Coding.Purpose
Place = tuple[int, int, str]  # case, coder, purpose


@dataclass
class Need:
    """Who is asked an entry, on which cases; on the others nobody is left to ask."""

    entry: Entry
    purpose: str
    asked: set[tuple[int, int]] = field(default_factory=set)  # case, coder
    nobody: set[int] = field(default_factory=set)


class Sheet(NamedTuple):
    """A standing coding that speaks for the data set, without what it says."""

    pk: int
    case: int
    unit: int
    coder: int
    book: int
    purpose: str
    handed_in: bool
    opened: bool


class Sheets:
    """The sheets of a project, and who can still be asked: read at once, whatever is asked."""

    def __init__(self, project: Project) -> None:
        self.project = project

    @cached_property
    def rows(self) -> list[Sheet]:
        speaking = Coding.objects.standing().filter(
            case__unit__project=self.project, case__in_universe=True, purpose__in=blind.SPEAKING
        )
        moments = {"given": Q(submitted_at__isnull=False), "opened": Q(unblinded_at__isnull=False)}
        columns = ("pk", "case", "case__unit", "coder", "codebook", "purpose", *moments)
        return [Sheet(*r) for r in speaking.order_by().annotate(**moments).values_list(*columns)]

    @cached_property
    def asks(self) -> dict[int, set[int]]:
        """By sheet the variables it asks, where it does not ask all."""
        rows = Coding.asks.through.objects.filter(coding__case__unit__project=self.project)
        found: dict[int, set[int]] = defaultdict(set)
        for coding, variable in rows.values_list("coding_id", "entry__variable"):
            found[coding].add(variable)
        return found

    @cached_property
    def _books(self) -> dict[int, set[int]]:
        books = self.project.codebooks.exclude(published_at=None)
        return {b.pk: {e.variable_id for e in codebooks.entries(b)} for b in books}

    @cached_property
    def _members(self) -> dict[int, Member]:
        members = Member.objects.filter(project=self.project).select_related("user")
        return {member.user_id: member for member in members}

    def can_be_asked(self, coder: int) -> bool:
        """Persons of the project who may code and can sign in."""
        member = self._members.get(coder)
        return (
            member is not None
            and member.kind == Member.Kind.PERSON
            and member.role != Member.Role.READER
            and member.user.is_active
        )

    def is_person(self, coder: int) -> bool:
        member = self._members.get(coder)
        return member is None or member.kind == Member.Kind.PERSON

    def asking(self, unit: int, variables: set[int]) -> Iterator[Sheet]:
        """Sheets of a unit that ask, or asked, one of the variables."""
        for sheet in self.rows:
            if sheet.unit == unit:
                asked = self.asks.get(sheet.pk) or self._books.get(sheet.book, set())
                if asked & variables:
                    yield sheet

    def waited_for(self, unit: int, variables: set[int]) -> set[int]:
        """Cases on which somebody's open sheet asks, or will go on to ask, the variable."""
        return {
            s.case
            for s in self.rows
            if s.unit == unit
            and not s.handed_in
            and self.can_be_asked(s.coder)
            and (s.pk not in self.asks or self.asks[s.pk] & variables)
        }


def answered(variables: Iterable[int]) -> dict[int, set[int]]:
    """By variable the sheets that hold a value of it."""
    found: dict[int, set[int]] = defaultdict(set)
    rows = Value.objects.filter(variable__in=list(variables)).order_by()
    for variable, coding in rows.values_list("variable", "coding"):
        found[variable].add(coding)
    return found


def to_recode(
    decision: Decision, told: Survey, sheets: Sheets, values: Mapping[int, set[int]]
) -> Need:
    """Who said of the touched cells what they say; and where cases are not open yet, all who
    were asked: whether and what they answered must not be told by who is asked again.
    """
    need = Need(decision.new, Purpose.RECODE)
    meanings = ancestry(decision.old.variable)
    said = set().union(*(values.get(v, set()) for v in meanings))
    unit = decision.new.variable.unit_id
    for sheet in sheets.rows:
        is_touched = sheet.pk in said and sheet.case in told.queued
        if is_touched and sheet.handed_in and sheets.can_be_asked(sheet.coder):
            need.asked.add((sheet.case, sheet.coder))
    if not decision.is_total:
        need.asked |= {
            (s.case, s.coder)
            for s in sheets.asking(unit, meanings)
            if s.handed_in and not s.opened and sheets.can_be_asked(s.coder)
        }
    left = set(told.queued) - {case for case, _ in need.asked}
    need.nobody = left - sheets.waited_for(unit, {*meanings, decision.new.variable_id})
    return need


def to_top_up(entry: Entry, sheets: Sheets, told: Mapping[int, set[int]]) -> Need:
    """Who has handed in a whole sheet that did not know the question yet.

    `told` are the cases that have a cell of the variable, since it was asked once before.
    """
    need = Need(entry, Purpose.TOP_UP)
    unit, variable = entry.variable.unit_id, {entry.variable_id}
    knew = {(s.case, s.coder) for s in sheets.asking(unit, variable)}
    coded = set()
    for sheet in sheets.rows:
        if sheet.unit != unit or not sheet.handed_in or sheet.pk in sheets.asks:
            continue
        if sheet.case in told.get(entry.variable_id, set()):
            continue
        if sheets.can_be_asked(sheet.coder) and (sheet.case, sheet.coder) not in knew:
            need.asked.add((sheet.case, sheet.coder))
        if sheet.opened and sheets.is_person(sheet.coder):
            coded.add(sheet.case)
    left = coded - {case for case, _ in need.asked} - {case for case, _ in knew}
    need.nobody = left - sheets.waited_for(unit, variable)
    return need


def told_of(variables: Iterable[int]) -> dict[int, set[int]]:
    """By variable the cases that have a cell of it."""
    found: dict[int, set[int]] = defaultdict(set)
    rows = Cell.objects.filter(variable__in=list(variables)).order_by()
    for variable, case in rows.values_list("variable", "case"):
        found[variable].add(case)
    return found


# ------------------------------------------------------------------ the queue


def queue(codebook: Codebook, needs: Sequence[Need], by: User | None) -> None:
    """Put what is needed on worklists, or on sheets of the kind that are open already."""
    wanted: dict[Place, set[int]] = defaultdict(set)
    for need in needs:
        for case, coder in need.asked:
            wanted[case, coder, str(need.purpose)].add(need.entry.pk)
    there, whole = _open_sheets(codebook)
    fresh = [
        Coding(case_id=case, coder_id=coder, codebook=codebook, purpose=purpose)
        for case, coder, purpose in sorted(wanted)
        if (case, coder, purpose) not in there and (case, coder) not in whole
    ]
    if fresh:
        Coding.objects.bulk_create(fresh, batch_size=AT_ONCE)
        # Nobody else can hand out sheets of a codebook whose publication is not over.
        made = Coding.objects.filter(codebook=codebook, pk__gte=fresh[0].pk)
        signed.remember(made, why=f"codebook {codebook.number}", by=by)
    _ask(wanted, there | {(c.case_id, c.coder_id, str(c.purpose)): c.pk for c in fresh})


def _open_sheets(codebook: Codebook) -> tuple[dict[Place, int], set[tuple[int, int]]]:
    """Open sheets that can ask more, and whose open sheet asks everything anyway."""
    opened = Coding.objects.open().filter(codebook=codebook, purpose__in=blind.SPEAKING)
    some = Exists(Coding.asks.through.objects.filter(coding=OuterRef("pk")))
    rows = opened.annotate(some=some).values_list("case", "coder", "purpose", "pk", "some")
    there = {(case, coder, purpose): pk for case, coder, purpose, pk, part in rows if part}
    return there, {(case, coder) for case, coder, _, _, part in rows if not part}


def _ask(wanted: Mapping[Place, set[int]], sheets: Mapping[Place, int]) -> None:
    rows = ((sheets[place], entries) for place, entries in wanted.items() if place in sheets)
    moving.ask((sheet, entry) for sheet, entries in rows for entry in entries)
