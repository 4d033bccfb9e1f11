"""Publishing a draft: each change with its proposal, the curator's rulings, what would follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse

from coding import access, blind, changes, codebooks, publishing, training
from coding.changes import Kind
from coding.errors import Overtaken, Refused
from coding.models import Codebook, Entry
from coding.publishing import Proposal, Ruling
from coding.reading.comparison import Compared, Comparison
from coding.reading.comparison import compare as compared
from coding.work import Compared as Anew
from coding.work import Consequence, Decision

AGAIN = ""  # as the target of a code: its cells are coded again
RECODE, CARRY = "recode", "carry"


class Target(NamedTuple):
    """What a code can become."""

    code: str
    label: str
    chosen: bool


class Row(NamedTuple):
    """A code of the published version, how many cells hold it, and what becomes of it."""

    code: str
    label: str
    cells: int
    targets: list[Target]
    goes_on: bool


@dataclass(frozen=True)
class Card:
    """One changed entry as the curator reads it and rules on it."""

    proposal: Proposal
    ruling: Ruling
    consequence: Consequence | None
    compared: Compared
    faults: list[str] = field(default_factory=list)
    anew: Anew | None = None

    @property
    def name(self) -> str:
        return self.proposal.name

    @property
    def kind(self) -> Kind:
        return self.proposal.ruled(self.ruling)

    @property
    def choices(self) -> tuple[Kind, ...]:
        return self.proposal.choices if len(self.proposal.choices) > 1 else ()

    @property
    def is_overruled(self) -> bool:
        return self.kind != self.proposal.kind

    @property
    def touches(self) -> bool:
        return self.kind not in changes.WORDS

    @property
    def is_destructive(self) -> bool:
        return self.proposal.is_destructive(self.ruling)

    @cached_property
    def decision(self) -> Decision | None:
        return self.proposal.decision(self.ruling)

    @property
    def recode(self) -> bool:
        return bool(self.decision and self.decision.recode)

    @cached_property
    def rows(self) -> list[Row]:
        """The codes of the published version, where its answers are codes."""
        decision = self.decision
        if decision is None or decision.recode:
            return []
        after = [(code, decision.new.domain.categories[code]) for code in _codes(decision.new)]
        return [self._row(code, after) for code in _codes(decision.old)]

    def _row(self, code: str, after: list[tuple[str, str]]) -> Row:
        assert self.decision
        known = [each for each, _ in after]
        chosen = self.decision.codes.get(code, code if code in known else None)
        targets = [Target(each, label, each == chosen) for each, label in after]
        label = self.decision.old.domain.categories[code]
        goes_on = code in known and chosen == code
        return Row(code, label, self._held.get(code, 0), targets, goes_on)

    @cached_property
    def _held(self) -> dict[str, int]:
        """How many cells hold each code."""
        found: dict[str, int] = {}
        told = self.consequence or Consequence("")
        for text, count in [
            *((text, n) for (text, _), n in told.becomes.items()),
            *told.by_value.items(),
        ]:
            for code in set(text.split(";")):
                found[code] = found.get(code, 0) + count
        return found

    @property
    def changed_rows(self) -> list[Row]:
        return [row for row in self.rows if not row.goes_on]

    @property
    def kept_rows(self) -> list[Row]:
        return [row for row in self.rows if row.goes_on]


def _codes(entry: Entry) -> list[str]:
    return publishing.codes_of(entry)


@dataclass(frozen=True)
class Plan:
    """The whole page: a draft with the rulings so far and what would follow from them."""

    draft: Codebook
    comparison: Comparison | None
    cards: list[Card]
    lapses: training.Lapses
    unseen: int

    @property
    def touching(self) -> list[Card]:
        """What needs a look, the gravest first."""
        order = {True: 0, False: 1}
        found = [card for card in self.cards if card.touches]
        return sorted(found, key=lambda card: (order[card.is_destructive], card.kind == Kind.ADDED))

    @property
    def wording(self) -> list[Card]:
        return [card for card in self.cards if not card.touches]

    @property
    def faults(self) -> list[tuple[str, str]]:
        return [(card.name, fault) for card in self.cards for fault in card.faults]

    @property
    def totals(self) -> dict[str, int]:
        told = [card.consequence for card in self.cards if card.consequence]
        names = ("cells", "carried", "queued", "sheets", "unassigned", "open_sheets")
        return {name: sum(getattr(each, name) for each in told) for name in names}

    @property
    def anew(self) -> list[Anew]:
        return [card.anew for card in self.cards if card.anew]

    @property
    def closed(self) -> int:
        """Disputes that are closed by comparing anew."""
        return sum(len(each.closed) for each in self.anew)

    @property
    def opened(self) -> int:
        """Cells that comparing anew makes a dispute."""
        return sum(len(each.opened) for each in self.anew)


@login_required
def publish(request: HttpRequest, slug: str) -> HttpResponse:
    """What would follow is shown first, and again whenever a ruling changes; then it is done."""
    assert isinstance(request.user, User)
    member = access.member_or_404(request.user, slug, *access.CURATORS)
    draft = member.project.codebooks.filter(published_at=None).first()
    if draft is None:
        raise _nothing_to_publish(slug)
    rulings = _rulings(request.POST, publishing.proposals(draft))
    if request.POST.get("act") != "publish":
        return _page(request, draft, rulings)
    found = publishing.faults(draft, rulings)
    if found and request.POST.get("stamp") == publishing.stamp(draft):
        return _page(request, draft, rulings, faults=found, status=422)
    try:
        publishing.publish(
            draft=draft,
            by=request.user,
            rulings=rulings,
            seen=request.POST.get("stamp", ""),
            note=request.POST.get("note", "").strip(),
        )
    except Overtaken as no:
        return _page(request, draft, rulings, no=no.reason, status=409)
    messages.success(request, f"Codebook {draft.number} is published. It cannot change any more.")
    return redirect("coding:recoding", slug, draft.number)


def _nothing_to_publish(slug: str) -> Refused:
    reason = "There is no draft to publish. If there was one, somebody has published it meanwhile."
    return Refused(reason, [("The codebook", reverse("coding:codebook", args=[slug]))])


def _rulings(posted: QueryDict, there: list[Proposal]) -> dict[str, Ruling]:
    """What the form says of each entry; what it does not say is as proposed."""
    if not posted:
        return {}
    return {proposal.name: _ruling(posted, proposal) for proposal in there}


def _ruling(posted: QueryDict, proposal: Proposal) -> Ruling:
    name = proposal.name
    said = {part: posted.get(f"{part}.{name}", "") for part in ("kind", "drawn", "take")}
    ruling = Ruling(
        kind=said["kind"],
        reason=posted.get(f"reason.{name}", "").strip(),
        typed_name=posted.get(f"typed.{name}", ""),
    )
    # What was drawn for another kind is no answer to this one.
    if said["drawn"] != proposal.ruled(ruling) or not said["take"]:
        return ruling
    lead = f"code.{name}."
    told = ((key.removeprefix(lead), str(posted[key])) for key in posted if key.startswith(lead))
    codes = {code: target or None for code, target in told}
    recode = said["take"] == RECODE
    return Ruling(ruling.kind, ruling.reason, codes, recode, ruling.typed_name)


def _page(
    request: HttpRequest,
    draft: Codebook,
    rulings: Mapping[str, Ruling],
    *,
    faults: Mapping[str, list[str]] | None = None,
    no: str = "",
    status: int = 200,
) -> HttpResponse:
    assert isinstance(request.user, User)
    context = {
        "project": draft.project,
        "draft": draft,
        "plan": plan(draft, rulings, request.user, faults or {}),
        "stamp": publishing.stamp(draft),
        "note": request.POST.get("note", draft.note),
        "no": no,
    }
    return render(request, "coding/publish.html", context, status=status)


def plan(
    draft: Codebook, rulings: Mapping[str, Ruling], user: User, faults: Mapping[str, list[str]]
) -> Plan:
    """The page's content, as far as this curator may know."""
    before = codebooks.current(draft.project)
    there = publishing.proposals(draft)
    told = {each.name: each for each in publishing.consequences(draft, rulings, user)}
    anew = {each.anew.name: each for each in publishing.compared_anew(draft, rulings, user)}
    cards = [
        Card(
            proposal,
            rulings.get(proposal.name, Ruling()),
            told.get(proposal.name),
            Compared(proposal.pair),
            list(faults.get(proposal.name, ())),
            anew.get(proposal.name),
        )
        for proposal in there
    ]
    touched = [
        card.proposal.pair.old.variable_id
        for card in cards
        if card.proposal.pair.old and (card.decision or card.proposal.leaves())
    ]
    return Plan(
        draft,
        compared(before, draft) if before else None,
        cards,
        training.lapses(touched),
        blind.opened_and_being_coded(user, draft.project),
    )
