"""Every format is read again by software that is not ours, and says what the CSV file says."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import frictionless
import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pyreadstat
import pytest
import rdata
import xmlschema

from curation import store
from curation.releases import formats, riskset, standalone
from curation.releases.csvfile import CsvFile, File
from curation.releases.formats import datapackage, ddi, xlsx
from curation.releases.formats.names import names_of, renamed

LONG_NAME = "whether_the_intervening_state_withdrew_all_troops"
DOCUMENT: dict[str, Any] = {
    "codebook": {
        "title": "Crises",
        "units": [{"id": "crisis", "label": "Crisis", "key": ["crisis"]}],
        "missing_codes": [
            {"code": -77, "key": "indeterminate", "label": "Cannot be determined"},
            {"code": -88, "key": "na", "label": "Not applicable"},
            {"code": -99, "key": "unknown", "label": "Unknown", "meaning": "Nobody knows"},
        ],
    },
    "variables": [
        {
            "name": "goal",
            "type": "category",
            "label": "Goal",
            "categories": [
                {"code": "regime", "label": "Regime change"},
                {"code": "territory", "label": "Territoire, “où”"},
            ],
        },
        {
            "name": "sent",
            "type": "ordinal",
            "level": "ordinal",
            "label": "Sent",
            "categories": [{"code": 1, "label": "Words"}, {"code": 2, "label": "Troops"}],
        },
        {"name": "troops", "type": "integer", "level": "ratio", "label": "Troops"},
        {"name": "share", "type": "decimal", "level": "ratio", "label": "Share"},
        {"name": "began", "type": "date", "label": "Began"},
        {"name": "story", "type": "text", "label": "Story"},
        {"name": "state", "type": "state", "label": "State"},
        {"name": "partners", "type": "set", "reference": "state", "label": "Partners"},
        {"name": LONG_NAME, "type": "text", "label": "A label that is long " * 10},
    ],
}
for _variable in DOCUMENT["variables"]:
    _variable |= {"unit": "crisis", "question": "?"}
STATES = {"2": "United States", "220": "France"}
COLUMNS = (
    *("case", "goal", "sent", "troops", "share", "began", "began_earliest", "began_latest"),
    *("began_precision", "story", "state", "partners", LONG_NAME),
)
DAYS = ("1991-02-01", "1991-02-28")
ROWS = [
    ("a", "regime", "1", "100", "0.5", "1991-02~", *DAYS, "month", "=1+1", "2", "2;220", "x"),
    ("b", "-77", "-88", "-99", "-77", "-88", "", "", "", "-99", "-77", "-99", "-88"),
    (
        *("É", "territory", "2", "0", "12.25", "1850", "1850-01-01", "1850-12-31", "year"),
        *("Zeile\nzwei, „so“", "220", "none", "y" * 3000),
    ),
    ("z", "", "", "", "", "", "", "", "", "", "", "", ""),
]
CELLS = ("unit", "case", "variable", "value", "status", "coders")
CELL_ROWS = [
    ("crisis", "a", "troops", "100", "agreed", 2),
    ("crisis", "b", "goal", "-77", "single", 1),
]
MISSING = {"-77": "Cannot be determined", "-88": "Not applicable", "-99": "Unknown"}


def written(name: str, columns: tuple[str, ...], rows: list[Any]) -> File:
    with store.draft() as draft:
        table = CsvFile(name, columns, draft)
        table.write(rows)
        return table.keep()


def frozen() -> list[File]:
    return [written("crisis.csv", COLUMNS, ROWS), written("cells.csv", CELLS, CELL_ROWS)]


def made() -> list[File]:
    return formats.files_of(DOCUMENT, frozen(), STATES, "Crises 0.1.0")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every format of the same frozen state, written once, under its own name."""
    home: Path = tmp_path_factory.mktemp("formats")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.conf.settings.STORE_DIR", home / "store")
        for file in [*frozen(), *made()]:
            (home / file.name).write_bytes(store.get(file.sha256))
    return home


def frozen_in(folder: Path) -> list[File]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.conf.settings.STORE_DIR", folder / "store")
        return frozen()


def column(name: str) -> list[str]:
    return [row[COLUMNS.index(name)] for row in ROWS]


