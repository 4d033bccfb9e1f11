"""The one door to coded values: what may be SEEN, by whom, and when.

The rule. You see a value if it is yours (and you are not coding its case again); or if its
coding is unblinded and you have no open coding of your own in the same family of cases (a case
with its partners and objectives). No role is exempt. Where a project asks adjudicators to answer
first, who may rule on a dispute sees of it that it is open and no more, until they have answered
(`withheld_from`). No other module but `coding.work` may name Value, Citation or Cell;
tests/test_architecture.py holds that.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db.models import Case as Switch
from django.db.models import (
    CharField,
    Count,
    Exists,
    F,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    When,
    Window,
)
from django.db.models import Value as Constant
from django.db.models.functions import Coalesce, RowNumber

from coding.models import (
    Case,
    Cell,
    Citation,
    Codebook,
    Coding,
    Comment,
    Entry,
    FirstAnswer,
    Gold,
    Ground,
    Inquiry,
    Member,
    Move,
    Notice,
    Precedent,
    Project,
    Source,
    Unit,
    Value,
    Variable,
    Verification,
    Vote,
)
from coding.models.coding import CodingQuerySet
from coding.models.precedent import PrecedentQuerySet
from coding.models.review import VerificationQuerySet
from coding.models.second import VoteQuerySet

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    Person = User | AnonymousUser

Cells = QuerySet[Cell]  # so that who reads may say what it holds
Golds = QuerySet[Gold]
Precedents = PrecedentQuerySet
Guide = Precedent
Ballot = Vote
Checked = Verification

# Who may look at cells and opened values at all; readers have the releases.
_TEAM = (Member.Role.CODER, Member.Role.ADJUDICATOR, Member.Role.CURATOR)
_RULING = (Member.Role.ADJUDICATOR, Member.Role.CURATOR)
_NOTHING = Q(pk__in=())

# Codings that speak for the data set; training and repeats never do.
SPEAKING = (Coding.Purpose.PRODUCTION, Coding.Purpose.TOP_UP, Coding.Purpose.RECODE)


def _family(case: str) -> Coalesce:
    return Coalesce(F(f"{case}__root" if case else "root"), F(case or "pk"))


def _families_being_coded(user: Person) -> QuerySet[Coding, int]:
    """The families in which the user still has something to hand in."""
    mine = Coding.objects.open().filter(coder=user.pk)
    return mine.annotate(family=_family("case")).values_list("family", flat=True)


def _projects_of(user: Person) -> QuerySet[Member, int]:
    team = Member.objects.filter(user=user.pk, role__in=_TEAM)
    return team.values_list("project", flat=True)


def readable(user: Person) -> QuerySet[Coding]:
    """The codings whose values this user may see now: the rule itself."""
    mine = Q(coder=user.pk) & ~(Q(submitted_at__isnull=False) & _coding_again(user))
    opened = Q(unblinded_at__isnull=False) & ~_in_family_being_coded(user)
    return Coding.objects.annotate(family=_family("case")).filter(
        mine | opened, case__unit__project__in=_projects_of(user)
    )


def values_for(user: Person) -> QuerySet[Value]:
    """The values this user may see now.

    Asked row by row, so that it costs little where a case has narrowed the rows already.
    """
    seen = Value.objects.filter(Exists(readable(user).filter(pk=OuterRef("coding"))))
    return seen.filter(_told_of(user, "coding__case"))


def _coding_again(user: Person) -> Q:
    """The user is coding the very case again, or repeats its family.

    A repeat is blind to the first time, with its partners and objectives.
    """
    mine = Coding.objects.open().filter(coder=user.pk)
    repeats = mine.filter(purpose=Coding.Purpose.REPEAT).annotate(family=_family("case"))
    again = Exists(mine.filter(case=OuterRef("case")))
    return Q(again) | Q(family__in=repeats.values("family"))


def _in_family_being_coded(user: Person) -> Q:
    return Q(family__in=_families_being_coded(user))


def cells_for(user: Person) -> QuerySet[Cell]:
    """The cells of the data set that this user may see now."""
    return Cell.objects.annotate(family=_family("case")).filter(
        ~_in_family_being_coded(user),
        ~_listed_unseen(user, "case"),
        ~_matched_unseen(user),
        case__unit__project__in=_projects_of(user),
    )


def cases_for(user: Person) -> QuerySet[Case]:
    """The cases this user may know of: that a coder listed a partner is a value, too."""
    return Case.objects.annotate(family=_family("")).filter(
        Q(rostered=False) | _listed_by(user) | (_opened() & ~_in_family_being_coded(user)),
        ~_listed_unseen(user, ""),
        unit__project__in=_projects_of(user),
    )


def _listed_by(user: Person) -> Q:
    return Q(Exists(Coding.objects.standing().filter(case=OuterRef("pk"), coder=user.pk)))


def _opened() -> Q:
    opened = Coding.objects.filter(case=OuterRef("pk"), unblinded_at__isnull=False)
    return Q(Exists(opened)) | Q(Exists(Cell.objects.filter(case=OuterRef("pk"))))


def open_cases(user: Person | None = None) -> QuerySet[Case]:
    """Cases whose existence gives nothing away: for the back office and for exports.

    To a user of the back office who codes, not those of a family that this user is coding.
    """
    return Case.objects.annotate(family=_family("")).filter(Q(rostered=False) | _shown_to(user))


def opened_cases(user: Person) -> QuerySet[Case]:
    """Cases that are known because they are opened, however they came to be."""
    return Case.objects.annotate(family=_family("")).filter(_shown_to(user))


def _shown_to(user: Person | None) -> Q:
    if user is None:
        return _opened()
    return _opened() & ~_in_family_being_coded(user) & ~_listed_unseen(user, "")


def codings_for(user: Person) -> CodingQuerySet:
    """Whose codings of which cases the user may know of (not what they say).

    Whether somebody else codes what one is coding is known to curators alone, who assign it.
    """
    curated = Member.objects.filter(user=user.pk, role=Member.Role.CURATOR).values("project")
    seen = Q(case__unit__project__in=curated) | ~_in_family_being_coded(user)
    known = Q(Exists(cases_for(user).filter(pk=OuterRef("case"))))
    standing = Coding.objects.standing().annotate(family=_family("case"))
    return standing.filter(Q(coder=user.pk) | (known & seen))


def cited_in(said: Iterable[Spoken]) -> QuerySet[Citation]:
    """What these values cite: whoever may see a value may see its sources."""
    return Citation.objects.filter(value__in=[each.value for each in said])


def citations_for(user: Person) -> QuerySet[Citation]:
    return Citation.objects.filter(Exists(values_for(user).filter(pk=OuterRef("value"))))


def sources_for(user: Person, project: Project) -> QuerySet[Source]:
    """Sources to offer: not those that only hidden values brought in, which would tell on them."""
    seen = citations_for(user).filter(source=OuterRef("pk"))
    return project.sources.filter(Q(listed=True) | Q(Exists(seen)))


def open_sources(user: Person) -> QuerySet[Source]:
    """Sources for the back office: of the bibliography, or cited by a value that is open."""
    return Source.objects.filter(Q(listed=True) | Q(pk__in=opened_sources(user).values("pk")))


def opened_sources(user: Person) -> QuerySet[Source]:
    """Sources that are known because a value that is open cites them."""
    cited = Citation.objects.annotate(family=_family("value__coding__case")).filter(
        ~_in_family_being_coded(user),
        _told_of(user, "value__coding__case", "value__variable"),
        source=OuterRef("pk"),
        value__coding__unblinded_at__isnull=False,
    )
    return Source.objects.filter(Exists(cited))


def opened_and_being_coded(user: Person, project: Project) -> int:
    """How many cases of the project are open to others while this user codes one of them."""
    families = _families_being_coded(user).filter(case__unit__project=project)
    in_project = Case.objects.filter(unit__project=project).annotate(family=_family(""))
    with_cells = in_project.filter(Exists(Cell.objects.filter(case=OuterRef("pk"))))
    opened = with_cells.filter(family__in=list(families))
    return opened.order_by().values("family").distinct().count()


def families_coded_by(user: Person, project: Project) -> set[int]:
    """The families of which this user handed something in, or has something to hand in."""
    mine = Coding.objects.standing().filter(coder=user.pk, case__unit__project=project)
    return set(mine.annotate(family=_family("case")).values_list("family", flat=True))


def being_coded(user: Person) -> frozenset[int]:
    """The families that are closed to a user who codes in them."""
    return frozenset(_families_being_coded(user))


# ------------------------------------------------------------------ answering first


def withheld_from(user: Person) -> QuerySet[Cell]:
    """The disputes of which this user sees that they are open and no more, until they answer.

    In projects that ask for it, whoever may rule on a dispute answers it first: what coders said
    and rested it on, what was ruled, voted and discussed is theirs to see after that. What they
    coded themselves they have answered.
    """
    coded = Coding.objects.standing().filter(coder=user.pk).annotate(family=_family("case"))
    answered = FirstAnswer.objects.filter(cell=OuterRef("pk"), by=user.pk)
    return Cell.objects.annotate(family=_family("case")).filter(
        ~Exists(answered),
        ~Q(family__in=coded.values("family")),
        status=Cell.Status.DISPUTED,
        case__unit__project__in=_answering_first(user.pk).values("project"),
    )


def _answering_first(user: int | OuterRef | None) -> QuerySet[Member]:
    """Where this user rules, and has to answer first."""
    ruling = Q(role__in=_RULING) | Q(role__in=_TEAM, project__reconcile_by_discussion=True)
    return Member.objects.filter(ruling, user=user, project__blind_first=True)


def with_sight(users: QuerySet[User]) -> QuerySet[User]:
    """Users who bring along whether they have to answer first anywhere (`answers_first`)."""
    return users.annotate(answers_first=Exists(_answering_first(OuterRef("pk"))))


def _answers_first(user: Person) -> bool:
    """Whether anything may be withheld: true unless known otherwise. It spares most requests
    conditions that take several times as long to write as what they ask."""
    return bool(getattr(user, "answers_first", True))


def _told_of(user: Person, case: str, variable: str = "variable") -> Q:
    """Of something said of a case and a variable: no dispute that is withheld is about it.

    A row that is matched with another is part of that one's dispute.
    """
    if not _answers_first(user):
        return ~_NOTHING
    kept = Q(case=OuterRef(case)) | Q(case=OuterRef(f"{case}__superseded_by"))
    about = withheld_from(user).filter(kept, variable=OuterRef(variable))
    return ~Q(Exists(_answering_first(user.pk))) | (~Q(Exists(about)) & ~_listed_unseen(user, case))


def _listed_unseen(user: Person, case: str) -> Q:
    """Rows, and what is below them, that are there because of a roster that is withheld."""
    if not _answers_first(user):
        return _NOTHING
    rosters = withheld_from(user).filter(
        case=OuterRef("parent"), variable__roster_of=OuterRef("unit")
    )
    rows = Case.objects.filter(Exists(rosters), rostered=True).values("pk")
    of, above = (case, f"{case}__parent") if case else ("pk", "parent")
    is_row = Q(**{f"{of}__in": rows}) | Q(**{f"{above}__isnull": False, f"{above}__in": rows})
    return Q(Exists(_answering_first(user.pk))) & is_row


def _matched_unseen(user: Person) -> Q:
    """What a row said by itself that is matched with another, where that dispute is withheld."""
    if not _answers_first(user):
        return _NOTHING
    kept = withheld_from(user).filter(
        case=OuterRef("case__superseded_by"), variable=OuterRef("variable")
    )
    return Q(Exists(_answering_first(user.pk))) & Q(Exists(kept))


def cells_told(user: Person) -> QuerySet[Cell]:
    """The cells of which the user sees all: what they rest on, and what they said before."""
    if not _answers_first(user):
        return cells_for(user)
    return cells_for(user).filter(~Q(pk__in=withheld_from(user).values("pk")))


def withheld_at(user: Person, project: Project, moment: datetime) -> int:
    """How many disputes are withheld from the user of which a release of that moment tells."""
    opened = Coding.objects.filter(case=OuterRef("case"), unblinded_at__lte=moment)
    return withheld_from(user).filter(Exists(opened), case__unit__project=project).count()


def disputes_for(user: Person, project: Project) -> QuerySet[Cell]:
    """The open disputes that this user may know of, of what the codebook of today asks.

    What it asks no more, or under another meaning, needs no ruling: it is in no release.
    """
    published = Codebook.objects.filter(project=project).exclude(published_at=None)
    newest = published.order_by("-number").values("pk")[:1]
    asked = Entry.objects.filter(codebook__in=newest).values("variable")
    return cells_for(user).filter(
        case__unit__project=project,
        status=Cell.Status.DISPUTED,
        case__in_universe=True,
        variable__in=asked,
    )


def contested_for(user: Person, project: Project) -> QuerySet[Cell]:
    """Open disputes and rulings that this user may know of, whatever the codebook asks today."""
    at_issue = (Cell.Status.DISPUTED, Cell.Status.ADJUDICATED, Cell.Status.UNRESOLVED)
    seen = cells_for(user).filter(case__unit__project=project, case__in_universe=True)
    return seen.filter(status__in=at_issue)


def flagged_for(user: Person, project: Project) -> QuerySet[Cell]:
    """Settled cells that a later coding contradicts, as far as this user may know of them."""
    return cells_for(user).filter(case__unit__project=project, flagged=True, case__in_universe=True)


def with_work(cases: QuerySet[Case], user: Person) -> QuerySet[Any]:
    """Cases with `work`, where their work stands as far as this user may know.

    unassigned, coding (closed, or still being coded by the user), disputed, coded.
    """
    cells = cells_for(user).filter(case=OuterRef("pk"))
    codings = Coding.objects.standing().filter(case=OuterRef("pk"))
    return cases.annotate(
        work=Switch(
            When(Exists(cells.filter(status=Cell.Status.DISPUTED)), then=Constant("disputed")),
            When(Exists(cells), then=Constant("coded")),
            When(Exists(codings), then=Constant("coding")),
            default=Constant("unassigned"),
            output_field=CharField(),
        )
    )


class Told(NamedTuple):
    """How many cells of a variable say the same."""

    variable: int
    text: str | None  # None where it is not settled, "" where it is a free text
    cells: int


def told_by_cells(user: Person, codebook: Codebook) -> list[Told]:
    """What the cells of a codebook's variables say, counted, as far as the user may see them.

    Of what lies in the universe. Free texts are not told apart, but for missing codes.
    """
    missing = codebook.missing_codes.values("code")
    is_free = Q(variable__kind=Variable.Kind.TEXT, text__isnull=False) & ~Q(text__in=missing)
    said = Switch(
        When(is_free, then=Constant("")), default=F("text"), output_field=CharField(null=True)
    )
    inside = Q(case__root=None) | Q(case__root__in_universe=True)
    cells = cells_for(user).filter(
        inside,
        variable__in=codebook.entries.values("variable"),
        case__in_universe=True,
        case__unit__project=codebook.project_id,
    )
    counted = cells.order_by().values_list("variable").annotate(said=said, n=Count("pk"))
    return [Told(*row) for row in counted.values_list("variable", "said", "n")]


class Spoken(NamedTuple):
    """One value of one coder, as it was compared."""

    case: int
    coder: int
    variable: int
    value: int
    text: str
    certainty: int | None
    note: str
    opened: datetime


def with_matched(cases: Iterable[int]) -> QuerySet[Case, int]:
    """These cases and the rows that are matched with them, whose codings are compared there."""
    asked = list(cases)
    found = Case.objects.filter(Q(pk__in=asked) | Q(superseded_by__in=asked))
    return found.order_by().values_list("pk", flat=True)


def opened_rows(user: Person, parent: Case, unit: Unit) -> QuerySet[Coding]:
    """The opened codings of rows of a unit right below a case, as far as the user may see them."""
    return (
        readable(user)
        .filter(
            case__parent=parent,
            case__unit=unit,
            unblinded_at__isnull=False,
            withdrawn_at=None,
            purpose__in=SPEAKING,
        )
        .select_related("case", "coder")
        .order_by("assigned_at", "pk")
    )


class OnSheet(NamedTuple):
    """One value of one sheet."""

    coding: int
    variable: int
    text: str


def spoken_on(user: Person, codings: Iterable[int]) -> list[OnSheet]:
    """What these sheets say, as far as the user may see it."""
    values = values_for(user).filter(coding__in=list(codings)).order_by("pk")
    return [OnSheet(*row) for row in values.values_list("coding", "variable", "text")]


def spoken_for(
    user: Person, cases: Iterable[int], variables: Iterable[int] | None = None
) -> list[Spoken]:
    """What the coders of these cases said for the data set, as far as the user may see it.

    Oldest first, as `work` compares them: the last that a coder says of a variable counts.
    What was said of a row that is matched with another is said of that one.
    """
    asked = set(cases)
    opened = Coding.objects.filter(
        case__in=with_matched(asked), unblinded_at__isnull=False, purpose__in=SPEAKING
    )
    columns = ("pk", "case", "case__superseded_by", "coder", "unblinded_at")
    codings = {
        pk: (kept if kept in asked else case, coder, since)
        for pk, case, kept, coder, since in opened.order_by("assigned_at", "pk").values_list(
            *columns
        )
        if since
    }
    values = values_for(user).filter(coding__in=list(codings)).order_by("pk")
    if variables is not None:
        values = values.filter(variable__in=list(variables))
    said = ("coding", "variable", "pk", "text", "certainty", "note")
    by_coding: dict[int, list[Spoken]] = {pk: [] for pk in codings}
    for coding, *rest in values.values_list(*said):
        case, coder, since = codings[coding]
        by_coding[coding].append(Spoken._make((case, coder, *rest, since)))
    return [spoken for found in by_coding.values() for spoken in found]


def rulings_for(user: Person, variables: Iterable[int], newest: int) -> QuerySet[Cell]:
    """The newest rulings on each of these variables that the user may know of."""
    rank = Window(RowNumber(), partition_by="variable", order_by=["-since", "-pk"])
    ruled = cells_for(user).filter(
        variable__in=list(variables), status=Cell.Status.ADJUDICATED, case__in_universe=True
    )
    return ruled.annotate(rank=rank).filter(rank__lte=newest).order_by("variable", "rank")


def precedents_for(user: Person, project: Project) -> PrecedentQuerySet:
    """The precedents of the project whose cells this user may see now, withdrawn ones, too."""
    seen = cells_told(user).filter(pk=OuterRef("cell"))
    return Precedent.objects.filter(
        Exists(seen), cell__case__unit__project=project, cell__case__in_universe=True
    )


def grounds_for(user: Person, case: Case) -> QuerySet[Ground]:
    """The sources on which the rulings of a case rest, as far as this user may see its cells."""
    cells = cells_told(user).filter(case=case)
    return Ground.objects.filter(cell__in=cells.values("pk")).select_related("source")


def grounds_among(project: Project, cases: Iterable[int]) -> QuerySet[Ground]:
    """The sources on which rulings rest: for releases, never for a person's screen."""
    return Ground.objects.filter(cell__case__in=list(cases), cell__case__unit__project=project)


