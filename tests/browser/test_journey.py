"""The whole path in a real browser, by keyboard: two coders, an adjudicator, a curator."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from playwright.sync_api import Page, expect

from tests.browser.conftest import SignIn, Site
from tests.browser.releasing import cut

CASE = "Mayaguez rescue"
KEY = "US-1975-MAY"
REQUIRED = {
    "intervention_name": "Cambodia (Mayaguez)",
    "start_date": "12 May 1975",
    "end_status": "1",
    "location_state": "Cambodia (811)",
    "operation_type": "11",
    "operation_types_all": "11",
    "inclusion_basis": "1",
    "unsc_authorization": "0",
}


def go_to(page: Page, name: str) -> None:
    page.keyboard.press("/")
    expect(page.locator("#jump-to")).to_be_focused()
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    expect(page.locator(f"#f-{name}")).to_be_focused()


def answer(page: Page, name: str, text: str) -> None:
    """Go to an entry and answer it: a code is picked by its digits, a text is typed."""
    go_to(page, name)
    if text.isdigit():
        page.keyboard.type(text, delay=60)
    else:
        page.keyboard.press("Enter")
        page.keyboard.type(text)
        page.keyboard.press("Escape")
    expect(page.locator(f"#f-{name} .cb-state.is-saved")).to_be_visible()


def open_case(page: Page) -> None:
    page.get_by_role("link", name=CASE).first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(CASE)
    expect(page.locator(".cb-head [data-keys]")).to_be_visible()  # the page listens to keys now


def code(page: Page, coalition: str) -> None:
    open_case(page)
    for name, text in REQUIRED.items():
        answer(page, name, text)
    answer(page, "coalition", coalition)


def hand_in(page: Page) -> None:
    with page.expect_navigation():
        page.keyboard.press("Control+Enter")
    expect(page.locator("main")).to_contain_text("Submitted")


def test_from_two_blind_sheets_to_a_released_csv(
    site: Site, sign_in: SignIn, tmp_path: Path
) -> None:
    first, second = sign_in("coder-1"), sign_in("coder-2")
    code(first, "1")
    code(second, "0")
    # Neither sees a word of the other, and one submission opens nothing.
    expect(second.locator("#f-coalition [name=text][value='1']")).not_to_be_checked()
    hand_in(first)
    assert first.goto(f"/projects/us-coalitions/cases/?q={KEY}")
    expect(first.locator("tbody tr").first).to_contain_text("Being coded")
    hand_in(second)

    adjudicator = sign_in("adjudicator")
    expect(adjudicator.locator("header.cb-head")).to_contain_text("28 open in 28 cases")
    adjudicator.goto(f"/projects/us-coalitions/disputes/?q={KEY}")
    adjudicator.get_by_role("link", name=CASE).first.click()
    settle_by_keyboard(adjudicator)

    curator = sign_in("curator")
    release(curator, adjudicator, "0.1.0")
    curator.goto("/projects/us-coalitions/releases/0.1.0/")
    with curator.expect_download() as download:
        curator.get_by_role("link", name="intervention.csv").first.click()
    download.value.save_as(tmp_path / "intervention.csv")
    table = pd.read_csv(tmp_path / "intervention.csv", dtype=str, index_col="case")
    assert table.loc[KEY, "coalition"] == "1"
    assert table.loc[KEY, "start_date"] == "1975-05-12"
    assert len(table) == 190


def settle_by_keyboard(page: Page) -> None:
    """The open dispute has the focus: take the column that says yes, give cause and reason."""
    dispute = page.locator("article", has=page.locator("code", has_text="coalition")).first
    expect(dispute).to_be_focused()
    yes = dispute.locator("label.cb-col", has_text="1 Yes").first
    page.keyboard.press(yes.locator("kbd").first.inner_text())
    expect(yes.locator("[name=take]")).to_be_checked()
    page.keyboard.press("r")
    page.keyboard.type("true")
    page.keyboard.press("Tab")
    page.keyboard.type("Thai bases were used, and forces took part.")
    page.keyboard.press("Enter")
    expect(dispute.locator(".cb-status.is-adjudicated").first).to_be_visible()


def release(page: Page, second: Page, version: str) -> None:
    cut(page, second, "/projects/us-coalitions/releases/", version)
    expect(page.get_by_role("heading", level=1)).to_contain_text(version)
