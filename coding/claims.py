"""Who settles the disputes of a family of cases now, as far as others may be told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from coding.models import Claim, Member, Project

SIGNING = (Member.Role.ADJUDICATOR, Member.Role.CURATOR)


@dataclass(frozen=True)
class Held:
    """A claim as its reader may know it. Without `until` it was assigned, and never expires."""

    who: str
    until: datetime | None
    mine: bool

    @property
    def lasts(self) -> bool:
        """It need not be renewed yet."""
        return self.until is None or self.until > timezone.now() + Claim.SPARE

    @property
    def sentence(self) -> str:
        """For those who may not rule here now."""
        if self.until is None:
            return f"This case is assigned to {self.who}."
        until = timezone.localtime(self.until)
        return f"This case is being settled by {self.who} until {until:%H:%M}."


def held(
    viewer: User, project: Project, families: Iterable[int], now: datetime | None = None
) -> dict[int, Held]:
    """The live claims on these families, by root case.

    Adjudicators and curators are named, as under their rulings. A coder who settles by
    discussion is not: whoever may settle there coded there.
    """
    role = Member.objects.filter(project=project, user=OuterRef("user")).values("role")
    live = Claim.objects.live(now).filter(case__in=set(families)).annotate(role=Subquery(role))
    columns = ("case", "user", "user__username", "until", "role")
    return {
        case: Held(
            "you" if user == viewer.pk else name if role in SIGNING else "a coder",
            until,
            user == viewer.pk,
        )
        for case, user, name, until, role in live.values_list(*columns)
    }
