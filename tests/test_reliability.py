"""Agreement from the database: a small world computed by hand, and what it may never hold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from coding import blind, canonical, codebooks, reliability, work
from coding.agreement import krippendorff_alpha
from coding.agreement.distances import Beyond
from coding.models import Case, Coding, Member, Project
from coding.reliability import Asked, rows
from coding.reliability.figures import computed
from tests.conftest import World

ALL_GOALS = [("regime", "regime"), ("policy", "policy"), ("regime", "policy")]


def code(world: World, answers: list[tuple[str, str]], name: str = "goal") -> list[Case]:
    """Each pair of answers opens a further case; the case of the world stays closed."""
    cases = world.more_cases(len(answers))
    for case, pair in zip(cases, answers, strict=True):
        for coder, text in zip((world.coder_a, world.coder_b), pair, strict=True):
            hand_in(world, case, coder, {"goal": "regime", name: text})
    return cases


def hand_in(world: World, case: Case, coder: User, said: dict[str, str]) -> Coding:
    coding = Coding.objects.get(case=case, coder=coder, purpose="production")
    for name, text in said.items():
        world.say(coding, text, name)
    work.submit(coding=coding)
    return coding


def figure(world: World, name: str = "goal", **asked: object) -> reliability.Figure:
    opened = reliability.opened(world.project, Asked(**asked))  # type: ignore[arg-type]
    return reliability.figure(opened, world.entry(name))


def test_alpha_of_a_small_world_is_what_a_hand_computes(world: World) -> None:
    code(world, ALL_GOALS)

    found = figure(world)

    # o: regime-regime 2, policy-policy 2, apart 2 of 6; n = 3 and 3: D_e = 2·3·3 / (6·5) = .6
    assert found.alpha.value == pytest.approx(1 - (2 / 6) / 0.6)
    assert found.percent.value == pytest.approx(2 / 3)
    assert (found.alpha.n_units, found.alpha.n_ratings, found.coders) == (3, 6, 2)
    said = [(share.code, share.count) for share in found.prevalence]
    assert said == [("regime", 3), ("territory", 0), ("policy", 3), ("canary", 0)]


def test_ac1_counts_the_categories_that_nobody_used(world: World) -> None:
    code(world, ALL_GOALS)

    # four categories: p_e = (.5 · .5 + .5 · .5) / 3
    assert figure(world).ac.value == pytest.approx((2 / 3 - 1 / 6) / (1 - 1 / 6))


def test_why_a_number_shows_the_pairs_with_their_cases_and_what_was_dropped(world: World) -> None:
    cases = code(world, ALL_GOALS)
    work.unblind(case=lone(world), reason="Coder B has left.", by=world.curator)

    opened = reliability.opened_for(world.adjudicator, world.project)
    depth = reliability.depth(opened, world.entry("goal"))

    assert depth.coincidences.tolist() == [[2, 1], [1, 2]]
    assert depth.expected.tolist() == [
        [pytest.approx(1.2), pytest.approx(1.8)],
        [pytest.approx(1.8), pytest.approx(1.2)],
    ]
    assert [(s.one, s.other, [p.pk for p in s.cases]) for s in depth.disputed] == [
        ("regime", "policy", [cases[2].pk])
    ]
    assert {why: [p.key for p in places] for why, places in depth.dropped.items()} == {
        "one coder only": ["US-1991-GUL"]
    }
    assert depth.figure.alpha.n_units == len(depth.used) == 3


def lone(world: World) -> Case:
    """The world's case, coded by one coder only so far."""
    world.say(world.coding_a, "regime")
    work.submit(coding=world.coding_a)
    return world.case


def test_all_variables_are_read_in_as_many_queries_as_one(world: World) -> None:
    def queries(user: User) -> int:
        with CaptureQueriesContext(connection) as asked:
            reliability.figures(reliability.opened_for(user, world.project))
        return len(asked)

    code(world, ALL_GOALS[:1])
    queries(world.adjudicator)
    of_one = queries(world.adjudicator)
    for case in cases_after(world, 3):
        for coder in (world.coder_a, world.coder_b):
            hand_in(world, case, coder, {"goal": "regime", "ended": "1", "troops": "5"})

    assert queries(world.adjudicator) == of_one == 7


