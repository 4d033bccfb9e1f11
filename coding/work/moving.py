"""Open sheets go on under the codebook that is current: no value is lost, none is asked twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.utils import timezone
from simple_history.utils import bulk_create_with_history, bulk_update_with_history

from coding import codebooks
from coding.models import Citation, Codebook, Coding, Entry, Value
from coding.work import signed
from coding.work.decisions import Decision, decisions_of

AGAIN = (Coding.Purpose.RECODE, Coding.Purpose.TOP_UP)
AT_ONCE = 500


@dataclass(frozen=True)
class Way:
    """From every earlier variable of a project to those of a codebook."""

    codebook: Codebook
    entries: Mapping[int, Entry]
    decisions: Mapping[int, Sequence[Decision]]

    @classmethod
    def to(cls, codebook: Codebook) -> Way:
        entries = {e.variable_id: e for e in codebooks.entries(codebook)}
        return cls(codebook, entries, decisions_of(codebook.project))

    def heir(self, variable: int) -> Entry | None:
        """The entry that asks today what the variable asked, whatever its meaning now."""
        if variable in self.entries:
            return self.entries[variable]
        heirs = (self.heir(d.new.variable_id) for d in self.decisions.get(variable, ()))
        return next((heir for heir in heirs if heir), None)

    def carried(self, variable: int, text: str) -> list[tuple[Entry, str, str]]:
        """Entry, text and note of each step that a value can be carried by rule."""
        found = []
        for decision in self.decisions.get(variable, ()):
            if (new := decision.carried(text)) is not None:
                found.append((decision.new, new, decision.note))
                found += self.carried(decision.new.variable_id, new)
        return found


def go_on(codings: Sequence[Coding], way: Way, by: User | None = None) -> list[Coding]:
    """Move open codings to the codebook; gives those of which nothing is asked any more.

    A coding whose place is taken, since its coder codes the case anew, stays where it is.
    """
    book = way.codebook
    taken = set(
        Coding.objects.filter(codebook=book, case__in={c.case_id for c in codings}).values_list(
            "case", "coder", "purpose"
        )
    )
    moving = {}
    for coding in sorted(codings, key=lambda c: (c.codebook_id, c.pk), reverse=True):
        place = (coding.case_id, coding.coder_id, coding.purpose)
        if coding.codebook_id != book.pk and place not in taken:
            taken.add(place)
            moving[coding.pk] = coding
    carry_values(moving, way, by)
    empty = _move_asks(moving, way)
    for coding in moving.values():
        coding.codebook = book
    _write(list(moving.values()), "codebook", f"goes on under codebook {book.number}", by)
    _withdraw([moving[pk] for pk in empty], book, by)
    return [moving[pk] for pk in empty]


def _write(codings: Sequence[Coding], column: str, why: str, by: User | None) -> None:
    if codings:
        bulk_update_with_history(
            codings,
            Coding,
            [column],
            batch_size=AT_ONCE,
            default_user=by,
            default_change_reason=why,
        )


def _withdraw(codings: Sequence[Coding], book: Codebook, by: User | None) -> None:
    now = timezone.now()
    for coding in codings:
        coding.withdrawn_at = now
    _write(codings, "withdrawn_at", f"codebook {book.number} asks nothing of it any more", by)


def _move_asks(codings: Mapping[int, Coding], way: Way) -> list[int]:
    """Point what each coding asks at the new entries; gives those that ask nothing any more."""
    through = Coding.asks.through
    rows = through.objects.filter(coding__in=list(codings))
    asked: dict[int, list[int]] = defaultdict(list)
    for coding, variable in rows.values_list("coding_id", "entry__variable"):
        asked[coding].append(variable)
    empty = []
    fresh = set()
    for pk, variables in asked.items():
        heirs = {h.pk for v in variables if (h := way.heir(v)) and not h.is_computed}
        fresh |= {(pk, heir) for heir in heirs}
        if not heirs:
            empty.append(pk)
    rows.exclude(coding__in=empty).delete()
    ask(fresh)
    return empty


def ask(pairs: Iterable[tuple[int, int]]) -> None:
    """Let each of these sheets ask the entry beside it, if it does not yet."""
    through = Coding.asks.through
    rows = [through(coding_id=coding, entry_id=entry) for coding, entry in sorted(pairs)]
    through.objects.bulk_create(rows, batch_size=AT_ONCE, ignore_conflicts=True)


def carry_values(codings: Iterable[int], way: Way, by: User | None = None) -> None:
    """Say by rule, of the new variables, what these sheets say of the old ones."""
    old = [v for v in way.decisions if v not in way.entries]
    held = Value.objects.filter(coding__in=list(codings), variable__in=old).order_by("pk")
    there = set(
        Value.objects.filter(coding__in=list(codings)).values_list("coding", "variable")
        if old
        else ()
    )
    fresh = []
    for value in held:
        for entry, text, note in way.carried(value.variable_id, value.text):
            if (value.coding_id, entry.variable_id) in there or entry.is_computed:
                continue
            there.add((value.coding_id, entry.variable_id))
            new = Value(
                coding_id=value.coding_id,
                variable_id=entry.variable_id,
                text=text,
                certainty=value.certainty,
                note=value.note,
            )
            signed.sign(new, why=note, by=by)
            fresh.append((value.pk, new))
    if fresh:
        bulk_create_with_history([new for _, new in fresh], Value, batch_size=AT_ONCE)
        _carry_citations(fresh, by)


def _carry_citations(pairs: Sequence[tuple[int, Value]], by: User | None) -> None:
    """What an answer was read in, it was read in whatever it is called now."""
    heirs: dict[int, list[Value]] = defaultdict(list)
    for old, new in pairs:
        heirs[old].append(new)
    cited = Citation.objects.filter(value__in=list(heirs)).order_by("pk")
    fresh = [
        Citation(value=new, source_id=c.source_id, locator=c.locator, quote=c.quote)
        for c in cited
        for new in heirs[c.value_id]
    ]
    if fresh:
        bulk_create_with_history(
            fresh, Citation, batch_size=AT_ONCE, default_user=by, default_change_reason="carried"
        )


def under_current(sitting: Sequence[Coding], by: User | None = None) -> None:
    """Take a sitting that is open again to the current codebook, and onto its sheets what its
    coder was asked apart in the meantime.
    """
    book = codebooks.current(sitting[0].case.unit.project)
    if book is None or book.pk == sitting[0].codebook_id:
        return
    go_on(sitting, Way.to(book), by)
    whole = {c.case_id: c for c in sitting if c.codebook_id == book.pk and c.purpose not in AGAIN}
    apart = Coding.objects.open().filter(
        codebook=book, coder=sitting[0].coder_id, case__in=whole, purpose__in=AGAIN
    )
    for coding in apart.filter(asks__isnull=False).distinct():
        _take_over(whole[coding.case_id], coding, by)
        coding.withdrawn_at = timezone.now()
        signed.save(coding, why="asked on the whole sheet, which is open again", by=by)


def _take_over(sheet: Coding, apart: Coding, by: User | None) -> None:
    """Say on a sheet what its coder has typed elsewhere already."""
    held = Value.objects.filter(coding=sheet).values("variable")
    fresh = []
    for value in Value.objects.filter(coding=apart).exclude(variable__in=held):
        new = Value(coding=sheet, variable_id=value.variable_id, text=value.text)
        new.certainty, new.note = value.certainty, value.note
        signed.save(new, why="taken over from the sheet apart", by=by)
        fresh.append((value.pk, new))
    _carry_citations(fresh, by)
