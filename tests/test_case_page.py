"""The case page: dates on an axis, members of sets, who sees what before ruling."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from coding import blind, charts
from coding.models import Case
from tests.conftest import World


def page_of(world: World, client: Client, case: Case | None = None) -> str:
    client.force_login(world.adjudicator)
    answer = client.get(reverse("coding:dispute", args=[(case or world.case).pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_disputed_date_is_drawn_with_its_precision_and_told_in_words(
    world: World, client: Client
) -> None:
    world.case.facts = {"start_year": "1990", "end_date": "1991-02-20"}
    world.case.save()
    world.close("1991-02", "1991-02-28", "end_date")

    page = page_of(world, client)
    drawn = page[page.index("is-spans") : page.index("</svg>", page.index("is-spans"))]
    assert "End date, by coder" in drawn
    assert sorted(re.findall(r"[AB]: [^;(]*\((\w+)\)", drawn)) == ["day", "month"]
    assert "known end: 1991-02-20" in drawn
    assert "known start" not in drawn  # it lies beyond what the answers span
    assert drawn.count('class="is-span"') == 2


def test_dates_on_which_all_agree_and_other_kinds_are_not_drawn(
    world: World, client: Client
) -> None:
    world.close("1991-02-28", "1991-02-28", "end_date")

    assert "is-spans" not in page_of(world, client)


def test_a_range_without_an_end_reaches_the_edge() -> None:
    day = date(1991, 2, 28)
    drawn = charts.spans(
        [
            charts.Span("A", day, day, "1991-02-28"),
            charts.Span("B", day, None, "from 1991", "range"),
        ],
        [],
        "End",
    )
    assert drawn.count("is-open") == 1


@pytest.mark.parametrize("cells", [2, 3])
def test_a_ruling_asks_the_same_number_of_questions_and_reads_its_own_variable_alone(
    world: World,
    client: Client,
    django_assert_num_queries: DjangoAssertNumQueries,
    monkeypatch: pytest.MonkeyPatch,
    cells: int,
) -> None:
    for name in ("ended", "troops")[: cells - 1]:
        world.say(world.coding_a, "0", name)
        world.say(world.coding_b, "1", name)
    world.close("regime", "policy")
    page_of(world, client)
    cell = world.cell()
    said = {"seen": cell.since.isoformat(), "take": "regime", "cause": "slip", "reason": "As said"}
    asked, spoken_for = [], blind.spoken_for

    def spoken(*args: Any) -> list[blind.Spoken]:
        asked.append(args[2])
        return spoken_for(*args)

    monkeypatch.setattr(blind, "spoken_for", spoken)
    with django_assert_num_queries(33):
        answer = client.post(
            reverse("coding:settle", args=[world.case.pk, cell.pk]),
            said,
            headers={"X-Requested-With": "fetch"},
        )
    assert answer.status_code == 200
    assert "settled as regime" in answer.content.decode()
    assert asked == [[cell.variable_id]]
