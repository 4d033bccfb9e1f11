"""A REDCap data dictionary, of ours or of others, as a codebook."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from coding.documents import Document
from curation import files
from curation.faults import BadInput, Fault
from curation.files import Row
from curation.formats import cells
from curation.formats.names import is_sound, sound_name
from curation.formats.redcap import words
from curation.formats.redcap.dividing import REDCAP
from curation.formats.rules import translate
from curation.formats.rules.scope import Scope, scope_of
from curation.formats.rules.tree import Untranslatable, is_whole
from curation.formats.said import Reading, Unmapped, passed_over, stand_in
from curation.formats.skipped import code_of_skipped

_BY_TITLE = {title.lower(): name for name, title in words.COLUMNS.items()}
NEEDED = ("field_name", "form_name", "field_type", "field_label")
UNUSED = (
    *("identifier", "custom_alignment", "question_number", "matrix_group_name"),
    "matrix_ranking",
)
READ = [name for name in words.COLUMNS if name not in UNUSED]
NOT_READ = "is a column that no codebook has a place for: it was not read."
YES_OR_NO = {"yesno": words.NO_AND_YES}
YES_OR_NO["truefalse"] = [{"code": 0, "label": "False"}, {"code": 1, "label": "True"}]
_TOLD = {word: key for key, word in words.TOLD.items()}


def read(raw: bytes, name: str = "dictionary.csv") -> Reading:
    """The codebook that a data dictionary describes. Raises BadInput with every fault."""
    table = files.read_from(io.BytesIO(raw), name)
    rows = [_plain(row) for row in table.rows]
    missing = [words.COLUMNS[each] for each in NEEDED if each not in rows[0].header.names]
    if missing:
        rule = f"is no data dictionary: it has no column {missing[0]}."
        raise BadInput([Fault(name, "", rule)])
    reader = _Reader()
    document = reader.read(rows)
    words.complete(document)
    unmapped = [Unmapped(name, "encoding", notice, is_half=True) for notice in table.notices]
    unmapped += [*reader.unmapped, *passed_over(rows, READ, NOT_READ)]
    return Reading(document, unmapped, {v["name"]: row.place() for v, row in reader.fields})


def _plain(row: Row) -> Row:
    """The row under our names, whether a dictionary has REDCap's titles or those of its API."""
    names = tuple(_BY_TITLE.get(name.lower(), name.lower()) for name in row.header.names)
    texts = {_BY_TITLE.get(name.lower(), name.lower()): text for name, text in row.texts.items()}
    return Row(replace(row.header, names=names), row.number, texts)


