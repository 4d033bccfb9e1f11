from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from curation import codebook_files
from curation.intake import import_codebook
from curation.management.reporting import Reporting, add_project


class Command(Reporting):
    help = "Draft or publish a codebook from a YAML or JSON file; makes the project if need be."
    example = "manage.py import_codebook codebook.yaml --project us-coalitions --publish"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", help="The codebook, as YAML or JSON.")
        add_project(parser)
        parser.add_argument("--title", default="", help="Of a new project; else the codebook's.")
        parser.add_argument("--publish", action="store_true", help="Publish it, for good.")

    def act(self, options: dict[str, Any]) -> tuple[dict[str, Any], Sequence[str]]:
        report = import_codebook(
            slug=options["project"],
            document=codebook_files.read(Path(options["file"])),
            title=options["title"],
            publish=options["publish"],
        )
        return asdict(report), report.lines()
