"""Public pages: off unless a curator opens them; released bytes and accepted errata, no more."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from coding import work
from coding.errors import Refused
from curation import public, store
from curation.models import Deposit, Publication, Release, Withdrawal
from tests.conftest import World
from tests.releasing import cut

PUBLIC = "/public/usmi/"
PAGE = f"{PUBLIC}0.1.0/"
FILE = f"{PAGE}files/intervention.csv"
PAGES = [
    PUBLIC,
    PAGE,
    FILE,
    f"{PAGE}files/manifest.json",
    f"{PAGE}codebook/",
    f"{PAGE}report/",
    f"{PAGE}cite.bib",
    f"{PAGE}cite.ris",
    f"{PAGE}bag.zip",
    f"{PUBLIC}errata/",
    f"{PUBLIC}errata.atom",
    f"{PUBLIC}errata.json",
    f"{PUBLIC}check?version=0.1.0",
]
SWITCH = "/projects/usmi/releases/public/"
STANDING = "/projects/usmi/releases/0.1.0/standing/"
DOI = "10.7910/DVN/ABC123"


@pytest.fixture
def released(world: World) -> World:
    for coding in (world.coding_a, world.coding_b):
        world.say(coding, "1000", "troops")
        world.say(coding, "regime")
        work.submit(coding=coding)
    cut(project=world.project, version="0.1.0", by=world.curator, notes="For the workshop")
    return world


@pytest.fixture
def opened(released: World) -> World:
    public.show(project=released.project, public=True, reason="Paper is out", by=released.curator)
    return released


def body(response: Any) -> str:
    data = b"".join(response) if response.streaming else response.content
    return re.sub(r"\s+", " ", data.decode())


# ------------------------------------------------------------------ off and on


def test_nothing_is_public_before_a_curator_opens_it(released: World, client: Client) -> None:
    assert {client.get(page).status_code for page in PAGES} == {404}
    client.force_login(released.curator)
    assert {client.get(page).status_code for page in PAGES} == {404}


def test_open_pages_need_no_account_and_are_the_same_for_all(opened: World, client: Client) -> None:
    member = Client()
    member.force_login(opened.curator)
    for page in PAGES:
        nobody = client.get(page)

        assert (page, nobody.status_code) == (page, 200)
        assert "casebook" not in nobody.cookies
        if not page.endswith("report/"):
            assert b"".join(nobody) == b"".join(member.get(page))
            assert "Cookie" not in nobody.get("Vary", "")


def test_what_is_not_there_is_not_found(opened: World, client: Client) -> None:
    pages = [
        "/public/elsewhere/",
        "/public/none/",
        f"{PUBLIC}0.2.0/",
        f"{PAGE}files/passwd",
        f"{PUBLIC}check?version=0.9.0",
        f"{PUBLIC}check?sha256={'0' * 64}",
    ]

    assert {client.get(page).status_code for page in pages} == {404}


def test_a_curator_opens_and_closes_them_with_a_reason(released: World, client: Client) -> None:
    client.force_login(released.curator)

    assert client.post(SWITCH, {"reason": " "}).status_code == 422
    assert client.get(PUBLIC).status_code == 404
    client.post(SWITCH, {"reason": "Paper is out"})
    assert client.get(PUBLIC).status_code == 200
    client.post(SWITCH, {"reason": "A mistake"})
    assert client.get(PUBLIC).status_code == 404

    said = Publication.objects.order_by("pk").values_list("public", "reason", "by__username")
    assert list(said) == [(True, "Paper is out", "curator"), (False, "A mistake", "curator")]


def test_only_curators_say_how_releases_stand(released: World, client: Client) -> None:
    answers = set()
    for who in ("coder_a", "adjudicator", "reader", "outsider"):
        client.force_login(getattr(released, who))
        for page in (SWITCH, STANDING):
            answers |= {
                client.get(page).status_code,
                client.post(page, {"reason": "x", "act": "doi", "doi": DOI}).status_code,
            }

    assert answers == {404}
    assert (Publication.objects.count(), Deposit.objects.count()) == (0, 0)


# ------------------------------------------------------------------ what the pages say


def test_the_page_tells_files_citation_and_how_to_load(opened: World, client: Client) -> None:
    page = body(client.get(PAGE))
    release = Release.objects.get()

    wanted = [
        release.digest,
        "Project usmi (Version 0.1.0) [Data set].",
        "pd.read_csv(&quot;intervention.csv&quot;",
        "use &quot;intervention.dta&quot;, clear",
        "GET FILE=&quot;intervention.sav&quot;.",
        "sheet intervention",
        "For the workshop",
        *(file["sha256"][16:] for file in release.manifest["files"]),
    ]
    assert [text for text in wanted if text not in page] == []
    assert page.count("curator") == 1  # the role of who signed, and no name


def test_search_engines_are_told_as_schema_org_says(opened: World, client: Client) -> None:
    opened.project.description = "</script><b>&"
    opened.project.save()
    page = client.get(PAGE).content.decode()

    [written] = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.S)
    data = json.loads(written)

    assert (data["@type"], data["version"]) == ("Dataset", "0.1.0")
    assert data["description"] == "</script><b>&"
    [table] = [d for d in data["distribution"] if d["name"] == "intervention.csv"]
    assert table["contentUrl"] == f"http://testserver{FILE}"
    assert table["encodingFormat"] == "text/csv"


def test_a_citation_as_a_file_names_the_doi(opened: World, client: Client) -> None:
    release = Release.objects.get()
    public.deposited(release=release, doi=DOI, by=opened.curator)

    ris, bib = client.get(f"{PAGE}cite.ris"), client.get(f"{PAGE}cite.bib")

    year, date = release.released_at.year, f"{release.released_at:%Y/%m/%d}"
    assert ris.content.decode().split("\r\n") == [
        "TY  - DATA",
        "TI  - Project usmi",
        "ET  - 0.1.0",
        f"PY  - {year}",
        f"DA  - {date}",
        "PB  - Casebook",
        f"DO  - {DOI}",
        f"UR  - https://doi.org/{DOI}",
        f"N1  - manifest sha256 {release.digest}",
        "ER  - ",
        "",
    ]
    assert f"doi = {{{DOI}}}" in bib.content.decode()
    assert ris["Content-Disposition"] == 'attachment; filename="usmi-0.1.0.ris"'
    assert f"https://doi.org/{DOI}" in body(client.get(PAGE))


def test_the_codebook_is_the_frozen_one(opened: World, client: Client) -> None:
    page = body(client.get(f"{PAGE}codebook/"))

    assert "The goal named first." in page
    assert "Regime change" in page
    assert "Cannot be determined" in page


# ------------------------------------------------------------------ files


def test_a_public_file_comes_whole_in_part_and_not_again(opened: World, client: Client) -> None:
    whole = client.get(FILE)
    data = b"".join(whole)
    sha256 = Release.objects.get().manifest["files"][0]["sha256"]

    part = client.get(FILE, headers={"range": "bytes=0-3"})
    again = client.get(FILE, headers={"if-none-match": whole["ETag"]})
    head = client.head(FILE)

    assert data == store.get(sha256)
    assert (part.status_code, b"".join(part)) == (206, data[:4])
    assert (again.status_code, again.content) == (304, b"")
    assert (head["Content-Length"], b"".join(head)) == (str(len(data)), b"")
    assert whole["X-Content-Type-Options"] == "nosniff"
    assert whole["Cache-Control"] == "public, no-cache"


def test_a_page_that_is_the_same_is_not_sent_again(opened: World, client: Client) -> None:
    first = client.get(PAGE)

    assert client.get(PAGE, headers={"if-none-match": first["ETag"]}).status_code == 304


def test_a_damaged_file_is_told_and_not_handed_out(opened: World, client: Client) -> None:
    file = Release.objects.get().manifest["files"][0]
    store.path_of(file["sha256"]).unlink()

    answer = client.get(FILE)

    assert answer.status_code == 503
    assert "is damaged or gone on this server" in body(answer)


# ------------------------------------------------------------------ DOI, withdrawal


def test_a_doi_is_kept_in_its_bare_form(released: World, client: Client) -> None:
    client.force_login(released.curator)
    for said in (DOI, f"https://doi.org/{DOI}", f"doi:{DOI}", f" {DOI} "):
        assert client.post(STANDING, {"act": "doi", "doi": said}).status_code == 302

    assert [d.doi for d in Deposit.objects.all()] == [DOI]


def test_what_is_no_doi_is_told_beside_the_field(released: World, client: Client) -> None:
    client.force_login(released.curator)
    for said in ("", "ABC123", "10.12/x", "10.7910/", "10.7910/a b", "10.7910/é"):
        answer = client.post(STANDING, {"act": "doi", "doi": said})

        assert answer.status_code == 422
        assert 'aria-invalid="true"' in body(answer)
    assert Deposit.objects.count() == 0


def test_the_last_doi_holds_and_the_same_again_leaves_no_trace(opened: World) -> None:
    release = Release.objects.get()
    for doi in (DOI, DOI, "10.5281/zenodo.1"):
        public.deposited(release=release, doi=doi, by=opened.curator)

    assert public.doi_of(public.release_or_404("usmi", "0.1.0")) == "10.5281/zenodo.1"
    assert Deposit.objects.count() == 2


def test_a_withdrawn_release_leaves_a_stone_and_its_bytes_to_members(
    opened: World, client: Client
) -> None:
    member = Client()
    member.force_login(opened.curator)
    wrong = {"act": "withdraw", "reason": "Sheets were swapped.", "version": "0.1"}

    assert member.post(STANDING, wrong).status_code == 422
    member.post(STANDING, wrong | {"version": "0.1.0"})

    page, file, bag = client.get(PAGE), client.get(FILE), client.get(f"{PAGE}bag.zip")
    assert [a.status_code for a in (page, file, bag)] == [410, 410, 410]
    stone = body(page)
    assert "Sheets were swapped." in stone
    assert Release.objects.get().digest in stone
    assert "1000" not in body(file)
    assert "Withdrawn" in body(client.get(PUBLIC))
    assert client.get(f"{PAGE}cite.bib").status_code == 200
    assert "1000" in body(member.get("/projects/usmi/releases/0.1.0/files/intervention.csv"))
    assert "do not use it" in body(member.get("/projects/usmi/releases/0.1.0/"))
    with pytest.raises(Refused, match="withdrawn already"):
        public.withdraw(release=Release.objects.get(), reason="Again", by=opened.curator)
    assert Withdrawal.objects.count() == 1


# ------------------------------------------------------------------ queries


def queries(client: Client, page: str) -> int:
    with CaptureQueriesContext(connection) as asked:
        client.get(page)
    return len(asked)


@pytest.mark.parametrize("page", [PUBLIC, SWITCH])
def test_lists_ask_as_much_for_three_releases_as_for_one(
    opened: World, client: Client, page: str
) -> None:
    client.force_login(opened.curator)
    public.deposited(release=Release.objects.get(), doi=DOI, by=opened.curator)
    client.get(page)
    one = queries(client, page)
    for version in ("0.2.0", "0.3.0"):
        made = cut(project=opened.project, version=version)
        public.deposited(release=made, doi=DOI, by=opened.curator)

    assert queries(client, page) == one
