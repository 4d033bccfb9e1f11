"""What makes coalitions succeed? Each objective of a coalition, reached in full, in part or not."""

from __future__ import annotations

import numpy as np
import pandas as pd

from curation.studies import descriptives
from curation.studies.declared import CASE, Study, Term
from curation.studies.frames import Tables

UNIT, PARTNER, ABOVE = "objective", "partner", "intervention"
HOLDS = {"shared_threat": 1, "shared_interest": 2, "prior_joint_experience": 2}


def rows(tables: Tables) -> pd.DataFrame:
    frame = tables.units.get(UNIT)
    if frame is None:
        return pd.DataFrame({CASE: pd.Series(dtype=str)})
    return pd.DataFrame({CASE: frame["parent"]}, index=frame.index)


def _reached(tables: Tables, _: pd.DataFrame) -> pd.Series[float]:
    return tables.numbers(UNIT, "achieved_at_end")


def _share(variable: str, label: str) -> Term:
    """Among the partners of whom it is known, the share of whom it holds."""

    def work(tables: Tables, rows: pd.DataFrame) -> pd.Series[float]:
        numbers = tables.numbers(PARTNER, variable)
        holds = (numbers >= HOLDS[variable]).astype(float).where(numbers.notna())
        by_case = holds.groupby(tables.units[PARTNER]["parent"]).mean()
        return rows[CASE].map(by_case).astype(float)

    return Term(variable, label, work, ((PARTNER, variable),))


def _size(tables: Tables, rows: pd.DataFrame) -> pd.Series[float]:
    """Logarithm of one more than the number of partners."""
    partners = tables.sets(ABOVE, "partners").map(len, na_action="ignore").astype(float)
    return rows[CASE].map(pd.Series(np.log1p(partners), partners.index))


def _coalition(tables: Tables, rows: pd.DataFrame) -> pd.Series[float]:
    return rows[CASE].map(tables.numbers(ABOVE, "coalition"))


STUDY = Study(
    name="success",
    title="What makes coalitions succeed?",
    question="Which objectives are reached by the end of the intervention?",
    row="political objective",
    rows=rows,
    outcome=Term("reached", "Reached at the end", _reached, ((UNIT, "achieved_at_end"),)),
    terms=(
        _share("shared_threat", "Share of partners under the same threat"),
        _share("shared_interest", "Share of partners with the same interest"),
        _share("prior_joint_experience", "Share of partners with joint experience"),
        Term("size", "Number of partners, logarithm", _size, ((ABOVE, "partners"),)),
        Term("coalition", "In a coalition", _coalition, ((ABOVE, "coalition"),)),
    ),
    estimators=("ordered",),
    is_clustered=True,
    note="After RAND (2021): shared threat is expected to help most, a coalition by itself little.",
    descriptives=(descriptives.reached,),
)
