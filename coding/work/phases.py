"""A coding's phases: assigned, submitted, opened; and the ways back while a case is closed."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from coding import blind, codebooks, sittings
from coding.errors import Refused
from coding.models import Case, Codebook, Coding, Entry, Member
from coding.work import answers, cells, moving, signed, worklists
from coding.work.act import act


@act
def assign(
    *,
    case: Case,
    coder: User,
    codebook: Codebook | None = None,
    purpose: str = Coding.Purpose.PRODUCTION,
    asks: tuple[Entry, ...] = (),
    by: User | None = None,
) -> Coding:
    """Put a case on a coder's worklist, under the current codebook. Twice is once."""
    project = case.unit.project
    if not Member.objects.filter(project=project, user=coder).exclude(role="reader").exists():
        raise Refused(f"{coder} is not a coder of {project}.")
    codebook = codebook or codebooks.current_or_refused(project)
    if not codebook.published_at:
        raise Refused("A draft codebook cannot be coded with: publish it first.")
    coding = Coding.objects.filter(
        case=case, coder=coder, codebook=codebook, purpose=purpose
    ).first()
    if coding is None:
        _refuse_who_was_shown(case, coder, purpose)
        coding = Coding(case=case, coder=coder, codebook=codebook, purpose=purpose)
        signed.save(coding, why="assigned", by=by)
        coding.asks.set(asks)
    elif coding.withdrawn_at:
        _assign_again(coding, by)
    return coding


def _refuse_who_was_shown(case: Case, coder: User, purpose: str) -> None:
    """Who trains on a case is shown what is right: what they say of it is blind no more."""
    family = Coding.objects.standing().of_family(case.family_id).of(coder)
    training = Coding.Purpose.TRAINING
    if purpose != training and family.filter(purpose=training).exists():
        raise Refused(f"{coder} trains on {case.title}: somebody else must code it.")


def _assign_again(coding: Coding, by: User | None) -> None:
    """Bring back an assignment with everything that was withdrawn together with it."""
    family = Coding.objects.of_family(coding.case.family_id).of(coding.coder)
    for each in family.filter(withdrawn_at=coding.withdrawn_at):
        each.withdrawn_at = None
        signed.save(each, why="assigned again", by=by)
    coding.withdrawn_at = None


@act
def submit(*, coding: Coding) -> None:
    """Hand in a sitting: the sheet and the sheets of its partners and objectives.

    Raises Refused with what is still missing: answers, hard checks that do not hold, and notes
    that soft ones ask for. The last coder's submission opens the case.
    """
    root = _lock_family(coding.case)
    coding = answers.locked(coding)
    sitting = sittings.sheets_of(coding)
    if sitting[0].pk != coding.pk:
        raise Refused(
            "A partner's sheet is handed in together with its intervention's.",
            [("Open the main sheet", reverse("coding:sheet", args=[sitting[0].pk]))],
        )
    for sheet in sittings.readings(sitting):
        _write_skips(sheet)
    sitting = sittings.sheets_of(coding)  # a roster that is skipped has put its sheets away
    with_notes = not _is_machine(coding)
    sheets = sittings.readings(sitting)
    open_points = [p for sheet in sheets for p in sheet.points(with_notes=with_notes)]
    if open_points:
        raise Refused(_still_missing(len(open_points)), [(p.text, p.url) for p in open_points])
    now = timezone.now()
    for each in sitting:
        each.submitted_at, each.question = now, ""
        signed.save(each, why="submitted")
    if coding.purpose in blind.SPEAKING:
        open_family(root, now)


def _is_machine(coding: Coding) -> bool:
    """An earlier data set: nobody can write the notes that it did not hold."""
    members = Member.objects.filter(project=coding.case.unit.project_id, user=coding.coder_id)
    return members.filter(kind=Member.Kind.MACHINE).exists()


def _still_missing(count: int) -> str:
    things = "1 answer keeps" if count == 1 else f"{count} answers keep"
    return f"{things} this sheet from being submitted."


def _write_skips(sheet: sittings.Sheet) -> None:
    for name, text in sheet.reading.skipped.items():
        entry = sheet.by_name[name]
        answers.save_value(coding=sheet.coding, entry=entry, text=text, reason="skip rule")


