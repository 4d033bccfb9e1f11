from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from coding import codebooks
from coding.models import Codebook, Project
from curation import formats
from curation.faults import BadInput, Fault
from curation.formats import Unmapped
from curation.formats.said import told
from curation.management.reporting import Reporting, add_project, project_called


class Command(Reporting):
    help = (
        "Write a codebook as YAML, JSON, an Excel workbook, an XLSForm or a REDCap data "
        "dictionary. What the format does not say is listed. Imported again, YAML, JSON and Excel "
        "are the same codebook."
    )
    example = "manage.py export_codebook --project us-coalitions --number 1 --out codebook.yaml"

    def add_arguments(self, parser: CommandParser) -> None:
        add_project(parser)
        parser.add_argument("--number", type=int, help="Of the codebook; else the current one.")
        parser.add_argument("--out", metavar="FILE", default="", help="Else it is printed.")
        parser.add_argument(
            "--format", choices=formats.FORMATS, default="", help="Else as FILE ends, else yaml."
        )

    def act(self, options: dict[str, Any]) -> tuple[dict[str, Any], Sequence[str]]:
        project = project_called(options["project"])
        codebook = _codebook(project, options["number"])
        document = codebooks.document_of(codebook)
        chosen = _format(options["format"], options["out"])
        raw, unmapped = formats.write(document, chosen.name)
        digest = codebook.digest or codebooks.digest_of(codebook)
        head = {"project": project.slug, "number": codebook.number, "digest": digest}
        head["unmapped"] = [asdict(line) for line in unmapped]
        if not options["out"]:
            return head | {"document": document}, self._printed(chosen, raw, unmapped, options)
        _write(Path(options["out"]), raw)
        words = (
            f"Codebook {codebook.number} of {project.slug}, {digest}, written to {options['out']}"
        )
        return head | {"out": options["out"]}, [words, *told(unmapped)]

    def _printed(
        self, chosen: formats.Format, raw: bytes, unmapped: list[Unmapped], options: dict[str, Any]
    ) -> list[str]:
        """The file itself; what is not in it goes to the other stream, so that both stay whole."""
        if not chosen.is_text and not options["json"]:
            rule = f"is needed: a file of the format {chosen.name} cannot be printed."
            raise BadInput([Fault("--out", "", rule)])
        if unmapped and not options["json"]:
            self.stderr.write("\n".join(told(unmapped)))
        return [raw.decode().rstrip("\n")] if chosen.is_text else []


def _format(name: str, out: str) -> formats.Format:
    if name:
        return formats.FORMATS[name]
    return formats.format_of(out) if out else formats.FORMATS["yaml"]


def _write(out: Path, raw: bytes) -> None:
    try:
        out.write_bytes(raw)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise BadInput([Fault("--out", str(out), f"cannot be written: {reason}.")]) from None


def _codebook(project: Project, number: int | None) -> Codebook:
    if number is None:
        return codebooks.current_or_refused(project)
    if found := project.codebooks.filter(number=number).first():
        return found
    numbers = ", ".join(str(n) for n in project.codebooks.values_list("number", flat=True))
    raise BadInput([Fault("--number", str(number), f"is no codebook. There are: {numbers}.")])
