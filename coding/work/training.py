"""Gold answers, training sheets on them, and the certificates that they lead to."""

from __future__ import annotations

from collections.abc import Collection

from django.contrib.auth.models import User
from django.db.models import Q
from simple_history.utils import bulk_create_with_history

from coding import blind, codebooks
from coding.errors import Refused
from coding.models import Case, Cell, Certification, Coding, Gold, Member, Unit
from coding.work import phases, signed
from coding.work.act import act


@act
def mark_gold(
    *, case: Case, reason: str, by: User, variables: Collection[int] | None = None
) -> list[Gold]:
    """Say that settled cells of a case and its partners are right: all, or of some variables.

    Rows that coders add have no key in common, so nobody can be compared with them.
    """
    root = _held(case, by)
    _need(reason, "Say why these answers can be relied on.")
    current = codebooks.current_or_refused(case.unit.project)
    asked = {e.variable_id for e in codebooks.entries(current) if e.is_asked}
    wanted = asked if variables is None else asked & set(variables)
    cells = _settled(root).filter(variable__in=wanted).exclude(case__unit__rows=Unit.Rows.NUMBERED)
    known = set(_gold(root).values_list("case", "variable"))
    pairs = cells.order_by("case", "variable").values_list("case", "variable")
    fresh = [
        Gold(case_id=row, variable_id=variable, by=by, reason=reason.strip())
        for row, variable in pairs
        if (row, variable) not in known
    ]
    if not fresh and not known:
        raise Refused(
            f"{case.title} has no settled answer yet: gold is an answer that is agreed, "
            "adjudicated or verified."
        )
    made = bulk_create_with_history(fresh, Gold, default_user=by, default_change_reason=reason)
    return list(made)


@act
def take_off_gold(
    *, case: Case, reason: str, by: User, variables: Collection[int] | None = None
) -> int:
    """These answers are gold no more; that they were stays in the history. Gives their number."""
    root = _held(case, by)
    _need(reason, "Say why these answers are gold no more.")
    found = _gold(root) if variables is None else _gold(root).filter(variable__in=variables)
    taken = list(found)
    for gold in taken:
        signed.delete(gold, why=reason, by=by)
    return len(taken)


def _held(case: Case, by: User) -> Case:
    """The family's root, held until the act is done. Who is coding it must not know its gold."""
    root = Case.objects.select_for_update(of=("self",)).get(pk=case.family_id)
    if Coding.objects.open().of_family(root.pk).of(by).exists():
        raise Refused("You are coding this case: hand in your own sheet first.")
    return root


def _need(reason: str, words: str) -> None:
    if not reason.strip():
        raise Refused(words)


def _in_family(root: int) -> Q:
    return Q(case=root) | Q(case__root=root)


def _settled(root: Case) -> blind.Cells:
    return Cell.objects.filter(blind.SETTLED, _in_family(root.pk), case__in_universe=True)


def _gold(root: Case) -> blind.Golds:
    return Gold.objects.filter(_in_family(root.pk))


# ------------------------------------------------------------------ training


@act
def train(*, case: Case, coder: User, by: User | None = None) -> Coding:
    """Put a gold case on a coder's worklist as training: blind as any other, marked afterwards.

    What is right is shown once the sheet is handed in, so a case trains a coder once in a
    codebook: another attempt is another case, and the first is never overwritten.
    """
    if case.parent_id:
        raise Refused("A partner's sheet comes with its intervention's: train on that case.")
    book = codebooks.current_or_refused(case.unit.project)
    asked = book.entries.values("variable")
    if not _gold(case).filter(variable__in=asked).exists():
        raise Refused(f"{case.title} has no gold answer that {book} asks: mark some first.")
    before = Coding.objects.standing().filter(
        case=case, coder=coder, codebook=book, purpose=Coding.Purpose.TRAINING
    )
    if before.filter(submitted_at__isnull=False).exists():
        raise Refused(
            f"{coder} has trained on {case.title} and was shown what is right: "
            "a further attempt is another case."
        )
    if reason := knows(case, coder):
        raise Refused(reason)
    return phases.assign(
        case=case, coder=coder, codebook=book, purpose=Coding.Purpose.TRAINING, by=by
    )


def knows(case: Case, coder: User) -> str:
    """Why this person knows the answers of a case before training on it; empty for who does not."""
    coded = Coding.objects.standing().of_family(case.family_id).of(coder)
    if coded.exclude(purpose=Coding.Purpose.TRAINING).exists():
        return f"{coder} codes {case.title} for the data set: train on another case."
    family = _in_family(case.family_id)
    ruled = Q(history_user=coder, status__in=(Cell.Status.ADJUDICATED, Cell.Status.UNRESOLVED))
    if Cell.history.filter(family, ruled | Q(verified_by=coder)).exists():
        return f"{coder} settled answers of {case.title}: train on another case."
    if _gold(case).filter(by=coder).exists():
        return f"{coder} marked the gold answers of {case.title}: train on another case."
    return ""


# ------------------------------------------------------------------ certificates


@act
def certify(
    *, member: Member, variables: Collection[int], reason: str, by: User
) -> list[Certification]:
    """Say that a coder may code these variables, having shown it. Who knows one keeps it."""
    member = Member.objects.select_for_update(of=("self",)).get(pk=member.pk)
    if member.user_id == by.pk:
        raise Refused("Nobody certifies themselves: another curator has to.")
    if member.role == Member.Role.READER:
        raise Refused(f"{member.user} is a reader and codes nothing.")
    _need(reason, "Say what the certificate rests on: it is kept with it.")
    book = codebooks.current_or_refused(member.project)
    asked = {e.variable_id for e in codebooks.entries(book) if e.is_asked}
    if not variables or set(variables) - asked:
        raise Refused(f"Choose variables that {book} asks.")
    held = set(member.certifications.values_list("variable", flat=True))
    fresh = [
        Certification(member=member, variable_id=variable, by=by, reason=reason.strip())
        for variable in sorted(set(variables) - held)
    ]
    return list(
        bulk_create_with_history(
            fresh, Certification, default_user=by, default_change_reason=reason
        )
    )


@act
def withdraw_certification(
    *, member: Member, variables: Collection[int], reason: str, by: User
) -> int:
    """These variables are certified no more; that they were stays in the history."""
    _need(reason, "Say why the certificate is withdrawn.")
    taken = list(member.certifications.filter(variable__in=variables))
    if not taken:
        raise Refused(f"{member.user} is certified for none of these variables.")
    for certification in taken:
        signed.delete(certification, why=reason, by=by)
    return len(taken)
