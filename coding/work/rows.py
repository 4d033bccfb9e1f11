"""Rows below a case: partners that a roster lists, objectives that a coder adds."""

from __future__ import annotations

import secrets

from django.utils import timezone

from coding import codebooks
from coding.blind import SPEAKING
from coding.errors import Refused
from coding.models import Case, Coding, Entry, Member, Unit, Value
from coding.work import signed
from coding.work.act import act

OUT = "the roster was settled without this state"


def follow_roster(coding: Coding, entry: Entry, states: list[str]) -> None:
    """Give the coder a sheet for each listed state, and put away those no longer listed."""
    unit = entry.variable.roster_of
    assert unit is not None
    mine = {
        c.case.key.rsplit("/", 1)[-1]: c
        for c in Coding.objects.of(coding.coder)
        .filter(case__parent=coding.case_id, case__unit=unit)
        .filter(purpose=coding.purpose, codebook=coding.codebook_id)
        .select_related("case")
    }
    names = codebooks.states_of(unit.project_id) if set(states) - set(mine) else {}
    coded = _coded_apart(coding, unit) if set(states) - set(mine) else set()
    for state in states:
        child = mine.get(state)
        if child is None and state in coded:
            continue
        if child is None:
            case = partner_case(coding.case, unit, state, names.get(state, state))
            _open_sheet(coding, case, state)
        elif child.withdrawn_at:
            _withdraw(child, None)
    for state, child in mine.items():
        if state not in states and child.withdrawn_at is None and child.submitted_at is None:
            _withdraw(child, "no longer listed")


def _coded_apart(coding: Coding, unit: Unit) -> set[str]:
    """States whose sheets the coder has handed in already, where only the list is asked again."""
    if not coding.asks.exists():
        return set()
    handed_in = Coding.objects.standing().filter(
        coder=coding.coder_id,
        case__parent=coding.case_id,
        case__unit=unit,
        submitted_at__isnull=False,
        purpose__in=SPEAKING,
    )
    return {key.rsplit("/", 1)[-1] for key in handed_in.values_list("case__key", flat=True)}


def partner_case(parent: Case, unit: Unit, state: str, name: str) -> Case:
    """The case of a state in a parent case: shared by key, whoever lists it first."""
    case, _ = Case.objects.get_or_create(
        unit=unit,
        key=f"{parent.key}/{state}",
        defaults={
            "title": name,
            "parent": parent,
            "root_id": parent.family_id,
            "rostered": True,
        },
    )
    return case


def _open_sheet(parent: Coding, case: Case, state: str) -> None:
    child, _ = Coding.objects.get_or_create(
        case=case,
        coder=parent.coder,
        codebook_id=parent.codebook_id,
        purpose=parent.purpose,
        defaults={"third": parent.third},
    )
    _name_row(child, state)


def _name_row(child: Coding, state: str) -> None:
    """Answer which state the sheet is for: the list has said it."""
    for entry in codebooks.entries_of(child.codebook, child.case.unit_id):
        held = Value.objects.filter(coding=child, variable=entry.variable_id)
        if entry.names_its_row and not held.exists():
            value = Value(coding=child, variable=entry.variable, text=state)
            signed.save(value, why="listed", by=child.coder)


def _withdraw(coding: Coding, reason: str | None) -> None:
    coding.withdrawn_at = timezone.now() if reason else None
    signed.save(coding, why=reason or "listed again")


@act
def add_row(*, coding: Coding, unit: Unit) -> Coding:
    """A further row without a natural key, such as an objective: the coder's own.

    Its key is drawn by lot, so that a gap in a count tells nothing of what others added.
    """
    parent = Coding.objects.select_for_update(of=("self",)).get(pk=coding.pk)
    if parent.submitted_at or parent.withdrawn_at:
        raise Refused("This coding is submitted: no row can be added to it.")
    if unit.rows != Unit.Rows.NUMBERED or unit.parent_id != parent.case.unit_id:
        raise Refused(f"Rows of {unit} cannot be added to this sheet.")
    case = Case.objects.create(
        unit=unit,
        key=f"{parent.case.key}/{unit.name[0]}-{secrets.token_hex(3)}",
        title=unit.label,
        parent=parent.case,
        root_id=parent.case.family_id,
        rostered=True,
    )
    return Coding.objects.create(
        case=case,
        coder=parent.coder,
        codebook_id=parent.codebook_id,
        purpose=parent.purpose,
        third=parent.third,
    )


@act
def remove_row(*, coding: Coding) -> None:
    """Take an added row off the sitting. What was typed on it is kept, not counted."""
    coding = Coding.objects.select_for_update(of=("self",)).get(pk=coding.pk)
    if coding.submitted_at or coding.case.unit.rows != Unit.Rows.NUMBERED:
        raise Refused("This row cannot be removed.")
    _withdraw(coding, "removed by its coder")


def follow_ruling(case: Case, entry: Entry, states: list[str]) -> None:
    """After a roster is settled: who is in is coded by every coder, who is out leaves."""
    unit = entry.variable.roster_of
    assert unit is not None
    names = codebooks.states_of(unit.project_id)
    children = {state: partner_case(case, unit, state, names.get(state, state)) for state in states}
    for child in children.values():
        _set_universe(child, True)
        _top_up(case, child, entry)
    for child in Case.objects.filter(parent=case, unit=unit).exclude(
        pk__in=[c.pk for c in children.values()]
    ):
        _set_universe(child, False)
        for coding in Coding.objects.open().filter(case=child, purpose=Coding.Purpose.TOP_UP):
            _withdraw(coding, OUT)


def _set_universe(case: Case, inside: bool) -> None:
    if case.in_universe != inside:
        case.in_universe = inside
        signed.save(case, why="roster settled")


def _top_up(parent: Case, child: Case, entry: Entry) -> None:
    """A blind sheet for each person who coded the parent but not this partner."""
    people = Member.objects.filter(project=parent.unit.project_id, kind=Member.Kind.PERSON)
    coders = people.exclude(role=Member.Role.READER).values("user")
    coded = Coding.objects.standing().filter(
        case=parent, purpose=Coding.Purpose.PRODUCTION, coder__in=coders
    )
    done = Coding.objects.standing().filter(case=child).values("coder")
    for coding in coded.exclude(coder__in=done).select_related("coder", "codebook"):
        child_coding, created = Coding.objects.get_or_create(
            case=child,
            coder=coding.coder,
            codebook=coding.codebook,
            purpose=Coding.Purpose.TOP_UP,
            defaults={"third": coding.third},
        )
        _name_row(child_coding, child.key.rpartition("/")[2])
        if not created and child_coding.withdrawn_at and _was_put_away(child_coding):
            _withdraw(child_coding, None)


def _was_put_away(coding: Coding) -> bool:
    """Whether a ruling took it off the worklist; what a curator withdrew stays withdrawn."""
    last = coding.history.order_by("-history_id").first()
    return last is not None and last.history_change_reason == OUT
