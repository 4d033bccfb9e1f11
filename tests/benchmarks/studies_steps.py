"""How fast a study is on 12,000 rows, once Django is set up; see tests.benchmarks.studies.

The risk set is simulated: 74 cases by 167 states, rosters on which two coders differ in every
second case. Seconds are of the clock and of the processor.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from time import perf_counter, process_time

from curation.studies.declared import prepare
from curation.studies.joining import STUDY
from curation.studies.sensitivity import Question, one_by_one
from tests.studies.test_sensitivity import joining

LIMITS = {"who joins, clustered errors, 12k rows": 2.0, "its sensitivity, 200 refits": 60.0}


def timed(figure: str, work: Callable[[], object], **more: object) -> None:
    clock, processor = perf_counter(), process_time()
    work()
    found = {
        "figure": figure,
        "seconds": round(perf_counter() - clock, 3),
        "processor": round(process_time() - processor, 3),
        "limit": LIMITS[figure],
        **more,
    }
    print(json.dumps(found), flush=True)


def measure() -> None:
    files = joining(cases=74, states=167)
    codings, cells = files.codings(STUDY.variables), files.cells(STUDY.variables)

    def ask() -> Question:
        prepared = prepare(STUDY, STUDY.frame(files.tables))
        question = Question(STUDY, files, prepared, cells, codings)
        question.fit()
        return question

    question = ask()
    fit = question.fit()
    timed("who joins, clustered errors, 12k rows", ask, rows=fit.rows)
    times = 0

    def refit() -> None:
        nonlocal times
        while times < 200:
            times += len({m.place for m in one_by_one(question, fit, lambda done, of: None)})

    timed("its sensitivity, 200 refits", refit)
