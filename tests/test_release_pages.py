from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from coding import work
from coding.models import Project
from curation import store, tables
from curation.models import Release
from tests.conftest import World
from tests.releasing import cut

LIST = "/projects/usmi/releases/"
PAGE = LIST + "0.1.0/"
FILES = PAGE + "files/"
TEAM = ["coder_a", "coder_b", "adjudicator", "curator", "reader"]


@pytest.fixture
def released(world: World) -> World:
    for coding in (world.coding_a, world.coding_b):
        world.say(coding, "1000", "troops")
        world.say(coding, "Bold words", "story")
        world.say(coding, "regime")
        work.submit(coding=coding)
    world.settle("Bold words", "story")
    cut(project=world.project, version="0.1.0", by=world.curator, notes="For the workshop")
    return world


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def body(response: Any) -> str:
    text: str = response.content.decode()
    return re.sub(r"\s+", " ", text)


def streamed(response: Any) -> bytes:
    return b"".join(response.streaming_content)


# ------------------------------------------------------------------ who sees what


@pytest.mark.parametrize("who", TEAM)
@pytest.mark.parametrize("page", [LIST, PAGE, FILES + "intervention.csv", FILES + "manifest.json"])
def test_every_member_sees_releases_and_their_files(released: World, who: str, page: str) -> None:
    response = signed_in(getattr(released, who)).get(page)

    assert response.status_code == 200
    assert len(b"".join(response)) > 0


@pytest.mark.parametrize("page", [LIST, PAGE, FILES + "intervention.csv", FILES + "manifest.json"])
def test_a_stranger_finds_nothing(released: World, page: str) -> None:
    client = signed_in(released.outsider)
    etag = f'"{Release.objects.get().digest}"'

    assert client.get(page).status_code == 404
    assert client.get(page, headers={"if-none-match": etag}).status_code == 404


@pytest.mark.parametrize("page", [LIST, PAGE, FILES + "intervention.csv"])
def test_who_is_not_signed_in_is_asked_to(released: World, client: Client, page: str) -> None:
    assert client.get(page).url == f"/sign-in/?next={page}"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "page",
    [
        LIST + "0.2.0/",
        FILES + "codings.xlsx",
        FILES + "..%2F..%2Fdb",
        LIST + "0.2.0/files/cells.csv",
    ],
)
def test_what_is_not_there_is_not_found(released: World, page: str) -> None:
    assert signed_in(released.curator).get(page).status_code == 404


# ------------------------------------------------------------------ blind


def test_who_codes_an_open_case_again_is_not_told_by_a_release(released: World) -> None:
    late = work.assign(case=released.case, coder=released.curator)
    client = signed_in(released.curator)

    page = client.get(PAGE)
    download = client.get(FILES + "intervention.csv")

    assert "Bold words" not in body(page)
    assert (page.status_code, download.status_code) == (200, 409)
    assert "You are coding a case that is open already" in body(download)

    released.say(late, "regime")
    work.submit(coding=late)
    assert "Bold words" in body(client.get(PAGE))


def test_a_closed_case_on_the_worklist_keeps_nobody_from_the_releases(released: World) -> None:
    released.more_cases(1)

    assert "Bold words" in body(signed_in(released.coder_a).get(PAGE))


# ------------------------------------------------------------------ cutting


def test_a_project_without_releases_says_so(world: World) -> None:
    page = body(signed_in(world.curator).get(LIST))

    assert "Nothing is released yet" in page
    assert "0.1.0 is proposed" in page


def test_a_project_without_a_codebook_has_pages_without_a_next(world: World) -> None:
    bare = Project.objects.create(slug="bare", title="Bare")
    bare.members.create(user=world.curator, role="curator")
    client = signed_in(world.curator)

    pages = {name: body(client.get(f"/projects/bare/releases/{name}")) for name in ("", "gate/")}
    draft = body(client.get("/projects/bare/releases/draft/"))

    assert ("Nothing is released yet" in pages[""], "The next release" in pages[""]) == (
        True,
        False,
    )
    assert "No codebook yet" in pages["gate/"]
    assert ("No draft yet" in draft, "Begin a draft" in draft) == (True, False)


def test_the_next_version_is_proposed_with_its_reason(released: World) -> None:
    released.settle("Other words", "story")

    page = body(signed_in(released.curator).get(LIST))

    assert "0.1.1 is proposed. Since 0.1.0: 1 changed cell." in page


# ------------------------------------------------------------------ what the pages say


