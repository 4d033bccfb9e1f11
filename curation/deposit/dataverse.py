"""A release uploaded to a Dataverse, by its native API: a draft, then its files one by one.

Nobody but the server that was named gets the token: redirects are not followed, and in every
message it is blotted out. https://guides.dataverse.org/en/latest/api/native-api.html
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Iterator, Mapping
from http.client import HTTPException, HTTPMessage
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from curation import store
from curation.serving import type_of

PATIENCE = 300  # seconds
HERE = {"localhost", "127.0.0.1", "::1"}
# The names by which Dataverse calls its checksums.
HASHES = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-512": "sha512"}


class Failed(Exception):
    """The server did not do what it was asked; the message says why, in words."""


class _Stay(HTTPRedirectHandler):
    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        """Nowhere else: a token is meant for one server."""


def problem(address: str) -> str | None:
    """What is wrong with this as the address of a server, in words."""
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
        return "is not the address of a server: write it like https://demo.dataverse.org."
    if parts.scheme == "http" and parts.hostname not in HERE:
        return "would send the token unencrypted: write https://."
    return None


class Server:
    """A Dataverse, and the person whose token is used."""

    def __init__(self, address: str, token: str) -> None:
        self._address, self._token = address.rstrip("/"), token
        self._opener = build_opener(_Stay)

    def create(self, alias: str, metadata: Mapping[str, Any]) -> str:
        """A draft in this dataverse; its persistent identifier."""
        path = f"/api/dataverses/{quote(alias, safe='')}/datasets"
        body = json.dumps(metadata).encode()
        made = self._ask("POST", path, [body], len(body), "application/json")
        return str(made["persistentId"])

    def files(self, dataset: str) -> dict[str, tuple[str, str]]:
        """Each file of the draft, with the kind and the value of its checksum."""
        path = f"/api/datasets/:persistentId/versions/:draft/files?{_named(dataset)}"
        listed = self._ask("GET", path)
        checksums = {each["label"]: each["dataFile"].get("checksum", {}) for each in listed}
        return {name: (c.get("type", ""), c.get("value", "")) for name, c in checksums.items()}

    def add(self, dataset: str, name: str, sha256: str) -> None:
        """One file, as it is: a Dataverse that takes tables apart is asked to leave it whole."""
        path = f"/api/datasets/:persistentId/add?{_named(dataset)}"
        described = json.dumps({"description": f"sha256 {sha256}", "tabIngest": "false"})
        mark = secrets.token_hex(16)
        head = _part(mark, 'name="jsonData"', "application/json") + described.encode() + b"\r\n"
        head += _part(mark, f'name="file"; filename="{name}"', type_of(name))
        tail = f"\r\n--{mark}--\r\n".encode()
        with store.opened(sha256) as file:
            size = file.seek(0, 2)
            file.seek(0)
            body, length = _joined(head, file, tail), len(head) + size + len(tail)
            self._ask("POST", path, body, length, f"multipart/form-data; boundary={mark}")

    def publish(self, dataset: str) -> None:
        path = f"/api/datasets/:persistentId/actions/:publish?{_named(dataset)}&type=major"
        self._ask("POST", path, [], 0)

    def _ask(
        self,
        method: str,
        path: str,
        body: Iterable[bytes] | None = None,
        length: int = 0,
        kind: str = "",
    ) -> Any:
        headers = {"X-Dataverse-key": self._token, "Accept": "application/json"}
        if body is not None:
            headers |= {"Content-Length": str(length)}
        if kind:
            headers |= {"Content-Type": kind}
        request = Request(f"{self._address}{path}", body, headers, method=method)  # noqa: S310
        try:
            with self._opener.open(request, timeout=PATIENCE) as answer:
                return json.load(answer)["data"]
        except HTTPError as error:
            raise Failed(self._why(error)) from None
        except (URLError, OSError, HTTPException) as error:
            raise Failed(self._blotted(f"The server cannot be reached: {error}.")) from None
        except (ValueError, KeyError, TypeError):
            raise Failed("The server answers, but not as a Dataverse does.") from None

    def _why(self, error: HTTPError) -> str:
        with error:
            try:
                said = str(json.loads(error.read(10_000))["message"])[:300]
            except (ValueError, KeyError, TypeError, OSError):
                said = str(error.reason)
        if error.code in (401, 403):
            return self._blotted(f"The server does not accept the token ({error.code}: {said}).")
        return self._blotted(f"The server answered {error.code}: {said}.")

    def _blotted(self, text: str) -> str:
        return text.replace(self._token, "…")


def is_the_same(sha256: str, kind: str, value: str) -> bool:
    """Has the server the bytes that the store has? What it does not hash as we can, it has not."""
    if kind not in HASHES:
        return False
    found = hashlib.new(HASHES[kind], usedforsecurity=False)
    with store.opened(sha256) as file:
        while chunk := file.read(store.CHUNK):
            found.update(chunk)
    return found.hexdigest() == value.lower()


def _named(dataset: str) -> str:
    return f"persistentId={quote(dataset, safe='')}"


def _part(mark: str, disposition: str, kind: str) -> bytes:
    lines = [f"--{mark}", f"Content-Disposition: form-data; {disposition}", f"Content-Type: {kind}"]
    return "\r\n".join([*lines, "", ""]).encode()


def _joined(head: bytes, file: IO[bytes], tail: bytes) -> Iterator[bytes]:
    yield head
    while chunk := file.read(store.CHUNK):
        yield chunk
    yield tail
