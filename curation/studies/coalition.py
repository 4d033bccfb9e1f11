"""When a coalition? Why the leading state forms one rather than acting alone."""

from __future__ import annotations

import pandas as pd

from curation.studies import descriptives
from curation.studies.declared import CASE, Study, Term, coded
from curation.studies.frames import Tables

UNIT = "intervention"
COLD_WAR_ENDS = 1990


def rows(tables: Tables) -> pd.DataFrame:
    index = tables.units[UNIT].index
    return pd.DataFrame({CASE: index}, index=index)


def _number(name: str, label: str) -> Term:
    def work(tables: Tables, _: pd.DataFrame) -> pd.Series[float]:
        return tables.numbers(UNIT, name)

    return Term(name, label, work, ((UNIT, name),))


def _type(name: str, label: str, codes: tuple[int, ...]) -> Term:
    def work(tables: Tables, _: pd.DataFrame) -> pd.Series[float]:
        return coded(tables, UNIT, "operation_type", codes)

    return Term(name, label, work, ((UNIT, "operation_type"),))


def _after_cold_war(tables: Tables, _: pd.DataFrame) -> pd.Series[float]:
    years = tables.years(UNIT, "start_date")
    return (years >= COLD_WAR_ENDS).astype(float).where(years.notna())


STUDY = Study(
    name="when-a-coalition",
    title="When a coalition?",
    question="When does the leading state intervene with others, and when alone?",
    row="intervention",
    rows=rows,
    outcome=_number("coalition", "Coalition"),
    terms=(
        _number("operational_demand", "Operational demand"),
        _number("threat_immediacy", "Immediacy of the threat"),
        _number("legitimacy_need", "Need for legitimacy"),
        _number("access_logistics_need", "Need for access and logistics"),
        _type("combat", "War, insurgency or regime change", (1, 2, 3)),
        _type("evacuation", "Evacuation", (7,)),
        _type("relief", "Humanitarian relief", (8,)),
        Term(
            "after_cold_war",
            "Began in 1990 or later",
            _after_cold_war,
            ((UNIT, "start_date"),),
        ),
    ),
    estimators=("logit", "firth"),
    note="After RAND (2021) and Tago (2005): demand and legitimacy are expected to raise it, an "
    "immediate threat and evacuations to lower it.",
    descriptives=(
        descriptives.by_decade,
        descriptives.by_type,
        descriptives.by_region,
    ),
)
