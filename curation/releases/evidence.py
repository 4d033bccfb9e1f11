"""What stands in the cells of a few cases and on what it rests, read through the blind door."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import NamedTuple

from coding import blind
from coding.models import Coding, Member, Project

Said = tuple[str, int | None, str]  # text, certainty, note
Passage = tuple[str, str, str]  # source, locator, quote


class CellRow(NamedTuple):
    """A cell of the data set."""

    status: str
    text: str | None
    coders: int
    cause: str
    reason: str
    verified_by: int | None
    flagged: bool
    grounds: tuple[str, ...] = ()  # the sources on which the ruling rests


@dataclass(frozen=True)
class Opened:
    """A coding that is open: what its coder said and cited, by variable."""

    coder: str
    purpose: str
    codebook: int
    said: dict[int, Said] = field(default_factory=dict)
    cited: dict[int, list[str]] = field(default_factory=dict)
    quoted: dict[int, list[Passage]] = field(default_factory=dict)


UNKNOWN = "former-member"
Cells = dict[int, dict[int, CellRow]]
CELL = ("case", "variable", "status", "text", "coders", "cause", "reason", "verified_by", "flagged")


def pseudonyms(project: Project) -> dict[int, str]:
    """What each coder is called in a release: people by pseudonym, earlier data sets by name.

    Somebody who left the project keeps the name that earlier releases gave them.
    """
    past = Member.history.filter(project=project).order_by("history_id")
    columns = ("user", "kind", "pseudonym", "user__username")
    rows = [
        *past.values_list(*columns),
        *Member.objects.filter(project=project).values_list(*columns),
    ]
    machine = Member.Kind.MACHINE
    return {user: name if kind == machine else alias for user, kind, alias, name in rows}


def cells_of(project: Project, cases: Sequence[int]) -> Cells:
    """The cells of these cases, by case and variable."""
    found: Cells = defaultdict(dict)
    for case, variable, *rest in blind.all_cells(project).filter(case__in=cases).values_list(*CELL):
        found[case][variable] = CellRow(*rest)
    columns = ("cell__case", "cell__variable", "source__citation", "locator")
    for case, variable, *place in blind.grounds_among(project, cases).values_list(*columns):
        cell = found[case][variable]
        grounds = (*cell.grounds, _place(*place))
        found[case][variable] = cell._replace(grounds=grounds)
    return found


def _place(source: str, locator: str) -> str:
    return f"{source}, {locator}" if locator else source


def opened_of(cases: Sequence[int], names: Mapping[int, str]) -> dict[int, list[Opened]]:
    """The open codings of these cases, by case and then by coder.

    Those of a row that is matched with another stand with the row that is kept.
    """
    found: dict[int, list[Opened]] = {}
    codings: dict[int, Opened] = {}
    asked = set(cases)
    rows = Coding.objects.filter(case__in=blind.with_matched(asked), unblinded_at__isnull=False)
    columns = ("pk", "case", "case__superseded_by", "coder", "purpose", "codebook__number")
    for pk, case, kept, coder, purpose, number in rows.values_list(*columns):
        codings[pk] = Opened(names.get(coder, UNKNOWN), purpose, number)
        found.setdefault(kept if kept in asked else case, []).append(codings[pk])
    for opened in found.values():
        opened.sort(key=attrgetter("coder", "purpose", "codebook"))
    _listen(codings)
    _look_up(codings)
    return found


def _listen(codings: Mapping[int, Opened]) -> None:
    columns = ("coding", "variable", "text", "certainty", "note")
    values = blind.opened_among(codings).values_list(*columns)
    for coding, variable, text, certainty, note in values:
        codings[coding].said[variable] = (text, certainty, note)


def _look_up(codings: Mapping[int, Opened]) -> None:
    """Source, place and words of every citation."""
    columns = ("value__coding", "value__variable", "source__citation", "locator", "quote")
    rows = blind.citations_among(codings).order_by().values_list(*columns)
    for coding, variable, *passage in sorted(rows):
        codings[coding].cited.setdefault(variable, []).append(_place(*passage[:2]))
        codings[coding].quoted.setdefault(variable, []).append(tuple(passage))
