"""What a release would hold of its units: columns, rows, disputed cells."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from coding import blind, codebooks
from coding.models import Codebook, Project, Unit
from curation.releases.columns import Column, columns_of
from curation.releases.manifest import UnitCounts
from curation.releases.universe import Row, rows_of, units_of


@dataclass(frozen=True)
class Table:
    """A unit's part of the release: its columns, its rows, its cells by status."""

    unit: Unit
    columns: list[Column]
    rows: list[Row]
    statuses: Counter[str] = field(default_factory=Counter)

    def counts(self) -> UnitCounts:
        name, label = self.unit.name, self.unit.label
        return UnitCounts(name, label, len(self.rows), len(self.columns), dict(self.statuses))


def tables_of(project: Project, codebook: Codebook) -> list[Table]:
    """The units of the codebook with what a release would hold of them."""
    states = codebooks.states_of(project.pk)
    return [
        Table(
            unit,
            columns_of(codebooks.entries_of(codebook, unit.pk), states),
            rows_of(project, unit),
        )
        for unit in units_of(codebook)
    ]


def disputes_in(project: Project, tables: list[Table]) -> Counter[str]:
    """Disputed cells that a release would hold, by unit."""
    found: Counter[str] = Counter()
    cells = blind.all_cells(project).filter(status="disputed").values_list("case", "variable")
    places = {row.pk: table for table in tables for row in table.rows}
    columns = {column.variable for table in tables for column in table.columns}
    for case, variable in cells:
        if case in places and variable in columns:
            found[places[case].unit.name] += 1
    return found
