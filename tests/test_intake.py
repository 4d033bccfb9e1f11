from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from django.contrib.auth.models import User

from coding import blind, work
from coding.errors import Refused
from coding.models import Case, Citation, Coding, Member, Project, Unit, Value
from curation import files
from curation.faults import BadInput
from curation.intake import CasesReport, CodingsReport, import_cases, import_codings
from tests.conftest import World, make_project
from tests.tables import LONG, everything

CASE = "US-1991-GUL"
Cells = Sequence[str]


def unit(world: World, name: str = "intervention") -> Unit:
    return world.project.units.get(name=name)


def bring_cases(
    world: World, header: str, *rows: str, name: str = "intervention", **more: Any
) -> CasesReport:
    table = files.table_of(
        dict(zip(header.split(","), row.split(","), strict=True)) for row in rows
    )
    return import_cases(project=world.project, unit=unit(world, name), table=table, **more)


def no_cases(world: World, header: str, *rows: str, **more: Any) -> list[str]:
    with pytest.raises(BadInput) as refusal:
        bring_cases(world, header, *rows, **more)
    return [str(fault) for fault in refusal.value.faults]


def bring(world: World, *rows: Cells, more: Cells = (), **options: Any) -> CodingsReport:
    header = (*LONG, *more)
    table = files.table_of(dict(zip(header, row, strict=True)) for row in rows)
    return import_codings(project=world.project, table=table, **options)


def no(world: World, *rows: Cells, more: Cells = (), **options: Any) -> list[str]:
    with pytest.raises(BadInput) as refusal:
        bring(world, *rows, more=more, **options)
    return [str(fault) for fault in refusal.value.faults]


def row(variable: str, value: str, coder: str = "coder_a", state: str = "") -> Cells:
    if state:
        return coder, "partner", f"{CASE}/{state}", variable, value
    return coder, "intervention", CASE, variable, value


def said(coding: Coding) -> dict[str, str]:
    return {name: said.text for name, said in blind.own_answers([coding.pk])[coding.pk].items()}


# ------------------------------------------------------------------ cases


def test_cases_come_with_title_and_facts(world: World) -> None:
    report = bring_cases(
        world,
        "intervention_id,title,fact.region,fact.start_year",
        "US-1989-PAN,Just Cause,Americas,1989",
        "US-1994-HAI,,Americas,",
    )

    assert (report.created, report.unchanged) == (["US-1989-PAN", "US-1994-HAI"], [])
    made = Case.objects.filter(unit=unit(world)).exclude(pk=world.case.pk)
    assert list(made.values_list("key", "title", "facts")) == [
        ("US-1989-PAN", "Just Cause", {"region": "Americas", "start_year": "1989"}),
        ("US-1994-HAI", "US-1994-HAI", {"region": "Americas"}),
    ]


def test_the_same_file_again_changes_nothing_and_leaves_no_history(world: World) -> None:
    for _ in range(2):
        report = bring_cases(world, "key,title,fact.region", "A,x,Asia", "B,y,Europe")

    assert (report.created, report.updated, report.unchanged) == ([], [], ["A", "B"])
    assert Case.history.filter(key="A").count() == 1


def test_what_a_file_says_otherwise_is_changed_and_listed_and_all_else_stays(
    world: World,
) -> None:
    bring_cases(world, "key,title,fact.region,fact.start_year", "A,x,Asia,1950", "B,y,Europe,1960")

    report = bring_cases(world, "key,title,fact.region", "A,z,")

    assert [str(change) for change in report.updated] == [
        "A: title “x” → “z”",
        "A: fact region “Asia” → “”",
    ]
    assert Case.objects.get(key="A").facts == {"start_year": "1950"}
    assert Case.objects.get(key="B").title == "y"


def test_partners_known_before_coding_belong_to_a_case_and_a_state(world: World) -> None:
    bring_cases(world, "key,title", f"{CASE}/200,Britain", name="partner")

    made = Case.objects.get(key=f"{CASE}/200")
    assert (made.parent, made.root, made.rostered) == (world.case, world.case, False)


def test_a_case_below_no_case_is_refused_with_a_hint(world: World) -> None:
    said = no_cases(
        world, "key,parent", f"{CASE}/200,US-1991-GLU", "X/200,", f"{CASE}/999,", name="partner"
    )

    assert said == [
        f"line 2, column parent: “US-1991-GLU” is no case that is there. Did you mean {CASE}?",
        "line 3, column key: “X/200” belongs to no case that is there: "
        "write parent/key, or name the parent.",
        f"line 4, column key: “{CASE}/999” must be {CASE}/ and a code of the state list. "
        "There are 2, 200, 220, 255.",
    ]


