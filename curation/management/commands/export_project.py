from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from curation import archive
from curation.management.reporting import Reporting, add_project, project_called


class Command(Reporting):
    help = (
        "Write a whole project into one file: people, codebooks, cases, codings, cells, all "
        "history and the bytes of its releases. It holds CLOSED codings too, with the names of "
        "their coders: keep it from everybody who codes or adjudicates. Accounts go by name only, "
        "without passwords."
    )
    example = "manage.py export_project --project us-coalitions us-coalitions.zip"

    def add_arguments(self, parser: CommandParser) -> None:
        add_project(parser)
        parser.add_argument("file", metavar="FILE", help="The archive to write, a new .zip file.")

    def act(self, options: dict[str, Any]) -> tuple[dict[str, Any], Sequence[str]]:
        project, path = project_called(options["project"]), Path(options["file"])
        written = archive.export(project, path)
        data = {
            "project": project.slug,
            "file": str(path),
            "bytes": written.bytes,
            "rows": written.rows,
            "files_of_releases": written.files,
            "accounts": written.accounts,
        }
        rows, files = sum(written.rows.values()), written.files
        return data, [
            f"{path}: {rows} rows and {files} files of releases, {written.bytes} bytes.",
            "It holds closed codings: keep it from everybody who codes or adjudicates.",
        ]