def ground_history(user: Person, case: Case) -> QuerySet:  # type: ignore[type-arg]
    """The past of those sources, of rulings that were taken back as well."""
    cells = cells_told(user).filter(case=case).values("pk")
    found: QuerySet = Ground.history.filter(cell_id__in=cells)  # type: ignore[type-arg]
    return found


def signers(cells: Mapping[int, datetime]) -> dict[int, str]:
    """Who ruled on each of these cells, which were let through already, in its `since`.

    Whoever submits a coding writes history, too, and must not be named: only the row in which
    the ruling itself began counts.
    """
    ruled = [Cell.Status.ADJUDICATED, Cell.Status.UNRESOLVED]
    rows = Cell.history.filter(id__in=list(cells), status__in=ruled).order_by("history_id")
    columns = ("id", "since", "history_user__username")
    first: dict[int, str] = {}
    for pk, since, name in rows.values_list(*columns):
        if since == cells[pk]:
            first.setdefault(pk, name or "")
    return first


def cells_as_of(cells: QuerySet[Cell], moment: datetime) -> dict[int, str | None]:
    """What cells that were let through already said at a moment; not those that were not there."""
    rows = Cell.history.filter(id__in=cells.values("pk"), history_date__lte=moment)
    return dict(rows.order_by("history_id").values_list("id", "text"))