def test_rows_without_a_natural_key_are_not_imported_as_cases(world: World) -> None:
    assert no_cases(world, "key", f"{CASE}/1", name="objective") == [
        "unit: “objective” has no cases of its own: each coder adds rows of Objective to a sheet."
    ]


def test_a_partner_that_only_a_closed_coding_lists_is_reported_as_new(world: World) -> None:
    world.say(world.coding_a, "200", "partners")

    dry = bring_cases(world, "key,title", f"{CASE}/200,x", name="partner", dry_run=True)
    real = bring_cases(world, "key,title", f"{CASE}/200,x", name="partner")

    assert dry.created == real.created == [f"{CASE}/200"]
    assert (real.unchanged, real.updated) == ([], [])
    assert Case.objects.get(key=f"{CASE}/200").rostered is False


# ------------------------------------------------------------------ codings


def test_values_come_with_certainty_note_and_all_their_citations(world: World) -> None:
    more = ("certainty", "note", "source", "locator", "quote")
    bring(
        world,
        (*row("goal", "regime"), "3", "Said twice.", "Bush 1991", "p. 12", "out of Kuwait"),
        (*row("goal", "regime"), "", "", "Powell 1995", "", ""),
        more=more,
    )

    value = Value.objects.get(coding=world.coding_a)
    assert (value.text, value.certainty, value.note) == ("regime", 3, "Said twice.")
    cited = Citation.objects.filter(value=value).values_list("source__citation", "locator", "quote")
    assert list(cited) == [("Bush 1991", "p. 12", "out of Kuwait"), ("Powell 1995", "", "")]


def test_rows_that_contradict_or_repeat_one_another_are_refused(world: World) -> None:
    more = ("certainty", "note", "source", "locator")
    said = no(
        world,
        (*row("goal", "regime"), "3", "One.", "Bush", "p. 1"),
        (*row("goal", "policy"), "", "", "Powell", ""),
        (*row("goal", "regime"), "2", "Two.", "Bush", "p. 2"),
        (*row("goal", "regime"), "", "", "Bush", "p. 1"),
        (*row("troops", "5"), "5", "", "", "p. 9"),
        more=more,
    )

    assert said == [
        "line 3, column value: “policy” contradicts line 2, which says “regime” of the same.",
        "line 4, column certainty: “2” contradicts line 2 (3).",
        "line 4, column note: “Two.” differs from the note of line 2: one value, one note.",
        "line 5: repeats line 2: it cites nothing new.",
        "line 6, column certainty: “5” is not a certainty: write 1, 2, 3, 4 or nothing.",
        "line 6, column locator: “p. 9” stands without a source.",
    ]


def test_the_same_file_again_changes_no_value_and_cites_nothing_twice(world: World) -> None:
    for _ in range(2):
        bring(world, (*row("goal", "regime"), "Bush"), more=("source",))

    assert Value.history.count() == 1
    assert Citation.objects.count() == 1


def test_an_import_that_differs_from_what_a_coder_said_reports_the_same_as_one_that_does_not(
    world: World,
) -> None:
    world.say(world.coding_a, "regime")
    same = bring(world, row("goal", "regime"), dry_run=True)
    other = bring(world, row("goal", "policy"), dry_run=True)

    assert same == other
    assert "regime" not in "".join(other.lines())


def test_a_dry_run_reports_what_the_import_does_and_writes_nothing(world: World) -> None:
    rows = [
        row("goal", "regime", "eve"),
        row("partners", "200", "eve"),
        row("sent", "1", "eve", "200"),
        row("strength", "-88", "eve", "200"),
    ]
    cited = [(*each, f"Source {n}") for n, each in enumerate(rows)]
    before = everything()

    dry = bring(world, *cited, more=("source",), add_coders=True, submit=True, dry_run=True)
    assert everything() == before
    real = bring(world, *cited, more=("source",), add_coders=True, submit=True)

    assert everything() != before
    assert dry.dry_run
    dry.dry_run = False
    assert dry == real


def test_a_coder_who_is_not_there_is_named_with_the_way_out(world: World) -> None:
    assert no(world, row("goal", "regime", "coder_c"), row("goal", "regime", "reader")) == [
        "line 2, column coder: “coder_c” is no coder of usmi: "
        "--add-coders makes the account. Did you mean coder_b?",
        "line 3, column coder: “reader” is a reader of usmi and codes nothing.",
    ]


