"""A zip on its way into the store, member by member: no clock and no machine in it."""

from __future__ import annotations

import zipfile
from typing import IO, Any, cast

from curation.releases.csvfile import File
from curation.store import Draft

EPOCH = (1980, 1, 1, 0, 0, 0)
UNIX, READABLE = 3, 0o644 << 16
LEVEL = 3


class _Stream:
    """A draft as a zip writes to it: from its start to its end, never back."""

    def __init__(self, draft: Draft) -> None:
        self.write_out = draft.write

    def write(self, data: Any) -> int:
        self.write_out(bytes(data))
        return len(data)

    def flush(self) -> None:
        """The draft is flushed when it is kept."""


class ZipFile:
    """Members are written in the order in which they come."""

    def __init__(self, name: str, draft: Draft) -> None:
        self.name, self._draft = name, draft
        out = cast("IO[bytes]", _Stream(draft))
        self._zip = zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL)

    def __enter__(self) -> ZipFile:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.fp = None  # what broke off is let go: its draft is gone already

    def add(self, name: str, text: str) -> None:
        info = zipfile.ZipInfo(name, EPOCH)
        info.create_system, info.external_attr = UNIX, READABLE
        info.compress_type = zipfile.ZIP_DEFLATED
        self._zip.writestr(info, text.encode(), compresslevel=LEVEL)

    def keep(self) -> File:
        self._zip.close()  # writes its list of members
        kept = self._draft.keep()
        return File(self.name, kept.sha256, kept.bytes)
