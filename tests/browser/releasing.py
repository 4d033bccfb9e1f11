"""From what stands before a release to the release, as a curator and a second person go."""

from __future__ import annotations

from playwright.sync_api import Page


def cut(curator: Page, second: Page, releases: str, version: str) -> None:
    """Waive what is not met, build the draft, sign it twice, cut it."""
    curator.goto(f"{releases}gate/")
    held_up = curator.locator("tr[id]", has_text="Waive it")
    while row := held_up.first.get_attribute("id") if held_up.count() else None:
        curator.locator(f"#{row} summary").click()
        curator.locator(f"#{row}").get_by_label("Reason").fill("The journey goes on.")
        curator.locator(f"#{row}").get_by_role("button", name="Keep").click()
        curator.locator(f"#{row}", has_text="Waived: ").wait_for()
    curator.goto(f"{releases}draft/")
    begin = curator.get_by_role("button", name="Begin a draft")
    if begin.count():
        begin.click()
    curator.fill("[name=version]", version)
    curator.get_by_role("button", name="Build the draft").click()
    curator.wait_for_url("**/builds/*/")
    curator.wait_for_url("**/releases/draft/")  # it is built beside the requests
    for page in (curator, second):
        page.goto(f"{releases}draft/")
        page.get_by_role("button", name="Sign it").click()
        page.get_by_text("You have signed").wait_for()
    curator.goto(f"{releases}draft/")
    curator.get_by_role("button", name="Cut the release").click()
    curator.wait_for_url("**/builds/*/")
    curator.wait_for_url(f"**/releases/{version}/")