def test_coders_are_added_without_a_password_if_so_told(world: World) -> None:
    report = bring(world, row("goal", "regime", "eve"), add_coders=True)

    eve = Member.objects.get(project=world.project, user__username="eve")
    assert report.added == ["eve"]
    assert (eve.role, eve.user.has_usable_password()) == ("coder", False)
    assert no(world, row("goal", "regime", "no name"), add_coders=True) == [
        "line 2, column coder: “no name” is no name for an account: letters, digits and @.+-_ only."
    ]


def test_an_outsider_is_no_coder_though_the_account_exists(world: World) -> None:
    [fault] = no(world, row("goal", "regime", "outsider"))

    assert fault.startswith("line 2, column coder: “outsider” is no coder of usmi")


def test_rows_of_a_sheet_that_is_handed_in_are_each_refused(world: World) -> None:
    world.say(world.coding_a, "regime")
    work.submit(coding=world.coding_a)

    rule = "is handed in by coder_a: a submitted coding can no longer change."
    assert no(world, row("goal", "policy"), row("troops", "5")) == [
        f"line 2, column case: “{CASE}” {rule}",
        f"line 3, column case: “{CASE}” {rule}",
    ]


def test_rows_of_a_sheet_that_was_taken_away_are_refused(world: World) -> None:
    work.withdraw(coding=world.coding_a, reason="on leave", by=world.curator)

    assert no(world, row("goal", "policy")) == [
        f"line 2, column case: “{CASE}” was taken off the worklist of coder_a."
    ]


# ------------------------------------------------------------------ sheets and their rules


def test_a_partner_is_listed_in_the_file_or_on_the_sheet(world: World) -> None:
    world.say(world.coding_a, "220", "partners")
    assert no(world, row("sent", "2", state="200")) == [
        f"line 2, column case: “{CASE}/200” coder_a does not list 200 in partners of {CASE}: "
        "list it there."
    ]

    bring(world, row("sent", "2", state="220"))
    bring(world, row("partners", "200;220"), row("sent", "2", state="200"))

    assert said(world.sheet_of(world.coder_a, "200")) == {"partner_state": "200", "sent": "2"}
    assert said(world.sheet_of(world.coder_a, "220")) == {"partner_state": "220", "sent": "2"}


def test_a_partners_sheet_cannot_stand_for_another_state(world: World) -> None:
    assert no(world, row("partners", "200"), row("partner_state", "220", state="200")) == [
        f"line 3, column value: “220” is not the state of {CASE}/200: list another state instead."
    ]


def test_a_row_below_a_case_needs_its_main_sheet(world: World) -> None:
    where = ("eve", "objective", f"{CASE}/1")

    assert no(world, (*where, "objective_text", "Free it."), add_coders=True) == [
        f"line 2, column case: “{CASE}/1” eve has no sheet of {CASE} to add it to: "
        f"give a value of {CASE}, too."
    ]


def test_rows_without_a_natural_key_are_called_as_the_file_calls_them(world: World) -> None:
    where = ("coder_a", "objective", f"{CASE}/1")
    bring(world, row("goal", "regime"), (*where, "objective_text", "Free it."))

    sheet = Coding.objects.get(case__key=f"{CASE}/1", coder=world.coder_a)
    assert said(sheet) == {"objective_text": "Free it."}


def test_a_rules_code_is_taken_where_the_rule_sets_it_and_only_there(world: World) -> None:
    bring(world, row("ended", "0"), row("end_date", "-88"))
    assert said(world.coding_a) == {"ended": "0", "end_date": "-88"}

    assert no(world, row("ended", "1", "coder_b"), row("end_date", "-88", "coder_b")) == [
        "line 3, column value: “-88” is set by the rule ended == 0, which does not hold here."
    ]
    assert no(world, row("troops", "-88", "coder_b")) == [
        "line 2, column value: “-88” -88 is set by a skip rule and cannot be typed: leave it out."
    ]


def test_an_answer_to_a_skipped_question_is_refused_not_lost(world: World) -> None:
    assert no(world, row("ended", "0"), row("end_date", "1991-02-28")) == [
        "line 3, column value: “1991-02-28” is skipped: where ended == 0, it is -88. Leave it out."
    ]


def test_a_hard_check_looks_at_the_sheet_above(world: World) -> None:
    strong = row("strength", "9999", state="200")

    assert no(world, row("troops", "4711"), row("partners", "200"), strong) == [
        f"line 4, column value: “9999” More than the whole force. ({CASE}/200, strength)"
    ]


