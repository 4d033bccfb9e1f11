"""Codebooks go out and come in by command in every format, and what is lost is told."""

from __future__ import annotations

import io
import json
from pathlib import Path

import openpyxl
import pytest
from django.core.management import call_command

from coding import codebooks
from coding.models import Project
from tests.conftest import World
from tests.tables import refused, run

EXPORT = ("export_codebook", "--project", "usmi")


@pytest.mark.parametrize(
    ("name", "chosen"),
    [
        ("codebook.yaml", ""),
        ("codebook.yml", ""),
        ("codebook.json", ""),
        ("codebook.xlsx", ""),
        ("form.xlsx", "xlsform"),
        ("codebook", "json"),
    ],
)
def test_an_exported_codebook_is_the_same_when_imported(
    world: World, tmp_path: Path, name: str, chosen: str
) -> None:
    path, option = tmp_path / name, ["--format", chosen] if chosen else []
    said = run(*EXPORT, "--out", path, *option)
    option = option if name == "codebook" else []  # an XLSForm is known by its sheets

    report = json.loads(run("import_codebook", path, "--project", "copy", "--json", *option))

    assert report["digest"] == world.codebook.digest
    assert report["unmapped"] == []
    assert said.startswith(f"Codebook 1 of usmi, {world.codebook.digest}, written to {path}")


def test_what_a_format_does_not_say_is_told_line_by_line(world: World, tmp_path: Path) -> None:
    path = tmp_path / "form.xlsx"

    words = run(*EXPORT, "--out", path, "--format", "xlsform").splitlines()
    data = json.loads(run(*EXPORT, "--out", path, "--format", "xlsform", "--json"))

    assert words[1:] == [
        "Not taken over, or only half (3 parts):",
        "  variable end_date, type: A date in a form is a whole day: "
        "asked as text, as 1991-02 or 1991~.",
        "  variable partners, type: The form needs a file states.csv "
        "with the columns name and label.",
        "  variable partner_state, type: The form needs a file states.csv "
        "with the columns name and label.",
    ]
    assert [f"  {u['place']}, {u['part']}: {u['why']}" for u in data["unmapped"]] == words[2:]


def test_what_a_file_holds_beyond_a_codebook_is_told_on_import(
    world: World, tmp_path: Path
) -> None:
    path = tmp_path / "codebook.xlsx"
    run(*EXPORT, "--out", path)
    book = openpyxl.load_workbook(path)
    book.create_sheet("notes").append(["Remember"])
    book.save(path)

    words = run("import_codebook", path, "--project", "copy").splitlines()

    assert words[2:] == [
        "Not taken over, or only half (1 part):",
        "  workbook, notes: is no sheet of a codebook workbook: it was not read.",
    ]


def test_a_printed_file_is_not_mixed_with_what_it_does_not_say(world: World) -> None:
    out, err = io.StringIO(), io.StringIO()
    call_command(*EXPORT, "--format", "redcap", stdout=out, stderr=err)

    assert out.getvalue().startswith("Variable / Field Name,Form Name,")
    assert "Not taken over" not in out.getvalue()
    assert err.getvalue().startswith("Not taken over, or only half (")


def test_a_data_dictionary_goes_out_and_comes_in(world: World, tmp_path: Path) -> None:
    path = tmp_path / "dictionary.csv"
    run(*EXPORT, "--out", path)

    run("import_codebook", path, "--project", "copy", "--title", "A copy", "--publish")

    book = Project.objects.get(slug="copy").codebooks.get()
    names = [(e.name, e.variable.kind) for e in codebooks.entries(book)]
    assert names == [(e.name, e.variable.kind) for e in codebooks.entries(world.codebook)]


def test_only_a_text_is_printed(world: World) -> None:
    out, err = io.StringIO(), io.StringIO()
    call_command(*EXPORT, "--format", "json", stdout=out, stderr=err)

    assert json.loads(out.getvalue())["codebook"]["title"] == "A small codebook"
    assert err.getvalue() == ""
    assert refused(*EXPORT, "--format", "xlsx")[0] == (
        "--out: is needed: a file of the format xlsx cannot be printed."
    )


@pytest.mark.parametrize("name", ["codebook.docx", "codebook"])
def test_a_file_of_no_known_format_is_refused(world: World, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"x")

    for command in ([*EXPORT, "--out", path], ["import_codebook", path, "--project", "copy"]):
        assert f"“{name}” does not end in .yaml, " in refused(*map(str, command))[0]
    assert not Project.objects.filter(slug="copy").exists()
