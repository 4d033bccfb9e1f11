"""The reliability of a codebook as a report: a methods paragraph whose every number is traced.

A number in the paragraph carries a note that says what was counted and names the variables behind
it, so that whoever reads it finds them in the table below and on their pages.
"""

from __future__ import annotations

import csv
import io
import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import median

from coding import blind
from coding.agreement import Coefficient
from coding.models import Member
from coding.reliability.figures import DRAWS, MOST_UNITS_DRAWN, Figure, figures
from coding.reliability.opened import Opened
from coding.reliability.plain import number
from coding.reliability.reading import GOOD, TENTATIVE, two, verdict

LEVELS = {
    "nominal": "nominal",
    "ordinal": "ordinal",
    "interval": "interval",
    "ratio": "ratio",
    "masi": "between sets (MASI; Passonneau 2006)",
}
SOURCES = (
    "Krippendorff, K. (2019). Content Analysis: An Introduction to Its Methodology (4th ed.). "
    "Sage, chapter 12.",
    "Gwet, K. L. (2008). Computing inter-rater reliability and its variance in the presence of "
    "high agreement. British Journal of Mathematical and Statistical Psychology, 61, 29–48.",
    "Efron, B. (1987). Better bootstrap confidence intervals. Journal of the American Statistical "
    "Association, 82, 171–185.",
)
PASSONNEAU = (
    "Passonneau, R. (2006). Measuring agreement on set-valued items (MASI) for semantic and "
    "pragmatic annotation. LREC."
)


@dataclass(frozen=True)
class Traced:
    """A number of the paragraph and its note: what was counted, and of which variables."""

    text: str
    what: str
    names: tuple[str, ...] = ()
    note: int = 0


Sentence = tuple[str | Traced, ...]


def _of(found: Sequence[Figure], what: str) -> Traced:
    """How many variables there are of a kind."""
    return Traced(str(len(found)), what, tuple(figure.name for figure in found))


