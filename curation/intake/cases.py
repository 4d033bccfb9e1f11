"""Cases out of a table: the universe, with what is known of each case before coding."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from coding import blind, codebooks
from coding.models import Case, Project, Unit
from coding.work import signed
from curation.faults import BadInput, Fault
from curation.files import Row, Table
from curation.intake.whole import all_or_nothing, faults_of_columns, hint, safe

LONGEST_KEY = 100  # with room for the rows below: a slash and their own names
LONGEST_TITLE, LONGEST_FACT = 250, 2000
FACT = "fact."


@dataclass(frozen=True)
class CaseColumns:
    """Where in the table the parts of a case stand."""

    key: str = ""  # empty: `key`, or what the unit calls its key
    title: str = "title"
    parent: str = "parent"
    facts: tuple[str, ...] = ()
    ignore_others: bool = False


@dataclass(frozen=True)
class Change:
    """What an import changes in a case that was there before."""

    key: str
    what: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.key}: {self.what} “{self.before}” → “{self.after}”"


@dataclass
class CasesReport:
    """What became of the rows of a table."""

    project: str
    unit: str
    dry_run: bool
    created: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    updated: list[Change] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """The report in words."""
        keys = {change.key for change in self.updated}
        counts = f"{len(self.created)} new, {len(keys)} changed, {len(self.unchanged)} unchanged."
        dry = ["Dry run: nothing was written."] if self.dry_run else []
        changes = [f"  {change}" for change in self.updated]
        return [*self.notices, f"{self.unit} of {self.project}: {counts}", *changes, *dry]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class KnownCase:
    """A row that is in order."""

    key: str
    title: str
    parent: Case | None
    facts: dict[str, str]


def import_cases(
    *,
    project: Project,
    unit: Unit,
    table: Table,
    columns: CaseColumns | None = None,
    dry_run: bool = False,
    source: str = "file",
) -> CasesReport:
    """Make the cases of a table, and change those that it describes otherwise.

    Facts that the table does not name stay; a case that the table does not name stays, too.
    Raises BadInput with every fault.
    """
    known = check_cases(project, unit, table, columns or CaseColumns())
    report = CasesReport(project.slug, unit.name, dry_run, notices=list(table.notices))
    with all_or_nothing(dry_run=dry_run):
        stored = {case.key: case for case in Case.objects.filter(unit=unit)}
        visible = set(blind.open_cases().filter(unit=unit).values_list("key", flat=True))
        for row in known:
            case = stored.get(row.key)
            if case is None or row.key not in visible:
                _make(unit, row, case, f"imported from {source}")
                report.created.append(row.key)
            elif changes := list(_change(case, row)):
                signed.save(case, why=f"imported from {source}")
                report.updated += changes
            else:
                report.unchanged.append(row.key)
    return report


def _make(unit: Unit, row: KnownCase, hidden: Case | None, why: str) -> None:
    """A case that only a closed coding has made so far is new to everybody else."""
    case = hidden or Case(unit=unit, key=row.key)
    case.title, case.facts, case.rostered = row.title or row.key, filled(row.facts), False
    if row.parent:
        case.parent, case.root_id = row.parent, row.parent.family_id
    signed.save(case, why=why)


def _change(case: Case, row: KnownCase) -> Iterator[Change]:
    if row.title and case.title != row.title:
        yield Change(case.key, "title", case.title, row.title)
        case.title = row.title
    for name, text in row.facts.items():
        before = str(case.facts.get(name, ""))
        if before != text:
            yield Change(case.key, f"fact {name}", before, text)
    case.facts = filled(case.facts | row.facts)


def filled(facts: dict[str, str]) -> dict[str, str]:
    """The facts that are known: an empty one is none."""
    return {name: text for name, text in facts.items() if text != ""}


# ------------------------------------------------------------------ checks


def _columns(table: Table, unit: Unit, chosen: CaseColumns) -> CaseColumns:
    """The columns as they are called here. Raises BadInput for what is missing or unknown."""
    names = table.header.names
    key = chosen.key or next((n for n in ("key", unit.key_name) if n in names), "key")
    facts = {name: name.removeprefix(FACT) for name in names if name.startswith(FACT)}
    known = {key, chosen.title, chosen.parent, *chosen.facts, *facts}
    needed = [key, *chosen.facts]
    if chosen.title != "title":
        needed.append(chosen.title)
    if chosen.parent != "parent":
        needed.append(chosen.parent)
    others = chosen.ignore_others
    faults = list(faults_of_columns(table, needed=needed, known=known, others=others))
    place = table.header.place(table.header.number)
    faults += [Fault(place, n, "names no fact.") for n, fact in facts.items() if not fact]
    if faults:
        raise BadInput(faults)
    return CaseColumns(key, chosen.title, chosen.parent, (*chosen.facts, *facts), others)


def check_cases(
    project: Project, unit: Unit, table: Table, columns: CaseColumns
) -> list[KnownCase]:
    """The rows of a table, all in order. Raises BadInput with every fault."""
    if unit.rows == Unit.Rows.NUMBERED:
        rule = f"has no cases of its own: each coder adds rows of {unit.label} to a sheet."
        raise BadInput([Fault("unit", unit.name, rule)])
    columns = _columns(table, unit, columns)
    above = blind.open_cases().filter(unit=unit.parent_id) if unit.parent_id else []
    parents = {case.key: case for case in above}
    states = codebooks.states_of(project.pk) if unit.rows == Unit.Rows.ROSTER else {}
    stored = Case.objects.filter(unit=unit).exclude(parent=None)
    parent_of = dict(stored.values_list("key", "parent__key"))
    first_line: dict[str, Row] = {}
    known, faults = [], []
    for row in table.rows:
        read, wrong = _row(row, unit, columns, parents)
        key = read.key
        if key in first_line:
            before = first_line[key].place()
            wrong.append(row.fault(columns.key, f"is the key of {before} already."))
        elif key:
            first_line[key] = row
        wrong += _faults_of_family(row, read, unit, columns, states, parent_of)
        faults += wrong
        known.append(read)
    if faults:
        raise BadInput(faults)
    return known


def _row(
    row: Row, unit: Unit, columns: CaseColumns, parents: dict[str, Case]
) -> tuple[KnownCase, list[Fault]]:
    longest = LONGEST_KEY + (20 if unit.parent_id else 0)
    key, faults = safe(row, columns.key, longest, empty=False)
    title, wrong = safe(row, columns.title, LONGEST_TITLE)
    faults += wrong
    facts = {}
    for column in columns.facts:
        facts[column.removeprefix(FACT)], wrong = safe(row, column, LONGEST_FACT)
        faults += wrong
    parent = None
    if unit.parent_id and key:
        parent, wrong = _parent(row, columns, key, parents)
        faults += wrong
    elif row[columns.parent]:
        faults.append(row.fault(columns.parent, f"a case of {unit.name} has no parent."))
    if key and not unit.parent_id and not re.fullmatch(r"[^/\s]+", key):
        faults.append(row.fault(columns.key, "a key holds neither spaces nor slashes."))
    return KnownCase(key, title, parent, facts), faults


def _parent(
    row: Row, columns: CaseColumns, key: str, parents: dict[str, Case]
) -> tuple[Case | None, list[Fault]]:
    """The case above, named in its own column or by the key up to its last slash."""
    column = columns.parent if row[columns.parent] else columns.key
    name = row[columns.parent] or key.rpartition("/")[0]
    if name in parents:
        return parents[name], []
    rule = "belongs to no case that is there: write parent/key, or name the parent."
    if row[columns.parent]:
        rule = f"is no case that is there.{hint(name, parents.keys())}"
    return None, [row.fault(column, rule)]


def _faults_of_family(
    row: Row,
    read: KnownCase,
    unit: Unit,
    columns: CaseColumns,
    states: dict[str, str],
    parent_of: dict[str, str],
) -> Sequence[Fault]:
    """A row of a roster is called by its parent and its state; nobody changes families."""
    if read.parent is None:
        return []
    state = read.key.removeprefix(f"{read.parent.key}/")
    if unit.rows == Unit.Rows.ROSTER and state not in states:
        rule = f"must be {read.parent.key}/ and a code of the state list.{hint(state, states)}"
        return [row.fault(columns.key, rule)]
    before = parent_of.get(read.key, read.parent.key)
    if before != read.parent.key:
        return [row.fault(columns.key, f"belongs to {before}: a case keeps its parent.")]
    return []
