"""A review is drawn and its first cells are confirmed without a mouse."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.conftest import SignIn

PROJECT = "/projects/us-coalitions"


def test_cells_of_a_review_are_confirmed_by_keyboard(sign_in: SignIn) -> None:
    curator = sign_in("curator")
    curator.goto(f"{PROJECT}/reviews/")
    curator.fill("[name=share]", "1")
    curator.select_option("[name=variable]", "lead_framework")
    curator.get_by_role("button", name="Draw the cells").click()
    curator.wait_for_url("**/reviews/*/")
    review = curator.url

    page = sign_in("adjudicator")
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(review)
    page.get_by_role("link", name="Next cell").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".cb-cell.is-active")).to_be_visible()
    page.keyboard.press("v")
    expect(page.locator(".cb-sev")).to_contain_text("Verified")
    cell = page.url
    page.goto(review)
    expect(page.locator("main")).to_contain_text("Of 1 cell looked at, 0 were wrong")

    found = []
    for address in (f"{PROJECT}/reviews/", review, cell, f"{PROJECT}/second-looks/"):
        page.goto(address)
        rules = Axe().run(page).response["violations"]
        found += [(address, rule["id"], rule["nodes"][0]["target"]) for rule in rules]
    assert found == []
    assert said == []