def cases_after(world: World, count: int) -> list[Case]:
    """More cases, beside those that `more_cases` has made."""
    made = []
    for number in range(count):
        case = Case.objects.create(unit=world.case.unit, key=f"US-20{number:02d}-Y", title="Later")
        for coder in (world.coder_a, world.coder_b):
            work.assign(case=case, coder=coder)
        made.append(case)
    return made


def test_what_is_kept_between_pages_is_what_would_be_computed(world: World) -> None:
    code(world, ALL_GOALS)
    first = figure(world)
    again = figure(world)
    computed.cache_clear()

    assert first.alpha == again.alpha == figure(world).alpha


# ------------------------------------------------------------------ a published table


# Krippendorff (2011), example C: 4 observers, 12 units, 5 values
TABLE = ["11-1", "2232", "3333", "3333", "2222", "1234"]
TABLE += ["4444", "1121", "2222", "-555", "--11", "-3--"]
PUBLISHED = {"nominal": 0.743, "ordinal": 0.815, "interval": 0.849, "ratio": 0.797}


def test_the_published_table_comes_out_of_the_database(db: None) -> None:
    project = project_measuring(tuple(PUBLISHED))
    coders = [people(project, f"observer-{n}") for n in range(4)]
    for number, row in enumerate(TABLE):
        code_unit(project, f"unit-{number}", dict(zip(coders, row, strict=True)))

    opened = reliability.opened(project)
    found = {figure.name: figure for figure in reliability.figures(opened)}

    assert {name: round(f.alpha.value, 3) for name, f in found.items()} == PUBLISHED
    assert {(f.cases, f.alpha.n_units, f.alpha.n_ratings) for f in found.values()} == {(12, 11, 40)}
    assert found["nominal"].coders == 4


def project_measuring(levels: tuple[str, ...]) -> Project:
    codes = [{"code": n, "label": f"Value {n}"} for n in range(1, 6)]
    variables = [
        {
            "name": level,
            "unit": "unit",
            "label": level,
            "question": "Which?",
            "type": {"nominal": "category", "ordinal": "ordinal"}.get(level, "integer"),
            "level": level,
            "categories": codes if level in ("nominal", "ordinal") else [],
        }
        for level in levels
    ]
    head = {"title": "A table", "units": [{"id": "unit", "label": "Unit", "key": ["unit_id"]}]}
    project = Project.objects.create(slug="table", title="A published table")
    draft = codebooks.draft(project=project, document={"codebook": head, "variables": variables})
    codebooks.publish(codebook=draft)
    return project


def people(project: Project, name: str) -> User:
    user = User.objects.create_user(name)
    Member.objects.create(project=project, user=user, role=Member.Role.CODER)
    return user


def code_unit(project: Project, key: str, said: dict[User, str]) -> Case:
    """Every coder says the same digit of all variables; a dash codes nothing."""
    case = Case.objects.create(unit=project.units.get(), key=key, title=key)
    spoke = {coder: digit for coder, digit in said.items() if digit != "-"}
    codings = {work.assign(case=case, coder=coder): digit for coder, digit in spoke.items()}
    for coding, digit in codings.items():
        for entry in codebooks.entries(coding.codebook):
            work.save_value(coding=coding, entry=entry, text=digit)
    for coding in codings:
        work.submit(coding=coding)
    return case


# ------------------------------------------------------------------ nothing that is closed


def everything(opened: reliability.Opened) -> str:
    """All that reliability can tell, as one text."""
    told: list[object] = [reliability.figures(opened), reliability.difficulty(opened)]
    for entry in opened.entries:
        told += [reliability.depth(opened, entry), reliability.which(opened, entry)]
        told += [reliability.parts(opened, entry, by) for by in reliability.BY]
        told += [reliability.pairs(opened, entry), reliability.course(opened, entry)]
    told += [reliability.roster(opened, entry) for entry in reliability.sets(opened)]
    told += [reliability.numbered(opened, unit) for unit in opened.project.units.all()]
    return "\n".join(map(repr, told))


