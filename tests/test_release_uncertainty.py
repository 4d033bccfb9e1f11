from __future__ import annotations

import csv
import io
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from curation import store
from curation.releases import uncertainty
from curation.releases.csvfile import CsvFile, File
from curation.releases.long import CODINGS


class Unit:
    name = "intervention"


class Variable:
    kind, unit = "category", Unit


class Entry:
    def __init__(self, name: str) -> None:
        self.name, self.variable = name, Variable


@pytest.fixture
def kept(settings: Any, tmp_path: Path) -> None:
    settings.STORE_DIR = tmp_path


def codings(cases: int, coders: int, purpose: str = "production") -> File:
    """Coder c2 says the other thing on each fifth case; on one case c0 says so as well."""
    with store.draft() as draft:
        file = CsvFile("codings.csv", CODINGS, draft)
        for n in range(cases):
            for coder in range(coders):
                odd = (coder == 2 and n % 5 == 0) or (coder == 0 and n == 1)
                said = "no" if odd else "yes" if n % 2 else "perhaps"
                file.write(
                    [("intervention", f"c{n:03d}", "goal", f"c{coder}", said, "", "", purpose)]
                )
        return file.keep()


def read(files: list[File]) -> dict[str, list[dict[str, str]]]:
    texts = {f.name: store.get(f.sha256).decode() for f in files}
    return {name: list(csv.DictReader(io.StringIO(text))) for name, text in texts.items()}


def made(file: File, seed: str = "seed") -> list[File]:
    return uncertainty.files_of([file], [Entry("goal")], seed)  # type: ignore[list-item]


def test_three_coders_give_probabilities_that_add_up(kept: None) -> None:
    rows = read(made(codings(40, 3)))["uncertainty.csv"]

    sums: Counter[str] = Counter()
    for row in rows:
        sums[row["case"]] += float(row["probability"])
    assert len(sums) == 40
    assert all(abs(total - 1) < 0.001 for total in sums.values())
    surest = {r["case"]: r["category"] for r in rows if float(r["probability"]) > 0.5}
    assert (surest["c001"], surest["c010"]) == ("yes", "perhaps")
    assert {row["coders"] for row in rows} == {"3"}


def test_draws_are_the_same_again_and_others_from_another_seed(kept: None) -> None:
    file = codings(40, 3)
    first, again, other = (read(made(file, seed))["imputations.csv"] for seed in "aab")

    assert first == again
    assert len(first) == 40 * uncertainty.TIMES
    assert {row["draw"] for row in other} == {"1", "2", "3", "4", "5"}


@pytest.mark.parametrize("purpose", ["training", "repeat"])
def test_two_coders_or_others_than_the_data_sets_give_no_number(kept: None, purpose: str) -> None:
    assert made(codings(40, 2)) == []
    assert made(codings(40, 3, purpose)) == []


def test_too_few_cases_are_named_with_the_reason(kept: None) -> None:
    files = made(codings(29, 3))

    assert [file.rows for file in files[:2]] == [0, 0]
    words = store.get(files[2].sha256).decode()
    assert "29 cases were coded by 3 coders or more; a model needs 30." in words
    assert "seed is `seed`" in words


def test_a_draw_follows_the_probability(kept: None) -> None:
    shares = [("yes", 0.8), ("no", 0.2)]

    drawn = Counter(uncertainty._drawn(shares, ("seed", str(n))) for n in range(2000))

    assert 0.77 < drawn["yes"] / 2000 < 0.83
