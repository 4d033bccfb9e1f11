"""Cells compared anew, from the same codings, where a codebook says otherwise what is agreed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.contrib.auth.models import User
from django.utils import timezone
from simple_history.utils import bulk_update_with_history

from coding import blind
from coding.canonical import same
from coding.models import Case, Cell, Codebook, Entry, Vote
from coding.work import cells, derived
from coding.work.moving import AT_ONCE

Status = Cell.Status
MOST = 5_000  # cases that one query names
Stand = tuple[str, str | None]
WRITTEN = ["status", "text", "since", "flagged", "distance"]


@dataclass(frozen=True)
class Anew:
    """An entry that measures what it did and says otherwise how near two answers must be."""

    old: Entry
    new: Entry

    @property
    def name(self) -> str:
        return self.new.name

    @property
    def note(self) -> str:
        """What the history of each cell says."""
        ways = f"{_way(self.new)}, before: {_way(self.old)}"
        return f"{self.lead(self.new.codebook)}{ways}"

    @staticmethod
    def lead(codebook: Codebook) -> str:
        """With what the reason begins in the history of every cell that the version moves."""
        return f"codebook {codebook.number}, compared anew: "


def _way(entry: Entry) -> str:
    if not entry.compare:
        return "not compared"
    near = entry.tolerance
    return "equal" if near is None else f"equal within {near.normalize():f}"


@dataclass(frozen=True)
class Shift:
    """A cell that is moved: what it said, and what its codings give now."""

    cell: Cell
    was: Stand
    now: Stand

    @property
    def closes(self) -> bool:
        return self.was[0] == Status.DISPUTED

    @property
    def opens(self) -> bool:
        return self.now[0] == Status.DISPUTED


@dataclass
class Compared:
    """What comparing one entry anew does to its cells."""

    anew: Anew
    cells: int = 0
    shifts: list[Shift] = field(default_factory=list)
    flagged: list[Cell] = field(default_factory=list)
    settled: int = 0
    carried: int = 0
    _voted: set[int] = field(default_factory=set)  # cells that an adjudicator has ruled on already
    _changed: list[Cell] = field(default_factory=list)

    @property
    def closed(self) -> list[Shift]:
        """Disputes that are none any more."""
        return [shift for shift in self.shifts if shift.closes]

    @property
    def opened(self) -> list[Shift]:
        """Cells that become disputes."""
        return [shift for shift in self.shifts if shift.opens]

    @property
    def otherwise(self) -> list[Shift]:
        """Cells that are no dispute before or after, and say or count as something else."""
        return [shift for shift in self.shifts if not shift.closes and not shift.opens]


def foresee_compared(*, seen: blind.Cells, anew: Iterable[Anew]) -> list[Compared]:
    """What comparing these entries anew would do to the cells that may be seen."""
    return [_compared(each, seen) for each in anew]


def compare_anew(anew: Sequence[Anew], by: User | None) -> list[Compared]:
    """Compare the cells of these entries anew, each with the same reason in its history.

    What is settled stays settled; it is flagged where its codings now agree on something else,
    or where somebody verified an agreement that is none any more.
    """
    held = Cell.objects.select_for_update(of=("self",))
    found = [_compared(each, held) for each in anew]
    for told in found:
        if told._changed:
            bulk_update_with_history(
                told._changed,
                Cell,
                WRITTEN,
                batch_size=AT_ONCE,
                default_user=by,
                default_change_reason=told.anew.note,
            )
    _follow(found)
    return found


def _follow(found: Sequence[Compared]) -> None:
    """Rows that a roster lists, and what is computed from cells that say something else now."""
    shifts = [shift for told in found for shift in told.shifts]
    rosters = {t.anew.new.variable_id: t.anew.new for t in found}
    cells.follow_rosters(sorted({s.cell.case_id for s in shifts}), rosters)
    families = {s.cell.case.family_id for s in shifts}
    for root in Case.objects.filter(pk__in=families).select_related("unit__project"):
        derived.derive(root)


def _compared(anew: Anew, among: blind.Cells) -> Compared:
    told = Compared(anew)
    variable = anew.new.variable_id
    rows = among.filter(variable=variable, case__in_universe=True).order_by("case__key", "pk")
    found = list(rows.select_related("case"))
    cases = [cell.case_id for cell in found]
    said = {
        key: each
        for first in range(0, len(cases), MOST)
        for key, each in cells.said_of(cases[first : first + MOST], [variable]).items()
    }
    told.cells = len(found)
    told._voted = set(
        Vote.objects.standing().filter(cell__variable=variable).values_list("cell", flat=True)
    )
    for cell in found:
        if spoken := said.get((cell.case_id, variable)):
            _weigh(told, cell, spoken)
    return told


def _weigh(told: Compared, cell: Cell, said: list[cells.Said]) -> None:
    """Move a cell as its codings give it now; one that is held fast is flagged at most."""
    before, after = (cells.verdict_on(said, e) for e in (told.anew.old, told.anew.new))
    far = cells.apart(said, told.anew.new)
    was, now = (cell.status, cell.text), (str(after["status"]), after["text"])
    is_changed = cell.distance != far
    cell.distance = far
    moves = cell.status in cells.UNSETTLED and not cells.is_held_fast(cell)
    if moves and was != now and cell.pk not in told._voted:
        cell.status, cell.text, cell.since = *now, timezone.now()
        told.shifts.append(Shift(cell, was, now))
    elif not moves:
        told.settled += not cell.recoding_id
        told.carried += bool(cell.recoding_id)
        if before["status"] != after["status"] and _contradicts(cell, now, told.anew.new):
            cell.flagged, is_changed = True, True
            told.flagged.append(cell)
    if is_changed or was != (cell.status, cell.text):
        told._changed.append(cell)


def _contradicts(cell: Cell, now: Stand, entry: Entry) -> bool:
    """Whether a settled cell says something else than its codings, compared as they are now."""
    status, text = now
    if cell.flagged:
        return False
    if status == Status.DISPUTED:
        return cell.status == Status.AGREED
    if status != Status.AGREED or text is None or cell.status == Status.DISPUTED:
        return False
    return cell.text is None or not same(cell.text, text, entry.domain)
