"""How the parts of a document stand in the cells of a table, and what no cell can hold.

A part stands in its cell only if the same part is read back from it. All others, odd texts and
nested ones, stand together as JSON in a last column, cut in pieces where it is long.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping

from coding.documents import Document
from coding.shapes import Shape

Cell = str | int | float | None
MORE = "more"
LONGEST = 32_767  # what a cell of Excel holds
PIECE = 32_000
# Carriage returns and what XML has no place for; and what Excel reads as such a character.
_UNSAFE = re.compile("[\r\ufffe\uffff]|_x[0-9A-Fa-f]{4}_|x005F_")
_FLAGS = {"yes": True, "no": False, "true": True, "false": False, "1": True, "0": False}


def is_plain(text: str) -> bool:
    """Whether a cell holds this text and gives the same text back."""
    short = len(text.encode("utf-16-le")) <= 2 * LONGEST
    return bool(text) and text == text.strip() and short and not _UNSAFE.search(text)


def cell_of(value: object, kind: str) -> Cell:
    """The cell that shows a part; None where none could."""
    word = kind.split()[0]
    if isinstance(value, bool):
        shown = {("flag", True): "yes", ("flag", False): "no", ("treatment", False): "no"}
        cell: Cell = shown.get((word, value))
    elif word in ("texts", "codes") and isinstance(value, list):
        cell = "; ".join(map(str, value))
    elif isinstance(value, str | int | float):
        cell = value
    else:
        return None
    return cell if _same(value_of(_shown(cell), kind), value) else None


def _shown(cell: Cell) -> str:
    """What is read back of a cell."""
    if isinstance(cell, str):
        return cell if is_plain(cell) else ""
    return "" if cell is None else str(cell).removesuffix(".0")


def _same(one: object, other: object) -> bool:
    return one is not None and json.dumps(one) == json.dumps(other)


def value_of(text: str, kind: str) -> object:
    """The part that a cell shows. What does not fit its kind stays text, for others to refuse."""
    word = kind.split()[0]
    if not text:
        return None
    if word in ("texts", "codes"):
        return [value_of(each.strip(), word[:-1]) for each in text.split(";") if each.strip()]
    if word == "flag":
        return _FLAGS.get(text.lower(), text)
    if word == "treatment":
        return False if _FLAGS.get(text.lower()) is False else text
    if word in ("code", "number", "digit") and re.fullmatch(r"0|-?[1-9][0-9]{0,17}", text):
        return int(text)
    if word == "number" and re.fullmatch(r"-?[0-9]+\.[0-9]+", text):
        return float(text)
    return text


def row_of(parts: Document, shape: Shape) -> dict[str, Cell]:
    """The cells of a row, with all that no cell can hold as JSON."""
    cells = {key: cell_of(parts[key], shape[key]) for key in shape if key in parts}
    rest = {key: value for key, value in parts.items() if cells.get(key) is None}
    return {k: v for k, v in cells.items() if v is not None} | (in_pieces(rest) if rest else {})


def parts_of(texts: Mapping[str, str], shape: Shape) -> Document:
    """The parts that a row holds. Raises ValueError where its JSON is none."""
    found = {k: value_of(text, shape.get(k, "text")) for k, text in texts.items() if text}
    parts = {k: value for k, value in found.items() if not _is_piece(k)}
    rest = whole(texts)
    if rest is not None and not isinstance(rest, dict):
        raise ValueError("must be a JSON mapping")
    return parts | (rest or {})


# ------------------------------------------------------------------ JSON


def in_pieces(value: object) -> dict[str, Cell]:
    """Anything as JSON in as many cells as it needs."""
    text = json.dumps(value, separators=(",", ":")).replace("_x", "\\u005fx")
    text = text.replace("x005F_", "x005F\\u005f")
    if len(text) > PIECE:  # the ends of a piece must not be spaces
        text = text.replace(" ", "\\u0020")
    pieces = [text[start : start + PIECE] for start in range(0, len(text), PIECE)]
    return {MORE if n == 1 else f"{MORE}{n}": piece for n, piece in enumerate(pieces, 1)}


def whole(texts: Mapping[str, str]) -> object:
    """What the pieces in a row say together; None where there are none."""
    pieces = sorted((int(name[4:] or 1), texts[name]) for name in texts if _is_piece(name))
    text = "".join(piece for _, piece in pieces)
    return json.loads(text) if text else None


def _is_piece(name: str) -> bool:
    return re.fullmatch(rf"{MORE}[0-9]{{0,4}}", name) is not None


def columns_of(rows: Iterable[Mapping[str, Cell]], first: Iterable[str]) -> list[str]:
    """The columns of a table: those that are always there, then one for each piece of JSON."""
    pieces = {name for row in rows for name in row if _is_piece(name)} | {MORE}
    return [*first, *sorted(pieces, key=lambda name: int(name[4:] or 1))]
