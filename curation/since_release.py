"""Cells that say something else than the last release: by their history, as far as one may see."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from django.contrib.auth.models import User

from coding import blind, canonical, codebooks
from coding.models import Case, Entry, Project
from curation.models import Release

SHOWN = 200


@dataclass(frozen=True)
class Differing:
    """A cell, what it said when the release was cut, what it says, and why."""

    cell: int
    case: Case
    entry: Entry
    released: str
    now: str
    status: str
    cause: str
    reason: str


@dataclass
class Since:
    """What changed since the last release."""

    release: Release
    differing: list[Differing]

    @property
    def shown(self) -> list[Differing]:
        return self.differing[:SHOWN]

    @cached_property
    def more(self) -> int:
        return max(len(self.differing) - SHOWN, 0)


def changed(user: User, project: Project) -> Since | None:
    """The cells of the last release that say something else now; None without a release."""
    release = project.releases.order_by("-pk").first()
    if release is None:
        return None
    entries = {e.variable_id: e for e in codebooks.entries(release.codebook)}
    states = codebooks.states_of(project.pk)
    seen = blind.cells_told(user).filter(
        case__unit__project=project, variable__in=list(entries), case__in_universe=True
    )
    then = blind.cells_as_of(seen.filter(since__gte=release.released_at), release.released_at)
    rows = seen.filter(pk__in=list(then)).select_related("case").order_by("case__key", "variable")
    return Since(
        release,
        [
            Differing(
                cell=cell.pk,
                case=cell.case,
                entry=entry,
                released=_shown(then[cell.pk], entry, states),
                now=_shown(cell.text, entry, states),
                status=cell.status,
                cause=cell.get_cause_display(),
                reason=cell.reason,
            )
            for cell in rows
            if cell.text != then[cell.pk] and (entry := entries[cell.variable_id])
        ],
    )


def _shown(text: str | None, entry: Entry, states: dict[str, str]) -> str:
    return "" if text is None else canonical.show(text, entry.domain, states)


def before(user: User, case: Case) -> tuple[str, dict[int, str | None]]:
    """The last release, and what it has in the cells of a case that were written since."""
    release = case.unit.project.releases.order_by("-pk").first()
    if release is None:
        return "", {}
    cells = blind.cells_told(user).filter(
        case=case,
        since__gte=release.released_at,
        variable__in=release.codebook.entries.values("variable"),
    )
    return release.version, blind.cells_as_of(cells, release.released_at)