class Moved(NamedTuple):
    """A cell that was given another status or value, by its history."""

    variable: int
    why: str
    was: str
    now: str


def moved_by(cells: QuerySet[Cell], lead: str) -> list[Moved]:
    """The cells, let through already, that were moved for a reason that begins like this."""
    signed = Cell.history.filter(id__in=cells.values("pk"), history_change_reason__startswith=lead)
    rows = Cell.history.filter(id__in=signed.values("id")).order_by("history_id")
    before: dict[int, tuple[str, str | None]] = {}
    found = []
    for pk, variable, why, *stand in rows.values_list(
        "id", "variable", "history_change_reason", "status", "text"
    ):
        if why and why.startswith(lead) and pk in before and before[pk] != tuple(stand):
            found.append(Moved(variable, why, before[pk][0], stand[0]))
        before[pk] = (stand[0], stand[1])
    return found


def ruled_anew(user: Person, batches: Mapping[int, datetime | None]) -> dict[int, list[Cell]]:
    """By batch the cells that somebody ruled on again before it was taken back, if it was: the
    batch no longer speaks for them. As far as the user may see them.
    """
    held = Cell.history.filter(batch__in=batches).values("id")
    rows = Cell.history.filter(id__in=held).order_by("history_id")
    after: dict[tuple[int, int], datetime] = {}  # by batch and cell
    in_batch: dict[int, int | None] = {}
    for cell, batch, at in rows.values_list("id", "batch", "history_date"):
        before = in_batch.get(cell)
        if before is not None and before in batches and batch != before:
            after[before, cell] = at
        in_batch[cell] = batch
    left = {key for key, at in after.items() if (undone := batches[key[0]]) is None or at < undone}
    seen = cells_for(user).filter(pk__in={cell for _, cell in left}).select_related("case")
    found: dict[int, list[Cell]] = {}
    for cell in seen.order_by("case__key", "pk"):
        for batch in batches:
            if (batch, cell.pk) in left:
                found.setdefault(batch, []).append(cell)
    return found


