"""What changed since the last release, and which version that makes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from coding import blind, codebooks
from coding.models import Codebook, Project, Unit
from curation import store
from curation.models import Release
from curation.releases import manifest as manifests
from curation.releases import versions
from curation.releases.universe import units_of


@dataclass(frozen=True)
class Proposal:
    """The next version and why; no version where nothing changed."""

    version: str
    reason: str


def propose(project: Project) -> Proposal:
    """A lost column → major; new columns, cases in or out → minor; changed cells → patch."""
    last = versions.last_of(project)
    if last is None:
        return Proposal(versions.FIRST, "The first release.")
    changes = dict(_changes(project, last))
    for level in ("major", "minor", "patch"):
        if level in changes:
            reason = f"Since {last.version}: {changes[level]}."
            return Proposal(versions.next_after(last.version, level), reason)
    return Proposal("", f"Nothing has changed since {last.version}.")


def _changes(project: Project, last: Release) -> Iterator[tuple[str, str]]:
    codebook = codebooks.current_or_refused(project)
    before, now = _columns(last.codebook), _columns(codebook)
    if gone := len(before - now):
        yield "major", f"{_count(gone, 'column')} dropped, renamed or with another meaning"
    came, left = _cases_in_and_out(project, codebook, last)
    minor = [
        _count(number, thing)
        for number, thing in (
            (len(now - before), "new column"),
            (came, "new case"),
            (left, "removed case"),
        )
        if number
    ]
    if minor:
        yield "minor", " and ".join(minor)
    changed = blind.cells_changed_since(project, last.released_at)
    patch = [_count(changed, "changed cell")] if changed else []
    if codebook != last.codebook:
        patch.append(f"codebook {codebook.number} in place of {last.codebook.number}")
    if patch:
        yield "patch", " and ".join(patch)


def _columns(codebook: Codebook) -> set[tuple[str, int]]:
    return {(e.name, e.variable_id) for e in codebooks.entries(codebook)}


def _cases_in_and_out(project: Project, codebook: Codebook, last: Release) -> tuple[int, int]:
    manifest = manifests.read(last.manifest)
    came = left = 0
    units = {unit.name: unit for unit in units_of(codebook)}
    for name in units.keys() | {unit.name for unit in manifest.units}:
        file = manifest.file(f"{name}.csv")
        before = _released_keys(file.sha256) if file else frozenset()
        now = _keys_now(project, units[name]) if name in units else set()
        came, left = came + len(now - before), left + len(before - now)
    return came, left


def _keys_now(project: Project, unit: Unit) -> set[str]:
    cases = blind.released_cases(project).filter(unit=unit).order_by()
    return set(cases.values_list("key", flat=True))


@lru_cache(maxsize=8)
def _released_keys(digest: str) -> frozenset[str]:
    """The cases of a table that is in the store, kept: bytes of a digest never change."""
    with store.opened(digest) as data:
        rows = csv.reader(io.TextIOWrapper(data, encoding="utf-8", newline=""))
        next(rows)
        return frozenset(row[0] for row in rows)


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
