"""Rewrites expressions when a variable or the code of a category gets another name.

Word by word, so that comments and quotations stay as they are; and never by guess: what cannot be
rewritten for certain raises CannotRename.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from coding import expressions

_COMPARED = ("==", "!=")
_SUMS = frozenset("+-*/%.")
_WHOLE = re.compile(r"-?[0-9]{1,18}")


class CannotRename(ValueError):
    """The expression would mean something else, or cannot be read."""


def rename(text: str, old: str, new: str) -> str:
    """The expression with every reading of the variable `old` as one of `new`."""
    loops = expressions.loop_names(text)
    if old in loops or (new in loops and old in expressions.words(text)):
        raise CannotRename(f"a loop calls its rows {old if old in loops else new}")
    words = _Words(text)
    for at in words.readings(old):
        words.tokens[at] = new
    return words.text


def recode(text: str, variable: str, codes: Mapping[str, str]) -> str:
    """The expression with the codes that it compares a variable with written anew.

    Understood are `v == 1`, `"a" != v`, `v in ["a", "b"]` and `"a" in v`, of the row itself, of a
    row above or of one beside.
    """
    words = _Words(text)
    for at in words.readings(variable):
        for place in words.compared_with(at):
            words.recode(place, codes)
    return words.text


def reads(text: str, variable: str) -> bool:
    """Whether an expression reads the variable, of its own row or of another."""
    return bool(_Words(text).readings(variable))


class _Words:
    """An expression as its words and signs. Two signs that belong together are one."""

    def __init__(self, text: str) -> None:
        self.tokens = _joined(expressions.tokens(text))

    @property
    def text(self) -> str:
        return "".join(self.tokens)

    def readings(self, name: str) -> list[int]:
        """Where the variable is read: a word followed by a bracket is a function."""
        return [
            at
            for at, word in enumerate(self.tokens)
            if word == name and self._word(self._after(at)) != "("
        ]

    def compared_with(self, at: int) -> list[int]:
        """Where the constants stand that a reading is compared with."""
        before, after = self._before(self._start(at)), self._after(at)
        if self._word(after) in _COMPARED:
            constant = self._after(after)
            return [self._after(constant) if self._word(constant) == "-" else constant]
        if self._word(after) == "in":
            return self._listed(self._after(after))
        if self._word(before) in (*_COMPARED, "in"):
            return [self._before(before)]
        return []

    def recode(self, at: int, codes: Mapping[str, str]) -> None:
        """Write a constant as its new code; what is no constant, or another, stays."""
        word, sign = self._word(at), self._before(at)
        negative = _WHOLE.fullmatch(word) and self._is_sign(sign)
        code = f"-{word}" if negative else _said(word)
        first = sign if negative else at
        if (
            code not in codes
            or {self._word(self._before(first)), self._word(self._after(at))} & _SUMS
        ):
            return
        if negative:
            self.tokens[sign] = ""
        self.tokens[at] = _constant(codes[code])

    def _is_sign(self, at: int) -> bool:
        """A minus that belongs to the number: nothing stands before it to be taken from."""
        before = self._word(self._before(at))
        return self._word(at) == "-" and not re.fullmatch(r"\w+|[)\]]|['\"].*", before or "(")

    def _start(self, at: int) -> int:
        """Where `case.v` or `s.v` begins."""
        dot = self._before(at)
        return self._start(self._before(dot)) if self._word(dot) == "." else at

    def _listed(self, at: int) -> list[int]:
        found: list[int] = []
        while self._word(at) and self._word(at) != "]":
            found.append(at)
            at = self._after(at)
        return found

    def _word(self, at: int) -> str:
        return self.tokens[at] if 0 <= at < len(self.tokens) else ""

    def _before(self, at: int) -> int:
        return self._step(at, -1)

    def _after(self, at: int) -> int:
        return self._step(at, 1)

    def _step(self, at: int, by: int) -> int:
        at += by
        while self._word(at) and _is_gap(self._word(at)):
            at += by
        return at


def _joined(tokens: list[str]) -> list[str]:
    found: list[str] = []
    for token in tokens:
        if found and found[-1] + token in (*_COMPARED, "<=", ">=", "&&", "||"):
            found[-1] += token
        else:
            found.append(token)
    return found


def _is_gap(word: str) -> bool:
    return word.isspace() or word.startswith("//")


def _said(word: str) -> str:
    """The code that a constant spells, without its quotation marks."""
    quoted = re.fullmatch(r"([\"'])([^\\]*)\1", word)
    return quoted[2] if quoted else word


def _constant(code: str) -> str:
    return code if _WHOLE.fullmatch(code) else f'"{code}"'
