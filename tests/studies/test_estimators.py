"""The estimators give the published figures, and no figure where there is none."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.faults import BadInput
from curation.studies import estimators, tago
from curation.studies.estimators import CONSTANT, Design, NotEstimated, design
from tests.tables import run

EXTERNAL = Path(__file__).parents[3] / "shared/external"
beside = pytest.mark.skipif(
    not EXTERNAL.exists(), reason="the data of others lie beside the checkout, and are not there"
)
TAGO = EXTERNAL / "tago2005_us_force_multilateralism.csv"


@beside
def test_tago_2005_comes_out_to_the_printed_digits() -> None:
    coalition, _ = tago.check(tago.read(TAGO))

    assert coalition["coefficients"] == (-3.731, -2.520, 1.159, 1.679, 0.745)
    assert coalition["errors"] == (0.692, 0.724, 0.443, 0.445, 0.235)
    assert coalition["clustered_errors"] == (0.657, 0.865, 0.462, 0.459, 0.211)
    assert (coalition["rows"], coalition["clusters"]) == (212, 139)
    assert (coalition["log_likelihood"], coalition["as_printed"]) == (-83.881, True)


@beside
def test_authorisation_the_second_outcome_of_that_file_can_be_estimated_too() -> None:
    """Not printed in the source: what glm of R 4.2 gives on the same rows."""
    _, authorised = tago.check(tago.read(TAGO))

    assert authorised["coefficients"] == (-5.182, -3.314, 1.714, 2.451, 0.849)
    assert authorised["errors"] == (0.945, 1.139, 0.548, 0.547, 0.295)
    assert authorised["as_printed"] is None


@beside
def test_the_check_is_a_command_that_prints_both_tables_and_keeps_them(tmp_path: Path) -> None:
    said = run("check_tago", str(TAGO), "--out", str(tmp_path / "tago.json"))

    assert "In a coalition: 212 uses of force in 139 conflicts, log likelihood -83.881" in said
    assert "These are the printed figures, to each digit." in said
    assert "Authorised by an organisation" in said
    assert len(json.loads((tmp_path / "tago.json").read_text())) == 2


def test_a_file_that_is_not_his_is_refused_with_the_columns_it_lacks(tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("conflict,severity\nx,1\n")

    with pytest.raises(BadInput) as error:
        tago.read(tmp_path / "other.csv")

    assert "use_of_force" in {fault.value for fault in error.value.faults}


@beside
def test_who_joins_on_the_demonstration_risk_set_is_the_benchmark_to_five_digits() -> None:
    table = pd.read_csv(EXTERNAL / "risk_set_demo.csv")
    expected = json.loads((EXTERNAL / "benchmark_logit.json").read_text())
    table["lcinc"] = np.log(np.maximum(table["cinc"], 1e-6))
    names = ["home", "contig", "pact", "lcinc", "un", "igo", "neo", "domestic"]

    fit = estimators.logit(design(table, "joined", names, "id"))

    assert (fit.rows, fit.events, fit.clusters) == (12343, 607, 74)
    assert fit.log_likelihood == pytest.approx(expected["log_likelihood"], abs=1e-5)
    for term in fit.terms:
        name = "Intercept" if term.name == CONSTANT else term.name
        assert term.coefficient == pytest.approx(expected["coef"][name], abs=1e-5)
        error = expected["se_clustered_by_intervention"][name]
        assert term.error == pytest.approx(error, abs=1e-5)


def sample(n: int = 400, seed: int = 1) -> pd.DataFrame:
    """Simulated: a binary outcome, a cluster for each four rows."""
    rng = np.random.default_rng(seed)
    x, z = rng.normal(size=n), rng.integers(0, 2, n)
    drawn = rng.logistic(size=n)
    return pd.DataFrame(
        {
            "y": (0.5 + x - z + drawn > 0).astype(float),
            "level": np.digitize(x - z + drawn, [-1, 1]).astype(float),
            "x": x,
            "z": z.astype(float),
            "family": [f"f{row // 4:03}" for row in range(n)],
        }
    )


def test_rows_with_a_gap_are_left_out_and_the_rest_counted() -> None:
    table = sample()
    table.loc[:9, "x"] = np.nan

    assert estimators.logit(design(table, "y", ["x", "z"])).rows == 390


def test_too_few_cases_give_a_reason_and_no_figure() -> None:
    table = sample(40)
    table["y"] = [1.0] * 14 + [0.0] * 26

    with pytest.raises(NotEstimated, match="is there 14 times; 3 coefficients need at least 15"):
        estimators.logit(design(table, "y", ["x", "z"]))


def test_an_outcome_that_never_changes_gives_a_reason() -> None:
    table = sample().assign(y=1.0)

    for estimator in (estimators.logit, estimators.firth):
        with pytest.raises(NotEstimated, match="The outcome is the same in every row"):
            estimator(design(table, "y", ["x"]))


def test_few_clusters_give_a_reason() -> None:
    table = sample()
    table["family"] = table["z"].astype(str)

    with pytest.raises(NotEstimated, match="come from 2 clusters"):
        estimators.logit(design(table, "y", ["x"], "family"))


def test_columns_that_say_nothing_are_named() -> None:
    table = sample().assign(still=1.0)
    table["twice"] = 2 * table["x"] + 1

    with pytest.raises(NotEstimated, match="The same in every row that can be used: still"):
        design(table, "y", ["x", "still"])
    with pytest.raises(NotEstimated, match="twice follows from the columns before it"):
        design(table, "y", ["x", "twice"])
    with pytest.raises(NotEstimated, match="No row has a value"):
        design(table.assign(x=np.nan), "y", ["x"])


@pytest.mark.parametrize("whole", [True, False])
def test_separation_is_found_and_the_column_named(whole: bool) -> None:
    table = sample()
    table["z"] = table["y"] if whole else table["y"] * (table["x"] > 0)

    with pytest.raises(NotEstimated, match=r"^Separation: .*z.* tells the outcome"):
        estimators.logit(design(table, "y", ["x", "z"]))


def test_firth_gives_a_finite_figure_where_data_separate() -> None:
    table = sample()
    table["z"] = table["y"] * (table["x"] > 0)

    term = estimators.firth(design(table, "y", ["x", "z"])).term("z")

    assert term is not None
    assert 1 < term.coefficient < 10
    assert term.verdict == "+"


def test_firth_on_a_table_of_four_is_the_odds_ratio_with_a_half_added_to_each_cell() -> None:
    """Of a saturated logit: Firth 1993, section 4 (Haldane's and Anscombe's estimate)."""
    counts = {(0, 0): 9, (0, 1): 1, (1, 0): 3, (1, 1): 7}
    rows = [(x, y) for (x, y), n in counts.items() for _ in range(n)]
    table = pd.DataFrame(rows, columns=["x", "y"], dtype=float)

    term = estimators.firth(design(table, "y", ["x"])).term("x")

    assert term is not None
    assert term.coefficient == pytest.approx(np.log(7.5 * 9.5 / (3.5 * 1.5)), abs=1e-7)


def test_the_ordered_logit_of_two_levels_is_the_logit() -> None:
    found = design(sample(), "y", ["x", "z"])

    two, one = estimators.ordered(found), estimators.logit(found)

    for name in ("x", "z"):
        left, right = two.term(name), one.term(name)
        assert left is not None
        assert right is not None
        assert left.coefficient == pytest.approx(right.coefficient, abs=1e-3)
        assert left.error == pytest.approx(right.error, abs=1e-3)
    threshold = two.term("0 | 1")
    assert threshold is not None
    assert threshold.coefficient == pytest.approx(-one.terms[0].coefficient, abs=1e-3)
    assert threshold.error == pytest.approx(one.terms[0].error, abs=1e-3)


def test_thresholds_of_an_ordered_logit_rise_and_have_errors() -> None:
    fit = estimators.ordered(design(sample(), "level", ["x", "z"], "family"))

    assert [term.name for term in fit.terms] == ["x", "z", "0 | 1", "1 | 2"]
    assert fit.terms[2].coefficient < fit.terms[3].coefficient
    assert all(0.05 < term.error < 0.5 for term in fit.terms)


@beside
def test_intercepts_of_clusters_are_those_of_lme4() -> None:
    """glmer of lme4 1.1-31, nAGQ = 15, on the same file: R's coefficients and errors."""
    table = pd.read_csv(EXTERNAL / "risk_set_demo.csv")
    table["lcinc"] = np.log(np.maximum(table["cinc"], 1e-6))
    names = ["home", "contig", "pact", "lcinc", "un", "igo", "neo", "domestic"]

    fit = estimators.mixed(design(table, "joined", names, "id"))

    coefficients = [-2.6305, 1.7574, -0.1389, 1.9184, 0.4570, 1.0456, 0.2962, -0.0005, 0.4882]
    errors = [0.2570, 0.1163, 0.2229, 0.1089, 0.0277, 0.3142, 0.3203, 0.7147, 0.3324]
    assert [t.coefficient for t in fit.terms] == pytest.approx([*coefficients, 0.9981], abs=6e-4)
    assert [t.error for t in fit.terms][:-1] == pytest.approx(errors, abs=6e-4)
    assert fit.log_likelihood == pytest.approx(-1684.7462, abs=1e-3)


