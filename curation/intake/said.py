"""Rows of a table in long form as values, each checked by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from coding.canonical import LONGEST_TEXT, Invalid, parse
from coding.models import Entry, Unit
from coding.work import Cited
from curation.faults import Fault
from curation.files import Row, Table
from curation.intake.ground import Ground
from curation.intake.whole import hint, safe

NEEDED = ("coder", "unit", "case", "variable", "value")
COLUMNS = (*NEEDED, "certainty", "note", "source", "locator", "quote")
LONGEST_SOURCE, LONGEST_LOCATOR = 500, 120
VALID_NAME = User.username_validator

Faults = list[tuple[int, Fault]]  # with the number of the row, to print them in its order
Sheet = tuple[str, int, str]  # coder, unit, case
Spoiled = set[tuple[Sheet, str]]  # values that cannot be read, so that no rule misses them


@dataclass
class Said:
    """A value with its citations, and the rows that say it."""

    coder: str
    unit: Unit
    key: str
    entry: Entry
    text: str
    rows: list[Row]
    certainty: int | None = None
    note: str = ""
    citations: list[Cited] = field(default_factory=list)

    @property
    def sheet(self) -> Sheet:
        return self.coder, self.unit.pk, self.key

    def fault(self, rule: str, column: str = "value") -> tuple[int, Fault]:
        """A fault at the first row that says it."""
        return self.rows[0].number, self.rows[0].fault(column, rule)


def read_rows(table: Table, ground: Ground) -> tuple[list[Said], Faults, Spoiled]:
    """The values of a table, and every fault that a row has for itself or with another."""
    found: dict[tuple[Sheet, str], Said] = {}
    faults: Faults = []
    spoiled: Spoiled = set()
    for row in table.rows:
        said, wrong = _read(row, ground)
        if said is None:
            spoiled |= _placed(row, ground)
        else:
            first = found.setdefault((said.sheet, said.entry.name), said)
            wrong += _faults_together(first, said) if first is not said else []
        faults += [(row.number, fault) for fault in wrong]
    return list(found.values()), faults, spoiled


def _placed(row: Row, ground: Ground) -> Spoiled:
    unit = ground.units.get(row["unit"])
    return {((row["coder"], unit.pk, row["case"]), row["variable"])} if unit else set()


def _read(row: Row, ground: Ground) -> tuple[Said | None, list[Fault]]:
    """One row; None where it cannot be said what it answers, or what the answer is."""
    unit = ground.units.get(row["unit"])
    coder_faults = list(_faults_of_coder(row, ground))
    if unit is None:
        rule = f"is not a unit.{hint(row['unit'], ground.units)}"
        return None, [*coder_faults, row.fault("unit", rule)]
    entry = ground.entry(unit, row["variable"])
    faults = [
        *coder_faults,
        *_faults_of_case(row, unit, ground),
        *_faults_of_variable(row, unit, entry, ground),
    ]
    text, wrong = _value(row, entry, ground) if entry else ("", [])
    certainty, unsure = _certainty(row)
    note, odd = safe(row, "note", LONGEST_TEXT)
    citations, uncited = _citations(row)
    more = [*wrong, *unsure, *odd, *uncited]
    if entry is None or faults or wrong:
        return None, [*faults, *more]
    said = Said(row["coder"], unit, row["case"], entry, text, [row], certainty, note, citations)
    return said, more


def _faults_of_coder(row: Row, ground: Ground) -> Iterator[Fault]:
    name = row["coder"]
    if name in ground.people:
        return
    if not name:
        yield row.fault("coder", "is empty.")
    elif name in ground.readers:
        yield row.fault("coder", f"is a reader of {ground.project.slug} and codes nothing.")
    elif not ground.add_coders:
        meant = hint(name, ground.people)
        rule = f"is no coder of {ground.project.slug}: --add-coders makes the account.{meant}"
        yield row.fault("coder", rule)
    elif not _can_be_a_name(name):
        yield row.fault("coder", "is no name for an account: letters, digits and @.+-_ only.")


def _can_be_a_name(name: str) -> bool:
    try:
        VALID_NAME(name)
    except ValidationError:
        return False
    return len(name) <= 150


def _faults_of_case(row: Row, unit: Unit, ground: Ground) -> Iterator[Fault]:
    """A keyed case is there before it is coded; other rows belong to one that is there."""
    key, known = row["case"], ground.parents
    if key in known[unit.pk] and unit.rows == Unit.Rows.KEYED:
        return
    last = key.rpartition("/")[2]
    above = ground.above(unit, key)
    if unit.rows == Unit.Rows.KEYED or above is None:
        yield row.fault("case", f"is no case of {unit.name}.{hint(key, known[unit.pk])}")
    elif above[1] not in known[above[0].pk]:
        rule = f"belongs to no case of {above[0].name}: write its key, a slash and the row."
        yield row.fault("case", f"{rule}{hint(above[1], known[above[0].pk])}")
    elif unit.rows == Unit.Rows.ROSTER and last not in ground.states:
        yield row.fault("case", f"ends in {last}, which is not a code of the state list.")
    elif not re.fullmatch(r"[\w.-]{1,20}", last):
        yield row.fault("case", "ends in no name of a row: up to 20 letters, digits and .-_ only.")


def _faults_of_variable(
    row: Row, unit: Unit, entry: Entry | None, ground: Ground
) -> Iterator[Fault]:
    name = row["variable"]
    if entry is None:
        elsewhere = [u.name for u in ground.units.values() if name in ground.entries[u.pk]]
        there = f" It is asked of {elsewhere[0]}." if elsewhere else ""
        meant = there or hint(name, ground.entries[unit.pk])
        yield row.fault("variable", f"is no variable of {unit.name}.{meant}")
    elif entry.is_computed:
        yield row.fault("variable", "is computed and never asked: leave it out.")


def _value(row: Row, entry: Entry, ground: Ground) -> tuple[str, list[Fault]]:
    """The written form. A code that only a rule sets is let through where this rule could."""
    domain, code = entry.domain, row["value"].replace("−", "-")
    if code in domain.set_by_rule and entry.skip_if and code == entry.skip_value:
        return code, []
    try:
        return parse(row["value"], domain, ground.states), []
    except Invalid as error:
        return "", [row.fault("value", str(error))]


def _certainty(row: Row) -> tuple[int | None, list[Fault]]:
    text = row["certainty"]
    if not text or re.fullmatch("[1-4]", text):
        return int(text) if text else None, []
    return None, [row.fault("certainty", "is not a certainty: write 1, 2, 3, 4 or nothing.")]


def _citations(row: Row) -> tuple[list[Cited], list[Fault]]:
    source, faults = safe(row, "source", LONGEST_SOURCE)
    locator, wrong = safe(row, "locator", LONGEST_LOCATOR)
    quote, odd = safe(row, "quote", LONGEST_TEXT)
    faults = [*faults, *wrong, *odd]
    if source:
        return [Cited(source, locator, quote)], faults
    lonely = next((name for name in ("locator", "quote") if row[name]), "")
    if lonely and not row["source"]:
        faults.append(row.fault(lonely, "stands without a source."))
    return [], faults


def _faults_together(first: Said, said: Said) -> list[Fault]:
    """Further rows of one value bring further citations, and contradict it in nothing."""
    row, faults = said.rows[0], []
    before = first.rows[0].place()
    if said.text != first.text:
        rule = f"contradicts {before}, which says “{first.text}” of the same."
        return [row.fault("value", rule)]
    if None not in (said.certainty, first.certainty) and said.certainty != first.certainty:
        faults.append(row.fault("certainty", f"contradicts {before} ({first.certainty})."))
    if said.note and first.note and said.note != first.note:
        faults.append(row.fault("note", f"differs from the note of {before}: one value, one note."))
    held = {(cited.source, cited.locator) for cited in first.citations}
    new = [cited for cited in said.citations if (cited.source, cited.locator) not in held]
    if not new:
        faults.append(Fault(row.place(), "", f"repeats {before}: it cites nothing new."))
    first.certainty = first.certainty or said.certainty
    first.note = first.note or said.note
    first.citations += new
    first.rows.append(row)
    return faults
