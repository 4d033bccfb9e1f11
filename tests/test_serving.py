"""Files in part and not again: RFC 9110, sections 13 and 14."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import RequestFactory

from curation import serving, store

DATA = b"0123456789"
SINCE = datetime(2026, 1, 2, 3, 4, 5, 999, tzinfo=UTC)
DATE = "Fri, 02 Jan 2026 03:04:05 GMT"


@pytest.fixture
def kept(settings: Any, tmp_path: Path) -> serving.Kept:
    settings.STORE_DIR = tmp_path / "store"
    found = store.put(DATA)
    return serving.Kept("intervention.csv", found.sha256, found.bytes, SINCE)


def asked(kept: serving.Kept, method: str = "GET", **headers: str) -> Any:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return serving.answer(RequestFactory().generic(method, "/", headers=named), kept)


def told(response: Any) -> tuple[int, bytes, str | None]:
    return response.status_code, read(response), response.get("Content-Range")


def read(response: Any) -> bytes:
    """To its end. Closed like a file: the signal of an answered request is not for tests."""
    data = b"".join(response)
    for close in response._resource_closers:
        close()
    return data


@pytest.mark.parametrize(
    ("wanted", "status", "data", "range_said"),
    [
        ("bytes=0-3", 206, b"0123", "bytes 0-3/10"),
        ("bytes=4-", 206, b"456789", "bytes 4-9/10"),
        ("bytes=-3", 206, b"789", "bytes 7-9/10"),
        ("bytes=-99", 206, DATA, "bytes 0-9/10"),
        ("bytes=8-99", 206, b"89", "bytes 8-9/10"),
        ("BYTES=9-9", 206, b"9", "bytes 9-9/10"),
        ("bytes=10-", 416, b"", "bytes */10"),
        ("bytes=99-100", 416, b"", "bytes */10"),
        ("bytes=-0", 416, b"", "bytes */10"),
        ("bytes=5-2", 200, DATA, None),
        ("bytes=0-1,4-5", 200, DATA, None),
        ("bytes=-", 200, DATA, None),
        ("lines=1-2", 200, DATA, None),
        ("bytes=٣-٤", 200, DATA, None),
        ("bytes=a-b", 200, DATA, None),
    ],
)
def test_the_part_that_is_asked_for(
    kept: serving.Kept, wanted: str, status: int, data: bytes, range_said: str | None
) -> None:
    response = asked(kept, Range=wanted)

    assert told(response) == (status, data, range_said)
    assert response["Accept-Ranges"] == "bytes"
    if status != 416:
        assert response["Content-Length"] == str(len(data))
        assert response["Content-Disposition"] == 'attachment; filename="intervention.csv"'
        assert response["Content-Type"] == "text/csv; charset=utf-8; header=present"


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        ('"{}"', 206),
        (DATE, 206),
        ('W/"{}"', 200),
        ('"another"', 200),
        ("Fri, 02 Jan 2026 03:04:06 GMT", 200),
        ("yesterday", 200),
    ],
)
def test_a_part_is_sent_only_of_what_the_asker_has_the_rest_of(
    kept: serving.Kept, condition: str, status: int
) -> None:
    response = asked(kept, Range="bytes=0-3", If_Range=condition.format(kept.sha256))

    assert response.status_code == status
    read(response)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"If_None_Match": '"x", "{}"'}, 304),
        ({"If_None_Match": 'W/"{}"'}, 304),
        ({"If_None_Match": "*"}, 304),
        ({"If_None_Match": '"x"'}, 200),
        ({"If_Modified_Since": DATE}, 304),
        ({"If_None_Match": '"x"', "If_Modified_Since": DATE}, 200),
        ({"If_Match": '"x"'}, 412),
        ({"If_None_Match": '"{}"', "Range": "bytes=0-3"}, 304),
    ],
)
def test_who_has_it_is_not_sent_it_again(
    kept: serving.Kept, headers: dict[str, str], status: int
) -> None:
    said = {name: text.format(kept.sha256) for name, text in headers.items()}

    response = asked(kept, **said)

    assert (response.status_code, response["ETag"]) == (status, f'"{kept.sha256}"')
    read(response)


def test_a_range_is_for_get_alone(kept: serving.Kept) -> None:
    response = asked(kept, "HEAD", Range="bytes=0-3")

    assert (response.status_code, response["Content-Length"]) == (200, "10")
    read(response)


def test_damage_is_found_before_a_part_is_handed_out(kept: serving.Kept) -> None:
    path = store.path_of(kept.sha256)
    path.chmod(0o644)
    path.write_bytes(b"0123456780")

    with pytest.raises(store.StoreError, match="is damaged"):
        asked(kept, Range="bytes=0-3")
