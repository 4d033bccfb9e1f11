"""Expressions that are refused, and the promise that no accepted one crashes or runs long."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coding.expressions import (
    LONGEST,
    MOST_ROWS,
    BadExpression,
    Context,
    compiled,
    evaluate,
    holds,
    names,
    refuse_as_values,
)
from tests.test_expressions import MISSING, row

# ------------------------------------------------------------------ refused, with the place


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "Line 1, character 1: mismatched input '<EOF>'."),
        ("goal ==", "Line 1, character 8: mismatched input '<EOF>'."),
        ("goal = 1", "Line 1, character 6: token recognition error at: '= '."),
        ("goal == 1\n&& &&", "Line 2, character 4: mismatched input '&&'."),
        ("has(goal)", "Line 1, character 5: invalid argument to has() macro."),
        ("goal == 'a", "Line 1, character 9: token recognition error at: ''a'."),
        ("in == 1", "Line 1, character 1: mismatched input 'in'."),
        ("(" * 200 + "1" + ")" * 200, "Line 1, character 97: it is nested too deeply."),
        ("[" * 200 + "1" + "]" * 200, "Line 1, character 97: it is nested too deeply."),
        ("1" + "+1" * LONGEST, f"The expression is longer than {LONGEST} characters."),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(text: str, why: str) -> None:
    with pytest.raises(BadExpression) as refused:
        compiled(text)

    assert str(refused.value) == why


LOOPED = "siblings.all(a, {})"


@pytest.mark.parametrize(
    "text",
    [
        " && ".join([LOOPED.format("true")] * 3),
        LOOPED.format(LOOPED.format("true")),
        "siblings.map(a, siblings.size()).size() == 1",
        "siblings. map (a, siblings.// x\nmap(b, siblings.size()))",
        "siblings.map(a, ')' == '' ? 1 : siblings.size())",
        "siblings.map(a, r'\\' == ')' ? 1 : siblings.size())",
        "siblings.all(a, types.exists(t, t == a.goal))",
        'siblings.map(a, """)\n"""==""?1:siblings.size())',
        "siblings.map(a, [a, a, a]).map(b, [b, b, b])",
        "siblings.map(a, {'a': a})",
        "siblings.map(a, main[0])",
        "siblings.map(a, story" + " + story" * 5 + ")",
        "siblings.existsOne(a, siblings.existsOne(b, true))",
        "siblings.all(a, story.matches(a.story))",
    ],
)
def test_what_could_run_long_is_refused(text: str) -> None:
    with pytest.raises(BadExpression, match="too long"):
        compiled(text)


@pytest.mark.parametrize(
    "text",
    [
        "siblings + siblings == []",
        "[siblings].size() == 1",
        "siblings.map(a, siblings)",
        "siblings[0].troops == 1",
        "sum(siblings) == 1",
        "troops == 1 ? siblings : siblings",
    ],
)
def test_siblings_are_only_counted_and_looped_over_for_they_have_no_order(text: str) -> None:
    with pytest.raises(BadExpression, match="siblings can only be counted and looped over"):
        compiled(text)


@pytest.mark.parametrize(
    "text",
    [
        "siblings.all(a, a.goal in [1, 2])",
        "siblings.filter(a, a.goal in[1]).size() == siblings.size()",
        "siblings.exists(a, a.troops + a.share > 1.0 && (a.goal == 1 || a.goal == 2))",
        "sum(siblings.filter(s, s.goal == 2).map(s, s.troops)) > 3",
        "goal in [1, 2] && types == [1]",
    ],
)
def test_what_a_codebook_needs_is_not_refused(text: str) -> None:
    compiled(text)


TEXT = "x" * 20_000


@pytest.mark.parametrize(
    "text",
    [
        "siblings.filter(a, a.goal == 1).map(b, b).size()",
        "siblings.map(a, a.story + story + story + a.story + a.story).size()",
        "siblings.map(a, a.types + types + types + types + a.types).size()",
        "siblings.all(a, " + " || ".join(f"a.goal == {n}" for n in range(1, 60)) + ")",
        "story" + " + story" * 110 + " == ''",
        "story.matches(story)",
        "story.matches('(x+x+)+y')",
        "-" * 900 + "1 == 1",
        "!" * 900 + "true",
        "true && " * 110 + "true",
    ],
)
def test_the_worst_that_is_accepted_ends_soon_with_300_long_rows(text: str) -> None:
    """Seconds, not minutes, on any machine: the limits keep the work of an expression bounded."""
    types = ";".join(str(n) for n in range(1, 60))
    full = row(troops="1", goal="1", story=TEXT, types=types)
    begun = time.perf_counter()

    evaluate(text, Context(full, siblings=[full] * 300))

    assert time.perf_counter() - begun < 20


@pytest.mark.parametrize(
    "text",
    [
        "below.filter(a, a.goal == 1).map(b, b).size() == below.size()",
        "below.map(a, a.story + story + story + a.story + a.story).size() == size(below)",
        "below.all(a, in_system(a.state, a.start)) && below.exists(b, b.state == 200)",
    ],
)
def test_the_worst_that_is_accepted_of_rows_below_ends_soon(text: str) -> None:
    refuse_as_values(text, ("below",))
    full = row(troops="1", goal="1", story=TEXT, state="200", start="1991")
    spells = {200: [(f"{year}-01-01", f"{year}-12-31") for year in range(1816, 2016)]}
    begun = time.perf_counter()

    evaluate(text, Context(full, below={"below": [full] * 300}, spells=lambda: spells))

    assert time.perf_counter() - begun < 20


def test_more_rows_than_can_be_read_soon_are_not_known() -> None:
    few, many = [row(goal="1")] * MOST_ROWS, [row(goal="1")] * (MOST_ROWS + 1)
    context = Context(row(), siblings=few, below={"few": few, "many": many})

    assert evaluate("few.size()", context) == evaluate("siblings.size()", context) == MOST_ROWS
    assert evaluate("many.size()", context) is None
    assert evaluate("true || many.size() > 1", context) is True


@pytest.mark.parametrize(
    "text",
    [
        "below == []",
        "[below]",
        "(below)[0]",
        "below[0].goal == 1",
        "sum(below) == 1",
        "types.map(t, below)",
        "true ? below : below",
        "size(below + below)",
    ],
)
def test_rows_below_are_only_counted_and_looped_over(text: str) -> None:
    with pytest.raises(BadExpression, match="below"):
        refuse_as_values(text, ("siblings", "below"))


@pytest.mark.parametrize(
    "text",
    ["size(below) == 1", "size( below )==below.size()", "below.exists(b, b.goal in [1])", "belows"],
)
def test_counting_and_looping_is_what_they_are_for(text: str) -> None:
    refuse_as_values(text, ("siblings", "below"))


# ------------------------------------------------------------------ whatever is written

PIECES = st.sampled_from(
    re.findall(
        r"\S+",
        "goal troops share start types story siblings s intervention secret 1 0 -77 1.5 'a' true "
        "below in_system( null ( ) [ ] { } . , : ? + - * / % ! == != < > && || in .size() .map(s, "
        ".filter(s, "
        '.all(s, .exists( has( sum( int( double( .earliest .troops // \\ " ~~~'.replace("~", "'"),
    )
)


@settings(deadline=None, max_examples=300)
@given(st.lists(PIECES, max_size=25), st.sampled_from([" ", ""]))
def test_whatever_is_written_is_refused_in_words_or_has_a_result(
    pieces: list[str], between: str
) -> None:
    text = between.join(pieces)
    full = row(goal="1", troops="-77", share="0.5", start="1991", types="1;2", story="told")
    rows = [full, row()]
    context = Context(full, {"intervention": full}, rows, {"below": rows}, lambda: {1: ()})
    try:
        read = names(text)
    except BadExpression as refused:
        assert 0 < len(str(refused)) < 400  # noqa: PT017
        return
    result = evaluate(text, context)

    assert result is None or read is not None
    assert holds(text, context) in (True, False, None)


answered: st.SearchStrategy[Mapping[str, str]] = st.fixed_dictionaries(
    {},
    optional={
        "goal": st.sampled_from(["1", "2", "-99"]),
        "troops": st.sampled_from(["0", "1", "5", "-77"]),
        "types": st.sampled_from(["none", "1", "1;2", "-99"]),
    },
)


@st.composite
def conditions(draw: st.DrawFn, depth: int = 3) -> str:
    if depth == 0 or draw(st.booleans()):
        return draw(st.sampled_from(["goal == 1", "troops > 1", "1 in types", "true", "false"]))
    if draw(st.booleans()):
        return f"!({draw(conditions(depth - 1))})"
    both = draw(st.sampled_from(["&&", "||"]))
    return f"({draw(conditions(depth - 1))} {both} {draw(conditions(depth - 1))})"


@settings(deadline=None, max_examples=200)
@given(conditions(), answered, answered)
def test_a_condition_that_is_known_stays_so_whatever_else_is_answered(
    text: str, first: Mapping[str, str], more: Mapping[str, str]
) -> None:
    """What three-valued logic promises: an answer can settle what is open, never turn it round."""
    early = holds(text, Context(row(**first)))
    later = holds(text, Context(row(**{**more, **known(first)})))

    assert early is None or early == later


def known(answers: Mapping[str, str]) -> Mapping[str, str]:
    return {name: text for name, text in answers.items() if text not in MISSING}
