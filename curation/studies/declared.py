"""What a study is: rows, an outcome, what may explain it, and how that is estimated."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from curation.studies import estimators
from curation.studies.descriptives import Make
from curation.studies.estimators import Design, Fit, NotEstimated
from curation.studies.frames import Tables

# A column that is known in fewer of the rows would decide which rows are studied.
KNOWN_AT_LEAST = 0.5
OUTCOME, CASE = "outcome", "case"


@dataclass(frozen=True)
class Term:
    """A column that may explain the outcome. `work` finds it in the tables, row by row.

    needs: the entries (unit, name) of which it is made; without one of them it cannot be made.
    of_risk_set: a column of the risk set of which it is made, or "".
    """

    name: str
    label: str
    work: Callable[[Tables, pd.DataFrame], pd.Series[float]]
    needs: tuple[tuple[str, str], ...] = ()
    of_risk_set: str = ""

    def can_be_made(self, tables: Tables) -> bool:
        risk_set = tables.risk_set
        there = not self.of_risk_set or (risk_set is not None and self.of_risk_set in risk_set)
        return there and all(tables.has(unit, name) for unit, name in self.needs)


@dataclass(frozen=True)
class Study:
    """A declared analysis, the same for every release that holds its columns.

    rows: the index of its rows, with the case of each. outcome: 0/1, or 0…k-1 in order.
    estimators: names of `estimators.ESTIMATORS`; the first is the study's, the rest are variants.
    """

    name: str
    title: str
    question: str
    row: str
    rows: Callable[[Tables], pd.DataFrame]
    outcome: Term
    terms: tuple[Term, ...]
    estimators: tuple[str, ...]
    is_clustered: bool = False
    note: str = ""
    descriptives: tuple[Make, ...] = ()

    @property
    def variables(self) -> tuple[tuple[str, str], ...]:
        """The entries of which its columns are made."""
        named = [pair for term in (self.outcome, *self.terms) for pair in term.needs]
        return tuple(dict.fromkeys(named))

    def frame(self, tables: Tables) -> pd.DataFrame:
        """One row a case of the study: `case`, `outcome` and each term that can be made."""
        rows = self.rows(tables)
        columns: dict[str, pd.Series[float]] = {}
        for name, term in [(OUTCOME, self.outcome), *((t.name, t) for t in self.terms)]:
            if term.can_be_made(tables):
                columns[name] = term.work(tables, rows)
        return pd.DataFrame({CASE: rows[CASE], **columns}, index=rows.index)

    def can_run(self, tables: Tables) -> bool:
        return self.outcome.can_be_made(tables)


@dataclass(frozen=True)
class Prepared:
    """What is estimated, and which terms are left out, each with its reason."""

    frame: pd.DataFrame
    names: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...]

    def design(self, study: Study, frame: pd.DataFrame | None = None) -> Design:
        clusters = CASE if study.is_clustered else None
        chosen = self.frame if frame is None else frame
        return estimators.design(chosen, OUTCOME, self.names, clusters)


def prepare(study: Study, frame: pd.DataFrame) -> Prepared:
    """Choose the terms. Raises NotEstimated where no outcome or no term is left."""
    if OUTCOME not in frame or not frame[OUTCOME].notna().any():
        raise NotEstimated("No row has a value for the outcome.")
    asked = frame[frame[OUTCOME].notna()]
    names, left_out = [], []
    for term in study.terms:
        if reason := _reason_to_leave_out(asked, term.name):
            left_out.append((term.name, reason))
        else:
            names.append(term.name)
    if not names:
        raise NotEstimated("Nothing that may explain the outcome is coded in half of its rows.")
    return Prepared(frame, tuple(names), tuple(left_out))


def _reason_to_leave_out(asked: pd.DataFrame, name: str) -> str:
    if name not in asked:
        return "The release holds nothing of which it could be made."
    known = int(asked[name].notna().sum())
    if known < KNOWN_AT_LEAST * len(asked):
        return f"Known in {known} of {len(asked)} rows, fewer than half."
    if asked[name].nunique() < 2:
        return "The same in every row in which it is known."
    return ""


def estimate(
    study: Study, prepared: Prepared, estimator: str, frame: pd.DataFrame | None = None
) -> Fit:
    """Raises NotEstimated, whose message says why there is no figure."""
    return estimators.ESTIMATORS[estimator](prepared.design(study, frame))


def labels(study: Study) -> Mapping[str, str]:
    return {term.name: term.label for term in study.terms}


def coded(tables: Tables, unit: str, name: str, codes: Sequence[int]) -> pd.Series[float]:
    """1 where one of the codes stands, 0 where another does, a gap where none is known."""
    numbers = tables.numbers(unit, name)
    return numbers.isin(codes).astype(float).where(numbers.notna())
