"""Sheets, queues and cells through several versions of a codebook, one after the other."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from django.contrib.auth.models import User

from coding import blind, codebooks, publishing, sittings, work
from coding.errors import Refused
from coding.models import Case, Codebook, Coding, Entry, Member, Value
from coding.publishing import Ruling
from tests.conftest import DOCUMENT, World
from tests.test_publishing import ENDED, GOAL, STORY, TROOPS, merge, say_all, split

Edit = Callable[[list[dict[str, Any]]], Any]
NAMES = ("goal", "ended", "end_date", "troops", "story", "partners", "sent", "begun")
TYPED = {name: Ruling(typed_name=name) for name in NAMES}


def published(world: World, *edits: Edit, **rulings: Ruling) -> list[work.Consequence]:
    """The next version: the current one, edited."""
    document = deepcopy(codebooks.document_of(current(world)))
    for edit in edits:
        edit(document["variables"])
    draft = codebooks.draft(project=world.project, document=document)
    there = {p.name for p in publishing.proposals(draft)}
    said = {name: r for name, r in (TYPED | rulings).items() if name in there}
    return publishing.publish(draft=draft, by=world.curator, rulings=said)


def current(world: World) -> Codebook:
    return codebooks.current_or_refused(world.project)


def entry(world: World, name: str) -> Entry:
    return next(e for e in codebooks.entries(current(world)) if e.name == name)


def say(coding: Coding, name: str, text: str) -> None:
    coding = Coding.objects.get(pk=coding.pk)
    found = next(e for e in codebooks.entries(coding.codebook) if e.name == name)
    work.save_value(coding=coding, entry=found, text=text)


def asked(world: World, purpose: str, coder: User | None = None) -> list[tuple[str, list[str]]]:
    sheets = Coding.objects.open().filter(purpose=purpose).order_by("coder__username", "case__key")
    if coder:
        sheets = sheets.filter(coder=coder)
    return [(c.coder.username, sorted(e.name for e in c.asks.all())) for c in sheets]


def add(variables: list[dict[str, Any]]) -> None:
    variables.insert(1, DOCUMENT["variables"][ENDED] | {"name": "begun", "question": "Begun?"})


def add_place(variables: list[dict[str, Any]]) -> None:
    variables[GOAL]["categories"].append({"code": "aid", "label": "Aid"})


# ------------------------------------------------------------------ one after the other


def test_an_open_recode_goes_on_and_is_asked_more_rather_than_twice(world: World) -> None:
    say_all(world)
    published(world, split)
    first = Coding.objects.get(purpose="recode", coder=world.coder_a)
    say(first, "goal", "remove")

    published(world, add_place, lambda v: v[TROOPS].update(max=400))

    assert asked(world, "recode") == [
        ("coder_a", ["goal", "troops"]),
        ("coder_b", ["goal", "troops"]),
    ]
    first.refresh_from_db()
    assert first.codebook == current(world)
    kept = Value.objects.get(coding=first, variable=entry(world, "goal").variable)
    assert (kept.text, kept.history.get().history_change_reason) == (
        "remove",
        "codebook 3, category added: as proposed",
    )


def test_what_is_no_longer_asked_is_taken_off_and_keeps_no_case_closed(world: World) -> None:
    say_all(world)
    published(world, split)
    Coding.objects.filter(purpose="recode", coder=world.coder_a).first()

    published(world, lambda v: v.pop(GOAL))

    sheets = Coding.objects.filter(purpose="recode")
    assert [c.withdrawn_at is not None for c in sheets] == [True, True]
    assert asked(world, "recode") == []


def test_a_recode_that_was_handed_in_opens_when_nobody_is_waited_for(world: World) -> None:
    say_all(world)
    published(world, split)
    mine = Coding.objects.get(purpose="recode", coder=world.coder_a)
    say(mine, "goal", "remove")
    work.submit(coding=mine)

    published(world, lambda v: v.pop(GOAL))

    mine.refresh_from_db()
    assert mine.unblinded_at is not None


def test_carried_twice_a_cell_is_asked_of_who_answered_first(world: World) -> None:
    say_all(world)
    published(world, merge)
    assert asked(world, "recode") == []

    published(world, lambda v: v[GOAL]["categories"].pop())

    assert asked(world, "recode") == [("coder_a", ["goal"]), ("coder_b", ["goal"])]


def test_what_was_dropped_and_comes_back_is_what_it_was(world: World) -> None:
    for coding in (world.coding_a, world.coding_b):
        world.say(coding, "It was long.", "story")
    say_all(world)
    variable = world.entry("story").variable
    published(world, lambda v: v.pop(STORY))

    published(world, lambda v: v.insert(STORY, DOCUMENT["variables"][STORY]))

    assert entry(world, "story").variable == variable
    assert blind.all_cells(world.project).filter(variable=variable).count() == 1
    assert asked(world, "top_up") == []


def test_under_the_old_name_another_meaning_does_not_come_back(world: World) -> None:
    published(world, lambda v: v.pop(STORY))
    other = DOCUMENT["variables"][STORY] | {"type": "integer", "level": "ratio"}

    with pytest.raises(Refused, match="The name story stood for another variable"):
        published(world, lambda v: v.insert(STORY, other))


def test_a_renamed_variable_leaves_its_old_name_to_nobody_else(world: World) -> None:
    published(world, lambda v: v[STORY].update(name="tale", renamed_from="story"))

    with pytest.raises(Refused, match="The name story stood for another variable"):
        published(world, lambda v: v.append(DOCUMENT["variables"][STORY]))


# ------------------------------------------------------------------ cases not open yet


@pytest.mark.parametrize("answer", ["regime", "policy"])
def test_on_closed_cases_who_is_asked_again_tells_nothing_of_what_was_said(
    world: World, answer: str
) -> None:
    world.say(world.coding_a, answer)
    work.submit(coding=world.coding_a)

    published(world, split)

    assert asked(world, "recode") == [("coder_a", ["goal"])]


@pytest.mark.parametrize("answer", ["", "300", "500"])
def test_nor_does_it_tell_whether_anything_was_said(world: World, answer: str) -> None:
    world.say(world.coding_a, "regime")
    if answer:
        world.say(world.coding_a, answer, "troops")
    work.submit(coding=world.coding_a)

    published(world, lambda v: v[TROOPS].update(max=400))

    assert asked(world, "recode") == [("coder_a", ["troops"])]


def test_where_the_rule_covers_every_answer_closed_sheets_are_carried(world: World) -> None:
    world.say(world.coding_a, "policy")
    work.submit(coding=world.coding_a)

    published(world, merge)
    assert asked(world, "recode") == []
    say(world.coding_b, "goal", "canary")
    work.submit(coding=world.coding_b)

    cell = blind.all_cells(world.project).get(variable=entry(world, "goal").variable)
    assert (cell.status, cell.coders) == ("disputed", 2)


def test_an_earlier_data_set_that_nobody_can_ask_says_what_the_rule_makes_of_it(
    world: World,
) -> None:
    Member.objects.filter(user=world.coder_a).update(kind="machine")
    world.say(world.coding_a, "policy")
    work.submit(coding=world.coding_a)

    published(world, split)
    say(world.coding_b, "goal", "policy")
    work.submit(coding=world.coding_b)

    cell = blind.all_cells(world.project).get(variable=entry(world, "goal").variable)
    assert (cell.status, cell.coders) == ("agreed", 2)


def test_who_handed_in_before_a_question_was_added_is_asked_it(world: World) -> None:
    world.say(world.coding_a, "regime")
    work.submit(coding=world.coding_a)

    published(world, add)

    assert asked(world, "top_up") == [("coder_a", ["begun"])]


def test_a_sheet_taken_back_goes_on_under_the_codebook_of_today(world: World) -> None:
    world.say(world.coding_a, "policy")
    world.say(world.coding_a, "12", "troops")
    work.submit(coding=world.coding_a)
    published(world, split, add)
    top_up = Coding.objects.get(purpose="top_up", coder=world.coder_a)
    say(top_up, "begun", "1")

    work.take_back(coding=world.coding_a)

    sheet = Coding.objects.get(pk=world.coding_a.pk)
    said = {n: s.text for n, s in blind.own_answers([sheet.pk])[sheet.pk].items()}
    assert sheet.codebook == current(world)
    assert said == {"goal": "policy", "troops": "12", "begun": "1"}
    assert asked(world, "recode") == asked(world, "top_up") == []


def test_what_an_answer_was_read_in_is_carried_with_it(world: World) -> None:
    world.say(world.coding_a, "policy")
    work.add_citation(
        coding=world.coding_a, entry=world.entry("goal"), source="An archive", locator="p. 3"
    )

    published(world, merge)

    cited = blind.own_citations(world.coding_a.pk)
    new = Value.objects.get(coding=world.coding_a, variable=entry(world, "goal").variable)
    assert [(c.source, c.locator) for c in cited[new.pk]] == [("An archive", "p. 3")]


# ------------------------------------------------------------------ cells


def test_a_later_coder_who_differs_flags_a_carried_cell_and_does_not_overwrite_it(
    world: World,
) -> None:
    say_all(world)
    published(world, merge)
    late = work.assign(case=world.case, coder=world.adjudicator, codebook=current(world))
    say(late, "goal", "territory")

    work.submit(coding=late)

    cell = blind.all_cells(world.project).get(variable=entry(world, "goal").variable)
    assert (cell.status, cell.text, cell.coders, cell.flagged) == ("agreed", "change", 2, True)


def test_what_is_made_in_bulk_has_its_whole_past(world: World) -> None:
    say_all(world)

    published(world, split, lambda v: v[TROOPS].update(max=200_000))

    made = [
        *Coding.objects.filter(purpose="recode"),
        *blind.all_cells(world.project).exclude(recoding=None),
    ]
    assert len(made) == 3
    for row in made:
        (past,) = row.history.all()
        names = [f.attname for f in past.tracked_fields if f.attname != "history_id"]
        assert [getattr(past, n) for n in names] == [getattr(row, n) for n in names]
        assert (past.history_type, past.history_user) == ("+", world.curator)
        assert past.history_change_reason.startswith("codebook 2")
        assert past.history_date is not None


def test_a_ruling_is_carried_with_its_reason(world: World) -> None:
    world.close("policy", "territory")
    world.settle("policy")

    published(world, merge)

    cell = blind.all_cells(world.project).get(variable=entry(world, "goal").variable)
    assert (cell.status, cell.text) == ("adjudicated", "change")
    assert cell.reason == "Source 3, p. 12\ncodebook 2, merged: as proposed"


def test_a_dispute_over_what_is_asked_anew_waits_for_nobody(world: World) -> None:
    world.close("policy", "territory")
    before = blind.disputes_for(world.adjudicator, world.project).count()

    published(world, split, goal=Ruling(typed_name="goal"))

    assert (before, blind.disputes_for(world.adjudicator, world.project).count()) == (1, 0)
    assert asked(world, "recode") == [("coder_a", ["goal"]), ("coder_b", ["goal"])]


def test_computed_cells_follow_what_they_are_computed_from(world: World) -> None:
    for coding in (world.coding_a, world.coding_b):
        world.say(coding, "regime")
        world.say(coding, "1000", "troops")
        world.say(coding, "200", "partners")
        sheet = world.sheet_of(coding.coder, "200")
        world.say(sheet, "2", "sent")
        world.say(sheet, "100", "strength")
        work.submit(coding=coding)
    share = world.entry("share").variable
    assert blind.all_cells(world.project).get(variable=share).text == "0.1"

    published(world, lambda v: v[9].update(derive="double(strength) / 1000.0 * 2.0"))

    assert blind.all_cells(world.project).get(variable=share).text == "0.2"


# ------------------------------------------------------------------ the sheet of a recode


def later(variables: list[dict[str, Any]]) -> None:
    """The end date is asked anew, under another pattern of skipping."""
    variables[2] |= {"type": "text", "level": "nominal", "pattern": "[0-9]{4}"}


def test_a_recode_knows_what_its_coder_said_of_what_it_does_not_ask(world: World) -> None:
    for coding in (world.coding_a, world.coding_b):
        world.say(coding, "regime")
        world.say(coding, "0", "ended")
        work.submit(coding=coding)
    published(world, later, end_date=Ruling(typed_name="end_date", recode=True))
    coding = Coding.objects.get(purpose="recode", coder=world.coder_a)

    sheet = sittings.sheet(coding, sittings.sheets_of(coding))

    assert sheet.reading.skipped == {"end_date": "-88"}
    assert sheet.asked == []
    work.submit(coding=coding)
    assert [v.text for v in Value.objects.filter(coding=coding)] == ["-88"]


def test_a_recode_knows_nothing_of_the_old_value_nor_of_others(world: World) -> None:
    world.say(world.coding_a, "0", "ended")
    world.say(world.coding_b, "1", "ended")
    world.say(world.coding_b, "1991", "end_date")
    for coding in (world.coding_a, world.coding_b):
        world.say(coding, "regime")
        work.submit(coding=coding)

    def rename(variables: list[dict[str, Any]]) -> None:
        variables[GOAL] |= {"name": "aim", "renamed_from": "goal"}

    published(
        world,
        split,
        rename,
        later,
        aim=Ruling(typed_name="aim"),
        end_date=Ruling(typed_name="end_date", recode=True),
    )

    coding = Coding.objects.get(purpose="recode", coder=world.coder_a)
    sheet = sittings.sheet(coding, sittings.sheets_of(coding))
    assert dict(sheet.before) == {"ended": "0"}


def test_a_recoded_row_reads_the_row_above_in_the_words_of_today(world: World) -> None:
    for coding in (world.coding_a, world.coding_b):
        world.say(coding, "regime")
        world.say(coding, "50", "troops")
        world.say(coding, "200", "partners")
        world.say(world.sheet_of(coding.coder, "200"), "2", "sent")
        world.say(world.sheet_of(coding.coder, "200"), "20", "strength")
        work.submit(coding=coding)

    def rename_and_narrow(variables: list[dict[str, Any]]) -> None:
        variables[TROOPS] |= {"name": "force", "renamed_from": "troops"}
        variables[8] |= {"max": 60, "min": 30}
        variables[8]["checks"][0]["expr"] = "strength <= intervention.force"
        variables[9]["derive"] = "double(strength) / double(intervention.force)"

    published(world, rename_and_narrow, strength=Ruling(typed_name="strength"))
    coding = Coding.objects.get(purpose="recode", coder=world.coder_a)
    say(coding, "strength", "55")

    sheet = sittings.sheet(coding, sittings.sheets_of(coding))

    assert [b.message for b in sheet.broken] == ["More than the whole force."]


def test_a_list_that_is_asked_again_opens_no_sheet_that_was_handed_in(world: World) -> None:
    for coding in (world.coding_a, world.coding_b):
        world.say(coding, "regime")
        world.say(coding, "200", "partners")
        world.say(world.sheet_of(coding.coder, "200"), "2", "sent")
        work.submit(coding=coding)
    published(
        world,
        lambda v: v[5].update(question="Which states fought?"),
        partners=Ruling(
            kind="replaced", reason="To fight is more.", typed_name="partners", recode=True
        ),
    )
    coding = Coding.objects.get(purpose="recode", coder=world.coder_a)

    say(coding, "partners", "200;220")

    opened = Coding.objects.open().filter(coder=world.coder_a, case__parent=world.case)
    assert [c.case.key for c in opened] == ["US-1991-GUL/220"]


# ------------------------------------------------------------------ worklists


def test_a_top_up_that_a_curator_withdrew_stays_withdrawn(world: World) -> None:
    for coding, states in ((world.coding_a, "200"), (world.coding_b, "200;220")):
        world.say(coding, "regime")
        world.say(coding, states, "partners")
        for state in states.split(";"):
            world.say(world.sheet_of(coding.coder, state), "2", "sent")
        work.submit(coding=coding)
    world.settle("200;220", "partners")
    top_up = Coding.objects.get(purpose="top_up", coder=world.coder_a)
    work.withdraw(coding=top_up, reason="One coder is enough.", by=world.curator)

    world.settle("200;220;255", "partners")
    top_up.refresh_from_db()

    assert top_up.withdrawn_at is not None


def test_a_top_up_put_away_by_a_ruling_comes_back_with_another(world: World) -> None:
    for coding, states in ((world.coding_a, "200"), (world.coding_b, "200;220")):
        world.say(coding, "regime")
        world.say(coding, states, "partners")
        for state in states.split(";"):
            world.say(world.sheet_of(coding.coder, state), "2", "sent")
        work.submit(coding=coding)
    world.settle("200;220", "partners")
    top_up = Coding.objects.get(purpose="top_up", coder=world.coder_a)
    withdrawn = []

    for states in ("200", "200;220"):
        world.settle(states, "partners")
        top_up.refresh_from_db()
        withdrawn.append(top_up.withdrawn_at is not None)

    assert withdrawn == [True, False]
    assert Case.objects.filter(parent=world.case).count() == 2
