"""How fast agreement is, beside the packages people use: one JSON line for each figure.

    python -m tests.benchmarks.agreement

``ratio`` is the other package's time over ours, both measured in this run; where the other one
would take minutes, ``measured`` says what part was timed and multiplied. irrCAC pins versions too
old to stand beside ours: it is installed in an environment of its own, for this run.
"""

from __future__ import annotations

import atexit
import json
import os
import sys
import tracemalloc
from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from subprocess import CalledProcessError, run
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any, Literal

import django
import krippendorff
import numpy as np
from numpy.typing import NDArray

from coding.agreement import (
    brennan_prediger,
    cohen_kappa,
    conger_kappa,
    fleiss_kappa,
    gwet_ac,
    icc,
    krippendorff_alpha,
    percent_agreement,
)

Ratings = NDArray[np.int64]
QUIETLY: dict[str, Any] = {"check": True, "capture_output": True, "text": True}
IRRCAC = """
import sys, time, numpy, pandas
from irrCAC.raw import CAC
table = pandas.DataFrame(numpy.load(sys.argv[1]))
start = time.perf_counter()
alpha = CAC(table, digits=9).krippendorff()["est"]["coefficient_value"]
print(alpha, time.perf_counter() - start)
"""
LIMITS = {  # of issue 4, in seconds or megabytes
    "alpha, 1000 replicates, 100k x 3 x 5": 0.05,
    "alpha, 1M x 5 x 5": 0.05,
    "interval alpha, 1M x 3 x 100": 0.5,
    "interval alpha, 1M x 3 x 100, memory": 500.0,
    "65 variables x 372 cases, from the database": 1.0,
}


def said(units: int, coders: int, categories: int) -> Ratings:
    random = np.random.default_rng(units)
    truth = random.integers(1, categories + 1, (units, 1))
    guess = random.integers(1, categories + 1, (units, coders))
    return np.where(random.random((units, coders)) < 0.7, truth, guess)


def seconds(act: Callable[[], object], *, best_of: int = 5) -> float:
    def once() -> float:
        start = perf_counter()
        act()
        return perf_counter() - start

    return min(once() for _ in range(best_of))


def tell(name: str, value: float, unit: str = "s", **more: object) -> None:
    limit = {"limit": LIMITS[name], "kept": value < LIMITS[name]} if name in LIMITS else {}
    print(json.dumps({"figure": name, "value": round(value, 4), "unit": unit} | limit | more))


def theirs(ratings: Ratings, measure: Literal["nominal", "interval"]) -> float:
    return float(krippendorff.alpha(reliability_data=ratings.T, level_of_measurement=measure))


def against(ours: float, other: float, package: str, measured: str) -> dict[str, Any]:
    return {"against": package, "measured": measured, "ratio": round(other / ours, 1)}


def replicates() -> None:
    """A thousand bootstrap replicates; the packages have none, so a thousand estimates."""
    ratings = said(100_000, 3, 5)
    name = "alpha, 1000 replicates, 100k x 3 x 5"
    ours = seconds(lambda: krippendorff_alpha(ratings, bootstrap=1000))
    other = seconds(lambda: theirs(ratings, "nominal"), best_of=3) * 1000
    tell(name, ours, **against(ours, other, "krippendorff", "1 estimate x 1000"))
    beside_irrcac(name, ours, ratings, times=1000)
    for function in (percent_agreement, fleiss_kappa, gwet_ac, brennan_prediger, conger_kappa):
        took = seconds(lambda function=function: function(ratings, bootstrap=1000))  # type: ignore[misc]
        tell(f"{function.__name__}, 1000 replicates, 100k x 3 x 5", took)
    took = seconds(lambda: cohen_kappa(ratings[:, :2], bootstrap=1000))
    tell("cohen_kappa, 1000 replicates, 100k x 2 x 5", took)


def one_estimate() -> None:
    ratings = said(1_000_000, 5, 5)
    ours = seconds(lambda: krippendorff_alpha(ratings))
    other = seconds(lambda: theirs(ratings, "nominal"), best_of=1)
    tell("alpha, 1M x 5 x 5", ours, **against(ours, other, "krippendorff", "the same ratings"))
    few = ratings[:100_000]
    ours = seconds(lambda: krippendorff_alpha(few))
    beside_irrcac("alpha, 100k x 5 x 5", ours, few)


