"""Corrections of cells out of a table: one row for each cell, or for each source of a correction.

A row without a new value, a cause and a reason corrects nothing: the cells can be downloaded,
edited in a spreadsheet and brought back whole.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from django.contrib.auth.models import User

from coding import blind, work
from coding.canonical import LONGEST_TEXT, Invalid, parse
from coding.errors import Refused
from coding.models import Batch, Case, Entry, Project, Source
from curation.faults import BadInput, Fault
from curation.files import Row, Table
from curation.intake.desk import Desk, desk_of
from curation.intake.said import LONGEST_LOCATOR, LONGEST_SOURCE
from curation.intake.whole import all_or_nothing, faults_of_columns, hint, safe

NEEDED = ("unit", "case", "variable", "old", "new", "cause", "reason")
COLUMNS = (*NEEDED, "status", "rule", "against_precedent", "source", "locator", "quote")
LEAVE = "[unresolved]"
MOST = 2_000
LONGEST_REASON = 5_000
Place = tuple[str, str, str]  # citation, locator, quote


@dataclass
class Line:
    """One cell as a table would correct it: what it says now, what it shall say, what is wrong."""

    rows: list[Row]
    case: Case | None = None
    entry: Entry | None = None
    cell: int = 0
    status: str = ""
    now: str = ""
    after: str = ""
    text: str | None = None
    cause: str = ""
    reason: str = ""
    rule: Entry | None = None
    places: list[Place] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @property
    def row(self) -> Row:
        return self.rows[0]

    @property
    def place(self) -> str:
        return self.row.place()

    @property
    def named(self) -> str:
        """The case as the table names it, whether or not it is one."""
        return self.row["case"]

    @property
    def variable(self) -> str:
        return self.row["variable"]

    @property
    def caused(self) -> str:
        return dict(work.CAUSES).get(self.cause, "")


@dataclass
class Corrections:
    """A table of corrections, read: each cell with its faults, and how many rows correct none."""

    lines: list[Line]
    untouched: int
    notices: list[str] = field(default_factory=list)
    _desk: Desk | None = None

    @property
    def faults(self) -> list[Fault]:
        return [fault for line in self.lines for fault in line.faults]

    @property
    def stamp(self) -> str:
        """Changes as soon as one of the cells or one of the corrections does."""
        assert self._desk
        told = [
            (line.cell, self._desk.since(line.cell), line.text, line.cause, line.reason)
            for line in self.lines
        ]
        return hashlib.sha256(repr(told).encode()).hexdigest()[:32]

    def words(self) -> list[str]:
        """What would be corrected, one line for each cell."""
        return [
            f"  {line.named} {line.variable}: {line.now} → {line.after}, {line.caused}"
            for line in self.lines
        ]


def read_corrections(*, project: Project, by: User, table: Table) -> Corrections:
    """Check a table against the cells as they stand, with the rights of the person who corrects.

    Raises BadInput where its columns are not those of corrections; what is wrong with a row
    stands at its line.
    """
    if faults := list(faults_of_columns(table, needed=NEEDED, known=COLUMNS)):
        raise BadInput(faults)
    said = [row for row in table.rows if any(row[name] for name in ("new", "cause", "reason"))]
    found: dict[tuple[str, ...], Line] = {}
    for row in said:
        key = (row["unit"], row["case"], row["variable"])
        if key in found:
            found[key].rows.append(row)
        else:
            found[key] = Line([row])
    if len(found) > MOST:
        rule = f"holds {len(found):,} corrections and at most {MOST:,} are made at once: split it."
        raise BadInput([Fault("file", "", rule)])
    if not found:
        rule = "corrects nothing: write a new value, a cause and a reason into the rows to correct."
        raise BadInput([Fault("file", "", rule)])
    desk = desk_of(project, by, [line.row for line in found.values()])
    for line in found.values():
        _read(line, desk)
    lines = list(found.values())
    return Corrections(lines, len(table.rows) - len(said), list(table.notices), desk)


def correct(
    *, project: Project, by: User, read: Corrections, file: str, note: str, dry_run: bool = False
) -> Batch | None:
    """Make the corrections as one batch, or none of them. Raises BadInput with every fault."""
    if read.faults:
        raise BadInput(read.faults)
    assert read._desk
    with all_or_nothing(dry_run=dry_run):
        sources = _sources(project, read.lines)
        try:
            batch = work.correct_in_bulk(
                project=project,
                corrections=[_correction(line, read._desk, sources) for line in read.lines],
                file=file,
                note=note,
                by=by,
            )
        except Refused as refusal:
            raise BadInput([Fault("corrections", "", refusal.reason)]) from None
    return None if dry_run else batch


def _correction(line: Line, desk: Desk, sources: dict[str, Source]) -> work.Correction:
    assert line.entry
    return work.Correction(
        cell=line.cell,
        entry=line.entry,
        text=line.text,
        cause=line.cause,
        reason=line.reason,
        since=desk.cells[desk.key(line.row)].since,
        rule=line.rule,
        sources=[work.Place(sources[name], *place) for name, *place in line.places],
    )


def _sources(project: Project, lines: Sequence[Line]) -> dict[str, Source]:
    """The sources that are named, those that are new made; whether one was there is not told."""
    wanted = {name for line in lines for name, _, _ in line.places}
    found = {s.citation: s for s in Source.objects.filter(project=project, citation__in=wanted)}
    for name in sorted(wanted - set(found)):
        found[name] = Source.objects.create(project=project, citation=name)
    return found


# ------------------------------------------------------------------ one cell


def _read(line: Line, desk: Desk) -> None:
    """Read the rows of one cell into its line."""
    line.faults += _cell(line, desk)
    line.faults += _cause(line)
    line.reason, odd = safe(line.row, "reason", LONGEST_REASON, empty=False)
    line.faults += odd
    line.faults += _rule(line, desk)
    for row in line.rows:
        line.faults += _place(line, row)
    line.faults += [fault for row in line.rows[1:] for fault in _further(line, row)]
    if line.cell and line.entry:
        line.faults += _old(line, desk, line.entry)
        line.faults += _new(line, desk, line.entry)


def _cell(line: Line, desk: Desk) -> Iterator[Fault]:
    """Which cell it is. A case that is closed, or that one codes, is not told from none."""
    row = line.row
    unit = desk.units.get(row["unit"])
    if unit is None:
        yield row.fault("unit", f"is not a unit.{hint(row['unit'], desk.units)}")
        return
    line.entry = desk.entries[unit.pk].get(row["variable"])
    if line.entry is None:
        known = hint(row["variable"], desk.entries[unit.pk])
        yield row.fault("variable", f"is no variable of {unit.name}.{known}")
    elif line.entry.is_computed:
        yield row.fault("variable", "is computed: correct the cells that it is computed from.")
    elif line.entry.variable.roster_of_id:
        rule = "lists rows: it decides which there are, so it is ruled on by hand."
        yield row.fault("variable", rule)
    line.case = desk.cases.get((unit.pk, row["case"]))
    if line.case is None:
        rule = f"is no open case of {unit.name}: copy its key from the downloaded cells."
        yield row.fault("case", rule)
        return
    if barred := desk.barred(line.case):
        yield row.fault("case", barred)
    if line.entry is not None and desk.needs_others(line.case, line.entry):
        yield row.fault("variable", "needs several adjudicators there: it is ruled on by hand.")
    cell = desk.cells.get(desk.key(row))
    if cell is not None:
        line.cell, line.status = cell.pk, cell.status
        line.now = (
            "" if line.entry is None or cell.text is None else desk.show(cell.text, line.entry)
        )
    elif line.entry is not None:
        yield row.fault("variable", "has no cell there: nobody answered it.")


def _old(line: Line, desk: Desk, entry: Entry) -> Iterator[Fault]:
    """What the cell was thought to say; if it says something else by now, it is looked at again."""
    said, stands = line.row["old"], desk.cells[desk.key(line.row)].text
    if _written(said, entry, desk) == (stands or ""):
        return
    now = f"“{stands}”" if stands is not None else f"it is {line.status}, without a value"
    rule = f"is not what the cell says now ({now}): somebody changed it since. Look at it again."
    yield Fault(line.row.place("old"), said, rule if said else f"empty, {rule}")


def _written(said: str, entry: Entry, desk: Desk) -> str:
    if said == LEAVE:
        return ""
    try:
        return parse(said, entry.domain, desk.states)
    except Invalid:
        return said


def _new(line: Line, desk: Desk, entry: Entry) -> Iterator[Fault]:
    """What it shall say: an answer, a missing code, or that it is left unresolved."""
    said, cell = line.row["new"], desk.cells[desk.key(line.row)]
    code = said.replace("−", "-")
    if not said:
        yield line.row.fault("new", f"is empty: write the value, or {LEAVE} to leave it open.")
        return
    if said == LEAVE:
        line.text, line.after = None, "left unresolved"
    elif code in entry.domain.set_by_rule:
        line.text = code
    else:
        try:
            line.text = parse(said, entry.domain, desk.states)
        except Invalid as error:
            yield line.row.fault("new", str(error))
            return
    if line.text is not None:
        line.after = desk.show(line.text, entry)
    if line.text == cell.text and cell.status != "disputed":
        yield line.row.fault("new", "is what the cell says already: leave the row out.")
    yield from _precedent(line, desk, entry)


def _precedent(line: Line, desk: Desk, entry: Entry) -> Iterator[Fault]:
    """Against a precedent a correction says why, as a ruling does; the reason keeps it."""
    assert line.case
    known = desk.against(line.case, entry, line.text)
    if known is None:
        return
    why, odd = safe(line.row, "against_precedent", LONGEST_TEXT)
    yield from odd
    if not why:
        rule = (
            f"is empty, and {known.case.title} is a precedent: the same answers differed there, "
            f"and the ruling was {known.shown}. Say why it does not hold here."
        )
        yield line.row.fault("against_precedent", rule)
    line.reason = f"{line.reason.rstrip('.')}. Against the precedent {known.case.title}: {why}"


def _cause(line: Line) -> Iterator[Fault]:
    said = line.row["cause"]
    words = {label: value for value, label in work.CAUSES}
    line.cause = words.get(said.casefold(), said if said in words.values() else "")
    if not line.cause:
        there = ", ".join(words.values())
        rule = f"is no cause: write one of {there}." if said else f"is empty: write one of {there}."
        yield line.row.fault("cause", rule)


def _rule(line: Line, desk: Desk) -> Iterator[Fault]:
    """The entry whose rule decides, where it is not the cell's own."""
    if not (name := line.row["rule"]):
        return
    line.rule = desk.named.get(name)
    if line.rule is None:
        rule = f"is no entry of the codebook.{hint(name, desk.named)}"
        yield line.row.fault("rule", rule)


