"""Where there is no figure, nan and the reason; where the input is wrong, a sentence."""

from __future__ import annotations

from collections.abc import Callable
from math import isnan
from typing import Any

import numpy as np
import pandas as pd
import pytest

from coding.agreement import (
    Coefficient,
    brennan_prediger,
    cohen_kappa,
    conger_kappa,
    dawid_skene,
    fleiss_kappa,
    gwet_ac,
    icc,
    krippendorff_alpha,
    percent_agreement,
    scott_pi,
    specific_agreement,
)
from coding.agreement.estimate import FEW_UNITS, NO_VARIATION
from coding.agreement.icc import FEW_UNITS as FEW_COMPLETE
from coding.agreement.icc import SAME

CORRECTED: list[Callable[..., Coefficient]] = [
    brennan_prediger,
    cohen_kappa,
    conger_kappa,
    fleiss_kappa,
    gwet_ac,
    krippendorff_alpha,
    scott_pi,
]


@pytest.mark.parametrize(
    "said",
    [
        pytest.param([], id="no units"),
        pytest.param([[None, None]] * 3, id="nothing coded"),
        pytest.param(np.full((3, 2), np.nan), id="all NaN"),
        pytest.param(np.zeros((0, 2)), id="an empty array"),
        pytest.param([[1, None], [None, 2]], id="never the same unit"),
        pytest.param([[1], [2]], id="one coder"),
        pytest.param([[1, 2], [1, None]], id="one pair"),
    ],
)
@pytest.mark.parametrize("function", [percent_agreement, *CORRECTED])
def test_fewer_than_two_units_with_two_ratings_give_no_figure(
    function: Callable[..., Coefficient], said: Any
) -> None:
    found = function(said, bootstrap=20)
    assert all(isnan(x) for x in (found.value, found.se, found.low, found.high))
    assert found.reason == FEW_UNITS
    assert found.n_units < 2


@pytest.mark.parametrize("function", CORRECTED)
def test_a_single_category_gives_no_figure(function: Callable[..., Coefficient]) -> None:
    found = function([["no", "no"]] * 9, bootstrap=20)
    assert isnan(found.value)
    assert (found.reason, found.n_units, found.n_ratings) == (NO_VARIATION, 9, 18)


def test_all_saying_the_same_is_full_percent_agreement() -> None:
    found = percent_agreement([["no", "no"]] * 9)
    assert (found.value, found.reason) == (1, "")


def test_a_fixed_scale_defines_ac1_where_only_one_of_its_categories_was_used() -> None:
    said = [["no", "no"]] * 9
    assert gwet_ac(said, categories=["no", "yes"]).value == 1
    assert brennan_prediger(said, categories=["no", "yes"]).value == 1
    assert isnan(krippendorff_alpha(said, categories=["no", "yes"]).value)


def test_intraclass_correlation_needs_two_units_that_every_coder_rated() -> None:
    assert icc([[1, 2], [3, None]]).reason == FEW_COMPLETE
    assert icc([[1], [2]]).reason == FEW_COMPLETE
    assert icc([[0.1, 0.1], [0.1, 0.1], [0.1, 0.1]]).reason == SAME
    assert icc([[1, 2], [1, 2]], "1,k").reason == SAME


def test_a_category_nobody_used_has_no_specific_agreement() -> None:
    found = specific_agreement([["a", "a"], ["b", "a"]], categories="abc")
    assert found["c"].reason == "No coder used this category."
    assert isnan(found["c"].value)


def test_two_coders_cannot_tell_who_errs() -> None:
    found = dawid_skene([["a", "a"], ["a", "b"], ["b", "b"]])
    assert np.isnan(found.prevalence).all()
    assert found.reason == "No unit has three ratings: two cannot tell who of them errs."


def test_draws_without_a_figure_are_left_out_of_the_bootstrap() -> None:
    found = krippendorff_alpha([["a", "a"], ["a", "a"], ["a", "b"]], bootstrap=200)
    assert found.low <= found.value <= found.high


