"""Skip, check and derive rules: what they may read, what they know, and that they always end."""

from __future__ import annotations

import pytest

from coding.canonical import Domain
from coding.expressions import (
    BadExpression,
    Context,
    Row,
    compiled,
    evaluate,
    holds,
    names,
    parent_names,
    sibling_names,
    words,
)

MISSING = {"-77": "Cannot be determined", "-99": "Unknown"}
GOALS = {"1": "Regime", "2": "Policy", "regime": "By its name"}
DOMAINS = {
    "goal": Domain("category", categories=GOALS, missing=MISSING),
    "troops": Domain("integer", missing=MISSING, set_by_rule=frozenset({"-88"})),
    "share": Domain("decimal", missing=MISSING),
    "start": Domain("date", missing=MISSING),
    "end": Domain("date", missing=MISSING),
    "types": Domain("set", categories=GOALS, missing=MISSING),
    "story": Domain("text", missing=MISSING),
    "state": Domain("state", missing=MISSING),
}


def row(**answers: str) -> Row:
    return Row(answers, DOMAINS)


def asked(text: str, **answers: str) -> object | None:
    return evaluate(text, Context(row(**answers)))


# ------------------------------------------------------------------ what is known


@pytest.mark.parametrize(
    ("text", "answers", "result"),
    [
        ("goal == 1", {"goal": "1"}, True),
        ("goal == 1", {"goal": "2"}, False),
        ("goal == 'regime'", {"goal": "regime"}, True),
        ("goal in [1, 2]", {"goal": "2"}, True),
        ("troops > 100", {"troops": "101"}, True),
        ("share > 0.2", {"share": "0.25"}, True),
        ("share > 1", {"share": "3"}, True),
        ("end.latest >= start.earliest", {"start": "1991-02", "end": "1991-02-01"}, True),
        ("end.latest >= start.earliest", {"start": "1991-03", "end": "1991-02"}, False),
        ("1 in types", {"types": "1;2"}, True),
        ("types == []", {"types": "none"}, True),
        ("types.size() == 2", {"types": "1;2"}, True),
        ("types.exists(t, t > 1)", {"types": "1;2"}, True),
        ("size(story) > 3", {"story": "long"}, True),
        ("story.startsWith('Al')", {"story": "Allied Force"}, True),
        ("state < 200 ? 1 : 2", {"state": "200"}, 2),
        ("double(troops) / 4.0", {"troops": "1"}, 0.25),
    ],
)
def test_an_expression_reads_answers_as_numbers_lists_and_days(
    text: str, answers: dict[str, str], result: object
) -> None:
    assert asked(text, **answers) == result


UNKNOWN: list[dict[str, str]] = [{}, {"troops": "-77"}, {"troops": "-99"}, {"troops": "-88"}]


@pytest.mark.parametrize("answers", UNKNOWN)
@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("troops > 100", None),
        ("!(troops > 100)", None),
        ("troops + 1", None),
        ("troops > 100 ? 1 : 1", None),
        ("true || troops > 100", True),
        ("troops > 100 || true", True),
        ("false && troops > 100", False),
        ("troops > 100 && false", False),
        ("false || troops > 100", None),
        ("troops > 100 && true", None),
        ("troops in [1, 2]", None),
        ("[1, 2].exists(n, n == 2 || troops == n)", None),
    ],
)
def test_what_depends_on_an_unknown_answer_is_unknown_and_nothing_else(
    text: str, result: object, answers: dict[str, str]
) -> None:
    assert asked(text, **answers) == result


@pytest.mark.parametrize("code", ["-77", "-99", "-88"])
def test_a_missing_code_is_read_only_where_the_rule_spells_it_out(code: str) -> None:
    assert asked("troops in [-77, -88, -99]", troops=code) is True
    assert asked(f"troops == {code}", troops=code) is True
    assert asked("troops < 0", troops=code) is None
    assert asked(f"troops == {code}0", troops=code) is None
    assert asked(f"troops == {code}.5", troops=code) is None


