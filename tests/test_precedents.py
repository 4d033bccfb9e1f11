"""Precedents: marked, looked for, shown beside disputes and on sheets handed in, departed from."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from coding import blind, work
from coding.errors import Refused
from coding.evidence import Dossier, Evidence
from coding.models import Case, Coding, Ground, Precedent, Source
from coding.nearness import nearness
from coding.precedents import Asked, Shelf
from curation.releases.columns import columns_of
from curation.releases.evidence import cells_of
from curation.releases.long import CELLS, cell_rows
from tests.conftest import World

PATTERN = "Bombing alone: the first statement decides"
BOOK = "Archive of Wars"


def answered(world: World, case: Case, *said: str) -> Case:
    """Both coders hand in what they say of the goal."""
    for coding, text in zip(Coding.objects.filter(case=case).order_by("pk"), said, strict=True):
        world.say(coding, text)
        work.submit(coding=coding)
    return case


def goal_of(world: World, case: Case) -> Any:
    variable = world.entry("goal").variable
    return blind.all_cells(world.project).get(case=case, variable=variable)


def ruled(
    world: World,
    case: Case,
    text: str = "regime",
    reason: str = "As stated",
    cause: str = "rule_ambiguous",
) -> Any:
    return work.settle(
        cell=goal_of(world, case),
        entry=world.entry("goal"),
        text=text,
        cause=cause,
        reason=reason,
        by=world.adjudicator,
    )


def precedent(world: World, case: Case, text: str = "regime", pattern: str = PATTERN) -> Precedent:
    """A case in which the coders differed, its ruling a precedent."""
    answered(world, case, "regime", "policy")
    cell = ruled(world, case, text)
    return work.mark_precedent(cell=cell, pattern=pattern, by=world.adjudicator)


@pytest.fixture
def led(world: World) -> World:
    """A precedent, and a dispute in which the same answers differ."""
    [case] = world.more_cases(1)
    precedent(world, case)
    world.close("policy", "regime")
    return world


@pytest.fixture
def judge(led: World, client: Client) -> Client:
    client.force_login(led.adjudicator)
    return client


def evidence(world: World, viewer: User | None = None) -> Evidence:
    cells = Dossier(viewer or world.adjudicator, world.case).cells
    return next(e for e in cells if e.entry.name == "goal")


def rule(client: Client, world: World, **posted: Any) -> Any:
    cell = goal_of(world, world.case)
    url = reverse("coding:settle", args=[world.case.pk, cell.pk])
    said = {"act": "settle", "cause": "judgement", "reason": "As they say"}
    return client.post(url, {"seen": cell.since.isoformat()} | said | posted)


def shelf_url(world: World) -> str:
    return reverse("coding:precedents", args=[world.project.slug])


def found(world: World, viewer: User | None = None, **asked: str) -> list[str]:
    shelf = Shelf(viewer or world.adjudicator, world.project, Asked(**asked))
    return [row.pattern for row in shelf.page("1")]


# ------------------------------------------------------------------ which is near


def test_the_same_differing_answers_come_before_any_likeness_of_words() -> None:
    alike = nearness({"a", "b"}, {"b", "a"}, "bombing", "blockade")
    half = nearness({"a", "b"}, {"a", "c"}, "bombing alone", "bombing alone")
    worded = nearness({"a", "b"}, {"c", "d"}, "Bombing alone", "bombing, alone")

    assert alike > half > worded > nearness({"a", "b"}, {"c", "d"}, "bombing", "blockade")


def test_answers_that_do_not_differ_are_alike_to_nothing() -> None:
    assert nearness({"a"}, {"a"}, "", "")[0] is False


# ------------------------------------------------------------------ marked and withdrawn


def test_a_ruling_becomes_a_precedent_with_the_answers_that_differed(led: World) -> None:
    row = Precedent.objects.get()

    assert (row.pattern, row.answers, row.text) == (PATTERN, ["policy", "regime"], "regime")
    assert [h.history_user for h in row.history.all()] == [led.adjudicator]


def test_other_words_replace_the_first_and_history_keeps_both(led: World) -> None:
    row = Precedent.objects.get()
    work.mark_precedent(cell=row.cell, pattern="Bombing only", by=led.adjudicator)

    assert [p.pattern for p in Precedent.objects.all()] == ["Bombing only"]
    assert [h.pattern for h in row.history.all()] == ["Bombing only", PATTERN]


def test_an_open_dispute_is_no_precedent(led: World) -> None:
    with pytest.raises(Refused, match="settle the cell first"):
        work.mark_precedent(cell=goal_of(led, led.case), pattern="Too early", by=led.adjudicator)


def test_who_coded_the_case_marks_no_precedent_of_it(led: World) -> None:
    with pytest.raises(Refused, match="You coded this case"):
        work.mark_precedent(cell=Precedent.objects.get().cell, pattern="Mine", by=led.coder_a)


def test_a_precedent_without_words_is_refused(led: World) -> None:
    with pytest.raises(Refused, match="in words"):
        work.mark_precedent(cell=Precedent.objects.get().cell, pattern=" ", by=led.adjudicator)


def test_a_withdrawn_precedent_leads_nobody_and_is_kept_with_the_reason(
    led: World, judge: Client
) -> None:
    row = Precedent.objects.get()
    url = reverse("coding:withdraw-precedent", args=[led.project.slug, row.pk])

    assert judge.post(url, {"reason": " "}).status_code == 409
    assert judge.post(url, {"reason": "The codebook says it now"}).status_code == 302
    assert judge.post(url, {"reason": "Again"}).status_code == 409
    assert (found(led), found(led, state="gone")) == ([], [PATTERN])
    assert evidence(led).nearest == ()
    row.refresh_from_db()
    assert (row.withdrawn_by, row.withdrawn_reason) == (led.adjudicator, "The codebook says it now")


def test_a_precedent_whose_cell_is_ruled_anew_leads_nobody(led: World) -> None:
    ruled(led, Precedent.objects.get().cell.case, "policy")

    assert (found(led), found(led, state="gone")) == ([], [PATTERN])
    assert evidence(led).nearest == ()


@pytest.mark.parametrize("who", ["coder_a", "reader", "outsider"])
def test_precedents_are_looked_for_and_marked_by_those_who_adjudicate(
    led: World, client: Client, who: str
) -> None:
    client.force_login(getattr(led, who))
    row = Precedent.objects.get()
    mark = reverse("coding:mark-precedent", args=[row.cell.case_id, row.cell_id])
    withdraw = reverse("coding:withdraw-precedent", args=[led.project.slug, row.pk])

    assert client.get(shelf_url(led)).status_code == 404
    assert client.post(mark, {"pattern": "Mine"}).status_code == 404
    assert client.post(withdraw, {"reason": "Mine"}).status_code == 404
    assert list(Precedent.objects.values_list("pattern", "withdrawn_at")) == [(PATTERN, None)]


def test_who_is_not_signed_in_marks_nothing(led: World, client: Client) -> None:
    row = Precedent.objects.get()
    mark = reverse("coding:mark-precedent", args=[row.cell.case_id, row.cell_id])

    assert client.get(shelf_url(led)).status_code == 302
    assert client.post(mark, {"pattern": "Mine"}).status_code == 401
    assert Precedent.objects.get().pattern == PATTERN


def test_marking_on_the_page_leads_back_to_the_cell(led: World, judge: Client) -> None:
    cell = ruled(led, led.case)
    answer = judge.post(
        reverse("coding:mark-precedent", args=[led.case.pk, cell.pk]), {"pattern": "Here too"}
    )

    assert answer["Location"] == f"{reverse('coding:dispute', args=[led.case.pk])}#c-{cell.pk}"
    page = judge.get(reverse("coding:dispute", args=[led.case.pk])).content.decode()
    assert "<q>Here too</q>" in page


# ------------------------------------------------------------------ looked for


def test_precedents_are_found_by_words_and_by_variable(led: World) -> None:
    assert found(led, q="statement BOMBING") == [PATTERN]
    assert found(led, q="As stated") == [PATTERN]
    assert found(led, q="bombing blockade") == []
    assert found(led, variable="goal") == [PATTERN]
    assert found(led, variable="ended") == found(led, variable="unheard") == []
    assert found(led, state="unheard") == []


def test_an_adjudicator_finds_no_precedent_of_a_case_that_they_code(
    led: World, judge: Client
) -> None:
    case = Precedent.objects.get().cell.case
    work.assign(case=case, coder=led.adjudicator, codebook=led.codebook)

    assert found(led) == []
    assert evidence(led).nearest == ()
    assert PATTERN not in judge.get(shelf_url(led)).content.decode()
    assert rule(judge, led, take="policy").status_code == 303


def test_an_empty_shelf_says_how_a_precedent_comes_about(world: World, client: Client) -> None:
    client.force_login(world.curator)

    assert "No precedents yet" in client.get(shelf_url(world)).content.decode()
    narrow = client.get(shelf_url(world) + "?q=x").content.decode()
    assert "No precedent passes these filters" in narrow


@pytest.mark.parametrize("count", [1, 3])
def test_the_shelf_asks_the_same_number_of_questions_whatever_its_length(
    world: World, client: Client, django_assert_num_queries: DjangoAssertNumQueries, count: int
) -> None:
    for case in world.more_cases(count):
        precedent(world, case)
    client.force_login(world.adjudicator)
    with django_assert_num_queries(9):
        page = client.get(shelf_url(world)).content.decode()

    assert page.count(f">{PATTERN}</h2>") == count


# ------------------------------------------------------------------ beside the dispute


def test_the_nearest_precedent_stands_beside_the_dispute(led: World, judge: Client) -> None:
    [known] = evidence(led).nearest

    assert (known.is_alike, known.shown, known.differed) == (
        True,
        "regime Regime change",
        ["policy Policy change", "regime Regime change"],
    )
    page = judge.get(reverse("coding:dispute", args=[led.case.pk])).content.decode()
    assert PATTERN in page
    assert "the same answers differed" in page


@pytest.mark.parametrize("count", [1, 3])
def test_a_dispute_asks_the_same_number_of_questions_whatever_is_remembered(
    world: World, client: Client, django_assert_num_queries: DjangoAssertNumQueries, count: int
) -> None:
    for case in world.more_cases(count):
        precedent(world, case)
    world.close("policy", "regime")
    client.force_login(world.adjudicator)
    url = reverse("coding:dispute", args=[world.case.pk])
    client.get(url)  # who opens it first claims it
    with django_assert_num_queries(26):
        page = client.get(url).content.decode()

    assert page.count("the same answers differed") == count


def test_a_ruling_against_a_precedent_must_say_why(led: World, judge: Client) -> None:
    answer = rule(judge, led, take="policy")

    assert answer.status_code == 422
    said = answer.content.decode()
    assert "Case 0 is a precedent" in said
    assert "the ruling was regime Regime change. Say why it does not hold here." in said
    assert goal_of(led, led.case).status == "disputed"


def test_the_reason_and_the_history_keep_why_a_precedent_does_not_hold(
    led: World, judge: Client
) -> None:
    assert rule(judge, led, take="policy", departs="Troops came, too").status_code == 303

    cell = goal_of(led, led.case)
    kept = "As they say. Against the precedent Case 0: Troops came, too"
    assert (cell.text, cell.reason) == ("policy", kept)
    assert cell.history.latest().history_change_reason == kept


def test_leaving_a_dispute_open_for_good_departs_from_a_precedent_as_well(
    led: World, judge: Client
) -> None:
    assert rule(judge, led, act="leave").status_code == 422
    assert rule(judge, led, act="leave", departs="No source").status_code == 303


def test_a_ruling_that_follows_the_precedent_is_asked_nothing_more(
    led: World, judge: Client
) -> None:
    assert rule(judge, led, take="regime").status_code == 303
    assert goal_of(led, led.case).reason == "As they say"


def test_where_other_answers_differ_no_precedent_binds(world: World, client: Client) -> None:
    [case] = world.more_cases(1)
    precedent(world, case)
    world.close("policy", "territory")
    client.force_login(world.adjudicator)

    assert rule(client, world, take="territory").status_code == 303


def bulk(world: World, client: Client) -> str:
    url = reverse("coding:bulk", args=[world.project.slug])
    return client.get(url, {"rule": "certain", "coders": "2"}).content.decode()


def test_what_a_precedent_rules_otherwise_is_left_out_of_rulings_in_bulk(
    world: World, client: Client
) -> None:
    [case] = world.more_cases(1)
    precedent(world, case)
    world.say(world.coding_a, "regime", certainty=1)
    world.say(world.coding_b, "policy", certainty=4)
    work.submit(coding=world.coding_a)
    work.submit(coding=world.coding_b)
    client.force_login(world.adjudicator)
    assert "or a precedent rules otherwise" in bulk(world, client)

    work.withdraw_precedent(
        precedent=Precedent.objects.get(), reason="Misleads", by=world.adjudicator
    )
    assert "1 settled, 0 left for people" in bulk(world, client)


# ------------------------------------------------------------------ on the coder's sheet


def test_a_coder_reads_precedents_once_the_sheet_is_handed_in_and_never_before(
    world: World, client: Client
) -> None:
    [case] = world.more_cases(1)
    precedent(world, case)
    world.say(world.coding_a, "policy")
    client.force_login(world.coder_a)
    url = reverse("coding:sheet", args=[world.coding_a.pk])

    assert PATTERN not in client.get(url).content.decode()
    work.submit(coding=world.coding_a)
    assert PATTERN in client.get(url).content.decode()
    work.take_back(coding=world.coding_a)
    assert PATTERN not in client.get(url).content.decode()


def test_a_coder_who_codes_the_precedent_s_case_again_reads_nothing_of_it(
    led: World, client: Client
) -> None:
    case = Precedent.objects.get().cell.case
    client.force_login(led.coder_a)
    url = reverse("coding:sheet", args=[led.coding_a.pk])
    assert PATTERN in client.get(url).content.decode()

    work.assign(case=case, coder=led.coder_a, codebook=led.codebook, purpose="repeat")
    assert PATTERN not in client.get(url).content.decode()


# ------------------------------------------------------------------ the rule and the sources


@pytest.fixture
def cited(world: World, client: Client) -> tuple[World, Client]:
    world.say(world.coding_a, "regime")
    work.add_citation(coding=world.coding_a, entry=world.entry("goal"), source=BOOK, locator="p. 7")
    world.say(world.coding_b, "policy")
    work.submit(coding=world.coding_a)
    work.submit(coding=world.coding_b)
    client.force_login(world.adjudicator)
    return world, client


def grounds() -> list[tuple[str, str]]:
    return [(g.source.citation, g.locator) for g in Ground.objects.all()]


def test_a_ruling_names_the_rule_and_the_sources_that_decided(
    cited: tuple[World, Client],
) -> None:
    world, client = cited
    place = f"{Source.objects.get().pk}|p. 7"
    assert rule(client, world, take="regime", rule="story", ground=place).status_code == 303

    cell = goal_of(world, world.case)
    assert (cell.rule.name, grounds()) == ("story", [(BOOK, "p. 7")])
    desk = client.get(reverse("coding:dispute", args=[world.case.pk])).content.decode()
    assert "By the rule of <code>story</code>" in desk
    past = client.get(reverse("coding:history", args=[world.case.pk])).content.decode()
    assert "the cell is adjudicated by the rule of story" in past
    assert "rests the ruling on" in past
    page = client.get(reverse("coding:case", args=[world.case.pk])).content.decode()
    assert f"{BOOK}, p. 7" in page


def test_a_release_names_the_sources_of_a_ruling_among_its_citations(
    cited: tuple[World, Client],
) -> None:
    world, client = cited
    place = f"{Source.objects.get().pk}|p. 7"
    rule(client, world, take="policy", ground=place)
    cell = goal_of(world, world.case)
    rows = cells_of(world.project, [world.case.pk])

    assert rows[world.case.pk][cell.variable_id].grounds == (f"{BOOK}, p. 7",)
    [written] = cell_rows(
        ("intervention", "A"),
        columns_of([world.entry("goal")], {}),
        rows[world.case.pk],
        [],
        codebook=1,
        version="0.1.0",
        before={},
    )
    assert dict(zip(CELLS, written, strict=True))["citations"] == f"{BOOK}, p. 7"


def test_without_a_word_the_cell_s_own_rule_decides_and_no_source(
    cited: tuple[World, Client],
) -> None:
    world, client = cited
    rule(client, world, take="regime")

    assert (goal_of(world, world.case).rule, grounds()) == (world.entry("goal"), [])


def test_a_correction_rests_on_its_own_sources_and_opening_again_on_none(
    cited: tuple[World, Client],
) -> None:
    world, client = cited
    source = Source.objects.get()
    rule(client, world, take="regime", ground=f"{source.pk}|p. 7")
    rule(client, world, take="policy")
    assert grounds() == []

    rule(client, world, take="regime", ground=f"{source.pk}|p. 7")
    work.reopen(chosen=[goal_of(world, world.case)], reason="Misread", by=world.curator)
    assert (grounds(), goal_of(world, world.case).rule) == ([], None)
    assert [h.history_type for h in Ground.history.order_by("history_id")] == ["+", "-"] * 2


@pytest.mark.parametrize(
    "posted", [{"rule": "unheard"}, {"ground": "1|p. 9"}, {"ground": "nonsense"}]
)
def test_a_rule_or_a_source_that_nobody_knows_is_refused(
    cited: tuple[World, Client], posted: dict[str, str]
) -> None:
    world, client = cited
    answer = rule(client, world, take="regime", **posted)

    assert answer.status_code == 422
    assert "e-" in answer.content.decode()
    assert goal_of(world, world.case).status == "disputed"