def test_intercepts_of_clusters_that_differ_are_found() -> None:
    table = sample(2000)
    rng = np.random.default_rng(5)
    own = np.repeat(rng.normal(size=500), 4)
    table["y"] = (table["x"] - table["z"] + own + rng.logistic(size=2000) > 0).astype(float)

    fit = estimators.mixed(design(table, "y", ["x", "z"], "family"))

    spread = fit.term(estimators.INTERCEPTS)
    assert spread is not None
    assert spread.low < 1 < spread.high


def test_clusters_without_which_there_are_no_intercepts() -> None:
    with pytest.raises(NotEstimated, match="no clusters"):
        estimators.mixed(design(sample(), "y", ["x"]))


@settings(max_examples=15, deadline=None)
@given(st.permutations(range(400)), st.integers(1, 1000))
def test_neither_order_nor_unit_of_a_column_changes_what_is_found(
    order: list[int], unit: int
) -> None:
    table = sample()
    moved = table.iloc[order].assign(x=table["x"] * unit)

    here, there = (estimators.logit(design(t, "y", ["x", "z"], "family")) for t in (table, moved))

    assert there.terms[1].coefficient * unit == pytest.approx(here.terms[1].coefficient, rel=1e-5)
    assert there.terms[2].error == pytest.approx(here.terms[2].error, rel=1e-5)


def test_the_covariance_has_the_errors_on_its_diagonal() -> None:
    for estimator in (estimators.logit, estimators.firth, estimators.ordered):
        fit = estimator(design(sample(), "y", ["x"], "family"))
        diagonal = np.sqrt(np.diag(np.array(fit.covariance)))
        assert diagonal == pytest.approx([term.error for term in fit.terms])


def test_the_logit_is_that_of_statsmodels_glm() -> None:
    found: Design = design(sample(), "y", ["x", "z"])
    other = sm.GLM(found.outcome, found.with_constant, family=sm.families.Binomial()).fit()

    fit = estimators.logit(found)

    assert [term.coefficient for term in fit.terms] == pytest.approx(list(other.params), abs=1e-6)
    assert fit.log_likelihood == pytest.approx(other.llf)
