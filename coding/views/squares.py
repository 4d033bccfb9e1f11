"""The cases behind a square of the heat map: what was said, and what became of the cell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.core.paginator import Page as Leaf
from django.core.paginator import Paginator

from coding import blind, canonical, codebooks
from coding.disputes import differing
from coding.models import Case
from coding.reliability import OfMember, Place, Square
from coding.views.variable import Page

PAGE = 50


@dataclass(frozen=True)
class Behind:
    """One case: the values that differ and how many said each, and its cell as it stands."""

    case: Case
    said: list[tuple[str, int]]
    cell: int | None
    status: str
    shown: str
    cause: str
    reason: str


class Squares:
    """The cases in which two coders said `one` and `other`, or differ about a `member` of a set.

    Asked for neither, all cases in which coders differ.
    """

    def __init__(self, page: Page, query: Mapping[str, str]) -> None:
        self.page = page
        self.one, self.other = query.get("one", ""), query.get("other", "")
        self.about = self._member(query.get("member", ""))

    def _member(self, code: str) -> OfMember | None:
        found = self.page.roster.members if code and self.page.roster else ()
        return next((m for m in found if m.code == code), None)

    @property
    def chosen(self) -> list[Square]:
        asked = {self.one, self.other}
        if not self.one:
            return list(self.page.depth.disputed)
        return [s for s in self.page.depth.squares if {s.one, s.other} == asked]

    @property
    def title(self) -> str:
        if self.about:
            return f"Some listed {self.about.label}, others did not"
        square = next(iter(self.chosen), None)
        if not self.one or square is None:
            return "Where coders differ"
        if square.agrees:
            return f"Both said {square.label}"
        return f"One said {square.label}, the other {square.other_label}"

    def leaf(self, number: str | None) -> Leaf[Place]:
        """One page of the cases, by key."""
        found = self.about.one if self.about else [p for s in self.chosen for p in s.cases]
        untold = self._untold
        places = {place.pk: place for place in found if place.pk not in untold}
        listed = sorted(places.values(), key=lambda place: (place.key, place.pk))
        return Paginator(listed, PAGE).get_page(number)

    @property
    def _untold(self) -> set[int]:
        """The cases of which this reader has still to answer first: a square says what was said."""
        if not self.page.project.blind_first:
            return set()
        withheld = blind.withheld_from(self.page.user)
        of = withheld.filter(variable=self.page.entry.variable_id)
        return set(of.values_list("case", flat=True))

    def rows(self, places: Iterable[Place]) -> list[Behind]:
        """What the reader may see of these cases."""
        page, entry = self.page, self.page.entry
        wanted = [place.pk for place in places]
        cases = blind.cases_for(page.user).filter(pk__in=wanted).select_related("unit", "root")
        cells = blind.cells_for(page.user).filter(case__in=wanted, variable=entry.variable_id)
        found, said = {cell.case_id: cell for cell in cells}, self._said(wanted)
        of_states = entry.domain.of_states or entry.domain.kind == "state"
        states = codebooks.states_of(page.project.pk) if of_states else {}
        return [
            Behind(
                case=case,
                said=differing(said[case.pk], entry, states),
                cell=cell.pk if cell else None,
                status=cell.status if cell else "",
                shown=canonical.show(cell.text, entry.domain, states) if cell and cell.text else "",
                cause=cell.get_cause_display() if cell else "",
                reason=cell.reason if cell else "",
            )
            for case in sorted(cases, key=lambda case: (case.key, case.pk))
            for cell in [found.get(case.pk)]
        ]

    def _said(self, cases: list[int]) -> dict[int, list[str]]:
        """What each coder says last, without who it was."""
        last: dict[int, dict[int, str]] = defaultdict(dict)
        for said in blind.spoken_for(self.page.user, cases, [self.page.entry.variable_id]):
            last[said.case][said.coder] = said.text
        return defaultdict(list, {case: list(texts.values()) for case, texts in last.items()})
