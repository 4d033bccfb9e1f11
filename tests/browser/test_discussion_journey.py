"""A question is asked in the thread of a disputed cell, without a mouse, and found again."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Site, windows


def test_a_thread_is_written_by_keyboard_and_has_an_address(
    own_site: Site, browser: Browser
) -> None:
    with windows(own_site, browser) as sign_in:
        page = sign_in("adjudicator", "dark", 820)
        page.click("#start")
        expect(page.locator(".cb-cell.is-active")).to_be_visible()
        page.keyboard.press("t")
        page.keyboard.type("Which edition did you read?")
        page.keyboard.press("Tab")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_url("**#comment-*")

        said = page.locator(f"#{page.url.rpartition('#')[2]}")
        expect(said).to_be_visible()
        expect(said).to_contain_text("You asks Coder A")
        found = Axe().run(page).response["violations"]
        page.goto("/projects/us-coalitions/discussion/?show=open")
        expect(page.locator("tbody tr")).to_contain_text("Which edition")
        found += Axe().run(page).response["violations"]
        assert [rule["id"] for rule in found] == []
