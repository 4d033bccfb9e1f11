"""An XLSForm, of ours or of others, as a codebook."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from coding.documents import Document
from curation.files import Row
from curation.formats import cells, kept, sheets
from curation.formats.names import sound_name
from curation.formats.rules import translate
from curation.formats.rules.scope import Scope, scope_of
from curation.formats.rules.tree import Untranslatable
from curation.formats.said import Reading, Unmapped, passed_over, stand_in
from curation.formats.skipped import code_of_skipped
from curation.formats.xlsform import constraint, lists, words
from curation.formats.xlsform.constraint import XPATH
from curation.formats.xlsform.questions import Asked, Question, Reader

ALIASES = {
    "relevance": "relevant",
    "constraint message": "constraint_message",
    "calculate": "calculation",
    "count": "repeat_count",
    "repeat count": "repeat_count",
    "guidance hint": "guidance_hint",
    "list name": "list_name",
    "value": "name",
}
NOT_READ = "is a column that no codebook has a place for: it was not read."


def read(raw: bytes, name: str = "codebook.xlsx") -> Reading:
    """The codebook that a form asks for. Raises BadInput with the cell of every fault."""
    there = sheets.titles(raw, name)
    tables = {
        title: [_plain(row) for row in sheets.rows(raw, name, title)] if title in there else []
        for title in (*words.SHEETS, words.KEPT_SHEET)
    }
    unmapped: list[Unmapped] = []
    choices = lists.read(tables["choices"], unmapped)
    head = _settings(tables["settings"])
    asked = Reader(choices, _root(head, tables["survey"])).read(tables["survey"])
    document = _document(head, choices, asked)
    with sheets.gathered() as fault:
        laid_beside = list(_kept(tables[words.KEPT_SHEET], fault))
    lost = kept.put_back(document, laid_beside)
    words.complete(document)
    unmapped += [*asked.unmapped, *lost, *_not_read(there, tables, asked)]
    return Reading(document, unmapped, {q.variable["name"]: q.row.place() for q in asked.questions})


def _plain(row: Row) -> Row:
    """The row under the names that XLSForm has now."""
    names = tuple(ALIASES.get(name.lower(), name.lower()) for name in row.header.names)
    texts = {ALIASES.get(k.lower(), k.lower()): text for k, text in row.texts.items() if text}
    return Row(replace(row.header, names=names), row.number, texts)


def _settings(rows: Sequence[Row]) -> Document:
    found = {key: rows[0][name] for name, key in words.SETTINGS.items()} if rows else {}
    return {key: text for key, text in found.items() if text and text != stand_in(key)}


def _root(head: Document, rows: Sequence[Row]) -> tuple[str, str]:
    """What the unit is called that a form without units of ours is about."""
    label = head.get("title") or head.get("id") or "Record"
    return sound_name(head.get("id") or label, {row["name"] for row in rows}), label


def _document(head: Document, choices: lists.Lists, asked: Asked) -> Document:
    head = head | {"units": asked.units}
    if choices.missing:
        head["missing_codes"] = choices.missing
    document = {"codebook": head, "variables": [q.variable for q in asked.questions]}
    _Rules(document, asked).read()
    return document


# ------------------------------------------------------------------ rules


@dataclass
class _Rules:
    """Reads the rules of all questions, once all questions are known."""

    document: Document
    asked: Asked

    def read(self) -> None:
        for question in self.asked.questions:
            scope = scope_of(self.document, question.variable["unit"], self.asked.names)
            self._skip(question, scope)
            self._derive(question, scope)
            self._constraint(question, scope)
        for row in self.asked.warnings:
            self._warning(row)

    def _skip(self, question: Question, scope: Scope) -> None:
        """A question is skipped where it, or a group around it, is not shown."""
        found: list[str] = []
        for row in (*question.around, question.row):
            try:
                if row["relevant"]:
                    here = translate.skipped(row["relevant"], scope, XPATH)
                    found = [_either([*found, here], scope)]
            except Untranslatable as error:
                self._leave_out(row, "relevant", str(error))
        if found:
            then = cells.value_of(question.row["skip_value"], "code")
            if then is None:
                then = code_of_skipped(self.document)
            question.variable["skip"] = {"if": found[0], "then": then}

    def _derive(self, question: Question, scope: Scope) -> None:
        said = question.row["calculation"]
        if said in ("", "''"):
            return
        try:
            question.variable["derive"] = translate.derived(said, scope, XPATH)
        except Untranslatable as error:
            self._leave_out(question.row, "calculation", str(error))
            question.variable.setdefault("derived_from", said)

    def _constraint(self, question: Question, scope: Scope) -> None:
        said, message = question.row["constraint"], question.row["constraint_message"]
        if not said:
            return
        try:
            parts = constraint.read(
                question.variable, said, message.split("\n") if message else [], scope
            )
            question.variable.update(parts)
        except Untranslatable as error:
            self._leave_out(question.row, "constraint", str(error))

    def _warning(self, row: Row) -> None:
        name = row["name"].rpartition("-check-")[0]
        variable = next((v for v in self.document["variables"] if v["name"] == name), None)
        if variable is None:
            self._leave_out(row, "name", "warns of no question.")
            return
        try:
            scope = scope_of(self.document, variable["unit"], self.asked.names)
            expr = translate.skipped(row["relevant"], scope, XPATH)
        except Untranslatable as error:
            self._leave_out(row, "relevant", str(error))
            return
        check = {"expr": expr, "severity": "soft", "message": row["label"]}
        variable.setdefault("checks", []).append(check)

    def _leave_out(self, row: Row, part: str, why: str) -> None:
        self.asked.leave_out(row, part, why)


def _either(rules: list[str], scope: Scope) -> str:
    tree = translate.condition(" || ".join(f"({rule})" for rule in rules), scope)
    return translate.as_skip(tree, scope)


# ------------------------------------------------------------------ what is left


def _kept(rows: Sequence[Row], fault: sheets.Faulty) -> list[Unmapped]:
    found = []
    for row in rows:
        try:
            said = cells.whole(row.texts)
        except (ValueError, RecursionError) as error:
            fault(row.fault(cells.MORE, f"cannot be read as JSON: {error}."))
            continue
        if isinstance(said, dict) and isinstance(said.get("part"), str):
            found.append(Unmapped(row["place"], said["part"], row["why"], said.get("value")))
        else:
            fault(row.fault(cells.MORE, "must be a JSON mapping of part and value."))
    return found


def _not_read(there: Sequence[str], tables: dict[str, list[Row]], asked: Asked) -> list[Unmapped]:
    """Sheets and columns that nobody read, and lists that no question uses."""
    why = "is no sheet that a codebook has a place for: it was not read."
    others = [Unmapped("workbook", t, why, t) for t in there if t not in tables]
    known = {
        "survey": (*words.SURVEY, *lists.first_translations(tables["survey"])),
        "choices": (*words.CHOICES, *lists.first_translations(tables["choices"])),
        "settings": tuple(words.SETTINGS),
    }
    for title, columns in known.items():
        others += passed_over(tables[title], columns, NOT_READ)
    return [*others, *_unused(tables["choices"], asked)]


def _unused(rows: Sequence[Row], asked: Asked) -> list[Unmapped]:
    used = {word for q in asked.questions for word in (*q.row["type"].split(), q.row["name"])}
    used |= {words.MISSING_LIST, ""}
    first = {row["list_name"]: row for row in reversed(rows)}
    why = "is a list of choices that no question uses."
    return [Unmapped(row.place(), name, why) for name, row in first.items() if name not in used]
