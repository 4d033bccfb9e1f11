"""What the shell around every page shows: the person's projects, the role here, the ways on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from coding import access, blind
from coding.models import Coding, Member, Project


@dataclass(frozen=True)
class Way:
    """A page of the project that every other page leads to; `g` and its key go there, too."""

    view: str
    label: str
    icon: str
    key: str
    roles: tuple[str, ...] = access.EVERYONE
    pages: tuple[str, ...] = ()


SHEET = ("coding:sheet", "coding:save", "coding:cite", "coding:submit")
RELEASES = ("curation:release", "curation:build")
WAYS = (
    Way("coding:start", "Overview", "home", "o", access.CURATORS),
    Way("coding:work", "My work", "checklist", "w", access.TEAM, SHEET),
    Way("coding:disputes", "Disputes", "scale", "d", access.ADJUDICATORS, ("coding:dispute",)),
    Way("coding:discussion", "Discussion", "messages", "m", access.TEAM, ("coding:thread",)),
    Way("coding:precedents", "Precedents", "quote", "e", access.ADJUDICATORS),
    Way("coding:codebook", "Codebook", "book-2", "b"),
    Way("coding:cases", "Cases", "folders", "c", access.TEAM, ("coding:case", "coding:history")),
    Way("coding:training", "Training", "rosette-discount-check", "t", access.TEAM),
    Way("coding:learning", "Learning", "message-question", "l", access.TEAM),
    Way("coding:reliability", "Reliability", "chart-dots", "a", access.TEAM),
    Way("coding:quality", "Quality", "circle-check", "q", access.ADJUDICATORS),
    Way(
        "coding:reviews",
        "Review",
        "eye",
        "v",
        access.ADJUDICATORS,
        ("coding:second-looks", "coding:ask-second"),
    ),
    Way("coding:plan", "Plan", "users", "p", access.CURATORS),
    Way(
        "curation:studies",
        "Studies",
        "chart-bar",
        "s",
        pages=("curation:study", "curation:risk-set"),
    ),
    Way("curation:releases", "Releases", "package", "r", pages=RELEASES),
)


@dataclass(frozen=True)
class Item:
    """A way as this person sees it on this page."""

    label: str
    icon: str
    key: str
    url: str
    active: bool
    badge: int


class Shell:
    """Asked only by pages that draw the shell: a fragment costs no query."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.user: User | AnonymousUser = getattr(request, "user", AnonymousUser())

    @cached_property
    def members(self) -> list[Member]:
        """The projects the person is in, each with the number of codings to do there."""
        if not self.user.is_authenticated:
            return []
        return list(
            access.memberships(self.user).annotate(
                to_code=_to_code(self.user), to_answer=_to_answer(self.user)
            )
        )

    @cached_property
    def member(self) -> Member | None:
        """The membership in the project of this page; without one, in the only project."""
        slug = self._slug()
        if slug is None and len(self.members) == 1:
            return self.members[0]
        return next((m for m in self.members if m.project.slug == slug), None)

    @property
    def project(self) -> Project | None:
        return self.member.project if self.member else None

    @cached_property
    def nav(self) -> list[Item]:
        member = self.member
        if member is None:
            return []
        slug = member.project.slug
        ways = {way: reverse(way.view, args=[slug]) for way in WAYS if _open_to(way, member)}
        here = self._here(ways)
        return [
            Item(way.label, way.icon, way.key, url, way is here, self._badge(way, member))
            for way, url in ways.items()
        ]

    @property
    def initials(self) -> str:
        """Two letters of the name, for the round sign beside it."""
        name = (self.user.is_authenticated and self.user.get_full_name()) or str(self.user)
        parts = name.replace("_", " ").replace("-", " ").split()
        return "".join(part[0] for part in parts[:2]).upper()

    def _slug(self) -> str | None:
        project: Project | None = getattr(self.request, "project", None)
        match = self.request.resolver_match
        return project.slug if project else (match.kwargs.get("slug") if match else None)

    def _here(self, ways: dict[Way, str]) -> Way | None:
        """The way that this page lies on: by name, or the closest above it by address."""
        match = self.request.resolver_match
        named = (way for way in ways if match and match.view_name in way.pages)
        above = [way for way, url in ways.items() if self.request.path.startswith(url)]
        return next(named, max(above, key=lambda way: len(ways[way]), default=None))

    def _badge(self, way: Way, member: Member) -> int:
        if way.view == "coding:work":
            return getattr(member, "to_code", 0)
        if way.view == "coding:discussion":
            return getattr(member, "to_answer", 0)
        if way.view == "coding:disputes" and self.user.is_authenticated:
            return blind.disputes_for(self.user, member.project).count()
        return 0


def _to_code(user: User) -> Coalesce:
    """Open codings of the person in the project of a membership."""
    mine: QuerySet[Coding] = Coding.objects.open().of(user).order_by()
    here = mine.filter(case__unit__project=OuterRef("project"), case__parent=None)
    counted = here.values("case__unit__project").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def _to_answer(user: User) -> Coalesce:
    """Open questions that the person must answer in the project of a membership."""
    mine = blind.to_answer(user).order_by()
    here = mine.filter(comment__cell__case__unit__project=OuterRef("project"))
    named = here.values("comment__cell__case__unit__project")
    counted = named.annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def _open_to(way: Way, member: Member) -> bool:
    """Coders settle disputes themselves where the project says that they discuss them."""
    if way.view == "coding:disputes" and member.project.reconcile_by_discussion:
        return member.role in access.TEAM
    return member.role in way.roles


def shell(request: HttpRequest) -> dict[str, object]:
    """For the templates: one name, worked out only where it is used."""
    return {"shell": SimpleLazyObject(lambda: Shell(request))}
