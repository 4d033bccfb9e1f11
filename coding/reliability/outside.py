"""A variable's ratings as other software reads them, and code that finds the same figure there.

One row a unit, one column a coder (by pseudonym), an empty cell where nothing was said or a missing
code is left out. It is the layout of irrCAC in R and, without its first column and turned round, of
the krippendorff package in Python. A date is the number of its middle day since the year 1.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass

from coding.agreement import Measure
from coding.agreement.patterns import MISSING
from coding.models import Entry
from coding.reliability.figures import Counted, count
from coding.reliability.opened import Opened

READS: dict[Measure, str] = {
    "nominal": "str",
    "ordinal": "SCALE.index",
    "interval": "float",
    "ratio": "float",
    "masi": "as_set",
}
DISTANCES: dict[Measure, str] = {
    "nominal": "return float(a != b)",
    "ordinal": (
        "low, high = min(a, b), max(a, b)\n"
        "    return (sum(n[g] for g in range(low, high + 1)) - (n[a] + n[b]) / 2) ** 2"
    ),
    "interval": "return (a - b) ** 2",
    "ratio": "return ((a - b) / (a + b)) ** 2 if a + b else 0.0",
    "masi": (
        "if not a | b:\n"
        "        return 0.0\n"
        "    nested = 1 if a == b else 2 / 3 if a <= b or b <= a else 1 / 3 if a & b else 0\n"
        "    return 1 - len(a & b) / len(a | b) * nested"
    ),
}
PYTHON = '''\
"""Krippendorff's alpha of {name}, {measure}: {value}"""
import csv
from collections import Counter
from itertools import permutations
{scale}
{extra}
with open("{file}", encoding="utf-8", newline="") as lines:
    rows = list(csv.reader(lines))[1:]  # the first line names the coders
units = [[{reads}(text) for text in row[1:] if text] for row in rows]
units = [unit for unit in units if len(unit) > 1]
n = Counter(value for unit in units for value in unit)
total = sum(n.values())


def distance(a, b):
    {distance}


observed = sum(
    distance(a, b) / (len(unit) - 1) for unit in units for a, b in permutations(unit, 2)
) / total
expected = sum(n[a] * n[b] * distance(a, b) for a in n for b in n) / (total * (total - 1))
print(1 - observed / expected)
'''
AS_SET = """

def as_set(text):
    return frozenset(() if text == "none" else text.split(";"))

"""
R_HEAD = """\
# Krippendorff's alpha of {name}, {measure}: {value}
ratings <- read.csv("{file}", colClasses = "character", na.strings = "")[, -1]
"""
R_NUMBERS = "ratings[] <- lapply(ratings, as.numeric)\n"
R_CAC = """\
library(irrCAC)
krippen.alpha.raw(ratings, weights = "{weights}")$est
"""
R_AC1 = """\
gwet.ac1.raw(ratings, categ.labels = c({categories}))$est  # AC1: {ac}
"""
R_ORDINAL = """\
# The ordinal weights of irrCAC are not Krippendorff's: the package irr has his.
library(irr)
scale <- c({categories})
kripp.alpha(t(sapply(ratings, match, scale)), "ordinal")
"""
R_SETS = """\
# irrCAC and irr know no distance between sets: use the Python above.
"""


@dataclass(frozen=True)
class Outside:
    """A variable for other software: the name of its file, the file, and code for it."""

    file: str
    content: str
    python: str
    r: str


def outside(opened: Opened, entry: Entry) -> Outside:
    """One variable under the treatment of missing codes that `opened` was asked for."""
    ratings = opened.ratings(entry)
    counted = count(ratings, opened.scale(entry))
    file = f"{entry.name}.csv"
    return Outside(file, _content(opened, counted), _python(counted, file), _r(counted, file))


def _content(opened: Opened, counted: Counted) -> str:
    """Units by key, coders in the order of pseudonyms; units that nobody rated are left out."""
    ratings = counted.ratings
    names = {pk: opened.pseudonym_of(pk) for pk in ratings.coders.tolist()}
    order = sorted(range(len(ratings.coders)), key=lambda n: names[int(ratings.coders[n])])
    written = [_written(counted, n) for n in range(len(counted.placed.categories))]
    codes = counted.placed.codes[counted.rows][:, order]
    keys = [opened.places[pk].key for pk in ratings.cases.tolist()]
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(["unit", *(names[int(ratings.coders[n])] for n in order)])
    for key, row in sorted(zip(keys, codes.tolist(), strict=True)):
        if any(code != MISSING for code in row):
            lines.writerow([key, *("" if code == MISSING else written[code] for code in row)])
    return out.getvalue()


def _written(counted: Counted, category: int) -> str:
    place, text = counted.placed.categories[category], str(counted.said.categories[category])
    return repr(place) if isinstance(place, float) and counted.scale.is_date else text


def _python(counted: Counted, file: str) -> str:
    scale, measure = counted.scale, counted.scale.measure
    categories = [str(text) for text in counted.said.categories]
    return PYTHON.format(
        name=scale.entry.name,
        measure=measure,
        value=_value(counted.alpha().value),
        scale=f"\nSCALE = {categories!r}" if measure == "ordinal" else "",
        extra=AS_SET if measure == "masi" else "",
        file=file,
        reads=READS[measure],
        distance=DISTANCES[measure],
    )


def _r(counted: Counted, file: str) -> str:
    measure = counted.scale.measure
    words = {"name": counted.scale.entry.name, "measure": measure, "file": file}
    head = R_HEAD.format(**words, value=_value(counted.alpha().value))
    categories = ", ".join(json.dumps(str(text)) for text in counted.said.categories)
    if measure == "masi":
        return head + R_SETS
    if measure == "ordinal":
        return head + R_ORDINAL.format(categories=categories)
    if measure == "nominal":
        ac = counted.ac()
        listed = R_AC1.format(categories=categories, ac=_value(ac.value))
        return head + R_CAC.format(weights="unweighted") + ("" if ac.reason else listed)
    weights = "quadratic" if measure == "interval" else "ratio"
    return head + R_NUMBERS + R_CAC.format(weights=weights)


def _value(value: float) -> str:
    return f"{value:.6f}"
