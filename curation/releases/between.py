"""Two releases of a project compared: from the change lists that were stored when each was cut.

Nothing is worked out again from the tables of the project. Over several releases a cell takes the
first value and the last, the cause of the last revision on the way, and names every release in
which it moved; what ended as it began did not change.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from io import TextIOWrapper
from typing import NamedTuple

from django.urls import reverse

from coding.errors import Refused
from coding.models import Project
from curation import store
from curation.models import Release
from curation.releases import changelist, changewords
from curation.releases import manifest as manifests
from curation.releases.csvfile import Field
from curation.releases.differences import (
    ADDED,
    NOTE,
    REMOVED,
    STATUS,
    VALUE,
    Sides,
    meeting,
)

COLUMNS = (*changelist.COLUMNS, "releases")


class Changed(NamedTuple):
    """A cell that differs, as changes.csv has it; and the releases in which it moved."""

    unit: str
    case: str
    variable: str
    change: str
    cause: str
    why: str
    old_value: str
    old_label: str
    old_status: str
    new_value: str
    new_label: str
    new_status: str
    releases: str

    @property
    def place(self) -> tuple[str, str, str]:
        return self[:3]


@dataclass(frozen=True)
class Comparison:
    """What differs between two releases of a project."""

    before: Release
    after: Release
    steps: Sequence[Release]  # after the earlier one, to the later one

    @cached_property
    def changes(self) -> list[Changed]:
        found: dict[tuple[str, str, str], Changed] = {}
        for step in self.steps:
            _take(found, step)
        every = map(_settled, found.values())
        return [each for each in every if each.change]

    @cached_property
    def counts(self) -> Counter[tuple[str, str]]:
        """By change and cause."""
        return Counter((each.change, each.cause) for each in self.changes)

    @cached_property
    def by_variable(self) -> list[Sequence[Field]]:
        """As it was stored; over several releases from their frozen cells."""
        if len(self.steps) == 1:
            return [tuple(row.values()) for row in rows_of(self.after, changelist.BY_VARIABLE)]
        if not self.steps:
            return []
        was, now = manifests.read(self.before.manifest), manifests.read(self.after.manifest)
        files = changelist.cells_in(was.files), changelist.cells_in(now.files)
        units = [u.name for u in was.units], [u.name for u in now.units]
        names = meeting(self.before.codebook, self.after.codebook)
        sides = Sides(*files, units, names)
        for _ in sides.differences():
            pass
        return changelist.variable_rows(sides.tallies, names)

    @cached_property
    def places(self) -> list[Sequence[Field]]:
        """Where most of it moved; of one step only, when the cells of each place were counted."""
        if len(self.steps) > 1:
            return []
        return [tuple(row.values()) for row in rows_of(self.after, changelist.BY_PLACE)]

    def markdown(self) -> str:
        return changewords.markdown(
            self.before.version, self.after.version, self.counts, self.by_variable, self.places
        )


def compare(project: Project, before: Release, after: Release) -> Comparison:
    """Refused where a release on the way was cut before change lists were kept."""
    found = project.releases.select_related("codebook", "previous")
    steps = list(found.filter(pk__gt=before.pk, pk__lte=after.pk).order_by("pk"))
    for step in steps:
        if manifests.read(step.manifest).file(changelist.LIST) is None:
            raise Refused(
                f"{step.version} was cut before releases kept a list of their changes: compare "
                "releases that came after it.",
                [("Releases", reverse("curation:releases", args=[project.slug]))],
            )
    return Comparison(before, after, steps)


def rows_of(release: Release, name: str) -> list[dict[str, str]]:
    """A table of a release, as it was frozen."""
    file = manifests.read(release.manifest).file(name)
    assert file is not None
    try:
        with TextIOWrapper(store.opened(file.sha256), encoding="utf-8", newline="") as text:
            return list(csv.DictReader(text))
    except store.StoreError as error:
        raise Refused(
            f"{name} of {release.version} is damaged or gone on this server, so the two cannot be "
            "compared. Whoever runs the server can bring it back from a backup of the store."
        ) from error


def _take(found: dict[tuple[str, str, str], Changed], step: Release) -> None:
    """One more release on the way: its changes are laid upon those before it."""
    assert step.previous is not None
    renamed = meeting(step.previous.codebook, step.codebook).renamed
    for place in [p for p in found if p[2] in renamed]:
        each = found.pop(place)
        each = each._replace(variable=renamed[each.variable])
        found[each.place] = each
    for row in rows_of(step, changelist.LIST):
        each = Changed(**row, releases=step.version)
        before = found.get(each.place)
        found[each.place] = _upon(before, each) if before else each


def _upon(before: Changed, each: Changed) -> Changed:
    return each._replace(
        old_value=before.old_value,
        old_label=before.old_label,
        old_status=before.old_status,
        releases=f"{before.releases}; {each.releases}",
    )


def _settled(each: Changed) -> Changed:
    """Which kind of change it came to; none where the cell is back where it was."""
    if ";" not in each.releases:
        return each
    if not each.old_status and not each.new_status:
        change = ""
    elif not each.old_status or not each.new_status:
        change = ADDED if each.new_status else REMOVED
    elif each.old_value != each.new_value:
        change = VALUE
    elif each.old_status != each.new_status:
        change = STATUS
    else:
        change = "" if each.new_status == "derived" else NOTE  # what is computed has no notes
    return each._replace(change=change)


def asked(
    changes: Sequence[Changed], *, variable: str = "", cause: str = "", change: str = ""
) -> list[Changed]:
    """Those that pass the filters; empty ones let all pass."""
    wanted: Mapping[str, str] = {"variable": variable, "cause": cause, "change": change}
    narrow = {name: value for name, value in wanted.items() if value}
    return [c for c in changes if all(getattr(c, n) == v for n, v in narrow.items())]
