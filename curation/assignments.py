"""Who codes what: whole worklists at once, dealt evenly and never to more coders than agreed."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from coding import assigning, codebooks, work
from coding.assigning import Preview
from coding.models import Case, Coding, Member, Project, Unit
from coding.wishes import DesignForm
from curation.faults import BadInput, Fault
from curation.intake.whole import hint


@dataclass(frozen=True)
class Assigned:
    """A case on a coder's worklist."""

    coder: str
    case: str
    new: bool


def coders_called(project: Project, names: Sequence[str]) -> list[User]:
    """The people of these names who may code. Raises BadInput for all who may not."""
    members = Member.objects.filter(project=project).exclude(role=Member.Role.READER)
    people = members.filter(kind=Member.Kind.PERSON).select_related("user")
    known = {member.user.username: member.user for member in people}
    odd = [name for name in names if name not in known]
    if odd:
        rule = f"is no coder of {project.slug}."
        raise BadInput([Fault("--coder", name, rule + hint(name, known)) for name in odd])
    return [known[name] for name in dict.fromkeys(names)]


@transaction.atomic
def assign_cases(
    *, project: Project, coders: Sequence[User], keys: Sequence[str], by: User | None = None
) -> list[Assigned]:
    """Put each case on the worklist of each coder. Raises BadInput where a case has enough."""
    cases = _cases_called(project, keys)
    at_work = _at_work(project)
    faults = []
    for case in cases:
        new = [c for c in coders if c.pk not in at_work.get(case.pk, set())]
        there = len(at_work.get(case.pk, ()))
        if there + len(new) > project.coders_per_case and new:
            rule = f"would have {there + len(new)} coders: {project.coders_per_case} code a case."
            faults.append(Fault("--case", case.key, rule))
    if faults:
        raise BadInput(faults)
    return [_assign(case, coder, at_work, by) for case in cases for coder in coders]


@transaction.atomic
def deal_cases(
    *,
    project: Project,
    coders: Sequence[User],
    unit: Unit,
    count: int | None = None,
    seed: str = "",
    by: User | None = None,
) -> list[Assigned]:
    """Deal the cases that lack coders: to whom has least, at most `count` to each.

    The order is drawn by the seed; the same seed on the same state deals the same cards.
    """
    lot = random.Random(seed)  # noqa: S311  drawing lots, not keys
    cases = list(Case.objects.filter(unit=unit, in_universe=True, superseded_by=None))
    lot.shuffle(cases)
    at_work, trained, dealt = _at_work(project), _trained(project), []
    load: Counter[int] = Counter()
    for case in cases:
        there = at_work.get(case.pk, set())
        free = [c for c in coders if c.pk not in there and (count is None or load[c.pk] < count)]
        free = [c for c in free if (case.pk, c.pk) not in trained]
        lot.shuffle(free)
        free.sort(key=lambda coder: load[coder.pk])
        for coder in free[: max(0, project.coders_per_case - len(there))]:
            load[coder.pk] += 1
            dealt.append(_assign(case, coder, at_work, by))
    return dealt


def by_design(project: Project, asked: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Deal a unit's cases by a design; a dry run says what it would deal. BadInput in full."""
    if not asked["unit"]:
        raise BadInput([Fault("--design", asked["design"], "goes with --unit.")])
    form = DesignForm({**asked, "kind": asked["design"], "coders": asked["coder"]}, project=project)
    if not form.is_valid():
        raise BadInput(list(_faults(form, asked)))
    wish = form.wish()
    found = assigning.preview(project, wish)
    number = None
    if not asked["dry_run"]:
        number = assigning.make(project=project, wish=wish, seen=found.digest).number
    loads = {member.user.get_username(): count for member, count in found.loads}
    data = {
        "project": project.slug,
        "design": number,
        "kind": wish.kind,
        "seed": wish.seed,
        "cases": len(found.dealt.by_case),
        "double": found.dealt.double,
        "loads": loads,
        "pairs": [{"coders": [one, other], "cases": n} for one, other, n in found.pairs],
        "short": list(found.dealt.short),
        "apart": found.apart,
    }
    return data, list(_words(found, number))


def _words(found: Preview, number: int | None) -> Iterator[str]:
    said = "would be" if number is None else "are"
    dealt, wish = found.dealt, found.wish
    yield f"{len(dealt.by_case)} cases {said} assigned, {dealt.double} of them to two or more."
    yield from (f"{member.user.get_username()}: {count} new" for member, count in found.loads)
    yield from (f"{one} and {other} share {count}" for one, other, count in found.pairs)
    if dealt.short:
        yield f"Too few coders were free for {len(dealt.short)}: {', '.join(dealt.short[:10])}"
    if found.apart:
        groups = "; ".join(", ".join(group) for group in found.apart)
        yield f"Not connected by shared cases: {groups}. Some coders are never compared."
    yield f"Seed: {wish.seed}" + ("" if number is None else f". Kept as design {number}.")


def _faults(form: DesignForm, asked: Mapping[str, Any]) -> Iterator[Fault]:
    places = {"kind": "--design", "coders": "--coder"}
    for name, errors in form.errors.items():
        value = "" if asked.get(name) is None else str(asked.get(name))
        for error in errors:
            yield Fault(places.get(name, f"--{name}"), value, str(error))


def _assign(case: Case, coder: User, at_work: dict[int, set[int]], by: User | None) -> Assigned:
    new = coder.pk not in at_work.get(case.pk, set())
    if new:
        work.assign(case=case, coder=coder, by=by)
    return Assigned(coder.username, case.key, new)


def _cases_called(project: Project, keys: Sequence[str]) -> list[Case]:
    """Cases by key. Rows below a case come with its sheet and cannot be assigned."""
    found = Case.objects.filter(unit__project=project, unit__parent=None).select_related("unit")
    known = {case.key: case for case in found}
    odd = [key for key in keys if key not in known]
    if odd:
        rule = "is no case that can be assigned."
        raise BadInput([Fault("--case", key, rule + hint(key, known)) for key in odd])
    return [known[key] for key in dict.fromkeys(keys)]


def _at_work(project: Project) -> dict[int, set[int]]:
    """The people who code each case under the current codebook; earlier data sets do not count."""
    people = Member.objects.filter(project=project, kind=Member.Kind.PERSON).values("user")
    codings = Coding.objects.standing().filter(
        codebook=codebooks.current_or_refused(project),
        purpose=Coding.Purpose.PRODUCTION,
        coder__in=people,
    )
    found: dict[int, set[int]] = {}
    for case, coder in codings.values_list("case", "coder"):
        found.setdefault(case, set()).add(coder)
    return found


def _trained(project: Project) -> set[tuple[int, int]]:
    """Cases and the people who train on them: they are shown what is right."""
    training = Coding.objects.standing().filter(
        purpose=Coding.Purpose.TRAINING, case__unit__project=project
    )
    return set(training.values_list("case", "coder"))
