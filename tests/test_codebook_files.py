"""Codebooks as files in the browser: downloaded in any format, read in as the draft."""

from __future__ import annotations

import io
import json
from copy import deepcopy
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as limits

from coding import codebooks, drafts
from coding.drafting import Draft
from coding.models import Codebook, Variable
from curation import formats
from tests.conftest import DOCUMENT, World
from tests.documents_strategy import documents_of_any_kind

PAGE = "/projects/usmi/codebook/1/files/"
UPLOAD = "/projects/usmi/codebook/draft/upload/"
Document = dict[str, Any]


def changed() -> Document:
    document = deepcopy(DOCUMENT)
    document["variables"][0]["question"] = "Which goal was named first?"
    return document


def send(client: Client, content: bytes, name: str = "codebook.json") -> HttpResponse:
    return client.post(UPLOAD, {"file": SimpleUploadedFile(name, content)})  # type: ignore[return-value]


def as_json(document: Document) -> bytes:
    return formats.write(document, "json")[0]


def confirm(client: Client, answer: HttpResponse, **more: str) -> HttpResponse:
    """Send the form of a page that shows what would change."""
    context = answer.context  # type: ignore[attr-defined]
    sent = {key: context[key] for key in ("document", "stamp", "name", "note")}
    return client.post(UPLOAD, sent | more)  # type: ignore[return-value]


def draft_of(world: World) -> Codebook | None:
    return world.project.codebooks.filter(published_at=None).first()


# ------------------------------------------------------------------ out


