"""Who settles what: claims on a family's disputes, assigned ones, and views of the queue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.contrib.auth.models import User
from django.utils import timezone

from coding import claims
from coding.errors import Refused
from coding.models import Case, Claim, Coding, Member, Project, SavedView
from coding.work import signed
from coding.work.act import act

MOST_VIEWS = 40


@act
def claim(*, case: Case, by: User) -> Claim:
    """Claim a case's family for half an hour, or renew that. Who has a live claim keeps it."""
    found = Claim.objects.select_for_update(of=("self",)).filter(case=case.family_id).first()
    if found is None:
        until = timezone.now() + Claim.LASTS
        found, _ = Claim.objects.get_or_create(
            case_id=case.family_id, defaults={"user": by, "until": until}
        )
    elif not found.is_live:
        found.user, found.until = by, timezone.now() + Claim.LASTS
        signed.save(found, why="claimed after the last claim expired", by=by)
    elif found.user_id == by.pk:
        _renew(found, by)
    return found


def _renew(found: Claim, by: User) -> None:
    now = timezone.now()
    if found.until is not None and found.until < now + Claim.SPARE:
        found.until = now + Claim.LASTS
        signed.save(found, why="renewed", by=by)


def respect(case: Case, by: User) -> None:
    """Refuse a ruling where somebody else has a live claim; a ruling renews one's own."""
    found = Claim.objects.live().filter(case=case.family_id).first()
    if found is None:
        return
    if found.user_id == by.pk:
        _renew(found, by)
        return
    held = claims.held(by, case.unit.project, [case.family_id])[case.family_id]
    raise Refused(
        f"{held.sentence} Take it over with a reason at the top of the page, or choose another "
        "case."
    )


@act
def take_over(*, case: Case, reason: str, by: User) -> Claim:
    """Settle what somebody else has claimed. The reason stays in the claim's history."""
    if not reason.strip():
        raise Refused("Say why you take this case over: the other person will read it.")
    found = Claim.objects.select_for_update(of=("self",)).filter(case=case.family_id).first()
    if found is None or not found.is_live or found.user_id == by.pk:
        return claim(case=case, by=by)
    found.user = by
    if found.until is not None:
        found.until = timezone.now() + Claim.LASTS
    signed.save(found, why=reason.strip(), by=by)
    return found


# ------------------------------------------------------------------ assigned disputes


@dataclass
class Shared:
    """How many disputes each person was given, and how many were left."""

    given: dict[str, int] = field(default_factory=dict)
    coded: int = 0  # by everybody who was chosen
    claimed: int = 0  # by somebody who settles them now


@act
def share_out(
    *, project: Project, disputes: Mapping[int, int], to: Sequence[User], by: User
) -> Shared:
    """Assign families to adjudicators, so that each gets about as many disputes.

    `disputes` says how many each family has. Nobody is given what they coded, and what somebody
    settles just now stays with them.
    """
    if not to:
        raise Refused("Choose who settles them.")
    shared = Shared({user.get_username(): 0 for user in to})
    coded = {} if project.reconcile_by_discussion else _coders_of(disputes)
    known = {c.case_id: c for c in Claim.objects.select_for_update().filter(case__in=disputes)}
    for family, count in sorted(disputes.items(), key=lambda pair: (-pair[1], pair[0])):
        fit = [user for user in to if user.pk not in coded.get(family, ())]
        found = known.get(family) or Claim(case_id=family)
        if found.pk and found.until is not None and found.is_live:
            shared.claimed += count
        elif not fit:
            shared.coded += count
        else:
            least = min(fit, key=lambda user: shared.given[user.get_username()])
            shared.given[least.get_username()] += count
            found.user, found.until = least, None
            signed.save(found, why="assigned", by=by)
    return shared


def _coders_of(families: Mapping[int, int]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    codings = Coding.objects.standing()
    for way in ("case", "case__root"):
        rows = codings.filter(**{f"{way}__in": list(families)}).values_list(way, "coder")
        for family, coder in rows.distinct():
            found.setdefault(family, set()).add(coder)
    return found


@act
def take_back_assigned(*, families: Sequence[int], by: User) -> int:
    """End what was assigned of these families: anybody may claim them again."""
    found = Claim.objects.assigned().filter(case__in=families)
    for each in found:
        signed.delete(each, why="assignment taken back", by=by)
    return len(found)


# ------------------------------------------------------------------ saved views


@act
def keep_view(*, member: Member, name: str, query: str) -> SavedView:
    """Keep a name for a way of looking at the disputes; the same name is given anew."""
    if not name.strip():
        raise Refused("Give the view a name.")
    known = SavedView.objects.filter(member=member)
    view = known.filter(name=name.strip()).first() or SavedView(member=member, name=name.strip())
    if view.pk is None and known.count() >= MOST_VIEWS:
        raise Refused(f"You keep {MOST_VIEWS} views already: take one away first.")
    view.query = query
    view.save()
    return view


@act
def drop_view(*, view: SavedView) -> None:
    view.delete()
