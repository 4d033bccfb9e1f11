"""How sure the coders make a category, beside what was settled: Dawid and Skene's model.

Two coders who differ cannot tell who of them errs: a model of their errors needs three views of
the same units (Allman, Matias & Rhodes 2009, Annals of Statistics 37, 3099-3132, theorem 4). A
variable has one from 30 cases that three coders or more coded, which is a convention of ours;
every other one is named with the reason why it has none. Nothing is written where no case has
three answers.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from io import TextIOWrapper
from itertools import groupby
from operator import itemgetter

from coding import blind
from coding.agreement import LatentClasses, dawid_skene
from coding.models import Entry
from curation import store
from curation.releases.csvfile import CsvFile, Field, File

POSTERIOR, DRAWS, WORDS = "uncertainty.csv", "imputations.csv", "uncertainty.md"
OF_POSTERIOR = ("unit", "case", "variable", "category", "probability", "coders")
OF_DRAWS = ("unit", "case", "variable", "draw", "value")
KINDS = ("category", "ordinal", "boolean", "state")
CODERS, CASES, TIMES = 3, 30, 5
LEAST = 0.00005  # what would be written as nothing

Place = tuple[str, str]  # unit and variable
Answers = dict[str, dict[str, str]]  # by case and coder


@dataclass
class Rated:
    """What was said of a variable."""

    deep: int = 0  # cases with three coders or more
    answers: Answers = field(default_factory=dict)


def files_of(files: Iterable[File], entries: Iterable[Entry], seed: str) -> list[File]:
    """From codings.csv as it was written. `seed` is what the draws are made from."""
    codings = next(file for file in files if file.name == "codings.csv")
    asked = {(e.variable.unit.name, e.name) for e in entries if e.variable.kind in KINDS}
    rated = _rated(codings, asked)
    if not any(each.deep for each in rated.values()):
        return []
    with store.draft() as first, store.draft() as second:
        posterior = CsvFile(POSTERIOR, OF_POSTERIOR, first)
        draws = CsvFile(DRAWS, OF_DRAWS, second)
        told = []
        for place, each in rated.items():
            cases, model, reason = fitted(each)
            told.append((place, each.deep, reason))
            if model is None:
                continue
            for case, row in zip(cases, model.posterior.tolist(), strict=True):
                shares = [(str(c), p) for c, p in zip(model.categories, row, strict=True)]
                here = place[0], case, place[1]
                coders = len(each.answers[case])
                posterior.write([(*here, c, f"{p:.4f}", coders) for c, p in shares if p >= LEAST])
                draws.write(_draws(here, shares, seed))
        text = store.put(_words(told, seed).encode())
        return [posterior.keep(), draws.keep(), File(WORDS, text.sha256, text.bytes)]


def fitted(rated: Rated) -> tuple[list[str], LatentClasses | None, str]:
    """The cases in order and their model; None where there is none, and why."""
    if rated.deep < CASES:
        deep = "1 case was" if rated.deep == 1 else f"{rated.deep} cases were"
        return [], None, f"{deep} coded by {CODERS} coders or more; a model needs {CASES}."
    cases = sorted(rated.answers)
    coders = sorted({coder for said in rated.answers.values() for coder in said})
    matrix = [[rated.answers[case].get(coder) for coder in coders] for case in cases]
    model = dawid_skene(matrix)
    reason = model.reason or ("" if model.converged else "The model did not converge.")
    return cases, None if reason else model, reason


def _rated(codings: File, asked: set[Place]) -> dict[Place, Rated]:
    """Answers by variable; only of those with a case that three coders coded, to hold less."""
    found = {place: Rated() for place in sorted(asked)}
    for unit, _, variable, said in _cases(codings, asked):
        found[unit, variable].deep += len(said) >= CODERS
    deep = {place for place, each in found.items() if each.deep >= CASES}
    for unit, case, variable, said in _cases(codings, deep) if deep else ():
        found[unit, variable].answers[case] = said
    return found


def _cases(codings: File, asked: set[Place]) -> Iterator[tuple[str, str, str, dict[str, str]]]:
    """What each coder said last of a cell; training and repeats do not speak for the data set."""
    with TextIOWrapper(store.opened(codings.sha256), encoding="utf-8", newline="") as text:
        lines = csv.reader(text)
        head = next(lines)
        purpose, coder, value = (head.index(name) for name in ("purpose", "coder", "value"))
        for (unit, case, variable), rows in groupby(lines, key=itemgetter(0, 1, 2)):
            if (unit, variable) in asked:
                said = {r[coder]: r[value] for r in rows if r[purpose] in blind.SPEAKING}
                yield unit, case, variable, said


def _draws(
    place: tuple[str, str, str], shares: Sequence[tuple[str, float]], seed: str
) -> list[Sequence[Field]]:
    """A category for each draw, by its probability: the same for whoever draws again."""
    return [(*place, n, _drawn(shares, (seed, *place, str(n)))) for n in range(1, TIMES + 1)]


def _drawn(shares: Sequence[tuple[str, float]], names: Sequence[str]) -> str:
    digest = hashlib.sha256("\0".join(names).encode()).digest()
    left = int.from_bytes(digest[:8], "big") / 2**64
    for category, probability in shares:
        left -= probability
        if left < 0:
            return category
    return max(shares, key=itemgetter(1))[0]


NOTE = f"""\
# How sure the coders make each category

`{POSTERIOR}` gives the probability of each category, from what each coder said and how often each
errs, estimated from all cases together (Dawid & Skene 1979, Applied Statistics 28, 20-28). It is
not the settled value: an adjudicator saw evidence that the model does not know.

`{DRAWS}` holds {TIMES} draws of each cell from these probabilities. Run an analysis once with each
draw and combine (Rubin 1987, Multiple Imputation for Nonresponse in Surveys, chapter 3): the
estimate is the mean of the {TIMES}; its variance is the mean of their variances W plus (1 + 1/M)
times the variance B between them. Draws are the first 8 bytes of the sha256 of seed, unit, case,
variable and number of the draw, joined by a zero byte, as a share of 2^64. The seed is `{{seed}}`.

| unit | variable | cases with {CODERS} coders | model |
|---|---|---|---|
"""


def _words(told: Sequence[tuple[Place, int, str]], seed: str) -> str:
    rows = (f"| {unit} | {name} | {deep} | {why or 'yes'} |" for (unit, name), deep, why in told)
    return NOTE.format(seed=seed) + "\n".join(rows) + "\n"
