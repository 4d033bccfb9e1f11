"""Mail of discussions: one to each member, of what concerns them since the mail before.

It says where there is something to read, never what a cell or a comment says: mail lies on other
servers, and what was open when it was sent may be closed to its reader when it is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse

from coding import blind, work
from coding.models import Member, Notice, Project

WORDS = {
    Notice.Kind.OWNED: ("question to answer", "questions to answer"),
    Notice.Kind.ANSWERED: ("answer", "answers"),
    Notice.Kind.MENTION: ("mention", "mentions"),
}


@dataclass
class Sent:
    """How many mails of how many notices are out, and to whom none could be sent."""

    mails: int = 0
    notices: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)


def send(projects: Sequence[Project]) -> Sent:
    """Send each member what was not sent yet and is open to them now.

    It is marked as sent once the mail server has taken the mail: what fails goes out next time.
    Broken off in between, it goes out once more: told twice is better than never told.
    """
    done = Sent()
    members = Member.objects.filter(project__in=projects, kind=Member.Kind.PERSON, digests=True)
    reached = members.filter(user__is_active=True).exclude(user__email="")
    for member in reached.select_related("user", "project").order_by("project", "user"):
        notices = _of(member)
        if not notices:
            continue
        try:
            mail_to(member, notices).send()
        except (SMTPException, OSError) as error:
            done.failed.append((member.user.get_username(), str(error)))
            continue
        work.mark_mailed(notices=[notice.pk for notice in notices])
        done.mails, done.notices = done.mails + 1, done.notices + len(notices)
    return done


def _of(member: Member) -> list[Notice]:
    mine = blind.notices_for(member.user, member.project).filter(mailed_at=None)
    return list(mine.select_related("comment__cell__case__root", "comment__cell__variable"))


def mail_to(member: Member, notices: Sequence[Notice]) -> EmailMessage:
    """The mail, in plain text with whole addresses."""
    said = [
        f"{count} {WORDS[kind][count > 1]}"
        for kind in WORDS
        if (count := sum(notice.kind == kind for notice in notices))
    ]
    board = reverse("coding:discussion", args=[member.project.slug])
    lines = [f"{WORDS[Notice.Kind(n.kind)][0].capitalize()}: {_place(n)}" for n in notices]
    body = [
        f"In {member.project.title} there is something for you to read.",
        "",
        *lines,
        "",
        f"All of it, and the switch that turns this mail off: {_whole(board)}",
        "",
    ]
    subject = f"{member.project.title}: {', '.join(said)}"
    return EmailMessage(subject, "\n".join(body), to=[member.user.email])


def _place(notice: Notice) -> str:
    """The case above and the address: that a partner is listed is an answer, too."""
    case = notice.comment.cell.case
    address = reverse("coding:case", args=[case.pk])
    return f"{(case.root or case).title}\n  {_whole(address)}#comment-{notice.comment_id}"


def _whole(address: str) -> str:
    return f"{settings.SITE_ADDRESS.rstrip('/')}{address}"
