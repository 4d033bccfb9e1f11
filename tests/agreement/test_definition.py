"""The definitions, written as the papers say them, pair by pair: slow and plain."""

from __future__ import annotations

from itertools import permutations, product
from math import nan
from typing import Any

import krippendorff
import numpy as np
import pytest

from coding.agreement import (
    brennan_prediger,
    cohen_kappa,
    conger_kappa,
    fleiss_kappa,
    gwet_ac,
    icc,
    krippendorff_alpha,
    percent_agreement,
    scott_pi,
    specific_agreement,
)

from .matrices import Matrix, random_ratings

Units = list[list[float]]
MEASURES = ("nominal", "ordinal", "interval", "ratio")
SETS = [frozenset(), *map(frozenset, ("a", "b", "ab", "bc", "abc", "d"))]


def units_of(said: Matrix) -> Units:
    return [[value for value in row if value == value] for row in said.tolist()]


def alpha(units: list[list[Any]], distance: Any) -> float:
    """Observed over expected disagreement, over all ordered pairs."""
    pairable = [unit for unit in units if len(unit) > 1]
    values = [value for unit in pairable for value in unit]
    count = len(values)
    observed = sum(
        distance(one, other, values) / (len(unit) - 1)
        for unit in pairable
        for one, other in permutations(unit, 2)
    )
    expected = sum(distance(one, other, values) for one, other in permutations(values, 2))
    if len(pairable) < 2 or len(set(values)) < 2:
        return nan
    return float(1 - (observed / count) / (expected / (count * (count - 1))))


def ordinal(one: float, other: float, values: list[float]) -> float:
    low, high = sorted((one, other))
    between = sum(low <= value <= high for value in values)
    return (between - (values.count(low) + values.count(high)) / 2) ** 2 if low < high else 0.0


def masi(one: frozenset[str], other: frozenset[str], values: object) -> float:
    if one == other:
        return 0.0
    part = 2 / 3 if one < other or other < one else 1 / 3
    return 1 - part * len(one & other) / len(one | other)


DISTANCES: dict[str, Any] = {
    "nominal": lambda one, other, values: float(one != other),
    "ordinal": ordinal,
    "interval": lambda one, other, values: (one - other) ** 2,
    "ratio": lambda one, other, values: ((one - other) / (one + other or 1)) ** 2,
    "jaccard": lambda one, other, values: (
        1 - len(one & other) / (len(one | other) or 1) if one != other else 0.0
    ),
    "masi": masi,
}


@pytest.mark.parametrize("measure", MEASURES)
def test_alpha_is_observed_over_expected_disagreement_of_all_pairs(measure: Any) -> None:
    random = np.random.default_rng(1)
    for _ in range(150):
        said = random_ratings(random)
        wanted = alpha(units_of(said), DISTANCES[measure])
        assert float(krippendorff_alpha(said, measure)) == pytest.approx(wanted, nan_ok=True)


@pytest.mark.parametrize("measure", ["jaccard", "masi"])
def test_alpha_of_sets_is_observed_over_expected_disagreement_of_all_pairs(measure: Any) -> None:
    random = np.random.default_rng(2)
    for _ in range(150):
        codes = random.integers(-1, len(SETS), (random.integers(2, 10), 3))
        said = [[None if code < 0 else SETS[code] for code in row] for row in codes]
        units = [[value for value in row if value is not None] for row in said]
        wanted = alpha(units, DISTANCES[measure])
        assert float(krippendorff_alpha(said, measure)) == pytest.approx(wanted, nan_ok=True)


@pytest.mark.parametrize("measure", MEASURES)
def test_alpha_is_that_of_the_krippendorff_package_on_thousands_of_matrices(measure: Any) -> None:
    random = np.random.default_rng(3)
    compared = 0
    for _ in range(3000):
        said = random_ratings(random)
        mine = krippendorff_alpha(said, measure)
        if mine.reason:
            continue
        theirs = krippendorff.alpha(reliability_data=said.T, level_of_measurement=measure)
        assert mine.value == pytest.approx(theirs, abs=1e-10)
        compared += 1
    assert compared > 2700


def weight(kind: str, one: int, other: int, scale: list[float]) -> float:
    step, width = abs(one - other), max(scale) - min(scale)
    apart = abs(scale[one] - scale[other]) / width
    most = len(scale) * (len(scale) - 1) / 2
    ordinal_weight = 1 - step * (step + 1) / 2 / most
    weights = {"linear": 1 - apart, "quadratic": 1 - apart**2, "ordinal": ordinal_weight}
    return weights.get(kind, float(one == other))


