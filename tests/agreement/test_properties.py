"""What must not change a coefficient, and what must make it 1."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coding.agreement import (
    Coefficient,
    brennan_prediger,
    conger_kappa,
    fleiss_kappa,
    gwet_ac,
    icc,
    krippendorff_alpha,
    percent_agreement,
    tabulate,
)

Rows = list[list[int | None]]
Function = Callable[..., Coefficient]

NOMINAL: dict[str, Function] = {
    "percent": percent_agreement,
    "alpha": krippendorff_alpha,
    "fleiss": fleiss_kappa,
    "conger": conger_kappa,
    "ac1": gwet_ac,
    "bp": brennan_prediger,
}
ORDERED: dict[str, Function] = {
    "ordinal": partial(krippendorff_alpha, measure="ordinal"),
    "interval": partial(krippendorff_alpha, measure="interval"),
    "ratio": partial(krippendorff_alpha, measure="ratio"),
    "conger_quadratic": partial(conger_kappa, weights="quadratic"),
    "ac2_linear": partial(gwet_ac, weights="linear"),
    "bp_ordinal": partial(brennan_prediger, weights="ordinal"),
    "icc_1_1": partial(icc, form="1,1"),
    "icc_2_1": partial(icc, form="2,1"),
    "icc_3_k": partial(icc, form="3,k"),
}
EVERY = NOMINAL | ORDERED

each_nominal = pytest.mark.parametrize("function", NOMINAL.values(), ids=NOMINAL)
each = pytest.mark.parametrize("function", EVERY.values(), ids=EVERY)


@st.composite
def rows(draw: st.DrawFn, *, least: int = 2) -> Rows:
    width = draw(st.integers(least, 5))
    rating = st.one_of(st.none(), st.integers(0, 4))
    return draw(st.lists(st.lists(rating, min_size=width, max_size=width), min_size=1, max_size=12))


def same(one: Coefficient, other: Coefficient) -> bool:
    """Equal but for rounding, in every figure."""
    counts = one.n_units == other.n_units and one.n_ratings == other.n_ratings
    figures = [[c.value, c.se, c.low, c.high] for c in (one, other)]
    close = np.allclose(figures[0], figures[1], rtol=1e-7, atol=1e-7, equal_nan=True)
    return counts and one.reason == other.reason and close


@each
@settings(max_examples=30, deadline=None)
@given(said=rows(), random=st.randoms())
def test_the_order_of_coders_and_of_units_changes_nothing(
    function: Function, said: Rows, random: st.DataObject
) -> None:
    order = list(range(len(said[0])))
    random.shuffle(order)  # type: ignore[attr-defined]
    mixed = [[row[place] for place in order] for row in said]
    random.shuffle(mixed)  # type: ignore[attr-defined]

    assert same(function(said), function(mixed))


@each_nominal
@settings(max_examples=30, deadline=None)
@given(said=rows(), names=st.permutations("vwxyz"))
def test_the_names_of_nominal_categories_change_nothing(
    function: Function, said: Rows, names: list[str]
) -> None:
    named = [[None if code is None else names[code] for code in row] for row in said]

    assert same(function(said), function(named))


@each
@settings(max_examples=30, deadline=None)
@given(said=rows(), copies=st.integers(1, 3))
def test_a_coder_and_copies_of_that_coder_agree_fully(
    function: Function, said: Rows, copies: int
) -> None:
    copied = [[row[0]] * (copies + 1) for row in said]
    codes = [row[0] for row in said if row[0] is not None]

    found = function(copied)

    if len(codes) < 2 or (len(set(codes)) < 2 and function is not percent_agreement):
        assert np.isnan(found.value)
        assert found.reason
    else:
        assert found.value == pytest.approx(1)
        assert found.se == pytest.approx(0)


@each
@settings(max_examples=25, deadline=None)
@given(said=rows())
def test_units_nobody_coded_change_nothing(function: Function, said: Rows) -> None:
    width = len(said[0])
    assert same(function(said), function([*said, [None] * width]))


@settings(max_examples=30, deadline=None)
@given(said=rows(), code=st.integers(0, 4))
def test_units_with_one_rating_change_no_alpha(said: Rows, code: int) -> None:
    single: list[int | None] = [code, *[None] * (len(said[0]) - 1)]
    assert same(krippendorff_alpha(said), krippendorff_alpha([*said, single]))


@settings(max_examples=30, deadline=None)
@given(said=rows(), times=st.integers(1, 9), more=st.integers(-9, 9))
def test_another_zero_or_unit_of_measurement_changes_no_interval_alpha(
    said: Rows, times: int, more: int
) -> None:
    moved = [[None if x is None else 0.1 * times * x + more for x in row] for row in said]
    one, other = (krippendorff_alpha(x, "interval") for x in (said, moved))
    assert same(one, other)


@settings(max_examples=30, deadline=None)
@given(said=rows())
def test_only_the_order_of_the_ranks_matters_for_ordinal_alpha(said: Rows) -> None:
    stretched = [[None if x is None else x**3 - 5 for x in row] for row in said]
    assert same(krippendorff_alpha(said, "ordinal"), krippendorff_alpha(stretched, "ordinal"))


@pytest.mark.parametrize("name", ["alpha", "fleiss", "conger"])
@settings(max_examples=25, deadline=None)
@given(said=rows())
def test_categories_nobody_used_matter_only_where_the_scale_is_part_of_chance(
    name: str, said: Rows
) -> None:
    assert same(NOMINAL[name](said), NOMINAL[name](said, categories=range(9)))


@each
@settings(max_examples=25, deadline=None)
@given(said=rows())
def test_numbers_arrays_texts_and_counted_rows_are_the_same_ratings(
    function: Function, said: Rows
) -> None:
    array = np.array([[np.nan if x is None else x for x in row] for row in said])
    texts = [[None if x is None else str(x) for x in row] for row in said]
    for ratings in (array, array.astype(object), texts, tabulate(said)):
        assert same(function(said), function(ratings))
