"""The tables of a release as studies read them: from its files alone, missing codes as gaps.

A cell can be said otherwise (by a coder, by a draw, not at all), and the tables are then those
that the release would hold if its cells said so. That is all that sensitivity needs.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import pandas as pd

from coding.canonical import EARLIEST, bounds, members
from curation.releases.riskset import RISK_SET
from curation.releases.uncertainty import DRAWS

Get = Callable[[str], bytes | None]
NUMBERS = {"category", "ordinal", "boolean", "integer", "decimal"}


class Place(NamedTuple):
    """A cell of the release."""

    unit: str
    case: str
    variable: str

    @property
    def root(self) -> str:
        """The case of the highest unit to which it belongs: keys of rows below begin with it."""
        return self.case.split("/")[0]

    def __str__(self) -> str:
        return f"{self.variable} of {self.case}"


@dataclass(frozen=True)
class Cell:
    """A line of cells.csv, of which studies ask this much."""

    value: str
    status: str
    coders: int
    certainty: int | None


# What cells say instead of what the release says; None empties one.
Otherwise = Mapping[Place, str | None]


@dataclass
class Tables:
    """Tables by unit, one row a case by key: texts as released, "" where there is no value."""

    units: dict[str, pd.DataFrame]
    risk_set: pd.DataFrame | None
    kinds: Mapping[tuple[str, str], str]
    roster: tuple[str, str] | None
    missing: frozenset[str]

    def has(self, unit: str, *names: str) -> bool:
        return unit in self.units and all(name in self.units[unit].columns for name in names)

    def numbers(self, unit: str, name: str) -> pd.Series[float]:
        """A column as numbers; a gap where nothing is coded or a missing code stands."""
        return pd.to_numeric(self.texts(unit, name), errors="coerce").astype(float)

    def texts(self, unit: str, name: str) -> pd.Series[Any]:
        """A column as texts; a gap where nothing is coded or a missing code stands."""
        column = self.units[unit][name]
        return column.where(~column.isin([*self.missing, ""]))

    def years(self, unit: str, name: str) -> pd.Series[float]:
        """The year in which a date begins at the earliest."""
        texts = self.texts(unit, name)
        return texts.map(_year, na_action="ignore").astype(float)

    def sets(self, unit: str, name: str) -> pd.Series[Any]:
        """The codes of a set; a gap where it is missing, an empty set where it is none."""
        return self.texts(unit, name).map(lambda text: frozenset(members(text)), na_action="ignore")

    def of_family(self, root: str) -> Tables:
        """What belongs to one case of the highest unit: itself and the rows below it."""
        units = {name: frame[roots(frame) == root] for name, frame in self.units.items()}
        risk_set = self.risk_set
        if risk_set is not None:
            risk_set = risk_set[risk_set["case"] == root]
        return Tables(units, risk_set, self.kinds, self.roster, self.missing)

    def saying(self, otherwise: Otherwise) -> Tables:
        """These tables with other cells. A roster that says otherwise changes who joined."""
        units = dict(self.units)
        for unit, frame in self.units.items():
            changed = [(p, text) for p, text in otherwise.items() if p.unit == unit]
            if changed:
                units[unit] = _changed(frame, changed)
        return Tables(units, self._joined(otherwise), self.kinds, self.roster, self.missing)

    def _joined(self, otherwise: Otherwise) -> pd.DataFrame | None:
        if self.risk_set is None or self.roster is None:
            return self.risk_set
        rosters = {p.case: t for p, t in otherwise.items() if (p.unit, p.variable) == self.roster}
        if not rosters:
            return self.risk_set
        risk_set = self.risk_set.copy()
        for case, text in rosters.items():
            rows = risk_set["case"] == case
            if not text or text in self.missing:
                risk_set.loc[rows, "joined"] = ""
            else:
                came = risk_set.loc[rows, "state"].isin(members(text))
                risk_set.loc[rows, "joined"] = came.map({True: "1", False: "0"})
        return risk_set


def _changed(frame: pd.DataFrame, changed: Iterable[tuple[Place, str | None]]) -> pd.DataFrame:
    frame = frame.copy()
    for place, text in changed:
        if place.case in frame.index and place.variable in frame.columns:
            frame.loc[place.case, place.variable] = text or ""
    return frame


def roots(frame: pd.DataFrame) -> pd.Series[Any]:
    """The case of the highest unit to which each row belongs."""
    return frame["parent"] if "parent" in frame.columns else pd.Series(frame.index, frame.index)


def _year(text: str) -> float:
    first = bounds(text)[0]
    return float("nan") if first == EARLIEST else float(first[:4])


@dataclass
class Files:
    """A release by its files. `get` gives the bytes of a file, None where there is none."""

    get: Get
    version: str
    title: str = ""
    _memo: dict[str, Any] = field(default_factory=dict, repr=False)

    @cached_property
    def codebook(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.get("codebook.json") or b"{}")
        return found

    @cached_property
    def missing(self) -> frozenset[str]:
        return frozenset(str(m["code"]) for m in self.codebook["codebook"]["missing_codes"])

    @cached_property
    def tables(self) -> Tables:
        """As released."""
        variables = self.codebook["variables"]
        names = dict.fromkeys(v["unit"] for v in variables)
        read = {name: self._table(name) for name in names}
        units = {name: table.set_index("case") for name, table in read.items() if table is not None}
        risk_set = self._table(RISK_SET.removesuffix(".csv"))
        kinds = {(v["unit"], v["name"]): v["type"] for v in variables}
        roster = next(((v["unit"], v["name"]) for v in variables if v.get("roster_of")), None)
        return Tables(units, risk_set, kinds, roster, self.missing)

    def _table(self, name: str) -> pd.DataFrame | None:
        data = self.get(f"{name}.csv")
        if data is None:
            return None
        return pd.read_csv(io.BytesIO(data), dtype=str, keep_default_na=False)

    def cells(self, variables: Iterable[tuple[str, str]]) -> dict[Place, Cell]:
        """The lines of cells.csv that are about these (unit, variable)."""
        wanted = set(variables)
        found = {}
        for row in self.rows("cells.csv"):
            if (row["unit"], row["variable"]) in wanted:
                certainty = int(row["certainty"]) if row["certainty"] else None
                cell = Cell(row["value"], row["status"], int(row["coders"] or 0), certainty)
                found[Place(row["unit"], row["case"], row["variable"])] = cell
        return found

    def codings(self, variables: Iterable[tuple[str, str]]) -> dict[Place, dict[str, str]]:
        """What each coder said, by pseudonym; of the purposes that speak for the data set."""
        wanted = set(variables)
        found: dict[Place, dict[str, str]] = {}
        for row in self.rows("codings.csv"):
            if (row["unit"], row["variable"]) in wanted and row["purpose"] in SPEAK:
                place = Place(row["unit"], row["case"], row["variable"])
                found.setdefault(place, {})[row["coder"]] = row["value"]
        return found

    def draws(self, variables: Iterable[tuple[str, str]]) -> list[dict[Place, str | None]]:
        """What uncertain cells may say, one reading a draw; none where the release has none."""
        wanted = set(variables)
        found: dict[str, dict[Place, str | None]] = {}
        for row in self.rows(DRAWS):
            if (row["unit"], row["variable"]) in wanted:
                place = Place(row["unit"], row["case"], row["variable"])
                found.setdefault(row["draw"], {})[place] = row["value"]
        return [found[draw] for draw in sorted(found, key=int)]

    def rows(self, name: str) -> Iterator[dict[str, str]]:
        """The lines of a CSV file; none where the release has no such file."""
        data = self.get(name)
        if data is not None:
            yield from csv.DictReader(io.StringIO(data.decode(), newline=""))


SPEAK = {"production", "top_up", "recode"}
