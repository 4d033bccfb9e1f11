"""The pages of planning: figures from what is expected, a preview before every act."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from coding import assigning, work
from coding.models import Case, Coding, Design, Member, Project, Unit
from tests.conftest import World
from tests.sheets import browser
from tests.test_assignments import hand_in, make, staffed  # noqa: F401

PLAN = "/projects/usmi/plan/"
ASSIGN = PLAN + "assign/"
LEAVE = PLAN + "leave/"
PAGES = (PLAN, ASSIGN, LEAVE)
CODERS = ["coder_a", "coder_b", "coder_c", "coder_d"]
ASK = {"kind": "overlap", "unit": "intervention", "percent": "50", "coders": CODERS, "seed": "x"}


@pytest.fixture
def curator(staffed: World) -> Client:  # noqa: F811
    return browser(staffed.curator)


def get(client: Client, page: str, status: int = 200, **query: object) -> str:
    answer = client.get(f"{page}?{urlencode(query, doseq=True)}")
    assert answer.status_code == status
    return answer.content.decode()


def hidden(html: str) -> dict[str, list[str]]:
    """What the form of a preview sends again."""
    form = html.split('<form method="post" class="cb-act">')[1].split("</form>")[0]
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form):
        found.setdefault(name, []).append(value)
    return found


def shown(html: str) -> str:
    """The words of a page, on one line."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


# ------------------------------------------------------------------ who may


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("person", ["coder_a", "adjudicator", "reader", "outsider"])
def test_only_curators_find_the_plan(world: World, page: str, person: str) -> None:
    client = browser(getattr(world, person))

    assert client.get(page).status_code == 404
    assert client.post(page).status_code == (405 if page == PLAN else 404)


@pytest.mark.parametrize("page", PAGES)
def test_a_visitor_is_asked_to_sign_in(world: World, client: Client, page: str) -> None:
    assert client.get(page).headers["Location"] == f"/sign-in/?next={page}"


def test_the_sidebar_leads_there_for_curators_alone(world: World) -> None:
    def ways(user: User) -> bool:
        return f'href="{PLAN}"' in browser(user).get("/projects/usmi/cases/").content.decode()

    assert (ways(world.curator), ways(world.coder_a)) == (True, False)


# ------------------------------------------------------------------ how many


def test_the_plan_tells_each_variable_and_leads_to_the_assignment(curator: Client) -> None:
    html = get(curator, PLAN, double=6, minutes=60)
    said = shown(html)

    assert "18 h for 18 sheets" in said
    assert [name for name in ("Main goal", "Ended", "Troops") if name not in said] == []
    assert "Story" not in said.split("Each variable")[1]
    assert f"{ASSIGN}?kind=overlap&amp;unit=intervention&amp;percent=50.0&amp;minutes=60.0" in html


def test_a_small_share_is_warned_of_in_figures(curator: Client) -> None:
    said = shown(get(curator, PLAN, cases=150, double=30))

    assert "30 of 150 cases (20 %) say next to nothing about 2 of 5 variables" in said
    assert "with its rarest category at 10 %, only about 3 such cases are to be expected" in said


def test_the_chart_has_a_name_a_description_and_a_table(curator: Client) -> None:
    html = get(curator, PLAN, cases=100)

    assert html.count("<polyline") == 3
    assert "<title id=" in html
    assert re.search(r"<desc[^>]*>Expected width of the interval from 10 to 100 cases: ", html)
    table = html.split("As a table")[1].split("</table>")[0]
    assert re.findall(r'<th scope="row" class="num">(\d+)<', table)[-1] == "100"


def test_hours_that_do_not_reach_are_told(curator: Client) -> None:
    said = shown(get(curator, PLAN, cases=10, double=8, minutes=60, hours=15))

    assert "It takes 18 hours, and 15 are there. They are enough to code 5 cases twice." in said


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"cases": 10, "double": 11}, "There are 10 cases: no more can be coded twice."),
        ({"alpha": 2}, "less than or equal to 1"),
        ({"rare.goal": 80, "cases": 10}, "less than or equal to 50"),
        ({"minutes": "many"}, "Enter a number."),
    ],
)
def test_figures_that_do_not_fit_are_told_beside_the_field(
    curator: Client, query: dict[str, object], said: str
) -> None:
    assert said in shown(get(curator, PLAN, status=422, **query))


