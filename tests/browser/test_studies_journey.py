"""From the first page to the figure of who joins, and back to the data, in a real browser."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.conftest import SignIn

STUDIES = "/projects/us-coalitions/studies/"
RELEASE = "?release=0.0.1"
PAGES = (
    "",
    RELEASE,
    f"when-a-coalition/{RELEASE}",
    f"who-joins/{RELEASE}",
    f"success/{RELEASE}",
    f"risk-set/{RELEASE}",
)


def test_who_joins_is_three_clicks_away_with_the_table_behind_it(sign_in: SignIn) -> None:
    page = sign_in("curator")
    page.get_by_role("link", name="Studies").click()
    which = page.locator("select[name=release]")
    if which.count():  # a later one was cut, and not asked yet
        with page.expect_navigation():
            which.select_option("0.0.1")
    page.get_by_role("link", name="Who joins?").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("Who joins?")
    figure = page.locator("section", has=page.get_by_role("heading", name="Who joins how often"))
    expect(figure.locator("svg").first).to_contain_text("United Kingdom")
    figure.get_by_text("The same as a table, and as files").click()
    expect(figure.get_by_role("cell", name="United Kingdom")).to_be_visible()
    with page.expect_download() as download:
        figure.get_by_role("link", name="CSV").click()
    assert download.value.path().read_text("utf-8").startswith("Code,Abbreviation,State,Joined")


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 820)])
def test_the_pages_of_studies_can_be_read_by_everybody(
    sign_in: SignIn, theme: str, width: int
) -> None:
    page = sign_in("curator", theme=theme, width=width)
    found = []
    for address in PAGES:
        page.goto(f"{STUDIES}{address}")
        rules = Axe().run(page).response["violations"]
        found += [(address, rule["id"], rule["nodes"][0]["target"]) for rule in rules]
        wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert not wide, address

    assert found == []
