"""The tables of a release in other formats, made from its frozen CSV files and its codebook.

The same files give the same bytes: no clock, no locale and no machine goes into them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from coding.documents import Document
from curation import store
from curation.releases.csvfile import File
from curation.releases.formats import datapackage, ddi, jsonlines, labelled, parquet, rds, xlsx
from curation.releases.formats.table import Table, tables_of
from curation.releases.manifest import Manifest

__all__ = ["FORMATS", "Format", "described", "files_of", "tables_of"]

WORKBOOK = "tables.xlsx"
LONG = ("cells", "codings", "changes")
MOST_ROWS = 100_000  # of a long table in a format that is not streamed


@dataclass(frozen=True)
class Format:
    """A format by its suffix; `streamed` where a table of any length is written in it."""

    suffix: str
    title: str
    streamed: bool
    write: Callable[[Table, Path], None]

    def holds(self, table: Table) -> bool:
        if table.is_unit or table.name == "risk_set":
            return True
        return table.name in LONG and (self.streamed or (table.file.rows or 0) <= MOST_ROWS)


FORMATS = (
    Format("parquet", "Parquet", True, parquet.write),
    Format("jsonl", "JSON Lines", True, jsonlines.write),
    Format("dta", "Stata", False, labelled.write_dta),
    Format("sav", "SPSS", False, labelled.write_sav),
    Format("rds", "R", False, rds.write),
)


def files_of(
    document: Document, files: Sequence[File], states: Mapping[str, str], title: str
) -> list[File]:
    """The other formats, in the store: long tables of many rows where they can be streamed."""
    tables = tables_of(document, files, states)
    with _folder() as folder:
        made = [
            _kept(folder / f"{table.name}.{each.suffix}", each, table)
            for table in tables
            for each in FORMATS
            if each.holds(table)
        ]
        path = folder / WORKBOOK
        xlsx.write(tables, document, title, path)
        return [*made, _put(path)]


@contextmanager
def _folder() -> Iterator[Path]:
    """Where a format is written before it is kept; a full disk is told as the store tells it."""
    try:
        with TemporaryDirectory(prefix="casebook-formats-") as folder:
            yield Path(folder)
    except OSError as error:
        raise store.StoreError(
            f"The folder of temporary files takes no more: {error.strerror}. Nothing was kept."
        ) from error


def described(
    document: Document, manifest: Manifest, states: Mapping[str, str]
) -> dict[str, bytes]:
    """What tells other software of the tables: by name, the bytes."""
    tables = tables_of(document, manifest.files, states)
    head = (manifest.project, manifest.title, manifest.version)
    package = datapackage.package(tables, document, *head)
    return {
        datapackage.NAME: f"{json.dumps(package, ensure_ascii=False, indent=1)}\n".encode(),
        ddi.NAME: ddi.written(tables, document, *head[1:]),
    }


def _kept(path: Path, each: Format, table: Table) -> File:
    each.write(table, path)
    return _put(path, table.file)


def _put(path: Path, table: File | None = None) -> File:
    with path.open("rb") as file:
        kept = store.put(file)
    path.unlink()
    rows, columns = (table.rows, table.columns) if table else (None, None)
    return File(path.name, kept.sha256, kept.bytes, rows, columns)
