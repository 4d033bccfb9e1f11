"""Skip, check and derive rules in the Common Expression Language: compile, ask, compute.

Three-valued on purpose. A variable that is not coded yet, or that holds a missing code which
the rule does not spell out, is left unbound: CEL then answers `true || unknown` with true and
everything that really depends on it with an error, which here means "the rule does not apply".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import cel

from coding.canonical import Domain, Plain, plain

LONGEST = 1_000
_UNKNOWN = (RuntimeError, KeyError, TypeError, ValueError, ArithmeticError)
_LOOPS = re.compile(r"\.(?:all|exists|exists_one|filter|map)\s*\(")
_LOOP_NAMES = re.compile(_LOOPS.pattern + r"\s*(\w+)\s*,")

Answers = Mapping[str, str]
Domains = Mapping[str, Domain]


class BadExpression(ValueError):
    """The expression cannot be compiled; the message says where."""


@dataclass(frozen=True)
class Row:
    """One unit's answers by name, with what each may hold."""

    answers: Answers
    domains: Domains


@dataclass(frozen=True)
class Context:
    """What a rule may read: this row, the rows above it by unit name, and the rows beside it."""

    row: Row
    parents: Mapping[str, Row] = field(default_factory=dict)
    siblings: Sequence[Row] = ()


@lru_cache(maxsize=4096)
def compiled(text: str) -> cel.Program:
    """The program of an expression. Raises BadExpression with the place of the fault."""
    if len(text) > LONGEST:
        raise BadExpression(f"The expression is longer than {LONGEST} characters.")
    if len(_LOOPS.findall(text)) > 2:
        raise BadExpression("The expression has more than two loops: it could run too long.")
    try:
        return cel.compile(text)
    except ValueError as error:
        raise BadExpression(str(error)) from None


@lru_cache(maxsize=4096)
def names(text: str) -> frozenset[str]:
    """The variables, parent units and `siblings` that an expression reads.

    What a loop calls its own rows, as `s` in `siblings.filter(s, s.troops > 0)`, is none.
    """
    return frozenset(compiled(text).variables()) - set(_LOOP_NAMES.findall(text))


def parent_names(text: str, parent: str) -> set[str]:
    """The parent's variables that an expression reads, as in `intervention.coalition`."""
    return set(re.findall(rf"\b{re.escape(parent)}\.(\w+)", text))


def evaluate(text: str, context: Context) -> object | None:
    """The expression's result, or None where it cannot be known."""
    scope = cel.Context()
    scope.add_function("sum", sum)
    needed = names(text)
    for name, value in _bound(context.row, text).items():
        if name in needed:
            scope.add_variable(name, value)
    for unit, row in context.parents.items():
        if unit in needed:
            scope.add_variable(unit, _bound(row, text))
    if "siblings" in needed:
        scope.add_variable("siblings", [_bound(row, text) for row in context.siblings])
    try:
        return compiled(text).execute(scope)  # type: ignore[no-any-return]
    except _UNKNOWN:
        return None


def holds(text: str, context: Context) -> bool | None:
    """Whether a rule's condition is true; None where it cannot be known."""
    result = evaluate(text, context)
    return result if isinstance(result, bool) else None


@lru_cache(maxsize=4096)
def words(text: str) -> frozenset[str]:
    """Every word of an expression: the answers it could read are among them."""
    return frozenset(re.findall(r"\w+", text))


def _bound(row: Row, expression: str) -> dict[str, Plain]:
    """The answers that the expression could read, and no others: a roster can be long."""
    read = words(expression)
    return {
        name: plain(text, row.domains[name])
        for name, text in row.answers.items()
        if name in read and (not row.domains[name].is_missing(text) or _spells(expression, text))
    }


def _spells(expression: str, code: str) -> bool:
    return re.search(rf"(?<![\w.]){re.escape(code)}(?![\w.])", expression) is not None
