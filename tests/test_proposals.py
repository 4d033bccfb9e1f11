"""From a dispute to the codebook: the draft at its entry, or a note to curators."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from coding import drafts, work
from coding.models import Proposal
from tests.conftest import World
from tests.test_precedents import goal_of

WORDS = "The goal is what the first statement names."


@pytest.fixture
def disputed(world: World) -> World:
    world.close("regime", "policy")
    return world


def propose_url(world: World) -> str:
    return reverse("coding:propose", args=[world.case.pk, goal_of(world, world.case).pk])


def proposed(world: World) -> Proposal:
    return work.propose(
        project=world.project,
        variable=world.entry("goal").variable,
        words=WORDS,
        by=world.adjudicator,
    )


def test_an_adjudicator_leaves_curators_a_note_that_stands_beside_the_draft(
    disputed: World, client: Client
) -> None:
    client.force_login(disputed.adjudicator)
    assert "Desert Storm" in client.get(propose_url(disputed)).content.decode()
    assert client.post(propose_url(disputed), {"words": WORDS}).status_code == 302

    client.force_login(disputed.curator)
    page = client.get(reverse("coding:draft", args=[disputed.project.slug])).content.decode()
    assert WORDS in page
    [kept] = Proposal.objects.all()
    assert (kept.by, kept.variable) == (disputed.adjudicator, disputed.entry("goal").variable)


def test_a_proposal_without_words_is_refused_beside_its_field(
    disputed: World, client: Client
) -> None:
    client.force_login(disputed.adjudicator)
    answer = client.post(propose_url(disputed), {"words": "  "})

    assert answer.status_code == 422
    assert "Say what the codebook should say." in answer.content.decode()
    assert Proposal.objects.count() == 0


def test_a_curator_is_led_to_the_entry_of_the_draft_with_the_disputes_beside_it(
    disputed: World, client: Client
) -> None:
    client.force_login(disputed.curator)
    assert "Start a draft" in client.get(propose_url(disputed)).content.decode()

    drafts.start(project=disputed.project)
    answer = client.get(propose_url(disputed), follow=True)
    entry = reverse("coding:draft-entry", args=[disputed.project.slug, "goal"])
    assert answer.redirect_chain == [(f"{entry}?argued=1", 302)]
    page = answer.content.decode()
    assert "Disputes that argue for a change" in page
    assert "Desert Storm" in page


def test_the_draft_shows_no_dispute_of_a_case_that_its_curator_codes(
    disputed: World, client: Client
) -> None:
    drafts.start(project=disputed.project)
    work.assign(case=disputed.case, coder=disputed.curator, codebook=disputed.codebook)
    client.force_login(disputed.curator)
    url = reverse("coding:draft-entry", args=[disputed.project.slug, "goal"])

    assert "Desert Storm" not in client.get(url).content.decode()
    assert client.get(propose_url(disputed)).status_code == 404


@pytest.mark.parametrize("who", ["coder_a", "reader", "outsider"])
def test_others_propose_nothing(disputed: World, client: Client, who: str) -> None:
    client.force_login(getattr(disputed, who))

    assert client.get(propose_url(disputed)).status_code == 404
    assert client.post(propose_url(disputed), {"words": WORDS}).status_code == 404
    assert Proposal.objects.count() == 0


def test_who_is_not_signed_in_proposes_nothing(disputed: World, client: Client) -> None:
    assert client.get(propose_url(disputed)).status_code == 302
    assert client.post(propose_url(disputed), {"words": WORDS}).status_code == 401


def test_a_curator_answers_a_proposal_once(disputed: World, client: Client) -> None:
    row = proposed(disputed)
    url = reverse("coding:answer-proposal", args=[disputed.project.slug, row.pk])
    client.force_login(disputed.adjudicator)
    assert client.post(url, {"answer": "Done"}).status_code == 404

    client.force_login(disputed.curator)
    assert client.post(url, {"answer": " "}).status_code == 409
    assert client.post(url, {"answer": "In codebook 2"}).status_code == 302
    assert client.post(url, {"answer": "Again"}).status_code == 409
    row.refresh_from_db()
    assert (row.closed_by, row.answer) == (disputed.curator, "In codebook 2")
    page = client.get(reverse("coding:draft", args=[disputed.project.slug])).content.decode()
    assert WORDS not in page
    client.force_login(disputed.adjudicator)
    assert "<q>In codebook 2</q>" in client.get(propose_url(disputed)).content.decode()