def beside_irrcac(name: str, ours: float, ratings: Ratings, times: int = 1) -> None:
    """Alpha of the same ratings by irrCAC, in an interpreter of its own."""
    with TemporaryDirectory(prefix="casebook-irrcac-") as folder:
        try:
            python = irrcac()
            np.save(f"{folder}/ratings.npy", ratings)
            said = run([python, "-c", IRRCAC, f"{folder}/ratings.npy"], **QUIETLY).stdout
        except (CalledProcessError, OSError) as error:
            tell(name, ours, against="irrCAC", missing=f"it could not be installed: {error}")
            return
    alpha, took = map(float, said.split())
    assert abs(alpha - krippendorff_alpha(ratings).value) < 1e-6, "irrCAC says another alpha"
    part = f"1 estimate x {times}" if times > 1 else "the same ratings"
    tell(name, ours, **against(ours, took * times, "irrCAC", part))


@lru_cache
def irrcac() -> str:
    """A Python that has irrCAC and nothing of ours."""
    home = TemporaryDirectory(prefix="casebook-irrcac-")
    atexit.register(home.cleanup)
    run([sys.executable, "-m", "venv", home.name], **QUIETLY)
    python = f"{home.name}/bin/python"
    run([python, "-m", "pip", "install", "--quiet", "irrCAC==0.4.4"], **QUIETLY)
    return python


def many_values() -> None:
    """The usual package holds units x values x values numbers: 8 GB at 100k units."""
    ratings = said(1_000_000, 3, 100)
    few = ratings[:5000]
    ours = seconds(lambda: krippendorff_alpha(ratings, "interval"))
    small = seconds(lambda: krippendorff_alpha(few, "interval"))
    other = seconds(lambda: theirs(few, "interval"), best_of=1)
    beside = against(small, other, "krippendorff", "both at 5000 units")
    tell("interval alpha, 1M x 3 x 100", ours, **beside)
    tell("interval alpha, 1M x 3 x 100, memory", megabytes(ratings), "MB")


def megabytes(ratings: Ratings) -> float:
    tracemalloc.start()
    krippendorff_alpha(ratings, "interval")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most / 1e6


def continuous() -> None:
    random = np.random.default_rng(1)
    numbers = random.normal(size=(100_000, 1)) + random.normal(size=(100_000, 3))
    took = seconds(lambda: krippendorff_alpha(numbers, "interval"))
    tell("interval alpha, 100k x 3, every number another", took)
    took = seconds(lambda: icc(numbers, "2,1"))
    tell("icc(2,1), 100k x 3, every number another", took)


def first_project() -> None:
    """Three coefficients with resampled intervals for 65 variables, ratings in memory."""
    variables = [said(372, 2, categories) for categories in range(2, 67)]

    def report() -> None:
        for ratings in variables:
            for function in (percent_agreement, krippendorff_alpha, gwet_ac):
                function(ratings, bootstrap=1000)

    tell("65 variables x 372 cases, three coefficients, 1000 replicates", seconds(report))


def from_the_database() -> None:
    """All variables of a codebook that two coders have coded, as a page or a report asks."""
    with TemporaryDirectory(prefix="casebook-bench-") as folder:
        os.environ.setdefault("DATABASE_URL", f"sqlite:///{folder}/casebook.sqlite3")
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "curation.settings")
        django.setup()
        variables = import_module("tests.benchmarks.variables")
        project = variables.fill()
        ours = seconds(lambda: variables.report(project), best_of=3)
        start = process_time()
        variables.report(project)
        cpu = round(process_time() - start, 3)
        others = variables.theirs(project)
        other = seconds(lambda: variables.theirs(project), best_of=1)
        beside = against(ours, other, "krippendorff", f"{len(others)} estimates, no intervals")
        beside |= {"cpu_s": cpu, "queries": variables.queries(project)}
        tell("65 variables x 372 cases, from the database", ours, **beside)
        import_module("django.db").connection.close()


def main() -> None:
    replicates()
    one_estimate()
    many_values()
    continuous()
    first_project()
    from_the_database()


if __name__ == "__main__":
    main()
