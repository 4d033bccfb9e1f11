"""Disputes: the queue, the side-by-side page of a case, and the rulings made there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from coding import access, blind, claims, work
from coding.claims import Held
from coding.discussion import NONE, Talk, Thread
from coding.disputes import Queue
from coding.errors import Refused
from coding.evidence import GROUPS, Dossier, Evidence, Passage, Relative, Ruling
from coding.filters import Asked
from coding.models import Coding, Entry, SavedView, Source, Unit
from coding.places import Place
from coding.precedents import NEAREST, Known
from coding.rulings import ACTS, FIRST, MOVE, SETTLE, VERIFY, RulingForm
from coding.views.writing import is_fetch, writes


@login_required
def disputes(request: HttpRequest, slug: str) -> HttpResponse:
    """What is open in the project, case by case."""
    assert isinstance(request.user, User)
    member = access.settler_or_404(request.user, slug)
    queue = Queue(request.user, member.project, Asked.of(request.GET))
    page = queue.page(request.GET.get("page"))
    context = {
        "project": member.project,
        "queue": queue,
        "asked": queue.asked,
        "page": page,
        "rows": queue.rows(page),
        "columns": queue.asked.columns,
        "views": SavedView.objects.filter(member=member),
        "may_reopen": member.role in access.CURATORS,
        "may_correct": member.role in access.ADJUDICATORS,
    }
    return render(request, "coding/disputes.html", context)


@login_required
def dispute(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything that was said of one case, side by side, with the rules and earlier rulings."""
    desk = Desk(request, pk)
    desk.claim()
    return desk.page()


def settle(request: HttpRequest, pk: int, cell: int) -> HttpResponse:
    """Where rulings are posted; whoever loads the page again after an error is led back."""
    if request.method == "POST":
        return rule(request, pk, cell)
    return redirect(f"{reverse('coding:dispute', args=[pk])}#c-{cell}")


@writes
def rule(request: HttpRequest, pk: int, cell: int) -> HttpResponse:
    """Settle a cell, leave it unresolved or verify it: each cell is saved on its own."""
    desk = Desk(request, pk, only=cell if is_fetch(request) else None)
    found = desk.dossier.row(cell)
    if found is None:
        raise Http404
    act = request.POST.get("act", SETTLE)
    form = RulingForm(
        request.POST,
        evidence=desk.dossier.cell(found.pk),
        act=act if act in ACTS else SETTLE,
        entries=desk.rules,
    )
    if not form.is_valid():
        return desk.again(cell, form, status=422)
    said = form.cleaned_data
    try:
        if act == VERIFY:
            work.verify(cell=found, by=desk.user, seen=said["seen"])
        elif act == FIRST:
            work.answer_first(cell=found, text=said["ruling"], by=desk.user)
        elif act == MOVE:
            desk.move(found, form)
        else:
            work.settle(
                cell=found,
                entry=form.evidence.entry,
                text=said["ruling"],
                cause=said["cause"],
                reason=said["reason"],
                by=desk.user,
                seen=said["seen"],
                rule=said["rule"],
                sources=desk.sources(said["grounds"]),
            )
    except Refused as no:
        return Desk(request, pk).again(cell, form, status=409, refusal=no.reason)
    desk.dossier.look_again()
    desk.barred = ""  # or it would have been refused
    return desk.done(cell)


@dataclass(frozen=True)
class Item:
    """A cell as it stands on the page: its evidence, its form and what was said against it."""

    evidence: Evidence
    form: RulingForm
    rulings: list[Ruling] = field(default_factory=list)
    refusal: str = ""
    thread: Thread = NONE

    @property
    def shown_precedents(self) -> tuple[Known, ...]:
        """The nearest, and none that is left out though coders differed alike there."""
        alike = sum(known.is_alike for known in self.evidence.nearest)
        return self.evidence.nearest[: max(alike, NEAREST)]

    @property
    def more_precedents(self) -> int:
        return len(self.evidence.nearest) - len(self.shown_precedents)

    @property
    def is_pressed(self) -> bool:
        """Something was wrong with what was typed here: it stands open."""
        return bool(self.refusal) or self.form.is_bound


