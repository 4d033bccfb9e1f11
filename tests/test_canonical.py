"""One written form per value: what is accepted, what is refused with which words, what is equal."""

from __future__ import annotations

import unicodedata
import warnings
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from coding.canonical import (
    LONGEST_TEXT,
    Domain,
    Invalid,
    distance,
    join,
    matches,
    members,
    parse,
    plain,
    same,
    show,
)

with warnings.catch_warnings():  # the oracle's own grammar warns while it is built
    warnings.simplefilter("ignore")

STATES = {"2": "United States", "200": "United Kingdom", "220": "France"}
MISSING = {"-77": "Cannot be determined", "-99": "Unknown"}
GOALS = {"1": "Regime", "2": "Policy", "10": "Advice, training or support", "-1": "Hindered"}

INTEGER = Domain("integer", missing=MISSING, set_by_rule=frozenset({"-88"}))
DECIMAL = Domain("decimal")
DATE = Domain("date", missing=MISSING)
TEXT = Domain("text")
GOAL = Domain("category", categories=GOALS, missing=MISSING)
SET = Domain("set", categories=GOALS, missing=MISSING, can_be_empty=True)
STATE = Domain("state", missing=MISSING)
ROSTER = Domain("set", of_states=True, can_be_empty=True, missing=MISSING)
SPONSORS = Domain("set", categories={"0": "None", "1": "UN"}, exclusive=frozenset({"0"}))

quick = settings(deadline=None, max_examples=150)


def refusal(raw: str, domain: Domain) -> str:
    with pytest.raises(Invalid) as refused:
        parse(raw, domain, STATES)
    return str(refused.value)


# ------------------------------------------------------------------ accepted


@pytest.mark.parametrize(
    ("domain", "raw", "written"),
    [
        (GOAL, " 1 ", "1"),
        (GOAL, "−1", "-1"),
        (GOAL, "\ufeff1\u200b", "1"),
        (GOAL, "-99", "-99"),
        (GOAL, "−77", "-77"),
        (INTEGER, "007", "7"),
        (INTEGER, "+5", "5"),
        (INTEGER, "-0", "0"),
        (INTEGER, "−5", "-5"),
        (INTEGER, "-99", "-99"),
        (INTEGER, "9" * 18, "9" * 18),
        (DECIMAL, "1.50", "1.5"),
        (DECIMAL, ".5", "0.5"),
        (DECIMAL, "1.", "1"),
        (DECIMAL, "-0.0", "0"),
        (DECIMAL, "−0.25", "-0.25"),
        (DECIMAL, "100", "100"),
        (DECIMAL, "0.000000000000001", "0.000000000000001"),
        (DECIMAL, "999999999999999.123456789012345", "999999999999999.123456789012345"),
        (TEXT, "e\u0301", "é"),
        (TEXT, "one\r\ntwo\rthree", "one\ntwo\nthree"),
        (TEXT, "- a dash begins no formula", "- a dash begins no formula"),
        (TEXT, "-5 degrees", "-5 degrees"),
        (STATE, "200", "200"),
        (SET, "10;2;1", "1;2;10"),
        (SET, "2, 1, 2", "1;2"),
        (SET, "−1;1", "-1;1"),
        (SET, "none", "none"),
        (SET, "-77", "-77"),
        (ROSTER, "220;2", "2;220"),
        (ROSTER, "none", "none"),
        (SPONSORS, "0", "0"),
    ],
)
def test_an_answer_is_brought_into_its_written_form(domain: Domain, raw: str, written: str) -> None:
    assert parse(raw, domain, STATES) == written


# ------------------------------------------------------------------ refused


