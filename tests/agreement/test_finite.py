"""The exact interval of a rate of error in a finite lot, against other people's figures."""

from __future__ import annotations

from math import comb, isnan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, hypergeom

from coding.agreement.finite import rate


@pytest.mark.parametrize(
    ("wrong", "of", "low", "high"),
    [
        # the exact limits of Clopper and Pearson (1934), as tables print them
        (0, 10, 0.0000, 0.3085),
        (1, 10, 0.0025, 0.4450),
        (5, 10, 0.1871, 0.8129),
        (10, 10, 0.6915, 1.0000),
        (3, 50, 0.0125, 0.1655),
        (2, 100, 0.0024, 0.0704),
    ],
)
def test_in_a_large_lot_it_is_the_interval_of_clopper_and_pearson(
    wrong: int, of: int, low: float, high: float
) -> None:
    found = rate(wrong, of, 10_000_000)

    assert (found.low, found.high) == pytest.approx((low, high), abs=6e-5)


def test_where_all_were_looked_at_nothing_is_left_to_chance() -> None:
    found = rate(3, 40, 40)

    assert (found.value, found.low, found.high) == (0.075, 0.075, 0.075)


def test_where_nothing_was_looked_at_there_is_no_figure() -> None:
    assert isnan(rate(0, 0, 40).value)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_it_holds_every_number_of_wrong_ones_that_is_not_too_rare(data: st.DataObject) -> None:
    lot = data.draw(st.integers(1, 60))
    of = data.draw(st.integers(1, lot))
    wrong = data.draw(st.integers(0, of))
    inside = [
        k
        for k in range(wrong, lot - (of - wrong) + 1)
        if hypergeom.sf(wrong - 1, lot, k, of) > 0.025 + 1e-12
        and hypergeom.cdf(wrong, lot, k, of) > 0.025 + 1e-12
    ]
    found = rate(wrong, of, lot)

    assert (round(found.low * lot), round(found.high * lot)) == (inside[0], inside[-1])


@pytest.mark.parametrize(("lot", "of"), [(20, 5), (30, 12), (47, 9), (12, 11)])
def test_it_covers_the_truth_in_at_least_95_of_100_draws_whatever_the_truth(
    lot: int, of: int
) -> None:
    intervals = [rate(x, of, lot) for x in range(of + 1)]
    for k in range(lot + 1):
        covered = sum(
            comb(k, x) * comb(lot - k, of - x)
            for x in range(of + 1)
            if of - x <= lot - k
            and intervals[x].low * lot <= k + 1e-9 <= intervals[x].high * lot + 2e-9
        )
        assert covered / comb(lot, of) >= 0.95


@given(st.integers(1, 200), st.integers(0, 200))
@settings(max_examples=40, deadline=None)
def test_a_finite_lot_is_known_better_than_an_endless_one(of: int, wrong: int) -> None:
    wrong = min(of, wrong)
    found = rate(wrong, of, of * 3)
    endless = binomtest(wrong, of).proportion_ci(0.95, method="exact")

    step = 1 / (of * 3)
    assert endless.low - step <= found.low <= found.value <= found.high <= endless.high + step
