"""An expression as a tree, whatever language it was written in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass


class Untranslatable(ValueError):
    """The rule cannot be said in the other language; the message says why."""


@dataclass(frozen=True)
class Node:
    """An operation on parts, or a word: a number, a text, the name of a variable or function."""

    op: str
    parts: tuple[Node, ...] = ()
    word: str = ""


OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
ORDERS = ("<", "<=", ">", ">=")
COMPARISONS = ("==", "!=", *ORDERS)
ARITHMETIC = ("+", "-", "*", "/", "%")
LITERALS = ("number", "text")
EMPTY = Node("text")


def is_whole(word: str) -> bool:
    """Whether a code is a whole number in an expression."""
    return re.fullmatch(r"0|-?[1-9][0-9]{0,17}", word) is not None


def number(word: str) -> Node:
    return Node("number", word=word)


def text(word: str) -> Node:
    return Node("text", word=word)


def ref(name: str) -> Node:
    return Node("ref", word=name)


def call(name: str, *parts: Node) -> Node:
    return Node("call", parts, name)


def joined(op: str, parts: list[Node]) -> Node:
    """Parts that all must hold, or one of which must; what joins alike is joined to them."""
    flat = [each for part in parts for each in (part.parts if part.op == op else (part,))]
    unique = tuple(dict.fromkeys(flat))
    return unique[0] if len(unique) == 1 else Node(op, unique)


def mapped(node: Node, change: Callable[[Node], Node]) -> Node:
    """The tree with every node changed, from the leaves up."""
    return change(Node(node.op, tuple(mapped(part, change) for part in node.parts), node.word))


def ungrouped(node: Node) -> Node:
    """The tree without brackets."""
    return mapped(node, lambda each: each.parts[0] if each.op == "group" else each)


def refs(node: Node) -> Iterator[str]:
    """The names of the variables that it reads."""
    if node.op == "ref":
        yield node.word
    for part in node.parts:
        yield from refs(part)


def literals(node: Node) -> Iterator[str]:
    """The numbers and texts that it spells."""
    if node.op in LITERALS:
        yield node.word
    for part in node.parts:
        yield from literals(part)


def settled(node: Node, *, negated: bool = False) -> Node:
    """A condition whose negations stand at its leaves: one form for what means the same."""
    if node.op == "not":
        return settled(node.parts[0], negated=not negated)
    if node.op in ("and", "or"):
        op = {"and": "or", "or": "and"}[node.op] if negated else node.op
        return joined(op, [settled(part, negated=negated) for part in node.parts])
    if node.op == "truth" and negated:
        return Node("truth", word="false" if node.word == "true" else "true")
    if negated:
        swapped = OPPOSITE.get(node.op)
        return Node(swapped, node.parts) if swapped else Node("not", (node,))
    return node
