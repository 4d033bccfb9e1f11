"""A new codebook over coded cases: what is not touched stays to the byte."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from coding import blind, changes, codebooks, publishing, work
from coding.errors import Refused
from coding.models import Cell, Codebook, Coding, Value
from coding.publishing import Ruling
from tests.conftest import DOCUMENT, World

GOAL, ENDED, TROOPS, STORY = 0, 1, 3, 4


def drafted(world: World, *edits: Callable[[list[dict[str, Any]]], Any]) -> Codebook:
    document = deepcopy(DOCUMENT)
    for edit in edits:
        edit(document["variables"])
    return codebooks.draft(project=world.project, document=document)


def kinds(world: World, draft: Codebook) -> list[tuple[str, str]]:
    pairs = changes.compare(world.codebook, draft)
    return [(pair.name, str(change.kind)) for pair in pairs for change in pair.changes]


def published(world: World, draft: Codebook, **rulings: Ruling) -> list[work.Consequence]:
    return publishing.publish(draft=draft, by=world.curator, rulings=rulings)


def everything(model: Any) -> list[tuple[Any, ...]]:
    return list(model.objects.order_by("pk").values_list())


def say_all(world: World) -> None:
    for coding, goal in ((world.coding_a, "regime"), (world.coding_b, "regime")):
        world.say(coding, goal)
        world.say(coding, "1", "ended")
        world.say(coding, "1991-02-28", "end_date")
        world.say(coding, "500", "troops")
        work.submit(coding=coding)


def rename(variables: list[dict[str, Any]]) -> None:
    variables[ENDED] |= {"name": "over", "renamed_from": "ended"}
    variables[2]["skip"]["if"] = "over == 0"


def split(variables: list[dict[str, Any]]) -> None:
    """Regime change becomes two categories."""
    codes = variables[GOAL]["categories"]
    codes[0:1] = [
        {"code": "remove", "label": "Remove a government"},
        {"code": "restore", "label": "Restore a government"},
    ]


def merge(variables: list[dict[str, Any]]) -> None:
    """Regime and policy change become one category."""
    codes = variables[GOAL]["categories"]
    variables[GOAL]["categories"] = [c for c in codes if c["code"] not in ("regime", "policy")]
    variables[GOAL]["categories"].append({"code": "change", "label": "Regime or policy change"})


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (lambda v: v[GOAL].update(question="What was the main goal"), ("goal", "editorial")),
        (lambda v: v[GOAL].update(rule="The goal that cost most."), ("goal", "clarifying")),
        (lambda v: v.append(v.pop(GOAL)), ("goal", "moved")),
        (lambda v: v.pop(STORY), ("story", "retired")),
        (lambda v: v[TROOPS].update(max=200000), ("troops", "broadened")),
        (lambda v: v[TROOPS].update(max=5000), ("troops", "narrowed")),
        (lambda v: v[TROOPS].update(tolerance=5), ("troops", "compared anew")),
        (lambda v: v[TROOPS].update(type="decimal"), ("troops", "replaced")),
        (split, ("goal", "split")),
        (merge, ("goal", "merged")),
        (lambda v: v[GOAL]["categories"].pop(), ("goal", "narrowed")),
        (lambda v: v[GOAL]["categories"][0].update(code="ouster"), ("goal", "rescaled")),
        (
            lambda v: v[GOAL]["categories"].append({"code": "aid", "label": "Aid"}),
            ("goal", "category added"),
        ),
        (
            lambda v: v.insert(1, v[ENDED] | {"name": "begun", "question": "Has it begun?"}),
            ("begun", "added"),
        ),
    ],
)
def test_every_change_has_the_fields_word_for_it(
    world: World, edit: Callable[[list[dict[str, Any]]], Any], expected: tuple[str, str]
) -> None:
    assert kinds(world, drafted(world, edit)) == [expected]


def test_a_renamed_variable_touches_no_value_and_no_cell(world: World) -> None:
    say_all(world)
    before = everything(Value), everything(Cell), Value.history.count(), Cell.history.count()

    published(world, drafted(world, rename))

    assert (
        everything(Value),
        everything(Cell),
        Value.history.count(),
        Cell.history.count(),
    ) == before


def test_a_merged_category_is_carried_by_rule_with_a_reference_to_the_change(
    world: World,
) -> None:
    say_all(world)
    before = everything(Value), everything(Cell)

    (found,) = published(world, drafted(world, merge))

    assert (found.cells, found.carried, found.queued) == (1, 1, 0)
    assert (everything(Value), everything(Cell)[: len(before[1])]) == before
    entry = next(e for e in codebooks.entries(current(world)) if e.name == "goal")
    cell = blind.all_cells(world.project).get(variable=entry.variable)
    assert (cell.status, cell.text) == ("agreed", "change")
    past = blind.cell_history(blind.all_cells(world.project).filter(pk=cell.pk)).get()
    assert past.history_change_reason == "codebook 2, merged: as proposed"


def current(world: World) -> Codebook:
    return codebooks.current_or_refused(world.project)


def test_a_split_category_is_coded_again_blind_and_by_those_who_coded_it(world: World) -> None:
    say_all(world)

    published(world, drafted(world, split), goal=Ruling(typed_name="goal"))

    again = Coding.objects.filter(purpose="recode")
    asked = [[e.name for e in coding.asks.all()] for coding in again]
    assert sorted(c.coder.username for c in again) == ["coder_a", "coder_b"]
    assert asked == [["goal"], ["goal"]]
    assert list(blind.values_for(world.coder_a).filter(text="regime")) == []


def test_what_was_recoded_becomes_the_new_variables_cell(world: World) -> None:
    say_all(world)
    published(world, drafted(world, split), goal=Ruling(typed_name="goal"))
    entry = next(e for e in codebooks.entries(current(world)) if e.name == "goal")

    for coding in Coding.objects.filter(purpose="recode"):
        work.save_value(coding=coding, entry=entry, text="remove")
        work.submit(coding=coding)

    cell = blind.all_cells(world.project).get(variable=entry.variable)
    assert (cell.status, cell.text, cell.coders) == ("agreed", "remove", 2)


def test_an_added_variable_is_asked_where_the_case_is_open_already(world: World) -> None:
    say_all(world)
    (open_case,) = world.more_cases(1)

    published(
        world,
        drafted(world, lambda v: v.insert(1, v[ENDED] | {"name": "begun", "question": "Begun?"})),
    )

    top_ups = Coding.objects.filter(purpose="top_up")
    assert {(c.coder.username, c.case.key) for c in top_ups} == {
        ("coder_a", world.case.key),
        ("coder_b", world.case.key),
    }
    going_on = set(Coding.objects.filter(case=open_case).values_list("codebook__number", flat=True))
    assert going_on == {2}


def test_open_sheets_go_on_without_losing_a_value(world: World) -> None:
    world.say(world.coding_a, "policy", note="kept", certainty=3)

    published(world, drafted(world, merge))

    coding = Coding.objects.get(pk=world.coding_a.pk)
    entry = next(e for e in codebooks.entries(current(world)) if e.name == "goal")
    value = Value.objects.get(coding=coding, variable=entry.variable)
    assert (coding.codebook.number, value.text, value.note, value.certainty) == (
        2,
        "change",
        "kept",
        3,
    )
    assert Value.objects.filter(coding=coding, text="policy").count() == 1


def test_a_destructive_change_needs_its_name_typed(world: World) -> None:
    with pytest.raises(Refused, match="Type the name goal"):
        published(world, drafted(world, split))


def test_overruling_a_proposal_needs_a_reason(world: World) -> None:
    with pytest.raises(Refused, match="Say why goal is replaced"):
        published(world, drafted(world, merge), goal=Ruling(kind="replaced", typed_name="goal"))


def test_a_name_is_never_used_again_for_another_meaning(world: World) -> None:
    published(world, drafted(world, lambda v: v.pop(STORY)), story=Ruling(typed_name="story"))
    other = drafted(world, lambda v: v[STORY].update(question="How was it told?"))

    with pytest.raises(Refused, match="The name story stood for another variable"):
        published(world, other)


def test_consequences_are_counted_before_anything_is_written(world: World) -> None:
    say_all(world)
    draft = drafted(world, split)
    before = everything(Cell), everything(Coding)

    (found,) = publishing.consequences(draft, {})

    assert (found.cells, found.carried, found.queued) == (1, 0, 1)
    assert (everything(Cell), everything(Coding)) == before
