"""Rulings on a new version of a codebook, out of a YAML or JSON file: by entry what is decided."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from coding.publishing import Ruling
from curation import codebook_files
from curation.faults import BadInput, Fault

KEYS = ("kind", "reason", "codes", "recode")
EXAMPLE = "write it as “goal: {kind: replaced, reason: Another question, recode: true}”."


def read_rulings(path: Path) -> dict[str, Ruling]:
    """The rulings of a file. Raises BadInput with every fault and its place."""
    raw = codebook_files.opened(path)
    said, _ = codebook_files.parsed(raw, path.name, json=path.suffix.lower() == ".json")
    if not isinstance(said, dict):
        raise BadInput([Fault(path.name, "", f"holds no rulings by entry: {EXAMPLE}")])
    if faults := [fault for name, each in said.items() for fault in _faults(name, each)]:
        raise BadInput(faults)
    return {name: _ruling(each) for name, each in said.items()}


def _faults(name: str, said: Any) -> Iterator[Fault]:
    place = f"ruling on {name}"
    if not isinstance(said, dict):
        yield Fault(place, "", f"is no ruling: {EXAMPLE}")
        return
    for key in said:
        if key not in KEYS:
            yield Fault(place, key, f"is no part of a ruling: there are {', '.join(KEYS)}.")
    for key in ("kind", "reason"):
        if not isinstance(said.get(key, ""), str):
            yield Fault(place, key, "must be words.")
    if not isinstance(said.get("recode", True), bool):
        yield Fault(place, str(said["recode"]), "must be true or false: is everything coded again?")
    codes = said.get("codes", {})
    if not isinstance(codes, dict):
        yield Fault(place, "codes", "must say for each old code the new one, or null.")
        return
    for code, target in codes.items():
        if not isinstance(target, str | int | None) or isinstance(target, bool):
            yield Fault(place, str(code), "must become a code, or null where it is coded again.")


def _ruling(said: dict[str, Any]) -> Ruling:
    codes = said.get("codes", {})
    return Ruling(
        kind=said.get("kind", ""),
        reason=said.get("reason", ""),
        codes={str(code): None if to is None else str(to) for code, to in codes.items()},
        recode=said.get("recode"),
    )
