"""Publishing a codebook: what the software proposes, what the curator decides, and the act."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from django.contrib.auth.models import User
from django.db import transaction

from coding import blind, changes, codebooks, expressions, work
from coding.changes import Kind, Pair
from coding.errors import Overtaken, Refused
from coding.models import Codebook, Entry, Project, Variable
from coding.work import Anew, Compared, Consequence, Decision, ancestry

DESTRUCTIVE = (Kind.RETIRED, Kind.NARROWED, Kind.SPLIT, Kind.REPLACED)
# What new words can do to a meaning, if the curator says that they do.
BY_WORDS = (Kind.NARROWED, Kind.BROADENED, Kind.REPLACED)


@dataclass(frozen=True)
class Ruling:
    """What a curator says of one changed entry, where the proposal is not what is wanted."""

    kind: str = ""
    reason: str = ""
    codes: Mapping[str, str | None] = field(default_factory=dict)
    recode: bool | None = None
    typed_name: str = ""


@dataclass(frozen=True)
class Proposal:
    """An entry with its changes, and the kind that the software finds in them."""

    pair: Pair
    kind: Kind

    @property
    def name(self) -> str:
        return self.pair.name

    @property
    def choices(self) -> tuple[Kind, ...]:
        """The kinds that a curator may call it."""
        if self.pair.old is None or self.pair.new is None or self.changes_unit:
            return (self.kind,)
        if self.pair.is_new_variable:
            return changes.TOUCHING
        return (self.kind, *BY_WORDS)

    @property
    def changes_unit(self) -> bool:
        """Of another unit of analysis: nothing that was said of the one is true of the other."""
        old, new = self.pair.old, self.pair.new
        return bool(old and new and old.variable.unit_id != new.variable.unit_id)

    def ruled(self, ruling: Ruling) -> Kind:
        """What it is after the curator has spoken."""
        return Kind(ruling.kind) if ruling.kind in self.choices else self.kind

    def touches(self, ruling: Ruling) -> bool:
        """Whether what is coded does not speak for the new entry by itself."""
        return self.ruled(ruling) in changes.TOUCHING

    def is_destructive(self, ruling: Ruling) -> bool:
        """Whether the variable's name has to be typed before it goes through."""
        return self.ruled(ruling) in DESTRUCTIVE

    def is_asked_anew(self) -> bool:
        """Whether people are asked who were not before, and nothing can be carried."""
        old, new = self.pair.old, self.pair.new
        if new is None or new.is_computed:
            return False
        return old is None or self.changes_unit or (old.is_computed and self.pair.is_new_variable)

    def anew(self, ruling: Ruling) -> Anew | None:
        """How its cells are compared anew: what they mean is as it was."""
        old, new = self.pair.old, self.pair.new
        if old is None or new is None or self.pair.is_new_variable or self.touches(ruling):
            return None
        if new.is_computed or not any(c.kind == Kind.COMPARED for c in self.pair.changes):
            return None
        return Anew(old, new)

    def leaves(self) -> bool:
        """Whether what is coded of it is in no further release."""
        return self.pair.old is not None and (self.pair.new is None or self.changes_unit)

    def decision(self, ruling: Ruling) -> Decision | None:
        """How what is coded goes on, as far as it can."""
        old, new = self.pair.old, self.pair.new
        if old is None or new is None or not self.touches(ruling) or self.changes_unit:
            return None
        if old.is_computed or new.is_computed:
            return None
        kind = self.ruled(ruling)
        recode = kind == Kind.REPLACED if ruling.recode is None else ruling.recode
        codes = _proposed_codes(old, new, kind) | dict(ruling.codes)
        reason = ruling.reason.strip() or "as proposed"
        return Decision(old, new, str(kind), reason, codes, recode)

    def faults(self, ruling: Ruling) -> Iterator[str]:
        """What keeps a ruling from being taken, one sentence each."""
        if ruling.kind and ruling.kind not in self.choices:
            could = ", ".join(self.choices)
            yield f"{self.name} cannot be {ruling.kind}: it is {could}."
        elif ruling.kind and ruling.kind != self.kind and not ruling.reason.strip():
            yield f"Say why {self.name} is {ruling.kind} and not {self.kind}."
        if self.pair.old and self.pair.new:
            yield from _code_faults(self.name, self.pair.old, self.pair.new, ruling)

    def unconfirmed(self, ruling: Ruling) -> Iterator[str]:
        """What still has to be typed."""
        if self.is_destructive(ruling) and ruling.typed_name.strip() != self.name:
            kind = self.ruled(ruling)
            yield f"Type the name {self.name} to confirm that it is {kind}."


