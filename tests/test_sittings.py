"""A sitting: the sheets a coder fills together, what stands between them and submission."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from coding import codebooks, sittings, work
from coding.models import Case, Coding, Unit
from coding.sittings import Sheet
from tests.conftest import World


def sitting(coding: Coding) -> list[Sheet]:
    coding = Coding.objects.select_related("case__unit__project", "codebook", "coder").get(
        pk=coding.pk
    )
    return sittings.readings(sittings.sheets_of(coding))


def keys(coding: Coding) -> list[str]:
    return [sheet.coding.case.key for sheet in sitting(coding)]


def main(coding: Coding) -> Sheet:
    return sitting(coding)[0]


def sheet_of(world: World, coder: User, state: str) -> Sheet:
    coding = world.sheet_of(coder, state)
    return next(s for s in sitting(coding) if s.coding.pk == coding.pk)


def objective(world: World, coding: Coding) -> Coding:
    return work.add_row(
        coding=coding, unit=Unit.objects.get(project=world.project, name="objective")
    )


def points(coding: Coding) -> list[str]:
    return [point.text for sheet in sitting(coding) for point in sheet.points()]


def everything(world: World, coding: Coding, *states: str, strength: str = "10") -> None:
    """A whole sitting, ready to be handed in."""
    world.say(coding, "regime")
    world.say(coding, "1000", "troops")
    world.say(coding, ";".join(states) or "none", "partners")
    for state in states:
        world.say(world.sheet_of(coding.coder, state), "2", "sent")
        world.say(world.sheet_of(coding.coder, state), strength, "strength")


# ------------------------------------------------------------------ which sheets


def test_a_sitting_is_the_main_sheet_then_its_partners_then_its_objectives(world: World) -> None:
    row = objective(world, world.coding_a)
    world.say(world.coding_a, "220;200", "partners")

    expected = ["US-1991-GUL", "US-1991-GUL/220", "US-1991-GUL/200", row.case.key]
    assert sorted(keys(world.coding_a)[1:3]) == sorted(expected[1:3])
    assert (keys(world.coding_a)[0], keys(world.coding_a)[3]) == (expected[0], expected[3])
    assert keys(row) == keys(world.coding_a)


def test_a_sitting_holds_nothing_of_another_coder_nor_what_was_put_away(world: World) -> None:
    world.say(world.coding_b, "220", "partners")
    objective(world, world.coding_b)
    world.say(world.coding_a, "200;255", "partners")
    world.say(world.coding_a, "200", "partners")
    work.remove_row(coding=objective(world, world.coding_a))

    assert keys(world.coding_a) == ["US-1991-GUL", "US-1991-GUL/200"]


def test_a_repeat_is_a_sitting_of_its_own(world: World) -> None:
    world.say(world.coding_a, "200", "partners")
    repeat = work.assign(
        case=world.case, coder=world.coder_a, codebook=world.codebook, purpose="repeat"
    )

    assert keys(repeat) == ["US-1991-GUL"]
    assert main(repeat).typed == {}


# ------------------------------------------------------------------ points and progress


def test_an_empty_sheet_tells_what_is_missing_and_where(world: World) -> None:
    found = [point for sheet in sitting(world.coding_a) for point in sheet.points()]

    assert [(p.text, p.url) for p in found] == [
        ("Desert Storm · Main goal: Not coded yet.", f"/codings/{world.coding_a.pk}/#f-goal")
    ]


def test_the_points_of_all_sheets_are_told_and_a_ready_sitting_has_none(world: World) -> None:
    world.say(world.coding_a, "-77")
    world.say(world.coding_a, "100", "troops")
    world.say(world.coding_a, "200", "partners")
    world.say(world.sheet_of(world.coder_a, "200"), "101", "strength")
    objective(world, world.coding_a)

    assert points(world.coding_a) == [
        "Desert Storm · Main goal: -77 needs a note that says why.",
        "United Kingdom · Sent: Not coded yet.",
        "United Kingdom · Strength: More than the whole force.",
        "Objective · Objective: Not coded yet.",
    ]
    everything(world, world.coding_b, "200")
    assert points(world.coding_b) == []


def test_a_soft_check_is_a_point_until_a_note_says_why(world: World) -> None:
    everything(world, world.coding_a, "200", strength="1001")
    strength = next(e for e in codebooks.entries(world.codebook) if e.name == "strength")
    severity = strength.checks[0]["severity"]
    try:
        strength.checks[0]["severity"] = "soft"
        sheet = sheet_of(world, world.coder_a, "200")
        broken = [(b.message, b.hard) for b in sheet.broken]
        told = [p.text for p in sheet.points()]
        without = list(sheet.points(with_notes=False))
        world.say(world.sheet_of(world.coder_a, "200"), "1001", "strength", note="As sworn.")
        noted = list(sheet_of(world, world.coder_a, "200").points())
    finally:
        strength.checks[0]["severity"] = severity

    assert broken == [("More than the whole force.", False)]
    assert told == [
        "United Kingdom · Strength: More than the whole force. Correct it, or write a note that "
        "says why."
    ]
    assert (without, noted) == ([], [])


def test_done_counts_what_is_answered_of_what_is_asked(world: World) -> None:
    assert (main(world.coding_a).done, len(main(world.coding_a).asked)) == (0, 6)

    world.say(world.coding_a, "regime")
    world.say(world.coding_a, "1991", "end_date")
    assert (main(world.coding_a).done, len(main(world.coding_a).asked)) == (2, 6)

    world.say(world.coding_a, "0", "ended")
    assert (main(world.coding_a).done, len(main(world.coding_a).asked)) == (2, 5)


def test_a_computed_entry_is_never_asked(world: World) -> None:
    everything(world, world.coding_a, "200", strength="250")

    sheet = sheet_of(world, world.coder_a, "200")

    assert "share" not in [e.name for e in sheet.asked]
    assert sheet.reading.computed == {"share": "0.25"}


def test_a_sheet_that_asks_only_some_entries_needs_only_those(world: World) -> None:
    asked = (world.entry("ended"), world.entry("end_date"))
    coding = work.assign(case=world.case, coder=world.curator, codebook=world.codebook, asks=asked)

    assert [e.name for e in main(coding).entries] == ["ended", "end_date"]
    assert points(coding) == []
    assert (main(coding).done, len(main(coding).asked)) == (0, 2)


def test_a_row_without_a_key_is_called_by_its_first_words(world: World) -> None:
    row = objective(world, world.coding_a)
    before = sitting(row)[1].title(1)
    world.say(row, "Iraqi forces leave Kuwait. " * 5, "objective_text")

    assert before == "Objective 1"
    assert (
        sitting(row)[1].title(1) == "Iraqi forces leave Kuwait. Iraqi forces leave Kuwait. Iraqi…"
    )
    assert main(row).title(1) == "Desert Storm"


# ------------------------------------------------------------------ rows above and beside


def test_a_partners_rules_read_the_main_sheet_as_its_rules_leave_it(world: World) -> None:
    everything(world, world.coding_a, "200", strength="500")
    assert sheet_of(world, world.coder_a, "200").reading.computed == {"share": "0.5"}

    world.say(world.coding_a, "400", "troops")
    world.say(world.coding_a, "1991", "end_date")
    world.say(world.coding_a, "0", "ended")

    sheet = sheet_of(world, world.coder_a, "200")
    assert sheet.around.parents["intervention"].answers["end_date"] == "-88"
    assert [b.message for b in sheet.broken] == ["More than the whole force."]


def test_a_coders_rules_never_read_another_coders_sheet(world: World) -> None:
    everything(world, world.coding_b, "200", strength="500")
    world.say(world.coding_a, "200", "partners")
    world.say(world.sheet_of(world.coder_a, "200"), "500", "strength")

    sheet = sheet_of(world, world.coder_a, "200")

    assert "troops" not in sheet.around.parents["intervention"].answers
    assert sheet.reading.computed == {}


def top_up_for_b(world: World) -> Coding:
    """coder_a listed 200 and 220, coder_b only 200; the ruling lets both in."""
    everything(world, world.coding_a, "200", "220")
    everything(world, world.coding_b, "200", strength="20")
    work.submit(coding=world.coding_a)
    work.submit(coding=world.coding_b)
    world.settle("200;220", "partners")
    return world.sheet_of(world.coder_b, "220")


def test_a_top_up_is_a_sitting_alone_whose_rules_read_its_coders_earlier_sheets(
    world: World,
) -> None:
    top_up = top_up_for_b(world)
    world.say(top_up, "2", "sent")
    world.say(top_up, "1001", "strength")

    (sheet,) = sitting(top_up)

    assert sheet.coding == top_up
    assert sheet.around.parents["intervention"].answers["troops"] == "1000"
    assert points(top_up) == ["France · Strength: More than the whole force."]


def test_two_top_ups_of_a_coder_are_two_sittings(world: World) -> None:
    everything(world, world.coding_a, "200", "220", "255")
    everything(world, world.coding_b, "200")
    work.submit(coding=world.coding_a)
    work.submit(coding=world.coding_b)
    world.settle("200;220;255", "partners")
    top_ups = [world.sheet_of(world.coder_b, state) for state in ("220", "255")]

    assert [keys(top_up) for top_up in top_ups] == [["US-1991-GUL/220"], ["US-1991-GUL/255"]]
    world.say(top_ups[0], "1", "sent")
    work.submit(coding=top_ups[0])
    assert Coding.objects.open().of(world.coder_b).get() == top_ups[1]


def test_a_top_up_stands_beside_the_partners_that_its_coder_coded_before(world: World) -> None:
    top_up = top_up_for_b(world)
    world.say(top_up, "7", "strength")

    (sheet,) = sitting(top_up)

    assert sorted(row.answers["strength"] for row in sheet.around.siblings) == ["20", "7"]


def test_a_sheet_stands_beside_its_like_and_a_main_sheet_beside_none(world: World) -> None:
    everything(world, world.coding_a, "200", "220")
    objective(world, world.coding_a)

    sheets = sitting(world.coding_a)

    assert [len(sheet.around.siblings) for sheet in sheets] == [0, 2, 2, 1]


# ------------------------------------------------------------------ queries


def queries(coding: Coding) -> int:
    coding = Coding.objects.select_related("case__unit__project", "codebook", "coder").get(
        pk=coding.pk
    )
    with CaptureQueriesContext(
        connection,
    ) as asked:
        for sheet in sittings.readings(sittings.sheets_of(coding)):
            assert (sheet.done, list(sheet.points()), sheet.broken) is not None
    return len(asked)


@pytest.mark.parametrize("many", [3])
def test_a_sitting_asks_as_many_queries_however_many_sheets_it_holds(
    world: World, many: int
) -> None:
    counts: list[Any] = []
    for coding, states, rows in (
        (world.coding_a, "200", 1),
        (world.coding_b, "200;220;255", many),
    ):
        everything(world, coding, *states.split(";"))
        for _ in range(rows):
            objective(world, coding)
        counts.append(queries(coding))

    assert counts == [3, 3]
    assert Case.objects.filter(root=world.case).count() == 3 + 1 + many


def test_the_queries_of_a_top_up_do_not_grow_with_its_neighbours(world: World) -> None:
    top_up = top_up_for_b(world)

    assert queries(top_up) == 4
