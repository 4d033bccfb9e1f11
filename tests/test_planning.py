"""Planning before coding: predicted widths against data sets drawn and analysed by themselves."""

from __future__ import annotations

from copy import copy
from statistics import fmean
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coding import planning
from coding.agreement import krippendorff_alpha
from coding.agreement.planning import (
    Expected,
    Outlook,
    continuous,
    nominal,
    outlook,
    population,
    units_for,
    with_rarest,
)
from coding.planning import Asked
from tests.conftest import World

SETS = 250


def drawn(expected: Expected, units: int, random: np.random.Generator) -> Any:
    """A data set by the model, written a second time: a coder knows the case, or guesses."""
    rows = []
    for _ in range(units):
        truth = random.choice(expected.categories, p=expected.shares)
        rows.append(
            [
                truth
                if random.random() < expected.alpha**0.5
                else random.choice(expected.categories, p=expected.shares)
                for _ in range(expected.coders)
            ]
        )
    return rows


def drawn_numbers(expected: Expected, units: int, random: np.random.Generator) -> Any:
    """The same with numbers from the whole of a normal or log-normal scale."""
    shape = (units, expected.coders)
    knows = random.random(shape) < expected.alpha**0.5
    said = np.where(knows, random.normal(size=units)[:, None], random.normal(size=shape))
    return np.exp(said) if expected.measure == "ratio" else said


def truth(expected: Expected, units: int, draw: Any) -> tuple[float, float, float]:
    """Mean alpha, mean width, and how often there was no interval, over independent data sets."""
    random = np.random.default_rng(2026)
    found = [
        krippendorff_alpha(draw(expected, units, random), expected.measure) for _ in range(SETS)
    ]
    told = [c for c in found if c.se > 1e-12]
    alphas = [c.value for c in found if c.value == c.value]
    return fmean(alphas), fmean(c.high - c.low for c in told), 1 - len(told) / SETS


@pytest.mark.parametrize(
    ("expected", "units"),
    [
        (nominal((0.1, 0.9), 0.8), 60),
        (nominal((0.5, 0.5), 0.6), 40),
        (nominal((0.1, 0.2, 0.3, 0.4), 0.7), 80),
        (nominal((0.1, 0.3, 0.6), 0.7, "ordinal"), 80),
        (Expected("nominal", (0.2, 0.3, 0.5), 0.5, ("a", "b", "c"), coders=3), 40),
        (Expected("ordinal", (0.2, 0.3, 0.5), 0.8, (1, 2, 3), coders=3), 50),
    ],
)
def test_predicted_widths_are_within_a_tenth_of_those_that_come(
    expected: Expected, units: int
) -> None:
    predicted = outlook(expected, units)
    _, width, empty = truth(expected, units, drawn)

    assert predicted.width == pytest.approx(width, rel=0.1)
    assert predicted.empty == pytest.approx(empty, abs=0.07)


@pytest.mark.parametrize("measure", ["interval", "ratio"])
@pytest.mark.parametrize("units", [40, 150])
def test_numbers_are_predicted_from_a_few_nodes_of_their_scale(measure: Any, units: int) -> None:
    expected = continuous(measure, 0.75)
    mean, width, _ = truth(expected, units, drawn_numbers)

    assert outlook(expected, units).width == pytest.approx(width, rel=0.1)
    assert mean == pytest.approx(0.75, abs=0.05)


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from(["nominal", "ordinal", "interval", "ratio"]),
    st.lists(st.floats(0.05, 1), min_size=2, max_size=5),
    st.floats(0.1, 0.95),
    st.integers(2, 4),
)
def test_in_the_population_alpha_is_what_was_expected_at_every_level_of_measurement(
    measure: Any, weights: list[float], alpha: float, coders: int
) -> None:
    shares = tuple(w / sum(weights) for w in weights)
    expected = Expected(measure, shares, alpha, tuple(range(1, len(shares) + 1)), coders)
    rows, chance = population(expected)
    counts = np.rint(chance * 2_000_000).astype(int)

    found = krippendorff_alpha(np.repeat(rows + 1, counts, axis=0), measure)

    assert chance.sum() == pytest.approx(1)
    assert float(found) == pytest.approx(alpha, abs=2e-3)


def test_a_fifth_of_150_cases_says_nothing_about_a_tenth() -> None:
    """30 cases, 3 of them with the attribute: a third of such samples give no interval."""
    found = outlook(nominal((0.1, 0.9), 0.8), 30)

    assert found.empty > 0.25
    assert (found.low < 0.1, found.high) == (True, 1.0)