class Report:
    """Everything a report shows of what `opened` holds."""

    def __init__(self, opened: Opened) -> None:
        self.opened = opened

    @cached_property
    def figures(self) -> list[Figure]:
        """The variables on which coders have to agree."""
        found = figures(self.opened)
        return [f for f in found if f.entry.compare and not f.entry.is_computed]

    @cached_property
    def measured(self) -> list[Figure]:
        return [figure for figure in self.figures if not figure.reason]

    @cached_property
    def undefined(self) -> list[Figure]:
        return [figure for figure in self.figures if figure.reason]

    @cached_property
    def paragraph(self) -> tuple[Sentence, ...]:
        """The sentences of a methods section, as far as there is something to say."""
        notes = itertools.count(1)
        return tuple(
            tuple(replace(p, note=next(notes)) if isinstance(p, Traced) else p for p in sentence)
            for sentence in self._sentences()
        )

    @property
    def notes(self) -> list[Traced]:
        """The note of each number in the paragraph, in order."""
        return [p for sentence in self.paragraph for p in sentence if isinstance(p, Traced)]

    @property
    def sources(self) -> tuple[str, ...]:
        sets = any(figure.measure == "masi" for figure in self.measured)
        return (*SOURCES, PASSONNEAU) if sets else SOURCES

    @property
    def text(self) -> str:
        """The paragraph as plain text, each number with that of its note."""
        return " ".join(
            "".join(f"{p.text} [{p.note}]" if isinstance(p, Traced) else p for p in sentence)
            for sentence in self.paragraph
        )

    # -------------------------------------------------------------- the sentences

    def _sentences(self) -> Iterator[Sentence]:
        if not self.opened.of_who.any():
            yield (NOTHING,)
            yield from self._left_out()
            return
        yield from self._who()
        yield from self._opened_early()
        if self.measured:
            yield from self._how()
            yield from self._found()
        yield from self._without()
        yield from self._left_out()

    def _who(self) -> Iterator[Sentence]:
        opened = self.opened
        coders = [pk for pk in opened.coders if (opened.coder[opened.of_who] == pk).any()]
        names = ", ".join(opened.pseudonym_of(pk) for pk in coders)
        of_coders = Traced(str(len(coders)), f"coders with an opened coding, by pseudonym: {names}")
        versions = sorted(set(opened.version[opened.of_who].tolist()))
        books = ", ".join(map(str, versions))
        whose = "data set" if opened.asked.who == "machines" else "coder"
        what = _many(len(coders), whose, f"{whose}s")
        units = list(self._units())
        yield (
            of_coders,
            f" {what} coded ",
            *_listed([(of_all, f" {label}") for label, of_all, _ in units]),
            ", each blind to the others, under codebook ",
            Traced(books, "the codebooks under which the opened codings were made"),
            "; a case was opened when all who had it had handed in.",
        )
        yield (
            "At least two of them coded ",
            *_listed([(of_two, f" {label}") for label, _, of_two in units]),
            ".",
        )

    def _units(self) -> Iterator[tuple[str, Traced, Traced]]:
        """Of each unit of analysis its label, the cases coded, and those coded twice."""
        opened = self.opened
        pairs = set(
            zip(
                opened.case[opened.of_who].tolist(),
                opened.coder[opened.of_who].tolist(),
                strict=True,
            )
        )
        times = Counter(case for case, _ in pairs)
        for unit in self.opened.project.units.order_by("position", "pk"):
            each = [n for case, n in times.items() if opened.places[case].unit == unit.pk]
            if each:
                label = f"{str(unit)[:1].lower()}{str(unit)[1:]}"
                yield (
                    f"{label} {_many(len(each), 'case', 'cases')}",
                    Traced(str(len(each)), f"cases of the unit {unit.name} that anybody coded"),
                    Traced(
                        str(sum(n > 1 for n in each)),
                        f"cases of the unit {unit.name} that two or more coded",
                    ),
                )

    def _opened_early(self) -> Iterator[Sentence]:
        early = self.opened.opened_early
        if early:
            what = "cases that a curator opened before their last coder had handed in"
            number = Traced(str(early), what)
            yield (number, f" {_many(early, 'case was', 'cases were')} opened earlier.")

    def _how(self) -> Iterator[Sentence]:
        levels = [
            (
                _of(found, f"variables whose alpha is {LEVELS[level]}"),
                f" {LEVELS[level]}",
            )
            for level in LEVELS
            if (found := [f for f in self.measured if f.measure == level])
        ]
        ratings = sum(figure.alpha.n_ratings for figure in self.measured)
        yield (
            "Agreement was measured by Krippendorff’s alpha (2019) for ",
            _of(self.measured, "variables with a coefficient"),
            " of ",
            _of(self.figures, "variables on which coders have to agree"),
            " variables: ",
            *_listed(levels),
            "; from ",
            Traced(str(ratings), "ratings used, summed over the variables with a coefficient"),
            " ratings.",
        )
        yield (
            "Its 95 % intervals come from ",
            Traced(
                str(DRAWS), f"draws of the units, seed 0; above {MOST_UNITS_DRAWN} units analytic"
            ),
            " draws of the units (BCa; Efron 1987).",
        )
        for words, found in self._treatments().items():
            yield ("Of ", _of(found, words), f" of them: {_lower(words)}")

    def _treatments(self) -> dict[str, list[Figure]]:
        """The treatments of missing codes, of the variables of which one was said."""
        found: dict[str, list[Figure]] = {}
        codes = set(self.opened.missing_codes)
        for figure in self.measured:
            said = self.opened.said[figure.entry.variable_id]
            if codes & set(said.texts):
                found.setdefault(figure.missing, []).append(figure)
        return found

    def _found(self) -> Iterator[Sentence]:
        ordered = sorted(self.measured, key=lambda figure: figure.alpha.value)
        middle = median(figure.alpha.value for figure in ordered)
        good = [f for f in ordered if f.alpha.value >= GOOD]
        tentative = [f for f in ordered if TENTATIVE <= f.alpha.value < GOOD]
        low = [f for f in ordered if f.alpha.value < TENTATIVE]
        unsure = [f for f in ordered if verdict(f) == "open"]
        yield (
            "Alpha ranges from ",
            Traced(two(ordered[0].alpha.value), "the lowest alpha", (ordered[0].name,)),
            " to ",
            Traced(two(ordered[-1].alpha.value), "the highest alpha", (ordered[-1].name,)),
            " with a median of ",
            Traced(two(middle), f"the median of alpha over {len(ordered)} variables"),
            ": ",
            _of(good, "variables with alpha of .800 or more"),
            " reach .800, ",
            _of(tentative, "variables with alpha from .667 to below .800"),
            " lie between .667 and .800, ",
            _of(low, "variables with alpha below .667"),
            " below .667.",
        )
        if unsure:
            yield (
                "Of ",
                _of(unsure, "variables whose interval holds .667"),
                " the interval holds .667, so that it stays open on which side they lie.",
            )
        percent = median(figure.percent.value for figure in ordered)
        yield (
            "Percent agreement, within the tolerance of a variable that has one, has a median of ",
            Traced(f"{percent:.0%}", f"the median of percent over {len(ordered)} variables"),
            ".",
        )

    def _without(self) -> Iterator[Sentence]:
        if not self.undefined:
            return
        by_reason: dict[str, list[Figure]] = {}
        for figure in self.undefined:
            by_reason.setdefault(figure.reason, []).append(figure)
        yield (
            _of(self.undefined, "variables without a coefficient"),
            f" {_many(len(self.undefined), 'variable has', 'variables have')} no coefficient: ",
            *_listed(
                [
                    (_of(found, why.rstrip(".")), f" because {_lower(why).rstrip('.')}")
                    for why, found in by_reason.items()
                ]
            ),
            ".",
        )

    def _left_out(self) -> Iterator[Sentence]:
        opened = self.opened
        machines = [c for c in opened.coders.values() if c.kind == Member.Kind.MACHINE]
        if machines and opened.asked.who == "people":
            what = "members of the kind machine with an opened coding"
            count = Traced(str(len(machines)), what)
            words = _many(
                len(machines), "data set that was read in is", "data sets that were read in are"
            )
            yield (count, f" earlier {words} not counted.")
        if opened.user:
            coding = blind.opened_and_being_coded(opened.user, opened.project)
            if coding:
                what = "open cases whose family you are coding: whoever codes reads no figure of it"
                yield (
                    Traced(str(coding), what),
                    " open cases that you are coding are not counted.",
                )