def who_ruled(project: Project) -> dict[int, set[int]]:
    """Who settled or verified a cell of each family of cases: for assigning, never for a screen."""
    ruled = Q(status=Cell.Status.ADJUDICATED) | Q(status=Cell.Status.UNRESOLVED)
    rows = Cell.history.filter(
        ruled | Q(verified_by__isnull=False), case__unit__project=project
    ).annotate(family=_family("case"))
    found: dict[int, set[int]] = {}
    for family, *people in rows.values_list("family", "history_user", "verified_by"):
        found[family] = found.get(family, set()) | set(filter(None, people))
    return found


def value_history(user: Person, case: Case) -> QuerySet:  # type: ignore[type-arg]
    """The past of a case's values that the user may see, of those taken off as well."""
    seen = readable(user).filter(case=case)
    past = Value.history.filter(_told_of(user, "coding__case"), coding__in=seen.values("pk"))
    found: QuerySet = past  # type: ignore[type-arg]
    return found


def citation_history(user: Person, case: Case) -> QuerySet:  # type: ignore[type-arg]
    """The past of the citations of those values."""
    values = value_history(user, case).values("id")
    found: QuerySet = Citation.history.filter(value_id__in=values)  # type: ignore[type-arg]
    return found


def cell_history(cells: QuerySet[Cell]) -> QuerySet:  # type: ignore[type-arg]
    """The past of cells that were let through already."""
    found: QuerySet = Cell.history.filter(id__in=cells.values("pk"))  # type: ignore[type-arg]
    return found


