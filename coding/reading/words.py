"""Which words of a text are gone and which are new: pure, no database, no Django."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

SAME, GONE, NEW = "same", "gone", "new"
MOST = 4_000_000  # comparisons of words: longer texts are shown as replaced as a whole


@dataclass(frozen=True)
class Piece:
    """A run of characters that both texts have, or only the earlier, or only the later one."""

    kind: str
    text: str


def marked(before: str, after: str) -> list[Piece]:
    """Both texts in one: without what is new it is `before`, without what is gone `after`."""
    if before == after:
        return [Piece(SAME, before)] if before else []
    old, new = _words(before), _words(after)
    head = _shared(old, new)
    tail = _shared(old[head:][::-1], new[head:][::-1])
    last, end = len(old) - tail, len(new) - tail
    pieces = [
        Piece(SAME, "".join(old[:head])),
        *_between(old[head:last], new[head:end]),
        Piece(SAME, "".join(old[last:])),
    ]
    return [piece for piece in pieces if piece.text]


def _words(text: str) -> list[str]:
    """Words, spaces and signs: joined again they are the text."""
    return re.findall(r"\s+|\w+|[^\w\s]", text)


def _shared(old: Sequence[str], new: Sequence[str]) -> int:
    """How many words both begin with."""
    pairs = enumerate(zip(old, new, strict=False))
    return next((n for n, (a, b) in pairs if a != b), min(len(old), len(new)))


def _between(old: Sequence[str], new: Sequence[str]) -> Iterator[Piece]:
    if len(old) * len(new) > MOST:
        yield from (Piece(GONE, "".join(old)), Piece(NEW, "".join(new)))
        return
    for _, a, b, c, d in _joined(
        SequenceMatcher(None, old, new, autojunk=False).get_opcodes(), old
    ):
        if old[a:b] == new[c:d]:
            yield Piece(SAME, "".join(old[a:b]))
        else:
            yield from (Piece(GONE, "".join(old[a:b])), Piece(NEW, "".join(new[c:d])))


Step = tuple[str, int, int, int, int]


def _joined(steps: Sequence[Step], old: Sequence[str]) -> list[Step]:
    """Two changes with only a space between them are read as one."""
    found: list[Step] = []
    for step in steps:
        word, a, b, c, d = step
        is_space = word == "equal" and "".join(old[a:b]).isspace() and bool(found)
        if found and (is_space or (found[-1][0] == "open" and word != "equal")):
            _, a0, _, c0, _ = found[-1]
            found[-1] = ("open", a0, b, c0, d)
        elif word == "equal":
            found.append(step)
        else:
            found.append(("open", a, b, c, d))
    return found