def number(text: str) -> float | None:
    return float(text) if text else None


# ------------------------------------------------------------------ each reader


def test_parquet_has_types_dictionaries_and_the_codebook(folder: Path) -> None:
    table = pq.read_table(folder / "crisis.parquet")

    for name in ("case", "goal", "story", "state", "partners", LONG_NAME):
        assert [value or "" for value in table[name].to_pylist()] == column(name)
    for name in ("troops", "share"):
        assert table[name].to_pylist() == [number(text) for text in column(name)]
    days = [day.isoformat() if day else "" for day in table["began_earliest"].to_pylist()]
    assert days == column("began_earliest")
    assert str(table.schema.field("goal").type).startswith("dictionary")
    told = table.schema.field("sent").metadata
    assert (told[b"label"], json.loads(told[b"labels"])) == (b"Sent", {"1": "Words", "2": "Troops"})
    assert json.loads(told[b"missing"]) == MISSING


def test_parquet_is_read_by_pandas(folder: Path) -> None:
    frame = pd.read_parquet(folder / "cells.parquet")

    assert list(frame.itertuples(index=False, name=None)) == CELL_ROWS


def test_a_line_of_json_is_a_row(folder: Path) -> None:
    text = (folder / "crisis.jsonl").read_text("utf-8")
    rows = [json.loads(line) for line in text.splitlines()]

    assert [row["troops"] for row in rows] == [100, -99, 0, None]
    assert [row["partners"] for row in rows] == [["2", "220"], "-99", [], None]
    for name in ("case", "goal", "story", "began", LONG_NAME):
        assert [row[name] or "" for row in rows] == column(name)
    cells = (folder / "cells.jsonl").read_text("utf-8").splitlines()
    assert [tuple(json.loads(line).values()) for line in cells] == CELL_ROWS


def test_stata_keeps_labels_and_the_kinds_of_missing(folder: Path) -> None:
    frame, told = pyreadstat.read_dta(folder / "crisis.dta", user_missing=True)
    short = renamed(COLUMNS)[LONG_NAME]
    letters = dict(zip(MISSING, "abc", strict=True))

    for name in ("case", "goal", "began", "story", "partners"):
        assert frame[name].tolist() == column(name)
    assert frame[short].tolist() == column(LONG_NAME)
    for name in ("sent", "troops", "share", "state"):
        kept = [value if isinstance(value, str) else float(value) for value in frame[name]]
        expected = [letters.get(text, number(text)) for text in column(name)]
        assert kept[:3] == expected[:3]
        assert pd.isna(frame[name][3])
    assert told.variable_value_labels["sent"] == {1: "Words", 2: "Troops"} | {
        letters[code]: label for code, label in MISSING.items()
    }
    assert told.variable_value_labels["state"][220] == "France"
    assert told.variable_value_labels["troops"]["c"] == "Unknown"
    assert told.column_names_to_labels["troops"] == "Troops"


def test_spss_keeps_labels_and_the_kinds_of_missing(folder: Path) -> None:
    frame, told = pyreadstat.read_sav(folder / "crisis.sav", user_missing=True)

    for name in ("case", "goal", "began", "story", "partners"):
        assert frame[name].tolist() == column(name)
    for name in ("sent", "troops", "share", "state"):
        kept = [None if pd.isna(value) else value for value in frame[name]]
        assert kept == [number(text) for text in column(name)]
        assert {part["lo"] for part in told.missing_ranges[name]} == {-77, -88, -99}
    assert {part["lo"] for part in told.missing_ranges["goal"]} == set(MISSING)
    assert told.variable_value_labels["goal"]["territory"] == "Territoire, “où”"
    assert told.variable_value_labels["sent"][-88] == "Not applicable"
    assert told.variable_measure["sent"] == "ordinal"
    assert told.column_names_to_labels["goal"] == "Goal"


