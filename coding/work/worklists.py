"""Worklists by design: dealt in one act, moved when a coder leaves, a third where two disagree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError
from django.db.models import Count, Max, Q
from simple_history.utils import bulk_create_with_history

from coding import codebooks, designs
from coding.errors import Refused
from coding.models import Case, Cell, Coding, Design, Member, Project
from coding.work import signed
from coding.work.act import act

AT_ONCE = 1_000
MEANWHILE = "Somebody assigned some of these cases meanwhile: look at the preview again."


@act
def deal(
    *,
    project: Project,
    kind: str,
    seed: str,
    parameters: Mapping[str, Any],
    drawn_from: Mapping[str, Any],
    orders: Mapping[User, Sequence[Case]],
    note: str = "",
    by: User | None = None,
) -> Design:
    """Keep a design and put its cases on the worklists, each coder's in an order of their own."""
    project = Project.objects.select_for_update().get(pk=project.pk)
    codebook = codebooks.current_or_refused(project)
    last = project.designs.aggregate(last=Max("number"))["last"] or 0
    design = Design.objects.create(
        project=project,
        number=last + 1,
        kind=kind,
        seed=seed,
        parameters=dict(parameters),
        drawn_from=dict(drawn_from),
        note=note,
        made_by=by,
    )
    ends = _ends(project)
    made = [
        Coding(case=case, coder=coder, codebook=codebook, design=design, position=place)
        for coder, cases in orders.items()
        for place, case in enumerate(cases, ends.get(coder.pk, 0) + 1)
    ]
    _create(made, by)
    return design


def _ends(project: Project) -> dict[int, int]:
    """The last place on each worklist of the project."""
    codings = Coding.objects.filter(case__unit__project=project).order_by()
    return dict(codings.values_list("coder").annotate(Max("position")))


def _create(codings: list[Coding], by: User | None) -> None:
    # The reason tells nothing of the design: a coder reads it in the history of the case.
    for coding in codings:
        signed.sign(coding, why="assigned")
        setattr(coding, "_history_user", by)  # noqa: B010 - nobody, rather than who submits now
    try:
        bulk_create_with_history(codings, Coding, batch_size=AT_ONCE)
    except IntegrityError as error:
        raise Refused(MEANWHILE) from error


@act
def move(*, moves: Mapping[Coding, User], by: User | None = None) -> list[Coding]:
    """Put cases that a coder leaves on the worklists of others, in the same designs.

    To be followed by the withdrawal of what the coder has open: not before, or a case of which
    everybody else is done would open.
    """
    projects = {coding.case.unit.project for coding in moves}
    ends = {project.pk: _ends(project) for project in projects}
    made = []
    for coding, coder in moves.items():
        places = ends[coding.case.unit.project_id]
        places[coder.pk] = places.get(coder.pk, 0) + 1
        new = Coding(case=coding.case, coder=coder, codebook_id=coding.codebook_id)
        new.design_id, new.third, new.position = coding.design_id, coding.third, places[coder.pk]
        made.append(new)
    _create(made, by)
    return made


# ------------------------------------------------------------------ a third coder


def call_third(root: Case) -> None:
    """Where two coders of an adaptive design disagree, the case goes to a third, blind to both.

    Reliability stays that of the first two: what the third says is marked `Coding.third`.
    """
    family = Coding.objects.of_family(root.pk)
    by_design = Q(design__kind=Design.Kind.ADAPTIVE, case=root)
    first = family.standing().filter(by_design).select_related("design__made_by").first()
    if first is None or first.design is None or family.filter(third=True).exists():
        return
    cases = Case.objects.filter(Q(pk=root.pk) | Q(root=root.pk)).values("pk")
    if not Cell.objects.filter(case__in=cases, status=Cell.Status.DISPUTED).exists():
        return
    known = set(family.values_list("coder", flat=True))
    coder = _least_busy(root, first.design, known)
    if coder is not None:
        place = _ends(root.unit.project).get(coder.pk, 0) + 1
        third = Coding(case=root, coder=coder, codebook_id=first.codebook_id, third=True)
        third.design, third.position = first.design, place
        _create([third], first.design.made_by)


def _least_busy(root: Case, design: Design, but: Iterable[int]) -> User | None:
    """Of the design's coders who have not coded the case: who has least to do, then by lot."""
    members = Member.objects.filter(
        project=design.project_id, pseudonym__in=design.parameters["coders"]
    ).exclude(Q(role=Member.Role.READER) | Q(user__in=list(but)))
    free = {m.pseudonym: m.user for m in members.select_related("user")}
    todo = Coding.objects.open().filter(coder__in=free.values(), case__unit=root.unit_id)
    loads = dict(todo.order_by().values_list("coder").annotate(Count("pk")))
    by_lot = designs.drawn(design.seed, f"third {root.key}", free)
    return min((free[n] for n in by_lot), key=lambda user: loads.get(user.pk, 0), default=None)
