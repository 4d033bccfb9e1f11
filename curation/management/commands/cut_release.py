from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import CommandParser

from coding.errors import Refused
from coding.models import Project
from curation import store
from curation.faults import BadInput, Fault
from curation.management.reporting import Reporting, add_project, project_called
from curation.models import Release
from curation.releases import Signing, cut, gate, propose
from curation.releases import draft as drafts
from curation.releases.manifest import NAME

EMPTY = "The disputed cells are left empty."


class Command(Reporting):
    help = (
        "Freeze all cells of a project as a release. Refused while a condition is not met, unless "
        "it is waived with a reason that the release prints. Disputed cells are left empty."
    )
    example = (
        "manage.py cut_release --project us-coalitions 0.2.0 --signed-by ann --signed-by bob "
        "--out dist/\n"
        "  manage.py cut_release --project us-coalitions next --json\n"
        "  manage.py cut_release --project us-coalitions 1.0.0 --signed-by ann "
        '--alone "A team of one." --waive sources "See the article."'
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_project(parser)
        parser.add_argument(
            "release", metavar="VERSION", help="As 1.2.3, or “next” for what is proposed."
        )
        parser.add_argument("--out", metavar="DIR", help="Copy the files there as well.")
        parser.add_argument("--allow-disputes", action="store_true", help="Leave them empty.")
        parser.add_argument(
            "--waive",
            nargs=2,
            action="append",
            default=[],
            metavar=("CONDITION", "REASON"),
            help=f"Cut it all the same, and print why. Conditions: {', '.join(gate.NAMES)}.",
        )
        parser.add_argument(
            "--signed-by",
            action="append",
            default=[],
            metavar="NAME",
            help="Who signs what stands there now; twice for a curator and a second person. "
            "Without it, the draft that was signed on its page is cut.",
        )
        parser.add_argument(
            "--alone",
            default="",
            metavar="REASON",
            help="Why there is no second person to sign. Printed in the release.",
        )
        parser.add_argument("--notes", default="", help="Printed in the release's README.")

    def act(self, options: dict[str, Any]) -> tuple[dict[str, Any], Sequence[str]]:
        project = project_called(options["project"])
        folder = _empty_folder(options["out"]) if options["out"] else None
        waivers = dict(options["waive"])
        if options["allow_disputes"]:
            waivers = {"disputes": EMPTY} | waivers
        version = _version(project, options["release"])
        signing = Signing(_signers(options["signed_by"]), options["alone"])
        if signing.signers or signing.alone:
            release = cut(
                project=project,
                version=version,
                signing=signing,
                notes=options["notes"],
                terms=gate.Terms(waivers, strict=True),
            )
        else:
            release = _cut_the_signed_draft(project, version)
        if folder:
            _copy(release, folder)
        return _data(release), list(_words(release, folder))


def _signers(names: Sequence[str]) -> list[User]:
    found = {user.get_username(): user for user in User.objects.filter(username__in=names)}
    faults = [Fault("--signed-by", name, "is nobody here.") for name in names if name not in found]
    if faults:
        raise BadInput(faults)
    return [found[name] for name in names]


def _cut_the_signed_draft(project: Project, version: str) -> Release:
    open_draft = drafts.current(project)
    if open_draft is None or open_draft.version != version:
        raise Refused(
            f"There is no draft of {version} that somebody signed. Say --signed-by for a curator "
            "and a second person, or build and sign a draft on the pages of the project."
        )
    found = drafts.cut(draft=open_draft, by=None)
    if isinstance(found, Release):
        return found
    raise Refused(
        f"No release was cut: something changed since the draft of {version} was signed. Its page "
        "says what; sign it again."
    )


def _empty_folder(name: str) -> Path:
    folder = Path(name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise BadInput([Fault("--out", name, "is not empty: name a new folder.")])
    except OSError as error:
        raise BadInput([Fault("--out", name, f"is no folder to write to: {error}.")]) from error
    return folder


def _version(project: Project, said: str) -> str:
    if said != "next":
        return said
    proposal = propose(project)
    if not proposal.version:
        raise Refused(proposal.reason)
    return proposal.version


def _copy(release: Release, folder: Path) -> None:
    names = {file["name"]: file["sha256"] for file in release.manifest["files"]}
    try:
        for name, sha256 in (names | {NAME: release.digest}).items():
            with store.opened(sha256) as source, (folder / name).open("xb") as target:
                shutil.copyfileobj(source, target)
    except (OSError, store.StoreError) as error:
        raise Refused(
            f"Release {release.version} is cut, but its files could not be copied to {folder}: "
            f"{error}. They are in the store, and on the release's page."
        ) from error


def _data(release: Release) -> dict[str, Any]:
    manifest = release.manifest
    kept = {key: manifest[key] for key in ("project", "version", "units", "files", "previous")}
    return {**kept, "digest": release.digest}


def _words(release: Release, folder: Path | None) -> Iterator[str]:
    yield f"Release {release.version} of {release.project.slug} is cut."
    for unit in release.manifest["units"]:
        cells = ", ".join(f"{count} {status}" for status, count in sorted(unit["cells"].items()))
        yield f"  {unit['name']}: {unit['rows']} rows; cells: {cells or 'none'}"
    yield f"  manifest sha256 {release.digest}"
    if folder:
        yield f"  files copied to {folder}"
