"""A release as a bag (RFC 8493) in a zip, written while it is sent.

`data/` holds the release byte for byte; `metadata/` what Dataverse and Zenodo ask for. The same
release gives the same members with the same times.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterator
from io import RawIOBase
from typing import IO, TYPE_CHECKING

from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header

from curation import store
from curation.deposit import crate, metadata
from curation.models import Release
from curation.releases import manifest as manifests

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

EPOCH = (1980, 1, 1, 0, 0, 0)
DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"


def name_of(release: Release) -> str:
    return f"{release.manifest['project']}-{release.version}"


def response(request: HttpRequest, release: Release) -> HttpResponseBase:
    """Sent member by member. Compressed elsewhere it may have other bytes, so its tag is weak."""
    etag = f'W/"bag-{release.digest}"'
    if unchanged := get_conditional_response(request, etag=etag):
        return unchanged
    for digest in _payload(release).values():
        store.opened(digest).close()  # damage is told before the first byte, not in the middle
    answer = StreamingHttpResponse(written(release), content_type="application/zip")
    answer["ETag"] = etag
    name = f"{name_of(release)}.zip"
    answer["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return answer


def written(release: Release) -> Iterator[bytes]:
    """The bytes of the zip, a piece at a time."""
    out = _Out()
    base, payload, tags = name_of(release), _payload(release), _tag_files(release)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in tags.items():
            with _member(archive, f"{base}/{name}") as member:
                member.write(data)
            yield out.taken()
        for name, digest in payload.items():
            with store.opened(digest) as file, _member(archive, f"{base}/data/{name}") as member:
                while chunk := file.read(store.CHUNK):
                    member.write(chunk)
                    yield out.taken()
    yield out.taken()


def _payload(release: Release) -> dict[str, str]:
    """Every file of the release with its sha256."""
    files = {file["name"]: file["sha256"] for file in release.manifest["files"]}
    return dict(sorted({**files, manifests.NAME: release.digest}.items()))


def _tag_files(release: Release) -> dict[str, bytes]:
    payload = _payload(release)
    files = {
        "bagit.txt": DECLARATION,
        "bag-info.txt": _info(release),
        "manifest-sha256.txt": _listed({f"data/{name}": sha for name, sha in payload.items()}),
        "metadata/dataverse.json": metadata.written(metadata.dataverse(release)),
        "metadata/zenodo.json": metadata.written(metadata.zenodo(release)),
        "metadata/datacite.json": metadata.written(crate.datacite(release)),
        "metadata/CITATION.cff": crate.citation(release),
        crate.DESCRIPTOR: metadata.written(crate.ro_crate(release, "data/")),
    }
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    return files | {"tagmanifest-sha256.txt": _listed(hashes)}


def _info(release: Release) -> bytes:
    """Payload-Oxum, octets and files, lets a reader see at once whether all is there."""
    manifest = manifests.read(release.manifest)
    octets = sum(file.bytes for file in manifest.files) + len(manifest.written())
    lines = {
        "Bagging-Date": release.released_at.date().isoformat(),
        "External-Identifier": f"sha256:{release.digest}",
        "External-Description": " ".join(f"{manifest.title}, release {manifest.version}".split()),
        "Payload-Oxum": f"{octets}.{len(manifest.files) + 1}",
        "Bag-Software-Agent": "Casebook",
    }
    return "".join(f"{label}: {text}\n" for label, text in lines.items()).encode()


def _listed(hashes: dict[str, str]) -> bytes:
    """A manifest; in a name, what would end the line is written as RFC 3986 does."""
    lines = (f"{sha256}  {_escaped(name)}\n" for name, sha256 in hashes.items())
    return "".join(lines).encode()


def _escaped(name: str) -> str:
    return name.replace("%", "%25").replace("\n", "%0A").replace("\r", "%0D")


def _member(archive: zipfile.ZipFile, name: str) -> IO[bytes]:
    info = zipfile.ZipInfo(name, EPOCH)
    info.compress_type, info.create_system = zipfile.ZIP_DEFLATED, 3
    info.external_attr = 0o644 << 16
    return archive.open(info, "w", force_zip64=True)


class _Out(RawIOBase):
    """Where the zip is written, and from where it is taken piece by piece."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: ReadableBuffer) -> int:
        piece = bytes(data)
        self._pieces.append(piece)
        return len(piece)

    def taken(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)
