"""Several adjudicators on one cell, each blind to the others, and what a small team passes by."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import settings as settings_for
from hypothesis import strategies as st

from coding import blind, designs, work
from coding.adjudicators import agreement_for, measured
from coding.bulk import BulkRule, Proposed
from coding.canonical import Domain
from coding.errors import Refused
from coding.models import Bypass, Cell, Member, SecondLook, Vote
from coding.work.second import most
from tests.conftest import World
from tests.test_blind import addresses

REASON = "reasonquetzal"


def join(world: World, name: str, role: str = Member.Role.ADJUDICATOR) -> User:
    user = User.objects.create_user(name, password="secret")
    Member.objects.create(project=world.project, user=user, role=role)
    return user


def ask(world: World, **more: object) -> SecondLook:
    asked = {"kind": "second", "votes": 2, "variable": None, "share": 100, "seed": "s"} | more
    return work.ask_second(project=world.project, reason="", by=world.curator, **asked)  # type: ignore[arg-type]


def rule(
    world: World, by: User, text: str | None, reason: str = "Source 3", name: str = "goal"
) -> Cell:
    return work.settle(
        cell=world.cell(name),
        entry=world.entry(name),
        text=text,
        cause="judgement",
        reason=reason,
        by=by,
    )


@pytest.fixture
def disputed(world: World) -> World:
    ask(world)
    world.close("regime", "policy")
    return world


@pytest.fixture
def second(disputed: World) -> User:
    return join(disputed, "second")


def told(user: User, world: World) -> list[str | None]:
    return [vote.text for vote in blind.votes_for(user, world.project)]


# ------------------------------------------------------------------ rounds


def test_a_first_ruling_is_provisional(disputed: World, second: User) -> None:
    cell = rule(disputed, disputed.adjudicator, "regime")

    assert (cell.status, cell.text) == ("disputed", None)
    assert list(work.drift(project=disputed.project)) == []


def test_two_equal_rulings_settle_the_cell_with_both_reasons(disputed: World, second: User) -> None:
    rule(disputed, disputed.adjudicator, "regime", "Source 3")
    cell = rule(disputed, second, "regime", "Source 4")

    assert (cell.status, cell.text, cell.reason) == ("adjudicated", "regime", "Source 3\nSource 4")


def test_leaving_unresolved_is_a_ruling_that_two_can_share(disputed: World, second: User) -> None:
    rule(disputed, disputed.adjudicator, None)
    cell = rule(disputed, second, None)

    assert cell.status == "unresolved"


def test_two_different_rulings_leave_it_disputed_and_a_third_decides(
    disputed: World, second: User
) -> None:
    rule(disputed, disputed.adjudicator, "regime")
    between = rule(disputed, second, "policy")
    cell = rule(disputed, disputed.curator, "policy", "The second is right")

    assert (between.status, cell.status, cell.text) == ("disputed", "adjudicated", "policy")
    assert cell.reason == "The second is right"


def test_who_differed_can_move_until_they_agree_and_the_blind_rulings_stay(
    disputed: World, second: User
) -> None:
    rule(disputed, disputed.adjudicator, "regime")
    rule(disputed, second, "policy")
    cell = rule(disputed, disputed.adjudicator, "policy", "I had overlooked p. 12")

    votes = blind.votes_for(disputed.coder_a, disputed.project)
    assert (cell.status, cell.text) == ("adjudicated", "policy")
    assert [(v.text, v.blind) for v in votes] == [
        ("regime", True),
        ("policy", True),
        ("policy", False),
    ]


def test_nobody_rules_twice_before_the_others_have(disputed: World, second: User) -> None:
    rule(disputed, disputed.adjudicator, "regime")

    with pytest.raises(Refused, match="waits for another adjudicator"):
        rule(disputed, disputed.adjudicator, "policy")


def test_a_page_drawn_before_all_had_ruled_decides_nothing(disputed: World, second: User) -> None:
    seen = disputed.cell().since
    rule(disputed, disputed.adjudicator, "regime")
    rule(disputed, second, "policy")

    with pytest.raises(Refused, match="ruled on this cell meanwhile"):
        work.settle(
            cell=disputed.cell(),
            entry=disputed.entry("goal"),
            text="regime",
            cause="slip",
            reason="again",
            by=disputed.curator,
            seen=seen,
        )


def test_a_correction_waits_for_another_adjudicator_as_well(disputed: World, second: User) -> None:
    for by in (disputed.adjudicator, second):
        rule(disputed, by, "regime")
    opened = rule(disputed, second, "policy")
    cell = rule(disputed, disputed.adjudicator, "policy")

    assert (opened.status, opened.text) == ("disputed", None)
    assert (cell.status, cell.text) == ("adjudicated", "policy")


@pytest.mark.parametrize(
    ("votes", "status"),
    [
        (("regime", "policy", "regime"), "adjudicated"),
        (("regime", "policy", "territory"), "disputed"),
        ((None, "regime", None), "unresolved"),
    ],
)
def test_a_panel_rules_by_majority_and_a_tie_stays_open(
    world: World, votes: tuple[str | None, ...], status: str
) -> None:
    ask(world, kind="panel", votes=3)
    world.close("regime", "policy")
    panel = [world.adjudicator, join(world, "second"), join(world, "third")]
    cells = [rule(world, by, text) for by, text in zip(panel, votes, strict=True)]

    assert [cell.status for cell in cells] == ["disputed", "disputed", status]


def test_a_later_coding_takes_nothing_from_under_those_who_rule(
    disputed: World, second: User
) -> None:
    rule(disputed, disputed.adjudicator, "territory")
    again = work.assign(
        case=disputed.case, coder=disputed.coder_b, codebook=disputed.codebook, purpose="recode"
    )
    disputed.say(again, "regime")
    work.submit(coding=again)  # now both coders say the same

    assert disputed.cell().status == "disputed"
    assert list(work.drift(project=disputed.project)) == []
    assert rule(disputed, second, "territory").text == "territory"


# ------------------------------------------------------------------ what is asked for


def test_a_lot_depends_on_seed_case_and_variable_alone() -> None:
    drawn = {n for n in range(2_000) if designs.is_drawn("seed", f"US-{n}\ngoal", 20)}
    more = {n for n in range(2_000) if designs.is_drawn("seed", f"US-{n}\ngoal", 30)}

    assert 340 < len(drawn) < 460
    assert drawn < more
    assert {n for n in range(2_000) if designs.is_drawn("other", f"US-{n}\ngoal", 20)} != drawn
    assert all(designs.is_drawn("seed", f"US-{n}\ngoal", 100) for n in range(50))


def test_only_the_chosen_variable_is_asked_twice(world: World) -> None:
    ask(world, variable=world.entry("troops").variable)
    world.close("regime", "policy")

    assert rule(world, world.adjudicator, "regime").status == "adjudicated"


def test_what_is_no_longer_asked_for_is_settled_by_the_next_ruling(
    disputed: World, second: User
) -> None:
    rule(disputed, disputed.adjudicator, "regime")
    with pytest.raises(Refused, match="Say why"):
        work.end_second(look=SecondLook.objects.get(), reason=" ", by=disputed.curator)
    work.end_second(look=SecondLook.objects.get(), reason="One has left.", by=disputed.curator)

    assert rule(disputed, second, "policy").text == "policy"
    assert not blind.votes_for(disputed.coder_a, disputed.project).filter(closed_at=None).exists()


# ------------------------------------------------------------------ who may


def test_a_coder_gives_no_second_look_however_the_ruling_comes(
    disputed: World, second: User
) -> None:
    disputed.project.reconcile_by_discussion = True
    disputed.project.save()
    rule(disputed, disputed.adjudicator, "regime")

    def in_bulk() -> object:
        proposed = Proposed(
            disputed.cell().pk, disputed.entry("goal"), "regime", disputed.cell().since
        )
        return work.rule_in_bulk(
            project=disputed.project,
            rule=BulkRule("majority"),
            proposed=[proposed],
            cause="slip",
            reason="Majority",
            by=disputed.coder_a,
        )

    acts: list[Callable[[], object]] = [
        lambda: rule(disputed, disputed.coder_a, "regime"),
        in_bulk,
    ]
    for act in acts:
        with pytest.raises(Refused, match="somebody who did not"):
            act()
    rule(disputed, second, "regime")
    with pytest.raises(Refused, match="somebody who did not"):  # a correction
        rule(disputed, disputed.coder_b, "policy")


def test_a_coder_settles_no_own_case_without_a_reason_that_is_printed(world: World) -> None:
    Member.objects.filter(user=world.coder_a).update(role=Member.Role.ADJUDICATOR)
    world.close("regime", "policy")
    with pytest.raises(Refused, match="You coded this case"):
        rule(world, world.coder_a, "regime")
    with pytest.raises(Refused, match="the release prints it"):
        work.rule_as_coder(case=world.case, reason="", by=world.coder_a)
    work.rule_as_coder(case=world.case, reason="We are two.", by=world.coder_a)

    assert rule(world, world.coder_a, "regime").text == "regime"
    assert Bypass.objects.get().reason == "We are two."


def test_only_adjudicators_and_curators_pass_that_rule_by(world: World) -> None:
    world.close("regime", "policy")

    with pytest.raises(Refused, match="Only adjudicators and curators"):
        work.rule_as_coder(case=world.case, reason="Please.", by=world.coder_a)


def test_one_adjudicator_stands_in_for_two_with_a_reason(disputed: World) -> None:
    def alone(reason: str) -> Cell:
        return work.settle_with_fewer(
            cell=disputed.cell(),
            entry=disputed.entry("goal"),
            reason=reason,
            by=disputed.adjudicator,
        )

    with pytest.raises(Refused, match="Nobody has ruled"):
        alone("There is nobody else.")
    rule(disputed, disputed.adjudicator, "regime")
    with pytest.raises(Refused, match="needs a reason"):
        alone("  ")
    with pytest.raises(Refused, match="yourself first"):
        work.settle_with_fewer(
            cell=disputed.cell(),
            entry=disputed.entry("goal"),
            reason="On leave.",
            by=disputed.curator,
        )
    cell = alone("There is nobody else.")

    assert (cell.status, cell.text) == ("adjudicated", "regime")
    assert [b.rule for b in Bypass.objects.all()] == ["fewer_votes"]


# ------------------------------------------------------------------ what is seen


def test_a_vote_is_seen_by_its_adjudicator_alone_until_all_have_ruled(
    disputed: World, second: User
) -> None:
    rule(disputed, disputed.adjudicator, "regime")

    others = (second, disputed.curator, disputed.coder_a, disputed.outsider, disputed.reader)
    assert told(disputed.adjudicator, disputed) == ["regime"]
    assert [told(user, disputed) for user in others] == [[], [], [], [], []]


def test_rulings_that_differ_are_shown_to_adjudicators_and_to_no_coder(
    disputed: World, second: User
) -> None:
    rule(disputed, disputed.adjudicator, "regime")
    rule(disputed, second, "policy")

    for user in (disputed.adjudicator, second, disputed.curator):
        assert told(user, disputed) == ["regime", "policy"]
    Member.objects.filter(user=disputed.coder_b).update(role=Member.Role.ADJUDICATOR)
    for user in (disputed.coder_a, disputed.coder_b, disputed.outsider, disputed.reader):
        assert told(user, disputed) == []


def test_votes_of_a_settled_cell_stay_closed_to_who_codes_its_family(
    disputed: World, second: User
) -> None:
    for by in (disputed.adjudicator, second):
        rule(disputed, by, "regime")
    late = join(disputed, "late", Member.Role.CODER)
    work.assign(case=disputed.case, coder=late, codebook=disputed.codebook)

    assert told(disputed.coder_a, disputed) == ["regime", "regime"]
    assert told(late, disputed) == []


def test_a_settle_costs_no_more_queries_with_three_votes_than_with_one(world: World) -> None:
    ask(world, kind="panel", votes=5)
    world.close("regime", "policy")
    rule(world, join(world, "v0"), "regime")
    counts = []
    for name in ("v1", "v2", "v3"):
        voter = join(world, name)
        with CaptureQueriesContext(connection) as queries:
            rule(world, voter, "regime")
        counts.append(len(queries))

    assert len(set(counts)) == 1


# ------------------------------------------------------------------ pages


def hunt_for(client: Client, world: World, user: User, word: str) -> list[str]:
    """The addresses of the site that tell this user the word."""
    client.force_login(user)
    found = []
    for url in (address for address in addresses(world) if "?" not in address):
        answer = client.get(url)
        body = b"".join(answer) if answer.streaming else answer.content  # type: ignore[attr-defined]
        found += [url] if word in body.decode("utf-8", "replace") else []
    return found


def test_no_page_tells_a_first_ruling_to_anybody_but_its_adjudicator(
    disputed: World, second: User, client: Client, settings: Any
) -> None:
    settings.PRINTING = False
    rule(disputed, disputed.adjudicator, "territory", REASON)

    for user in (second, disputed.coder_a):
        assert hunt_for(client, disputed, user, REASON) == []
    assert REASON in page_of(client, disputed, disputed.adjudicator)


def page_of(client: Client, world: World, user: User) -> str:
    client.force_login(user)
    return client.get(reverse("coding:dispute", args=[world.case.pk])).content.decode()


def test_the_case_page_tells_each_adjudicator_what_is_next(
    disputed: World, second: User, client: Client
) -> None:
    before = page_of(client, disputed, disputed.adjudicator)
    rule(disputed, disputed.adjudicator, "regime", "Source 3")
    own, others = (page_of(client, disputed, u) for u in (disputed.adjudicator, second))
    rule(disputed, second, "policy", "Source 4")
    after = page_of(client, disputed, disputed.curator)

    assert "2 adjudicators rule on this cell" in before
    assert "You ruled" in own
    assert "data-ruling" not in own
    assert "1 has" in others
    assert "The adjudicators differ" in after
    assert "Source 3" in after
    assert "Source 4" in after


def test_the_history_tells_a_vote_to_its_own_until_all_have_ruled(
    disputed: World, second: User, client: Client
) -> None:
    def told(user: User) -> bool:
        client.force_login(user)
        page = client.get(reverse("coding:history", args=[disputed.case.pk]))
        return REASON in page.content.decode()

    rule(disputed, disputed.adjudicator, "regime", REASON)
    client.force_login(second)
    listed = client.get(reverse("coding:second-looks", args=["usmi"])).content.decode()
    assert "1 of 2 adjudicators" in listed
    before = [told(u) for u in (disputed.adjudicator, second, disputed.coder_a)]
    rule(disputed, second, "regime")

    assert (before, told(disputed.coder_a)) == ([True, False, False], True)


@given(st.lists(st.sampled_from([None, "a", "b", "c"]), min_size=1, max_size=7), st.randoms())
@settings_for(max_examples=60, deadline=None)
def test_a_panel_comes_to_the_same_in_whatever_order_it_voted(
    texts: list[str | None], lot: Any
) -> None:
    domain = Domain(kind="category", categories={c: c for c in "abc"})
    shuffled = [Vote(text=text) for text in lot.sample(texts, len(texts))]
    won, again = most([Vote(text=text) for text in texts], domain), most(shuffled, domain)
    top = [text for text in set(texts) if texts.count(text) * 2 > len(texts)]

    assert [v.text for v in (won or [])[:1]] == [v.text for v in (again or [])[:1]] == top


def test_one_page_passes_a_rule_by_and_another_lists_it(world: World, client: Client) -> None:
    Member.objects.filter(user=world.coder_a).update(role=Member.Role.ADJUDICATOR)
    world.close("regime", "policy")
    assert "Nobody else can settle it" in page_of(client, world, world.coder_a)
    answer = client.post(
        reverse("coding:rule-as-coder", args=[world.case.pk]), {"reason": "We are two."}
    )
    listed = client.get(reverse("coding:second-looks", args=["usmi"])).content.decode()

    assert answer.status_code == 302
    assert "We are two." in listed


def test_a_curator_asks_for_a_panel_and_bad_numbers_are_told(world: World, client: Client) -> None:
    client.force_login(world.curator)
    address = reverse("coding:ask-second", args=["usmi"])
    good = {"kind": "panel", "votes": 3, "variable": "goal", "share": 20, "seed": "s"}

    assert client.post(address, good | {"share": 0}).status_code == 422
    assert client.post(address, good).status_code == 302
    look = SecondLook.objects.get()
    assert (look.votes, look.share, look.variable) == (3, 20, world.entry("goal").variable)
    client.force_login(world.adjudicator)
    assert client.post(address, good | {"seed": "t"}).status_code == 404


def test_agreement_between_adjudicators_counts_what_they_ruled_blind(world: World) -> None:
    ask(world)
    world.close("regime", "policy")
    second = join(world, "second")
    rule(world, world.adjudicator, "regime")
    assert agreement_for(second, world.project) == []
    rule(world, second, "policy")
    rule(world, second, "regime")  # after reading: it counts for no agreement
    (found,) = agreement_for(world.curator, world.project)

    assert (found.cells, found.adjudicators) == (1, 2)
    assert found.alpha.reason == "Fewer than two units were coded by two coders."


def test_the_agreement_of_adjudicators_is_krippendorffs_alpha(world: World) -> None:
    entry = world.entry("goal")
    said = [("regime", "regime"), ("policy", "policy"), ("regime", "policy"), ("policy", "policy")]
    votes = [
        (cell, entry.variable_id, who, text)
        for cell, pair in enumerate(said)
        for who, text in enumerate(pair)
    ]
    (found,) = measured(votes, world.project)

    # coincidences: observed 2 of 8 differ, expected 2 * 3 * 5 / 56
    assert found.alpha.value == pytest.approx(1 - (2 / 8) / (30 / 56))
    assert found.percent.value == 0.75


def test_in_bulk_nothing_is_proposed_that_needs_several_adjudicators(
    disputed: World, client: Client
) -> None:
    client.force_login(disputed.adjudicator)
    address = reverse("coding:bulk", args=["usmi"])
    page = client.get(address, {"rule": "certain", "coders": 2, "certainty": ""})

    assert page.context["preview"].proposed == []
