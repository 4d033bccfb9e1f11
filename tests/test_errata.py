"""Errors in releases: reported by anybody, answered by curators, told to whoever uses the data."""

from __future__ import annotations

import csv
import html
import io
import re
import subprocess
import sys
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from coding import work
from coding.errors import Refused
from curation import public, store
from curation.models import Erratum, Release, SentReport
from curation.releases import errata
from curation.views import errata as views
from tests.conftest import World
from tests.releasing import cut
from tests.test_public import body

CASE = "US-1991-GUL"
PLACE = ("intervention", CASE, "troops")
REPORT = "/public/usmi/0.1.0/report/"
LIST = "/projects/usmi/releases/errata/"
SENT = {
    "unit": "intervention",
    "case": CASE,
    "variable": "troops",
    "said": "It was 2000: Smith, p. 4",
    "name": "Ann Readername",
    "email": "ann@readermail.org",
}
SECRETS = ("Ann Readername", "readermail")


@pytest.fixture
def released(world: World) -> World:
    for coding in (world.coding_a, world.coding_b):
        world.say(coding, "1000", "troops")
        world.say(coding, "regime")
        work.submit(coding=coding)
    cut(project=world.project, version="0.1.0", by=world.curator)
    public.show(project=world.project, public=True, reason="Paper is out", by=world.curator)
    return world


@pytest.fixture
def reported(released: World, client: Client) -> Erratum:
    assert client.post(REPORT, SENT).status_code == 302
    return Erratum.objects.get()


def accepted(erratum: Erratum, world: World) -> Erratum:
    return errata.answer(
        erratum=erratum, state="accepted", words="Smith is right.", by=world.curator
    )


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


# ------------------------------------------------------------------ reported


def test_a_reader_reports_a_cell_and_its_released_value_is_kept(reported: Erratum) -> None:
    assert (reported.number, reported.state, reported.value) == (1, "open", "1000")
    assert (reported.by, reported.name, reported.email) == (
        None,
        "Ann Readername",
        "ann@readermail.org",
    )


def test_a_report_that_names_no_cell_is_told_so_and_kept_in_the_form(
    released: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "MOST", 99)
    faults: dict[str, dict[str, str]] = {
        "“US-1900-NO” is no row of intervention.csv": {"case": "US-1900-NO"},
        "“parent” is no column of intervention.csv": {"variable": "parent"},
        "“case” is no column of intervention.csv": {"variable": "case"},
        "Select a valid choice": {"unit": "planet"},
        "This field is required": {"said": ""},
        "at most 2000 characters": {"said": "x" * 2001},
        "Enter a valid email address": {"email": "nobody"},
    }
    for told, change in faults.items():
        answer = client.post(REPORT, SENT | change)

        page = body(answer)
        assert answer.status_code == 422
        assert told in page
        assert "Ann Readername" in page
    assert Erratum.objects.count() == 0


def test_a_machine_that_fills_in_everything_is_thanked_and_forgotten(
    released: World, client: Client
) -> None:
    assert client.post(REPORT, SENT | {"website": "http://x"}).status_code == 302
    assert Erratum.objects.count() == 0


def test_one_address_reports_ten_times_an_hour(released: World, client: Client) -> None:
    said = [SENT] * 8 + [SENT | {"case": "US-1900-NO"}] * 2 + [SENT]
    answers = [client.post(REPORT, each).status_code for each in said]
    elsewhere = client.post(REPORT, SENT, REMOTE_ADDR="10.0.0.9").status_code
    SentReport.objects.update(at=timezone.now() - timedelta(minutes=61))

    assert answers == [302] * 8 + [422] * 2 + [429]
    assert elsewhere == 302
    assert client.post(REPORT, SENT).status_code == 302
    assert SentReport.objects.filter(mark__contains="127").count() == 0


