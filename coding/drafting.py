"""A draft that is being worked on: its entries as documents, what it would be, what is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from coding import codebooks, documents, entry_rows, meanings, renaming
from coding.documents import Document, Problem
from coding.models import Codebook, Entry, Project, Variable

Codes = Mapping[str, str]  # a category's code before, and now


class Unsound(Exception):
    """The draft would not be a sound codebook: every fault, with its place."""

    def __init__(self, faults: Sequence[Problem]) -> None:
        super().__init__("; ".join(map(str, faults)))
        self.faults = list(faults)


@dataclass(frozen=True)
class Line:
    """An entry of the draft as it stands, or a new one, with its document."""

    document: Document
    entry: Entry | None = None
    previous: Variable | None = None  # what the entry measured in the codebook before
    was: Document | None = None  # what the tables say now

    @property
    def name(self) -> str:
        return str(self.document["name"])


@dataclass(frozen=True)
class Followed:
    """The draft with one entry changed, and what became of the expressions that read it."""

    lines: list[Line]
    rewritten: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)  # they read it, and were not rewritten


class Draft:
    """The draft of a project. Opened for writing, nobody else can write it until that is done."""

    def __init__(self, codebook: Codebook) -> None:
        self.codebook, self.project = codebook, codebook.project

    @classmethod
    def of(cls, project: Project, *, to_write: bool = False) -> Draft | None:
        books = Codebook.objects.filter(project=project, published_at=None)
        if to_write:
            books = books.select_for_update(of=("self",))
        codebook = books.select_related("project").first()
        return cls(codebook) if codebook else None

    # ---- what it says

    @cached_property
    def before(self) -> Codebook | None:
        """The codebook that the draft would come after."""
        return codebooks.current(self.project)

    @cached_property
    def earlier(self) -> tuple[Entry, ...]:
        return codebooks.entries(self.before) if self.before else ()

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        return codebooks.entries(self.codebook)

    @cached_property
    def document(self) -> Document:
        return documents.normal(documents.document_of(self.codebook, self.entries))

    @cached_property
    def lines(self) -> list[Line]:
        return [
            Line(document, entry, self.continued(entry), document)
            for document, entry in zip(self.document["variables"], self.entries, strict=True)
        ]

    def continued(self, entry: Entry) -> Variable | None:
        """What the entry measured in the codebook before, whether it still does or not."""
        known = self._measured
        ids = (entry.variable_id, entry.variable.replaces_id)
        return next((known[pk] for pk in ids if pk in known), None)

    @cached_property
    def _measured(self) -> dict[int | None, Variable]:
        return {entry.variable_id: entry.variable for entry in self.earlier}

    @cached_property
    def retired(self) -> list[Entry]:
        """Entries of the codebook before that the draft has no more."""
        kept = {line.previous.pk for line in self.lines if line.previous}
        return [entry for entry in self.earlier if entry.variable_id not in kept]

    @property
    def head(self) -> Document:
        return dict(self.document["codebook"])

    def at(self, name: str) -> int | None:
        """The place of an entry; None where the draft has none of this name."""
        names = [line.name for line in self.lines]
        return names.index(name) if name in names else None

    # ---- what it would be

    def with_entry(self, at: int, document: Document, codes: Codes) -> Followed:
        """The draft with this entry instead; expressions that read it follow a new name or code."""
        old = self.lines[at]
        change = _Change(old.name, str(document.get("name", "")), codes)
        follow = Followed(list(self.lines))
        for place, line in enumerate(self.lines):
            typed = document if place == at else line.document
            renewed = change.followed(typed, line.document)
            follow.lines[place] = Line(renewed, line.entry, line.previous, line.was)
            if place == at or not change.matters:
                continue
            if renewed != line.document:
                follow.rewritten.append(line.name)
            elif change.is_read_by(line.document):
                follow.left.append(line.name)
        return follow

    def faults(self, lines: Sequence[Line], head: Document | None = None) -> list[Problem]:
        """What would be wrong: the rules of a file, and that no name gets another meaning."""
        found = documents.problems(self._document(lines, head), begun=True)
        return found or list(self._reused(lines))

    def fresh(self, faults: Sequence[Problem]) -> list[Problem]:
        """The faults among these that the draft does not have as it stands."""
        known = set(self.faults(self.lines)) if faults else ()
        return [fault for fault in faults if fault not in known]

    def _reused(self, lines: Sequence[Line]) -> Iterator[Problem]:
        meant = {entry.name: entry.variable_id for entry in self.earlier}
        for line in lines:
            known = meant.get(line.name)
            if known and known != (line.previous and line.previous.pk):
                assert self.before
                rule = f"the name {line.name} stands for another variable in {self.before}"
                yield Problem(
                    f"variable {line.name}",
                    f"{rule.lower()}: take another name, or bring that variable back.",
                )

    def _document(self, lines: Sequence[Line], head: Document | None) -> Document:
        variables = [line.document for line in lines]
        return self.document | {"codebook": head or self.head, "variables": variables}

    # ---- what is written

    def write(self, lines: Sequence[Line], head: Document | None = None) -> dict[str, Entry]:
        """Write what differs from the tables, and nothing else. Raises Unsound with every fault.

        What was wrong before, as in a codebook older than a rule, does not keep back what mends it.
        """
        if fresh := self.fresh(self.faults(lines, head)):
            raise Unsound(fresh)
        content = documents.normal(self._document(lines, head))
        units = codebooks.units_of(self.project, content)
        self._take_away(lines)
        positions = entry_rows.places(
            [line.entry.position if line.entry else None for line in lines]
        )
        written = {}
        for line, position, document in zip(lines, positions, content["variables"], strict=True):
            entry = line.entry or Entry(codebook=self.codebook)
            if line.was != document or entry.position != position:
                entry.position = position
                entry_rows.write(entry, document, units, line.previous)
            written[document["name"]] = entry
        return written

    def _take_away(self, lines: Sequence[Line]) -> None:
        kept = {line.entry.pk for line in lines if line.entry}
        gone = [line.entry for line in self.lines if line.entry and line.entry.pk not in kept]
        for entry in gone:
            entry.delete()
        entry_rows.sweep(entry.variable for entry in gone)


@dataclass(frozen=True)
class _Change:
    """A variable's new name and the new codes of its categories, for those who read them."""

    old: str
    new: str
    codes: Codes

    @property
    def matters(self) -> bool:
        return bool(self.new and self.old != self.new) or bool(self.codes)

    def followed(self, typed: Document, stored: Document) -> Document:
        """The document with its expressions rewritten, where they are still the stored ones."""
        if not self.matters:
            return typed
        stand = dict(meanings.expressions_of(stored))
        renewed = dict(typed)
        if "skip" in typed:
            renewed["skip"] = self._skip(typed, stored, stand.get("skip"))
        if "checks" in typed:
            known = {text for part, text in stand.items() if part.startswith("check")}
            renewed["checks"] = [
                c | {"expr": self._text(c["expr"])} if c.get("expr") in known else c
                for c in typed["checks"]
            ]
        if "derive" in typed and typed["derive"] == stand.get("derive"):
            renewed["derive"] = self._text(typed["derive"])
        return renewed

    def _skip(self, typed: Document, stored: Document, stands: str | None) -> Document:
        skip = dict(typed["skip"])
        if skip.get("if") == stands and stands:
            skip["if"] = self._text(stands)
        own = stored["name"] == self.old and skip.get("then") == stored.get("skip", {}).get("then")
        if own and str(skip["then"]) in self.codes:
            skip["then"] = documents.as_code(self.codes[str(skip["then"])])
        return skip

    def _text(self, text: str) -> str:
        try:
            renewed = renaming.recode(text, self.old, self.codes) if self.codes else text
            return renaming.rename(renewed, self.old, self.new) if self.new else renewed
        except renaming.CannotRename:
            return text  # it then reads a name that is unknown, and says so

    def is_read_by(self, document: Document) -> bool:
        return any(renaming.reads(t, self.old) for _, t in meanings.expressions_of(document))