def test_a_workbook_has_types_filters_and_no_formula(folder: Path) -> None:
    book = openpyxl.load_workbook(folder / "tables.xlsx")
    sheet = book["crisis"]
    heads, *rows = [[cell.value for cell in row] for row in sheet.iter_rows()]

    assert tuple(heads) == COLUMNS
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("B2", "A1:M5")
    for name in ("sent", "troops", "share", "state"):
        assert [row[COLUMNS.index(name)] for row in rows] == [number(t) for t in column(name)]
    for name in ("case", "goal", "story", "partners", LONG_NAME):
        assert [row[COLUMNS.index(name)] or "" for row in rows] == column(name)
    story = sheet.cell(2, COLUMNS.index("story") + 1)
    assert (story.value, story.data_type, story.quotePrefix) == ("=1+1", "s", True)
    assert sheet.cell(2, COLUMNS.index("began_latest") + 1).value.date().isoformat() == DAYS[1]
    assert sheet.cell(4, COLUMNS.index("began_latest") + 1).value == "1850-12-31"
    assert book.sheetnames == ["crisis", "Codebook", "Categories", "Missing codes"]
    assert [cell.value for cell in book["Missing codes"][4]] == [-99, "Unknown", "Nobody knows"]


def test_rds_is_read_by_another_reader(folder: Path) -> None:
    frame = rdata.read_rds(folder / "crisis.rds")

    assert frame["troops"].tolist()[::2] == [100.0, 0.0]
    assert frame["goal"].tolist()[:3] == ["Regime change", MISSING["-77"], "Territoire, “où”"]
    assert [value or "" for value in frame["case"]] == column("case")


R = """
options(warn = 2)
suppressMessages(library(haven))
x <- readRDS("crisis.rds"); d <- read_dta("crisis.dta"); s <- read_sav("crisis.sav", user_na = TRUE)
stopifnot(is.data.frame(x), nrow(x) == 4, identical(attr(x$goal, "label"), "Goal"))
stopifnot(identical(as.character(x$goal),
  c("Regime change", "Cannot be determined", "Territoire, “où”", NA)))
stopifnot(identical(attr(x$goal, "codes")[1:2], c("regime", "territory")))
tags <- c(NA, "c", NA, NA)
stopifnot(identical(na_tag(x$troops), tags), identical(na_tag(d$troops), tags))
missing <- c("Cannot be determined", "Not applicable", "Unknown")
stopifnot(identical(names(attr(x$troops, "missing")), missing))
stopifnot(identical(sum(x$troops, na.rm = TRUE), 100), is.na(x$troops[4]))
stopifnot(identical(nchar(x[[ncol(x)]][3]), 3000L), identical(nchar(d[[ncol(d)]][3]), 3000L))
stopifnot(identical(as.vector(x$story), as.character(ifelse(d$story == "", NA, d$story))))
stopifnot(identical(as.vector(s$share), c(.5, -77, 12.25, NA)))
stopifnot(identical(as.vector(is.na(s$share)), c(FALSE, TRUE, FALSE, TRUE)))
stopifnot(attr(s$sent, "labels")[["Troops"]] == 2, attr(d$sent, "labels")[["Troops"]] == 2)
cat("equal")
"""


def test_r_with_haven_reads_the_same(folder: Path) -> None:
    done = subprocess.run(
        ["Rscript", "--vanilla", "-"], input=R, cwd=folder, capture_output=True, text=True,
        env=os.environ | {"LC_ALL": "C.UTF-8"}, check=False,
    )  # fmt: skip

    assert (done.stdout, done.stderr) == ("equal", ""), done.stderr


def test_the_data_package_is_valid_and_types_every_column(folder: Path) -> None:
    tables = formats.tables_of(DOCUMENT, frozen_in(folder), STATES)
    package = datapackage.package(tables, DOCUMENT, "Crises", "Crises", "0.1.0")
    (folder / "datapackage.json").write_text(json.dumps(package))

    report = frictionless.validate(str(folder / "datapackage.json"))

    assert (report.valid, report.flatten(["type", "message"])) == (True, [])
    crisis, _ = package["resources"]
    assert crisis["schema"]["primaryKey"] == ["case"]
    assert crisis["schema"]["missingValues"] == ["", *MISSING]
    fields = {field["name"]: field for field in crisis["schema"]["fields"]}
    assert fields["sent"]["constraints"] == {"enum": [1, 2]}
    assert fields["sent"]["missing"] == MISSING
    assert [fields[name]["type"] for name in ("troops", "share", "began_latest", "goal")] == [
        *("integer", "number", "date", "string")
    ]


