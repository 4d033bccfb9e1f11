"""An entry as a curator types it: its fields from the document and back, faults beside them."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field

from django.http import QueryDict

from coding import documents, shapes
from coding.documents import Document, Problem

LINES = (
    *("name", "unit", "section", "label", "type", "level", "reference", "roster_of"),
    *("measure", "pattern"),
)
AREAS = ("question", "derived_from", "derive", "rule", "example", "sources")
NUMBERS = ("min", "max", "tolerance", "weight")
FLAGS = ("required", "filter")
CATEGORY = ("was", "code", "label", *shapes.CATEGORY_WORDS, "alone")
CHECK = ("expr", "severity", "message")
SINGLE = (*LINES, *AREAS, *NUMBERS, *FLAGS, "compare", "skip_if", "skip_then")
Row = dict[str, str]


@dataclass
class EntryForm:
    """What stands in the fields. `stored` is the document that they were made from."""

    fields: Row
    categories: list[Row] = field(default_factory=list)
    checks: list[Row] = field(default_factory=list)
    stored: Document = field(default_factory=dict)

    @classmethod
    def of(cls, document: Document) -> EntryForm:
        """The fields of an entry as it stands."""
        skip, alone = document.get("skip") or {}, map(str, document.get("exclusive") or ())
        fields = {key: str(document.get(key, "")) for key in (*LINES, *AREAS, *NUMBERS)}
        fields |= {key: "on" if document.get(key) else "" for key in FLAGS}
        fields |= {"skip_if": skip.get("if", ""), "skip_then": str(skip.get("then", ""))}
        compare = document.get("compare")
        fields["compare"] = "" if compare is None else "yes" if compare else "no"
        singles = set(alone)
        categories = [row_of(c, singles) for c in document.get("categories") or ()]
        checks = [
            {key: check.get(key, "") for key in CHECK} for check in document.get("checks", ())
        ]
        return cls(fields, categories, checks, document)

    @classmethod
    def posted(cls, data: QueryDict, stored: Document) -> EntryForm:
        """The fields as they were typed."""
        fields = {key: _typed(data.get(key, "")) for key in SINGLE}
        categories = [r for r in _rows(data, "c", CATEGORY) if any(r[k] for k in CATEGORY)]
        checks = [r for r in _rows(data, "k", CHECK) if r["expr"] or r["message"]]
        return cls(fields, categories, checks, stored)

    # ---- to the document

    @property
    def document(self) -> Document:
        """The entry as it would be."""
        found: Document = {key: text for key in (*LINES, *AREAS) if (text := self._text(key))}
        found |= {key: _number(self.fields[key]) for key in NUMBERS if self.fields[key].strip()}
        found |= {key: True for key in FLAGS if self.fields[key]}
        if self.fields["compare"]:
            found["compare"] = self.fields["compare"] == "yes"
        if self.fields["skip_if"].strip() or self.fields["skip_then"].strip():
            then = documents.as_code(self.fields["skip_then"].strip().replace("−", "-"))
            found["skip"] = {"if": self._kept(("skip", "if"), self.fields["skip_if"]), "then": then}
        if self.checks:
            found["checks"] = [
                dict(row) | {"severity": row["severity"] or "hard"} for row in self.checks
            ]
        found["categories"] = [_category(row) for row in self.categories]
        if alone := [documents.as_code(r["code"]) for r in self.categories if r["alone"]]:
            found["exclusive"] = alone
        return found | {k: self.stored[k] for k in shapes.EXTRA if k in self.stored}

    def _text(self, key: str) -> str:
        """What was typed; as it was stored, where only the browser's way with spaces differs."""
        typed, stored = self.fields[key], str(self.stored.get(key, ""))
        if key in LINES:
            return stored if typed.split() == stored.split() else typed.strip()
        return stored if typed.strip() == stored.replace("\r\n", "\n").strip() else typed.strip()

    def _kept(self, path: tuple[str, str], typed: str) -> str:
        stored = str((self.stored.get(path[0]) or {}).get(path[1], ""))
        return stored if typed.strip() == stored.strip() else typed.strip()

    @property
    def codes(self) -> dict[str, str]:
        """Codes of categories that were changed: before, and now."""
        return {
            row["was"]: row["code"]
            for row in self.categories
            if row["was"] and row["code"] and row["was"] != row["code"]
        }

    # ---- rows without a script

    def act(self, word: str) -> None:
        """Add, copy, move or take away a row: `category-up-2`, `check-add`."""
        found = re.fullmatch(r"(category|check)-(add|up|down|copy|drop)(?:-(\d+))?", word)
        if found is None:
            return
        rows = self.categories if found[1] == "category" else self.checks
        at = int(found[3] or 0)
        if found[2] == "add":
            rows.append(dict.fromkeys(CATEGORY if found[1] == "category" else CHECK, ""))
        elif at < len(rows):
            _ROW_ACTS[found[2]](rows, at)


