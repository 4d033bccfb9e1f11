"""Publishing a codebook: what would happen, what the curator decides, and the act itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.contrib.auth.models import User
from django.db import transaction

from coding import changes, codebooks, work
from coding.changes import Kind, Pair
from coding.errors import Refused
from coding.models import Codebook, Entry, Project
from coding.work import Consequence, Decision

DESTRUCTIVE = (Kind.RETIRED, Kind.NARROWED, Kind.SPLIT, Kind.REPLACED)


@dataclass(frozen=True)
class Ruling:
    """What a curator says of one changed variable, where the proposal is not what is wanted."""

    kind: str = ""
    reason: str = ""
    codes: Mapping[str, str | None] = field(default_factory=dict)
    recode: bool | None = None
    typed_name: str = ""


@dataclass(frozen=True)
class Proposal:
    """A pair of entries, the kind of its change, and how its values would be taken over."""

    pair: Pair
    kind: Kind
    decision: Decision | None

    @property
    def name(self) -> str:
        return self.pair.name

    @property
    def is_destructive(self) -> bool:
        """Whether the variable's name has to be typed before it goes through."""
        return self.kind in DESTRUCTIVE


def proposals(draft: Codebook) -> list[Proposal]:
    """Every changed entry of a draft with what the software proposes for it."""
    before = codebooks.current(draft.project)
    if before is None:
        return []
    changed = [pair for pair in changes.compare(before, draft) if pair.changes]
    return [_proposal(pair) for pair in changed]


def _proposal(pair: Pair) -> Proposal:
    kind = next((c.kind for c in pair.changes if c.kind not in changes.WORDS), None)
    if pair.is_new_variable and pair.old and pair.new and kind:
        return Proposal(pair, kind, _decision(pair.old, pair.new, kind, Ruling()))
    return Proposal(pair, kind or pair.changes[0].kind, None)


def _decision(old: Entry, new: Entry, kind: Kind, ruling: Ruling) -> Decision:
    final = Kind(ruling.kind) if ruling.kind else kind
    recode = final == Kind.REPLACED if ruling.recode is None else ruling.recode
    codes = dict(_proposed_codes(old, new, final)) | dict(ruling.codes)
    reason = ruling.reason or "as proposed"
    return Decision(old, new, str(final), reason, codes, recode)


def _proposed_codes(old: Entry, new: Entry, kind: Kind) -> dict[str, str | None]:
    """Merged codes go where only one can be meant; others that are gone are coded again."""
    gone = [c for c in old.variable.codes if c not in new.variable.codes]
    fresh = [c for c in new.variable.codes if c not in old.variable.codes]
    only = fresh[0] if kind == Kind.MERGED and len(fresh) == 1 else None
    return dict.fromkeys(gone, only)


def decided(draft: Codebook, rulings: Mapping[str, Ruling]) -> list[Decision]:
    """The decisions of a publication: proposals, as confirmed or overruled by the curator."""
    found = []
    for proposal in proposals(draft):
        ruling = rulings.get(proposal.name, Ruling())
        if ruling.kind and ruling.kind != proposal.kind and not ruling.reason.strip():
            raise Refused(f"Say why {proposal.name} is {ruling.kind} and not {proposal.kind}.")
        if proposal.decision:
            old, new = proposal.decision.old, proposal.decision.new
            found.append(_decision(old, new, proposal.kind, ruling))
    return found


def consequences(draft: Codebook, rulings: Mapping[str, Ruling]) -> list[Consequence]:
    """Counts of what would be carried, queued and moved: nothing is written."""
    return [work.consequence(decision=decision) for decision in decided(draft, rulings)]


@transaction.atomic
def publish(
    *, draft: Codebook, by: User, rulings: Mapping[str, Ruling], confirmed: bool = False
) -> list[Consequence]:
    """Publish a draft and take the project over to it, in one transaction.

    Destructive changes need the variable's name typed, unless `confirmed` says that a person
    at a command line asked for them.
    """
    before = codebooks.current(draft.project)
    _refuse_reused_names(draft)
    for proposal in proposals(draft) if not confirmed else []:
        typed = rulings.get(proposal.name, Ruling()).typed_name.strip()
        if proposal.is_destructive and typed != proposal.name:
            raise Refused(f"Type the name {proposal.name} to confirm that it is {proposal.kind}.")
    decisions = decided(draft, rulings)
    added = [p.pair.new for p in proposals(draft) if p.kind == Kind.ADDED and p.pair.new]
    book = codebooks.publish(codebook=draft, by=by)
    if before is None:
        return []
    return work.follow_codebook(
        before=before,
        codebook=book,
        decisions=decisions,
        added=[e for e in added if not e.is_computed],
        by=by,
    )


def _refuse_reused_names(draft: Codebook) -> None:
    """A name that once stood for another variable would make old and new releases clash."""
    meant = _names_ever_used(draft.project, draft)
    for entry in codebooks.entries(draft):
        known = meant.get(entry.name, set())
        if known and not known & _ancestors(entry):
            raise Refused(
                f"The name {entry.name} stood for another variable before: choose a new one."
            )


def _names_ever_used(project: Project, draft: Codebook) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    published = Entry.objects.filter(codebook__project=project).exclude(codebook=draft)
    for name, variable in published.values_list("name", "variable"):
        found.setdefault(name, set()).add(variable)
    return found


def _ancestors(entry: Entry) -> set[int]:
    """The entry's variable and all that it replaces, step by step."""
    found, variable = set(), entry.variable
    while variable is not None and variable.pk not in found:
        found.add(variable.pk)
        variable = variable.replaces  # type: ignore[assignment]
    return found
