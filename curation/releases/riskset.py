"""Who could have joined: each case with a roster of states × each state of the system then.

Who joins cannot be studied without those that did not. The table is made from the frozen table of
the unit and from the list of states, both of which lie in the release beside it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from django.contrib.auth.models import User

from coding.canonical import bounds, members
from coding.errors import Refused
from coding.models import Codebook, Entry, Project, State, Variable
from coding.work import signed
from curation import store
from curation.releases.covariates import Covariate
from curation.releases.csvfile import CsvFile, Field, File

STATES, RISK_SET, SERIES = "states.csv", "risk_set.csv", "series.csv"
OF_SERIES = (
    "column",
    "title",
    "source",
    "version",
    "licence",
    "first_day",
    "last_day",
    "states",
    "no_row_means",
    "not_in_the_list_of_states",
)
OF_STATES = ("code", "abbreviation", "name", "member_from", "member_until", "region")
COLUMNS = (
    "case",
    "state",
    "state_name",
    "start_date",
    "is_target",
    "in_home_region",
    "joined",
    "joined_as",
)


class Spell(NamedTuple):
    """One membership of a state in the system; open at the end where `until` is empty."""

    code: str
    abbreviation: str
    name: str
    since: str
    until: str
    region: str

    def overlaps(self, earliest: str, latest: str) -> bool:
        return self.since <= latest and (not self.until or earliest <= self.until)


@dataclass(frozen=True)
class Declared:
    """What a project says of joining: names of entries, and the states that lead its cases.

    roster: a set of states. start: a date of the same unit. target: where it takes place, or "".
    leads: states that can join none, as the United States cannot in its own interventions.
    below, kind: the unit that the roster lists, and its entry that says as what a state joined.
    """

    unit: str
    roster: str
    start: str
    target: str
    leads: frozenset[str]
    missing: frozenset[str]
    below: str = ""
    kind: str = ""


def declared(project: Project, codebook: Codebook, entries: Sequence[Entry]) -> Declared | None:
    """What the project declares, under this codebook. Raises Refused where it does not fit."""
    said = project.risk_set
    if not said:
        return None
    named = {entry.name: entry for entry in entries}
    roster = _entry(named, said["roster"], "set of states", lambda v: v.reference == "state")
    unit = roster.variable.unit
    start = _entry(
        named, said["start"], "date", lambda v: v.kind == "date" and v.unit_id == unit.pk
    )
    if said["target"]:
        _entry(named, said["target"], "state", lambda v: v.kind == "state" and v.unit_id == unit.pk)
    below = roster.variable.roster_of
    kind = said.get("class", "")
    if kind:
        _entry(named, kind, "category", lambda v: below is not None and v.unit_id == below.pk)
    missing = frozenset(m.code for m in codebook.missing_codes.all())
    return Declared(
        unit.name,
        roster.name,
        start.name,
        said["target"],
        frozenset(said["leads"]),
        missing,
        below.name if below and kind else "",
        kind,
    )


def declare(*, project: Project, said: Mapping[str, object], by: User) -> Project:
    """Say from which entries it is drawn up from now on; from none: releases hold no risk set."""
    project.risk_set = dict(said) if said.get("roster") else {}
    signed.save(project, why=f"Risk set from {said.get('roster') or 'nothing'}", by=by)
    return project


def _entry(
    named: Mapping[str, Entry], name: str, kind: str, fits: Callable[[Variable], bool]
) -> Entry:
    entry = named.get(name)
    if entry is None or not fits(entry.variable):
        raise Refused(
            f"The risk set is drawn up from “{name}”, and the codebook has no such {kind} in the "
            "unit of the roster. Say anew under Studies what it is drawn up from."
        )
    return entry


def spells_of(project: Project) -> list[Spell]:
    """By code and first day, as they stand in states.csv."""
    rows = State.objects.filter(project=project).order_by()
    found = [
        Spell(s.code, s.abbreviation, s.name, _day(s.member_from), _day(s.member_until), s.region)
        for s in rows
    ]
    return sorted(found, key=lambda spell: (spell.code, spell.since))


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""


def files_of(
    project: Project, codebook: Codebook, entries: Sequence[Entry], tables: Sequence[File]
) -> list[File]:
    """The list of states and the risk set; none where the project declares no risk set."""
    found = declared(project, codebook, entries)
    if found is None:
        return []
    spells = spells_of(project)
    table = next(file for file in tables if file.name == f"{found.unit}.csv")
    with store.draft() as first, store.draft() as second, _text(table) as text:
        states = CsvFile(STATES, OF_STATES, first)
        states.write(spells)
        more = [Covariate(each) for each in project.series.order_by("name")]
        risk_set = CsvFile(RISK_SET, [*COLUMNS, *(each.name for each in more)], second)
        classes = _classes(found, tables)
        for row in csv.DictReader(text):
            risk_set.write(list(lines(found, row, spells, more, classes)))
        kept = [states.keep(), risk_set.keep()]
    return [*kept, _told(project)] if more else kept


def _told(project: Project) -> File:
    """What the series are, whose, how they were matched: of others' data, this much is ours."""
    with store.draft() as draft:
        table = CsvFile(SERIES, OF_SERIES, draft)
        for each in project.series.order_by("name"):
            report = each.report
            unmatched = "; ".join(f"{code} {years} ({n})" for code, years, n in report["unmatched"])
            table.write(
                [
                    (
                        each.name,
                        each.title,
                        each.source,
                        each.version,
                        each.licence,
                        report["first"],
                        report["last"],
                        report["states"],
                        each.absent,
                        unmatched,
                    )
                ]
            )
        return table.keep()


