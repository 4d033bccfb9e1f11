"""The evidence of one case: its cells, what each coder said of them, and what speaks for whom.

Whoever looks, coders are called Coder A, Coder B: a ruling must not know whom it follows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from itertools import permutations
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Count, Q

from coding import blind, canonical, charts, codebooks, precedents, rounds, rules
from coding.models import Case, Coding, Entry, FirstAnswer, Member, Unit

GROUPS = {
    "open": "Open",
    "settled": "Settled",
    "agreed": "Agreed",
    "single": "Single",
    "computed": "Computed",
}
_GROUP_OF = {
    "disputed": "open",
    "adjudicated": "settled",
    "unresolved": "settled",
    "agreed": "agreed",
    "single": "single",
    "derived": "computed",
}
EARLIER = 3
LONG = 400  # characters of a text that a column shows at once
FEW = 4  # members of a set that a column names


@dataclass(frozen=True)
class Passage:
    """Where a coder read it."""

    source: str
    url: str
    locator: str
    quote: str
    key: int = 0  # of the source

    @property
    def place(self) -> str:
        """What a ruling names that rests on it."""
        return f"{self.key}|{self.locator}"


@dataclass(frozen=True)
class Column:
    """What one coder says of the question. Who it is, nobody is told."""

    name: str
    text: str
    shown: str
    certainty: int | None
    note: str
    passages: tuple[Passage, ...]
    is_set: bool

    @property
    def letter(self) -> str:
        return self.name.removeprefix("Coder ")

    @property
    def is_long(self) -> bool:
        return len(self.shown) > LONG and not self.is_set

    @property
    def brief(self) -> str:
        """A long set in a word: its members are listed below the columns."""
        members = len(canonical.members(self.text))
        return f"{members} in all" if self.is_set and members > FEW else self.shown


@dataclass(frozen=True)
class Listed:
    """A possible member of a set, and in whose answers it stands."""

    code: str
    shown: str
    by: tuple[str, ...]
    everywhere: bool


@dataclass(frozen=True)
class Ruling:
    """How the same question was settled in another case."""

    case: Case
    shown: str
    reason: str
    cause: str


@dataclass(frozen=True)
class Evidence:
    """One cell with its question and all that was said of it."""

    pk: int
    entry: Entry
    status: str
    text: str | None
    columns: tuple[Column, ...]
    states: Mapping[str, str]
    cause: str = ""
    reason: str = ""
    flagged: bool = False
    since: datetime | None = None
    ruled_by: str = ""
    verified_by: str = ""
    verified_at: datetime | None = None
    skipped: str = ""
    rule: Entry | None = None
    grounds: tuple[Passage, ...] = ()
    nearest: tuple[precedents.Known, ...] = ()
    precedent: precedents.Known | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    withheld: bool = False  # until this adjudicator has answered first
    first: str = ""  # what this adjudicator answered then
    round: rounds.Round = rounds.NONE

    @property
    def group(self) -> str:
        return _GROUP_OF[self.status]

    @property
    def is_open(self) -> bool:
        return self.group == "open"

    @property
    def can_be_verified(self) -> bool:
        return self.group in ("agreed", "single") and (self.flagged or not self.verified_at)

    @property
    def seen(self) -> str:
        """What a ruling must bring back, so that nobody overrules a ruling they did not see."""
        return self.since.isoformat() if self.since else ""

    @property
    def passages(self) -> list[Passage]:
        """The places that coders cite, each once, with those on which the ruling rests."""
        cited = [*self.grounds, *(p for column in self.columns for p in column.passages)]
        return list({passage.place: passage for passage in cited}.values())

    @property
    def other_rule(self) -> str:
        """The entry whose rule decided, where it is not the cell's own."""
        is_own = self.rule is None or self.rule.variable_id == self.entry.variable_id
        return "" if is_own or self.rule is None else self.rule.name

    def against(self, ruling: str | None) -> precedents.Known | None:
        """The precedent that a ruling goes against: the answers differed alike there."""
        return next((known for known in self.nearest if known.rules_out(ruling)), None)

    @property
    def shown(self) -> str:
        return canonical.show(self.text, self.entry.domain, self.states)

    @property
    def first_shown(self) -> str:
        return canonical.show(self.first, self.entry.domain, self.states) if self.first else ""

    @property
    def outcome(self) -> str:
        """What the cell has come to, in words."""
        if self.verified_at:
            return f"{self.shown}, verified"
        if self.status == "unresolved":
            return "left unresolved"
        if self.is_open and self.round.differ:
            return "ruled on; the adjudicators differ"
        if self.is_open and self.round.waits:
            return "ruled on; it waits for another adjudicator"
        return f"settled as {self.shown}" if self.group == "settled" else self.shown

    @property
    def is_set(self) -> bool:
        return self.entry.domain.kind == "set"

    @cached_property
    def majority(self) -> tuple[str, ...]:
        """What most of three coders or more say alike, each in their words; none where all do."""
        said, domain = [column.text for column in self.columns], self.entry.domain
        alike = ([text for text in said if canonical.same(text, one, domain)] for one in said)
        most = max(alike, key=len, default=[])
        return tuple(most) if 2 < len(said) < 2 * len(most) and len(most) < len(said) else ()

    @cached_property
    def listed(self) -> list[Listed]:
        """Of a set: whatever anybody put into it, agreed members first."""
        by: dict[str, list[str]] = defaultdict(list)
        for column in self.columns if self.is_set else ():
            if not self.entry.domain.is_missing(column.text):
                for code in canonical.members(column.text):
                    by[code].append(column.letter)
        found = [
            Listed(code, self._named(code), tuple(letters), len(letters) == len(self.columns))
            for code, letters in by.items()
        ]
        return sorted(found, key=lambda m: (not m.everywhere, -len(m.by), m.shown))

    @cached_property
    def unlisted(self) -> list[tuple[str, str]]:
        """Of a set of categories: those that nobody chose."""
        known = {m.code for m in self.listed}
        domain = self.entry.domain
        return [(c, self._named(c)) for c in domain.categories if c not in known]

    def _named(self, code: str) -> str:
        domain = self.entry.domain
        name = (self.states if domain.of_states else domain.categories).get(code)
        return name or code

    @property
    def choices(self) -> list[tuple[str, str]]:
        """What a ruling chooses from where the answers are a closed list, missing codes last."""
        domain = self.entry.domain
        return (
            []
            if self.is_set or not domain.categories
            else [*domain.categories.items(), *self.missing]
        )

    @property
    def takes_states(self) -> bool:
        return self.entry.domain.of_states or self.entry.domain.kind == "state"

    @property
    def missing(self) -> list[tuple[str, str]]:
        """Codes for having no answer. A ruling may set the skip rule's: none runs on cells."""
        domain = self.entry.domain
        by_rule = [(code, "not applicable (skip rule)") for code in sorted(domain.set_by_rule)]
        return [*domain.missing.items(), *by_rule]

    @property
    def timeline(self) -> charts.Svg | None:
        """Dates that differ on one axis, each as long as its precision leaves it."""
        said = [c for c in self.columns if not self.entry.domain.is_missing(c.text)]
        if self.entry.domain.kind != "date" or len({c.text for c in said}) < 2:
            return None
        rows = [_span(column) for column in said]
        if all(row.first is row.last is None for row in rows):
            return None
        return charts.spans(rows, _known_days(self.facts), f"{self.entry.label}, by coder")

    @property
    def apart(self) -> str:
        """How far dates or numbers lie apart, in words."""
        said = [c.text for c in self.columns if not self.entry.domain.is_missing(c.text)]
        if len(set(said)) < 2:
            return ""
        if self.entry.domain.kind == "date":
            return _days_apart(said)
        if self.entry.domain.kind in ("integer", "decimal"):
            numbers = [Decimal(text) for text in said]
            return f"{max(numbers) - min(numbers):,} apart"
        return ""


