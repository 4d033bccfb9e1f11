"""Bytes kept under the name of their own sha256: what is written once cannot change.

Knows nothing of the tables. A file is written beside the store's folders, hashed on the way,
and takes its name in one step, so that a crash leaves at worst a file without a name. Where the
settings name an object storage, it is uploaded under that name; what broke off on the way has
another hash than its name, which is found at the next reading and mended by the next writing.
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
from tempfile import SpooledTemporaryFile, mkstemp
from typing import IO, BinaryIO, cast

from django.conf import settings
from django.core.files import File
from django.core.files.storage import Storage, storages

CHUNK = 1 << 20
IN_MEMORY = 16 << 20
READ_ONLY = 0o444


class StoreError(Exception):
    """The store cannot keep, or no longer gives back, what it was asked for."""


@dataclass(frozen=True)
class Kept:
    """What the store holds now: its name and its size."""

    sha256: str
    bytes: int


def path_of(digest: str) -> Path:
    return Path(settings.STORE_DIR) / _name_of(digest)


def _name_of(digest: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise StoreError(f"“{digest[:80]}” is not a sha256, so nothing is kept under it.")
    return f"{digest[:2]}/{digest}"


def _objects() -> Storage | None:
    """The object storage, where bytes do not lie in a folder of this machine."""
    return storages["store"] if "store" in settings.STORAGES else None


class Draft:
    """A file on its way into the store, hashed while it is written."""

    def __init__(self) -> None:
        self._objects = _objects()
        with _disk_trouble():
            folder = None if self._objects else Path(settings.STORE_DIR)
            if folder:
                folder.mkdir(parents=True, exist_ok=True)
            handle, name = mkstemp(prefix=".draft-", dir=folder)
        self._path, self._file = Path(name), os.fdopen(handle, "wb")
        self._hash, self._bytes = hashlib.sha256(), 0

    def write(self, data: bytes) -> None:
        with _disk_trouble():
            self._file.write(data)
        self._hash.update(data)
        self._bytes += len(data)

    def keep(self) -> Kept:
        """Give the file its name. The same bytes twice, at the same time too, are one file."""
        if self._objects:
            return self._upload(self._objects)
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

    def _upload(self, objects: Storage) -> Kept:
        """What is there whole stays; the name that another was faster with holds the same bytes."""
        digest = self._hash.hexdigest()
        name = _name_of(digest)
        with _disk_trouble():
            self._file.close()
        with _far_trouble("takes no more"):
            if objects.exists(name) and not _is_whole(objects, digest):
                objects.delete(name)
            if not objects.exists(name):
                with self._path.open("rb") as file:
                    kept = objects.save(name, File(file))
                if kept != name:
                    objects.delete(kept)
        return Kept(digest, self._bytes)

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


@contextmanager
def _far_trouble(what: str) -> Iterator[None]:
    """Each storage has errors of its own kind; all of them mean that it does not work now."""
    try:
        yield
    except StoreError:
        raise
    except Exception as error:
        raise StoreError(f"The object storage {what}: {error}") from error


def _is_whole(objects: Storage, digest: str) -> bool:
    with objects.open(_name_of(digest), "rb") as file:
        return _hashed(file) == digest


def _hashed(file: IO[bytes], copy: IO[bytes] | None = None) -> str:
    found = hashlib.sha256()
    while chunk := file.read(CHUNK):
        found.update(chunk)
        if copy:
            copy.write(chunk)
    return found.hexdigest()


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
    if objects := _objects():
        return _fetched(objects, digest)
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


def _fetched(objects: Storage, digest: str) -> BinaryIO:
    """A copy on this machine, so that what is read is what was hashed."""
    name = _name_of(digest)
    copy = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - closed by who reads it
    try:
        with _far_trouble(f"cannot give back {digest}"):
            if not objects.exists(name):
                raise StoreError(f"{digest} is gone from the store: the storage has no {name}.")
            with objects.open(name, "rb") as file:
                found = _hashed(file, copy)
        if found != digest:
            raise StoreError(f"{digest} is damaged in the store: its bytes now give {found}.")
    except StoreError:
        copy.close()
        raise
    copy.seek(0)
    return cast("BinaryIO", copy)


def get(digest: str) -> bytes:
    with opened(digest) as file:
        return file.read()
