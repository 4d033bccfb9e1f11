"""Reviews: which cells are verified, what was found, and what goes back as a question."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import Max
from django.utils import timezone

from coding import designs
from coding.canonical import Domain, same
from coding.errors import Refused
from coding.models import Cell, Entry, Project, Review, Unit, Variable, Verification
from coding.work import bypasses, signed
from coding.work.act import act

State = Verification.State
LOT = "review"


@dataclass(frozen=True)
class Scope:
    """Which cells a review draws from, and how."""

    kind: str
    share: int = 100
    seed: str = ""
    unit: Unit | None = None
    section: str = ""
    variable: Variable | None = None
    certainty: int | None = None
    ambiguous: int | None = None


def named(case_key: str, variable: str) -> str:
    """What a cell is called in the lot."""
    return f"{case_key} {variable}"


@act
def start_review(
    *,
    project: Project,
    scope: Scope,
    cells: Sequence[tuple[Cell, Entry]],
    reason: str = "",
    by: User,
) -> Review:
    """Draw a worklist of cells to be verified. It is kept as it was drawn.

    `cells` is all that the review draws from; their order is drawn by lot, and a share takes the
    first of them, so that anybody can draw it again.
    """
    if not cells:
        raise Refused("No single or agreed cell that nobody verified fits this.")
    Project.objects.select_for_update().get(pk=project.pk)
    by_name = {named(cell.case.key, entry.name): cell for cell, entry in cells}
    order = designs.drawn(scope.seed, LOT, by_name)
    if scope.kind == Review.Kind.SHARE:
        order = order[: max(1, designs.share_of(len(order), scope.share))]
    last = Review.objects.filter(project=project).aggregate(last=Max("number"))["last"] or 0
    review = Review(
        project=project,
        number=last + 1,
        kind=scope.kind,
        share=scope.share if scope.kind == Review.Kind.SHARE else 100,
        seed=scope.seed,
        unit=scope.unit,
        section=scope.section,
        variable=scope.variable,
        certainty=scope.certainty,
        ambiguous=scope.ambiguous,
        drawn_from=dict(Counter(entry.name for _, entry in cells)),
        digest=hashlib.sha256("\n".join(sorted(by_name)).encode()).hexdigest(),
        reason=reason.strip(),
        by=by,
    )
    signed.save(review, why=reason.strip() or "started", by=by)
    Verification.objects.bulk_create(
        Verification(review=review, cell=cell, place=place, text=cell.text or "")
        for place, cell in enumerate((by_name[name] for name in order), 1)
    )
    signed.remember(Verification.objects.filter(review=review), why="drawn", by=by)
    return review


@act
def end_review(*, review: Review, reason: str, by: User) -> Review:
    """Look no further: what was found stands, the rest was not looked at."""
    review = Review.objects.select_for_update(of=("self",)).get(pk=review.pk)
    if review.ended_at:
        raise Refused("This review has ended already.")
    if not reason.strip():
        raise Refused("Say why the review ends: the release prints it.")
    review.ended_by, review.ended_at, review.ended_reason = by, timezone.now(), reason.strip()
    signed.save(review, why=reason, by=by)
    return review


def confirmed(cell: Cell, by: User) -> None:
    """Somebody looked at the evidence, and it bears out what the cell says."""
    for row in _open(cell):
        kept = cell.text == row.text
        _found(row, State.CONFIRMED if kept else State.OVERTAKEN, by)


def found(cell: Cell, domain: Domain, by: User, *, overtaken: bool) -> None:
    """The cell was ruled on: what the ruling says of it is what the review found."""
    for row in _open(cell):
        kept = cell.text is not None and same(cell.text, row.text, domain)
        state = State.CONFIRMED if kept else State.CORRECTED
        _found(row, State.OVERTAKEN if overtaken else state, by)


def look_again(cells: Sequence[Cell], why: str, by: User) -> None:
    """What was found of these cells was taken back: somebody has to look at them again."""
    found = Verification.objects.filter(
        cell__in=cells, state__in=(State.CONFIRMED, State.CORRECTED), review__ended_at=None
    )
    for row in found.select_for_update(of=("self",)):
        row.state, row.found_by, row.found_at = State.WAITING, None, None
        signed.save(row, why=f"to be looked at again: {why}"[:100], by=by)


def _open(cell: Cell) -> list[Verification]:
    return list(Verification.objects.open().filter(cell=cell).select_for_update(of=("self",)))


def _found(row: Verification, state: str, by: User) -> None:
    row.state, row.found_by, row.found_at = state, by, timezone.now()
    signed.save(row, why=f"found: {State(state).label}", by=by)


@act
def return_cell(*, row: Verification, question: str, by: User) -> Verification:
    """Ask those who coded the cell. What they said stays as it is: they answer in words."""
    row = _held(row)
    if reason := bypasses.barred(row.cell.case, by):
        raise Refused(reason)
    if not question.strip():
        raise Refused("Write the question that the coder should answer.")
    if row.cell.status not in (Cell.Status.SINGLE, Cell.Status.AGREED):
        raise Refused("This cell is disputed or ruled on: there is nothing to ask of it here.")
    row.state, row.question, row.asked_by = State.RETURNED, question.strip(), by
    row.answer, row.answered_by = "", None
    signed.save(row, why="returned with a question", by=by)
    return row


@act
def answer_question(*, row: Verification, answer: str, by: User) -> Verification:
    """A coder's word on the cell; the reviewer confirms or corrects it with that."""
    row = _held(row)
    if row.state != State.RETURNED:
        raise Refused("This question is answered, or the cell was ruled on meanwhile.")
    if not answer.strip():
        raise Refused("Write an answer.")
    row.state, row.answer, row.answered_by = State.ANSWERED, answer.strip(), by
    signed.save(row, why="answered", by=by)
    return row


def _held(row: Verification) -> Verification:
    rows = Verification.objects.select_for_update(of=("self",))
    row = rows.select_related("cell__case__unit__project", "review").get(pk=row.pk)
    if row.state in (State.CONFIRMED, State.CORRECTED, State.OVERTAKEN):
        raise Refused("This cell was looked at meanwhile.")
    if row.review.ended_at:
        raise Refused("This review has ended.")
    return row