def test_an_expression_that_spells_one_code_does_not_read_another() -> None:
    assert asked("troops == -77", troops="-99") is None
    assert asked("troops == -77 || goal == 1", troops="-99", goal="1") is True


@pytest.mark.parametrize(
    "text",
    [
        "1 / 0",
        "troops / (troops - 1)",
        "troops % (troops - 1)",
        "9223372036854775807 + troops",
        "troops + 'a'",
        "troops + 1.5",
        "story < troops",
        "troops.earliest",
        "start.middle",
        "types[5]",
        "troops[0]",
        "int(story)",
        "sum([story])",
        "sum(troops)",
        "story.matches('(')",
        "troops.size()",
        "!troops",
        "troops && true",
    ],
)
def test_what_cannot_be_computed_is_unknown_and_never_a_crash(text: str) -> None:
    assert asked(text, troops="1", story="word", start="1991", types="1") is None


@pytest.mark.parametrize("text", ["troops", "story", "1 + 1", "[true]", "null", "'true'"])
def test_a_condition_that_is_no_yes_or_no_does_not_hold_and_does_not_fail(text: str) -> None:
    assert holds(text, Context(row(troops="1", story="true"))) is None


# ------------------------------------------------------------------ rows above and beside


def test_an_expression_reads_the_rows_above_by_their_unit() -> None:
    above = {"intervention": row(troops="1000"), "conflict": row(goal="2")}
    here = Context(row(troops="250"), above)

    assert evaluate("double(troops) / double(intervention.troops)", here) == 0.25
    assert evaluate("conflict.goal == 2 && intervention.troops > troops", here) is True
    assert evaluate("intervention.goal == 2", here) is None
    assert evaluate("true || intervention.goal == 2", here) is True


def test_an_expression_counts_and_adds_over_the_rows_beside_it() -> None:
    beside = [row(goal="1", troops="10"), row(goal="2", troops="20"), row(goal="2", troops="30")]
    here = Context(beside[0], siblings=beside)

    assert evaluate("siblings.filter(s, s.goal == 2).size()", here) == 2
    assert evaluate("sum(siblings.map(s, s.troops))", here) == 60
    assert evaluate("sum(siblings.filter(s, s.goal == 2).map(s, s.troops))", here) == 50
    assert evaluate("siblings.exists_one(s, s.troops == 20)", here) is True
    assert evaluate("siblings.all(s, s.troops >= troops)", here) is True
    assert evaluate("siblings.size()", Context(row())) == 0
    assert evaluate("sum(siblings.map(s, s.troops))", Context(row())) == 0


def test_a_sum_over_rows_is_unknown_while_one_of_them_is() -> None:
    beside = [row(troops="10"), row(troops="-99"), row()]

    assert evaluate("sum(siblings.map(s, s.troops))", Context(row(), siblings=beside)) is None


@pytest.mark.parametrize(
    "order", [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)]
)
def test_one_row_decides_whatever_the_others_leave_open_and_whatever_their_order(
    order: tuple[int, ...],
) -> None:
    rows = [row(troops="10"), row(troops="-99", goal="1", story="told"), row()]
    here = Context(row(), siblings=[rows[n] for n in order])

    assert evaluate("siblings.exists(s, s.troops == 10)", here) is True
    assert evaluate("siblings.all(s, s.troops == 11)", here) is False
    assert evaluate("siblings.exists(s, s.troops == 11)", here) is None
    assert evaluate("siblings.all(s, s.troops == 10)", here) is None


def test_an_expression_counts_and_loops_over_the_rows_below_it() -> None:
    below = {"offer": [row(goal="1", troops="10"), row(goal="2", troops="-99")], "demand": []}
    here = Context(row(goal="2"), below=below)

    assert evaluate("offer.filter(o, o.goal == 1).size() == 1", here) is True
    assert evaluate("size(offer) == 2 && demand.size() == 0", here) is True
    assert evaluate("offer.exists(o, o.goal == goal)", here) is True
    assert evaluate("offer.exists(o, o.troops == 10)", here) is True
    assert evaluate("offer.all(o, o.troops == 10)", here) is None
    assert evaluate("pledge.size() == 0", here) is None  # whose rows are not known


