"""What several adjudicators have ruled on a cell, as far as its reader may know it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.contrib.auth.models import User

from coding import blind, canonical
from coding.looks import Looks
from coding.models import Entry, Project, SecondLook


@dataclass(frozen=True)
class Voted:
    """One adjudicator's ruling, in words."""

    by: str
    shown: str
    cause: str
    reason: str
    is_own: bool
    is_blind: bool
    is_over: bool  # the cell was settled with it


@dataclass(frozen=True)
class Round:
    """How many adjudicators a cell needs and has, with what the reader may see of their rulings."""

    look: SecondLook | None
    cast: int
    votes: tuple[Voted, ...]

    @property
    def needed(self) -> int:
        return self.look.votes if self.look else 0

    @property
    def standing(self) -> list[Voted]:
        return [vote for vote in self.votes if not vote.is_over]

    @property
    def own(self) -> Voted | None:
        """What the reader ruled last, and what still counts."""
        return next((vote for vote in reversed(self.standing) if vote.is_own), None)

    @property
    def differ(self) -> bool:
        """All have ruled, and not the same: the others' rulings are shown."""
        return self.look is not None and self.cast >= self.needed

    @property
    def waits(self) -> bool:
        """The reader has ruled, and others have still to."""
        return self.look is not None and self.own is not None and not self.differ

    @property
    def words(self) -> str:
        """Where the round stands, for a row of the queue."""
        if self.look is None:
            return ""
        if self.differ:
            return "the adjudicators differ"
        if self.own:
            return f"you have ruled, {self.cast} of {self.needed}"
        return f"{self.cast} of {self.needed} adjudicators" if self.cast else ""


NONE = Round(None, 0, ())


def rounds_of(
    user: User,
    project: Project,
    cells: Iterable[tuple[int, str, Entry, bool]],
    states: Mapping[str, str],
    *,
    over: bool = True,
) -> dict[int, Round]:
    """For cells that were let through already (key, case key, entry, whether it is disputed).

    With `over` the rulings on cells that are settled are told as well.
    """
    listed = list(cells)
    if not listed:
        return {}
    looks = Looks(project)
    if not looks.ever:
        return {pk: NONE for pk, *_ in listed}
    some = over or looks.live
    votes = _votes(user, project, listed, states) if some else defaultdict(list)
    open_ones = [pk for pk, _, _, is_open in listed if is_open]
    cast = blind.votes_cast(open_ones) if looks.live and open_ones else {}
    return {
        pk: Round(
            looks.of(key, entry) if is_open and looks.live else None,
            cast.get(pk, 0),
            tuple(votes[pk]),
        )
        for pk, key, entry, is_open in listed
    }


def _votes(
    user: User,
    project: Project,
    cells: Iterable[tuple[int, str, Entry, bool]],
    states: Mapping[str, str],
) -> Mapping[int, list[Voted]]:
    entries = {pk: entry for pk, _, entry, _ in cells}
    found: dict[int, list[Voted]] = defaultdict(list)
    rows = blind.votes_for(user, project).filter(cell__in=entries).select_related("by")
    for vote in rows.order_by("pk"):
        domain = entries[vote.cell_id].domain
        shown = (
            "left unresolved" if vote.text is None else canonical.show(vote.text, domain, states)
        )
        voted = Voted(
            by="You" if vote.by_id == user.pk else vote.by.get_username(),
            shown=shown,
            cause=vote.get_cause_display(),
            reason=vote.reason,
            is_own=vote.by_id == user.pk,
            is_blind=vote.blind,
            is_over=vote.closed_at is not None,
        )
        found[vote.cell_id].append(voted)
    return found
