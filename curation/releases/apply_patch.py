"""Turn the tables of one release into those of the next, to the byte. Python alone, no more.

    python apply_patch.py FOLDER_OF_THE_EARLIER_RELEASE patch.jsonl NEW_FOLDER

The patch is JSON Lines. A table begins with {"table", "before", "after"}: its name and the sha256
of its bytes in either release, null where it is in one alone. Then come its lines in order:
["=", n] takes n lines over, ["-", n] leaves n lines out, ["+", text] is a new line with its end.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterable
from typing import BinaryIO


class PatchError(Exception):
    """The patch does not fit what it is applied to."""


def apply(
    patch: Iterable[str], old: Callable[[str], BinaryIO], new: Callable[[str], BinaryIO]
) -> None:
    """Write the later tables. `old` and `new` open a table by its name, for reading or writing."""
    table: _Table | None = None
    for line in patch:
        step = json.loads(line)
        if isinstance(step, dict):
            if "table" in step:
                _close(table)
                table = _Table(step, old, new)
        elif table is not None:
            table.do(*step)
    _close(table)


def _close(table: _Table | None) -> None:
    if table is not None:
        table.close()


class _Table:
    def __init__(
        self,
        head: dict[str, str],
        old: Callable[[str], BinaryIO],
        new: Callable[[str], BinaryIO],
    ) -> None:
        self.head = head
        self.old = old(head["table"]) if head["before"] else None
        self.new = new(head["table"]) if head["after"] else None
        self.read, self.written = hashlib.sha256(), hashlib.sha256()

    def do(self, what: str, much: int | str) -> None:
        if what == "+":
            self._write(str(much).encode())
            return
        for _ in range(int(much)):
            line = self.old.readline() if self.old else b""
            self.read.update(line)
            if what == "=":
                self._write(line)

    def _write(self, line: bytes) -> None:
        self.written.update(line)
        if self.new:
            self.new.write(line)

    def close(self) -> None:
        if self.old:
            self.read.update(self.old.read(1))  # nothing may be left
        for file in (self.old, self.new):
            if file:
                file.close()
        for done, wanted in (
            (self.read, self.head["before"]),
            (self.written, self.head["after"]),
        ):
            if wanted and done.hexdigest() != wanted:
                raise PatchError(
                    f"{self.head['table']} is not the table that this patch is for: its "
                    f"sha256 is {done.hexdigest()}, not {wanted}. Take the table from the "
                    "release that the first line of the patch names."
                )


def main(before: str, patch: str, after: str) -> None:
    os.makedirs(after, exist_ok=True)
    with open(patch, encoding="utf-8") as lines:
        apply(
            lines,
            lambda name: open(os.path.join(before, name), "rb"),  # noqa: SIM115 - the table closes it
            lambda name: open(os.path.join(after, name), "xb"),  # noqa: SIM115
        )


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
