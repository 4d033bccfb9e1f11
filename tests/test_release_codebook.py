"""The codebook in a release: a page that stands alone, and the same on paper."""

from __future__ import annotations

import io
import re
from typing import Any

import pypdf
import pytest
from django.core.cache import cache

from coding import printing
from coding.errors import Refused
from curation import store
from curation.releases import freeze, manual
from tests.conftest import DOCUMENT, World

WANTED = [v["question"] for v in DOCUMENT["variables"]] + ["Missing codes", "ended == 0"]


def kept(world: World, version: str = "0.1.0") -> dict[str, bytes]:
    files = freeze(world.project, version).manifest.files
    return {file.name: store.get(file.sha256) for file in files}


def test_the_codebook_is_read_from_a_disk_and_printed(world: World) -> None:
    first, second = kept(world), kept(world, "0.2.0")

    page = first["codebook.html"].decode()
    assert [words for words in WANTED if words not in page] == []
    addresses = re.findall(r"(?:href|src|url)\s*[=(]\s*[\"']?([^\"')>]*)", page)
    assert {address[:1] for address in addresses} == {"#"}
    assert {a[1:] for a in addresses} <= set(re.findall(r'id="([^"]+)"', page))
    assert "<script" not in page
    pages = pypdf.PdfReader(io.BytesIO(first["codebook.pdf"])).pages
    printed = " ".join(" ".join(each.extract_text() for each in pages).split())
    assert [words for words in [*WANTED, world.codebook.digest] if words not in printed] == []
    assert "`codebook.html`, `codebook.pdf`, `codebook.md`" in first["README.md"].decode()
    for name in (manual.HTML, manual.PDF):
        assert first[name] == second[name]


def test_a_server_that_cannot_print_leaves_the_pdf_out(world: World, settings: Any) -> None:
    cache.clear()
    settings.PRINTING = False

    files = kept(world)

    assert ("codebook.html" in files, "codebook.pdf" in files) == (True, False)
    assert "codebook.pdf" not in files["README.md"].decode()


def test_a_page_that_takes_too_long_is_no_release(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Left out, the same state would give other bytes on a busy day."""
    cache.clear()
    monkeypatch.setattr(printing, "PATIENCE", 0.01)

    with pytest.raises(Refused, match="it took longer than"):
        freeze(world.project, "0.1.0")
