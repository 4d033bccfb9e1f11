"""The pages of training: who may open them, what they show, and what they keep closed."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from coding import work
from coding.models import Certification, Coding, Gold, Member
from tests.conftest import World
from tests.test_blind import addresses
from tests.test_training import certify, member, practise, pupil, trained

__all__ = ["trained"]

GOLD = "Goldquetzal"
OWN = "Ownquetzal"


def path(world: World, name: str, *arguments: object) -> str:
    return reverse(f"coding:{name}", args=[world.project.slug, *arguments])


def page(client: Client, user: User, url: str) -> str:
    client.force_login(user)
    answer = client.get(url, follow=True)
    assert answer.status_code == 200, url
    return answer.content.decode()


# ------------------------------------------------------------------ who may


@pytest.mark.parametrize(
    ("reader", "status"),
    [("curator", 200), ("coder_a", 302), ("adjudicator", 302), ("reader", 404), ("outsider", 404)],
)
def test_the_overview_is_for_curators_and_leads_others_to_their_own(
    trained: World, client: Client, reader: str, status: int
) -> None:
    client.force_login(getattr(trained, reader))

    assert client.get(path(trained, "training")).status_code == status


@pytest.mark.parametrize(
    ("reader", "status"),
    [("curator", 200), ("coder_a", 404), ("adjudicator", 404), ("outsider", 404)],
)
def test_a_coder_s_figures_are_for_curators(
    trained: World, client: Client, reader: str, status: int
) -> None:
    client.force_login(getattr(trained, reader))
    coder = member(trained, pupil(trained)).pk

    assert client.get(path(trained, "training-coder", coder)).status_code == status


@pytest.mark.parametrize("reader", ["curator", "coder_a", "adjudicator", "outsider"])
def test_what_was_right_on_a_sheet_is_for_its_coder_alone(
    trained: World, client: Client, reader: str
) -> None:
    coding = practise(trained)
    client.force_login(getattr(trained, reader))
    url = path(trained, "training-sheet", coding.pk)

    assert client.get(url).status_code == 404
    client.force_login(pupil(trained))
    assert client.get(url).status_code == 200


def test_a_member_of_another_project_has_no_page_here(trained: World, client: Client) -> None:
    elsewhere = Member.objects.get(user=trained.outsider)
    client.force_login(trained.curator)

    assert client.get(path(trained, "training-coder", elsewhere.pk)).status_code == 404


@pytest.mark.parametrize("reader", ["coder_a", "adjudicator", "reader", "outsider", None])
def test_only_curators_mark_assign_and_certify(
    trained: World, client: Client, reader: str | None
) -> None:
    if reader:
        client.force_login(getattr(trained, reader))
    coder = member(trained, pupil(trained)).pk
    before = Gold.objects.count(), Coding.objects.count(), Certification.objects.count()
    goal = str(trained.entry("goal").variable_id)

    answers = [
        client.post(url, {"reason": "x", "variable": goal, "case": trained.case.pk, "act": act})
        for url in (
            reverse("coding:gold", args=[trained.case.pk]),
            path(trained, "train", coder),
            path(trained, "certify", coder),
        )
        for act in ("", "off")
    ]

    assert {answer.status_code for answer in answers} == ({404} if reader else {302})
    after = Gold.objects.count(), Coding.objects.count(), Certification.objects.count()
    assert after == before


# ------------------------------------------------------------------ what is done there


def test_a_curator_marks_gold_and_takes_it_off_on_the_page_of_the_case(
    trained: World, client: Client
) -> None:
    client.force_login(trained.curator)
    url = reverse("coding:gold", args=[trained.case.pk])
    goal = trained.entry("goal").variable_id

    assert client.post(url, {"variable": goal, "act": "off", "reason": ""}).status_code == 409
    client.post(url, {"variable": goal, "act": "off", "reason": "A source was forged."})
    assert not Gold.objects.filter(variable=goal).exists()
    client.post(url, {"variable": goal, "reason": "Looked at again."})
    assert Gold.objects.get(variable=goal).by == trained.curator
    told = page(client, trained.curator, reverse("coding:case", args=[trained.case.pk]))
    assert "4 of 4 settled" in told


def test_a_case_without_settled_answers_offers_no_gold_and_refuses_it(
    world: World, client: Client
) -> None:
    told = page(client, world.curator, reverse("coding:case", args=[world.case.pk]))
    answer = client.post(
        reverse("coding:gold", args=[world.case.pk]),
        {"variable": world.entry("goal").variable_id, "reason": "Sure"},
    )

    assert ("Gold for training" in told, answer.status_code) == (False, 409)


def test_training_is_assigned_and_a_coder_certified_with_a_reason(
    trained: World, client: Client
) -> None:
    client.force_login(trained.curator)
    coder = member(trained, pupil(trained)).pk
    goal = trained.entry("goal").variable_id

    client.post(path(trained, "train", coder), {"case": trained.case.pk})
    silent = client.post(path(trained, "certify", coder), {"variable": goal, "reason": ""})
    client.post(path(trained, "certify", coder), {"variable": goal, "reason": "10 of 10"})

    assert Coding.objects.get(coder=pupil(trained)).purpose == "training"
    assert silent.status_code == 409
    assert Certification.objects.get().reason == "10 of 10"
    client.post(
        path(trained, "certify", coder),
        {"variable": goal, "reason": "5 of 10", "act": "withdraw"},
    )
    assert not Certification.objects.exists()


def test_whole_sections_can_be_ticked(trained: World, client: Client) -> None:
    client.force_login(trained.curator)
    coder = member(trained, pupil(trained)).pk
    goal, story = (trained.entry(name).variable_id for name in ("goal", "story"))
    body = {"variables": [f"{goal},{story}"], "variable": [goal], "reason": "10 of 10"}

    client.post(path(trained, "certify", coder), body)
    assert set(Certification.objects.values_list("variable", flat=True)) == {goal, story}
    broken = client.post(path(trained, "certify", coder), {"variables": "1,x", "reason": "x"})
    assert broken.status_code == 404


@pytest.mark.parametrize("body", [{}, {"case": "x"}, {"case": "999999"}])
def test_a_case_that_is_none_is_not_found(
    trained: World, client: Client, body: dict[str, str]
) -> None:
    client.force_login(trained.curator)
    coder = member(trained, pupil(trained)).pk

    assert client.post(path(trained, "train", coder), body).status_code == 404


def test_the_figures_stand_beside_the_certificate(trained: World, client: Client) -> None:
    practise(trained, "regime")
    certify(trained, "goal")

    told = page(
        client,
        trained.curator,
        path(trained, "training-coder", member(trained, pupil(trained)).pk),
    )
    assert "Certified for 1 of 9 variables" in told
    assert "100&nbsp;%" in told
    overview = page(client, trained.curator, path(trained, "training"))
    assert "50&nbsp;%" in overview  # goal and the partners of four answers


def test_the_pupil_reads_answers_beside_gold_with_the_rule(trained: World, client: Client) -> None:
    coding = practise(trained, "policy", "200;220")
    told = page(client, pupil(trained), path(trained, "training-sheet", coding.pk))

    for words in (
        "policy Policy change",
        "regime Regime change",
        "The goal named first.",
        "only in yours",
        "0 of 2 right",
    ):
        assert words in told
    assert path(trained, "training-sheet", coding.pk) in page(
        client, pupil(trained), f"{path(trained, 'work')}?show=submitted"
    )
    sheet = page(client, pupil(trained), reverse("coding:sheet", args=[coding.pk]))
    assert ("What was right" in sheet, "Take back" in sheet) == (True, False)


def test_the_assign_form_says_who_is_not_certified(trained: World, client: Client) -> None:
    [other] = trained.more_cases(1)
    url = reverse("coding:case", args=[other.pk])
    before = page(client, trained.curator, url)
    certify(trained, "goal")

    after = page(client, trained.curator, url)
    assert "certified" not in before
    assert "pupil (coder, certified for 1 of 9 variables)" in after
    assert "adjudicator (adjudicator, not certified)" in after


def test_an_empty_project_says_how_training_begins(world: World, client: Client) -> None:
    assert "No gold answers yet" in page(client, world.curator, path(world, "training"))
    assert "No training yet" in page(client, world.coder_a, path(world, "training"))


# ------------------------------------------------------------------ what stays closed


@pytest.fixture
def sung(world: World) -> World:
    """An open case whose gold answer is a word found nowhere else, and two pupils on it."""
    for coding in (world.coding_a, world.coding_b):
        world.say(coding, "regime")
        world.say(coding, f"A story of the {GOLD}.", "story")
        world.say(coding, "220", "partners")
        world.say(world.sheet_of(coding.coder, "220"), "2", "sent")
        world.say(world.sheet_of(coding.coder, "220"), "77123", "strength")
        work.submit(coding=coding)
    work.verify(cell=world.cell("story"), by=world.adjudicator)
    work.mark_gold(case=world.case, reason="Sure", by=world.curator)
    for name in ("pupil", "other"):
        user = User.objects.create_user(name)
        Member.objects.create(project=world.project, user=user, role=Member.Role.CODER)
        setattr(world, name, user)
        work.train(case=world.case, coder=user, by=world.curator)
    return world


def hand_in(world: World, user: User) -> Coding:
    coding = Coding.objects.get(coder=user, case=world.case)
    world.say(coding, "policy")
    world.say(coding, f"Told by {OWN}.", "story")
    work.submit(coding=coding)
    return coding


def caught(client: Client, user: User, urls: list[str], words: tuple[str, ...]) -> list[str]:
    client.force_login(user)
    found = []
    for url in urls:
        answer = client.get(url)
        body = b"".join(answer) if answer.streaming else answer.content  # type: ignore[attr-defined]
        found += [f"{url}: {word}" for word in words if word in body.decode("utf-8", "replace")]
    return found


def test_no_page_shows_a_pupil_the_gold_answers_before_handing_in(
    sung: World, client: Client
) -> None:
    hidden = (GOLD, "77123", "US-1991-GUL/220")
    other: User = sung.other  # type: ignore[attr-defined]
    hand_in(sung, other)

    assert caught(client, pupil(sung), addresses(sung), hidden) == []
    searched = [f"{path(sung, 'cases')}?q={GOLD}", f"{path(sung, 'cases')}?unit=all&q=220"]
    assert caught(client, pupil(sung), searched, (f"{GOLD}.", "/220")) == []


def test_the_control_the_pupil_reads_gold_once_the_sheet_is_handed_in(
    sung: World, client: Client
) -> None:
    coding = hand_in(sung, pupil(sung))

    url = path(sung, "training-sheet", coding.pk)
    assert caught(client, pupil(sung), [url], (GOLD,)) != []
    assert "not marked" in page(client, pupil(sung), url)  # nobody tells a story in the same words


@pytest.mark.parametrize("who", ["other", "coder_a", "adjudicator", "curator", "outsider"])
def test_no_page_shows_anybody_else_what_a_pupil_answered(
    sung: World, client: Client, who: str
) -> None:
    hand_in(sung, pupil(sung))

    assert caught(client, getattr(sung, who), addresses(sung), (OWN,)) == []


# ------------------------------------------------------------------ queries


@pytest.mark.parametrize("more", [1, 3])
@pytest.mark.parametrize(
    ("name", "who", "queries"),
    [("training", "curator", 16), ("training-own", "pupil", 18), ("training-coder", "curator", 16)],
)
def test_each_page_costs_the_same_whatever_stands_on_it(
    trained: World,
    client: Client,
    django_assert_num_queries: DjangoAssertNumQueries,
    name: str,
    who: str,
    queries: int,
    more: int,
) -> None:
    for case in trained.more_cases(more):
        for coder in (trained.coder_a, trained.coder_b):
            coding = Coding.objects.get(case=case, coder=coder)
            trained.say(coding, "regime")
            work.submit(coding=coding)
        work.mark_gold(case=case, reason="Sure", by=trained.curator)
        coding = work.train(case=case, coder=pupil(trained), by=trained.curator)
        trained.say(coding, "regime")
        work.submit(coding=coding)
    certify(trained, *["goal", "troops", "story"][:more])
    arguments = [member(trained, pupil(trained)).pk] if name == "training-coder" else []
    client.force_login(getattr(trained, who))
    client.get(path(trained, name, *arguments))

    with django_assert_num_queries(queries):
        client.get(path(trained, name, *arguments))
