"""Standard errors and intervals: against leaving one unit out, and in simulation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from coding.agreement import (
    Coefficient,
    Measure,
    cohen_kappa,
    conger_kappa,
    fleiss_kappa,
    gwet_ac,
    icc,
    krippendorff_alpha,
    percent_agreement,
    specific_agreement,
    tabulate,
)
from coding.agreement.alpha import alpha_model
from coding.agreement.quantiles import f_quantile, t_quantile

from .matrices import simulated

Function = Callable[..., Coefficient]

SHARES = [0.4, 0.3, 0.2, 0.1]
KNOWS = 0.85
ALIKE = sum(share**2 for share in SHARES)
AGREE = KNOWS**2 + (1 - KNOWS**2) * ALIKE
BY_CHANCE_AC1 = (1 - ALIKE) / 3

# In ``simulated`` a pair knows the truth with chance KNOWS^2 and is independent otherwise: for
# every distance the observed part is 1 - KNOWS^2 of the expected one.
TRUTH: dict[str, tuple[Function, float]] = {
    "alpha": (krippendorff_alpha, KNOWS**2),
    "ordinal": (partial(krippendorff_alpha, measure="ordinal"), KNOWS**2),
    "interval": (partial(krippendorff_alpha, measure="interval"), KNOWS**2),
    "cohen": (cohen_kappa, KNOWS**2),
    "fleiss": (fleiss_kappa, KNOWS**2),
    "percent": (percent_agreement, AGREE),
    "ac1": (gwet_ac, (AGREE - BY_CHANCE_AC1) / (1 - BY_CHANCE_AC1)),
}


def covered(function: Function, truth: float, *, bootstrap: int) -> float:
    random = np.random.default_rng(7)
    hits = 0
    for _ in range(1000):
        said = simulated(random, units=200, shares=SHARES, knows=KNOWS, coders=2)
        found = function(said, bootstrap=bootstrap, seed=random)
        hits += found.low <= truth <= found.high
    return hits / 1000


@pytest.mark.parametrize("name", TRUTH)
def test_the_bootstrap_interval_covers_the_truth_as_often_as_it_says(name: str) -> None:
    assert 0.93 <= covered(*TRUTH[name], bootstrap=500) <= 0.97


@pytest.mark.parametrize("name", ["alpha", "cohen", "fleiss", "percent", "ac1"])
def test_the_analytic_interval_covers_the_truth_as_often_as_it_says(name: str) -> None:
    assert 0.93 <= covered(*TRUTH[name], bootstrap=0) <= 0.97


@pytest.mark.parametrize(
    "function",
    [
        krippendorff_alpha,
        partial(krippendorff_alpha, measure="ordinal"),
        partial(krippendorff_alpha, measure="interval"),
        partial(krippendorff_alpha, measure="ratio"),
        fleiss_kappa,
        partial(conger_kappa, weights="quadratic"),
        partial(gwet_ac, weights="linear"),
        partial(icc, form="1,1"),
        partial(icc, form="2,1"),
        partial(icc, form="3,k"),
        lambda said: specific_agreement(said)[2],
    ],
)
def test_the_standard_error_is_near_that_of_leaving_out_one_unit_at_a_time(
    function: Function,
) -> None:
    random = np.random.default_rng(11)
    said = simulated(random, units=300, shares=SHARES, knows=0.7, coders=3).astype(float)
    said[random.random(said.shape) < 0.05] = np.nan
    without = np.array([function(np.delete(said, unit, axis=0)).value for unit in range(300)])
    jackknife = np.sqrt(299 / 300 * np.square(without - without.mean()).sum())

    assert function(said).se == pytest.approx(jackknife, rel=0.02)


@pytest.mark.parametrize("measure", ["nominal", "ordinal", "interval", "ratio"])
def test_the_influence_of_a_row_is_the_slope_of_alpha_in_its_count(measure: Measure) -> None:
    random = np.random.default_rng(16)
    said = simulated(random, units=40, shares=[0.7, 0.1, 0.1, 0.1], knows=0.6, coders=3) + 1.0
    said[random.random(said.shape) < 0.1] = np.nan
    patterns = tabulate(said).pairable()
    model = replace(alpha_model(patterns, measure), small_sample=False)
    step = 1e-4 * np.eye(len(patterns.times))

    slope = (model.values(model.times + step) - model.values(model.times - step)) / 2e-4

    assert model.influence() == pytest.approx(patterns.units * slope, abs=1e-6)


def test_the_bootstrap_interval_stands_beside_the_analytic_one() -> None:
    random = np.random.default_rng(12)
    said = simulated(random, units=400, shares=SHARES, knows=0.7, coders=3)

    plain, drawn = gwet_ac(said), gwet_ac(said, bootstrap=4000)

    assert (drawn.value, drawn.se) == (plain.value, plain.se)
    assert (drawn.analytic_low, drawn.analytic_high) == (plain.low, plain.high)
    assert (drawn.low, drawn.high) != (plain.low, plain.high)
    assert (drawn.low, drawn.high) == pytest.approx((plain.low, plain.high), abs=0.01)


def test_the_same_seed_gives_the_same_interval_and_another_seed_another() -> None:
    said = simulated(np.random.default_rng(13), units=90, shares=SHARES, knows=0.7, coders=3)
    first, again, other = (krippendorff_alpha(said, bootstrap=500, seed=s) for s in (1, 1, 2))
    assert first == again
    assert first.low != other.low


@pytest.mark.parametrize("function", [krippendorff_alpha, conger_kappa])
def test_many_categories_are_resampled_like_few(
    function: Function, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = simulated(np.random.default_rng(14), units=90, shares=SHARES, knows=0.7, coders=3)
    wanted = function(said, bootstrap=300)

    monkeypatch.setattr("coding.agreement.margins.DENSE", 0)  # as where no table would fit
    found = function(said, bootstrap=300)

    assert [found.value, found.se, found.low, found.high] == pytest.approx(
        [wanted.value, wanted.se, wanted.low, wanted.high]
    )


def test_resampling_in_parts_draws_the_same_units(monkeypatch: pytest.MonkeyPatch) -> None:
    said = simulated(np.random.default_rng(15), units=90, shares=SHARES, knows=0.7, coders=3)
    wanted = krippendorff_alpha(said, "ordinal", bootstrap=300)

    monkeypatch.setattr("coding.agreement.bootstrap.AT_ONCE", 1000)

    assert krippendorff_alpha(said, "ordinal", bootstrap=300) == wanted


def test_intervals_stay_where_the_coefficient_can_be() -> None:
    said = [["a", "a"], ["a", "b"], ["b", "b"]]
    assert (percent_agreement(said).low, percent_agreement(said).high) == (0, 1)
    assert krippendorff_alpha(said).high == 1


# Printed in tables of Student's t and of F.
@pytest.mark.parametrize(
    ("p", "df", "printed"),
    [(0.975, 1, 12.706), (0.975, 5, 2.571), (0.995, 10, 3.169), (0.975, 120, 1.980)],
)
def test_the_quantiles_of_t_are_those_of_the_tables(p: float, df: int, printed: float) -> None:
    assert t_quantile(p, df) == pytest.approx(printed, abs=0.0006)


@pytest.mark.parametrize(
    ("p", "df1", "df2", "printed"),
    [(0.95, 1, 1, 161.45), (0.95, 5, 15, 2.901), (0.975, 10, 10, 3.717), (0.99, 3, 60, 4.126)],
)
def test_the_quantiles_of_f_are_those_of_the_tables(
    p: float, df1: int, df2: int, printed: float
) -> None:
    assert f_quantile(p, df1, df2) == pytest.approx(printed, rel=0.0002)
