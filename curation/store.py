"""Bytes kept under the name of their own sha256: what is written once cannot change.

Knows nothing of the tables. A file is written beside the store's folders, hashed on the way,
and takes its name in one step, so that a crash leaves at worst a file without a name.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import mkstemp
from typing import BinaryIO

from django.conf import settings

CHUNK = 1 << 20
READ_ONLY = 0o444


class StoreError(Exception):
    """The store cannot keep, or no longer gives back, what it was asked for."""


@dataclass(frozen=True)
class Kept:
    """What the store holds now: its name and its size."""

    sha256: str
    bytes: int


def path_of(digest: str) -> Path:
    if not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise StoreError(f"“{digest[:80]}” is not a sha256, so nothing is kept under it.")
    return Path(settings.STORE_DIR) / digest[:2] / digest


class Draft:
    """A file on its way into the store, hashed while it is written."""

    def __init__(self) -> None:
        with _disk_trouble():
            Path(settings.STORE_DIR).mkdir(parents=True, exist_ok=True)
            handle, name = mkstemp(prefix=".draft-", dir=settings.STORE_DIR)
        self._path, self._file = Path(name), os.fdopen(handle, "wb")
        self._hash, self._bytes = hashlib.sha256(), 0

    def write(self, data: bytes) -> None:
        with _disk_trouble():
            self._file.write(data)
        self._hash.update(data)
        self._bytes += len(data)

    def keep(self) -> Kept:
        """Give the file its name. The same bytes twice, at the same time too, are one file."""
        target = path_of(self._hash.hexdigest())
        with _disk_trouble():
            self._file.flush()
            os.fchmod(self._file.fileno(), READ_ONLY)
            os.fsync(self._file.fileno())
            self._file.close()
            target.parent.mkdir(exist_ok=True)
            self._path.replace(target)
            _make_lasting(target.parent)
        return Kept(target.name, self._bytes)

    def discard(self) -> None:
        """Leave nothing behind of a file that was not kept."""
        with suppress(OSError):  # what could not be written cannot be flushed either
            self._file.close()
        self._path.unlink(missing_ok=True)


@contextmanager
def _disk_trouble() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"The store in {settings.STORE_DIR} takes no more: {error.strerror}. Nothing was kept."
        ) from error


def _make_lasting(folder: Path) -> None:
    """A new name survives a power cut only once its folder is written, too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def draft() -> Iterator[Draft]:
    """A draft that is thrown away unless it is kept."""
    file = Draft()
    try:
        yield file
    finally:
        file.discard()


def put(source: bytes | BinaryIO) -> Kept:
    with draft() as file:
        for chunk in (
            [source] if isinstance(source, bytes) else iter(partial(source.read, CHUNK), b"")
        ):
            file.write(chunk)
        return file.keep()


def opened(digest: str) -> BinaryIO:
    """The bytes for reading, hashed again before the first of them is handed out."""
    path = path_of(digest)
    try:
        file = path.open("rb")
    except OSError as error:
        raise StoreError(f"{digest} is gone from the store: {error.strerror}.") from error
    try:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        file.close()
        raise StoreError(f"{digest} cannot be read from the store: {error.strerror}.") from error
    if found != digest:
        file.close()
        raise StoreError(f"{digest} is damaged in the store: its bytes now give {found}.")
    file.seek(0)
    return file


def get(digest: str) -> bytes:
    with opened(digest) as file:
        return file.read()
