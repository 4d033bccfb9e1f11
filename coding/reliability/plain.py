"""Figures as plain data: what the command prints as JSON, and the report writes as CSV."""

from __future__ import annotations

from math import isnan
from typing import Any

from coding.agreement import Coefficient
from coding.reliability.figures import Figure
from coding.reliability.splits import Pair, Part


def plain(found: Figure | Part | Pair | Coefficient) -> dict[str, Any]:
    """A figure as a dictionary of texts and numbers; what is not defined is None."""
    if isinstance(found, Figure):
        return _figure(found)
    if isinstance(found, Part):
        parted = {"key": found.key, "label": found.label}
        both = {"alpha": plain(found.alpha), "percent": plain(found.percent)}
        without = {} if found.without is None else {"without": plain(found.without)}
        return parted | both | without
    if isinstance(found, Pair):
        who = {"one": found.one.name, "other": found.other.name, "shared": found.shared}
        return who | {"alpha": plain(found.alpha), "percent": plain(found.percent)}
    return {
        "value": number(found.value),
        "low": number(found.low),
        "high": number(found.high),
        "se": number(found.se),
        "n_units": found.n_units,
        "n_ratings": found.n_ratings,
        "reason": found.reason,
    }


def _figure(found: Figure) -> dict[str, Any]:
    variable = found.entry.variable
    return {
        "variable": found.name,
        "label": found.entry.label,
        "unit": variable.unit.name,
        "kind": variable.kind,
        "measure": found.measure,
        "cases": found.cases,
        "coders": found.coders,
        "alpha": plain(found.alpha),
        "missing": found.missing,
        "alpha_excluded": plain(found.excluded),
        "alpha_as_category": plain(found.as_category),
        "percent": plain(found.percent),
        "ac": plain(found.ac) | {"name": found.ac_name},
        "prevalence": {share.code: share.count for share in found.prevalence},
        "reason": found.reason,
    }


def number(value: float) -> float | None:
    return None if isnan(value) else value
