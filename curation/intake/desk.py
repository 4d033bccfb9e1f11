"""What a table of corrections stands on: the cells that the person who corrects may see."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from django.contrib.auth.models import User

from coding import blind, canonical, codebooks, precedents
from coding.looks import Looks
from coding.models import Case, Entry, Project, Unit
from coding.precedents import Known
from curation.files import Row

BARRED = "is a case that you coded: someone else must correct it."
Key = tuple[int, str, str]  # unit, case, variable


class Stand(NamedTuple):
    """A cell as it stands."""

    pk: int
    status: str
    text: str | None
    since: datetime


@dataclass
class Desk:
    """Everything that corrections are checked against, as far as this person may know."""

    project: Project
    by: User
    units: dict[str, Unit]
    entries: dict[int, dict[str, Entry]]  # by unit and name
    states: dict[str, str]
    coded: set[int]  # families that this person coded
    cells: dict[Key, Stand] = field(default_factory=dict)
    cases: dict[tuple[int, str], Case] = field(default_factory=dict)

    @cached_property
    def named(self) -> dict[str, Entry]:
        return {name: e for entries in self.entries.values() for name, e in entries.items()}

    def key(self, row: Row) -> Key:
        unit = self.units.get(row["unit"])
        return (unit.pk if unit else 0, row["case"], row["variable"])

    def since(self, cell: int) -> datetime | None:
        return self._since.get(cell)

    @cached_property
    def _since(self) -> dict[int, datetime]:
        return {stand.pk: stand.since for stand in self.cells.values()}

    def needs_others(self, case: Case, entry: Entry) -> bool:
        """Several adjudicators rule on it, each blind to the others: not out of a file."""
        return self._looks.of(case.key, entry) is not None

    @cached_property
    def _looks(self) -> Looks:
        return Looks(self.project)

    def show(self, text: str, entry: Entry) -> str:
        return canonical.show(text, entry.domain, self.states)

    def barred(self, case: Case) -> str:
        """Why this person may not correct the cells of a case; empty for who may."""
        is_theirs = case.family_id in self.coded
        return BARRED if is_theirs and not self.project.reconcile_by_discussion else ""

    def against(self, case: Case, entry: Entry, text: str | None) -> Known | None:
        """The precedent that a correction goes against: the answers differed alike there."""
        rows = [r for r in self._guides.get(entry.variable_id, []) if r.cell.case_id != case.pk]
        said = self._said.get((case.pk, entry.variable_id), {}).values()
        known = precedents.nearest(rows, entry, self.states, set(said), "")
        return next((each for each in known if each.rules_out(text)), None)

    @cached_property
    def _guides(self) -> dict[int, list[blind.Guide]]:
        variables = {self.entries[unit][name].variable_id for unit, _, name in self.cells}
        return precedents.by_variable(self.by, self.project, variables)

    @cached_property
    def _said(self) -> dict[tuple[int, int], dict[int, str]]:
        """What each coder says last, by case and variable, where there are precedents."""
        found: dict[tuple[int, int], dict[int, str]] = defaultdict(dict)
        cases = [case.pk for case in self.cases.values()]
        for said in blind.spoken_for(self.by, cases, list(self._guides)) if self._guides else ():
            found[said.case, said.variable][said.coder] = said.text
        return found


def desk_of(project: Project, by: User, rows: Sequence[Row]) -> Desk:
    """Read once what the rows need: as many queries for ten rows as for two thousand."""
    book = codebooks.current_or_refused(project)
    units = {unit.name: unit for unit in project.units.all()}
    desk = Desk(
        project=project,
        by=by,
        units=units,
        entries={
            unit.pk: {e.name: e for e in codebooks.entries_of(book, unit.pk)}
            for unit in units.values()
        },
        states=codebooks.states_of(project.pk),
        coded=blind.families_coded_by(by, project),
    )
    if rows:
        _fetch(desk, {row["case"] for row in rows})
    return desk


def _fetch(desk: Desk, keys: set[str]) -> None:
    """The cells of these cases that the person may see."""
    names = {e.variable_id: e.name for e in desk.named.values()}
    seen = blind.cells_for(desk.by).filter(
        case__unit__project=desk.project, case__key__in=keys, case__in_universe=True
    )
    for cell in seen.select_related("case"):
        case = cell.case
        desk.cases[case.unit_id, case.key] = case
        if cell.variable_id in names:
            stand = Stand(cell.pk, cell.status, cell.text, cell.since)
            desk.cells[case.unit_id, case.key, names[cell.variable_id]] = stand
