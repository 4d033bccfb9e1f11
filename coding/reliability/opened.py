"""What was said blind and is opened: loaded once, in a few queries, for all variables together."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import numpy as np
from django.contrib.auth.models import User
from django.db.models import F, Q, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce
from numpy.typing import NDArray

from coding import blind, codebooks
from coding.agreement.patterns import MISSING, Codes
from coding.models import Case, Codebook, Coding, Entry, Member, MissingCode, Project
from coding.reliability.asked import Asked, Missing
from coding.reliability.scales import Scale, scale_of
from coding.universe import Listing

Kind = Member.Kind
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Place:
    """A case that was coded. Region and period are its family's, as the list of cases has them."""

    pk: int
    key: str
    title: str
    unit: int
    parent: int | None
    family: int
    region: str
    period: str


@dataclass(frozen=True)
class Coder:
    """Whoever coded: called by name for curators, by pseudonym for everybody else."""

    pk: int
    name: str
    kind: str


@dataclass(frozen=True)
class Said:
    """What was said of one variable: a text for each rating, and the coding it is from.

    codings  the place of each rating's coding in `Opened.codings`, in the order of speaking.
    codes    the place of each rating in `texts`.
    """

    entry: Entry
    codings: Codes
    codes: Codes
    texts: tuple[str, ...]


@dataclass(frozen=True)
class Ratings:
    """One variable as a matrix of units x coders: the place in `texts`, -1 = nothing said.

    Where a coder spoke twice (a top-up, another codebook), the last counts, as for the cells.
    """

    entry: Entry
    cases: Codes
    coders: Codes
    codes: Codes
    texts: tuple[str, ...]

    def of_coders(self, coders: Iterable[int]) -> Ratings:
        """Only these columns, and the units of which they said something."""
        kept = np.isin(self.coders, list(coders))
        codes = self.codes[:, kept]
        rows = (codes != MISSING).any(axis=1)
        return Ratings(self.entry, self.cases[rows], self.coders[kept], codes[rows], self.texts)

    def of_cases(self, rows: Mask) -> Ratings:
        return Ratings(self.entry, self.cases[rows], self.coders, self.codes[rows], self.texts)


