"""How a release is cited, and how its tables are read into other software."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from curation.models import Release
from curation.releases.csvfile import File

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


def bibtex(release: Release, address: str, doi: str = "") -> str:
    fields = {
        "title": f"{{{_tex(release.manifest['title'])}}}",
        "version": release.version,
        "year": str(release.released_at.year),
        "howpublished": f"{PUBLISHER} data set",
        "doi": doi,
        "url": address,
        "note": f"manifest sha256 {release.digest}",
    }
    key = f"{release.manifest['project']}-{release.version}"
    lines = ",\n".join(f"  {name} = {{{text}}}" for name, text in fields.items() if text)
    return f"@misc{{{key},\n{lines}\n}}"


def ris(release: Release, address: str, doi: str = "") -> str:
    """One tag a line, as reference managers read it; its lines end like those of a mail."""
    moment = release.released_at
    tags = (
        ("TY", "DATA"),
        ("TI", " ".join(release.manifest["title"].split())),
        ("ET", release.version),
        ("PY", str(moment.year)),
        ("DA", f"{moment:%Y/%m/%d}"),
        ("PB", PUBLISHER),
        ("DO", doi),
        ("UR", address),
        ("N1", f"manifest sha256 {release.digest}"),
        ("ER", ""),
    )
    return "".join(f"{tag}  - {text}\r\n" for tag, text in tags if text or tag == "ER")


def _tex(text: str) -> str:
    """Characters that TeX would take for its own."""
    told = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    return "".join(told.get(c, f"\\{c}" if c in "&%$#_{}" else c) for c in text)


def load_lines(units: Sequence[str], files: Sequence[File] = ()) -> list[Lines]:
    """Everything is read as text, so that no code and no word such as NA is taken for another;
    where a release has a file of the software's own, with labels, that one is read."""
    named = {file.name: file for file in files}
    return [
        Lines("pandas", "Python", "\n".join([PANDAS, *map(_pandas, units)])),
        Lines("r", "R", "\n".join([R, *map(_r, units)])),
        Lines("stata", "Stata", "\n".join(_stata(unit, named) for unit in units)),
        Lines("spss", "SPSS", "\n".join(_spss(unit, named) for unit in units)),
        Lines("excel", "Excel", "\n".join(_excel(unit, named) for unit in units)),
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


def _stata(unit: str, named: Mapping[str, File]) -> str:
    if f"{unit}.dta" in named:
        return f'use "{unit}.dta", clear'
    return (
        f'import delimited "{unit}.csv", varnames(1) stringcols(_all) bindquote(strict) '
        'encoding("utf-8") clear'
    )


def _spss(unit: str, named: Mapping[str, File]) -> str:
    if f"{unit}.sav" in named:
        return f'GET FILE="{unit}.sav".'
    file = named.get(f"{unit}.csv")
    columns = " ".join(f"{name} A8000" for name in (file and file.columns) or ("case",))
    return (
        f'GET DATA /TYPE=TXT /FILE="{unit}.csv" /ENCODING="UTF8" /DELIMITERS="," '
        f"/QUALIFIER='\"' /FIRSTCASE=2\n  /VARIABLES={columns}."
    )


def _excel(unit: str, named: Mapping[str, File]) -> str:
    """As a query, since a double click takes codes for numbers and dates."""
    whole = next((name for name in named if name.endswith(".xlsx")), "")
    if f"{unit}.xlsx" in named or whole:
        return f"Open {unit}.xlsx" if f"{unit}.xlsx" in named else f"Open {whole}, sheet {unit}"
    return (
        f'= Table.PromoteHeaders(Csv.Document(File.Contents("C:\\data\\{unit}.csv"), '
        '[Delimiter=",", Encoding=65001, QuoteStyle=QuoteStyle.Csv]))'
    )
