"""What a new codebook does to what is coded: carried by rule, queued for recoding, or untouched.

No value and no old cell is ever changed: a carried cell is a new one, of the new variable, that
says where it comes from.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.contrib.auth.models import User
from django.db.models import QuerySet
from simple_history.utils import bulk_create_with_history

from coding import blind, codebooks
from coding.canonical import Invalid, join, members, parse
from coding.models import Case, Cell, Codebook, Coding, Entry, Member, Value
from coding.work import cells, signed
from coding.work.act import act


@dataclass(frozen=True)
class Decision:
    """How an entry whose variable was replaced takes over what the old one holds.

    `codes` says for a code what it becomes; None sends its cells to be coded again. Codes not
    named stay as they are where the new entry knows them. With `recode` nothing is taken over.
    """

    old: Entry
    new: Entry
    kind: str
    reason: str
    codes: Mapping[str, str | None] = field(default_factory=dict)
    recode: bool = False

    @property
    def note(self) -> str:
        """The reference to the change that every carried cell bears."""
        return f"codebook {self.new.codebook.number}, {self.kind}: {self.reason}"

    def carried(self, text: str, states: Mapping[str, str]) -> str | None:
        """What a written value becomes under the new entry; None where people must look again."""
        if self.recode:
            return None
        domain = self.new.domain
        if self.old.domain.is_missing(text) and domain.is_missing(text):
            return text
        codes = members(text) if self.old.domain.kind == "set" else [text]
        mapped = [self.codes.get(code, code) for code in codes]
        if any(code is None for code in mapped):
            return None
        kept = {code for code in mapped if code is not None}
        try:
            return parse(join(kept) if domain.kind == "set" else min(kept), domain, states)
        except Invalid:
            return None


@dataclass
class Consequence:
    """What publishing does to one entry's cells and sheets, in counts."""

    name: str
    cells: int = 0
    carried: int = 0
    queued: int = 0
    unassigned: int = 0
    open_sheets: int = 0
    by_value: Counter[str] = field(default_factory=Counter)


def consequence(*, decision: Decision) -> Consequence:
    """Count what a decision would do, before anything is written."""
    found = Consequence(decision.new.name)
    states = codebooks.states_of(decision.new.codebook.project_id)
    for text, status in _old_cells(decision).values_list("text", "status"):
        found.cells += 1
        if text is None or decision.carried(text, states) is None:
            found.queued += status != Cell.Status.UNRESOLVED
            found.by_value[text or "disputed"] += 1
        else:
            found.carried += 1
    opened = Value.objects.filter(
        variable=decision.old.variable_id, coding__submitted_at=None, coding__withdrawn_at=None
    )
    found.open_sheets = opened.count()
    return found


def _old_cells(decision: Decision) -> QuerySet[Cell]:
    return Cell.objects.filter(variable=decision.old.variable_id, case__in_universe=True)


@act
def follow_codebook(
    *,
    before: Codebook,
    codebook: Codebook,
    decisions: Sequence[Decision] = (),
    added: Sequence[Entry] = (),
    by: User | None = None,
) -> list[Consequence]:
    """Take a project over to a codebook just published: cells, queues and open sheets."""
    found = []
    again: dict[tuple[int, str], set[int]] = defaultdict(set)
    for decision in decisions:
        done, queued = _carry_cells(decision, by)
        found.append(done)
        for case in queued:
            again[case, Coding.Purpose.RECODE].add(decision.new.pk)
    for entry in added:
        for case in _opened_cases(entry):
            again[case, Coding.Purpose.TOP_UP].add(entry.pk)
    unassigned = _queue(codebook, again, by)
    for consequence in found:
        consequence.unassigned = len(unassigned)
    _move_open_sheets(before, codebook, decisions)
    return found


def _carry_cells(decision: Decision, by: User | None) -> tuple[Consequence, list[int]]:
    found, queued, fresh = Consequence(decision.new.name), [], []
    states = codebooks.states_of(decision.new.codebook.project_id)
    for cell in _old_cells(decision):
        found.cells += 1
        text = None if cell.text is None else decision.carried(cell.text, states)
        if text is not None or cell.status == Cell.Status.UNRESOLVED:
            fresh.append(_carried_cell(cell, decision, text))
        else:
            queued.append(cell.case_id)
    queued += _closed_cases(decision)
    bulk_create_with_history(
        fresh, Cell, batch_size=500, default_user=by, default_change_reason=decision.note
    )
    found.carried, found.queued = len(fresh), len(queued)
    return found, queued


