"""What all imports share: one transaction, names with a hint, texts that are safe to keep."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager

from django.db import transaction

from coding.canonical import Invalid, clean, is_formula
from curation.faults import Fault
from curation.files import Row, Table


@contextmanager
def all_or_nothing(*, dry_run: bool) -> Iterator[None]:
    """One transaction. A dry run does everything, and takes all of it back."""
    with transaction.atomic():
        yield
        if dry_run:
            transaction.set_rollback(True)


def hint(word: str, known: Collection[str]) -> str:
    """The known word that somebody may have meant, or the few that there are."""
    near = difflib.get_close_matches(word, known, 1)
    if near:
        return f" Did you mean {near[0]}?"
    return f" There are {', '.join(sorted(known))}." if 0 < len(known) <= 8 else ""


def faults_of_columns(
    table: Table, *, needed: Iterable[str], known: Collection[str], others: bool = False
) -> Iterator[Fault]:
    """Columns that are missing, and columns that nobody would read."""
    header = table.header
    names = header.names
    for name in needed:
        if name not in names:
            near = difflib.get_close_matches(name, set(names) - set(known), 1)
            meant = f" Is it {near[0]}?" if near else ""
            place = header.place(header.number)
            yield Fault(place, name, f"is missing: this column is needed.{meant}")
    for name in [] if others else names:
        if name not in known:
            place = header.place(header.number, name)
            yield Fault(place, name, f"is an unknown column.{hint(name, known)}")


def safe(row: Row, name: str, longest: int, *, empty: bool = True) -> tuple[str, list[Fault]]:
    """A text of a row in one spelling, and what keeps it from being stored."""
    try:
        text = clean(row[name])
    except Invalid as error:
        return "", [row.fault(name, str(error))]
    if not text and not empty:
        return "", [row.fault(name, "is empty.")]
    if len(text) > longest:
        return "", [row.fault(name, f"has {len(text)} characters: at most {longest} fit.")]
    if is_formula(text):
        rule = "begins like a spreadsheet formula: begin with a word."
        return "", [row.fault(name, rule)]
    return text, []
