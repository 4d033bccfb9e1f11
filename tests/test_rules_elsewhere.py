"""Skip, check and derive rules in XPath and back: what they decide stays the same."""

from __future__ import annotations

import math
import operator
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from coding.canonical import Domain
from coding.expressions import Context, Row, evaluate, holds
from curation.formats.rules import translate, xpath
from curation.formats.rules.parser import Parser
from curation.formats.rules.scope import scope_of
from curation.formats.rules.translate import Language
from curation.formats.rules.tree import Node, Untranslatable

XPATH = Language(xpath.written, xpath.read)
many = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def variable(name: str, kind: str, *codes: int | str, unit: str = "side") -> dict[str, Any]:
    categories = [{"code": code, "label": f"Label {code}"} for code in codes]
    return {"name": name, "unit": unit, "type": kind, "categories": categories}


DOCUMENT: dict[str, Any] = {
    "codebook": {
        "units": [{"id": "war"}, {"id": "side", "parent": "war"}, {"id": "end", "parent": "war"}],
        "missing_codes": [{"code": -77}, {"code": -88, "set_by": "rule"}, {"code": -99}],
    },
    "variables": [
        variable("size", "integer", unit="war"),
        variable("aim", "category", 1, 2, 3),
        variable("word", "category", "regime", "other"),
        variable("aims", "set", 1, 2, 3),
        variable("men", "integer"),
        variable("share", "decimal"),
        variable("story", "text"),
        variable("began", "date"),
        variable("state", "state"),
        variable("goal", "text", unit="end"),
    ],
}
SIDE = scope_of(DOCUMENT, "side")


# ------------------------------------------------------------------ by example

SAME = [
    ("aim == 1", "${aim} != 1", "${aim} = 1 or UNKNOWN(aim)"),
    ("aim != 1", "${aim} = 1 or UNKNOWN(aim)", "${aim} != 1"),
    ("word == 'regime'", "${word} != 'regime'", "${word} = 'regime' or UNKNOWN(word)"),
    ("aim in [1, 2]", "not(selected('1 2', ${aim}))", "selected('1 2', ${aim}) or UNKNOWN(aim)"),
    ("!(aim in [1, 2])", "selected('1 2', ${aim}) or UNKNOWN(aim)", "not(selected('1 2', ${aim}))"),
    ("2 in aims", "not(selected(${aims}, '2'))", "selected(${aims}, '2') or UNKNOWN(aims)"),
    ("aims == [2]", "${aims} != '2'", "${aims} = '2' or UNKNOWN(aims)"),
    ("men < 4", "${men} >= 4 or UNKNOWN(men)", "${men} < 4 or UNKNOWN(men)"),
    ("aim == -77", "${aim} != -77", "${aim} = -77 or UNKNOWN(aim, -99)"),
    ("men <= war.size", "${men} > ${size} or UNKNOWN(men) or UNKNOWN(size)", None),
    ("aim == 1 && men > 2", "${aim} != 1 or ${men} <= 2 or UNKNOWN(men)", None),
    (
        "men > 2 && men < 9 || aim == 1",
        "(${men} <= 2 or ${men} >= 9 or UNKNOWN(men)) and ${aim} != 1",
        "${men} > 2 and ${men} < 9 or ${aim} = 1 or UNKNOWN(men) or UNKNOWN(aim)",
    ),
    ("aims.size() > 2", "count-selected(${aims}) <= 2 or UNKNOWN(aims)", None),
    ("story.startsWith('a b')", None, "starts-with(${story}, 'a b') or UNKNOWN(story)"),
    ('story == "it\'s"', '${story} != "it\'s"', None),
    ("state == 'USA'", "${state} != 'USA'", None),
    ("began == -99", "${began} != '-99'", None),
    ("true", "false()", "true()"),
    ("men * 2 + 1 > war.size % 7", None, "${men} * 2 + 1 > ${size} mod 7 or UNKNOWN(men, size)"),
]


def spelled(said: str) -> str:
    """With what is meant by an answer that is not known."""
    for names in ("aim, -99", "men, size", "aim", "word", "aims", "men", "size", "story"):
        first, _, second = names.partition(", ")
        codes = second if second.startswith("-") else "-77 -99"
        parts = [first] if second.startswith("-") or not second else [first, second]
        unknown = " or ".join(
            f"string(${{{p}}}) = '' or selected('{codes}', string(${{{p}}}))" for p in parts
        )
        said = said.replace(f"UNKNOWN({names})", unknown)
    return said


@pytest.mark.parametrize(("rule", "shown", "held"), SAME)
def test_a_condition_is_said_in_xpath(rule: str, shown: str | None, held: str | None) -> None:
    if shown:
        assert translate.shown(rule, SIDE, XPATH).there == spelled(shown)
    if held:
        assert translate.held(rule, SIDE, XPATH).there == spelled(held)


