"""What each adjudicator ruled where several were asked, beside the outcome in cells.csv."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from coding import blind
from coding.models import Entry, Project
from curation import store
from curation.releases.csvfile import CsvFile, Field, File

NAME = "votes.csv"
COLUMNS = (
    *("unit", "case", "variable", "round", "adjudicator", "blind", "value", "cause", "reason"),
    "codebook",
)
NOBODY = "somebody who left"


def files_of(
    project: Project,
    entries: Collection[Entry],
    names: Mapping[int, str],
    withheld: Collection[int],
) -> list[File]:
    """Each vote of a round that came to a ruling, under a pseudonym; without any, no file."""
    lines = list(_lines(project, entries, names, withheld))
    if not lines:
        return []
    with store.draft() as draft:
        table = CsvFile(NAME, COLUMNS, draft)
        table.write(lines)
        return [table.keep()]


def _lines(
    project: Project,
    entries: Collection[Entry],
    names: Mapping[int, str],
    withheld: Collection[int],
) -> Iterator[tuple[Field, ...]]:
    """By cell and round; a round is what was closed by the same ruling."""
    called = {entry.variable_id: entry.name for entry in entries}
    rounds: dict[tuple[str, str, int], dict[object, int]] = {}
    for vote in blind.released_rulings(project):
        place = (vote.unit, vote.case, vote.variable)
        closed = rounds.setdefault(place, {})
        number = closed.setdefault(vote.closed, len(closed) + 1)
        if vote.variable in called and vote.by not in withheld:
            who = names.get(vote.by, NOBODY)
            what = (int(vote.blind), vote.text or "", vote.cause, vote.reason, vote.codebook)
            yield (vote.unit, vote.case, called[vote.variable], number, who, *what)