def seen_by(user: User, world: World, **asked: Any) -> str:
    return everything(reliability.opened_for(user, world.project, Asked(**asked)))


def leave_it(world: World, case: Case) -> None:
    """Nothing more happens."""


def type_on_a_closed_sheet(world: World, case: Case) -> None:
    world.say(world.coding_b, "policy")
    world.say(world.coding_b, "220", "partners")


def hand_in_first(world: World, case: Case) -> None:
    world.say(world.coding_b, "policy")
    work.submit(coding=world.coding_b)


def train(world: World, case: Case) -> None:
    coding = work.assign(case=case, coder=world.coder_b, purpose="training")
    world.say(coding, "canary")
    work.submit(coding=coding)


def repeat(world: World, case: Case) -> None:
    coding = work.assign(case=case, coder=world.coder_b, purpose="repeat")
    world.say(coding, "canary")
    work.submit(coding=coding)


def top_up(world: World, case: Case) -> None:
    goal = (world.entry("goal"),)
    coding = work.assign(case=case, coder=world.coder_b, purpose="top_up", asks=goal)
    world.say(coding, "canary")


def third_coder_types(world: World, case: Case) -> None:
    coding = work.assign(case=case, coder=world.curator)
    world.say(coding, "canary")


HIDDEN = [
    type_on_a_closed_sheet,
    hand_in_first,
    train,
    repeat,
    top_up,
    third_coder_types,
]


@pytest.mark.parametrize("happens", HIDDEN, ids=lambda act: str(act.__name__))
def test_no_figure_moves_with_what_is_not_opened(
    world: World, happens: Callable[[World, Case], None]
) -> None:
    case = code(world, ALL_GOALS)[0]
    before = [seen_by(user, world) for user in (world.adjudicator, world.coder_a)]
    release = everything(reliability.opened(world.project))

    happens(world, case)

    assert [seen_by(user, world) for user in (world.adjudicator, world.coder_a)] == before
    assert everything(reliability.opened(world.project)) == release


@pytest.mark.parametrize(
    ("who", "purpose"),
    [
        ("adjudicator", "production"),
        ("coder_a", "repeat"),
        ("coder_a", "training"),
        ("coder_a", "top_up"),
    ],
)
def test_who_codes_a_case_again_sees_figures_as_if_it_had_never_been_opened(
    world: World, who: str, purpose: str
) -> None:
    user = getattr(world, who)
    code(world, ALL_GOALS)
    before = seen_by(user, world)
    world.close("policy", "territory")
    assert seen_by(user, world) != before

    work.assign(case=world.case, coder=user, purpose=purpose)

    assert seen_by(user, world) == before


def test_not_even_ones_own_partner_sheets_count_while_the_family_is_being_coded(
    world: World,
) -> None:
    code(world, ALL_GOALS)
    before = seen_by(world.coder_a, world)
    hand_in_with_partner(world, world.coding_a)
    hand_in_with_partner(world, world.coding_b)

    work.assign(case=world.case, coder=world.coder_a, purpose="top_up")

    assert seen_by(world.coder_a, world) == before


def hand_in_with_partner(world: World, coding: Coding) -> None:
    world.say(coding, "regime")
    world.say(coding, "200", "partners")
    world.say(world.sheet_of(coding.coder, "200"), "1", "sent")
    work.submit(coding=coding)


def test_who_is_not_of_the_project_sees_no_figure(world: World) -> None:
    code(world, ALL_GOALS)

    for stranger in (world.outsider, world.reader):
        opened = reliability.opened_for(stranger, world.project)
        assert (len(opened.codings), opened.places, opened.coders) == (0, {}, {})


# ------------------------------------------------------------------ missing codes


INDETERMINATE = [("-77", "-77"), ("regime", "-77"), ("regime", "regime"), ("policy", "policy")]


