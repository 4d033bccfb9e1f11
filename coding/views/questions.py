"""One entry as its coder meets it: the inputs, what stands in them, and what the rules say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from django.http import QueryDict

from coding import canonical, work
from coding.blind import Quoted, Said
from coding.discussion import NONE, Thread
from coding.forms import CHOICES, Kind, States, takes_states
from coding.models import Entry
from coding.precedents import Known
from coding.rules import Broken
from coding.sittings import Sheet

PRECISIONS = {
    "day": "day known",
    "month": "month known",
    "year": "year known",
    "range": "range",
}


@dataclass(frozen=True)
class Option:
    """A choice: its code, its name, the key that picks it."""

    code: str
    label: str
    key: str
    chosen: bool
    title: str = ""

    @property
    def shown(self) -> str:
        return self.code.replace("-", "−")


@dataclass(frozen=True)
class Conflict:
    """What another tab saved while this one was being typed."""

    stored: str
    certainty: int | None
    note: str
    saved_at: object
    token: str


@dataclass
class Question:
    """An entry of a sheet with its answer. `posted` is what could not be saved, to show again."""

    entry: Entry
    sheet: Sheet
    number: int
    states: States
    sheet_url: str = ""
    closed: bool = False
    cited: Sequence[Quoted] = ()
    posted: QueryDict | None = None
    errors: Sequence[str] = ()
    citing: QueryDict | None = None
    cite_errors: Sequence[str] = ()
    conflict: Conflict | None = None
    precedents: Sequence[Known] = ()  # shown once the sheet is handed in
    thread: Thread = NONE  # once the case is open
    cell: int = 0
    wanting: bool = False  # a submission was tried: what is missing is said beside the field

    @property
    def name(self) -> str:
        return self.entry.name

    @property
    def url(self) -> str:
        return f"{self.sheet_url}{self.name}/"

    # ---- what was said

    @property
    def said(self) -> Said | None:
        return self.sheet.typed.get(self.name)

    @property
    def token(self) -> str:
        if self.conflict:
            return self.conflict.token
        return work.token(self.said.saved_at if self.said else None)

    @property
    def text(self) -> str:
        """What stands in the answer's inputs: the written form, or what was typed last."""
        if self.posted is not None:
            return self.posted.get("instead") or ";".join(
                filter(None, (*self.posted.getlist("text"), *self.posted.getlist("add")))
            )
        return self.said.text if self.said else ""

    @property
    def typed(self) -> str:
        """The text of a typed input: a missing code stands in its own choice."""
        if self.posted is not None:
            return self.posted.get("text", "")
        if not self.said or self.entry.domain.is_missing(self.said.text):
            return ""
        if takes_states(self.entry):
            return canonical.show(self.said.text, self.entry.domain, self.states)
        return self.said.text

    @property
    def row_key(self) -> str:
        """The state that a partner's sheet stands for."""
        return self.sheet.coding.case.key.rpartition("/")[2]

    @property
    def unread(self) -> str:
        """States that were typed and could not be read: they go back into their input."""
        return self.posted.get("add", "") if self.posted is not None else ""

    @property
    def note(self) -> str:
        if self.posted is not None:
            return self.posted.get("note", "")
        return self.said.note if self.said else ""

    @property
    def certainty(self) -> str:
        if self.posted is not None:
            return self.posted.get("certainty", "")
        return str(self.said.certainty or "") if self.said else ""

    @property
    def off(self) -> str:
        return " disabled" if self.closed else ""

    # ---- how it is asked

    @cached_property
    def form(self) -> str:
        """Which inputs the template draws."""
        kind = self.entry.variable.kind
        if self.entry.is_computed:
            return "computed"
        if self.entry.names_its_row:
            return "fixed"
        if kind in CHOICES:
            return "choice"
        if kind == Kind.SET:
            return "states" if self.entry.domain.of_states else "set"
        if kind == Kind.TEXT:
            return "line" if self.entry.variable.pattern else "text"
        return {Kind.STATE: "state", Kind.DATE: "date"}.get(Kind(kind), "number")

    @property
    def options(self) -> list[Option]:
        """Categories; in a set of states, those that are listed."""
        chosen = self.members
        if self.form == "states":
            return [
                Option(code, self.states.get(code, code), "", True)
                for code in sorted(chosen, key=lambda c: self.states.get(c, c))
                if code in self.states
            ]
        categories = list(self.entry.categories.all())
        by_code = all(c.code.lstrip("-").isdigit() for c in categories)
        return [
            Option(c.code, c.label, c.code if by_code else str(n), c.code in chosen, c.definition)
            for n, c in enumerate(categories, 1)
        ]

    @property
    def members(self) -> set[str]:
        return set(canonical.members(self.text)) if self.text else set()

    @property
    def exclusive(self) -> str:
        """The codes that stand alone in a set."""
        return " ".join(sorted(self.entry.domain.exclusive))

    @property
    def missing(self) -> list[Option]:
        """What can be answered instead: missing codes, and none where a set can be empty."""
        domain = self.entry.domain
        codes = dict(domain.missing)
        found = [
            Option(code, label.lower(), str(n), code == self.text)
            for n, (code, label) in enumerate(codes.items(), 1)
        ]
        if domain.can_be_empty:
            found.insert(0, Option(canonical.NONE, "", "0", self.text == canonical.NONE))
        return found

    @property
    def missing_name(self) -> str:
        """Radio buttons of one name exclude each other; typed answers need a second name."""
        return "text" if self.form == "choice" else "instead"

    @property
    def unit_of_measurement(self) -> str:
        return self.entry.variable.unit_of_measurement

    # ---- what the rules say

    @property
    def is_skipped(self) -> bool:
        return self.name in self.sheet.reading.skipped

    @property
    def skip_value(self) -> str:
        return canonical.show(self.sheet.reading.skipped[self.name], self.entry.domain, self.states)

    @property
    def computed(self) -> str:
        text = self.sheet.reading.computed.get(self.name)
        return canonical.show(text, self.entry.domain, self.states)

    @property
    def broken(self) -> list[Broken]:
        """Checks that fail, a note that is wanting, and after a try to submit what is missing."""
        missing = [
            b
            for b in self.sheet.unanswered
            if b.entry.name == self.name and (self.said or self.wanting)
        ]
        return missing + [b for b in self.sheet.broken if b.entry.name == self.name]

    @property
    def note_wanted(self) -> str:
        """The entry whose note a soft check asks for, where it is not written yet."""
        asked = {b.expr: b.entry.name for b in self.sheet.without_note}
        own = (asked.get(b.expr) for b in self.sheet.broken if b.entry.name == self.name)
        return next(filter(None, own), "")

    @property
    def is_invalid(self) -> bool:
        return bool(self.errors) or any(b.hard for b in self.broken)

    @property
    def state(self) -> str:
        if self.is_skipped:
            return "skipped"
        if self.entry.is_computed:
            return "computed"
        if self.errors or self.conflict:
            return "failed"
        return "saved" if self.said else "open"

    @property
    def reading(self) -> str:
        """How an answer was understood, where its written form does not say it by itself."""
        if not self.said or self.entry.domain.is_missing(self.said.text):
            return ""
        return READERS.get(self.form, _nothing)(self.said.text, self)


