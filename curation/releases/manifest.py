"""The manifest: what a release holds, in one written form whose sha256 is its digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from curation.releases import gate, oversight
from curation.releases.csvfile import File
from curation.releases.gate import Gate
from curation.releases.oversight import Oversight

NAME = "manifest.json"
FORMAT = "casebook-release-1"


@dataclass(frozen=True)
class Book:
    number: int
    title: str
    digest: str


@dataclass(frozen=True)
class Before:
    """The release before this one: a chain, as of commits."""

    version: str
    digest: str


@dataclass(frozen=True)
class Early:
    """A case that was opened before its last coder was done."""

    case: str
    reason: str


@dataclass(frozen=True)
class Withheld:
    """What coders said that is left out at their wish."""

    coders: int
    values: int


@dataclass(frozen=True)
class UnitCounts:
    """Rows and columns of a unit's table, and its cells by status."""

    name: str
    label: str
    rows: int
    columns: int
    cells: Mapping[str, int]

    def count(self, status: str) -> int:
        if status == "uncoded":
            return self.rows * self.columns - sum(self.cells.values())
        return self.cells.get(status, 0)


@dataclass(frozen=True)
class Manifest:
    project: str
    title: str
    version: str
    codebook: Book
    previous: Before | None
    units: tuple[UnitCounts, ...]
    opened_early: tuple[Early, ...] = ()
    oversight: Oversight = field(default_factory=Oversight)
    withheld: Withheld | None = None
    gate: Gate | None = None
    files: tuple[File, ...] = ()

    def written(self) -> bytes:
        """No clock and no machine in it: the same data give the same bytes."""
        files = [file.in_manifest() for file in self.files]
        content = asdict(self) | {"format": FORMAT, "files": files}
        if self.oversight == Oversight():
            del content["oversight"]  # as in manifests that were written before there was any
        elif not self.oversight.reconciled:
            del content["oversight"]["reconciled"]
        for name in ("withheld", "gate"):
            if content[name] is None:
                del content[name]
        text = json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True)
        return f"{text}\n".encode()

    def plain(self) -> dict[str, Any]:
        """As its release's row keeps it."""
        content: dict[str, Any] = json.loads(self.written())
        return content

    def file(self, name: str) -> File | None:
        return next((file for file in self.files if file.name == name), None)


def digest_of(written: bytes) -> str:
    return hashlib.sha256(written).hexdigest()


def read(plain: Mapping[str, Any]) -> Manifest:
    """A manifest as its release's row keeps it."""
    before = plain["previous"]
    return Manifest(
        project=plain["project"],
        title=plain["title"],
        version=plain["version"],
        codebook=Book(**plain["codebook"]),
        previous=Before(**before) if before else None,
        units=tuple(UnitCounts(**unit) for unit in plain["units"]),
        opened_early=tuple(Early(**early) for early in plain["opened_early"]),
        oversight=oversight.read(plain.get("oversight")),
        withheld=Withheld(**plain["withheld"]) if plain.get("withheld") else None,
        gate=gate.read(plain.get("gate")),
        files=tuple(_file(**file) for file in plain["files"]),
    )


def _file(columns: list[str] | None = None, **rest: Any) -> File:
    return File(**rest, columns=None if columns is None else tuple(columns))
