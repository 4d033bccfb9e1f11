"""What repositories ask of a data set, from released facts alone.

Who made it is for people to say: Casebook knows coders, and they are not named in a release.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from curation.models import Release
from curation.releases.cite import PUBLISHER

Fields = list[dict[str, Any]]
SUBJECT = "Social Sciences"  # of the vocabulary of Dataverse


def description(release: Release) -> str:
    units = ", ".join(
        f"{unit['rows']} rows of {unit['label']}" for unit in release.manifest["units"]
    )
    told = release.project.description or release.manifest["title"]
    notes = f" {release.notes}" if release.notes else ""
    return (
        f"{told} Release {release.version}: {units}.{notes} "
        f"The sha256 of manifest.json is {release.digest}."
    )


def dataverse(release: Release, authors: Sequence[str] = (), contact: str = "") -> dict[str, Any]:
    """As `POST /api/dataverses/…/datasets` of the native API of Dataverse reads it."""
    names = authors or [f"{release.manifest['title']} project"]
    fields = [
        _plain("title", f"{release.manifest['title']}, release {release.version}"),
        _many("author", [[_plain("authorName", name)] for name in names]),
        _many(
            "datasetContact",
            [[_plain("datasetContactName", names[0]), _plain("datasetContactEmail", contact)]],
        ),
        _many("dsDescription", [[_plain("dsDescriptionValue", description(release))]]),
        {
            "typeName": "subject",
            "multiple": True,
            "typeClass": "controlledVocabulary",
            "value": [SUBJECT],
        },
        _plain("distributionDate", release.released_at.date().isoformat()),
        _many("software", [[_plain("softwareName", PUBLISHER)]]),
    ]
    block = {"displayName": "Citation Metadata", "fields": fields}
    return {"datasetVersion": {"metadataBlocks": {"citation": block}}}


def _plain(name: str, value: str) -> dict[str, Any]:
    return {"typeName": name, "multiple": False, "typeClass": "primitive", "value": value}


def _many(name: str, groups: Sequence[Fields]) -> dict[str, Any]:
    values = [{field["typeName"]: field for field in group} for group in groups]
    return {"typeName": name, "multiple": True, "typeClass": "compound", "value": values}


def zenodo(release: Release) -> dict[str, Any]:
    """As the deposit API of Zenodo reads it."""
    title = release.manifest["title"]
    return {
        "metadata": {
            "title": f"{title}, release {release.version}",
            "upload_type": "dataset",
            "description": description(release),
            "creators": [{"name": f"{title} project"}],
            "version": release.version,
            "publication_date": release.released_at.date().isoformat(),
            "access_right": "open",
        }
    }


def written(data: dict[str, Any]) -> bytes:
    return f"{json.dumps(data, ensure_ascii=False, indent=1, sort_keys=True)}\n".encode()
