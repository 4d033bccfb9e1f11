from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import CommandParser

from coding import access
from coding.models import Project
from curation import files, intake
from curation.faults import BadInput, Fault
from curation.management.reporting import Reporting, add_project, add_table, project_called


class Command(Reporting):
    help = (
        "Correct cells as one batch, with the rights and rules of a ruling. One row for each cell: "
        "unit, case, variable, old (what it says now), new, cause, reason, and optionally rule, "
        "against_precedent, source, locator, quote; a further row of the same cell brings a "
        "further source. What a cell says otherwise by now is refused."
    )
    example = (
        "manage.py import_corrections fixes.csv --project us-coalitions --by curator "
        '--note "Checked against the archive" --dry-run'
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_table(parser)
        add_project(parser)
        parser.add_argument(
            "--by", required=True, metavar="NAME", help="Who corrects: an adjudicator or curator."
        )
        parser.add_argument("--note", default="", help="Why all this is corrected, for the log.")

    def act(self, options: dict[str, Any]) -> tuple[dict[str, Any], Sequence[str]]:
        path, project = Path(options["file"]), project_called(options["project"])
        by = _person(project, options["by"])
        if not options["note"].strip() and not options["dry_run"]:
            raise BadInput([Fault("--note", "", "is missing: say why, for the log.")])
        table = files.read(path, encoding=options["encoding"], sheet=options["sheet"])
        read = intake.read_corrections(project=project, by=by, table=table)
        batch = intake.correct(
            project=project,
            by=by,
            read=read,
            file=path.name,
            note=options["note"] or "dry run",
            dry_run=options["dry_run"],
        )
        data = {
            "project": project.slug,
            "cells": len(read.lines),
            "untouched": read.untouched,
            "batch": batch.pk if batch else None,
            "dry_run": options["dry_run"],
        }
        one = len(read.lines) == 1
        told = f"{len(read.lines)} cell{'' if one else 's'} corrected"
        said = [*read.notices, *read.words(), f"{told}, {read.untouched} rows correct nothing."]
        return data, [*said, *(["Dry run: nothing was written."] if batch is None else [])]


def _person(project: Project, name: str) -> User:
    member = project.members.filter(user__username=name, role__in=access.ADJUDICATORS)
    found = member.select_related("user").first()
    if found is None:
        rule = f"is no adjudicator or curator of {project.slug}."
        raise BadInput([Fault("--by", name, rule)])
    return found.user