def _up(rows: list[Row], at: int) -> None:
    rows.insert(max(at - 1, 0), rows.pop(at))


def _down(rows: list[Row], at: int) -> None:
    rows.insert(at + 1, rows.pop(at))


def _copy(rows: list[Row], at: int) -> None:
    rows.insert(at + 1, rows[at] | {"was": "", "code": ""})


def _drop(rows: list[Row], at: int) -> None:
    rows.pop(at)


_ROW_ACTS = {"up": _up, "down": _down, "copy": _copy, "drop": _drop}


def _typed(text: str) -> str:
    return text.replace("\r\n", "\n")


def _rows(data: QueryDict, prefix: str, columns: Iterable[str]) -> list[Row]:
    """The rows of a table whose cells are posted column by column."""
    lists = {key: data.getlist(f"{prefix}_{key}") for key in columns}
    count = max(map(len, lists.values()))
    return [
        {key: _typed(texts[n]) if n < len(texts) else "" for key, texts in lists.items()}
        for n in range(count)
    ]


def row_of(category: Mapping[str, object], alone: Container[str] = ()) -> Row:
    """A category as it stands in its fields."""
    code = str(category["code"])
    words = {key: str(category.get(key, "")) for key in ("label", *shapes.CATEGORY_WORDS)}
    return {"was": code, "code": code, **words, "alone": "yes" if code in alone else ""}


def _category(row: Row) -> Document:
    words = {key: row[key].strip() for key in shapes.CATEGORY_WORDS if row[key].strip()}
    code = row["code"].strip().replace("−", "-")
    return {"code": documents.as_code(code), "label": row["label"].strip(), **words}


def _number(text: str) -> int | float | str:
    text = text.strip().replace("−", "-")
    if re.fullmatch(r"-?\d{1,15}", text):
        return int(text)
    return float(text) if re.fullmatch(r"-?\d{0,15}\.\d{1,12}", text) else text


# ------------------------------------------------------------------ faults beside the fields


@dataclass(frozen=True)
class Faults:
    """Faults by field; those that no field of this entry shows, with the entry that does."""

    by_field: dict[str, list[str]] = field(default_factory=dict)
    elsewhere: list[tuple[str, str]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.by_field or self.elsewhere)


def placed(faults: Iterable[Problem], document: Document, number: int) -> Faults:
    """Each fault beside its field. `number` is the entry's place, where it has no name."""
    found = Faults()
    places = (f"variable {document.get('name', '')}", f"variable no. {number}")
    for fault in faults:
        here = next((p for p in places if re.match(rf"{re.escape(p)}(?![\w])", fault.place)), None)
        if here is None or here == "variable ":
            name = re.match(r"variable (\w+)", fault.place)
            found.elsewhere.append((name[1] if name else "", str(fault)))
            continue
        key = _field(fault.place[len(here) :].lstrip(",. "), fault.rule, document)
        found.by_field.setdefault(key, []).append(fault.rule)
    return found


def _field(part: str, rule: str, document: Document) -> str:
    """The field that a fault belongs beside; "" where none is named."""
    if row := re.match(r"(category|check|categories|checks)[ .](\S+)", part):
        kind = "c" if row[1].startswith("categor") else "k"
        return f"{kind}{_row_number(row[2], document if kind == 'c' else {})}"
    if part.startswith("skip"):
        return "skip_then" if rule.startswith(("then", "needs then")) else "skip_if"
    if word := re.match(r"\w+", part):
        return word[0] if word[0] in SINGLE else ""
    return _named(rule, document)


def _row_number(word: str, document: Document) -> int:
    codes = [str(c.get("code", "")) for c in document.get("categories") or ()]
    if word in codes:
        return codes.index(word)
    number = re.match(r"\d+", word)
    return max(int(number[0]) - 1, 0) if number else 0


_TELLING = (
    (r"^(is defined twice|is continued|the name)", "name"),
    (r"^(needs|every) categor", "categories"),
    (r"^(the )?pattern", "pattern"),
    (r"skip or derive rule", "derive"),
)


def _named(rule: str, document: Document) -> str:
    """The field that the words of a rule name."""
    if code := re.search(r"\bcode '?([^\s']+?)'?(?= |\.$)", rule):
        codes = [str(c.get("code", "")) for c in document.get("categories") or ()]
        if code[1] in codes:
            return f"c{len(codes) - 1 - codes[::-1].index(code[1])}"
    for words, key in _TELLING:
        if re.search(words, rule, re.IGNORECASE):
            return "skip_if" if key == "derive" and not document.get("derive") else key
    first = re.match(r"(?:needs )?(\w+)", rule)
    return first[1] if first and first[1] in SINGLE else ""