def test_a_project_without_a_codebook_says_what_is_missing(world: World) -> None:
    bare = Project.objects.create(slug="bare", title="Bare")
    Member.objects.create(project=bare, user=world.curator, role="curator")
    client = browser(world.curator)

    assert "Nothing to plan yet" in get(client, "/projects/bare/plan/")
    Unit.objects.create(project=bare, name="war", label="War")
    assert "Nothing to plan yet" in get(client, "/projects/bare/plan/")


def test_a_project_without_cases_is_planned_with_the_fewest(world: World) -> None:
    assert "of 2 twice" in shown(get(browser(world.outsider), "/projects/elsewhere/plan/"))


@pytest.mark.parametrize("more", [0, 2])
def test_the_plan_asks_the_same_number_of_queries_for_any_number_of_cases(
    curator: Client, world: World, more: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    world.more_cases(more)
    get(curator, PLAN)

    with django_assert_num_queries(11):
        get(curator, PLAN)


# ------------------------------------------------------------------ assigning


def test_the_preview_writes_nothing_and_its_button_does_what_it_showed(
    curator: Client,
) -> None:
    html = get(curator, ASSIGN, **ASK)
    before = Coding.objects.count()
    assert "12 cases assigned of 12 that could be 6 coded by two or more 50 % 18 sheets" in shown(
        html
    )

    answer = curator.post(ASSIGN, hidden(html))

    assert (answer.status_code, answer.headers["Location"]) == (302, ASSIGN)
    assert Coding.objects.count() == before + 18
    page = shown(get(curator, ASSIGN))
    assert "18 sheets are on the worklists. Kept as design 1." in page
    assert "1 Random overlap 50 %" in page


def test_a_seed_that_was_left_out_is_drawn_and_kept_by_the_preview(curator: Client) -> None:
    sent = hidden(get(curator, ASSIGN, **ASK | {"seed": ""}))

    [seed] = sent["seed"]
    assert re.fullmatch("[0-9a-f]{8}", seed)
    curator.post(ASSIGN, sent)
    assert Design.objects.get().seed == seed


def test_a_second_curator_finds_that_the_preview_no_longer_holds(
    curator: Client,
    staffed: World,  # noqa: F811
) -> None:
    sent = hidden(get(curator, ASSIGN, **ASK))
    work.assign(case=Case.objects.get(key="US-1980-N0"), coder=staffed.coder_a)

    answer = curator.post(ASSIGN, sent)

    assert answer.status_code == 409
    assert "so nothing was assigned" in answer.content.decode()
    assert Design.objects.count() == 0


def test_the_same_button_twice_deals_once(curator: Client) -> None:
    sent = hidden(get(curator, ASSIGN, **ASK))

    assert [curator.post(ASSIGN, sent).status_code for _ in range(2)] == [302, 409]
    assert Design.objects.count() == 1


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ({"percent": ""}, 422, "Say which share of the cases is coded twice"),
        ({"percent": "130"}, 422, "less than or equal to 100"),
        ({"coders": ["outsider"]}, 422, "not one of the available choices"),
        ({"kind": "roulette"}, 422, "not one of the available choices"),
        ({"kind": "core", "percent": "10"}, 422, "Say how many cases everybody codes"),
        ({"coders": ["coder_a"]}, 409, "needs 2 coders or more"),
        ({"kind": "second"}, 409, "coded by one person alone"),
    ],
)
def test_what_cannot_be_dealt_is_told(
    curator: Client, query: dict[str, object], status: int, said: str
) -> None:
    assert said in shown(get(curator, ASSIGN, status=status, **ASK | query))
    assert curator.post(ASSIGN, ASK | query | {"seen": "x"}).status_code == status


def test_coders_who_are_never_compared_and_those_who_see_the_design_are_told(
    curator: Client,
) -> None:
    said = shown(get(curator, ASSIGN, **ASK | {"percent": "0", "coders": ["coder_a", "curator"]}))

    assert "nobody will know how they agree: coder_a; curator." in said
    assert "curator can see this page" in said