# ------------------------------------------------------------------ several adjudicators, reviews


def votes_for(user: Person, project: Project) -> VoteQuerySet:
    """The rulings of several adjudicators on one cell that this user may read now.

    One's own; once all of them have ruled those of the others, for adjudicators and curators who
    did not code the family; once the cell is settled everybody's, for the team. Never of a cell
    that the user may not see.
    """
    seen = cells_told(user).filter(pk=OuterRef("cell"))
    rules_here = Exists(Member.objects.filter(user=user.pk, project=project, role__in=_RULING))
    coded = Coding.objects.standing().filter(coder=user.pk).annotate(family=_family("case"))
    shown = Q(shown_at__isnull=False) & ~Q(family__in=coded.values("family"))
    may = Q(by=user.pk) | Q(closed_at__isnull=False) | (shown & Q(rules_here))
    votes = Vote.objects.annotate(family=_family("cell__case")).filter(Exists(seen), may)
    return votes.filter(cell__case__unit__project=project)


def votes_cast(cells: Iterable[int]) -> dict[int, int]:
    """How many adjudicators have ruled on each of these cells, which were let through already.

    Not what they ruled: that is `votes_for`.
    """
    standing = Vote.objects.standing().filter(cell__in=list(cells)).order_by()
    counted = standing.values_list("cell").annotate(n=Count("by", distinct=True))
    return dict(counted)


def being_ruled_on(user: Person, project: Project) -> QuerySet[Cell]:
    """Open cells on which one of several adjudicators has ruled already."""
    voted = Vote.objects.standing().filter(cell=OuterRef("pk"))
    return disputes_for(user, project).filter(Exists(voted)).order_by("case__key", "pk")


def blind_votes(user: Person, project: Project) -> QuerySet[Vote, Any]:
    """Cell, variable, adjudicator and text of what was ruled before the others were shown.

    Of cells that are settled or on which all have ruled, as far as this user may read them.
    """
    shown = votes_for(user, project).filter(blind=True, shown_at__isnull=False)
    return shown.order_by("pk").values_list("cell", "cell__variable", "by", "text")


def released_votes(project: Project) -> QuerySet[Vote, Any]:
    """The same of the whole data set: for releases, never for a person's screen."""
    shown = Vote.objects.filter(
        blind=True, shown_at__isnull=False, cell__case__in=released_cases(project).values("pk")
    )
    return shown.order_by("pk").values_list("cell", "cell__variable", "by", "text")


class Ruled(NamedTuple):
    """One adjudicator's vote in a round that came to a ruling."""

    unit: str
    case: str
    variable: int
    by: int
    text: str | None
    cause: str
    reason: str
    codebook: int
    blind: bool
    closed: datetime


def released_rulings(project: Project) -> list[Ruled]:
    """Every vote of the rounds that ended, in their order: for releases, never for a screen."""
    ended = Vote.objects.filter(
        closed_at__isnull=False, cell__case__in=released_cases(project).values("pk")
    )
    place = ("cell__case__unit__name", "cell__case__key", "cell__variable")
    what = ("by", "text", "cause", "reason", "rule__codebook__number", "blind", "closed_at")
    rows = [Ruled(*row) for row in ended.order_by("pk").values_list(*place, *what)]
    return sorted(rows, key=lambda row: (row.unit, row.case.encode(), row.variable))


def to_verify(user: Person, project: Project) -> QuerySet[Cell]:
    """Single and agreed cells that nobody verified, of what the codebook of today asks."""
    published = Codebook.objects.filter(project=project).exclude(published_at=None)
    newest = published.order_by("-number").values("pk")[:1]
    asked = Entry.objects.filter(codebook__in=newest).values("variable")
    return cells_for(user).filter(
        case__unit__project=project,
        case__in_universe=True,
        status__in=(Cell.Status.SINGLE, Cell.Status.AGREED),
        verified_at=None,
        variable__in=asked,
    )


def said_unsure(certainty: int) -> Exists:
    """Of a cell: one of those who said it was only so certain."""
    unsure = Value.objects.filter(
        coding__case=OuterRef("case"),
        coding__unblinded_at__isnull=False,
        coding__purpose__in=SPEAKING,
        variable=OuterRef("variable"),
        certainty__lte=certainty,
    )
    return Exists(unsure)


def verifications_for(user: Person, project: Project) -> VerificationQuerySet:
    """What is on the worklists of reviews, of cells that this user may see now."""
    seen = cells_for(user).filter(pk=OuterRef("cell"))
    return Verification.objects.filter(Exists(seen), review__project=project)


def review_history(user: Person, case: Case) -> QuerySet:  # type: ignore[type-arg]
    """The past of what reviews asked and found of a case, each row with its `variable`."""
    cells = cells_told(user).filter(case=case).values("pk")
    past = Verification.history.filter(cell_id__in=cells)
    found: QuerySet = past.annotate(variable=F("cell__variable"))  # type: ignore[type-arg]
    return found


def questions_for(user: Person, project: Project) -> VerificationQuerySet:
    """What reviewers ask of cells on which this user said something."""
    own = Value.objects.filter(
        coding__coder=user.pk,
        coding__withdrawn_at=None,
        coding__purpose__in=SPEAKING,
        coding__case=OuterRef("cell__case"),
        variable=OuterRef("cell__variable"),
    )
    asked = verifications_for(user, project).exclude(question="")
    return asked.filter(Exists(own)).order_by("place", "pk")