def test_both_treatments_of_missing_codes_stand_beside_each_other(world: World) -> None:
    code_with_notes(world, INDETERMINATE)

    by_rule, excluded = figure(world), figure(world, missing="exclude")

    assert by_rule.missing == "-77 counts as a category; -88, -99 count as nothing said."
    assert excluded.missing == "-77, -88, -99 count as nothing said."
    assert (by_rule.alpha.n_units, excluded.alpha.n_units) == (4, 2)
    assert excluded.alpha.value == by_rule.excluded.value == 1
    assert by_rule.alpha == by_rule.as_category == excluded.as_category
    # o apart 2 of 8 ratings; n = 3, 3, 2: D_e = (64 - 9 - 9 - 4) / (8 · 7)
    assert by_rule.alpha.value == pytest.approx(1 - (2 / 8) / (42 / 56))


def code_with_notes(world: World, answers: list[tuple[str, str]]) -> None:
    for case, pair in zip(world.more_cases(len(answers)), answers, strict=True):
        for coder, text in zip((world.coder_a, world.coder_b), pair, strict=True):
            coding = Coding.objects.get(case=case, coder=coder)
            world.say(coding, text, note="Sources conflict.")
            work.submit(coding=coding)


def test_units_that_a_missing_code_leaves_out_are_listed_with_the_reason(world: World) -> None:
    code_with_notes(world, INDETERMINATE)
    opened = reliability.opened(world.project, Asked(missing="exclude"))

    dropped = reliability.depth(opened, world.entry("goal")).dropped

    assert {why: [p.key for p in places] for why, places in dropped.items()} == {
        "a missing code left fewer than two ratings": ["US-1900-X", "US-1901-X"]
    }


def test_a_missing_code_has_no_place_among_numbers(world: World) -> None:
    code(world, [("100", "100"), ("200", "-99"), ("300", "310")], "troops")

    rule, category = figure(world, "troops"), figure(world, "troops", missing="as-category")

    assert (rule.measure, rule.alpha.n_units) == ("ratio", 2)
    assert (category.measure, category.alpha.n_units) == ("nominal", 3)
    assert "no place on the ratio scale" in category.missing


def test_what_a_skip_rule_wrote_is_never_agreement(world: World) -> None:
    code(world, [("0", "0"), ("0", "0")], "ended")

    found = figure(world, "end_date", missing="as-category")

    assert (found.cases, found.alpha.n_units) == (2, 0)
    assert found.reason == "Fewer than two units were coded by two coders."


# ------------------------------------------------------------------ dates, numbers, sets


def test_a_date_counts_as_the_day_in_the_middle_of_its_bounds(world: World) -> None:
    dates = [("1991-02-14", "1991-02"), ("1990", "1990-07-02"), ("1980-01-01", "1980-01-03")]
    code(world, dates, "end_date")

    found = figure(world, "end_date")

    days = [[canonical.middle(text) for text in pair] for pair in dates]
    assert days[0][1] - days[0][0] == 0.5
    assert found.measure == "interval"
    assert found.alpha.value == krippendorff_alpha(days, "interval").value
    assert found.percent.value == 0  # the written form differs, and no tolerance is declared


def test_a_date_with_an_open_end_counts_as_its_known_end(world: World) -> None:
    code(world, [("1990/..", "1990-01-01"), ("1991", "1991"), ("1992", "1993")], "end_date")

    depth = reliability.depth(reliability.opened(world.project), world.entry("end_date"))

    assert (depth.figure.alpha.n_units, depth.figure.percent.value) == (3, pytest.approx(1 / 3))
    assert canonical.middle("1990/..") == canonical.middle("1990-01-01")
    assert depth.dropped == {}


@given(
    st.sampled_from(["0.1", "1", "2.5"]),
    st.lists(st.decimals(-5, 5, places=1), min_size=2, max_size=6, unique=True),
)
def test_near_enough_is_what_the_comparison_of_cells_calls_the_same(
    tolerance: str, said: list[Decimal]
) -> None:
    texts = [canonical.parse(str(number), canonical.Domain("decimal")) for number in said]
    domain = canonical.Domain("decimal", tolerance=Decimal(tolerance))
    values = np.array([[float(text)] for text in texts]).T
    beyond = Beyond(values, float(tolerance))

    for i, one in enumerate(texts):
        for j, other in enumerate(texts):
            apart = bool(beyond.between(np.array([i]), np.array([j]))[0])
            assert apart is not canonical.same(one, other, domain)


