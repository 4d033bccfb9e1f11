"""How a release would stand to its conditions if it were cut now: before a file is written.

The same conditions, judged by `gate.py` from the same readings of the data set.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial

from coding import codebooks
from coding.models import Project
from curation.releases import evidence, gate, provenance, reliability, wide, withholding
from curation.releases.columns import Column
from curation.releases.extent import Table, disputes_in, tables_of
from curation.releases.gate import Gate, Rows, Terms
from curation.releases.universe import Row

CASES_AT_ONCE = 500


def outlook(project: Project, terms: Terms) -> Gate:
    """All conditions as they stand at this moment. Refused without a codebook."""
    codebook = codebooks.current_or_refused(project)
    tables = tables_of(project, codebook)
    seen = gate.Seen(
        codebook,
        disputes_in(project, tables).total(),
        _uncited(project, tables),
        reliability.report_of(project).figures,
        [(table.unit.name, table.rows) for table in tables],
        partial(_roster, project, tables),
    )
    return gate.passed(project, seen, terms)


def _uncited(project: Project, tables: Sequence[Table]) -> Counter[str]:
    """Cells with a value and no source, by variable, where the codebook names sources."""
    found: Counter[str] = Counter()
    names = evidence.pseudonyms(project)
    silent = {names.get(coder) for coder in withholding.wished(project)}
    for table in tables:
        cited = [column for column in table.columns if column.is_cited]
        for rows in _blocks(table.rows) if cited else ():
            found.update(_bare(project, rows, cited, names, silent))
    return found


def _bare(
    project: Project,
    rows: Sequence[Row],
    cited: Sequence[Column],
    names: Mapping[int, str],
    silent: Collection[str | None],
) -> Iterator[str]:
    pks = [row.pk for row in rows]
    cells, opened = evidence.cells_of(project, pks), evidence.opened_of(pks, names)
    for row in rows:
        told = [coding for coding in opened.get(row.pk, ()) if coding.coder not in silent]
        for column in cited:
            cell = cells.get(row.pk, {}).get(column.variable)
            if cell and provenance.is_bare(column, cell, told):
                yield column.name


@contextmanager
def _roster(project: Project, tables: Sequence[Table], unit: str) -> Iterator[Rows]:
    """The wide table of a unit, as it would be written."""
    yield _wide(project, next(table for table in tables if table.unit.name == unit))


def _wide(project: Project, table: Table) -> Rows:
    head = wide.headings(table.unit, table.columns)
    for rows in _blocks(table.rows):
        cells = evidence.cells_of(project, [row.pk for row in rows])
        for row in rows:
            line = wide.row(row, table.columns, cells.get(row.pk, {}))
            yield {
                name: "" if field is None else str(field)
                for name, field in zip(head, line, strict=True)
            }


def _blocks(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    for start in range(0, len(rows), CASES_AT_ONCE):
        yield rows[start : start + CASES_AT_ONCE]