def test_the_ddi_file_follows_the_schema_and_names_every_variable(folder: Path) -> None:
    """By a schema of our own for what we write: the official one of 2.5 comes with no package.

    Looked for in ddi-l (holds 3.1 to 3.3), pyodesiutils and metadataschemas (hold none) on PyPI,
    and by name on npm and in Debian; dartfx-ddi, rddi and DDIwR could not be had.
    """
    tables = formats.tables_of(DOCUMENT, frozen_in(folder), STATES)
    schema = xmlschema.XMLSchema11(Path(__file__).with_name("ddi_codebook_subset.xsd"))

    found = ddi.written(tables, DOCUMENT, "Crises <1>", "0.1.0")

    schema.validate(found.decode().partition("\n")[2])
    read = schema.to_dict(found.decode().partition("\n")[2])
    variables = {v["@ID"]: v for v in read["dataDscr"][0]["var"]}
    assert len(variables) == len(COLUMNS) + len(CELLS)
    codes = [c["catValu"] for c in variables["V-crisis-sent"]["catgry"] if c["@missing"] == "N"]
    assert codes == ["1", "2"]
    item = variables["V-crisis-troops"]["invalrng"]["item"]
    assert [each["@VALUE"] for each in item] == list(MISSING)


# ------------------------------------------------------------------ the program in the release


def compared(folder: Path) -> tuple[list[str], list[str]]:
    found = standalone.Release(standalone.Files(folder))
    names = [path.name for path in folder.iterdir() if path.is_file()]
    columns = {"crisis.csv": list(COLUMNS), "cells.csv": list(CELLS)}
    found.manifest = {"files": [{"name": n, "columns": columns.get(n)} for n in names]}
    standalone._check_formats(found)
    return [problem.split(", row")[0].split(":")[0] for problem in found.problems], found.unchecked


@pytest.fixture
def bare(folder: Path, tmp_path: Path) -> Path:
    """The files of a release that say the same, and the codebook that names missing codes."""
    for path in folder.iterdir():
        if path.is_file():
            shutil.copy(path, tmp_path)
    (tmp_path / "codebook.json").write_text(json.dumps(DOCUMENT))
    return tmp_path


def test_the_program_finds_that_every_format_says_the_same(bare: Path) -> None:
    assert compared(bare) == ([], [])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("b,-77,-88,-99", "b,-77,-88,-77"),
        ("b,-77,-88,-99", "b,-88,-88,-99"),
        ("b,-77,-88,-99", "b,-77,,-99"),
        ("100,0.5", "100,0.25"),
        ("100,0.5", "101,0.5"),
        ("1850-12-31", "1850-12-30"),
        ("1991-02-28", "1991-02-27"),
        ("=1+1", "=1+2"),
        ("yyy", "yyx"),
        ("z,,", "zz,,"),
        ("z,,,,,,,,,,,,\n", ""),
    ],
)
def test_the_program_finds_in_every_format_what_the_table_does_not_say(
    bare: Path, old: str, new: str
) -> None:
    table = bare / "crisis.csv"
    text = table.read_text("utf-8")
    assert old in text
    table.write_text(text.replace(old, new, 1), "utf-8")

    formats_of = [f"crisis.{suffix}" for suffix in ("dta", "jsonl", "parquet", "rds", "sav")]
    assert set(compared(bare)[0]) == {*formats_of, "tables.xlsx, crisis"}


def test_the_program_says_what_it_cannot_compare(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standalone, "_is_there", lambda _: False)

    assert compared(bare) == (
        [],
        [
            "cells.parquet: not compared, only its hash: needs pyarrow.",
            "cells.sav: not compared, only its hash: needs pyreadstat.",
            "crisis.parquet: not compared, only its hash: needs pyarrow.",
            "crisis.sav: not compared, only its hash: needs pyreadstat.",
        ],
    )


# ------------------------------------------------------------------ bytes, names


AGAIN = """
import django, sys
from pathlib import Path
django.setup()
from django.conf import settings
settings.STORE_DIR = Path(sys.argv[1])
from tests.test_release_formats import made
print(*[file.sha256 for file in made()])
"""


