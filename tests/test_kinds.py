"""What does not fit in an expression is told when it is written, and nothing else is."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from coding import documents, inference, kinds
from coding.canonical import Domain
from coding.expressions import BadExpression, Context, Row, compiled, evaluate
from coding.kinds import Kind, Misfit
from tests.conftest import DOCUMENT


def told(variable: str, part: str, text: str) -> list[str]:
    """What is said of an expression of the small codebook, without its place."""
    document = deepcopy(DOCUMENT)
    found = next(v for v in document["variables"] if v["name"] == variable)
    put: dict[str, Any] = {
        "checks": [{"expr": text, "message": "No."}],
        "skip": {"if": text, "then": -88},
        "derive": text,
    }
    found[part] = put[part]
    return [problem.rule for problem in documents.problems(document)]


WRITE = "Write texts in quotation marks and numbers without."


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (
            "troops == 'many'",
            f"troops == 'many' compares a whole number with a text: it is never true. {WRITE}",
        ),
        (
            "goal != 3",
            f"goal != 3 compares a text with a whole number: it is always true. {WRITE}",
        ),
        ("goal > 3", f"goal > 3 cannot order a text and a whole number. {WRITE}"),
        (
            "3 in ['a', 'b']",
            f"3 in ['a', 'b'] compares a whole number with a text: it is never true. {WRITE}",
        ),
        (
            "ended == true",
            "ended == true compares a whole number with true or false: it is never true. Yes and "
            "no are coded 1 and 0.",
        ),
        ("ended && troops > 1", "ended is a whole number, not true or false. Write ended == 1."),
        ("!ended", "ended is a whole number, not true or false. Write ended == 1."),
        (
            "troops * 0.5 > 10.0",
            "troops * 0.5 mixes a whole and a decimal number, which is never computed: write "
            "double(troops) * 0.5.",
        ),
        (
            "1.5 + 2 > 3.0",
            "1.5 + 2 mixes a whole and a decimal number, which is never computed: write 1.5 + 2.0.",
        ),
        ("goal - 1 > 3", "goal - 1 cannot be computed of a text and a whole number."),
        (
            "end_date > '1991'",
            "end_date > '1991' cannot order a date and a text. A date has two ends: write "
            "end_date.earliest or end_date.latest.",
        ),
        ("end_date.start == ''", "end_date.start: a date has .earliest and .latest only."),
        (
            "troops.size() > 1",
            "size needs a text or a list or a row or a date: troops is a whole number.",
        ),
        ("-goal == 1", "-goal: goal is a text, not a number."),
        (
            "partners == 200",
            "partners == 200 compares a list with a whole number: it is never true. "
            "Write … in partners, or size(partners).",
        ),
        ("'x' in story", "story is a text: only a list has something in it."),
        ("story.exists(s, true)", "story is a text: only a list is looped over."),
        ("troops.low > 1", "troops.low: troops is a whole number and has no parts."),
        (
            "partner.sent == 1",
            "partner.sent: partner is a list. Write partner.filter(x, x.sent == …) or "
            "partner.exists(x, x.sent == …).",
        ),
        ("partner.exists(p, p.goal == 1)", "p.goal: goal is not a variable of partner."),
        (
            "partner.exists(p, p.sent)",
            "p.sent is a whole number, not true or false. Write p.sent == 1.",
        ),
        (
            "sum(partner.map(p, p.sent > 1)) == 1",
            "sum needs a whole number or a decimal number: what partner.map(p, p.sent > 1) holds "
            "is true or false.",
        ),
        ("in_system(200, troops)", "in_system needs a date: troops is a whole number."),
        ("troops", "gives a whole number: it must give true or false."),
        ("troops > 1 ? 2 : 3", "gives a whole number: it must give true or false."),
        ("partner.filter(p, p.sent == 1)", "gives a list: it must give true or false."),
    ],
)
def test_what_does_not_fit_is_told_with_the_way_out(text: str, rule: str) -> None:
    assert told("troops", "checks", text) == [rule]


@pytest.mark.parametrize(
    ("variable", "text", "rule"),
    [
        (
            "strength",
            "double(sent) * 2.0",
            "gives a decimal number, which strength cannot hold. Write int(…) for a whole number.",
        ),
        (
            "story",
            "end_date",
            "gives a date, which story cannot hold. Write .earliest or .latest behind it.",
        ),
        ("end_date", "troops > 1", "gives true or false, which end_date cannot hold."),
        ("troops", "partners", "gives a list, which troops cannot hold."),
    ],
)
def test_a_derive_rule_gives_what_its_variable_can_hold(
    variable: str, text: str, rule: str
) -> None:
    found = [each for each in told(variable, "derive", text) if "depends on" not in each]

    assert found == [rule]


@pytest.mark.parametrize(
    "text",
    [
        "goal == -77",
        "goal in ['regime', -77]",
        "troops == -99 || troops > 1.5",
        "double(troops) * 0.5 > 10.0",
        "200 in partners && partners != []",
        "end_date == -99 || end_date.latest > '1991'",
        "partner.filter(p, p.sent == 2).size() > 0 && size(objective) < 7",
        "sum(partner.map(p, p.strength)) <= troops",
        "partner.all(p, p.partner_state in partners)",
        "partner.exists(troops, troops.sent == 1)",
        "(troops > 1 ? 'a' : 'b') == 'a'",
        "story.startsWith('Al') && story.size() > 3 && size(story + 'x') < 9",
        "story.matches(r'[a-z]+')",
        "has(end_date.latest)",
        "{'a': 1}['a'] == 1 && [troops][0] == 1",
        "0x10 + 1 > 1 && 1e3 > 1.0 && 1u == 1",
        "ended == 1 == true",
        "in_system(200, end_date)",
        "troops % 2 == 0 // even",
    ],
)
def test_what_fits_is_not_complained_about(text: str) -> None:
    assert told("troops", "checks", text) == []


# ------------------------------------------------------------------ it never cries wolf

DOMAINS = {
    "w": (Domain("integer"), kinds.WHOLE, ["0", "1", "7"]),
    "d": (Domain("decimal"), kinds.DECIMAL, ["0.5", "1", "-2.25"]),
    "t": (Domain("text"), kinds.TEXT, ["a", "told"]),
    "e": (Domain("date"), kinds.DATE, ["1991", "1991-02-28"]),
    "s": (Domain("set", categories={"1": "", "2": ""}), kinds.list_of(kinds.WHOLE), ["1", "1;2"]),
}
NAMES: dict[str, Kind] = {name: kind for name, (_, kind, _) in DOMAINS.items()} | {
    "siblings": kinds.list_of(
        kinds.row_of({name: kind for name, (_, kind, _) in DOMAINS.items()}, "row")
    )
}
LEAVES = st.sampled_from(
    ["w", "d", "t", "e", "s", "1", "2.5", "'a'", "true", "e.latest", "[1]", "siblings.size()"]
)
OPERATORS = st.sampled_from("== != < >= + - * / % in && ||".split())  # noqa: SIM905
GROWN = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.tuples(
            inner,
            OPERATORS,
            inner,
        ).map(lambda part: f"({part[0]} {part[1]} {part[2]})"),
        st.tuples(inner, inner, inner).map(lambda part: f"({part[0]} ? {part[1]} : {part[2]})"),
        inner.map(lambda part: f"!{part}"),
        inner.map(lambda part: f"size({part})"),
        inner.map(lambda part: f"double({part})"),
        inner.map(lambda part: f"siblings.exists(x, x.w == {part})"),
    ),
    max_leaves=4,
)


def rows() -> Iterator[Row]:
    """Rows with every answer, in several combinations."""
    domains = {name: domain for name, (domain, _, _) in DOMAINS.items()}
    for n in range(6):
        answers = {name: texts[n % len(texts)] for name, (_, _, texts) in DOMAINS.items()}
        yield Row(answers, domains)


@settings(deadline=None, max_examples=300)
@given(GROWN)
@example("!!(true ? w : true)")
def test_what_an_expression_gives_is_of_the_kind_that_was_foretold(text: str) -> None:
    try:
        compiled(text)
        kind = inference.kind_of(text, NAMES)
    except (BadExpression, Misfit):
        return
    beside = list(rows())
    found = {type(evaluate(text, Context(row, siblings=beside))) for row in beside} - {type(None)}
    of = {bool: "truth", int: "whole", float: "decimal", str: "text", list: "list", dict: "date"}
    assert all(kind.fits(of[each]) for each in found)


SIGNS = st.sampled_from("== != < >= + - * / % in".split())  # noqa: SIM905


@settings(deadline=None, max_examples=300)
@given(LEAVES, SIGNS, LEAVES)
def test_of_two_parts_a_misfit_is_told_exactly_where_the_engine_says_one_thing(
    a: str, sign: str, b: str
) -> None:
    """Nothing in each row, or the same: what is of two kinds is never equal.

    A list and a date are left out: the engine appends the words for the date's parts.
    """
    assume(sign != "+" or {a, b} not in ({"s", "e"}, {"[1]", "e"}))
    text = f"{a} {sign} {b}"
    beside = list(rows())
    results = [evaluate(text, Context(row, siblings=beside)) for row in beside]
    try:
        inference.kind_of(text, NAMES)
    except Misfit:
        assert len({repr(result) for result in results}) == 1
    else:
        assert any(result is not None for result in results)