def _code_faults(name: str, old: Entry, new: Entry, ruling: Ruling) -> Iterator[str]:
    before, after = codes_of(old), codes_of(new)
    for code, target in ruling.codes.items():
        if code not in before:
            yield f"{name}: {code} is no code of the published version."
        elif target is not None and target not in after:
            yield f"{name}: {target} is no code of the draft, so {code} cannot become it."


def codes_of(entry: Entry) -> list[str]:
    """The codes that an answer can have, in the order of the codebook."""
    return list(entry.domain.categories)


def _proposed_codes(old: Entry, new: Entry, kind: Kind) -> dict[str, str | None]:
    """Merged codes go where only one can be meant; others that are gone are coded again."""
    gone = [c for c in old.variable.codes if c not in new.variable.codes]
    fresh = [c for c in new.variable.codes if c not in old.variable.codes]
    one_is_meant = kind in (Kind.MERGED, Kind.RESCALED) and len(fresh) == 1
    only = fresh[0] if one_is_meant else None
    return dict.fromkeys(gone, only)


def proposals(draft: Codebook) -> list[Proposal]:
    """Every changed entry of a draft with what the software proposes for it."""
    before = codebooks.current(draft.project)
    if before is None:
        return []
    pairs = changes.compare(before, draft)
    back = _brought_back(draft)
    for pair in pairs:
        if pair.new and pair.new.pk in back:
            pair.new.variable = back[pair.new.pk]
    return [Proposal(pair, _kind(pair)) for pair in pairs if pair.changes]


def _kind(pair: Pair) -> Kind:
    """The gravest of its changes: what destroys first, then what touches, then words."""
    kinds = [change.kind for change in pair.changes]
    touching = [kind for kind in kinds if kind not in changes.WORDS]
    touching.sort(key=lambda kind: kind not in changes.TOUCHING)
    destructive = [kind for kind in touching if kind in DESTRUCTIVE]
    return next(iter(destructive or touching or sorted(kinds, key=changes.WORDS.index)[::-1]))


def faults(
    draft: Codebook,
    rulings: Mapping[str, Ruling],
    *,
    confirmed: bool = False,
    there: list[Proposal] | None = None,
) -> dict[str, list[str]]:
    """By entry what keeps the draft from being published with these rulings."""
    found: dict[str, list[str]] = {}
    there = proposals(draft) if there is None else there
    for name in sorted(set(rulings) - {proposal.name for proposal in there}):
        found[name] = [f"{name} is no entry that changes."]
    for proposal in there:
        ruling = rulings.get(proposal.name, Ruling())
        said = [*proposal.faults(ruling), *(() if confirmed else proposal.unconfirmed(ruling))]
        if said:
            found[proposal.name] = said
    for name, fault in _reused_names(draft):
        found.setdefault(name, []).append(fault)
    return found


def stamp(draft: Codebook) -> str:
    """What a page remembers of the draft that it shows, and of the codebook that it follows."""
    before = codebooks.current(draft.project)
    rows = draft.entries.values_list("name", "variable", "variable__replaces").order_by("name")
    told = [before.pk if before else 0, codebooks.digest_of(draft), *map(list, rows)]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32]


