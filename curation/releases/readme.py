"""The release's README: what it holds, how far to trust it, how to read and to cite it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from curation.releases import gate, oversight
from curation.releases.formats.names import renamed
from curation.releases.manifest import Manifest, UnitCounts

STATUSES = {
    "agreed": "all coders said the same",
    "single": "said by one coder only, or not compared, as free text is not",
    "adjudicated": "settled by an adjudicator, with a cause and a reason",
    "derived": "computed from other cells",
    "unresolved": "looked at and left open: empty in the tables",
    "disputed": "coders differ and nobody has ruled yet: empty in the tables",
    "uncoded": "nobody has coded it yet: empty in the tables",
}
COLUMNS_OF_CELLS = """\
- `value`, `label`: the cell as in the wide table, and what its code stands for
- `status`, `coders`: how the value came about, and how many coders it rests on
- `certainty`: the lowest certainty, 1 (guess) to 4, among the coders who say this value
- `cause`, `reason`: of a ruling, why coders differed and why this value was chosen
- `verified`: 1 if somebody looked at the evidence and confirmed it
- `flagged`: 1 if a later coding differs from a settled value
- `codebook`: number of the newest codebook under which it was coded
- `citations`: source and place, from the coders who say this value
- `first_release`, `changed_release`: the release in which the cell came, and the last one that
  changed its value, status, cause or reason
"""
PROVENANCE = """\
One JSON object a line for each cell, in the order of `cells.csv`; what is empty is left out.

- `unit`, `case`, `variable`, `value`, `status`: as in `cells.csv`; no value is `null`
- `codings`: `coder` (a pseudonym), `codebook`, `value`, `certainty`, `note`, `purpose` where it is
  no ordinary coding, and `citations` with `source`, `locator` and `quote`
- `withheld`: of how many coders the answer is left out at their wish
- `ruling`: `cause`, `reason`, `by` (a pseudonym), `rule_of_codebook`; and `sources` on which it
  rests
- `revisions`: the states that the cell was in, oldest first, where there is more than one: the
  first `release` that held it, `status`, `value`, `cause`, `reason`, `why` it moved, and `by` whom
"""
READING = """\
Every table is UTF-8 with commas, one heading line and `\\n` line ends; fields with commas, quotes
or line breaks stand in double quotes. Rows are ordered by case key. An empty field means that there
is no value. A missing code is a value, and stands as it was coded.

