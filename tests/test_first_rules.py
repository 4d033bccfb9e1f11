"""The first project's rules, each by what it does; and rules of every kind, in any order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coding import rules
from coding.models import Entry
from coding.rules import Reading, Surroundings, broken_checks, read
from tests import first
from tests.test_rules import ALONE, entry

# ------------------------------------------------------------------ the first project's rules


def real(unit: str) -> list[Entry]:
    return [
        entry(
            name,
            first.domain(name),
            skip_if=e.get("skip", {}).get("if", ""),
            skip_value=str(e.get("skip", {}).get("then", "")),
            checks=e.get("checks", []),
            derive=e.get("derive", ""),
        )
        for name, e in first.entries().items()
        if e["unit"] == unit
    ]


PARTNER_CLASS_BELOW_4 = {
    "combat_role",
    "peak_personnel",
    "personnel_precision",
    "contribution_share",
    "command_arrangement",
    "caveats",
    "partner_fatalities",
}


@pytest.mark.parametrize(
    ("unit", "above", "answers", "skipped"),
    [
        ("intervention", {}, {"end_status": "3"}, {"end_date": "-88"}),
        ("intervention", {}, {"end_status": "1"}, {}),
        ("intervention", {}, {"threat_immediacy": "0"}, {"threat_object": "-88"}),
        ("intervention", {}, {"threat_immediacy": "-77"}, {}),
        ("intervention", {}, {"unsc_authorization": "0"}, {"unsc_resolutions": "-88"}),
        ("intervention", {}, {"unsc_authorization": "1"}, {"unsc_resolutions": "-88"}),
        ("intervention", {}, {"unsc_authorization": "2"}, {}),
        ("intervention", {}, {"igo_sponsors": "0"}, {"igo_role": "0"}),
        ("intervention", {}, {"igo_sponsors": "1;2"}, {}),
        ("intervention", {}, {"coalition": "0"}, {"coalition_timing": "-88"}),
        ("intervention", {}, {"coalition": "1"}, {}),
        ("partner", {}, {"partner_class": "5"}, {}),
        ("partner", {}, {"partner_class": "5", "peak_personnel": "-99"}, {"personnel_precision"}),
        ("partner", {}, {"partner_class": "3"}, PARTNER_CLASS_BELOW_4),
        (
            "partner",
            {},
            {"partner_class": "1"},
            {*PARTNER_CLASS_BELOW_4, "contribution_types", "joined_date", "left_date"},
        ),
        ("partner", {}, {"side_payment": "0"}, {"side_payment_types"}),
        ("partner", {}, {"side_payment": "2"}, {}),
        (
            "objective",
            {"end_status": "3"},
            {"achieved_at_end": "2"},
            {"achieved_at_end", "achieved_after_5y"},
        ),
        ("objective", {"end_status": "1"}, {"achieved_at_end": "0"}, {"achieved_after_5y"}),
        ("objective", {"end_status": "1"}, {"achieved_at_end": "2"}, {}),
        ("objective", {}, {"achieved_at_end": "2"}, {}),
        ("objective", {}, {"achieved_at_end": "0"}, {"achieved_after_5y"}),
        (
            "objective",
            {"coalition": "0"},
            {},
            {"partners_share_objective", "coalition_effect"},
        ),
        ("objective", {"coalition": "1"}, {}, {}),
        ("objective", {"coalition": "-77"}, {}, {}),
    ],
)
def test_the_first_projects_skip_rules(
    unit: str, above: dict[str, str], answers: dict[str, str], skipped: Any
) -> None:
    around = Surroundings({"intervention": first.as_row(above)} if unit != "intervention" else {})

    found = read(real(unit), answers, around).skipped

    assert found == (skipped if isinstance(skipped, dict) else dict.fromkeys(skipped, "-88"))


@pytest.mark.parametrize(
    ("unit", "above", "answers", "told"),
    [
        ("intervention", {}, {"start_date": "1991-02", "end_date": "1991-02-01"}, []),
        (
            "intervention",
            {},
            {"start_date": "1991-03", "end_date": "1991-02"},
            ["The end lies before the start."],
        ),
        ("intervention", {}, {"operation_type": "1", "operation_types_all": "1;2"}, []),
        (
            "intervention",
            {},
            {"operation_type": "3", "operation_types_all": "1;2"},
            ["The main type must be among all types."],
        ),
        ("partner", {"start_date": "1990-08"}, {"joined_date": "1990-08-02"}, []),
        (
            "partner",
            {"start_date": "1990-08-02"},
            {"joined_date": "1990-07"},
            ["Joined before the intervention began: possible, but check it."],
        ),
        (
            "partner",
            {},
            {"joined_date": "1991", "left_date": "1990"},
            ["It left before it joined."],
        ),
        ("partner", {}, {"joined_date": "1991", "left_date": "1991-01"}, []),
        (
            "partner",
            {},
            {"primary_motive": "1", "shared_threat": "0"},
            ["Shared threat is the main motive but is coded as absent."],
        ),
        ("partner", {}, {"primary_motive": "2", "shared_threat": "0"}, []),
        (
            "objective",
            {"end_date": "1991"},
            {"objective_stated_date": "1992"},
            ["First stated after the intervention ended."],
        ),
        ("objective", {"end_date": "-88"}, {"objective_stated_date": "1992"}, []),
        (
            "objective",
            {},
            {"objective_priority": "2"},
            ["Exactly one objective of an intervention should be the main one."],
        ),
        ("objective", {}, {"objective_priority": "1"}, []),
    ],
)
def test_the_first_projects_checks(
    unit: str, above: dict[str, str], answers: dict[str, str], told: list[str]
) -> None:
    parents = {"intervention": first.as_row(above)} if unit != "intervention" else {}
    around = Surroundings(parents, [first.as_row(answers)])
    entries = real(unit)

    found = broken_checks(entries, read(entries, answers, around), around)

    assert [b.message for b in found] == told


def test_the_first_projects_computed_answers() -> None:
    us = first.as_row({"us_peak_personnel": "2500", "location_state": "645"})
    answers = {"partner_state": "640", "partner_class": "5", "peak_personnel": "1000"}
    other = first.as_row({"partner_class": "4", "peak_personnel": "500"})
    around = Surroundings({"intervention": us}, [first.as_row(answers), other])

    computed = read(real("partner"), answers, around).computed

    assert computed == {"contribution_share": "0.25", "in_home_region": "1"}
    assert read(real("intervention"), {"location_state": "660"}, ALONE).computed == {
        "location_region": "4"
    }


# ------------------------------------------------------------------ whatever is answered


def some_answers(unit: str) -> st.SearchStrategy[dict[str, str]]:
    def of(e: Entry) -> st.SearchStrategy[str]:
        kinds = {
            "integer": ["0", "1", "1000"],
            "decimal": ["0.5"],
            "date": ["1990", "1991-02", "1990-08-02/1990-08-09"],
            "state": ["2", "200", "645"],
            "text": ["told", "678"],
        }
        codes = kinds.get(e.domain.kind) or [*e.domain.categories, *list(e.domain.missing)]
        return st.sampled_from([*codes, "-99"])

    return st.fixed_dictionaries({}, optional={e.name: of(e) for e in real(unit)})


def same_reading(a: Reading, b: Reading) -> bool:
    return (a.answers, a.skipped, a.computed) == (b.answers, b.skipped, b.computed)


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(["partner", "objective"]).flatmap(
        lambda unit: st.tuples(st.just(unit), some_answers(unit), some_answers(unit))
    ),
    some_answers("intervention"),
    st.randoms(use_true_random=False),
)
def test_reading_what_was_read_changes_nothing_nor_does_the_order_of_entries(
    row: tuple[str, dict[str, str], dict[str, str]], above: dict[str, str], lots: Any
) -> None:
    unit, answers, beside = row
    around = Surroundings(
        {"intervention": first.as_row(above)}, [first.as_row(answers), first.as_row(beside)]
    )
    entries, shuffled = real(unit), real(unit)
    lots.shuffle(shuffled)

    once = read(entries, answers, around)

    assert same_reading(read(entries, once.answers, around), once)
    assert same_reading(read(shuffled, answers, around), once)
    assert not set(once.skipped) & set(once.computed)
    assert {**answers, **once.skipped, **once.computed} == once.answers


conditions = st.sampled_from(["{0} == 0", "{0} > 1", "{0} == -88", "{0} == 0 || {1} == 1"])
derivations = st.sampled_from(["{0} + 1", "{0} + {1}", "{0} == -88 ? 0 : {1}", "{0}"])


@st.composite
def codebooks_without_circles(draw: st.DrawFn) -> list[Entry]:
    """Seven entries whose rules read only entries that were drawn before them."""
    made = [entry("v0"), entry("v1")]
    for number in range(2, 7):
        earlier = [e.name for e in made]
        read_by = [draw(st.sampled_from(earlier)) for _ in range(2)]
        skip = draw(st.just("") | conditions).format(*read_by)
        derive = draw(st.just("") | derivations).format(*read_by)
        value = draw(st.sampled_from(["-88", "0"])) if skip else ""
        made.append(entry(f"v{number}", skip_if=skip, skip_value=value, derive=derive))
    return made


@settings(deadline=None, max_examples=150)
@given(
    codebooks_without_circles(),
    st.dictionaries(
        st.sampled_from([f"v{n}" for n in range(7)]), st.sampled_from(["0", "1", "5", "-99"])
    ),
    st.randoms(use_true_random=False),
)
def test_any_rules_without_circles_come_to_one_end_in_any_order(
    entries: Sequence[Entry], answers: Mapping[str, str], lots: Any
) -> None:
    shuffled = list(entries)
    lots.shuffle(shuffled)

    once = rules.read(entries, answers, ALONE)

    assert same_reading(read(shuffled, answers, ALONE), once)
    assert same_reading(read(entries, once.answers, ALONE), once)
