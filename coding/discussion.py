"""Threads of cells as their readers see them, and what of them concerns whom.

Whoever coded a case is called by the letter of the column, whoever looks and whatever is settled:
one name beside one letter would tell all the columns of the family.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from django.contrib.auth.models import User
from django.core.paginator import Page, Paginator
from django.utils import timezone

from coding import blind, canonical, codebooks
from coding.models import Case, Comment, Entry, Inquiry, Member, Notice, Project

PER_PAGE = 50
STATES = {"open": "open question", "answered": "answered", "closed": "closed"}
RULING = (Member.Role.ADJUDICATOR, Member.Role.CURATOR)
SHOWS = {
    "mine": "To answer",
    "concerns": "Concerns you",
    "asked": "Asked by you",
    "open": "All open",
}


@dataclass(frozen=True)
class Asked:
    """A question of a thread: whose it is, how long it has stood, and what the reader may do."""

    pk: int
    state: str
    owner: str
    days: int
    may_answer: bool
    may_hand_over: bool
    may_close: bool

    @property
    def word(self) -> str:
        return STATES[self.state]

    @property
    def may_act(self) -> bool:
        return self.may_answer or self.may_hand_over or self.may_close


@dataclass(frozen=True)
class Said:
    """One comment as its reader sees it."""

    pk: int
    who: str
    verb: str
    text: str
    at: datetime
    asked: Asked | None = None


@dataclass(frozen=True)
class Thread:
    """What was said of one cell, oldest first."""

    said: Sequence[Said] = ()
    people: Sequence[tuple[str, str]] = field(default=())  # who may be asked: name and words

    @property
    def state(self) -> str:
        """The most urgent state of its questions; empty without any."""
        states = {each.asked.state for each in self.said if each.asked}
        return next((state for state in STATES if state in states), "")

    @property
    def word(self) -> str:
        return STATES.get(self.state, "")

    @property
    def waits(self) -> bool:
        return self.state == "open"


NONE = Thread()


class Talk:
    """The discussion of a project as one member reads it."""

    def __init__(self, user: User, project: Project, role: str) -> None:
        self.user, self.project, self.role = user, project, role
        self.now = timezone.now()

    def threads(
        self, case: Case, cells: Iterable[int], letters: Mapping[int, str] | None = None
    ) -> Mapping[int, Thread]:
        """The threads of cells of one case; each cell has one, if only an empty one.

        `letters` of the family's coders spare a query where they are known already.
        """
        wanted = list(cells)
        comments = blind.comments_for(self.user, self.project).filter(cell__in=wanted)
        listed = list(comments.select_related("author").order_by("pk"))
        if letters is None:
            letters = blind.letters_in(self.user, [case.family_id]).get(case.family_id, {})
        people = self._people(letters)
        keys = [each.pk for each in listed]
        inquiries = self.inquiries(keys)
        words, moves = self._words(keys, letters), self._moves(listed)
        said: dict[int, list[Said]] = defaultdict(list)
        for each in listed:
            asked = inquiries.get(each.pk)
            shown = Said(
                each.pk,
                self.name(each.author, letters),
                f"moves to {moves[each.pk]}" if each.pk in moves else each.get_kind_display(),
                _with(words.get(each.pk, ()), each.text),
                each.at,
                self._asked(asked, each, letters) if asked else None,
            )
            said[each.cell_id].append(shown)
        return {cell: Thread(said.get(cell, ()), people) for cell in wanted}

    def name(self, person: User, letters: Mapping[int, str]) -> str:
        if person.pk == self.user.pk:
            return "You"
        return letters.get(person.pk) or person.get_username()

    def inquiries(self, comments: Sequence[int]) -> dict[int, Inquiry]:
        found = Inquiry.objects.filter(comment__in=comments).select_related("owner")
        return {inquiry.comment_id: inquiry for inquiry in found}

    def _asked(self, inquiry: Inquiry, comment: Comment, letters: Mapping[int, str]) -> Asked:
        lives = inquiry.state != Inquiry.State.CLOSED
        mine, rules = comment.author_id == self.user.pk, self.role in RULING
        owns = inquiry.owner_id == self.user.pk
        return Asked(
            inquiry.pk,
            inquiry.state,
            self.name(inquiry.owner, letters),
            (self.now - comment.at).days,
            may_answer=lives and owns,
            may_hand_over=lives and (mine or owns or rules),
            may_close=lives and (mine or rules),
        )

    def _words(
        self, comments: Sequence[int], letters: Mapping[int, str]
    ) -> Mapping[int, list[tuple[str, str]]]:
        """By comment how somebody was mentioned, and what they are called now."""
        found: dict[int, list[tuple[str, str]]] = defaultdict(list)
        told = Notice.objects.filter(comment__in=comments, user__in=list(letters))
        for comment, user, written in told.exclude(written="").values_list(
            "comment", "user", "written"
        ):
            called = "you" if user == self.user.pk else letters[user]
            found[comment].append((f"@{written}", f"@{called}"))
        return found

    def _moves(self, comments: Sequence[Comment]) -> dict[int, str]:
        moved = [c.pk for c in comments if c.kind == Comment.Kind.MOVE]
        if not moved:
            return {}
        entries = codebooks.newest_entries(self.project)
        states = codebooks.states_of(self.project.pk)
        moves = blind.moves_for(self.user, self.project).filter(comment__in=moved)
        rows = moves.values_list("comment", "comment__cell__variable", "text")
        return {
            comment: canonical.show(text, entries[variable].domain, states)
            for comment, variable, text in rows
        }

    def _people(self, letters: Mapping[int, str]) -> list[tuple[str, str]]:
        coders = {pk: letter for pk, letter in letters.items() if pk != self.user.pk}
        by_letter = [(letter.removeprefix("Coder "), letter) for letter in coders.values()]
        named = [
            (member.user.get_username(), f"{member.user} ({member.role})")
            for member in self._ruling
            if member.user_id not in letters and member.user_id != self.user.pk
        ]
        return [*sorted(by_letter), *named]

    @cached_property
    def _ruling(self) -> list[Member]:
        members = self.project.members.filter(role__in=RULING, kind=Member.Kind.PERSON)
        return list(members.select_related("user").order_by("user__username"))


def _with(words: Iterable[tuple[str, str]], text: str) -> str:
    for written, called in words:
        text = text.replace(written, called)
    return text


# ------------------------------------------------------------------ what concerns one


@dataclass(frozen=True)
class Line:
    """A question or a mention on the page Discussion."""

    comment: int
    case: Case
    entry: Entry
    text: str
    who: str
    owner: str
    state: str
    at: datetime
    days: int
    why: str = ""


class Board:
    """The questions and mentions of a project, as one member reads them."""

    def __init__(self, user: User, member: Member, show: str = "", owner: str = "") -> None:
        self.user, self.project = user, member.project
        self.talk = Talk(user, member.project, member.role)
        self.show = show if show in SHOWS else "mine"
        self.owner = owner if self.show == "open" else ""

    @cached_property
    def _lists(self) -> dict[str, list[tuple[int, str]]]:
        """For each list the comments on it, each with why it is there; the oldest first."""
        inquiries = blind.inquiries_for(self.user, self.project).order_by("comment")
        rows = list(inquiries.values_list("comment", "owner", "state", "comment__author"))
        notices = blind.notices_for(self.user, self.project).order_by("-comment")
        kinds = dict(Notice.Kind.choices)
        return {
            "mine": [(c, "") for c, o, state, _ in rows if o == self.user.pk and state == "open"],
            "concerns": [(c, kinds[k]) for c, k in notices.values_list("comment", "kind")],
            "asked": [(c, "") for c, _, _, author in rows if author == self.user.pk][::-1],
            "open": [(c, "") for c, _, state, _ in rows if state == "open"],
        }

    @property
    def counts(self) -> list[tuple[str, str, int]]:
        return [(name, label, len(self._lists[name])) for name, label in SHOWS.items()]

    @property
    def nothing(self) -> bool:
        return not any(self._lists.values())

    @cached_property
    def owners(self) -> list[tuple[str, int]]:
        """Who owns the open questions, and how many, as far as names may be told."""
        found: dict[str, int] = defaultdict(int)
        for line in self._lines("open"):
            found[line.owner] += 1
        return sorted(found.items())

    @cached_property
    def lines(self) -> list[Line]:
        found = self._lines(self.show)
        return [line for line in found if self.owner in ("", line.owner)]

    def page(self, number: str | None) -> Page[Line]:
        return Paginator(self.lines, PER_PAGE).get_page(number)

    def _lines(self, show: str) -> list[Line]:
        wanted = self._lists[show]
        comments = blind.comments_for(self.user, self.project).in_bulk([c for c, _ in wanted])
        read = Comment.objects.filter(pk__in=comments).select_related(
            "author", "cell__case__root", "cell__case__unit"
        )
        rows = {each.pk: each for each in read}
        inquiries = self.talk.inquiries(list(rows))
        letters = blind.letters_in(self.user, {c.cell.case.family_id for c in rows.values()})
        found = []
        for pk, why in wanted:
            if each := rows.get(pk):
                names = letters.get(each.cell.case.family_id, {})
                found.append(self._line(each, inquiries.get(pk), names, why))
        return found

    def _line(
        self, each: Comment, inquiry: Inquiry | None, letters: Mapping[int, str], why: str
    ) -> Line:
        return Line(
            each.pk,
            each.cell.case,
            self.entries[each.cell.variable_id],
            each.text,
            self.talk.name(each.author, letters),
            self.talk.name(inquiry.owner, letters) if inquiry else "",
            inquiry.state if inquiry else "",
            each.at,
            (self.talk.now - each.at).days,
            why,
        )

    @cached_property
    def entries(self) -> Mapping[int, Entry]:
        return codebooks.newest_entries(self.project)
