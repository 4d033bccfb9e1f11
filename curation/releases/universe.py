"""The rows of a release: the cases of a unit, by key."""

from __future__ import annotations

from typing import NamedTuple

from coding import blind, codebooks
from coding.models import Codebook, Project, Unit


class Row(NamedTuple):
    """A case of the universe; `parent` is the key of the case above it, None at the top."""

    pk: int
    key: str
    parent: str | None


def units_of(codebook: Codebook) -> list[Unit]:
    """The units of analysis that the codebook asks of, in the project's order."""
    units = {e.variable.unit_id: e.variable.unit for e in codebooks.entries(codebook)}
    return sorted(units.values(), key=lambda unit: (unit.position, unit.name))


def rows_of(project: Project, unit: Unit) -> list[Row]:
    """By key, character by character: the same order whatever the database's language."""
    cases = blind.released_cases(project).filter(unit=unit).order_by()
    return sorted(
        (Row(*case) for case in cases.values_list("pk", "key", "parent__key")),
        key=lambda row: row.key,
    )
