"""What is said of a cell: comments, questions with an owner, and moves of coders who discuss it.

Nothing that was said is changed or taken back, and nothing of it touches what was coded blind.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils import timezone

from coding import blind
from coding.canonical import Domain, same
from coding.errors import Refused
from coding.looks import Looks
from coding.models import Case, Cell, Comment, Entry, Inquiry, Member, Move, Notice, Project
from coding.work import cells, second, signed
from coding.work.act import act

LONGEST = 4_000
MENTION = re.compile(r"(?<![\w.])@(\w[\w.+-]*\w|\w)")
LETTER = re.compile(r"[A-Z]")
RULING = (Member.Role.ADJUDICATOR, Member.Role.CURATOR)
Kind, State = Comment.Kind, Inquiry.State


class Addressed(NamedTuple):
    """Who is meant by a name or a letter; nobody where a name would give a coder away."""

    written: str
    user: User | None


@act
def comment(*, cell: Cell, text: str, by: User) -> Comment:
    """Say something of a cell. Who is mentioned is told, as soon as they may read it."""
    return _say(cell, Kind.COMMENT, text, by)


@act
def inquire(*, cell: Cell, text: str, owner: str, by: User) -> Inquiry:
    """Ask somebody, who owns the question until it is closed or handed on."""
    user = _owner(cell, owner, by)
    said = _say(cell, Kind.QUESTION, text, by, to=user, why=Notice.Kind.OWNED)
    asked = Inquiry(comment=said, owner=user)
    signed.save(asked, why="asked", by=by)
    return asked


@act
def reply(*, inquiry: Inquiry, text: str, by: User) -> Comment:
    """Answer a question that one owns."""
    inquiry = _held(inquiry)
    if inquiry.owner_id != by.pk:
        raise Refused("This question is somebody else’s to answer: you can comment on it.")
    asked = inquiry.comment
    said = _say(
        asked.cell, Kind.ANSWER, text, by, about=asked, to=asked.author, why=Notice.Kind.ANSWERED
    )
    _turn(inquiry, State.ANSWERED, by)
    return said


@act
def hand_over(*, inquiry: Inquiry, text: str, owner: str, by: User) -> Comment:
    """Give the question another owner, with a word; it is open again."""
    inquiry = _held(inquiry)
    asked = inquiry.comment
    if by.pk not in (asked.author_id, inquiry.owner_id) and not _rules_in(asked.cell, by):
        raise Refused("Only who asks, who is asked and adjudicators hand a question on.")
    user = _owner(asked.cell, owner, by, besides=inquiry.owner)
    said = _say(asked.cell, Kind.HANDOVER, text, by, about=asked, to=user, why=Notice.Kind.OWNED)
    inquiry.owner = user
    _turn(inquiry, State.OPEN, by)
    return said


@act
def close(*, inquiry: Inquiry, text: str, by: User) -> Comment:
    """Nothing is left to answer: said by who asked or by an adjudicator, with a word."""
    inquiry = _held(inquiry)
    asked = inquiry.comment
    if by.pk != asked.author_id and not _rules_in(asked.cell, by):
        raise Refused("Only who asks and adjudicators close a question.")
    said = _say(asked.cell, Kind.CLOSING, text, by, about=asked)
    _turn(inquiry, State.CLOSED, by)
    return said


def _held(inquiry: Inquiry) -> Inquiry:
    found = (
        Inquiry.objects.select_for_update(of=("self",))
        .select_related("comment__cell__case__unit__project", "comment__author", "owner")
        .get(pk=inquiry.pk)
    )
    if found.state == State.CLOSED:
        raise Refused("This question is closed: ask again if there is more to say.")
    return found


def _turn(inquiry: Inquiry, state: str, by: User) -> None:
    inquiry.state = state
    signed.save(inquiry, why=state, by=by)


def _say(
    cell: Cell,
    kind: str,
    text: str,
    by: User,
    *,
    about: Comment | None = None,
    to: User | None = None,
    why: str = "",
) -> Comment:
    words = text.strip()
    if not words:
        raise ValidationError("Write something: whoever reads the thread reads it.")
    if len(words) > LONGEST:
        raise ValidationError(f"{len(words)} characters are too many: at most {LONGEST}.")
    if cell.status == Cell.Status.DERIVED:
        raise Refused("This cell is computed: discuss the cells that it is computed from.")
    if not blind.cells_for(by).filter(pk=cell.pk).exists():
        raise Refused("This cell is closed to you now.")
    if cells.must_answer_first(cell, by):
        raise Refused("Answer first: the discussion is yours to read when you have.")
    mentioned = _mentioned(cell, words, by)
    said = Comment.objects.create(cell=cell, author=by, kind=kind, text=words, about=about)
    told = {user.pk: (Notice.Kind.MENTION, name) for name, user in mentioned if user}
    if to is not None:
        told[to.pk] = (Notice.Kind(why), told.get(to.pk, ("", ""))[1])
    told.pop(by.pk, None)
    for pk, (kind_of, written) in told.items():
        Notice.objects.create(comment=said, user_id=pk, kind=kind_of, written=written)
    return said


# ------------------------------------------------------------------ who is meant


def _mentioned(cell: Cell, text: str, by: User) -> list[Addressed]:
    names = dict.fromkeys(MENTION.findall(text))
    return [_addressed(cell.case, name, by) for name in names]


def _addressed(case: Case, name: str, by: User) -> Addressed:
    """Coders go by their letter: a name beside an answer would tell whose column it is.

    A name of the team is taken whether or not its bearer may read the cell yet: to refuse it
    would tell who still codes here. It reaches them when they may read it; and it reaches nobody
    who coded the case, since by an answer under a letter all would know whose letter it is.
    """
    letters = _letters(case, by)
    if LETTER.fullmatch(name):
        for coder, letter in letters.items():
            if letter == f"Coder {name}":
                return Addressed(name, User.objects.get(pk=coder))
        raise ValidationError(f"@{name}: no coder of this case has that letter.")
    members = Member.objects.filter(project=case.unit.project_id, kind=Member.Kind.PERSON)
    member = members.filter(user__username=name).exclude(role=Member.Role.READER)
    found = member.select_related("user").first()
    if found is None:
        raise ValidationError(f"@{name}: nobody who reads discussions here has that name.")
    if found.role not in RULING:
        raise ValidationError(f"@{name}: coders go by their letter here. Write @A, for Coder A.")
    return Addressed(name, None if found.user_id in letters else found.user)


def _letters(case: Case, by: User) -> Mapping[int, str]:
    return blind.letters_in(by, [case.family_id]).get(case.family_id, {})


def _owner(cell: Cell, name: str, by: User, besides: User | None = None) -> User:
    if not name:
        raise ValidationError("Say who must answer.")
    user = _addressed(cell.case, name, by).user
    if user is None:
        raise ValidationError("This person coded the case: ask by the letter.")
    if user == by:
        raise ValidationError("A question is for somebody else: choose who must answer.")
    if user == besides:
        raise ValidationError("They own this question already.")
    return user


def _rules_in(cell: Cell, by: User) -> bool:
    project = cell.case.unit.project_id
    return Member.objects.filter(project=project, user=by, role__in=RULING).exists()


# ------------------------------------------------------------------ coders who discuss


@act
def move(*, cell: Cell, entry: Entry, text: str, cause: str, reason: str, by: User) -> Move:
    """Take another position on a disputed cell, where coders reconcile by discussion.

    What was coded blind stays as it is. Once all who coded the cell hold the same, it is settled
    by this act, unless the project asks for a second look there.
    """
    cell = cells.held(cell, by)
    project: Project = cell.case.unit.project
    if not project.reconcile_by_discussion:
        raise Refused("In this project adjudicators settle disputes, not their coders.")
    if cell.status != Cell.Status.DISPUTED:
        raise Refused("This cell is settled meanwhile: look at it again.")
    if cause not in Cell.Cause.values:
        raise Refused("Say what made the answers differ.")
    held = positions(cell, by)
    if by.pk not in held:
        raise Refused("You did not answer this question: you have no position to move.")
    if held[by.pk] == text:
        raise Refused("That is what you hold already.")
    held[by.pk] = text
    settles = agree(held, entry.domain) and Looks(project).of(cell.case.key, entry) is None
    said = _say(cell, Kind.MOVE, reason, by)
    moved = Move.objects.create(comment=said, text=text, cause=cause, settles=settles)
    if settles:
        told = f"Reconciled by discussion: {said.text}"
        cells.reconciled(cell, entry, second.Ruling(text, cause, told, entry, (), by))
    return moved


def positions(cell: Cell, by: User) -> dict[int, str]:
    """What each coder of a cell holds now: what they said last, or moved to since it opened."""
    held = {s.coder: s.text for s in blind.spoken_for(by, [cell.case_id], [cell.variable_id])}
    moves = Move.objects.filter(comment__cell=cell, comment__at__gte=cell.since).order_by("pk")
    held.update(moves.values_list("comment__author", "text"))
    return held


def agree(held: Mapping[int, str], domain: Domain) -> bool:
    texts = list(held.values())
    return all(same(a, b, domain) for n, a in enumerate(texts) for b in texts[n + 1 :])


@act
def set_digests(*, member: Member, on: bool) -> Member:
    """Turn the mail of discussions on or off; what came while it was off is not sent later."""
    if on and not member.digests:
        late = Notice.objects.filter(user=member.user, mailed_at=None)
        here = late.filter(comment__cell__case__unit__project=member.project)
        mark_mailed(notices=list(here.values_list("pk", flat=True)))
    if member.digests != on:
        member.digests = on
        signed.save(member, why="digests on" if on else "digests off", by=member.user)
    return member


@act
def mark_mailed(*, notices: list[int]) -> None:
    """The mail that tells of these is out."""
    for notice in Notice.objects.filter(pk__in=notices):
        notice.mailed_at = timezone.now()
        notice.save()
