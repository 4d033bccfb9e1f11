"""Another tolerance: the same answers are compared anew, and nobody is asked again."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from coding import blind, codebooks, publishing, work
from coding.models import Case, Cell, Codebook, Coding, Recoding, Value, Variable
from coding.publishing import Ruling
from tests.conftest import World
from tests.test_cells import past
from tests.test_publishing import GOAL, TROOPS, drafted, everything, published

PAGE = "/projects/usmi/codebook/draft/publish/"


def within(near: int | None) -> Callable[[list[dict[str, Any]]], None]:
    def edit(variables: list[dict[str, Any]]) -> None:
        variables[TROOPS].pop("tolerance", None)
        variables[TROOPS] |= {} if near is None else {"tolerance": near}

    return edit


def coded(world: World, *troops: tuple[str, str]) -> list[Case]:
    """Cases on which both coders say how many troops; the first is the world's own."""
    cases = [world.case, *world.more_cases(len(troops) - 1)]
    for case, said in zip(cases, troops, strict=True):
        for coder, text in zip((world.coder_a, world.coder_b), said, strict=True):
            coding = Coding.objects.get(case=case, coder=coder)
            world.say(coding, "regime")
            world.say(coding, text, "troops")
            work.submit(coding=coding)
    return cases


def cell(world: World, case: Case) -> Cell:
    return blind.all_cells(world.project).get(case=case, variable=world.entry("troops").variable)


def foreseen(world: World, draft: Codebook) -> work.Compared:
    (told,) = publishing.compared_anew(draft, {}, world.curator)
    return told


def test_a_wider_tolerance_closes_the_disputes_that_lie_within_it(world: World) -> None:
    near, far = coded(world, ("100", "104"), ("100", "200"))
    before = everything(Value), everything(Variable), Value.history.count()
    draft = drafted(world, within(5))

    told = foreseen(world, draft)
    done = published(world, draft)

    assert [(s.cell.case, s.now) for s in told.closed] == [(near, ("agreed", "100"))]
    assert [(c.name, c.closed, c.opened, c.queued) for c in done] == [("troops", 1, 0, 0)]
    assert (cell(world, near).status, cell(world, near).text) == ("agreed", "100")
    assert cell(world, far).status == "disputed"
    assert past(cell(world, near))[-1] == (
        "agreed",
        "100",
        "codebook 2, compared anew: equal within 5, before: equal",
    )
    assert Cell.history.filter(id=cell(world, near).pk).first().history_user == world.curator
    assert before == (everything(Value), everything(Variable), Value.history.count())
    assert not Recoding.objects.exists()
    assert not Coding.objects.open().exists()
    assert list(work.drift(project=world.project)) == []


def test_a_narrower_tolerance_opens_what_no_longer_agrees(world: World) -> None:
    published(world, drafted(world, within(10)))
    world.codebook = codebooks.current(world.project) or world.codebook
    near, far = coded(world, ("100", "102"), ("100", "108"))
    draft = drafted(world, within(5))

    told = foreseen(world, draft)
    published(world, draft)

    assert [s.cell.case for s in told.opened] == [far]
    assert [cell(world, case).status for case in (near, far)] == ["agreed", "disputed"]
    assert cell(world, far).distance > 0
    assert list(work.drift(project=world.project)) == []


def test_what_is_settled_stays_settled_and_is_flagged_where_it_differs(world: World) -> None:
    cases = coded(world, ("100", "104"), ("100", "104"), ("100", "104"), ("100", "104"))
    for case, text in zip(cases, ("100", "300", None, ""), strict=True):
        if text != "":
            work.settle(
                cell=cell(world, case),
                entry=world.entry("troops"),
                text=text,
                cause="slip",
                reason="Page 3.",
                by=world.adjudicator,
            )
    draft = drafted(world, within(5))

    told = foreseen(world, draft)
    published(world, draft)

    assert (told.settled, [c.case for c in told.flagged]) == (3, cases[1:3])
    stand = [(c.status, c.text, c.flagged) for c in (cell(world, case) for case in cases)]
    assert stand == [
        ("adjudicated", "100", False),
        ("adjudicated", "300", True),
        ("unresolved", None, True),
        ("agreed", "100", False),
    ]
    assert list(work.drift(project=world.project)) == []


