"""How a release is cited, and how its tables are read into other software."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from curation.models import Release

PUBLISHER = "Casebook"


@dataclass(frozen=True)
class Lines:
    """Lines to copy, for a piece of software."""

    name: str
    label: str
    text: str


def apa(release: Release, address: str) -> str:
    """As the APA manual cites a data set without a personal author."""
    title, year = release.manifest["title"], release.released_at.year
    return f"{title} (Version {release.version}) [Data set]. ({year}). {PUBLISHER}. {address}"


def bibtex(release: Release, address: str) -> str:
    fields = {
        "title": f"{{{_tex(release.manifest['title'])}}}",
        "version": release.version,
        "year": str(release.released_at.year),
        "howpublished": f"{PUBLISHER} data set",
        "url": address,
        "note": f"manifest sha256 {release.digest}",
    }
    key = f"{release.manifest['project']}-{release.version}"
    lines = ",\n".join(f"  {name} = {{{text}}}" for name, text in fields.items())
    return f"@misc{{{key},\n{lines}\n}}"


def _tex(text: str) -> str:
    """Characters that TeX would take for its own."""
    told = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    return "".join(told.get(c, f"\\{c}" if c in "&%$#_{}" else c) for c in text)


def load_lines(units: Sequence[str]) -> list[Lines]:
    """Everything is read as text, so that no code and no word such as NA is taken for another."""
    return [
        Lines("pandas", "Python", "\n".join([PANDAS, *map(_pandas, units)])),
        Lines("r", "R", "\n".join([R, *map(_r, units)])),
        Lines("stata", "Stata", "\n".join(map(_stata, units))),
    ]


PANDAS = """\
import pandas as pd
as_text = dict(dtype="string", keep_default_na=False, na_values=[""])"""
R = """\
as_text <- function(file) read.csv(
  file, colClasses = "character", na.strings = "", fileEncoding = "UTF-8")"""


def _pandas(unit: str) -> str:
    return f'{unit} = pd.read_csv("{unit}.csv", **as_text)'


def _r(unit: str) -> str:
    return f'{unit} <- as_text("{unit}.csv")'


def _stata(unit: str) -> str:
    return (
        f'import delimited "{unit}.csv", varnames(1) stringcols(_all) bindquote(strict) '
        'encoding("utf-8") clear'
    )
