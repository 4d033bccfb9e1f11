"""The patch that turns the tables of one release into those of the next: see `apply_patch`.

Lines are compared, not records: whatever order or quoting a table has, the later bytes come out.
What was only moved is left out and written anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import BinaryIO
from zlib import adler32, crc32

import numpy as np
from numpy.typing import NDArray

from curation import store
from curation.releases import apply_patch
from curation.releases.csvfile import File
from curation.releases.manifest import Manifest

NAME, APPLY = "patch.jsonl", "apply_patch.py"
FORMAT = "casebook-patch-1"
Marks = NDArray[np.uint64]


def files_of(before: Manifest, digest: str, version: str, files: Iterable[File]) -> list[File]:
    """The patch from a release, whose digest this is, to these tables; and what applies it."""
    head = {"format": FORMAT, "from": before.version, "digest": digest, "to": version}
    with store.draft() as draft:
        draft.write(_line(head))
        for old, new in tables(before.files, files):
            for line in _table(old, new):
                draft.write(line)
        kept = draft.keep()
    program = store.put(Path(apply_patch.__file__).read_bytes())
    return [
        File(NAME, kept.sha256, kept.bytes),
        File(APPLY, program.sha256, program.bytes),
    ]


def tables(
    before: Iterable[File], after: Iterable[File]
) -> Iterator[tuple[File | None, File | None]]:
    """The CSV tables of either release, side by side; what tells of a change is no part of it."""
    old = {file.name: file for file in before if _is_patched(file)}
    new = {file.name: file for file in after if _is_patched(file)}
    return ((old.get(name), new.get(name)) for name in dict.fromkeys([*new, *old]))


def _is_patched(file: File) -> bool:
    return file.name.endswith(".csv") and not file.name.startswith(("changes", "formulas"))


def _table(old: File | None, new: File | None) -> Iterator[bytes]:
    either = new or old
    assert either is not None
    yield _line(
        {
            "table": either.name,
            "before": old.sha256 if old else None,
            "after": new.sha256 if new else None,
        }
    )
    if old is None or new is None or old.sha256 != new.sha256:
        yield from _squeezed(_steps(old, new))
    else:
        with store.opened(old.sha256) as lines:
            yield _line(["=", sum(1 for _ in lines)])


def _line(content: object) -> bytes:
    return f"{json.dumps(content, ensure_ascii=False)}\n".encode()


def _squeezed(steps: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    """Runs of lines that are taken over or left out, as one step each."""
    last, count = "", 0
    for what, line in steps:
        if what == last:
            count += 1
            continue
        if count:
            yield _line([last, count])
        last, count = ("", 0) if what == "+" else (what, 1)
        if what == "+":
            yield _line(["+", line.decode()])
    if count:
        yield _line([last, count])


def _steps(old: File | None, new: File | None) -> Iterator[tuple[str, bytes]]:
    """Line by line: what is nowhere in the other table goes or comes, what is in both stays."""
    gone, came = _alone(_marks(old), _marks(new))
    with _lines(old) as before, _lines(new) as after:
        ours, theirs, i, j = before.readline(), after.readline(), 0, 0
        while ours or theirs:
            if ours and theirs and ours == theirs:
                yield "=", ours
                ours, theirs, i, j = before.readline(), after.readline(), i + 1, j + 1
            elif theirs and (not ours or (came[j] and not gone[i])):
                yield "+", theirs
                theirs, j = after.readline(), j + 1
            else:
                yield "-", ours
                ours, i = before.readline(), i + 1


def _lines(file: File | None) -> BinaryIO:
    return BytesIO() if file is None else store.opened(file.sha256)


def _marks(file: File | None) -> Marks:
    """A number for each line, the same on every machine. Two lines that share one do no harm."""
    with _lines(file) as lines:
        found = (crc32(line) << 32 | adler32(line) for line in lines)
        return np.fromiter(found, dtype=np.uint64)


def _alone(before: Marks, after: Marks) -> tuple[bytes, bytes]:
    """For each line of either table, 1 where the other does not have it."""
    gone, came = ~np.isin(before, after), ~np.isin(after, before)
    return gone.astype(np.uint8).tobytes(), came.astype(np.uint8).tobytes()
