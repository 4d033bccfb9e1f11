"""Which fields of the CSV files a spreadsheet may run: flagged, and left as written."""

from __future__ import annotations

from collections.abc import Sequence

from curation import store
from curation.releases import standalone
from curation.releases.csvfile import CsvFile, File

COLUMNS = ("file", "row", "column")


def files_of(files: Sequence[File]) -> list[File]:
    """The list of them, of every CSV file among these; rows are counted as a spreadsheet does."""
    with store.draft() as draft:
        table = CsvFile(standalone.FORMULAS, COLUMNS, draft)
        for file in files:
            if file.name.endswith(".csv"):
                with store.opened(file.sha256) as data:
                    found = standalone.formulas(data)
                    table.write([(file.name, *place) for place in found])
        return [table.keep()]
