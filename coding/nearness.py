"""How near a precedent is to a dispute: by the answers that differ, then by the words."""

from __future__ import annotations

import re
from collections.abc import Collection

WORD = re.compile(r"[^\W_]{3,}")


def likeness(one: Collection[str], other: Collection[str]) -> float:
    """The share of what both hold in what either holds, from 0 to 1 (Jaccard 1912)."""
    first, second = set(one), set(other)
    return len(first & second) / len(first | second) if first | second else 0.0


def words(text: str) -> set[str]:
    """The words of a text that tell something: three letters or more, whatever their case."""
    return {word.casefold() for word in WORD.findall(text)}


def are_alike(one: Collection[str], other: Collection[str]) -> bool:
    """The same answers differ here and there."""
    return len(set(one)) > 1 and set(one) == set(other)


def nearness(
    here: Collection[str], there: Collection[str], said_here: str, said_there: str
) -> tuple[bool, float, float]:
    """What sorts precedents, the nearest highest: the same answers differ; then those shared;
    then the likeness of the words."""
    return (
        are_alike(here, there),
        likeness(here, there),
        likeness(words(said_here), words(said_there)),
    )