def test_a_verified_agreement_that_is_none_any_more_is_flagged_and_kept(world: World) -> None:
    published(world, drafted(world, within(10)))
    world.codebook = codebooks.current(world.project) or world.codebook
    (case,) = coded(world, ("100", "108"))
    work.verify(cell=cell(world, case), by=world.adjudicator)

    published(world, drafted(world, within(None)))

    found = cell(world, case)
    assert (found.status, found.text, found.flagged) == ("agreed", "100", True)
    assert found.verified_by == world.adjudicator


def test_answers_that_need_not_agree_any_more_are_no_dispute(world: World) -> None:
    world.close("regime", "policy")

    published(world, drafted(world, lambda v: v[GOAL].update(compare=False)))
    once = (world.cell().status, world.cell().text)
    published(world, drafted(world))

    assert once == ("single", "regime")
    assert world.cell().status == "disputed"
    assert list(work.drift(project=world.project)) == []


def test_where_the_curator_says_that_it_means_something_else_it_is_another_variable(
    world: World,
) -> None:
    coded(world, ("100", "104"))
    old = world.entry("troops").variable

    draft = drafted(world, within(5))
    ruling = Ruling(kind="narrowed", reason="Only those in the field.", typed_name="troops")
    publishing.publish(draft=draft, by=world.curator, rulings={"troops": ruling})

    newest = codebooks.current(world.project)
    assert newest is not None
    (entry,) = [e for e in codebooks.entries(newest) if e.name == "troops"]
    assert (entry.variable.replaces, entry.tolerance) == (old, Decimal(5))
    assert blind.all_cells(world.project).get(variable=old).status == "disputed"


def test_reliability_reads_the_same_answers_within_the_new_tolerance(world: World) -> None:
    coded(world, ("100", "104"), ("100", "100"))
    variable = world.entry("troops").variable_id
    published(world, drafted(world, within(5)))

    rated = blind.rated_for(world.curator, world.project)
    said = blind.ratings_in(rated, [variable])

    assert sorted(text for _, _, text in said) == ["100", "100", "100", "104"]


# ------------------------------------------------------------------ the pages


@pytest.fixture
def curator(world: World, client: Client) -> Client:
    client.force_login(world.curator)
    return client


def test_the_publish_page_lists_what_is_closed_and_opened_with_links(
    world: World, curator: Client
) -> None:
    near, _ = coded(world, ("100", "104"), ("100", "200"))
    drafted(world, within(5))

    body = " ".join(curator.get(PAGE).content.decode().split())

    assert "2 cells compared anew from the same answers: 1 dispute closed, 0 opened." in body
    assert f'#c-{cell(world, near).pk}">{near.title}</a>' in body
    assert cell(world, near).status == "disputed"  # nothing is written yet


def test_a_case_that_the_curator_codes_is_in_no_count(world: World, curator: Client) -> None:
    near, _ = coded(world, ("100", "104"), ("100", "104"))
    work.assign(case=near, coder=world.curator, codebook=world.codebook)
    drafted(world, within(5))

    body = " ".join(curator.get(PAGE).content.decode().split())

    assert "1 cell compared anew from the same answers: 1 dispute closed" in body
    assert f"#c-{cell(world, near).pk}" not in body


def test_what_became_of_the_version_tells_what_was_compared_anew(
    world: World, curator: Client
) -> None:
    coded(world, ("100", "104"), ("100", "200"))
    published(world, drafted(world, within(5)))

    body = " ".join(curator.get("/projects/usmi/codebook/2/recoding/").content.decode().split())

    told = "equal within 5, before: equal</td>"
    assert f'{told}<td class="num">1</td><td class="num">0</td><td class="num">0</td>' in body
    assert "Nothing to code again" not in body


def test_the_preview_asks_as_often_for_three_cells_as_for_one(
    world: World, curator: Client
) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            curator.get(PAGE)
        return len(queries)

    coded(world, ("100", "104"))
    drafted(world, within(5))
    curator.get(PAGE)
    once = asked()
    for n, other in enumerate(world.more_cases(3)[1:]):
        for coder, text in ((world.coder_a, "100"), (world.coder_b, f"10{n}")):
            coding = Coding.objects.get(case=other, coder=coder)
            world.say(coding, "regime")
            world.say(coding, text, "troops")
            work.submit(coding=coding)

    assert asked() == once
