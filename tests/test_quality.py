"""The codebook's checks on cells: what holds, what does not, what is waived."""

from __future__ import annotations

from typing import Any

import pytest

from coding import codebooks, quality, work
from coding.errors import Refused
from coding.models import Case, Waiver
from tests.conftest import World
from tests.strict import MAIN, another_case, document, objective, partners, sound, strict


def counts(world: World) -> dict[str, tuple[int, int, list[str]]]:
    """Of each check of the codebook: holds, unknown, and the keys of the cases that break it."""
    keys = dict(Case.objects.values_list("pk", "key"))
    return {
        v.rule.entry.name: (v.holds, v.unknown, sorted(keys[pk] for pk in v.broken))
        for v in quality.seen_by(world.adjudicator, world.project)
    }


def project_wide(world: World) -> World:
    return strict(world, goal="project", ended="project", joined="project")


def hand_in(world: World) -> None:
    for coding in (world.coding_a, world.coding_b):
        work.submit(coding=coding)


def test_rules_run_on_the_cells_once_a_case_is_open_and_not_before(world: World) -> None:
    world = project_wide(world)
    sound(world, world.coding_a, germany="2")
    sound(world, world.coding_b, germany="2")
    work.submit(coding=world.coding_a)
    nothing = {name: (0, 0, []) for name in ("goal", "ended", "strength", "joined")}
    assert counts(world) == nothing

    work.submit(coding=world.coding_b)

    # Each coder's objective is a row of its own until they are aligned: two say "main".
    assert counts(world) == nothing | {
        "goal": (0, 0, ["US-1990-SHI"]),
        "ended": (1, 0, []),
        "joined": (1, 0, []),
    }


def test_what_is_broken_is_found_in_the_row_that_breaks_it(world: World) -> None:
    world = project_wide(world)
    for coding in (world.coding_a, world.coding_b):
        world.say(coding, "regime")
        world.say(coding, "0", "ended")
        partners(world, coding, "1989", germany="2")
    hand_in(world)

    found = counts(world)
    assert found["ended"] == (0, 0, ["US-1990-SHI"])
    assert found["joined"] == (0, 0, ["US-1990-SHI/255"])
    assert found["goal"] == (0, 0, ["US-1990-SHI"])  # no objective, and both were asked


def test_what_is_disputed_or_missing_cannot_be_known(world: World) -> None:
    world = project_wide(world)
    for coding, sent in ((world.coding_a, "1"), (world.coding_b, "2")):
        world.say(coding, "regime")
        world.say(coding, "1", "ended")
        partners(world, coding, "-99", germany=sent)
    hand_in(world)

    assert counts(world)["ended"] == (0, 1, [])  # what Germany sent is disputed
    assert counts(world)["joined"] == (0, 1, [])

    world.settle("1", "sent")
    assert counts(world)["ended"] == (0, 0, ["US-1990-SHI"])


def test_a_roster_that_is_disputed_leaves_its_rows_unknown(world: World) -> None:
    world = project_wide(world)
    for coding, sent in (
        (world.coding_a, {"germany": "1"}),
        (world.coding_b, {"germany": "1", "france": "2"}),
    ):
        world.say(coding, "regime")
        world.say(coding, "1", "ended")
        partners(world, coding, **sent)
    hand_in(world)

    assert counts(world)["ended"] == (0, 1, [])


def test_who_was_asked_a_part_says_nothing_of_the_rest(world: World) -> None:
    """An earlier data set that holds the goal alone does not say that there was no objective."""
    world = project_wide(world)
    _, codings = another_case(world, "US-1999-KOS", world.codebook)
    for coding in codings:
        coding.asks.set([world.entry("goal")])
        world.say(coding, "regime")
        work.submit(coding=coding)

    assert counts(world)["goal"] == (0, 1, [])


def broken_once(world: World) -> World:
    world = project_wide(world)
    for coding in (world.coding_a, world.coding_b):
        world.say(coding, "regime")
    hand_in(world)
    return world


