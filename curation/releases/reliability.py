"""How well coders agreed, and what that was counted from: one line and one input a variable.

Read from what was said blind, people only; a ruling moves no figure. Inputs have the layout of the
report's: one row a unit, one column a coder by pseudonym.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator, Sequence

from coding import reliability
from coding.models import Project
from coding.reliability import Report
from curation import store
from curation.releases.csvfile import CsvFile, File
from curation.releases.zipped import ZipFile

FIGURES, INPUTS = "reliability.csv", "reliability_inputs.zip"
DIGITS = 6  # of a figure: further ones differ from processor to processor


def report_of(project: Project) -> Report:
    return Report(reliability.opened(project, reliability.Asked()))


def files_of(report: Report, withheld: Collection[int]) -> list[File]:
    """Both files; none where nothing was coded blind. Who withholds is in no input."""
    opened, found = report.opened, report.figures
    if not any(not figure.reason for figure in found):
        return []
    head, *lines = csv.reader(io.StringIO(reliability.table(found), newline=""))
    with store.draft() as figures, store.draft() as inputs, ZipFile(INPUTS, inputs) as packed:
        table = CsvFile(FIGURES, head, figures)
        table.write([[_rounded(field) for field in line] for line in lines])
        silent = {opened.pseudonym_of(coder) for coder in withheld}
        for name, text in _inputs(report, silent):
            packed.add(name, text)
        return [table.keep(), packed.keep()]


def _inputs(report: Report, withheld: Collection[str]) -> Iterator[tuple[str, str]]:
    for figure in report.measured:
        found = reliability.outside(report.opened, figure.entry)
        yield found.file, _without(found.content, withheld)


def _without(content: str, coders: Collection[str]) -> str:
    """The columns of these coders left out, and the rows that nobody else rated."""
    if not coders:
        return content
    head, *rows = csv.reader(io.StringIO(content, newline=""))
    kept = [n for n, name in enumerate(head) if n == 0 or name not in coders]
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    lines.writerows(_chosen([head], kept))
    lines.writerows(row for row in _chosen(rows, kept) if any(row[1:]))
    return out.getvalue()


def _chosen(rows: Sequence[Sequence[str]], kept: Sequence[int]) -> Iterator[list[str]]:
    return ([row[n] for n in kept] for row in rows)


def _rounded(field: str) -> str:
    try:
        number = float(field)
    except ValueError:
        return field
    return field if field.lstrip("-").isdecimal() else f"{number:.{DIGITS}f}"
