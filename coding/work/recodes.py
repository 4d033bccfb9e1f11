"""What a new codebook does to what is coded: carried by rule, queued for recoding, or untouched.

No value and no old cell is ever changed: a carried cell is a new one, of the new variable, that
says where it comes from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.contrib.auth.models import User
from django.db.models.functions import Coalesce
from django.utils import timezone

from coding import blind, codebooks
from coding.errors import Refused
from coding.models import Case, Cell, Codebook, Coding, Entry, Project, Recoding
from coding.work import derived, moving, needs, phases, signed
from coding.work.act import act
from coding.work.decisions import Decision, Survey, ancestry, decision_of, survey
from coding.work.moving import AT_ONCE, Way
from coding.work.needs import Need, Sheets
from coding.work.recomparing import Anew, compare_anew

SURVEYED = ("case", "variable", "text", "status")


@dataclass
class Consequence:
    """What publishing does to the cells and sheets of one entry, in counts."""

    name: str
    cells: int = 0
    carried: int = 0
    queued: int = 0
    sheets: int = 0
    unassigned: int = 0
    open_sheets: int = 0
    closed: int = 0
    opened: int = 0
    becomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    by_value: Counter[str] = field(default_factory=Counter)


@act
def follow_codebook(
    *,
    codebook: Codebook,
    decisions: Sequence[Decision] = (),
    added: Sequence[Entry] = (),
    anew: Sequence[Anew] = (),
    computed: bool = False,
    by: User | None = None,
) -> list[Consequence]:
    """Take a project over to a codebook just published: cells, queues and open sheets.

    The cells of `anew` are compared anew. With `computed`, computed cells are worked out again.
    """
    # Held first: whoever is saving or handing in has done so, or does it on the sheet as moved.
    going_on = list(
        Coding.objects.select_for_update(of=("self",))
        .open()
        .filter(codebook__project=codebook.project_id)
        .exclude(codebook=codebook)
    )
    surveys = [(decision, _carry_cells(decision, by)) for decision in decisions]
    way = Way.to(codebook)
    sheets = Sheets(codebook.project)
    _carry_closed(decisions, sheets, way, by)
    wanted = _wanted(surveys, added, sheets)
    empty = moving.go_on(going_on, way, by)
    needs.queue(codebook, [need for _, need in wanted], by)
    compared = compare_anew(anew, by)
    _open_where_nothing_is_asked(empty)
    if computed:
        compute_again(project=codebook.project_id)
    return [
        *(consequence(told, need) for told, need in wanted),
        *(
            Consequence(t.anew.name, t.cells, closed=len(t.closed), opened=len(t.opened))
            for t in compared
        ),
    ]


def _wanted(
    surveys: Sequence[tuple[Decision, Survey]], added: Sequence[Entry], sheets: Sheets
) -> list[tuple[Survey, Need]]:
    """What each decision and each added entry needs, in their order."""
    old = {v for decision, _ in surveys for v in ancestry(decision.old.variable)}
    values = needs.answered(old)
    told = needs.told_of(entry.variable_id for entry in added)
    found = [(t, needs.to_recode(decision, t, sheets, values)) for decision, t in surveys]
    return found + [(Survey(), needs.to_top_up(entry, sheets, told)) for entry in added]


def consequence(told: Survey, need: Need) -> Consequence:
    """A survey and what it needs, in counts."""
    return Consequence(
        need.entry.name,
        cells=told.cells,
        carried=len(told.carried),
        queued=len(told.queued),
        sheets=len(need.asked),
        unassigned=len(need.nobody),
        becomes=told.carried_by,
        by_value=told.queued_by,
    )


def foresee(
    *,
    project: Project,
    seen: blind.Cells,
    decisions: Sequence[Decision] = (),
    added: Sequence[Entry] = (),
    retired: Sequence[Entry] = (),
) -> list[Consequence]:
    """Count what a publication would do to the cells that may be seen: nothing is written."""
    variables = [d.old.variable_id for d in decisions] + [e.variable_id for e in retired]
    told: dict[int, list[Cell]] = {variable: [] for variable in variables}
    rows = seen.filter(variable__in=variables, case__in_universe=True).order_by("pk")
    for cell in rows.only(*SURVEYED):
        told[cell.variable_id].append(cell)
    sheets = Sheets(project)
    surveys = [(d, survey(d, told[d.old.variable_id])) for d in decisions]
    found = [consequence(t, need) for t, need in _wanted(surveys, added, sheets)]
    touched = [(d.old, found[n]) for n, d in enumerate(decisions)]
    for entry in retired:
        found.append(Consequence(entry.name, cells=len(told[entry.variable_id])))
        touched.append((entry, found[-1]))
    for entry, each in touched:
        asking = sheets.asking(entry.variable.unit_id, {entry.variable_id})
        each.open_sheets = sum(not sheet.handed_in for sheet in asking)
    return found


def left(*, project: Project, codebook: Codebook, seen: blind.Cells) -> list[Need]:
    """What is still needed of a codebook, as it stands now: nobody is left where `nobody` says.

    For each variable that replaced another, touched cells that have no successor and on which
    no sheet asks; for each that was added, opened cases without it.
    """
    newest = codebooks.newest_entries(project)
    before = _before(codebook)
    decisions = [decision_of(r, newest) for r in codebook.recodings.order_by("pk")]
    added = [
        e
        for e in codebooks.entries(codebook)
        if before and not ancestry(e.variable) & before and not e.is_computed
    ]
    variables = {d.old.variable_id for d in decisions}
    told: dict[int, list[Cell]] = {variable: [] for variable in variables}
    for cell in seen.filter(variable__in=variables, case__in_universe=True).only(*SURVEYED):
        told[cell.variable_id].append(cell)
    new = needs.told_of(d.new.variable_id for d in decisions)
    sheets = Sheets(project)
    found = []
    for decision in decisions:
        variable = decision.new.variable_id
        need = Need(decision.new, Coding.Purpose.RECODE)
        cases = {c.case_id for c in told[decision.old.variable_id]} - new.get(variable, set())
        asking = sheets.asking(decision.new.variable.unit_id, {variable})
        need.nobody = cases - {s.case for s in asking}
        found.append(need)
    has = needs.told_of(entry.variable_id for entry in added)
    return found + [needs.to_top_up(entry, sheets, has) for entry in added]


@act
def ask(
    *, cases: Sequence[Case], entry: Entry, coder: User, purpose: str, by: User
) -> list[Coding]:
    """Put on somebody's worklist what nobody is left to answer, and only that."""
    made = [
        phases.assign(case=case, coder=coder, purpose=purpose, codebook=entry.codebook, by=by)
        for case in cases
    ]
    if done := [coding for coding in made if coding.submitted_at]:
        where = ", ".join(coding.case.key for coding in done[:5])
        raise Refused(f"{coder} has handed in a sheet of this kind on {where}: ask somebody else.")
    moving.ask((coding.pk, entry.pk) for coding in made)
    return made


