"""Cells on which several adjudicators rule, each blind to the others, before the data set says it.

A vote is a row of its own. The cell stays disputed until enough of them have voted: then equal
votes, or most votes of a panel, are its ruling. Where they are not equal all votes are shown, and
a third adjudicator decides, or those who voted move until they agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.contrib.auth.models import User
from django.utils import timezone

from coding.canonical import Domain, same
from coding.errors import Refused
from coding.looks import Looks
from coding.models import (
    Case,
    Cell,
    Coding,
    Entry,
    Project,
    SecondLook,
    Variable,
    Vote,
    VoteGround,
)
from coding.work import bypasses, signed
from coding.work.act import act
from coding.work.grounds import Place

CORRECTION = "Opened again: a correction waits for another adjudicator."


@dataclass(frozen=True)
class Ruling:
    """What somebody who settles a cell says of it."""

    text: str | None
    cause: str
    reason: str
    rule: Entry
    sources: Sequence[Place]
    by: User


def votes_on(cell: Cell) -> list[Vote]:
    """What adjudicators have ruled on a cell that is not settled with it yet."""
    return list(Vote.objects.standing().filter(cell=cell).select_related("by", "rule"))


def consider(cell: Cell, entry: Entry, ruling: Ruling, standing: Sequence[Vote]) -> Ruling | None:
    """The ruling that counts now; None as long as others have still to rule on the cell."""
    look = Looks(cell.case.unit.project).of(cell.case.key, entry)
    if look is None:
        return ruling
    _refuse_coders(cell.case, ruling.by)
    own = [vote for vote in standing if vote.by_id == ruling.by.pk]
    shown = bool(standing) and all(vote.shown_at for vote in standing)
    if own and not shown:
        raise Refused("You have ruled on this cell: it waits for another adjudicator.")
    vote = _cast(cell, ruling, is_blind=not shown)
    if shown and not own:
        return ruling  # a third, who has read all of them, decides
    return _counted([*standing, vote], look.votes, entry.domain, ruling, cell)


def _refuse_coders(case: Case, by: User) -> None:
    """Even where coders settle disputes by discussion: a second look is another pair of eyes."""
    coded = Coding.objects.standing().of_family(case.family_id).of(by).exists()
    if coded and not bypasses.lets_coder_rule(case, by):
        raise Refused("You coded this case: its second look is for somebody who did not.")


def _cast(cell: Cell, ruling: Ruling, *, is_blind: bool) -> Vote:
    now = timezone.now()
    vote = Vote.objects.create(
        cell=cell,
        by=ruling.by,
        text=ruling.text,
        cause=ruling.cause,
        reason=ruling.reason,
        rule=ruling.rule,
        blind=is_blind,
        at=now,
        shown_at=None if is_blind else now,
    )
    for source, locator, quote in ruling.sources:
        VoteGround.objects.create(vote=vote, source=source, locator=locator.strip(), quote=quote)
    return vote


def _counted(
    votes: Sequence[Vote], needed: int, domain: Domain, ruling: Ruling, cell: Cell
) -> Ruling | None:
    """What the last votes of each adjudicator come to, once enough of them have voted."""
    last = {vote.by_id: vote for vote in votes}
    if len(last) < needed:
        return None
    if not all(vote.shown_at for vote in votes):
        _show(votes)
    won = most(list(last.values()), domain)
    if won is None:
        cell.since = timezone.now()  # a page that was drawn before shows less than there is now
        signed.save(cell, why="the adjudicators differ")
        return None
    return _together(won, ruling)


def _show(votes: Sequence[Vote]) -> None:
    for vote in votes:
        if vote.shown_at is None:
            vote.shown_at = timezone.now()
            vote.save(update_fields=["shown_at"])


def most(votes: Sequence[Vote], domain: Domain) -> list[Vote] | None:
    """The votes of more than half, who rule the same; of two, both. None in a tie."""
    for vote in votes:
        alike = [v for v in votes if are_same(v.text, vote.text, domain)]
        if len(alike) * 2 > len(votes):
            return alike
    return None


def are_same(one: str | None, other: str | None, domain: Domain) -> bool:
    """Two rulings come to the same; left unresolved is the same as left unresolved."""
    if one is None or other is None:
        return one is other
    return same(one, other, domain)


def _together(votes: Sequence[Vote], ruling: Ruling) -> Ruling:
    """The first of those who rule the same speaks for all, with every reason and source."""
    reasons = list(dict.fromkeys(vote.reason for vote in votes))
    grounds = VoteGround.objects.filter(vote__in=votes).select_related("source")
    places = {(g.source_id, g.locator): Place(g.source, g.locator, g.quote) for g in grounds}
    first = votes[0]
    return replace(
        ruling,
        text=first.text,
        cause=first.cause,
        reason="\n".join(reasons),
        rule=first.rule,
        sources=list(places.values()),
    )


def close(cell: Cell) -> None:
    """The cell is ruled on: its votes are over, and the team may read them."""
    now = timezone.now()
    for vote in Vote.objects.standing().filter(cell=cell):
        vote.shown_at, vote.closed_at = vote.shown_at or now, now
        vote.save(update_fields=["shown_at", "closed_at"])


def holds(cell: Cell) -> bool:
    """Somebody has ruled on it already, and waits for others."""
    return Vote.objects.standing().filter(cell=cell).exists()


def enough_of(cell: Cell, by: User, domain: Domain) -> Ruling:
    """What the votes cast so far come to, where no more will come."""
    last = list({vote.by_id: vote for vote in votes_on(cell)}.values())
    if last and by.pk not in {vote.by_id for vote in last}:
        raise Refused("Rule on this cell yourself first: what others ruled is closed until then.")
    won = most(last, domain)
    if won is None:
        raise Refused(
            "These adjudicators differ: somebody who reads both rulings has to decide."
            if last
            else "Nobody has ruled on this cell yet: settle it first, then say why that is enough."
        )
    first = won[0]
    return _together(won, Ruling(first.text, first.cause, first.reason, first.rule, (), by))


# ------------------------------------------------------------------ what a project asks for


@act
def ask_second(
    *,
    project: Project,
    kind: str,
    votes: int,
    variable: Variable | None,
    share: int,
    seed: str,
    reason: str,
    by: User,
) -> SecondLook:
    """Ask that several adjudicators rule, each blind, on a variable's cells or a share of them."""
    if kind == SecondLook.Kind.SECOND:
        votes = 2
    elif votes < 3:
        raise Refused("A panel needs three adjudicators or more: two are a second look.")
    if not seed.strip():
        raise Refused("A share is drawn by a seed: write any word.")
    known = SecondLook.objects.live().filter(project=project, kind=kind, votes=votes, share=share)
    if known.filter(variable=variable, seed=seed.strip()).exists():
        raise Refused("The project asks for that already.")
    look = SecondLook(
        project=project,
        kind=kind,
        votes=votes,
        variable=variable,
        share=share,
        seed=seed.strip(),
        reason=reason.strip(),
        by=by,
    )
    signed.save(look, why=reason.strip() or "asked for", by=by)
    return look


@act
def end_second(*, look: SecondLook, reason: str, by: User) -> SecondLook:
    """Ask for it no longer. What waits is settled by the next ruling; the release tells why."""
    look = SecondLook.objects.select_for_update(of=("self",)).get(pk=look.pk)
    if look.ended_at:
        raise Refused("This is not asked for any more already.")
    if not reason.strip():
        raise Refused("Say why no more adjudicators are asked for: the release prints it.")
    look.ended_by, look.ended_at, look.ended_reason = by, timezone.now(), reason.strip()
    signed.save(look, why=reason, by=by)
    return look
