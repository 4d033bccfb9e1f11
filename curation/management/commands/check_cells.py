from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

from django.core.management.base import CommandParser

from coding import blind, work
from coding.errors import Refused
from curation.management.reporting import Reporting, add_project, project_called

TOLD = 100


class Command(Reporting):
    help = (
        "Work out every cell anew from its codings and compare it with what stands. Nothing is "
        "written; the exit code is 1 where a cell differs. Run it every night."
    )
    example = "manage.py check_cells --project us-coalitions"

    def add_arguments(self, parser: CommandParser) -> None:
        add_project(parser)

    def act(self, options: dict[str, Any]) -> tuple[dict[str, Any], Sequence[str]]:
        project = project_called(options["project"])
        found = list(islice(work.drift(project=project), TOLD))
        if found:
            many = f"{len(found)} cells are not what their"
            said = many if len(found) > 1 else "1 cell is not what its"
            more = ", the first of them" if len(found) == TOLD else ""
            raise Refused(
                f"{said} codings give{more}.",
                [(f"{d.case} {d.variable}: {d.stands}; should be: {d.follows}", "") for d in found],
            )
        if lost := list(islice(work.unverified(project=project), TOLD)):
            raise Refused(
                f"{len(lost)} verified cells are not verified any more, and nobody ruled on them.",
                [(f"{d.case} {d.variable}", "") for d in lost],
            )
        flagged = blind.all_cells(project).filter(verified_at__isnull=False, flagged=True).count()
        words = ["Every cell is what its codings give.", "No verified cell lost its mark."]
        if flagged:
            words.append(
                f"{flagged} verified cells are flagged: something later differs from them."
            )
        return {"project": project.slug, "drift": 0, "verified_and_flagged": flagged}, words
