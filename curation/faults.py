"""What is wrong with a file, and where: every fault at once, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError

SHOWN = 200


@dataclass(frozen=True)
class Fault:
    """A value that breaks a rule: where it stands, what it is, and the rule with the way out."""

    place: str
    value: str
    rule: str

    def __str__(self) -> str:
        shown = f"“{brief(self.value)}”"
        said = shown in self.rule or not self.value
        return f"{self.place}: {self.rule}" if said else f"{self.place}: {shown} {self.rule}"


class BadInput(ValidationError):
    """A file that is not taken; holds all of its faults."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__([str(fault) for fault in faults])
        self.faults = list(faults)


def brief(text: str) -> str:
    """A value as one short line, whatever it holds."""
    line = "".join(c if c.isprintable() else "␣" for c in text)
    return line if len(line) <= 60 else line[:57] + "…"


def lines(faults: Sequence[Fault]) -> Iterator[str]:
    """The faults for printing: all that a person would read, and how many there are."""
    yield from map(str, faults[:SHOWN])
    if len(faults) > SHOWN:
        yield f"… and {len(faults) - SHOWN} more."
    yield f"{len(faults)} {'fault' if len(faults) == 1 else 'faults'}. Nothing was written."
