"""What the names in a rule stand for, and whether what is said of them can be said elsewhere."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from coding.documents import Document
from curation.formats.rules.tree import (
    ARITHMETIC,
    COMPARISONS,
    LITERALS,
    ORDERS,
    Node,
    Untranslatable,
    is_whole,
    mapped,
    number,
    ref,
    text,
)

NUMBERS = ("int", "double")
_WORD = re.compile(r"[^\s'\"]+")


@dataclass(frozen=True)
class Scope:
    """The variables that a rule of one unit may read, and the codebook's missing codes.

    A form offers only those that coders choose: the others are never in an answer there.
    """

    unit: str
    above: Sequence[str]
    variables: Mapping[str, Document]
    missing: Sequence[str]
    offered: Sequence[str]
    aliases: Mapping[str, str] = field(default_factory=dict)  # how another format calls them

    def kind(self, name: str) -> str:
        """What a variable's answers are in an expression."""
        variable = self.variables[name]
        kind = str(variable["type"])
        if kind in ("text", "set", "date"):
            return kind
        if kind in ("integer", "decimal"):
            return "int" if kind == "integer" else "double"
        codes = [str(c["code"]) for c in variable.get("categories") or []]
        if any(re.fullmatch("-?[0-9]+", code) and not is_whole(code) for code in codes):
            raise Untranslatable(f"{name} has codes like 007.")
        return "int" if all(is_whole(code) for code in codes) else "code"

    def units(self) -> dict[str, str]:
        """Under which unit's name a rule reads each variable that is not of its own unit."""
        return {n: v["unit"] for n, v in self.variables.items() if v["unit"] != self.unit}


def scope_of(document: Document, unit: str, aliases: Mapping[str, str] | None = None) -> Scope:
    """What the rules of a unit may read."""
    parents = {u["id"]: u.get("parent") for u in document["codebook"]["units"]}
    above, parent = [], parents.get(unit)
    while parent:
        above.append(str(parent))
        parent = parents[parent]
    readable = {unit, *above}
    variables = {v["name"]: v for v in document["variables"] if v["unit"] in readable}
    codes = document["codebook"].get("missing_codes") or []
    missing = [str(code["code"]) for code in codes]
    offered = [str(code["code"]) for code in codes if code.get("set_by", "coder") == "coder"]
    return Scope(unit, above, variables, missing, offered, aliases or {})


# ------------------------------------------------------------------ names


def named(node: Node, scope: Scope) -> Node:
    """The tree of a CEL expression with its names resolved. Raises Untranslatable."""

    def change(each: Node) -> Node:
        if each.op == "member":
            return _member(each, scope)
        return each

    tree = mapped(node, change)
    _refuse_strangers(tree, scope)
    return tree


def _member(node: Node, scope: Scope) -> Node:
    target = node.parts[0]
    unit = target.word if target.op == "ref" else ""
    if unit in scope.above and scope.variables.get(node.word, {}).get("unit") == unit:
        return ref(node.word)
    if node.word in ("earliest", "latest"):
        raise Untranslatable("It reads the earliest or latest day of a date.")
    raise Untranslatable(f"It reads the part {node.word} of something.")


def _refuse_strangers(node: Node, scope: Scope) -> None:
    if node.op == "ref" and node.word == "siblings":
        raise Untranslatable("It looks at the rows beside its own.")
    if node.op == "ref" and node.word not in scope.variables:
        raise Untranslatable(f"It reads {node.word}, which is not in reach of {scope.unit}.")
    for part in node.parts:
        _refuse_strangers(part, scope)


# ------------------------------------------------------------------ literals


def fitted(node: Node, scope: Scope) -> Node:
    """The tree with codes as the expression language spells them, though others quote them."""

    def change(each: Node) -> Node:
        if each.op in COMPARISONS:
            left, right = each.parts
            return Node(each.op, (_fit(left, right, scope), _fit(right, left, scope)))
        if each.op == "in":
            item, of = each.parts
            if of.op == "list":
                return Node(
                    "in", (item, Node("list", tuple(_fit(p, item, scope) for p in of.parts)))
                )
            return Node("in", (_fit(item, of, scope), of))
        return each

    return mapped(node, change)


def _fit(node: Node, other: Node, scope: Scope) -> Node:
    """A literal as it must stand beside the other side of a comparison."""
    if node.op == "list" and other.op == "ref":
        return Node("list", tuple(_fit(part, other, scope) for part in node.parts))
    if node.op not in LITERALS or other.op != "ref":
        return node
    kind = scope.kind(other.word)
    if node.op == "number" and kind in NUMBERS:
        return node
    if node.word in scope.missing or (kind != "text" and _is_number(node.word, kind)):
        return number(node.word) if is_whole(node.word) or kind == "double" else text(node.word)
    return text(node.word)


def _is_number(word: str, kind: str) -> bool:
    return is_whole(word) or (
        kind == "double" and re.fullmatch(r"-?[0-9]+\.[0-9]+", word) is not None
    )


# ------------------------------------------------------------------ kinds


def kind_of(node: Node, scope: Scope) -> str:
    """What kind of value it gives. Raises Untranslatable where it gives none, or means nothing."""
    if node.op == "ref":
        return scope.kind(node.word)
    if node.op == "number":
        return "double" if "." in node.word else "int"
    if node.op in ("text", "truth"):
        return "text" if node.op == "text" else "bool"
    if node.op in ("and", "or", "not"):
        return _all_of(node, scope, "bool")
    if node.op in COMPARISONS:
        return _comparison(node, scope)
    if node.op == "in":
        return _membership(node, scope)
    if node.op in (*ARITHMETIC, "neg"):
        return _arithmetic(node, scope)
    if node.op == "if":
        return _choice(node, scope)
    return _call(node, scope)