def corrected(name: str, kind: str, said: Matrix, scale: list[float]) -> float:
    """(p_a - p_e) / (1 - p_e), each straight from its definition."""
    units = [[scale.index(value) for value in unit] for unit in units_of(said) if unit]
    size = len(scale)
    w = {(k, m): weight(kind, k, m, scale) for k, m in product(range(size), repeat=2)}
    agreed = np.mean(
        [np.mean([w[k, m] for k, m in permutations(unit, 2)]) for unit in units if len(unit) > 1]
    )
    by_unit = [np.mean([unit.count(k) / len(unit) for unit in units]) for k in range(size)]
    coders = [[scale.index(v) for v in column if v == v] for column in said.T.tolist()]
    own = [[column.count(k) / len(column) for k in range(size)] for column in coders if column]
    pairs = list(permutations(own, 2))
    chance = {
        "percent_agreement": 0.0,
        "fleiss_kappa": sum(w[k, m] * by_unit[k] * by_unit[m] for k, m in w),
        "gwet_ac": sum(w.values()) * sum(p * (1 - p) for p in by_unit) / (size * (size - 1)),
        "brennan_prediger": sum(w.values()) / size**2,
        "conger_kappa": sum(w[k, m] * p[k] * q[m] for p, q in pairs for k, m in w) / len(pairs),
    }[name]
    return float((agreed - chance) / (1 - chance))


FUNCTIONS = {
    "percent_agreement": percent_agreement,
    "fleiss_kappa": fleiss_kappa,
    "gwet_ac": gwet_ac,
    "brennan_prediger": brennan_prediger,
    "conger_kappa": conger_kappa,
}


@pytest.mark.parametrize("kind", ["identity", "linear", "quadratic", "ordinal"])
@pytest.mark.parametrize("name", list(FUNCTIONS))
def test_each_coefficient_corrects_for_chance_as_its_paper_says(name: str, kind: Any) -> None:
    random = np.random.default_rng(4)
    for _ in range(40):
        said = random_ratings(random)
        mine = FUNCTIONS[name](said, kind)
        if mine.reason:
            continue
        scale = sorted(set(said[~np.isnan(said)].tolist()))
        if len(scale) > 1:
            assert mine.value == pytest.approx(corrected(name, kind, said, scale))


def test_for_two_coders_who_coded_everything_conger_is_cohen_and_fleiss_is_scott() -> None:
    random = np.random.default_rng(5)
    for _ in range(40):
        said = random.integers(0, 4, (12, 2))
        assert float(conger_kappa(said)) == pytest.approx(float(cohen_kappa(said)))
        assert float(fleiss_kappa(said)) == pytest.approx(float(scott_pi(said)))


def test_a_weight_matrix_of_ones_on_the_diagonal_is_the_same_as_identity() -> None:
    said = random_ratings(np.random.default_rng(6))
    size = len(set(said[~np.isnan(said)].tolist()))
    assert gwet_ac(said, np.eye(size)) == gwet_ac(said, "identity")


def test_specific_agreement_of_two_coders_is_twice_both_over_all_mentions() -> None:
    said = ["AA"] * 6 + ["AB"] * 3 + ["BA"] * 1 + ["BB"] * 5
    found = specific_agreement([list(pair) for pair in said])
    assert float(found["A"]) == pytest.approx(12 / 16)
    assert float(found["B"]) == pytest.approx(10 / 14)


def test_icc_is_the_ratio_of_mean_squares() -> None:
    random = np.random.default_rng(7)
    said = random.normal(size=(9, 1)) + random.normal(size=(9, 3))
    level = said.mean()
    between = 3 * ((said.mean(axis=1) - level) ** 2).sum() / 8
    columns = 9 * ((said.mean(axis=0) - level) ** 2).sum() / 2
    rest = said - said.mean(axis=1)[:, None] - said.mean(axis=0) + level
    error = (rest**2).sum() / 16
    within = ((said - said.mean(axis=1)[:, None]) ** 2).sum() / 18

    found = [float(icc(said, form)) for form in ("1,1", "2,1", "3,1", "1,k", "2,k", "3,k")]

    assert found == pytest.approx(
        [
            (between - within) / (between + 2 * within),
            (between - error) / (between + 2 * error + 3 * (columns - error) / 9),
            (between - error) / (between + 2 * error),
            (between - within) / between,
            (between - error) / (between + (columns - error) / 9),
            (between - error) / between,
        ]
    )
