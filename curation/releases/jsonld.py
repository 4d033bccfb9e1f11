"""A release as schema.org describes a data set, for search engines that look for data."""

from __future__ import annotations

import json
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from curation.models import Release
from curation.releases import manifest as manifests
from curation.releases.cite import PUBLISHER
from curation.serving import type_of


def dataset(release: Release, address: str, doi: str = "") -> dict[str, Any]:
    """Released facts alone: what stands in the manifest, and when it was cut."""
    manifest = manifests.read(release.manifest)
    units = ", ".join(f"{unit.rows} rows of {unit.label}" for unit in manifest.units)
    return {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "@id": f"https://doi.org/{doi}" if doi else address,
        "name": manifest.title,
        "description": release.project.description or f"{manifest.title}: {units}.",
        "version": manifest.version,
        "url": address,
        "identifier": [*([f"doi:{doi}"] if doi else []), f"sha256:{release.digest}"],
        "datePublished": release.released_at.date().isoformat(),
        "publisher": {"@type": "Organization", "name": PUBLISHER},
        "isAccessibleForFree": True,
        "distribution": [
            {
                "@type": "DataDownload",
                "name": file.name,
                "contentUrl": f"{address}files/{file.name}",
                "encodingFormat": type_of(file.name).partition(";")[0],
                "contentSize": str(file.bytes),
                "sha256": file.sha256,
            }
            for file in manifest.files
        ],
    }


def script(data: dict[str, Any]) -> SafeString:
    """As text that can stand in a page: nothing in it ends its element (HTML, section 4.12.1.3)."""
    text = json.dumps(data, ensure_ascii=False, indent=1)
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return mark_safe(text)  # noqa: S308 - escaped above
