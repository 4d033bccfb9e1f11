from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from coding import blind, work
from coding.disputes import Queue
from coding.evidence import Dossier, Evidence
from coding.filters import Asked
from coding.models import Case, Coding, Member
from coding.places import Place
from tests.conftest import World

RULING = {"act": "settle", "cause": "judgement", "reason": "Source 3, p. 12"}


def queue(world: World, viewer: User | None = None, **asked: str) -> Queue:
    return Queue(viewer or world.adjudicator, world.project, Asked(**asked))


def listed(found: Queue, page: str = "1") -> list[tuple[str, str]]:
    return [(row.case.key, row.entry.name) for row in found.rows(found.page(page))]


def disputed(world: World, count: int, region: str = "") -> list[Case]:
    """Further cases, each with one dispute about its goal."""
    cases = world.more_cases(count)
    for case in cases:
        if region:
            case.facts = {"region": region}
            case.save()
        for coding, text in zip(codings_of(case), ("regime", "policy"), strict=True):
            world.say(coding, text)
            work.submit(coding=coding)
    return cases


def hand_in(world: World, coding: Coding, states: str, sent: str = "2", **said: str) -> None:
    """A sheet with partners, each of which sent the same."""
    for name, text in ({"goal": "regime", "partners": states} | said).items():
        world.say(coding, text, name)
    for state in states.split(";"):
        world.say(world.sheet_of(coding.coder, state), sent, "sent")
    work.submit(coding=coding)


def codings_of(case: Case) -> list[Coding]:
    return list(Coding.objects.filter(case=case).select_related("coder").order_by("pk"))


def evidence(world: World, name: str = "goal", viewer: User | None = None) -> Evidence:
    cells = Dossier(viewer or world.adjudicator, world.case).cells
    return next(e for e in cells if e.entry.name == name)


def queue_url(world: World) -> str:
    return reverse("coding:disputes", args=[world.project.slug])


def page_url(case: Case) -> str:
    return reverse("coding:dispute", args=[case.pk])


def rule(client: Client, world: World, name: str = "goal", **posted: Any) -> Any:
    """Post a ruling on a cell of the world's case, as its form does."""
    cell = world.cell(name)
    url = reverse("coding:settle", args=[world.case.pk, cell.pk])
    script = {"X-Requested-With": "fetch"} if posted.pop("script", False) else {}
    return client.post(url, {"seen": cell.since.isoformat()} | RULING | posted, headers=script)


def state(world: World, name: str = "goal") -> tuple[str, str | None]:
    cell = world.cell(name)
    return cell.status, cell.text


@pytest.fixture
def judge(world: World, client: Client) -> Client:
    """A browser in which the adjudicator is signed in."""
    client.force_login(world.adjudicator)
    return client


# ------------------------------------------------------------------ the queue


def test_the_queue_has_a_row_for_each_dispute_with_the_values_that_differ(world: World) -> None:
    third = work.assign(case=world.case, coder=world.curator, codebook=world.codebook)
    for coding, text in ((world.coding_a, "regime"), (world.coding_b, "policy"), (third, "policy")):
        world.say(coding, text)
        world.say(coding, "none", "partners")
        work.submit(coding=coding)

    found = queue(world)

    assert [(row.entry.name, row.said) for row in found.rows(found.page("1"))] == [
        ("goal", [("policy Policy change", 2), ("regime Regime change", 1)])
    ]


def test_of_a_disputed_set_the_queue_counts_the_members_that_differ(world: World) -> None:
    hand_in(world, world.coding_a, "200;220")
    hand_in(world, world.coding_b, "200;255")

    found = queue(world, variable="partners")

    assert [row.said for row in found.rows(found.page("1"))] == [
        [("1 agreed", 0), ("France (220)", 1), ("Germany (255)", 1)]
    ]


def test_the_queue_is_for_those_who_settle_disputes(world: World, client: Client) -> None:
    world.close("regime", "policy")
    answers = {}
    for name in ("coder_a", "adjudicator", "curator", "reader", "outsider"):
        client.force_login(getattr(world, name))
        answers[name] = client.get(queue_url(world)).status_code

    assert answers == {
        "coder_a": 404,
        "adjudicator": 200,
        "curator": 200,
        "reader": 404,
        "outsider": 404,
    }


