from __future__ import annotations

import hashlib
import io
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from curation import store

BYTES = b"unit,case\nintervention,US-1991-GUL\n"
DIGEST = hashlib.sha256(BYTES).hexdigest()


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.STORE_DIR = tmp_path / "store"
    return tmp_path / "store"


def files(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


@contextmanager
def no_file_longer_than(size: int) -> Iterator[None]:
    """The disk is full, as far as this process can tell."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("source", [BYTES, io.BytesIO(BYTES)])
def test_bytes_come_back_under_their_own_hash(folder: Path, source: Any) -> None:
    kept = store.put(source)

    assert (kept.sha256, kept.bytes) == (DIGEST, len(BYTES))
    assert store.get(DIGEST) == BYTES
    assert files(folder) == [f"{DIGEST[:2]}/{DIGEST}"]


def test_nothing_in_the_store_can_be_written_to() -> None:
    store.put(BYTES)

    assert store.path_of(DIGEST).stat().st_mode & 0o777 == 0o444


def test_a_stream_longer_than_one_read_is_kept_whole() -> None:
    long = bytes(range(256)) * 12_000

    assert store.get(store.put(io.BytesIO(long)).sha256) == long


def test_the_same_bytes_again_are_one_file_and_mend_a_damaged_one(folder: Path) -> None:
    store.put(BYTES)
    damage(BYTES + b"!")

    store.put(BYTES)

    assert store.get(DIGEST) == BYTES
    assert files(folder) == [f"{DIGEST[:2]}/{DIGEST}"]


def damage(data: bytes) -> None:
    path = store.path_of(DIGEST)
    path.chmod(0o644)
    path.write_bytes(data)


@pytest.mark.parametrize("read", [store.get, store.opened])
def test_a_damaged_file_is_not_handed_out(read: Any) -> None:
    store.put(BYTES)
    damage(BYTES.replace(b"1991", b"1992"))

    with pytest.raises(store.StoreError, match="is damaged in the store"):
        read(DIGEST)


def test_a_missing_file_is_told_by_its_name() -> None:
    with pytest.raises(store.StoreError, match=f"{DIGEST} is gone from the store"):
        store.get(DIGEST)


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", DIGEST.upper(), DIGEST[:-1], "", f"{DIGEST}\n"]
)
def test_only_a_hash_leads_to_a_file(name: str) -> None:
    store.put(BYTES)

    with pytest.raises(store.StoreError, match="is not a sha256"):
        store.get(name)


def test_a_full_disk_leaves_no_half_file_and_says_so(folder: Path) -> None:
    with no_file_longer_than(4096), pytest.raises(store.StoreError, match="takes no more"):
        store.put(io.BytesIO(b"x" * 3_000_000))

    assert files(folder) == []


def test_a_full_disk_is_noticed_when_the_last_bytes_are_flushed(folder: Path) -> None:
    with no_file_longer_than(1000), pytest.raises(store.StoreError, match="takes no more"):
        store.put(b"x" * 2000)

    assert files(folder) == []


class BreaksOff(io.BytesIO):
    """A stream whose far end goes away."""

    def read(self, size: int | None = -1) -> bytes:
        if data := super().read(size):
            return data
        raise ConnectionError


def test_what_breaks_off_leaves_nothing(folder: Path) -> None:
    with pytest.raises(ConnectionError):
        store.put(BreaksOff(BYTES))

    assert files(folder) == []


def test_two_processes_may_keep_the_same_bytes_at_once(folder: Path) -> None:
    code = (
        "import sys, django; from django.conf import settings\n"
        "settings.configure(STORE_DIR=sys.argv[1])\n"
        "from curation import store\n"
        "for n in range(200): store.put(b'%d' % n * 1000)\n"
    )
    both = [subprocess.Popen([sys.executable, "-c", code, str(folder)]) for _ in range(2)]

    assert [process.wait() for process in both] == [0, 0]
    expected = {hashlib.sha256(b"%d" % n * 1000).hexdigest() for n in range(200)}
    assert {Path(name).name for name in files(folder)} == expected
