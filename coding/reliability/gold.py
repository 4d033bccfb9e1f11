"""Training sheets beside gold: how often is what coders said first the right answer?

Each answer is one unit with two ratings, the coder's and the gold one. What was said in
production is never compared with gold: the settled cell came out of it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from coding import blind, canonical, training
from coding.agreement import Coefficient
from coding.agreement.patterns import MISSING, Codes
from coding.blind import Marked
from coding.models import Entry
from coding.reliability.figures import Figure, count, figure
from coding.reliability.opened import Opened, Ratings
from coding.reliability.splits import Part

GOLD, CODER = 0, 1  # the two columns of a unit


@dataclass(frozen=True)
class Confused:
    """A gold answer, what was said instead, and how often."""

    gold: str
    said: str
    gold_label: str
    said_label: str
    count: int


@dataclass(frozen=True)
class AgainstGold:
    """One variable: all answers together, each coder's, and what was taken for what.

    answers  gold answers that were asked for on training sheets; `unanswered` of them got none.
    """

    figure: Figure
    coders: tuple[Part, ...]
    confused: tuple[Confused, ...]
    answers: int
    unanswered: int

    @property
    def right(self) -> Coefficient:
        """The share of answers that are right, within the variable's tolerance."""
        return self.figure.percent


def against_gold(opened: Opened) -> list[AgainstGold]:
    """Every variable with gold, in the codebook's order: what the user may see marked.

    That are one's own sheets; for curators everybody's. Without a user there is nothing: only a
    person is trained or certified, and no release tells of it.
    """
    if opened.user is None:
        return []
    sheets = blind.trained(opened.user, opened.project)
    marked: dict[int, list[Marked]] = defaultdict(list)
    for each in training.firsts(blind.marked(sheets)):
        marked[each.variable].append(each)
    return [
        _against(opened, entry, marked[entry.variable_id])
        for entry in opened.entries
        if entry.variable_id in marked
    ]


def _against(opened: Opened, entry: Entry, marked: Sequence[Marked]) -> AgainstGold:
    ratings = _ratings(entry, marked)
    return AgainstGold(
        figure=figure(opened, entry, ratings),
        coders=tuple(_coders(opened, entry, ratings, marked)),
        confused=tuple(_confused(opened, entry, marked)),
        answers=len(marked),
        unanswered=sum(each.said is None for each in marked),
    )


def _ratings(entry: Entry, marked: Sequence[Marked]) -> Ratings:
    index: dict[str, int] = {}

    def code(text: str | None) -> int:
        return MISSING if text is None else index.setdefault(text, len(index))

    rows = [[code(each.gold), code(each.said)] for each in marked]
    codes: Codes = np.array(rows, dtype=np.intp).reshape(-1, 2)
    cases = np.array([each.case for each in marked], dtype=np.intp)
    return Ratings(entry, cases, np.array([GOLD, CODER]), codes, tuple(index))


def _coders(opened: Opened, entry: Entry, ratings: Ratings, marked: Sequence[Marked]) -> list[Part]:
    scale = opened.scale(entry, used=ratings.texts)
    said_by = np.array([each.coder for each in marked], dtype=np.intp)
    parts = []
    for coder in sorted(set(said_by.tolist())):
        counted = count(ratings.of_cases(said_by == coder), scale)
        name = opened.name_of(coder)
        parts.append(Part(str(coder), name, counted.alpha(), counted.percent()))
    return sorted(parts, key=lambda part: part.label)


def _confused(opened: Opened, entry: Entry, marked: Sequence[Marked]) -> list[Confused]:
    domain, states = entry.domain, opened.states
    wrong = Counter(
        (each.gold, each.said)
        for each in marked
        if each.said is not None and not canonical.same(each.gold, each.said, domain)
    )
    return [
        Confused(
            gold,
            said,
            canonical.show(gold, domain, states),
            canonical.show(said, domain, states),
            times,
        )
        for (gold, said), times in sorted(wrong.items(), key=lambda found: (-found[1], found[0]))
    ]
