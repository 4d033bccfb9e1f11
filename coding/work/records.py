"""Many values at once: codings from files and from earlier data sets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from django.contrib.auth.models import User
from simple_history.utils import bulk_create_with_history

from coding import codebooks
from coding.errors import Refused
from coding.models import Case, Citation, Codebook, Coding, Entry, Member, Source, Unit, Value
from coding.work import answers, phases, rows, signed
from coding.work.act import act


@dataclass(frozen=True)
class Cited:
    """Where a recorded value was read."""

    source: str
    locator: str = ""
    quote: str = ""


@dataclass
class Recorded:
    """One value from a file: checked, and in its written form."""

    coder: User
    unit: Unit
    key: str
    entry: Entry
    text: str
    certainty: int | None = None
    note: str = ""
    citations: list[Cited] = field(default_factory=list)


@act
def record(
    *, recorded: Sequence[Recorded], codebook: Codebook, submit: bool = False, reason: str = ""
) -> list[Coding]:
    """Write values into the codings of their coders, all or nothing; gives the codings back.

    A coding that does not exist yet is assigned; an earlier data set is asked only what it
    holds. With `submit`, each sitting is handed in afterwards under the ordinary rules.
    """
    machines = set(
        Member.objects.filter(project=codebook.project_id, kind=Member.Kind.MACHINE).values_list(
            "user", flat=True
        )
    )
    _refuse_twice(recorded)
    written: dict[tuple[int, int], Coding] = {}
    in_order = sorted(recorded, key=lambda r: (r.unit.position, r.unit.pk))
    for unit, group in groupby(in_order, key=lambda r: r.unit):
        of_unit = list(group)
        cases = _cases(unit, of_unit)
        codings = _codings(of_unit, cases, codebook)
        _ask_what_is_held(of_unit, cases, codings, machines)
        _write(of_unit, cases, codings, reason)
        written |= codings
    if submit:
        for coding in _main_sheets(written.values()):
            phases.submit(coding=coding)
    return list(written.values())


def _refuse_twice(recorded: Sequence[Recorded]) -> None:
    seen = Counter((r.coder, r.unit.pk, r.key, r.entry.name) for r in recorded)
    for (coder, _, key, name), times in seen.items():
        if times > 1:
            raise Refused(f"{coder} answers {name} of {key} {times} times: keep one answer.")


def _cases(unit: Unit, recorded: Sequence[Recorded]) -> dict[str, Case]:
    """The cases by key; rows below a case that nobody had before are made."""
    keys = list(dict.fromkeys(r.key for r in recorded))
    cases = {c.key: c for c in Case.objects.filter(unit=unit, key__in=keys)}
    missing = [key for key in keys if key not in cases]
    if not missing:
        return cases
    names = codebooks.states_of(unit.project_id)
    above = {key: key.rpartition("/")[0] for key in missing}
    parents = Case.objects.filter(unit=unit.parent_id, key__in=set(above.values()))
    by_key = {c.key: c for c in parents}
    for key in missing:
        if above[key] not in by_key:
            raise Refused(f"There is no case {above[key] or key} to hold {key}.")
        last = key.rpartition("/")[2]
        title = names.get(last, unit.label)
        cases[key] = rows.partner_case(by_key[above[key]], unit, last, title)
    return cases


def _codings(
    recorded: Sequence[Recorded], cases: dict[str, Case], codebook: Codebook
) -> dict[tuple[int, int], Coding]:
    wanted = dict.fromkeys((r.coder, cases[r.key]) for r in recorded)
    stored = Coding.objects.filter(
        codebook=codebook,
        purpose=Coding.Purpose.PRODUCTION,
        case__in=cases.values(),
        coder__in={coder for coder, _ in wanted},
    ).select_related("case__unit__project", "codebook", "coder")
    found = {(c.coder_id, c.case_id): c for c in stored}
    for coder, case in wanted:
        if (coder.pk, case.pk) not in found:
            found[coder.pk, case.pk] = phases.assign(case=case, coder=coder, codebook=codebook)
    shut = [c for c in found.values() if c.submitted_at or c.withdrawn_at]
    if shut:
        named = "; ".join(f"{c.coder} on {c.case.key}" for c in shut[:10])
        raise Refused(f"Submitted and withdrawn codings can no longer change: {named}.")
    return {pair: found[pair] for pair in ((coder.pk, case.pk) for coder, case in wanted)}


def _ask_what_is_held(
    recorded: Sequence[Recorded],
    cases: dict[str, Case],
    codings: dict[tuple[int, int], Coding],
    machines: set[int],
) -> None:
    through = Coding.asks.through
    asked = {
        (codings[r.coder.pk, cases[r.key].pk].pk, r.entry.pk)
        for r in recorded
        if r.coder.pk in machines
    }
    through.objects.bulk_create(
        [through(coding_id=coding, entry_id=entry) for coding, entry in sorted(asked)],
        ignore_conflicts=True,
    )


def _write(
    recorded: Sequence[Recorded],
    cases: dict[str, Case],
    codings: dict[tuple[int, int], Coding],
    reason: str,
) -> None:
    """New values in bulk with their history; changes and rosters through the ordinary act."""
    held = set(Value.objects.filter(coding__in=codings.values()).values_list("coding", "variable"))
    fresh: list[tuple[Value, Recorded]] = []
    for r in recorded:
        coding = codings[r.coder.pk, cases[r.key].pk]
        if r.entry.variable.roster_of_id or (coding.pk, r.entry.variable_id) in held:
            value = answers.save_value(
                coding=coding,
                entry=r.entry,
                text=r.text,
                certainty=r.certainty,
                note=r.note,
                reason=reason,
                by=r.coder,
            )
            _cite([(value, r)], coding.codebook.project_id)
        else:
            answers.refuse_another_row(coding, r.entry, r.text)
            value = Value(coding=coding, variable_id=r.entry.variable_id, text=r.text)
            value.certainty, value.note = r.certainty, r.note
            signed.sign(value, why=reason, by=r.coder)
            fresh.append((value, r))
    if fresh:
        created = bulk_create_with_history([value for value, _ in fresh], Value, batch_size=500)
        pairs = list(zip(created, (r for _, r in fresh), strict=True))
        _cite(pairs, recorded[0].unit.project_id)


def _cite(pairs: Sequence[tuple[Value, Recorded]], project: int) -> None:
    wanted = {c.source for _, r in pairs for c in r.citations}
    sources = {s.citation: s for s in Source.objects.filter(project=project, citation__in=wanted)}
    for citation in sorted(wanted - set(sources)):
        sources[citation] = Source.objects.create(project_id=project, citation=citation)
    held = set(
        Citation.objects.filter(value__in=[v.pk for v, _ in pairs]).values_list(
            "value", "source", "locator"
        )
    )
    fresh = {
        (value.pk, sources[c.source].pk, c.locator): Citation(
            value=value, source=sources[c.source], locator=c.locator, quote=c.quote
        )
        for value, r in pairs
        for c in r.citations
    }
    new = [citation for key, citation in fresh.items() if key not in held]
    bulk_create_with_history(new, Citation, batch_size=500)


def _main_sheets(codings: Iterable[Coding]) -> list[Coding]:
    """One coding for each sitting: its main sheet."""
    found: dict[tuple[int, int], Coding] = {}
    for coding in codings:
        if coding.case.parent_id is None or coding.purpose != Coding.Purpose.PRODUCTION:
            found[coding.coder_id, coding.case_id] = coding
    for coding in codings:
        family = (coding.coder_id, coding.case.family_id)
        if coding.case.parent_id and family not in found:
            main = Coding.objects.open().filter(
                coder=coding.coder_id,
                case=coding.case.family_id,
                codebook=coding.codebook_id,
                purpose=coding.purpose,
            )
            one = main.select_related("case", "codebook").first() or coding
            found[one.coder_id, one.case_id] = one
    return list(found.values())
