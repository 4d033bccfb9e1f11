"""Assigning by design: looked at first, then done in one act; and what follows when one leaves."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count, Q, QuerySet

from coding import blind, codebooks, designs, work
from coding.designs import Dealt, Slot
from coding.errors import Refused
from coding.models import Case, Coding, Design, Member, Project, Unit

Kind = Design.Kind
SHARED = (Kind.OVERLAP, Kind.CORE, Kind.SECOND)  # of these, a share is double-coded
FEWEST = {Kind.ADAPTIVE: 3, Kind.SECOND: 1}  # coders; of the others, two
PERIOD = "period"
MOST_STRATA = 40


@dataclass(frozen=True)
class Wish:
    """What a curator asks for."""

    kind: str
    unit: Unit
    coders: tuple[Member, ...]
    seed: str
    percent: float = 0.0
    core: int = 0
    fact: str = ""
    note: str = ""

    @property
    def parameters(self) -> dict[str, Any]:
        """As the design keeps them: coders by pseudonym, and only what its kind asks for."""
        found: dict[str, Any] = {
            "unit": self.unit.name,
            "coders": sorted(member.pseudonym for member in self.coders),
        }
        if self.kind in SHARED:
            found["percent"] = self.percent
        if self.kind == Kind.CORE:
            found |= {"core": self.core, "fact": self.fact}
        return found


@dataclass(frozen=True)
class Preview:
    """What a design would put on the worklists, before anything is written."""

    wish: Wish
    slots: list[Slot]
    dealt: Dealt

    @property
    def digest(self) -> str:
        return self.dealt.digest

    @property
    def loads(self) -> list[tuple[Member, int]]:
        """How many sheets each coder gets."""
        loads = self.dealt.loads
        return [(member, loads[member.pseudonym]) for member in self.wish.coders]

    @cached_property
    def names(self) -> dict[str, Member]:
        return {member.pseudonym: member for member in self.wish.coders}

    @cached_property
    def pairs(self) -> list[tuple[str, str, int]]:
        """How many cases each two coders share. Who coded before is not named here."""
        named = {alias: member.user.get_username() for alias, member in self.names.items()}
        return [
            (named[one], named[other], count)
            for (one, other), count in self.dealt.pairs.items()
            if one in named and other in named
        ]

    @cached_property
    def apart(self) -> list[list[str]]:
        """Groups of coders that no shared case connects; empty where all are connected."""
        named = {alias: member.user.get_username() for alias, member in self.names.items()}
        groups = [[named.get(c, "who coded before") for c in g] for g in self.dealt.components]
        return sorted(map(sorted, groups)) if len(groups) > 1 else []

    @property
    def percent(self) -> float:
        """The share of the assigned cases that two or more code."""
        return 100 * self.dealt.double / max(len(self.dealt.by_case), 1)

    @property
    def seeing(self) -> list[str]:
        """Coders who are curators, too: they see what the other coders do not."""
        curators = (m for m in self.wish.coders if m.role == Member.Role.CURATOR)
        return [member.user.get_username() for member in curators]

    def hours(self, minutes: float) -> float:
        """What it takes, at so many minutes a case."""
        return self.dealt.codings * minutes / 60


# ------------------------------------------------------------------ looking


def preview(project: Project, wish: Wish) -> Preview:
    """Draw the assignment. Raises Refused where there is nothing to draw."""
    codebooks.current_or_refused(project)
    fewest = FEWEST.get(Kind(wish.kind), 2)
    if len(wish.coders) < fewest:
        people = "1 coder" if fewest == 1 else f"{fewest} coders"
        raise Refused(f"This design needs {people} or more: choose further ones.")
    slots = slots_of(project, wish)
    if not slots:
        raise Refused(_nothing(wish))
    aliases = [member.pseudonym for member in wish.coders]
    return Preview(wish, slots, designs.deal(wish.kind, slots, aliases, wish.seed, wish.parameters))


def _nothing(wish: Wish) -> str:
    if wish.kind == Kind.SECOND:
        return f"No case of {wish.unit} is coded by one person alone: there is none to code again."
    return f"Every case of {wish.unit} is on somebody's worklist already: none is left to assign."


def slots_of(project: Project, wish: Wish) -> list[Slot]:
    """The cases that the design deals out, each with who must not code it."""
    aliases = dict(Member.objects.filter(project=project).values_list("user", "pseudonym"))
    barred, coders = _barred(project), _coders_of(project)
    single = wish.kind == Kind.SECOND
    found = []
    for pk, key, facts in _universe(wish.unit).values_list("pk", "key", "facts"):
        people = coders.get(pk, {})
        if single != bool(people) or (single and list(people.values()) != [True]):
            continue
        who = frozenset(aliases[user] for user in barred.get(pk, ()) if user in aliases)
        by = tuple(sorted(aliases[user] for user in people if user in aliases))
        found.append(Slot(key, stratum(facts, wish.fact), by, who))
    return found


def _universe(unit: Unit) -> QuerySet[Case]:
    cases = Case.objects.filter(unit=unit, in_universe=True, superseded_by=None, parent=None)
    return cases.order_by("key")


def left_to_code(unit: Unit) -> int:
    """How many cases nobody codes yet; where none is left, how many there are."""
    coders, cases = _coders_of(unit.project), list(_universe(unit).values_list("pk", flat=True))
    return sum(pk not in coders for pk in cases) or len(cases)


def _coders_of(project: Project) -> dict[int, dict[int, bool]]:
    """The people who code each case for the data set, and whether they have handed in."""
    people = Member.objects.filter(project=project, kind=Member.Kind.PERSON).values("user")
    codings = Coding.objects.standing().filter(
        case__unit__project=project, purpose=Coding.Purpose.PRODUCTION, coder__in=people
    )
    found: dict[int, dict[int, bool]] = defaultdict(dict)
    for case, coder, at in codings.values_list("case", "coder", "submitted_at"):
        found[case][coder] = at is not None
    return found


def _barred(project: Project) -> dict[int, set[int]]:
    """Who must not code a family of cases: who has seen a sheet of it, or ruled on its cells."""
    found: dict[int, set[int]] = defaultdict(set, blind.who_ruled(project))
    codings = Coding.objects.filter(case__unit__project=project).order_by()
    for root, case, coder in codings.values_list("case__root", "case", "coder"):
        found[root or case].add(coder)
    return found


def stratum(facts: Mapping[str, Any], fact: str) -> str:
    """The stratum of a case: a fact as text, or the decade in which it began."""
    if fact != PERIOD:
        return str(facts.get(fact) or "") if fact else ""
    year = str(facts.get("start_year") or "")
    return f"{year[:3]}0s" if year[:4].isdigit() else ""


def facts_of(units: Iterable[Unit]) -> list[str]:
    """The facts that divide the cases into strata: neither one for all nor one for each."""
    values: dict[str, set[str]] = defaultdict(set)
    for facts in Case.objects.filter(unit__in=list(units), parent=None).values_list("facts"):
        for name in (*facts[0], PERIOD):
            values[name].add(stratum(facts[0], name))
    return sorted(name for name, found in values.items() if 1 < len(found) <= MOST_STRATA)


# ------------------------------------------------------------------ doing


@transaction.atomic
def make(
    *, project: Project, wish: Wish, seen: str | None = None, by: User | None = None
) -> Design:
    """Put on the worklists what the preview showed: all of it or nothing.

    `seen` is the digest of that preview; what it rests on may have changed since.
    """
    Project.objects.select_for_update().get(pk=project.pk)
    found = preview(project, wish)
    if seen is not None and found.digest != seen:
        raise Refused(
            "Cases or worklists changed since this preview was drawn, so nothing was assigned: "
            "look at it again."
        )
    cases = {case.key: case for case in _universe(wish.unit)}
    return work.deal(
        project=project,
        kind=wish.kind,
        seed=wish.seed,
        parameters=wish.parameters,
        drawn_from={slot.key: _kept(slot) for slot in found.slots},
        orders={
            found.names[alias].user: [cases[key] for key in keys]
            for alias, keys in found.dealt.orders.items()
        },
        note=wish.note,
        by=by,
    )


def _kept(slot: Slot) -> list[Any]:
    return [slot.stratum, list(slot.coded_by), sorted(slot.barred)]


def redrawn(design: Design) -> Dealt:
    """The assignment drawn again from what the design keeps: the same as it was made."""
    slots = [
        Slot(key, stratum, tuple(by), frozenset(barred))
        for key, (stratum, by, barred) in design.drawn_from.items()
    ]
    coders = design.parameters["coders"]
    return designs.deal(design.kind, slots, coders, design.seed, design.parameters)


def made_in(project: Project) -> QuerySet[Design]:
    """The designs of a project, the newest first, with what each has put on worklists."""
    standing = Q(codings__withdrawn_at=None)
    return (
        project.designs.defer("drawn_from")
        .select_related("made_by")
        .annotate(
            sheets=Count("codings", standing),
            handed_in=Count("codings", standing & Q(codings__submitted_at__isnull=False)),
            cases=Count("codings__case", standing, distinct=True),
            thirds=Count("codings", standing & Q(codings__third=True)),
        )
        .order_by("-number")
    )


# ------------------------------------------------------------------ somebody leaves


@dataclass(frozen=True)
class Leaving:
    """What becomes of the open sheets of a coder who leaves."""

    coder: User
    moves: dict[Coding, Member]
    stay: list[Coding]  # nobody else may code the case
    closed: list[Coding]  # sheets that only this coder could fill: repeats, top-ups, recodes

    @property
    def loads(self) -> dict[str, int]:
        found: dict[str, int] = defaultdict(int)
        for member in self.moves.values():
            found[member.user.get_username()] += 1
        return dict(sorted(found.items()))

    @property
    def digest(self) -> str:
        orders: dict[str, list[str]] = defaultdict(list)
        for coding, member in self.moves.items():
            orders[member.pseudonym].append(str(coding.pk))
        orders[""] = [str(coding.pk) for coding in (*self.stay, *self.closed)]
        return Dealt({}, {name: tuple(keys) for name, keys in orders.items()}).digest


def leaving(project: Project, coder: User, to: Sequence[Member]) -> Leaving:
    """Who would take over which open sheet: who shares least with who stays on the case.

    Raises Refused where there is nothing to move, or nobody to move it to.
    """
    mine = _open_mains(project, coder)
    if not mine:
        raise Refused(f"{coder} has no open sheet here: nothing has to be moved.")
    takers = [member for member in to if member.user_id != coder.pk]
    if not takers:
        raise Refused("Choose somebody else who takes the cases over.")
    production = [c for c in mine if _is_main(c)]
    by_key = {_full_key(coding): coding for coding in production}
    aliases = dict(Member.objects.filter(project=project).values_list("user", "pseudonym"))
    coders = {
        case: tuple(sorted(aliases[u] for u in people if u in aliases and u != coder.pk))
        for case, people in _coders_of(project).items()
    }
    dealt = designs.replacements(
        _with_who_stays(project, production, coders, aliases),
        [m.pseudonym for m in takers],
        f"moved {' '.join(sorted(by_key))}",  # the same sheets fall to the same people
        _open_loads(project),
        Counter(pair for people in coders.values() for pair in combinations(people, 2)),
    )
    names = {member.pseudonym: member for member in takers}
    moves = {by_key[key]: names[new[0]] for key, new in dealt.by_case.items()}
    stay = [by_key[key] for key in dealt.short]
    return Leaving(coder, moves, stay, [c for c in mine if not _is_main(c)])


def _is_main(coding: Coding) -> bool:
    return coding.purpose == Coding.Purpose.PRODUCTION and coding.case.parent_id is None


def _full_key(coding: Coding) -> str:
    return f"{coding.case.unit.name}/{coding.case.key}"


def _open_mains(project: Project, coder: User) -> list[Coding]:
    """The open sheets, without those that come with another one of the same sitting."""
    found = list(
        Coding.objects.open()
        .of(coder)
        .filter(case__unit__project=project)
        .select_related("case__unit__project")
        .order_by("position", "case__key", "pk")
    )
    mains = {(c.case_id, c.purpose, c.codebook_id) for c in found if c.case.parent_id is None}
    return [
        c
        for c in found
        if c.case.parent_id is None or (c.case.family_id, c.purpose, c.codebook_id) not in mains
    ]


def _with_who_stays(
    project: Project,
    codings: Sequence[Coding],
    coders: Mapping[int, tuple[str, ...]],
    aliases: Mapping[int, str],
) -> list[Slot]:
    barred = _barred(project)
    return [
        Slot(
            _full_key(coding),
            "",
            coders[coding.case_id],
            frozenset(aliases[u] for u in barred[coding.case_id] if u in aliases),
        )
        for coding in codings
    ]


def _open_loads(project: Project) -> dict[str, int]:
    here = Q(user__codings__case__unit__project=project, user__codings__case__parent=None)
    standing = Q(user__codings__withdrawn_at=None, user__codings__submitted_at=None)
    members = Member.objects.filter(project=project)
    counted = members.annotate(n=Count("user__codings", here & standing))
    return dict(counted.values_list("pseudonym", "n"))


@transaction.atomic
def move(
    *,
    project: Project,
    coder: User,
    to: Sequence[Member],
    reason: str,
    seen: str | None = None,
    by: User,
) -> Leaving:
    """Move what a coder has open to others. What was typed is kept and closed, with the reason.

    What was handed in stays; so does a sheet whose case nobody else may code.
    """
    if not reason.strip():
        raise Refused("Moving a coder's cases needs a reason: it is kept with every sheet.")
    Project.objects.select_for_update().get(pk=project.pk)
    found = leaving(project, coder, to)
    if seen is not None and found.digest != seen:
        raise Refused("The coder's sheets changed since this was drawn: look at it again.")
    work.move(moves={coding: member.user for coding, member in found.moves.items()}, by=by)
    for coding in (*found.moves, *found.closed):
        work.withdraw(coding=coding, reason=reason.strip(), by=by)
    return found
