"""Nothing that a coder types is lost: network, sign-in, server, browser and second tab may fail."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import PASSWORD, SignIn, Site

KEPT = "Object.keys(localStorage).filter(key => key.split(':').length > 2)"


def open_sheet(page: Page) -> str:
    """The last case of the worklist, which no other test uses; its address."""
    page.goto("/projects/us-coalitions/work/")
    page.locator(".cb-row-link").last.click()
    expect(page.locator(".cb-sheet")).to_be_visible()
    return page.url


def typed(page: Page, name: str) -> Locator:
    return page.locator(f"#f-{name} .cb-answer").locator("[name=text]").first


def state(page: Page, name: str) -> Locator:
    return page.locator(f"#f-{name} [data-part=state]")


def expect_stored(page: Page, name: str, text: str) -> None:
    """Saved, nothing left in the browser, and the same after a reload."""
    expect(state(page, name)).to_contain_text("Saved", timeout=40_000)
    expect(page.locator("#progress")).to_contain_text("saved")
    assert page.evaluate(KEPT) == []
    page.reload()
    expect(typed(page, name)).to_have_value(text)


def test_text_typed_without_a_network_is_saved_when_it_is_back(sign_in: SignIn) -> None:
    page = sign_in("coder-1")
    open_sheet(page)
    page.context.set_offline(True)
    typed(page, "case_narrative").press_sequentially("Marines landed.")
    expect(state(page, "case_narrative")).to_contain_text("Not saved")
    expect(page.locator("#notice")).to_contain_text("The server does not answer.")
    expect(page.locator("#progress")).to_contain_text("1 not saved")

    page.context.set_offline(False)

    expect_stored(page, "case_narrative", "Marines landed.")


def test_text_outlives_the_page_that_it_was_typed_on(sign_in: SignIn) -> None:
    page = sign_in("coder-1")
    url = open_sheet(page)
    page.context.set_offline(True)
    typed(page, "operation_names").fill("Urgent Fury")
    expect(state(page, "operation_names")).to_contain_text("Not saved")
    again = page.context.new_page()
    page.close(run_before_unload=False)
    page.context.set_offline(False)

    again.goto(url)

    expect_stored(again, "operation_names", "Urgent Fury")


def test_a_sign_in_that_expired_keeps_the_text_until_the_coder_is_back(sign_in: SignIn) -> None:
    page = sign_in("coder-1")
    open_sheet(page)
    page.context.clear_cookies(name="casebook")
    typed(page, "intervention_name").fill("Grenada (Urgent Fury)")
    expect(page.locator("#notice")).to_contain_text("You are not signed in as coder-1 any more.")

    with page.context.expect_page() as opened:
        page.locator("#notice a").click()
    tab = opened.value
    tab.fill("[name=username]", "coder-1")
    tab.fill("[name=password]", PASSWORD)
    tab.press("[name=password]", "Enter")
    tab.wait_for_url(lambda url: "/sign-in/" not in url)
    tab.close()
    page.evaluate("dispatchEvent(new Event('focus'))")

    expect(page.locator("#notice")).to_be_hidden()
    expect_stored(page, "intervention_name", "Grenada (Urgent Fury)")


def test_a_server_that_stops_in_mid_save_loses_no_text(site: Site, sign_in: SignIn) -> None:
    page = sign_in("coder-1")
    open_sheet(page)
    site.stop()
    typed(page, "us_fatalities").fill("18")
    expect(state(page, "us_fatalities")).to_contain_text("Not saved")
    typed(page, "us_peak_personnel").fill("7000")

    site.start()

    expect(state(page, "us_peak_personnel")).to_contain_text("Saved", timeout=40_000)
    expect_stored(page, "us_fatalities", "18")


def test_an_answer_that_arrived_though_its_receipt_was_lost_is_no_conflict(
    sign_in: SignIn,
) -> None:
    page = sign_in("coder-1")
    open_sheet(page)
    lost = []

    def lose_the_first(route: Route) -> None:
        if lost:
            route.continue_()
        else:
            lost.append(route.request.url)
            route.fetch()
            route.abort()

    page.route("**/start_date/", lose_the_first)
    typed(page, "start_date").fill("1983-10")
    expect(state(page, "start_date")).to_contain_text("Not saved")
    typed(page, "start_date").press_sequentially("-25")

    expect_stored(page, "start_date", "1983-10-25")


def test_what_another_tab_saved_is_shown_and_the_coder_chooses(sign_in: SignIn) -> None:
    page = sign_in("coder-1")
    url = open_sheet(page)
    other = page.context.new_page()
    other.goto(url)
    other.locator("#f-combat_intensity label", has_text="War").click()
    expect(state(other, "combat_intensity")).to_contain_text("Saved")

    page.locator("#f-combat_intensity label", has_text="Isolated use").click()

    asked = page.locator("#f-combat_intensity [data-conflict]")
    expect(asked).to_contain_text("Stored: 4 War")
    asked.get_by_role("button", name="Keep mine").click()
    expect(state(page, "combat_intensity")).to_contain_text("Saved")
    page.reload()
    expect(page.locator("#f-combat_intensity [name=text][value='2']")).to_be_checked()


def test_text_of_one_coder_is_never_shown_to_another(sign_in: SignIn) -> None:
    page = sign_in("coder-1")
    url = open_sheet(page)
    page.context.set_offline(True)
    typed(page, "unsc_resolutions").fill("quetzal")
    expect(state(page, "unsc_resolutions")).to_contain_text("Not saved")
    other = page.context.new_page()
    page.close(run_before_unload=False)
    page.context.set_offline(False)
    page.context.clear_cookies()
    other.goto("/sign-in/")
    other.fill("[name=username]", "coder-2")
    other.fill("[name=password]", PASSWORD)
    other.press("[name=password]", "Enter")
    other.wait_for_url(lambda url: "/sign-in/" not in url)

    assert open_sheet(other) != url
    assert "quetzal" not in other.content()
    expect(typed(other, "unsc_resolutions")).to_have_value("")
    assert len(other.evaluate(KEPT)) == 1


def test_leaving_with_text_that_is_not_saved_warns(sign_in: SignIn) -> None:
    page = sign_in("coder-1")
    url = open_sheet(page)
    warned = []
    page.on("dialog", lambda dialog: (warned.append(dialog.type), dialog.dismiss()))
    page.context.set_offline(True)
    typed(page, "case_narrative").press_sequentially("And left.")
    expect(state(page, "case_narrative")).to_contain_text("Not saved")

    page.evaluate("location.href = '/sign-in/'")

    expect(typed(page, "case_narrative")).to_be_visible()
    assert (warned, page.url) == (["beforeunload"], url)
