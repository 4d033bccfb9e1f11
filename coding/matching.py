"""Rows without a natural key: which row of one coder is probably which row of another."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from django.contrib.auth.models import User
from scipy.optimize import linear_sum_assignment

from coding import blind, canonical, codebooks, severity
from coding.models import Case, Entry, Member, Unit

WORD = re.compile(r"\w{3,}")
Answers = Mapping[int, str]  # by variable


@dataclass(frozen=True)
class OwnRow:
    """A row that one coder added, with what they said on it. Who it is, nobody is told."""

    case: Case
    letter: str
    answers: Answers
    shown: tuple[tuple[str, str], ...]


def apart(one: Answers, other: Answers, entries: Mapping[int, Entry]) -> float:
    """How far two rows lie apart, from 0 to 1: the mean over all that either of them answers.

    By the distances that weigh disputes (`severity.between`); free texts by the words that they
    share (Jaccard 1912); what only one of them answers lies 1 apart.
    """
    said = [v for v in one.keys() | other.keys() if v in entries]
    if not said:
        return 1.0
    return sum(_of(one.get(v), other.get(v), entries[v]) for v in said) / len(said)


def _of(one: str | None, other: str | None, entry: Entry) -> float:
    if one is None or other is None:
        return 1.0
    if entry.domain.kind != "text" or {one, other} & set(entry.domain.missing):
        return severity.between(one, other, entry.domain, entry.variable.measure)
    words, others = (set(WORD.findall(text.casefold())) for text in (one, other))
    return 0.0 if one == other else 1 - len(words & others) / max(len(words | others), 1)


def proposed(rows: Sequence[Sequence[OwnRow]], entries: Mapping[int, Entry]) -> list[list[OwnRow]]:
    """Each coder's rows assigned to those before so that they lie least apart in all.

    The optimal assignment of two coders (Kuhn 1955, as scipy solves it); further coders are
    assigned to what is matched by then. Rows that have nothing in common stay alone, and every row
    stands in exactly one group.
    """
    groups: list[list[OwnRow]] = []
    for own in rows:
        cost = np.array([[_mean(group, row, entries) for row in own] for group in groups])
        taken = set()
        if groups and own:
            for group, row in zip(*linear_sum_assignment(cost), strict=True):
                if cost[group, row] < 1:
                    groups[group].append(own[row])
                    taken.add(row)
        groups += [[row] for number, row in enumerate(own) if number not in taken]
    return groups


def _mean(group: Sequence[OwnRow], row: OwnRow, entries: Mapping[int, Entry]) -> float:
    return sum(apart(each.answers, row.answers, entries) for each in group) / len(group)


class Matching:
    """The opened rows of a unit below a case, coder by coder, and how they are matched."""

    def __init__(self, user: User, parent: Case, unit: Unit) -> None:
        self.user, self.parent, self.unit = user, parent, unit
        self.project = parent.unit.project

    @cached_property
    def entries(self) -> dict[int, Entry]:
        newest = codebooks.newest_entries(self.project)
        return {v: e for v, e in newest.items() if e.variable.unit_id == self.unit.pk}

    @cached_property
    def rows(self) -> list[OwnRow]:
        """In the order of the letters, then as they were added."""
        codings = list(blind.opened_rows(self.user, self.parent, self.unit))
        family = blind.codings_for(self.user).of_family(self.parent.family_id)
        names = blind.names_in(
            self.parent.family_id,
            self.user,
            Member.Role.ADJUDICATOR,
            family.select_related("coder"),
        )
        answers: dict[int, dict[int, str]] = {}
        for said in blind.spoken_on(self.user, [coding.pk for coding in codings]):
            answers.setdefault(said.coding, {})[said.variable] = said.text
        by_case: dict[int, OwnRow] = {}
        for coding in codings:
            name = names.get(coding.coder_id, "").removeprefix("Coder ")
            said_here = answers.get(coding.pk, {})
            known = by_case.get(coding.case_id)
            both = {**(known.answers if known else {}), **said_here}
            by_case[coding.case_id] = OwnRow(
                coding.case, known.letter if known else name, both, self._shown(both)
            )
        return sorted(by_case.values(), key=lambda row: (row.letter, row.case.pk))

    def _shown(self, answers: Answers) -> tuple[tuple[str, str], ...]:
        entries = sorted(self.entries.values(), key=lambda entry: entry.position)
        states = self.states
        return tuple(
            (e.label, canonical.show(answers[e.variable_id], e.domain, states))
            for e in entries
            if e.variable_id in answers
        )

    @cached_property
    def states(self) -> dict[str, str]:
        return codebooks.states_of(self.project.pk)

    @property
    def letters(self) -> list[str]:
        return sorted({row.letter for row in self.rows})

    @property
    def is_settled(self) -> bool:
        return any(row.case.superseded_by_id for row in self.rows)

    @cached_property
    def groups(self) -> list[list[OwnRow]]:
        """As they were matched; as long as nobody has, as is proposed."""
        if not self.is_settled:
            by_letter = [[r for r in self.rows if r.letter == letter] for letter in self.letters]
            return proposed(by_letter, self.entries)
        found: dict[int, list[OwnRow]] = {}
        for row in self.rows:
            found.setdefault(row.case.superseded_by_id or row.case.pk, []).append(row)
        return list(found.values())
