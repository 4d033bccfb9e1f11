"""Why a cell differs from the release before: one cause, taken from its last revision.

A cell stands as the newest line of its history says, or somebody changed it behind the door:
then no release is cut.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from django.urls import reverse

from coding import blind
from coding.errors import Refused
from coding.models import Case, Project
from curation.models import Release
from curation.releases.differences import ADDED, REMOVED, Difference, Meeting, Said

NEW_CASE, NEW_SOURCE, ERROR = "new case", "new source", "error"
ADJUDICATION, CODEBOOK, SCOPE = "adjudication", "codebook change", "scope"
EXTERNAL = "external data"
CAUSES = {
    NEW_CASE: "the case is new, or had not been coded",
    NEW_SOURCE: "another coding, data set or source speaks of it",
    ERROR: "a value was corrected: a slip, or an error of an import or a mapping",
    ADJUDICATION: "somebody ruled on it, took a ruling back, or confirmed it",
    CODEBOOK: "the codebook has, reads or measures it otherwise",
    EXTERNAL: "a series of others' data was taken over, or came in a newer version",
    SCOPE: "the case came into the data set's scope or left it",
}
RULED = ("adjudicated", "unresolved")
COMPARED = ("compared again", "case opened")
BY_SERIES = re.compile(r"series [-\w]+, .*, taken over", re.DOTALL)
BY_CODEBOOK = re.compile(r"codebook \d+, ")
AT_ONCE = 500
TOLD = 5


def plain(text: str | None) -> str:
    """As the tables of a release write it."""
    return (text or "").replace("\r\n", "\n").replace("\r", "\n")


class Step(NamedTuple):
    """A line of a cell's history."""

    number: int
    kind: str
    why: str | None
    case: int
    variable: int
    status: str
    text: str | None
    coders: int
    cause: str
    reason: str
    verified: int | None
    flagged: bool
    reopened: bool
    recoding: int | None
    at: datetime

    def gives(self, said: Said) -> bool:
        """Whether the cell stands in the release as this line left it."""
        return (
            self.kind != "-"
            and (plain(self.text), self.status, str(self.coders)) == said[:1] + said[2:4]
            and (self.cause, plain(self.reason)) == (said.cause, said.reason)
            and (str(int(self.flagged)), "01"[self.verified is not None])
            == (said.flagged, said.verified)
        )


STEP = (
    "history_id",
    "history_type",
    "history_change_reason",
    "case",
    "variable",
    "status",
    "text",
    "coders",
    "cause",
    "reason",
    "verified_by",
    "flagged",
    "reopened",
    "recoding",
    "history_date",
)


class Found(NamedTuple):
    """A case as it stands now."""

    pk: int
    above: tuple[int, ...]  # itself, its parent, the top of its family

    @property
    def family(self) -> int:
        return self.above[-1]


class Explained(NamedTuple):
    """A difference with its one cause, and what the last revision gave as its reason."""

    difference: Difference
    cause: str
    why: str


@dataclass
class Past:
    """What is known of the cells and cases of some differences."""

    cases: Mapping[tuple[str, str], Found]
    steps: dict[tuple[int, int], list[Step]] = field(default_factory=lambda: defaultdict(list))
    families: dict[int, list[Step]] = field(default_factory=lambda: defaultdict(list))
    out: Mapping[int, bool] = field(default_factory=dict)  # ever out of scope: and still?


class Unexplained(Exception):
    """No revision tells why this cell differs."""


