"""What the cells of a version hold, variable by variable, as far as the reader may see them.

Who reads releases only (the role of a reader) gets none: cells change from day to day, and what
was released says what it holds itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.contrib.auth.models import AnonymousUser, User

from coding import blind, canonical, codebooks
from coding.models import Codebook, Entry, Variable

MOST = 12  # answers that are listed one by one where they are not categories
Kind = Variable.Kind
NUMBERS = (Kind.INTEGER, Kind.DECIMAL)
Said = Mapping[str | None, int]  # what is said, and by how many cells


@dataclass(frozen=True)
class Answer:
    """How many cells say it, and their share of all cells that say anything."""

    code: str
    label: str
    cells: int
    percent: float
    is_missing: bool = False


@dataclass(frozen=True)
class Frequencies:
    """The cells of one variable.

    cells       those that say something, a missing code among it
    valid       those with an answer
    answers     by category, in the order of the codebook; of states and the like the most frequent
    others      answers that are not listed
    missing     by missing code
    unsettled   disputed or unresolved: they say nothing yet
    span        of numbers minimum, median and maximum; of dates the earliest and the latest day
    """

    cells: int
    valid: int
    answers: tuple[Answer, ...]
    others: int
    missing: tuple[Answer, ...]
    unsettled: int
    span: tuple[tuple[str, str], ...]

    @property
    def rows(self) -> tuple[Answer, ...]:
        """What stands in the table: answers first, then missing codes."""
        return self.answers + self.missing


def of(codebook: Codebook, user: User | AnonymousUser) -> dict[str, Frequencies]:
    """By entry name, those of which a cell is there; two queries, whatever the codebook's size."""
    said: dict[int, dict[str | None, int]] = {}
    for told in blind.told_by_cells(user, codebook):
        said.setdefault(told.variable, {})[told.text] = told.cells
    states = codebooks.states_of(codebook.project_id) if said else {}
    return {
        entry.name: counted(entry, said[entry.variable_id], states)
        for entry in codebooks.entries(codebook)
        if entry.variable_id in said
    }


def counted(entry: Entry, said: Said, states: Mapping[str, str]) -> Frequencies:
    """The cells of one variable, of which is known how many say what."""
    labels = _missing_labels(entry)
    told = {text: cells for text, cells in said.items() if text is not None}
    missing = {code: told.pop(code) for code in labels if code in told}
    cells = sum(told.values()) + sum(missing.values())
    listed, others = _listed(entry, told, states)
    return Frequencies(
        cells=cells,
        valid=sum(told.values()),
        answers=tuple(_answer(code, label, n, cells) for code, label, n in listed),
        others=others,
        missing=tuple(_answer(c, labels[c], n, cells, True) for c, n in missing.items()),
        unsettled=said.get(None, 0),
        span=_span(entry, told),
    )


def _answer(code: str, label: str, cells: int, all_cells: int, missing: bool = False) -> Answer:
    percent = round(100 * cells / all_cells, 1) if all_cells else 0.0
    return Answer(code, label, cells, percent, missing)


def _missing_labels(entry: Entry) -> dict[str, str]:
    return {code.code: code.label for code in entry.codebook.missing_codes.all()}


Listed = list[tuple[str, str, int]]


def _listed(entry: Entry, told: Mapping[str, int], states: Mapping[str, str]) -> tuple[Listed, int]:
    """Code, label and number of each answer, and how many further answers there are."""
    variable = entry.variable
    if variable.kind in (*NUMBERS, Kind.DATE, Kind.TEXT):
        return [], 0
    numbers = _members(told) if variable.kind == Kind.SET else Counter(told)
    if not entry.domain.of_states and variable.kind != Kind.STATE:
        labels = dict(entry.domain.categories)
        if canonical.NONE in numbers:
            labels[canonical.NONE] = "none of them"
        labels |= {code: code for code in sorted(numbers) if code not in labels}
        return [(code, label, numbers[code]) for code, label in labels.items()], 0
    ranked = sorted(numbers.items(), key=lambda item: (-item[1], item[0]))
    shown = [(code, states.get(code, code), n) for code, n in ranked[:MOST]]
    return shown, len(ranked) - len(shown)


def _members(told: Mapping[str, int]) -> Counter[str]:
    """How many cells name each member; a cell that names two counts for both."""
    found: Counter[str] = Counter()
    for text, cells in told.items():
        for member in canonical.members(text) or [canonical.NONE]:
            found[member] += cells
    return found


def _span(entry: Entry, told: Mapping[str, int]) -> tuple[tuple[str, str], ...]:
    if not told:
        return ()
    if entry.variable.kind in NUMBERS:
        return _numbers({Decimal(text): cells for text, cells in told.items()})
    if entry.variable.kind == Kind.DATE:
        return _days(told)
    return ()


def _numbers(told: Mapping[Decimal, int]) -> tuple[tuple[str, str], ...]:
    ordered = sorted(told)
    return (
        ("Minimum", _written(ordered[0])),
        ("Median", _written(_median(ordered, told))),
        ("Maximum", _written(ordered[-1])),
    )


def _median(ordered: list[Decimal], told: Mapping[Decimal, int]) -> Decimal:
    """The middle cell, or half-way between the two in the middle."""
    half = sum(told.values()) / 2
    seen = 0
    for n, number in enumerate(ordered):
        seen += told[number]
        if seen == half:
            return (number + ordered[n + 1]) / 2
        if seen > half:
            return number
    raise AssertionError("no cell lies in the middle")


def _written(number: Decimal) -> str:
    """With a space between thousands, and without zeros that say nothing."""
    text = f"{number:,f}".replace(",", "\N{NO-BREAK SPACE}")
    return text.rstrip("0").rstrip(".") if "." in text else text


OPEN = ("0001-01-01", "9999-12-31")


def _days(told: Mapping[str, int]) -> tuple[tuple[str, str], ...]:
    """The first and the last day that any cell may mean; an open end means none."""
    bounds = [canonical.bounds(text)[:2] for text in told]
    earliest = [first for first, _ in bounds if first not in OPEN]
    latest = [last for _, last in bounds if last not in OPEN]
    span = []
    if earliest:
        span.append(("Earliest", min(earliest)))
    if latest:
        span.append(("Latest", max(latest)))
    return tuple(span)