@dataclass
class _Reader:
    """Goes through the fields once, then through their rules."""

    names: dict[str, str] = field(default_factory=dict)
    forms: dict[str, str] = field(default_factory=dict)
    fields: list[tuple[Document, Row]] = field(default_factory=list)
    unmapped: list[Unmapped] = field(default_factory=list)
    running: dict[str, str] = field(default_factory=dict)

    def read(self, rows: Sequence[Row]) -> Document:
        key = self._named(rows[0], "field_name", self.names)
        self._form(rows[0])
        for row in rows[1:]:
            unit = self._form(row)
            if answers := self._answers(row):
                self.fields.append((self._variable(row, unit, answers), row))
            else:
                self.leave_out(row, "field_type", "asks nothing that a codebook could say.")
        document: Document = {
            "codebook": {"units": self._units(key)},
            "variables": [v for v, _ in self.fields],
        }
        for v, row in self.fields:
            self._rules(document, v, row)
        return document

    def leave_out(self, row: Row, part: str, why: str) -> None:
        self.unmapped.append(Unmapped(row.place(), words.COLUMNS[part], why, row[part] or None))

    # -------------------------------------------------------------- names

    def _form(self, row: Row) -> str:
        name = row["form_name"]
        return self.forms.get(name) or self._named(row, "form_name", self.forms)

    def _named(self, row: Row, column: str, names: dict[str, str]) -> str:
        name, taken = row[column], {*self.names.values(), *self.forms.values()}
        sound = name if is_sound(name) and name not in taken else sound_name(name, taken)
        if sound != name:
            self.leave_out(row, column, f"was renamed {sound}.")
        names.setdefault(name, sound)
        return sound

    def _units(self, key: str) -> list[Document]:
        """An instrument for each form: the first holds the record, the others stand below it."""
        first, *others = self.forms.values()
        below = [{"id": name, "parent": first} for name in others]
        return [{"id": first, "key": [key]}, *below]

    # -------------------------------------------------------------- fields

    def _variable(self, row: Row, unit: str, answers: Document) -> Document:
        variable: Document = {"name": self._named(row, "field_name", self.names), "unit": unit}
        if row["section_header"]:
            self.running[unit] = row["section_header"][:80].strip()
        if self.running.get(unit):
            variable["section"] = self.running[unit]
        if row["field_label"] not in ("", stand_in(row["field_name"])):
            variable["question"] = row["field_label"]
        if row["field_note"]:
            variable["rule"] = row["field_note"]
        if row["required_field"].lower() in ("y", "yes", "1", "true"):
            variable["required"] = True
        variable |= answers | dict(self._told(row))
        if variable["type"] == "set" and "categories" not in variable:
            variable["reference"] = "state"
        return variable

    def _told(self, row: Row) -> Iterator[tuple[str, object]]:
        """What the annotation tells: our own lines, and REDCap's tags."""
        for line in row["field_annotation"].splitlines():
            word, _, text = line.partition(": ")
            codes = words.alone_in(line.strip())
            if codes is not None:
                yield "exclusive", [int(code) if is_whole(code) else code for code in codes]
            elif word in _TOLD and text.strip():
                yield _TOLD[word], text.strip()
            elif line.strip() not in ("", words.READ_ONLY):
                why = f"holds “{line.strip()[:60]}”, which is not taken over."
                self.leave_out(row, "field_annotation", why)

    def _answers(self, row: Row) -> Document:
        kind, validation = row["field_type"].lower(), row[words.VALIDATION].lower()
        found: Document = {"type": words.kind_of(kind, validation)}
        if not found["type"]:
            return {}
        if kind in YES_OR_NO:
            found["categories"] = [dict(category) for category in YES_OR_NO[kind]]
        elif kind in ("radio", "dropdown", "checkbox"):
            found["categories"] = list(self._choices(row))
        elif kind == "slider":
            found |= {"min": 0, "max": 100}
        if validation and found["type"] in ("text", "date"):
            self.leave_out(row, words.VALIDATION, "is a check that Casebook makes in its own way.")
        return found | dict(self._ends(row, found["type"]))

    def _choices(self, row: Row) -> Iterator[Document]:
        for choice in filter(str.strip, row[words.CHOICES].split("|")):
            code, comma, label = (part.strip() for part in choice.partition(","))
            category: Document = {"code": cells.value_of(code, "code")}
            if label != stand_in(code):
                category["label"] = label or code
            yield category
            if not comma:
                self.leave_out(row, words.CHOICES, f"has the choice “{code[:60]}” without a label.")

    def _ends(self, row: Row, kind: str) -> Iterator[tuple[str, object]]:
        for key, column in (("min", words.LOWEST), ("max", words.HIGHEST)):
            is_number = re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,8})?", row[column])
            if is_number and kind in ("integer", "decimal"):
                yield key, cells.value_of(row[column], "number")
            elif row[column]:
                self.leave_out(row, column, "is no limit that a codebook could say.")

    # -------------------------------------------------------------- rules

    def _rules(self, document: Document, v: Document, row: Row) -> None:
        scope = scope_of(document, v["unit"], self.names)
        if row["branching_logic"]:
            self._skip(document, v, row, scope)
        if row["field_type"].lower() == "calc":
            self._derive(v, row, scope)

    def _skip(self, document: Document, v: Document, row: Row, scope: Scope) -> None:
        try:
            rule = translate.skipped(row["branching_logic"], scope, REDCAP)
            v["skip"] = {"if": rule, "then": code_of_skipped(document)}
        except Untranslatable as error:
            self.leave_out(row, "branching_logic", str(error))

    def _derive(self, v: Document, row: Row, scope: Scope) -> None:
        said = row[words.CHOICES]
        try:
            v["derive"] = translate.derived(said, scope, REDCAP)
        except Untranslatable as error:
            self.leave_out(row, words.CHOICES, str(error))
            v.setdefault("derived_from", said or "a calculation")