def _classes(found: Declared, tables: Sequence[File]) -> dict[str, str]:
    """As what each state joined, by the key of its row; a gap where that is missing."""
    table = next((file for file in tables if file.name == f"{found.below}.csv"), None)
    if table is None:
        return {}
    with _text(table) as text:
        said = {row["case"]: row[found.kind] for row in csv.DictReader(text)}
    return {key: kind for key, kind in said.items() if kind not in found.missing}


def _text(file: File) -> io.TextIOWrapper:
    return io.TextIOWrapper(store.opened(file.sha256), "utf-8", newline="")


def lines(
    found: Declared,
    row: Mapping[str, str],
    spells: Iterable[Spell],
    covariates: Sequence[Covariate] = (),
    classes: Mapping[str, str] | None = None,
) -> Iterator[Sequence[Field]]:
    """A case's part: a line for each state in the system on a day that its start can mean.

    `joined` is empty where the roster is: not coded, not asked, missing, disputed. A case whose
    start is not known has no lines.
    """
    start = row[found.start]
    if not start or start in found.missing:
        return
    earliest, latest, _ = bounds(start)
    target = row[found.target] if found.target else ""
    there = {s.code: s for s in spells if s.overlaps(earliest, latest)}
    region = there[target].region if target in there else ""
    joined = _joined(row[found.roster], found.missing)
    for code, state in there.items():
        if code not in found.leads:
            home = "" if not region or not state.region else int(state.region == region)
            came = "" if joined is None else int(code in joined)
            more = (each.of(code, earliest, target, found.leads) for each in covariates)
            kind = (classes or {}).get(f"{row['case']}/{code}", "") if came == 1 else ""
            place = (row["case"], code, state.name, start, int(code == target))
            yield (*place, home, came, kind, *more)


def _joined(text: str, missing: frozenset[str]) -> frozenset[str] | None:
    if not text or text in missing:
        return None
    return frozenset(members(text))


def odd(
    found: Declared, row: Mapping[str, str], spells: Mapping[str, Sequence[Spell]]
) -> list[str]:
    """States on the roster that were in the system on no day that the start can mean."""
    start, joined = row[found.start], _joined(row[found.roster], found.missing)
    if not start or start in found.missing or not joined:
        return []
    earliest, latest, _ = bounds(start)
    return sorted(
        code
        for code in joined
        if not any(spell.overlaps(earliest, latest) for spell in spells.get(code, ()))
    )
