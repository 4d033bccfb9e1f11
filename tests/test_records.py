"""Many values at once: all or nothing, twice as once, under the rules of typed ones."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from coding import blind, work
from coding.errors import Refused
from coding.models import Case, Cell, Citation, Coding, Member, Source, Unit, Value
from coding.work import Cited, Recorded
from tests.conftest import World


def machine(world: World, name: str = "tago-2005") -> User:
    user = User.objects.create_user(name)
    Member.objects.create(project=world.project, user=user, kind=Member.Kind.MACHINE)
    return user


def said(
    world: World, coder: User, name: str, text: str, key: str = "US-1991-GUL", **more: Any
) -> Recorded:
    unit = Unit.objects.get(project=world.project, name=world.entry(name).variable.unit.name)
    return Recorded(coder, unit, key, world.entry(name), text, **more)


def record(world: World, *recorded: Recorded, **more: Any) -> list[Coding]:
    return work.record(recorded=recorded, codebook=world.codebook, **more)


def counts() -> dict[str, int]:
    models = (Case, Coding, Value, Citation, Source, Cell)
    past = (Coding, Value, Citation)
    return {m.__name__: m._default_manager.count() for m in models} | {
        f"{m.__name__} history": m.history.count()
        for m in past  # type: ignore[attr-defined]
    }


def texts(coder: User) -> dict[str, str]:
    rows = Value.objects.filter(coding__coder=coder, variable__entries__name__isnull=False)
    return dict(rows.values_list("variable__entries__name", "text"))


# ------------------------------------------------------------------ written


def test_values_enter_codings_that_are_assigned_as_they_come(world: World) -> None:
    user = machine(world)
    other = Case.objects.create(unit=world.case.unit, key="US-1994-HAI", title="Haiti")

    codings = record(
        world,
        said(world, user, "goal", "regime", certainty=3, note="Table 2"),
        said(world, user, "troops", "1000", key="US-1994-HAI"),
    )

    assert {(c.coder, c.case) for c in codings} == {(user, world.case), (user, other)}
    value = Value.objects.get(coding__case=world.case)
    assert (value.text, value.certainty, value.note) == ("regime", 3, "Table 2")


def test_each_value_has_its_history_with_coder_and_reason(world: World) -> None:
    record(world, said(world, machine(world), "goal", "regime"), reason="imported from tago.csv")

    row = Value.history.get()
    assert (row.text, row.history_change_reason) == ("regime", "imported from tago.csv")
    assert row.history_user.username == "tago-2005"


def test_an_earlier_data_set_is_asked_only_what_it_holds_and_a_person_everything(
    world: World,
) -> None:
    user = machine(world)
    record(
        world,
        said(world, user, "ended", "1"),
        said(world, user, "troops", "5"),
        said(world, world.coder_a, "troops", "7"),
    )

    coding = Coding.objects.get(coder=user)
    assert {e.name for e in coding.asks.all()} == {"ended", "troops"}
    assert list(world.coding_a.asks.all()) == []


def test_a_roster_opens_its_sheets_and_partners_enter_them(world: World) -> None:
    user = machine(world)
    record(
        world,
        said(world, user, "sent", "2", key="US-1991-GUL/200"),
        said(world, user, "partners", "200;220"),
        said(world, user, "partner_state", "200", key="US-1991-GUL/200"),
    )

    keys = Coding.objects.filter(coder=user).values_list("case__key", flat=True)
    assert sorted(keys) == ["US-1991-GUL", "US-1991-GUL/200", "US-1991-GUL/220"]
    assert texts(user)["sent"] == "2"


def test_a_partner_that_no_roster_lists_gets_its_case(world: World) -> None:
    record(world, said(world, machine(world), "sent", "2", key="US-1991-GUL/255"))

    case = Case.objects.get(key="US-1991-GUL/255")
    assert (case.title, case.parent, case.rostered) == ("Germany", world.case, True)


def test_a_table_may_list_a_state_again_after_the_row_of_its_sheet(world: World) -> None:
    for states in ("200", "none"):
        world.say(world.coding_a, states, "partners")

    record(
        world,
        said(world, world.coder_a, "sent", "2", key="US-1991-GUL/200"),
        said(world, world.coder_a, "partners", "200"),
    )

    assert world.sheet_of(world.coder_a, "200").withdrawn_at is None


# ------------------------------------------------------------------ citations


def test_values_are_cited_and_a_source_is_made_once(world: World) -> None:
    cited = [Cited("Tago 2005", "p. 3", "as a coalition"), Cited("MIP 2022")]
    user = machine(world)

    record(
        world,
        said(world, user, "goal", "regime", citations=cited),
        said(world, user, "troops", "5", citations=cited[:1]),
    )

    assert sorted(Source.objects.values_list("citation", flat=True)) == ["MIP 2022", "Tago 2005"]
    rows = Citation.objects.order_by("pk").values_list("source__citation", "locator", "quote")
    assert sorted(rows) == [
        ("MIP 2022", "", ""),
        ("Tago 2005", "p. 3", "as a coalition"),
        ("Tago 2005", "p. 3", "as a coalition"),
    ]
    assert Citation.history.count() == 3


def test_a_source_of_another_project_is_not_taken(world: World) -> None:
    elsewhere = Member.objects.get(user=world.outsider).project
    Source.objects.create(project=elsewhere, citation="Tago 2005")

    record(world, said(world, machine(world), "goal", "regime", citations=[Cited("Tago 2005")]))

    assert Source.objects.filter(citation="Tago 2005").count() == 2
    assert Citation.objects.get().source.project == world.project


# ------------------------------------------------------------------ twice is once


def everything(world: World, user: User) -> list[Recorded]:
    cited = [Cited("Tago 2005", "p. 3")]
    return [
        said(world, user, "goal", "regime", note="Table 2", citations=cited),
        said(world, user, "partners", "200"),
        said(world, user, "sent", "2", key="US-1991-GUL/200", citations=cited),
    ]


def test_recording_twice_is_recording_once(world: World) -> None:
    user = machine(world)
    record(world, *everything(world, user))
    before = counts()

    record(world, *everything(world, user))

    assert counts() == before


def test_recording_another_value_changes_the_first_and_keeps_it_in_the_history(
    world: World,
) -> None:
    user = machine(world)
    record(world, said(world, user, "goal", "regime"))

    record(world, said(world, user, "goal", "policy"), reason="corrected")

    assert texts(user) == {"goal": "policy"}
    rows = Value.history.order_by("history_id").values_list("text", "history_change_reason")
    assert list(rows) == [("regime", None), ("policy", "corrected")]


# ------------------------------------------------------------------ all or nothing


def faulty(world: World, user: User) -> dict[str, tuple[list[Recorded], str]]:
    return {
        "no case": ([said(world, user, "sent", "2", key="US-1900-X/200")], "There is no case"),
        "no top case": ([said(world, user, "goal", "policy", key="US-1900-X")], "There is no ca"),
        "another state": (
            [said(world, user, "partner_state", "220", key="US-1991-GUL/255")],
            "stands for Germany",
        ),
        "twice": (
            [said(world, user, "ended", "1"), said(world, user, "ended", "0")],
            "tago-2005 answers ended of US-1991-GUL 2 times",
        ),
        "a reader": ([said(world, world.reader, "goal", "policy")], "reader is not a coder"),
        "handed in": (
            [said(world, world.coder_b, "goal", "policy")],
            "Submitted and withdrawn codings",
        ),
        "withdrawn": (
            [said(world, world.coder_a, "goal", "policy")],
            "Submitted and withdrawn codings",
        ),
    }


@pytest.mark.parametrize(
    "fault",
    ["no case", "no top case", "another state", "twice", "a reader", "handed in", "withdrawn"],
)
def test_a_fault_in_the_last_row_leaves_nothing_behind(world: World, fault: str) -> None:
    world.say(world.coding_b, "regime")
    work.submit(coding=world.coding_b)
    work.withdraw(coding=world.coding_a, reason="On leave", by=world.curator)
    user = machine(world)
    before = counts()
    rows, why = faulty(world, user)[fault]

    with pytest.raises(Refused, match=why):
        record(world, *everything(world, user), *rows, submit=True)

    assert counts() == before


def test_a_sitting_that_cannot_be_handed_in_leaves_nothing_behind(world: World) -> None:
    before = counts()

    with pytest.raises(Refused, match="1 answer keeps this sheet"):
        record(world, said(world, world.coder_a, "troops", "7"), submit=True)

    assert counts() == before


def test_nothing_to_record_is_nothing(world: World) -> None:
    before = counts()

    assert record(world, submit=True) == []
    assert counts() == before


# ------------------------------------------------------------------ handed in


def test_recorded_sittings_are_handed_in_under_the_ordinary_rules(world: World) -> None:
    user = machine(world)
    record(world, *everything(world, user), submit=True)

    assert not Coding.objects.open().filter(coder=user).exists()
    assert Cell.objects.count() == 0  # two coders have the case on their worklist
    assert list(blind.values_for(world.curator)) == []


def test_what_earlier_data_sets_say_opens_where_nobody_is_at_work(world: World) -> None:
    free = Case.objects.create(unit=world.case.unit, key="US-1994-HAI", title="Haiti")
    users = [machine(world, name) for name in ("tago-2005", "mip-2022")]

    record(
        world,
        *(
            said(world, user, "ended", text, key=free.key)
            for user, text in zip(users, "10", strict=True)
        ),
        submit=True,
    )

    cell = Cell.objects.get(case=free)
    assert (cell.status, cell.coders) == ("disputed", 2)


def test_partners_without_a_main_sheet_are_handed_in_each(world: World) -> None:
    user = machine(world)

    record(
        world,
        *(said(world, user, "sent", "2", key=f"US-1991-GUL/{s}") for s in ("200", "220", "255")),
        submit=True,
    )

    assert not Coding.objects.open().filter(coder=user).exists()


def test_partners_that_come_after_their_main_sheet_are_handed_in_with_it(world: World) -> None:
    world.say(world.coding_a, "regime")
    world.say(world.coding_a, "200", "partners")

    record(world, said(world, world.coder_a, "sent", "1", key="US-1991-GUL/200"), submit=True)

    assert not Coding.objects.open().of(world.coder_a).exists()