@pytest.mark.parametrize("name", formats.FORMATS)
def test_a_version_is_downloaded_as_the_command_writes_it(
    world: World, client: Client, name: str
) -> None:
    client.force_login(world.reader)

    answer = client.get(PAGE + name)

    content, _ = formats.write(codebooks.document_of(world.codebook), name)
    assert (answer.status_code, answer.content) == (200, content)
    assert answer["Content-Disposition"].startswith('attachment; filename="usmi-codebook-1')
    again = client.get(PAGE + name, headers={"If-None-Match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_page_lists_line_by_line_what_a_format_does_not_take_over(
    world: World, client: Client
) -> None:
    client.force_login(world.reader)

    body = client.get(PAGE).content.decode()

    _, unmapped = formats.write(codebooks.document_of(world.codebook), "redcap")
    assert body.count("<li><b>") >= len(unmapped) > 3
    assert all(f'href="{PAGE}{name}"' in body for name in formats.FORMATS)


@pytest.mark.parametrize("address", [PAGE, f"{PAGE}yaml", "/projects/usmi/codebook/2/files/json"])
def test_strangers_find_no_file_and_drafts_are_for_curators(
    world: World, client: Client, address: str
) -> None:
    codebooks.draft(project=world.project, document=changed())
    found = {}
    for who in ("curator", "coder_a", "reader", "outsider"):
        client.force_login(getattr(world, who))
        found[who] = client.get(address).status_code
    client.logout()

    team = 404 if "/2/" in address else 200
    assert found == {"curator": 200, "coder_a": team, "reader": team, "outsider": 404}
    assert client.get(address).status_code == 302


def test_a_format_or_version_that_is_not_there_is_not_found(world: World, client: Client) -> None:
    client.force_login(world.curator)

    for address in (f"{PAGE}docx", "/projects/usmi/codebook/9/files/json"):
        assert client.get(address).status_code == 404


def test_the_json_schema_is_there_for_everybody(client: Client, db: None) -> None:
    answer = client.get("/schemas/codebook.schema.json")

    assert answer["Content-Type"] == "application/schema+json"
    assert json.loads(answer.content)["title"] == "Codebook"


# ------------------------------------------------------------------ in


@pytest.mark.parametrize("name", ["yaml", "json", "xlsx", "xlsform"])
def test_a_file_is_compared_first_and_becomes_the_draft_when_confirmed(
    world: World, client: Client, name: str
) -> None:
    client.force_login(world.curator)
    ending = {"xlsform": "xlsx"}.get(name, name)
    content, _ = formats.write(changed(), name)
    before = Variable.objects.count()

    answer = send(client, content, f"ours.{ending}")

    assert (answer.status_code, draft_of(world)) == (200, None)
    assert Variable.objects.count() == before
    assert b"[new: </span>" in answer.content
    told = confirm(client, answer, note="Clearer.")
    assert told.headers["Location"] == "/projects/usmi/codebook/2/"
    draft = draft_of(world)
    assert draft is not None
    assert (draft.note, draft.entries.get(name="goal").question) == (
        "Clearer.",
        "Which goal was named first?",
    )


def test_every_fault_is_told_with_its_place_and_nothing_is_written(
    world: World, client: Client
) -> None:
    client.force_login(world.curator)
    document = changed()
    document["variables"][0] |= {"rulle": "x", "required": "maybe"}
    document["variables"][1]["type"] = 7

    answer = send(client, as_json(document))

    assert (answer.status_code, draft_of(world)) == (422, None)
    body = answer.content.decode()
    wanted = ["3 faults", "variable goal", "Did you mean rule?", "variable ended"]
    assert [words for words in wanted if words not in body] == []


def test_what_a_file_holds_beyond_a_codebook_is_listed(world: World, client: Client) -> None:
    client.force_login(world.curator)
    book = openpyxl.load_workbook(io.BytesIO(formats.write(changed(), "xlsx")[0]))
    book.create_sheet("notes").append(["Remember"])
    content = io.BytesIO()
    book.save(content)

    body = send(client, content.getvalue(), "ours.xlsx").content.decode()

    assert "is no sheet of a codebook workbook: it was not read." in body


def test_an_existing_draft_is_replaced_only_as_it_was_seen(world: World, client: Client) -> None:
    client.force_login(world.curator)
    drafts.start(project=world.project)
    seen = send(client, as_json(changed()))
    found = Draft.of(world.project)
    assert found is not None
    found.codebook.note = "Somebody typed this since."
    found.codebook.save()

    overtaken = confirm(client, seen)

    assert overtaken.status_code == 409
    assert b"Somebody changed the draft since" in overtaken.content
    assert draft_of(world) == found.codebook
    assert b"Replace the draft" in overtaken.content
    assert confirm(client, overtaken).status_code == 302
    draft = draft_of(world)
    assert draft is not None
    assert draft.entries.get(name="goal").question == "Which goal was named first?"


def test_a_file_that_says_what_there_is_makes_no_draft(world: World, client: Client) -> None:
    client.force_login(world.curator)

    answer = send(client, as_json(codebooks.document_of(world.codebook)))

    assert b"Nothing would change." in answer.content
    confirm(client, answer)
    assert draft_of(world) is None


def test_what_is_confirmed_is_checked_again(world: World, client: Client) -> None:
    client.force_login(world.curator)
    answer = send(client, as_json(changed()))

    for document in ("{}", "[", "null", json.dumps({"codebook": {}, "variables": [1]})):
        assert confirm(client, answer, document=document).status_code == 422
    assert draft_of(world) is None


@pytest.mark.parametrize("who", ["coder_a", "adjudicator", "reader", "outsider"])
def test_only_curators_read_files_in(world: World, client: Client, who: str) -> None:
    client.force_login(getattr(world, who))

    assert client.get(UPLOAD).status_code == send(client, as_json(changed())).status_code == 404
    client.logout()
    assert send(client, as_json(changed())).status_code == 302
    assert draft_of(world) is None


# ------------------------------------------------------------------ hostile files


def zipped(parts: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with ZipFile(content, "w", ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return content.getvalue()


BOMB = zipped({"xl/workbook.xml": b" " * (30 * 2**20)})
WORDS = zipped({"xl/workbook.xml": b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'})
LAUGHS = b"a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("codebook.docx", b"PK", "does not end in .yaml"),
        ("codebook", b"x", "does not end in .yaml"),
        ("codebook.yaml", b"x" * (5 * 2**20 + 1), "is larger than 5 MB"),
        ("codebook.yaml", b"\xff\xfe\x00", "is not UTF-8"),
        ("codebook.yaml", LAUGHS, "an alias stands here"),
        ("codebook.yaml", b"!!python/object/apply:os.system [ls]", "cannot be read as YAML"),
        ("codebook.yaml", b"- " * 5000 + b"x", "is nested too deeply"),
        ("codebook.json", b"[" * 100_000, "is nested too deeply"),
        ("codebook.json", b'{"a": 1, "a": 2}', "the key a stands twice"),
        ("codebook.json", b"", "cannot be read as JSON"),
        ("codebook.xlsx", b"%PDF-1.7", "cannot be unpacked"),
        ("codebook.xlsx", BOMB, "times larger than it is packed"),
        ("codebook.xlsx", WORDS, "document type"),
        ("codebook.xlsx", zipped({"a.txt": b"x"}), "cannot be read as an Excel workbook"),
        ("codebook.csv", b"a,b\n1,2\n", "column"),
        ("codebook.csv", b"\x00\x01", "NUL byte"),
        ("<script>.yaml", b"x: [", "cannot be read as YAML"),
    ],
)
def test_a_file_that_is_no_codebook_is_refused_in_words(
    world: World, client: Client, name: str, content: bytes, told: str
) -> None:
    client.force_login(world.curator)

    answer = send(client, content, name)

    assert (answer.status_code, draft_of(world)) == (422, None)
    body = answer.content.decode()
    assert told in body
    assert "<script>.yaml" not in body


def test_an_empty_form_asks_for_a_file(world: World, client: Client) -> None:
    client.force_login(world.curator)

    answer = client.post(UPLOAD)

    assert answer.status_code == 422
    assert b"file: is missing: choose one." in answer.content


# ------------------------------------------------------------------ there and back


@limits(
    max_examples=10,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(documents_of_any_kind())
def test_any_codebook_downloaded_is_the_codebook_that_was_read(
    world: World, document: Document
) -> None:
    """Through the tables: what a file says is what the next file says, in every lossless format."""
    project = world.project
    codebooks.draft(project=project, document=document)
    book = draft_of(world)
    assert book is not None
    written = codebooks.document_of(book)
    for name in ("yaml", "json", "xlsx"):
        content, _ = formats.write(written, name)
        read, unread = formats.read(content, f"codebook.{name}")
        assert list(unread) == []
        again = codebooks.draft(project=project, document=dict(read))
        assert codebooks.document_of(again) == written