def released_verifications(project: Project) -> VerificationQuerySet:
    """What reviews found: for releases, never for a person's screen."""
    cases = released_cases(project).values("pk")
    return Verification.objects.filter(review__project=project, cell__case__in=cases)


# ------------------------------------------------------------------ discussion


def released_inquiries(project: Project) -> QuerySet[Inquiry]:
    """Questions of threads that are not answered yet: for releases, never for a person's screen."""
    cases = released_cases(project).values("pk")
    return Inquiry.objects.filter(state=Inquiry.State.OPEN, comment__cell__case__in=cases)


def comments_for(user: Person, project: Project) -> QuerySet[Comment]:
    """What was said of the cells that this user may see now.

    Not what somebody said after a ruling that the others who rule have still to be blind to.
    """
    seen = cells_told(user).filter(pk=OuterRef("cell"))
    hushed = Vote.objects.standing().filter(
        cell=OuterRef("cell"), by=OuterRef("author"), at__lte=OuterRef("at"), shown_at=None
    )
    said = Comment.objects.filter(Q(author=user.pk) | ~Exists(hushed), Exists(seen))
    return said.filter(cell__case__unit__project=project)


def inquiries_for(user: Person, project: Project) -> QuerySet[Inquiry]:
    """The questions among them."""
    said = comments_for(user, project).filter(pk=OuterRef("comment"))
    return Inquiry.objects.filter(Exists(said))


def to_answer(user: Person) -> QuerySet[Inquiry]:
    """The open questions of any project that this user must answer and may read now."""
    seen = cells_told(user).filter(pk=OuterRef("comment__cell"))
    return Inquiry.objects.filter(Exists(seen), owner=user.pk, state=Inquiry.State.OPEN)


def notices_for(user: Person, project: Project) -> QuerySet[Notice]:
    """What concerns this user of it, as far as they may read it now."""
    said = comments_for(user, project).filter(pk=OuterRef("comment"))
    return Notice.objects.filter(Exists(said), user=user.pk)


def moves_for(user: Person, project: Project) -> QuerySet[Move]:
    """Which positions coders took after discussion, on cells that this user may see now."""
    said = comments_for(user, project).filter(pk=OuterRef("comment"))
    return Move.objects.filter(Exists(said))


def released_moves(project: Project) -> QuerySet[Move]:
    """The moves that settled a cell: for releases, never for a person's screen."""
    cases = released_cases(project).values("pk")
    return Move.objects.filter(comment__cell__case__in=cases)


# ------------------------------------------------------------------ old and new meanings


class Turned(NamedTuple):
    """What was said of an old variable and what is said of the one that replaces it."""

    variable: int  # the new one
    before: str | None
    now: str | None
    carried: bool


def turned_cells(user: Person, replaced: Mapping[int, int]) -> list[Turned]:
    """The cells of variables (new to old) that have a cell of both, as far as the user may see."""
    seen = cells_for(user).filter(case__in_universe=True)
    rows = seen.filter(variable__in=[*replaced, *replaced.values()]).values_list(
        "variable", "case", "text", "recoding"
    )
    texts = {(variable, case): (text, recoding) for variable, case, text, recoding in rows}
    return [
        Turned(new, texts[replaced[new], case][0], text, recoding is not None)
        for (new, case), (text, recoding) in texts.items()
        if new in replaced and (replaced[new], case) in texts
    ]


def turned_values(user: Person, replaced: Mapping[int, int]) -> list[Turned]:
    """What one coder said of a case under the old variable and, asked again, under the new.

    Of opened sheets alone; what was carried on one sheet was not said twice.
    """
    opened = values_for(user).filter(
        variable__in=[*replaced, *replaced.values()],
        coding__unblinded_at__isnull=False,
        coding__purpose__in=SPEAKING,
    )
    said: dict[tuple[int, int, int], tuple[int, str]] = {}
    columns = ("variable", "coding__case", "coding__coder", "coding", "text")
    for variable, case, coder, coding, text in opened.order_by("pk").values_list(*columns):
        said[variable, case, coder] = (coding, text)
    found = []
    for (new, case, coder), (coding, text) in said.items():
        before = said.get((replaced.get(new, 0), case, coder))
        if before and before[0] != coding:
            found.append(Turned(new, before[1], text, carried=False))
    return found


def asked_apart(user: Person, variables: Iterable[int]) -> dict[int, tuple[int, int]]:
    """By variable how many recode and top-up sheets ask it, and how many are handed in.

    Of cases that the user may know of; nothing of what they say.
    """
    apart = codings_for(user).filter(
        purpose__in=(Coding.Purpose.RECODE, Coding.Purpose.TOP_UP),
        asks__variable__in=list(variables),
    )
    rows = apart.order_by().values_list("asks__variable", "pk", "submitted_at").distinct()
    found: dict[int, tuple[int, int]] = {}
    for variable, _, given in rows:
        asked, done = found.get(variable, (0, 0))
        found[variable] = (asked + 1, done + (given is not None))
    return found


# ------------------------------------------------------------------ a coder's own answers


class Said(NamedTuple):
    """An answer as its own coder reads it."""

    pk: int
    text: str
    note: str
    certainty: int | None
    saved_at: datetime


class Quoted(NamedTuple):
    """A citation as its own coder reads it."""

    pk: int
    source: str
    url: str
    locator: str
    quote: str


def own_answers(codings: Iterable[int]) -> dict[int, dict[str, Said]]:
    """What was said, by coding and entry name. For the coder who wrote it.

    The name is the one the variable has in the coding's own codebook.
    """
    rows = Value.objects.filter(
        coding__in=list(codings), variable__entries__codebook=F("coding__codebook")
    ).values_list("coding", "variable__entries__name", *Said._fields)
    found: dict[int, dict[str, Said]] = {}
    for coding, name, *said in rows:
        found.setdefault(coding, {})[name] = Said(*said)
    return found