def list_partners(world: World, lists: list[tuple[str, str]]) -> list[Case]:
    """Both coders list states; of each they say that it sent troops, coder_a always words."""
    cases = world.more_cases(len(lists))
    for case, pair in zip(cases, lists, strict=True):
        for coder, states in zip((world.coder_a, world.coder_b), pair, strict=True):
            coding = Coding.objects.get(case=case, coder=coder, case__rostered=False)
            world.say(coding, "regime")
            world.say(coding, states, "partners")
            for state in states.split(";") if states != "none" else ():
                sheet = Coding.objects.get(coder=coder, case__key=f"{case.key}/{state}")
                world.say(sheet, "1" if coder == world.coder_a else "2", "sent")
                if coder != world.coder_a:
                    world.say(sheet, "100", "strength")
            work.submit(coding=coding)
    return cases


def test_a_roster_is_compared_as_sets_and_state_by_state(world: World) -> None:
    cases = list_partners(world, [("200;220", "200"), ("200", "200"), ("none", "none")])

    found = reliability.roster(reliability.opened(world.project), world.entry("partners"))

    sets = [[{"200", "220"}, {"200"}], [{"200"}, {"200"}], [set(), set()]]
    assert found.masi.value == krippendorff_alpha(sets, "masi").value
    assert found.jaccard.value == krippendorff_alpha(sets, "jaccard").value
    assert found.identical.value == pytest.approx(2 / 3)
    states = {m.code: (m.label, m.listed, m.both, [p.pk for p in m.one]) for m in found.members}
    assert states == {
        "200": ("United Kingdom (200)", 4, 2, []),
        "220": ("France (220)", 1, 0, [cases[0].pk]),
    }
    britain, france = found.members
    assert (britain.alpha.value, britain.specific.value) == (1, 1)
    assert (france.percent.value, france.specific.value) == (pytest.approx(2 / 3), 0)


def test_whether_both_listed_a_row_is_told_apart_from_how_they_coded_it(world: World) -> None:
    list_partners(world, [("200;220", "200"), ("200", "200"), ("none", "none")])

    found = reliability.roster(reliability.opened(world.project), world.entry("partners"))

    listed = found.identification
    assert (listed.cases, listed.rows, listed.by_all) == (3, 3, 2)
    assert listed.share == pytest.approx(2 / 3)
    assert listed.specific.value == pytest.approx(2 * 2 / (2 * 2 + 1))
    coded = {figure.name: figure for figure in found.classification}
    assert (coded["sent"].alpha.n_units, coded["sent"].percent.value) == (2, 0)


def test_a_ruling_on_a_roster_moves_no_figure(world: World) -> None:
    list_partners(world, [("200;220", "200"), ("200", "200")])
    before = everything(reliability.opened(world.project))
    cell = blind.all_cells(world.project).get(
        variable=world.entry("partners").variable, status="disputed"
    )

    work.settle(
        cell=cell,
        entry=world.entry("partners"),
        text="220",
        cause="judgement",
        reason="Source 3",
        by=world.adjudicator,
    )

    assert everything(reliability.opened(world.project)) == before


# ------------------------------------------------------------------ parts


def test_parts_are_the_figures_of_their_cases_alone(world: World) -> None:
    cases = code(world, [("regime", "regime"), ("policy", "policy"), ("regime", "policy")])
    for case, (region, year) in zip(
        cases, [("Asia", 1991), ("Asia", 1992), ("", 2001)], strict=True
    ):
        case.facts = {"region": region, "start_year": str(year)} if region else {}
        case.save()
    opened = reliability.opened(world.project)
    goal = world.entry("goal")

    regions = reliability.parts(opened, goal, "region")
    periods = reliability.parts(opened, goal, "period")

    assert [(p.label, p.alpha.n_units, p.percent.value) for p in regions[:1]] == [("Asia", 2, 1)]
    assert regions[1].label == "no region known"
    assert regions[1].alpha.reason == "Fewer than two units were coded by two coders."
    assert [(p.label, p.alpha.n_units) for p in periods] == [("1990s", 2), ("no period known", 1)]
    filtered = reliability.opened(world.project, Asked(cases={"region": "Asia"}))
    assert reliability.figure(filtered, goal).alpha == regions[0].alpha


