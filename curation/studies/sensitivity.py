"""How far an answer hangs on disagreements: the study again on other readings of the same cells,
and with single cells said otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from curation.studies.combine import rubin
from curation.studies.declared import CASE, Prepared, Study, estimate
from curation.studies.estimators import Fit, NotEstimated, informed
from curation.studies.frames import Cell, Files, Otherwise, Place, Tables

# One step of Newton's method is exact enough to sort by; what may matter is fitted again.
FITTED_AGAIN = 40
NEAR = 0.35  # deviations from the edge of a verdict within which a cell is fitted again
EDGE = 1.959964
LOW_CERTAINTY = 1
Tell = Callable[[int, int], None]


@dataclass(frozen=True)
class Specification:
    """The study on another reading of the data: a fit, or why there is none."""

    key: str
    label: str
    fit: Fit | None
    reason: str = ""


@dataclass(frozen=True)
class Moved:
    """A cell said otherwise, and what becomes of a term. `instead` is None where it is left out."""

    place: Place
    said: str
    instead: str | None
    term: str
    before: tuple[float, float, float]
    after: tuple[float, float, float]
    flips: str

    @property
    def by(self) -> float:
        return self.after[0] - self.before[0]


def attempt(key: str, label: str, work: Callable[[], Fit]) -> Specification:
    try:
        return Specification(key, label, work())
    except NotEstimated as reason:
        return Specification(key, label, None, str(reason))


# ------------------------------------------------------------------ other readings


@dataclass(frozen=True)
class Question:
    """A study of a release, prepared: what every reading of it is asked again."""

    study: Study
    files: Files
    prepared: Prepared
    cells: Mapping[Place, Cell]
    codings: Mapping[Place, Mapping[str, str]]
    previous: Files | None = None

    @property
    def estimator(self) -> str:
        return self.study.estimators[0]

    def fit(self, frame: pd.DataFrame | None = None) -> Fit:
        return estimate(self.study, self.prepared, self.estimator, frame)

    def on(self, tables: Tables) -> Fit:
        frame = self.study.frame(tables)
        if gone := [name for name in self.prepared.names if name not in frame]:
            raise NotEstimated(f"There is nothing of which {', '.join(gone)} could be made.")
        return self.fit(frame)

    def saying(self, otherwise: Otherwise) -> Fit:
        return self.on(self.files.tables.saying(otherwise))

    @property
    def coders(self) -> list[str]:
        return sorted({coder for said in self.codings.values() for coder in said})


def specifications(question: Question) -> Iterator[Specification]:
    """The settled data, each coder's own, the draws, the release before, and the surest cells."""
    yield attempt("settled", "Settled data", question.fit)
    for coder in question.coders:
        yield attempt(f"coder {coder}", f"As {coder} coded", partial(_of, question, coder))
    draws = question.files.draws(question.study.variables)
    label = f"{len(draws)} uncertainty draws, combined" if draws else "Uncertainty draws, combined"
    yield attempt("draws", label, partial(_drawn, question, draws))
    if (before := question.previous) is not None:
        label = f"Release {before.version}"
        yield attempt("previous", label, lambda: question.on(before.tables))
    yield attempt(
        "double", "Without cells of one coder", partial(_without, question, _of_one(question))
    )
    yield attempt(
        "sure", "Without cells of certainty 1", partial(_without, question, _unsure(question))
    )


def _of(question: Question, coder: str) -> Fit:
    """The coder's own answers to what the coder was asked at all; the rest as settled."""
    asked = {place[::2] for place, said in question.codings.items() if coder in said}
    own = {
        place: question.codings.get(place, {}).get(coder)
        for place in [*question.cells, *question.codings]
        if place[::2] in asked
    }
    return question.saying(own)


def _without(question: Question, places: Sequence[Place]) -> Fit:
    if not places:
        raise NotEstimated("There are none: the settled data stand as they are.")
    return question.saying(dict.fromkeys(places))


def _of_one(question: Question) -> list[Place]:
    """Cells of one coder, of the variables that several coders coded somewhere."""
    several = {place[::2] for place, cell in question.cells.items() if cell.coders > 1}
    return [
        place
        for place, cell in question.cells.items()
        if cell.coders == 1 and cell.status != "derived" and place[::2] in several
    ]


def _unsure(question: Question) -> list[Place]:
    return [
        place
        for place, cell in question.cells.items()
        if cell.certainty is not None and cell.certainty <= LOW_CERTAINTY
    ]


def _drawn(question: Question, draws: Sequence[Mapping[Place, str | None]]) -> Fit:
    if not draws:
        raise NotEstimated(
            "The release holds no draws: with fewer than three coders a case nothing tells how "
            "often each of them errs."
        )
    return rubin([question.saying(draw) for draw in draws])


# ------------------------------------------------------------------ one cell at a time


