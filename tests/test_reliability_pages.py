"""The pages of reliability: who may read them, what they say, and what they never tell."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import Q
from django.test import Client
from django.urls import reverse

from coding import blind, reliability, work
from coding.models import Case, Coding, Member
from coding.reliability import Asked
from coding.templatetags.casebook import coefficient, percent
from tests.conftest import World
from tests.test_reliability import people, project_with_objectives, say_all

GOALS = [("regime", "regime"), ("policy", "policy"), ("regime", "policy"), ("policy", "territory")]


def opened(world: World, answers: list[tuple[str, str]], name: str = "goal") -> list[Case]:
    """Each pair of answers opens a further case; the case of the world stays closed."""
    cases = world.more_cases(len(answers))
    for case, pair in zip(cases, answers, strict=True):
        for coder, text in zip((world.coder_a, world.coder_b), pair, strict=True):
            hand_in(world, case, coder, {"goal": "regime", name: text})
    return cases


def hand_in(world: World, case: Case, coder: User, said: dict[str, str]) -> Coding:
    coding = Coding.objects.get(case=case, coder=coder)
    for name, text in said.items():
        world.say(coding, text, name)
    work.submit(coding=coding)
    return coding


def url(page: str = "reliability", name: str = "", slug: str = "usmi") -> str:
    return reverse(f"coding:{page}", args=[slug, name] if name else [slug])


PAGES = (
    ("reliability", ""),
    ("reliability-variable", "goal"),
    ("reliability-cells", "goal"),
    ("reliability-coders", ""),
)


def read(client: Client, user: User, page: str = "reliability", name: str = "", **ask: str) -> str:
    client.force_login(user)
    answer = client.get(url(page, name), ask)
    assert answer.status_code == 200
    html = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", answer.content.decode())
    return " ".join(html.split())


def words(html: str) -> str:
    """What the page's main part says, without markup."""
    return " ".join(re.sub(r"<[^>]+>", " ", main(html)).split())


def main(html: str) -> str:
    """Without the way there, whose badges count the reader's own work."""
    return html[html.index('<main id="main"') : html.index("</main>")]


# ------------------------------------------------------------------ who may read them


@pytest.mark.parametrize(("page", "name"), PAGES)
@pytest.mark.parametrize(
    ("reader", "status"),
    [
        ("coder_a", 200),
        ("adjudicator", 200),
        ("curator", 200),
        ("reader", 404),
        ("outsider", 404),
    ],
)
def test_the_team_reads_reliability_and_nobody_else(
    world: World, client: Client, page: str, name: str, reader: str, status: int
) -> None:
    opened(world, GOALS)
    client.force_login(getattr(world, reader))

    assert client.get(url(page, name)).status_code == status


@pytest.mark.parametrize(("page", "name"), PAGES)
def test_a_visitor_is_asked_to_sign_in(world: World, client: Client, page: str, name: str) -> None:
    assert client.get(url(page, name))["Location"].startswith("/sign-in/")


@pytest.mark.parametrize("name", ["share", "no_such_variable"])
def test_there_is_no_page_for_what_is_computed_or_unknown(
    world: World, client: Client, name: str
) -> None:
    client.force_login(world.curator)

    assert client.get(url("reliability-variable", name)).status_code == 404
    assert client.get(url("reliability-cells", name)).status_code == 404


# ------------------------------------------------------------------ what they say


def test_the_overview_says_what_reliability_computed(world: World, client: Client) -> None:
    opened(world, GOALS)
    figure = reliability.figure(reliability.opened(world.project), world.entry("goal"))

    said = words(read(client, world.adjudicator))

    assert f"Main goal goal {coefficient(figure.alpha.value)}" in said
    low, high = coefficient(figure.alpha.low), coefficient(figure.alpha.high)
    assert f"{low} to {high}" in said
    assert f"4 of 4 {percent(figure.percent.value)} {coefficient(figure.ac.value)}" in said


def test_the_page_of_a_variable_says_why_its_figure_is_what_it_is(
    world: World, client: Client
) -> None:
    opened(world, GOALS)
    depth = reliability.depth(reliability.opened(world.project), world.entry("goal"))

    said = words(read(client, world.adjudicator, "reliability-variable", "goal"))

    for sentence in depth.reading:
        assert sentence.replace("'", "&#x27;") in said
    assert "used: two coders or more said something that counts 4" in said
    # regime, territory, policy said 3, 1 and 4 times: by chance n_c n_k / 7
    assert "regime Regime change 2 (0.9) 0 (0.4) 1 (1.7) 3" in said
    assert "The goal named first." in said
    assert "Disputed 2" in said


