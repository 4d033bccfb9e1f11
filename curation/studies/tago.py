"""Tago (2005) once more: alone or in a coalition, out of his own file of U.S. uses of force.

The file is another's and is not here: it is given by its path. Its first outcome is checked
against what he printed; the second, authorisation by an organisation, is what the same model says.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from curation.faults import BadInput, Fault
from curation.studies import estimators
from curation.studies.estimators import Fit, design

TERMS = {
    "evacuation": "Evacuation",
    "ground_forces": "Ground forces",
    "post_cold_war": "After the Cold War",
    "severity": "Severity",
}
OUTCOMES = {
    "coalitional_use_of_force": "In a coalition",
    "igo_authorized_use_of_force": "Authorised by an organisation",
}
CLUSTER, CHOSEN, NOT_EVACUATION = "conflict", "use_of_force", "non_neo"
# Coefficients, the constant first; their errors; errors that allow for clusters of conflicts.
PRINTED = {
    "coalitional_use_of_force": (
        (-3.731, -2.520, 1.159, 1.679, 0.745),
        (0.692, 0.724, 0.443, 0.445, 0.235),
        (0.657, 0.865, 0.462, 0.459, 0.211),
    )
}


def read(path: Path) -> pd.DataFrame:
    """The uses of force of his file. Raises BadInput where columns are not there."""
    try:
        table = pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise BadInput([Fault("FILE", str(path), f"cannot be read: {error}")]) from None
    needed = [CLUSTER, CHOSEN, NOT_EVACUATION, *OUTCOMES, *list(TERMS)[1:]]
    if lost := [name for name in needed if name not in table.columns]:
        rule = "is no column of the file. It is that of Tago (2005), one row a use of force."
        raise BadInput([Fault("header", name, rule) for name in lost])
    return table[table[CHOSEN] == 1].assign(evacuation=lambda t: 1 - t[NOT_EVACUATION])


def check(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Both outcomes: each with its figures, and where some were printed whether they are those."""
    return [_outcome(table, name) for name in OUTCOMES]


def _outcome(table: pd.DataFrame, name: str) -> dict[str, Any]:
    alone = estimators.logit(design(table, name, list(TERMS)))
    clustered = estimators.logit(design(table, name, list(TERMS), CLUSTER))
    figures = (_rounded(alone, "coefficient"), _rounded(alone, "error"))
    found = (*figures, _rounded(clustered, "error"))
    return {
        "outcome": OUTCOMES[name],
        "rows": alone.rows,
        "clusters": clustered.clusters,
        "log_likelihood": round(alone.log_likelihood, 3),
        "coefficients": found[0],
        "errors": found[1],
        "clustered_errors": found[2],
        "as_printed": found == PRINTED[name] if name in PRINTED else None,
    }


def _rounded(fit: Fit, part: str) -> tuple[float, ...]:
    return tuple(round(getattr(term, part), 3) for term in fit.terms)


def lines(found: Sequence[dict[str, Any]]) -> list[str]:
    """As it is printed: a row a term."""
    said: list[str] = []
    for each in found:
        said.append(
            f"{each['outcome']}: {each['rows']} uses of force in {each['clusters']} conflicts, "
            f"log likelihood {each['log_likelihood']:.3f}"
        )
        columns = (each["coefficients"], each["errors"], each["clustered_errors"])
        said.append(f"  {'':<20}{'coefficient':>12}{'error':>9}{'clustered':>11}")
        for label, *row in zip(("Constant", *TERMS.values()), *columns, strict=True):
            said.append(f"  {label:<20}{row[0]:>12.3f}{row[1]:>9.3f}{row[2]:>11.3f}")
        said.append(f"  {VERDICT[each['as_printed']]}")
    return said


VERDICT = {
    True: "These are the printed figures, to each digit.",
    False: "These are NOT the printed figures: the file or its version differs.",
    None: "The source prints nothing to hold this against.",
}