def _place(line: Line, row: Row) -> Iterator[Fault]:
    source, faults = safe(row, "source", LONGEST_SOURCE)
    locator, wrong = safe(row, "locator", LONGEST_LOCATOR)
    quote, odd = safe(row, "quote", LONGEST_TEXT)
    yield from [*faults, *wrong, *odd]
    if not row["source"] and (lonely := next((n for n in ("locator", "quote") if row[n]), "")):
        yield row.fault(lonely, "stands without a source.")
    if not source:
        return
    if any(place[:2] == (source, locator) for place in line.places):
        yield row.fault("source", "is named twice with the same place.")
    else:
        line.places.append((source, locator, quote))


def _further(line: Line, row: Row) -> Iterator[Fault]:
    """Further rows of one cell bring further sources, and contradict it in nothing."""
    first = line.row
    for name in ("old", "new", "cause", "reason", "rule", "against_precedent"):
        if row[name] and row[name] != first[name]:
            yield row.fault(name, f"contradicts {first.place()}, which corrects the same cell.")
    if not row["source"]:
        yield Fault(row.place(), "", f"repeats {first.place()}: it names no further source.")


# ------------------------------------------------------------------ the cells to begin with


def cells_to_edit(
    *, project: Project, by: User, unit: str = "", variable: str = "", status: str = ""
) -> Iterator[tuple[str, ...]]:
    """The cells that this person may correct as rows of a table, the header first."""
    columns = (*NEEDED[:4], "status", *NEEDED[4:], *COLUMNS[len(NEEDED) + 1 :])
    yield columns
    desk = desk_of(project, by, [])
    entries = {
        entry.variable_id: entry
        for entry in desk.named.values()
        if unit in ("", entry.variable.unit.name) and variable in ("", entry.name)
        if not entry.is_computed and not entry.variable.roster_of_id
    }
    cells = blind.cells_for(by).filter(
        case__unit__project=project, variable__in=list(entries), case__in_universe=True
    )
    cells = cells.filter(status=status) if status else cells
    rows = [c for c in cells.select_related("case__unit") if not desk.barred(c.case)]
    for cell in sorted(rows, key=lambda c: _in_order(c.case, entries[c.variable_id])):
        said = {
            "unit": cell.case.unit.name,
            "case": cell.case.key,
            "variable": entries[cell.variable_id].name,
            "old": cell.text or "",
            "status": cell.status,
        }
        yield tuple(said.get(name, "") for name in columns)


def _in_order(case: Case, entry: Entry) -> tuple[int, str, int]:
    return case.unit.position, case.key, entry.position