def _closed_cases(decision: Decision) -> Iterable[int]:
    """Cases handed in by some and not yet open: who answered the old question answers anew."""
    closed = Value.objects.filter(
        variable=decision.old.variable_id,
        coding__submitted_at__isnull=False,
        coding__unblinded_at=None,
        coding__withdrawn_at=None,
        coding__purpose__in=blind.SPEAKING,
    )
    return closed.values_list("coding__case", flat=True).distinct()


def _carried_cell(cell: Cell, decision: Decision, text: str | None) -> Cell:
    """A settled cell stays settled, with its reason; what was only compared stays so."""
    reason = f"{cell.reason}\n{decision.note}".strip() if cell.reason else ""
    return Cell(
        case_id=cell.case_id,
        variable_id=decision.new.variable_id,
        status=cell.status,
        text=text,
        coders=cell.coders,
        cause=cell.cause,
        reason=reason,
        flagged=cell.flagged,
        since=cell.since,
    )


def _opened_cases(entry: Entry) -> Iterable[int]:
    """Cases of the entry's unit that are open already: they do not know the new question."""
    opened = Coding.objects.filter(
        case__unit=entry.variable.unit_id, case__in_universe=True, unblinded_at__isnull=False
    )
    has = Cell.objects.filter(variable=entry.variable_id).values("case")
    return opened.exclude(case__in=has).values_list("case", flat=True).distinct()


def _queue(
    codebook: Codebook, again: Mapping[tuple[int, str], set[int]], by: User | None
) -> list[int]:
    """A blind sheet for each person who coded a touched case; gives the cases without one."""
    people = Member.objects.filter(project=codebook.project_id, kind=Member.Kind.PERSON).exclude(
        role=Member.Role.READER
    )
    cases = {case for case, _ in again}
    coders: dict[int, set[int]] = defaultdict(set)
    done = Coding.objects.standing().filter(
        submitted_at__isnull=False,
        case__in=cases,
        purpose=Coding.Purpose.PRODUCTION,
        coder__in=people.values("user"),
    )
    for case, coder in done.values_list("case", "coder"):
        coders[case].add(coder)
    for (case, purpose), entries in again.items():
        for coder in coders[case]:
            coding = Coding(case_id=case, coder_id=coder, codebook=codebook, purpose=purpose)
            signed.save(coding, why=f"codebook {codebook.number}", by=by)
            coding.asks.set(entries)
    return sorted(cases - set(coders))


def _move_open_sheets(before: Codebook, codebook: Codebook, decisions: Sequence[Decision]) -> None:
    """Open sheets go on under the new codebook; no value is lost, none is asked twice."""
    opened = list(Coding.objects.open().filter(codebook=before).select_related("case"))
    ids = [coding.pk for coding in opened]
    for decision in decisions:
        _carry_values(decision, ids)
    entries = {e.variable_id: e.pk for e in codebooks.entries(codebook)}
    entries |= {d.old.variable_id: d.new.pk for d in decisions}
    asked = dict(Entry.objects.filter(codebook=before).values_list("pk", "variable"))
    for coding in opened:
        only = [entries[asked[e.pk]] for e in coding.asks.all() if asked[e.pk] in entries]
        coding.codebook = codebook
        signed.save(coding, why=f"goes on under codebook {codebook.number}")
        if only:
            coding.asks.set(only)


def _carry_values(decision: Decision, codings: Sequence[int]) -> None:
    states = codebooks.states_of(decision.new.codebook.project_id)
    fresh = []
    for value in Value.objects.filter(coding__in=codings, variable=decision.old.variable_id):
        if (text := decision.carried(value.text, states)) is not None:
            fresh.append(
                Value(
                    coding_id=value.coding_id,
                    variable_id=decision.new.variable_id,
                    text=text,
                    certainty=value.certainty,
                    note=value.note,
                )
            )
    bulk_create_with_history(fresh, Value, batch_size=500, default_change_reason=decision.note)


def compute_again(*, project: int) -> None:
    """Compute every derived cell of a project again, after its derive rules changed."""
    for root in Case.objects.filter(unit__project=project, parent=None):
        cells.derive(root)