def _before(codebook: Codebook) -> set[int]:
    """The variables of the codebook before it; empty for the first."""
    books = codebook.project.codebooks.exclude(published_at=None)
    earlier = books.filter(number__lt=codebook.number).order_by("-number").first()
    return {e.variable_id for e in codebooks.entries(earlier)} if earlier else set()


def _recorded(decision: Decision) -> Recoding:
    return Recoding.objects.create(
        codebook=decision.new.codebook,
        old=decision.old.variable,
        new=decision.new.variable,
        kind=decision.kind,
        reason=decision.reason,
        codes=dict(decision.codes),
        again=decision.recode,
    )


def _carry_cells(decision: Decision, by: User | None) -> Survey:
    recoding = _recorded(decision)
    told = survey(decision, old_cells(decision))
    fresh = [_carried_cell(cell, decision, recoding) for cell in told.carried]
    if fresh:
        Cell.objects.bulk_create(fresh, batch_size=AT_ONCE)
        carried = Cell.objects.filter(variable=decision.new.variable_id, recoding=recoding)
        signed.remember(carried, why=decision.note, by=by)
    return told


def old_cells(decision: Decision) -> blind.Cells:
    """The cells that a decision is about: those of the data set."""
    return Cell.objects.filter(
        variable=decision.old.variable_id,
        case__in_universe=True,
        case__unit=decision.new.variable.unit_id,
    )


def _carried_cell(cell: Cell, decision: Decision, recoding: Recoding) -> Cell:
    """A settled cell stays settled, with its reason; what was only compared stays so.

    One that was verified stays verified, and is flagged where the rule changes what it says.
    """
    text = None if cell.text is None else decision.carried(cell.text)
    return Cell(
        case_id=cell.case_id,
        variable_id=decision.new.variable_id,
        status=cell.status,
        text=text,
        coders=cell.coders,
        cause=cell.cause,
        reason=f"{cell.reason}\n{decision.note}".strip() if cell.reason else "",
        flagged=cell.flagged or (cell.verified_at is not None and text != cell.text),
        reopened=cell.reopened,
        verified_by_id=cell.verified_by_id,
        verified_at=cell.verified_at,
        since=cell.since,
        recoding=recoding,
    )


def _carry_closed(decisions: Sequence[Decision], sheets: Sheets, way: Way, by: User | None) -> None:
    """Sheets handed in on cases that are not open yet: where the rule covers every answer it is
    said by rule as well; earlier data sets, that nobody can ask, say what the rule makes of them.
    """
    for decision in decisions:
        meanings = {decision.old.variable_id}
        closed = [
            s.pk
            for s in sheets.asking(decision.old.variable.unit_id, meanings)
            if s.handed_in
            and not s.opened
            and (decision.is_total or not sheets.can_be_asked(s.coder))
        ]
        if closed:
            only = Way(way.codebook, way.entries, {decision.old.variable_id: [decision]})
            moving.carry_values(closed, only, by)


def _open_where_nothing_is_asked(empty: Sequence[Coding]) -> None:
    """A sheet that nobody waits for any more must not keep its case closed."""
    families = {coding.case.family_id for coding in empty}
    for root in Case.objects.filter(pk__in=families):
        phases.open_family(root, timezone.now())


def compute_again(*, project: int) -> None:
    """Compute every derived cell of a project again, after its derive rules changed."""
    coded = Cell.objects.filter(case__unit__project=project)
    families = coded.order_by().annotate(family=Coalesce("case__root", "case")).values("family")
    for root in Case.objects.filter(pk__in=families).select_related("unit__project"):
        derived.derive(root)
