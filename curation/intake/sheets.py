"""What the rules say of the sheets that a table makes, together with what stands on them already.

A fault names a row of the table and its own value; what a coder has said before is never told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from coding import rules
from coding.canonical import Domain, members
from coding.expressions import Row, words
from coding.models import Entry, Unit
from curation.faults import Fault
from curation.intake.ground import Ground
from curation.intake.said import Faults, Said, Spoiled

LAST = 10**9  # faults of a whole sheet are printed after those of rows
HIDDEN = "does not fit what stands on the sheet already: its coder has to look at it."
UNREADY = "keeps the sheet from being handed in: its coder has to look at it."


@dataclass
class Draft:
    """A coder's sheet as the import would leave it."""

    coder: str
    unit: Unit
    key: str
    entries: tuple[Entry, ...]
    said: dict[str, Said] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)

    @property
    def state(self) -> str:
        return self.key.rpartition("/")[2]

    @property
    def before(self) -> set[str]:
        """What the coder has answered and the table does not speak of."""
        return self.answers.keys() - self.said.keys()

    @property
    def sheet(self) -> tuple[str, int, str]:
        return self.coder, self.unit.pk, self.key


def faults(said: Sequence[Said], ground: Ground, spoiled: Spoiled, *, submit: bool) -> Faults:
    """Every fault that shows only when rows are put together to sheets and sittings.

    Nothing is held against a sheet for want of a value that was given and could not be read.
    """
    families: dict[tuple[str, int, str], list[Said]] = defaultdict(list)
    for each in said:
        unit, key = ground.top(each.unit, each.key)
        families[each.coder, unit.pk, key].append(each)
    found: Faults = []
    for (coder, _, key), group in families.items():
        closed = list(_closed(coder, key, group, ground))
        found += closed or _faults_of_sitting(coder, group, ground, spoiled, submit)
    return found


def _closed(coder: str, top: str, group: list[Said], ground: Ground) -> Iterator[tuple[int, Fault]]:
    """Rows of a sheet that is handed in, or was taken off the coder's worklist."""
    unit, _ = ground.top(group[0].unit, group[0].key)
    main = ground.sheets.get((coder, unit.pk, top))
    for said in group:
        own = ground.sheets.get(said.sheet)
        if any(sheet and sheet.coding.submitted_at for sheet in (main, own)):
            rule = f"is handed in by {coder}: a submitted coding can no longer change."
        elif main and main.coding.withdrawn_at:
            rule = f"was taken off the worklist of {coder}."
        else:
            continue
        for row in said.rows:
            yield row.number, row.fault("case", rule)


def _faults_of_sitting(
    coder: str, group: list[Said], ground: Ground, spoiled: Spoiled, submit: bool
) -> Faults:
    drafts, found = _drafts(coder, group, ground, spoiled)
    readings: dict[tuple[int, str], rules.Reading] = {}
    hidden = set[str]().union(*(draft.before for draft in drafts))
    around: list[rules.Surroundings] = []
    for draft in drafts:
        around.append(_around(draft, drafts, readings, ground))
        reading = rules.read(draft.entries, draft.answers, around[-1])
        readings[draft.unit.pk, draft.key] = reading
        found += _faults_of_skips(draft, reading, spoiled, hidden)
    for draft, surroundings in zip(drafts, around, strict=True):
        reading = readings[draft.unit.pk, draft.key]
        if not any(sheet[0] == coder for sheet, _ in spoiled):
            surroundings.below.update(_below(draft, drafts, readings, ground))
        broken = rules.broken_checks(draft.entries, reading, surroundings)
        found += _faults_of_checks(draft, _said_around(draft, drafts, ground), broken, hidden)
        if submit:
            found += _unanswered(draft, reading, spoiled)
            found += _unnoted(draft, reading, broken, hidden, ground)
    return found


# ------------------------------------------------------------------ the sheets of a sitting


