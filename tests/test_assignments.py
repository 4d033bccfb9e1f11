"""Assigning by design: previewed, done in one act, redrawn, and moved when a coder leaves."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Count
from django.test import Client

from coding import assigning, blind, work
from coding.assigning import Wish
from coding.errors import Refused
from coding.models import Case, Coding, Design, Member
from tests.conftest import World
from tests.sheets import browser
from tests.test_commands import refused, run


@pytest.fixture
def staffed(world: World) -> World:
    """Twelve cases that nobody codes yet in two regions, and two more coders."""
    for n in range(12):
        facts = {"region": "Asia" if n % 2 else "Europe", "start_year": str(1980 + n)}
        Case.objects.create(
            unit=world.case.unit, key=f"US-{1980 + n}-N{n}", title=f"New {n}", facts=facts
        )
    for name in ("coder_c", "coder_d"):
        Member.objects.create(project=world.project, user=User.objects.create_user(name))
    return world


def wish(world: World, kind: str = "blocks", *names: str, **more: Any) -> Wish:
    wanted = names or ("coder_a", "coder_b", "coder_c", "coder_d")
    members = Member.objects.filter(project=world.project, user__username__in=wanted)
    coders = tuple(members.select_related("user").order_by("user__username"))
    return Wish(kind, world.case.unit, coders, more.pop("seed", "spring"), **more)


def make(world: World, kind: str = "blocks", *names: str, **more: Any) -> Design:
    asked = wish(world, kind, *names, **more)
    return assigning.make(project=world.project, wish=asked, by=world.curator)


def worklist(design: Design, name: str) -> list[str]:
    mine = design.codings.filter(coder__username=name).order_by("position")
    return list(mine.values_list("case__key", flat=True))


def hand_in(coding: Coding, world: World, text: str = "regime") -> None:
    world.say(coding, text)
    work.submit(coding=coding)


# ------------------------------------------------------------------ preview, then the act


def test_the_preview_writes_nothing_and_the_act_does_what_it_showed(staffed: World) -> None:
    before = Coding.objects.count()

    found = assigning.preview(staffed.project, wish(staffed))
    assert (Coding.objects.count(), Design.objects.count()) == (before, 0)
    design = assigning.make(
        project=staffed.project, wish=wish(staffed), seen=found.digest, by=staffed.curator
    )

    assert Counter(design.codings.values_list("coder__username", flat=True)) == {
        member.user.username: count for member, count in found.loads
    }
    for member, _ in found.loads:
        listed = worklist(design, member.user.username)
        assert listed == list(found.dealt.orders[member.pseudonym])
    assert {count for _, _, count in found.pairs} == {2}


def test_a_case_that_somebody_codes_is_not_dealt_again(staffed: World) -> None:
    design = make(staffed)

    assert not design.codings.filter(case=staffed.case).exists()
    with pytest.raises(Refused, match="none is left to assign"):
        make(staffed)


def test_two_curators_at_once_do_not_deal_twice(staffed: World) -> None:
    """Both looked at the same preview; the second to press finds that it no longer holds."""
    seen = assigning.preview(staffed.project, wish(staffed)).digest
    work.assign(case=Case.objects.get(key="US-1980-N0"), coder=staffed.coder_a)

    with pytest.raises(Refused, match="so nothing was assigned"):
        assigning.make(project=staffed.project, wish=wish(staffed), seen=seen, by=staffed.curator)

    assert (Design.objects.count(), Coding.objects.count()) == (0, 3)


def test_all_or_nothing(staffed: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row that another has put there at the same moment takes everything back."""
    drawn_before = assigning.preview(staffed.project, wish(staffed))
    coder = next(member for member, _ in drawn_before.loads)
    key = drawn_before.dealt.orders[coder.pseudonym][0]
    work.assign(case=Case.objects.get(key=key), coder=coder.user)
    monkeypatch.setattr(assigning, "preview", lambda *_: drawn_before)

    with pytest.raises(Refused, match="meanwhile"), transaction.atomic():
        make(staffed)

    assert (Design.objects.count(), Coding.objects.count()) == (0, 3)


def test_the_assignment_is_kept_with_its_history_and_tells_nothing_of_the_design(
    staffed: World,
) -> None:
    design = make(staffed, "overlap", percent=50)

    rows = Coding.history.filter(design=design)
    assert rows.count() == design.codings.count() == 18
    assert set(rows.values_list("history_change_reason", "history_user__username")) == {
        ("assigned", "curator")
    }