@pytest.mark.parametrize("designs", [1, 3])
def test_the_list_of_designs_asks_the_same_number_of_queries_for_one_and_three(
    curator: Client,
    staffed: World,  # noqa: F811
    designs: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for n in range(designs):
        Case.objects.create(unit=staffed.case.unit, key=f"US-200{n}-Z", title="Later")
        make(staffed, "crossing", "coder_a", "coder_b")
    get(curator, ASSIGN)

    with django_assert_num_queries(9):
        html = get(curator, ASSIGN)
    assert html.count("Full crossing") == designs + 1


# ------------------------------------------------------------------ a coder leaves


def test_a_coder_leaves_after_a_preview(curator: Client, staffed: World) -> None:  # noqa: F811
    make(staffed)
    ask = {"coder": "coder_a", "coders": CODERS, "reason": "on leave"}
    html = get(curator, LEAVE, **ask)
    assert "Move 7 cases" in html
    assert "stay" not in shown(html.split("Preview")[1].split("Who, and to whom")[0])

    assert curator.post(LEAVE, hidden(html)).status_code == 302

    assert not Coding.objects.open().of(staffed.coder_a).exists()
    assert "7 cases have moved." in get(curator, ASSIGN)


def test_what_cannot_move_is_told_with_links(curator: Client, staffed: World) -> None:  # noqa: F811
    html = get(curator, LEAVE, coder="coder_a", coders=["coder_b"], reason="ill")

    assert f'href="/cases/{staffed.case.pk}/"' in html
    assert "1 case stays with coder_a" in shown(html)
    assert "Move" not in shown(html.split("Preview")[1].split("Who, and to whom")[0])


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ({"reason": ""}, 422, "This field is required."),
        ({"coders": ["coder_a"]}, 422, "Choose somebody else than who leaves."),
        ({"coder": "curator"}, 409, "curator has no open sheet here"),
    ],
)
def test_a_move_that_makes_no_sense_is_told(
    curator: Client, query: dict[str, object], status: int, said: str
) -> None:
    ask = {"coder": "coder_a", "coders": ["coder_c"], "reason": "ill"} | query

    assert said in shown(get(curator, LEAVE, status=status, **ask))
    assert curator.post(LEAVE, ask | {"seen": "x"}).status_code == status


def test_a_move_that_no_longer_holds_moves_nothing(
    curator: Client,
    staffed: World,  # noqa: F811
) -> None:
    ask = {"coder": "coder_a", "coders": ["coder_c"], "reason": "ill"}
    sent = hidden(get(curator, LEAVE, **ask))
    hand_in(staffed.coding_a, staffed)
    make(staffed)

    assert curator.post(LEAVE, sent).status_code == 409
    assert Coding.objects.open().of(staffed.coder_a).count() == 6


# ------------------------------------------------------------------ nothing of it reaches coders


def test_no_page_of_a_coder_names_a_design(staffed: World) -> None:  # noqa: F811
    design = make(staffed, "overlap", percent=50, seed="seedquetzal", note="notequetzal")
    client = browser(staffed.coder_a)
    mine = design.codings.filter(coder=staffed.coder_a)
    urls = ["/", "/projects/usmi/work/", "/projects/usmi/cases/"]
    urls += [f"/codings/{c.pk}/" for c in mine]
    urls += [f"/cases/{c.case_id}/{more}" for c in mine for more in ("", "history/")]

    told = "".join(client.get(url, follow=True).content.decode() for url in urls)

    words = ("seedquetzal", "notequetzal", "overlap", "Design 1", "design 1")
    assert [w for w in words if w in told] == []


def test_a_worklist_follows_the_order_of_its_coder(staffed: World) -> None:  # noqa: F811
    design = make(staffed, "crossing")
    wanted = {
        member.pseudonym: keys
        for member in Member.objects.filter(project=staffed.project)
        if (keys := assigning.redrawn(design).orders.get(member.pseudonym))
    }
    for name in ("coder_c", "coder_d"):
        user = User.objects.get(username=name)
        html = get(browser(user), "/projects/usmi/work/").split("<tbody>")[1]
        keys = re.findall(r'text-nowrap">([^<]+)</td>', html)
        assert tuple(keys) == wanted[user.memberships.get().pseudonym]
