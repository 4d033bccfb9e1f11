from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from coding import work
from coding.models import Case
from curation import store, tables
from curation.models import Release
from curation.releases import cite
from tests.conftest import World
from tests.releasing import cut


@pytest.fixture
def release(world: World) -> Release:
    """Two cases: one with a missing code and a date, one with a story that looks like nothing."""
    [other] = world.more_cases(1)
    said: dict[Case, dict[str, str]] = {
        world.case: {"goal": "policy", "ended": "1", "end_date": "1991-02", "troops": "-99"},
        other: {"goal": "-77", "ended": "0", "troops": "1000", "story": "NA"},
    }
    for case, answers in said.items():
        for coding in case.codings.all():
            for name, text in answers.items():
                world.say(coding, text, name, note="why")
            world.say(coding, "200", "partners")
            sheet = case.children.get().codings.get(coder=coding.coder)
            world.say(sheet, "2", "sent")
            world.say(sheet, "500", "strength")
            work.submit(coding=coding)
    return cut(project=world.project, version="0.1.0")


def values(frame: pd.DataFrame, name: str) -> list[Any]:
    return [None if pd.isna(value) else value for value in frame[name]]


def test_columns_are_typed_by_the_codebook(release: Release) -> None:
    frame = tables.load(release, "intervention")

    assert list(frame.index) == ["US-1900-X", "US-1991-GUL"]
    assert values(frame, "troops") == [1000, -99]
    assert str(frame["troops"].dtype) == "Int64"
    assert list(frame["goal"].cat.categories) == [
        "regime",
        "territory",
        "policy",
        "canary",
        "-77",
        "-88",
        "-99",
    ]
    assert values(frame, "goal") == ["-77", "policy"]
    assert values(frame, "ended") == ["0", "1"]
    assert values(frame, "story") == ["NA", None]
    assert values(frame, "end_date_latest") == [None, "1991-02-28"]


def test_missing_codes_become_empty_if_asked(release: Release) -> None:
    frame = tables.load(release, "intervention", missing="nan")

    assert values(frame, "troops") == [1000, None]
    assert values(frame, "goal") == [None, "policy"]
    assert values(frame, "end_date") == [None, "1991-02"]
    assert list(frame["goal"].cat.categories) == ["regime", "territory", "policy", "canary"]


def test_ordinal_answers_have_an_order_once_missing_codes_are_gone(release: Release) -> None:
    kept = tables.load(release, "partner")
    clean = tables.load(release, "partner", missing="nan")

    assert [kept["sent"].cat.ordered, clean["sent"].cat.ordered] == [False, True]
    assert list(clean["sent"] > "1") == [True, True]


def test_decimals_are_numbers(release: Release) -> None:
    frame = tables.load(release, "partner")

    assert str(frame["share"].dtype) == "Float64"
    assert values(frame, "share") == [0.5, None]


def test_an_unknown_table_is_told(release: Release) -> None:
    with pytest.raises(KeyError, match=r"holds no battle\.csv"):
        tables.load(release, "battle")


def test_a_preview_counts_values_and_missing_codes(release: Release) -> None:
    sha256 = release.manifest["files"][0]["sha256"]

    preview = tables.preview(sha256, ("-77", "-88", "-99"), rows=1)

    assert preview.columns[:3] == ["case", "goal", "ended"]
    assert preview.rows == [["US-1900-X", "-77", "0", "-88", "", "", "", "1000", "NA", "200"]]
    counts = {column.name: (column.values, column.missing) for column in preview.filled}
    assert counts["goal"] == (2, 1)
    assert counts["story"] == (1, 0)
    assert counts["end_date_earliest"] == (1, 0)


def test_the_lines_for_pandas_load_every_table_as_it_is(
    release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file in release.manifest["files"]:
        (tmp_path / file["name"]).write_bytes(store.get(file["sha256"]))
    monkeypatch.chdir(tmp_path)
    units = [unit["name"] for unit in release.manifest["units"]]
    [lines] = [each.text for each in cite.load_lines(units) if each.name == "pandas"]

    loaded: dict[str, Any] = {}
    exec(lines, loaded)  # noqa: S102 - it is what the page tells people to run

    assert [len(loaded[unit]) for unit in units] == [2, 2, 0]
    assert values(loaded["intervention"], "story") == ["NA", None]
    assert values(loaded["intervention"], "troops") == ["1000", "-99"]
