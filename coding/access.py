"""Who may act in a project: every fetch asks for the role, and a stranger finds nothing."""

from __future__ import annotations

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AnonymousUser, User
from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404

from coding import blind
from coding.errors import Refused
from coding.models import Case, Codebook, Coding, Member

Role = Member.Role
EVERYONE = tuple(Role)
TEAM = (Role.CODER, Role.ADJUDICATOR, Role.CURATOR)
ADJUDICATORS = (Role.ADJUDICATOR, Role.CURATOR)
CURATORS = (Role.CURATOR,)


class SignIn(ModelBackend):
    """Passwords, as Django keeps them; each request finds its user with what `blind` asks."""

    def get_user(self, user_id: int) -> User | None:
        found = blind.with_sight(User.objects.filter(pk=user_id)).first()
        return found if found and self.user_can_authenticate(found) else None


def memberships(user: User | AnonymousUser) -> QuerySet[Member]:
    """The projects a person is in, with the role there."""
    return Member.objects.filter(user=user.pk).select_related("project").order_by("project__title")


def member_or_404(user: User | AnonymousUser, slug: str, *roles: str) -> Member:
    """The user's membership in a project, if it has one of the roles."""
    return get_object_or_404(
        Member.objects.select_related("project"),
        user=user.pk,
        project__slug=slug,
        role__in=roles or EVERYONE,
    )


def codebooks_for(member: Member) -> list[Codebook]:
    """The versions that a member may read, the newest first.

    Drafts are for curators alone: others must not code by what may still change.
    """
    books = member.project.codebooks.select_related("project", "published_by").order_by("-number")
    return list(books if member.role in CURATORS else books.exclude(published_at=None))


def settler_or_404(user: User | AnonymousUser, slug: str) -> Member:
    """A member who may see disputes side by side."""
    return _if_settler(member_or_404(user, slug, *TEAM))


def case_to_settle_or_404(user: User, pk: int) -> tuple[Case, Member]:
    """A case that the user may know of, for those who may see disputes side by side."""
    case, member = case_or_404(user, pk)
    return case, _if_settler(member)


def is_settler(member: Member) -> bool:
    """Coders settle disputes only where the project lets them do so by discussion."""
    return member.role in ADJUDICATORS or (
        member.role == Role.CODER and member.project.reconcile_by_discussion
    )


def _if_settler(member: Member) -> Member:
    if not is_settler(member):
        raise Http404
    return member


def own_coding_or_404(user: User | AnonymousUser, pk: int) -> Coding:
    """A member's own coding. Someone else's does not exist for you."""
    with_case = Coding.objects.standing().select_related("case__unit__project", "codebook")
    return get_object_or_404(
        with_case.defer("codebook__document"),  # long, and read on the codebook's own pages only
        pk=pk,
        coder=user.pk,
        case__unit__project__members__user=user.pk,
        case__unit__project__members__role__in=TEAM,
    )


def refuse_while_coding_again(user: User | AnonymousUser, coding: Coding) -> None:
    """What was handed in stays closed even to its coder while its repeat is open."""
    if coding.submitted_at and not blind.readable(user).filter(pk=coding.pk).exists():
        raise Refused("You are coding this case again: what you said first is closed until then.")


def returnable_or_404(user: User, pk: int) -> Coding:
    """A coding that an adjudicator or a curator may hand back: known to them, not read."""
    coding = get_object_or_404(
        blind.codings_for(user).select_related("case__unit__project", "coder"), pk=pk
    )
    member_or_404(user, coding.case.unit.project.slug, *ADJUDICATORS)
    return coding


def case_or_404(user: User, pk: int, *roles: str) -> tuple[Case, Member]:
    """A case that the user may know of, and the membership that lets them."""
    case = get_object_or_404(
        blind.cases_for(user).select_related("unit__project", "parent", "root"), pk=pk
    )
    return case, member_or_404(user, case.unit.project.slug, *(roles or TEAM))