def _nothing(text: str, question: Question) -> str:
    return ""


def _read_date(text: str, question: Question) -> str:
    earliest, latest, precision = canonical.bounds(text)
    if precision == "range":
        return f"{earliest} to {latest}, range"
    about = ", about" if text[-1] in "~%" else ", uncertain" if text[-1] == "?" else ""
    return f"{text.rstrip('~?%')}, {PRECISIONS[precision]}{about}"


def _read_number(text: str, question: Question) -> str:
    whole, dot, rest = text.partition(".")
    grouped = f"{int(whole):,}" if whole.lstrip("-").isdigit() and abs(int(whole)) > 999 else whole
    return f"{grouped}{dot}{rest} {question.unit_of_measurement}".strip()


def _read_state(text: str, question: Question) -> str:
    return canonical.show(text, question.entry.domain, question.states)


READERS = {"date": _read_date, "number": _read_number, "state": _read_state}


def grouped(questions: Sequence[Question]) -> list[Section]:
    """The sections of a sheet in the codebook's order."""
    found: dict[str, Section] = {}
    for question in questions:
        name = question.entry.section
        found.setdefault(name, Section(name, len(found) + 1)).questions.append(question)
    return list(found.values())


@dataclass
class Section:
    """Entries under one heading, and how far they are."""

    name: str
    number: int
    questions: list[Question] = field(default_factory=list)

    @property
    def asked(self) -> list[Question]:
        return [q for q in self.questions if not (q.is_skipped or q.entry.is_computed)]

    @property
    def done(self) -> int:
        return sum(q.said is not None for q in self.asked)


def conflict_of(said: Said | None, entry: Entry, states: Mapping[str, str]) -> Conflict:
    """What stands in the database, put beside what was sent."""
    if said is None:
        return Conflict("", None, "", None, "")
    shown = canonical.show(said.text, entry.domain, states)
    token = work.token(said.saved_at)
    return Conflict(shown, said.certainty, said.note, said.saved_at, token)