def test_a_filter_of_cases_takes_the_partners_along(world: World) -> None:
    cases = list_partners(world, [("200", "200"), ("200", "200"), ("220", "220")])
    for case, region in zip(cases, ["Asia", "Asia", "Europe"], strict=True):
        case.facts = {"region": region}
        case.save()

    found = figure(world, "sent", cases={"region": "Asia"})

    assert (found.cases, found.alpha.n_units) == (2, 2)


def third(world: World, case: Case, text: str) -> None:
    work.assign(case=case, coder=world.curator)
    hand_in(world, case, world.curator, {"goal": text})


def test_each_coder_and_each_pair_has_a_figure(world: World) -> None:
    cases = world.more_cases(3)
    for case, said in zip(cases, ["rrp", "ppr", "rpr"], strict=True):
        work.assign(case=case, coder=world.curator)
        for coder, letter in zip((world.coder_a, world.coder_b, world.curator), said, strict=True):
            hand_in(world, case, coder, {"goal": {"r": "regime", "p": "policy"}[letter]})
    opened = reliability.opened_for(world.curator, world.project)
    goal = world.entry("goal")

    pairs = {
        frozenset((pair.one.name, pair.other.name)): (pair.percent.value, pair.shared)
        for pair in reliability.pairs(opened, goal)
    }
    parts = {part.label: part for part in reliability.parts(opened, goal, "coder")}

    assert pairs == {
        frozenset(("coder_a", "coder_b")): (pytest.approx(2 / 3), 3),
        frozenset(("coder_a", "You")): (pytest.approx(1 / 3), 3),
        frozenset(("coder_b", "You")): (0, 3),
    }
    assert set(parts) == {"coder_a", "coder_b", "You"}
    without = parts["You"].without
    assert without is not None
    assert without.value == krippendorff_alpha([["r", "r"], ["p", "p"], ["r", "p"]]).value


def test_only_curators_read_names(world: World) -> None:
    code(world, ALL_GOALS)
    pseudonyms = set(
        Member.objects.filter(user__in=(world.coder_a, world.coder_b)).values_list(
            "pseudonym", flat=True
        )
    )

    def names(user: User) -> set[str]:
        opened = reliability.opened_for(user, world.project)
        return {coder.name for coder in opened.coders.values()}

    assert names(world.curator) == {"coder_a", "coder_b"}
    assert names(world.adjudicator) == pseudonyms
    assert "You" in names(world.coder_a)
    assert names(world.coder_a) - {"You"} < pseudonyms


def test_machines_and_people_are_told_apart_and_together(world: World) -> None:
    Member.objects.filter(user=world.curator).update(kind=Member.Kind.MACHINE)
    cases = world.more_cases(2)
    for case, said in zip(cases, ["regime", "policy"], strict=True):
        work.assign(case=case, coder=world.curator)
        for coder in (world.coder_a, world.coder_b):
            hand_in(world, case, coder, {"goal": said})
        hand_in(world, case, world.curator, {"goal": "canary"})

    people, machines, all_ = (figure(world, who=who) for who in ("people", "machines", "everybody"))

    assert (people.coders, people.alpha.value) == (2, 1)
    assert (machines.coders, machines.alpha.n_units) == (1, 0)
    assert (all_.coders, all_.percent.value) == (3, pytest.approx(1 / 3))


def test_who_speaks_twice_counts_with_the_last_word_as_in_the_cells(world: World) -> None:
    case = code(world, [("regime", "policy"), ("regime", "regime")])[0]
    again = work.assign(case=case, coder=world.coder_b, purpose="top_up")
    world.say(again, "regime")
    work.submit(coding=again)

    assert figure(world).percent.value == 1
    assert blind.all_cells(world.project).filter(case=case, status="agreed").exists()


