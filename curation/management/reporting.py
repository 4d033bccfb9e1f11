"""What all commands share: an example in the help, a report in words or JSON, a no in words."""

from __future__ import annotations

import json
from argparse import RawDescriptionHelpFormatter
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.management.base import DjangoHelpFormatter as Formatter

from coding.errors import Refused
from coding.models import Project
from curation.faults import BadInput, Fault, lines


class _Formatter(RawDescriptionHelpFormatter, Formatter):
    """Keeps the lines of the example as they are."""


class Reporting(BaseCommand):
    """A command that does one act and reports it; exit code 1 where the act is refused."""

    example = ""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        shown = f"Example:\n  {self.example.strip()}"
        parser = super().create_parser(
            prog_name, subcommand, epilog=shown, formatter_class=_Formatter, **kwargs
        )
        parser.add_argument("--json", action="store_true", help="Report as one JSON document.")
        return parser

    def act(self, options: dict[str, Any]) -> tuple[dict[str, Any], Sequence[str]]:
        """Do it; gives the report as data and in words."""
        raise NotImplementedError

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            data, words = self.act(options)
        except BadInput as error:
            raise self._no(error.faults, "\n".join(lines(error.faults)), options) from None
        except Refused as refusal:
            faults = [Fault("state", "", refusal.reason)]
            more = "".join(f"\n  {text}" for text, _ in refusal.links)
            raise self._no(faults, refusal.reason + more, options) from None
        except ValidationError as error:
            faults = [Fault("input", "", message) for message in error.messages]
            raise self._no(faults, "\n".join(error.messages), options) from None
        self.stdout.write(
            json.dumps(data, ensure_ascii=False) if options["json"] else "\n".join(words)
        )

    def _no(self, faults: Sequence[Fault], words: str, options: dict[str, Any]) -> CommandError:
        if options["json"]:
            listed = [{"place": f.place, "value": f.value, "rule": f.rule} for f in faults]
            self.stdout.write(json.dumps({"faults": listed}, ensure_ascii=False))
        return CommandError(words, returncode=1)


def add_project(parser: CommandParser) -> None:
    parser.add_argument(
        "--project", required=True, metavar="SLUG", help="The project's short name."
    )


def add_table(parser: CommandParser) -> None:
    """The options of commands that read a table."""
    parser.add_argument("file", metavar="FILE", help="A CSV file or an Excel workbook (.xlsx).")
    parser.add_argument("--sheet", default="", help="The sheet of a workbook; else the first.")
    parser.add_argument("--encoding", default="", help="Of a CSV that is not UTF-8, as cp1252.")
    parser.add_argument("--dry-run", action="store_true", help="Report, and write nothing.")


def project_called(slug: str) -> Project:
    """The project. Raises BadInput with the projects that there are."""
    if project := Project.objects.filter(slug=slug).first():
        return project
    there = ", ".join(Project.objects.order_by("slug").values_list("slug", flat=True)) or "none yet"
    raise BadInput([Fault("--project", slug, f"is no project. There are: {there}.")])