@pytest.mark.parametrize(
    ("rule", "form"),
    [
        ("((aim == 1))", "aim == 1"),
        ("!(aim == 1 && (men > 2 || !(men < 1)))", "aim != 1 || men <= 2 && men < 1"),
        ("size(aims) > 1", "aims.size() > 1"),
        ("aim==1&&(men>2&&men<9) // so", "aim == 1 && men > 2 && men < 9"),
        ("aim == 1 || aim == 1", "aim == 1"),
        ("!!(aim == 1)", "aim == 1"),
    ],
)
def test_a_rule_has_one_form(rule: str, form: str) -> None:
    assert translate.held(rule, SIDE, XPATH).here == form


@pytest.mark.parametrize(
    ("relevant", "skip"),
    [
        ("${aim} = '1'", "aim != 1"),
        ("${aim}=1 and not(${men} > 3)", "aim != 1 || men > 3"),
        ("selected(${aims}, '2') or ${word} = 'other'", "!(2 in aims) && word != 'other'"),
        ("${size} div 2 > ${share}", "double(war.size) / 2.0 <= share"),
        ("not(selected(${aims}, 3))", "3 in aims"),
        ("${share} >= 0.5", "share < 0.5"),
        ("count-selected(${aims}) = 0", "aims.size() != 0"),
        ("true()", "false"),
    ],
)
def test_a_form_made_by_others_is_understood(relevant: str, skip: str) -> None:
    assert translate.skipped(relevant, SIDE, XPATH) == skip


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("siblings.exists(s, s.aim == 1)", "It looks at the rows beside its own."),
        ("siblings.size() > 1", "It looks at the rows beside its own."),
        ("began.latest > began.earliest", "It reads the earliest or latest day of a date."),
        ("goal == 'x'", "It reads goal, which is not in reach of side."),
        ("men / 2 > 1", "It divides whole numbers and drops the rest: use double()."),
        ("men + share > 1.0", "It computes with what are not all whole, or all decimal, numbers."),
        ("aim == 'regime'", "aim is never equal to regime."),
        ("story == 7", "story never holds 7."),
        ("story < 'b'", "It puts in order what is no number."),
        ("aims == [1, 2]", "It compares lists."),
        ("story.matches('a')", "It looks for a pattern inside a text."),
        ("story == 'a\\nb'", "A text in it cannot be written in one line."),
        ("string(aim) == '1'", "It calls string."),
        ("men", "It is neither true nor false."),
        ("men > (aim == 1 ? war.size : 3)", "It chooses between answers in the middle of a comp"),
        ("r'a' == story", "There is 'a' where the end was expected."),
        ("0x1F == men", "“0x1F == me” is not understood."),
        ("(" * 50 + "true" + ")" * 50, "It is nested too deeply."),
        ("!" * 50 + "true", "It is nested too deeply."),
    ],
)
def test_what_xpath_cannot_say_is_refused_with_the_reason(rule: str, why: str) -> None:
    with pytest.raises(Untranslatable) as refused:
        translate.held(rule, SIDE, XPATH)

    assert str(refused.value).startswith(why)


@pytest.mark.parametrize(
    ("relevant", "why"),
    [
        ("${goal} = 'x'", "It reads goal, which is not in reach of side."),
        ("pulldata('a', 'b', 'c', ${aim}) = 1", "It calls pulldata()."),
        ("/data/aim = 1", "“/data/aim ” is not understood."),
        ("${aim} = ''", "aim is never equal to nothing."),
        ("string(${aim}) = ''", "It asks only whether there is an answer."),
        ("${aim} =", "It ends too early."),
        ("not(${aim} = 1, 2)", "It calls not() with 2 parts."),
        ("${aim} = 1)", "There is ) where the end was expected."),
        ("1" * 32_768, "It is longer than 32767 characters."),
    ],
)
def test_what_casebook_cannot_say_is_refused_with_the_reason(relevant: str, why: str) -> None:
    with pytest.raises(Untranslatable) as refused:
        translate.skipped(relevant, SIDE, XPATH)

    assert str(refused.value) == why


# ------------------------------------------------------------------ what they decide

