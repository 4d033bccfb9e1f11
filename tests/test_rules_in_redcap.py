"""Skip and derive rules in REDCap's logic and back: what they decide stays the same."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from coding.expressions import evaluate, holds
from curation.formats.rules import redcap, translate
from curation.formats.rules.parser import Parser
from curation.formats.rules.translate import Language
from curation.formats.rules.tree import Node, Untranslatable
from tests.test_rules_elsewhere import ANSWERS, SIDE, as_number, conditions, context_of, numbers

REDCAP = Language(redcap.written, redcap.read, redcap.form)
many = settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@pytest.mark.parametrize(
    ("rule", "shown"),
    [
        ("aim == 1", "[aim] <> '1'"),
        ("aim != 1", "[aim] = '1' or isblankormissingcode([aim])"),
        ("word == 'regime' && men > 2", None),
        ("aim in [1, 2]", "[aim] <> '1' and [aim] <> '2'"),
        ("2 in aims", "[aims(2)] = '0'"),
        ("war.size < 4", "[size] >= 4 or isblankormissingcode([size])"),
        (
            "aim == 1 && (men > 2 || word == 'other')",
            "[aim] <> '1' or (men)".replace(
                "(men)", "([men] <= 2 or isblankormissingcode([men])) and [word] <> 'other'"
            ),
        ),
        ("men + 1 > 3", "[men] + 1 <= 3 or isblankormissingcode([men])"),
        ("double(men) / 2.0 > share", None),
    ],
)
def test_a_skip_rule_is_said_in_redcaps_logic(rule: str, shown: str | None) -> None:
    said = translate.shown(rule, SIDE, REDCAP)

    assert shown is None or said.there == shown
    assert translate.skipped(said.there, SIDE, REDCAP) == said.here


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("aim == -77", "REDCap keeps missing codes apart from answers."),
        ("!(2 in aims)", "REDCap cannot ask whether a list was left without a tick."),
        ("aims == [1]", "REDCap cannot ask for one tick and no other."),
        ("!(aim in aims)", "REDCap cannot ask whether a list was left without a tick."),
        ("aims.size() > 1", "REDCap cannot ask whether a list was left without a tick."),
        ("men % 2 == 1", "REDCap has no word for %."),
        ("true", "REDCap has no word for false."),
    ],
)
def test_what_redcap_cannot_say_is_refused_with_the_reason(rule: str, why: str) -> None:
    with pytest.raises(Untranslatable) as refused:
        translate.shown(rule, SIDE, REDCAP)

    assert str(refused.value) == why


@pytest.mark.parametrize(
    ("logic", "skip"),
    [
        ('[aim] = "1"', "aim != 1"),
        ("([aim]='1' AND [men] >= '3') or [aims(2)] = 1", "(aim != 1 || men < 3) && !(2 in aims)"),
        ("[aims(3)] <> '1'", "3 in aims"),
        ("[men] / 2 > 1", "double(men) / 2.0 <= 1"),
        ("[share] * [men] > 3", "share * double(men) <= 3"),
    ],
)
def test_logic_made_by_others_is_understood(logic: str, skip: str) -> None:
    assert translate.skipped(logic, SIDE, REDCAP) == skip


@pytest.mark.parametrize(
    ("logic", "why"),
    [
        ("[aim] = ''", "aim is never equal to nothing."),
        ("[event_1_arm_1][aim] = '1'", "There is [aim] where the end was expected."),
        ("datediff([began], 'today', 'y') > 3", "It calls datediff()."),
        ("[aim:label] = 'x'", "“[aim:label” is not understood."),
        ("[aims(2)] = '5'", "It compares a tick with what is neither 0 nor 1."),
    ],
)
def test_logic_that_casebook_cannot_say_is_refused_with_the_reason(logic: str, why: str) -> None:
    with pytest.raises(Untranslatable) as refused:
        translate.skipped(logic, SIDE, REDCAP)

    assert str(refused.value) == why


def test_a_calculation_is_blank_where_an_answer_is_missing() -> None:
    said = translate.calculated("double(men) / double(war.size)", SIDE, REDCAP)

    assert said.there == (
        "if(isblankormissingcode([men]) or isblankormissingcode([size]), '', [men] / [size])"
    )


@many
@given(conditions, st.fixed_dictionaries(ANSWERS))
def test_a_field_is_shown_unless_its_skip_rule_holds(rule: str, answers: dict[str, str]) -> None:
    said = sayable(translate.shown, rule)

    assert redcap_says(said, answers) == (holds(rule, context_of(answers)) is not True)


@many
@given(numbers, st.fixed_dictionaries(ANSWERS))
def test_redcap_computes_what_casebook_computes(rule: str, answers: dict[str, str]) -> None:
    computed = redcap_says(sayable(translate.calculated, rule), answers)

    expected = evaluate(rule, context_of(answers))
    assert computed == ("" if expected is None else expected) or float(computed) == expected


def sayable(turn: Any, rule: str) -> str:
    try:
        return str(turn(rule, SIDE, REDCAP).there)
    except Untranslatable:
        assume(False)
        raise


def redcap_says(said: str, answers: dict[str, str]) -> Any:
    return value(Parser(said, redcap._SYNTAX).whole(), answers)


def value(node: Node, answers: dict[str, str]) -> Any:
    if node.op == "group":
        return value(node.parts[0], answers)
    if node.op == "ref":
        return answers[node.word]
    if node.op in ("number", "text"):
        return node.word
    if node.op == "in":
        code, of = node.parts
        return "1" if code.word in answers[of.word].split(";") else "0"
    if node.op == "call" and node.word == "if":
        return value(node.parts[1 if value(node.parts[0], answers) else 2], answers)
    parts = [value(part, answers) for part in node.parts]
    if node.op in ("and", "or"):
        return all(parts) if node.op == "and" else any(parts)
    if node.op in ("==", "!="):
        return _same(*parts) == (node.op == "==")
    if node.op == "call":
        return FUNCTIONS[node.word](*parts)
    return OPERATORS[node.op](*map(as_number, parts))


def _same(one: Any, other: Any) -> bool:
    """REDCap compares as numbers what looks like numbers, whatever its quotation marks."""
    numbers = as_number(one), as_number(other)
    return one == other if any(map(math.isnan, numbers)) else numbers[0] == numbers[1]


FUNCTIONS = {
    "isblankormissingcode": lambda said: said in ("", "-77", "-99"),
    "contains": lambda said, part: part in said,
    "ends_with": lambda said, end: said.endswith(end),
    "rounddown": lambda said, _: math.trunc(float(said)),
}
OPERATORS: dict[str, Any] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
}