A date has four columns: the date as coded (EDTF: `1991`, `1991-02`, `1991-02-28`, `1991-02~`
about, `1990-08-02/1990-08-09` a range), its `_earliest` and `_latest` day (empty where the range is
open or the date is missing), and its `_precision` (day, month, year or range). A set is written as
its codes joined by `;`, and as `none` where it is empty.
"""
HONESTY = """\
Coders worked blind: nobody saw another's values before all had submitted. Agreement is not truth:
agreed coders can share an error, and a single value has been compared with no other. Look a cell
up in `cells.csv` before you rest an argument on it.
"""


# Told where the release has the file.
FILES = (
    ("cells.csv", "`cells.csv`: every cell with its status and what it rests on"),
    ("codings.csv", "`codings.csv`: every opened value of every coder, under pseudonyms"),
    ("votes.csv", "`votes.csv`: what each adjudicator ruled where several did, under pseudonyms"),
    ("provenance.jsonl", "`provenance.jsonl`: where each cell comes from, a record a line"),
    ("why.zip", "`why.zip`: the same to be read, a page a case: unpack it, open `index.html`"),
    ("reliability.csv", "`reliability.csv`: how well coders agreed, variable by variable"),
    (
        "reliability_inputs.zip",
        "`reliability_inputs.zip`: what that was counted from, units × coders",
    ),
    ("design.json", "`design.json`, `assignments.csv`: how cases were dealt out, with the seeds"),
    ("risk_set.csv", "`risk_set.csv`: each case × each state in the system then, joined or not"),
    ("series.csv", "`series.csv`: whose data the further columns of the risk set are"),
    ("states.csv", "`states.csv`: the state system, one row for each membership"),
    ("errata.csv", "`errata.csv`: what is known to be wrong in earlier releases, and its state"),
    ("fingerprints.csv", "`fingerprints.csv`: a fingerprint (UNF 6) of each table and column"),
    ("formulas.csv", "`formulas.csv`: which fields of the CSV files a spreadsheet may run"),
    ("verify.py", "`verify.py`: checks all of this: `python verify.py`, with nothing to install"),
    (
        "uncertainty.csv",
        "`uncertainty.csv`, `imputations.csv`: how sure each is; see `uncertainty.md`",
    ),
    (
        "changes.csv",
        "`changes.csv`: each cell that differs from the release before, with its cause",
    ),
    (
        "changes.md",
        "`changes_by_variable.csv`, `changes_by_place.csv`, `changes.md`: the same, counted",
    ),
    (
        "patch.jsonl",
        "`patch.jsonl`, `apply_patch.py`: turns the tables of the release before into these",
    ),
)


def markdown(manifest: Manifest, notes: str, missing: Mapping[str, str]) -> str:
    """`missing` maps the codes of having no answer to their labels."""
    return "\n".join([*_head(manifest, notes), *_trust(manifest), *_use(manifest, missing)])


def _head(manifest: Manifest, notes: str) -> Iterator[str]:
    book, version = manifest.codebook, manifest.version
    yield f"# {manifest.title}, release {version}"
    yield ""
    yield f"Codebook {book.number}, “{book.title}”, sha256 {book.digest}."
    before = manifest.previous
    yield f"Follows release {before.version}." if before else "The first release."
    if notes:
        yield f"\n## Notes\n\n{notes}"
    yield "\n## Tables\n"
    for unit in manifest.units:
        yield f"- `{unit.name}.csv`: {unit.label}, {_count(unit.rows, 'row')}"
    yield from (f"- {line}" for name, line in FILES if manifest.file(name))
    yield from _formats(manifest)
    pdf = ", `codebook.pdf`" if manifest.file("codebook.pdf") else ""
    yield f"- `codebook.html`{pdf}, `codebook.md`, `codebook.json`: what each column and code means"
    yield "- `datapackage.json`: types, codes and keys of every CSV file, for software"
    yield "- `ddi.xml`: the same as DDI-Codebook 2.5, for archives"
    yield "- `signatures.csv`: who stands for it, by the sha256 of its manifest without this file"
    yield "- `manifest.json`: name, size and sha256 of every file, and the release before this one"


FORMATS = {
    "parquet": (
        "real types, closed answers as dictionaries; label, codes and missing codes of a column "
        "are in its field's metadata. Missing codes stay as coded."
    ),
    "jsonl": "JSON Lines: a row an object, a set a list, no value `null`.",
    "dta": (
        "Stata 14 and later: variable and value labels; the missing codes are `.a`, `.b`, `.c` in "
        "the order below."
    ),
    "sav": "SPSS: variable and value labels; the missing codes are user-missing values.",
    "rds": (
        "R, `readRDS()`: closed answers are factors with their codes in the attribute `codes`; in "
        "numbers a missing code is `NA` with a tag, named in the attribute `missing`."
    ),
}


def _formats(manifest: Manifest) -> Iterator[str]:
    """The same tables for other software; what is called otherwise there is listed."""
    names = [file.name for file in manifest.files if file.name != "patch.jsonl"]
    for suffix, told in FORMATS.items():
        if found := [f"`{name}`" for name in names if name.endswith(f".{suffix}")]:
            yield f"- {', '.join(found)}: {told}"
    if "cells.dta" not in names:
        yield "- Long tables of so many rows are not written for Stata, SPSS and R: read the CSV"
    if "tables.xlsx" in names:
        yield "- `tables.xlsx`: the units, the codebook and its codes; text is never a formula"
    for file in manifest.files:
        if file.name.endswith(".dta"):
            for name, there in renamed(file.columns or ()).items():
                yield f"- `{name}` of {file.name} and its .sav is called `{there}` there"


FORMULAS = """\
Some text begins with `=`, `+`, `-` or `@` (negative numbers and missing codes do).
The CSV files hold it as it was written. A spreadsheet that opens them may run such text as a
formula: open `tables.xlsx` instead, where it is text, or import every column as text.
"""


def _formulas(manifest: Manifest) -> Iterator[str]:
    """How many fields of the CSV files that concerns; numbers are not among them."""
    yield FORMULAS
    if file := manifest.file("formulas.csv"):
        rows = file.rows or 0
        where = ": `formulas.csv` names file, row (the heading is row 1) and column" if rows else ""
        yield f"Fields that begin so and are no number: {rows}{where}.\n"


def _trust(manifest: Manifest) -> Iterator[str]:
    yield "\n## How the cells came about\n"
    yield from _table(manifest.units)
    yield "\n".join(f"- {status}: {meaning}" for status, meaning in STATUSES.items())
    yield f"\n{HONESTY}"
    if not manifest.file("uncertainty.csv"):
        yield "No probability of error is given: two coders cannot tell who of them errs.\n"
    if manifest.opened_early:
        yield "Opened before all coders had submitted, so that the rest were not coded blind:\n"
        yield from (f"- {early.case}: {_line(early.reason)}" for early in manifest.opened_early)
        yield ""
    if told := manifest.withheld:
        yield (
            f"{_count(told.coders, 'coder')} asked that what they said is not released: "
            f"{_count(told.values, 'value')} left out of `codings.csv`, `provenance.jsonl`, "
            "`why.zip` and `reliability_inputs.zip`. The cells that rest on them are all here.\n"
        )
    if manifest.gate:
        yield "### What it meets\n"
        yield from gate.words(manifest.gate)
    yield from oversight.words(manifest.oversight)


def _use(manifest: Manifest, missing: Mapping[str, str]) -> Iterator[str]:
    yield f"## Reading the tables\n\n{READING}"
    yield from _formulas(manifest)
    if missing:
        yield "Missing codes:\n"
        yield from (f"- `{code}` {_line(label)}" for code, label in missing.items())
        yield ""
    yield f"`cells.csv`:\n\n{COLUMNS_OF_CELLS}"
    yield f"`provenance.jsonl`:\n\n{PROVENANCE}"
    yield "## Citing\n"
    yield (
        f"{manifest.title} (Version {manifest.version}) [Data set]. "
        f"Codebook {manifest.codebook.number}.\n\n"
        "Add the year of release and the sha256 of `manifest.json`, which stand on its page.\n"
        "The sha256 names these bytes and no others.\n"
    )


def _table(units: Sequence[UnitCounts]) -> Iterator[str]:
    yield f"| unit | rows | columns | {' | '.join(STATUSES)} |"
    yield "|---" * (len(STATUSES) + 3) + "|"
    for unit in units:
        yield _row([unit.name, unit.rows, unit.columns, *(unit.count(s) for s in STATUSES)])
    yield ""


def _row(fields: Sequence[object]) -> str:
    return f"| {' | '.join(map(str, fields))} |"


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _line(text: str) -> str:
    return " ".join(text.split())
