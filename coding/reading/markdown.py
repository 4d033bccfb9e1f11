"""Words as Markdown: what is typed stays what it is, whatever signs it holds."""

from __future__ import annotations

import re

_SIGNS = re.compile(r"([\\`*_\[\]<>|~#&{}])")
_BEGINS = re.compile(r"^([ \t]*)(?:([-+=])|(\d+)([.)]))", re.MULTILINE)


def text(words: str) -> str:
    """A text whose signs mean nothing to Markdown; its lines stay lines."""
    escaped = _SIGNS.sub(r"\\\1", words.strip())
    escaped = _BEGINS.sub(_begun, escaped)
    return escaped.replace("\n", "  \n")


def _begun(found: re.Match[str]) -> str:
    """A dash or a number at the head of a line would begin a list."""
    space, sign, number, dot = found.groups()
    return f"{space}\\{sign}" if sign else f"{space}{number}\\{dot}"


def line(words: str) -> str:
    """A text in one line, fit for a heading, an item or a cell of a table."""
    return " ".join(text(words).split())


def code(words: str) -> str:
    """A text as code, in one line, whatever ticks it holds."""
    bare = " ".join(words.split())
    longest = max((len(run) for run in re.findall("`+", bare)), default=0)
    ticks = "`" * (longest + 1)
    space = " " if bare.startswith("`") or bare.endswith("`") else ""
    return f"{ticks}{space}{bare}{space}{ticks}"


def table(head: list[str], rows: list[list[str]]) -> list[str]:
    """A table; the cells are Markdown already."""
    return [_row(head), _row(["---"] * len(head)), *map(_row, rows)]


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
