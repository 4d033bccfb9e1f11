"""A release is checked by who has nothing but its files."""

from __future__ import annotations

import ast
import csv
import io
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import settings as settings_for
from hypothesis import strategies as st

from curation import store
from curation.models import Release
from curation.releases import standalone
from tests.conftest import World
from tests.test_releases import coded, release, table  # noqa: F401 - the fixture


def copied(made: Release, folder: Path) -> Path:
    folder.mkdir()
    names = {file["name"]: file["sha256"] for file in made.manifest["files"]}
    for name, sha256 in (names | {"manifest.json": made.digest}).items():
        (folder / name).write_bytes(store.get(sha256))
    return folder


def verified(folder: Path, *more: str) -> tuple[int, str]:
    """By the program inside the release, in a process that has nothing of ours."""
    found = subprocess.run(
        [sys.executable, "-I", "-S", "verify.py", *more],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.stderr == ""
    return found.returncode, found.stdout


# ------------------------------------------------------------------ the fingerprint

# https://github.com/IQSS/UNF/blob/master/doc/unf_examples.txt, each a column of one field
LONG = (
    "A quite long character string, so long that the number of characters in it happens to be more "
    "than the default cutoff limit of 128."
)
PUBLISHED = {
    "0": "YUvj33xEHnzirIHQyZaHow==",
    "1": "tv3XYCv524AfmlFyVOhuZg==",
    "-300": "ZTXyg54FoMfRDWZl6oWmFQ==",
    "3.1415": "vOSZmXXXpKfQcqZ0Cuu5/w==",
    "0.00073": "qhw3qzg3fEK0NNfoVxk4jQ==",
    "1.23456789": "vcKELUSS4s4k1snF4OTB9A==",
    "1.2345675": "vcKELUSS4s4k1snF4OTB9A==",
    "1.2345685": "vcKELUSS4s4k1snF4OTB9A==",
    "A character String": "FYqU7uBl885eHMbpco1ooA==",
    LONG: "/BoSlfcIlsmQ+GHu5gxwEw==",
    "på Færøerne": "KHM6bKVaVaxWDDsmyerfDA==",
    "": "cJ6AyISHokEeHuTfufIqhg==",
}


def unf(*fields: str) -> str:
    column = standalone.Fingerprint()
    column.add(fields)
    return column.written().removeprefix("UNF:6:")


@pytest.mark.parametrize("text", PUBLISHED)
def test_a_fingerprint_is_the_published_one(text: str) -> None:
    assert unf(text) == PUBLISHED[text]


def test_a_missing_number_is_three_null_bytes() -> None:
    assert unf("1.23456789", "", "0") == "Do5dfAoOOFt4FSj0JcByEw=="


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        (("1", "", "-77"), "numeric"),
        (("1991-02-28", ""), "date"),
        (("1991-02-28", "1991"), "character"),
        (("1", "regime"), "character"),
    ],
)
def test_a_column_has_the_type_that_dataverse_finds(fields: tuple[str, ...], kind: str) -> None:
    column = standalone.Fingerprint()
    column.add(fields)
    assert column.kind == kind


def test_a_column_is_the_same_however_it_is_cut_into_blocks() -> None:
    whole, parts = standalone.Fingerprint(), standalone.Fingerprint()
    whole.add(["1", "2", "x", ""])
    for field in ("1", "2", "x", ""):
        parts.add([field])
    assert parts.written() == whole.written()


def test_the_order_of_columns_does_not_count_and_that_of_rows_does() -> None:
    def file(text: str) -> str:
        return list(standalone.fingerprints(io.BytesIO(text.encode())))[-1][2]

    assert file("a,b\n1,x\n2,y\n") == file("b,a\nx,1\ny,2\n")
    assert file("a,b\n1,x\n2,y\n") != file("a,b\n2,y\n1,x\n")
    assert file("a\n1\n") == f"UNF:6:{PUBLISHED['1']}"


# ------------------------------------------------------------------ formulas


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('a,b\n1,"=1+1"\n@x,-\n', [(2, "b"), (3, "a"), (3, "b")]),
        ("a,b\n-77,+1.5e3\nx=1,a - b\n", []),
        ('a,b\n"one, two","three\n=four"\n"\t5",=cmd', [(3, "a"), (3, "b")]),
    ],
)
def test_a_field_that_a_spreadsheet_runs_is_found_and_a_number_is_none(
    text: str, found: list[tuple[int, str]]
) -> None:
    assert list(standalone.formulas(io.BytesIO(text.encode()))) == found


@given(st.lists(st.lists(st.text('=+-@1.,e" \n\tx', max_size=6), min_size=2, max_size=2)))
@settings_for(max_examples=100)
def test_what_is_passed_over_fast_holds_no_formula(rows: list[list[str]]) -> None:
    written = io.StringIO(newline="")
    csv.writer(written, lineterminator="\n").writerows([["a", "b"], *rows])
    expected = [
        (n, name)
        for n, row in enumerate(rows, 2)
        for name, field in zip("ab", row, strict=True)
        if standalone.is_run(field)
    ]
    assert list(standalone.formulas(io.BytesIO(written.getvalue().encode()))) == expected


def test_the_formulas_of_all_csv_files_are_listed(coded: World) -> None:  # noqa: F811
    coded.settle("=1+1", "story")
    made = release(coded)

    rows = table(made, "formulas")
    cells = table(made, "cells")
    assert {row["file"] for row in rows} >= {"intervention.csv", "cells.csv"}
    assert {
        cells[int(row["row"]) - 2][row["column"]] for row in rows if row["file"] == "cells.csv"
    } == {"=1+1"}
    told = store.get(next(f["sha256"] for f in made.manifest["files"] if f["name"] == "README.md"))
    assert f"Fields that begin so and are no number: {len(rows)}:" in told.decode()


