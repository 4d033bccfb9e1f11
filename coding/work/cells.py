"""What the data set says: compared when a case opens, settled, verified, computed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.contrib.auth.models import User
from django.utils import timezone
from simple_history.utils import bulk_create_with_history

from coding import blind, codebooks, severity
from coding.canonical import Domain, members, same
from coding.errors import Refused
from coding.models import Batch, Bypass, Case, Cell, Coding, Entry, Value
from coding.work import bypasses, claims, grounds, reviews, rows, second, signed
from coding.work.act import act
from coding.work.derived import derive
from coding.work.grounds import Place

Status = Cell.Status
UNSETTLED = (Status.SINGLE, Status.AGREED, Status.DISPUTED)
CAUSES = Cell.Cause.choices
CORRECTION = second.CORRECTION


class Said(NamedTuple):
    """What one coder says of a variable, and when it was opened."""

    text: str
    opened: datetime


def compare(root: Case, cases: Sequence[int]) -> None:
    """Fill the cells of freshly opened cases from what their coders said, then compute."""
    said = said_of(cases)
    known = {(c.case_id, c.variable_id): c for c in Cell.objects.filter(case__in=cases)}
    entries = codebooks.newest_entries(root.unit.project)
    lost = _verified_before(cases, {v for c, v in said if (c, v) not in known}, entries)
    fresh = []
    for (case, variable), each in said.items():
        cell = known.get((case, variable))
        if cell is None:
            verdict, far = verdict_on(each, entries[variable]), apart(each, entries[variable])
            cell = Cell(case_id=case, variable_id=variable, coders=len(each), distance=far)
            cell.flagged = (case, variable) in lost
            cell.status, cell.text = str(verdict["status"]), verdict["text"]
            fresh.append(cell)
        else:
            _compare_again(cell, each, entries[variable])
    bulk_create_with_history(fresh, Cell, default_change_reason="case opened")
    follow_rosters(cases, entries)
    derive(root)


def _verified_before(
    cases: Sequence[int], fresh: set[int], entries: dict[int, Entry]
) -> set[tuple[int, int]]:
    """Cells that were verified under the variable before: coded again, nobody has verified them."""
    before = {entries[v].variable.replaces_id: v for v in fresh if entries[v].variable.replaces_id}
    if not before:
        return set()
    old = Cell.objects.filter(case__in=cases, variable__in=before, verified_at__isnull=False)
    return {(case, before[v]) for case, v in old.values_list("case", "variable")}


def said_of(
    cases: Sequence[int], variables: Sequence[int] | None = None
) -> dict[tuple[int, int], list[Said]]:
    """What each coder says last of each variable of each case, oldest coder first.

    What was said of a row that is matched with another is said of that one (see `aligning`).
    """
    asked = set(cases)
    latest: dict[tuple[int, int], dict[int, Said]] = defaultdict(dict)
    opened = Value.objects.filter(
        coding__case__in=blind.with_matched(asked),
        coding__unblinded_at__isnull=False,
        coding__purpose__in=blind.SPEAKING,
    ).order_by("coding__assigned_at", "coding", "pk")
    if variables is not None:
        opened = opened.filter(variable__in=variables)
    columns = ("coding__case", "coding__case__superseded_by", "variable", "coding__coder")
    said = opened.values_list(*columns, "text", "coding__unblinded_at")
    for case, kept, variable, coder, text, since in said:
        if kept is None or kept in asked:
            latest[kept or case, variable][coder] = Said(text, since)
    return {key: list(by_coder.values()) for key, by_coder in latest.items()}


def verdict_on(said: list[Said], entry: Entry) -> dict[str, str | None]:
    texts = [each.text for each in said]
    if len(texts) == 1 or not entry.compare:
        return {"status": Status.SINGLE, "text": texts[0]}
    if all(same(a, b, entry.domain) for n, a in enumerate(texts) for b in texts[n + 1 :]):
        return {"status": Status.AGREED, "text": Counter(texts).most_common(1)[0][0]}
    return {"status": Status.DISPUTED, "text": None}


def apart(said: list[Said], entry: Entry) -> float:
    """How far the answers lie apart; what coders need not agree on is not measured."""
    if not entry.compare:
        return 0.0
    return severity.apart([each.text for each in said], entry.domain, entry.variable.measure)


def _compare_again(cell: Cell, said: list[Said], entry: Entry) -> None:
    """An unsettled cell follows its codings; one that is settled or verified is flagged if a later
    one differs, what need not agree as well where somebody verified it."""
    before = (cell.status, cell.text, cell.coders, cell.flagged, cell.distance)
    cell.distance = apart(said, entry)
    # What was carried rests on more than what was said of the variable as it is now.
    cell.coders = max(cell.coders, len(said)) if cell.recoding_id else len(said)
    if cell.status in UNSETTLED and not is_held_fast(cell):
        verdict = verdict_on(said, entry)
        follows = (str(verdict["status"]), verdict["text"])
        if (cell.status, cell.text) != follows and not is_being_ruled_on(cell):
            (cell.status, cell.text), cell.since = follows, timezone.now()
    elif cell.text is not None and (entry.compare or cell.verified_at):
        later = [each.text for each in said if each.opened > cell.since]
        differs = not all(same(cell.text, text, entry.domain) for text in later)
        cell.flagged = cell.flagged or differs
    if before != (cell.status, cell.text, cell.coders, cell.flagged, cell.distance):
        signed.save(cell, why="compared again")


def is_held_fast(cell: Cell) -> bool:
    """It says more than its codings do: a person looked, wants it looked at, or it was carried."""
    return bool(cell.verified_at or cell.reopened or cell.recoding_id)


def is_being_ruled_on(cell: Cell) -> bool:
    """One of several adjudicators has ruled on it already."""
    return cell.status == Status.DISPUTED and second.holds(cell)


def follow_rosters(cases: Sequence[int], entries: dict[int, Entry]) -> None:
    """A roster on which all agree decides at once who is in; one that is ruled on goes on to."""
    rosters = {v: e for v, e in entries.items() if e.variable.roster_of_id}
    decided = Cell.objects.filter(
        case__in=cases,
        variable__in=list(rosters),
        status__in=(Status.AGREED, Status.ADJUDICATED),
    ).select_related("case__unit")
    for cell in decided:
        entry = rosters[cell.variable_id]
        rows.follow_ruling(cell.case, entry, _listed(cell.text or "", entry.domain))


def root_of(case: Case) -> Case:
    """The top of a case's family, with its project."""
    if case.root_id is None:
        return case
    return Case.objects.select_related("unit__project").get(pk=case.root_id)


