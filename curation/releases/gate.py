"""What a release should meet. Each condition passes, or is waived with a reason that is printed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from math import isnan
from typing import Any

from django.urls import reverse

from coding import blind, codebooks, quality
from coding.errors import Refused
from coding.models import Codebook, Project
from coding.reliability import Figure
from curation import store
from curation.releases import riskset
from curation.releases.csvfile import File
from curation.releases.standalone import rows_of
from curation.releases.universe import Row

NAMES = {
    "disputes": "No cell is disputed",
    "questions": "No question is open",
    "quality": "The codebook's checks hold, or are waived where they do not",
    "sources": "What names its sources is cited",
    "codebook": "Every cell is of this codebook",
    "reliability": "Coders agree well enough",
    "keys": "No key stands twice",
    "states": "Who took part was a state then",
}
# Where each is mended.
PAGES = {
    "disputes": "coding:disputes",
    "questions": "coding:reviews",
    "quality": "coding:quality",
    "sources": "coding:cases",
    "codebook": "coding:codebook",
    "reliability": "coding:reliability",
    "keys": "coding:cases",
    "states": "coding:cases",
}
MOST_TOLD = 10


Found = tuple[int, str]


@dataclass(frozen=True)
class Condition:
    """How a release stands to one condition; `count` is 0 where it passes."""

    name: str
    count: int
    told: str
    waived: str = ""

    @property
    def title(self) -> str:
        return NAMES[self.name]

    @property
    def passes(self) -> bool:
        return not self.count

    @property
    def holds_up(self) -> bool:
        return bool(self.count and not self.waived)


@dataclass(frozen=True)
class Gate:
    """All conditions, as a manifest keeps them."""

    floor: float
    conditions: tuple[Condition, ...]

    @property
    def held_up(self) -> tuple[Condition, ...]:
        """What is neither met nor waived."""
        return tuple(condition for condition in self.conditions if condition.holds_up)


@dataclass(frozen=True)
class Terms:
    """On what a release is cut: reasons by condition, and whether the rest must be met."""

    waivers: Mapping[str, str] = field(default_factory=dict)
    strict: bool = False


def read(plain: Mapping[str, Any] | None) -> Gate | None:
    """As a manifest keeps it; older ones have none."""
    if not plain:
        return None
    return Gate(plain["floor"], tuple(Condition(**each) for each in plain["conditions"]))


Rows = Iterator[dict[str, str]]


@dataclass(frozen=True)
class Seen:
    """What was read of the data set, from its files as they are written or before there are any."""

    codebook: Codebook
    disputes: int
    uncited: Mapping[str, int]
    figures: Sequence[Figure]
    rows: Sequence[tuple[str, Sequence[Row]]]
    rosters: Callable[[str], AbstractContextManager[Rows]]  # the wide table of a unit


def asked(terms: Terms) -> Terms:
    """Refused where a waiver names no condition, or no reason."""
    for name, reason in terms.waivers.items():
        if name not in NAMES:
            raise Refused(f"There is no condition “{name}”. There are: {', '.join(NAMES)}.")
        if not reason.strip():
            raise Refused(f"Say why “{name}” is waived: the release prints it.")
    return terms


def passed(project: Project, seen: Seen, terms: Terms) -> Gate:
    """All conditions in one order. A waiver of what passes is not needed, and not told.

    Refused where they must be met and one is neither met nor waived.
    """
    found = Gate(project.reliability_floor, tuple(_conditions(project, seen, terms)))
    if terms.strict:
        refuse(project, found)
    return found


def early(project: Project, disputes: int, terms: Terms) -> None:
    """What would be refused after a while is refused at once where a look is enough."""
    if terms.strict and "disputes" not in terms.waivers:
        refuse(project, Gate(0, (Condition("disputes", disputes, _told(_disputed(disputes))),)))


def _conditions(project: Project, seen: Seen, terms: Terms) -> Iterator[Condition]:
    found = {
        "disputes": _disputed(seen.disputes),
        "questions": _questions(project),
        "quality": _quality(project),
        "sources": _uncited(seen.uncited),
        "codebook": _stale(project, seen.codebook),
        "reliability": _below(seen.figures, project.reliability_floor),
        "keys": _keys(seen.rows),
        "states": _states(project, seen),
    }
    for name, result in found.items():
        waived = " ".join(terms.waivers.get(name, "").split()) if result[0] else ""
        yield Condition(name, result[0], _told(result), waived)


def _told(found: Found) -> str:
    count, told = found
    return f"{told}." if count else ""


def refuse(project: Project, found: Gate) -> None:
    """Where something is neither met nor waived, nothing is cut."""
    held = found.held_up
    if not held:
        return
    links = [(c.told, address(project, c)) for c in held]
    names = ", ".join(condition.name for condition in held)
    raise Refused(
        f"No release was cut. It would not meet: {names}. Mend it, or waive it with a reason that "
        f"the release prints. {' '.join(condition.told for condition in held)}",
        links,
    )


def address(project: Project, condition: Condition) -> str:
    return reverse(PAGES[condition.name], args=[project.slug])


def _many(count: int, one: str, more: str) -> str:
    return f"1 {one}" if count == 1 else f"{count} {more}"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_TOLD} more" if len(names) > MOST_TOLD else ""
    return ", ".join(names[:MOST_TOLD]) + more


def _disputed(disputes: int) -> Found:
    return disputes, _many(disputes, "cell is", "cells are") + " disputed"


def _questions(project: Project) -> Found:
    """Of threads, of reviews, and what somebody would have the codebook say otherwise."""
    asked = blind.released_verifications(project).open().exclude(question="")
    threads, reviews = blind.released_inquiries(project).count(), asked.count()
    proposals = project.proposals.filter(closed_at=None).count()
    told = (
        _many(threads, "question of a thread", "questions of threads"),
        _many(reviews, "question of a review", "questions of reviews"),
        _many(proposals, "proposal for the codebook", "proposals for the codebook"),
    )
    return threads + reviews + proposals, f"Open: {', '.join(told)}"


def _quality(project: Project) -> Found:
    broken = [finding for finding in quality.findings(project) if not finding.waived]
    names = sorted({finding.rule.key for finding in broken})
    return len(broken), f"{_many(len(broken), 'case does', 'cases do')} not meet {_listed(names)}"


def _uncited(uncited: Mapping[str, int]) -> Found:
    count = sum(uncited.values())
    where = _listed([f"{name} ({number})" for name, number in uncited.items() if number])
    return count, f"{_many(count, 'cell has', 'cells have')} no citation: {where}"


def _stale(project: Project, codebook: Codebook) -> Found:
    entries = codebooks.entries(codebook)
    replaced = {e.variable_id: e.variable.replaces_id for e in entries if e.variable.replaces_id}
    count = blind.stale_cells(project, {new: old for new, old in replaced.items() if old})
    return count, f"{_many(count, 'cell is', 'cells are')} asked again and not answered yet"


def _below(figures: Sequence[Figure], floor: float) -> Found:
    """By the estimate; what cannot be measured is told in reliability.csv, and fails nothing."""
    known = [f for f in figures if not f.reason and not isnan(f.alpha.value)]
    low = [f for f in known if f.alpha.value < floor]
    names = _listed([f"{f.name} ({f.alpha.value:.2f})" for f in low])
    told = _many(len(low), "variable has", "variables have")
    return len(low), f"{told} an alpha below {floor:g}: {names}"


def _keys(rows: Sequence[tuple[str, Sequence[Row]]]) -> Found:
    twice = [
        f"{row.key} of {unit}"
        for unit, listed in rows
        for before, row in pairwise(listed)
        if before.key == row.key
    ]
    return len(twice), f"{_many(len(twice), 'key stands', 'keys stand')} twice: {_listed(twice)}"


def _states(project: Project, seen: Seen) -> Found:
    """Of the roster that the risk set is drawn up from, on a day that the start can mean."""
    declared = riskset.declared(project, seen.codebook, codebooks.entries(seen.codebook))
    if declared is None:
        return 0, ""
    spells: dict[str, list[riskset.Spell]] = {}
    for spell in riskset.spells_of(project):
        spells.setdefault(spell.code, []).append(spell)
    with seen.rosters(declared.unit) as rows:
        odd = [
            f"{code} in {row['case']}"
            for row in rows
            for code in riskset.odd(declared, row, spells)
        ]
    told = _many(len(odd), "state that took part was", "states that took part were")
    return len(odd), f"{told} not in the system at the start: {_listed(odd)}"


@contextmanager
def table_among(files: Sequence[File], unit: str) -> Iterator[Rows]:
    """The wide table of a unit, from its file in the store."""
    file = next(file for file in files if file.name == f"{unit}.csv")
    with store.opened(file.sha256) as data:
        lines = rows_of(data)
        head = next(lines)
        yield (dict(zip(head, line, strict=True)) for line in lines)


def words(gate: Gate) -> Iterator[str]:
    """The lines of the README."""
    for each in gate.conditions:
        if each.passes:
            yield f"- {each.title}: yes"
        else:
            waived = f"Waived: {each.waived}" if each.waived else "Not waived."
            yield f"- {each.title}: no. {each.told} {waived}"
    yield f"\nThe floor of reliability is an alpha of {gate.floor:g}.\n"