def assert_drawn_again(design: Design) -> None:
    design.refresh_from_db()
    for alias, keys in assigning.redrawn(design).orders.items():
        mine = design.codings.filter(coder__memberships__pseudonym=alias).order_by("position")
        assert tuple(mine.values_list("case__key", flat=True)) == keys


def test_a_design_can_be_drawn_again_from_what_it_keeps(staffed: World) -> None:
    core = make(staffed, "core", percent=40.0, core=2, fact="region")
    assert_drawn_again(core)
    assert {stratum for stratum, *_ in core.drawn_from.values()} == {"Asia", "Europe"}

    single = Case.objects.alias(n=Count("codings")).filter(n=1).first()
    assert single
    hand_in(single.codings.get(), staffed)
    second = make(staffed, "second", percent=100.0)
    assert_drawn_again(second)
    assert second.codings.get().case == single


def test_a_design_in_use_is_frozen_by_the_database(staffed: World) -> None:
    design = make(staffed)

    with pytest.raises(IntegrityError, match="design in use"), transaction.atomic():
        design.save()
    with pytest.raises(IntegrityError), transaction.atomic():
        design.delete()


def test_a_later_design_goes_on_where_the_worklists_end(staffed: World) -> None:
    first = make(staffed)
    Case.objects.create(unit=staffed.case.unit, key="US-2001-Z", title="Later")
    second = make(staffed, "crossing", "coder_a", "coder_b")

    places = [
        d.codings.filter(coder=staffed.coder_a).values_list("position", flat=True)
        for d in (first, second)
    ]
    assert (sorted(places[0]), list(places[1])) == ([1, 2, 3, 4, 5, 6], [7])
    assert (first.number, second.number) == (1, 2)


@pytest.mark.parametrize(
    ("kind", "names", "said"),
    [
        ("blocks", ("coder_a",), "needs 2 coders or more"),
        ("adaptive", ("coder_a", "coder_b"), "needs 3 coders or more"),
        ("second", ("coder_a",), "coded by one person alone"),
    ],
)
def test_what_cannot_be_drawn_is_refused(
    staffed: World, kind: str, names: tuple[str, ...], said: str
) -> None:
    with pytest.raises(Refused, match=said):
        make(staffed, kind, *names)


# ------------------------------------------------------------------ who must not code a case


def test_nobody_gets_a_case_whose_sheet_they_have_had(staffed: World) -> None:
    case = Case.objects.get(key="US-1980-N0")
    had = work.assign(case=case, coder=staffed.coder_a)
    work.withdraw(coding=had, reason="on leave", by=staffed.curator)

    design = make(staffed, "crossing", "coder_a", "coder_b", "coder_c")

    assert not design.codings.filter(case=case, coder=staffed.coder_a).exists()
    assert design.codings.filter(case=case).count() == 2


def test_who_ruled_on_a_case_does_not_code_it(staffed: World) -> None:
    """Single-coded, settled by the adjudicator, and drawn for a second coding."""
    work.withdraw(coding=staffed.coding_b, reason="left", by=staffed.curator)
    hand_in(staffed.coding_a, staffed)
    staffed.settle("policy")

    found = assigning.preview(
        staffed.project, wish(staffed, "second", "coder_a", "adjudicator", percent=100)
    )
    assert found.dealt.short == (staffed.case.key,)
    design = make(staffed, "second", "adjudicator", "coder_c", percent=100)
    assert [c.coder.username for c in design.codings.select_related("coder")] == ["coder_c"]


def test_a_second_coder_is_drawn_for_what_one_person_handed_in_alone(staffed: World) -> None:
    first = make(staffed, "overlap", percent=0)
    done = list(first.codings.order_by("pk")[:6])
    for coding in done:
        hand_in(coding, staffed)

    second = make(staffed, "second", percent=50)

    drawn = list(second.codings.values_list("case", "coder"))
    assert len(drawn) == 3
    assert {case for case, _ in drawn} <= {coding.case_id for coding in done}
    assert not set(drawn) & {(c.case_id, c.coder_id) for c in done}


# ------------------------------------------------------------------ the third coder


