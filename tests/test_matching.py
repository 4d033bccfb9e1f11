"""Rows without a natural key: proposed, matched, compared, taken apart again."""

from __future__ import annotations

from itertools import count

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from coding import blind, work
from coding.canonical import Domain
from coding.errors import Refused
from coding.matching import Matching, OwnRow, proposed
from coding.models import Case, Coding, Entry, Unit, Variable
from tests.conftest import DOCUMENT, World

A = ("Iraqi forces leave Kuwait", "Protect the Saudi oil fields")
B = ("Protect oil fields of Saudi Arabia", "Iraqi forces leave Kuwait", "Topple the government")


def unit_of(world: World) -> Unit:
    return Unit.objects.get(project=world.project, name="objective")


@pytest.fixture
def texts_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """Coders need to agree on the words of an objective."""
    said = next(v for v in DOCUMENT["variables"] if v["name"] == "objective_text")
    monkeypatch.setitem(said, "compare", True)


@pytest.fixture
def listed(texts_count: None, world: World) -> World:
    """Both coders added their objectives, and the case is open."""
    for coding, texts in ((world.coding_a, A), (world.coding_b, B)):
        for text in texts:
            row = work.add_row(coding=coding, unit=unit_of(world))
            world.say(row, text, "objective_text")
    world.close("regime", "regime")
    return world


def matching(world: World) -> Matching:
    return Matching(world.adjudicator, world.case, unit_of(world))


def groups_of(world: World) -> list[list[str]]:
    found = matching(world).groups
    return sorted(sorted(row.shown[0][1] for row in group) for group in found)


def align(world: World, groups: list[list[Case]], reason: str = "The same aim") -> None:
    work.align(
        parent=world.case, unit=unit_of(world), groups=groups, reason=reason, by=world.adjudicator
    )


def confirm(world: World) -> None:
    align(world, [[row.case for row in group] for group in matching(world).groups])


def statuses(world: World) -> list[tuple[str, int]]:
    cells = blind.all_cells(world.project).filter(
        variable=world.entry("objective_text").variable, case__in_universe=True
    )
    return sorted(cells.values_list("status", "coders"))


EXPECTED = [
    ["Iraqi forces leave Kuwait", "Iraqi forces leave Kuwait"],
    ["Protect oil fields of Saudi Arabia", "Protect the Saudi oil fields"],
    ["Topple the government"],
]


def test_the_proposal_takes_together_what_lies_least_apart(listed: World) -> None:
    assert groups_of(listed) == EXPECTED


def test_matched_rows_are_one_case_whose_cells_compare_both_codings(listed: World) -> None:
    before = list(Coding.objects.order_by("pk").values_list("pk", "case"))
    assert statuses(listed) == [("single", 1)] * 5

    confirm(listed)

    assert statuses(listed) == [("agreed", 2), ("disputed", 2), ("single", 1)]
    assert list(Coding.objects.order_by("pk").values_list("pk", "case")) == before
    assert groups_of(listed) == EXPECTED
    rows = blind.released_cases(listed.project).filter(unit=unit_of(listed))
    assert rows.count() == 3


def test_taken_apart_again_each_row_says_what_its_coder_said(listed: World) -> None:
    confirm(listed)
    align(listed, [[row.case] for row in matching(listed).rows], "They are not")

    assert statuses(listed) == [("single", 1)] * 5
    assert Case.objects.filter(unit=unit_of(listed), in_universe=True).count() == 5
    reasons = Case.history.filter(unit=unit_of(listed)).values_list("history_change_reason")
    assert {r for (r,) in reasons} >= {"The same aim", "They are not"}
    assert list(work.drift(project=listed.project)) == []


def test_no_row_is_left_out_and_none_stands_twice(listed: World) -> None:
    rows = [row.case for row in matching(listed).rows]
    with pytest.raises(Refused, match="others by now"):
        align(listed, [[case] for case in rows[1:]])
    with pytest.raises(Refused, match="others by now"):
        align(listed, [*[[case] for case in rows], [rows[0]]])
    assert Case.objects.filter(superseded_by__isnull=False).count() == 0