def _drafts(
    coder: str, group: list[Said], ground: Ground, spoiled: Spoiled
) -> tuple[list[Draft], Faults]:
    """A coder's sheets of one family, the main sheet first, and rows that belong to none."""
    unit, top = ground.top(group[0].unit, group[0].key)
    drafts = {(unit.pk, top): _draft(coder, unit, top, ground)}
    for said in sorted(group, key=lambda s: (s.unit.position, s.unit.pk)):
        place = said.unit.pk, said.key
        draft = drafts.setdefault(place, _draft(coder, said.unit, said.key, ground))
        draft.said[said.entry.name] = said
        draft.answers[said.entry.name] = said.text
        draft.notes[said.entry.name] = said.note
    main = drafts[unit.pk, top]
    if not main.said and main.sheet not in ground.sheets:
        if any(sheet == main.sheet for sheet, _ in spoiled):
            return [], []
        rule = f"{coder} has no sheet of {top} to add it to: give a value of {top}, too."
        return [], [group[0].fault(rule, "case")]
    found: Faults = []
    for child in [u for u in ground.units.values() if u.parent_id == unit.pk]:
        found += _follow(main, child, drafts, ground, spoiled)
    for draft in drafts.values():
        _ask_what_is_held(draft, ground)
    return list(drafts.values()), found


def _draft(coder: str, unit: Unit, key: str, ground: Ground) -> Draft:
    stored = ground.sheets.get((coder, unit.pk, key))
    draft = Draft(coder, unit, key, tuple(ground.entries[unit.pk].values()))
    draft.answers |= {e.name: draft.state for e in draft.entries if e.names_its_row}
    if stored:
        draft.answers |= stored.answers
        draft.notes |= stored.notes
    return draft


def _ask_what_is_held(draft: Draft, ground: Ground) -> None:
    """An earlier data set is asked only what it holds."""
    stored = ground.sheets.get(draft.sheet)
    asks = (stored.asks if stored else frozenset()) | draft.said.keys()
    if draft.coder in ground.machines and asks:
        draft.entries = tuple(e for e in draft.entries if e.name in asks)


def _follow(
    main: Draft, unit: Unit, drafts: dict[tuple[int, str], Draft], ground: Ground, spoiled: Spoiled
) -> Faults:
    """Add the sheets that stand below already; of a roster, those and only those it lists."""
    if unit.rows != Unit.Rows.ROSTER:
        for key in _standing_below(main, unit, ground):
            drafts.setdefault((unit.pk, key), _draft(main.coder, unit, key, ground))
        return []
    listed = set(_listed(main, unit, ground))
    for state in sorted(listed):
        key = f"{main.key}/{state}"
        drafts.setdefault((unit.pk, key), _draft(main.coder, unit, key, ground))
    if any((main.sheet, roster.name) in spoiled for roster in ground.rosters(unit)):
        return []
    mine = [draft for (pk, _), draft in drafts.items() if pk == unit.pk]
    return [_not_listed(d, main, ground) for d in mine if d.state not in listed]


def _standing_below(main: Draft, unit: Unit, ground: Ground) -> list[str]:
    return [
        key
        for (coder, pk, key), sheet in ground.sheets.items()
        if (coder, pk) == (main.coder, unit.pk)
        and sheet.coding.withdrawn_at is None
        and ground.above(unit, key) == (main.unit, main.key)
    ]


def _listed(above: Draft, unit: Unit, ground: Ground) -> Iterator[str]:
    for roster in ground.rosters(unit):
        text = above.answers.get(roster.name)
        if text is not None and not roster.domain.is_missing(text):
            yield from members(text)


def _not_listed(draft: Draft, main: Draft, ground: Ground) -> tuple[int, Fault]:
    names = " or ".join(entry.name for entry in ground.rosters(draft.unit))
    rule = f"{draft.coder} does not list {draft.state} in {names} of {main.key}: list it there."
    return next(iter(draft.said.values())).fault(rule, "case")


def _around(
    draft: Draft,
    drafts: Iterable[Draft],
    readings: dict[tuple[int, str], rules.Reading],
    ground: Ground,
) -> rules.Surroundings:
    parents: dict[str, Row] = {}
    here: tuple[Unit, str] | None = (draft.unit, draft.key)
    while here and (here := ground.above(*here)):
        unit, key = here
        if reading := readings.get((unit.pk, key)):
            parents[unit.name] = Row(reading.answers, _domains(unit, ground))
    above = ground.above(draft.unit, draft.key)
    if above is None:
        return rules.Surroundings(parents, spells=ground.spells)
    domains = _domains(draft.unit, ground)
    beside = [d for d in drafts if d.unit == draft.unit and ground.above(d.unit, d.key) == above]
    rows = [Row(d.answers, domains) for d in beside]
    return rules.Surroundings(parents, rows, {}, ground.spells)