def _lock_family(case: Case) -> Case:
    """Hold the root case, so that two last submissions follow one another."""
    return Case.objects.select_for_update(of=("self",)).get(pk=case.family_id)


def open_family(root: Case, now: datetime) -> None:
    """Open what is ready: a case whose codings are all submitted, once its root case is.

    A partner that only one coder listed stays closed until the other has handed in as well.
    """
    codings = Coding.objects.standing().of_family(root.pk).filter(purpose__in=blind.SPEAKING)
    waiting = set(codings.open().values_list("case", flat=True))
    if root.pk in waiting:
        return
    fresh = codings.filter(unblinded_at=None, submitted_at__isnull=False)
    ready = [c for c in fresh.select_related("case") if c.case_id not in waiting]
    for coding in ready:
        coding.unblinded_at = now
        signed.save(coding, why="opened")
    cells.compare(root, sorted({c.case_id for c in ready}))
    worklists.call_third(root)


@act
def take_back(*, coding: Coding) -> None:
    """A coder reopens a sitting handed in too early, while the case is still closed."""
    _lock_family(coding.case)
    coding = Coding.objects.select_for_update(of=("self",)).get(pk=coding.pk)
    _refuse_if_open(coding)
    _reopen(coding, "taken back by its coder", "")


@act
def give_back(*, coding: Coding, question: str, by: User) -> None:
    """Return a submitted sitting to its coder with a question, while the case is closed."""
    _lock_family(coding.case)
    coding = Coding.objects.select_for_update(of=("self",)).get(pk=coding.pk)
    _refuse_if_open(coding)
    if not question.strip():
        raise Refused("Write the question that the coder should answer.")
    _reopen(coding, f"returned: {question}", question, by)


def _refuse_if_open(coding: Coding) -> None:
    if not coding.submitted_at:
        raise Refused("This coding is not submitted yet.")
    if coding.purpose == Coding.Purpose.TRAINING:
        raise Refused("What is right was shown beside this training sheet: it stays as it is.")
    # Who has handed in reads what is open, so even a sheet that is still closed is blind no more.
    if Coding.objects.of_family(coding.case.family_id).exclude(unblinded_at=None).exists():
        raise Refused("The case is open already: its values are closed for good. Correct the cell.")


def _reopen(coding: Coding, reason: str, question: str, by: User | None = None) -> None:
    sitting = sittings.sheets_of(coding)
    for each in sitting:
        each.submitted_at = None
        each.question = question if each.pk == coding.pk else ""
        signed.save(each, why=reason, by=by)
    moving.under_current(sitting, by)


@act
def unblind(*, case: Case, reason: str, by: User) -> None:
    """Open a case before its last coder is done. Logged, and printed with the release."""
    root = _lock_family(case)
    if not reason.strip():
        raise Refused("Opening a case early needs a reason: the release prints it.")
    codings = (
        Coding.objects.standing()
        .of_family(root.pk)
        .filter(submitted_at__isnull=False, unblinded_at=None, purpose__in=blind.SPEAKING)
    )
    if not codings.exists():
        raise Refused("No submitted coding of this case is waiting to be opened.")
    now = timezone.now()
    for coding in codings:
        coding.unblinded_at, coding.unblind_reason = now, reason
        signed.save(coding, why=f"opened early: {reason}", by=by)
    cells.compare(root, sorted({c.case_id for c in codings}))


@act
def withdraw(*, coding: Coding, reason: str, by: User) -> None:
    """Take an assignment off a worklist; what was typed is kept, not counted."""
    root = _lock_family(coding.case)
    coding = Coding.objects.select_for_update(of=("self",)).get(pk=coding.pk)
    if coding.submitted_at:
        raise Refused("This coding is submitted: it cannot be withdrawn.")
    family = Coding.objects.open().of_family(coding.case_id).of(coding.coder)
    now = timezone.now()
    for each in family.filter(purpose=coding.purpose, codebook=coding.codebook_id):
        each.withdrawn_at = now
        signed.save(each, why=reason, by=by)
    if coding.purpose in blind.SPEAKING:
        open_family(root, now)
