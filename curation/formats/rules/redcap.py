"""Rules as REDCap says them: `[goal] = '1' and [aims(2)] = '1'`."""

from __future__ import annotations

import re

from curation.formats.rules.numbers import coerced, uncoerced
from curation.formats.rules.parser import Parser, Syntax, Token
from curation.formats.rules.scope import Scope
from curation.formats.rules.tree import (
    COMPARISONS,
    LITERALS,
    ORDERS,
    Node,
    Untranslatable,
    call,
    joined,
    literals,
    mapped,
    number,
    ref,
    text,
)
from curation.formats.rules.xpath import quoted

UNKNOWN = "isblankormissingcode"
_NAMES = {"startsWith": "starts_with", "endsWith": "ends_with", "contains": "contains"}
_CALLS = {name: word for word, name in _NAMES.items()}
_SIGNS = {"==": "=", "!=": "<>"}
_TOKENS = re.compile(
    r"""(?P<gap>\s+)
    |(?P<ref>\[[A-Za-z]\w*(?:\([^()\[\]\s]+\))?\])
    |(?P<number>[0-9]+(?:\.[0-9]+)?(?![\w.]))
    |(?P<text>'[^']*'|"[^"]*")
    |(?P<name>[A-Za-z]\w*)
    |(?P<sign><>|!=|<=|>=|[-=<>+*/(),])""",
    re.VERBOSE,
)

# ------------------------------------------------------------------ out


def form(tree: Node, scope: Scope) -> Node:
    """A rule in the fewer words that REDCap has. Raises Untranslatable."""
    if set(literals(tree)) & set(scope.missing):
        raise Untranslatable("REDCap keeps missing codes apart from answers.")
    return coerced(uncoerced(mapped(tree, _spelled_out)), scope)


def _spelled_out(node: Node) -> Node:
    """One of several codes is this code, or that code."""
    if node.op != "in" or node.parts[1].op != "list":
        return node
    item, codes = node.parts
    if not codes.parts:
        raise Untranslatable("It looks into an empty list.")
    return joined("or", [Node("==", (item, code)) for code in codes.parts])


def written(node: Node, scope: Scope) -> str:
    """The rule in REDCap's logic."""
    _refuse_unticked(node, scope)
    return _said(uncoerced(node), 0)


def _refuse_unticked(node: Node, scope: Scope) -> None:
    if node.op == "unknown" and scope.kind(node.parts[0].word) == "set":
        raise Untranslatable("REDCap cannot ask whether a list was left without a tick.")
    for part in node.parts:
        _refuse_unticked(part, scope)


_LEVELS = {"or": 1, "and": 2, **dict.fromkeys(COMPARISONS, 3), "+": 4, "-": 4, "*": 5, "/": 5}


def _said(node: Node, floor: int) -> str:
    level = _LEVELS.get(node.op, 6)
    said = _bare(node, level)
    return f"({said})" if level < floor else said


def _bare(node: Node, level: int) -> str:
    if node.op in ("and", "or"):
        return f" {node.op} ".join(_said(part, level + 1) for part in node.parts)
    if node.op in COMPARISONS:
        left, right = (_compared(part, node.op) for part in node.parts)
        return f"{left} {_SIGNS.get(node.op, node.op)} {right}"
    if node.op in _LEVELS:
        left, right = (_said(part, level + n) for n, part in enumerate(node.parts))
        return f"{left} {node.op} {right}"
    if node.op == "in" or (node.op == "not" and node.parts[0].op == "in"):
        return _ticked(node)
    return _leaf_said(node)


def _compared(node: Node, op: str) -> str:
    if node.op == "list":
        raise Untranslatable("REDCap cannot ask for one tick and no other.")
    if node.op in LITERALS and op not in ORDERS:
        return quoted(node.word)
    return _said(node, 4)


def _ticked(node: Node) -> str:
    item, of = node.parts if node.op == "in" else node.parts[0].parts
    if item.op == "ref" or re.search(r"[()\[\]]", item.word):
        raise Untranslatable("REDCap cannot look for one answer among others.")
    return f"[{of.word}({item.word})] = '{'1' if node.op == 'in' else '0'}'"


def _leaf_said(node: Node) -> str:
    if node.op == "ref":
        return f"[{node.word}]"
    if node.op == "text":
        return quoted(node.word)
    if node.op == "number":
        return node.word
    if node.op == "unknown":
        return f"{UNKNOWN}({_said(node.parts[0], 0)})"
    parts = [_said(part, 0) for part in node.parts]
    if node.op == "if":
        return f"if({', '.join(parts)})"
    if node.op == "call" and node.word == "int":
        return f"rounddown({parts[0]}, 0)"
    if node.op != "call" or node.word not in _NAMES:
        raise Untranslatable(f"REDCap has no word for {node.word or node.op}.")
    return f"{_NAMES[node.word]}({', '.join(parts)})"


# ------------------------------------------------------------------ in


def read(said: str, scope: Scope) -> Node:
    """The tree of a rule. Raises Untranslatable where it says what Casebook cannot."""
    return mapped(Parser(said, _SYNTAX).whole(), lambda each: _in_cel(each, scope))


def _leaf(parser: Parser, token: Token) -> Node:
    if token.kind == "text":
        return text(token.said[1:-1])
    if token.kind == "ref":
        name, _, code = token.said[1:-1].rstrip(")").partition("(")
        return Node("in", (text(code), ref(name))) if code else ref(name)
    if token.kind == "name" and parser.sees("("):
        parser.take("(")
        return call(token.said.lower(), *parser.arguments())
    raise Untranslatable(f"There is {token.said} where a value was expected.")


_SYNTAX = Syntax(
    tokens=_TOKENS,
    infix={
        "or": (1, "or"),
        "and": (2, "and"),
        "=": (3, "=="),
        "<>": (3, "!="),
        "!=": (3, "!="),
        **{sign: (3, sign) for sign in ORDERS},
        **{sign: (4, sign) for sign in "+-"},
        **{sign: (5, sign) for sign in "*/"},
    },
    prefix={"-": "neg"},
    leaf=_leaf,
)


def _in_cel(node: Node, scope: Scope) -> Node:
    if node.op == "ref":
        name = scope.aliases.get(node.word, node.word)
        if name not in scope.variables:
            raise Untranslatable(f"It reads {name}, which is not in reach of {scope.unit}.")
        return ref(name)
    if node.op in ("==", "!=") and node.parts[0].op == "in":
        return _tick(node)
    if node.op in ORDERS:
        return Node(node.op, tuple(_unquoted(part) for part in node.parts))
    return _called(node) if node.op == "call" else node


def _tick(node: Node) -> Node:
    ticked, value = node.parts
    if value.word not in ("0", "1"):
        raise Untranslatable("It compares a tick with what is neither 0 nor 1.")
    holds = (value.word == "1") == (node.op == "==")
    return ticked if holds else Node("not", (ticked,))


def _unquoted(node: Node) -> Node:
    """A number in quotation marks beside a sign of order is a number."""
    is_number = node.op == "text" and re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", node.word)
    return number(node.word) if is_number else node


def _called(node: Node) -> Node:
    if node.word == "if" and len(node.parts) == 3:
        return Node("if", node.parts)
    if node.word == UNKNOWN and len(node.parts) == 1:
        return Node("unknown", node.parts)
    if node.word == "rounddown" and node.parts[1:] == (number("0"),):
        return call("int", node.parts[0])
    if node.word not in _CALLS:
        raise Untranslatable(f"It calls {node.word}().")
    return call(_CALLS[node.word], *node.parts)
