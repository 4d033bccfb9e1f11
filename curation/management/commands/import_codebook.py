from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from curation import codebook_files, formats
from curation.formats.said import told
from curation.intake import import_codebook
from curation.intake.rulings import read_rulings
from curation.management.reporting import Reporting, add_project


class Command(Reporting):
    help = (
        "Draft or publish a codebook from a YAML, JSON, Excel, XLSForm or REDCap file; makes the "
        "project if need be. What of the file has no place in a codebook is listed."
    )
    example = "manage.py import_codebook codebook.yaml --project us-coalitions --publish"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", help="The codebook.")
        add_project(parser)
        parser.add_argument(
            "--format", choices=formats.FORMATS, default="", help="Else as the file's name ends."
        )
        parser.add_argument("--title", default="", help="Of a new project; else the codebook's.")
        parser.add_argument("--publish", action="store_true", help="Publish it, for good.")
        parser.add_argument(
            "--rulings",
            default="",
            metavar="FILE",
            help="What is decided on changed entries, by name: kind, reason, codes, recode.",
        )
        parser.add_argument(
            "--yes", action="store_true", help="Publish also what narrows, splits or drops."
        )

    def act(self, options: dict[str, Any]) -> tuple[dict[str, Any], Sequence[str]]:
        path = Path(options["file"])
        raw = codebook_files.opened(path)
        document, unmapped = formats.read(raw, path.name, options["format"])
        report = import_codebook(
            slug=options["project"],
            document=document,
            title=options["title"],
            publish=options["publish"],
            rulings=read_rulings(Path(options["rulings"])) if options["rulings"] else {},
            confirmed=options["yes"],
        )
        data = asdict(report) | {"unmapped": [asdict(line) for line in unmapped]}
        return data, [*report.lines(), *told(unmapped)]