def consequences(
    draft: Codebook, rulings: Mapping[str, Ruling], user: User | None = None
) -> list[Consequence]:
    """For each entry what would be carried, queued and moved, as far as this person may know.

    Nothing is written. Without a person it is for who runs the server, and counts all.
    """
    there = proposals(draft)
    return work.foresee(
        project=draft.project,
        seen=blind.cells_for(user) if user else blind.all_cells(draft.project),
        decisions=list(_decided(there, rulings)),
        added=[p.pair.new for p in there if p.is_asked_anew() and p.pair.new],
        retired=[p.pair.old for p in there if p.leaves() and p.pair.old],
    )


def compared_anew(
    draft: Codebook, rulings: Mapping[str, Ruling], user: User | None = None
) -> list[Compared]:
    """For each entry that compares otherwise, which disputes it closes and which cells it opens.

    Nothing is written. As far as this person may know; without a person, of all cells.
    """
    seen = blind.cells_told(user) if user else blind.all_cells(draft.project)
    return work.foresee_compared(seen=seen, anew=_anew(proposals(draft), rulings))


def _anew(there: Iterable[Proposal], rulings: Mapping[str, Ruling]) -> list[Anew]:
    found = (p.anew(rulings.get(p.name, Ruling())) for p in there)
    return [anew for anew in found if anew]


@transaction.atomic
def publish(
    *,
    draft: Codebook,
    by: User | None,
    rulings: Mapping[str, Ruling],
    confirmed: bool = False,
    seen: str | None = None,
    note: str | None = None,
) -> list[Consequence]:
    """Publish a draft and take the project over to it, in one transaction.

    Destructive changes need the variable's name typed, unless `confirmed` says that a person
    at a command line asked for them. With `seen`, the stamp of the draft that was looked at, a
    draft that somebody changed since is not published. `note` tells coders what changed.
    """
    draft = _held(draft, seen)
    if note is not None and note != draft.note:
        draft.note = note
        draft.save()
    before = codebooks.current(draft.project)
    if before and codebooks.digest_of(draft) == before.digest:
        raise Refused("The draft says what the published codebook says: there is nothing new.")
    there = proposals(draft)
    if found := faults(draft, rulings, confirmed=confirmed, there=there):
        _refuse(found)
    _give_back_meanings(draft)
    if _give_new_meanings(there, rulings):
        there = proposals(draft)
    decisions = list(_decided(there, rulings))
    added = [p.pair.new for p in there if p.is_asked_anew() and p.pair.new]
    anew = _anew(there, rulings)
    computed = bool(computed_anew(draft, there, rulings))
    book = codebooks.publish(codebook=draft, by=by)
    if before is None:
        return []
    # Read again, so that everything is written with the published codebook in hand.
    entries = {e.pk: e for e in codebooks.entries(book)}
    return work.follow_codebook(
        codebook=book,
        decisions=[_with(entries, decision) for decision in decisions],
        added=[entries[entry.pk] for entry in added],
        anew=[Anew(each.old, entries[each.new.pk]) for each in anew],
        computed=computed,
        by=by,
    )


def _with(entries: Mapping[int, Entry], decision: Decision) -> Decision:
    new = entries[decision.new.pk]
    return Decision(
        decision.old, new, decision.kind, decision.reason, decision.codes, decision.recode
    )


def _held(draft: Codebook, seen: str | None) -> Codebook:
    """The draft, held until it is published. Refuses what is no longer what the curator saw."""
    held = Codebook.objects.select_for_update(of=("self",)).filter(pk=draft.pk).first()
    if held is None:
        raise Overtaken("Somebody replaced this draft meanwhile: look at the new one.")
    if held.published_at:
        who = f" by {held.published_by}" if held.published_by else ""
        raise Refused(f"Codebook {held.number} was published meanwhile{who}. Nothing was changed.")
    if seen is not None and stamp(held) != seen:
        raise Overtaken("Somebody changed this draft since the page was drawn: look at it again.")
    return held


def _refuse(found: Mapping[str, Iterable[str]]) -> None:
    lines = [line for said in found.values() for line in said]
    raise Refused(lines[0] if len(lines) == 1 else " ".join(lines))


