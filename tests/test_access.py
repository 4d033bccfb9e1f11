"""Who may act: every fetch, for every member, for a stranger, a superuser and a visitor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.http import Http404

from coding import access, work
from coding.errors import Refused
from coding.models import Case, Coding, Member
from tests.conftest import World

CAST = ("coder_a", "coder_b", "adjudicator", "curator", "reader")
PEOPLE = (*CAST, "outsider", "superuser", "visitor")
TEAM = {"coder_a", "coder_b", "adjudicator", "curator"}
JUDGES = {"adjudicator", "curator"}


def person(world: World, name: str) -> Any:
    if name == "visitor":
        return AnonymousUser()
    if name == "superuser":  # of the whole site, member of no project
        return User.objects.get_or_create(username=name, is_superuser=True, is_staff=True)[0]
    return getattr(world, name)


def let_in(world: World, fetch: Callable[[Any], object]) -> set[str]:
    """Whom a fetch gives what it fetches; everybody else finds nothing."""
    found = set()
    for name in PEOPLE:
        try:
            fetch(person(world, name))
        except Http404:
            continue
        found.add(name)
    return found


def listed_by_b(world: World) -> Case:
    """A partner's case that exists because coder_b listed it."""
    world.say(world.coding_b, "220", "partners")
    return Case.objects.get(key="US-1991-GUL/220")


def hand_in(world: World, *codings: Coding) -> None:
    for coding in codings:
        world.say(coding, "regime")
        for child in Coding.objects.open().filter(case__parent=coding.case, coder=coding.coder):
            world.say(child, "1", "sent")
        work.submit(coding=coding)


# ------------------------------------------------------------------ the project


@pytest.mark.parametrize(
    ("roles", "inside"),
    [
        ((), {*CAST}),
        (access.EVERYONE, {*CAST}),
        (access.TEAM, TEAM),
        (access.ADJUDICATORS, JUDGES),
        (access.CURATORS, {"curator"}),
    ],
)
def test_a_project_is_open_to_its_members_of_the_asked_roles(
    world: World, roles: tuple[str, ...], inside: set[str]
) -> None:
    slug = world.project.slug

    assert let_in(world, lambda user: access.member_or_404(user, slug, *roles)) == inside


def test_a_project_that_is_not_there_is_like_one_that_is_not_yours(world: World) -> None:
    assert let_in(world, lambda user: access.member_or_404(user, "no-such-project")) == set()


def test_a_person_has_the_role_of_each_project(world: World) -> None:
    elsewhere = Member.objects.get(user=world.outsider).project
    Member.objects.create(project=elsewhere, user=world.coder_a, role=Member.Role.READER)

    roles = [(m.project.slug, m.role) for m in access.memberships(world.coder_a)]

    assert roles == [("elsewhere", "reader"), ("usmi", "coder")]
    assert access.member_or_404(world.coder_a, "usmi", *access.TEAM).role == "coder"
    with pytest.raises(Http404):
        access.member_or_404(world.coder_a, "elsewhere", *access.TEAM)


def test_a_visitor_is_a_member_of_nothing(world: World) -> None:
    assert list(access.memberships(AnonymousUser())) == []


# ------------------------------------------------------------------ codings


def test_a_coding_is_open_to_its_coder_and_to_nobody_else(world: World) -> None:
    for phase in ("open", "submitted", "opened"):
        if phase == "submitted":
            hand_in(world, world.coding_a)
        if phase == "opened":
            hand_in(world, world.coding_b)
        for coding, coder in ((world.coding_a, "coder_a"), (world.coding_b, "coder_b")):
            pk = coding.pk
            assert let_in(world, lambda user, pk=pk: access.own_coding_or_404(user, pk)) == {coder}


def test_a_withdrawn_coding_is_no_longer_there(world: World) -> None:
    work.withdraw(coding=world.coding_a, reason="On leave", by=world.curator)

    pk = world.coding_a.pk
    assert let_in(world, lambda user: access.own_coding_or_404(user, pk)) == set()


