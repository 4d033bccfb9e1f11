"""Wrote oracle.json once. Needs its own environment, as irrCAC pins old versions:

python -m venv /tmp/oracle && /tmp/oracle/bin/pip install irrCAC==0.4.4 pingouin==0.6.1
/tmp/oracle/bin/python tests/agreement/make_oracle.py > tests/agreement/oracle.json

Nothing of Casebook is imported: the figures are those of irrCAC and pingouin alone.
"""

from __future__ import annotations

import json
import warnings
from importlib import import_module
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

SEED = 20140101
RAW = {
    "gwet_ac": "gwet",
    "fleiss_kappa": "fleiss",
    "brennan_prediger": "bp",
    "conger_kappa": "conger",
}
TABLE = {"cohen_kappa": "cohen", "scott_pi": "scott"}
WEIGHTS = ("identity", "linear", "quadratic", "ordinal")
FORMS = ("1,1", "2,1", "3,1", "1,k", "2,k", "3,k")


def matrix(random: np.random.Generator, number: int) -> np.ndarray:
    units, coders, scale = random.integers(8, 16), random.integers(2, 6), random.integers(2, 6)
    truth = random.integers(1, scale + 1, (units, 1))
    noise = random.integers(1, scale + 1, (units, coders))
    said = np.where(random.random((units, coders)) < 0.6, truth, noise).astype(float)
    said[random.random((units, coders)) < (0, 0.2, 0.35)[number % 3]] = np.nan
    said[0], said[1] = 1, scale  # at least two units and two categories in full
    return said


def of_raw(said: np.ndarray, scale: list[float]) -> list[list[object]]:
    raw = import_module("irrCAC.raw")
    rows: list[list[object]] = []
    for weights in WEIGHTS:
        table = raw.CAC(pd.DataFrame(said), weights=weights, categories=scale, digits=12)
        for name, method in RAW.items():
            found = getattr(table, method)()["est"]
            rows.append([name, weights, *figures(found)])
        if weights in ("identity", "quadratic"):
            measure = "nominal" if weights == "identity" else "interval"
            rows.append(["krippendorff_alpha", measure, *figures(table.krippendorff()["est"])])
    return rows


def of_two(said: np.ndarray, scale: list[float]) -> list[list[object]]:
    both = said[~np.isnan(said[:, :2]).any(axis=1), :2]
    counts = np.zeros((len(scale), len(scale)))
    np.add.at(counts, tuple(both.T.astype(int) - 1), 1)
    rows: list[list[object]] = []
    for weights, (name, method) in product(WEIGHTS, TABLE.items()):
        module = import_module("irrCAC.table")
        table = module.CAC(pd.DataFrame(counts), weights=weights, digits=12)
        rows.append([name, weights, *figures(getattr(table, method)()["est"])])
    return rows


def of_icc(said: np.ndarray) -> list[list[object]]:
    full = pd.DataFrame(said[~np.isnan(said).any(axis=1)])
    if len(full) < 5:
        return []
    long = full.stack().reset_index().set_axis(["unit", "coder", "said"], axis=1)
    found = import_module("pingouin").intraclass_corr(long, "unit", "coder", "said")
    rows = zip(FORMS, found["ICC"], found["CI95"], strict=True)
    return [["icc", form, round(value, 10), *map(float, limits)] for form, value, limits in rows]


def figures(found: dict[str, Any]) -> list[float]:
    """Value, error, low, high; where all agree irrCAC has no error, then the value alone."""
    numbers = [found["coefficient_value"], found["se"], *found["confidence_interval"]]
    return [round(float(x), 10) for x in (numbers if found["se"] > 1e-12 else numbers[:1])]


def main() -> None:
    warnings.simplefilter("ignore")
    random = np.random.default_rng(SEED)
    cases = []
    for number in range(24):
        said = matrix(random, number)
        scale = [float(value) for value in range(1, int(np.nanmax(said)) + 1)]
        ratings = [[None if np.isnan(value) else int(value) for value in row] for row in said]
        expected = [*of_raw(said, scale), *of_two(said, scale), *of_icc(said)]
        cases.append({"ratings": ratings, "scale": len(scale), "expected": expected})
    note = (
        "Regression values, not published ones: random matrices, figures of irrCAC 0.4.4 and"
        " pingouin 0.6.1 as make_oracle.py wrote them. Each row: function, weights, measure or"
        " form, value, standard error, low, high (icc: value, low and high to two digits)."
    )
    lines = ",\n".join(json.dumps(case) for case in cases)
    print(f'{{"note": {json.dumps(note)}, "cases": [\n{lines}\n]}}')


if __name__ == "__main__":
    main()
