"""What the release says before anything is estimated: counts and shares, as tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from coding.canonical import members
from curation.studies.frames import Files

UNIT, PARTNER, OBJECTIVE = "intervention", "partner", "objective"


@dataclass(frozen=True)
class Table:
    """A small table. `bars`: the column that is drawn, a number or a share of 0 to 1."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]
    bars: int | None = None
    note: str = ""


Make = Callable[[Files], Table | None]


def _labels(files: Files, unit: str, name: str) -> dict[str, str]:
    for variable in files.codebook["variables"]:
        if (variable["unit"], variable["name"]) == (unit, name):
            return {str(c["code"]): c["label"] for c in variable.get("categories", [])}
    return {}


def _names_of_states(files: Files) -> dict[str, tuple[str, str, str]]:
    """Code → (abbreviation, name, region)."""
    return {
        row["code"]: (row["abbreviation"], row["name"], row["region"])
        for row in files.rows("states.csv")
    }


# ------------------------------------------------------------------ when a coalition


def _shares(files: Files, groups: pd.Series[Any], name: str, title: str) -> Table:
    """The share of coalitions in each group, with how many cases it is of."""
    coalition = files.tables.numbers(UNIT, "coalition")
    known = coalition.notna() & groups.notna()
    rows = []
    for group in sorted(groups[known].unique()):
        of = coalition[known & (groups == group)]
        rows.append((str(group), len(of), int(of.sum()), round(float(of.mean()), 4)))
    note = f"{int((~known).sum())} cases without an answer are left out."
    return Table(name, title, ("Group", "Cases", "Coalitions", "Share"), tuple(rows), 3, note)


def by_decade(files: Files) -> Table | None:
    if not files.tables.has(UNIT, "coalition", "start_date"):
        return None
    decades = files.tables.years(UNIT, "start_date") // 10 * 10
    groups = decades.map(lambda year: f"{int(year)}s", na_action="ignore")
    return _shares(files, groups, "coalitions_by_decade", "Share of coalitions by decade")


def by_type(files: Files) -> Table | None:
    return _by_label(files, "operation_type", "coalitions_by_type", "Share of coalitions by type")


def by_region(files: Files) -> Table | None:
    return _by_label(
        files, "location_region", "coalitions_by_region", "Share of coalitions by region"
    )


def _by_label(files: Files, variable: str, name: str, title: str) -> Table | None:
    if not files.tables.has(UNIT, "coalition", variable):
        return None
    labels = _labels(files, UNIT, variable)
    groups = files.tables.texts(UNIT, variable).map(labels, na_action="ignore")
    return _shares(files, groups, name, title)


# ------------------------------------------------------------------ who joins


def sizes(files: Files) -> Table | None:
    """How many coalitions have how many partners."""
    if not files.tables.has(UNIT, "partners"):
        return None
    counts = files.tables.sets(UNIT, "partners").map(len, na_action="ignore").dropna()
    tally = Counter(_size(int(count)) for count in counts if count)
    order = ["1", "2", "3-5", "6-10", "11-20", "21 and more"]
    rows = tuple((size, tally[size]) for size in order)
    note = f"{len(counts)} rosters; {int((counts == 0).sum())} of them without a partner."
    return Table("coalition_sizes", "Size of coalitions", ("Partners", "Cases"), rows, 1, note)


def _size(count: int) -> str:
    for most, words in ((1, "1"), (2, "2"), (5, "3-5"), (10, "6-10"), (20, "11-20")):
        if count <= most:
            return words
    return "21 and more"


def joiners(files: Files) -> Table | None:
    """Each state that joined, how often, and of how many it could have joined."""
    risk_set = files.tables.risk_set
    if risk_set is None:
        return None
    states = _names_of_states(files)
    asked = risk_set[(risk_set["joined"] != "") & (risk_set["is_target"] != "1")]
    could = asked.groupby("state").size()
    did = asked[asked["joined"] == "1"].groupby("state").size()
    found = sorted(((int(n), str(code)) for code, n in did.items()), key=lambda f: (-f[0], f[1]))
    rows = tuple(
        (
            code,
            *_named(states, code),
            n,
            of := int(could[code]),
            round(n / of, 4),
            _region(states, code),
        )
        for n, code in found
    )
    columns = ("Code", "Abbreviation", "State", "Joined", "Could have", "Share", "Region")
    return Table("who_joins_how_often", "Who joins how often", columns, rows, 3)


States = dict[str, tuple[str, str, str]]


def _named(states: States, code: str) -> tuple[str, str]:
    return states[code][:2] if code in states else ("", code)


def _region(states: States, code: str) -> str:
    return states[code][2] if code in states else ""


def contributions(files: Files) -> Table | None:
    """How many partner contributions were of each type; one can be of several."""
    if not files.tables.has(PARTNER, "contribution_types"):
        return None
    labels = _labels(files, PARTNER, "contribution_types")
    texts = files.tables.texts(PARTNER, "contribution_types").dropna()
    tally = Counter(code for text in texts for code in members(text))
    rows = tuple((labels.get(code, code), n) for code, n in tally.most_common())
    note = f"Of {len(texts)} contributions with a known type; one can be of several."
    title = "Contributions by type"
    return Table("contributions_by_type", title, ("Type", "Contributions"), rows, 1, note)


SPANS = ("Before the start", "Within a month", "Within half a year", "Later")


def timing(files: Files) -> Table | None:
    """When partners come and go, counted from the start and the end of the intervention.

    Dates that name only a month or a year are taken at their first possible day.
    """
    if not files.tables.has(PARTNER, "joined_date", "left_date"):
        return None
    above = files.tables.units[PARTNER]["parent"]
    came = _spans(files, above, "joined_date", "start_date")
    went = _spans(files, above, "left_date", "start_date")
    rows = tuple((span, came[span], went[span]) for span in SPANS)
    columns = ("From the start of the intervention", "Joined", "Left")
    return Table("joining_and_leaving", "Timing of joining and leaving", columns, rows, 1)


def _spans(files: Files, above: pd.Series[Any], variable: str, anchor: str) -> Counter[str]:
    partners, cases = files.tables.units[PARTNER], files.tables.units[UNIT]
    first = partners[f"{variable}_earliest"]
    starts = above.map(cases[f"{anchor}_earliest"])
    pairs = zip(first, starts, strict=True)
    known = ((a, b) for a, b in pairs if isinstance(b, str) and len(a) == len(b) == 10)
    return Counter(_span((date.fromisoformat(a) - date.fromisoformat(b)).days) for a, b in known)


def _span(days: int) -> str:
    if days < 0:
        return SPANS[0]
    return SPANS[1] if days <= 31 else SPANS[2] if days <= 183 else SPANS[3]


# ------------------------------------------------------------------ success


def reached(files: Files) -> Table | None:
    """Objectives reached at the end, in coalitions and alone."""
    if not files.tables.has(OBJECTIVE, "achieved_at_end"):
        return None
    labels = _labels(files, OBJECTIVE, "achieved_at_end")
    answers = files.tables.texts(OBJECTIVE, "achieved_at_end")
    coalition = files.tables.units[OBJECTIVE]["parent"].map(files.tables.numbers(UNIT, "coalition"))
    rows = tuple(
        (label, *(int(((answers == code) & (coalition == side)).sum()) for side in (1.0, 0.0)))
        for code, label in labels.items()
    )
    columns = ("Reached at the end", "In coalitions", "Alone")
    return Table("objectives_reached", "Objectives reached", columns, rows, 1)


def tables_of(files: Files, makers: Sequence[Make]) -> list[Table]:
    return [table for make in makers if (table := make(files)) is not None and table.rows]
