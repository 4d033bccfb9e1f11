"""Rulings that later ones are measured by, and what disputes would have the codebook say."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.utils import timezone

from coding.errors import Refused
from coding.models import Cell, Precedent, Project, Proposal, Variable
from coding.work import cells, signed
from coding.work.act import act


@act
def mark_precedent(*, cell: Cell, pattern: str, by: User) -> Precedent:
    """Let later rulings be measured by this one. Other words for its pattern replace the first."""
    if not pattern.strip():
        raise Refused("Say in words when this ruling is a precedent: others will look for them.")
    cell = cells.held(cell, by)
    if cell.status != Cell.Status.ADJUDICATED or cell.text is None:
        raise Refused("Only a ruling can be a precedent: settle the cell first.")
    said = cells.said_of([cell.case_id]).get((cell.case_id, cell.variable_id), [])
    standing = Precedent.objects.filter(cell=cell, withdrawn_at=None).first()
    precedent = standing or Precedent(cell=cell)
    precedent.pattern, precedent.text, precedent.by = pattern.strip(), cell.text, by
    precedent.answers = sorted({each.text for each in said})
    precedent.at = timezone.now()
    signed.save(precedent, why="marked as precedent", by=by)
    return precedent


@act
def withdraw_precedent(*, precedent: Precedent, reason: str, by: User) -> Precedent:
    """A precedent leads no more; it is kept with the reason."""
    precedent = Precedent.objects.select_for_update(of=("self",)).get(pk=precedent.pk)
    if precedent.withdrawn_at:
        raise Refused("This precedent was withdrawn already.")
    if not reason.strip():
        raise Refused("Say why it is a precedent no more.")
    precedent.withdrawn_by, precedent.withdrawn_at = by, timezone.now()
    precedent.withdrawn_reason = reason.strip()
    signed.save(precedent, why=reason.strip(), by=by)
    return precedent


@act
def propose(*, project: Project, variable: Variable, words: str, by: User) -> Proposal:
    """Leave curators a note on what the codebook should say of a variable."""
    if not words.strip():
        raise Refused("Say what the codebook should say instead.")
    proposal = Proposal(project=project, variable=variable, words=words.strip(), by=by)
    signed.save(proposal, why="proposed", by=by)
    return proposal


@act
def close_proposal(*, proposal: Proposal, answer: str, by: User) -> Proposal:
    """Answer a proposal: what became of it."""
    proposal = Proposal.objects.select_for_update(of=("self",)).get(pk=proposal.pk)
    if proposal.closed_at:
        raise Refused("This proposal was answered already.")
    if not answer.strip():
        raise Refused("Say what became of the proposal: who made it will read it.")
    proposal.closed_by, proposal.closed_at, proposal.answer = by, timezone.now(), answer.strip()
    signed.save(proposal, why="answered", by=by)
    return proposal
