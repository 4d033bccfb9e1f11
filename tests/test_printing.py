"""Pages as PDF: what is printed, that it is the same each time, and that nothing leaks in."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pypdf
import pytest
from django.test import Client

from coding import codebooks, printing, work
from coding.errors import Refused
from tests.conftest import DOCUMENT, World

PDF = "/projects/usmi/codebook/1.pdf"
PAGE = """<!doctype html><html lang="en"><head><title>T</title>
<link rel="stylesheet" href="css/paper.css">{head}</head><body>{body}</body></html>"""


def page(body: str, head: str = "") -> str:
    return PAGE.format(body=body, head=head)


def read(content: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(content))


def text_of(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in read(content).pages)


# ------------------------------------------------------------------ what is printed


def test_a_codebook_is_printed_with_title_contents_and_every_variable(
    world: World, client: Client
) -> None:
    client.force_login(world.reader)

    answer = client.get(PDF)

    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert answer["Content-Disposition"] == 'inline; filename="usmi-codebook-1.pdf"'
    text = " ".join(text_of(answer.content).split())
    wanted = [v["question"] for v in DOCUMENT["variables"]]
    wanted += ["A small codebook", "Contents", "Variables by name", "Missing codes"]
    wanted += ["ended == 0", "A rare bird", world.codebook.digest]
    assert [words for words in wanted if words not in text] == []


def test_contents_lead_to_the_pages_they_name(world: World, client: Client) -> None:
    client.force_login(world.reader)
    pdf = read(client.get(PDF).content)
    contents = " ".join(pdf.pages[1].extract_text().split())

    partner = next(n for n, p in enumerate(pdf.pages, 1) if p.extract_text().count("Which state?"))

    assert re.search(rf"\bPartner\W+{partner}\b", contents)
    assert [str(item["/Title"]) for item in pdf.outline if isinstance(item, dict)] == [
        "Intervention",
        "Partner",
        "Objective",
        "Missing codes",
        "Variables by name",
    ]


def test_the_same_page_gives_the_same_bytes_in_type_of_our_own() -> None:
    html = page("<h1>Zwölf Boxkämpfer</h1><p>α 0.82 → <b>bold</b> <code>x == 1</code></p>")

    first, second = printing.pdf(html), printing.pdf(html)

    assert first == second
    fonts = read(first).pages[0]["/Resources"]["/Font"]  # type: ignore[index]
    names = {str(font.get_object()["/BaseFont"]) for font in fonts.values()}
    assert any("Inter-Variable" in name for name in names)


# ------------------------------------------------------------------ nothing leaks in


class Listener:
    """A server on this machine that remembers whether anybody asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        asked = self.asked

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                self.send_error(404)

            def log_message(self, *args: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def listener() -> Any:
    found = Listener()
    yield found
    found.server.shutdown()
    found.server.server_close()


def test_a_page_reaches_no_network_and_no_file_but_ours(listener: Listener, tmp_path: Path) -> None:
    secret = tmp_path / "secret.css"
    secret.write_text("p::after { content: 'quetzal' }")
    there = listener.address
    above = "https://static.invalid/" + "../" * 12 + str(secret).lstrip("/")
    hrefs = [f"{there}/a.css", f"file://{secret}", above, f"//{there[7:]}/b.css", str(secret)]
    hrefs += [above.replace("..", "%2e%2e"), "data:text/css,p::after{content:'quetzal'}"]
    links = "".join(f'<link rel="stylesheet" href="{href}">' for href in hrefs)
    body = f'<p>Here.</p><img src="{there}/c.png"><object data="{there}/d.svg"></object>'
    body += f'<a rel="attachment" href="file://{secret}">x</a>'
    style = f"<style>@import url({there}/e.css); p {{ background: url({there}/f.png) }}</style>"

    content = printing.pdf(page(body, links + style))

    assert listener.asked == []
    assert "Here." in text_of(content)
    assert "quetzal" not in text_of(content)
    assert read(content).attachments == {}


# ------------------------------------------------------------------ where it is not possible


def test_where_printing_is_turned_off_the_browser_prints(
    world: World, client: Client, settings: Any
) -> None:
    settings.PRINTING = False
    client.force_login(world.reader)

    answer = client.get(PDF)

    assert answer.status_code == 409
    body = answer.content.decode()
    wanted = ["PRINTING=0", "Your browser can", 'href="/projects/usmi/codebook/1/"']
    assert [words for words in wanted if words not in body] == []
    assert client.get("/projects/usmi/codebook/1/").status_code == 200


def test_a_press_without_its_libraries_says_so_and_the_server_what_to_install() -> None:
    hidden = "import sys, runpy; sys.modules['weasyprint'] = None; "
    hidden += f"runpy.run_path({str(printing.PRESS)!r}, run_name='__main__')"

    done = subprocess.run([sys.executable, "-P", "-c", hidden], input=b"{}", check=False)

    assert done.returncode == printing.MISSING
    with pytest.raises(Refused) as refused:
        printing.read_out(done.returncode, b"", b"")
    assert "apt-get install libpango-1.0-0" in refused.value.reason


def test_a_press_that_fails_is_our_fault_and_seen() -> None:
    with pytest.raises(RuntimeError, match="odd"):
        printing.read_out(1, b"", b"something odd")


# ------------------------------------------------------------------ who may


def test_paper_tells_no_more_than_the_page(world: World, client: Client) -> None:
    world.say(world.coding_b, "canary")
    work.submit(coding=world.coding_b)
    client.force_login(world.coder_a)

    text = text_of(client.get(PDF).content)

    assert ("No counts of cells." in text, "100.0 %" in text) == (True, False)


@pytest.mark.parametrize("ending", ["pdf", "md"])
def test_drafts_are_printed_for_curators_alone_and_nothing_for_strangers(
    world: World, client: Client, settings: Any, ending: str
) -> None:
    settings.PRINTING = False  # whoever may print is told that it is off
    variables = [v | {"question": v["question"] + "!"} for v in DOCUMENT["variables"]]
    codebooks.draft(project=world.project, document=DOCUMENT | {"variables": variables})
    found = {}
    for who in ("curator", "coder_a", "reader", "outsider"):
        client.force_login(getattr(world, who))
        base = "/projects/usmi/codebook/"
        found[who] = [client.get(f"{base}{n}.{ending}").status_code for n in (1, 2, 9)]

    may = 200 if ending == "md" else 409
    assert found == {
        "curator": [may, may, 404],
        "coder_a": [may, 404, 404],
        "reader": [may, 404, 404],
        "outsider": [404, 404, 404],
    }
