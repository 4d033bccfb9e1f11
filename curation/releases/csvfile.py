"""A CSV file on its way into the store: UTF-8, one newline a row, the same bytes everywhere."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from io import StringIO

from curation.store import Draft

Field = str | int | None


@dataclass(frozen=True)
class File:
    """A file of a release, as its manifest names it."""

    name: str
    sha256: str
    bytes: int
    rows: int | None = None
    columns: tuple[str, ...] | None = None

    def in_manifest(self) -> dict[str, object]:
        return {key: value for key, value in asdict(self).items() if value is not None}


def written(text: str) -> str:
    """With one kind of line end, as a file has it."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


class CsvFile:
    """Rows written block by block into a draft of the store."""

    def __init__(self, name: str, columns: Sequence[str], draft: Draft) -> None:
        self.name, self.columns, self.rows = name, tuple(columns), 0
        self._draft = draft
        self._write([self.columns])

    def write(self, rows: Sequence[Sequence[Field]]) -> None:
        self._write(rows)
        self.rows += len(rows)

    def _write(self, rows: Iterable[Sequence[Field]]) -> None:
        block = StringIO(newline="")
        # With \r\n as its line end the writer quotes both characters in every Python version.
        csv.writer(block, lineterminator="\r\n").writerows(rows)
        self._draft.write(written(block.getvalue()).encode())

    def keep(self) -> File:
        kept = self._draft.keep()
        return File(self.name, kept.sha256, kept.bytes, self.rows, self.columns)
