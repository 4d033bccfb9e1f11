from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from django.core.management.base import CommandError, CommandParser

from curation.faults import BadInput, Fault
from curation.management.reporting import Reporting, project_called
from curation.releases import Report, standalone, verify


class Command(Reporting):
    help = (
        "Hash every file of every release again and follow the chain. Exit code 1 where anything "
        "is not what it was."
    )
    example = (
        "manage.py verify_releases --project us-coalitions\n"
        "  manage.py verify_releases --files dist/"
    )
    damaged = 0

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--project", metavar="SLUG", help="Of this project alone.")
        parser.add_argument(
            "--files",
            type=Path,
            metavar="PATH",
            help="Instead, the files of one release in this folder or zip: keys, fingerprints and "
            "formats as well, as the verify.py inside a release does.",
        )
        parser.add_argument("--digest", default="", help="sha256 that the manifest of --files has.")
        parser.add_argument("--previous", type=Path, metavar="PATH", help="The release before it.")

    def act(self, options: dict[str, Any]) -> tuple[dict[str, Any], Sequence[str]]:
        if options["files"]:
            return self._files(options)
        project = project_called(options["project"]) if options["project"] else None
        reports = verify(project)
        self.damaged = sum(bool(report.problems) for report in reports)
        data = {"damaged": self.damaged, "releases": [_data(report) for report in reports]}
        return data, list(_words(reports))

    def _files(self, options: dict[str, Any]) -> tuple[dict[str, Any], Sequence[str]]:
        """Files that lie outside the store, maybe of a release of another site."""
        try:
            found = standalone.check(options["files"], options["digest"], options["previous"])
        except (OSError, BadZipFile) as error:
            rule = f"is no folder or zip of a release: {error}."
            raise BadInput([Fault("--files", str(options["files"]), rule)]) from error
        self.damaged = int(bool(found.problems))
        data = {"problems": found.problems, "unchecked": found.unchecked, "digest": found.digest}
        return data, list(standalone.words(found, bool(options["digest"])))

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
