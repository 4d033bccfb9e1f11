from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from curation import archive
from curation.faults import BadInput, Fault
from curation.management.reporting import Reporting


class Command(Reporting):
    help = (
        "Make a project from an archive of export_project: all of it or nothing. Closed codings "
        "stay closed. Members are found by username; who has no account here gets one that is "
        "inactive and has no password, for an administrator to open."
    )
    example = (
        "manage.py import_project us-coalitions.zip\n"
        "  manage.py import_project us-coalitions.zip --slug rehearsal"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", help="The archive.")
        parser.add_argument("--slug", default="", metavar="NEW", help="Another short name.")
        parser.add_argument(
            "--largest-mb",
            type=int,
            default=archive.LARGEST_MB,
            metavar="MB",
            help="Refuse what would unpack to more (%(default)s).",
        )

    def act(self, options: dict[str, Any]) -> tuple[dict[str, Any], Sequence[str]]:
        path = Path(options["file"])
        try:
            project = archive.bring_in(path, slug=options["slug"], largest_mb=options["largest_mb"])
        except archive.BadArchive as error:
            raise BadInput([Fault(path.name, "", str(error))]) from error
        members, releases = project.members.count(), project.releases.count()
        inactive = sorted(
            member.user.username
            for member in project.members.select_related("user")
            if not member.user.is_active
        )
        data = {
            "project": project.slug,
            "members": members,
            "releases": releases,
            "inactive_accounts": inactive,
        }
        words = [f"Project {project.slug} is here: {members} members, {releases} releases."]
        if inactive:
            words.append(f"These accounts cannot sign in yet: {', '.join(inactive)}.")
        return data, words