def said_before(codings: Iterable[Coding], codebook: int) -> dict[int, dict[str, str]]:
    """What a coder said on all their own sheets of these cases, by case and by the name that the
    codebook has for it: for the rules of a sheet of theirs that asks only some entries.

    A variable that was replaced has no name there, so what is coded again stays out of it.
    """
    own = list(codings)
    rows = Value.objects.filter(
        coding__coder=own[0].coder_id,
        coding__case__in={c.case_id for c in own},
        coding__withdrawn_at=None,
        coding__purpose__in=SPEAKING,
        variable__entries__codebook=codebook,
    ).order_by("coding__assigned_at", "pk")
    found: dict[int, dict[str, str]] = {}
    for case, name, text in rows.values_list("coding__case", "variable__entries__name", "text"):
        found.setdefault(case, {})[name] = text
    return found


def own_citations(coding: int) -> dict[int, list[Quoted]]:
    """The citations of one coding, by value id. For the coder who wrote them."""
    columns = ("pk", "source__citation", "source__url", "locator", "quote")
    cited = Citation.objects.filter(value__coding=coding).order_by("pk")
    rows = cited.values_list("value", *columns)
    found: dict[int, list[Quoted]] = {}
    for value, *quoted in rows:
        found.setdefault(value, []).append(Quoted(*quoted))
    return found


def value_counts(codings: Iterable[int]) -> dict[int, int]:
    """How many values each of a coder's own codings holds."""
    found: dict[int, int] = {}
    for coding in Value.objects.filter(coding__in=list(codings)).values_list("coding", flat=True):
        found[coding] = found.get(coding, 0) + 1
    return found


# ------------------------------------------------------------------ for releases and statistics


def all_cells(project: Project) -> QuerySet[Cell]:
    """Every cell of the data set: for releases, never for a person's screen."""
    return Cell.objects.filter(case__unit__project=project)


def released_cases(project: Project) -> QuerySet[Case]:
    """The universe: known cases, coded or not, and of the rows below them those with a cell.

    What lies below a case that is out is out as well.
    """
    inside = Q(root=None) | Q(root__in_universe=True)
    above = Q(parent=None) | Q(parent__in_universe=True)
    listed = Q(rostered=False) | Q(Exists(Cell.objects.filter(case=OuterRef("pk"))))
    return Case.objects.filter(inside, above, listed, unit__project=project, in_universe=True)


def asked_in_full(project: Project) -> set[int]:
    """Cases that somebody coded who was asked everything: what they list not, there is not."""
    opened = Coding.objects.standing().filter(
        unblinded_at__isnull=False, purpose__in=SPEAKING, case__unit__project=project
    )
    in_part = Coding.asks.through.objects.filter(coding=OuterRef("pk"))
    return set(opened.exclude(Exists(in_part)).values_list("case", flat=True))


def as_of() -> tuple[int, ...]:
    """Where the history of cells, cases and codings ends: the same, as long as none changes."""
    tables = (Cell.history, Case.history, Coding.history)
    return tuple(table.aggregate(last=Max("history_id"))["last"] or 0 for table in tables)


def unblinded_values(project: Project) -> QuerySet[Value]:
    """Every opened value: for releases and statistics, never for a person's screen."""
    return Value.objects.filter(
        coding__unblinded_at__isnull=False, coding__case__unit__project=project
    )


def opened_among(codings: Iterable[int]) -> QuerySet[Value]:
    """The opened values of these codings, for releases: asked without the way to the project."""
    return Value.objects.filter(coding__in=list(codings), coding__unblinded_at__isnull=False)


def citations_among(codings: Iterable[int]) -> QuerySet[Citation]:
    """The citations of those values."""
    return Citation.objects.filter(
        value__coding__in=list(codings), value__coding__unblinded_at__isnull=False
    )


def stale_cells(project: Project, replaced: Mapping[int, int]) -> int:
    """Cells of variables (new to old) that were replaced and have no cell of the new one: asked
    again and not answered yet. For releases."""
    cases = released_cases(project).order_by().values("pk")
    count = 0
    for new, old in replaced.items():
        asked = Cell.objects.filter(case=OuterRef("case"), variable=new)
        count += Cell.objects.filter(~Exists(asked), variable=old, case__in=cases).count()
    return count


def cells_past(project: Project, cases: Iterable[int]) -> QuerySet:  # type: ignore[type-arg]
    """Every line of the history of the cells of these cases, oldest first: for releases."""
    past: QuerySet = Cell.history.filter(  # type: ignore[type-arg]
        case__in=list(cases), case__unit__project=project
    )
    return past.order_by("history_id")


FEW_CHANGES = 5_000


def cells_changed_since(project: Project, moment: datetime) -> int:
    """How many cells of the universe were written, ruled on or taken off since then."""
    changed = Cell.history.filter(history_date__gte=moment).order_by()
    found = set(changed.values_list("case", "variable"))  # few, as a rule: asked before the cases
    cases = released_cases(project).order_by()
    if len(found) <= FEW_CHANGES:
        cases = cases.filter(pk__in={case for case, _ in found})
    inside = set(cases.values_list("pk", flat=True)) if found else set()
    return sum(case in inside for case, _ in found)


def unblinded_citations(project: Project) -> QuerySet[Citation]:
    """The citations of every opened value, for releases."""
    return Citation.objects.filter(
        value__coding__unblinded_at__isnull=False, value__coding__case__unit__project=project
    )


def rated(project: Project) -> QuerySet[Coding]:
    """The codings that reliability reads: handed in blind, opened, speaking for the data set.

    A third coder, called in because two disagreed, would make agreement look worse than it is.
    For releases and commands; whatever a person sees goes through `rated_for`.
    """
    return (
        Coding.objects.standing()
        .first_two()
        .filter(case__unit__project=project, unblinded_at__isnull=False, purpose__in=SPEAKING)
    )


