"""Rules as XForms say them, in XLSForm's spelling: `${goal} = 1 and selected(${aims}, '2')`."""

from __future__ import annotations

import re

from curation.formats.rules.parser import Parser, Syntax, Token
from curation.formats.rules.scope import Scope
from curation.formats.rules.tree import (
    COMPARISONS,
    EMPTY,
    LITERALS,
    Node,
    Untranslatable,
    call,
    joined,
    mapped,
    ref,
    text,
)

_TOKENS = re.compile(
    r"""(?P<gap>\s+)
    |(?P<ref>\$\{\s*[\w.-]+\s*\})
    |(?P<number>[0-9]+(?:\.[0-9]+)?(?![\w.]))
    |(?P<text>'[^']*'|"[^"]*")
    |(?P<name>[A-Za-z_][\w-]*)
    |(?P<sign>!=|<=|>=|\.(?!\.|\w)|[-=<>+*(),])""",
    re.VERBOSE,
)
_SIGNS = {"==": "=", "/": "div", "%": "mod"}
_OPS = {sign: op for op, sign in _SIGNS.items()}
_NAMES = {"startsWith": "starts-with", "endsWith": "ends-with", "double": "number", "int": "int"}
_NAMES |= {"contains": "contains", "matches": "regex"}
_CALLS = {name: word for word, name in _NAMES.items()}
ITSELF = "."

# ------------------------------------------------------------------ out


def written(node: Node, scope: Scope, itself: str = "") -> str:
    """The rule in XPath; `itself` is the variable that a constraint calls by a dot."""
    return _said(mapped(node, lambda each: _in_xpath(each, scope)), itself, 0)


def bracketed(node: Node, scope: Scope, itself: str) -> str:
    """The rule as one of several that all must hold."""
    said = written(node, scope, itself)
    return f"({said})" if node.op in ("and", "or", "unknown") else said


def _in_xpath(node: Node, scope: Scope) -> Node:
    if node.op == "unknown":
        return _unknown(node)
    if node.op == "or":
        return joined("or", list(node.parts))  # what is unknown has become such a choice itself
    if node.op == "in":
        return _chosen(*node.parts)
    if node.op in COMPARISONS:
        return _compared(node, scope)
    if node.op == "call" and node.word == "size":
        is_set = node.parts[0].op == "ref" and scope.kind(node.parts[0].word) == "set"
        return call("count-selected" if is_set else "string-length", *node.parts)
    if node.op == "call" and node.word == "matches":
        return _matched(node)
    if node.op == "call":
        return call(_NAMES.get(node.word, node.word), *node.parts)
    if node.op == "truth":
        return call(node.word)
    return call(node.op, *node.parts) if node.op in ("not", "if") else node


def _unknown(node: Node) -> Node:
    variable = call("string", node.parts[0])
    empty = Node("==", (variable, EMPTY))
    missing = [call("selected", text(node.word), variable)] if node.word else []
    return joined("or", [empty, *missing])


def _chosen(item: Node, of: Node) -> Node:
    if of.op == "list":
        return call("selected", text(" ".join(code.word for code in of.parts)), item)
    return call("selected", of, text(item.word) if item.op in LITERALS else item)


def _compared(node: Node, scope: Scope) -> Node:
    left, right = node.parts
    if right.op == "list":
        return Node(node.op, (left, text(right.parts[0].word)))
    return Node(node.op, (_beside(left, right, scope), _beside(right, left, scope)))


def _beside(node: Node, other: Node, scope: Scope) -> Node:
    """Codes stand in quotation marks beside what is no number."""
    if node.op == "number" and other.op == "ref" and scope.kind(other.word) in _QUOTED:
        return text(node.word)
    return node


_QUOTED = ("text", "code", "set", "date")


def _matched(node: Node) -> Node:
    """Forms match the whole text, whatever the pattern says."""
    if not is_of_whole_text(node.parts[1].word):
        raise Untranslatable("It looks for a pattern inside a text.")
    return call("regex", *node.parts)


def is_of_whole_text(pattern: str) -> bool:
    """Whether a pattern says itself that it is of the whole text, in all that it offers."""
    inner = re.fullmatch(r"\^(.*)(?<!\\)\$", pattern, re.DOTALL)
    bare, before = re.sub(r"\\.|\[[^\]]*\]", "", inner[1]) if inner else "|", ""
    while bare != before:
        bare, before = re.sub(r"\([^()]*\)", "", bare), bare
    return "|" not in bare


_LEVELS = {
    "or": 1,
    "and": 2,
    "==": 3,
    "!=": 3,
    **dict.fromkeys(("<", "<=", ">", ">="), 4),
    **dict.fromkeys("+-", 5),
    **dict.fromkeys("*/%", 6),
    "neg": 7,
}