@pytest.mark.parametrize("change", ["left", "reader"])
def test_who_is_no_coder_any_more_finds_no_coding_and_no_case(world: World, change: str) -> None:
    membership = Member.objects.filter(user=world.coder_a)
    if change == "left":
        membership.delete()
    else:
        membership.update(role=Member.Role.READER)

    coding, case = world.coding_a.pk, world.case.pk
    assert let_in(world, lambda user: access.own_coding_or_404(user, coding)) == set()
    assert let_in(world, lambda user: access.case_or_404(user, case)) == TEAM - {"coder_a"}


def test_a_coding_can_be_handed_back_by_who_adjudicates_or_curates(world: World) -> None:
    pk = world.coding_a.pk

    assert let_in(world, lambda user: access.returnable_or_404(user, pk)) == JUDGES


def test_a_coding_of_a_partner_that_one_coder_listed_is_nobody_elses(world: World) -> None:
    listed_by_b(world)
    pk = world.sheet_of(world.coder_b, "220").pk

    assert let_in(world, lambda user: access.returnable_or_404(user, pk)) == set()
    assert let_in(world, lambda user: access.own_coding_or_404(user, pk)) == {"coder_b"}


def test_what_was_handed_in_is_closed_to_its_coder_while_its_repeat_is_open(world: World) -> None:
    hand_in(world, world.coding_a, world.coding_b)
    first = Coding.objects.get(pk=world.coding_a.pk)
    access.refuse_while_coding_again(world.coder_a, first)
    repeat = work.assign(
        case=world.case, coder=world.coder_a, codebook=world.codebook, purpose="repeat"
    )

    with pytest.raises(Refused, match="You are coding this case again"):
        access.refuse_while_coding_again(world.coder_a, first)
    access.refuse_while_coding_again(world.coder_a, repeat)


# ------------------------------------------------------------------ cases


@pytest.mark.parametrize(
    ("roles", "inside"),
    [
        ((), TEAM),
        (access.TEAM, TEAM),
        (access.ADJUDICATORS, JUDGES),
        (access.CURATORS, {"curator"}),
    ],
)
def test_a_case_is_open_to_the_team_by_role_and_not_to_readers(
    world: World, roles: tuple[str, ...], inside: set[str]
) -> None:
    pk = world.case.pk

    assert let_in(world, lambda user: access.case_or_404(user, pk, *roles)) == inside


def test_a_partner_that_one_coder_listed_is_not_there_for_others_before_it_opens(
    world: World,
) -> None:
    partner = listed_by_b(world)

    def fetch(user: Any) -> object:
        return access.case_or_404(user, partner.pk)

    assert let_in(world, fetch) == {"coder_b"}
    hand_in(world, world.coding_b)
    assert let_in(world, fetch) == {"coder_b"}
    hand_in(world, world.coding_a)
    assert let_in(world, fetch) == TEAM


def test_a_partner_is_not_there_for_a_late_coder_of_its_intervention(world: World) -> None:
    partner = listed_by_b(world)
    hand_in(world, world.coding_a, world.coding_b)
    work.assign(case=world.case, coder=world.adjudicator, codebook=world.codebook)

    inside = let_in(world, lambda user: access.case_or_404(user, partner.pk))

    assert inside == TEAM - {"adjudicator"}


@pytest.mark.parametrize(("by_discussion", "inside"), [(False, JUDGES), (True, TEAM)])
def test_disputes_are_settled_by_judges_and_by_coders_only_where_they_reconcile(
    world: World, by_discussion: bool, inside: set[str]
) -> None:
    world.project.reconcile_by_discussion = by_discussion
    world.project.save()
    slug, pk = world.project.slug, world.case.pk

    assert let_in(world, lambda user: access.settler_or_404(user, slug)) == inside
    assert let_in(world, lambda user: access.case_to_settle_or_404(user, pk)) == inside


def test_what_does_not_exist_is_found_by_nobody(world: World) -> None:
    for fetch in (
        access.own_coding_or_404,
        access.returnable_or_404,
        access.case_or_404,
        access.case_to_settle_or_404,
    ):
        assert let_in(world, lambda user, fetch=fetch: fetch(user, 10**9)) == set()


def test_every_fetch_of_the_module_is_tried_here() -> None:
    fetches = {name for name in vars(access) if name.endswith("_or_404") and name[0] != "_"}

    assert fetches - {"get_object_or_404"} == {
        "member_or_404",
        "settler_or_404",
        "own_coding_or_404",
        "returnable_or_404",
        "case_or_404",
        "case_to_settle_or_404",
    }
