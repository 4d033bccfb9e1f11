"""Released tables as data frames: typed by the frozen codebook, read from the store."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import pandas as pd

from curation import store
from curation.models import Release
from curation.releases import manifest as manifests
from curation.releases.csvfile import File
from curation.releases.manifest import Manifest

Missing = Literal["keep", "nan"]


def load(release: Release, unit: str, *, missing: Missing = "keep") -> pd.DataFrame:
    """A unit's table, indexed by case.

    Whole numbers are Int64, decimals Float64, closed answers categories (ordered for ordinal
    variables once missing codes are gone), all else strings. Missing codes stay as coded; with
    `missing="nan"` they become empty like cells without a value.
    """
    manifest = manifests.read(release.manifest)
    document = json.loads(store.get(_file(manifest, "codebook.json").sha256))
    codes = [str(code["code"]) for code in document["codebook"]["missing_codes"]]
    frame = _strings(_file(manifest, f"{unit}.csv").sha256).set_index("case")
    for variable in document["variables"]:
        if variable["unit"] == unit:
            column = frame[variable["name"]]
            kept = codes if missing == "keep" else []
            without = column.where(~column.isin(codes)) if missing == "nan" else column
            frame[variable["name"]] = _typed(without, variable, kept)
    return frame


def _file(manifest: Manifest, name: str) -> File:
    file = manifest.file(name)
    if file is None:
        raise KeyError(f"Release {manifest.version} holds no {name}.")
    return file


def _strings(sha256: str) -> pd.DataFrame:
    """As written: an empty field is no value, and “NA” or “None” are words."""
    with store.opened(sha256) as data:
        return pd.read_csv(data, dtype="string", keep_default_na=False, na_values=[""])


def _typed(column: pd.Series[str], variable: Mapping[str, Any], kept: list[str]) -> Any:
    kind = variable["type"]
    if kind == "integer":
        return column.astype("Int64")
    if kind == "decimal":
        return column.astype("Float64")
    if kind in ("category", "ordinal", "boolean"):
        codes = [str(category["code"]) for category in variable["categories"]] + kept
        ordered = kind == "ordinal" and not kept
        return column.astype(pd.CategoricalDtype(codes, ordered=ordered))
    return column


@dataclass(frozen=True)
class Filled:
    """How many rows have a value in a column, and how many of these a missing code."""

    name: str
    values: int
    missing: int


@dataclass(frozen=True)
class Preview:
    """The head of a table, and how full each of its columns is."""

    columns: list[str]
    rows: list[list[str]]
    filled: list[Filled]


@lru_cache(maxsize=64)
def preview(sha256: str, codes: tuple[str, ...], rows: int = 8) -> Preview:
    """Worked out once for each file, which can never change. `codes` are the missing ones."""
    frame = _strings(sha256)
    head = frame.head(rows).fillna("")
    filled = [
        Filled(str(name), int(column.notna().sum()), int(column.isin(codes).sum()))
        for name, column in frame.items()
    ]
    return Preview([str(name) for name in frame.columns], head.to_numpy().tolist(), filled)
