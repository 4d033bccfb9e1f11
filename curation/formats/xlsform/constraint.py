"""What an answer in a form must meet: its range, its pattern, what stands alone, and its checks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

from coding.canonical import Invalid, matches
from coding.documents import Document
from curation.formats.filled import is_computed
from curation.formats.rules import knowing, translate, xpath
from curation.formats.rules.scope import Scope, fitted
from curation.formats.rules.translate import Language
from curation.formats.rules.tree import (
    Node,
    Untranslatable,
    call,
    is_whole,
    joined,
    number,
    ref,
    text,
    ungrouped,
)
from curation.formats.xlsform import words

XPATH = Language(xpath.written, xpath.read)
LONGEST_MESSAGE = 1_000

# ------------------------------------------------------------------ out


def written(v: Document, scope: Scope) -> str:
    """The constraint of a question: its own limits first, then the checks that block."""
    name = v["name"]
    conditions = [*limits(v, scope), *(_condition(check, scope) for check in _hard(v))]
    parts = [knowing.unless_false(condition, scope) for condition in conditions]
    if len(parts) == 1 and parts[0].op != "and":
        return xpath.written(parts[0], scope, name)
    return " and ".join(xpath.bracketed(part, scope, name) for part in parts)


def message(v: Document) -> str:
    """What is said when a check fails, a line for each."""
    return "\n".join(check["message"] for check in _hard(v))


def _hard(v: Document) -> list[Document]:
    return [check for check in v.get("checks", ()) if check["severity"] == "hard"]


def _condition(check: Document, scope: Scope) -> Node:
    return translate.condition(check["expr"], scope)


def limits(v: Document, scope: Scope) -> Iterator[Node]:
    """What the domain of a variable demands of an answer that is no missing code."""
    itself = ref(v["name"])
    signs = ((">=", "min"), ("<=", "max"))
    ends = [Node(s, (itself, number(_plain(v[key])))) for s, key in signs if key in v]
    if ends:
        yield joined("and", ends)
    if v.get("pattern"):
        yield call("matches", itself, text(whole_pattern(v["pattern"])))
    if v["type"] == "date":
        yield call("matches", itself, text(words.EDTF))
    for code in _alone(v, scope):
        among = Node("in", (code, itself))
        few = Node("<=", (call("size", itself), number("1")))
        yield joined("or", [Node("not", (among,)), few])


def _alone(v: Document, scope: Scope) -> list[Node]:
    """The codes of a set that exclude all others: missing codes always do."""
    if v["type"] != "set":
        return []
    codes = [*map(str, v.get("exclusive", ())), *scope.offered]
    return [number(code) if is_whole(code) else text(code) for code in codes]


def _plain(value: int | float) -> str:
    return str(value) if isinstance(value, int) else format(Decimal(repr(value)), "f")


def whole_pattern(pattern: str) -> str:
    """A pattern that says itself that it is of the whole text."""
    return pattern if xpath.is_of_whole_text(pattern) else f"^(?:{pattern})$"


def why_no_pattern(v: Document) -> str:
    """Why a form cannot check a pattern; empty where it can."""
    pattern = v["pattern"]
    if v["type"] != "text":
        return "A form checks the pattern of texts only."
    if not words.is_sayable(pattern) or ("'" in pattern and '"' in pattern):
        return "A form cannot quote this pattern."
    return ""


def checkable(check: Document, v: Document, scope: Scope) -> str:
    """The expression of a check that a form makes, in its one form. Raises Untranslatable."""
    said = check["message"]
    if check["severity"] == "project":
        raise Untranslatable("A form is one coder's: a rule for the project's cells is not shown.")
    if not words.is_sayable(said) or "\n" in said or len(said) > LONGEST_MESSAGE:
        raise Untranslatable("A form cannot show its message as it is.")
    if check["severity"] == "hard" and is_computed(v):
        raise Untranslatable("A form checks only what is asked.")
    return translate.held(check["expr"], scope, XPATH).here


def failed(check: Document, scope: Scope) -> str:
    """When a check that only warns is shown."""
    tree = knowing.unless_false(_condition(check, scope), scope)
    return xpath.written(Node("not", (tree,)), scope)


# ------------------------------------------------------------------ in


def read(v: Document, said: str, messages: Sequence[str], scope: Scope) -> Document:
    """The parts of a variable that a constraint states. Raises Untranslatable."""
    tree = xpath.read(said, scope, v["name"])
    parts = tree.parts if tree.op == "and" else (tree,)
    is_ours = len(parts) >= len(messages) and any(map(_has_guard, parts))
    if messages and not is_ours and len(messages) != len(parts):
        parts, messages = (tree,), ["\n".join(messages)]
    trees = [_known(fitted(ungrouped(part), scope)) for part in parts]
    count = len(parts) - len(messages)
    found: Document = {}
    checks = [_check(t, m, scope) for t, m in zip(trees[count:], messages, strict=True)]
    for limit in trees[:count]:
        if not _takes_limit(found, limit, v, scope):
            checks.append(_check(limit, "This answer is not possible.", scope))
    return found | ({"checks": checks} if checks else {})


def _has_guard(node: Node) -> bool:
    return node.op == "unknown" or any(map(_has_guard, node.parts))


def _known(tree: Node) -> Node:
    found = knowing.known(tree)
    if found is None:
        raise Untranslatable("It asks only whether there is an answer.")
    return found


def _check(tree: Node, said: str, scope: Scope) -> Document:
    return {"expr": translate.as_check(tree, scope), "severity": "hard", "message": said}


def _takes_limit(found: Document, tree: Node, v: Document, scope: Scope) -> bool:
    """Whether a condition is a limit of the variable's domain; it is noted where it is one."""
    itself = ref(v["name"])
    if v["type"] in ("integer", "decimal") and (ends := _ends(tree, itself)):
        return not found.keys() & ends.keys() and not found.update(ends)
    if tree.op == "call" and tree.word == "matches" and tree.parts[0] == itself:
        return _takes_pattern(found, tree.parts[1].word, v)
    return _takes_code(found, tree, itself, scope)


def _ends(tree: Node, itself: Node) -> Document:
    ends: Document = {}
    for part in tree.parts if tree.op == "and" else (tree,):
        key = {">=": "min", "<=": "max"}.get(part.op)
        if key is None or key in ends or part.parts[0] != itself or part.parts[1].op != "number":
            return {}
        word = part.parts[1].word
        ends[key] = float(word) if "." in word else int(word)
    return ends


def _takes_pattern(found: Document, pattern: str, v: Document) -> bool:
    if v["type"] == "date":
        return pattern == words.EDTF
    bare = re.fullmatch(r"\^\(\?:(.*)\)\$", pattern, re.DOTALL)
    if v["type"] != "text" or "pattern" in found:
        return False
    bare_or_whole = bare[1] if bare and whole_pattern(bare[1]) == pattern else pattern
    try:
        matches("", bare_or_whole)
    except Invalid as error:
        raise Untranslatable(str(error)) from None
    found["pattern"] = bare_or_whole
    return True


def _takes_code(found: Document, tree: Node, itself: Node, scope: Scope) -> bool:
    few = Node("<=", (call("size", itself), number("1")))
    if tree.op != "or" or len(tree.parts) != 2 or tree.parts[1] != few:
        return False
    inner = tree.parts[0].parts[0] if tree.parts[0].op == "not" else tree
    if inner.op != "in" or inner.parts[1] != itself:
        return False
    word = inner.parts[0].word
    if word not in scope.offered:
        found.setdefault("exclusive", []).append(int(word) if is_whole(word) else word)
    return True
