"""Skip, check and derive rules in the Common Expression Language: compile, ask, compute.

Three-valued on purpose. A variable that is not coded yet, or that holds a missing code which
the rule does not spell out, is left unbound: CEL then answers `true || unknown` with true and
everything that really depends on it with an error, which here means "the rule does not apply".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial

import cel

from coding.canonical import Domain, Plain, plain

LONGEST = 1_000
MOST_ROWS = 1_000  # rows of one list; more cannot be known, so that no rule runs long
IN_SYSTEM, SERIES = "in_system", "series"
FUNCTIONS = frozenset(
    (
        "contains",
        "double",
        "endsWith",
        IN_SYSTEM,
        "int",
        "matches",
        SERIES,
        "size",
        "startsWith",
        "string",
        "sum",
    )
)
_UNKNOWN = (RuntimeError, LookupError, TypeError, ValueError, ArithmeticError)
STRING = r"""[bB]?[rR](?:\"{3}.*?\"{3}|'{3}.*?'{3}|"[^"\n\r]*"|'[^'\n\r]*')
    |[bB]?(?:\"{3}(?:\\.|[^\\])*?\"{3}|'{3}(?:\\.|[^\\])*?'{3})
    |[bB]?(?:"(?:\\.|[^\\"\n\r])*"|'(?:\\.|[^\\'\n\r])*')"""
_TOKEN = re.compile(
    rf"""(?P<string>{STRING})
    |(?P<gap>(?:\s|//[^\n]*)+)|\w+|.""",
    re.VERBOSE | re.DOTALL,
)
_LOOP = re.compile(r"\. ?(?:all|exists|exists_one|existsOne|filter|map) ?\( ?(\w*)")
_TOO_MUCH = re.compile(r"(?<!\bin)(?<!\bin )[\[{]|\bmatches\b|\bsiblings\b")

Answers = Mapping[str, str]
Domains = Mapping[str, Domain]
Spells = Mapping[object, Sequence[tuple[str, str]]]  # first and last day of each, by state
Asked = Callable[..., object]  # a series by name: a state, with another one, on a day


def _no_series(name: str, *_: object) -> object:
    raise LookupError(name)


class BadExpression(ValueError):
    """The expression cannot be compiled; the message says where."""


@dataclass(frozen=True)
class Row:
    """One unit's answers by name, with what each may hold."""

    answers: Answers
    domains: Domains


@dataclass(frozen=True)
class Context:
    """What a rule may read: this row, the rows around it, states' spells and others' data.

    Rows above and below are found by the names of their units. A unit that is not in `below` has
    rows that are not known; `spells` is asked for only where a rule asks.
    """

    row: Row
    parents: Mapping[str, Row] = field(default_factory=dict)
    siblings: Sequence[Row] = ()
    below: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    spells: Callable[[], Spells] = dict
    series: Asked = _no_series


@lru_cache(maxsize=4096)
def compiled(text: str) -> cel.Program:
    """The program of an expression. Raises BadExpression with the place of the fault."""
    if len(text) > LONGEST:
        raise BadExpression(f"The expression is longer than {LONGEST} characters.")
    _refuse_long_runs(text)
    try:
        program = cel.compile(text)
    except ValueError as error:
        raise BadExpression(_placed(str(error))) from None
    unknown = {f for f in program.functions() if f.isidentifier()} - FUNCTIONS
    if unknown:
        known = ", ".join(sorted(FUNCTIONS))
        raise BadExpression(f"{min(unknown)} is not a function: there are {known}.")
    return program


def is_name(word: str) -> bool:
    """Could an expression read a variable of this name? Not if the language keeps the word."""
    try:
        return bool(cel.compile(word).variables() == [word])
    except ValueError:
        return False


def _placed(message: str) -> str:
    """The parser's complaint, and where it stands, in one line."""
    found = re.search(
        r"<input>:(\d+):(\d+): (?:Syntax error: )?(.*?)(?: expecting .*)?$", message, re.M
    )
    if not found:
        return message
    rule = "it is nested too deeply" if "Recursion limit" in found[3] else found[3]
    return f"Line {found[1]}, character {found[2]}: {rule}."


def _refuse_long_runs(text: str) -> None:
    """The engine copies a list for each row that a loop adds: keep rows, loops and lists few."""
    bare, loops = _bare(text), _loops(text)
    refuse_as_values(text, ("siblings",))
    if len(loops) > 2:
        raise BadExpression("More than two loops could run too long.")
    for start, end, _ in loops:
        body = bare[start:end]
        if _LOOP.search(body) or _TOO_MUCH.search(body) or body.count("+") > 4:
            raise BadExpression(
                "Inside a loop there can be no other loop, no siblings, no matches, no list but "
                "after `in`, and no more than four additions: it could run too long."
            )


def refuse_as_values(text: str, lists: Collection[str]) -> None:
    """Rows beside and below have no order and can be many: they are counted and looped over."""
    bare = _bare(text)
    for name in lists:
        uncounted = re.sub(rf"\bsize ?\( ?{name} ?\)", "", bare)
        if re.search(rf"(?<![.\w]){name}\b(?! ?\.)", uncounted):
            raise BadExpression(f"{name} can only be counted and looped over, as {name}.size().")
        for start, end, _ in _loops(text):
            if re.search(rf"(?<![.\w]){name}\b", bare[start:end]):
                raise BadExpression(f"Inside a loop there can be no {name}: it could run too long.")


@lru_cache(maxsize=4096)
def _bare(text: str) -> str:
    """The expression without comments and without what its quotations say."""
    tokens = _TOKEN.finditer(text)
    return "".join('""' if t["string"] else " " if t["gap"] else t[0] for t in tokens)


def tokens(text: str) -> list[str]:
    """The expression cut into its words, signs, quotations and gaps: joined they are the text."""
    return [token[0] for token in _TOKEN.finditer(text)]


def loop_names(text: str) -> frozenset[str]:
    """What the loops of an expression call their rows, as `s` in `siblings.map(s, s.troops)`."""
    return frozenset(name for _, _, name in _loops(text) if name)


def _loops(text: str) -> list[tuple[int, int, str]]:
    """Where the inside of each loop begins and ends, and what the loop calls its rows."""
    bare = _bare(text)
    return [(m.start(1), _closing(bare, m.start(1)), m[1]) for m in _LOOP.finditer(bare)]


def _closing(bare: str, start: int) -> int:
    depth = 1
    for place in range(start, len(bare)):
        depth += (bare[place] == "(") - (bare[place] == ")")
        if not depth:
            return place
    return len(bare)


@lru_cache(maxsize=4096)
def names(text: str) -> frozenset[str]:
    """The variables, parent units and `siblings` that an expression reads.

    What a loop calls its own rows, as `s` in `siblings.filter(s, s.troops > 0)`, is none.
    """
    outside, loops = list(_bare(text)), _loops(text)
    for start, end, _ in loops:
        outside[start:end] = " " * (end - start)
    of_loops = {name for _, _, name in loops} - set(re.findall(r"\w+", "".join(outside)))
    return frozenset(compiled(text).variables()) - of_loops


def parent_names(text: str, parent: str) -> set[str]:
    """The parent's variables that an expression reads, as in `intervention.coalition`."""
    return set(re.findall(rf"\b{re.escape(parent)} ?\. ?(\w+)", _bare(text)))


def sibling_names(text: str) -> set[str]:
    """The variables that an expression reads of the rows beside it, as in `s.troops`."""
    return {name for _, _, row in _loops(text) if row for name in parent_names(text, row)}


def evaluate(text: str, context: Context) -> object | None:
    """The expression's result, or None where it cannot be known."""
    scope = cel.Context()
    scope.add_function("sum", sum)
    scope.add_function(IN_SYSTEM, partial(_in_system, context.spells))
    scope.add_function(SERIES, context.series)
    needed = names(text)
    for name, value in _bound(context.row, text).items():
        if name in needed:
            scope.add_variable(name, value)
    for unit, row in context.parents.items():
        if unit in needed:
            scope.add_variable(unit, _bound(row, text))
    for name, rows in {"siblings": context.siblings, **context.below}.items():
        if name in needed and len(rows) <= MOST_ROWS:
            scope.add_variable(name, _listed(rows, text))
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


def _in_system(spells: Callable[[], Spells], state: object, date: Mapping[str, str]) -> bool:
    """Whether the state was a member on any day that the date can mean."""
    known = spells()[state]  # a state that is not on the list is unknown
    return any(first <= date["latest"] and date["earliest"] <= last for first, last in known)


def reads_states(text: str) -> bool:
    """Whether an expression asks for the project's list of states."""
    return IN_SYSTEM in compiled(text).functions()


@lru_cache(maxsize=4096)
def series_read(text: str) -> frozenset[str]:
    """The names of the series that an expression asks for."""
    if SERIES not in words(text) or SERIES not in compiled(text).functions():
        return frozenset()
    return frozenset(re.findall(rf"\b{SERIES}\s*\(\s*[\"']([-\w]+)[\"']\s*,", text))


def names_its_series(text: str) -> bool:
    """Whether each call of `series` begins with a name in quotation marks."""
    bare = _bare(text)
    named = len(re.findall(rf"\b{SERIES} ?\( ?\"\" ?,", bare))
    return named == len(re.findall(rf"\b{SERIES} ?\(", bare)) and bool(series_read(text))


def reads_series(text: str) -> bool:
    """Whether an expression asks for others' data."""
    return SERIES in compiled(text).functions()


def _listed(rows: Sequence[Row], text: str) -> list[dict[str, Plain]]:
    """Rows for a loop, those that are known best first: it stops at the first unknown one.

    So one row that decides `exists` or `all` is found whatever the others leave open.
    """
    return sorted((_bound(row, text) for row in rows), key=len, reverse=True)


def _bound(row: Row, expression: str) -> dict[str, Plain]:
    """The answers that the expression could read, and no others: a roster can be long."""
    read = words(expression)
    return {
        name: plain(text, row.domains[name])
        for name, text in row.answers.items()
        if name in read and (not row.domains[name].is_missing(text) or spells(expression, text))
    }


def spells(expression: str, code: str) -> bool:
    """Whether an expression names a missing code: then it reads it as an answer."""
    return re.search(rf"(?<![\w.]){re.escape(code)}(?![\w.])", expression) is not None