class Desk:
    """One case before one adjudicator: what the page and the answers to its forms show."""

    def __init__(self, request: HttpRequest, pk: int, *, only: int | None = None) -> None:
        assert isinstance(request.user, User)
        self.request, self.user = request, request.user
        self.case, member = access.case_to_settle_or_404(self.user, pk)
        request.project, request.member = member.project, member  # type: ignore[attr-defined]
        self.role = member.role
        asked = self.case.unit.project.blind_first
        self.dossier = Dossier(self.user, self.case, answers_first=asked, only=only)
        self.asked = Asked.of(request.GET)
        show = request.GET.get("show", "")
        self.show = show if show in GROUPS else ""

    @cached_property
    def barred(self) -> str:
        return work.barred(self.case, self.user)

    def claim(self) -> None:
        """Who opens a case to settle it has it for a while, unless somebody else has."""
        lasts = self.held and (not self.held.mine or self.held.lasts)
        if self.dossier.of("open") and not self.barred and not lasts:
            work.claim(case=self.case, by=self.user)
            del self.held

    @cached_property
    def held(self) -> Held | None:
        """Who settles this case now; nothing of it where there is nothing to settle, or where a
        second look is all that is left: a claim keeps nobody from that."""
        if all(evidence.round.cast for evidence in self.dossier.of("open")):
            return None
        family = self.case.family_id
        return claims.held(self.user, self.case.unit.project, [family]).get(family)

    @cached_property
    def place(self) -> Place:
        return Place(Queue(self.user, self.case.unit.project, self.asked), self.case)

    @property
    def open_disputes(self) -> int:
        """How many are open in the project, whatever was asked for."""
        if not self.asked.query:
            return self.place.disputes
        return blind.disputes_for(self.user, self.case.unit.project).count()

    @property
    def address(self) -> str:
        return reverse("coding:dispute", args=[self.case.pk])

    @property
    def suffix(self) -> str:
        """What keeps the queue's filters from case to case."""
        return f"?{self.asked.query}" if self.asked.query else ""

    @property
    def near(self) -> list[Relative]:
        """The family's cases that ask for a look: this one, the root and those with disputes."""
        here = (self.case.pk, self.case.family_id)
        return [r for r in self.dossier.family if r.open or r.case.pk in here]

    @property
    def far(self) -> list[Relative]:
        near = {relative.case.pk for relative in self.near}
        return [r for r in self.dossier.family if r.case.pk not in near]

    @property
    def unkeyed(self) -> list[tuple[int, Unit]]:
        """The units whose rows coders number on their own, each with the case that they are of."""
        found = [r.case for r in self.dossier.family if r.case.unit.rows == Unit.Rows.NUMBERED]
        return sorted({(c.parent_id or 0, c.unit) for c in found}, key=lambda pair: pair[0])

    @property
    def needs_states(self) -> bool:
        return any(evidence.takes_states for evidence in self.dossier.cells)

    @property
    def rules(self) -> list[Entry]:
        """The entries whose rules may decide a cell here: those of the whole family."""
        return list(self.dossier.entries.values())

    @property
    def may_mark(self) -> bool:
        """Precedents are for adjudicators and curators to mark."""
        return self.role in access.ADJUDICATORS and not self.barred

    @property
    def may_pass_by(self) -> bool:
        """An adjudicator who coded the case may settle it with a reason that is printed."""
        return self.role in access.ADJUDICATORS and self.barred == work.CODED

    @property
    def may_propose(self) -> bool:
        return self.role in access.ADJUDICATORS

    @cached_property
    def threads(self) -> Mapping[int, Thread]:
        """What was said of each cell."""
        talk = Talk(self.user, self.case.unit.project, self.role)
        only, cells = self.dossier.only, self.dossier.cells
        wanted = [only] if only else [evidence.pk for evidence in cells]
        return talk.threads(self.case, wanted, self.dossier.letters)

    @property
    def may_move(self) -> bool:
        """Coders of the case reconcile its disputes by discussion."""
        project = self.case.unit.project
        return project.reconcile_by_discussion and not self.barred and self.has_coded

    @cached_property
    def has_coded(self) -> bool:
        own = Coding.objects.standing().of_family(self.case.family_id).of(self.user)
        return own.exists()

    def move(self, cell: Any, form: RulingForm) -> None:
        """Take another position; what is wrong with it is told as a refusal."""
        said = form.cleaned_data
        work.move_to(
            cell=cell,
            entry=form.evidence.entry,
            text=said["ruling"],
            cause=said["cause"],
            reason=said["reason"],
            by=self.user,
        )
        self.__dict__.pop("threads", None)

    def sources(self, passages: Sequence[Passage]) -> list[work.Place]:
        """The sources of these passages, each with the place in it."""
        found = Source.objects.in_bulk([p.key for p in passages]) if passages else {}
        return [work.Place(found[p.key], p.locator, p.quote) for p in passages]

    def item(self, evidence: Evidence) -> Item:
        rulings = self.dossier.rulings.get(evidence.entry.variable_id, [])
        form = RulingForm(evidence=evidence)
        return Item(evidence, form, rulings, thread=self.threads[evidence.pk])

    def page(self, pressed: Item | None = None, status: int = 200) -> HttpResponse:
        """The whole page; with the item that something is wrong with in its place."""
        items = [self.item(evidence) for evidence in self.dossier.cells]
        if pressed:
            items = [pressed if i.evidence.pk == pressed.evidence.pk else i for i in items]
        groups = [
            (name, label, [i for i in items if i.evidence.group == name])
            for name, label in GROUPS.items()
            if self.show in ("", name)
        ]
        context = self._context() | {"groups": groups, "pressed": pressed}
        return render(self.request, "coding/dispute.html", context, status=status)

    def again(self, cell: int, form: RulingForm, *, status: int, refusal: str = "") -> HttpResponse:
        """What was typed, with what was wrong with it, beside the cell as it now stands."""
        self.dossier.look_again()
        evidence = self.dossier.cell(cell)
        form.evidence = evidence
        rulings = self.dossier.rulings.get(evidence.entry.variable_id, [])
        item = Item(evidence, form, rulings, refusal, self.threads[cell])
        if not is_fetch(self.request):
            return self.page(item, status)
        context = self._context() | {"item": item}
        return render(self.request, "coding/_cell.html", context, status=status)

    def done(self, cell: int) -> HttpResponse:
        """The cell as it now stands, and what changed with it."""
        evidence = self.dossier.cell(cell)
        if not is_fetch(self.request):
            messages.success(self.request, f"{evidence.entry.label}: {evidence.outcome}.")
            if "review" in self.request.GET:
                return redirect(self._review())
            query = self.request.GET.urlencode()
            to = f"{self.address}{'?' if query else ''}{query}#c-{cell}"
            return HttpResponse(status=303, headers={"Location": to})
        changed = [evidence, *self.dossier.of("computed")]
        context = self._context() | {
            "items": [
                Item(e, RulingForm(evidence=e), thread=self.threads.get(e.pk, NONE))
                for e in changed
            ],
            "total": self.open_disputes,
        }
        return render(self.request, "coding/_ruled.html", context)

    def _review(self) -> str:
        """Whoever ruled within a review goes on with its next cell."""
        number, place = (self.request.GET.get(name, "") for name in ("review", "place"))
        if not number.isdecimal():
            raise Http404
        page = reverse("coding:next-cell", args=[self.case.unit.project.slug, int(number)])
        return f"{page}?after={place}"

    def _context(self) -> dict[str, object]:
        return {
            "project": self.case.unit.project,
            "case": self.case,
            "desk": self,
            "counts": [(name, GROUPS[name], n) for name, n in self.dossier.counts.items()],
            "causes": work.CAUSES,
        }