OF_SIDE = {
    "aim": "123",
    "word": ["regime", "other"],
    "men": ["0", "3", "12"],
    "story": ["a b", "c"],
}
ANSWERS = {name: st.sampled_from([*said, "-77", "-99", ""]) for name, said in OF_SIDE.items()}
ANSWERS |= {
    "aims": st.sampled_from(["1", "2", "1;3", "1;2;3", "-77", ""]),
    "share": st.sampled_from(["0", "0.5", "2", "-99", ""]),
    "size": st.sampled_from(["1", "3", "40", "-77", ""]),
}
ATOMS = [
    *("aim == 1", "aim != 2", "aim in [1, 3]", "aim == -77", "aim in [-77, 2]", "aim < 2"),
    *("word == 'regime'", "word != 'other'", "word in ['other']", "3 in aims", "aim in aims"),
    *("aims == [1]", "aims != [1]", "aims.size() >= 2", "men < 4", "men >= war.size", "men == aim"),
    *("share > 0.4", "war.size != 3", "story == 'c'", "story.contains('b')", "men + 1 > aim * 2"),
    *("!story.endsWith('b')", "double(men) / 2.0 < share", "aims == -77", "men % 2 == 1", "true"),
    "(aim < 2 ? aim : aim * 3) > 3",
]
conditions = st.recursive(
    st.sampled_from(ATOMS),
    lambda inner: st.one_of(
        st.builds("({} && {})".format, inner, inner),
        st.builds("({} || {})".format, inner, inner),
        st.builds("!({})".format, inner),
    ),
    max_leaves=4,
)
numbers = st.recursive(
    st.sampled_from(["men", "aim", "war.size", "3", "men + aim", "war.size % 2"]),
    lambda inner: st.builds("({} ? {} : {})".format, conditions, inner, inner),
    max_leaves=4,
)


@many
@given(conditions, st.fixed_dictionaries(ANSWERS))
def test_a_question_is_shown_in_a_form_unless_its_skip_rule_holds(
    rule: str, answers: dict[str, str]
) -> None:
    assert xpath_says(translate.shown(rule, SIDE, XPATH).there, answers) == (
        holds(rule, context_of(answers)) is not True
    )


@many
@given(conditions, st.fixed_dictionaries(ANSWERS))
def test_an_answer_meets_a_constraint_unless_its_check_fails(
    rule: str, answers: dict[str, str]
) -> None:
    assert xpath_says(translate.held(rule, SIDE, XPATH).there, answers) == (
        holds(rule, context_of(answers)) is not False
    )


SPELLED = {"aim": "-77", "aims": "-77", "men": "0", "share": "", "size": "", "story": "c"}


@many
@example("(aim == -77 && 3 in aims) ? men : 3", SPELLED | {"word": ""})
@given(numbers, st.fixed_dictionaries(ANSWERS))
def test_a_form_computes_what_casebook_computes(rule: str, answers: dict[str, str]) -> None:
    computed = xpath_says(translate.calculated(rule, SIDE, XPATH).there, answers)

    expected = evaluate(rule, context_of(answers))
    assert computed == ("" if expected is None else expected) or float(computed) == expected


@many
@given(conditions)
def test_a_rule_that_went_and_came_is_the_same(rule: str) -> None:
    said = translate.shown(rule, SIDE, XPATH)

    assert translate.shown(said.here, SIDE, XPATH) == said
    assert translate.skipped(said.there, SIDE, XPATH) == said.here


MISSING = {"-77": "Unclear", "-99": "Unknown"}


def context_of(answers: dict[str, str]) -> Context:
    domains = {
        v["name"]: Domain(v["type"], missing=MISSING, set_by_rule=frozenset({"-88"}))
        for v in DOCUMENT["variables"]
    }
    said = {name: answer for name, answer in answers.items() if answer}
    above = {"size": said.pop("size")} if "size" in said else {}
    return Context(Row(said, domains), {"war": Row(above, domains)})


def xpath_says(said: str, answers: dict[str, str]) -> Any:
    """What a form engine makes of an expression: XPath 1.0 over texts, no answer being none."""
    return value(Parser(said, xpath._SYNTAX).whole(), answers)


def value(node: Node, answers: dict[str, str]) -> Any:
    if node.op == "group":
        return value(node.parts[0], answers)
    if node.op == "ref":
        return answers[node.word].replace(";", " ")
    if node.op in ("number", "text"):
        return float(node.word) if node.op == "number" else node.word
    if node.op == "call" and node.word == "if":
        return value(node.parts[1 if value(node.parts[0], answers) else 2], answers)
    parts = [value(part, answers) for part in node.parts]
    if node.op in ("and", "or"):
        return all(parts) if node.op == "and" else any(parts)
    if node.op in ("==", "!="):
        as_texts = all(isinstance(part, str) for part in parts)
        same = parts[0] == parts[1] if as_texts else as_number(parts[0]) == as_number(parts[1])
        return same == (node.op == "==")
    if node.op == "call":
        return FUNCTIONS[node.word](*parts)
    return OPERATORS[node.op](*map(as_number, parts))


def as_number(said: Any) -> float:
    try:
        return float(said)
    except ValueError:
        return math.nan


OPERATORS: dict[str, Any] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "%": math.fmod,
    "/": operator.truediv,
    "neg": operator.neg,
}
FUNCTIONS: dict[str, Any] = {
    "not": operator.not_,
    "true": lambda: True,
    "false": lambda: False,
    "string": str,
    "number": as_number,
    "selected": lambda of, item: (f"{item:g}" if isinstance(item, float) else item) in of.split(),
    "count-selected": lambda of: float(len(of.split())),
    "contains": operator.contains,
    "ends-with": lambda said, end: said.endswith(end),
}