def disagreement(world: World, design: Design) -> tuple[Case, Coding | None]:
    """The two coders of the design's first case say different things."""
    coding = design.codings.order_by("case__key").first()
    assert coding
    one, other = design.codings.filter(case=coding.case).order_by("pk")
    hand_in(one, world, "regime")
    hand_in(other, world, "policy")
    return coding.case, Coding.objects.filter(case=coding.case, third=True).first()


def test_where_two_disagree_a_third_is_called_in_and_reliability_keeps_the_first_two(
    staffed: World,
) -> None:
    design = make(staffed, "adaptive")
    case, third = disagreement(staffed, design)

    assert third is not None
    assert (third.design, third.purpose) == (design, "production")
    codings = Coding.objects.filter(case=case)
    assert third.coder_id not in codings.first_two().values_list("coder", flat=True)
    assert codings.first_two().count() == 2
    staffed.say(third, "200", "partners")
    partner = Coding.objects.get(coder=third.coder, case__key=f"{case.key}/200")
    assert partner.third
    before = set(blind.rated(staffed.project))
    staffed.say(partner, "2", "sent")
    hand_in(third, staffed)
    assert Coding.objects.get(pk=third.pk).unblinded_at
    assert set(blind.rated(staffed.project)) == before


def test_only_curators_are_told_who_is_the_third(staffed: World) -> None:
    case, third = disagreement(staffed, make(staffed, "adaptive"))
    assert third
    hand_in(third, staffed)

    def told(user: User) -> bool:
        page = browser(user).get(f"/cases/{case.pk}/")
        return "called in as third" in page.content.decode()

    assert (told(staffed.curator), told(third.coder), told(staffed.adjudicator)) == (
        True,
        False,
        False,
    )


def test_no_third_is_called_where_the_two_agree_nor_in_another_design(staffed: World) -> None:
    design = make(staffed, "adaptive")
    for coding in design.codings.filter(case__key="US-1980-N0"):
        hand_in(coding, staffed)
    staffed.close("regime", "policy")

    assert not Coding.objects.filter(third=True).exists()


def test_only_one_third_is_called_and_history_names_no_coder_for_it(staffed: World) -> None:
    design = make(staffed, "adaptive")
    case, third = disagreement(staffed, design)
    assert third
    hand_in(third, staffed, "territory")

    assert Coding.objects.filter(case=case).count() == 3
    assert third.history.earliest().history_user == staffed.curator
    assert third.history.earliest().history_change_reason == "assigned"


# ------------------------------------------------------------------ a coder leaves


def leave(world: World, **more: Any) -> assigning.Leaving:
    to = wish(world).coders
    return assigning.move(
        project=world.project,
        coder=world.coder_a,
        to=to,
        reason="on leave",
        by=world.curator,
        **more,
    )


def test_open_sheets_move_evenly_and_what_was_handed_in_stays(staffed: World) -> None:
    design = make(staffed)
    submitted, typed, *_ = design.codings.filter(coder=staffed.coder_a).order_by("position")
    hand_in(submitted, staffed)
    staffed.say(typed, "canary")

    leave(staffed)

    mine = Coding.objects.of(staffed.coder_a)
    assert list(mine.standing()) == [submitted]
    typed.refresh_from_db()
    assert typed.withdrawn_at
    assert typed.history.latest().history_change_reason == "on leave"
    per_case = Counter(design.codings.standing().values_list("case__key", flat=True))
    assert set(per_case.values()) == {2}
    loads = Counter(Coding.objects.open().values_list("coder__username", flat=True))
    assert max(loads.values()) - min(loads.values()) <= 1
    assert loads.keys() == {"coder_b", "coder_c", "coder_d"}


def test_moving_does_not_open_a_case_whose_other_coder_is_done(staffed: World) -> None:
    staffed.say(staffed.coding_b, "regime")
    work.submit(coding=staffed.coding_b)

    leave(staffed)

    assert not Coding.objects.filter(case=staffed.case, unblinded_at__isnull=False).exists()
    assert Coding.objects.open().filter(case=staffed.case).count() == 1


def test_a_sheet_that_nobody_else_may_take_stays_and_is_told(staffed: World) -> None:
    found = assigning.move(
        project=staffed.project,
        coder=staffed.coder_a,
        to=wish(staffed, "blocks", "coder_b").coders,
        reason="on leave",
        by=staffed.curator,
    )

    assert [coding.case for coding in found.stay] == [staffed.case]
    assert Coding.objects.open().of(staffed.coder_a).count() == 1


