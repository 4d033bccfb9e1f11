"""Rates drawn to their mean: against a beta distribution read otherwise, and in simulation."""

from __future__ import annotations

import numpy as np
import pytest

from coding.agreement import shrink


def test_few_trials_are_drawn_further_than_many() -> None:
    found = shrink([2, 40, 5, 0, 30], [3, 80, 80, 60, 60])

    assert found.mean == pytest.approx(77 / 283)
    own = np.array([2 / 3, 40 / 80, 5 / 80, 0, 30 / 60])
    drawn = np.abs(found.rates - own) / np.abs(found.mean - own)
    assert drawn[0] == max(drawn)
    assert found.rates[0] < own[0]
    assert (found.low < found.rates).all()
    assert (found.rates < found.high).all()


def test_groups_that_differ_as_chance_makes_them_are_drawn_together() -> None:
    found = shrink([5, 5, 5, 5], [10, 10, 10, 10])

    assert found.spread == 0
    assert found.rates == pytest.approx([0.5] * 4, abs=1e-4)


def test_without_any_hit_or_miss_there_is_nothing_to_draw() -> None:
    assert shrink([0, 0], [4, 9]).rates.tolist() == [0, 0]
    assert shrink([4, 9], [4, 9]).rates.tolist() == [1, 1]
    assert shrink([], []).rates.tolist() == []


def test_one_group_keeps_its_rate() -> None:
    found = shrink([3], [10])

    assert found.rates.tolist() == [0.3]
    # Jeffreys' interval for 3 of 10, as R's qbeta(c(.025, .975), 3.5, 7.5) gives it
    assert (found.low[0], found.high[0]) == pytest.approx((0.0927, 0.6058), abs=0.005)


def test_the_intervals_hold_the_true_rates_as_often_as_they_say() -> None:
    random = np.random.default_rng(3)
    held, mean, spread = [], [], []
    for _ in range(60):
        true = random.beta(4, 12, 60)
        trials = random.integers(5, 60, 60)
        found = shrink(random.binomial(trials, true), trials)
        held.append(((found.low <= true) & (true <= found.high)).mean())
        mean.append(found.mean)
        spread.append(found.spread)

    assert np.mean(held) == pytest.approx(0.95, abs=0.015)
    assert np.mean(mean) == pytest.approx(0.25, abs=0.01)
    assert np.mean(spread) == pytest.approx(np.sqrt(0.25 * 0.75 / 17), abs=0.01)