def test_reports_that_nobody_answers_cannot_pile_up(
    reported: Erratum, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(errata, "MOST_OPEN", 1)

    assert client.post(REPORT, SENT).status_code == 409
    assert Erratum.objects.count() == 1


def test_the_form_needs_the_token_of_its_own_page(released: World) -> None:
    strict = Client(enforce_csrf_checks=True)

    assert strict.post(REPORT, SENT).status_code == 403
    page = strict.get(REPORT).content.decode()
    token = page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    assert strict.post(REPORT, SENT | {"csrfmiddlewaretoken": token}).status_code == 302


def test_a_link_to_a_cell_fills_in_the_form(released: World, client: Client) -> None:
    page = body(client.get(f"{REPORT}?unit=intervention&case={CASE}&variable=troops"))

    assert f'value="{CASE}"' in page
    assert 'value="troops"' in page


def test_a_member_reports_under_their_own_name(released: World) -> None:
    client = signed_in(released.coder_a)

    answer = client.post("/projects/usmi/releases/0.1.0/report/", SENT, follow=True)

    assert Erratum.objects.get().by == released.coder_a
    assert "A curator will answer it" in body(answer)


# ------------------------------------------------------------------ who sees what


def test_who_reported_is_told_to_curators_alone(
    released: World, reported: Erratum, client: Client
) -> None:
    accepted(reported, released)
    everywhere = [
        "/public/usmi/",
        "/public/usmi/0.1.0/",
        "/public/usmi/errata/",
        "/public/usmi/errata.atom",
        "/public/usmi/errata.json",
        "/public/usmi/check?version=0.1.0",
    ]
    told = [body(client.get(page)) for page in everywhere]
    members = [released.coder_a, released.adjudicator, released.reader]
    told += [body(signed_in(m).get(page)) for m in members for page in (LIST, f"{LIST}1/")]

    assert [page for page in told if any(secret in page for secret in SECRETS)] == []
    assert all("Smith" in page for page in told[2:5])
    assert all(secret in body(signed_in(released.curator).get(f"{LIST}1/")) for secret in SECRETS)


def test_what_is_not_accepted_is_not_public(
    released: World, reported: Erratum, client: Client
) -> None:
    pages = ["", "0.1.0/", "errata/", "errata.atom", "errata.json", "check?version=0.1.0"]
    told = [body(client.get(f"/public/usmi/{page}")) for page in pages]
    errata.answer(erratum=reported, state="refused", words="Smith is wrong.", by=released.curator)
    told += [body(client.get(f"/public/usmi/{page}")) for page in pages]

    assert [page for page in told if "Smith" in page] == []
    assert "no known error" in told[-1]


def test_who_codes_a_released_case_again_reads_no_errata(
    released: World, reported: Erratum
) -> None:
    work.assign(case=released.case, coder=released.adjudicator)
    client = signed_in(released.adjudicator)

    pages = [LIST, f"{LIST}1/", "/projects/usmi/releases/0.1.0/report/"]
    assert [client.get(page).status_code for page in pages] == [409] * 3


def test_only_curators_answer(released: World, reported: Erratum) -> None:
    said = {"state": "accepted", "answer": "Yes"}
    others = (released.coder_a, released.adjudicator, released.reader, released.outsider)

    assert {signed_in(who).post(f"{LIST}1/", said).status_code for who in others} == {404}
    assert Erratum.objects.get().state == "open"


# ------------------------------------------------------------------ answered


def test_a_curator_answers_and_answers_anew(released: World, reported: Erratum) -> None:
    client = signed_in(released.curator)

    assert client.post(f"{LIST}1/", {"state": "refused", "answer": ""}).status_code == 422
    assert client.post(f"{LIST}1/", {"state": "fixed", "answer": "Done"}).status_code == 422
    client.post(f"{LIST}1/", {"state": "refused", "answer": "It is right."})
    client.post(f"{LIST}1/", {"state": "accepted", "answer": "It is wrong after all."})

    found = Erratum.objects.get()
    assert (found.state, found.answer, found.answered_by) == (
        "accepted",
        "It is wrong after all.",
        released.curator,
    )
    past = found.history.order_by("history_id").values_list("state", flat=True)
    assert list(past) == ["open", "refused", "accepted"]


def test_it_is_fixed_in_a_later_release_only(released: World, reported: Erratum) -> None:
    with pytest.raises(Refused, match=r"in a release after 0\.1\.0"):
        errata.answer(
            erratum=reported,
            state="fixed",
            words="Done",
            by=released.curator,
            fixed_in=Release.objects.get(),
        )


def corrected(world: World) -> Release:
    """0.2.0 has another value where 0.1.0 was wrong."""
    world.settle("2000", "troops")
    return cut(project=world.project, version="0.2.0")


def table(release: Release) -> list[dict[str, str]]:
    sha256 = {f["name"]: f["sha256"] for f in release.manifest["files"]}["errata.csv"]
    return list(csv.DictReader(io.StringIO(store.get(sha256).decode())))


def test_the_next_release_lists_it_and_the_release_that_corrects_it_fixes_it(
    released: World, reported: Erratum
) -> None:
    accepted(reported, released)
    same = cut(project=released.project, version="0.1.1")
    fixed = corrected(released)

    assert [(row["state"], row["fixed_in"]) for row in table(same)] == [("accepted", "")]
    [row] = table(fixed)
    assert (row["release"], row["case"], row["variable"]) == ("0.1.0", CASE, "troops")
    assert (row["value"], row["state"], row["fixed_in"]) == ("1000", "fixed", "0.2.0")
    assert "ann" not in str(row).lower().replace("answer", "")
    found = Erratum.objects.get()
    assert (found.state, found.fixed_in) == ("fixed", fixed)
    assert [errata.affecting(r).count() for r in Release.objects.order_by("pk")] == [1, 1, 0]


def test_a_release_without_known_errors_has_no_table_of_them(
    released: World, reported: Erratum
) -> None:
    made = cut(project=released.project, version="0.1.1")

    assert "errata.csv" not in [file["name"] for file in made.manifest["files"]]


def test_the_act_refuses_a_cell_that_is_not_there(released: World) -> None:
    for place in (("planet", CASE, "troops"), ("intervention", "X", "troops")):
        with pytest.raises(ValidationError):
            errata.report(release=Release.objects.get(), place=place, said="Wrong")


# ------------------------------------------------------------------ feeds and the check


def test_the_atom_feed_can_be_read(released: World, reported: Erratum, client: Client) -> None:
    accepted(reported, released)

    answer = client.get("/public/usmi/errata.atom")

    atom = "{http://www.w3.org/2005/Atom}"
    feed = ElementTree.fromstring(answer.content)  # noqa: S314
    [entry] = feed.findall(f"{atom}entry")
    assert answer["Content-Type"] == "application/atom+xml; charset=utf-8"
    assert entry.findtext(f"{atom}title") == f"troops of {CASE}: wrong in 0.1.0"
    assert "Smith is right." in (entry.findtext(f"{atom}summary") or "")
    link = entry.find(f"{atom}link")
    assert link is not None
    assert link.get("href") == "http://testserver/public/usmi/errata/#erratum-1"


def test_no_character_of_a_report_ends_the_feed(released: World, client: Client) -> None:
    for odd in ("\x01", "\x1b[0m", "\ufffe", "]]>&<"):
        client.post(REPORT, SENT | {"said": f"Smith{odd}, p. 4"})
    for each in Erratum.objects.all():
        accepted(each, released)

    feed = client.get("/public/usmi/errata.atom")

    assert len(ElementTree.fromstring(feed.content).findall(".//{*}entry")) == 4  # noqa: S314


def test_the_json_feed_names_the_cell(released: World, reported: Erratum, client: Client) -> None:
    accepted(reported, released)

    answer = client.get("/public/usmi/errata.json")

    feed = answer.json()
    assert answer["Content-Type"] == "application/feed+json"
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["items"][0]["_cell"] == {
        "erratum": 1,
        "release": "0.1.0",
        "unit": "intervention",
        "case": CASE,
        "variable": "troops",
        "value": "1000",
        "state": "accepted",
        "fixed_in": None,
    }


def test_a_table_of_another_unit_is_not_affected(
    released: World, reported: Erratum, client: Client
) -> None:
    accepted(reported, released)
    hashes = {f["name"]: f["sha256"] for f in Release.objects.get().manifest["files"]}

    def affected(name: str) -> int:
        address = f"/public/usmi/check?sha256={hashes[name]}&format=json"
        return len(client.get(address).json()["affected"])

    assert {n: affected(n) for n in ("intervention.csv", "partner.csv", "cells.csv")} == {
        "intervention.csv": 1,
        "partner.csv": 0,
        "cells.csv": 1,
    }


class Asked(BaseHTTPRequestHandler):
    """Hands what it is asked on to Casebook."""

    def do_GET(self) -> None:
        answer = Client().get(self.path)
        self.send_response(answer.status_code)
        self.end_headers()
        self.wfile.write(answer.content)

    def log_message(self, *_: object) -> None:
        """Silent."""


def test_the_line_for_python_tells_whether_a_local_file_has_a_known_error(
    released: World, reported: Erratum, tmp_path: Path
) -> None:
    accepted(reported, released)
    sha256 = Release.objects.get().manifest["files"][0]["sha256"]
    (tmp_path / "intervention.csv").write_bytes(store.get(sha256))
    page = html.unescape(Client().get("/public/usmi/0.1.0/").content.decode())
    [code] = re.findall(r'python -c "(.*?)" intervention\.csv', page)

    with HTTPServer(("127.0.0.1", 0), Asked) as server:
        address = f"http://127.0.0.1:{server.server_port}"
        command = [sys.executable, "-c", code.replace("http://testserver", address)]
        asking = subprocess.Popen(
            [*command, "intervention.csv"], cwd=tmp_path, stdout=subprocess.PIPE, text=True
        )
        server.handle_request()
        told, _ = asking.communicate(timeout=20)

    assert told.splitlines()[:2] == [
        "intervention.csv of release 0.1.0: 1 cell with a known error.",
        f"{CASE}, troops of {CASE}: wrong in 0.1.0. Smith is right.",
    ]


# ------------------------------------------------------------------ queries


def test_lists_ask_as_much_for_three_errata_as_for_one(released: World, reported: Erratum) -> None:
    client = signed_in(released.curator)
    accepted(reported, released)
    pages = [LIST, "/public/usmi/", "/public/usmi/errata/", "/public/usmi/errata.json"]

    def queries(page: str) -> int:
        client.get(page)
        with CaptureQueriesContext(connection) as asked:
            client.get(page)
        return len(asked)

    one = [queries(page) for page in pages]
    for _ in range(2):
        made = errata.report(release=Release.objects.get(), place=PLACE, said="Wrong")
        accepted(made, released)

    assert [queries(page) for page in pages] == one
