from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from curation.faults import BadInput, Fault
from curation.intake.whole import hint
from curation.management.reporting import Reporting, add_project, project_called
from curation.models import Release
from curation.studies import results
from curation.studies.asked import run
from curation.studies.registry import STUDIES


class Command(Reporting):
    help = (
        "Ask a study of a release: what it estimates, and how far that hangs on what coders "
        "disagree on. The result is kept beside the release."
    )
    example = (
        "manage.py run_study who-joins --project us-coalitions --release 0.1.0 --out joins.json"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("study", metavar="STUDY", help=f"One of {', '.join(STUDIES)}.")
        add_project(parser)
        parser.add_argument("--release", default="", metavar="VERSION", help="Else the last one.")
        parser.add_argument("--out", default="", metavar="FILE", help="Write all of it, as JSON.")

    def act(self, options: dict[str, Any]) -> tuple[dict[str, Any], Sequence[str]]:
        study = STUDIES.get(options["study"])
        if study is None:
            rule = f"is no study.{hint(options['study'], STUDIES)}"
            raise BadInput([Fault("STUDY", options["study"], rule)])
        release = _release(options["project"], options["release"])
        result = run(study=study, release=release).result
        if options["out"]:
            Path(options["out"]).write_bytes(results.written(result))
        return result, list(_words(study.title, result))


def _release(slug: str, version: str) -> Release:
    found = list(project_called(slug).releases.order_by("-pk"))
    versions = {release.version: release for release in found}
    if found and not version:
        return found[0]
    if version in versions:
        return versions[version]
    rule = f"is no release of {slug}.{hint(version, versions)}" if version else "There is none yet."
    raise BadInput([Fault("--release", version, rule)])


def _words(title: str, result: dict[str, Any]) -> Sequence[str]:
    head = f"{title} On release {result['release']}"
    if result["reason"]:
        return [head, f"  No estimate: {result['reason']}"]
    lines = [head]
    for each in result["estimates"]:
        lines.append(f"  {each['label']}{': ' + each['reason'] if each['reason'] else ''}")
        for term in each["fit"]["terms"] if each["fit"] else []:
            label = result["terms"].get(term["name"], term["name"])
            lines.append(f"    {label:<42}{term['coefficient']:>9.3f}  ({term['error']:.3f})")
    return [*lines, *(f"  {sentence}" for sentence in result["sentences"])]
