"""Verification of single and agreed cells: drawn, looked at, counted, and never silently lost."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from coding import blind, designs, reviewing, work
from coding.errors import Refused
from coding.models import Cell, Coding, Member, Review
from coding.work import Scope
from tests.conftest import World
from tests.test_publishing import merge, say_all, split
from tests.test_recodes import add, entry, published, say


def coded(world: World, cases: int = 0, text: str = "regime") -> None:
    """Both coders agree on the goal of the case, and of further ones."""
    world.close(text, text)
    for case in world.more_cases(cases):
        for coder in (world.coder_a, world.coder_b):
            coding = Coding.objects.get(case=case, coder=coder)
            world.say(coding, text)
            work.submit(coding=coding)


def start(world: World, kind: str = "all", **more: object) -> Review:
    scope = Scope(kind=kind, seed="seed", **more)  # type: ignore[arg-type]
    cells = reviewing.pool(world.curator, world.project, scope)
    return work.start_review(project=world.project, scope=scope, cells=cells, by=world.curator)


def rows(world: World, review: Review) -> list[blind.Checked]:
    seen = blind.verifications_for(world.adjudicator, world.project)
    return list(seen.filter(review=review).order_by("place"))


def correct(world: World, cell: Cell, text: str | None = "policy") -> Cell:
    entry = world.entry("goal")
    return work.settle(
        cell=cell, entry=entry, text=text, cause="slip", reason="p. 3", by=world.adjudicator
    )


def found(world: World, review: Review) -> reviewing.Found:
    return reviewing.Reading(world.adjudicator, world.project).found([review])[0]


# ------------------------------------------------------------------ what is drawn


def test_a_share_is_drawn_by_lot_and_anybody_can_draw_it_again(world: World) -> None:
    coded(world, 9)
    review = start(world, "share", share=30)
    names = [f"{row.cell.case.key} goal" for row in rows(world, review)]
    lot = [f"{world.case.key} goal", *(f"US-19{n:02d}-X goal" for n in range(9))]

    assert names == designs.drawn("seed", "review", lot)[:3]
    assert review.drawn_from == {"goal": 10}


def test_what_is_verified_disputed_or_ruled_on_is_not_drawn(world: World) -> None:
    coded(world, 2)
    cells = list(blind.all_cells(world.project).order_by("pk"))
    work.verify(cell=cells[0], by=world.adjudicator)
    correct(world, cells[1])
    review = start(world)

    assert [row.cell_id for row in rows(world, review)] == [cells[2].pk]


def test_doubtful_cells_are_those_of_which_somebody_was_not_sure(world: World) -> None:
    world.say(world.coding_a, "regime", certainty=1)
    world.say(world.coding_a, "5", "troops", certainty=4)
    world.say(world.coding_b, "regime")
    for coding in (world.coding_a, world.coding_b):
        work.submit(coding=coding)
    review = start(world, "doubtful", certainty=2)

    assert [row.text for row in rows(world, review)] == ["regime"]


def test_doubtful_cells_are_those_whose_rule_is_often_ambiguous(world: World) -> None:
    coded(world)
    second, third = world.more_cases(2)
    for coder in (world.coder_a, world.coder_b):
        coding = Coding.objects.get(case=second, coder=coder)
        world.say(coding, "regime")
        work.submit(coding=coding)
    for coder, text in ((world.coder_a, "regime"), (world.coder_b, "policy")):
        coding = Coding.objects.get(case=third, coder=coder)
        world.say(coding, text)
        work.submit(coding=coding)
    cell = blind.all_cells(world.project).get(case=third)
    work.settle(
        cell=cell,
        entry=world.entry("goal"),
        text="policy",
        cause="rule_ambiguous",
        reason="Both fit",
        by=world.adjudicator,
    )

    assert len(rows(world, start(world, "doubtful", ambiguous=1))) == 2
    with pytest.raises(Refused, match="fits this"):
        start(world, "doubtful", ambiguous=2)


# ------------------------------------------------------------------ what is found


def test_confirmed_and_corrected_cells_make_the_rate_of_error(world: World) -> None:
    coded(world, 3)
    review = start(world)
    first, second, third, _ = rows(world, review)
    work.verify(cell=first.cell, by=world.adjudicator)
    correct(world, second.cell)
    correct(world, third.cell, "regime")  # ruled on, and the same

    told = found(world, review)
    assert dict(told.all.states) == {"confirmed": 2, "corrected": 1, "waiting": 1}
    assert (told.all.rate.wrong, told.all.rate.of, told.all.rate.population) == (1, 3, 4)
    assert told.sentence == (
        "Of 3 cells looked at, 1 was wrong: 33.3%, 95% interval 25.0% to 50.0% of the 4 cells it "
        "was drawn from."
    )


def test_the_rate_of_doubtful_cells_is_said_to_speak_for_no_others(world: World) -> None:
    world.say(world.coding_a, "regime", certainty=1)
    world.say(world.coding_b, "regime")
    for coding in (world.coding_a, world.coding_b):
        work.submit(coding=coding)
    review = start(world, "doubtful", certainty=1)
    work.verify(cell=rows(world, review)[0].cell, by=world.adjudicator)

    assert found(world, review).sentence.endswith("says nothing of other cells.")


def test_a_cell_that_became_disputed_first_is_overtaken(world: World) -> None:
    coded(world)
    review = start(world)
    third = Member.objects.create(
        project=world.project, user=User.objects.create_user("coder_c"), role="coder"
    )
    coding = work.assign(case=world.case, coder=third.user, codebook=world.codebook)
    world.say(coding, "policy")
    work.submit(coding=coding)
    correct(world, world.cell())

    assert dict(found(world, review).all.states) == {"overtaken": 1}


def test_what_was_found_of_a_cell_that_is_opened_again_is_not_counted_any_more(
    world: World,
) -> None:
    coded(world)
    review = start(world)
    work.verify(cell=world.cell(), by=world.adjudicator)
    work.reopen(chosen=[world.cell()], reason="Misread", by=world.curator)
    opened = dict(found(world, review).all.states)
    correct(world, world.cell())

    assert opened == {"waiting": 1}
    assert dict(found(world, review).all.states) == {"corrected": 1}


def test_a_correction_that_waits_for_a_second_look_is_found_when_it_is_settled(
    world: World,
) -> None:
    work.ask_second(
        project=world.project,
        kind="second",
        votes=2,
        variable=None,
        share=100,
        seed="s",
        reason="",
        by=world.curator,
    )
    coded(world)
    review = start(world)
    correct(world, world.cell())
    before = dict(found(world, review).all.states)
    work.settle(
        cell=world.cell(),
        entry=world.entry("goal"),
        text="policy",
        cause="slip",
        reason="p. 4",
        by=world.curator,
    )

    assert (before, dict(found(world, review).all.states)) == ({"waiting": 1}, {"corrected": 1})


def test_nobody_verifies_what_they_coded(world: World) -> None:
    Member.objects.filter(user=world.coder_a).update(role=Member.Role.ADJUDICATOR)
    coded(world)
    row = rows(world, start(world))[0]

    with pytest.raises(Refused, match="You coded this case"):
        work.verify(cell=row.cell, by=world.coder_a)
    with pytest.raises(Refused, match="You coded this case"):
        work.return_cell(row=row, question="Why?", by=world.coder_a)


# ------------------------------------------------------------------ questions


def test_a_question_goes_to_who_coded_the_cell_and_comes_back_answered(world: World) -> None:
    coded(world)
    review = start(world)
    work.return_cell(row=rows(world, review)[0], question="Which page?", by=world.adjudicator)
    asked = blind.questions_for(world.coder_a, world.project)
    strangers = (world.outsider, world.adjudicator, world.reader)
    work.answer_question(row=asked.get(), answer="Page 4.", by=world.coder_a)

    assert [list(blind.questions_for(u, world.project)) for u in strangers] == [[], [], []]
    row = rows(world, review)[0]
    assert (row.state, row.question, row.answer) == ("answered", "Which page?", "Page 4.")
    with pytest.raises(Refused, match="answered"):
        work.answer_question(row=row, answer="Page 5.", by=world.coder_b)


def test_a_question_on_a_family_that_one_codes_again_stays_closed(world: World) -> None:
    coded(world)
    work.return_cell(row=rows(world, start(world))[0], question="Which?", by=world.adjudicator)
    work.assign(case=world.case, coder=world.coder_a, codebook=world.codebook, purpose="repeat")

    assert list(blind.questions_for(world.coder_a, world.project)) == []


def test_the_history_of_a_case_tells_what_was_asked_answered_and_found(
    world: World, client: Client
) -> None:
    coded(world)
    review = start(world)
    work.return_cell(row=rows(world, review)[0], question="Which page?", by=world.adjudicator)
    asked = blind.questions_for(world.coder_a, world.project).get()
    work.answer_question(row=asked, answer="Page 4.", by=world.coder_a)
    work.verify(cell=world.cell(), by=world.adjudicator)
    client.force_login(world.coder_b)
    page = client.get(reverse("coding:history", args=[world.case.pk])).content.decode()

    for told in ("returned with a question", "Which page?", "Page 4.", "Review 1: confirmed"):
        assert told in page


# ------------------------------------------------------------------ never silently unverified


def verified(world: World, name: str = "goal") -> Cell:
    return work.verify(cell=world.cell(name), by=world.adjudicator)


def late(world: World, text: str, name: str = "goal") -> None:
    user = User.objects.create_user("coder_c")
    Member.objects.create(project=world.project, user=user, role="coder")
    coding = work.assign(case=world.case, coder=user, codebook=world.codebook)
    if name != "goal":
        world.say(coding, "regime")
    world.say(coding, text, name)
    work.submit(coding=coding)


@pytest.mark.parametrize(("text", "flagged"), [("regime", False), ("policy", True)])
def test_a_later_coding_leaves_the_mark_and_flags_the_cell_where_it_differs(
    world: World, text: str, flagged: bool
) -> None:
    coded(world)
    verified(world)
    late(world, text)
    cell = world.cell()

    assert (cell.verified_by, cell.text, cell.flagged) == (world.adjudicator, "regime", flagged)


def test_what_need_not_agree_is_flagged_as_well_once_it_is_verified(world: World) -> None:
    world.close("once", "once", "story")
    verified(world, "story")
    late(world, "twice", "story")

    assert world.cell("story").flagged


def test_computing_again_keeps_the_mark(world: World) -> None:
    coded(world)
    verified(world)
    work.recompute(root=world.case)

    assert world.cell().verified_by == world.adjudicator
    assert list(work.drift(project=world.project)) == []


def test_a_new_codebook_that_changes_what_a_verified_cell_says_flags_it(world: World) -> None:
    say_all(world)
    verified(world)
    published(world, merge)
    cell = blind.all_cells(world.project).get(variable=entry(world, "goal").variable)

    assert (cell.text == "regime", cell.flagged) == (False, True)
    assert cell.verified_by == world.adjudicator


def test_a_verified_cell_that_is_coded_again_is_flagged_since_nobody_verified_it(
    world: World,
) -> None:
    say_all(world)
    verified(world)
    published(world, split)
    for sheet in Coding.objects.filter(purpose="recode"):
        say(sheet, "goal", "remove")
        work.submit(coding=sheet)
    cell = blind.all_cells(world.project).get(variable=entry(world, "goal").variable)

    assert (cell.status, cell.verified_at, cell.flagged) == ("agreed", None, True)


def test_what_is_added_to_the_codebook_touches_no_mark(world: World) -> None:
    say_all(world)
    verified(world)
    published(world, add)
    for sheet in Coding.objects.filter(purpose="top_up"):
        say(sheet, "begun", "1")
        work.submit(coding=sheet)
    cell = world.cell()

    assert (cell.verified_by, cell.flagged) == (world.adjudicator, False)


def test_check_cells_names_a_mark_that_went_without_an_act(world: World) -> None:
    coded(world)
    cell = verified(world)
    assert list(work.unverified(project=world.project)) == []
    Cell.objects.filter(pk=cell.pk).update(verified_by=None, verified_at=None)

    assert [d.case for d in work.unverified(project=world.project)] == [world.case.key]


def test_a_ruling_or_reopening_is_an_act_and_no_lost_mark(world: World) -> None:
    coded(world, 1)
    cells = list(blind.all_cells(world.project).order_by("pk"))
    for cell in cells:
        work.verify(cell=cell, by=world.adjudicator)
    correct(world, cells[0])
    work.reopen(chosen=[cells[1]], reason="Misread", by=world.curator)

    assert list(work.unverified(project=world.project)) == []


# ------------------------------------------------------------------ pages


def test_a_review_costs_the_same_queries_whatever_its_length(world: World, client: Client) -> None:
    coded(world, 2)
    one, three = start(world, "share", share=1), start(world)
    client.force_login(world.curator)
    counts = []
    for review in (one, one, three):
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(reverse("coding:review", args=["usmi", review.number]))
        counts.append((answer.status_code, len(queries)))

    assert counts[1] == counts[2]


@pytest.mark.parametrize("page", ["reviews", "questions", "second-looks"])
def test_a_list_costs_the_same_queries_for_three_as_for_one(
    world: World, client: Client, page: str
) -> None:
    coded(world, 2)
    user = world.coder_a if page == "questions" else world.curator
    client.force_login(user)
    address = reverse(f"coding:{page}", args=["usmi"])

    def one_more(place: int) -> None:
        review = start(world)
        work.return_cell(row=rows(world, review)[place], question="Why?", by=world.adjudicator)
        work.ask_second(
            project=world.project,
            kind="second",
            votes=2,
            variable=None,
            share=99 - place,
            seed="s",
            reason="",
            by=world.curator,
        )
        work.pass_by(project=world.project, rule="curator_codes", reason="Few", by=world.curator)

    counts = []
    for place in range(3):
        one_more(place)
        client.get(address)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        counts.append(len(queries))

    assert len(set(counts)) == 1


def test_from_cell_to_cell_by_the_page(world: World, client: Client) -> None:
    coded(world, 1)
    review = start(world)
    client.force_login(world.adjudicator)
    page = client.get(reverse("coding:next-cell", args=["usmi", review.number]), follow=True)
    cell = page.context["item"].evidence
    place = page.context["row"].place
    done = client.post(
        reverse("coding:settle", args=[page.context["case"].pk, cell.pk])
        + f"?review={review.number}&place={place}",
        {"act": "verify", "seen": cell.seen, "coder": world.adjudicator.pk},
        follow=True,
    )

    assert done.redirect_chain[-1][0].endswith(f"/{review.number}/2/?review=1&place=2")
    assert dict(found(world, review).all.states) == {"confirmed": 1, "waiting": 1}


def test_a_coder_answers_on_their_own_page(world: World, client: Client) -> None:
    coded(world)
    review = start(world)
    client.force_login(world.adjudicator)
    ask = reverse("coding:return-cell", args=["usmi", review.number, 1])
    assert client.post(ask, {"question": " "}).status_code == 422
    client.post(ask, {"question": "Which page?"})
    client.force_login(world.coder_a)
    assert b"1 question of reviewers" in client.get(reverse("coding:work", args=["usmi"])).content
    address = reverse("coding:answer-question", args=["usmi", rows(world, review)[0].pk])
    assert client.post(address, {"answer": ""}).status_code == 422
    client.post(address, {"answer": "Page 4."})

    assert rows(world, review)[0].answer == "Page 4."


def test_only_adjudicators_and_curators_see_reviews(world: World, client: Client) -> None:
    coded(world)
    start(world)
    pages = [
        reverse("coding:reviews", args=["usmi"]),
        reverse("coding:review", args=["usmi", 1]),
        reverse("coding:verification", args=["usmi", 1, 1]),
        reverse("coding:second-looks", args=["usmi"]),
    ]
    answers = {}
    for user in (world.adjudicator, world.curator, world.coder_a, world.outsider):
        client.force_login(user)
        answers[user.username] = {client.get(page).status_code for page in pages}

    assert answers == {
        "adjudicator": {200},
        "curator": {200},
        "coder_a": {404},
        "outsider": {404},
    }


def test_who_codes_a_case_that_others_finished_is_told_no_figures(
    world: World, client: Client
) -> None:
    coded(world, 1)
    review = start(world)
    work.verify(cell=rows(world, review)[0].cell, by=world.adjudicator)
    work.assign(case=world.case, coder=world.adjudicator, codebook=world.codebook)
    client.force_login(world.adjudicator)
    told = [
        client.get(reverse("coding:reviews", args=["usmi"])),
        client.get(reverse("coding:review", args=["usmi", review.number])),
    ]

    assert all(b"looked at" not in page.content for page in told)
