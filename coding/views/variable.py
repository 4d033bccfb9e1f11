"""One variable's page of reliability: why its figure is what it is, and where the coders part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from django.contrib.auth.models import User
from django.db.models import Count
from django.http import Http404, QueryDict
from django.urls import reverse
from django.utils.http import urlencode

from coding import access, blind, charts, reliability, work
from coding.agreement import Coefficient
from coding.models import Entry, Member, Unit
from coding.reliability import Depth, Opened, Part, Square
from coding.views.figures import Line, Question, strip

LARGEST_MAP = 16  # categories; a larger one is read as a list
LISTED = 12  # of the commonest confusions
PARTS: dict[reliability.By, str] = {
    "region": "region",
    "period": "period",
    "version": "codebook",
    "coder": "coder",
}
MEASURES = {
    "nominal": "nominal: the same or not",
    "ordinal": "ordinal: the further apart on the scale, the worse",
    "interval": "interval: by the squared difference",
    "ratio": "ratio: by the squared difference relative to the size",
    "masi": "MASI: sets that overlap agree in part",
    "jaccard": "Jaccard: sets that overlap agree in part",
}


@dataclass(frozen=True)
class Row:
    """A figure in a table: its name, its strip, and what else is known of it."""

    label: str
    alpha: Coefficient
    strip: charts.Svg
    percent: float = float("nan")
    part: Part | None = None


class Page:
    """One variable, as its reader may know it."""

    def __init__(self, member: Member, user: User, name: str, query: QueryDict) -> None:
        self.member, self.user, self.project = member, user, member.project
        self.question = Question(query)
        self.opened: Opened = reliability.opened_for(user, self.project, self.question.asked)
        entry = self.opened.entry(name)
        if entry is None or entry.is_computed or not entry.compare:
            raise Http404
        self.entry: Entry = entry

    @cached_property
    def depth(self) -> Depth:
        return reliability.depth(self.opened, self.entry)

    @property
    def line(self) -> Line:
        return Line(self.depth.figure)

    @property
    def has_machines(self) -> bool:
        return any(c.kind == Member.Kind.MACHINE for c in self.opened.coders.values())

    @property
    def measure(self) -> str:
        return MEASURES[self.depth.figure.measure]

    # ---------------------------------------------------------------- where they part

    @cached_property
    def heat(self) -> charts.Chart | None:
        """The heat map; None where there are too many categories, or one."""
        names = self.depth.categories
        if not 2 <= len(names) <= LARGEST_MAP:
            return None
        place = {code: n for n, (code, _) in enumerate(names)}
        counts = {
            (max(pair), min(pair)): len(square.cases)
            for square in self.depth.squares
            for pair in [(place[square.one], place[square.other])]
        }
        return charts.heat_map(
            [charts.Label(code, label) for code, label in names],
            counts,
            title=f"Which answers to {self.entry.label} are taken for each other",
            href=lambda i, j: self.cells_url(names[j][0], names[i][0]),
        )

    @property
    def confusions(self) -> list[tuple[Square, str]]:
        """The commonest confusions, each with where its cases are listed."""
        return [(s, self.cells_url(s.one, s.other)) for s in self.depth.disputed[:LISTED]]

    @property
    def apart(self) -> int:
        """The cases in which any two coders part."""
        return len({place.pk for square in self.depth.disputed for place in square.cases})

    def cells_url(self, one: str = "", other: str = "", member: str = "") -> str:
        url = reverse("coding:reliability-cells", args=[self.project.slug, self.entry.name])
        asked = {"one": one, "other": other, "member": member}
        between = urlencode({name: text for name, text in asked.items() if text})
        kept = self.question.kept.removeprefix("?")
        query = "&".join(filter(None, (between, kept)))
        return f"{url}?{query}" if query else url

    # ---------------------------------------------------------------- sets and rows

    @cached_property
    def roster(self) -> reliability.Roster | None:
        """Of a set: as sets, member by member, and the rows that it lists."""
        is_set = self.entry.domain.kind == "set"
        return reliability.roster(self.opened, self.entry) if is_set else None

    @property
    def members(self) -> list[tuple[reliability.OfMember, charts.Svg, str]]:
        """Its members with their own alpha, drawn, and where coders part about them."""
        found = self.roster.members if self.roster else ()
        return [
            (m, strip(m.alpha, m.label), self.cells_url(member=m.code) if m.one else "")
            for m in found
        ]

    @property
    def classification(self) -> list[Line]:
        """The variables of the rows below, given that two coders coded the row."""
        found = self.roster.classification if self.roster else ()
        return [Line(figure) for figure in found if figure.alpha.n_units]

    @cached_property
    def numbered(self) -> reliability.Numbered | None:
        """Of a variable of rows without a common key: the rows paired within each case."""
        unit = self.entry.variable.unit
        has_no_key = unit.rows == Unit.Rows.NUMBERED
        return reliability.numbered(self.opened, unit) if has_no_key else None

    @property
    def paired(self) -> Line | None:
        """This variable over the pairs of rows."""
        found = self.numbered.paired if self.numbered else ()
        return next((Line(f) for f in found if f.name == self.entry.name), None)

    # ---------------------------------------------------------------- what it is made of

    @property
    def matrix(self) -> list[tuple[str, list[tuple[float, float]], float]]:
        """Rows of the coincidence matrix: found and expected by chance, and the row's sum."""
        found, chance = self.depth.coincidences, self.depth.expected
        return [
            (label, list(zip(found[n].tolist(), chance[n].tolist(), strict=True)), found[n].sum())
            for n, (_, label) in enumerate(self.depth.categories)
        ]

    @property
    def others(self) -> list[Row]:
        return [Row(name, c, strip(c, name)) for name, c in self.depth.others.items()]

    @property
    def categories(self) -> list[tuple[reliability.OfCategory, charts.Svg, charts.Svg]]:
        """Each category with its share and its own alpha, drawn."""
        total = sum(each.count for each in self.depth.by_category)
        return [
            (each, charts.bar(each.count / total, each.label), strip(each.alpha, each.label))
            for each in self.depth.by_category
        ]

    # ---------------------------------------------------------------- where it differs

    @cached_property
    def parts(self) -> list[tuple[str, list[Row]]]:
        """The figure by region, period, codebook and coder, where there are two of them."""
        found = []
        for by, title in PARTS.items():
            parts = reliability.parts(self.opened, self.entry, by)
            rows = [_row(part) for part in parts]
            if len(rows) > 1:
                found.append((title, rows))
        return found

    @cached_property
    def pairs(self) -> charts.Chart | None:
        pairs = reliability.pairs(self.opened, self.entry)
        if not pairs:
            return None
        coders = sorted({c.pk: c for p in pairs for c in (p.one, p.other)}.values(), key=_named)
        place = {coder.pk: n for n, coder in enumerate(coders)}
        found = {}
        for p in pairs:
            one, other = sorted((place[p.one.pk], place[p.other.pk]))
            found[one, other] = charts.Pair(p.alpha.value, p.alpha.n_units, p.shared)
        labels = [charts.Label(coder.name) for coder in coders]
        return charts.matrix(labels, found, title=f"Alpha of {self.entry.label}, coder by coder")

    @cached_property
    def course(self) -> reliability.Course:
        return reliability.course(self.opened, self.entry)

    @cached_property
    def control(self) -> charts.Chart | None:
        """The control chart, once there are two weeks to compare."""
        if len(self.course.batches) < 2:
            return None
        title = f"Agreement on {self.entry.label} over time"
        points = list(_points(self.course))
        return charts.control_chart(points, mean=1 - self.course.mean, title=title)

    @cached_property
    def which(self) -> reliability.Which:
        """The coder, the rule or the case."""
        return reliability.which(self.opened, self.entry)

    # ---------------------------------------------------------------- its cells

    @property
    def may_settle(self) -> bool:
        return access.is_settler(self.member)

    @cached_property
    def states(self) -> list[tuple[str, str, int]]:
        """What its cells have come to: status, cause in words, and how many."""
        cells = blind.cells_for(self.user).filter(
            variable=self.entry.variable_id, case__in_universe=True
        )
        counted = cells.order_by().values_list("status", "cause").annotate(n=Count("pk"))
        causes = dict(work.CAUSES)
        rows = {(status, str(causes.get(cause, ""))): n for status, cause, n in counted}
        order = ("disputed", "adjudicated", "unresolved", "agreed", "single")
        return [
            (status, cause, n)
            for status in order
            for (each, cause), n in sorted(rows.items(), key=lambda row: -row[1])
            if each == status
        ]

    @property
    def open_disputes(self) -> int:
        return sum(n for status, _, n in self.states if status == "disputed")


def _points(course: reliability.Course) -> Iterator[charts.Point]:
    """The weeks as shares that agree; a codebook begins with the first week coded under it."""
    known = 0
    for batch in course.batches:
        newest = max(batch.versions, default=0)
        yield charts.Point(
            f"{batch.start:%-d %b %Y}",
            batch.units - batch.apart,
            batch.units,
            1 - batch.high,
            1 - batch.low,
            begins=f"Codebook {newest}" if newest > known else "",
        )
        known = max(known, newest)


def _row(part: Part) -> Row:
    return Row(part.label, part.alpha, strip(part.alpha, part.label), part.percent.value, part)


def _named(coder: reliability.Coder) -> tuple[bool, str]:
    return coder.name != "You", coder.name
