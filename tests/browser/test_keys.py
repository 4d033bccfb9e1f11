"""Single keys can be turned off, and stay off (WCAG 2.1.4)."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import SignIn


def test_single_keys_can_be_turned_off_for_good(sign_in: SignIn) -> None:
    page = sign_in("adjudicator")
    page.keyboard.press("?")
    page.uncheck("[data-single-keys]")
    page.keyboard.press("Escape")
    page.reload()

    page.keyboard.press("?")
    page.keyboard.press("g")
    page.keyboard.press("c")
    expect(page.locator("#keys")).not_to_be_visible()
    assert page.url.endswith("/projects/us-coalitions/disputes/")
