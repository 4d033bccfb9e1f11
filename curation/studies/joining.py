"""Who joins? Each state that could have joined, joined or not."""

from __future__ import annotations

import numpy as np
import pandas as pd

from curation.studies import descriptives
from curation.studies.declared import CASE, Study, Term, coded
from curation.studies.frames import Tables

UNIT = "intervention"
# Sources put the weakest states at 0; a logarithm needs a floor.
LEAST_CAPABILITY = 1e-6


def rows(tables: Tables) -> pd.DataFrame:
    """The risk set, but for the state in which the intervention takes place."""
    risk_set = tables.risk_set
    if risk_set is None:
        return pd.DataFrame({CASE: pd.Series(dtype=str)})
    return risk_set[risk_set["is_target"] != "1"]


def _known(name: str, label: str) -> Term:
    """A column of the risk set as it stands."""

    def work(_: Tables, rows: pd.DataFrame) -> pd.Series[float]:
        return pd.to_numeric(rows[name], errors="coerce").astype(float)

    return Term(name, label, work, of_risk_set=name)


def _joined(_: Tables, rows: pd.DataFrame) -> pd.Series[float]:
    return pd.to_numeric(rows["joined"], errors="coerce").astype(float)


def _capability(_: Tables, rows: pd.DataFrame) -> pd.Series[float]:
    share = pd.to_numeric(rows["capability"], errors="coerce").astype(float)
    return pd.Series(np.log(share.clip(lower=LEAST_CAPABILITY)), rows.index)


def _of_case(name: str, label: str, variable: str, codes: tuple[int, ...]) -> Term:
    def work(tables: Tables, rows: pd.DataFrame) -> pd.Series[float]:
        return rows[CASE].map(coded(tables, UNIT, variable, codes))

    return Term(name, label, work, ((UNIT, variable),))


def _organisation(tables: Tables, rows: pd.DataFrame) -> pd.Series[float]:
    """Sponsored by an organisation other than the United Nations."""
    sponsors = tables.sets(UNIT, "igo_sponsors")
    found = sponsors.map(lambda codes: float(bool(codes - {"0", "1"})), na_action="ignore")
    return rows[CASE].map(found).astype(float)


STUDY = Study(
    name="who-joins",
    title="Who joins?",
    question="Which of the states that could have joined a coalition did?",
    row="intervention × state in the system at its start",
    rows=rows,
    outcome=Term(
        "joined",
        "Joined",
        _joined,
        ((UNIT, "partners"),),
        of_risk_set="joined",
    ),
    terms=(
        _known("in_home_region", "In the state’s home region"),
        _known("contiguity", "Borders on the place"),
        _known("pact", "Defence pact with the leading state"),
        Term("capability", "Capability, logarithm", _capability, of_risk_set="capability"),
        _of_case("un", "Authority of the Security Council", "unsc_authorization", (3, 4, 5)),
        Term(
            "organisation",
            "Sponsored by another organisation",
            _organisation,
            ((UNIT, "igo_sponsors"),),
        ),
        _of_case("evacuation", "Evacuation", "operation_type", (7,)),
        _of_case("domestic_affairs", "Into domestic affairs", "domestic_affairs", (1,)),
    ),
    estimators=("logit", "firth", "mixed"),
    is_clustered=True,
    note="After Tago (2007). Standard errors allow for what the states of one intervention have "
    "in common.",
    descriptives=(
        descriptives.sizes,
        descriptives.joiners,
        descriptives.contributions,
        descriptives.timing,
    ),
)