@pytest.mark.parametrize(
    ("domain", "raw", "why"),
    [
        (GOAL, "", "Empty: give an answer, or one of the missing codes."),
        (GOAL, " \u200b ", "Empty: give an answer, or one of the missing codes."),
        (INTEGER, "-88", "-88 is set by a skip rule and cannot be typed: leave it out."),
        (GOAL, "policy", "“policy” is a label: write its code, 2."),
        (GOAL, "3", "“3” is not a category code: choose from 1, 2, 10, -1."),
        (GOAL, "01", "“01” is not a category code: choose from 1, 2, 10, -1."),
        (GOAL, "-66", "“-66” is not a category code: choose from 1, 2, 10, -1."),
        (INTEGER, "6,000-10,000", "“6,000-10,000” is not a whole number"),
        (INTEGER, "1_000", "“1_000” is not a whole number"),
        (INTEGER, "5.0", "“5.0” is not a whole number"),
        (INTEGER, "1e5", "“1e5” is not a whole number"),
        (INTEGER, "١٢", "“١٢” is not a whole number"),
        (INTEGER, "5²", "“5²” is not a whole number"),
        (INTEGER, "9" * 19, f"“{'9' * 19}” is not a whole number"),
        (INTEGER, "9" * 5000, f"“{'9' * 57}…” is not a whole number"),
        (DECIMAL, "0,25", "“0,25” is not a number"),
        (DECIMAL, "NaN", "“NaN” is not a number"),
        (DECIMAL, "Infinity", "“Infinity” is not a number"),
        (DECIMAL, "1e-3", "“1e-3” is not a number"),
        (DECIMAL, ".", "“.” is not a number"),
        (TEXT, "=cmd()", "It begins like a spreadsheet formula: begin with a word."),
        (TEXT, " @SUM(A1)", "It begins like a spreadsheet formula: begin with a word."),
        (TEXT, "+cmd", "It begins like a spreadsheet formula: begin with a word."),
        (TEXT, "-2+3+cmd|' /C calc'!A0", "It begins like a spreadsheet formula"),
        (TEXT, "-1+HYPERLINK(A1)", "It begins like a spreadsheet formula"),
        (TEXT, "a\x00b", "It holds a control character: remove it."),
        (TEXT, "a\x1bb", "It holds a control character: remove it."),
        (TEXT, "a\x9fb", "It holds a control character: remove it."),
        (TEXT, "a\ud800b", "It holds a control character: remove it."),
        (GOAL, "1\x00", "It holds a control character: remove it."),
        (TEXT, "x" * (LONGEST_TEXT + 1), "20001 characters: at most 20000 fit."),
        (STATE, "France", "“France” is a label: write its code, 220."),
        (STATE, "999", "“999” is not a code of the state list."),
        (SET, "1;policy", "“policy” is a label: write its code, 2."),
        (SET, "1;3", "“3” is not a category code: choose from 1, 2, 10, -1."),
        (SET, "1;-77", "“-77” is not a category code: choose from 1, 2, 10, -1."),
        (SET, "1;none", "“none” is not a category code: choose from 1, 2, 10, -1."),
        (SET, ";,", "Empty: choose at least one."),
        (ROSTER, "2;France", "“France” is a label: write its code, 220."),
        (SPONSORS, "0;1", "0 stands alone: it cannot be chosen with others."),
        (SPONSORS, "none", "“none” is not possible here: choose a category."),
    ],
)
def test_what_is_no_value_is_refused_with_the_rule_it_breaks(
    domain: Domain, raw: str, why: str
) -> None:
    assert refusal(raw, domain).startswith(why)


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        ("-1", "-1 is below the minimum, 0."),
        ("700001", "700001 is above the maximum, 700000."),
    ],
)
def test_a_number_out_of_range_is_refused_with_the_limit(raw: str, why: str) -> None:
    persons = Domain("integer", minimum=Decimal("0E-8"), maximum=Decimal("700000.00000000"))

    assert refusal(raw, persons) == why
    assert [parse(limit, persons) for limit in ("0", "700000")] == ["0", "700000"]


def test_a_missing_code_needs_to_be_in_no_range() -> None:
    assert parse("-99", Domain("integer", missing=MISSING, minimum=Decimal(0))) == "-99"


# ------------------------------------------------------------------ patterns