NOTHING = (
    "No coding of those asked for is open yet: agreement can be told once cases that two of them "
    "coded have opened."
)


def _listed(parts: Sequence[tuple[Traced, str]]) -> Iterator[str | Traced]:
    """1 this, 2 that and 3 more."""
    for place, (counted, words) in enumerate(parts):
        if place:
            yield " and " if place == len(parts) - 1 else ", "
        yield counted
        yield words


def _many(count: int, one: str, more: str) -> str:
    return one if count == 1 else more


def _lower(sentence: str) -> str:
    return f"{sentence[:1].lower()}{sentence[1:]}"


# ------------------------------------------------------------------ CSV

COLUMNS = (
    *("variable", "unit", "kind", "measure", "cases", "units", "ratings", "coders"),
    *("alpha", "alpha_low", "alpha_high", "alpha_missing_excluded", "alpha_missing_as_category"),
    *("percent", "percent_low", "percent_high", "ac_name", "ac", "ac_low", "ac_high"),
    *("missing_codes", "reason"),
)


def table(found: Iterable[Figure]) -> str:
    """One line a variable; what is not defined is empty, and `reason` says why."""
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(COLUMNS)
    for figure in found:
        variable, alpha = figure.entry.variable, figure.alpha
        said = (figure.name, variable.unit.name, variable.kind, figure.measure)
        counts = (figure.cases, alpha.n_units, alpha.n_ratings, figure.coders)
        both = (number(figure.excluded.value), number(figure.as_category.value))
        ac = (figure.ac_name, *_three(figure.ac))
        numbers = (*_three(alpha), *both, *_three(figure.percent), *ac)
        lines.writerow([*said, *counts, *numbers, figure.missing, figure.reason])
    return out.getvalue()


def _three(found: Coefficient) -> tuple[float | None, float | None, float | None]:
    return number(found.value), number(found.low), number(found.high)