def test_who_is_not_signed_in_is_asked_to(world: World, client: Client) -> None:
    world.close("regime", "policy")
    for url in (queue_url(world), page_url(world.case)):
        assert client.get(url).headers["Location"] == f"{reverse('login')}?next={url}"


def test_a_case_that_is_still_closed_is_not_in_the_queue(world: World) -> None:
    world.say(world.coding_a, "canary")
    work.submit(coding=world.coding_a)
    world.say(world.coding_b, "regime")

    assert listed(queue(world)) == []


def test_an_adjudicator_who_codes_a_case_does_not_see_its_disputes(world: World) -> None:
    world.close("regime", "policy")
    work.assign(case=world.case, coder=world.adjudicator, codebook=world.codebook)

    assert (listed(queue(world)), len(listed(queue(world, world.curator)))) == ([], 1)


def test_partners_stand_below_their_case_and_its_next_case_below_them(world: World) -> None:
    hand_in(world, world.coding_a, "200", sent="1", troops="100")
    hand_in(world, world.coding_b, "200", sent="2", troops="200")
    Case.objects.filter(pk=world.case.pk).update(key="US-1900-A")
    later = disputed(world, 1)[0]

    assert listed(queue(world)) == [
        ("US-1900-A", "troops"),
        ("US-1991-GUL/200", "sent"),
        (later.key, "goal"),
    ]


def test_the_counts_beside_every_filter_add_up(world: World) -> None:
    world.close("100", "200", "troops")
    disputed(world, 2, region="Europe")

    whole = queue(world)
    narrowed = queue(world, region="Europe", variable="goal")

    names = ("unit", "section", "variable", "severity", "region", "period", "age", "claim", "talk")
    assert {facet.name: facet.total for facet in whole.facets} == dict.fromkeys(names, 3)
    assert {facet.name: facet.total for facet in narrowed.facets} == dict.fromkeys(
        (*names, "pair"), 2
    )
    assert [(o.value, o.count) for o in whole.facets[4].options] == [("-", 1), ("Europe", 2)]


def test_a_chosen_filter_still_tells_what_its_other_choices_hold(world: World) -> None:
    world.close("100", "200", "troops")
    disputed(world, 2, region="Europe")

    regions = next(f for f in queue(world, region="Europe").facets if f.name == "region")

    assert [(o.value, o.count) for o in regions.options] == [("-", 1), ("Europe", 2)]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"unit": "intervention"}, 3),
        ({"unit": "partner"}, 0),
        ({"section": "Dates"}, 1),
        ({"variable": "goal"}, 2),
        ({"region": "Europe"}, 2),
        ({"region": "Europe", "variable": "troops"}, 0),
        ({"q": "desert"}, 1),
        ({"q": "main GOAL"}, 2),
        ({"q": "US-1900"}, 1),
        ({"age": "day"}, 3),
        ({"age": "older"}, 0),
        ({"age": "nonsense"}, 0),
        ({"unit": "'; DROP TABLE coding_case; --"}, 0),
    ],
)
def test_filters_narrow_the_queue_and_its_total(
    world: World, asked: dict[str, str], expected: int
) -> None:
    world.close("100", "200", "troops")
    disputed(world, 2, region="Europe")

    found = queue(world, **asked)

    assert (found.total, len(listed(found))) == (expected, expected)


def test_the_age_of_a_dispute_decides_which_filter_finds_it(world: World) -> None:
    world.close("regime", "policy")
    now = timezone.now() + timedelta(days=12)

    found = queue(world)
    found.now = now

    assert [o.value for facet in found.facets if facet.name == "age" for o in facet.options] == [
        "month"
    ]