def test_the_order_of_units_and_coders_changes_no_figure(world: World) -> None:
    code(world, [("regime", "policy"), ("territory", "canary")])
    opened, entry = reliability.opened(world.project), world.entry("goal")
    random = np.random.default_rng(4)
    texts = ("regime", "territory", "policy", "canary")
    matrix = random.integers(-1, 4, (40, 4))
    cases = np.arange(40)

    def alpha(rows: Any, columns: Any) -> reliability.Figure:
        ratings = reliability.Ratings(entry, cases, np.arange(4), matrix[rows][:, columns], texts)
        return reliability.figure(opened, entry, ratings)

    straight = alpha(cases, np.arange(4))
    for _ in range(5):
        mixed = alpha(random.permutation(40), random.permutation(4))
        assert mixed.alpha.value == pytest.approx(straight.alpha.value)
        assert mixed.ac.value == pytest.approx(straight.ac.value)
        assert mixed.prevalence == straight.prevalence


# ------------------------------------------------------------------ rows without a key


def test_rows_without_a_key_are_paired_so_that_most_codes_are_alike() -> None:
    alike = [[0.2, 0.9, 0.0], [0.8, 0.9, 0.0]]

    assert rows._assign(alike, 3) == [1, 0]
    assert rows._assign([[0.0], [0.5]], 1) == [None, 0]
    assert rows._assign([], 2) == []


def test_every_pairing_is_as_good_as_the_best_of_all() -> None:
    random = np.random.default_rng(1)
    for _ in range(50):
        height, width = random.integers(1, 5, 2)
        alike = random.random((height, width)).round(1)
        chosen = rows._assign(alike.tolist(), int(width))
        sum_ = sum(alike[row, c] for row, c in enumerate(chosen) if c is not None)
        size = max(height, width)
        square = np.zeros((size, size))
        square[:height, :width] = alike
        best = max(
            sum(square[row, column] for row, column in enumerate(order))
            for order in permutations(range(size))
        )
        assert sum_ == pytest.approx(best)


def test_objectives_are_paired_within_their_case(db: None) -> None:
    project = project_with_objectives()
    coders = [people(project, name) for name in ("ada", "ben")]
    case = Case.objects.create(unit=project.units.get(name="unit"), key="u", title="U")
    codings = [work.assign(case=case, coder=coder) for coder in coders]
    for coding, added in zip(codings, [("1", "2"), ("2", "3", "1")], strict=True):
        say_all(coding, {"nominal": "1"})
        for code_ in added:
            row = work.add_row(coding=coding, unit=project.units.get(name="objective"))
            say_all(row, {"aim": code_, "weight": code_})
    for coding in codings:
        work.submit(coding=coding)

    opened = reliability.opened(project)
    found = reliability.numbered(opened, project.units.get(name="objective"))

    listed = found.identification
    assert (listed.cases, listed.rows, listed.by_all) == (1, 3, 2)
    assert {f.name: (f.alpha.n_units, f.percent.value) for f in found.paired} == {
        "aim": (2, 1),
        "weight": (2, 1),
    }
    plain = {f.name: f.reason for f in reliability.figures(opened)}
    assert plain["aim"].startswith("Each coder adds rows without a common key")


def say_all(coding: Coding, said: dict[str, str]) -> None:
    for entry in codebooks.entries(coding.codebook):
        if entry.name in said:
            work.save_value(coding=coding, entry=entry, text=said[entry.name])


def project_with_objectives() -> Project:
    codes = [{"code": n, "label": f"Value {n}"} for n in range(1, 6)]

    def variable(name: str, unit: str) -> dict[str, Any]:
        words = {"label": name, "question": "Which?", "type": "category", "level": "nominal"}
        return {"name": name, "unit": unit, "categories": codes, **words}

    units = [
        {"id": "unit", "label": "Unit", "key": ["unit_id"]},
        {"id": "objective", "label": "Aim", "key": ["unit_id", "no"], "parent": "unit"},
    ]
    variables = [
        variable("nominal", "unit"),
        *(variable(n, "objective") for n in ("aim", "weight")),
    ]
    project = Project.objects.create(slug="aims", title="Aims")
    document = {"codebook": {"title": "Aims", "units": units}, "variables": variables}
    codebooks.publish(codebook=codebooks.draft(project=project, document=document))
    return project


