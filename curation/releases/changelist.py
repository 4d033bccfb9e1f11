"""What a release says of how it differs from the one before, kept beside its tables.

changes.csv names every cell that differs, once, with its cause; changes_by_variable.csv counts
them and says how far the two releases agree; changes_by_place.csv says where most of it moved.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from math import isnan

import numpy as np

from coding import codebooks, filters
from coding.agreement import Coefficient, Patterns, krippendorff_alpha
from coding.canonical import Domain
from coding.models import Case, Codebook, Project
from curation import store
from curation.models import Release
from curation.releases import changewords, patch
from curation.releases import manifest as manifests
from curation.releases.causes import Explained, Reader
from curation.releases.csvfile import CsvFile, Field, File
from curation.releases.differences import CHANGES, Meeting, Place, Said, Sides, Tally, meeting

LIST, BY_VARIABLE, BY_PLACE, WORDS = (
    "changes.csv",
    "changes_by_variable.csv",
    "changes_by_place.csv",
    "changes.md",
)
COLUMNS = (
    "unit",
    "case",
    "variable",
    "change",
    "cause",
    "why",
    "old_value",
    "old_label",
    "old_status",
    "new_value",
    "new_label",
    "new_status",
)
OF_VARIABLE = (
    "unit",
    "variable",
    "before",
    "after",
    *CHANGES,
    "compared",
    "same",
    "percent",
    "alpha",
    "no_alpha",
)
OF_PLACE = ("kind", "name", "cells", "changed")
AT_ONCE = 1000
NOT_COUNTED = "No categories: only equal or not."
NO_CELL = Said(*[""] * len(Said._fields))


@dataclass
class Places:
    """Cells and changes by state, region and decade of their case; of none, by nothing."""

    known: Mapping[tuple[str, str], Sequence[tuple[str, str]]]
    cells: Counter[tuple[str, str]] = field(default_factory=Counter)
    changed: Counter[tuple[str, str]] = field(default_factory=Counter)

    def see(self, unit: str, case: str, cells: int, changed: int) -> None:
        for place in self.known.get((unit, case), ()):
            self.cells[place] += cells
            if changed:
                self.changed[place] += changed

    def rows(self) -> list[Sequence[Field]]:
        """Those that moved, by kind, the most moved first."""
        found = sorted(self.changed, key=lambda place: (place[0], -self.changed[place], place))
        return [(*place, self.cells[place], self.changed[place]) for place in found]


def files_of(
    project: Project, last: Release | None, codebook: Codebook, files: list[File], version: str
) -> list[File]:
    """The change list and the patch; none for the first release."""
    if last is None:
        return []
    before, cells = manifests.read(last.manifest), cells_in(files)
    names = meeting(last.codebook, codebook)
    places = Places(_places(project))
    units = [unit.name for unit in before.units], _units(codebook)
    sides = Sides(cells_in(before.files), cells, units, names, seen=places.see)
    explained = Reader(project, last, names).explain(sides.differences())
    with store.draft() as draft:
        listed = CsvFile(LIST, COLUMNS, draft)
        counts: Counter[tuple[str, str]] = Counter()
        while block := list(islice(explained, AT_ONCE)):
            counts.update((each.difference.change, each.cause) for each in block)
            listed.write([row(each) for each in block])
        kept = [listed.keep()]
    by_variable = variable_rows(sides.tallies, names)
    kept.append(table(BY_VARIABLE, OF_VARIABLE, by_variable))
    kept.append(table(BY_PLACE, OF_PLACE, places.rows()))
    words = changewords.markdown(last.version, version, counts, by_variable, places.rows())
    text = store.put(words.encode())
    kept.append(File(WORDS, text.sha256, text.bytes))
    return kept + patch.files_of(before, last.digest, version, files)


def row(each: Explained) -> Sequence[Field]:
    found = each.difference
    old, new = found.before or NO_CELL, found.after or NO_CELL
    place = (found.unit, found.case, found.variable)
    return (*place, found.change, each.cause, each.why, *old[:3], *new[:3])


def table(name: str, columns: Sequence[str], rows: Sequence[Sequence[Field]]) -> File:
    with store.draft() as draft:
        file = CsvFile(name, columns, draft)
        file.write(rows)
        return file.keep()


def cells_in(files: Iterable[File]) -> File:
    """The table that two releases are compared by."""
    return next(file for file in files if file.name == "cells.csv")


def _units(codebook: Codebook) -> list[str]:
    units = {e.variable.unit for e in codebooks.entries(codebook)}
    return [unit.name for unit in sorted(units, key=lambda unit: (unit.position, unit.name))]


def _places(project: Project) -> dict[tuple[str, str], list[tuple[str, str]]]:
    """State, region and decade of every case, as far as they are known."""
    states = codebooks.states_of(project.pk)
    rows = Case.objects.filter(unit__project=project).order_by()
    columns = ("unit__name", "key", "facts", "root__facts")
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for unit, key, facts, of_root in rows.values_list(*columns):
        region, decade = filters.told(facts, of_root or {})
        here = [("region", region)] if region != filters.NOTHING else []
        here += [("decade", f"{decade}s")] if decade[:3].isdecimal() else []
        state = key.rpartition("/")[2]
        here += [("state", f"{states[state]} ({state})")] if "/" in key and state in states else []
        found[unit, key] = here
    return found


# ------------------------------------------------------------------ how far two releases agree


def variable_rows(tallies: Mapping[Place, Tally], names: Meeting) -> list[Sequence[Field]]:
    """A line for each variable: what moved, and the agreement of the two releases on it."""
    found: list[Sequence[Field]] = []
    for (unit, variable), tally in tallies.items():
        same = sum(tally.same.values())
        compared = same + sum(tally.moved.values())
        percent = f"{same / compared:.4f}" if compared else ""
        changes = [tally.changes[change] for change in CHANGES]
        alpha = list(_alpha(variable, tally, names))
        found.append(
            (unit, variable, tally.before, tally.after, *changes, compared, same, percent, *alpha)
        )
    return found


def _alpha(variable: str, tally: Tally, names: Meeting) -> Iterator[Field]:
    """Krippendorff's alpha with the two releases as two coders, and why there is none."""
    entry = names.after.get(variable)
    if not tally.counted or entry is None or names.replaced(variable):
        yield ""
        yield NOT_COUNTED if not tally.counted else "Not the same variable in both."
        return
    found = alpha_of(tally, entry.domain, ordinal=entry.variable.measure == "ordinal")
    yield "" if isnan(found.value) else f"{found.value:.4f}"
    yield found.reason


def alpha_of(tally: Tally, domain: Domain, *, ordinal: bool) -> Coefficient:
    """Of an ordered scale without its missing codes, which have no place in the order."""
    pairs = Counter({(value, value): count for value, count in tally.same.items()}) + tally.moved
    if ordinal:
        pairs = Counter({p: n for p, n in pairs.items() if not any(map(domain.is_missing, p))})
    used = {value for pair in pairs for value in pair}
    scale = [c for c in domain.categories if c in used]
    scale += sorted(used - set(scale))
    place = {value: n for n, value in enumerate(scale)}
    codes = np.array([[place[a], place[b]] for a, b in pairs], dtype=np.intp).reshape(-1, 2)
    times = np.array(list(pairs.values()), dtype=np.int64)
    patterns = Patterns(codes, times, tuple(scale))
    return krippendorff_alpha(patterns, "ordinal" if ordinal else "nominal")