def test_repeats_are_closed_and_moved_to_nobody(staffed: World) -> None:
    staffed.close("regime", "regime")
    work.assign(case=staffed.case, coder=staffed.coder_a, purpose="repeat")

    found = leave(staffed)

    assert (len(found.moves), len(found.closed)) == (0, 1)
    assert not Coding.objects.open().exists()


def test_moving_is_refused_without_a_reason_or_when_something_changed(staffed: World) -> None:
    seen = assigning.leaving(staffed.project, staffed.coder_a, wish(staffed).coders).digest
    make(staffed)

    with pytest.raises(Refused, match="needs a reason"):
        assigning.move(
            project=staffed.project,
            coder=staffed.coder_a,
            to=wish(staffed).coders,
            reason=" ",
            by=staffed.curator,
        )
    with pytest.raises(Refused, match="changed since"):
        leave(staffed, seen=seen)


# ------------------------------------------------------------------ coders learn nothing of it


def pages(world: World, client: Client) -> list[str]:
    """All that a coder sees of work and cases, without what differs by session."""
    urls = ["/projects/usmi/work/", "/projects/usmi/cases/"]
    urls += [
        f"/cases/{pk}/" for pk in Case.objects.filter(parent=None).values_list("pk", flat=True)
    ]
    urls += [f"{url}history/" for url in urls if url.startswith("/cases/")]
    urls += [f"/codings/{c.pk}/" for c in Coding.objects.of(world.coder_a)]
    found = [client.get(url) for url in urls]
    assert {page.status_code for page in found} == {200}
    return [
        re.sub(r'csrfmiddlewaretoken" value="\w+"', "", page.content.decode()) for page in found
    ]


def test_a_coder_cannot_tell_whether_a_second_one_is_assigned(staffed: World) -> None:
    mine = Case.objects.get(key="US-1980-N0")
    work.assign(case=mine, coder=staffed.coder_a)
    client = browser(staffed.coder_a)
    alone = pages(staffed, client)

    second = work.assign(case=mine, coder=staffed.coder_b)
    assert pages(staffed, client) == alone
    hand_in(second, staffed, "canary")
    assert pages(staffed, client) == alone


def test_the_curator_who_assigns_does_know(staffed: World) -> None:
    html = browser(staffed.curator).get(f"/cases/{staffed.case.pk}/").content.decode()

    assert "coder_a" in html
    assert "coder_b" in html


# ------------------------------------------------------------------ the command


ASK = ("assign", "--project", "usmi", "--coder", "coder_a", "coder_b", "coder_c", "coder_d")


def test_the_command_deals_by_design_after_a_dry_run(staffed: World) -> None:
    ask = (*ASK, "--unit", "intervention", "--design", "overlap", "--percent", 50, "--seed", "x")

    dry = json.loads(run(*ask, "--dry-run", "--json"))
    assert (dry["design"], Design.objects.count()) == (None, 0)
    done = json.loads(run(*ask, "--json"))

    assert done == dry | {"design": 1}
    assert (done["cases"], done["double"]) == (12, 6)
    assert set(done["loads"].values()) == {4, 5}


def test_the_command_warns_of_coders_who_are_never_compared(staffed: World) -> None:
    said = run(*ASK, "--unit", "intervention", "--design", "overlap", "--percent", 0, "--dry-run")

    assert "Not connected by shared cases: coder_a; coder_b; coder_c; coder_d." in said


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (
            ("--unit", "intervention", "--design", "overlap"),
            "--percent: Say which share of the cases is coded twice: 0 to 100.",
        ),
        (
            ("--unit", "intervention", "--design", "overlap", "--percent", 120),
            "--percent: “120.0” Ensure this value is less than or equal to 100.",
        ),
        (
            ("--unit", "intervention", "--design", "core", "--percent", 10, "--fact", "religion"),
            "--fact: “religion” Select a valid choice. religion is not one of the available "
            "choices.",
        ),
        (("--case", "US-1991-GUL", "--design", "blocks"), "--design: “blocks” goes with --unit."),
    ],
)
def test_the_command_names_what_is_wrong(
    staffed: World, args: tuple[Any, ...], expected: str
) -> None:
    assert refused(*ASK, *args)[0] == expected
