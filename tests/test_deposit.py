"""A release packed as a bag (RFC 8493), and uploaded to a server that behaves like a Dataverse."""

from __future__ import annotations

import hashlib
import io
import json
import re
import threading
import zipfile
from collections.abc import Iterator
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from curation import public, store
from curation.deposit import bag
from curation.models import Release
from tests.conftest import World
from tests.releasing import cut

TOKEN = "secret-token-quetzal"
DATASET = "doi:10.5072/FK2/ABC"


@pytest.fixture
def release(world: World) -> Release:
    world.close("regime", "regime")
    return cut(project=world.project, version="0.1.0", by=world.curator)


# ------------------------------------------------------------------ the bag


def unpacked(release: Release) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(b"".join(bag.written(release)))) as found:
        assert found.testzip() is None
        return {i.filename: found.read(i) for i in found.infolist()}


def hashes(manifest: bytes) -> dict[str, str]:
    """As section 2.1.3 reads a manifest: checksum, blanks, path."""
    lines = (line.split(maxsplit=1) for line in manifest.decode().splitlines())
    return {path: checksum for checksum, path in lines}


def test_the_bag_is_complete_and_valid_as_the_rfc_says(release: Release) -> None:
    members = unpacked(release)
    base = "usmi-0.1.0/"
    files = {name.removeprefix(base): data for name, data in members.items()}

    assert all(name.startswith(base) for name in members)
    declared = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
    assert files["bagit.txt"] == declared
    payload = {name: data for name, data in files.items() if name.startswith("data/")}
    tags = {name: data for name, data in files.items() if name not in payload}
    listed = hashes(files["manifest-sha256.txt"])
    assert listed == {n: hashlib.sha256(d).hexdigest() for n, d in payload.items()}
    del tags["tagmanifest-sha256.txt"]
    tagged = hashes(files["tagmanifest-sha256.txt"])
    assert tagged == {n: hashlib.sha256(d).hexdigest() for n, d in tags.items()}
    size = sum(len(data) for data in payload.values())
    assert f"Payload-Oxum: {size}.{len(payload)}\n" in files["bag-info.txt"].decode()


def test_the_bag_holds_the_release_and_the_same_bytes_twice(release: Release) -> None:
    members = unpacked(release)

    for file in release.manifest["files"]:
        assert members[f"usmi-0.1.0/data/{file['name']}"] == store.get(file["sha256"])
    assert members["usmi-0.1.0/data/manifest.json"] == store.get(release.digest)
    assert b"".join(bag.written(release)) == b"".join(bag.written(release))


def test_the_bag_describes_itself_to_repositories(release: Release) -> None:
    members = unpacked(release)

    zenodo = json.loads(members["usmi-0.1.0/metadata/zenodo.json"])["metadata"]
    dataverse = json.loads(members["usmi-0.1.0/metadata/dataverse.json"])
    fields = dataverse["datasetVersion"]["metadataBlocks"]["citation"]["fields"]
    assert (zenodo["upload_type"], zenodo["version"]) == ("dataset", "0.1.0")
    assert {f["typeName"] for f in fields} >= {
        "title",
        "author",
        "datasetContact",
        "dsDescription",
        "subject",
    }
    assert "coder_a" not in str(members)


def test_members_get_the_bag_and_a_damaged_release_gives_none(
    world: World, release: Release, client: Client
) -> None:
    page = "/projects/usmi/releases/0.1.0/bag.zip"
    client.force_login(world.reader)
    answer = client.get(page)
    data = b"".join(answer)

    assert zipfile.ZipFile(io.BytesIO(data)).testzip() is None
    assert answer["Content-Disposition"] == 'attachment; filename="usmi-0.1.0.zip"'
    again = client.get(page, headers={"if-none-match": answer["ETag"]})
    assert again.status_code == 304
    store.path_of(release.manifest["files"][0]["sha256"]).unlink()
    assert client.get(page).status_code == 409


# ------------------------------------------------------------------ the upload


class Dataverse(HTTPServer):
    """What a Dataverse would be asked, in order; fails where it is told to."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, str, Any]] = []
        self.files: dict[str, bytes] = {}
        self.fails: dict[str, int] = {}
        self.left = 99

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Dataverse

    def do_GET(self) -> None:
        self._answer(None)

    def do_POST(self) -> None:
        data = self.rfile.read(int(self.headers["Content-Length"]))
        kind = self.headers.get("Content-Type", "")
        if kind == "application/json":
            return self._answer(json.loads(data))
        if kind.startswith("multipart/form-data"):
            mail = BytesParser().parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + data)
            parts = {p.get_param("name", header="content-disposition"): p for p in mail.walk()}
            name = parts["file"].get_filename()
            described = json.loads(parts["jsonData"].get_payload(decode=True))
            return self._answer((name, described, parts["file"].get_payload(decode=True)))
        return self._answer(None)

    def _answer(self, body: Any) -> None:
        server = self.server
        server.asked.append((self.command, self.path, body))
        if self.headers["X-Dataverse-key"] != TOKEN:
            return self._send(401, {"status": "ERROR", "message": "Bad API key"})
        if "/add?" in self.path:
            server.left -= 1
            if server.left < 0:
                message = f"Disk full for {TOKEN}"
                return self._send(500, {"status": "ERROR", "message": message})
            server.files[body[0]] = body[2]
        return self._send(200, {"status": "OK", "data": self._data()})

    def _data(self) -> Any:
        if "/versions/:draft/files" not in self.path:
            return {"id": 7, "persistentId": DATASET}
        return [
            {
                "label": name,
                "dataFile": {"checksum": {"type": "MD5", "value": hashlib.md5(data).hexdigest()}},  # noqa: S324
            }
            for name, data in self.server.files.items()
        ]

    def _send(self, status: int, data: Any) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(data).encode())

    def log_message(self, *_: object) -> None:
        """Silent."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Dataverse]:
    monkeypatch.setenv("TOKEN", TOKEN)
    with Dataverse() as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def deposit(server: Dataverse | str, *more: str) -> str:
    url = server if isinstance(server, str) else server.url
    out = io.StringIO()
    words = ["--project=usmi", "0.1.0", f"--server={url}", "--token-env=TOKEN", *more]
    call_command("deposit", *words, stdout=out)
    return out.getvalue()