def _listed(text: str, domain: Domain) -> list[str]:
    return [] if domain.is_missing(text) else members(text)


@act
def settle(
    *,
    cell: Cell,
    entry: Entry,
    text: str | None,
    cause: str,
    reason: str,
    by: User,
    seen: datetime | None = None,
    batch: Batch | None = None,
    rule: Entry | None = None,
    sources: Sequence[Place] = (),
) -> Cell:
    """Adjudicate a dispute, or correct a settled cell: the same act, with a cause and a reason.

    `text` None leaves it unresolved, and the release says so. `seen` is the `since` of the cell
    that the adjudicator looked at; somebody else's ruling in between is not overwritten. Where
    somebody else has claimed the case it is refused; a batch of rulings passes claims by.
    `rule` is the entry that decided, where it is not the cell's own; `sources` are those on which
    the ruling rests, each with the place in it. Where the project asks for several adjudicators
    the cell stays disputed until they have ruled (see `second`).
    """
    cell = held(cell, by, seen)
    if batch is None and must_answer_first(cell, by):
        raise Refused("Answer first: what the coders said is shown when you have.")
    votes = second.votes_on(cell)
    if batch is None and not votes:  # a claim keeps nobody from a second look
        claims.respect(cell.case, by)
    if not reason.strip() or cause not in Cell.Cause.values:
        raise Refused("A ruling needs a cause and a reason: coders will read them.")
    ruling = second.Ruling(text, cause, reason.strip(), rule or entry, sources, by)
    counted = second.consider(cell, entry, ruling, votes)
    if counted is None and batch is not None:
        raise Refused("Cells that need several adjudicators are ruled on one by one.")
    if counted is None:
        return _kept_open(cell, entry, by)
    if votes:
        second.close(cell)
    return _ruled(cell, entry, counted, batch)


