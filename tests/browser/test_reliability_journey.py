"""From a low alpha over the heat map to the disputed cell and its rule, by keyboard alone."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import SignIn

RELIABILITY = "/projects/us-coalitions/reliability/"
MACHINES = "?who=machines"
PAGES = (
    "",
    MACHINES,
    f"coalition/{MACHINES}",
    f"coalition/cells/{MACHINES}&one=0&other=1",
    f"by-coder/{MACHINES}",
    f"full-report/{MACHINES}",
    "full-report/",
    f"coalition/elsewhere/{MACHINES}",
)
TABS = 80
# What sticks out of its page, or out of a panel that does not scroll.
WIDER = """() => [document.documentElement, ...document.querySelectorAll('.cb-scroll')]
  .filter(box => box.scrollWidth > box.clientWidth + 1
    && getComputedStyle(box).overflowX === 'visible')
  .map(box => box.textContent.trim().slice(0, 40))"""


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the focus is on what is called so, as a reader without a mouse does."""
    for _ in range(TABS):
        page.keyboard.press("Tab")
        called = page.evaluate(
            "() => document.activeElement.getAttribute('aria-label')"
            " || document.activeElement.textContent.trim()"
        )
        if re.search(name, called):
            return
    raise AssertionError(f"{TABS} presses of Tab did not reach {name}.")


def follow(page: Page, name: str) -> None:
    tab_to(page, name)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def among_earlier_data_sets(page: Page) -> None:
    """By the link of the empty page, or, once people have coded too, by the menu of coders."""
    if page.get_by_role("link", name="Earlier data sets against each other").count():
        follow(page, "^Earlier data sets against each other$")
        return
    page.get_by_label("Coders").focus()
    with page.expect_navigation():
        page.keyboard.type("Earlier")


def test_a_low_alpha_leads_to_the_disputed_cell_and_its_rule(sign_in: SignIn) -> None:
    page = sign_in("adjudicator")
    expect(page.locator(".cb-head [data-keys], [data-keys]").first).to_be_attached()
    page.keyboard.press("g")
    with page.expect_navigation():
        page.keyboard.press("a")
    expect(page.get_by_role("heading", level=1)).to_have_text("Reliability")
    among_earlier_data_sets(page)

    follow(page, "^Below .667")
    expect(page.locator("#variables tbody tr")).to_have_count(1)
    follow(page, "^Coalition$")
    expect(page.locator("main")).to_contain_text("cannot be told apart from .667")

    tab_to(page, "^One said 1 Yes, the other 0 No: 27 cases$")
    edge = page.evaluate(
        "() => getComputedStyle(document.activeElement.querySelector('rect')).strokeWidth"
    )
    assert edge == "3px"
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("One said 0 No, the other 1 Yes")
    expect(page.locator("aside.cb-stay")).to_contain_text("Yes if a state other than the host")

    follow(page, "^Berlin crisis reinforcement$")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Berlin crisis reinforcement")
    cell = page.locator("article", has=page.locator("code", has_text="coalition")).first
    expect(cell).to_be_focused()
    expect(page.locator("#rules")).to_contain_text("Yes if a state other than the host")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_pages_of_reliability_can_be_read_by_everybody(sign_in: SignIn, theme: str) -> None:
    page = sign_in("adjudicator", theme=theme)
    found = []
    for address in PAGES:
        page.goto(f"{RELIABILITY}{address}")
        rules = Axe().run(page).response["violations"]
        found += [(address, rule["id"], rule["nodes"][0]["target"]) for rule in rules]

    assert found == []


@pytest.mark.parametrize("width", [820, 1280, 1440])
def test_nothing_is_wider_than_its_page(sign_in: SignIn, width: int) -> None:
    page = sign_in("adjudicator", width=width)
    for address in PAGES:
        page.goto(f"{RELIABILITY}{address}")
        assert page.evaluate(WIDER) == [], address
