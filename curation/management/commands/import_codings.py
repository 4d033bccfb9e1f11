from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from curation import files
from curation.intake import import_codings
from curation.management.reporting import Reporting, add_project, add_table, project_called


class Command(Reporting):
    help = (
        "Write values as what their coders say. One row for each value: coder, unit, case, "
        "variable, value, and optionally certainty, note, source, locator, quote; a further row "
        "of the same value brings a further citation."
    )
    example = "manage.py import_codings values.xlsx --project us-coalitions --dry-run"

    def add_arguments(self, parser: CommandParser) -> None:
        add_table(parser)
        add_project(parser)
        parser.add_argument("--submit", action="store_true", help="Hand the sheets in afterwards.")
        parser.add_argument(
            "--add-coders",
            action="store_true",
            help="Make accounts, without a password, for coders that are not there.",
        )

    def act(self, options: dict[str, Any]) -> tuple[dict[str, Any], Sequence[str]]:
        path = Path(options["file"])
        report = import_codings(
            project=project_called(options["project"]),
            table=files.read(path, encoding=options["encoding"], sheet=options["sheet"]),
            submit=options["submit"],
            add_coders=options["add_coders"],
            dry_run=options["dry_run"],
            source=path.name,
        )
        return report.as_dict(), report.lines()
