"""The part of the Common Expression Language that others have words for: read and written."""

from __future__ import annotations

import re

from curation.formats.rules.parser import Parser, Syntax, Token
from curation.formats.rules.tree import (
    ARITHMETIC,
    COMPARISONS,
    Node,
    Untranslatable,
    call,
    ref,
    text,
)

METHODS = ("size", "startsWith", "endsWith", "contains", "matches")
LOOPS = ("all", "exists", "exists_one", "existsOne", "filter", "map")
_TOKENS = re.compile(
    r"""(?P<gap>(?:\s|//[^\n]*)+)
    |(?P<number>[0-9]+(?:\.[0-9]+)?(?![\w.]))
    |(?P<text>'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")
    |(?P<name>[A-Za-z_]\w*)
    |(?P<sign>&&|\|\||==|!=|<=|>=|[-+*/%<>!?:.,()\[\]])""",
    re.VERBOSE,
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"'}


def read(said: str) -> Node:
    """The tree of an expression. Raises Untranslatable where others have no words for it."""
    return Parser(said, _SYNTAX).whole()


def _leaf(parser: Parser, token: Token) -> Node:
    if token.kind == "text":
        node = text(_unescaped(token.said[1:-1]))
    elif token.said == "[":
        node = Node("list", parser.arguments("]"))
    elif token.kind != "name":
        raise Untranslatable(f"There is {token.said} where a value was expected.")
    elif parser.sees("("):
        node = _called(parser, token.said, ())
    elif token.said in ("true", "false"):
        node = Node("truth", word=token.said)
    else:
        node = ref(token.said)
    return _with_members(parser, node)


def _with_members(parser: Parser, node: Node) -> Node:
    while parser.sees("."):
        parser.take(".")
        name = parser.take().said
        node = _called(parser, name, (node,)) if parser.sees("(") else Node("member", (node,), name)
    return node


def _called(parser: Parser, name: str, target: tuple[Node, ...]) -> Node:
    if name in LOOPS:
        raise Untranslatable("It looks at the rows beside its own.")
    parser.take("(")
    return call(name, *target, *parser.arguments())


def _unescaped(said: str) -> str:
    def meant(match: re.Match[str]) -> str:
        if match[1][0] == "u" and len(match[1]) == 5:
            return chr(int(match[1][1:], 16))
        if match[1] not in _ESCAPES:
            raise Untranslatable(f"The text in it holds {match[0]}.")
        return _ESCAPES[match[1]]

    return re.sub(r"\\(u[0-9A-Fa-f]{4}|.)", meant, said)


_SYNTAX = Syntax(
    tokens=_TOKENS,
    infix={
        "||": (1, "or"),
        "&&": (2, "and"),
        **{sign: (3, sign) for sign in (*COMPARISONS, "in")},
        **{sign: (4, sign) for sign in "+-"},
        **{sign: (5, sign) for sign in "*/%"},
    },
    prefix={"!": "not", "-": "neg"},
    leaf=_leaf,
    has_choice=True,
)

# ------------------------------------------------------------------ out

_LEVELS = {
    "if": 0,
    "or": 1,
    "and": 2,
    **dict.fromkeys((*COMPARISONS, "in"), 3),
    **dict.fromkeys("+-", 4),
    **dict.fromkeys("*/%", 5),
    "not": 6,
    "neg": 6,
}


def written(node: Node, units: dict[str, str]) -> str:
    """The expression as people write it. `units` names the unit above of a variable, if any."""
    return _said(node, units, 0)


def _said(node: Node, units: dict[str, str], floor: int) -> str:
    level = _LEVELS.get(node.op, 7)
    said = _bare(node, units, level)
    return f"({said})" if level < floor else said


def _bare(node: Node, units: dict[str, str], level: int) -> str:
    def part(n: int, floor: int = 0) -> str:
        return _said(node.parts[n], units, floor)

    if node.op == "if":
        return f"{part(0, 1)} ? {part(1, 1)} : {part(2)}"
    if node.op in ("and", "or"):
        sign = {"and": " && ", "or": " || "}[node.op]
        return sign.join(_said(each, units, level + 1) for each in node.parts)
    if node.op in (*COMPARISONS, "in"):
        return f"{part(0, 4)} {node.op} {part(1, 4)}"
    if node.op in ARITHMETIC:
        return f"{part(0, level)} {node.op} {part(1, level + 1)}"
    if node.op in ("not", "neg"):
        return f"{'!' if node.op == 'not' else '-'}{part(0, 7)}"
    return _leaf_said(node, units)


def _leaf_said(node: Node, units: dict[str, str]) -> str:
    if node.op == "ref":
        unit = units.get(node.word, "")
        return f"{unit}.{node.word}" if unit else node.word
    if node.op == "text":
        return quoted(node.word)
    parts = [_said(each, units, 0) for each in node.parts]
    if node.op == "list":
        return f"[{', '.join(parts)}]"
    if node.op == "call" and node.word in METHODS:
        return f"{_said(node.parts[0], units, 7)}.{node.word}({', '.join(parts[1:])})"
    return f"{node.word}({', '.join(parts)})" if node.op == "call" else node.word


def quoted(word: str) -> str:
    """A text in quotation marks, as the language wants it."""
    mark = '"' if "'" in word and '"' not in word else "'"
    said = word.replace("\\", "\\\\").replace(mark, f"\\{mark}")
    for letter, character in (("n", "\n"), ("t", "\t"), ("r", "\r")):
        said = said.replace(character, f"\\{letter}")
    return f"{mark}{said}{mark}"
