"""The shell around every page: the ways on, the pages that say no, the icons."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.template import Context, Template, TemplateSyntaxError
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.urls import include, path, resolve
from pytest_django import DjangoAssertNumQueries, Settings

from coding.errors import Refused
from coding.models import Member, Project
from coding.templatetags.casebook import LEVELS, STATUSES, icon_names, level_icon
from coding.views.shell import WAYS, Shell, shell
from tests.conftest import World

TEMPLATES = Path(__file__).parent.parent / "templates"


def refuse(request: HttpRequest) -> HttpResponse:
    raise Refused("This coding is submitted.", [("Your worklist", "/worklist/")])


def forbid(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


def suspect(request: HttpRequest) -> HttpResponse:
    raise SuspiciousOperation


def crash(request: HttpRequest) -> HttpResponse:
    raise ZeroDivisionError


# The addresses of the site, and four that lead to a no.
urlpatterns = [
    path("no/refuse/", refuse),
    path("no/forbid/", forbid),
    path("no/suspect/", suspect),
    path("no/crash/", crash),
    path("", include("curation.urls")),
]


@pytest.fixture
def noes(settings: Settings) -> Client:
    settings.ROOT_URLCONF = __name__
    return Client(raise_request_exception=False)


def visit(user: User | AnonymousUser, url: str = "/password/") -> HttpRequest:
    request = RequestFactory().get(url)
    request.user = user
    request.resolver_match = resolve(url)
    return request


def ways(user: User | AnonymousUser) -> list[str]:
    return [item.label for item in Shell(visit(user)).nav]


# ------------------------------------------------------------------ ways on

JUDGES = ("Disputes", "Precedents", "Quality", "Review")


def test_every_role_is_shown_the_ways_that_are_open_to_it(world: World) -> None:
    shown = {
        name: ways(getattr(world, name)) for name in ("coder_a", "adjudicator", "curator", "reader")
    }

    team = [
        "My work",
        "Disputes",
        "Discussion",
        "Precedents",
        "Codebook",
        "Cases",
        "Training",
        "Learning",
        "Reliability",
        "Quality",
        "Review",
        "Studies",
        "Releases",
    ]
    coder = [way for way in team if way not in JUDGES]
    assert shown == {
        "coder_a": coder,
        "adjudicator": team,
        "curator": ["Overview", *team[:-2], "Plan", *team[-2:]],
        "reader": ["Codebook", "Studies", "Releases"],
    }


def test_coders_are_led_to_disputes_only_where_the_project_lets_them_discuss(world: World) -> None:
    Project.objects.filter(pk=world.project.pk).update(reconcile_by_discussion=True)

    assert ("Disputes" in ways(world.coder_a), "Disputes" in ways(world.reader)) == (True, False)


@pytest.mark.parametrize(
    ("url", "way"),
    [
        ("/projects/usmi/", "Overview"),
        ("/projects/usmi/work/", "My work"),
        ("/codings/{coding}/", "My work"),
        ("/projects/usmi/disputes/", "Disputes"),
        ("/cases/{case}/disputes/", "Disputes"),
        ("/projects/usmi/codebook/1/", "Codebook"),
        ("/projects/usmi/cases/", "Cases"),
        ("/cases/{case}/", "Cases"),
        ("/cases/{case}/history/", "Cases"),
        ("/projects/usmi/training/own/", "Training"),
        ("/projects/usmi/reliability/goal/cells/", "Reliability"),
        ("/projects/usmi/second-looks/", "Review"),
        ("/projects/usmi/releases/0.1.0/", "Releases"),
    ],
)
def test_the_way_on_which_a_page_lies_is_marked(world: World, url: str, way: str) -> None:
    address = url.format(coding=world.coding_a.pk, case=world.case.pk)
    nav = Shell(visit(world.curator, address)).nav

    assert [item.label for item in nav if item.active] == [way]


@pytest.mark.parametrize(
    "url",
    ["/codings/{coding}/", "/cases/{case}/", "/cases/{case}/history/", "/projects/usmi/work/"],
)
def test_every_page_knows_its_project_though_the_person_has_two(world: World, url: str) -> None:
    elsewhere = Project.objects.get(slug="elsewhere")
    Member.objects.create(project=elsewhere, user=world.coder_a, role=Member.Role.CURATOR)
    client = Client()
    client.force_login(world.coder_a)
    page = client.get(url.format(coding=world.coding_a.pk, case=world.case.pk))

    assert page.context["shell"].project == world.project


def test_a_stranger_is_shown_no_way_at_all(world: World) -> None:
    assert ways(AnonymousUser()) == []


def test_no_page_of_another_project_shows_its_ways(world: World) -> None:
    request = visit(world.outsider)
    request.project = world.project  # type: ignore[attr-defined]

    assert (Shell(request).member, Shell(request).nav) == (None, [])


def test_the_badges_count_what_is_to_do(world: World) -> None:
    world.close("regime", "policy")
    world.more_cases(2)

    badges = {
        name: {item.label: item.badge for item in Shell(visit(getattr(world, name))).nav}
        for name in ("coder_a", "adjudicator")
    }

    assert badges["coder_a"]["My work"] == 2
    assert badges["adjudicator"]["My work"] == 0
    assert badges["adjudicator"]["Disputes"] == 1


def test_the_shell_asks_the_database_twice_at_most(
    world: World, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    Member.objects.create(
        project=Project.objects.get(slug="elsewhere"), user=world.adjudicator, role="coder"
    )
    request = visit(world.adjudicator)
    request.project = world.project  # type: ignore[attr-defined]

    with django_assert_num_queries(2):
        drawn = Shell(request)
        assert (len(drawn.members), len(drawn.nav)) == (2, 13)


def test_a_fragment_and_a_stranger_cost_no_query(
    world: World, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        shell(visit(world.adjudicator))
        assert Shell(visit(AnonymousUser())).nav == []


# ------------------------------------------------------------------ signing in


def test_who_is_not_signed_in_is_asked_to_and_then_comes_back(world: World) -> None:
    client = Client()
    asked = client.get("/password/")
    page = client.get(asked["Location"])
    hidden = re.search(r'name="next" value="([^"]+)"', page.content.decode())
    sign_in = {"username": "coder_a", "password": "secret", "next": hidden[1] if hidden else ""}
    back = client.post("/sign-in/", sign_in)

    assert asked["Location"] == "/sign-in/?next=/password/"
    assert back["Location"] == "/password/"


def test_a_wrong_password_is_answered_in_words(world: World) -> None:
    answer = Client().post("/sign-in/", {"username": "coder_a", "password": "wrong"})

    assert "correct username and password" in answer.content.decode()


def test_signing_out_takes_a_form_and_ends_the_session(world: World) -> None:
    client = Client()
    client.force_login(world.coder_a)

    assert client.get("/sign-out/").status_code == 405
    client.post("/sign-out/")
    assert client.get("/password/").status_code == 302


# ------------------------------------------------------------------ pages that say no


@pytest.mark.parametrize(
    ("url", "status", "words"),
    [
        ("/no/refuse/", 409, "This coding is submitted."),
        ("/no/forbid/", 403, "This is not yours to do"),
        ("/no/suspect/", 400, "The request was not understood"),
        ("/no/crash/", 500, "Something broke on our side"),
        ("/no/such/page/", 404, "There is nothing here"),
    ],
)
@pytest.mark.parametrize("signed_in", [True, False])
def test_every_no_has_its_page_signed_in_or_not(
    world: World, noes: Client, url: str, status: int, words: str, signed_in: bool
) -> None:
    if signed_in:
        noes.force_login(world.coder_a)
    answer = noes.get(url)

    assert answer.status_code == status
    assert words in answer.content.decode()


def test_a_refusal_leads_on(noes: Client, db: None) -> None:
    assert '<a href="/worklist/">Your worklist</a>' in noes.get("/no/refuse/").content.decode()


def test_a_form_from_a_page_grown_old_is_not_accepted_and_says_why(db: None) -> None:
    answer = Client(enforce_csrf_checks=True).post("/sign-in/", {"username": "coder_a"})

    assert answer.status_code == 403
    assert "Nothing was changed" in answer.content.decode()


def test_the_page_of_a_crash_needs_no_context_and_no_database(
    django_assert_num_queries: DjangoAssertNumQueries, db: None
) -> None:
    with django_assert_num_queries(0):
        assert "Something broke" in render_to_string("500.html")


# ------------------------------------------------------------------ what templates draw


def draw(text: str, **context: str) -> str:
    return Template("{% load casebook %}" + text).render(Context(context))


def test_an_icon_is_drawn_from_the_sprite_and_silent() -> None:
    assert draw('{% icon "scale" "big" %}') == (
        '<svg class="icon big" aria-hidden="true"><use href="/static/icons.svg#scale"></use></svg>'
    )


@pytest.mark.parametrize("tag", ['{% icon "no-such-icon" %}', '{% status "no-such-status" %}'])
def test_an_icon_or_a_status_that_does_not_exist_is_an_error(tag: str) -> None:
    with pytest.raises(TemplateSyntaxError):
        draw(tag)


def test_a_status_says_its_word_and_escapes_another() -> None:
    assert "Disputed</span>" in draw('{% status "disputed" %}')
    assert "&lt;b&gt;</span>" in draw('{% status "open" "" word %}', word="<b>")


def icons_in_use() -> set[str]:
    words = re.compile(r"""\{% icon "([^"]+)"|\bicon="([^"]+)"|icon\|default:"([^"]+)\"""")
    pages = "".join(page.read_text() for page in TEMPLATES.rglob("*.html"))
    drawn = {"".join(found) for found in words.findall(pages)}
    named = {symbol for symbol, _ in STATUSES.values()} | {way.icon for way in WAYS}
    return drawn | named | set(LEVELS.values()) | {level_icon("info")}


def test_the_sprite_holds_the_icons_in_use_and_no_other() -> None:
    assert icons_in_use() == icon_names()


def test_no_template_holds_what_the_content_policy_forbids() -> None:
    forbidden = re.compile(
        r'<style|\sstyle="|\son[a-z]+="|<script(?![^>]*\s(?:src=|type="application/ld))|javascript:'
    )
    breaches = [
        (page.name, found[0])
        for page in TEMPLATES.rglob("*.html")
        if page.name != "codebook_released.html"  # read from a disk, where no policy holds
        for found in forbidden.finditer(page.read_text())
    ]

    assert breaches == []
