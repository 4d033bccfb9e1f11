"""The pictures of the README, from the running application: python -m tests.browser.screens"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Page, sync_playwright

from tests.browser.conftest import PASSWORD, QUIET, Site, prepared
from tests.browser.test_journey import answer, go_to
from tests.machine import chromium

HERE = Path(__file__).parent / "screens"
SHOWN = {
    "operation_type": "1",
    "host_consent": "1",
    "threat_immediacy": "3",
    "threat_object": "45",
    "operational_demand": "3",
}


def signed_in(page: Page, name: str) -> Page:
    page.goto("/sign-in/")
    page.fill("[name=username]", name)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url(lambda url: "/sign-in/" not in url)
    return page


def sheet(page: Page) -> None:
    signed_in(page, "coder-1")
    page.get_by_role("link", name="Persian Gulf War").first.click()
    page.locator(".cb-head [data-keys]").wait_for()
    for name, text in SHOWN.items():
        answer(page, name, text)
    go_to(page, "operational_demand")


def disputes(page: Page) -> None:
    signed_in(page, "adjudicator")
    page.get_by_role("link", name="Reflagging and convoy escort").first.click()
    page.keyboard.press("1")


def draft(page: Page) -> None:
    signed_in(page, "curator")
    page.get_by_role("link", name="Codebook").first.click()
    page.get_by_role("link", name="Start a draft").click()
    page.get_by_role("button", name="Start a draft").click()
    page.get_by_role("link", name="Coalition").first.click()
    page.get_by_text("As a coder sees it").wait_for()


def reliability(page: Page) -> None:
    signed_in(page, "curator")
    page.get_by_role("link", name="Reliability").first.click()
    page.get_by_role("link", name="Earlier data sets against each other").click()
    page.get_by_role("link", name="Coalition").first.click()
    page.get_by_role("heading", name="Which answers are taken for each other").wait_for()


def main() -> None:
    HERE.mkdir(exist_ok=True)
    with TemporaryDirectory() as home, sync_playwright() as playwright:
        site = prepared(Site(Path(home)))
        browser = playwright.chromium.launch(executable_path=chromium(), args=QUIET)
        for draw in (sheet, disputes, draft, reliability):
            page = browser.new_page(
                base_url=site.url, viewport={"width": 1440, "height": 900}, color_scheme="light"
            )
            draw(page)
            page.wait_for_timeout(500)
            page.screenshot(path=HERE / f"{draw.__name__}.png")
        browser.close()
        site.stop()


if __name__ == "__main__":
    main()
