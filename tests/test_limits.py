from __future__ import annotations

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django.fixtures import Settings


def sent(client: Client, size: int) -> int:
    """The status that answers an upload of so many bytes to a page that takes none."""
    file = SimpleUploadedFile("cases.csv", b"x" * size)
    return client.post("/no-such-page/", {"file": file}).status_code


def test_an_upload_over_the_limit_is_refused_before_any_page_sees_it(
    client: Client, settings: Settings
) -> None:
    settings.IMPORT_MAX_MB = 0

    assert sent(client, 2**20 - 500) == 404
    assert sent(client, 2**20) == 413


def test_the_refusal_names_the_size_and_the_limit(client: Client, settings: Settings) -> None:
    settings.IMPORT_MAX_MB = 2

    file = SimpleUploadedFile("cases.csv", b"x" * 5 * 2**20)
    answer = client.post("/no-such-page/", {"file": file})

    assert "It has 5 MB, and Casebook takes at most 2 MB" in answer.content.decode()


def test_every_answer_forbids_what_our_pages_do_not_need(client: Client) -> None:
    policy = client.get("/no-such-page/")["Content-Security-Policy"]

    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