FACTS = {
    "start_date": "known start",
    "start_year": "known start",
    "end_date": "known end",
    "end_year": "known end",
}


def _span(column: Column) -> charts.Span:
    first, last, precision = canonical.bounds(column.text)
    return charts.Span(
        column.letter,
        None if first == canonical.EARLIEST else date.fromisoformat(first),
        None if last == canonical.LATEST else date.fromisoformat(last),
        column.shown,
        f"{precision}, uncertain" if column.text.endswith(("~", "?", "%")) else precision,
    )


def _known_days(facts: Mapping[str, Any]) -> list[charts.Tick]:
    """The start and the end of a case where they were known before coding."""
    found: dict[str, charts.Tick] = {}
    for name, words in FACTS.items():
        with suppress(ValueError, KeyError):
            first, last, _ = canonical.bounds(str(facts[name]).strip())
            day = first if name.startswith("start") else last
            found.setdefault(words, charts.Tick(date.fromisoformat(day), words))
    return list(found.values())


def _days_apart(texts: Sequence[str]) -> str:
    ends = [canonical.bounds(text) for text in texts]
    if any(first[:4] == "0001" or last[:4] == "9999" for first, last, _ in ends):
        return "one end is open"
    days = [(date.fromisoformat(first), date.fromisoformat(last)) for first, last, _ in ends]
    least = max((max(first for first, _ in days) - min(last for _, last in days)).days, 0)
    most = max((late - early).days for (early, _), (_, late) in permutations(days, 2))
    span = f"{most:,}" if least == most else f"{least:,} to {most:,}"
    return f"{span} {'day' if span == '1' else 'days'} apart"


