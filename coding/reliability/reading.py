"""What the figures of a variable say together, in sentences for people who do not read them daily.

The bounds .667 and .800 are Krippendorff's (2019, Content Analysis, 4th ed., chapter 12). That
alpha can be low where nearly all agree is Feinstein & Cicchetti's (1990) first paradox, Journal
of Clinical Epidemiology 43, 543-549; AC1 was made for it (Gwet 2008).
"""

from __future__ import annotations

from collections.abc import Iterator
from math import isnan
from typing import TYPE_CHECKING

from coding.agreement import Patterns

if TYPE_CHECKING:
    from coding.reliability.figures import Figure

TENTATIVE, GOOD = 0.667, 0.8
MUCH, RARE = 0.9, 0.1
FEW_UNITS, WIDE = 30, 0.3


def verdict(figure: Figure) -> str:
    """good, tentative, low, open (the interval leaves it open) or none, for a sign beside it."""
    alpha = figure.alpha
    if isnan(alpha.value):
        return "none"
    if alpha.low >= GOOD:
        return "good"
    if alpha.high < TENTATIVE:
        return "low"
    return "tentative" if alpha.low >= TENTATIVE else "open"


def read(figure: Figure, said: Patterns) -> tuple[str, ...]:
    """Sentences; `said` are the units used."""
    if figure.reason:
        return (f"There is no alpha: {figure.reason[0].lower()}{figure.reason[1:]}",)
    return tuple(_sentences(figure, said))


def _sentences(figure: Figure, said: Patterns) -> Iterator[str]:
    yield _level(figure)
    yield from _divergence(figure)
    yield from _rare(figure)
    alpha, units = figure.alpha, figure.alpha.n_units
    if units < FEW_UNITS or alpha.high - alpha.low > WIDE:
        yield (
            f"{units} unit{'' if units == 1 else 's'} can say little: alpha may lie anywhere from "
            f"{two(alpha.low)} to {two(alpha.high)}."
        )
    if not isnan(figure.as_category.value) and _apart(figure) >= 0.05:
        yield (
            f"It hangs on the missing codes: {two(figure.excluded.value)} without them, "
            f"{two(figure.as_category.value)} with them as categories."
        )


def _level(figure: Figure) -> str:
    alpha = figure.alpha
    words = {
        "good": "reaches .800 with its whole interval: it can be relied on",
        "tentative": "lies above .667 with its whole interval: tentative conclusions only",
        "low": "lies below .667 with its whole interval: not to be relied on",
        "open": "cannot be told apart from .667 or .800: its interval leaves it open",
    }
    return f"Alpha, {two(alpha.value)}, {words[verdict(figure)]}."


def _divergence(figure: Figure) -> Iterator[str]:
    percent, alpha, ac = figure.percent.value, figure.alpha.value, figure.ac.value
    if percent < MUCH or alpha >= TENTATIVE or not figure.prevalence:
        return
    most = max(figure.prevalence, key=lambda share: share.count)
    yield (
        f"The coders agree on {percent:.0%}, and yet alpha is low: {most.share:.0%} of all ratings "
        f"are “{most.label}”, so that much of this would come about by chance. What is rare is "
        "what they do not agree on."
    )
    if not isnan(ac) and ac >= GOOD:
        yield (
            f"{figure.ac_name}, {two(ac)}, reads the same agreement as high, because it counts "
            "less of it as chance. Report both, with the prevalence."
        )


def _rare(figure: Figure) -> Iterator[str]:
    rare = [s.label for s in figure.prevalence if 0 < s.share < RARE]
    if rare and len(figure.prevalence) <= 5 and figure.alpha.n_units:
        yield (
            f"Rare, below {RARE:.0%}: {', '.join(rare)}. Agreement on it rests on few units: see "
            "the categories one by one."
        )


def _apart(figure: Figure) -> float:
    apart = abs(figure.excluded.value - figure.as_category.value)
    return 0.0 if isnan(apart) else apart


def two(value: float) -> str:
    """0.74, −0.03: as the pages print coefficients."""
    text = f"{abs(value):.2f}"
    return f"−{text}" if value <= -0.005 else text