def alternatives(question: Question) -> list[tuple[Place, str | None]]:
    """Cells on which coders differ, each with what else was said, and left out where it has a
    value."""
    found: list[tuple[Place, str | None]] = []
    for place in sorted(question.codings):
        said = set(question.codings[place].values())
        if len(said) < 2:
            continue
        now = question.cells[place].value if place in question.cells else ""
        found += [(place, text) for text in sorted(said) if text != now]
        if now:
            found.append((place, None))
    return found


def one_by_one(question: Question, settled: Fit, tell: Tell) -> list[Moved]:
    """What each of these does to each term; those that can matter are fitted again.

    The rest is one step of Newton's method from the settled fit (Pregibon 1981, Ann. Stat. 9,
    eq. 4.1), which costs no fit. Sorted by how far a term moves, in its standard errors.
    """
    changed = list(_changed(question))
    if not changed:
        return []
    chosen = _chosen(question, settled, changed)
    moved: list[Moved] = []
    for number, (place, instead, frame) in enumerate(chosen):
        tell(number, len(chosen))
        try:
            fit = question.fit(_whole(question, place, frame))
        except NotEstimated:
            continue
        moved += _compare(question, settled, fit, place, instead)
    errors = {term.name: term.error for term in settled.terms}
    return sorted(moved, key=lambda m: (-abs(m.by) / errors[m.term], m.place, m.term))


Changed = tuple[Place, str | None, pd.DataFrame]


def _changed(question: Question) -> Iterator[Changed]:
    """For each alternative the rows of its case as they would be, where that differs."""
    families: dict[str, tuple[Tables, pd.DataFrame]] = {}
    for place, instead in alternatives(question):
        root = place.root
        if root not in families:
            frame = question.prepared.frame
            families[root] = (question.files.tables.of_family(root), frame[frame[CASE] == root])
        tables, before = families[root]
        after = question.study.frame(tables.saying({place: instead}))
        after = after.reindex(columns=before.columns)
        if not after.equals(before):
            yield place, instead, after


def _whole(question: Question, place: Place, rows: pd.DataFrame) -> pd.DataFrame:
    frame = question.prepared.frame
    return pd.concat([frame[frame[CASE] != place.root], rows])


def _chosen(question: Question, settled: Fit, changed: Sequence[Changed]) -> list[Changed]:
    """Those worth a fit: all where they are few or no step is to be had, else the farthest."""
    if len(changed) <= FITTED_AGAIN or question.estimator != "logit":
        return list(changed)
    beta = settled.coefficients
    base = question.prepared.design(question.study)
    _, information = informed(base.with_constant, beta)
    # A step is the inverse information times the change of the score.
    scores = [_score_changes(question, beta, each) for each in changed]
    steps = [np.linalg.solve(information, score) for score in scores]
    errors = np.array([term.error for term in settled.terms])
    z = beta / errors
    far = [float(np.abs(step / errors).max()) for step in steps]
    near = [_may_flip(z, step / errors) for step in steps]
    order = sorted(range(len(changed)), key=lambda n: (not near[n], -far[n]))
    kept = max(FITTED_AGAIN, sum(near))
    return [changed[n] for n in order[:kept]]


def _may_flip(z: np.ndarray, step: np.ndarray) -> bool:
    """Whether a term comes near the edge of another verdict or sign."""
    after = z + step
    crosses = (np.abs(z) > EDGE) != (np.abs(after) > EDGE)
    return bool((crosses | (np.abs(np.abs(after) - EDGE) < NEAR) & (np.abs(step) > NEAR / 4)).any())


def _score_changes(question: Question, beta: np.ndarray, changed: Changed) -> np.ndarray:
    """What the rows of a case add to the score, less what they added before."""
    place, _, rows = changed
    frame = question.prepared.frame
    before = frame[frame[CASE] == place.root]
    return np.asarray(_score(question, rows, beta) - _score(question, before, beta))


def _score(question: Question, rows: pd.DataFrame, beta: np.ndarray) -> np.ndarray:
    names = list(question.prepared.names)
    whole = rows[["outcome", *names]].dropna()
    x = np.column_stack([np.ones(len(whole)), whole[names].to_numpy(dtype=float)])
    p = 1 / (1 + np.exp(-(x @ beta)))
    return np.asarray(x.T @ (whole["outcome"].to_numpy(dtype=float) - p))


def _compare(
    question: Question, settled: Fit, fit: Fit, place: Place, instead: str | None
) -> Iterator[Moved]:
    said = question.cells[place].value if place in question.cells else ""
    for before in settled.terms:
        after = fit.term(before.name)
        if after is None or before.name not in question.prepared.names:
            continue
        flips = ""
        if (before.coefficient > 0) != (after.coefficient > 0):
            flips = "sign"
        elif before.verdict != after.verdict:
            flips = "verdict"
        yield Moved(
            place,
            said,
            instead,
            before.name,
            (before.coefficient, before.low, before.high),
            (after.coefficient, after.low, after.high),
            flips,
        )
