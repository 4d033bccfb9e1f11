from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from coding.models import Project, Unit
from curation import files
from curation.faults import BadInput, Fault
from curation.intake import CaseColumns, import_cases
from curation.intake.whole import hint
from curation.management.reporting import Reporting, add_project, add_table, project_called


class Command(Reporting):
    help = (
        "Make the cases of a table, or change those that it describes otherwise. "
        "Columns: key (or the unit's own name for it), title, parent, and fact.x for each fact x."
    )
    example = (
        "manage.py import_cases cases.csv --project us-coalitions --unit intervention --dry-run\n"
        "  manage.py import_cases wars.csv --project wars --unit war --key WarNum "
        "--title WarName \\\n    --facts WarType,WhereFought --ignore-other-columns"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_table(parser)
        add_project(parser)
        parser.add_argument("--unit", required=True, metavar="NAME", help="The unit of analysis.")
        parser.add_argument("--key", default="", metavar="COLUMN", help="Where the key stands.")
        parser.add_argument("--title", default="title", metavar="COLUMN", help="And the title.")
        parser.add_argument("--parent", default="parent", metavar="COLUMN", help="And the parent.")
        parser.add_argument("--facts", default="", metavar="COLUMN,…", help="Columns to keep.")
        parser.add_argument(
            "--ignore-other-columns", action="store_true", help="Else they are refused."
        )

    def act(self, options: dict[str, Any]) -> tuple[dict[str, Any], Sequence[str]]:
        project = project_called(options["project"])
        unit = _unit(project, options["unit"])
        path = Path(options["file"])
        table = files.read(path, encoding=options["encoding"], sheet=options["sheet"])
        columns = CaseColumns(
            key=options["key"],
            title=options["title"],
            parent=options["parent"],
            facts=tuple(filter(None, options["facts"].split(","))),
            ignore_others=options["ignore_other_columns"],
        )
        report = import_cases(
            project=project,
            unit=unit,
            table=table,
            columns=columns,
            dry_run=options["dry_run"],
            source=path.name,
        )
        return report.as_dict(), report.lines()


def _unit(project: Project, name: str) -> Unit:
    units = {unit.name: unit for unit in project.units.select_related("parent")}
    if name in units:
        return units[name]
    raise BadInput([Fault("--unit", name, f"is not a unit of {project.slug}.{hint(name, units)}")])
