"""Which parts of a codebook a data dictionary says, and which it does not, each with the reason."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from coding.canonical import is_formula
from coding.documents import Document
from curation.formats import kept
from curation.formats.filled import filled, is_computed, unit_order
from curation.formats.names import is_sound, sound_name
from curation.formats.redcap import words
from curation.formats.rules import redcap, translate
from curation.formats.rules.scope import Scope, scope_of
from curation.formats.rules.translate import Language
from curation.formats.rules.tree import Untranslatable
from curation.formats.said import Unmapped, stand_in
from curation.formats.skipped import code_of_skipped

REDCAP = Language(redcap.written, redcap.read, redcap.form)
NO_COLUMN = "A data dictionary has no column for it."
NO_CELL = "A data dictionary cannot hold this text as it is."
WHY = {
    "pattern": "A data dictionary knows no patterns.",
    "roster_of": "Which instruments repeat is set in REDCap itself.",
    "filter": "A data dictionary does not say which answers its lists are searched by.",
    "compare": "A data dictionary does not compare two coders.",
    "weight": "A data dictionary does not say how much a disagreement matters.",
    "tolerance": "A data dictionary does not compare two coders.",
    "renamed_from": "A data dictionary knows no earlier version of itself.",
}
CHECKS = "REDCap checks a range, and nothing across fields."


def divide(document: Document) -> tuple[Document, list[Unmapped]]:
    """The document that a data dictionary holds, and all the rest, line by line."""
    divided = _Division(filled(document))
    said = divided.divide()
    return said, divided.unmapped


def sayable(document: Document) -> Document:
    """What of a document a data dictionary says."""
    said, _ = divide(document)
    words.complete(said)
    return said


@dataclass
class _Division:
    """Goes through a document and lists what it leaves out."""

    document: Document
    unmapped: list[Unmapped] = field(default_factory=list)

    def leave_out(self, place: str, part: str, why: str, value: object) -> None:
        self.unmapped.append(Unmapped(place, part, why, value))

    def divide(self) -> Document:
        variables = [v for v in self._in_order() if self._is_sayable(v)]
        said: Document = {"codebook": self._head(variables), "variables": []}
        flat = {"codebook": self.document["codebook"] | said["codebook"], "variables": variables}
        for v in variables:
            said["variables"].append(self._variable(v, scope_of(flat, v["unit"])))
        self._skips(said)
        self._sections(said)
        self._order(said)
        for key, value in self.document.items():
            if key not in ("codebook", "variables"):
                self.leave_out("document", key, NO_COLUMN, value)
        return said

    # -------------------------------------------------------------- the codebook

    def _head(self, variables: list[Document]) -> Document:
        for key, value in self.document["codebook"].items():
            if key == "missing_codes":
                why = f"REDCap keeps missing data codes in a project's settings: {_as_there(value)}"
                self.leave_out("codebook", key, why, value)
            elif key != "units":
                self.leave_out("codebook", key, NO_COLUMN, value)
        order = unit_order(self.document)
        used = {order[0], *(v["unit"] for v in variables)}
        units = {unit["id"]: unit for unit in self.document["codebook"]["units"]}
        listed = [units[name] for name in order if self._is_used(units[name], used)]
        return {"units": [self._unit(unit, order[0]) for unit in listed]}

    def _is_used(self, unit: Document, used: set[str]) -> bool:
        if unit["id"] not in used:
            why = "An instrument without fields is none."
            self.leave_out("codebook", f"unit {unit['id']}", why, unit)
        return unit["id"] in used

    def _unit(self, unit: Document, first: str) -> Document:
        place = f"unit {unit['id']}"
        said: Document = {"id": unit["id"]}
        if unit["id"] == first:
            said["key"] = [record_id(self.document)]
        else:
            said["parent"] = first
        for key in said.keys() - unit.keys():
            why = f"In REDCap it is {''.join(said[key])}."
            self.unmapped.append(Unmapped(place, key, why, is_half=True))
        why = "A data dictionary knows only an instrument's name."
        for key, value in unit.items():
            if said.get(key) != value and not (key == "label" and value == unit["id"]):
                self.leave_out(place, key, why, value)
        return said

    def _in_order(self) -> list[Document]:
        order = unit_order(self.document)
        return sorted(self.document["variables"], key=lambda v: order.index(v["unit"]))

    def _order(self, said: Document) -> None:
        """The order of all, where a dictionary has another or not all of them."""
        found = _order_of(said)
        if (wanted := _order_of(self.document)) != found:
            why = "A data dictionary goes instrument by instrument."
            self.leave_out("document", kept.ORDER, why, wanted)

    # -------------------------------------------------------------- variables

    def _is_sayable(self, v: Document) -> bool:
        """Whether the codes of a field can stand in a dictionary at all."""
        codes = [str(category["code"]) for category in v.get("categories", ())]
        odd = [
            code for code in codes if "|" in code or is_formula(code) or re.search(r"['\"]", code)
        ]
        if odd:
            why = f"REDCap can have no code {odd[0]}."
            self.leave_out(f"variable {v['name']}", "variable", why, v)
        return not odd

    def _variable(self, v: Document, scope: Scope) -> Document:
        place, said = f"variable {v['name']}", {}
        for key, value in v.items():
            if key in ("skip", "checks", "derive", "categories"):
                continue
            if why := _why_not(v, key, value):
                self.leave_out(place, key, why, value)
            else:
                said[key] = value
        if "categories" in v:
            said["categories"] = [self._category(place, c) for c in v["categories"]]
        said |= self._rules(place, v, scope)
        for number, check in enumerate(v.get("checks", ()), 1):
            self.leave_out(place, f"{kept.CHECK} {number}", CHECKS, check)
        return said

    def _category(self, place: str, category: Document) -> Document:
        said = {"code": category["code"]}
        for key, value in category.items():
            if key == "label" and _is_choice(category["code"], value):
                said["label"] = value
            elif key != "code":
                why = NO_CELL if key == "label" else "REDCap has no place for it beside a choice."
                self.leave_out(f"{place}, category {category['code']}", key, why, value)
        return said

    def _rules(self, place: str, v: Document, scope: Scope) -> Document:
        said: Document = {}
        if "skip" in v:
            try:
                rule = translate.shown(v["skip"]["if"], scope, REDCAP).here
                said["skip"] = {"if": rule, "then": v["skip"]["then"]}
            except Untranslatable as error:
                self.leave_out(place, "skip", str(error), v["skip"])
        if "derive" in v:
            try:
                said["derive"] = computable(v, scope)
            except Untranslatable as error:
                self.leave_out(place, "derive", str(error), v["derive"])
        return said

    def _skips(self, said: Document) -> None:
        """A skipped field is empty in REDCap, whatever a skip rule would set."""
        for v in said["variables"]:
            if "skip" not in v:
                continue
            code, then = code_of_skipped(said), v["skip"]["then"]
            if then != code:
                why = f"REDCap leaves a skipped field empty: set it to {then} afterwards."
                self.leave_out(f"variable {v['name']}", "skip", why, then)
            v["skip"]["then"] = code

    def _sections(self, said: Document) -> None:
        """A section goes on until the next one begins."""
        running: dict[str, str] = {}
        for v in said["variables"]:
            before = running.get(v["unit"])
            if before and "section" not in v:
                why = f"It stands under {before}: a section header in REDCap has no end."
                line = Unmapped(f"variable {v['name']}", "section", why, is_half=True)
                self.unmapped.append(line)
                v["section"] = before
            running[v["unit"]] = v.get("section", "")


def _order_of(document: Document) -> dict[str, list[str]]:
    units = [unit["id"] for unit in document["codebook"]["units"]]
    return {"units": units, "variables": [v["name"] for v in document["variables"]]}


def _why_not(v: Document, key: str, value: object) -> str:
    """Why a data dictionary cannot say a part of a variable; empty where it can."""
    if key in ("name", "unit", "type", "level", "required"):
        return ""
    if key in ("question", "rule", "section"):
        sayable = words.is_sayable(value) and value != stand_in(v["name"])
        return "" if sayable else NO_CELL
    if key in words.TOLD:
        return "" if words.is_line(value) else NO_CELL
    if key == "exclusive":
        return "" if v["type"] == "set" else "REDCap excludes ticks only."
    if key == "reference":
        return "" if v["type"] == "set" else "It goes without saying."
    if key in ("min", "max"):
        return "REDCap limits only what is typed." if is_computed(v) else ""
    return WHY.get(key, NO_COLUMN)


def _is_choice(code: object, label: str) -> bool:
    return words.is_line(label) and "|" not in label and label != stand_in(code)


def computable(v: Document, scope: Scope) -> str:
    """The rule of a calculated field in its one form. Raises Untranslatable."""
    if v["type"] not in ("integer", "decimal"):
        raise Untranslatable("REDCap computes numbers only.")
    said = translate.calculated(v["derive"], scope, REDCAP)
    if is_formula(said.there):
        raise Untranslatable("A spreadsheet that opens the data dictionary would compute it.")
    return said.here


def _as_there(codes: list[Document]) -> str:
    """Missing codes as REDCap's settings want them."""
    chosen = [code for code in codes if code["set_by"] == "coder"]
    return " | ".join(f"{code['code']}, {code['label']}" for code in chosen)


def record_id(document: Document) -> str:
    """The field that names a record: the key of the first unit, if REDCap can call it so."""
    names = {v["name"] for v in document["variables"]}
    names |= {unit["id"] for unit in document["codebook"]["units"]}
    root = document["codebook"]["units"][0]
    wanted = root.get("key", [""])
    if len(wanted) == 1 and is_sound(wanted[0]) and wanted[0] not in names:
        return str(wanted[0])
    return sound_name("record_id", names)
