"""What the parts of a cut take: each function that makes files, timed where it stands."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from curation.releases import (
    changelist,
    formats,
    gate,
    patch,
    proof,
    provenance,
    reliability,
    uncertainty,
)
from curation.releases.formats import xlsx
from curation.releases.formats.table import Table

CUT: Any = sys.modules["curation.releases.cut"]  # the package gives the name to the function
TRACES = "provenance.jsonl and why.zip"
# Where a part stands and what it writes. Traces come a case at a time, while the CSV is written.
PARTS: tuple[tuple[Any, str, str], ...] = (
    (CUT, "_data_files", "tables, cells, codings and where they come from"),
    (provenance.Traces, "look_up", TRACES),
    (provenance.Traces, "add", TRACES),
    (provenance.Traces, "keep", TRACES),
    (reliability, "files_of", "reliability.csv and its inputs"),
    (proof, "files_of", "fingerprints"),
    (uncertainty, "files_of", "uncertainty"),
    (patch, "files_of", "patch.jsonl"),
    (changelist, "files_of", "changes, with their patch"),
    (gate, "passed", "conditions"),
    (xlsx, "write", "tables.xlsx"),
    (CUT, "_papers", "codebook, README, metadata"),
)


@dataclass
class Took:
    """Seconds of wall clock and of the processor, and the peak of memory at the end, in MB."""

    wall: float = 0.0
    cpu: float = 0.0
    peak: float = 0.0


def watched() -> dict[str, Took]:
    """From now on what is cut is timed: by part."""
    found: dict[str, Took] = {}
    for place, name, part in PARTS:
        setattr(place, name, _timed(getattr(place, name), found.setdefault(part, Took())))
    formats.FORMATS = tuple(replace(each, write=_by_file(each, found)) for each in formats.FORMATS)
    return found


def _by_file(each: formats.Format, found: dict[str, Took]) -> Callable[[Table, Path], None]:
    def write(table: Table, path: Path) -> None:
        _timed(each.write, found.setdefault(path.name, Took()))(table, path)

    return write


def _timed(act: Callable[..., Any], took: Took) -> Callable[..., Any]:
    def timed(*words: Any, **named: Any) -> Any:
        wall, cpu = time.perf_counter(), time.process_time()
        try:
            return act(*words, **named)
        finally:
            took.wall += time.perf_counter() - wall
            took.cpu += time.process_time() - cpu
            took.peak = peak()

    return timed


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