def test_a_text_with_a_pattern_has_it_from_beginning_to_end() -> None:
    numbers = Domain("text", pattern="[0-9]{1,4}(;[0-9]{1,4})*")

    assert parse("678;660", numbers) == "678;660"
    for raw in ("x678", "678x", "678\nx", "678;"):
        assert refusal(raw, numbers).endswith("does not have the form [0-9]{1,4}(;[0-9]{1,4})*.")


@pytest.mark.parametrize("pattern", ["(", "[a", "a)|(b", "a{2,1}", "(a{100}){100}{100}"])
def test_a_pattern_that_is_no_regular_expression_is_refused(pattern: str) -> None:
    with pytest.raises(Invalid, match="no regular expression"):
        matches("a", pattern)


def test_a_pattern_that_would_backtrack_without_end_ends() -> None:
    assert matches("a" * LONGEST_TEXT + "b", "(a+)+") is False
    assert matches("a" * LONGEST_TEXT, "(a|aa)+") is True


# ------------------------------------------------------------------ one form per meaning

codes = st.text("0123456789abcXYZ_-", min_size=1, max_size=6).filter(lambda c: c != "none")
integers = st.integers(-(10**18) + 1, 10**18 - 1)
decimals = st.decimals(min_value=-(10**15) + 1, max_value=10**15 - 1, allow_nan=False, places=15)


def of_codes(chosen: list[str]) -> Domain:
    return Domain("set", categories={c: f"label of {c}" for c in chosen}, can_be_empty=True)


@quick
@given(st.sampled_from([INTEGER, DECIMAL, DATE, TEXT, GOAL, SET, STATE, ROSTER]), st.text())
def test_parsing_a_written_form_again_changes_nothing(domain: Domain, raw: str) -> None:
    try:
        written = parse(raw, domain, STATES)
    except Invalid:
        return
    assert parse(written, domain, STATES) == written


@quick
@given(integers, st.sampled_from(["", "+", "0", "00", "+0"]))
def test_every_way_to_write_a_whole_number_has_one_form(number: int, before: str) -> None:
    raw = f"-{before.lstrip('+')}{-number}" if number < 0 else f"{before}{number}"
    assume(len(raw.lstrip("+-")) <= 18)

    assert parse(raw, INTEGER if number not in (-77, -88, -99) else DECIMAL) == str(number)


@quick
@given(decimals, decimals)
def test_decimals_have_the_same_form_just_when_they_are_equal(a: Decimal, b: Decimal) -> None:
    first, second = parse(f"{a:f}", DECIMAL), parse(f"{b:f}", DECIMAL)

    assert Decimal(first) == a
    assert (first == second) == (a == b)
    assert parse(f"{a:f}".rstrip("0"), DECIMAL) == first


@quick
@given(st.lists(codes, unique=True, min_size=1), st.randoms(use_true_random=False))
def test_sets_have_the_same_form_whatever_the_order(chosen: list[str], lots: Any) -> None:
    domain, shuffled = of_codes(chosen), list(chosen)
    lots.shuffle(shuffled)

    assert parse(";".join(chosen), domain) == parse(", ".join(shuffled * 2), domain)
    assert set(members(parse(";".join(chosen), domain))) == set(chosen)


@quick
@given(st.sets(codes), st.sets(codes))
def test_joining_and_taking_apart_are_inverse_and_tell_sets_apart(a: set[str], b: set[str]) -> None:
    assert set(members(join(a))) == a
    assert (join(a) == join(b)) == (a == b)


@quick
@given(st.permutations(["1", "01", "001", "2", "10", "-1", "a", "A"]))
def test_a_set_is_sorted_by_size_whatever_order_it_is_in(order: list[str]) -> None:
    assert join(dict.fromkeys(order).keys()) == "-1;001;01;1;2;10;A;a"  # type: ignore[arg-type]


# ------------------------------------------------------------------ nothing crashes


@settings(deadline=None, max_examples=400)
@given(
    st.sampled_from([INTEGER, DECIMAL, DATE, TEXT, GOAL, SET, STATE, ROSTER, SPONSORS]),
    st.text(st.characters(exclude_categories=())) | st.text("0123456789-/.~?;,−+ ", max_size=24),
)
def test_any_text_is_a_value_or_is_refused_in_words(domain: Domain, raw: str) -> None:
    try:
        written = parse(raw, domain, STATES)
    except Invalid:
        return
    assert written == unicodedata.normalize("NFC", written).strip() != ""
    assert written.encode() == parse(written, domain, STATES).encode()
    assert show(written, domain, STATES) != ""
    assert plain(written, domain) is not None


