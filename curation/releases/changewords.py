"""The change list as it is read: in Markdown, beside the tables of a release."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from curation.releases.causes import CAUSES
from curation.releases.csvfile import Field
from curation.releases.differences import CHANGES

MOST = 10
PATCH = """\
`patch.jsonl` turns every table of release {before} into that of {after}, to the byte:
`python apply_patch.py FOLDER_OF_{before} patch.jsonl NEW_FOLDER`.
"""


def markdown(
    before: str,
    after: str,
    counts: Mapping[tuple[str, str], int],
    by_variable: Sequence[Sequence[Field]],
    places: Sequence[Sequence[Field]],
) -> str:
    """`counts` are of changes by kind and cause; the rest are the rows of their tables."""
    return "\n".join(
        [
            f"# From release {before} to {after}\n",
            *_counted(counts),
            *_variables(by_variable),
            *_places(places),
            PATCH.format(before=before, after=after),
        ]
    )


def _counted(counts: Mapping[tuple[str, str], int]) -> Iterator[str]:
    total = sum(counts.values())
    if not total:
        yield "No cell differs.\n"
        return
    yield f"{total} {'cell differs' if total == 1 else 'cells differ'}, each with one cause.\n"
    yield f"| cause | {' | '.join(CHANGES)} |"
    yield "|---" * (len(CHANGES) + 1) + "|"
    for cause in CAUSES:
        row = [counts.get((change, cause), 0) for change in CHANGES]
        if any(row):
            yield f"| {cause} | {' | '.join(map(str, row))} |"
    yield ""
    yield from (f"- {change}: {meaning}" for change, meaning in CHANGES.items())
    yield ""
    yield from (f"- {cause}: {meaning}" for cause, meaning in CAUSES.items())
    yield ""


def _variables(rows: Sequence[Sequence[Field]]) -> Iterator[str]:
    moved = [row for row in rows if any(int(count or 0) for count in row[4:9])]
    if not moved:
        return
    yield "## By variable\n"
    yield "Percent and alpha say how far the two releases agree, as if they were two coders.\n"
    yield f"| unit | variable | before | after | {' | '.join(CHANGES)} | percent | alpha |"
    yield "|---" * (len(CHANGES) + 6) + "|"
    for row in moved:
        yield f"| {' | '.join(map(str, [*row[:9], *row[11:13]]))} |"
    yield ""


def _places(rows: Sequence[Sequence[Field]]) -> Iterator[str]:
    if not rows:
        return
    yield "## Where most of it moved\n"
    yield "| | | cells | changed |"
    yield "|---|---|---|---|"
    seen: Counter[Field] = Counter()
    for row in rows:
        seen[row[0]] += 1
        if seen[row[0]] <= MOST:
            yield f"| {' | '.join(str(field).replace('|', '/') for field in row)} |"
    yield ""