def _give_new_meanings(there: Iterable[Proposal], rulings: Mapping[str, Ruling]) -> bool:
    """Where a curator says that new words mean something else, it is another variable."""
    found = False
    for proposal in there:
        entry = proposal.pair.new
        ruling = rulings.get(proposal.name, Ruling())
        if entry is None or not proposal.touches(ruling) or proposal.pair.is_new_variable:
            continue
        if proposal.pair.old is None:
            continue
        before = entry.variable
        variable = Variable.objects.get(pk=before.pk)
        variable.pk, variable.replaces = None, before
        variable._state.adding = True
        variable.save()
        entry.variable = variable
        entry.save()
        found = True
    return found


def _decided(there: Iterable[Proposal], rulings: Mapping[str, Ruling]) -> Iterator[Decision]:
    for proposal in there:
        ruling = rulings.get(proposal.name, Ruling())
        decision = proposal.decision(ruling)
        if decision:
            yield decision


def computed_anew(
    draft: Codebook, there: Iterable[Proposal], rulings: Mapping[str, Ruling]
) -> list[str]:
    """Computed entries whose cells may change: their rule is new, or what they read is touched."""
    fresh = set()
    for proposal in there:
        old, new = proposal.pair.old, proposal.pair.new
        if new is None:
            continue
        rule_changed = bool(new.derive) and (old is None or old.derive != new.derive)
        if rule_changed or old is None or proposal.touches(rulings.get(proposal.name, Ruling())):
            fresh.add(new.name)
    derived = {e.name: expressions.words(e.derive) for e in codebooks.entries(draft) if e.derive}
    while more := {n for n, words in derived.items() if words & fresh} - fresh:
        fresh |= more
    return [name for name in derived if name in fresh]


# ------------------------------------------------------------------ names


def _reused_names(draft: Codebook) -> Iterator[tuple[str, str]]:
    """A name that once stood for another variable would make old and new releases clash."""
    meant = _names_ever_used(draft.project, draft)
    back = _brought_back(draft)
    for entry in draft.entries.select_related("variable"):
        known = meant.get(entry.name, set())
        is_known = not known or entry.variable_id in known or entry.pk in back
        if not is_known and not known & ancestry(entry.variable):
            yield (
                entry.name,
                f"The name {entry.name} stood for another variable before: choose a new one.",
            )


MEANING = (
    "unit",
    "kind",
    "measure",
    "unit_of_measurement",
    "minimum",
    "maximum",
    "pattern",
    "codes",
    "exclusive",
    "reference",
    "roster_of",
)


def _brought_back(draft: Codebook) -> dict[int, Variable]:
    """Entries that were dropped once and come back with the same question and meaning: what was
    coded of them speaks for them again. By entry the variable that they had.
    """
    before = codebooks.current(draft.project)
    there = {e.variable_id for e in codebooks.entries(before)} if before else set()
    added = draft.entries.exclude(variable__in=there).filter(variable__replaces=None)
    fresh = {e.name: e for e in added.select_related("variable")}
    if not fresh:
        return {}
    earlier = Entry.objects.filter(codebook__project=draft.project, name__in=fresh)
    published = earlier.exclude(codebook=draft).select_related("variable__unit")
    newest = {e.name: e for e in published.order_by("codebook__number")}
    return {
        fresh[name].pk: old.variable
        for name, old in newest.items()
        if old.variable_id not in there
        and old.variable_id != fresh[name].variable_id
        and old.question == fresh[name].question
        and _means_the_same(old.variable, fresh[name].variable)
    }


def _means_the_same(old: Variable, new: Variable) -> bool:
    return all(getattr(old, part) == getattr(new, part) for part in MEANING)


def _give_back_meanings(draft: Codebook) -> None:
    entries = {entry.pk: entry for entry in draft.entries.all()}
    for pk, variable in _brought_back(draft).items():
        entries[pk].variable = variable
        entries[pk].save()


def _names_ever_used(project: Project, draft: Codebook) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    published = Entry.objects.filter(codebook__project=project).exclude(codebook=draft)
    for name, variable in published.values_list("name", "variable"):
        found.setdefault(name, set()).add(variable)
    return found
