"""How codings were dealt out: designs with their seeds, and what each put on which worklist.

A design is released once nothing of it is open any more: until then it would tell its coders which
of their cases another one codes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from coding.models import Coding, Design, Project
from curation import store
from curation.releases.csvfile import CsvFile, Field, File
from curation.releases.evidence import UNKNOWN

DESIGNS, ASSIGNMENTS = "design.json", "assignments.csv"
FORMAT = "casebook-designs-1"
COLUMNS = ("design", "unit", "case", "coder", "position", "third", "withdrawn")
ROWS_AT_ONCE = 2_000
LOT = (
    "Names are drawn in the order of the sha256 of seed, purpose and name, one to a line. "
    "drawn_from holds for each case its stratum, who had coded it and who was barred from it."
)


def files_of(project: Project, names: Mapping[int, str]) -> list[File]:
    """The two files; none where no design is finished."""
    finished = list(_finished(project))
    if not finished:
        return []
    with store.draft() as draft:
        table = CsvFile(ASSIGNMENTS, COLUMNS, draft)
        for lines in _lines(finished, names):
            table.write(lines)
        written = json.dumps(_plain(finished), ensure_ascii=False, indent=1, sort_keys=True)
        kept = store.put(f"{written}\n".encode())
        return [File(DESIGNS, kept.sha256, kept.bytes), table.keep()]


def _finished(project: Project) -> QuerySet[Design]:
    """The designs of which every sheet that stands is opened, in the order they were made."""
    open_still = Coding.objects.filter(
        Q(unblinded_at=None), design=OuterRef("pk"), withdrawn_at=None
    )
    return project.designs.filter(~Exists(open_still)).order_by("number")


def _plain(designs: Sequence[Design]) -> dict[str, Any]:
    """No clock in it: the same data give the same bytes."""
    columns = ("number", "kind", "seed", "parameters", "drawn_from", "note")
    listed = [{name: getattr(design, name) for name in columns} for design in designs]
    return {"format": FORMAT, "lot": LOT, "designs": listed}


def _lines(designs: Sequence[Design], names: Mapping[int, str]) -> Iterator[list[Sequence[Field]]]:
    columns = ("case__unit__name", "case__key", "coder", "position", "third", "withdrawn_at")
    for design in designs:
        rows = sorted(
            (unit, key, names.get(coder, UNKNOWN), place, int(third), int(withdrawn is not None))
            for unit, key, coder, place, third, withdrawn in Coding.objects.filter(design=design)
            .order_by()
            .values_list(*columns)
        )
        for start in range(0, len(rows), ROWS_AT_ONCE):
            yield [(design.number, *row) for row in rows[start : start + ROWS_AT_ONCE]]
