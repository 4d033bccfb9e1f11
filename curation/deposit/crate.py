"""A release as RO-Crate 1.1, DataCite 4 and Citation File Format describe it.

These name the day of release, which no frozen file does: they are made from its row.
"""

from __future__ import annotations

import json
from typing import Any

from curation.deposit.metadata import description
from curation.models import Release
from curation.releases import manifest as manifests
from curation.releases.cite import PUBLISHER
from curation.serving import type_of

CONTEXT = "https://w3id.org/ro/crate/1.1/context"
DESCRIPTOR = "ro-crate-metadata.json"


def ro_crate(release: Release, folder: str = "") -> dict[str, Any]:
    """`folder` is where the files lie, as seen from the descriptor."""
    manifest = manifests.read(release.manifest)
    files = [
        {
            "@id": f"{folder}{file.name}",
            "@type": "File",
            "name": file.name,
            "contentSize": str(file.bytes),
            "encodingFormat": type_of(file.name).partition(";")[0],
            "sha256": file.sha256,
        }
        for file in manifest.files
    ]
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": f"{manifest.title}, release {manifest.version}",
        "description": description(release),
        "version": manifest.version,
        "datePublished": release.released_at.date().isoformat(),
        "hasPart": [{"@id": file["@id"]} for file in files],
    }
    about = {
        "@id": DESCRIPTOR,
        "@type": "CreativeWork",
        "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
        "about": {"@id": "./"},
    }
    return {"@context": CONTEXT, "@graph": [about, root, *files]}


def datacite(release: Release, doi: str = "") -> dict[str, Any]:
    """As the REST API of DataCite reads a data set; whoever registers it adds the DOI."""
    title = release.manifest["title"]
    named = [{"identifier": doi, "identifierType": "DOI"}] if doi else []
    return {
        "identifiers": [
            *named,
            {"identifier": f"sha256:{release.digest}", "identifierType": "sha256"},
        ],
        "creators": [{"name": f"{title} project", "nameType": "Organizational"}],
        "titles": [{"title": f"{title}, release {release.version}"}],
        "publisher": PUBLISHER,
        "publicationYear": str(release.released_at.year),
        "types": {"resourceTypeGeneral": "Dataset", "resourceType": "Coded data"},
        "version": release.version,
        "dates": [{"date": release.released_at.date().isoformat(), "dateType": "Issued"}],
        "descriptions": [
            {"description": description(release), "descriptionType": "Abstract"},
        ],
        "schemaVersion": "http://datacite.org/schema/kernel-4",
    }


def citation(release: Release, doi: str = "") -> bytes:
    """`CITATION.cff`, version 1.2.0; JSON's strings are YAML's as well."""
    title = release.manifest["title"]
    lines = {
        "cff-version": "1.2.0",
        "message": "If you use these data, please cite them as below.",
        "type": "dataset",
        "title": title,
        "version": release.version,
        "date-released": release.released_at.date().isoformat(),
        **({"doi": doi} if doi else {}),
    }
    told = "".join(f"{key}: {_quoted(value)}\n" for key, value in lines.items())
    return f"{told}authors:\n  - name: {_quoted(f'{title} project')}\n".encode()


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
