"""Codings out of a table in long form: one row for each value, or for each citation of a value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from django.contrib.auth.models import User

from coding import codebooks, work
from coding.errors import Refused
from coding.models import Member, Project
from curation.faults import BadInput, Fault
from curation.files import Table
from curation.intake import sheets
from curation.intake.ground import Ground, ground_of
from curation.intake.said import COLUMNS, NEEDED, Said, read_rows
from curation.intake.whole import all_or_nothing, faults_of_columns


@dataclass
class CodingsReport:
    """What a table held. Whether a coder had said the same before is not told."""

    project: str
    codebook: int
    rows: int
    values: int
    citations: int
    sheets: int
    submitted: bool
    dry_run: bool
    coders: list[str] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """The report in words."""
        what = f"{self.values} values with {self.citations} citations on {self.sheets} sheets"
        who = f"{what} of {', '.join(self.coders)}"
        done = [f"{self.project}, codebook {self.codebook}: {who}."]
        done += [f"Account and membership made: {name}." for name in self.added]
        done += ["The sheets are handed in."] if self.submitted else []
        return [*self.notices, *done, *(["Dry run: nothing was written."] if self.dry_run else [])]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def import_codings(
    *,
    project: Project,
    table: Table,
    submit: bool = False,
    add_coders: bool = False,
    dry_run: bool = False,
    source: str = "file",
) -> CodingsReport:
    """Write the values of a table as what their coders say, through the ordinary acts.

    Raises BadInput with every fault, of single values and of whole sheets.
    """
    book = codebooks.current_or_refused(project)
    if faults := list(faults_of_columns(table, needed=NEEDED, known=COLUMNS)):
        raise BadInput(faults)
    ground = ground_of(project, book, table, add_coders)
    said, found, spoiled = read_rows(table, ground)
    found += sheets.faults(said, ground, spoiled, submit=submit)
    if found:
        raise BadInput([fault for _, fault in sorted(found, key=lambda pair: pair[0])])
    report = _report(said, table, ground, submit, dry_run)
    with all_or_nothing(dry_run=dry_run):
        people = ground.people | dict(_added(project, report.added))
        _record(said, people, ground, submit, f"imported from {source}")
    return report


def _record(
    said: list[Said], people: dict[str, User], ground: Ground, submit: bool, reason: str
) -> None:
    recorded = [
        work.Recorded(
            coder=people[s.coder],
            unit=s.unit,
            key=s.key,
            entry=s.entry,
            text=s.text,
            certainty=s.certainty,
            note=s.note,
            citations=s.citations,
        )
        for s in said
    ]
    try:
        work.record(recorded=recorded, codebook=ground.codebook, submit=submit, reason=reason)
    except Refused as refusal:
        raise BadInput([Fault("sheets", "", refusal.reason)]) from None


def _added(project: Project, names: list[str]) -> Iterator[tuple[str, User]]:
    """Accounts that nobody can sign in to until a password is given, as coders."""
    for name in names:
        user, made = User.objects.get_or_create(username=name)
        if made:
            user.set_unusable_password()
            user.save()
        Member.objects.create(project=project, user=user, role=Member.Role.CODER)
        yield name, user


def _report(
    said: list[Said], table: Table, ground: Ground, submit: bool, dry_run: bool
) -> CodingsReport:
    coders = sorted({s.coder for s in said})
    return CodingsReport(
        project=ground.project.slug,
        codebook=ground.codebook.number,
        rows=len(table.rows),
        values=len(said),
        citations=sum(len(s.citations) for s in said),
        sheets=len({s.sheet for s in said}),
        submitted=submit,
        dry_run=dry_run,
        coders=coders,
        added=[name for name in coders if name not in ground.people],
        notices=list(table.notices),
    )
