"""The package needs NumPy and nothing else, and counts instead of comparing."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from pathlib import Path
from time import perf_counter

import krippendorff
import numpy as np

from coding.agreement import krippendorff_alpha, tabulate

from .matrices import simulated

ROOT = Path(__file__).parents[2]
ALONE = """
import sys
for name in ("django", "pandas", "scipy", "krippendorff"):
    sys.modules[name] = None
import coding.agreement
said = [["a", "a"], ["a", "b"], ["b", "b"]]
print(round(float(coding.agreement.krippendorff_alpha(said, bootstrap=10)), 4))
loaded = {name.partition(".")[0] for name in sys.modules if sys.modules[name]}
print(sorted(loaded & {"django", "pandas", "scipy", "krippendorff", "numpy"}))
"""


def test_agreement_is_computed_without_django() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ALONE], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["0.4444", "['numpy']"]


def test_a_million_ratings_cost_neither_gigabytes_nor_seconds() -> None:
    said = simulated(
        np.random.default_rng(1), units=300_000, shares=[0.01] * 100, knows=0.8, coders=3
    )
    tracemalloc.start()
    start = perf_counter()
    found = krippendorff_alpha(said, "interval")
    seconds = perf_counter() - start
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert abs(found.value - 0.64) < 0.01
    assert seconds < 2
    assert most < 150e6


def test_a_thousand_replicates_of_a_hundred_thousand_units_take_no_second() -> None:
    said = simulated(np.random.default_rng(2), units=100_000, shares=[0.2] * 5, knows=0.8, coders=3)
    start = perf_counter()
    krippendorff_alpha(said, bootstrap=1000)
    assert perf_counter() - start < 1


def test_every_number_its_own_category_is_no_trouble() -> None:
    said = np.random.default_rng(3).normal(size=(20_000, 2))
    assert abs(float(krippendorff_alpha(said, "interval", bootstrap=5))) < 0.05
    assert abs(float(krippendorff_alpha(said, "nominal"))) < 0.001


def test_forty_coders_on_seven_categories_are_still_told_apart() -> None:
    said = simulated(np.random.default_rng(4), units=30, shares=[1 / 7] * 7, knows=0.5, coders=40)
    said[:15] = said[0]
    said[:15, 0] = np.arange(15) % 7
    theirs = krippendorff.alpha(reliability_data=said.T, level_of_measurement="nominal")

    assert len(tabulate(said).times) == 22
    assert abs(float(krippendorff_alpha(said)) - theirs) < 1e-10
