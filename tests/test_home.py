from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from coding import work
from coding.models import Member
from tests.conftest import World, make_project


@pytest.mark.parametrize(
    ("who", "leads_to"),
    [
        ("coder_a", "/projects/usmi/work/"),
        ("adjudicator", "/projects/usmi/disputes/"),
        ("reader", "/projects/usmi/releases/"),
    ],
)
def test_each_role_is_led_to_its_next_thing_to_do(
    world: World, client: Client, who: str, leads_to: str
) -> None:
    client.force_login(getattr(world, who))

    answer = client.get(reverse("coding:start", args=["usmi"]))
    assert answer.headers["Location"] == leads_to


def test_the_only_project_is_opened_at_once(world: World, client: Client) -> None:
    client.force_login(world.curator)

    assert client.get("/").headers["Location"] == "/projects/usmi/"


def test_several_projects_are_listed_with_the_role_in_each(world: World, client: Client) -> None:
    third, _ = make_project("third")
    Member.objects.create(project=third, user=world.curator, role="reader")
    client.force_login(world.curator)

    body = client.get("/").content.decode()
    assert ("Project usmi" in body, "Project third" in body, "Project elsewhere" in body) == (
        True,
        True,
        False,
    )


def test_somebody_without_a_project_is_told_what_to_do(db: None, client: Client) -> None:
    client.force_login(User.objects.create_user("newcomer"))

    assert "Ask the curator" in client.get("/").content.decode()


def test_a_visitor_is_asked_to_sign_in_and_comes_back(world: World, client: Client) -> None:
    answer = client.get("/projects/usmi/cases/")

    assert answer.headers["Location"] == "/sign-in/?next=/projects/usmi/cases/"


def test_the_overview_counts_sheets_handed_in_and_says_nothing_of_their_content(
    world: World, client: Client
) -> None:
    world.more_cases(1)
    world.say(world.coding_a, "canary")
    work.submit(coding=world.coding_a)
    client.force_login(world.curator)

    coders = client.get("/projects/usmi/").context["coders"]
    assert [(m.user.username, m.assigned, m.submitted) for m in coders] == [
        ("coder_a", 2, 1),
        ("coder_b", 2, 0),
    ]


def test_a_stranger_finds_no_project(world: World, client: Client) -> None:
    client.force_login(world.outsider)

    assert client.get("/projects/usmi/").status_code == 404