def rated_for(user: Person, project: Project) -> QuerySet[Coding]:
    """Those of them whose values this user may see; of a family being coded, none at all.

    Not even the user's own: their count would tell how many others there are.
    """
    found = rated(project).annotate(family=_family("case"))
    seen = found.filter(~_in_family_being_coded(user))
    return seen.filter(pk__in=readable(user).values("pk"))


def ratings_in(codings: QuerySet[Coding], variables: Iterable[int]) -> QuerySet[Value, Any]:
    """Variable, coding and text of what was said in codings that were let through already."""
    said = Value.objects.filter(coding__in=codings.values("pk"), variable__in=list(variables))
    return said.values_list("variable", "coding", "text")


# ------------------------------------------------------------------ gold and training


class Marked(NamedTuple):
    """An answer of a training sheet beside the gold answer; None where nothing was said."""

    coding: int
    coder: int
    case: int
    variable: int
    said: str | None
    gold: str


# What gold may point at: agreed, ruled on, or looked at again by somebody.
SETTLED = Q(text__isnull=False) & (
    Q(status__in=(Cell.Status.AGREED, Cell.Status.ADJUDICATED))
    | Q(status=Cell.Status.SINGLE, verified_at__isnull=False)
)


def settled_for(user: Person, family: int) -> QuerySet[Cell]:
    """The settled cells of a case, its partners and objectives that this user may see now."""
    found = cells_for(user).filter(SETTLED, case__in_universe=True)
    return found.filter(Q(case=family) | Q(case__root=family))


def gold_for(user: Person, project: Project) -> QuerySet[Any]:
    """The gold answers that this user may know of: which rows a case has is an answer, too."""
    return Gold.objects.annotate(family=_family("case")).filter(
        ~_in_family_being_coded(user),
        case__unit__project=project,
        case__unit__project__in=_projects_of(user),
    )


def trained(user: Person, project: Project) -> CodingQuerySet:
    """Training sheets handed in that may be marked before this user.

    One's own; for curators everybody's. Not of a family that the user has still to hand in.
    """
    curated = Member.objects.filter(user=user.pk, role=Member.Role.CURATOR).values("project")
    sheets = Coding.objects.standing().annotate(family=_family("case"))
    return sheets.filter(
        Q(coder=user.pk) | Q(case__unit__project__in=curated),
        ~_in_family_being_coded(user),
        purpose=Coding.Purpose.TRAINING,
        submitted_at__isnull=False,
        case__unit__project=project,
        case__unit__project__in=_projects_of(user),
    )


def marked(codings: CodingQuerySet) -> list[Marked]:
    """What was said on training sheets beside gold, for sheets that `trained` let through.

    The sheet that was handed in first comes first; only what its codebook asks is marked.
    """
    order = codings.order_by("submitted_at", "pk")
    sheets = list(order.values_list("pk", "coder", "case", "codebook"))
    gold: dict[int, list[tuple[int, str]]] = {}
    for case, variable, text in _gold_texts({case for _, _, case, _ in sheets}):
        gold.setdefault(case, []).append((variable, text))
    said = _texts_of([pk for pk, _, _, _ in sheets])
    books = Entry.objects.filter(codebook__in={book for _, _, _, book in sheets})
    asked = set(books.values_list("codebook", "variable"))
    return [
        Marked(pk, coder, case, variable, said.get((pk, variable)), text)
        for pk, coder, case, book in sheets
        for variable, text in gold.get(case, [])
        if (book, variable) in asked
    ]


def _gold_texts(cases: Iterable[int]) -> QuerySet[Gold, tuple[int, int, str]]:
    cells = Cell.objects.filter(SETTLED, case=OuterRef("case"), variable=OuterRef("variable"))
    gold = Gold.objects.filter(case__in=list(cases), case__in_universe=True)
    with_text = gold.annotate(text=Subquery(cells.values("text"))).exclude(text=None)
    return with_text.order_by("pk").values_list("case", "variable", "text")


def _texts_of(codings: Iterable[int]) -> dict[tuple[int, int], str]:
    rows = Value.objects.filter(coding__in=list(codings))
    return {(pk, v): text for pk, v, text in rows.values_list("coding", "variable", "text")}


# ------------------------------------------------------------------ names


def names_in(family: int, viewer: Person, role: str, codings: Iterable[Coding]) -> dict[int, str]:
    """What the viewer may call each coder of a family of cases.

    Adjudicators and coders read Coder A, Coder B in an order of its own for each family;
    curators, who assign the work, read names.
    """
    coders = {c.coder_id: c.coder for c in codings}
    order = sorted(coders, key=lambda pk: _shuffled(family, pk))
    names = {
        pk: f"Coder {chr(65 + n)}" if n < 26 else f"Coder {n + 1}" for n, pk in enumerate(order)
    }
    if role == Member.Role.CURATOR:
        names = {pk: user.get_username() for pk, user in coders.items()}
    return {pk: ("You" if pk == viewer.pk else name) for pk, name in names.items()}


def letters_in(user: Person, families: Iterable[int]) -> dict[int, dict[int, str]]:
    """How the coders of these families are called whoever looks, by family: Coder A, Coder B."""
    found: dict[int, list[Coding]] = {}
    of_all = codings_for(user).annotate(family=_family("case"))
    known = of_all.filter(family__in=list(families)).select_related("coder", "case")
    for coding in known:
        found.setdefault(coding.case.family_id, []).append(coding)
    nobody, anonymous = AnonymousUser(), Member.Role.ADJUDICATOR
    return {
        family: names_in(family, nobody, anonymous, codings) for family, codings in found.items()
    }


def _shuffled(family: int, coder: int) -> str:
    return hashlib.sha256(f"{settings.SECRET_KEY}:{family}:{coder}".encode()).hexdigest()
