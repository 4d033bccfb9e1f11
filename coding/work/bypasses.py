"""Rules that a small team passes by, each with a reason that every release prints."""

from __future__ import annotations

from django.contrib.auth.models import User

from coding.errors import Refused
from coding.models import Bypass, Case, Cell, Coding, Member, Project
from coding.work.act import act

Rule = Bypass.Rule
CODED = "You coded this case: someone else must adjudicate it."
RULING = (Member.Role.ADJUDICATOR, Member.Role.CURATOR)


@act
def pass_by(
    *,
    project: Project,
    rule: str,
    reason: str,
    by: User,
    case: Case | None = None,
    cell: Cell | None = None,
) -> Bypass:
    """Keep that a rule is passed by here, and why. Twice is once."""
    if not reason.strip():
        raise Refused("Passing a rule by needs a reason: the release prints it.")
    root = None if case is None else Case.objects.get(pk=case.family_id)
    known = Bypass.objects.filter(project=project, rule=rule, case=root, cell=cell, by=by)
    return known.first() or Bypass.objects.create(
        project=project, rule=rule, case=root, cell=cell, reason=reason.strip(), by=by
    )


@act
def rule_as_coder(*, case: Case, reason: str, by: User) -> Bypass:
    """Let an adjudicator settle a case that they coded themselves."""
    members = Member.objects.filter(project=case.unit.project, user=by, role__in=RULING)
    if not members.exists():
        raise Refused("Only adjudicators and curators settle a case that they coded.")
    family = Coding.objects.standing().of_family(case.family_id).of(by)
    if not family.exists():
        raise Refused("You did not code this case: you may settle it as it is.")
    if family.filter(submitted_at=None).exists():
        raise Refused("You are coding this case: hand in your own sheet first.")
    return pass_by(project=case.unit.project, rule=Rule.CODER, case=case, reason=reason, by=by)


def barred(case: Case, by: User) -> str:
    """Why this person may not rule on the cells of a case now; empty for who may."""
    family = Coding.objects.standing().of_family(case.family_id).of(by)
    handed_in = list(family.values_list("submitted_at", flat=True))
    discussed = case.unit.project.reconcile_by_discussion
    if handed_in and not discussed and not lets_coder_rule(case, by):
        return CODED
    if None in handed_in:
        return "You are coding this case: hand in your own sheet first."
    return ""


def lets_coder_rule(case: Case, by: User) -> bool:
    """Whether this person may settle a case that they coded, with a reason that is printed."""
    return Bypass.objects.filter(rule=Rule.CODER, case=case.family_id, by=by).exists()