def test_a_long_queue_comes_in_pages(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coding.disputes.PER_PAGE", 2)
    keys = [case.key for case in disputed(world, 3)]

    found = queue(world)

    assert [[key for key, _ in listed(found, page)] for page in ("1", "2", "99")] == [
        keys[:2],
        keys[2:],
        keys[2:],
    ]


def test_a_partner_s_region_is_that_of_its_case(world: World) -> None:
    world.case.facts = {"region": "Middle East"}
    world.case.save()
    hand_in(world, world.coding_a, "200", sent="1")
    hand_in(world, world.coding_b, "200", sent="2")

    assert listed(queue(world, region="Middle East")) == [("US-1991-GUL/200", "sent")]


def test_the_queue_leads_from_case_to_case_under_its_filters(world: World) -> None:
    world.close("regime", "policy")
    one, two, three = disputed(world, 3)

    place = Place(queue(world), two)
    only = Place(queue(world, q="Desert"), two)

    assert (place.number, place.of, place.previous, place.next) == (2, 4, one.pk, three.pk)
    assert (only.number, only.of, only.previous, only.next) == (1, 1, None, world.case.pk)


@pytest.mark.parametrize("count", [1, 3])
def test_the_queue_asks_the_same_number_of_questions_whatever_its_length(
    world: World, judge: Client, django_assert_num_queries: DjangoAssertNumQueries, count: int
) -> None:
    disputed(world, count)
    judge.get(queue_url(world))  # the codebook is read once per process

    with django_assert_num_queries(15):
        judge.get(queue_url(world))


def test_a_filter_stands_there_unless_it_tells_nothing_apart(world: World, judge: Client) -> None:
    world.close("regime", "policy")

    page = judge.get(queue_url(world)).text

    assert re.findall(r'<select name="(\w+)"', page) == [
        *("unit", "section", "variable", "severity", "age")
    ]


def flagged(world: World, more: int = 0) -> None:
    """Settled cells that the curator, who codes the cases later, contradicts."""
    world.close("regime", "policy")
    world.settle("policy")
    for case in [world.case, *world.more_cases(more)]:
        if case != world.case:
            for coding in codings_of(case):
                world.say(coding, "policy")
                work.submit(coding=coding)
            [cell] = blind.all_cells(world.project).filter(case=case)
            work.verify(cell=cell, by=world.adjudicator)
        late = work.assign(case=case, coder=world.curator, codebook=world.codebook)
        world.say(late, "territory")
        work.submit(coding=late)


def test_a_settled_cell_that_a_later_coding_contradicts_stands_in_the_queue_as_flagged(
    world: World, judge: Client
) -> None:
    flagged(world)

    assert (queue(world).total, queue(world, state="flagged").total) == (0, 1)
    assert queue(world, state="nonsense").total == 0
    told = judge.get(f"{queue_url(world)}?state=flagged").text
    for words in ("policy Policy change</b> stands", "territory Territory", "1 flagged in 1 case"):
        assert words in told
    assert "?state=flagged" in judge.get(queue_url(world)).text
    assert f"{page_url(world.case)}?state=flagged#c-" in told


def test_who_codes_the_case_again_knows_of_no_flag(world: World, client: Client) -> None:
    flagged(world)
    work.assign(case=world.case, coder=world.adjudicator, codebook=world.codebook)

    assert queue(world, state="flagged").total == queue(world).flagged == 0


@pytest.mark.parametrize("count", [0, 2])
def test_flagged_cells_cost_the_same_number_of_questions_whatever_their_number(
    world: World, judge: Client, django_assert_num_queries: DjangoAssertNumQueries, count: int
) -> None:
    flagged(world, count)
    judge.get(queue_url(world))

    with django_assert_num_queries(15):
        judge.get(f"{queue_url(world)}?state=flagged")
    assert queue(world, state="flagged").total == count + 1


def test_nothing_flagged_says_what_a_flag_is(world: World, judge: Client) -> None:
    world.close("regime", "policy")

    assert "Nothing is flagged" in judge.get(f"{queue_url(world)}?state=flagged").text
    assert "state=flagged" not in judge.get(queue_url(world)).text


def test_an_empty_queue_says_why(world: World, judge: Client) -> None:
    assert "nothing to settle" in judge.get(queue_url(world)).text
    assert "No dispute passes these filters" in judge.get(f"{queue_url(world)}?q=x").text


# ------------------------------------------------------------------ the page of a case


def test_the_page_of_a_case_is_for_those_who_settle_disputes(world: World, client: Client) -> None:
    world.close("regime", "policy")
    answers = {}
    for name in ("coder_a", "adjudicator", "curator", "reader", "outsider"):
        client.force_login(getattr(world, name))
        answers[name] = (
            client.get(page_url(world.case)).status_code,
            rule(client, world, take="x"),
        )

    assert {name: (page, post.status_code) for name, (page, post) in answers.items()} == {
        "coder_a": (404, 404),
        "adjudicator": (200, 422),
        "curator": (200, 422),
        "reader": (404, 404),
        "outsider": (404, 404),
    }


def test_what_each_coder_said_stands_side_by_side_with_its_evidence(world: World) -> None:
    world.say(world.coding_a, "regime", certainty=2, note="Two histories differ.")
    work.add_citation(
        coding=world.coding_a,
        entry=world.entry("goal"),
        source="Memoirs",
        locator="p. 36",
        quote="we went for him",
    )
    work.submit(coding=world.coding_a)
    world.say(world.coding_b, "policy", certainty=4)
    work.submit(coding=world.coding_b)

    columns = {c.text: c for c in evidence(world).columns}

    assert sorted(c.name for c in columns.values()) == ["Coder A", "Coder B"]
    assert columns["regime"].shown == "regime Regime change"
    assert (columns["regime"].certainty, columns["regime"].note) == (2, "Two histories differ.")
    assert [(p.source, p.locator, p.quote) for p in columns["regime"].passages] == [
        ("Memoirs", "p. 36", "we went for him")
    ]
    assert (columns["policy"].certainty, columns["policy"].passages) == (4, ())


@pytest.mark.parametrize("viewer", ["adjudicator", "curator"])
def test_no_page_of_disputes_names_a_coder_whoever_looks(
    world: World, client: Client, viewer: str
) -> None:
    for n, coder in enumerate((world.coder_a, world.coder_b)):
        User.objects.filter(pk=coder.pk).update(
            username=f"zanzibar{n}", first_name="Zanzibar", last_name="Zanzibar"
        )
        Member.objects.filter(user=coder).update(pseudonym=f"zanzibar-{n}")
    world.close("regime", "policy")
    client.force_login(getattr(world, viewer))
    pages = [client.get(queue_url(world)), client.get(page_url(world.case))]
    pages += [rule(client, world, take="policy", reason="", script=script) for script in (0, 1)]
    pages += [rule(client, world, take="policy", script=True), client.get(page_url(world.case))]

    assert [page.status_code for page in pages] == [200, 200, 422, 422, 200, 200]
    assert [re.findall("(?i)zanzibar", page.text) for page in pages] == [[]] * 6
    assert "Coder A" in pages[1].text


def test_who_submits_last_is_not_named_as_the_author_of_a_ruling(
    world: World, client: Client
) -> None:
    world.close("regime", "policy")
    world.settle("policy")
    late = work.assign(case=world.case, coder=world.curator, codebook=world.codebook)
    world.say(late, "territory")
    client.force_login(world.curator)
    client.post(reverse("coding:submit", args=[late.pk]))

    found = evidence(world)

    assert (found.flagged, found.ruled_by) == (True, "adjudicator")


def test_a_closed_case_has_a_page_without_a_single_answer(world: World, judge: Client) -> None:
    world.say(world.coding_a, "canary")
    work.submit(coding=world.coding_a)

    page = judge.get(page_url(world.case))

    assert "Nothing to compare yet" in page.text
    assert "A rare bird" not in page.text


def test_agreed_single_and_settled_cells_stand_on_the_page_with_counts_that_add_up(
    world: World, judge: Client
) -> None:
    for coding, ended in ((world.coding_a, "0"), (world.coding_b, "1")):
        world.say(coding, "regime")
        world.say(coding, ended, "ended")
        world.say(coding, "500", "troops")
    world.say(world.coding_a, "A story.", "story")
    for coding in (world.coding_a, world.coding_b):
        work.submit(coding=coding)
    world.settle("450", "troops")

    counts = Dossier(world.adjudicator, world.case).counts
    shown = judge.get(f"{page_url(world.case)}?show=agreed").text

    assert counts == {"open": 1, "settled": 1, "agreed": 1, "single": 2, "computed": 0}
    assert re.findall(r'data-group="(\w+)"', shown) == ["agreed"]


def test_what_two_of_three_coders_say_is_marked_and_what_each_says_alone_is_not(
    world: World,
) -> None:
    third = work.assign(case=world.case, coder=world.curator, codebook=world.codebook)
    for coding, text in ((world.coding_a, "regime"), (world.coding_b, "policy"), (third, "policy")):
        world.say(coding, text)
        world.say(coding, "none", "partners")
        work.submit(coding=coding)
    adjudicator = Client()
    adjudicator.force_login(world.adjudicator)

    page = adjudicator.get(reverse("coding:dispute", args=[world.case.pk])).content.decode()

    assert page.count("<small>2 of 3</small>") == 2
