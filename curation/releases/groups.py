"""The files of a release, grouped by what somebody looks for in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from curation.releases.csvfile import File

GROUPS = {
    "data": "Data",
    "codebook": "Codebook",
    "provenance": "Where it comes from",
    "reliability": "Reliability",
    "changes": "Changes and errata",
    "metadata": "Metadata",
    "checks": "Checks and signatures",
}
OF = {
    "codebook": ("codebook.",),
    "provenance": (
        *("cells.", "codings.", "provenance.", "why."),
        *("design.", "assignments.", "series.", "votes."),
    ),
    "reliability": ("reliability.", "reliability_inputs.", "uncertainty.", "imputations."),
    "changes": ("changes.", "changes_by_", "patch.", "apply_patch.", "errata."),
    "metadata": ("README.", "datapackage.", "ddi.", "manifest."),
    "checks": ("verify.", "fingerprints.", "formulas.", "signatures."),
}


@dataclass(frozen=True)
class Group:
    name: str
    label: str
    files: Sequence[File]


def grouped(files: Sequence[File]) -> list[Group]:
    """Groups that have files; what is named nowhere is data."""
    by_group: dict[str, list[File]] = {name: [] for name in GROUPS}
    for file in files:
        by_group[_of(file.name)].append(file)
    return [Group(name, GROUPS[name], found) for name, found in by_group.items() if found]


def _of(name: str) -> str:
    return next((group for group, starts in OF.items() if name.startswith(starts)), "data")