def test_a_square_of_the_heat_map_leads_to_its_cells_and_they_to_the_dispute(
    world: World, client: Client
) -> None:
    cases = opened(world, GOALS)
    html = read(client, world.adjudicator, "reliability-variable", "goal")
    square = re.search(r'href="(/projects/[^"]+one=regime&amp;other=policy[^"]*)"', html)
    assert square
    listed = client.get(square[1].replace("&amp;", "&")).content.decode()

    assert cases[2].title in listed
    assert cases[3].title not in listed
    cell = blind.all_cells(world.project).get(case=cases[2], variable=world.entry("goal").variable)
    assert f"{reverse('coding:dispute', args=[cases[2].pk])}#c-{cell.pk}" in listed


def test_coders_who_do_not_settle_are_led_to_the_case(world: World, client: Client) -> None:
    cases = opened(world, GOALS)
    listed = read(client, world.coder_a, "reliability-cells", "goal")

    assert reverse("coding:case", args=[cases[2].pk]) + "#v-goal" in listed
    assert "/disputes/" not in listed


def test_the_lines_sort_and_filter_the_variables(world: World, client: Client) -> None:
    for case in opened(world, GOALS):
        for coding in Coding.objects.filter(case=case):
            assert coding.unblinded_at
    opened_more(world)

    def listed(**ask: str) -> list[str]:
        html = read(client, world.curator, **ask)
        table = html[html.index('id="variables"') :].split("</table>")[0]
        return re.findall(r'<code class="cb-var">(\w+)</code>', table)

    assert listed() == ["goal", "ended", "troops"]
    assert listed(sort="alpha")[0] == "goal"
    assert listed(sort="-alpha")[-1] == "goal"
    assert listed(floor="below-667") == ["goal"]
    assert listed(section="Dates") == ["ended", "troops"]
    assert listed(find="how many troops") == ["troops"]


def opened_more(world: World) -> None:
    """A further case on which both answer three questions alike."""
    for number in range(3):
        case = Case.objects.create(unit=world.case.unit, key=f"MORE-{number}", title="More")
        for coder in (world.coder_a, world.coder_b):
            work.assign(case=case, coder=coder, codebook=world.codebook)
        said = {"goal": "regime", "ended": str(number % 2), "troops": str(number)}
        for coder in (world.coder_a, world.coder_b):
            hand_in(world, case, coder, said)


def test_machines_are_counted_apart_from_people_and_together(world: World, client: Client) -> None:
    opened(world, GOALS)
    Member.objects.filter(user=world.coder_b).update(kind=Member.Kind.MACHINE)

    alone = words(read(client, world.curator))
    together = words(read(client, world.curator, who="everybody"))

    assert "No case has been coded by two people yet" in alone
    assert "Interventions: 4 of 4 open ones coded by two or more" in together


def test_a_region_narrows_the_cases_that_count(world: World, client: Client) -> None:
    case = opened(world, GOALS)[0]
    case.facts = {"region": "Europe"}
    case.save()

    said = words(read(client, world.curator, region="Europe"))

    assert "Interventions: 1 of 1 open ones coded by two or more" in said


def test_both_treatments_of_missing_codes_stand_beside_each_other(
    world: World, client: Client
) -> None:
    opened(world, [*GOALS, ("regime", "-99")])
    entry = world.entry("goal")
    figure = reliability.figure(reliability.opened(world.project), entry)
    html = read(client, world.curator, "reliability-variable", "goal", missing="as-category")
    counted = reliability.figure(
        reliability.opened(world.project, Asked(missing="as-category")), entry
    )

    assert f"left out {coefficient(figure.excluded.value)}" in words(html)
    assert f"each missing code a category {coefficient(figure.as_category.value)}" in words(html)
    assert f"{coefficient(counted.alpha.value)} alpha" in words(html)
    assert counted.alpha.value != figure.alpha.value


def test_of_a_roster_identification_stands_apart_from_classification(
    world: World, client: Client
) -> None:
    for coding, states in ((world.coding_a, "200;220"), (world.coding_b, "200;255")):
        world.say(coding, "regime")
        world.say(coding, states, "partners")
        for state in states.split(";"):
            world.say(world.sheet_of(coding.coder, state), "2", "sent")
        work.submit(coding=coding)

    html = read(client, world.curator, "reliability-variable", "partners")
    said = words(html)
    square = re.search(r'href="(/projects/[^"]+member=220[^"]*)"', html)
    assert square

    assert "33% listed by all 1 of 3 that anybody listed" in said
    assert world.case.title in client.get(square[1]).content.decode()


