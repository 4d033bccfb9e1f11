"""Many disputes settled by one rule at once, and taken back at once."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from coding import blind, work
from coding.bulk import BulkRule, Said
from coding.errors import Refused
from coding.models import Batch, Case, Cell, Member
from tests.conftest import World
from tests.test_publishing import GOAL, drafted, published


def third(world: World) -> User:
    """A third coder of the project."""
    user = User.objects.create_user("coder_c", password="secret")
    Member.objects.create(project=world.project, user=user, role=Member.Role.CODER)
    return user


def coded_by_three(world: World, *goals: str, count: int = 1, certainty: int | None = 4) -> None:
    """The case, and more of them, coded by three people who say these goals."""
    coder = third(world)
    cases = [world.case, *world.more_cases(count - 1)]
    for case in cases:
        work.assign(case=case, coder=coder, codebook=world.codebook)
    for case in cases:
        for person, goal in zip((world.coder_a, world.coder_b, coder), goals, strict=True):
            coding = blind.codings_for(person).get(case=case, coder=person)
            world.say(coding, goal, certainty=certainty)
            work.submit(coding=coding)


def client(user: User) -> Client:
    found = Client()
    found.force_login(user)
    return found


def cell_of(world: World) -> Cell:
    """The goal of the first case."""
    cells = blind.all_cells(world.project).filter(case=world.case)
    return cells.get(variable=world.entry("goal").variable)


def settle_by_hand(world: World, by: User) -> None:
    work.settle(
        cell=cell_of(world),
        entry=world.entry("goal"),
        text="territory",
        cause="judgement",
        reason="Source 3, p. 12",
        by=by,
    )


def goal_cells(world: World) -> list[tuple[str, str | None, str]]:
    cells = blind.all_cells(world.project).filter(variable=world.entry("goal").variable)
    return list(cells.order_by("case__key").values_list("status", "text", "cause"))


def bulk_url(world: World, rule: str = "majority", coders: int = 3, more: str = "") -> str:
    address = reverse("coding:bulk", args=[world.project.slug])
    return f"{address}?rule={rule}&coders={coders}{more}"


def stamp(page: str) -> str:
    found = re.search(r'name="stamp" value="(\w+)"', page)
    assert found
    return found[1]


def ruled(world: World, user: User | None = None, more: str = "") -> Batch:
    judge = client(user or world.adjudicator)
    url = bulk_url(world, more=more)
    said = {
        "cause": "slip",
        "reason": "Two of three read it so.",
        "stamp": stamp(judge.get(url).text),
    }
    assert judge.post(url, said).status_code == 302
    return world.project.batches.get()


@pytest.mark.parametrize(
    ("said", "rule", "taken"),
    [
        (("regime", "regime", "policy"), BulkRule("majority"), "regime"),
        (("regime", "policy", "territory"), BulkRule("majority"), None),
        (("regime", "regime"), BulkRule("majority"), None),
        (("regime", "regime"), BulkRule("majority", coders=2), "regime"),
        (("regime", "regime", "policy", "policy"), BulkRule("majority"), None),
    ],
)
def test_the_majority_is_more_than_half_of_enough_coders(
    world: World, said: tuple[str, ...], rule: BulkRule, taken: str | None
) -> None:
    assert rule.answer([Said(text, None) for text in said], world.entry("goal")) == taken


def test_only_those_who_are_sure_enough_are_counted_but_all_are_counted_against(
    world: World,
) -> None:
    said = [Said("regime", 4), Said("regime", 2), Said("policy", 4)]

    assert BulkRule("majority", 3, 3).answer(said, world.entry("goal")) is None
    assert BulkRule("majority", 3, 2).answer(said, world.entry("goal")) == "regime"


def test_the_surest_is_followed_where_nobody_as_sure_says_otherwise(world: World) -> None:
    entry, rule = world.entry("goal"), BulkRule("certain", coders=2)

    assert rule.answer([Said("regime", 3), Said("policy", 2)], entry) == "regime"
    assert rule.answer([Said("regime", 3), Said("policy", 3)], entry) is None
    assert rule.answer([Said("regime", None), Said("policy", None)], entry) is None


def test_the_page_shows_what_the_rule_takes_and_writes_nothing(world: World) -> None:
    coded_by_three(world, "regime", "regime", "policy", count=2)

    page = client(world.adjudicator).get(bulk_url(world)).text

    assert "2 settled, 0 left for people" in page
    assert page.count("<strong>regime Regime change</strong>") == 2
    assert goal_cells(world) == [("disputed", None, "")] * 2


def test_a_batch_settles_all_of_them_with_the_rule_in_the_reason(world: World) -> None:
    coded_by_three(world, "regime", "regime", "policy", count=2)

    batch = ruled(world)

    assert goal_cells(world) == [("adjudicated", "regime", "slip")] * 2
    assert cell_of(world).reason == (
        "Two of three read it so. (what most coders say, of at least 3 coders)"
    )
    assert batch.by == world.adjudicator


def test_a_batch_is_taken_back_as_one_but_not_what_was_ruled_on_since(world: World) -> None:
    coded_by_three(world, "regime", "regime", "policy", count=2)
    batch = ruled(world)
    settle_by_hand(world, world.adjudicator)

    page = client(world.adjudicator).post(
        reverse("coding:undo-batch", args=[world.project.slug, batch.pk]),
        {"reason": "The rule was read wrongly."},
        follow=True,
    )

    assert "1 ruling opened again." in page.text
    assert "1 cell ruled on anew since is left as it is" in page.text
    found = goal_cells(world)
    assert sorted(found) == [("adjudicated", "territory", "judgement"), ("disputed", None, "")]
    assert list(work.drift(project=world.project)) == []
    with pytest.raises(Refused, match="already"):
        work.undo_batch(batch=batch, reason="again", by=world.adjudicator)


def test_what_a_batch_leaves_is_what_the_codings_give_by_then(world: World) -> None:
    coded_by_three(world, "regime", "regime", "policy")
    batch = ruled(world)
    draft = drafted(world, lambda v: v[GOAL].update(compare=False))
    published(world, draft)

    work.undo_batch(batch=batch, reason="The rule was read wrongly.", by=world.adjudicator)

    assert goal_cells(world) == [("single", "regime", "")]
    assert list(work.drift(project=world.project)) == []


def test_what_changed_since_the_preview_stops_the_whole_batch(world: World) -> None:
    coded_by_three(world, "regime", "regime", "policy", count=2)
    judge, url = client(world.adjudicator), bulk_url(world)
    seen = stamp(judge.get(url).text)
    settle_by_hand(world, world.curator)

    answer = judge.post(url, {"cause": "slip", "reason": "Most.", "stamp": seen})

    assert answer.status_code == 409
    assert "nothing was ruled" in answer.text
    assert Batch.objects.count() == 0
    assert ("disputed", None, "") in goal_cells(world)


def test_nobody_rules_in_bulk_on_cases_that_they_coded(world: World) -> None:
    coded_by_three(world, "regime", "regime", "policy")
    Member.objects.filter(user=world.coder_a).update(role=Member.Role.ADJUDICATOR)

    page = client(world.coder_a).get(bulk_url(world)).text

    assert "The rule takes no answer here" in page


def test_rosters_are_left_for_people(world: World) -> None:
    coder = third(world)
    work.assign(case=world.case, coder=coder, codebook=world.codebook)
    for person, states in ((world.coder_a, "200"), (world.coder_b, "200"), (coder, "220")):
        coding = blind.codings_for(person).get(case=world.case, coder=person)
        world.say(coding, "regime")
        world.say(coding, states, "partners")
        sheet = world.sheet_of(person, states)
        world.say(sheet, "1", "sent")
        work.submit(coding=coding)

    page = client(world.adjudicator).get(bulk_url(world)).text

    assert world.cell("partners").status == "disputed"
    assert "The rule takes no answer here" in page


def test_a_batch_needs_a_cause_and_a_reason(world: World) -> None:
    coded_by_three(world, "regime", "regime", "policy")
    judge, url = client(world.adjudicator), bulk_url(world)

    answer = judge.post(url, {"stamp": stamp(judge.get(url).text)})

    assert answer.status_code == 422
    assert "Choose why they differ." in answer.text
    assert "Say why." in answer.text
    assert Batch.objects.count() == 0


def test_a_coders_cells_of_one_variable_are_opened_again_whatever_they_had_come_to(
    world: World,
) -> None:
    world.close("regime", "regime")
    (other,) = world.more_cases(1)
    said = {
        "coder": world.project.members.get(user=world.coder_a).pk,
        "variable": world.entry("goal").variable_id,
        "reason": "Read the goal from the wrong column.",
    }
    curator = client(world.curator)
    url = reverse("coding:reopen", args=[world.project.slug])

    looked = curator.post(url, said).text
    before = goal_cells(world)
    curator.post(url, said | {"confirm": "1"})
    work.recompute(root=world.case)

    assert "1 cell will be disputed again." in looked
    assert before == [("agreed", "regime", "")]
    assert goal_cells(world) == [("disputed", None, "")]
    assert world.cell().reason == "Opened again: Read the goal from the wrong column."
    assert list(work.drift(project=world.project)) == []
    assert Case.objects.filter(pk=other.pk).exists()


def test_a_cell_opened_again_is_settled_like_any_other(world: World) -> None:
    world.close("regime", "regime")
    work.reopen(chosen=[world.cell()], reason="Look again.", by=world.curator)

    cell = world.settle("policy")

    assert (cell.status, cell.text, cell.reopened) == ("adjudicated", "policy", False)


@pytest.mark.parametrize("name", ["bulk", "batches", "reopen"])
@pytest.mark.parametrize("who", ["coder_a", "reader", "outsider"])
def test_whoever_may_not_settle_finds_no_page(world: World, name: str, who: str) -> None:
    answer = client(getattr(world, who)).get(reverse(f"coding:{name}", args=["usmi"]))

    assert answer.status_code == 404


def test_only_curators_open_cells_again(world: World) -> None:
    url = reverse("coding:reopen", args=["usmi"])

    assert client(world.adjudicator).get(url).status_code == 404
    assert client(world.curator).get(url).status_code == 200


def test_a_stranger_takes_back_no_batch(world: World) -> None:
    coded_by_three(world, "regime", "regime", "policy")
    batch = ruled(world)
    url = reverse("coding:undo-batch", args=["elsewhere", batch.pk])

    assert client(world.outsider).post(url, {"reason": "x"}).status_code == 404
    assert Cell.objects.filter(batch=batch).count() == 1


@pytest.mark.parametrize("count", [1, 3])
def test_the_preview_asks_the_same_number_of_questions_whatever_its_length(
    world: World, django_assert_num_queries: DjangoAssertNumQueries, count: int
) -> None:
    coded_by_three(world, "regime", "regime", "policy", count=count)
    judge = client(world.adjudicator)
    judge.get(bulk_url(world))

    with django_assert_num_queries(13):
        judge.get(bulk_url(world))
