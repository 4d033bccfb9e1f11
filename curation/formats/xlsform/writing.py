"""A codebook as the rows of an XLSForm."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

from coding.documents import Document
from curation.formats import cells, sheets
from curation.formats.cells import Cell
from curation.formats.filled import is_computed
from curation.formats.rules import translate
from curation.formats.rules.scope import Scope, scope_of
from curation.formats.said import Unmapped, stand_in
from curation.formats.sheets import Sheet
from curation.formats.xlsform import constraint, words
from curation.formats.xlsform.constraint import XPATH
from curation.formats.xlsform.dividing import divide

Row = Mapping[str, Cell]


def write(document: Document) -> tuple[bytes, list[Unmapped]]:
    """The document as an XLSForm, with what a form does not say laid beside in a sheet."""
    divided = divide(document)
    return written(divided.said, divided.unmapped), divided.unmapped


def written(said: Document, unmapped: list[Unmapped]) -> bytes:
    """A document that a form can say, as the workbook of the form."""
    uncomputed = {line.place.split()[1] for line in unmapped if line.part == "derive"}
    survey = list(_Survey(said, uncomputed).rows())
    laid_beside = [_kept_row(line) for line in unmapped if not line.is_half]
    return sheets.written(
        [
            Sheet("survey", words.SURVEY, survey),
            Sheet("choices", words.CHOICES, list(_choices(said))),
            Sheet("settings", list(words.SETTINGS), [_settings(said["codebook"])]),
            Sheet(words.KEPT_SHEET, cells.columns_of(laid_beside, words.KEPT[:3]), laid_beside),
        ]
    )


def _settings(head: Document) -> dict[str, Cell]:
    found = {name: head.get(key) for name, key in words.SETTINGS.items()}
    return found | {"form_title": head.get("title", stand_in("title"))}


def _kept_row(line: Unmapped) -> dict[str, Cell]:
    shown = {"place": line.place, "part": line.part, "why": line.why}
    told: dict[str, Cell] = {key: text for key, text in shown.items() if cells.is_plain(text)}
    return told | cells.in_pieces({"part": line.part, "value": line.value})


# ------------------------------------------------------------------ choices


def _choices(said: Document) -> Iterator[Row]:
    """The lists of the questions, each with the missing codes, and one of all missing codes."""
    codes = said["codebook"].get("missing_codes", ())
    offered = [code for code in codes if code["set_by"] == "coder"]
    for v in said["variables"]:
        if categories := v.get("categories"):
            yield from (_choice(v["name"], category) for category in categories)
            yield from (_missing_choice(v["name"], code) for code in offered)
    for code in codes:
        treated = {"counts_in_reliability": "no"} if "counts_in_reliability" in code else {}
        rest = {k: _word(code[k]) for k in words.MISSING_CODE if k in code}
        yield _missing_choice(words.MISSING_LIST, code) | treated | rest


def _choice(name: str, category: Document) -> dict[str, Cell]:
    label = category.get("label", stand_in(category["code"]))
    found = {"list_name": name, "name": category["code"], "label": label}
    return found | {key: category[key] for key in words.CATEGORY if key in category}


def _missing_choice(name: str, code: Document) -> dict[str, Cell]:
    label = code.get("label", stand_in(code["code"]))
    return {"list_name": name, "name": code["code"], "label": label, "missing": "yes"}


def _word(value: object) -> Cell:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


# ------------------------------------------------------------------ survey


@dataclass
class _Survey:
    """The questions of a form: units are groups and repeats, sections groups within them."""

    said: Document
    uncomputed: set[str]  # computed variables whose rule no form can say
    sections: int = 0

    def rows(self) -> Iterator[Row]:
        for unit in self.said["codebook"]["units"]:
            if "parent" not in unit:
                yield from self._unit(unit)

    def _unit(self, unit: Document) -> Iterator[Row]:
        kind = "repeat" if "parent" in unit else "group"
        yield from self._rows_count(unit)
        yield self._begin(unit, kind)
        yield from self._sections(unit)
        for below in self.said["codebook"]["units"]:
            if below.get("parent") == unit["id"]:
                yield from self._unit(below)
        yield {"type": f"end_{kind}"}

    def _begin(self, unit: Document, kind: str) -> Row:
        row: dict[str, Cell] = {"type": f"begin_{kind}", "name": unit["id"], "kind": "unit"}
        row |= {column: unit[key] for key, column in words.UNIT_TEXTS.items() if key in unit}
        row.setdefault("label", stand_in(unit["id"]))
        if "key" in unit:
            row["key"] = cells.cell_of(unit["key"], "texts")
        if self._roster_of(unit):
            row["repeat_count"] = f"${{{unit['id']}-rows}}"
        return row

    def _roster_of(self, unit: Document) -> Document | None:
        rosters = (v for v in self.said["variables"] if v.get("roster_of") == unit["id"])
        return next(rosters, None)

    def _rows_count(self, unit: Document) -> Iterator[Row]:
        """As many rows as states were chosen."""
        roster = self._roster_of(unit)
        if roster is None:
            return
        name, offered = f"${{{roster['name']}}}", self._scope(unit["parent"]).offered
        counted = f"count-selected({name})"
        if offered:
            counted = f"if(selected('{' '.join(offered)}', string({name})), 0, {counted})"
        yield {"type": "calculate", "name": f"{unit['id']}-rows", "calculation": counted}

    def _sections(self, unit: Document) -> Iterator[Row]:
        variables = [v for v in self.said["variables"] if v["unit"] == unit["id"]]
        scope = self._scope(unit["id"])
        if not variables:
            note = {"type": "note", "name": f"{unit['id']}-note", "label": words.NOTHING_ASKED}
            yield note
        for section, grouped in groupby(variables, lambda v: str(v.get("section", ""))):
            if section:
                self.sections += 1
                name = f"section-{self.sections}"
                yield {"type": "begin_group", "name": name, "label": section}
            for v in grouped:
                yield self._question(v, scope)
                yield from _warnings(v, scope)
            if section:
                yield {"type": "end_group"}

    def _scope(self, unit: str) -> Scope:
        return scope_of(self.said, unit)

    def _question(self, v: Document, scope: Scope) -> Row:
        is_calculated = is_computed(v) or v["name"] in self.uncomputed
        row: dict[str, Cell] = {
            "type": "calculate" if is_calculated else _type_of(v),
            "name": v["name"],
            **{column: v[key] for key, column in words.TEXTS.items() if key in v},
            "kind": v["type"] if is_calculated or v["type"] not in words.KINDS.values() else None,
            "level": v["level"],
            "required": "yes" if v.get("required") else None,
            "constraint": constraint.written(v, scope) or None,
            "constraint_message": constraint.message(v) or None,
            "appearance": _appearance(v),
        }
        row.setdefault("label", stand_in(v["name"]))
        if "skip" in v:
            row["relevant"] = translate.shown(v["skip"]["if"], scope, XPATH).there
            row["skip_value"] = v["skip"]["then"]
        if is_calculated:
            row["calculation"] = _calculation(v, scope)
        return row


def _type_of(v: Document) -> str:
    if v["type"] == "set" and v.get("reference"):
        return f"{words.TYPES['set']}{words.OF_STATES}"
    kind = words.TYPES[v["type"]]
    return f"{kind} {v['name']}" if v["type"] in words.CHOSEN else kind


def _appearance(v: Document) -> str | None:
    if v["type"] == "state" or v.get("reference"):
        return "minimal autocomplete"
    return "multiline" if v["type"] == "text" and "pattern" not in v else None


def _calculation(v: Document, scope: Scope) -> str:
    if "derive" not in v:
        return "''"
    return translate.calculated(v["derive"], scope, XPATH).there


def _warnings(v: Document, scope: Scope) -> Iterator[Row]:
    """A check that only warns is a note that is shown where it fails."""
    for number, check in enumerate(v.get("checks", ()), 1):
        if check["severity"] == "soft":
            name = f"{v['name']}-check-{number}"
            shown = constraint.failed(check, scope)
            yield {"type": "note", "name": name, "label": check["message"], "relevant": shown}
