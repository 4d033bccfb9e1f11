"""What stands in the cells of a few cases and on what it rests, read through the blind door."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from coding import blind
from coding.models import Coding, Member, Project


class CellRow(NamedTuple):
    """A cell of the data set."""

    status: str
    text: str | None
    coders: int
    cause: str
    reason: str
    verified_by: int | None
    flagged: bool


class Said(NamedTuple):
    """What one coder said of one variable of one case, opened."""

    coder: str
    purpose: str
    codebook: int
    text: str
    certainty: int | None
    note: str
    citations: Sequence[str]


UNKNOWN = "former-member"
Cells = dict[int, dict[int, CellRow]]
Sayings = dict[int, dict[int, list[Said]]]
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
    return found


def sayings_of(cases: Sequence[int], names: Mapping[int, str]) -> Sayings:
    """The opened values of these cases, by case and variable, in an order of their own."""
    about = _codings(cases, names)
    cited = _citations(about)
    found: Sayings = defaultdict(lambda: defaultdict(list))
    columns = ("pk", "coding", "variable", "text", "certainty", "note")
    values = blind.opened_among(about).values_list(*columns)
    for pk, coding, variable, text, certainty, note in values:
        case, coder, purpose, number = about[coding]
        said = Said(coder, purpose, number, text, certainty, note, cited.get(pk, ()))
        found[case][variable].append(said)
    return found


def _codings(
    cases: Sequence[int], names: Mapping[int, str]
) -> dict[int, tuple[int, str, str, int]]:
    rows = Coding.objects.filter(case__in=cases, unblinded_at__isnull=False)
    columns = ("pk", "case", "coder", "purpose", "codebook__number")
    return {
        pk: (case, names.get(coder, UNKNOWN), purpose, number)
        for pk, case, coder, purpose, number in rows.values_list(*columns)
    }


def _citations(codings: Iterable[int]) -> dict[int, list[str]]:
    """Source and place, by value."""
    rows = blind.citations_among(codings)
    found: dict[int, list[str]] = {}
    for value, source, locator in rows.values_list("value", "source__citation", "locator"):
        found.setdefault(value, []).append(f"{source}, {locator}" if locator else source)
    return found
