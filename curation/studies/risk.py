"""The risk set of a release, counted: who could have joined, who did, and where it is silent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from curation.releases.riskset import COLUMNS
from curation.studies.frames import Files


@dataclass(frozen=True)
class Options:
    """Which lines count: of one region, with an army, and whether the place itself does."""

    region: str = ""
    with_army: bool = False
    with_target: bool = False

    @classmethod
    def of(cls, said: Mapping[str, str]) -> Options:
        return cls(said.get("region", ""), bool(said.get("army")), bool(said.get("target")))


@dataclass(frozen=True)
class Counted:
    """Of a period: cases, lines, joined, and lines whose roster is not known."""

    label: str
    cases: int
    lines: int
    joined: int
    unknown: int

    @property
    def share(self) -> float:
        known = self.lines - self.unknown
        return self.joined / known if known else 0.0


@dataclass(frozen=True)
class Known:
    """A column that explains: in how many of the lines whose roster is known it is known too."""

    name: str
    known: int
    of: int


@dataclass(frozen=True)
class Risk:
    """What a page tells of a risk set."""

    counted: list[Counted]
    classes: list[tuple[str, int]]
    columns: list[Known]
    regions: list[str]
    has_army: bool
    without_lines: list[str]
    not_in_system: list[tuple[str, str]]


def count(files: Files, options: Options) -> Risk | None:
    """None where the release has no risk set."""
    whole = files.tables.risk_set
    if whole is None or files.tables.roster is None:
        return None
    regions = {row["code"]: row["region"] for row in files.rows("states.csv")}
    lines = _chosen(whole, regions, options)
    return Risk(
        counted=_by_decade(lines),
        classes=_classes(files, lines),
        columns=_known(lines),
        regions=sorted({region for region in regions.values() if region}),
        has_army="army" in whole.columns,
        without_lines=_without_lines(files, whole),
        not_in_system=_not_in_system(files, whole),
    )


def _chosen(whole: pd.DataFrame, regions: Mapping[str, str], options: Options) -> pd.DataFrame:
    keep = pd.Series(True, whole.index)
    if options.region:
        keep &= whole["state"].map(regions) == options.region
    if options.with_army and "army" in whole.columns:
        keep &= pd.to_numeric(whole["army"], errors="coerce") > 0
    if not options.with_target:
        keep &= whole["is_target"] != "1"
    return whole[keep]


def _by_decade(lines: pd.DataFrame) -> list[Counted]:
    decades = lines["start_date"].str[:3] + "0s"
    found = [_count(decade, lines[decades == decade]) for decade in sorted(decades.unique())]
    return [*found, _count("All", lines)]


def _count(label: str, lines: pd.DataFrame) -> Counted:
    joined = lines["joined"]
    return Counted(
        label,
        int(lines["case"].nunique()),
        len(lines),
        int((joined == "1").sum()),
        int((joined == "").sum()),
    )


def _classes(files: Files, lines: pd.DataFrame) -> list[tuple[str, int]]:
    """As what those who joined did so, by the label of the partner's class."""
    if "joined_as" not in lines.columns:
        return []
    joined = lines[lines["joined"] == "1"]
    labels = {
        str(category["code"]): str(category["label"])
        for variable in files.codebook["variables"]
        if variable["name"] == "partner_class"
        for category in variable.get("categories", [])
    }
    counts = joined["joined_as"].value_counts()
    return [
        (labels.get(code, code) or "Not known", int(counts[code])) for code in sorted(counts.index)
    ]


def _known(lines: pd.DataFrame) -> list[Known]:
    asked = lines[lines["joined"] != ""]
    names = ["in_home_region", *(name for name in lines.columns if name not in COLUMNS)]
    return [Known(name, int((asked[name] != "").sum()), len(asked)) for name in names]


def _without_lines(files: Files, whole: pd.DataFrame) -> list[str]:
    """Cases whose start is not known."""
    unit = files.tables.roster[0] if files.tables.roster else ""
    return sorted(set(files.tables.units[unit].index) - set(whole["case"]))


def _not_in_system(files: Files, whole: pd.DataFrame) -> list[tuple[str, str]]:
    """Who is on a roster and was in no spell of the list of states at the start."""
    if files.tables.roster is None:
        return []
    rosters = files.tables.sets(*files.tables.roster).dropna()
    there = set(zip(whole["case"], whole["state"], strict=True))
    listed = ((case, code) for case, codes in rosters.items() for code in sorted(codes))
    return [(str(case), code) for case, code in listed if (case, code) not in there]
