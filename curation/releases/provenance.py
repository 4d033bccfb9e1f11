"""Where each cell comes from: what its coders said and cited, how it was ruled, how it moved.

One record a cell, written twice: as a line of provenance.jsonl for programs, and on a page for
each case in why.zip for people. Records hold no clock: a revision is dated by the first release
that held it.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, NamedTuple

from coding import blind
from coding.models import Case, Project, Unit
from curation import store
from curation.releases import why
from curation.releases.columns import Column
from curation.releases.csvfile import File
from curation.releases.evidence import UNKNOWN, CellRow, Opened, Passage
from curation.releases.universe import Row
from curation.releases.zipped import ZipFile

LINES, PAGES = "provenance.jsonl", "why.zip"
RULED = ("adjudicated", "unresolved")
Record = dict[str, Any]
_written = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Revision(NamedTuple):
    """A state that a cell was in."""

    release: str
    status: str
    value: str | None
    cause: str
    reason: str
    rule: int | None
    why: str
    by: str
    gone: bool


class Traces:
    """Both files on their way; told of cases a few hundred at a time."""

    def __init__(
        self, project: Project, names: Mapping[int, str], version: str, drafts: ExitStack
    ) -> None:
        self.project, self.names, self.version = project, names, version
        cut = project.releases.order_by("pk").values_list("released_at", "version")
        self.moments = list(cut)
        self.lines = drafts.enter_context(store.draft())
        self.count = 0
        packed = drafts.enter_context(ZipFile(PAGES, drafts.enter_context(store.draft())))
        self.pages = why.Pages(project.title, version, packed)
        self.uncited: Counter[str] = Counter()  # cells with a value, by variable
        self.titles: dict[int, str] = {}
        self.past: dict[tuple[int, int], list[Revision]] = {}
        self.grounds: dict[tuple[int, int], list[Passage]] = {}

    def look_up(self, cases: Sequence[int]) -> None:
        """What the records of these cases need beside cells and codings, in three queries."""
        self.titles = dict(Case.objects.filter(pk__in=cases).values_list("pk", "title"))
        self.past, self.grounds = defaultdict(list), defaultdict(list)
        columns = ("history_date", *PAST)
        for moment, case, variable, *rest in blind.cells_past(self.project, cases).values_list(
            *columns
        ):
            self.past[case, variable].append(self._revision(moment, *rest))
        found = blind.grounds_among(self.project, cases).order_by().values_list(*GROUNDS)
        for case, variable, *passage in sorted(found):
            self.grounds[case, variable].append(tuple(passage))

    def _revision(self, moment: Any, *rest: Any) -> Revision:
        *state, user, kind = rest
        at = bisect_left(self.moments, moment, key=lambda each: each[0])
        release = self.moments[at][1] if at < len(self.moments) else self.version
        by = "" if user is None else self.names.get(user, UNKNOWN)
        status, value, cause, reason, rule, told = state
        return Revision(release, status, value, cause, reason, rule, told or "", by, kind == "-")

    def add(
        self,
        unit: Unit,
        row: Row,
        columns: Sequence[Column],
        cells: Mapping[int, CellRow],
        parted: tuple[Sequence[Opened], Sequence[Opened]],
    ) -> None:
        """A case, with the codings that are told of it and those that are only counted."""
        records = []
        for column in columns:
            if cell := cells.get(column.variable):
                place = (row.pk, column.variable)
                told = _record(column, cell, parted, self.past.get(place, ()))
                told |= _filled(sources=_passages(self.grounds.get(place, ())))
                if is_bare(column, cell, parted[0]):
                    self.uncited[column.name] += 1
                records.append({"unit": unit.name, "case": row.key, "variable": column.name} | told)
        self.lines.write("".join(f"{_written(record)}\n" for record in records).encode())
        self.count += len(records)
        self.pages.add(unit, row, self.titles.get(row.pk, ""), columns, records)

    def keep(self) -> list[File]:
        kept = self.lines.keep()
        lines = File(LINES, kept.sha256, kept.bytes, self.count)
        return [lines, self.pages.keep()]


PAST = (
    *("case", "variable", "status", "text", "cause", "reason", "rule__codebook__number"),
    *("history_change_reason", "history_user", "history_type"),
)


GROUNDS = ("cell__case", "cell__variable", "source__citation", "locator", "quote")


def _record(
    column: Column,
    cell: CellRow,
    parted: tuple[Sequence[Opened], Sequence[Opened]],
    past: Sequence[Revision],
) -> Record:
    told, silent = parted
    return {"value": cell.text, "status": cell.status} | _filled(
        derived_from=cell.reason if cell.status == "derived" else "",
        codings=[*_codings(column.variable, told)],
        withheld=sum(column.variable in coding.said for coding in silent),
        ruling=_ruling(cell, past) if cell.status in RULED else None,
        revisions=[*_revisions(past)] if len(past) > 1 else [],
    )


def is_bare(column: Column, cell: CellRow, told: Sequence[Opened]) -> bool:
    """A value that rests on no source, though its variable names where to look."""
    if not column.is_cited or cell.text is None or cell.text in column.missing:
        return False
    if cell.status == "derived" or cell.grounds:
        return False
    said = [coding for coding in told if column.variable in coding.said]
    return not any(coding.quoted.get(column.variable) for coding in said)


def _filled(**parts: Any) -> Record:
    """Without what is empty: a record tells what there is."""
    return {key: part for key, part in parts.items() if part}


def _codings(variable: int, opened: Sequence[Opened]) -> Iterator[Record]:
    for coding in opened:
        said = coding.said.get(variable)
        if said is None:
            continue
        text, certainty, note = said
        found = {"coder": coding.coder, "codebook": coding.codebook, "value": text}
        yield found | _filled(
            certainty=certainty,
            note=note,
            purpose=coding.purpose if coding.purpose != "production" else "",
            citations=_passages(coding.quoted.get(variable, ())),
        )


def _passages(found: Iterable[Passage]) -> list[Record]:
    return [
        {"source": source} | _filled(locator=locator, quote=quote)
        for source, locator, quote in found
    ]


def _ruling(cell: CellRow, past: Sequence[Revision]) -> Record:
    last = past[-1] if past else None
    told = {"cause": cell.cause, "reason": cell.reason}
    return told | _filled(by=last.by if last else "", rule_of_codebook=last.rule if last else None)


def _revisions(past: Sequence[Revision]) -> Iterator[Record]:
    for each in past:
        state = "taken off" if each.gone else each.status
        yield {"release": each.release, "status": state, "value": each.value} | _filled(
            cause=each.cause, reason=each.reason, why=each.why, by=each.by
        )