SPELLS = {2: [("1816-01-01", "9999-12-31")], 255: [("1871-01-18", "1945-05-08")]}


@pytest.mark.parametrize(
    ("state", "day", "result"),
    [
        ("2", "1815-12-31", False),
        ("2", "1816", True),
        ("255", "1945-05-08", True),
        ("255", "1945-05-09", False),
        ("255", "1945-05", True),
        ("255", "1944/1950", True),
        ("255", "-99", None),
        ("-77", "1945", None),
        ("999", "1945", None),
    ],
)
def test_a_state_is_in_the_system_on_any_day_that_the_date_can_mean(
    state: str, day: str, result: bool | None
) -> None:
    here = Context(row(state=state, start=day), spells=lambda: SPELLS)

    assert evaluate("in_system(state, start)", here) is result


@pytest.mark.parametrize("text", ["in_system(state, 1)", "in_system()", "in_system(types, start)"])
def test_whether_something_else_is_in_the_system_cannot_be_known(text: str) -> None:
    here = Context(row(state="2", start="1991", types="1"), spells=lambda: SPELLS)

    assert evaluate(text, here) is None


# ------------------------------------------------------------------ what may be read


@pytest.mark.parametrize(
    "text",
    [
        "secret",
        "__builtins__",
        "environ",
        "intervention.__class__",
        "siblings.filter(s, true)[0].__class__",
        "siblings.all(s, s.__class__ == 1)",
        "troops.__class__",
        "sum.__globals__",
        "sum",
        "story.format",
        "intervention['secret']",
        "domains",
        "answers",
        "context",
    ],
)
def test_nothing_outside_the_case_can_be_read(text: str) -> None:
    here = Context(row(troops="1", story="x"), {"intervention": row(troops="1")}, [row(troops="1")])

    assert evaluate(text, here) is None


@pytest.mark.parametrize(
    ("text", "function"),
    [
        ("__import__('os')", "__import__"),
        ("eval('1')", "eval"),
        ("open('/etc/passwd')", "open"),
        ("troop(1)", "troop"),
        ("story.replace('a', 'b')", "replace"),
        ("map(types, s, s.troops)", "map"),
        ("siblings.size().foo()", "foo"),
        ("cel.bind(x, 1, x)", "bind"),
    ],
)
def test_only_listed_functions_are_known_and_a_slip_is_told_at_once(
    text: str, function: str
) -> None:
    with pytest.raises(BadExpression, match=f"{function} is not a function: there are contains"):
        compiled(text)


def test_an_expression_cannot_change_what_it_reads() -> None:
    answers = {"types": "1;2", "troops": "5"}

    asked("types + [3] == [] || troops == 6", **answers)

    assert answers == {"types": "1;2", "troops": "5"}


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("troops > 1 && goal == 2", {"troops", "goal"}),
        ("intervention.troops > troops", {"intervention", "troops"}),
        ("siblings.filter(s, s.troops > goal).size() > 0", {"siblings", "goal"}),
        ("siblings .\n// rows\n filter ( s , s.troops > 0).size() > 0", {"siblings"}),
        ("siblings.all(s, s.troops > 0) && s > 1", {"siblings", "s"}),
        ("siblings.all(goal, goal.troops > 0) && goal > 1", {"siblings", "goal"}),
        ("story == 'siblings.all(troops, true)'", {"story"}),
        ("1 == 1", set()),
    ],
)
def test_the_names_that_an_expression_reads_are_known_without_running_it(
    text: str, read: set[str]
) -> None:
    assert names(text) == read


def test_what_an_expression_reads_of_other_rows_is_known_without_running_it() -> None:
    text = "intervention.goal == 1 && siblings.all(s, s.troops > s . share) // intervention.end"

    assert parent_names(text, "intervention") == {"goal"}
    assert sibling_names(text) == {"troops", "share"}
    assert parent_names("story == 'intervention.goal'", "intervention") == set()
    assert {"goal", "troops", "share"} <= words(text)