def test_two_rows_of_one_coder_are_never_one(listed: World) -> None:
    found = matching(listed)
    own = [row.case for row in found.rows if row.letter == "A"]
    rest = [[row.case] for row in found.rows if row.letter != "A"]
    with pytest.raises(Refused, match="one coder"):
        align(listed, [own, *rest])


def test_recomputing_matched_rows_changes_nothing(listed: World) -> None:
    confirm(listed)

    assert list(work.drift(project=listed.project)) == []


def test_a_ruling_on_a_matched_row_goes_when_its_company_changes(listed: World) -> None:
    confirm(listed)
    cell = blind.disputes_for(listed.adjudicator, listed.project).get()
    ruled = work.settle(
        cell=cell,
        entry=listed.entry("objective_text"),
        text="Protect oil",
        cause="slip",
        reason="As both mean",
        by=listed.adjudicator,
    )
    confirm(listed)  # nothing changes: the ruling stands
    assert ("adjudicated", 2) in statuses(listed)

    align(listed, [[row.case] for row in matching(listed).rows], "They are not")
    assert statuses(listed) == [("single", 1)] * 5
    assert "Protect oil" in blind.cell_history(
        blind.all_cells(listed.project).filter(pk=ruled.pk)
    ).values_list("text", flat=True)


WORDS = st.lists(st.sampled_from(["oil", "troops leave", "oil and troops", "border"]), max_size=4)


@given(st.lists(WORDS, min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_rows_in_are_rows_out_whatever_was_said(said: list[list[str]]) -> None:
    entry = entry_of_text()
    numbers = count()
    rows = [
        [OwnRow(Case(pk=next(numbers)), chr(65 + n), {1: text}, ()) for text in own]
        for n, own in enumerate(said)
    ]
    groups = proposed(rows, {1: entry})

    out = sorted(row.case.pk for group in groups for row in group)
    assert out == list(range(sum(map(len, said))))
    for group in groups:
        assert len({row.letter for row in group}) == len(group)
    assert len(groups) >= max(map(len, said))


def entry_of_text() -> Entry:
    entry = Entry(variable=Variable(kind="text"), name="said")
    entry.__dict__["domain"] = Domain(kind="text")
    return entry


def test_rows_are_matched_on_their_page(listed: World, client: Client) -> None:
    client.force_login(listed.adjudicator)
    url = reverse("coding:match", args=[listed.case.pk, "objective"])
    assert "not matched yet" in client.get(url).content.decode()
    said = {
        f"row-{row.case.pk}": str(number)
        for number, group in enumerate(matching(listed).groups)
        for row in group
    }
    assert client.post(url, {**said, "reason": ""}).status_code == 409
    assert client.post(url, {**said, "reason": "The same aim"}).status_code == 302
    assert groups_of(listed) == EXPECTED
    assert Case.objects.filter(superseded_by__isnull=False).count() == 2
    client.post(url, {"act": "apart", "reason": "No"})
    assert Case.objects.filter(superseded_by__isnull=False).count() == 0


@pytest.mark.parametrize(("who", "status"), [("coder_a", 404), ("reader", 404), ("outsider", 404)])
def test_only_who_settles_matches_rows(
    listed: World, client: Client, who: str, status: int
) -> None:
    client.force_login(getattr(listed, who))
    url = reverse("coding:match", args=[listed.case.pk, "objective"])
    assert client.get(url).status_code == status
    assert client.post(url, {"reason": "x"}).status_code == status


def test_closed_rows_are_not_shown(world: World, client: Client) -> None:
    row = work.add_row(coding=world.coding_a, unit=unit_of(world))
    world.say(row, "Quetzal", "objective_text")
    client.force_login(world.adjudicator)
    page = client.get(reverse("coding:match", args=[world.case.pk, "objective"])).content.decode()
    assert "No rows to match" in page
    assert "Quetzal" not in page
