"""Rulings as they are posted from the side-by-side page."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from coding import work
from coding.models import Case, Coding
from tests.conftest import World
from tests.test_disputes import (
    RULING,
    disputed,
    hand_in,
    judge,
    page_url,
    rule,
    state,
)

__all__ = ["judge"]


def settled(world: World, name: str = "goal") -> tuple[str, str | None, str, str]:
    cell = world.cell(name)
    return cell.status, cell.text, cell.cause, cell.reason


def test_taking_a_coder_s_answer_settles_the_cell_and_leads_back_to_it(
    world: World, judge: Client
) -> None:
    world.close("regime", "policy")

    answer = rule(judge, world, take="policy")

    assert settled(world) == ("adjudicated", "policy", "judgement", "Source 3, p. 12")
    assert (answer.status_code, answer.headers["Location"]) == (
        303,
        f"{page_url(world.case)}#c-{world.cell().pk}",
    )


@pytest.mark.parametrize("script", [False, True])
def test_who_is_signed_out_rules_on_nothing_and_gets_back_what_was_typed(
    world: World, client: Client, script: bool
) -> None:
    world.close("regime", "policy")

    answer = rule(client, world, take="policy", reason="Typed for nothing?", script=script)

    assert (answer.status_code, state(world)) == (401, ("disputed", None))
    assert ("Typed for nothing?" in answer.text, page_url(world.case) in answer.text) == (
        not script,
        not script,
    )


def test_a_form_of_an_older_sign_in_gives_back_what_was_typed(world: World) -> None:
    world.close("regime", "policy")
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(world.adjudicator)

    answer = rule(strict, world, take="policy", reason="Typed for nothing?")

    assert (answer.status_code, state(world)) == (403, ("disputed", None))
    assert "Typed for nothing?" in answer.text


def test_a_page_that_was_opened_by_somebody_else_rules_on_nothing(
    world: World, judge: Client
) -> None:
    world.close("regime", "policy")
    coder = re.findall('name="coder" value="([^"]+)"', judge.get(page_url(world.case)).text)[0]
    judge.force_login(world.curator)

    answer = rule(judge, world, take="policy", coder=coder)

    assert (answer.status_code, state(world)) == (401, ("disputed", None))


def test_each_cell_is_saved_on_its_own(world: World, judge: Client) -> None:
    for coding, ended in ((world.coding_a, "0"), (world.coding_b, "1")):
        world.say(coding, ended, "ended")
        world.say(coding, "regime" if ended == "0" else "policy")
        work.submit(coding=coding)

    rule(judge, world, "ended", take="1")

    assert (state(world), state(world, "ended")) == (("disputed", None), ("adjudicated", "1"))


@pytest.mark.parametrize(
    ("name", "said", "posted", "expected"),
    [
        ("goal", ("regime", "policy"), {"text": "territory"}, "territory"),
        ("goal", ("regime", "policy"), {"text": "-99"}, "-99"),
        ("goal", ("regime", "policy"), {"take": "", "text": "territory"}, "territory"),
        ("troops", ("100", "200"), {"text": "0150"}, "150"),
        ("end_date", ("1991", "1992"), {"text": "28 Feb 1991"}, "1991-02-28"),
        ("end_date", ("1991", "1992"), {"text": "-88"}, "-88"),
    ],
)
def test_another_answer_is_kept_in_its_written_form(
    world: World,
    judge: Client,
    name: str,
    said: tuple[str, str],
    posted: dict[str, str],
    expected: str,
) -> None:
    world.close(*said, name)

    rule(judge, world, name, **posted)

    assert state(world, name) == ("adjudicated", expected)


@pytest.mark.parametrize(
    ("name", "posted", "complaint"),
    [
        ("troops", {}, "Take an answer, or give another."),
        ("troops", {"text": "6,000-10,000"}, "is not a whole number"),
        ("troops", {"text": "-1"}, "below the minimum"),
        ("troops", {"take": "100", "text": "150"}, "keep one of them"),
        ("troops", {"take": "150"}, "Nobody gave this answer"),
        ("troops", {"take": "100", "cause": ""}, "Choose why they differ."),
        ("troops", {"take": "100", "cause": "whim"}, "Select a valid choice."),
        ("troops", {"take": "100", "reason": "  "}, "Say why"),
        ("troops", {"take": "100", "seen": "yesterday"}, "out of date"),
        ("troops", {"act": "leave", "reason": ""}, "Say why"),
        ("end_date", {"text": "31 Feb 1991"}, "does not exist in the calendar"),
    ],
)
@pytest.mark.parametrize("script", [False, True])
def test_what_is_wrong_with_a_ruling_stands_beside_it_and_nothing_is_changed(
    world: World, judge: Client, name: str, posted: dict[str, str], complaint: str, script: bool
) -> None:
    world.close("100", "200") if name == "goal" else world.close(
        *{"troops": ("100", "200"), "end_date": ("1991", "1992")}[name], name
    )
    mine = {"reason": "Typed for nothing?"} | posted

    answer = rule(judge, world, name, script=script, **mine)

    assert (answer.status_code, state(world, name)) == (422, ("disputed", None))
    assert complaint in answer.text
    assert mine["reason"].strip() in answer.text
    assert ("<html" in answer.text) is not script


def test_a_cell_is_left_unresolved_with_a_cause_and_a_reason(world: World, judge: Client) -> None:
    world.close("regime", "policy")

    rule(judge, world, act="leave", cause="source_missing", reason="No source says.")

    assert settled(world) == ("unresolved", None, "source_missing", "No source says.")
    assert "Left unresolved" in judge.get(page_url(world.case)).text


@pytest.mark.parametrize("script", [False, True])
def test_the_second_of_two_rulings_is_told_what_the_first_decided_and_loses_no_word(
    world: World, judge: Client, script: bool
) -> None:
    world.close("regime", "policy")
    seen = world.cell().since.isoformat()
    world.settle("policy", by=world.curator)

    answer = rule(judge, world, take="regime", seen=seen, reason="My own words.", script=script)

    assert answer.status_code == 409
    assert "Somebody else ruled on this cell meanwhile" in answer.text
    assert "policy Policy change" in answer.text
    assert "My own words." in answer.text
    assert settled(world) == ("adjudicated", "policy", "judgement", "Source 3, p. 12")


def test_after_seeing_the_other_ruling_one_may_correct_it(world: World, judge: Client) -> None:
    world.close("regime", "policy")
    seen = world.cell().since.isoformat()
    world.settle("policy", by=world.curator)
    answer = rule(judge, world, take="regime", seen=seen, script=True)

    now = re.findall('name="seen" value="([^"]+)"', answer.text)[0]
    rule(judge, world, take="regime", seen=now)

    assert state(world) == ("adjudicated", "regime")


def test_a_script_gets_the_cell_as_it_stands_and_the_counts_around_it(
    world: World, judge: Client
) -> None:
    world.close("regime", "policy")
    cell = world.cell()

    answer = rule(judge, world, take="policy", script=True)

    assert answer.status_code == 200
    assert set(re.findall(r'<\w+ [^>]*\bid="([a-z]+(?:-\d+)?)"', answer.text)) >= {
        f"c-{cell.pk}",
        "counts",
        "place",
        "family",
    }
    assert "Settled as <b>policy Policy change</b> by adjudicator" in answer.text


def test_an_agreed_cell_is_verified_and_says_by_whom(world: World, judge: Client) -> None:
    world.close("regime", "regime")

    rule(judge, world, act="verify", cause="", reason="")

    cell = world.cell()
    assert (cell.status, cell.text, cell.verified_by) == ("agreed", "regime", world.adjudicator)
    assert "Verified by adjudicator" in judge.get(page_url(world.case)).text


def contradict(world: World) -> None:
    """The curator codes the case later and says something else."""
    late = work.assign(case=world.case, coder=world.curator, codebook=world.codebook)
    world.say(late, "territory")
    work.submit(coding=late)
    assert world.cell().flagged


def test_verifying_a_flagged_cell_again_answers_its_flag(world: World, judge: Client) -> None:
    world.close("regime", "regime")
    rule(judge, world, act="verify", cause="", reason="")
    contradict(world)
    assert 'value="verify"' in judge.get(page_url(world.case)).text

    rule(judge, world, act="verify", cause="", reason="")

    cell = world.cell()
    assert (cell.flagged, cell.text, cell.verified_by) == (False, "regime", world.adjudicator)


def test_settling_a_flagged_cell_again_answers_its_flag(world: World, judge: Client) -> None:
    world.close("regime", "policy")
    world.settle("policy")
    contradict(world)

    rule(judge, world, take="policy")

    assert (world.cell().flagged, world.cell().text) == (False, "policy")


def test_a_disputed_cell_cannot_be_verified(world: World, judge: Client) -> None:
    world.close("regime", "policy")

    answer = rule(judge, world, act="verify")

    assert (answer.status_code, world.cell().verified_by) == (409, None)


@pytest.mark.parametrize("how", ["agreed", "settled", "verified"])
def test_a_cell_that_is_not_disputed_is_corrected_by_the_same_act(
    world: World, judge: Client, how: str
) -> None:
    world.close("regime", "policy" if how == "settled" else "regime")
    if how == "settled":
        world.settle("policy")
    if how == "verified":
        work.verify(cell=world.cell(), by=world.curator)

    rule(judge, world, text="territory", cause="slip", reason="Both misread it.")

    assert settled(world) == ("adjudicated", "territory", "slip", "Both misread it.")
    assert world.cell().verified_by is None


def test_a_computed_cell_is_shown_but_not_ruled_on(world: World, judge: Client) -> None:
    for coding in (world.coding_a, world.coding_b):
        world.say(coding, "1000", "troops")
        world.say(coding, "200", "partners")
        world.say(world.sheet_of(coding.coder, "200"), "250", "strength")
        hand_in(world, coding, "200")
    partner, cell = Case.objects.get(key="US-1991-GUL/200"), world.cell("share")

    page = judge.get(f"{page_url(partner)}?show=computed").text
    answer = judge.post(
        reverse("coding:settle", args=[partner.pk, cell.pk]),
        RULING | {"text": "0.5", "seen": cell.since.isoformat()},
    )

    assert ("double(strength)" in page, "data-ruling" in page) == (True, False)
    assert (answer.status_code, state(world, "share")) == (409, ("derived", "0.25"))


def test_who_coded_a_case_sees_its_evidence_but_no_form_and_is_refused(
    world: World, client: Client
) -> None:
    coding = work.assign(case=world.case, coder=world.curator, codebook=world.codebook)
    world.say(coding, "policy")
    work.submit(coding=coding)
    world.close("regime", "policy")
    client.force_login(world.curator)

    page = client.get(page_url(world.case)).text
    answer = rule(client, world, take="policy")

    found = {word: word in page for word in ("You coded this case", "Regime change")}
    assert found == dict.fromkeys(found, True)
    assert ("data-ruling" in page, "cb-tag" in page) == (False, False)
    assert (answer.status_code, state(world)) == (409, ("disputed", None))
    assert "You coded this case: someone else must adjudicate it." in answer.text


def test_coders_settle_their_case_where_the_project_reconciles_by_discussion(
    world: World, client: Client
) -> None:
    world.project.reconcile_by_discussion = True
    world.project.save()
    world.close("regime", "policy")
    client.force_login(world.coder_a)

    answer = rule(client, world, take="policy")

    assert (answer.status_code, state(world)) == (303, ("adjudicated", "policy"))


def test_a_cell_of_another_case_or_of_a_case_one_codes_is_not_found(
    world: World, judge: Client
) -> None:
    world.close("regime", "policy")
    mine, other = world.cell(), disputed(world, 1)[0]
    elsewhere = reverse("coding:settle", args=[other.pk, mine.pk])
    here = reverse("coding:settle", args=[world.case.pk, mine.pk])
    posted = RULING | {"take": "policy", "seen": mine.since.isoformat()}
    answers = [judge.post(elsewhere, posted).status_code]
    work.assign(case=world.case, coder=world.adjudicator, codebook=world.codebook)
    answers.append(judge.post(here, posted).status_code)

    mine.refresh_from_db()
    assert (answers, mine.status) == ([404, 404], "disputed")


def test_a_page_that_is_loaded_again_after_an_error_leads_back_to_the_case(
    world: World, judge: Client
) -> None:
    world.close("regime", "policy")
    cell = world.cell().pk

    answer = judge.get(reverse("coding:settle", args=[world.case.pk, cell]))

    assert answer.headers["Location"] == f"{page_url(world.case)}#c-{cell}"


def test_settling_keeps_the_filters_of_the_queue(world: World, judge: Client) -> None:
    world.close("regime", "policy")
    cell = world.cell()
    url = reverse("coding:settle", args=[world.case.pk, cell.pk])

    answer = judge.post(
        f"{url}?variable=goal",
        {"seen": cell.since.isoformat(), "take": "policy", "cause": "slip", "reason": "So."},
    )

    assert answer.headers["Location"] == f"{page_url(world.case)}?variable=goal#c-{cell.pk}"


@pytest.mark.parametrize("coders", [2, 4])
@pytest.mark.parametrize("cells", [1, 3])
def test_the_page_asks_the_same_number_of_questions_whatever_is_on_it(
    world: World,
    judge: Client,
    django_assert_num_queries: DjangoAssertNumQueries,
    cells: int,
    coders: int,
) -> None:
    codings = [world.coding_a, world.coding_b]
    for coder in (world.curator, world.reader)[: coders - 2]:
        coding = Coding(case=world.case, coder=coder, codebook=world.codebook)
        coding.save()
        codings.append(coding)
    for n, coding in enumerate(codings):
        for name, texts in {
            "goal": ("regime", "policy", "regime", "policy"),
            "troops": ("1", "2", "3", "4"),
            "ended": ("0", "1", "0", "1"),
        }.items():
            if name == "goal" or cells == 3:
                world.say(coding, texts[n], name)
                work.add_citation(
                    coding=coding, entry=world.entry(name), source=f"Source {n}", quote=name
                )
    for coding in codings:
        work.submit(coding=coding)
    judge.get(page_url(world.case))

    with django_assert_num_queries(26):
        page = judge.get(page_url(world.case)).text
    assert page.count('data-group="open"') == cells
