"""Kept bytes over HTTP: whole or in part, and not again to who has them (RFC 9110).

One range at a time is answered; more than one is answered with the whole, as section 14.2 allows.
A file is named by its sha256, which is a strong validator: what has the same tag is the same.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from typing import BinaryIO

from django.http import (
    FileResponse,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    StreamingHttpResponse,
)
from django.utils.cache import get_conditional_response
from django.utils.http import (
    content_disposition_header,
    http_date,
    parse_http_date_safe,
    quote_etag,
)

from curation import store

log = logging.getLogger(__name__)
TYPES = {
    ".R": "text/plain; charset=utf-8",
    ".cff": "application/yaml; charset=utf-8",
    ".csv": "text/csv; charset=utf-8; header=present",
    ".dta": "application/x-stata-dta",
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".jsonl": "application/jsonl; charset=utf-8",
    ".md": "text/markdown; charset=utf-8",
    ".parquet": "application/vnd.apache.parquet",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".py": "text/x-python; charset=utf-8",
    ".rds": "application/octet-stream",
    ".sav": "application/x-spss-sav",
    ".svg": "image/svg+xml",
    ".tex": "application/x-tex; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".xml": "application/xml; charset=utf-8",
    ".zip": "application/zip",
}
UNKNOWN = "application/octet-stream"
RANGE = re.compile(r"bytes=\s*(\d*)-(\d*)\s*", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class Kept:
    """A file of the store as it is handed out."""

    name: str
    sha256: str
    bytes: int
    since: datetime
    public: bool = False


def type_of(name: str) -> str:
    return TYPES.get(PurePath(name).suffix, UNKNOWN)


def answer(request: HttpRequest, kept: Kept) -> HttpResponseBase:
    """The file, or the part of it that is asked for. Raises StoreError where it is damaged."""
    etag, moment = quote_etag(kept.sha256), int(kept.since.timestamp())
    unchanged = get_conditional_response(request, etag=etag, last_modified=moment)
    if unchanged:
        return _marked(unchanged, kept)
    part = _asked_part(request, kept)
    if part is None:
        response: HttpResponseBase = FileResponse(
            store.opened(kept.sha256), as_attachment=True, filename=kept.name
        )
        response["Content-Length"] = str(kept.bytes)
    elif len(part) == 0:
        response = HttpResponse(status=416)
        response["Content-Range"] = f"bytes */{kept.bytes}"
        return _marked(response, kept)
    else:
        response = _partial(kept, part)
    response["Content-Type"] = type_of(kept.name)
    return _marked(response, kept)


def _marked(response: HttpResponseBase, kept: Kept) -> HttpResponseBase:
    response["ETag"] = quote_etag(kept.sha256)
    response["Last-Modified"] = http_date(kept.since.timestamp())
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = "public, no-cache" if kept.public else "private, no-cache"
    return response


def _partial(kept: Kept, part: range) -> HttpResponseBase:
    file = store.opened(kept.sha256)
    file.seek(part.start)
    response = StreamingHttpResponse(_read(file, len(part)), status=206)
    response["Content-Length"] = str(len(part))
    response["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{kept.bytes}"
    response["Content-Disposition"] = content_disposition_header(True, kept.name) or "attachment"
    return response


def _read(file: BinaryIO, left: int) -> Iterator[bytes]:
    with file:
        while left and (chunk := file.read(min(left, store.CHUNK))):
            left -= len(chunk)
            yield chunk


def _asked_part(request: HttpRequest, kept: Kept) -> range | None:
    """The bytes asked for; an empty range where there are none such; None for the whole."""
    found = RANGE.fullmatch(request.headers.get("Range", ""))
    if request.method != "GET" or found is None or not _is_still_meant(request, kept):
        return None
    first, last = found.groups()
    if first:
        if last and int(last) < int(first):
            return None  # no range at all, so it is not read (section 14.1.1)
        end = min(int(last) + 1, kept.bytes) if last else kept.bytes
        return range(int(first), max(end, int(first)))
    return range(max(kept.bytes - int(last), 0), kept.bytes) if last else None


def _is_still_meant(request: HttpRequest, kept: Kept) -> bool:
    """If-Range: a part fits only to what the asker has the rest of. A weak tag never does."""
    condition = request.headers.get("If-Range")
    if condition is None or condition == quote_etag(kept.sha256):
        return True
    return parse_http_date_safe(condition) == int(kept.since.timestamp())
