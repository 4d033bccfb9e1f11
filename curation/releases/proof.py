"""What lets anybody check a release without this site: fingerprints, and the program that checks.

A fingerprint does not depend on the format: it is the one that Dataverse shows of the same table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from curation import store
from curation.releases import standalone
from curation.releases.csvfile import CsvFile, File

VERIFY = "verify.py"
COLUMNS = ("file", "column", "type", "unf")
BESIDE = ("risk_set.csv", "states.csv")


def files_of(files: Sequence[File], units: Sequence[str]) -> list[File]:
    """Both files, of the tables among these that are in the store already."""
    tables = [*(f"{unit}.csv" for unit in units), *BESIDE]
    with store.draft() as draft:
        table = CsvFile(standalone.FINGERPRINTS, COLUMNS, draft)
        for file in files:
            if file.name in tables:
                table.write(list(_lines(file)))
        program = store.put(Path(standalone.__file__).read_bytes())
        return [table.keep(), File(VERIFY, program.sha256, program.bytes)]


def _lines(file: File) -> Iterator[tuple[str, str, str, str]]:
    with store.opened(file.sha256) as data:
        yield from ((file.name, *found) for found in standalone.fingerprints(data))
