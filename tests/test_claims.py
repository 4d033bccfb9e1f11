"""Who settles what: claims that expire, assigned disputes, and views of the queue that are kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from coding import work
from coding.bulk import BulkRule, Proposed
from coding.errors import Refused
from coding.models import Claim, SavedView
from coding.work.claims import Shared
from tests.conftest import World
from tests.test_disputes import (
    disputed,
    evidence,
    judge,
    listed,
    page_url,
    queue,
    queue_url,
    rule,
    state,
)

__all__ = ["judge"]


@pytest.fixture
def other(world: World) -> Client:
    """A browser in which the curator is signed in."""
    client = Client()
    client.force_login(world.curator)
    return client


def expire() -> None:
    Claim.objects.update(until=timezone.now() - timedelta(minutes=1))


def take_over(client: Client, world: World, **posted: str) -> Any:
    return client.post(reverse("coding:take-over", args=[world.case.pk]), posted)


# ------------------------------------------------------------------ claims


def test_opening_a_case_with_disputes_claims_it_for_half_an_hour(
    world: World, judge: Client
) -> None:
    world.close("regime", "policy")

    page = judge.get(page_url(world.case)).text

    [claim] = Claim.objects.all()
    assert (claim.case, claim.user) == (world.case, world.adjudicator)
    assert claim.until is not None
    assert timedelta(minutes=29) < claim.until - timezone.now() <= timedelta(minutes=30)
    assert "yours until" in page


def test_others_are_told_who_settles_it_and_until_when_on_the_page_and_in_the_queue(
    world: World, judge: Client, other: Client
) -> None:
    world.close("regime", "policy")
    judge.get(page_url(world.case))
    [claim] = Claim.objects.all()
    assert claim.until is not None
    until = f"{timezone.localtime(claim.until):%H:%M}"

    page, listing = other.get(page_url(world.case)).text, other.get(queue_url(world)).text

    assert f"This case is being settled by adjudicator until {until}." in page
    assert "being settled by adjudicator until" in listing
    assert f">{until}</time>" in listing
    assert Claim.objects.get().user == world.adjudicator


def test_a_ruling_on_what_somebody_else_settles_is_refused_and_nothing_typed_is_lost(
    world: World, judge: Client, other: Client
) -> None:
    world.close("regime", "policy")
    judge.get(page_url(world.case))

    answer = rule(other, world, take="policy", reason="A long thought", script=True)

    assert (answer.status_code, state(world)) == (409, ("disputed", None))
    for words in ("being settled by adjudicator", "Take it over with a reason", "A long thought"):
        assert words in answer.text
    assert rule(judge, world, take="policy", script=True).status_code == 200


def test_a_case_is_taken_over_with_a_reason_that_stays(
    world: World, judge: Client, other: Client
) -> None:
    world.close("regime", "policy")
    judge.get(page_url(world.case))

    assert take_over(other, world, reason=" ").status_code == 409
    assert take_over(other, world, reason="She is on leave").status_code == 302

    claim = Claim.objects.get()
    assert claim.user == world.curator
    latest = claim.history.latest("history_id")
    assert (latest.history_change_reason, latest.history_user) == (
        "She is on leave",
        world.curator,
    )
    assert rule(judge, world, take="policy", script=True).status_code == 409
    assert rule(other, world, take="policy", script=True).status_code == 200


def test_an_expired_claim_is_as_if_it_were_not_there(
    world: World, judge: Client, other: Client
) -> None:
    world.close("regime", "policy")
    judge.get(page_url(world.case))
    expire()

    assert "being settled" not in other.get(queue_url(world)).text
    assert rule(other, world, take="policy", script=True).status_code == 200


def test_who_comes_after_a_claim_expired_has_it(world: World, judge: Client, other: Client) -> None:
    world.close("regime", "policy")
    judge.get(page_url(world.case))
    expire()
    other.get(page_url(world.case))

    assert Claim.objects.get().user == world.curator
    assert Claim.objects.get().is_live


def test_acting_renews_a_claim_that_is_about_to_expire(world: World, judge: Client) -> None:
    world.close("regime", "policy")
    judge.get(page_url(world.case))
    soon = timezone.now() + timedelta(minutes=2)
    Claim.objects.update(until=soon)

    rule(judge, world, take="policy", script=True)

    until = Claim.objects.get().until
    assert until is not None
    assert until > soon + timedelta(minutes=20)


def test_two_adjudicators_on_one_cell_one_wins_the_other_is_told_and_nothing_is_lost(
    world: World, judge: Client, other: Client
) -> None:
    world.close("regime", "policy")
    seen = world.cell().since
    said = {"entry": world.entry("goal"), "cause": "judgement", "seen": seen}
    work.settle(cell=world.cell(), text="policy", reason="First", by=world.adjudicator, **said)

    with pytest.raises(Refused, match="Somebody else ruled on this cell meanwhile"):
        work.settle(cell=world.cell(), text="regime", reason="Second", by=world.curator, **said)

    assert state(world) == ("adjudicated", "policy")
    told = rule(other, world, take="regime", reason="Second", seen=seen.isoformat(), script=True)
    assert (told.status_code, "Second" in told.text) == (409, True)
    assert sorted(c.text for c in evidence(world).columns) == ["policy", "regime"]


def test_a_case_without_disputes_and_one_that_the_reader_coded_are_not_claimed(
    world: World, judge: Client
) -> None:
    world.close("regime", "regime")
    case = disputed(world, 1)[0]
    late = work.assign(case=case, coder=world.adjudicator, codebook=world.codebook)
    world.say(late, "territory")
    work.submit(coding=late)

    judge.get(page_url(world.case))
    judge.get(page_url(case))

    assert not Claim.objects.exists()


def test_a_coder_who_settles_by_discussion_is_not_named(world: World, judge: Client) -> None:
    world.project.reconcile_by_discussion = True
    world.project.save()
    world.close("regime", "policy")
    work.claim(case=world.case, by=world.coder_a)

    page = judge.get(page_url(world.case)).text

    assert "being settled by a coder until" in page
    assert "coder_a" not in page
    assert "coder_a" not in judge.get(queue_url(world)).text


def test_who_codes_the_case_again_learns_nothing_of_its_claim(world: World, judge: Client) -> None:
    world.close("regime", "policy")
    work.claim(case=world.case, by=world.curator)
    work.assign(case=world.case, coder=world.adjudicator, codebook=world.codebook)

    for url in (page_url(world.case), queue_url(world)):
        assert "settled by" not in judge.get(url).text


def test_a_batch_of_rulings_passes_claims_by_but_not_what_was_seen(world: World) -> None:
    world.close("regime", "policy")
    work.claim(case=world.case, by=world.adjudicator)

    with pytest.raises(Refused, match="being settled by adjudicator"):
        world.settle("policy", by=world.curator)
    proposed = Proposed(world.cell().pk, world.entry("goal"), "policy", world.cell().since)
    work.rule_in_bulk(
        project=world.project,
        rule=BulkRule("majority", 2, None),
        proposed=[proposed],
        cause="slip",
        reason="Most say so.",
        by=world.curator,
    )

    assert state(world) == ("adjudicated", "policy")


@pytest.mark.parametrize(
    ("claim", "expected"), [("mine", ["US-1991-GUL"]), ("free", ["US-1901-X"]), ("others", [])]
)
def test_the_queue_tells_mine_from_nobodys_and_from_somebody_elses(
    world: World, claim: str, expected: list[str]
) -> None:
    world.close("regime", "policy")
    theirs, _ = disputed(world, 2)
    work.claim(case=world.case, by=world.adjudicator)
    work.claim(case=theirs, by=world.curator)
    found = queue(world, claim=claim)

    assert [key for key, _ in listed(found)] == (expected or [theirs.key])
    facet = next(f for f in found.facets if f.name == "claim")
    assert [(o.value, o.count) for o in facet.options] == [("mine", 1), ("free", 1), ("others", 1)]


@pytest.mark.parametrize("who", ["coder_a", "reader", "outsider"])
def test_whoever_may_not_settle_takes_nothing_over(world: World, client: Client, who: str) -> None:
    world.close("regime", "policy")
    client.force_login(getattr(world, who))

    assert take_over(client, world, reason="Mine").status_code == 404
    assert not Claim.objects.exists()


# ------------------------------------------------------------------ assigned disputes


def test_disputes_are_shared_out_evenly_and_nobody_gets_what_they_coded(world: World) -> None:
    cases = disputed(world, 5)
    late = work.assign(case=cases[0], coder=world.adjudicator, codebook=world.codebook)
    world.say(late, "territory")
    work.submit(coding=late)

    done = work.share_out(
        project=world.project,
        disputes={case.pk: 1 for case in cases},
        to=[world.adjudicator, world.curator],
        by=world.curator,
    )

    assert sorted(done.given.values()) == [2, 3]
    assert Claim.objects.get(case=cases[0]).user == world.curator
    assert not Claim.objects.exclude(until=None).exists()


def test_what_somebody_settles_now_and_what_all_of_them_coded_is_left(world: World) -> None:
    one, two = disputed(world, 2)
    work.claim(case=one, by=world.curator)

    done = work.share_out(
        project=world.project,
        disputes={one.pk: 1, two.pk: 2},
        to=[world.coder_a],
        by=world.curator,
    )

    assert done == Shared({"coder_a": 0}, coded=2, claimed=1)


def test_a_curator_assigns_what_the_filters_leave_and_takes_it_back(
    world: World, other: Client
) -> None:
    world.close("100", "200", "troops")
    disputed(world, 2)
    url = f"{reverse('coding:share-out', args=[world.project.slug])}?variable=goal"

    assert "2 disputes in 2 cases" in other.get(url).text
    assert other.post(url).status_code == 422
    sent = other.post(url, {"to": [world.adjudicator.pk]}, follow=True)

    assert "adjudicator 2" in sent.text
    assert listed(queue(world, claim="mine")) == listed(queue(world, variable="goal"))
    assert "assigned to adjudicator" in sent.text
    assert other.post(url, {"back": "1"}).status_code == 302
    assert not Claim.objects.exists()


@pytest.mark.parametrize("who", ["adjudicator", "coder_a", "outsider"])
def test_only_curators_assign_disputes(world: World, client: Client, who: str) -> None:
    client.force_login(getattr(world, who))

    assert client.get(reverse("coding:share-out", args=[world.project.slug])).status_code == 404


def test_an_assigned_case_does_not_expire_and_is_refused_to_others(
    world: World, judge: Client, other: Client
) -> None:
    world.close("regime", "policy")
    work.share_out(
        project=world.project,
        disputes={world.case.pk: 1},
        to=[world.adjudicator],
        by=world.curator,
    )
    other.get(page_url(world.case))

    assert rule(other, world, take="policy", script=True).status_code == 409
    assert "assigned to you" in judge.get(page_url(world.case)).text
    assert Claim.objects.get().until is None


# ------------------------------------------------------------------ kept views


def keep(client: Client, world: World, **posted: str) -> Any:
    return client.post(reverse("coding:keep-view", args=[world.project.slug]), posted, follow=True)


def test_a_view_is_kept_under_a_name_and_leads_back_to_its_filters(
    world: World, judge: Client
) -> None:
    world.close("regime", "policy")

    page = keep(judge, world, view="Aims, gravest first", section="Aims", sort="-severity").text

    assert 'href="?section=Aims&amp;sort=-severity" aria-current="true">Aims, gravest first' in page
    [view] = SavedView.objects.all()
    assert (view.member.user, view.query) == (world.adjudicator, "section=Aims&sort=-severity")


def test_the_same_name_is_given_anew_and_a_view_needs_one(world: World, judge: Client) -> None:
    keep(judge, world, view="Mine", unit="partner")
    keep(judge, world, view="Mine", claim="mine")

    assert "Give the view a name." in keep(judge, world, view=" ", claim="mine").text
    assert list(SavedView.objects.values_list("name", "query")) == [("Mine", "claim=mine")]


def test_views_are_seen_and_taken_away_by_who_keeps_them_only(
    world: World, judge: Client, other: Client
) -> None:
    keep(judge, world, view="Mine", claim="mine")
    [view] = SavedView.objects.all()
    url = reverse("coding:drop-view", args=[world.project.slug, view.pk])

    assert "Mine" not in other.get(f"{queue_url(world)}?q=x").text
    assert other.post(url).status_code == 404
    assert judge.post(url).status_code == 302
    assert not SavedView.objects.exists()