# ------------------------------------------------------------------ the program in the release


def test_the_program_asks_for_no_more_than_python_3_9() -> None:
    source = Path(standalone.__file__).read_text()
    tree = ast.parse(source, feature_version=(3, 9))
    names = {
        alias.name if isinstance(node, ast.Import) else node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert {str(name).split(".")[0] for name in names} <= sys.stdlib_module_names


def test_every_flipped_byte_is_found(coded: World, tmp_path: Path) -> None:  # noqa: F811
    """In each file in turn, the checking program among them; and the release itself holds."""
    first = release(coded)
    coded.settle("2000", "troops")
    second = release(coded, "0.1.1")
    before, folder = copied(first, tmp_path / "0.1.0"), copied(second, tmp_path / "0.1.1")

    assert verified(folder, "--digest", second.digest, "--previous", str(before))[0] == 0
    program = shutil.copy(folder / "verify.py", tmp_path)
    for path in sorted(folder.iterdir()):
        whole = path.read_bytes()
        middle = len(whole) // 2
        flipped = (
            whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :] if whole else b"!"
        )
        path.write_bytes(flipped)
        found = standalone.check(folder, second.digest)
        path.write_bytes(whole)
        assert [p.split(":")[0] for p in found.problems][:1] == [path.name]
    assert Path(program).read_bytes() == (folder / "verify.py").read_bytes()


def rewritten(folder: Path, name: str, old: str, new: str) -> None:
    """A file changed by somebody who writes its new hash into the manifest as well."""
    path = folder / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    found, size = standalone._hashed(standalone.Files(folder), name)
    manifest = standalone.json.loads((folder / "manifest.json").read_text())
    for file in manifest["files"]:
        if file["name"] == name:
            file |= {"sha256": found, "bytes": size}
    written = standalone.json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True)
    (folder / "manifest.json").write_text(f"{written}\n")


ODD = "file,row,column\ncells.csv,9,reason\n"


def test_what_the_files_say_must_fit_together(coded: World, tmp_path: Path) -> None:  # noqa: F811
    made = copied(release(coded), tmp_path / "made")
    cases = {
        "value": ("cells.csv", "troops,1000,", "troops,1001,", "troops of US-1991-GUL"),
        "key": ("intervention.csv", "US-1900-X,", "US-1991-GUL,", "stands twice"),
        "parent": ("partner.csv", ",US-1991-GUL,", ",US-1991-LOST,", "is no row"),
        "formula": ("formulas.csv", "file,row,column\n", ODD, "row 9, reason of cells.csv"),
        "print": ("fingerprints.csv", "UNF:6:", "UNF:6:a", "its fingerprints"),
    }
    for name, (file, old, new, told) in cases.items():
        folder = shutil.copytree(made, tmp_path / name)
        rewritten(folder, file, old, new)
        code, said = verified(folder)
        assert (code, told in said) == (1, True), said


def test_a_release_is_checked_in_a_zip_and_told_apart_from_another(
    coded: World,  # noqa: F811
    tmp_path: Path,
) -> None:
    first, second = release(coded), release(coded, "0.1.1")
    folder = copied(second, tmp_path / "made")
    packed = Path(shutil.make_archive(str(tmp_path / "packed"), "zip", tmp_path, "made"))

    assert standalone.check(packed, second.digest).problems == []
    assert "not " + first.digest in standalone.check(packed, first.digest).problems[0]
    assert standalone.check(folder, previous=folder).problems[0].startswith("chain: it follows")


def test_the_fingerprints_are_those_of_the_tables(coded: World) -> None:  # noqa: F811
    made = release(coded)
    rows = [row for row in table(made, "fingerprints") if row["file"] == "intervention.csv"]
    troops = [row["troops"] for row in table(made, "intervention")]

    assert {row["column"]: row["unf"] for row in rows}["troops"] == f"UNF:6:{unf(*troops)}"
    assert rows[-1]["unf"] == standalone.of_all(row["unf"] for row in rows[:-1])


def test_the_command_checks_a_folder(
    coded: World,  # noqa: F811
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = copied(release(coded), tmp_path / "made")
    call_command("verify_releases", files=folder)
    assert "are what they were" in capsys.readouterr().out

    (folder / "README.md").write_text("Other words")
    with pytest.raises(CommandError) as ended:
        call_command("verify_releases", files=folder)
    assert (ended.value.returncode, "README.md: 11 bytes" in capsys.readouterr().out) == (1, True)


def test_a_path_that_is_no_release_is_told(db: None, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="is no folder or zip of a release"):
        call_command("verify_releases", files=tmp_path / "nothing.zip")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as other:
        other.writestr("a.csv", "a\n")
    with pytest.raises(CommandError, match=r"there is no manifest\.json in it"):
        call_command("verify_releases", files=tmp_path / "other.zip")


def test_typed_values_say_what_a_field_says() -> None:
    said = [(None, ""), (2, "2"), (0.5, "0.50"), (True, "1"), (["2", "200"], "2;200"), ([], "none")]
    assert all(standalone.same(value, text) for value, text in said)
    assert not any(standalone.same(value, f"{text}9") for value, text in said)
    assert csv.field_size_limit() > 0
