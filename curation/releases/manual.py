"""The codebook to be read beside the data: a page that needs no network, and the same on paper.

Neither tells the day or the release, so that the same codebook has the same bytes in each release.
"""

from __future__ import annotations

import hashlib

from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.template.loader import render_to_string

from coding import printing
from coding.models import Codebook
from coding.reading import described
from curation import store
from curation.releases import why
from curation.releases.csvfile import File

HTML, PDF = "codebook.html", "codebook.pdf"
STYLE = (
    why.STYLE
    + """\
h1{line-height:1.2}
dt{grid-column:1}
dd{grid-column:2}
nav ol{list-style:none;padding-left:0}
nav ol ol,.index ol{padding-left:1rem}
.unit>h2{font-size:1.4rem}
.unit>h3{font-size:1.15rem;margin-top:2rem}
.variable{margin:1.5rem 0;border-top:1px solid #8888}
.variable h4{font-size:1rem;margin:1rem 0 0}
.variable header p{margin:.1rem 0 .5rem;font-size:.9rem}
.variable>p{white-space:pre-wrap}
.variable dl:empty{display:none}
code{overflow-wrap:anywhere}
"""
)


def files_of(codebook: Codebook) -> list[File]:
    """Both files, in the store; without the PDF where this server cannot print."""
    return [_put(name, content) for name, content in _written(codebook).items()]


def _put(name: str, content: bytes) -> File:
    kept = store.put(content)
    return File(name, kept.sha256, kept.bytes)


def _written(codebook: Codebook) -> dict[str, bytes]:
    book = described.book(codebook, AnonymousUser())  # who is nobody sees no counts of cells
    context = {
        "project": codebook.project,
        "book": book,
        "index": book.by_name,
        "digest": codebook.digest,
    }
    page = render_to_string("curation/codebook_released.html", context | {"style": STYLE})
    written = {HTML: page.strip().encode() + b"\n"}
    try:
        written[PDF] = _printed(render_to_string("curation/codebook_released.html", context))
    except printing.NoPress:
        return written
    return written


def _printed(html: str) -> bytes:
    """Printed once for all releases of the same codebook, since it takes seconds."""
    name = f"printed:{hashlib.sha256(html.encode()).hexdigest()}"
    found: bytes | None = cache.get(name)
    if found is None:
        found = printing.pdf(html)
        cache.set(name, found, timeout=None)
    return found