def _said(node: Node, itself: str, floor: int) -> str:
    level = _LEVELS.get(node.op, 8)
    said = _bare(node, itself, level)
    return f"({said})" if level < floor else said


def _bare(node: Node, itself: str, level: int) -> str:
    if node.op in ("and", "or"):
        return f" {node.op} ".join(_said(part, itself, level + 1) for part in node.parts)
    if node.op in _LEVELS and node.op != "neg":
        left, right = (_said(part, itself, level + n) for n, part in enumerate(node.parts))
        return f"{left} {_SIGNS.get(node.op, node.op)} {right}"
    if node.op == "neg":
        return f"-{_said(node.parts[0], itself, 8)}"
    if node.op == "call":
        return f"{node.word}({', '.join(_said(part, itself, 0) for part in node.parts)})"
    if node.op == "text":
        return quoted(node.word)
    if node.op == "ref":
        return ITSELF if node.word == itself else f"${{{node.word}}}"
    return node.word


def quoted(word: str) -> str:
    """A text in whichever quotation marks it does not hold."""
    return f'"{word}"' if "'" in word else f"'{word}'"


# ------------------------------------------------------------------ in


def read(said: str, scope: Scope, itself: str = "") -> Node:
    """The tree of a rule, with brackets. Raises Untranslatable."""
    return mapped(Parser(said, _SYNTAX).whole(), lambda each: _in_cel(each, scope, itself))


def _leaf(parser: Parser, token: Token) -> Node:
    if token.kind == "text":
        return text(token.said[1:-1])
    if token.kind == "ref":
        return ref(token.said[2:-1].strip())
    if token.kind == "name" and parser.sees("("):
        parser.take("(")
        return call(token.said, *parser.arguments())
    if token.said == ITSELF and token.kind == "sign":
        return ref(ITSELF)
    raise Untranslatable(f"There is {token.said} where a value was expected.")


_SYNTAX = Syntax(
    tokens=_TOKENS,
    infix={
        "or": (1, "or"),
        "and": (2, "and"),
        "=": (3, "=="),
        "!=": (3, "!="),
        **{sign: (4, sign) for sign in ("<", "<=", ">", ">=")},
        **{sign: (5, sign) for sign in "+-"},
        **{sign: (6, op) for sign, op in (("*", "*"), ("div", "/"), ("mod", "%"))},
    },
    prefix={"-": "neg"},
    leaf=_leaf,
)


def _in_cel(node: Node, scope: Scope, itself: str) -> Node:
    if node.op == "ref":
        return _variable(itself if node.word == ITSELF else node.word, scope)
    if node.op in ("==", "!="):
        return _equal(node, scope)
    if node.op != "call":
        return node
    if node.word == "selected" and len(node.parts) == 2:
        return _selected(*node.parts)
    if node.word in ("true", "false") and not node.parts:
        return Node("truth", word=node.word)
    if node.word in ("not", "if"):
        return _counted(node, {"not": 1, "if": 3}[node.word])
    if node.word in ("count-selected", "string-length"):
        return call("size", *node.parts)
    if node.word == "string":
        return node
    if node.word not in _CALLS:
        raise Untranslatable(f"It calls {node.word}().")
    return call(_CALLS[node.word], *node.parts)


def _variable(name: str, scope: Scope) -> Node:
    name = scope.aliases.get(name, name)
    if name not in scope.variables:
        raise Untranslatable(f"It reads {name}, which is not in reach of {scope.unit}.")
    return ref(name)


def _counted(node: Node, count: int) -> Node:
    if len(node.parts) != count:
        raise Untranslatable(f"It calls {node.word}() with {len(node.parts)} parts.")
    return Node(node.word, node.parts)


def _equal(node: Node, scope: Scope) -> Node:
    left, right = node.parts
    if _is_string_of(left) and right == EMPTY and node.op == "==":
        return Node("unknown", left.parts)
    if left.op == "ref" and right.op in LITERALS and scope.kind(left.word) == "set":
        code = right.word
        if code not in scope.missing:
            return Node(node.op, (left, Node("list", (text(code),))))
    return node


def _selected(of: Node, item: Node) -> Node:
    if of.op == "text" and _is_string_of(item):
        return Node("unknown", item.parts, of.word)
    if of.op == "text":
        return Node("in", (item, Node("list", tuple(text(code) for code in of.word.split()))))
    return Node("in", (item, of))


def _is_string_of(node: Node) -> bool:
    return node.op == "call" and node.word == "string" and len(node.parts) == 1
