"""One version of a codebook, ready to be read: by unit and section, with what its cells hold."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from django.contrib.auth.models import AnonymousUser, User
from django.core.cache import cache
from django.utils.text import slugify

from coding import codebooks, reliability
from coding.models import Codebook, Entry, MissingCode, Unit
from coding.reading import frequencies
from coding.reading.frequencies import Frequencies
from coding.reliability import Asked, Opened


class Agreement(NamedTuple):
    """Krippendorff's alpha with its 95 % interval, percent agreement, and of how much."""

    measure: str
    alpha: float
    low: float
    high: float
    percent: float
    cases: int
    coders: int


@dataclass(frozen=True)
class Described:
    """An entry with what its cells hold and how far coders agreed on it, where there is any."""

    entry: Entry
    frequencies: Frequencies | None
    agreement: Agreement | None


@dataclass
class Section:
    """Entries that stand together under a title, which may be empty."""

    unit: Unit
    title: str
    entries: list[Described] = field(default_factory=list)

    @property
    def anchor(self) -> str:
        return f"u-{self.unit.name}-{slugify(self.title)}"


@dataclass
class Part:
    """A unit's part of the codebook: its definition as this version words it, and its sections."""

    unit: Unit
    definition: str
    sections: dict[str, Section] = field(default_factory=dict)


@dataclass(frozen=True)
class Book:
    """A version with all that is printed of it."""

    codebook: Codebook
    parts: list[Part]
    missing_codes: list[MissingCode]

    @property
    def entries(self) -> list[Described]:
        sections = [s for part in self.parts for s in part.sections.values()]
        return [each for section in sections for each in section.entries]

    @property
    def by_name(self) -> list[Described]:
        """For an index."""
        return sorted(self.entries, key=lambda each: each.entry.name)

    @property
    def has_data(self) -> bool:
        """Whether the reader may see a cell of it."""
        return any(each.frequencies for each in self.entries)


def book(codebook: Codebook, user: User | AnonymousUser) -> Book:
    """The version as this user may read it; the queries are as many for any number of entries."""
    found = codebooks.entries(codebook)
    numbers = frequencies.of(codebook, user)
    agreed = _agreement(codebook, user) if numbers else {}
    units = codebook.document.get("codebook", {}).get("units", [])
    definitions = {unit["id"]: unit.get("definition", "") for unit in units}
    parts: dict[int, Part] = {}
    for entry in found:
        unit = entry.variable.unit
        part = parts.setdefault(unit.pk, Part(unit, definitions.get(unit.name, "")))
        section = part.sections.setdefault(entry.section, Section(unit, entry.section))
        described = Described(entry, numbers.get(entry.name), agreed.get(entry.name))
        section.entries.append(described)
    return Book(codebook, list(parts.values()), list(codebook.missing_codes.all()))


def _agreement(codebook: Codebook, user: User | AnonymousUser) -> Mapping[str, Agreement]:
    """By entry name, where there is any; of the current version, whatever it was coded under."""
    if not isinstance(user, User) or not codebook.published_at:
        return {}
    current = codebooks.current(codebook.project)
    asked = Asked() if current == codebook else Asked(codebook=codebook.number)
    opened = reliability.opened_for(user, codebook.project, asked)
    if not len(opened.codings):
        return {}
    return cache.get_or_set(_stamp(codebook, opened), lambda: _figures(opened)) or {}


def _stamp(codebook: Codebook, opened: Opened) -> str:
    """What is counted: codings that are opened cannot change unless they are opened again."""
    counted = f"{opened.codings.tolist()} {[str(at) for at in opened.opened_at]}"
    return f"agreement:{codebook.pk}:{hashlib.sha256(counted.encode()).hexdigest()}"


def _figures(opened: Opened) -> dict[str, Agreement]:
    return {
        figure.name: Agreement(
            figure.measure,
            figure.alpha.value,
            figure.alpha.low,
            figure.alpha.high,
            figure.percent.value,
            figure.alpha.n_units,
            figure.coders,
        )
        for figure in reliability.figures(opened)
        if not figure.reason
    }
