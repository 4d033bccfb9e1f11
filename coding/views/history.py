"""Every change of a case that the reader may see: who, when, old → new, why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from coding import access, blind, canonical, codebooks
from coding.models import Case, Coding, Entry

PAGE = 100
MARKS = {"coded": "is-coded", "settled": "is-settled", "returned": "is-returned"}


@dataclass(frozen=True)
class Change:
    """One line of a case's history."""

    when: datetime
    who: str
    what: str
    entry: Entry | None = None
    old: str = ""
    new: str = ""
    why: str = ""
    mark: str = ""


@login_required
def history(request: HttpRequest, pk: int) -> HttpResponse:
    """The newest change first."""
    assert isinstance(request.user, User)
    case, member = access.case_or_404(request.user, pk)
    request.project, request.member = member.project, member  # type: ignore[attr-defined]
    reading = Reading(case, request.user, member.role)
    changes = sorted(reading.changes(), key=lambda c: c.when, reverse=True)
    page = Paginator(changes, PAGE).get_page(request.GET.get("page"))
    context = {"project": member.project, "member": member, "case": case, "page": page}
    return render(request, "coding/history.html", context)


class Reading:
    """The history of one case as one person may read it."""

    def __init__(self, case: Case, user: User, role: str) -> None:
        self.case, self.user, self.role = case, user, role
        known = blind.codings_for(user).filter(case=case).select_related("coder", "codebook")
        self.codings = {c.pk: c for c in known}
        family = Coding.objects.of_family(case.family_id).select_related("coder")
        self.names = blind.names_in(case.family_id, user, role, family)
        self.states = codebooks.states_of(case.unit.project_id)
        self.entries = self._entries()
        # value → its coding and variable, for citations of values that are gone
        self.variables: dict[int, tuple[int, int]] = {}
        self.cells: dict[int, int] = {}  # cell → its variable, for what it rests on

    def _entries(self) -> dict[int, Entry]:
        """How each variable is called: by the newest codebook that has it."""
        books = self.case.unit.project.codebooks.exclude(published_at=None).order_by("number")
        return {e.variable_id: e for book in books for e in codebooks.entries(book)}

    def changes(self) -> Iterator[Change]:
        yield from self._of_codings()
        yield from self._of_values()
        yield from self._of_citations()
        yield from self._of_cells()
        yield from self._of_grounds()
        yield from self._of_votes()
        yield from self._of_reviews()
        yield from self._of_talk()

    def _of_codings(self) -> Iterator[Change]:
        """Assigned, submitted, returned, opened: of one's own sheets, and of open cases."""
        visible = [
            c.pk
            for c in self.codings.values()
            if c.coder_id == self.user.pk or c.unblinded_at or self.role in access.CURATORS
        ]
        rows = Coding.history.filter(id__in=visible).select_related("history_user")
        for row in rows.order_by("history_id"):
            what = row.history_change_reason or "assigned"
            coder = self.names.get(row.coder_id, "A coder")
            mark = MARKS["returned"] if what.startswith("returned") else MARKS["coded"]
            yield Change(row.history_date, self._who(row), f"{coder}’s sheet: {what}", mark=mark)

    def _of_values(self) -> Iterator[Change]:
        rows = blind.value_history(self.user, self.case).order_by("id", "history_id")
        for row, before in _with_before(rows):
            self.variables[row.id] = (row.coding_id, row.variable_id)
            entry = self.entries.get(row.variable_id)
            yield Change(
                row.history_date,
                self._coder(row.coding_id),
                self._verb(row, before),
                entry,
                self._shown(before, entry),
                "" if row.history_type == "-" else self._shown(row, entry),
                row.note or row.history_change_reason or "",
                MARKS["coded"],
            )

    def _of_citations(self) -> Iterator[Change]:
        rows = blind.citation_history(self.user, self.case).select_related("source")
        for row in rows.order_by("history_id"):
            coding, variable = self.variables.get(row.value_id, (0, 0))
            where = f"{row.source.citation}{f', {row.locator}' if row.locator else ''}"
            yield Change(
                row.history_date,
                self._coder(coding),
                "took a citation off" if row.history_type == "-" else "cited",
                self.entries.get(variable),
                new=where,
                why=row.quote,
            )

    def _of_cells(self) -> Iterator[Change]:
        cells = blind.cells_told(self.user).filter(case=self.case)
        rows = blind.cell_history(cells).select_related("history_user", "rule")
        for row, before in _with_before(rows.order_by("id", "history_id")):
            self.cells[row.id] = row.variable_id
            entry = self.entries.get(row.variable_id)
            yield Change(
                row.history_date,
                self._who(row),
                f"the cell is {row.status}{self._by_rule(row)}",
                entry,
                self._shown(before, entry),
                self._shown(row, entry),
                row.reason or row.history_change_reason or "",
                MARKS["settled"],
            )

    def _by_rule(self, row: Any) -> str:
        """Another entry's rule decided."""
        rule = row.rule if row.rule_id else None
        return (
            f" by the rule of {rule.name}" if rule and rule.variable_id != row.variable_id else ""
        )

    def _of_grounds(self) -> Iterator[Change]:
        """The sources on which rulings rest, and those on which they rest no more."""
        rows = blind.ground_history(self.user, self.case).select_related("source", "history_user")
        for row in rows.order_by("history_id"):
            where = f"{row.source.citation}{f', {row.locator}' if row.locator else ''}"
            gone = row.history_type == "-"
            yield Change(
                row.history_date,
                self._who(row),
                "rests the ruling no more on" if gone else "rests the ruling on",
                self.entries.get(self.cells.get(row.cell_id, 0)),
                new=where,
                mark=MARKS["settled"],
            )

    def _of_votes(self) -> Iterator[Change]:
        """What each of several adjudicators ruled, as far as the reader may know it yet."""
        project = self.case.unit.project
        votes = blind.votes_for(self.user, project).filter(cell__case=self.case)
        for vote in votes.select_related("by", "cell").order_by("pk"):
            entry = self.entries.get(vote.cell.variable_id)
            yield Change(
                vote.at,
                self.names.get(vote.by_id) or vote.by.get_username(),
                "ruled, blind to the others" if vote.blind else "ruled, having read the others",
                entry,
                new="unresolved" if vote.text is None else self._shown(vote, entry),
                why=vote.reason,
                mark=MARKS["settled"],
            )

    def _of_reviews(self) -> Iterator[Change]:
        """What a review asked, was answered and found of cells that the reader may see."""
        rows = blind.review_history(self.user, self.case)
        for row in rows.select_related("history_user", "review").order_by("history_id"):
            yield Change(
                row.history_date,
                self._who(row),
                f"{row.review}: {row.get_state_display()}",
                self.entries.get(row.variable),
                why=row.answer if row.state == "answered" else row.question,
                mark=MARKS["returned"] if row.state == "returned" else MARKS["settled"],
            )

    def _of_talk(self) -> Iterator[Change]:
        """What was said of cells that the reader may see, and who moved."""
        project = self.case.unit.project
        said = blind.comments_for(self.user, project).filter(cell__case=self.case)
        moves = blind.moves_for(self.user, project).filter(comment__cell__case=self.case)
        moved = {move.comment_id: move for move in moves}
        for comment in said.select_related("author", "cell").order_by("pk"):
            entry = self.entries.get(comment.cell.variable_id)
            yield Change(
                comment.at,
                self.names.get(comment.author_id) or comment.author.get_username(),
                comment.get_kind_display(),
                entry,
                new=self._shown(moved.get(comment.pk), entry),
                why=comment.text,
            )

    def _coder(self, pk: int) -> str:
        coding = self.codings.get(pk)
        return self.names.get(coding.coder_id, "A coder") if coding else "A coder"

    def _who(self, row: Any) -> str:
        """A coder goes by the letter that this reader knows; others by name."""
        if row.history_user_id is None:
            return "Casebook"
        return self.names.get(row.history_user_id) or str(row.history_user)

    @staticmethod
    def _verb(row: Any, before: Any) -> str:
        if row.history_type == "-":
            return "took the answer off"
        return "coded" if before is None else "coded again"

    def _shown(self, row: Any, entry: Entry | None) -> str:
        if row is None or entry is None:
            return ""
        certainty = getattr(row, "certainty", None)
        shown = canonical.show(row.text, entry.domain, self.states)
        return f"{shown} (certainty {certainty})" if certainty else shown


def _with_before(rows: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
    """Each history row with the row before it of the same object."""
    for _, group in groupby(rows, key=lambda row: row.id):
        before = None
        for row in group:
            yield row, before
            before = row