def _below(
    above: Draft,
    drafts: Iterable[Draft],
    readings: dict[tuple[int, str], rules.Reading],
    ground: Ground,
) -> dict[str, list[Row]]:
    """The rows under a sheet by unit, where they are known."""
    found, answers = {}, readings[above.unit.pk, above.key].answers
    for unit in (u for u in ground.units.values() if u.parent_id == above.unit.pk):
        rows = {
            d.state: Row(readings[unit.pk, d.key].answers, _domains(unit, ground))
            for d in drafts
            if d.unit == unit and ground.above(unit, d.key) == (above.unit, above.key)
        }
        whole = above.coder not in ground.machines
        known = rules.rows_below(unit, above.entries, answers, rows, whole)
        if known is not None:
            found[unit.name] = known
    return found


def _domains(unit: Unit, ground: Ground) -> dict[str, Domain]:
    return rules.domains(list(ground.entries[unit.pk].values()))


# ------------------------------------------------------------------ what the rules say of them


def _faults_of_skips(
    draft: Draft, reading: rules.Reading, spoiled: Spoiled, hidden: set[str]
) -> Iterator[tuple[int, Fault]]:
    """A rule's code where the rule does not set it, and an answer where it does."""
    unread = {name for sheet, name in spoiled if sheet[0] == draft.coder}
    for name, said in draft.said.items():
        rule_says, entry = reading.skipped.get(name), said.entry
        if entry.names_its_row and said.text != draft.state:
            yield said.fault(f"is not the state of {draft.key}: list another state instead.")
            continue
        rule = ""
        if rule_says is None and said.text in entry.domain.set_by_rule:
            rule = f"is set by the rule {entry.skip_if}, which does not hold here."
        elif rule_says not in (None, said.text):
            rule = f"is skipped: where {entry.skip_if}, it is {rule_says}. Leave it out."
        if rule and not words(entry.skip_if) & unread:
            yield said.fault(HIDDEN if words(entry.skip_if) & hidden else rule)


def _said_around(draft: Draft, drafts: Sequence[Draft], ground: Ground) -> dict[str, Said]:
    """What the table says on a sheet, and on the sheets above and below it."""
    here = {(draft.unit.pk, draft.key)}
    place: tuple[Unit, str] | None = (draft.unit, draft.key)
    while place and (place := ground.above(*place)):
        here.add((place[0].pk, place[1]))
    here |= {
        (d.unit.pk, d.key)
        for d in drafts
        if (above := ground.above(d.unit, d.key)) and (above[0].pk, above[1]) == draft.sheet[1:]
    }
    around = {n: s for d in drafts if (d.unit.pk, d.key) in here for n, s in d.said.items()}
    return around | draft.said


def _faults_of_checks(
    draft: Draft, new: dict[str, Said], found: Iterable[rules.Broken], hidden: set[str]
) -> Iterator[tuple[int, Fault]]:
    """Hard checks that the table breaks; what was broken before is its coder's to mend."""
    for broken in found:
        names = _names(broken)
        concerned = [name for name in names if name in new]
        if broken.hard and concerned:
            rule = f"{broken.message} ({draft.key}, {broken.entry.name})"
            yield new[concerned[0]].fault(HIDDEN if hidden.intersection(names) else rule)


def _names(broken: rules.Broken) -> list[str]:
    """The question itself, then all that its check reads."""
    return [broken.entry.name, *sorted(words(broken.expr))]


def _unanswered(
    draft: Draft, reading: rules.Reading, spoiled: Spoiled
) -> Iterator[tuple[int, Fault]]:
    for broken in rules.unanswered(draft.entries, reading, draft.notes):
        name, text = broken.entry.name, draft.answers.get(broken.entry.name)
        if text in broken.entry.domain.set_by_rule:
            continue  # named already, with its rule
        if name in draft.said:
            yield draft.said[name].fault(broken.message)
        elif (draft.sheet, name) not in spoiled:
            place = f"sheet of {draft.coder} on {draft.key}, variable {name}"
            yield LAST, Fault(place, "", UNREADY if name in draft.before else broken.message)


def _unnoted(
    draft: Draft,
    reading: rules.Reading,
    broken: Sequence[rules.Broken],
    hidden: set[str],
    ground: Ground,
) -> Iterator[tuple[int, Fault]]:
    """Soft checks that ask a person for a note; an earlier data set cannot write any."""
    if draft.coder in ground.machines:
        return
    for wanted in rules.without_note(broken, draft.entries, reading, draft.notes):
        name = wanted.entry.name
        rule = UNREADY if hidden & {name, *words(wanted.expr)} else wanted.message
        if name in draft.said:
            yield draft.said[name].fault(rule)
        else:
            place = f"sheet of {draft.coder} on {draft.key}, variable {name}"
            yield LAST, Fault(place, "", rule)
