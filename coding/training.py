"""Gold answers and certifications: which stand, and which lapsed with a changed meaning.

Both point at a variable. New words leave it, so they stay; a changed meaning is a new variable,
which begins without any: they lapse by themselves, and stay on record.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from coding.models import Certification, Gold


@dataclass(frozen=True)
class Lapses:
    """How many gold answers and certifications stand on some variables."""

    gold: int
    certifications: int


def lapses(variables: Iterable[int]) -> Lapses:
    """What lapses when these variables are replaced or leave the codebook: counts alone."""
    touched = list(variables)
    return Lapses(
        Gold.objects.filter(variable__in=touched).count(),
        Certification.objects.filter(variable__in=touched).count(),
    )
