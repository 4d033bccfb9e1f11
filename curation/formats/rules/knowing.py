"""From rules that may be unknown to rules that cannot, and back.

What is not known is named on the way out and taken out on the way in. In a tree, `unknown` holds
where a variable has no answer, or one of the missing codes in its word.
"""

from __future__ import annotations

from dataclasses import dataclass

from curation.formats.rules.scope import Scope
from curation.formats.rules.tree import (
    EMPTY,
    LITERALS,
    Node,
    Untranslatable,
    joined,
    literals,
    mapped,
    ref,
    settled,
)


@dataclass(frozen=True)
class _Codes:
    """The missing codes that leave a rule unknown.

    One that the rule spells is a number to it; but no number is a set, or a text to look into.
    """

    unspelled: str
    all: str

    @classmethod
    def of(cls, rule: Node, scope: Scope) -> _Codes:
        spelled = set(literals(rule))
        unspelled = [code for code in scope.offered if code not in spelled]
        return cls(" ".join(unspelled), " ".join(scope.offered))


def unless_false(condition: Node, scope: Scope) -> Node:
    """True unless the condition is known to be false."""
    return _weak(settled(condition), _Codes.of(condition, scope))


def unless_true(condition: Node, scope: Scope) -> Node:
    """True unless the condition is known to be true."""
    return _weak(settled(condition, negated=True), _Codes.of(condition, scope))


def _weak(node: Node, codes: _Codes) -> Node:
    if node.op == "or":
        weak = joined("or", [_weak(part, codes) for part in node.parts])
        parts = sorted(weak.parts, key=lambda part: part.op == "unknown")
        return Node("or", tuple(parts)) if weak.op == "or" else weak
    if node.op == "and":
        return _weak_all(node, codes)
    return _or_unknown(node, _doubts(node, codes))


def _weak_all(node: Node, codes: _Codes) -> Node:
    """Parts that all need the same answers name once what is unknown."""
    if not any(part.op in ("and", "or") for part in node.parts):
        doubts = {_doubts(part, codes) for part in node.parts}
        if len(doubts) == 1:
            return _or_unknown(node, doubts.pop())
    return joined("and", [_weak(part, codes) for part in node.parts])


Needs = frozenset[tuple[str, str]]  # variables, each with the codes that leave it unknown
NOTHING: Needs = frozenset()


def _or_unknown(node: Node, needs: Needs) -> Node:
    return joined("or", [node, *_unknown(needs)])


def _unknown(needs: Needs) -> list[Node]:
    return [Node("unknown", (ref(name),), codes) for name, codes in sorted(needs)]


def _doubts(atom: Node, codes: _Codes) -> Needs:
    """What a comparison needs so that it is not false for others where it is unknown here."""
    needs = _surely_needed(atom, codes)
    if _needs(atom, codes) > needs:
        raise Untranslatable("It chooses between answers in the middle of a computation.")
    inner = atom.parts[0] if atom.op == "not" else atom
    if atom.op == "not" and inner.op == "in":
        item, of = inner.parts
        return NOTHING if item.op != "ref" or of.op == "list" else needs
    is_unequal = atom.op == "!=" and atom.parts[1].op in (*LITERALS, "list")
    return NOTHING if is_unequal else needs


def _needs(node: Node, codes: _Codes, *, sure: bool = False) -> Needs:
    """The variables that it reads; only those that it reads in any case where that is asked."""
    if node.op == "ref":
        return frozenset({(node.word, codes.unspelled)})
    if sure and node.op in ("and", "or"):
        return NOTHING
    parts = node.parts[:1] if sure and node.op == "if" else node.parts
    found = NOTHING.union(*(_needs(part, codes, sure=sure) for part in parts))
    inside = node.parts[1:] if node.op == "in" else node.parts if node.op == "call" else ()
    if node.op == "call" and node.word in ("double", "int"):
        inside = ()
    looked_into = {part.word for part in inside if part.op == "ref"}
    return frozenset((n, codes.all if n in looked_into else c) for n, c in found)


def _surely_needed(node: Node, codes: _Codes) -> Needs:
    return _needs(node, codes, sure=True)


def known(node: Node) -> Node | None:
    """A condition without what was said of unknown answers; None where nothing else was said."""
    if node.op == "unknown":
        return None
    if node.op in ("and", "or", "not"):
        parts = [part for part in map(known, node.parts) if part is not None]
        if not parts:
            return None
        return joined(node.op, parts) if node.op != "not" else Node("not", tuple(parts))
    return node


# ------------------------------------------------------------------ what is computed


def guarded(rule: Node, scope: Scope) -> Node:
    """A computation that gives an empty text where an answer that it needs is not known."""
    return _guarded(rule, _Codes.of(rule, scope), NOTHING)


def _guarded(node: Node, codes: _Codes, sure: Needs) -> Node:
    if doubts := _surely_needed(node, codes) - sure:
        condition = joined("or", _unknown(doubts))
        return Node("if", (condition, EMPTY, _guarded(node, codes, sure | doubts)))
    if node.op == "if":
        return _guarded_choice(node, codes, sure)
    if _needs(node, codes) > sure | _surely_needed(node, codes):
        raise Untranslatable("It chooses between answers in the middle of a computation.")
    return node


def _guarded_choice(node: Node, codes: _Codes, sure: Needs) -> Node:
    condition = settled(node.parts[0])
    one, other = (_guarded(part, codes, sure) for part in node.parts[1:])
    if _needs(condition, codes) <= sure:
        return Node("if", (condition, one, other))
    in_doubt = _weak(settled(condition, negated=True), codes)
    return Node("if", (_weak(condition, codes), Node("if", (in_doubt, EMPTY, one)), other))


def computed(node: Node) -> Node:
    """A computation without its guards."""
    if node.op != "if":
        return Node(node.op, tuple(computed(part) for part in node.parts), node.word)
    condition, one, other = node.parts
    sure = known(condition)
    if sure is None and one == EMPTY:
        return computed(other)
    if sure is None:
        return node
    if one.op == "if" and one.parts[1] == EMPTY:
        doubt = known(one.parts[0])
        if doubt is not None and settled(doubt) == settled(sure, negated=True):
            one = one.parts[2]
    return Node("if", (settled(sure), computed(one), computed(other)))


def in_one_form(rule: Node) -> Node:
    """A computation whose conditions are in their one form."""

    def change(node: Node) -> Node:
        return Node("if", (settled(node.parts[0]), *node.parts[1:])) if node.op == "if" else node

    return mapped(rule, change)
