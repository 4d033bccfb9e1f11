"""Designs in releases: seeds, what they were drawn from, who had what in which order."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from coding import assigning
from coding.designs import Slot, deal
from coding.models import Coding, Design, Member, Project
from curation import archive, store
from curation.models import Release
from tests.conftest import World
from tests.releasing import cut
from tests.test_assignments import hand_in, make, staffed, wish  # noqa: F401


def release(world: World, version: str = "0.1.0") -> Release:
    return cut(project=world.project, version=version, allow_disputes=True)


def data(found: Release, name: str) -> bytes:
    [file] = [file for file in found.manifest["files"] if file["name"] == name]
    return store.get(file["sha256"])


def names(found: Release) -> list[str]:
    return [file["name"] for file in found.manifest["files"]]


def finish(world: World, design: Design) -> None:
    for coding in Coding.objects.open().filter(design=design):
        hand_in(coding, world)


def test_a_project_without_designs_has_neither_file(world: World) -> None:
    assert not {"design.json", "assignments.csv"} & set(names(release(world)))


def test_a_design_is_released_once_nothing_of_it_is_open(staffed: World) -> None:  # noqa: F811
    """Before, design and seed would tell its coders which of their cases are coded twice."""
    design = make(staffed, "overlap", percent=50, seed="seedquetzal")
    early = release(staffed)
    told = b"".join(data(early, name) for name in names(early))
    assert b"seedquetzal" not in told
    assert "design.json" not in names(early)

    finish(staffed, design)
    late = release(staffed, "0.2.0")

    at = names(late).index("design.json")
    assert names(late)[at : at + 2] == ["design.json", "assignments.csv"]
    assert b"design.json" in data(late, "README.md")


def test_who_has_the_files_alone_can_draw_the_assignment_again(
    staffed: World,  # noqa: F811
) -> None:
    design = make(staffed, "core", percent=40.0, core=2, fact="region")
    finish(staffed, design)
    found = release(staffed)

    [told] = json.loads(data(found, "design.json"))["designs"]
    slots = [
        Slot(k, s, tuple(by), frozenset(bar)) for k, (s, by, bar) in told["drawn_from"].items()
    ]
    again = deal(
        told["kind"], slots, told["parameters"]["coders"], told["seed"], told["parameters"]
    )
    rows = list(csv.DictReader(io.StringIO(data(found, "assignments.csv").decode(), newline="")))
    orders: dict[str, dict[int, str]] = {}
    for row in rows:
        orders.setdefault(row["coder"], {})[int(row["position"])] = row["case"]

    assert {c: tuple(o[n] for n in sorted(o)) for c, o in orders.items()} == dict(again.orders)
    assert rows == sorted(rows, key=lambda r: (r["unit"], r["case"], r["coder"]))


def test_coders_stand_there_by_pseudonym_and_moved_sheets_as_withdrawn(
    staffed: World,  # noqa: F811
) -> None:
    design = make(staffed)
    assigning.move(
        project=staffed.project,
        coder=staffed.coder_a,
        to=wish(staffed).coders,
        reason="on leave",
        by=staffed.curator,
    )
    finish(staffed, design)
    text = data(release(staffed), "assignments.csv").decode()

    aliases = set(Member.objects.values_list("pseudonym", flat=True))
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert {row["coder"] for row in rows} <= aliases
    assert "coder_a" not in text
    assert sum(row["withdrawn"] == "1" for row in rows) == 6
    assert len(rows) == 30


def test_the_same_state_gives_the_same_bytes(staffed: World) -> None:  # noqa: F811
    finish(staffed, make(staffed))
    first, second = release(staffed), release(staffed, "0.2.0")

    for name in ("design.json", "assignments.csv"):
        assert data(first, name) == data(second, name)


def test_an_archive_brings_designs_along(staffed: World, tmp_path: Any) -> None:  # noqa: F811
    design = make(staffed, "adaptive", note="Pilot")
    hand_in(Coding.objects.filter(design=design).first(), staffed)  # type: ignore[arg-type]
    path = tmp_path / "usmi.zip"
    archive.export(staffed.project, path)

    copy = archive.bring_in(path, slug="copy")

    there = Project.objects.get(pk=copy.pk).designs.get()
    assert there.pk != design.pk
    columns = ("number", "kind", "seed", "parameters", "drawn_from", "note", "made_by", "made_at")
    for column in columns:
        assert getattr(there, column) == getattr(design, column)
    assert there.codings.count() == design.codings.count() == 24
    assert assigning.redrawn(there) == assigning.redrawn(design)
