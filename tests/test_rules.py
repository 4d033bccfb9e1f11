"""What a codebook's rules make of a row: skipped, computed, broken, still to be answered."""

from __future__ import annotations

from typing import Any

import pytest

from coding import work
from coding.canonical import Domain
from coding.errors import Refused
from coding.expressions import Row
from coding.models import Entry
from coding.rules import Reading, Surroundings, broken_checks, read, unanswered
from tests.conftest import World

MISSING = {"-77": "Cannot be determined", "-99": "Unknown"}
NUMBER = Domain("integer", missing=MISSING, set_by_rule=frozenset({"-88"}))
ALONE = Surroundings()


def entry(name: str, domain: Domain = NUMBER, **more: Any) -> Entry:
    made = Entry(name=name, **more)
    made.domain = domain
    return made


def skipping(name: str, condition: str, value: str = "-88", **more: Any) -> Entry:
    return entry(name, skip_if=condition, skip_value=value, **more)


def check(expression: str, severity: str = "hard") -> list[dict[str, str]]:
    return [{"expr": expression, "severity": severity, "message": f"{expression} fails"}]


# ------------------------------------------------------------------ skip


def test_what_a_skip_rule_holds_for_is_skipped_with_its_answer() -> None:
    entries = [entry("a"), skipping("b", "a == 0"), skipping("c", "a == 0", "0")]

    reading = read(entries, {"a": "0", "b": "5"}, ALONE)

    assert reading == Reading({"a": "0", "b": "-88", "c": "0"}, {"b": "-88", "c": "0"}, {})


@pytest.mark.parametrize("a", [{}, {"a": "1"}, {"a": "-99"}])
def test_what_a_skip_rule_does_not_hold_for_or_cannot_know_is_asked(a: dict[str, str]) -> None:
    entries = [entry("a"), skipping("b", "a == 0")]

    assert read(entries, {**a, "b": "5"}, ALONE) == Reading({**a, "b": "5"}, {}, {})


CHAIN = [entry("a"), skipping("b", "a == 0"), skipping("c", "b == -88"), skipping("d", "c > 3")]


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (2, 0, 3, 1)])
def test_a_chain_of_skip_rules_is_followed_to_its_end_in_any_order(order: tuple[int, ...]) -> None:
    entries = [CHAIN[n] for n in order]

    reading = read(entries, {"a": "0", "b": "1", "c": "5", "d": "7"}, ALONE)

    assert reading.answers == {"a": "0", "b": "-88", "c": "-88", "d": "7"}
    assert reading.skipped == {"b": "-88", "c": "-88"}


def test_an_answer_of_a_name_that_is_no_entry_is_left_out() -> None:
    assert read([entry("a")], {"a": "1", "gone": "2"}, ALONE).answers == {"a": "1"}


# ------------------------------------------------------------------ derive

SHARE = Domain("decimal", missing=MISSING)


@pytest.mark.parametrize(
    ("derive", "domain", "text"),
    [
        ("double(a) / double(b)", SHARE, "0.25"),
        ("double(a) / 3.0", SHARE, "0.333333"),
        ("double(a) / 0.0", SHARE, None),
        ("a + b", NUMBER, "5"),
        ("double(a)", NUMBER, None),
        ("a < b", Domain("boolean", categories={"0": "No", "1": "Yes"}), "1"),
        ("a < b ? 'x' : 'y'", Domain("category", categories={"x": "X"}), "x"),
        ("a > b ? 'x' : 'y'", Domain("category", categories={"x": "X"}), None),
        ("[b, a]", Domain("set", categories={"1": "X", "4": "Y"}), "1;4"),
        ("[b, a]", Domain("set", categories={"1": "X"}), None),
        ("a + c", NUMBER, None),
        ("a + 1.5", SHARE, None),
        ("-99", NUMBER, "-99"),
        ("-88", NUMBER, None),
        ("null", NUMBER, None),
    ],
)
def test_a_computed_answer_is_written_as_a_typed_one_or_not_at_all(
    derive: str, domain: Domain, text: str | None
) -> None:
    entries = [entry("a"), entry("b"), entry("c"), entry("d", domain, derive=derive)]

    reading = read(entries, {"a": "1", "b": "4"}, ALONE)

    assert reading.computed.get("d") == reading.answers.get("d") == text


COMPUTED = [
    entry("a"),
    skipping("b", "a == 0"),
    entry("c", derive="b + 1"),
    entry("d", derive="c * 2"),
    skipping("e", "c == 6", derive="a + 10"),
]


