"""The first project's disputes are settled by keyboard alone, and what caused them is summed up."""

from __future__ import annotations

from collections import Counter

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Site, windows

DISPUTES = 27
# What is typed to choose a cause from its menu, and what the cause is called.
CAUSES = {
    "sl": "Slip of a coder",
    "rule": "Rule ambiguous",
    "sources": "Sources conflict",
    "source m": "Source missing",
    "true": "True judgement",
    "import": "Import or mapping error",
}
UNRESOLVED = 4


def settle(page: Page, number: int, cause: str) -> None:
    """Keys only: a column, the cause, the reason; one dispute is left unresolved."""
    cell = page.locator(".cb-cell.is-active[data-group=open]")
    expect(cell).to_be_focused()
    if number != UNRESOLVED:
        page.keyboard.press("12"[number % 2])
    page.keyboard.press("r")
    page.keyboard.type(cause)
    page.keyboard.press("Enter")
    page.keyboard.type(f"Reason {number}: as the first source has it.")
    with page.expect_response(lambda answer: answer.request.method == "POST") as answered:
        if number == UNRESOLVED:
            page.keyboard.press("Escape")
            page.keyboard.press("u")
        else:
            page.keyboard.press("Enter")
    assert answered.value.status == 200
    expect(page.locator("#counts")).to_have_attribute("data-open", "0")


def test_27_disputes_are_settled_by_keyboard_and_their_causes_summed_up(
    own_site: Site, browser: Browser
) -> None:
    with windows(own_site, browser) as sign_in:
        page = sign_in("adjudicator")
        expect(page.locator("header.cb-head")).to_contain_text(f"{DISPUTES} open")
        expect(page.locator("#start")).to_be_visible()
        with page.expect_navigation():
            page.keyboard.press("s")
        given = Counter[str]()
        for number in range(DISPUTES):
            cause = list(CAUSES)[number % len(CAUSES)]
            settle(page, number, cause)
            given[CAUSES[cause]] += 1
            if number + 1 < DISPUTES:
                with page.expect_navigation():
                    page.keyboard.press("]")
        expect(page.locator("#place")).to_contain_text("Nothing left to settle")
        causes_add_up(page, given)


def causes_add_up(page: Page, given: Counter[str]) -> None:
    page.goto("/projects/us-coalitions/learning/")
    table = page.locator("#causes")
    heads = table.locator("thead th").all_inner_texts()
    row = dict(zip(heads, table.locator("tbody tr").first.locator("th, td").all_inner_texts()))  # noqa: B905
    counted = {name: int(row[name]) for name in CAUSES.values()}
    assert counted == dict(given)
    assert (int(row["Disputes"]), row["Open"].strip()) == (DISPUTES, "")
    assert sum(counted.values()) == DISPUTES
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