NEW = ("--dataverse=coalitions", "--author=Doe, Jane", "--contact=jane@example.org")


def test_a_release_is_uploaded_as_a_draft_file_by_file(release: Release, server: Dataverse) -> None:
    told = deposit(server, *NEW)

    names = [*(file["name"] for file in release.manifest["files"]), "manifest.json"]
    query = "?persistentId=doi%3A10.5072%2FFK2%2FABC"
    add = ("POST", f"/api/datasets/:persistentId/add{query}")
    assert [(method, path) for method, path, _ in server.asked] == [
        ("POST", "/api/dataverses/coalitions/datasets"),
        ("GET", f"/api/datasets/:persistentId/versions/:draft/files{query}"),
        *[add] * len(names),
    ]
    described = str(server.asked[0][2])
    assert "Doe, Jane" in described
    assert "jane@example.org" in described
    assert server.asked[2][2][1]["tabIngest"] == "false"
    digests = {f["name"]: f["sha256"] for f in release.manifest["files"]}
    digests["manifest.json"] = release.digest
    assert server.files == {name: store.get(sha256) for name, sha256 in digests.items()}
    assert f"is a draft there: {DATASET}, {len(names)} files added" in told


def test_it_is_published_only_where_that_is_asked_for(release: Release, server: Dataverse) -> None:
    deposit(server, *NEW, "--publish")

    assert server.asked[-1][:2] == (
        "POST",
        "/api/datasets/:persistentId/actions/:publish"
        "?persistentId=doi%3A10.5072%2FFK2%2FABC&type=major",
    )


def test_what_broke_off_goes_on_where_it_was(
    release: Release, server: Dataverse, caplog: pytest.LogCaptureFixture
) -> None:
    server.left = 2
    with pytest.raises(CommandError) as told:
        deposit(server, *NEW)
    server.left = 99

    first = str(told.value)
    assert re.search(r"answered 500: Disk full for …\. 2 of \d+ files are there", first)
    assert f"go on with --dataset {DATASET}" in first
    assert TOKEN not in first + caplog.text
    kept = list(server.files)
    server.asked.clear()

    deposit(server, f"--dataset={DATASET}")

    added = [body[0] for method, path, body in server.asked if "/add?" in path]
    assert len(kept) == 2
    assert set(added) & set(kept) == set()
    assert set(server.files) == {f["name"] for f in release.manifest["files"]} | {"manifest.json"}


def test_another_file_of_that_name_there_is_not_taken_for_ours(
    release: Release, server: Dataverse
) -> None:
    server.files["cells.csv"] = b"something else"

    with pytest.raises(CommandError, match=r"The draft has another cells\.csv"):
        deposit(server, f"--dataset={DATASET}")


def test_a_token_that_is_not_accepted_is_told_without_it(
    release: Release, server: Dataverse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "wrong-quetzal")

    with pytest.raises(CommandError) as told:
        deposit(server, *NEW)

    assert "Nothing was deposited. The server does not accept the token (401: Bad API key)" in str(
        told.value
    )
    assert "wrong-quetzal" not in str(told.value)


def test_a_server_that_is_not_there_is_told(release: Release, server: Dataverse) -> None:
    with pytest.raises(CommandError, match="The server cannot be reached"):
        deposit("http://127.0.0.1:9", *NEW)


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("http://dataverse.example.org", "would send the token unencrypted"),
        ("dataverse.example.org", "is not the address of a server"),
        ("file:///etc/passwd", "is not the address of a server"),
    ],
)
def test_an_odd_address_is_refused_before_anything_is_sent(
    release: Release, server: Dataverse, address: str, told: str
) -> None:
    with pytest.raises(CommandError, match=told):
        deposit(address, *NEW)


def test_every_fault_is_named_at_once(
    release: Release, server: Dataverse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TOKEN")

    with pytest.raises(CommandError) as told:
        deposit("x")

    for place in ("--server", "--token-env", "--dataverse", "--author", "--contact"):
        assert place in str(told.value)
    assert server.asked == []


def test_a_withdrawn_release_is_not_deposited(
    world: World, release: Release, server: Dataverse
) -> None:
    public.withdraw(release=release, reason="Swapped", by=world.curator)

    with pytest.raises(CommandError, match="is withdrawn"):
        deposit(server, *NEW)
    assert server.asked == []
