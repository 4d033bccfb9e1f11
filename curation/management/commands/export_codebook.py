from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from coding import codebooks
from coding.models import Codebook, Project
from curation import codebook_files
from curation.faults import BadInput, Fault
from curation.management.reporting import Reporting, add_project, project_called


class Command(Reporting):
    help = "Write a codebook as YAML. Imported again, it is the same codebook."
    example = "manage.py export_codebook --project us-coalitions --number 1 --out codebook.yaml"

    def add_arguments(self, parser: CommandParser) -> None:
        add_project(parser)
        parser.add_argument("--number", type=int, help="Of the codebook; else the current one.")
        parser.add_argument("--out", metavar="FILE", default="", help="Else it is printed.")

    def act(self, options: dict[str, Any]) -> tuple[dict[str, Any], Sequence[str]]:
        project = project_called(options["project"])
        codebook = _codebook(project, options["number"])
        document = codebooks.document_of(codebook)
        digest = codebook.digest or codebooks.digest_of(codebook)
        head = {"project": project.slug, "number": codebook.number, "digest": digest}
        if not options["out"]:
            return head | {"document": document}, [codebook_files.written(document).rstrip("\n")]
        out = Path(options["out"])
        try:
            out.write_text(codebook_files.written(document), encoding="utf-8", newline="\n")
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise BadInput([Fault("--out", str(out), f"cannot be written: {reason}.")]) from None
        words = f"Codebook {codebook.number} of {project.slug}, {digest}, written to {out}"
        return head | {"out": str(out)}, [words]


def _codebook(project: Project, number: int | None) -> Codebook:
    if number is None:
        return codebooks.current_or_refused(project)
    if found := project.codebooks.filter(number=number).first():
        return found
    numbers = ", ".join(str(n) for n in project.codebooks.values_list("number", flat=True))
    raise BadInput([Fault("--number", str(number), f"is no codebook. There are: {numbers}.")])
