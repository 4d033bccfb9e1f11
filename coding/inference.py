"""Reads an expression part by part and says of which kind it is, given the kinds of its names.

The engine has compiled it already, so this needs no grammar of its own for what is refused: what
it does not understand can be anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from coding import kinds
from coding.expressions import STRING
from coding.kinds import ANY, DECIMAL, TEXT, TRUTH, WHOLE, Kind, Part

_TOKEN = re.compile(
    rf"""(?P<gap>(?:\s|//[^\n]*)+)
    |(?P<text>{STRING})
    |(?P<number>0x[0-9a-fA-F]+u?|(?:[0-9]+\.[0-9]+|\.[0-9]+|[0-9]+)(?:[eE][+-]?[0-9]+)?u?)
    |(?P<name>[A-Za-z_]\w*)
    |(?P<sign>&&|\|\||==|!=|<=|>=|.)""",
    re.VERBOSE | re.DOTALL,
)
_LEVELS = (("==", "!=", "<", "<=", ">", ">=", "in"), ("+", "-"), ("*", "/", "%"))
_LOOPS = {"all": TRUTH, "exists": TRUTH, "exists_one": TRUTH, "existsOne": TRUTH}


class _Unread(ValueError):
    """Not understood here: nothing is said against it."""


@dataclass(frozen=True)
class _Token:
    group: str
    said: str
    start: int
    end: int


def kind_of(text: str, names: Mapping[str, Kind]) -> Kind:
    """The kind of what an expression gives. Raises Misfit where its parts can never fit."""
    try:
        return _Reader(text, names).whole().kind
    except (_Unread, RecursionError):
        return ANY


class _Reader:
    """One expression, read from left to right."""

    def __init__(self, text: str, names: Mapping[str, Kind]) -> None:
        self.text, self.names, self.place = text, dict(names), 0
        found = (
            _Token(match.lastgroup or "", match[0], match.start(), match.end())
            for match in _TOKEN.finditer(text)
        )
        self.tokens = [token for token in found if token.group != "gap"]
        self.tokens.append(_Token("end", "", len(text), len(text)))

    @property
    def next(self) -> _Token:
        return self.tokens[self.place]

    def sees(self, *signs: str) -> bool:
        return self.next.group in ("sign", "name") and self.next.said in signs

    def take(self, sign: str = "") -> _Token:
        token = self.next
        if token.group == "end" or (sign and not self.sees(sign)):
            raise _Unread
        self.place += 1
        return token

    def since(self, start: int, kind: Kind) -> Part:
        """What was read from there on, as it is written."""
        return Part(kind, self.text[start : self.tokens[self.place - 1].end])

    def whole(self) -> Part:
        part = self.choice()
        if self.next.group != "end":
            raise _Unread
        return part

    def choice(self) -> Part:
        start = self.next.start
        condition = self.either()
        if not self.sees("?"):
            return condition
        self.take()
        kinds.true_or_false(condition)
        one = self.choice()
        self.take(":")
        other = self.choice()
        return self.since(start, kinds.either(one.kind, other.kind))

    def either(self) -> Part:
        return self.joined("||", self.both)

    def both(self) -> Part:
        return self.joined("&&", lambda: self.binary(0))

    def joined(self, sign: str, inner: Callable[[], Part]) -> Part:
        start = self.next.start
        part = inner()
        while self.sees(sign):
            self.take()
            kinds.true_or_false(part)
            kinds.true_or_false(inner())
            part = self.since(start, TRUTH)
        return part

    def binary(self, level: int) -> Part:
        if level == len(_LEVELS):
            return self.unary()
        start = self.next.start
        part = self.binary(level + 1)
        while self.sees(*_LEVELS[level]):
            sign = self.take().said
            other = self.binary(level + 1)
            part = self.since(start, kinds.OPERATORS[sign](part, sign, other))
        return part

    def unary(self) -> Part:
        start = self.next.start
        if self.sees("!"):
            return self.turned(start)
        if self.sees("-"):
            self.take()
            return self.since(start, kinds.negative(self.unary()))
        return self.with_members(start, self.leaf())

    def turned(self, start: int) -> Part:
        """Two signs are left out by the engine: what stands behind them stays what it is."""
        signs = 0
        while self.sees("!"):
            self.take()
            signs += 1
        part = self.unary()
        truth = kinds.true_or_false(part)
        return self.since(start, truth if signs % 2 else part.kind)

    def leaf(self) -> Part:
        token = self.take()
        if token.group == "text":
            return self.since(token.start, ANY if token.said[0] in "bB" else TEXT)
        if token.group == "number":
            return self.since(token.start, _number(token.said))
        if token.said == "(":
            inner = self.choice()
            self.take(")")
            return self.since(token.start, inner.kind)
        if token.said == "[":
            items = [part.kind for part in self.parts("]")]
            return self.since(token.start, kinds.list_of(kinds.either(*items)))
        return self.named(token)

    def named(self, token: _Token) -> Part:
        if token.group != "name":
            raise _Unread
        if self.sees("("):
            return self.called(token.start, token.said, [])
        if token.said in ("true", "false"):
            return self.since(token.start, TRUTH)
        return self.since(token.start, self.names.get(token.said, ANY))

    def with_members(self, start: int, part: Part) -> Part:
        while self.sees(".", "["):
            if self.take().said == "[":
                self.parts("]")
                part = self.since(start, kinds.indexed(part))
                continue
            name = self.take()
            if name.group != "name":
                raise _Unread
            if self.sees("("):
                part = self.called(start, name.said, [part])
            else:
                part = self.since(start, kinds.member(part, name.said))
        return part

    def called(self, start: int, name: str, before: list[Part]) -> Part:
        if before and name in (*_LOOPS, "filter", "map"):
            return self.looped(start, name, before[0])
        self.take("(")
        parts = [*before, *self.parts(")")]
        kind = TRUTH if name == "has" else kinds.called(name, parts)
        return self.since(start, kind)

    def parts(self, end: str) -> list[Part]:
        """What stands between here and the closing bracket, with commas between."""
        found: list[Part] = []
        while not self.sees(end):
            found.append(self.choice())
            if not self.sees(end):
                self.take(",")
        self.take(end)
        return found

    def looped(self, start: int, name: str, over: Part) -> Part:
        """A loop: what it calls a row is known inside it alone."""
        self.take("(")
        called = self.take()
        self.take(",")
        before = self.names
        self.names = before | {called.said: kinds.rows_in(over)}
        inner = self.parts(")")
        self.names = before
        conditions = inner[:-1] if name == "map" else inner
        for part in conditions:
            kinds.true_or_false(part)
        if name == "map" and inner:
            return self.since(start, kinds.list_of(inner[-1].kind))
        return self.since(start, _LOOPS.get(name, over.kind))


def _number(said: str) -> Kind:
    if said.endswith("u"):
        return ANY
    is_whole = said.isdigit() or said.startswith("0x")
    return WHOLE if is_whole else DECIMAL
