"""Published tables, and figures of other programs.

reference.json came with the project's material: worked examples as printed in the papers it
cites, and, where it says ``published: false``, figures of independent implementations.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from coding import agreement
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
    per_category,
    percent_agreement,
)

HERE = Path(__file__).parent
TWO_TEAMS = HERE.parents[2] / "shared" / "external" / "mid_two_teams_wide.csv"
REFERENCE = {case["name"]: case for case in json.loads((HERE / "reference.json").read_text())}
ORACLE = json.loads((HERE / "oracle.json").read_text())["cases"]

Ratings = list[list[Any]]
FIGURES: dict[str, Callable[[Ratings], float]] = {
    "percent_agreement": lambda said: float(percent_agreement(said)),
    "krippendorff_alpha_nominal": lambda said: float(krippendorff_alpha(said, "nominal")),
    "krippendorff_alpha_ordinal": lambda said: float(krippendorff_alpha(said, "ordinal")),
    "krippendorff_alpha_interval": lambda said: float(krippendorff_alpha(said, "interval")),
    "krippendorff_alpha_ratio": lambda said: float(krippendorff_alpha(said, "ratio")),
    "krippendorff_alpha_jaccard": lambda said: float(krippendorff_alpha(said, "jaccard")),
    "krippendorff_alpha_masi": lambda said: float(krippendorff_alpha(said, "masi")),
    "cohen_kappa": lambda said: float(cohen_kappa(said)),
    "cohen_kappa_sklearn": lambda said: float(cohen_kappa(said)),
    "weighted_kappa_quadratic_on_codes": lambda said: float(cohen_kappa(said, "quadratic")),
    "conger_kappa": lambda said: float(conger_kappa(said)),
    "fleiss_kappa": lambda said: float(fleiss_kappa(said)),
    "brennan_prediger": lambda said: float(brennan_prediger(said)),
    "gwet_ac1": lambda said: float(gwet_ac(said)),
    "gwet_ac1_computed": lambda said: float(gwet_ac(said)),
    "gwet_ac1_se": lambda said: gwet_ac(said).se,
    "gwet_ac2_linear": lambda said: float(gwet_ac(said, "linear")),
    "gwet_ac2_quadratic": lambda said: float(gwet_ac(said, "quadratic")),
    "gwet_ac2_ordinal": lambda said: float(gwet_ac(said, "ordinal")),
}
SHORT = {
    "gwet": gwet_ac,
    "fleiss": fleiss_kappa,
    "conger": conger_kappa,
    "bp": brennan_prediger,
}


def figure(name: str, said: Ratings) -> float:
    if name in FIGURES:
        return FIGURES[name](said)
    if name.startswith("icc_"):
        return float(icc(said, name.removeprefix("icc_").replace("_", ",")))
    if name.startswith("fleiss_kappa_category_"):
        return float(per_category(said)[int(name[-1])])
    family, weights = name.split("_")
    return float(SHORT[family](said, weights))  # type: ignore[arg-type]


def ratings(case: dict[str, Any]) -> Ratings:
    if "ratings_file" not in case:
        return case["ratings"]  # type: ignore[no-any-return]
    if not TWO_TEAMS.exists():
        pytest.skip(f"needs {TWO_TEAMS.name}, which may not be copied into the repository")
    variable = case["name"].rpartition("_")[2]
    with TWO_TEAMS.open() as file:
        rows = list(csv.DictReader(file))
    pairs = [[int(row[f"{variable}_{team}"]) for team in ("cow", "gml")] for row in rows]
    return [[code if code in case["categories"] else None for code in pair] for pair in pairs]


EXPECTED = [
    pytest.param(case, name, id=f"{case['name']}-{name}")
    for case in REFERENCE.values()
    for name in case["expected"]
    if name != "em_prevalence"
]


@pytest.mark.parametrize(("case", "name"), EXPECTED)
def test_the_published_figures_come_out(case: dict[str, Any], name: str) -> None:
    wanted = case["expected"][name]
    assert figure(name, ratings(case)) == pytest.approx(wanted["value"], abs=wanted["tolerance"])


def test_every_case_of_the_reference_is_tried() -> None:
    tried = {case.values[0]["name"] for case in EXPECTED}  # type: ignore[index]
    assert tried | {"dawid_skene_1979_anesthesia"} == set(REFERENCE)
    assert len(tried) == 11


def test_dawid_and_skene_find_their_prevalence_of_the_anaesthetists_classes() -> None:
    case = REFERENCE["dawid_skene_1979_anesthesia"]
    wanted = case["expected"]["em_prevalence"]
    said = [[value for repeats in row for value in repeats] for row in case["ratings_multi"]]

    found = dawid_skene(said, coders=[0, 0, 0, 1, 2, 3, 4])

    assert found.prevalence == pytest.approx(wanted["value"], abs=wanted["tolerance"])
    assert found.posterior.shape == (45, 4)
    assert found.posterior.sum(axis=1) == pytest.approx(np.ones(45))
    assert found.errors.shape == (5, 4, 4)
    assert found.converged


@pytest.mark.parametrize("number", range(len(ORACLE)))
def test_values_errors_and_intervals_are_those_of_irrcac_and_pingouin(number: int) -> None:
    case = ORACLE[number]
    scale = list(range(1, case["scale"] + 1))
    for name, kind, *wanted in case["expected"]:
        found = computed(name, kind, case["ratings"], scale)
        if name == "icc":
            assert found.value == pytest.approx(wanted[0], abs=1e-8)
            assert [found.low, found.high] == pytest.approx(wanted[1:], abs=0.0051)
        else:
            got = [found.value, found.se, found.low, found.high][: len(wanted)]
            assert got == pytest.approx(wanted, abs=1e-8), (name, kind)


def computed(name: str, kind: str, said: Ratings, scale: list[int]) -> Coefficient:
    function: Callable[..., Coefficient] = getattr(agreement, name)
    if name == "icc":
        return function(said, kind)
    if name in ("cohen_kappa", "scott_pi"):
        said = [row[:2] for row in said]
    return function(said, kind, categories=scale)
