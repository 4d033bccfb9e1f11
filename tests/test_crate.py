from __future__ import annotations

import json
import zipfile
from io import BytesIO

import yaml

from curation.deposit import bag
from tests.conftest import World
from tests.releasing import cut


def test_a_bag_says_what_it_is_to_crates_datacite_and_whoever_cites(world: World) -> None:
    world.close("regime", "regime")
    release = cut(project=world.project, version="0.1.0", by=world.curator)
    archive = zipfile.ZipFile(BytesIO(b"".join(bag.written(release))))
    base, day = bag.name_of(release), release.released_at.date().isoformat()

    crate = json.loads(archive.read(f"{base}/ro-crate-metadata.json"))
    about, root, *files = crate["@graph"]
    assert (about["about"], root["datePublished"]) == ({"@id": "./"}, day)
    assert {file["@id"] for file in files} <= {
        n.removeprefix(f"{base}/") for n in archive.namelist()
    }
    assert [part["@id"] for part in root["hasPart"]] == [file["@id"] for file in files]
    datacite = json.loads(archive.read(f"{base}/metadata/datacite.json"))
    assert datacite["publicationYear"] == day[:4]
    cited = yaml.safe_load(archive.read(f"{base}/metadata/CITATION.cff"))
    assert (cited["cff-version"], cited["version"], cited["type"]) == ("1.2.0", "0.1.0", "dataset")
    assert cited["authors"] == [{"name": "Project usmi project"}]
