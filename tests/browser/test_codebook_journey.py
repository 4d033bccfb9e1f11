"""A codebook changes while people code: renamed, split, coded again blind, released again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from curation import codebook_files
from tests.browser.conftest import SignIn, Site
from tests.browser.releasing import cut
from tests.conftest import DOCUMENT

PROJECT = "/projects/journey/"
DRAFT = f"{PROJECT}codebook/draft/"
PUBLISH = f"{DRAFT}publish/"
RECODING = f"{PROJECT}codebook/2/recoding/"
GULF, PANAMA, OPEN = "US-1991-GUL", "US-1989-PAN", "US-1983-GRE"
PEOPLE = {
    "coder-1": "coder",
    "coder-2": "coder",
    "adjudicator": "adjudicator",
    "curator": "curator",
}
MEMBERS = (
    "from django.contrib.auth.models import User; from coding.models import Member, Project; "
    "p = Project.objects.get(slug='journey'); "
    "[Member.objects.create(project=p, user=User.objects.get(username=n), role=r) "
    "for n, r in {people}.items()]"
)
LEAVE = "from coding.models import Member; Member.objects.filter(project__slug='journey').delete()"


@pytest.fixture(scope="module")
def project(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Two cases that both have coded and opened, and one that coder-1 has begun."""
    home = tmp_path_factory.mktemp("journey")
    book, cases, said, begun = (
        home / n for n in ("book.yaml", "cases.csv", "said.csv", "open.csv")
    )
    book.write_text(codebook_files.written(DOCUMENT), encoding="utf-8")
    keys = [GULF, PANAMA, OPEN]
    cases.write_text("\n".join(["key,title", *(f"{key},Case {key}" for key in keys)]))
    rows = [
        f"intervention,{key},{variable},{value},{coder}"
        for coder in ("coder-1", "coder-2")
        for key, goal in ((GULF, "regime"), (PANAMA, "policy"))
        for variable, value in (("goal", goal), ("troops", "500"))
    ]
    said.write_text("\n".join(["unit,case,variable,value,coder", *rows]))
    begun.write_text(f"unit,case,variable,value,coder\nintervention,{OPEN},troops,77,coder-1\n")
    site.manage("import_codebook", str(book), "--project", "journey", "--publish")
    site.manage("import_cases", str(cases), "--project", "journey", "--unit", "intervention")
    site.manage("shell", "-c", MEMBERS.format(people=json.dumps(PEOPLE)))
    site.manage("import_codings", str(said), "--project", "journey", "--submit")
    site.manage("import_codings", str(begun), "--project", "journey")
    yield site
    site.manage("shell", "-c", LEAVE)  # other journeys begin where people have one project


def release(page: Page, second: Page, version: str) -> None:
    cut(page, second, f"{PROJECT}releases/", version)
    expect(page.get_by_role("heading", level=1)).to_contain_text(version)


def files_of(page: Page, version: str, folder: Path) -> dict[str, bytes]:
    """Every file of a release, as it is downloaded."""
    page.goto(f"{PROJECT}releases/{version}/")
    found = {}
    for link in page.locator("table a[download][href*='/files/']").all():
        answer = page.request.get(link.get_attribute("href") or "")
        assert answer.ok
        found[link.inner_text().strip()] = answer.body()
    for name in ("intervention.csv", "codebook.json"):
        with page.expect_download() as download:
            page.get_by_role("link", name=name, exact=True).first.click()
        download.value.save_as(folder / f"{version}-{name}")
        assert (folder / f"{version}-{name}").read_bytes() == found[name]
    return found


def looked_over(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{v['id']}: {v['nodes'][0]['html']}" for v in found]


def edit(page: Page) -> None:
    """One variable is renamed, one category becomes two."""
    page.goto(DRAFT)
    page.get_by_role("button", name="Start a draft").click()
    page.goto(f"{DRAFT}entries/troops/")
    page.fill("#i-name", "force")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".cb-messages")).to_contain_text("is saved")
    page.goto(f"{DRAFT}entries/goal/")
    page.locator("[name=c_code]").first.fill("remove")
    page.locator("[name=c_label]").first.fill("Remove a government")
    page.get_by_role("button", name="Add a category").click()
    page.locator("[name=c_code]").last.fill("restore")
    page.locator("[name=c_label]").last.fill("Restore a government")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".cb-messages")).to_contain_text("is saved")


