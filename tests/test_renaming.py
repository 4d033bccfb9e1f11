"""Expressions follow a new name or code word by word, and nothing else of them changes."""

from __future__ import annotations

import pytest

from coding.renaming import CannotRename, reads, recode, rename


@pytest.mark.parametrize(
    ("text", "renamed"),
    [
        ("goal == 1", "aim == 1"),
        ("goal_2 == 1 && goals > 0", "goal_2 == 1 && goals > 0"),
        ("intervention.goal != goal", "intervention.aim != aim"),
        ('goal == "goal" // the goal', 'aim == "goal" // the goal'),
        ("siblings.exists(s, s.goal == goal)", "siblings.exists(s, s.aim == aim)"),
        ("r'goal' == goal", "r'goal' == aim"),
        ("goal.earliest<goal . latest", "aim.earliest<aim . latest"),
        ("!(goal in [1, 2]) ? goal : -goal", "!(aim in [1, 2]) ? aim : -aim"),
    ],
)
def test_a_name_is_replaced_where_it_is_read_and_not_in_what_is_quoted(
    text: str, renamed: str
) -> None:
    assert rename(text, "goal", "aim") == renamed


@pytest.mark.parametrize("name", ["s", "size"])
def test_a_variable_named_as_a_function_leaves_the_function_alone(name: str) -> None:
    assert rename("size == 1 && siblings.size() > 0", "size", name) == (
        f"{name} == 1 && siblings.size() > 0"
    )


@pytest.mark.parametrize(("old", "new"), [("goal", "s"), ("s", "aim")])
def test_a_name_that_a_loop_gives_its_rows_is_not_rewritten_by_guess(old: str, new: str) -> None:
    with pytest.raises(CannotRename):
        rename("siblings.exists(s, s.goal == 1)", old, new)


@pytest.mark.parametrize(
    ("text", "recoded"),
    [
        ('goal == "a"', "goal == 7"),
        ("goal != 1 && 1 == goal", 'goal != "b" && "b" == goal'),
        ('goal in ["a", 1, 2]', 'goal in [7, "b", 2]'),
        ("1 in goal", '"b" in goal'),
        ("intervention.goal == 1", 'intervention.goal == "b"'),
        ("siblings.exists(s, s.goal == 1)", 'siblings.exists(s, s.goal == "b")'),
        ("goal == -1", "goal == -2"),
        ("goal == 1 + 1", "goal == 1 + 1"),
        ("other == 1 && goal == 2", "other == 1 && goal == 2"),
        ("x - 1 == goal", "x - 1 == goal"),
        ("goal > 1", "goal > 1"),
        ("text == \"a\" || goal == 'a'", 'text == "a" || goal == 7'),
    ],
)
def test_a_code_is_replaced_where_the_variable_is_compared_with_it(text: str, recoded: str) -> None:
    assert recode(text, "goal", {"a": "7", "1": "b", "-1": "-2"}) == recoded


def test_codes_may_change_places() -> None:
    assert recode("v == 1 || v == 2", "v", {"1": "2", "2": "1"}) == "v == 2 || v == 1"


def test_who_reads_a_variable_is_told_from_who_only_quotes_it() -> None:
    assert reads("intervention.goal > 1", "goal")
    assert not reads('other == "goal" // goal', "goal")
