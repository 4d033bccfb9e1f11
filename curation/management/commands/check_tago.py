from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from curation.management.reporting import Reporting
from curation.studies import tago


class Command(Reporting):
    help = (
        "Estimate Tago (2005) out of his own file, which you downloaded: when the United States "
        "used force in a coalition, held against what he printed, and when an organisation "
        "authorised it."
    )
    example = "manage.py check_tago tago2005_us_force_multilateralism.csv --out tago.json"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", help="His uses of force, as CSV.")
        parser.add_argument("--out", default="", metavar="FILE", help="Write the figures, as JSON.")

    def act(self, options: dict[str, Any]) -> tuple[dict[str, Any], Sequence[str]]:
        found = tago.check(tago.read(Path(options["file"])))
        if options["out"]:
            written = json.dumps(found, indent=1, ensure_ascii=False)
            Path(options["out"]).write_text(written + "\n", encoding="utf-8")
        return {"outcomes": found}, tago.lines(found)
