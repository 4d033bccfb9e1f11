"""Errors that somebody reports in a release: on a cell, answered by curators, fixed in a release.

What is open or refused is for members; what is accepted or fixed is for whoever uses the data.
Who reported it is for curators alone, and never leaves this site.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from io import TextIOWrapper

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from coding.errors import Refused
from coding.models import Project
from curation import store
from curation.models import Erratum, Release
from curation.releases import manifest as manifests
from curation.releases.columns import KEYS
from curation.releases.csvfile import CsvFile, File
from curation.releases.manifest import Manifest

State = Erratum.State
KNOWN = (State.ACCEPTED, State.FIXED)
MOST_OPEN = 500


def known(project: Project) -> QuerySet[Erratum]:
    """What everybody may read, the newest first."""
    found = Erratum.objects.filter(project=project, state__in=KNOWN)
    return found.select_related("release", "fixed_in")


def affecting(release: Release) -> QuerySet[Erratum]:
    """What is known to be wrong in a release: said of it or of one before, not fixed by then."""
    not_fixed = Q(fixed_in=None) | Q(fixed_in__pk__gt=release.pk)
    return known(release.project).filter(not_fixed, release__pk__lte=release.pk)


def affects(erratum: Erratum, release: Release) -> bool:
    """The same rule as `affecting`, for one that was read already."""
    fixed = erratum.fixed_in_id
    return erratum.release_id <= release.pk and (fixed is None or fixed > release.pk)


def affecting_file(release: Release, name: str) -> list[Erratum]:
    """The same, without what lies in the table of another unit."""
    stem = name.partition(".")[0]
    units = {unit["name"] for unit in release.manifest["units"]}
    found = affecting(release).order_by("number")
    return list(found.filter(unit=stem) if stem in units else found)


# ------------------------------------------------------------------ acts


def report(
    *,
    release: Release,
    place: tuple[str, str, str],
    said: str,
    by: User | None = None,
    name: str = "",
    email: str = "",
) -> Erratum:
    """Keep what somebody says is wrong with a cell: its unit, case and variable.

    Raises ValidationError where the release has no such cell.
    """
    value = value_at(release, *place)
    unit, case, variable = place
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=release.project_id)
        there = Erratum.objects.filter(project=release.project_id)
        if by is None and there.filter(state=State.OPEN).count() >= MOST_OPEN:
            raise Refused("Too many reports wait for an answer. Try again in some days.")
        return Erratum.objects.create(
            project_id=release.project_id,
            number=(there.aggregate(last=Max("number"))["last"] or 0) + 1,
            release=release,
            unit=unit,
            case=case,
            variable=variable,
            value=value,
            said=said,
            by=by,
            name=name,
            email=email,
        )


@transaction.atomic
def answer(
    *, erratum: Erratum, state: str, words: str, by: User, fixed_in: Release | None = None
) -> Erratum:
    """What curators found. Said again, it replaces what was said; its history keeps both."""
    erratum = Erratum.objects.select_for_update().get(pk=erratum.pk)
    fixed_in = fixed_in if state == State.FIXED else None
    if state == State.OPEN or not words:
        raise Refused("An answer is accepted, refused or fixed, and says why.")
    if state == State.FIXED and (fixed_in is None or fixed_in.pk <= erratum.release_id):
        raise Refused(f"It is fixed in a release after {erratum.release.version}: choose it.")
    erratum.state, erratum.answer, erratum.fixed_in = state, words, fixed_in
    erratum.answered_by, erratum.answered_at = by, timezone.now()
    erratum.save()
    return erratum


def mark_fixed(release: Release, numbers: Iterable[int]) -> None:
    """What was accepted and reads otherwise in this release is fixed in it."""
    accepted = Erratum.objects.filter(project=release.project_id, state=State.ACCEPTED)
    for erratum in accepted.filter(number__in=numbers):
        erratum.state, erratum.fixed_in = State.FIXED, release
        erratum.save()


def fixed_by(project: Project, files: Iterable[File]) -> list[Erratum]:
    """Accepted errata whose cell has another value in these files, or is gone from them."""
    named, cases = {file.name: file for file in files}, defaultdict(set)
    accepted = list(
        Erratum.objects.filter(project=project, state=State.ACCEPTED).order_by("number")
    )
    for each in accepted:
        cases[f"{each.unit}.csv"].add(each.case)
    rows = {name: rows_in(named[name], wanted) for name, wanted in cases.items() if name in named}
    return [
        e
        for e in accepted
        if rows.get(f"{e.unit}.csv", {}).get(e.case, {}).get(e.variable) != e.value
    ]


# ------------------------------------------------------------------ the cell


def value_at(release: Release, unit: str, case: str, variable: str) -> str:
    """What a release has in this cell. Raises ValidationError, by field, where it has none."""
    return value_in(manifests.read(release.manifest), unit, case, variable)


def value_in(manifest: Manifest, unit: str, case: str, variable: str) -> str:
    units = [each.name for each in manifest.units]
    file = manifest.file(f"{unit}.csv") if unit in units else None
    if file is None:
        told = ", ".join(units)
        raise ValidationError({"unit": f"“{unit[:80]}” is no unit of this release: {told}."})
    if variable not in variables_of(file):
        raise ValidationError(
            {"variable": f"“{variable[:80]}” is no column of {file.name}. Its heading lists them."}
        )
    row = rows_in(file, {case}).get(case)
    if row is None:
        raise ValidationError(
            {"case": f"“{case[:120]}” is no row of {file.name}: copy a key from its first column."}
        )
    return row[variable]


def variables_of(file: File) -> list[str]:
    """The columns that hold values: not the keys of the case and of the one above it."""
    return [name for name in file.columns or () if name not in KEYS]


def rows_in(file: File, cases: set[str]) -> dict[str, dict[str, str]]:
    """The rows of these cases. The file is read through, and no more of it is kept."""
    with store.opened(file.sha256) as data:
        rows = csv.reader(TextIOWrapper(data, encoding="utf-8", newline=""))
        heading = next(rows)
        return {row[0]: dict(zip(heading, row, strict=True)) for row in rows if row[0] in cases}


# ------------------------------------------------------------------ as a table

COLUMNS = (
    "erratum",
    "release",
    "unit",
    "case",
    "variable",
    "value",
    "reported",
    "state",
    "said",
    "answer",
    "fixed_in",
)


def lines(project: Project, fixed: Sequence[Erratum], version: str) -> Iterator[Sequence[str]]:
    """What is known of earlier releases, and what this one, `version`, fixes."""
    now = {erratum.pk for erratum in fixed}
    for each in known(project).order_by("number"):
        later = each.fixed_in.version if each.fixed_in else ""
        yield (
            str(each.number),
            each.release.version,
            each.unit,
            each.case,
            each.variable,
            each.value,
            each.reported_at.date().isoformat(),
            State.FIXED if each.pk in now else each.state,
            each.said,
            each.answer,
            version if each.pk in now else later,
        )


def files_of(project: Project, fixed: Sequence[Erratum], version: str) -> list[File]:
    """What is known to be wrong in earlier releases; no file where that is nothing."""
    found = list(lines(project, fixed, version))
    if not found:
        return []
    with store.draft() as draft:
        file = CsvFile("errata.csv", COLUMNS, draft)
        file.write(found)
        return [file.keep()]
