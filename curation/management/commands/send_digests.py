from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.management.base import CommandParser

from coding.errors import Refused
from coding.models import Project
from curation import digests
from curation.management.reporting import Reporting, project_called


class Command(Reporting):
    help = (
        "Send each member one mail of the questions, answers and mentions that concern them and "
        "were not sent yet. Run it every morning; a second run sends nothing twice, and what a "
        "mail server does not take goes out with the next."
    )
    example = "SITE_ADDRESS=https://casebook.example.org manage.py send_digests"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--project", metavar="SLUG", help="Only of this project.")

    def act(self, options: dict[str, Any]) -> tuple[dict[str, Any], Sequence[str]]:
        slug = options["project"]
        sent = digests.send([project_called(slug)] if slug else list(Project.objects.all()))
        words = f"{sent.mails} mails sent, of {sent.notices} questions, answers and mentions."
        if sent.failed:
            raise Refused(
                f"{words} To {len(sent.failed)} people none could be sent; nothing is lost, the "
                "next run tries again.",
                [(f"{name}: {error}", "") for name, error in sent.failed],
            )
        return {"mails": sent.mails, "notices": sent.notices}, [words]