@dataclass(frozen=True)
class Relative:
    """A case of the same family, and how many of its disputes are open."""

    case: Case
    open: int

    @property
    def name(self) -> str:
        """Rows without a natural key are told apart by the end of theirs."""
        nameless = self.case.unit.rows == Unit.Rows.NUMBERED
        end = self.case.key.rpartition("/")[2]
        return f"{self.case.title} {end}" if nameless else self.case.title


class Dossier:
    """All that a ruling on a case rests on, read in a fixed number of queries.

    With `only`, what coders said, precedents and who ruled are read of that cell alone.
    """

    def __init__(
        self, user: User, case: Case, *, answers_first: bool = False, only: int | None = None
    ) -> None:
        self.user, self.case, self.answers_first, self.only = user, case, answers_first, only
        self._variables: list[int] | None = None  # None: of all
        self._is_drawn = only is None  # what is typed is checked without knowing who ruled
        self.project = case.unit.project
        self._remembered: dict[int, list[blind.Guide]] = {}
        self._rows: dict[int, Any] = {}

    @cached_property
    def cells(self) -> list[Evidence]:
        """The cells of the case that this person may see, in the codebook's order."""
        cells = blind.cells_for(self.user).filter(case=self.case)
        if self.only and not self._is_drawn:
            cells = cells.filter(pk=self.only)
        found = list(cells.select_related("verified_by", "rule"))
        self._rows = {cell.pk: cell for cell in found}
        read = [cell for cell in found if self.only in (None, cell.pk)]
        if self.only:
            self._variables = [cell.variable_id for cell in read]
        grounds = self._grounds() if any(cell.rule_id for cell in read) else {}
        known = self._precedents(
            {c.variable_id for c in read if _GROUP_OF[c.status] in ("open", "settled")}
        )
        drawn = read if self._is_drawn else []
        signers = blind.signers({cell.pk: cell.since for cell in drawn})
        columns, entries = self.columns, self.entries
        votes = self._rounds(drawn)
        skipped = self._skipped(
            {entries[c.variable_id].name: c.text for c in found if c.text is not None}
        )
        evidence = [
            Evidence(
                pk=cell.pk,
                entry=entry,
                status=cell.status,
                text=cell.text,
                columns=columns.get(cell.variable_id, ()),
                states=self.states,
                cause=cell.get_cause_display(),
                reason=cell.reason,
                flagged=cell.flagged,
                since=cell.since,
                ruled_by=self._signed(signers.get(cell.pk, "")),
                verified_by=self._signed(
                    cell.verified_by.get_username() if cell.verified_by else ""
                ),
                verified_at=cell.verified_at,
                skipped=skipped.get(entry.name, ""),
                rule=cell.rule,
                grounds=grounds.get(cell.pk, ()),
                nearest=self._nearest(entry, known.get(cell.variable_id, [])),
                precedent=self._own(cell, entry, known.get(cell.variable_id, [])),
                facts=self.case.facts,
                round=votes.get(cell.pk, rounds.NONE),
            )
            for cell in found
            for entry in [entries[cell.variable_id]]
        ]
        in_order = sorted(evidence, key=lambda e: e.entry.position)
        return self._withheld(in_order) if self.answers_first else in_order

    def _withheld(self, cells: Sequence[Evidence]) -> list[Evidence]:
        """Which disputes this person has still to answer, and what they answered of the others.

        What leans on the answers, such as the precedents that are nearest, is left out, too.
        """
        withheld = set(
            blind.withheld_from(self.user).filter(case=self.case).values_list("pk", flat=True)
        )
        given = FirstAnswer.objects.filter(by=self.user, cell__in=[e.pk for e in cells])
        said = dict(given.values_list("cell", "text"))
        return [
            replace(e, nearest=(), skipped="", withheld=True)
            if e.pk in withheld
            else replace(e, first=said.get(e.pk, ""))
            for e in cells
        ]

    @cached_property
    def entries(self) -> dict[int, Entry]:
        return codebooks.newest_entries(self.project)

    @cached_property
    def states(self) -> dict[str, str]:
        return codebooks.states_of(self.project.pk)

    def row(self, pk: int) -> Any:
        """The cell itself, for acts; None where this person may not see it or it is elsewhere."""
        return self._rows.get(pk) if self.cells else None

    def cell(self, pk: int) -> Evidence:
        return next(e for e in self.cells if e.pk == pk)

    def of(self, group: str) -> list[Evidence]:
        return [e for e in self.cells if e.group == group]

    @property
    def counts(self) -> dict[str, int]:
        """Cells by group; they add up to all that may be seen."""
        return {group: len(self.of(group)) for group in GROUPS}

    def look_again(self) -> None:
        """Forget the cells after a ruling. What the coders said of an open case stays as it is,
        but for what is told once this person has answered first."""
        self._is_drawn = True
        told = ["columns"] if self.answers_first else []
        for known in ("cells", "family", "rulings", *told):
            self.__dict__.pop(known, None)

    @cached_property
    def columns(self) -> dict[int, tuple[Column, ...]]:
        """What each coder says last, by variable, in an order drawn by lot for each family."""
        names = self._names
        last: dict[int, dict[int, blind.Spoken]] = defaultdict(dict)
        for said in blind.spoken_for(self.user, [self.case.pk], self._variables):
            last[said.variable][said.coder] = said
        passages = self._passages([said for by in last.values() for said in by.values()])
        return {
            variable: tuple(
                self._column(name, by_coder[coder], passages)
                for coder, name in names.items()
                if coder in by_coder
            )
            for variable, by_coder in last.items()
        }

    def _column(
        self, name: str, said: blind.Spoken, passages: Mapping[int, list[Passage]]
    ) -> Column:
        domain = self.entries[said.variable].domain
        return Column(
            name=name,
            text=said.text,
            shown=canonical.show(said.text, domain, self.states),
            certainty=said.certainty,
            note=said.note,
            passages=tuple(passages[said.value]),
            is_set=domain.kind == "set",
        )

    @cached_property
    def _names(self) -> dict[int, str]:
        family = self.case.family_id
        anonymous = Member.Role.ADJUDICATOR  # whoever looks
        return blind.names_in(family, self.user, anonymous, self._codings)

    @property
    def letters(self) -> dict[int, str]:
        """How coders of the family are called whoever looks: nobody is "You"."""
        return blind.names_in(
            self.case.family_id, AnonymousUser(), Member.Role.ADJUDICATOR, self._codings
        )

    @cached_property
    def _codings(self) -> list[Coding]:
        """Those of the whole family, so that a coder has one letter in all of it."""
        codings = blind.codings_for(self.user).of_family(self.case.family_id)
        return list(codings.select_related("coder"))

    def _signed(self, name: str) -> str:
        """Who ruled or verified: a coder of the family goes by the letter here as well."""
        names = self._names
        of = {coding.coder.get_username(): names[coding.coder_id] for coding in self._codings}
        return of.get(name, name)

    def _passages(self, said: Sequence[blind.Spoken]) -> Mapping[int, list[Passage]]:
        found: dict[int, list[Passage]] = defaultdict(list)
        for c in blind.cited_in(said).select_related("source"):
            passage = Passage(c.source.citation, c.source.url, c.locator, c.quote, c.source_id)
            found[c.value_id].append(passage)
        return found

    def _grounds(self) -> Mapping[int, tuple[Passage, ...]]:
        """The sources on which rulings rest, by cell."""
        found: dict[int, tuple[Passage, ...]] = {}
        for g in blind.grounds_for(self.user, self.case):
            passage = Passage(g.source.citation, g.source.url, g.locator, g.quote, g.source_id)
            found[g.cell_id] = (*found.get(g.cell_id, ()), passage)
        return found

    def _rounds(self, cells: Sequence[Any]) -> Mapping[int, rounds.Round]:
        """Of each cell how many adjudicators it needs, and what may be seen of their rulings."""
        listed = [
            (c.pk, self.case.key, self.entries[c.variable_id], c.status == "disputed")
            for c in cells
        ]
        return rounds.rounds_of(self.user, self.project, listed, self.states)

    def _precedents(self, at_issue: set[int]) -> Mapping[int, list[blind.Guide]]:
        """The precedents of the questions at issue here: no ruling of this case makes another."""
        if at_issue - self._remembered.keys():
            found = precedents.by_variable(self.user, self.project, at_issue)
            self._remembered = {variable: found.get(variable, []) for variable in at_issue}
        return self._remembered

    def _nearest(self, entry: Entry, rows: Sequence[blind.Guide]) -> tuple[precedents.Known, ...]:
        """Those of other cases, the nearest to what is said here first."""
        elsewhere = [row for row in rows if row.cell.case_id != self.case.pk]
        columns = self.columns.get(entry.variable_id, ())
        words = [column.note for column in columns]
        words += [passage.quote for column in columns for passage in column.passages]
        answers = {column.text for column in columns}
        return precedents.nearest(
            elsewhere, entry, self.states, answers, " ".join([self.case.title, *words])
        )

    def _own(self, cell: Any, entry: Entry, rows: Sequence[blind.Guide]) -> precedents.Known | None:
        """The cell's own precedent, as long as the cell says the same."""
        own = (row for row in rows if row.cell_id == cell.pk and row.text == cell.text)
        return next((precedents.Known(row, entry, self.states) for row in own), None)

    def _skipped(self, settled: Mapping[str, str]) -> dict[str, str]:
        """The codes that skip rules would set, were the cells as they stand one coder's sheet."""
        unit = self.case.unit_id
        entries = [e for e in self.entries.values() if e.variable.unit_id == unit]
        return rules.read(entries, settled, rules.Surroundings()).skipped

    @cached_property
    def rulings(self) -> dict[int, list[Ruling]]:
        """How the questions at issue here were settled elsewhere, newest first, by variable."""
        at_issue = [e for e in self.cells if e.group in ("open", "settled")]
        by_variable = {e.entry.variable_id: e.entry for e in at_issue}
        found: dict[int, list[Ruling]] = defaultdict(list)
        rulings = blind.rulings_for(self.user, by_variable, EARLIER).exclude(case=self.case)
        for cell in rulings.select_related("case__root"):
            shown = canonical.show(cell.text, by_variable[cell.variable_id].domain, self.states)
            ruling = Ruling(cell.case, shown, cell.reason, cell.get_cause_display())
            found[cell.variable_id].append(ruling)
        return found

    @cached_property
    def family(self) -> list[Relative]:
        """The case with its partners and objectives, as far as this person may know of them."""
        root = self.case.family_id
        cases = blind.cases_for(self.user).filter(Q(pk=root) | Q(root=root), in_universe=True)
        in_order = list(cases.select_related("unit").order_by("unit__position", "title", "key"))
        disputes = blind.disputes_for(self.user, self.project)
        inside = disputes.filter(case__in=[case.pk for case in in_order])
        open_in = dict(inside.values_list("case").annotate(Count("pk")).order_by())
        return [Relative(case, open_in.get(case.pk, 0)) for case in in_order]