# ------------------------------------------------------------------ where it lies


def test_a_variable_on_which_coders_always_differ_is_a_matter_of_its_rule(world: World) -> None:
    cases = world.more_cases(12)
    for case in cases:
        hand_in(world, case, world.coder_a, {"goal": "regime", "ended": "1", "troops": "5"})
        hand_in(world, case, world.coder_b, {"goal": "policy", "ended": "1", "troops": "5"})
    opened = reliability.opened(world.project)

    found = reliability.difficulty(opened)
    goal = reliability.which(opened, world.entry("goal"))

    assert (found.pairs, found.differing) == (12 * 3, 12)
    highest = found.variables[0]
    assert (highest.key, highest.verdict) == ("goal", "more")
    assert goal.reading == (
        "The rule: coders differ here more often than on other variables.",
        "Whether it is a coder cannot be told: two cannot tell who of them errs.",
        "Whether it is the cases cannot be told: they were hardly coded otherwise.",
    )


def test_from_few_pairs_nothing_is_told(world: World) -> None:
    code(world, ALL_GOALS)

    found = reliability.which(reliability.opened(world.project), world.entry("goal"))

    assert found.reading == ("Fewer than 10 pairs of ratings: it cannot be told.",)


def test_weeks_stand_in_order_with_their_limits_and_codebooks(world: World) -> None:
    first = code(world, [("regime", "regime")] * 6)
    moment = timezone.now()
    for weeks, case in enumerate(first):
        opened_at = moment - timedelta(weeks=weeks % 2)
        Coding.objects.filter(case=case).update(unblinded_at=opened_at, submitted_at=opened_at)

    found = reliability.course(reliability.opened(world.project), world.entry("goal"))

    assert [(b.units, b.apart, b.versions) for b in found.batches] == [(3, 0, (1,))] * 2
    assert found.batches[0].start == found.batches[1].start - timedelta(weeks=1)
    assert found.batches[0].start.weekday() == 0
    assert [mark.number for mark in found.marks] == [1]
    assert not any(batch.is_outside for batch in found.batches)


# ------------------------------------------------------------------ gold


@pytest.fixture
def gold(world: World) -> World:
    """The case of the world is open, its settled answers gold, and coder_a's pupil has trained."""
    world.close("100", "100", "troops")
    work.mark_gold(case=world.case, reason="Three experts agreed.", by=world.curator)
    pupil = people(world.project, "pupil")
    coding = work.train(case=world.case, coder=pupil, by=world.curator)
    world.say(coding, "policy")
    world.say(coding, "100", "troops")
    work.submit(coding=coding)
    return world


def test_training_sheets_are_compared_with_gold_and_with_nothing_else(gold: World) -> None:
    opened = reliability.opened_for(gold.curator, gold.project)

    found = {each.figure.name: each for each in reliability.against_gold(opened)}

    assert set(found) == {"goal", "troops"}
    goal = found["goal"]
    assert (goal.right.n_units, goal.answers, goal.unanswered) == (1, 1, 0)
    assert [(c.gold, c.said, c.count) for c in goal.confused] == [("regime", "policy", 1)]
    assert [part.label for part in goal.coders] == ["pupil"]
    assert found["troops"].confused == ()
    assert figure(gold).cases == 1  # two coders; the pupil does not speak for the data set
    assert figure(gold).coders == 2


def test_who_may_see_marks_sees_agreement_with_gold(gold: World) -> None:
    pupil = User.objects.get(username="pupil")
    other = people(gold.project, "another")

    def marked(user: User) -> int:
        return len(reliability.against_gold(reliability.opened_for(user, gold.project)))

    assert [marked(u) for u in (gold.curator, pupil, other, gold.outsider)] == [2, 2, 0, 0]
    assert reliability.against_gold(reliability.opened(gold.project)) == []
