"""A study run on a release: everything that its page, its papers and its files say, as plain data.

The same release gives the same bytes: numbers are rounded to six significant digits, nothing
tells the time or the machine.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from curation.studies import descriptives, sensitivity
from curation.studies.declared import OUTCOME, Study, estimate, prepare
from curation.studies.estimators import Fit, NotEstimated, Term
from curation.studies.frames import Cell, Files, Place
from curation.studies.sensitivity import Moved, Question, Specification, Tell

FORMAT = "casebook-study-1"
MOST_MOVED = 10
ESTIMATOR_NAMES = {
    "logit": "Logit",
    "firth": "Firth’s logit, for rare outcomes",
    "mixed": "Logit with an intercept for each case",
    "ordered": "Ordered logit",
}
Plain = dict[str, Any]


@dataclass(frozen=True)
class Trust:
    """What the cells of the study rest on."""

    cells: int
    single: int
    disputed: int
    unchecked: int


def run(
    study: Study, files: Files, previous: Files | None = None, tell: Tell | None = None
) -> Plain:
    """Everything that is said of a study on a release, ready for JSON.

    `tell` is called with (done, of) while single cells are tried.
    """
    cells = files.cells(study.variables)
    found: Plain = {
        "format": FORMAT,
        "study": study.name,
        "release": files.version,
        "previous": previous.version if previous else None,
        "project": files.title,
        "trust": asdict(_trust(files, study, cells)),
        "terms": {term.name: term.label for term in study.terms},
        "descriptives": [asdict(t) for t in descriptives.tables_of(files, study.descriptives)],
    }
    try:
        frame = study.frame(files.tables) if study.can_run(files.tables) else None
        if frame is None:
            raise NotEstimated("The release holds nothing of which the outcome could be made.")
        prepared = prepare(study, frame)
    except NotEstimated as reason:
        return found | _without(str(reason))
    codings = files.codings(study.variables)
    question = Question(study, files, prepared, cells, codings, previous)
    said: Plain = rounded(found | _estimates(question) | _hanging(question, tell or _untold))
    return said


def _untold(done: int, of: int) -> None:
    """Nobody waits for it."""


def _without(reason: str) -> Plain:
    return {
        "reason": reason,
        "rows": 0,
        "left_out": [],
        "estimates": [],
        "specifications": [],
        "moved": [],
        "sentences": [],
    }


def _trust(files: Files, study: Study, cells: dict[Place, Cell]) -> Trust:
    wanted = set(study.variables)
    unchecked = sum(
        "not yet checked" in row["citations"]
        for row in files.rows("cells.csv")
        if (row["unit"], row["variable"]) in wanted
    )
    statuses = [cell.status for cell in cells.values()]
    return Trust(len(cells), statuses.count("single"), statuses.count("disputed"), unchecked)


def _estimates(question: Question) -> Plain:
    study, prepared = question.study, question.prepared
    fits = [
        sensitivity.attempt(name, ESTIMATOR_NAMES[name], partial(estimate, study, prepared, name))
        for name in study.estimators
    ]
    return {
        "reason": "",
        "rows": int(prepared.frame[OUTCOME].notna().sum()),
        "left_out": [list(pair) for pair in prepared.left_out],
        "estimates": [_specification(fit) for fit in fits],
    }


def _specification(specification: Specification) -> Plain:
    fit = specification.fit
    return {
        "key": specification.key,
        "label": specification.label,
        "reason": specification.reason,
        "fit": _plain(fit) if fit else None,
    }


def _plain(fit: Fit) -> Plain:
    terms = [
        {
            "name": t.name,
            "coefficient": t.coefficient,
            "error": t.error,
            "low": t.low,
            "high": t.high,
            "p": t.p,
            "verdict": t.verdict,
        }
        for t in fit.terms
    ]
    return {
        "terms": terms,
        "rows": fit.rows,
        "events": fit.events,
        "clusters": fit.clusters,
        "log_likelihood": fit.log_likelihood,
    }


def _hanging(question: Question, tell: Tell) -> Plain:
    found = list(sensitivity.specifications(question))
    settled = found[0].fit
    moved = sensitivity.one_by_one(question, settled, tell) if settled else []
    tried = len({place for place, _ in sensitivity.alternatives(question)})
    return {
        "specifications": [_specification(each) for each in found],
        "tried": tried,
        "moved": [_moved(each) for each in _to_tell(moved)],
        "sentences": sentences(question.study, found, moved, tried),
    }


def _to_tell(moved: Sequence[Moved]) -> list[Moved]:
    """Those that flip something, and those that move a term most."""
    flips = [each for each in moved if each.flips]
    return [*flips, *(each for each in moved if not each.flips)][: max(len(flips), MOST_MOVED)]


def _moved(each: Moved) -> Plain:
    return {
        "unit": each.place.unit,
        "case": each.place.case,
        "variable": each.place.variable,
        "said": each.said,
        "instead": each.instead,
        "term": each.term,
        "before": list(each.before),
        "after": list(each.after),
        "flips": each.flips,
    }


# ------------------------------------------------------------------ what it comes to


def sentences(
    study: Study, found: Sequence[Specification], moved: Sequence[Moved], tried: int
) -> list[str]:
    """One sentence for each term of the settled fit, and one on single cells where one matters."""
    settled = found[0].fit
    if settled is None:
        return [f"There is no estimate on the settled data: {found[0].reason}"]
    names = {term.name: term.label for term in study.terms}
    told = [
        _sentence(names[term.name], term, found[1:], moved)
        for term in settled.terms
        if term.name in names
    ]
    if tried and not any(each.flips for each in moved):
        told.append(_silent(tried))
    return told


def _silent(tried: int) -> str:
    if tried == 1:
        return "The one cell on which coders differ moves no sign and no verdict."
    return f"None of the {tried} cells on which coders differ moves a sign or a verdict by itself."


def _sentence(
    label: str, term: Term, found: Sequence[Specification], moved: Sequence[Moved]
) -> str:
    others = [(s, t) for s in found if s.fit and (t := s.fit.term(term.name))]
    said = f"{label}: {_verdict(term)}"
    signs = [s.label for s, t in others if (t.coefficient > 0) != (term.coefficient > 0)]
    verdicts = [s.label for s, t in others if t.verdict != term.verdict and s.label not in signs]
    sizes = [
        s.label
        for s, t in others
        if abs(t.coefficient - term.coefficient) > term.error and s.label not in (*signs, *verdicts)
    ]
    parts = [
        f"the sign turns in {_list(signs)}" if signs else "",
        f"the verdict is another in {_list(verdicts)}" if verdicts else "",
        f"it moves by more than a standard error in {_list(sizes)}" if sizes else "",
    ]
    told = "; ".join(part for part in parts if part) or "nothing that was tried changes that"
    return f"{said}; {told}.{_cells(term, moved)}"


def _verdict(term: Term) -> str:
    words = {
        "+": "raises the outcome",
        "-": "lowers the outcome",
        "0": "cannot be told from no effect",
    }
    return words[term.verdict]


def _list(labels: Sequence[str]) -> str:
    return ", ".join(f"“{label}”" for label in labels)


def _cells(term: Term, moved: Sequence[Moved]) -> str:
    flips = [each for each in moved if each.flips and each.term == term.name]
    if not flips:
        return ""
    named = list(dict.fromkeys(str(each.place) for each in flips))
    shown = ", ".join(named[:5]) + (f" and {len(named) - 5} more" if len(named) > 5 else "")
    return f" It hangs on a single cell: {shown}."


# ------------------------------------------------------------------ bytes


def rounded(value: Any) -> Any:
    """Numbers to six significant digits, all the way down."""
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, dict):
        return {key: rounded(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(each) for each in value]
    return value


def written(result: Plain) -> bytes:
    text = json.dumps(result, ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False)
    return f"{text}\n".encode()