@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4), (4, 3, 2, 1, 0), (3, 4, 2, 0, 1)])
@pytest.mark.parametrize(
    ("answers", "result", "computed"),
    [
        ({"a": "1", "b": "4"}, {"a": "1", "b": "4", "c": "5", "d": "10", "e": "11"}, "cde"),
        ({"a": "1", "b": "5"}, {"a": "1", "b": "5", "c": "6", "d": "12", "e": "-88"}, "cd"),
        ({"a": "0", "b": "5"}, {"a": "0", "b": "-88", "e": "10"}, "e"),
        (
            {"a": "0", "b": "5", "c": "7"},
            {"a": "0", "b": "-88", "c": "7", "d": "14", "e": "10"},
            "de",
        ),
    ],
)
def test_what_is_computed_from_a_skipped_answer_is_computed_no_more_in_any_order(
    order: tuple[int, ...], answers: dict[str, str], result: dict[str, str], computed: str
) -> None:
    reading = read([COMPUTED[n] for n in order], answers, ALONE)

    assert reading.answers == result
    assert reading.computed == {name: result[name] for name in computed}


# ------------------------------------------------------------------ checks


@pytest.mark.parametrize(
    ("answers", "broken"),
    [
        ({"a": "2", "b": "1"}, ["a <= b fails"]),
        ({"a": "1", "b": "1"}, []),
        ({"a": "2"}, []),
        ({"a": "2", "b": "-99"}, []),
        ({"a": "-77", "b": "1"}, []),
        ({"b": "1"}, []),
    ],
)
def test_a_check_fails_only_on_what_is_known(answers: dict[str, str], broken: list[str]) -> None:
    entries = [entry("a", checks=check("a <= b")), entry("b")]

    found = broken_checks(entries, read(entries, answers, ALONE), ALONE)

    assert [b.message for b in found] == broken


def test_a_check_of_an_entry_that_is_not_answered_does_not_fail_yet() -> None:
    entries = [entry("a", checks=check("b > 1")), entry("b")]

    assert broken_checks(entries, read(entries, {"b": "1"}, ALONE), ALONE) == []


def test_a_check_is_hard_or_soft_and_belongs_to_its_entry() -> None:
    entries = [entry("a", checks=[*check("a > 1"), *check("a > 2", "soft")]), entry("b")]

    found = broken_checks(entries, read(entries, {"a": "1"}, ALONE), ALONE)

    assert [(b.entry.name, b.hard) for b in found] == [("a", True), ("a", False)]


def test_a_check_reads_the_rows_above_and_beside() -> None:
    domains = {"a": NUMBER, "total": NUMBER}
    entries = [entry("a", checks=[*check("a <= war.total"), *check("siblings.size() == 1")])]
    around = Surroundings(
        {"war": Row({"total": "5"}, domains)}, [Row({"a": "9"}, domains), Row({}, domains)]
    )

    found = broken_checks(entries, read(entries, {"a": "9"}, around), around)

    assert [b.message for b in found] == ["a <= war.total fails", "siblings.size() == 1 fails"]


# ------------------------------------------------------------------ what is still to be answered


def left(world: World, *names: str, **answers: str) -> list[tuple[str, str]]:
    """What stands between an intervention with these answers and its submission."""
    entries = [world.entry(n) for n in ("goal", "ended", "end_date", "troops", *names)]
    typed = {name: text for name, text in answers.items() if name != "note"}
    notes = {"goal": answers["note"]} if "note" in answers else {}
    found = unanswered(entries, read(entries, typed, ALONE), notes)
    return [(b.entry.name, b.message) for b in found]


def test_a_required_answer_is_missed_and_an_optional_one_is_not(world: World) -> None:
    assert left(world) == [("goal", "Not coded yet.")]
    assert left(world, goal="regime") == []
    assert left(world, goal="-99") == []


def test_a_code_that_needs_a_note_is_no_answer_without_one(world: World) -> None:
    assert left(world, goal="-77") == [("goal", "-77 needs a note that says why.")]
    assert left(world, goal="-77", note="Two histories differ.") == []
    assert left(world, goal="-77", note="") == left(world, goal="-77")


def test_a_code_that_only_a_rule_sets_cannot_stand_where_no_rule_sets_it(world: World) -> None:
    stands = [("end_date", "-88 stands here, but no skip rule sets it.")]

    assert left(world, goal="regime", ended="1", end_date="-88") == stands
    assert left(world, goal="regime", ended="0", end_date="-88") == []


def test_what_is_computed_or_skipped_is_not_asked(world: World) -> None:
    entries = [world.entry("sent"), world.entry("strength"), world.entry("share")]
    for asked in entries:
        asked.required = True
    try:
        found = unanswered(entries, read(entries, {"sent": "1"}, ALONE), {})
    finally:
        for asked, required in zip(entries, (True, False, False), strict=True):
            asked.required = required

    assert found == []


def test_a_hard_check_that_fails_keeps_a_sheet_from_being_handed_in(world: World) -> None:
    world.say(world.coding_a, "regime")
    world.say(world.coding_a, "100", "troops")
    world.say(world.coding_a, "200", "partners")
    sheet = world.sheet_of(world.coder_a, "200")
    world.say(sheet, "2", "sent")
    world.say(sheet, "101", "strength")

    with pytest.raises(Refused) as refusal:
        work.submit(coding=world.coding_a)

    assert [text for text, _ in refusal.value.links] == [
        "United Kingdom · Strength: More than the whole force."
    ]