class Opened:
    """Layer 0 of a project as far as its reader may see it: made by `opened` or `opened_for`."""

    def __init__(
        self, project: Project, codings: QuerySet[Coding], asked: Asked, user: User | None
    ) -> None:
        self.project, self.asked, self.user = project, asked, user
        self._codings = codings.filter(case__in=_cases_asked(project, asked, user))
        self._read_codings()

    def _read_codings(self) -> None:
        columns = ("pk", "case", "coder", "codebook__number", "unblinded_at")
        rows = list(self._codings.order_by("assigned_at", "pk").values_list(*columns))
        pks, cases, coders, books, opened = zip(*rows, strict=True) if rows else ((),) * 5
        self.codings: Codes = np.array(pks, dtype=np.intp)
        self.case: Codes = np.array(cases, dtype=np.intp)
        self.coder: Codes = np.array(coders, dtype=np.intp)
        self.version: Codes = np.array(books, dtype=np.intp)
        self.opened_at: Sequence[datetime] = opened

    # -------------------------------------------------------------- what there is to agree on

    @cached_property
    def book(self) -> Codebook | None:
        if self.asked.codebook is None:
            return codebooks.current(self.project)
        published = self.project.codebooks.exclude(published_at=None)
        return published.filter(number=self.asked.codebook).first()

    @cached_property
    def books(self) -> list[Codebook]:
        """The published codebooks, oldest first."""
        return list(self.project.codebooks.exclude(published_at=None).order_by("number"))

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """The entries of the codebook, or those of the unit that was asked for."""
        found = codebooks.entries(self.book) if self.book else ()
        return tuple(e for e in found if self.asked.unit in ("", "all", e.variable.unit.name))

    def entry(self, name: str) -> Entry | None:
        return next((entry for entry in self.entries if entry.name == name), None)

    @cached_property
    def missing_codes(self) -> dict[str, MissingCode]:
        """The missing codes of all codebooks, each as the newest describes it."""
        found = codebooks.missing_codes_of(self.project)
        own = self.book.missing_codes.all() if self.book else ()
        return found | {m.code: m for m in own}

    @cached_property
    def states(self) -> dict[str, str]:
        return codebooks.states_of(self.project.pk)

    def scale(
        self, entry: Entry, missing: Missing | None = None, used: Collection[str] | None = None
    ) -> Scale:
        """The scale of what was said of a variable, or of the texts given."""
        said = self.said.get(entry.variable_id)
        return scale_of(
            entry,
            self.missing_codes,
            self.states,
            missing or self.asked.missing,
            used if used is not None else said.texts if said else (),
        )

    # -------------------------------------------------------------- who and where

    @cached_property
    def opened_early(self) -> int:
        """How many cases were opened before their last coder had handed in."""
        early = self._codings.exclude(unblind_reason="").order_by()
        return early.values("case").distinct().count()

    @cached_property
    def places(self) -> dict[int, Place]:
        """The cases that were coded."""
        rows = Case.objects.filter(pk__in=self._codings.values("case")).annotate(
            region=_fact("region"),
            year=_fact("start_year"),
            family=Coalesce(F("root"), F("pk")),
        )
        columns = ("pk", "key", "title", "unit", "parent", "family", "region", "year")
        return {
            pk: Place(pk, key, title, unit, parent, family, region or "", _decade(year))
            for pk, key, title, unit, parent, family, region, year in rows.values_list(*columns)
        }

    @cached_property
    def members(self) -> dict[int, Member]:
        rows = Member.objects.filter(project=self.project).select_related("user")
        return {member.user_id: member for member in rows}

    @cached_property
    def coders(self) -> dict[int, Coder]:
        """Everybody who coded, in the order of pseudonyms: it says nothing of who joined when."""
        coded = sorted(set(self.coder.tolist()), key=lambda pk: _pseudonym(self.members.get(pk)))
        kinds = {pk: member.kind for pk, member in self.members.items()}
        return {pk: Coder(pk, self.name_of(pk), kinds.get(pk, Kind.PERSON)) for pk in coded}

    def name_of(self, coder: int) -> str:
        """You; to a curator the name; to everybody else, and without a user, the pseudonym."""
        member = self.members.get(coder)
        if self.user is None:
            return _pseudonym(member)
        if coder == self.user.pk:
            return "You"
        viewer = self.members.get(self.user.pk)
        by_name = viewer is not None and viewer.role == Member.Role.CURATOR
        return member.user.get_username() if member and by_name else _pseudonym(member)

    def pseudonym_of(self, coder: int) -> str:
        return _pseudonym(self.members.get(coder))

    # -------------------------------------------------------------- what was said

    @cached_property
    def said(self) -> dict[int, Said]:
        """What was said, by variable: one query for all variables that coders have to agree on."""
        asked = {e.variable_id: e for e in self.entries if e.compare and not e.is_computed}
        place = {pk: n for n, pk in enumerate(self.codings.tolist())}
        found: dict[int, tuple[list[int], list[int], dict[str, int]]] = {
            pk: ([], [], {}) for pk in asked
        }
        for variable, coding, text in blind.ratings_in(self._codings, asked).iterator():
            codings, codes, index = found[variable]
            codings.append(place[coding])
            codes.append(index.setdefault(text, len(index)))
        return {pk: _said(asked[pk], *columns) for pk, columns in found.items()}

    @cached_property
    def of_who(self) -> Mask:
        """Which codings are of those asked for: people, machines or everybody."""
        if self.asked.who == "everybody":
            return np.ones(len(self.coder), dtype=np.bool_)
        kind = Kind.PERSON if self.asked.who == "people" else Kind.MACHINE
        wanted = [coder.pk for coder in self.coders.values() if coder.kind == kind]
        return np.isin(self.coder, wanted)

    def ratings(self, entry: Entry, only: Mask | None = None) -> Ratings:
        """One variable as units x coders, of those asked for; `only` is a choice of codings."""
        said = self.said.get(entry.variable_id)
        if said is None:
            said = _said(entry, [], [], {})
        kept = self.of_who[said.codings]
        if only is not None:
            kept = kept & only[said.codings]
        codings, codes = said.codings[kept], said.codes[kept]
        cases, rows = np.unique(self.case[codings], return_inverse=True)
        coders, columns = np.unique(self.coder[codings], return_inverse=True)
        matrix = np.full((len(cases), len(coders)), MISSING, dtype=np.intp)
        matrix[rows, columns] = codes  # of two places that are the same, the last is kept
        return Ratings(entry, cases, coders, matrix, said.texts)


def opened_for(user: User, project: Project, asked: Asked | None = None) -> Opened:
    """What this user may know of: nothing of what is closed, or of families the user is coding."""
    asked = asked or Asked()
    return Opened(project, _under(blind.rated_for(user, project), asked), asked, user)


def opened(project: Project, asked: Asked | None = None) -> Opened:
    """Everything opened, coders by pseudonym: for releases and commands, never for a screen."""
    asked = asked or Asked()
    return Opened(project, _under(blind.rated(project), asked), asked, None)


def _under(codings: QuerySet[Coding], asked: Asked) -> QuerySet[Coding]:
    return codings if asked.codebook is None else codings.filter(codebook__number=asked.codebook)


def _cases_asked(project: Project, asked: Asked, user: User | None) -> QuerySet[Case]:
    """What is below a case that is out of the universe, is out; what a ruling took out is not.

    A ruling on a roster must not move the figures of what was said before it.
    """
    inside = Q(root=None, in_universe=True) | Q(root__in_universe=True)
    cases = Case.objects.filter(inside, unit__project=project)
    if not asked.cases:
        return cases
    listing = Listing(project, user, {**asked.cases, "unit": "all"})
    found = listing.found().order_by().values("pk")
    return cases.filter(Q(pk__in=found) | Q(root__in=found))


def _fact(name: str) -> Coalesce:
    return Coalesce(KeyTextTransform(name, "root__facts"), KeyTextTransform(name, "facts"))


def _decade(year: str | None) -> str:
    return f"{int(year) // 10}0s" if year and year.isdecimal() else ""


def _pseudonym(member: Member | None) -> str:
    return member.pseudonym if member else "no longer a member"


def _said(entry: Entry, codings: list[int], codes: list[int], index: dict[str, int]) -> Said:
    """In the order of speaking, whatever the order of the rows."""
    places = np.array(codings, dtype=np.intp)
    order = np.argsort(places, kind="stable")
    return Said(entry, places[order], np.array(codes, dtype=np.intp)[order], tuple(index))
