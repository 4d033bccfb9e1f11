from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.core.management.base import CommandError, CommandParser

from curation.management.reporting import Reporting, project_called
from curation.releases import Report, verify


class Command(Reporting):
    help = (
        "Hash every file of every release again and follow the chain. Exit code 1 where anything "
        "is not what it was."
    )
    example = "manage.py verify_releases --project us-coalitions"
    damaged = 0

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--project", metavar="SLUG", help="Of this project alone.")

    def act(self, options: dict[str, Any]) -> tuple[dict[str, Any], Sequence[str]]:
        project = project_called(options["project"]) if options["project"] else None
        reports = verify(project)
        self.damaged = sum(bool(report.problems) for report in reports)
        data = {"damaged": self.damaged, "releases": [_data(report) for report in reports]}
        return data, list(_words(reports))

    def handle(self, *args: Any, **options: Any) -> None:
        super().handle(*args, **options)
        if self.damaged:
            raise CommandError(f"Damaged releases: {self.damaged}.", returncode=1)


def _data(report: Report) -> dict[str, Any]:
    return {
        "project": report.release.project.slug,
        "version": report.release.version,
        "digest": report.release.digest,
        "files": report.files,
        "problems": list(report.problems),
    }


def _words(reports: Sequence[Report]) -> Iterator[str]:
    if not reports:
        yield "There are no releases."
    for report in reports:
        name = f"{report.release.project.slug} {report.release.version}"
        yield f"{name}: {'DAMAGED' if report.problems else f'{report.files} files are intact'}"
        yield from (f"  {problem}" for problem in report.problems)