def waive(world: World, reason: str = "Nothing was stated.", rule: str = MAIN) -> Waiver:
    return work.waive(
        case=world.case, entry=world.entry("goal"), rule=rule, reason=reason, by=world.adjudicator
    )


def findings(world: World) -> list[tuple[str, int, str]]:
    return [(f.rule.entry.name, f.case, f.waived) for f in quality.findings(world.project)]


def test_a_waiver_stands_beside_the_finding_with_its_reason_and_can_be_taken_back(
    world: World,
) -> None:
    world = broken_once(world)
    assert findings(world) == [("goal", world.case.pk, "")]

    waiver = waive(world)
    assert findings(world) == [("goal", world.case.pk, "Nothing was stated.")]

    work.end_waiver(case=world.case, entry=world.entry("goal"), rule=MAIN, by=world.adjudicator)
    assert findings(world) == [("goal", world.case.pk, "")]
    past = Waiver.history.filter(id=waiver.pk).order_by("history_id")
    assert list(past.values_list("history_type", "history_change_reason")) == [
        ("+", "waived"),
        ("-", "waiver withdrawn"),
    ]


def test_waiving_twice_keeps_one_waiver_with_the_last_reason(world: World) -> None:
    world = broken_once(world)
    waive(world)
    waive(world)
    waive(world, "Stated in secret.")

    assert [w.reason for w in Waiver.objects.all()] == ["Stated in secret."]
    assert Waiver.history.count() == 2


@pytest.mark.parametrize(
    ("more", "why"), [({"reason": "  "}, "needs a reason"), ({"rule": "true"}, "no such check")]
)
def test_a_waiver_needs_a_reason_and_a_check_of_the_codebook(
    world: World, more: dict[str, str], why: str
) -> None:
    world = broken_once(world)

    with pytest.raises(Refused, match=why):
        waive(world, **more)
    assert Waiver.objects.count() == 0


def test_a_waiver_lapses_with_the_wording_of_its_rule_and_not_with_other_words(
    world: World,
) -> None:
    world = broken_once(world)
    waive(world)

    def published(change: dict[str, Any]) -> None:
        made = document(goal="project", ended="project", joined="project")
        goal = next(v for v in made["variables"] if v["name"] == "goal")
        goal["checks"][0] |= change
        codebooks.publish(codebook=codebooks.draft(project=world.project, document=made))

    published({"message": "There is one main objective."})
    assert findings(world) == [("goal", world.case.pk, "Nothing was stated.")]

    published({"expr": f"{MAIN} && true"})
    assert findings(world) == [("goal", world.case.pk, "")]


def test_a_case_that_is_out_of_the_universe_is_not_judged(world: World) -> None:
    world = broken_once(world)
    world.case.in_universe = False
    world.case.save()

    assert findings(world) == []
    assert counts(world)["goal"] == (0, 0, [])


def test_what_changes_is_judged_again(world: World) -> None:
    world = broken_once(world)
    assert counts(world)["goal"][2] == ["US-1990-SHI"]

    _, codings = another_case(world, "US-1999-KOS", world.codebook)
    for coding in codings:
        world.say(coding, "regime")
        objective(world, coding, "1") if coding == codings[0] else None
        work.submit(coding=coding)

    assert counts(world)["goal"] == (1, 0, ["US-1990-SHI"])


def test_judging_takes_as_many_queries_for_three_cases_as_for_one(
    world: World, django_assert_num_queries: Any
) -> None:
    world = broken_once(world)

    sound(world, another := another_case(world, "US-1950-KOR", world.codebook)[1][0])
    work.submit(coding=another)
    work.unblind(case=another.case, reason="alone", by=world.curator)

    def asked() -> None:
        list(quality.findings(world.project))

    with django_assert_num_queries(6):
        asked()
    for key in ("US-1999-KOS", "US-2001-AFG"):
        _, codings = another_case(world, key, world.codebook)
        for coding in codings:
            sound(world, coding)
            work.submit(coding=coding)
    with django_assert_num_queries(6):
        asked()
