"""What a release holds more and less than the one before it, by the counts of both manifests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from curation.releases.manifest import Manifest
from curation.releases.readme import STATUSES


@dataclass(frozen=True)
class Change:
    """One count that moved: of rows, or of cells with a status."""

    what: str
    by: int

    def __str__(self) -> str:
        return f"{'+' if self.by > 0 else '−'}{abs(self.by)} {self.what}"


def between(before: Manifest, after: Manifest) -> list[Change]:
    """Rows by unit, then cells by status, in the order in which both are told elsewhere."""
    return [*_moved(_rows(before), _rows(after)), *_moved(_cells(before), _cells(after))]


def _rows(manifest: Manifest) -> Counter[str]:
    return Counter({f"{unit.name} rows": unit.rows for unit in manifest.units})


def _cells(manifest: Manifest) -> Counter[str]:
    found: Counter[str] = Counter()
    for status in STATUSES:
        found[f"{status} cells"] = sum(unit.count(status) for unit in manifest.units)
    return found


def _moved(before: Counter[str], after: Counter[str]) -> Iterator[Change]:
    names: Iterable[str] = dict.fromkeys([*after, *before])
    changes = (Change(name, after[name] - before[name]) for name in names)
    return (change for change in changes if change.by)