def recode(page: Page) -> None:
    """One coder's recode: only the touched entry, and nothing of the old answer."""
    page.goto(f"{PROJECT}work/")
    page.get_by_role("link", name=f"Case {GULF}").first.click()
    expect(page.locator("fieldset[id^=f-], [id^=f-].cb-entry")).to_have_count(1)
    expect(page.locator("#f-goal [name=text]:checked")).to_have_count(0)
    expect(page.locator("main")).not_to_contain_text("Regime change")
    page.locator("#f-goal [name=text][value=remove]").check()
    expect(page.locator("#f-goal .cb-state.is-saved")).to_be_visible()
    with page.expect_navigation():
        page.keyboard.press("Control+Enter")


def test_a_codebook_changes_and_only_what_is_touched_is_coded_again(
    project: Site, sign_in: SignIn, tmp_path: Path
) -> None:
    curator = sign_in("curator")
    second = sign_in("adjudicator")
    release(curator, second, "0.1.0")
    first = files_of(curator, "0.1.0", tmp_path)
    edit(curator)

    curator.goto(DRAFT)
    curator.get_by_role("link", name="Review and publish").click()
    goal = curator.locator("#p-goal")
    expect(goal).to_contain_text("2 cells touched: 1 carried by rule, 1 coded again, on 2 sheets.")
    expect(curator.locator("#wording")).to_contain_text("force")
    assert looked_over(curator) == []
    # With another ruling other consequences follow, and what was typed stays.
    goal.get_by_label("Reason").fill("The two were never one.")
    goal.get_by_label("is all coded again").check()
    expect(goal).to_contain_text("2 cells touched: 0 carried by rule, 2 coded again, on 4 sheets.")
    expect(goal.get_by_label("Reason")).to_have_value("The two were never one.")
    goal.get_by_label("is carried where").check()
    expect(goal).to_contain_text("1 carried by rule")
    publish = curator.get_by_role("button", name="Publish codebook 2")
    publish.click()
    expect(curator.get_by_role("alert")).to_contain_text("Type the name goal to confirm")
    curator.locator("#p-goal").get_by_label("to confirm").fill("goal")
    publish.click()
    expect(curator.locator(".cb-messages")).to_contain_text("Codebook 2 is published")
    expect(curator.locator("header.cb-head")).to_contain_text("0 of 2 sheets handed in")

    for name in ("coder-1", "coder-2"):
        recode(sign_in(name))
    curator.goto(RECODING)
    expect(curator.locator("header.cb-head")).to_contain_text("2 of 2 sheets handed in")
    assert looked_over(curator) == []

    release(curator, second, "0.2.0")
    second = files_of(curator, "0.2.0", tmp_path)
    before = pd.read_csv(tmp_path / "0.1.0-intervention.csv", dtype=str, index_col="case")
    after = pd.read_csv(tmp_path / "0.2.0-intervention.csv", dtype=str, index_col="case")
    assert before.loc[[GULF, PANAMA], ["goal", "troops"]].to_numpy().tolist() == [
        ["regime", "500"],
        ["policy", "500"],
    ]
    assert after.loc[[GULF, PANAMA], ["goal", "force"]].to_numpy().tolist() == [
        ["remove", "500"],
        ["policy", "500"],
    ]
    assert ("troops" in after.columns, "force" in before.columns) == (False, False)
    assert files_of(curator, "0.1.0", tmp_path) == first
    # One case under the new meaning gives no figure of agreement, and so no file of it.
    assert {name for name in first if "reliability" not in name} < second.keys()


def test_an_open_sheet_went_on_and_kept_what_it_held(project: Site, sign_in: SignIn) -> None:
    coder = sign_in("coder-1")
    coder.goto(f"{PROJECT}work/")
    coder.get_by_role("link", name=f"Case {OPEN}").first.click()

    expect(coder.locator("#f-force [name=text]")).to_have_value("77")
    expect(coder.locator("#f-goal [name=text][value=restore]")).to_be_visible()