def _all_of(node: Node, scope: Scope, kind: str) -> str:
    for part in node.parts:
        if kind_of(part, scope) != kind:
            raise Untranslatable("It joins what is neither true nor false.")
    return kind


def _comparison(node: Node, scope: Scope) -> str:
    left, right = node.parts
    if right.op == "list":
        return _only(node, scope)
    kinds = (kind_of(left, scope), kind_of(right, scope))
    if all(kind in NUMBERS for kind in kinds):
        return "bool"
    if node.op in ORDERS:
        raise Untranslatable("It puts in order what is no number.")
    if left.op == "ref" and right.op in LITERALS:
        return _equality(left, right, scope)
    if right.op == "ref" and left.op in LITERALS:
        return _equality(right, left, scope)
    if kinds[0] != kinds[1] or kinds[0] not in ("code", "text"):
        raise Untranslatable("It compares what cannot be compared.")
    return "bool"


def _equality(variable: Node, literal: Node, scope: Scope) -> str:
    """A variable against a code or text that it could hold."""
    if literal != _fit(literal, variable, scope):
        raise Untranslatable(f"{variable.word} never holds {literal.word or 'nothing'}.")
    if literal.word in scope.missing:
        return "bool"
    kind, is_state = scope.kind(variable.word), scope.variables[variable.word]["type"] == "state"
    if kind in ("set", "date") or (kind in NUMBERS and literal.op == "text" and not is_state):
        raise Untranslatable(f"{variable.word} is never equal to {literal.word or 'nothing'}.")
    return _spellable(literal)


def _only(node: Node, scope: Scope) -> str:
    """A set that holds one code and no other."""
    variable, codes = node.parts
    is_set = variable.op == "ref" and scope.kind(variable.word) == "set"
    if not is_set or node.op not in ("==", "!=") or len(codes.parts) != 1:
        raise Untranslatable("It compares lists.")
    return _code_of(codes.parts[0], variable, scope)


def _membership(node: Node, scope: Scope) -> str:
    item, of = node.parts
    if of.op == "list":
        if item.op != "ref" or scope.kind(item.word) in ("text", "set", "date"):
            raise Untranslatable("It looks for what is no code.")
        for code in of.parts:
            _code_of(code, item, scope)
        return "bool" if of.parts else _code_of(of, item, scope)
    if of.op != "ref" or scope.kind(of.word) != "set":
        raise Untranslatable("It looks into what is no set.")
    if item.op == "ref" and scope.kind(item.word) in ("int", "code"):
        return "bool"
    return _code_of(item, of, scope)


def _code_of(code: Node, variable: Node, scope: Scope) -> str:
    if code.op not in LITERALS or code != _fit(code, variable, scope):
        raise Untranslatable(f"{variable.word} is compared with what is no code of it.")
    if not _WORD.fullmatch(code.word):
        raise Untranslatable(f"The code {code.word} cannot be quoted.")
    return "bool"


def _spellable(literal: Node) -> str:
    if not literal.word or ("'" in literal.word and '"' in literal.word):
        raise Untranslatable("A text in it is empty or cannot be quoted.")
    if re.search(r"[\n\r\t]|\$\{", literal.word):
        raise Untranslatable("A text in it cannot be written in one line.")
    return "bool"


def _arithmetic(node: Node, scope: Scope) -> str:
    kinds = {kind_of(part, scope) for part in node.parts}
    if len(kinds) > 1 or not kinds <= set(NUMBERS):
        raise Untranslatable("It computes with what are not all whole, or all decimal, numbers.")
    kind = kinds.pop()
    if (node.op == "/" and kind == "int") or (node.op == "%" and kind == "double"):
        raise Untranslatable("It divides whole numbers and drops the rest: use double().")
    return kind


def _choice(node: Node, scope: Scope) -> str:
    condition, one, other = (kind_of(part, scope) for part in node.parts)
    if condition != "bool" or one not in (*NUMBERS, "code", "text"):
        raise Untranslatable("It chooses by, or between, what it cannot.")
    for part in node.parts[1:]:
        if part.op == "text":
            _spellable(part)
    return one if one == other else "double"


_ARGUMENTS: dict[str, list[tuple[str, ...]]] = {
    "size": [("set", "text")],
    "double": [NUMBERS],
    "int": [NUMBERS],
    "startsWith": [("text",), ("text",)],
    "endsWith": [("text",), ("text",)],
    "contains": [("text",), ("text",)],
    "matches": [("text",), ("text",)],
}


def _call(node: Node, scope: Scope) -> str:
    wanted = _ARGUMENTS.get(node.word)
    kinds = [kind_of(part, scope) for part in node.parts]
    if wanted is None or len(kinds) != len(wanted):
        raise Untranslatable(f"It calls {node.word or node.op}.")
    if any(kind not in fit for kind, fit in zip(kinds, wanted, strict=True)):
        raise Untranslatable(f"It calls {node.word} with what it does not take.")
    if node.word in ("size", "int"):
        return "int"
    if node.word == "double":
        return "double"
    return _spellable(node.parts[1]) if node.parts[1].op == "text" else "bool"