def _ruled(cell: Cell, entry: Entry, ruling: second.Ruling, batch: Batch | None = None) -> Cell:
    """The data set says from now on what was ruled."""
    was_ruled, before = cell.rule_id is not None, cell.status
    cell.text, cell.cause, cell.reason = ruling.text, ruling.cause, ruling.reason
    cell.status = Status.UNRESOLVED if ruling.text is None else Status.ADJUDICATED
    cell.flagged, cell.verified_by, cell.verified_at = False, None, None
    reviews.found(cell, entry.domain, ruling.by, overtaken=_was_disputed(before, cell))
    cell.reopened, cell.batch, cell.rule = False, batch, ruling.rule
    _sign(cell, ruling.by, ruling.reason)
    if ruling.sources or was_ruled:
        grounds.lay(cell, ruling.sources, ruling.by)
    if entry.variable.roster_of_id and ruling.text is not None:
        rows.follow_ruling(cell.case, entry, _listed(ruling.text, entry.domain))
    if entry.variable.roster_of_id or _computes(cell.case, entry):
        derive(root_of(cell.case))
    return cell


def _computes(case: Case, entry: Entry) -> bool:
    """Whether anything is computed from the answers to an entry, today or when it was asked."""
    book = codebooks.current(case.unit.project)
    if book is None:
        return False
    asked = next((e for e in codebooks.entries(book) if e.name == entry.name), None)
    return asked is None or codebooks.swayed(book, asked).computes


def reconciled(cell: Cell, entry: Entry, ruling: second.Ruling) -> Cell:
    """The coders of a cell that is held agree after discussion: that settles it."""
    return _ruled(cell, entry, ruling)


def _was_disputed(before: str, cell: Cell) -> bool:
    """Coders differed: what a review would have found was found without it."""
    return before == Status.DISPUTED and not cell.reopened


def _kept_open(cell: Cell, entry: Entry, by: User) -> Cell:
    """A first ruling changes nothing yet; a correction puts the cell among the disputes."""
    if cell.status != Status.DISPUTED:
        cell.status, cell.text, cell.cause, cell.reason = Status.DISPUTED, None, "", CORRECTION
        cell.reopened, cell.batch, cell.rule, cell.flagged = True, None, None, False
        cell.verified_by, cell.verified_at = None, None
        _sign(cell, by, CORRECTION)
        grounds.take_away([cell], by)
        if _computes(cell.case, entry):
            derive(root_of(cell.case))
    return cell


@act
def settle_with_fewer(*, cell: Cell, entry: Entry, reason: str, by: User) -> Cell:
    """Let the rulings cast so far be enough where no other adjudicator can be had.

    The release prints the reason.
    """
    cell = held(cell, by)
    if cell.status != Status.DISPUTED:
        raise Refused("This cell is settled already.")
    ruling = second.enough_of(cell, by, entry.domain)
    project = cell.case.unit.project
    bypasses.pass_by(
        project=project,
        rule=Bypass.Rule.ALONE,
        case=cell.case,
        cell=cell,
        reason=reason,
        by=by,
    )
    second.close(cell)
    return _ruled(cell, entry, ruling)


def must_answer_first(cell: Cell, by: User) -> bool:
    """Whether the project asks for an own answer that this person has not given yet."""
    is_asked = cell.case.unit.project.blind_first and cell.status == Status.DISPUTED
    return is_asked and blind.withheld_from(by).filter(pk=cell.pk).exists()


@act
def verify(*, cell: Cell, by: User, seen: datetime | None = None) -> Cell:
    """Confirm a single or agreed cell after looking at its evidence; a flag is answered by it."""
    cell = held(cell, by, seen)
    if cell.status not in (Status.SINGLE, Status.AGREED):
        raise Refused("Only single and agreed cells are verified; this one is ruled on.")
    cell.verified_by, cell.verified_at, cell.flagged = by, timezone.now(), False
    reviews.confirmed(cell, by)
    _sign(cell, by, "verified")
    return cell


def held(cell: Cell, by: User, seen: datetime | None = None) -> Cell:
    """The cell, held until the transaction ends, if this person may rule on it now."""
    cell = (
        Cell.objects.select_for_update(of=("self",))
        .select_related("case__unit__project")
        .get(pk=cell.pk)
    )
    if cell.status == Status.DERIVED:
        raise Refused("This cell is computed: correct the cells that it is computed from.")
    if seen is not None and cell.since != seen:
        raise Refused("Somebody else ruled on this cell meanwhile: look at it again.")
    if reason := bypasses.barred(cell.case, by):
        raise Refused(reason)
    return cell


def _sign(cell: Cell, by: User, reason: str) -> None:
    cell.since = timezone.now()
    signed.save(cell, why=reason, by=by)


@act
def recompute(*, root: Case) -> None:
    """Compare and compute an open family again from its codings: nothing should change."""
    opened = Coding.objects.standing().of_family(root.pk).exclude(unblinded_at=None)
    compare(root, sorted(set(opened.values_list("case", flat=True))))
