"""A coder's answers against gold: right or wrong, percent and alpha. Pure: no database.

`coding.reliability` compares training sheets with gold too, for all coders together and with
intervals; what counts as nothing said is the same there.
"""

from __future__ import annotations

from collections.abc import Container, Hashable, Iterable, Sequence
from dataclasses import dataclass

from coding.agreement import Coefficient, Measure, krippendorff_alpha
from coding.canonical import Domain, members, middle, same

Pair = tuple[str | None, str]  # what was said, None where nothing was, and what is gold


@dataclass(frozen=True)
class Marks:
    """How far answers agree with gold."""

    answers: int
    right: int
    alpha: Coefficient

    @property
    def percent(self) -> float | None:
        return 100 * self.right / self.answers if self.answers else None


@dataclass(frozen=True)
class Member:
    """A member of a set: in both, only said, or only gold."""

    code: str
    said: bool
    gold: bool


def is_right(said: str | None, gold: str, domain: Domain) -> bool:
    """As coders are compared: equal, or within the variable's tolerance. No answer is wrong."""
    return said is not None and same(said, gold, domain)


def by_member(said: str | None, gold: str, domain: Domain) -> list[Member]:
    """A set's members one by one; nothing where either is no set but a missing code."""
    if domain.kind != "set" or said is None or domain.is_missing(said) or domain.is_missing(gold):
        return []
    one, other = members(said), members(gold)
    codes = [*other, *(code for code in one if code not in other)]
    return [Member(code, code in one, code in other) for code in codes]


def marks(
    pairs: Iterable[Pair], domain: Domain, measure: str, left_out: Container[str] = ()
) -> Marks:
    """Percent right, and Krippendorff's alpha of two: the coder and gold.

    Percent counts an empty answer as wrong; alpha takes it, and the missing codes `left_out`, as
    nothing said. Any other missing code is a category of its own where answers are nominal, a set
    of its own between sets, and has no place on a scale. A date is the day in the middle of what
    it means. Alpha as in `agreement.krippendorff_alpha`, Krippendorff (2019), Content Analysis,
    chapter 12; between sets by MASI, Passonneau (2006). So do the pages of reliability.
    """
    listed = list(pairs)
    right = sum(is_right(said, gold, domain) for said, gold in listed)
    by: Measure = "masi" if domain.kind == "set" else _measure(measure)
    ratings = [
        [None if text in left_out else _rating(text, domain, by) for text in pair]
        for pair in listed
    ]
    return Marks(len(listed), right, _alpha(ratings, domain, by))


def _measure(measure: str) -> Measure:
    known: dict[str, Measure] = {"ordinal": "ordinal", "interval": "interval", "ratio": "ratio"}
    return known.get(measure, "nominal")


def _alpha(
    ratings: Sequence[Sequence[Hashable | None]], domain: Domain, measure: Measure
) -> Coefficient:
    scale = list(domain.categories) if measure == "ordinal" and domain.categories else None
    return krippendorff_alpha(ratings or [[None, None]], measure, categories=scale)


def _rating(text: str | None, domain: Domain, measure: Measure) -> Hashable | None:
    """The text as alpha reads it; None where it has no place on the scale."""
    if text is None or measure == "nominal":
        return text
    missing = domain.is_missing(text)
    if measure == "masi":
        return frozenset([text] if missing else members(text))
    if missing:
        return None
    if domain.kind == "date":
        return middle(text)
    return text if measure == "ordinal" else float(text)