@dataclass(frozen=True)
class Reader:
    """Explains differences of a project since a release."""

    project: Project
    before: Release
    names: Meeting

    def explain(self, differences: Iterable[Difference]) -> Iterator[Explained]:
        """Each with its cause. Refused, once all are read, where one has none."""
        unexplained: list[tuple[Difference, int | None]] = []
        for block in _blocks(differences):
            past = self._past(block)
            for each in block:
                try:
                    yield self._explained(each, past)
                except Unexplained:
                    found = past.cases.get((each.unit, each.case))
                    unexplained.append((each, found.pk if found else None))
        if unexplained:
            raise _refusal(unexplained)

    def _past(self, block: Sequence[Difference]) -> Past:
        cases = _cases_named(self.project, block)
        past = Past(cases, out=_out_of_scope({pk for c in cases.values() for pk in c.above}))
        derived = {
            cases[d.unit, d.case].family
            for d in block
            if (d.unit, d.case) in cases and "derived" in _statuses(d)
        }
        around = Case.objects.filter(root__in=derived).values_list("pk", "root")
        family_of = {pk: root or pk for pk, root in around} | {pk: pk for pk in derived}
        wanted = {c.pk for c in cases.values()} | set(family_of)
        for row in blind.cells_past(self.project, wanted).values_list(*STEP):
            step = Step(*row)
            past.steps[step.case, step.variable].append(step)
            if step.case in family_of and step.status != "derived":
                past.families[family_of[step.case]].append(step)
        return past

    def _explained(self, each: Difference, past: Past) -> Explained:
        case = past.cases.get((each.unit, each.case))
        if each.change == REMOVED:
            return self._removed(each, case, past)
        entry = self.names.after.get(each.variable)
        steps = past.steps.get((case.pk, entry.variable_id)) if case and entry else None
        if case is None or not steps or each.after is None or not steps[-1].gives(each.after):
            raise Unexplained
        return Explained(each, self._cause(each, case, steps, past), plain(steps[-1].why))

    def _removed(self, each: Difference, case: Found | None, past: Past) -> Explained:
        if case is not None and any(past.out.get(pk) for pk in case.above):
            return Explained(each, SCOPE, "")
        if self.names.replaced(each.variable):
            return Explained(each, CODEBOOK, "")
        entry = self.names.after[each.variable]
        steps = past.steps.get((case.pk, entry.variable_id)) if case else None
        if not case or not steps or steps[-1].kind != "-":
            raise Unexplained
        return Explained(each, self._computed(case, steps[-1], past), plain(steps[-1].why))

    def _cause(self, each: Difference, case: Found, steps: Sequence[Step], past: Past) -> str:
        if each.change == ADDED and each.first:
            return SCOPE if any(pk in past.out for pk in case.above) else NEW_CASE
        if self.names.replaced(each.variable):
            return CODEBOOK
        step = steps[-1]
        if step.status == "derived":
            return self._computed(case, step, past)
        if each.before is not None and step.gives(each.before):
            return NEW_SOURCE  # what its coders cite, or how sure they are, and not the cell
        return _of_revision(step, each.before.status if each.before else "")

    def _computed(self, case: Found, step: Step, past: Past) -> str:
        """The cause of the revision after which it was computed; or another way to compute it."""
        if BY_SERIES.fullmatch(step.why or ""):
            return EXTERNAL
        earlier = [s for s in past.families[case.family] if s.number < step.number]
        if not earlier or earlier[-1].at < self.before.released_at:
            changed = any(self.names.before.get(n) != e for n, e in self.names.after.items())
            if changed or not earlier:
                return CODEBOOK
        last = earlier[-1]
        same = [s for s in earlier[:-1] if (s.case, s.variable) == (last.case, last.variable)]
        return _of_revision(last, same[-1].status if same else "")


def _of_revision(step: Step, before: str) -> str:
    """`before` is the status that the cell had, empty where there was none."""
    why = step.why or ""
    if BY_CODEBOOK.match(why) or (step.kind == "+" and step.recoding):
        return CODEBOOK
    if why in COMPARED:
        return NEW_SOURCE
    if step.status in RULED and before not in ("", "disputed"):
        if step.cause in ("slip", "import_error") and before != "unresolved":
            return ERROR
        if step.cause == "source_missing":
            return NEW_SOURCE
    return ADJUDICATION


def _statuses(each: Difference) -> set[str]:
    return {said.status for said in (each.before, each.after) if said}


def _blocks(differences: Iterable[Difference]) -> Iterator[list[Difference]]:
    """Differences of a few hundred cases at a time."""
    block: list[Difference] = []
    cases: set[tuple[str, str]] = set()
    for each in differences:
        cases.add((each.unit, each.case))
        if len(cases) > AT_ONCE:
            yield block
            block, cases = [], {(each.unit, each.case)}
        block.append(each)
    if block:
        yield block


def _cases_named(project: Project, block: Sequence[Difference]) -> dict[tuple[str, str], Found]:
    rows = Case.objects.filter(unit__project=project, key__in={d.case for d in block}).order_by()
    columns = ("unit__name", "key", "pk", "parent", "root")
    return {
        (unit, key): Found(pk, tuple(dict.fromkeys(n for n in (pk, parent, root or pk) if n)))
        for unit, key, pk, parent, root in rows.values_list(*columns)
    }


def _out_of_scope(cases: Iterable[int]) -> dict[int, bool]:
    """Cases that were ever out of the data set, and whether their history leaves them there."""
    found: dict[int, bool] = {}
    rows = Case.history.filter(id__in=list(cases)).order_by("history_id")
    for pk, inside in rows.values_list("id", "in_universe"):
        if pk in found or not inside:
            found[pk] = not inside
    return found


def _refusal(unexplained: Sequence[tuple[Difference, int | None]]) -> Refused:
    told = [_words(each) for each, _ in unexplained[:TOLD]]
    more = len(unexplained) - len(told)
    links = {
        f"History of {each.case}": reverse("coding:history", args=[pk])
        for each, pk in unexplained[:TOLD]
        if pk
    }
    return Refused(
        f"No release was cut: {len(unexplained)} changed "
        f"{'cell has' if len(unexplained) == 1 else 'cells have'} no revision that explains it. "
        f"{'; '.join(told)}{f'; and {more} more' if more else ''}. Somebody changed the database "
        "past the application: bring the cells back from a backup, or rule on each with a cause "
        "and a reason.",
        list(links.items()),
    )


def _words(each: Difference) -> str:
    was = _value(each.before)
    return f"{each.variable} of {each.case} ({each.unit}): {was} → {_value(each.after)}"


def _value(said: Said | None) -> str:
    return "no cell" if said is None else f"“{said.value[:60]}”, {said.status}"