def test_another_process_zone_and_locale_write_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    elsewhere = {
        "TZ": "Pacific/Kiritimati",
        "LC_ALL": "C",
        "PYTHONHASHSEED": "7",
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": "",
    }
    command = [sys.executable, "-c", AGAIN, str(tmp_path / "store")]
    done = subprocess.run(
        command, env=os.environ | elsewhere, capture_output=True, text=True, check=True
    )

    here = [
        path for path in folder.iterdir() if path.is_file() and path.suffix not in (".csv", ".json")
    ]
    found = {hashlib.sha256(path.read_bytes()).hexdigest() for path in here}
    assert set(done.stdout.split()) == found
    assert len(found) == 11


def test_series_are_numbers_and_states_have_their_names(settings: Any, tmp_path: Path) -> None:
    settings.STORE_DIR = tmp_path / "store"
    columns = (*riskset.COLUMNS, "gdp")
    row = ("a", "220", "France", "1991", "0", "", "1", "")
    lines = [(*row, text) for text in ("+3", ".5", "1e3", "-77", "")]

    files = formats.files_of(
        DOCUMENT, [written("risk_set.csv", columns, lines)], STATES, "Crises 0.1.0"
    )
    for file in files:
        (tmp_path / file.name).write_bytes(store.get(file.sha256))

    table = pq.read_table(tmp_path / "risk_set.parquet")
    assert table["gdp"].to_pylist() == [3, 0.5, 1000, -77, None]
    text = (tmp_path / "risk_set.jsonl").read_text("utf-8")
    said = [json.loads(line)["gdp"] for line in text.splitlines()]
    assert said == [3, 0.5, 1000, -77, None]
    frame, told = pyreadstat.read_dta(tmp_path / "risk_set.dta", user_missing=True)
    assert frame["gdp"].tolist()[:4] == [3, 0.5, 1000, "a"]
    assert told.variable_value_labels["state"][220] == "France"
    _, told = pyreadstat.read_sav(tmp_path / "risk_set.sav")
    assert told.variable_value_labels["state"][220] == "France"


def test_long_tables_open_with_labels_unless_they_are_very_long(
    folder: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.STORE_DIR = folder / "store"
    frame, told = pyreadstat.read_dta(folder / "cells.dta")
    monkeypatch.setattr(formats, "MOST_ROWS", 1)

    assert list(frame.itertuples(index=False, name=None)) == CELL_ROWS
    assert told.column_names_to_labels["coders"] == "Coders"
    names = {file.name for file in made()}
    assert {name for name in names if name.startswith("cells")} == {"cells.parquet", "cells.jsonl"}


def test_nothing_is_asked_of_rows_that_are_not_there(settings: Any, tmp_path: Path) -> None:
    settings.STORE_DIR = tmp_path
    files = formats.files_of(DOCUMENT, [written("crisis.csv", COLUMNS, [])], STATES, "Crises")

    assert [file.rows for file in files] == [0, 0, 0, 0, 0, None]


def test_a_table_too_long_for_a_sheet_is_left_out_and_the_workbook_says_so(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.STORE_DIR = tmp_path
    monkeypatch.setattr(xlsx, "MOST_ROWS", len(ROWS) - 1)
    xlsx.write(
        formats.tables_of(DOCUMENT, frozen(), STATES), DOCUMENT, "Crises", tmp_path / "x.xlsx"
    )

    book = openpyxl.load_workbook(tmp_path / "x.xlsx")
    assert book.sheetnames == ["Left out", "Codebook", "Categories", "Missing codes"]
    assert [cell.value for cell in book["Left out"][2]][:2] == ["crisis", len(ROWS)]


def test_names_are_short_free_and_apart() -> None:
    names = ["case", "Case", "if", "_n", "x" * 40, "x" * 41, "to"]

    there = names_of(names)

    assert there["case"] == "case"
    assert len({name.lower() for name in there.values()}) == len(names)
    assert all(len(name) <= 32 and name not in ("if", "to", "_n") for name in there.values())


def test_the_csv_file_is_the_frozen_state(folder: Path) -> None:
    text = (folder / "crisis.csv").read_bytes().decode()

    assert list(map(tuple, csv.reader(io.StringIO(text, newline="")))) == [COLUMNS, *ROWS]