def test_a_conflict_with_what_stands_on_the_sheet_does_not_tell_what_that_is(
    world: World,
) -> None:
    world.say(world.coding_a, "0", "ended")
    world.say(world.coding_a, "4711", "troops")
    world.say(world.coding_a, "200", "partners")

    faults = no(world, row("end_date", "1991-02-28"), row("strength", "9999", state="200"))

    rule = "does not fit what stands on the sheet already: its coder has to look at it."
    assert faults == [
        f"line 2, column value: “1991-02-28” {rule}",
        f"line 3, column value: “9999” {rule}",
    ]


def test_a_check_that_was_broken_before_is_left_to_its_coder(world: World) -> None:
    world.say(world.coding_a, "10", "troops")
    world.say(world.coding_a, "200", "partners")
    world.say(world.sheet_of(world.coder_a, "200"), "20", "strength")

    bring(world, row("sent", "2", state="200"), row("goal", "regime"))

    assert no(world, row("troops", "15")) == [
        "line 2, column value: “15” does not fit what stands on the sheet already: "
        "its coder has to look at it."
    ]


def test_nothing_is_held_against_a_sheet_for_want_of_a_value_that_cannot_be_read(
    world: World,
) -> None:
    assert no(
        world,
        row("ended", "No"),
        row("end_date", "-88"),
        row("partners", "200;UK"),
        row("sent", "2", state="200"),
        row("goal", "Regime change"),
        submit=True,
    ) == [
        "line 2, column value: “No” is a label: write its code, 0.",
        "line 4, column value: “200;UK” “UK” is not a code of the state list.",
        "line 6, column value: “Regime change” is a label: write its code, regime.",
    ]


# ------------------------------------------------------------------ handing in


def test_sheets_are_handed_in_if_so_told_and_open_their_case(world: World) -> None:
    both = [row("goal", "regime"), row("goal", "policy", "coder_b")]

    report = bring(world, *both, submit=True)

    assert report.submitted
    assert (world.cell().status, world.cell().coders) == ("disputed", 2)


def test_everything_that_keeps_sheets_from_being_handed_in_is_named_at_once(
    world: World,
) -> None:
    before = everything()

    faults = no(
        world,
        row("partners", "200;220"),
        row("sent", "2", state="200"),
        row("goal", "-77", "coder_b"),
        submit=True,
    )

    assert faults == [
        "line 4, column value: “-77” -77 needs a note that says why.",
        f"sheet of coder_a on {CASE}, variable goal: Not coded yet.",
        f"sheet of coder_a on {CASE}/220, variable sent: Not coded yet.",
    ]
    assert everything() == before


def test_what_a_coder_left_unready_is_not_told_with_the_refusal_to_hand_it_in(
    world: World,
) -> None:
    world.say(world.coding_a, "-77")

    assert no(world, row("troops", "5"), submit=True) == [
        f"sheet of coder_a on {CASE}, variable goal: "
        "keeps the sheet from being handed in: its coder has to look at it."
    ]


def test_an_earlier_data_set_is_asked_only_what_it_holds(world: World) -> None:
    machine = User.objects.create(username="cow", is_active=False)
    Member.objects.create(project=world.project, user=machine, kind=Member.Kind.MACHINE)

    bring(world, row("troops", "500", "cow"), submit=True)

    coding = Coding.objects.get(coder=machine)
    assert coding.submitted_at is not None
    assert [entry.name for entry in coding.asks.all()] == ["troops"]


def test_a_project_without_a_published_codebook_takes_no_codings(world: World) -> None:
    empty = Project.objects.create(slug="empty", title="Empty")

    with pytest.raises(Refused, match="no published codebook"):
        import_codings(project=empty, table=files.table_of([dict.fromkeys(LONG, "x")]))


def test_the_cases_of_another_project_are_not_known(world: World) -> None:
    other, _ = make_project("third")
    Member.objects.create(project=other, user=world.coder_a)

    table = files.table_of([dict(zip(LONG, row("goal", "regime"), strict=True))])

    with pytest.raises(BadInput) as refusal:
        import_codings(project=other, table=table)

    assert [str(fault) for fault in refusal.value.faults] == [
        f"line 2, column case: “{CASE}” is no case of intervention."
    ]


def test_a_hint_does_not_tell_what_a_closed_coding_lists(world: World) -> None:
    world.say(world.coding_a, "200", "partners")
    faults = no(world, ("coder_b", "partner", f"{CASE}/20", "sent", "2"))

    assert faults == [
        f"line 2, column case: “{CASE}/20” ends in 20, which is not a code of the state list."
    ]
