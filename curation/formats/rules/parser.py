"""Reads infix expressions; the languages differ in words and in what their leaves look like."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from curation.formats.rules.tree import Node, Untranslatable, number

LONGEST = 32_767
DEEPEST = 40


@dataclass(frozen=True)
class Token:
    """A piece of an expression by kind: number, text, ref, name, sign, or end."""

    kind: str
    said: str


@dataclass(frozen=True)
class Syntax:
    """A language: its tokens, its operators from the loosest, and how its leaves are read."""

    tokens: re.Pattern[str]
    infix: Mapping[str, tuple[int, str]]
    prefix: Mapping[str, str]
    leaf: Callable[[Parser, Token], Node]
    has_choice: bool = False  # condition ? one : other


class Parser:
    """Reads one expression, token by token."""

    def __init__(self, said: str, syntax: Syntax) -> None:
        if len(said) > LONGEST:
            raise Untranslatable(f"It is longer than {LONGEST} characters.")
        self.syntax, self.depth = syntax, 0
        self.tokens = [*_tokens(said, syntax.tokens), Token("end", "")]

    @property
    def next(self) -> Token:
        return self.tokens[0]

    def take(self, sign: str = "") -> Token:
        """The next token, which must be this sign where one is named."""
        if sign and not self.sees(sign):
            said = self.next.said or "the end"
            raise Untranslatable(f"There is {said} where {sign} was expected.")
        return self.tokens.pop(0) if self.next.kind != "end" else self.next

    def sees(self, *signs: str) -> bool:
        return self.next.kind in ("sign", "name") and self.next.said in signs

    def whole(self) -> Node:
        """The expression, to its end."""
        node = self.expression()
        if self.next.kind != "end":
            raise Untranslatable(f"There is {self.next.said} where the end was expected.")
        return node

    def expression(self) -> Node:
        self.depth += 1
        if self.depth > DEEPEST:
            raise Untranslatable("It is nested too deeply.")
        node = self._binary(0)
        if self.syntax.has_choice and self.sees("?"):
            self.take()
            one = self.expression()
            self.take(":")
            node = Node("if", (node, one, self.expression()))
        self.depth -= 1
        return node

    def _binary(self, floor: int) -> Node:
        left = self._unary()
        while (found := self._infix()) and found[0] >= floor:
            self.take()
            right = self._binary(found[0] + 1)
            chained = left.parts if left.op == found[1] in ("and", "or") else (left,)
            left = Node(found[1], (*chained, right))
        return left

    def _infix(self) -> tuple[int, str] | None:
        if self.next.kind not in ("sign", "name"):
            return None
        return self.syntax.infix.get(self.next.said.lower())

    def _unary(self) -> Node:
        op = self.syntax.prefix.get(self.next.said) if self.next.kind == "sign" else None
        if op is None:
            return self._leaf()
        self.take()
        self.depth += 1
        if self.depth > DEEPEST:
            raise Untranslatable("It is nested too deeply.")
        inner = self._unary()
        self.depth -= 1
        if op == "neg" and inner.op == "number" and not inner.word.startswith("-"):
            return number(f"-{inner.word}")
        return Node(op, (inner,))

    def _leaf(self) -> Node:
        token = self.take()
        if token.kind == "number":
            return number(token.said)
        if token.said == "(" and token.kind == "sign":
            inner = self.expression()
            self.take(")")
            return Node("group", (inner,))
        if token.kind == "end":
            raise Untranslatable("It ends too early.")
        return self.syntax.leaf(self, token)

    def arguments(self, end: str = ")") -> tuple[Node, ...]:
        """What stands between here and a closing bracket, with commas between."""
        found: list[Node] = []
        while not self.sees(end):
            found.append(self.expression())
            if not self.sees(end):
                self.take(",")
        self.take(end)
        return tuple(found)


def _tokens(said: str, pattern: re.Pattern[str]) -> list[Token]:
    found, place = [], 0
    while place < len(said):
        match = pattern.match(said, place)
        if match is None:
            raise Untranslatable(f"“{said[place : place + 10]}” is not understood.")
        place = match.end()
        kind = match.lastgroup or ""
        if kind != "gap":
            found.append(Token(kind, match[kind]))
    return found