def test_the_list_says_what_changed_since_the_release_before(released: World) -> None:
    released.more_cases(1)
    cut(project=released.project, version="0.2.0", by=None)

    page = body(signed_in(released.reader).get(LIST))

    assert "+1 intervention rows" in page
    assert "+6 uncoded cells" in page
    assert "a command" in page
    assert page.index("0.2.0/") < page.index("0.1.0/")


def test_the_page_tells_files_counts_citation_and_chain(released: World) -> None:
    second = cut(project=released.project, version="0.2.0", by=released.curator)
    first = Release.objects.get(version="0.1.0")

    page = body(signed_in(released.reader).get(LIST + "0.2.0/"))

    year = second.released_at.year
    wanted = [
        second.digest,
        first.digest,
        f"Project usmi (Version 0.2.0) [Data set]. ({year}). Casebook. http://testserver{LIST}0.2.0/",
        "@misc{usmi-0.2.0,",
        "pd.read_csv(&quot;partner.csv&quot;",
        "colClasses = &quot;character&quot;",
        "use &quot;partner.dta&quot;",
        "codebook.json",
        "README.md",
        *(file["sha256"][16:] for file in second.manifest["files"]),
    ]
    assert [text for text in wanted if text not in page] == []


def test_the_page_tells_what_was_opened_early(world: World) -> None:
    world.say(world.coding_a, "regime")
    work.submit(coding=world.coding_a)
    work.unblind(case=world.case, reason="Coder B left", by=world.curator)
    cut(project=world.project, version="0.1.0")

    assert "Coder B left" in body(signed_in(world.reader).get(PAGE))


def test_the_preview_shows_the_table_that_was_chosen(released: World) -> None:
    client = signed_in(released.reader)

    interventions, objectives = client.get(PAGE), client.get(PAGE + "?unit=objective")

    assert "Bold words" in body(interventions)
    assert "This table has no rows" in body(objectives)
    assert "Bold words" in body(client.get(PAGE + "?unit=nonsense"))


# ------------------------------------------------------------------ files


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("intervention.csv", "text/csv; charset=utf-8; header=present"),
        ("manifest.json", "application/json"),
        ("codebook.md", "text/markdown; charset=utf-8"),
    ],
)
def test_a_file_comes_byte_for_byte(released: World, name: str, kind: str) -> None:
    made = Release.objects.get()
    sha256 = {f["name"]: f["sha256"] for f in made.manifest["files"]}.get(name, made.digest)

    response = signed_in(released.reader).get(FILES + name)

    assert response["Content-Type"] == kind
    assert response["Content-Disposition"] == f'attachment; filename="{name}"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["ETag"] == f'"{sha256}"'
    data = streamed(response)
    assert data == store.get(sha256)
    assert response["Content-Length"] == str(len(data))


def test_a_file_that_the_browser_has_is_not_sent_again(released: World) -> None:
    client = signed_in(released.reader)
    first = client.get(FILES + "cells.csv")
    etag = first["ETag"]
    streamed(first)

    response = client.get(FILES + "cells.csv", headers={"if-none-match": etag})

    assert (response.status_code, response.content) == (304, b"")


@pytest.fixture
def damaged(released: World) -> World:
    file = Release.objects.get().manifest["files"][0]
    path = store.path_of(file["sha256"])
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b"1000", b"2000"))
    tables.preview.cache_clear()
    return released


def test_a_damaged_file_is_not_handed_out(damaged: World) -> None:
    response = signed_in(damaged.reader).get(FILES + "intervention.csv")

    assert response.status_code == 409
    assert "intervention.csv of 0.1.0 is damaged or gone on this server" in body(response)


def test_a_damaged_table_is_told_in_place_of_its_preview(damaged: World) -> None:
    page = body(signed_in(damaged.reader).get(PAGE))

    assert "This table is damaged or gone on this server" in page
    assert "2000" not in page.replace("20000", "")


# ------------------------------------------------------------------ queries


def queries(client: Client, page: str) -> int:
    client.get(page)
    with CaptureQueriesContext(connection) as asked:
        client.get(page)
    return len(asked)


@pytest.mark.parametrize("who", ["reader", "curator"])
def test_the_list_asks_as_much_for_three_releases_as_for_one(released: World, who: str) -> None:
    client = signed_in(getattr(released, who))
    one = queries(client, LIST)
    for version in ("0.2.0", "0.3.0"):
        cut(project=released.project, version=version, by=released.coder_a)

    assert queries(client, LIST) == one


def test_the_page_asks_as_much_for_three_rows_as_for_one(released: World) -> None:
    client = signed_in(released.reader)
    one = queries(client, PAGE)
    released.more_cases(2)
    cut(project=released.project, version="0.2.0")

    assert queries(client, LIST + "0.2.0/") == one