def test_rows_without_a_key_are_paired_and_the_page_says_so(client: Client, db: None) -> None:
    project = project_with_objectives()
    case = Case.objects.create(unit=project.units.get(name="unit"), key="u", title="U")
    for name in ("ada", "ben"):
        coding = work.assign(case=case, coder=people(project, name))
        say_all(coding, {"nominal": "1"})
        for code in ("1", "2"):
            row = work.add_row(coding=coding, unit=project.units.get(name="objective"))
            say_all(row, {"aim": code, "weight": code})
        work.submit(coding=coding)
    client.force_login(User.objects.get(username="ada"))
    overview = words(client.get(url(slug=project.slug)).content.decode())
    page = words(client.get(url("reliability-variable", "aim", project.slug)).content.decode())

    assert "Each coder adds rows without a common key: see them paired, row by row." in overview
    assert "100% listed by all 2 of 2 that anybody listed" in page
    assert "100% agree 2 pairs of rows" in page


def test_coders_are_called_by_pseudonym_except_to_curators(world: World, client: Client) -> None:
    opened(world, GOALS)
    pseudonym = Member.objects.get(user=world.coder_b).pseudonym

    for page, name in (("reliability-variable", "goal"), ("reliability-coders", "")):
        own = read(client, world.coder_a, page, name)
        assert ("coder_b" in own, pseudonym in own, "You" in own) == (False, True, True)
        assert "coder_b" in read(client, world.curator, page, name)


# ------------------------------------------------------------------ what they never tell


def keep_closed(world: World) -> None:
    """A third coder, who does not hand in, keeps the world's case closed."""
    third = User.objects.create_user("coder_c", password="secret")
    Member.objects.create(project=world.project, user=third, role=Member.Role.CODER)
    work.assign(case=world.case, coder=third, codebook=world.codebook)


@pytest.mark.parametrize(("page", "name"), PAGES)
@pytest.mark.parametrize("who", ["people", "everybody"])
def test_what_is_handed_in_and_still_closed_moves_nothing(
    world: World, client: Client, page: str, name: str, who: str
) -> None:
    opened(world, GOALS)
    keep_closed(world)
    before = {
        reader: main(read(client, getattr(world, reader), page, name, who=who))
        for reader in ("coder_a", "adjudicator", "curator")
    }
    world.say(world.coding_b, "canary")
    world.say(world.coding_b, "220", "partners")
    world.say(world.sheet_of(world.coder_b, "220"), "2", "sent")
    world.say(world.coding_a, "regime")
    work.submit(coding=world.coding_b)
    work.submit(coding=world.coding_a)

    for reader, html in before.items():
        assert main(read(client, getattr(world, reader), page, name, who=who)) == html


@pytest.mark.parametrize(("page", "name"), PAGES)
def test_who_codes_a_case_late_learns_nothing_from_its_figures(
    world: World, client: Client, page: str, name: str
) -> None:
    cases = opened(world, GOALS)
    late = work.assign(case=cases[2], coder=world.adjudicator, codebook=world.codebook)
    closed = read(client, world.adjudicator, page, name)
    work.withdraw(coding=late, reason="Reassigned.", by=world.curator)
    seen = read(client, world.adjudicator, page, name)

    assert cases[2].title not in closed
    assert closed != seen


@pytest.mark.parametrize("page", ["reliability-variable", "reliability-cells"])
def test_these_tests_notice_when_late_coders_are_not_blind(
    world: World, client: Client, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = opened(world, GOALS)
    work.assign(case=cases[2], coder=world.adjudicator, codebook=world.codebook)
    blinded = read(client, world.adjudicator, page, "goal")
    monkeypatch.setattr(blind, "_in_family_being_coded", lambda _: Q(pk=None))

    assert read(client, world.adjudicator, page, "goal") != blinded


# ------------------------------------------------------------------ queries


@pytest.mark.parametrize(
    ("page", "name", "queries"),
    [
        ("reliability", "", 14),
        ("reliability-variable", "goal", 16),
        ("reliability-cells", "goal", 17),
        ("reliability-coders", "", 14),
    ],
)
def test_queries_do_not_grow_with_cases_nor_with_variables(
    world: World,
    client: Client,
    django_assert_max_num_queries: Callable[[int], Any],
    page: str,
    name: str,
    queries: int,
) -> None:
    counts = []
    for more in (lambda: opened(world, GOALS[2:3]), lambda: opened_more(world)):
        more()
        read(client, world.curator, page, name)
        with django_assert_max_num_queries(queries) as captured:
            client.get(url(page, name))
        counts.append(len(captured))

    assert counts[0] == counts[1]
