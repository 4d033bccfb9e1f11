"""The rows of an XLSForm as units and variables, their rules still as the form says them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from coding import shapes
from coding.documents import Document
from curation.files import Row
from curation.formats import cells
from curation.formats.names import is_sound, sound_name
from curation.formats.said import Unmapped, stand_in
from curation.formats.xlsform import words
from curation.formats.xlsform.lists import Lists, label_of

# What a form collects by itself, or only shows, asks nothing of a coder.
METADATA = ("start", "end", "today", "deviceid", "username", "audit", "phonenumber", "email")
OTHERS = {"acknowledge": "boolean", "range": "decimal", "string": "text", "int": "integer"}
OTHERS |= {"date": "date"}
MULTIPLE = (
    "select_multiple",
    "select multiple",
    "select all that apply from",
    "select_all_that_apply",
)
SINGLE = ("select_one", "select one", "select_one from")
_SELECT = re.compile(rf"({'|'.join((*MULTIPLE, *SINGLE))})(_from_file)?\s+(\S+)(\s+or_other)?")


GROUP = ("type", "name", "label", "relevant", "kind")
UNIT = (*GROUP, "repeat_count", "definition", "key", "rows")
QUESTION = [name for name in words.SURVEY if name not in ("repeat_count", *UNIT[6:])]


@dataclass
class Question:
    """A variable, the row that asks it, and the groups around it that may hide it."""

    variable: Document
    row: Row
    around: tuple[Row, ...]


@dataclass
class Asked:
    """All that a form asks."""

    units: list[Document] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    warnings: list[Row] = field(default_factory=list)  # notes of ours, that warn of a check
    counts: dict[str, Row] = field(default_factory=dict)  # how many rows a repeat has
    names: dict[str, str] = field(default_factory=dict)  # of the form → of the codebook
    unmapped: list[Unmapped] = field(default_factory=list)

    def leave_out(self, row: Row, part: str, why: str) -> None:
        self.unmapped.append(Unmapped(row.place(part), part, why, row[part] or None))


@dataclass(frozen=True)
class _Place:
    """Where in a form a row stands: the unit, the section, and the groups around it."""

    unit: str = ""
    section: str = ""
    around: tuple[Row, ...] = ()


class Reader:
    """Goes through the rows once, keeping in mind which groups are open."""

    def __init__(self, lists: Lists, root: tuple[str, str]) -> None:
        self.asked, self.lists, self.root = Asked(), lists, root
        self.open: list[_Place] = []
        self.taken: set[str] = set()

    @property
    def here(self) -> _Place:
        return self.open[-1] if self.open else _Place()

    def _only(self, row: Row, columns: Sequence[str]) -> None:
        """List what else stands in a row of this kind: nobody reads it."""
        for name in words.SURVEY:
            if row[name] and name not in columns:
                self.asked.leave_out(row, name, "is not taken over from such a row.")

    def read(self, rows: Iterable[Row]) -> Asked:
        for row in rows:
            kind = re.sub(r"\s+", " ", row["type"].lower())
            if kind.startswith(("begin_", "begin ")):
                self._begin(row, kind)
            elif kind.startswith(("end_", "end ")):
                del self.open[-1:]
            elif kind:
                self._row(row, kind)
        for row in self.asked.counts.values():
            self.asked.leave_out(row, "calculation", "counts the rows of nothing.")
        return self.asked

    # -------------------------------------------------------------- groups

    def _begin(self, row: Row, kind: str) -> None:
        if kind.endswith("repeat") or row["kind"] == "unit":
            self._only(row, UNIT)
            around = (*self.here.around, row) if row["relevant"] else self.here.around
            self.open.append(_Place(self._unit(row, kind), "", around))
            return
        self._only(row, GROUP)
        section = " / ".join(filter(None, (self.here.section, label_of(row) or row["name"])))
        around = (*self.here.around, row) if row["relevant"] else self.here.around
        self.open.append(_Place(self.here.unit, section[:80].strip(), around))

    def _unit(self, row: Row, kind: str) -> str:
        parent = self._parent() if kind.endswith("repeat") else ""
        unit: Document = {"id": self._name(row)} | ({"parent": parent} if parent else {})
        label = label_of(row)
        if label != stand_in(row["name"]):
            unit["label"] = label or row["name"]
        for key in ("definition", "rows", "key"):
            if row[key]:
                unit[key] = cells.value_of(row[key], shapes.UNIT[key])
        self.asked.units.append(unit)
        self._roster(row, unit["id"])
        return str(unit["id"])

    def _parent(self) -> str:
        return self.here.unit or self._root_unit()

    def _root_unit(self) -> str:
        """The unit of questions that no unit of ours is around."""
        name, label = self.root
        if all(unit["id"] != name for unit in self.asked.units):
            self.asked.units.insert(0, {"id": name, "label": label})
        return name

    def _roster(self, row: Row, unit: str) -> None:
        """A repeat that is counted by the states of a set."""
        said = row["repeat_count"]
        inner = re.fullmatch(r"\$\{(.+)\}", said)
        count = self.asked.counts.pop(inner[1], None) if inner else None
        counted = count["calculation"] if count else said
        found = re.search(r"count-selected\(\s*\$\{(.+?)\}\s*\)", counted)
        name = self.asked.names.get(found[1], "") if found else ""
        for question in self.asked.questions:
            if question.variable["name"] == name and question.variable.get("reference"):
                question.variable["roster_of"] = unit
                return
        if said:
            self.asked.leave_out(row, "repeat_count", "counts what is no set of states.")

    # -------------------------------------------------------------- questions

    def _row(self, row: Row, kind: str) -> None:
        if kind == "calculate" and row["name"].endswith("-rows"):
            self.asked.counts[row["name"]] = row
        elif kind == "note" and re.fullmatch(r"[a-z][a-z0-9_]*-check-[0-9]+", row["name"]):
            self.asked.warnings.append(row)
        elif kind == "note" and row["label"] == words.NOTHING_ASKED:
            return
        elif kind in METADATA:
            self.asked.leave_out(row, "type", "is collected by the form itself.")
        elif answers := self._answers(row, kind):
            self._question(row, answers)
        else:
            self.asked.leave_out(row, "type", "asks nothing that a codebook could say.")

    def _question(self, row: Row, answers: Document) -> None:
        variable: Document = {"name": self._name(row), "unit": self.here.unit or self._root_unit()}
        if self.here.section:
            variable["section"] = self.here.section
        variable |= dict(_texts(row))
        variable |= answers
        if row["level"]:
            variable["level"] = row["level"]
        if row["required"].lower() in ("yes", "true", "true()", "1"):
            variable["required"] = True
        elif row["required"].lower() not in ("", "no", "false", "false()", "0"):
            self.asked.leave_out(row, "required", "depends on other answers.")
        self._only(row, QUESTION)
        if row["appearance"] and row["appearance"] not in words.APPEARANCES:
            self.asked.leave_out(row, "appearance", "is chosen by Casebook itself.")
        self.asked.questions.append(Question(variable, row, self.here.around))

    def _answers(self, row: Row, kind: str) -> Document:
        """The type of a question and its categories; empty where it asks nothing codable."""
        if kind == "calculate":
            return self._computed(row)
        select = _SELECT.fullmatch(re.sub(r"\s+", " ", row["type"]))
        if select is None:
            known = row["kind"] or words.KINDS.get(kind) or OTHERS.get(kind, "")
            return {"type": known} if known else {}
        if select[4]:
            self.asked.leave_out(row, "type", "offers “other” without a code: add a category.")
        several = select[1].lower() in MULTIPLE
        if select[2]:
            return self._from_file(row, several=several)
        categories = self.lists.categories.get(select[3], [])
        return {"type": row["kind"] or ("set" if several else "category"), "categories": categories}

    def _from_file(self, row: Row, *, several: bool) -> Document:
        if not row["type"].endswith(words.OF_STATES):
            self.asked.leave_out(
                row, "type", "takes its choices from a file: the states are meant."
            )
        return {"type": "set", "reference": "state"} if several else {"type": "state"}

    def _computed(self, row: Row) -> Document:
        found: Document = {"type": row["kind"] or "decimal"}
        if categories := self.lists.categories.get(row["name"]):
            found["categories"] = categories
        elif found["type"] == "set":
            found["reference"] = "state"
        return found

    def _name(self, row: Row) -> str:
        name, taken = row["name"], self.taken
        sound = name if is_sound(name) and name not in taken else sound_name(name, taken)
        if sound != name:
            why = f"was renamed {sound}: names are of small letters, digits and _."
            self.asked.unmapped.append(Unmapped(row.place("name"), "name", why, name))
        self.taken.add(sound)
        self.asked.names.setdefault(name, sound)
        return sound


def _texts(row: Row) -> Iterator[tuple[str, str]]:
    for key, column in words.TEXTS.items():
        text = label_of(row) if column == "label" else row[column]
        if text and text != stand_in(row["name"]):
            yield key, text
