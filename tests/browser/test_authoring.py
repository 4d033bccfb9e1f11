"""A curator writes the draft of the codebook: by keyboard, seen as typed, two at a time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import SignIn

CODEBOOK = "/projects/us-coalitions/codebook/"
DRAFT = f"{CODEBOOK}draft/"
ENTRY = f"{DRAFT}entries/end_status/"


@pytest.fixture
def page(sign_in: SignIn) -> Iterator[Page]:
    """A curator before a draft that is gone again afterwards."""
    page = sign_in("curator")
    _discard(page)
    page.get_by_role("button", name="Start a draft").click()
    expect(page.locator(".cb-line").first).to_be_visible()
    yield page
    _discard(page)


def _discard(page: Page) -> None:
    page.goto("about:blank")
    page.goto(DRAFT)
    if (menu := page.get_by_text("Discard", exact=True)).count():
        menu.click()
        page.get_by_role("button", name="Discard the draft").click()
        page.wait_for_url(lambda url: url.endswith(CODEBOOK))
        page.goto(DRAFT)


def names(page: Page) -> list[str]:
    return [str(line.get_attribute("data-entry")) for line in page.locator(".cb-line").all()]


def saved(page: Page) -> None:
    """Ctrl Enter, and the page that comes after it."""
    page.keyboard.press("Control+Enter")
    expect(page.locator(".cb-messages")).to_contain_text("is saved")


def test_entries_move_by_keyboard_and_stay_where_they_were_put(page: Page) -> None:
    before = names(page)
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator(f"#e-{before[1]} a")).to_be_focused()

    page.keyboard.press("Alt+ArrowUp")
    page.keyboard.press("Alt+ArrowDown")
    page.keyboard.press("Alt+ArrowUp")
    expect(page.locator("#say")).to_contain_text("Saved")

    wanted = [before[1], before[0], *before[2:]]
    assert names(page) == wanted
    expect(page.locator(f"#e-{before[1]} a")).to_be_focused()
    page.reload()
    assert names(page) == wanted


def test_an_entry_is_dragged_into_another_section(page: Page) -> None:
    grip = page.locator("#e-start_date [data-grip]")

    grip.drag_to(page.locator("#e-intervention_name"), target_position={"x": 200, "y": 3})
    expect(page.locator("#say")).to_contain_text("Saved")
    page.reload()

    assert names(page)[0] == "start_date"
    expect(page.locator('[data-section="Identity"] #e-start_date')).to_be_visible()


def test_the_sheet_is_drawn_as_it_is_typed_and_an_unknown_name_is_told(page: Page) -> None:
    page.goto(ENTRY)

    page.fill("#i-question", "How did it end?")
    expect(page.locator(".cb-preview .cb-q")).to_have_text("How did it end?")
    page.locator("[name=c_label]").first.fill("Over")
    expect(page.locator(".cb-preview .cb-choice").first).to_contain_text("Over")
    page.locator("#i-skip_if").press_sequentially("operatoin_type == 1")
    page.fill("#i-skip_then", "-88")

    expect(page.locator('[data-fault="skip_if"]')).to_contain_text(
        "operatoin_type is not a variable"
    )
    page.keyboard.press("Control+Enter")
    expect(page.locator("[role=alert]").first).to_contain_text("Not saved")
    expect(page.locator("#i-question")).to_have_value("How did it end?")

    page.fill("#i-skip_if", "")
    page.locator("#i-skip_if").press_sequentially("operation_t")
    page.keyboard.press("Tab")
    expect(page.locator("#i-skip_if")).to_have_value("operation_type")
    page.locator("#i-skip_if").press_sequentially(" == 1")
    expect(page.locator('[data-fault="skip_if"]')).to_be_empty()
    saved(page)


def test_categories_are_added_moved_copied_and_retired_by_keyboard(page: Page) -> None:
    page.goto(ENTRY)
    codes = page.locator("[name=c_code]")
    first = [code.input_value() for code in codes.all()]

    page.locator("[name=c_label]").nth(1).focus()
    page.keyboard.press("Alt+ArrowUp")
    expect(page.locator("[name=c_label]").first).to_be_focused()
    page.get_by_role("button", name="Add a category").press("Enter")
    page.keyboard.type("9")
    page.keyboard.press("Tab")
    page.keyboard.type("Nobody knows")
    page.get_by_role("button", name="Retire the category").nth(2).press("Enter")
    saved(page)

    assert [code.input_value() for code in codes.all()] == [first[1], first[0], "9"]


def test_two_editors_of_one_entry_see_both_versions_and_lose_nothing(
    page: Page, sign_in: SignIn
) -> None:
    other = sign_in("curator")
    for each in (page, other):
        each.goto(ENTRY)
    other.fill("#i-rule", "Theirs.")
    saved(other)
    page.fill("#i-rule", "Mine.")
    page.fill("#i-example", "Also mine.")
    page.keyboard.press("Control+Enter")

    versions = page.get_by_role("alert", name="Two versions")
    expect(versions).to_contain_text("Theirs.")
    expect(page.locator("#i-rule")).to_have_value("Mine.")
    page.fill("#i-rule", "Theirs. Mine.")
    saved(page)
    expect(page.locator("#i-example")).to_have_value("Also mine.")

    other.goto(f"{DRAFT}entries/end_date/")
    page.goto(ENTRY)
    other.fill("#i-rule", "Another entry.")
    page.fill("#i-rule", "This one.")
    saved(other)
    saved(page)
    page.goto(f"{DRAFT}entries/end_date/")
    expect(page.locator("#i-rule")).to_have_value("Another entry.")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_on_the_pages_of_a_draft(page: Page, sign_in: SignIn, theme: str) -> None:
    seen = sign_in("curator", theme)
    found = []
    for address in (DRAFT, ENTRY, f"{DRAFT}add/", f"{DRAFT}words/", f"{DRAFT}entries/partners/"):
        seen.goto(address)
        found += [(address, v["id"], v["nodes"][0]["html"]) for v in _violations(seen)]
    seen.goto(ENTRY)
    seen.fill("#i-name", "Bad name")
    seen.keyboard.press("Control+Enter")
    expect(seen.locator("[role=alert]").first).to_contain_text("Not saved")
    found += [("refused", v["id"], v["nodes"][0]["html"]) for v in _violations(seen)]
    seen.evaluate("window.onbeforeunload = null")

    assert found == []


def _violations(page: Page) -> list[dict[str, object]]:
    return list(Axe().run(page).response["violations"])
