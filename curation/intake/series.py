"""Somebody else's data by state and time: one column of a table, taken over with its source.

Their codes are resolved by date: what is in no spell of the project's list of states on that day
is not taken over, and is reported. Their missing codes become gaps, never numbers.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.db import transaction

from coding import codebooks, work
from coding.models import Project, Series
from curation.faults import BadInput, Fault
from curation.files import Row, Table
from curation.intake.whole import hint
from curation.releases.riskset import COLUMNS, Spell, spells_of

MOST_LISTED = 50
OURS = (
    "is {} and would be taken for the missing code of this project. Say with --missing which of "
    "the project's codes it stands for, or map it with --codes."
)
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True)
class Columns:
    """Where in the table the parts stand. Either `year`, or `first` and `last` day."""

    state: str
    value: str
    other: str = ""
    year: str = ""
    first: str = ""
    last: str = ""

    @property
    def named(self) -> list[str]:
        parts = (self.state, self.value, self.other, self.year, self.first, self.last)
        return [part for part in parts if part]


@dataclass(frozen=True)
class About:
    """What is said of a series, and how its values and codes are read.

    missing: their missing code → ours, or "" for a gap. codes: their value → ours; one that is
    not named stands as it is, and is never taken for a missing code of ours.
    same: groups of codes that are one state, of which that one counts that is in the system then.
    """

    name: str
    title: str
    source: str
    version: str
    licence: str
    pair: str = ""
    years_before: int = 0
    absent: str = ""
    missing: Mapping[str, str] = field(default_factory=dict)
    codes: Mapping[str, str] = field(default_factory=dict)
    same: tuple[frozenset[str], ...] = ()


@dataclass
class SeriesReport:
    """What became of the rows, and which states could not be placed in time."""

    name: str
    dry_run: bool
    rows: int = 0
    kept: int = 0
    missing: int = 0
    first: str = ""
    last: str = ""
    states: int = 0
    moved: int = 0
    unmatched: list[tuple[str, str, int]] = field(default_factory=list)
    followed: work.Followed = field(default_factory=work.Followed)

    def as_dict(self) -> dict[str, Any]:
        return {**self.kept_with_it(), "cells": asdict(self.followed)}

    def kept_with_it(self) -> dict[str, Any]:
        """What stands beside the series: of cells nothing, since who reads it may be coding."""
        return {word: value for word, value in asdict(self).items() if word != "followed"}

    def lines(self) -> list[str]:
        words = [
            f"{self.name}: {self.kept} of {self.rows} rows taken over, {self.missing} missing; "
            f"{self.states} states, {self.first} to {self.last}."
        ]
        if self.moved:
            words.append(f"{self.moved} rows moved to the code that the state had on the day.")
        for code, spans, count in self.unmatched[:MOST_LISTED]:
            words.append(f"  {code} was in no spell of the list of states: {count} rows, {spans}")
        if self.dry_run:
            return [*words, "Dry run: nothing was written, and no cell was derived."]
        return [*words, *_lines_of_cells(self.followed)]


def _lines_of_cells(followed: work.Followed) -> Iterator[str]:
    counts = followed.counts
    if counts or followed.kept:
        yield (
            f"Cells derived from it: {counts['filled']} filled, {counts['changed']} changed, "
            f"{counts['gone']} gone; {counts['empty']} empty, since it says nothing of them."
        )
    for place in followed.kept[:MOST_LISTED]:
        yield f"  {place}: what a person said stays."
    for code, day in followed.unplaced[:MOST_LISTED]:
        yield f"  {code} was in no spell of the list of states on {day}: no cell"


Line = tuple[str, str, str, str, str]


def import_series(
    *, project: Project, table: Table, columns: Columns, about: About, dry_run: bool = False
) -> SeriesReport:
    """Take a column over; a series of the same name is replaced. Raises BadInput."""
    ours = frozenset(codebooks.missing_codes_of(project))
    faults = [
        *_faults_of_columns(table, columns),
        *_faults_of_about(about, columns),
        *_faults_of_missing(about, ours),
    ]
    if faults:
        raise BadInput(faults)
    report = SeriesReport(about.name, dry_run)
    lines, faults = _lines(project, table, columns, _Values(columns.value, about, ours), report)
    if faults:
        raise BadInput(faults)
    if not dry_run:
        with transaction.atomic():
            series = _keep(project, about, lines, report)
            report.followed = work.follow_series(series=series)
    return report


def _keep(project: Project, about: About, lines: Sequence[Line], report: SeriesReport) -> Series:
    said = {
        name: getattr(about, name)
        for name in ("title", "source", "version", "licence", "pair", "years_before", "absent")
    }
    Series.objects.filter(project=project, name=about.name).delete()
    return Series.objects.create(
        project=project,
        name=about.name,
        same=sorted(sorted(group) for group in about.same),
        missing=sorted(set(about.missing.values()) - {""}),
        lines=[list(line) for line in lines],
        report=report.kept_with_it(),
        **said,
    )


def _faults_of_columns(table: Table, columns: Columns) -> Iterator[Fault]:
    there = table.header.names
    for name in columns.named:
        if name not in there:
            yield Fault("header", name, f"is no column of the table.{hint(name, there)}")
    if bool(columns.year) == bool(columns.first):
        yield Fault("options", "", "Name either the column of the year or that of the first day.")


def _faults_of_about(about: About, columns: Columns) -> Iterator[Fault]:
    try:
        validate_slug(about.name)
    except ValidationError:
        yield Fault("--name", about.name, "is no name for a column: letters, digits, _ and -.")
    if about.name in COLUMNS:
        yield Fault("--name", about.name, "is a column of the risk set already.")
    for word in ("title", "source", "version", "licence"):
        if not getattr(about, word).strip():
            option = "edition" if word == "version" else word
            yield Fault(f"--{option}", "", "is needed: others must be able to find and to use it.")
    if bool(about.pair) != bool(columns.other):
        yield Fault("--other", columns.other, "A pair needs its other column and --with, together.")


def _faults_of_missing(about: About, ours: frozenset[str]) -> Iterator[Fault]:
    for theirs, code in about.missing.items():
        if code and code not in ours:
            rule = f"{theirs} becomes {code}, which is no missing code of the project."
            yield Fault("--missing", f"{theirs}={code}", rule + hint(code, ours))
    if about.absent and about.absent not in ours and not NUMBER.fullmatch(about.absent):
        yield Fault("--absent", about.absent, "is no number and no missing code of the project.")


def _lines(
    project: Project, table: Table, columns: Columns, values: _Values, report: SeriesReport
) -> tuple[list[Line], list[Fault]]:
    resolve = _Resolver(spells_of(project), values.about.same)
    lines: dict[tuple[str, ...], Line] = {}
    faults: list[Fault] = []
    for row in table.rows:
        report.rows += 1
        try:
            span = _span(row, columns)
            value = values.of(row)
        except _Odd as odd:
            faults.append(odd.fault)
            continue
        report.missing += values.is_missing(value)
        if not value:
            continue
        states = [resolve(row[name], *span) for name in (columns.state, columns.other) if name]
        if all(states):
            line = (str(states[0]), str(states[1]) if len(states) > 1 else "", *span, value)
            if (known := lines.get(line[:4])) and known != line:
                faults.append(row.fault(columns.value, f"contradicts another row, {known[4]}."))
            lines[line[:4]] = line
    return _reported(lines, resolve, report), faults


def _reported(
    lines: Mapping[tuple[str, ...], Line], resolve: _Resolver, report: SeriesReport
) -> list[Line]:
    kept = sorted(lines.values())
    report.kept, report.moved = len(kept), resolve.moved
    report.states = len({line[0] for line in kept})
    report.first = min((line[2] for line in kept), default="")
    report.last = max((line[3] for line in kept), default="")
    report.unmatched = resolve.unmatched()
    return kept


class _Odd(Exception):
    def __init__(self, fault: Fault) -> None:
        self.fault = fault


def _span(row: Row, columns: Columns) -> tuple[str, str]:
    if columns.year:
        text = row[columns.year].strip()
        if not re.fullmatch(r"\d{4}", text):
            raise _Odd(row.fault(columns.year, "is no year of four digits."))
        return f"{text}-01-01", f"{text}-12-31"
    first = _day(row, columns.first)
    last = _day(row, columns.last) if columns.last and row[columns.last] else "9999-12-31"
    if last < first:
        raise _Odd(row.fault(columns.last, "ends before it begins."))
    return first, last


def _day(row: Row, name: str) -> str:
    try:
        return date.fromisoformat(row[name].strip()).isoformat()
    except ValueError:
        raise _Odd(row.fault(name, "is no day as 1990-10-03.")) from None


@dataclass(frozen=True)
class _Values:
    """How the values of a column are read; `ours` are the missing codes of the project."""

    column: str
    about: About
    ours: frozenset[str]

    def of(self, row: Row) -> str:
        """A number as it stands, or a missing code of ours; empty for a gap."""
        text = row[self.column].strip()
        if not text or text in self.about.missing:
            return self.about.missing.get(text, "")
        text = self.about.codes.get(text, text)
        if text in self.ours:
            raise _Odd(row.fault(self.column, OURS.format(text)))
        if not NUMBER.fullmatch(text):
            rule = "is no number. Name it with --missing, or map it with --codes."
            raise _Odd(row.fault(self.column, rule))
        return text

    def is_missing(self, value: str) -> bool:
        return not value or value in self.ours


class _Resolver:
    """Their code on a day → the project's code then; what has none is counted."""

    def __init__(self, spells: Sequence[Spell], same: Sequence[frozenset[str]]) -> None:
        self.spells: dict[str, list[Spell]] = {}
        for spell in spells:
            self.spells.setdefault(spell.code, []).append(spell)
        self.same = {code: group for group in same for code in group}
        self.moved = 0
        self.gone: Counter[str] = Counter()
        self.years: dict[str, list[str]] = {}

    def __call__(self, code: str, first: str, last: str) -> str | None:
        code = code.strip()
        for each in [code, *sorted(self.same.get(code, frozenset()) - {code})]:
            if any(spell.overlaps(first, last) for spell in self.spells.get(each, [])):
                self.moved += each != code
                return each
        self.gone[code] += 1
        self.years.setdefault(code, []).append(first[:4])
        return None

    def unmatched(self) -> list[tuple[str, str, int]]:
        """Code, the years of its rows, how many."""
        return [
            (code, f"{min(self.years[code])}-{max(self.years[code])}", count)
            for code, count in sorted(self.gone.items())
        ]
