from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.management.base import CommandParser

from coding.errors import Refused
from coding.models import Project
from curation import public, store
from curation.deposit import dataverse, metadata
from curation.faults import BadInput, Fault
from curation.management.reporting import Reporting, add_project, project_called
from curation.models import Release
from curation.releases import manifest as manifests


class Command(Reporting):
    help = (
        "Upload a release to a Dataverse: a draft with its files, for somebody to look at and "
        "publish there. What broke off goes on with --dataset."
    )
    example = (
        "DATAVERSE_TOKEN=… manage.py deposit --project us-coalitions 0.2.0 \\\n"
        "    --server https://demo.dataverse.org --dataverse coalitions \\\n"
        "    --token-env DATAVERSE_TOKEN --author 'Doe, Jane' --contact jane@example.org"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_project(parser)
        parser.add_argument("release", metavar="VERSION", help="The release, as 1.2.3.")
        parser.add_argument("--server", required=True, metavar="URL", help="The Dataverse.")
        parser.add_argument("--dataverse", metavar="ALIAS", help="Where the draft is made.")
        parser.add_argument(
            "--token-env", required=True, metavar="NAME", help="The variable that holds the token."
        )
        parser.add_argument("--author", action="append", default=[], help="As Doe, Jane; again.")
        parser.add_argument("--contact", metavar="EMAIL", help="Whom readers may write to.")
        parser.add_argument("--dataset", metavar="ID", help="Go on with this draft, as doi:10.….")
        parser.add_argument("--publish", action="store_true", help="Publish it there, for good.")

    def act(self, options: dict[str, Any]) -> tuple[dict[str, Any], Sequence[str]]:
        _check(options)
        release = _release(project_called(options["project"]), options["release"])
        server = dataverse.Server(options["server"], os.environ[options["token_env"]])
        dataset = options["dataset"] or ""
        try:
            dataset = dataset or server.create(options["dataverse"], _described(release, options))
            added = _upload(server, dataset, release)
            if options["publish"]:
                server.publish(dataset)
        except (dataverse.Failed, store.StoreError) as error:
            raise Refused(_told(str(error), dataset)) from error
        data = {"dataset": dataset, "added": added, "published": options["publish"]}
        state = "is published" if options["publish"] else "is a draft there"
        return data, [
            f"Release {release.version} {state}: {dataset}, {added} files added.",
            "Keep its DOI on the release's page, so that it is cited by it.",
        ]


def _check(options: Mapping[str, Any]) -> None:
    """Every fault at once, before anything is sent."""
    faults = []
    if fault := dataverse.problem(options["server"]):
        faults.append(Fault("--server", options["server"], fault))
    if not os.environ.get(options["token_env"]):
        faults.append(Fault("--token-env", options["token_env"], "is not set in the environment."))
    for name in () if options["dataset"] else ("dataverse", "author", "contact"):
        if not options[name]:
            faults.append(Fault(f"--{name}", "", "is needed to make a draft."))
    if faults:
        raise BadInput(faults)


def _release(project: Project, version: str) -> Release:
    found = public.releases_of(project).filter(version=version).first()
    if found is None:
        there = ", ".join(public.releases_of(project).values_list("version", flat=True))
        raise BadInput([Fault("VERSION", version, f"is no release. There are: {there or 'none'}.")])
    if public.withdrawal_of(found):
        raise Refused(f"Release {version} is withdrawn: it is not deposited.")
    return found


def _described(release: Release, options: Mapping[str, Any]) -> dict[str, Any]:
    return metadata.dataverse(release, options["author"], options["contact"])


def _upload(server: dataverse.Server, dataset: str, release: Release) -> int:
    """Every file that is not there yet. Raises Failed with how far it came."""
    there, added = server.files(dataset), 0
    files = {file["name"]: file["sha256"] for file in release.manifest["files"]}
    files[manifests.NAME] = release.digest
    for n, (name, sha256) in enumerate(files.items()):
        if name in there:
            _compare(name, sha256, there[name])
            continue
        try:
            server.add(dataset, name, sha256)
        except dataverse.Failed as error:
            raise dataverse.Failed(
                f"{name}: {error} {n} of {len(files)} files are there."
            ) from None
        added += 1
    return added


def _compare(name: str, sha256: str, checksum: tuple[str, str]) -> None:
    if not dataverse.is_the_same(sha256, *checksum):
        raise dataverse.Failed(f"The draft has another {name}: delete it there, then go on.")


def _told(why: str, dataset: str) -> str:
    if not dataset:
        return f"Nothing was deposited. {why}"
    return f"{why} The draft is kept there: go on with --dataset {dataset}"
