"""What a codebook's rules say of one row: what is skipped, what is computed, what is broken."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from coding.canonical import Domain, Invalid, members, parse
from coding.expressions import Context, Row, Spells, evaluate, holds, series_read, words
from coding.models import Entry, Unit
from coding.series import Found, Reference

Answers = Mapping[str, str]


@dataclass(frozen=True)
class Surroundings:
    """What is around a row: rows above and below by unit name, beside it, and others' data.

    Only checks read the rows below: whether these are asked may depend on the row itself.
    """

    parents: Mapping[str, Row] = field(default_factory=dict)
    siblings: Sequence[Row] = ()
    below: dict[str, Sequence[Row]] = field(default_factory=dict)
    spells: Callable[[], Spells] = dict
    series: Reference | None = None


@dataclass(frozen=True)
class Reading:
    """A row as its rules leave it. `answers` holds what counts: typed, skipped and computed.

    `origins` holds the rows of others' data that computed ones were read from.
    """

    answers: dict[str, str]
    skipped: dict[str, str]
    computed: dict[str, str]
    origins: dict[str, tuple[Found, ...]] = field(default_factory=dict)

    def of(self, asked: Collection[str]) -> Reading:
        """The same row on a sheet that asks only these entries: of others it rules nothing."""
        skipped = {name: text for name, text in self.skipped.items() if name in asked}
        computed = {name: text for name, text in self.computed.items() if name in asked}
        return Reading(self.answers, skipped, computed, self.origins)


@dataclass(frozen=True)
class Broken:
    """A check that does not hold, or an answer that is missing."""

    entry: Entry
    message: str
    severity: str = "hard"
    expr: str = ""

    @property
    def hard(self) -> bool:
        return self.severity == "hard"


def domains(entries: Sequence[Entry]) -> dict[str, Domain]:
    return {entry.name: entry.domain for entry in entries}


def read(entries: Sequence[Entry], answers: Answers, around: Surroundings) -> Reading:
    """Apply skip and derive rules, in whatever order they stand, until nothing changes."""
    known = domains(entries)
    ruled = stale = [e for e in entries if e.skip_if or e.derive]
    reading = Reading({name: text for name, text in answers.items() if name in known}, {}, {})
    for _ in range(len(ruled) + 1):
        before = dict(reading.answers)
        for entry in stale:
            _apply(entry, reading, answers, around, known)
        changed = {name for name in known if reading.answers.get(name) != before.get(name)}
        stale = [e for e in ruled if changed & (words(e.skip_if) | words(e.derive))]
        if not stale:
            break
    return reading


def _apply(
    entry: Entry,
    reading: Reading,
    typed: Answers,
    around: Surroundings,
    known: Mapping[str, Domain],
) -> None:
    """Say again what the entry's rules make of it; where they are silent, what was typed counts."""
    name = entry.name
    context = Context(Row(reading.answers, known), around.parents, around.siblings)
    skipped, computed = reading.skipped, reading.computed
    skipped.pop(name, None)
    computed.pop(name, None)
    text = typed.get(name)
    if entry.skip_if and holds(entry.skip_if, context):
        text = skipped[name] = entry.skip_value
    elif entry.derive and (result := _derived(entry, reading, context, around.series)) is not None:
        text = computed[name] = result
    reading.answers.pop(name, None)
    if text is not None:
        reading.answers[name] = text


def _derived(
    entry: Entry, reading: Reading, context: Context, series: Reference | None
) -> str | None:
    """What an entry is computed as, with the rows of others' data that were read for it.

    Where it cannot be known since one of them is missing, it is missing in the same way.
    """
    if series is None or not series_read(entry.derive):
        return _computed(evaluate(entry.derive, context), entry)
    series.read.clear()
    result = evaluate(entry.derive, replace(context, series=series))
    reading.origins[entry.name] = tuple(dict.fromkeys(series.read))
    missing = next((found.row.text for found in series.read if found.row.is_missing), None)
    return _computed(missing if result is None else result, entry)


def _computed(result: object, entry: Entry) -> str | None:
    if result is None:
        return None
    text = str(int(result)) if isinstance(result, bool) else _spelled(result)
    try:
        return parse(text, entry.domain)
    except Invalid:
        return None


def _spelled(result: object) -> str:
    if isinstance(result, float):
        return f"{round(result, 6):f}"
    return ";".join(map(str, result)) if isinstance(result, list) else str(result)


def broken_checks(
    entries: Sequence[Entry],
    reading: Reading,
    around: Surroundings,
    known: Sequence[Entry] = (),
) -> list[Broken]:
    """The checks of a sheet that fail on what is answered; those that cannot be known do not.

    `known` are all entries whose answers may be read, where a sheet asks only some of them.
    """
    row = Row(reading.answers, domains(known or entries))
    context = Context(row, around.parents, around.siblings, around.below, around.spells)
    return [
        Broken(entry, check["message"], check["severity"], check["expr"])
        for entry in entries
        if entry.name in reading.answers
        for check in entry.checks
        if check["severity"] != "project" and holds(check["expr"], context) is False
    ]


def noted_at(broken: Broken, entries: Sequence[Entry], reading: Reading) -> Entry | None:
    """Whose note answers a soft check: its own entry's or, where that is not asked, another's.

    That is the first that the check, or what computes its entry, reads. None where there is none.
    """
    read = words(broken.expr) | words(broken.entry.derive)
    answered = (
        e
        for e in entries
        if e.name in reading.answers and not e.is_computed and e.name not in reading.skipped
    )
    found = [e for e in answered if e.name in read or e.name == broken.entry.name]
    own = [e for e in found if e.name == broken.entry.name]
    return next(iter(own or found), None)


def without_note(
    found: Sequence[Broken], entries: Sequence[Entry], reading: Reading, notes: Answers
) -> Iterator[Broken]:
    """Soft checks that ask for a note which is not written yet, at the entry that takes it."""
    for broken in found:
        entry = noted_at(broken, entries, reading) if broken.severity == "soft" else None
        if entry and not notes.get(entry.name):
            message = f"{broken.message} Correct it, or write a note that says why."
            yield Broken(entry, message, "soft", broken.expr)


def rows_below(
    unit: Unit, entries: Sequence[Entry], answers: Answers, rows: Mapping[str, Row], whole: bool
) -> list[Row] | None:
    """The rows of a unit under a row with these answers, given by state or key; None if unknown.

    A roster says how many there are, also before all have answers; without one, `whole` says
    whether whoever answered could list them.
    """
    rosters = [e for e in entries if e.variable.roster_of_id == unit.pk]
    if not rosters:
        return list(rows.values()) if rows or whole else None
    said = [(answers.get(e.name), e.domain) for e in rosters]
    if any(text is None or domain.is_missing(text) for text, domain in said):
        return None
    listed = {state for text, _ in said for state in members(text or "")}
    return [*rows.values(), *(Row({}, {}) for _ in listed - rows.keys())]


def unanswered(entries: Sequence[Entry], reading: Reading, notes: Answers) -> list[Broken]:
    """What stands between a sheet and its submission, apart from checks."""
    found = []
    for entry in entries:
        text = reading.answers.get(entry.name)
        if entry.is_computed or entry.name in reading.skipped:
            continue
        if text is None:
            if entry.required:
                found.append(Broken(entry, "Not coded yet."))
        elif text in entry.domain.set_by_rule:
            found.append(Broken(entry, f"{text} stands here, but no skip rule sets it."))
        elif text in entry.codes_with_note and not notes.get(entry.name):
            found.append(Broken(entry, f"{text} needs a note that says why."))
    return found
