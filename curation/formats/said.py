"""What a format could not take over, line by line: nothing of a codebook is dropped in silence."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from coding.documents import Document
from curation.files import Row


@dataclass(frozen=True)
class Unmapped:
    """A part that the other side does not take over, or that means less there."""

    place: str
    part: str
    why: str
    value: object = None
    is_half: bool = False  # it is there, but means less

    def __str__(self) -> str:
        return f"{self.place}, {self.part}: {self.why}"


def told(unmapped: Sequence[Unmapped]) -> list[str]:
    """The lines for printing, under a line that says what they are."""
    if not unmapped:
        return []
    counted = "1 part" if len(unmapped) == 1 else f"{len(unmapped)} parts"
    return [f"Not taken over, or only half ({counted}):", *(f"  {line}" for line in unmapped)]


@dataclass(frozen=True)
class Reading:
    """A document as read, what was left out, and where in the file each variable stands."""

    document: Document
    unmapped: Sequence[Unmapped] = ()
    places: Mapping[str, str] = field(default_factory=dict)


def stand_in(name: object) -> str:
    """What stands where a text is needed and ours cannot stand."""
    return f"({name})"


def passed_over(rows: Iterable[Row], known: Container[str], why: str) -> list[Unmapped]:
    """The columns with something in them that nobody reads, each once with its first place."""
    places: dict[str, str] = {}
    for row in rows:
        for name, text in row.texts.items():
            if text and name not in known:
                places.setdefault(name, row.place(name if row.header.sheet else ""))
    return [Unmapped(place, name, why) for name, place in places.items()]
