from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from coding import codebooks, work
from coding.errors import Refused
from coding.models import Case, Member
from curation import store
from curation.models import Release
from curation.releases import apply_patch
from tests.conftest import DOCUMENT, World
from tests.releasing import cut

Rows = list[dict[str, str]]


def data(release: Release, name: str) -> bytes:
    return store.get({f["name"]: f["sha256"] for f in release.manifest["files"]}[name])


def table(release: Release, name: str) -> Rows:
    return list(csv.DictReader(io.StringIO(data(release, name).decode(), newline="")))


def release(world: World, version: str, **more: Any) -> Release:
    return cut(project=world.project, version=version, by=world.curator, **more)


def changed(release: Release) -> set[tuple[str, str, str, str, str]]:
    return {
        (r["variable"], r["change"], r["cause"], r["old_value"], r["new_value"])
        for r in table(release, "changes.csv")
    }


def hand_in(world: World, partners: str = "200", **second: str) -> None:
    """Both coders say the same, but for what the second says otherwise."""
    both = {"goal": "regime", "troops": "1000", "story": "Three, “two”\none", "partners": partners}
    for coding, said in ((world.coding_a, both), (world.coding_b, both | second)):
        for name, text in said.items():
            world.say(coding, text, name)
        for state in both["partners"].split(";"):
            sheet = world.sheet_of(coding.coder, state)
            world.say(sheet, "2", "sent")
            world.say(sheet, "250", "strength")
        work.submit(coding=coding)


@pytest.fixture
def first(world: World) -> Release:
    hand_in(world, goal="policy")
    world.more_cases(1)
    return release(world, "0.1.0", allow_disputes=True)


def correct(world: World, name: str, text: str, cause: str) -> None:
    work.settle(
        cell=world.cell(name),
        entry=world.entry(name),
        text=text,
        cause=cause,
        reason="Look, line one\r\nand two",
        by=world.adjudicator,
    )


# ------------------------------------------------------------------ what changed, and why


def test_the_first_release_has_no_change_list(first: Release) -> None:
    assert [f["name"] for f in first.manifest["files"] if "change" in f["name"]] == []


def test_every_changed_cell_has_its_one_cause(world: World, first: Release) -> None:
    correct(world, "goal", "regime", "slip")
    correct(world, "troops", "500", "slip")
    correct(world, "story", "Another", "source_missing")
    second = release(world, "0.2.0")

    assert changed(second) == {
        ("goal", "value", "adjudication", "", "regime"),
        ("troops", "value", "error", "1000", "500"),
        ("story", "value", "new source", "Three, “two”\none", "Another"),
        ("share", "value", "error", "0.25", "0.5"),
    }
    whys = {r["variable"]: r["why"] for r in table(second, "changes.csv")}
    assert whys["troops"] == "Look, line one\nand two"
    assert whys["share"] == "computed again"


def test_a_case_coded_since_is_a_new_case(world: World, first: Release) -> None:
    case = Case.objects.get(key="US-1900-X")
    for coder in (world.coder_a, world.coder_b):
        coding = work.assign(case=case, coder=coder, codebook=world.codebook)
        world.say(coding, "policy")
        world.say(coding, "none", "partners")
        work.submit(coding=coding)
    second = release(world, "0.2.0", allow_disputes=True)

    rows = table(second, "changes.csv")
    assert {(r["case"], r["change"], r["cause"]) for r in rows} == {
        ("US-1900-X", "added", "new case")
    }
    assert len(rows) >= 2


def test_what_leaves_the_data_set_leaves_by_scope(world: World, first: Release) -> None:
    correct(world, "partners", "none", "slip")
    second = release(world, "0.2.0", allow_disputes=True)

    found = changed(second)
    assert ("partners", "value", "error", "200", "none") in found
    assert {(c[1], c[2]) for c in found if c[0] in ("sent", "strength", "share")} == {
        ("removed", "scope")
    }


def test_a_later_coding_is_a_new_source_and_a_verified_cell_was_ruled_on(
    world: World, first: Release
) -> None:
    work.verify(cell=world.cell("troops"), by=world.adjudicator)
    third = Member.objects.get(user=world.curator)
    coding = work.assign(case=world.case, coder=third.user, codebook=world.codebook)
    for name, text in {"goal": "policy", "story": "So", "partners": "200"}.items():
        world.say(coding, text, name)
    sheet = world.sheet_of(third.user, "200")
    world.say(sheet, "1", "sent")
    work.submit(coding=coding)
    second = release(world, "0.2.0", allow_disputes=True)

    found = {(c[0], c[1], c[2]) for c in changed(second)}
    assert ("troops", "note", "adjudication") in found
    assert ("sent", "value", "new source") in found


