"""A release is cut beside the requests and opened; a reader without account or script reports."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import SignIn, Site
from tests.browser.releasing import cut

RELEASES = "/projects/us-coalitions/releases/"
OPEN = "/public/us-coalitions/"
VERSION = "0.5.0"
PAGES = ("", f"{VERSION}/", f"{VERSION}/codebook/", f"{VERSION}/report/", "errata/")


@pytest.fixture
def reader(site: Site, browser: Browser) -> Iterator[Page]:
    """Somebody in a browser without scripts."""
    context = browser.new_context(base_url=site.url, java_script_enabled=False)
    yield context.new_page()
    context.close()


def test_from_a_cut_to_an_answered_erratum(sign_in: SignIn, reader: Page) -> None:
    curator = sign_in("curator")
    said: list[str] = []
    curator.on("console", lambda message: said.append(message.text))
    cut(curator, sign_in("adjudicator"), RELEASES, VERSION)
    curator.goto(f"{RELEASES}public/")
    curator.fill("[name=reason]", "The paper is published.")
    curator.get_by_role("button", name="Open the public pages").click()

    reader.goto(f"{OPEN}{VERSION}/")
    reader.get_by_role("link", name="Report an error").click()
    reader.fill("[name=case]", "US-1945-CHN")
    reader.fill("[name=variable]", "intervention_name")
    reader.fill("[name=said]", "Another name is usual: Smith, p. 4.")
    reader.get_by_role("button", name="Send it").click()
    expect(reader.get_by_role("status")).to_contain_text("Thank you")

    curator.goto(f"{RELEASES}errata/?state=open")
    curator.locator(".cb-row-link").first.click()
    curator.get_by_label("It is an error, and will be corrected").check()
    curator.fill("[name=answer]", "Smith is right.")
    curator.get_by_role("button", name="Answer", exact=True).click()
    reader.goto(f"{OPEN}errata/")
    expect(reader.get_by_role("table")).to_contain_text("Smith is right.")

    found = []
    for page in PAGES:
        curator.goto(f"{OPEN}{page}")
        rules = Axe().run(curator).response["violations"]
        found += [(page, rule["id"], rule["nodes"][0]["target"]) for rule in rules]
    assert found == []
    assert said == []  # the policy of the pages has refused nothing, schema.org data included