# ------------------------------------------------------------------ agreement


def test_without_a_tolerance_only_the_same_form_agrees() -> None:
    assert same("100", "100", INTEGER)
    assert not same("100", "101", INTEGER)


@pytest.mark.parametrize(
    ("kind", "a", "b", "apart"),
    [
        ("integer", "100", "110", 10),
        ("integer", "-5", "5", 10),
        ("decimal", "0.25", "10.25", 10),
        ("date", "1991-02-18", "1991-02-28", 10),
        ("date", "1991-02", "1991-02-11", 17),
        ("date", "1991", "1991", 0),
        ("date", "1990-08-02/1990-08-09", "1990-08-12/1990-08-15", 10),
    ],
)
def test_numbers_and_dates_lie_apart_by_their_further_ends(
    kind: str, a: str, b: str, apart: int
) -> None:
    assert distance(a, b, Domain(kind)) == distance(b, a, Domain(kind)) == apart


def test_a_tolerance_counts_what_is_close_as_agreeing_and_never_a_missing_code() -> None:
    close = Domain(
        "integer", tolerance=Decimal(10), missing=MISSING, set_by_rule=frozenset({"-88"})
    )

    assert same("100", "110", close)
    assert not same("100", "111", close)
    assert not same("-99", "-95", close)
    assert not same("-88", "-85", close)
    assert not same("-77", "-77.5", close)
    assert same("-99", "-99", close)


@quick
@given(st.integers(-50, 50), st.integers(-50, 50), st.integers(0, 20))
def test_agreement_is_mutual(a: int, b: int, tolerance: int) -> None:
    close = Domain("integer", tolerance=Decimal(tolerance))

    assert same(str(a), str(b), close) == same(str(b), str(a), close) == (abs(a - b) <= tolerance)


# ------------------------------------------------------------------ shown and computed with


@pytest.mark.parametrize(
    ("domain", "text", "shown"),
    [
        (GOAL, None, ""),
        (GOAL, "2", "2 Policy"),
        (GOAL, "-77", "-77 Cannot be determined"),
        (INTEGER, "-88", "-88 not applicable"),
        (INTEGER, "1000", "1000"),
        (SET, "1;10", "1 Regime; 10 Advice, training or support"),
        (SET, "none", "none"),
        (SET, "-99", "-99 Unknown"),
        (STATE, "220", "France (220)"),
        (STATE, "999", "999"),
        (ROSTER, "2;220", "United States (2); France (220)"),
        (DATE, "1991-02~", "1991-02~"),
    ],
)
def test_a_value_is_shown_with_what_its_codes_mean(
    domain: Domain, text: str | None, shown: str
) -> None:
    assert show(text, domain, STATES) == shown


@pytest.mark.parametrize(
    ("domain", "text", "read"),
    [
        (GOAL, "2", 2),
        (Domain("category", categories={"regime": "Regime"}), "regime", "regime"),
        (GOAL, "-77", -77),
        (INTEGER, "1000", 1000),
        (DECIMAL, "0.25", 0.25),
        (DECIMAL, "3", 3.0),
        (DATE, "1991-02", {"earliest": "1991-02-01", "latest": "1991-02-28"}),
        (DATE, "-99", -99),
        (SET, "1;10", [1, 10]),
        (SET, "none", []),
        (SET, "-77", -77),
        (STATE, "220", 220),
        (TEXT, "678", "678"),
        (Domain("boolean", categories={"0": "No", "1": "Yes"}), "1", 1),
    ],
)
def test_a_value_is_computed_with_as_a_number_a_list_or_two_days(
    domain: Domain, text: str, read: object
) -> None:
    found = plain(text, domain)

    assert (found, type(found)) == (read, type(read))