def test_a_variable_added_or_retired_is_a_change_of_the_codebook_and_a_rename_is_none(
    world: World, first: Release
) -> None:
    document = deepcopy(DOCUMENT)
    by_name = {v["name"]: v for v in document["variables"]}
    by_name["goal"] |= {"name": "aim", "renamed_from": "goal"}
    document["variables"].remove(by_name["story"])
    codebooks.publish(codebook=codebooks.draft(project=world.project, document=document))
    second = release(world, "1.0.0", allow_disputes=True)

    assert {(c[0], c[1], c[2]) for c in changed(second)} == {
        ("story", "removed", "codebook change")
    }


def test_nothing_changed_is_an_empty_list(world: World, first: Release) -> None:
    second = release(world, "0.2.0", allow_disputes=True)

    assert table(second, "changes.csv") == []
    assert "No cell differs." in data(second, "changes.md").decode()


# ------------------------------------------------------------------ behind the door


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE coding_cell SET text = '777' WHERE text = '1000'", "troops of US-1991-GUL"),
        ("UPDATE coding_cell SET coders = 5 WHERE text = '1000'", "troops of US-1991-GUL"),
        ("DELETE FROM coding_cell WHERE text = '1000'", "no cell"),
        ("UPDATE coding_case SET in_universe = false WHERE rostered", "US-1991-GUL/200"),
    ],
)
def test_a_change_that_no_revision_explains_fails_the_build(
    world: World, first: Release, statement: str, told: str
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)

    with pytest.raises(Refused, match=told) as refused:
        release(world, "0.2.0", allow_disputes=True)

    assert "no revision" in refused.value.reason
    assert refused.value.links
    assert Release.objects.count() == 1


# ------------------------------------------------------------------ agreement, places


def test_variables_tell_how_far_two_releases_agree(world: World, first: Release) -> None:
    correct(world, "troops", "500", "slip")
    second = release(world, "0.2.0", allow_disputes=True)

    rows = {r["variable"]: r for r in table(second, "changes_by_variable.csv")}
    troops, sent = rows["troops"], rows["sent"]
    assert (troops["compared"], troops["same"], troops["percent"], troops["alpha"]) == (
        "1",
        "0",
        "0.0000",
        "",
    )
    assert (sent["value"], sent["percent"]) == ("0", "1.0000")
    assert sent["no_alpha"]
    places = {(r["kind"], r["name"]): r["changed"] for r in table(second, "changes_by_place.csv")}
    assert places == {("state", "United Kingdom (200)"): "1"}


# ------------------------------------------------------------------ the patch


def test_the_patch_makes_every_table_of_the_next_release_to_the_byte(
    world: World, first: Release, tmp_path: Path
) -> None:
    correct(world, "goal", "regime", "slip")
    correct(world, "partners", "200;220", "slip")
    document = deepcopy(DOCUMENT)
    document["variables"] = [v for v in document["variables"] if v["name"] != "end_date"]
    codebooks.publish(codebook=codebooks.draft(project=world.project, document=document))
    second = release(world, "1.0.0", allow_disputes=True)
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    for file in first.manifest["files"]:
        (old / file["name"]).write_bytes(data(first, file["name"]))
    for name in ("patch.jsonl", "apply_patch.py"):
        (tmp_path / name).write_bytes(data(second, name))

    program = [sys.executable, "-I", str(tmp_path / "apply_patch.py")]
    subprocess.run([*program, str(old), str(tmp_path / "patch.jsonl"), str(new)], check=True)

    tables = {
        f["name"]
        for f in second.manifest["files"]
        if f["name"].endswith(".csv")
        and not f["name"].startswith(("changes", "formulas", "signatures"))
    }
    assert {path.name for path in new.iterdir()} == tables
    assert [n for n in tables if (new / n).read_bytes() != data(second, n)] == []


def test_a_patch_refuses_a_table_that_it_is_not_for(
    world: World, first: Release, tmp_path: Path
) -> None:
    correct(world, "goal", "regime", "slip")
    second = release(world, "0.2.0")
    for file in first.manifest["files"]:
        (tmp_path / file["name"]).write_bytes(data(first, file["name"]) + b"more\n")
    (tmp_path / "patch.jsonl").write_bytes(data(second, "patch.jsonl"))

    with pytest.raises(apply_patch.PatchError, match="is not the table"):
        apply_patch.main(str(tmp_path), str(tmp_path / "patch.jsonl"), str(tmp_path / "new"))


def test_the_patch_is_small_where_little_changed(world: World, first: Release) -> None:
    correct(world, "goal", "regime", "slip")
    second = release(world, "0.2.0")

    steps = [json.loads(line) for line in data(second, "patch.jsonl").splitlines()]
    new = [step[1] for step in steps if isinstance(step, list) and step[0] == "+"]
    assert len([line for line in new if line.startswith("intervention,")]) == 1
    assert steps[0] == {
        "format": "casebook-patch-1",
        "from": "0.1.0",
        "digest": first.digest,
        "to": "0.2.0",
    }


# ------------------------------------------------------------------ their page


def test_one_release_alone_has_nothing_to_be_compared_with(
    world: World, first: Release, client: Client
) -> None:
    client.force_login(world.reader)

    assert client.get("/projects/usmi/releases/compare/").status_code == 409