def test_the_same_seed_tells_the_same_and_another_nearly() -> None:
    expected = nominal((0.3, 0.7), 0.7)
    outlook.cache_clear()
    first = outlook(expected, 100)
    outlook.cache_clear()

    assert outlook(expected, 100) == first
    assert outlook(expected, 100, seed=1).width == pytest.approx(first.width, rel=0.05)


def test_the_fewest_cases_do_and_fewer_do_not() -> None:
    expected = nominal((0.1, 0.9), 0.8)
    needed = units_for(expected, 0.25)

    assert needed
    assert outlook(expected, needed).width <= 0.25
    assert outlook(expected, needed * 9 // 10).width > 0.25
    assert units_for(expected, 0.25, most=needed // 2) is None


@pytest.mark.parametrize(
    ("shares", "alpha", "said"),
    [
        ((1.0,), 0.8, "Two or more categories"),
        ((0.5, 0.6), 0.8, "add up to 1"),
        ((0.5, 0.5), 1.2, "between 0 and 1"),
    ],
)
def test_what_cannot_be_expected_is_told(
    shares: tuple[float, ...], alpha: float, said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        nominal(shares, alpha)


def test_the_rarest_category_is_never_more_than_an_equal_share() -> None:
    assert with_rarest(2, 0.1) == (0.1, 0.9)
    assert with_rarest(4, 0.9) == (0.25, 0.25, 0.25, 0.25)


# ------------------------------------------------------------------ from a codebook


def plan_of(world: World, **asked: Any) -> planning.Plan:
    entries = list(planning.planned(world.case.unit))
    return planning.plan(entries, Asked(cases=asked.pop("cases", 150), **asked))


def test_what_coders_need_not_agree_on_is_not_planned(world: World) -> None:
    names = [line.entry.name for line in plan_of(world).lines]

    assert names == ["goal", "ended", "end_date", "troops", "partners"]


def test_each_kind_is_planned_at_its_level_of_measurement(world: World) -> None:
    lines = {line.entry.name: line for line in plan_of(world).lines}

    assert {name: (e.expected.measure, len(e.expected.shares)) for name, e in lines.items()} == {
        "goal": ("nominal", 4),
        "ended": ("nominal", 2),
        "end_date": ("interval", 11),
        "troops": ("ratio", 11),
        "partners": ("nominal", 2),
    }
    assert lines["goal"].words == "nominal, 4 categories"


def test_a_plan_says_what_is_enough_what_is_silent_and_what_it_costs(world: World) -> None:
    found = plan_of(world, double=30, minutes=60, coders=3, hours=200)

    assert {line.entry.name for line in found.silent} == {"ended", "partners"}
    assert (found.codings, found.hours, found.hours_each) == (180, 180, 60)
    assert (found.affordable, found.over) == (50, False)
    assert {line.entry.name for line in found.never} >= {"ended"}
    assert plan_of(world, hours=100, minutes=60).over


def test_recommended_is_the_number_that_all_others_can_do_with(world: World) -> None:
    found = plan_of(world, cases=2000, width=0.2)

    assert found.never == []
    assert found.double == found.recommended == max(line.needed or 0 for line in found.lines)
    assert found.enough == found.lines


def test_what_is_typed_for_one_variable_counts_for_it_alone(world: World) -> None:
    usual = {line.entry.name: line.outlook for line in plan_of(world, double=100).lines}
    typed = plan_of(world, double=100, rare={"ended": 0.5}, alphas={"goal": 0.5})
    moved = {line.entry.name: line.outlook for line in typed.lines}

    assert moved["ended"].width < usual["ended"].width
    assert moved["goal"].width > usual["goal"].width
    assert moved["partners"] == usual["partners"]


def test_a_codebook_may_say_how_often_each_code_is_expected(world: World) -> None:
    goal = copy(next(planning.planned(world.case.unit)))
    goal.extra = {"prevalence": {"regime": 2, "territory": 1, "policy": 1}}

    _, expected = planning.expected_of(goal, Asked(cases=100))

    assert expected.shares == (0.5, 0.25, 0.25)


def test_the_curves_are_those_of_the_hardest_the_middle_and_the_easiest(world: World) -> None:
    curves = plan_of(world).curves()

    assert len(curves) == 3
    last = [found[-1].width for _, found in curves]
    assert last == sorted(last, reverse=True)
    assert all(isinstance(each, Outlook) for _, found in curves for each in found)
    assert {found[-1].units for _, found in curves} == {150}
