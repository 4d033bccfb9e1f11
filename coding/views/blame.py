"""Where the disagreements of a project lie: with coders, with rules or with cases."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from django.contrib.auth.models import User
from django.http import QueryDict
from django.urls import reverse

from coding import access, charts, reliability
from coding.models import Member
from coding.reliability.difficulty import pairs_of
from coding.views.figures import Question

LISTED = 15  # variables and cases, those with the highest rates


@dataclass(frozen=True)
class Row:
    """One rate, drawn, with where it leads."""

    rate: reliability.Rate
    drawn: charts.Svg
    href: str


@dataclass(frozen=True)
class Part:
    """Coders, variables or cases: those shown, and how many there are."""

    title: str
    rows: list[Row]
    total: int

    @property
    def one(self) -> str:
        return self.title.removesuffix("s")


class Blame:
    """All pairs of answers that the reader may know of, split three ways."""

    def __init__(self, member: Member, user: User, query: QueryDict) -> None:
        self.member, self.user, self.project = member, user, member.project
        self.question = Question(query)
        self.opened = reliability.opened_for(user, self.project, self.question.asked)

    @cached_property
    def difficulty(self) -> reliability.Difficulty:
        return reliability.difficulty(self.opened)

    @property
    def has_machines(self) -> bool:
        return any(c.kind == Member.Kind.MACHINE for c in self.opened.coders.values())

    @cached_property
    def most(self) -> float:
        """The end of the scale on which all rates are drawn."""
        shown = [rate.high for _, rates in self._lists for rate in rates[:LISTED]]
        return max(shown, default=1.0)

    @property
    def parts(self) -> list[Part]:
        return [Part(title, self._rows(rates), len(rates)) for title, rates in self._lists]

    @property
    def _lists(self) -> list[tuple[str, Sequence[reliability.Rate]]]:
        found = self.difficulty
        return [("Coders", found.coders), ("Variables", found.variables), ("Cases", found.cases)]

    def _rows(self, rates: Sequence[reliability.Rate]) -> list[Row]:
        return [
            Row(
                each,
                charts.rate(each.shrunk, each.low, each.high, each.expected, self.most, each.label),
                self._leads_to(each),
            )
            for each in rates[:LISTED]
        ]

    def _leads_to(self, rate: reliability.Rate) -> str:
        """A variable to its page, a case to its own; a coder nowhere."""
        if isinstance(rate.key, str):
            url = reverse("coding:reliability-variable", args=[self.project.slug, rate.key])
            return f"{url}{self.question.kept}"
        if rate.key not in self.opened.places or rate in self.difficulty.coders:
            return ""
        page = "coding:dispute" if access.is_settler(self.member) else "coding:case"
        return reverse(page, args=[rate.key])

    @cached_property
    def matrix(self) -> charts.Chart | None:
        """Coder by coder, the share of answers that agree, of all variables together."""
        pairs = pairs_of(self.opened)
        counted: dict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0])
        for one, other, differs in zip(
            pairs.one.tolist(), pairs.other.tolist(), pairs.differs.tolist(), strict=True
        ):
            found = counted[min(one, other), max(one, other)]
            found[0] += 1
            found[1] += not differs
        met = {coder for pair in counted for coder in pair}
        coders = [coder for coder in self.opened.coders.values() if coder.pk in met]
        place = {coder.pk: n for n, coder in enumerate(coders)}
        shown = {
            (min(at), max(at)): charts.Pair(agreed / n, n, n)
            for (one, other), (n, agreed) in counted.items()
            for at in [(place[one], place[other])]
        }
        labels = [charts.Label(coder.name) for coder in coders]
        title = "Answers that agree, coder by coder"
        return charts.matrix(labels, shown, title=title, share=True) if shown else None
