"""A later version of a codebook, published from a file by who runs the server."""

from __future__ import annotations

from copy import deepcopy
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from coding import blind, codebooks, work
from coding.models import Codebook, Coding, Recoding
from curation import codebook_files
from tests.conftest import DOCUMENT, World
from tests.test_publishing import merge, say_all, split


def written(tmp_path: Path, *edits: Any) -> Path:
    document = deepcopy(DOCUMENT)
    for edit in edits:
        edit(document["variables"])
    path = tmp_path / "next.yaml"
    path.write_text(codebook_files.written(document), encoding="utf-8")
    return path


def run(path: Path, *words: str) -> str:
    out = StringIO()
    call_command("import_codebook", str(path), "--project", "usmi", *words, stdout=out)
    return out.getvalue()


def test_what_needs_no_decision_is_published_and_told(world: World, tmp_path: Path) -> None:
    say_all(world)

    said = run(written(tmp_path, merge), "--publish")

    assert said.splitlines()[1:] == ["  goal: 1 of 1 cells carried by rule"]
    assert codebooks.current_or_refused(world.project).number == 2


def test_a_destructive_version_is_refused_with_its_consequences(
    world: World, tmp_path: Path
) -> None:
    say_all(world)

    with pytest.raises(CommandError) as refused:
        run(written(tmp_path, split), "--publish")

    lines = str(refused.value).splitlines()
    assert lines == [
        "variable goal: “split” cannot be taken back (0 of 1 cells carried by rule, 1 to code "
        "again, 2 sheets queued): confirm it with --yes, or decide otherwise with --rulings FILE.",
        "1 fault. Nothing was written.",
    ]
    assert Codebook.objects.filter(project=world.project).count() == 1


def test_with_yes_it_is_published_and_the_right_people_are_asked(
    world: World, tmp_path: Path
) -> None:
    say_all(world)

    run(written(tmp_path, split), "--publish", "--yes")

    again = Coding.objects.filter(purpose="recode").order_by("coder__username")
    assert [c.coder.username for c in again] == ["coder_a", "coder_b"]


def test_rulings_of_a_file_decide(world: World, tmp_path: Path) -> None:
    say_all(world)
    rulings = tmp_path / "rulings.yaml"
    rulings.write_text("goal:\n  reason: Every one meant a removal.\n  codes: {regime: remove}\n")

    run(written(tmp_path, split), "--publish", "--yes", "--rulings", str(rulings))

    decided = Recoding.objects.get()
    cell = blind.all_cells(world.project).get(variable=decided.new)
    assert (decided.reason, cell.text) == ("Every one meant a removal.", "remove")
    assert not Coding.objects.filter(purpose="recode").exists()


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("- goal\n", "holds no rulings by entry"),
        ("goal: split\n", "is no ruling"),
        ("goal: {sort: split}\n", "“sort” is no part of a ruling"),
        ("goal: {recode: perhaps}\n", "must be true or false"),
        ("goal: {codes: [regime]}\n", "must say for each old code"),
        ("goal: {codes: {regime: [remove]}}\n", "must become a code"),
        ("goal: {kind: splitted, reason: So it is.}\n", "goal cannot be splitted"),
        ("goal: {kind: merged}\n", "Say why goal is merged and not split"),
        ("goal: {codes: {regime: gone}}\n", "gone is no code of the draft"),
        ("goal: {codes: {other: remove}}\n", "other is no code of the published version"),
        ("troops: {recode: true}\n", "troops is no entry that changes"),
    ],
)
def test_a_ruling_that_cannot_be_taken_is_told_with_its_place(
    world: World, tmp_path: Path, text: str, rule: str
) -> None:
    rulings = tmp_path / "rulings.yaml"
    rulings.write_text(text)

    with pytest.raises(CommandError, match=rule):
        run(written(tmp_path, split), "--publish", "--yes", "--rulings", str(rulings))

    assert Codebook.objects.filter(project=world.project).count() == 1


def test_the_same_file_again_changes_nothing(world: World, tmp_path: Path) -> None:
    say_all(world)
    path = written(tmp_path, split)
    run(path, "--publish", "--yes")

    assert "unchanged" in run(path, "--publish")
    assert work.foresee(project=world.project, seen=blind.all_cells(world.project)) == []
