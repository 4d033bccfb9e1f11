"""The cases behind a square of the heat map: what was said, and what became of the cell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.core.paginator import Page as Leaf
from django.core.paginator import Paginator

from coding import blind, canonical, codebooks
from coding.disputes import differing
from coding.models import Case
from coding.reliability import Place, Square
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
    """The cases in which two coders said `one` and `other`; without them, all that differ."""

    def __init__(self, page: Page, one: str, other: str) -> None:
        self.page, self.one, self.other = page, one, other

    @property
    def chosen(self) -> list[Square]:
        asked = {self.one, self.other}
        if not self.one:
            return list(self.page.depth.disputed)
        return [s for s in self.page.depth.squares if {s.one, s.other} == asked]

    @property
    def title(self) -> str:
        square = next(iter(self.chosen), None)
        if not self.one or square is None:
            return "Where coders part"
        if square.agrees:
            return f"Both said {square.label}"
        return f"One said {square.label}, the other {square.other_label}"

    def leaf(self, number: str | None) -> Leaf[Place]:
        """One page of the cases, by key."""
        places = {place.pk: place for square in self.chosen for place in square.cases}
        listed = sorted(places.values(), key=lambda place: (place.key, place.pk))
        return Paginator(listed, PAGE).get_page(number)

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