def test_the_units_and_ratings_are_those_that_could_be_compared() -> None:
    found = krippendorff_alpha([[1, 1, None], [2, None, None], [1, 2, 2], [None] * 3])
    assert (found.n_units, found.n_ratings) == (2, 5)


@pytest.mark.parametrize("missing", [None, float("nan"), np.nan, pd.NA, pd.NaT])
def test_every_usual_way_to_write_missing_is_missing(missing: object) -> None:
    said: list[list[object]] = [[1, 1], [2, 1], [2, 2], [missing, 2]]
    assert krippendorff_alpha(said) == krippendorff_alpha(said[:3])


def test_a_table_of_nullable_integers_is_read_like_a_list() -> None:
    said = [[1, 1], [2, 1], [2, 2], [None, 2]]
    assert krippendorff_alpha(pd.DataFrame(said, dtype="Int64")) == krippendorff_alpha(said)  # type: ignore[arg-type]


def test_codes_written_as_text_are_ordered_as_numbers() -> None:
    numbers = [[1, 2], [2, 10], [10, 10], [1, 1]]
    texts = [[str(x) for x in row] for row in numbers]
    ranks = [[(1, 2, 10).index(x) for x in row] for row in numbers]
    assert krippendorff_alpha(texts, "ordinal") == krippendorff_alpha(ranks, "ordinal")
    assert gwet_ac(texts, "linear") == gwet_ac(numbers, "linear")


def test_named_categories_set_the_order_of_an_ordinal_scale() -> None:
    said = [["low", "low"], ["low", "mid"], ["mid", "high"], ["high", "high"], ["low", "high"]]
    places = [[["low", "mid", "high"].index(x) for x in row] for row in said]
    named = krippendorff_alpha(said, "ordinal", categories=["low", "mid", "high"])
    assert named == krippendorff_alpha(places, "ordinal")
    assert named != krippendorff_alpha(said, "ordinal")


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (lambda: krippendorff_alpha([1, 2]), "Ratings are a matrix of units x coders."),  # type: ignore[list-item]
        (lambda: krippendorff_alpha(["ab", "ab"]), "Ratings are a matrix of units x coders."),
        (lambda: krippendorff_alpha(np.arange(3)), "Ratings are a matrix of units x coders."),
        (lambda: krippendorff_alpha([[1, 2], [1]]), "the rows differ in length"),
        (lambda: krippendorff_alpha([["a", "b"]] * 2, "interval"), "interval measure needs num"),
        (lambda: krippendorff_alpha([[1, np.inf]] * 2, "interval"), "interval measure needs num"),
        (lambda: krippendorff_alpha([[-1, 2]] * 2, "ratio"), "numbers of zero or more"),
        (lambda: krippendorff_alpha([["a", "b"]] * 2, "masi"), "Set measures need sets: 'a'"),
        (lambda: krippendorff_alpha([[1, 2]] * 2, "cosine"), "There is no measure 'cosine'."),  # type: ignore[arg-type]
        (lambda: fleiss_kappa([[1, 2]] * 2, categories=[1]), "Not on the scale: 2."),
        (lambda: fleiss_kappa([[1, 2]] * 2, "cubic"), "Weights are identity, linear, quadr"),  # type: ignore[arg-type]
        (lambda: fleiss_kappa([[1, 2]] * 2, np.eye(3)), "2 categories need 2 x 2 weights"),
        (lambda: fleiss_kappa([[1, 2]] * 2, [[1, 0], [0.5, 1]]), "Weights are symmetric"),
        (lambda: cohen_kappa([[1, 2, 3]]), "two coders, not 3: Conger's is for more"),
        (lambda: scott_pi([[1, 2, 3]]), "two coders, not 3: Fleiss' is for more"),
        (lambda: icc([[1, 2]] * 2, "4,1"), "The forms are"),
        (lambda: icc([["a", "b"]] * 2), "Intraclass correlation needs numbers."),
    ],
)
def test_wrong_input_is_refused_in_words(wrong: Callable[[], object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence.replace(".", r"\.")):
        wrong()
