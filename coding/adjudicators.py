"""Do adjudicators agree? What they ruled blind on the same cells, by variable, with intervals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from django.contrib.auth.models import User

from coding import blind, codebooks
from coding.agreement import Coefficient
from coding.agreement.patterns import MISSING
from coding.models import Entry, MissingCode, Project
from coding.reliability.figures import count
from coding.reliability.opened import Ratings
from coding.reliability.scales import scale_of

Vote = tuple[int, int, int, str | None]  # cell, variable, adjudicator, text


@dataclass(frozen=True)
class Agreement:
    """Krippendorff's alpha of adjudicators on one variable, and how often they ruled the same.

    Left unresolved counts as nothing said: it is no answer on the variable's scale.
    """

    entry: Entry
    cells: int
    adjudicators: int
    alpha: Coefficient
    percent: Coefficient
    unresolved: int


def agreement_for(user: User, project: Project) -> list[Agreement]:
    """By variable, of the cells whose rulings this person may read."""
    return measured(blind.blind_votes(user, project), project)


def agreement_released(project: Project) -> list[Agreement]:
    """The same of the whole data set: for releases, never for a person's screen."""
    return measured(blind.released_votes(project), project)


def measured(votes: Iterable[Vote], project: Project) -> list[Agreement]:
    """Every variable on which two adjudicators ruled, in the codebook's order."""
    by_variable: dict[int, list[Vote]] = defaultdict(list)
    by_cell: dict[int, list[Vote]] = defaultdict(list)
    for vote in votes:
        by_cell[vote[0]].append(vote)
    for together in by_cell.values():
        if len(together) > 1:
            by_variable[together[0][1]] += together
    if not by_variable:
        return []
    codes, states = codebooks.missing_codes_of(project), codebooks.states_of(project.pk)
    entries = codebooks.newest_entries(project)
    found = [
        _measured(entries[variable], rows, codes, states) for variable, rows in by_variable.items()
    ]
    return sorted(found, key=lambda a: (a.entry.variable.unit.position, a.entry.position))


def _measured(
    entry: Entry, votes: list[Vote], codes: Mapping[str, MissingCode], states: Mapping[str, str]
) -> Agreement:
    ratings = _ratings(entry, votes)
    counted = count(ratings, scale_of(entry, codes, states, "rule", ratings.texts))
    return Agreement(
        entry=entry,
        cells=len(ratings.cases),
        adjudicators=len(ratings.coders),
        alpha=counted.alpha(),
        percent=counted.percent(),
        unresolved=sum(text is None for _, _, _, text in votes),
    )


def _ratings(entry: Entry, votes: list[Vote]) -> Ratings:
    """A matrix of cells x adjudicators."""
    cells = sorted({cell for cell, _, _, _ in votes})
    people = sorted({who for _, _, who, _ in votes})
    texts = sorted({text for _, _, _, text in votes if text is not None})
    row, column = {c: n for n, c in enumerate(cells)}, {p: n for n, p in enumerate(people)}
    place = {text: n for n, text in enumerate(texts)}
    codes = np.full((len(cells), len(people)), MISSING, dtype=np.intp)
    for cell, _, who, text in votes:
        if text is not None:
            codes[row[cell], column[who]] = place[text]
    return Ratings(
        entry,
        np.array(cells, dtype=np.intp),
        np.array(people, dtype=np.intp),
        codes,
        tuple(texts),
    )
