"""The store on a storage of Django's: the same promises, whatever lies behind it."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage, storages

from curation import public, store
from curation.models import Release
from curation.releases import verify
from tests.conftest import World
from tests.releasing import cut

BYTES = b"unit,case\nintervention,US-1991-GUL\n"
DIGEST = hashlib.sha256(BYTES).hexdigest()
NAME = f"{DIGEST[:2]}/{DIGEST}"
ROOT = Path(__file__).parent.parent


@pytest.fixture(params=["InMemoryStorage", "FileSystemStorage"])
def objects(request: pytest.FixtureRequest, settings: Any, tmp_path: Path) -> Any:
    where = {"location": str(tmp_path / "objects")}
    backend = f"django.core.files.storage.{request.param}"
    settings.STORAGES = settings.STORAGES | {"store": {"BACKEND": backend, "OPTIONS": where}}
    settings.STORE_DIR = tmp_path / "none"
    return storages["store"]


def replaced(objects: Any, data: bytes) -> None:
    objects.delete(NAME)
    objects.save(NAME, ContentFile(data))


def test_bytes_come_back_under_their_own_hash(objects: Any, tmp_path: Path) -> None:
    kept = store.put(BYTES)

    assert (kept.sha256, kept.bytes, store.get(DIGEST)) == (DIGEST, len(BYTES), BYTES)
    assert objects.exists(NAME)
    assert not (tmp_path / "none").exists()


def test_the_same_bytes_again_are_one_object_and_mend_a_damaged_one(objects: Any) -> None:
    store.put(BYTES)
    replaced(objects, BYTES[:-1])
    with pytest.raises(store.StoreError, match="is damaged in the store"):
        store.get(DIGEST)

    store.put(BYTES)
    store.put(BYTES)

    assert store.get(DIGEST) == BYTES
    assert objects.listdir(DIGEST[:2]) == ([], [DIGEST])


def test_what_is_not_there_is_told_by_its_name(objects: Any) -> None:
    with pytest.raises(store.StoreError, match=f"{DIGEST} is gone from the store"):
        store.opened(DIGEST)
    with pytest.raises(store.StoreError, match="is not a sha256"):
        store.opened("../../etc/passwd")


def test_more_than_fits_into_memory_is_read_through_a_file(
    objects: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "IN_MEMORY", 10)
    kept = store.put(BYTES)

    with store.opened(kept.sha256) as file:
        file.seek(5)
        assert file.read(4) == BYTES[5:9]


class Unreachable(InMemoryStorage):
    """A storage whose network is down, with an error of its own kind."""

    def exists(self, name: str) -> bool:
        raise RuntimeError("connection reset")


def test_a_storage_that_cannot_be_reached_is_told_in_words(settings: Any) -> None:
    backend = {"BACKEND": f"{__name__}.Unreachable"}
    settings.STORAGES = settings.STORAGES | {"store": backend}

    with pytest.raises(store.StoreError, match="takes no more: connection reset"):
        store.put(BYTES)
    with pytest.raises(store.StoreError, match=r"cannot give back .* connection reset"):
        store.get(DIGEST)


def test_a_release_lives_in_an_object_storage(world: World, client: Any, settings: Any) -> None:
    backend = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    settings.STORAGES = settings.STORAGES | {"store": backend}
    world.close("regime", "regime")
    made = cut(project=world.project, version="0.1.0")
    public.show(project=world.project, public=True, reason="For all", by=world.curator)

    file = client.get("/public/usmi/0.1.0/files/intervention.csv")
    part = client.get("/public/usmi/0.1.0/files/intervention.csv", headers={"range": "bytes=0-3"})

    assert [r.problems for r in verify()] == [()]
    assert (b"".join(file)[:4], b"".join(part)) == (b"case", b"case")
    assert Release.objects.get() == made


def test_the_storage_comes_from_the_environment(tmp_path: Path) -> None:
    ours = {
        "DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3",
        "SECRET_KEY": "tests-" * 9,
        "DJANGO_SETTINGS_MODULE": "curation.settings",
        "STORE_BACKEND": "django.core.files.storage.FileSystemStorage",
        "STORE_OPTIONS": f'{{"location": "{tmp_path}/far"}}',
    }
    code = "import django; django.setup(); from curation import store; store.put(b'x')"

    subprocess.run([sys.executable, "-c", code], env=os.environ | ours, cwd=ROOT, check=True)

    assert [p.name for p in (tmp_path / "far").rglob("*") if p.is_file()] == [
        hashlib.sha256(b"x").hexdigest()
    ]
