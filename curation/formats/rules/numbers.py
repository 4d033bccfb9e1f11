"""Whole numbers and decimals: our rules never mix them, others know no difference."""

from __future__ import annotations

from curation.formats.rules.scope import Scope, kind_of
from curation.formats.rules.tree import ARITHMETIC, Node, call, mapped, number


def coerced(tree: Node, scope: Scope) -> Node:
    """The tree with whole numbers made decimals where they meet one, and before a division."""

    def change(node: Node) -> Node:
        if node.op not in ARITHMETIC:
            return node
        kinds = [kind_of(part, scope) for part in node.parts]
        if node.op != "/" and "double" not in kinds:
            return node
        pairs = zip(node.parts, kinds, strict=True)
        return Node(node.op, tuple(_decimal(p) if kind == "int" else p for p, kind in pairs))

    return mapped(tree, change)


def _decimal(node: Node) -> Node:
    return number(f"{node.word}.0") if node.op == "number" else call("double", node)


def uncoerced(tree: Node) -> Node:
    """The tree without what only makes a whole number a decimal."""

    def change(node: Node) -> Node:
        return node.parts[0] if node.op == "call" and node.word == "double" else node

    return mapped(tree, change)
