"""Gold answers, training sheets marked against them, and certificates."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from coding import blind, codebooks, marking, publishing, reliability, training, work
from coding.agreement import krippendorff_alpha
from coding.canonical import Domain
from coding.errors import Refused
from coding.models import Case, Certification, Coding, Gold, Member
from coding.training import Books
from curation.assignments import deal_cases
from tests.conftest import DOCUMENT, World

SURE = "Three experts agreed."


@pytest.fixture
def trained(world: World) -> World:
    """An open case with a partner, its settled answers gold; the adjudicator's pupil is new."""
    for coding in (world.coding_a, world.coding_b):
        world.say(coding, "regime")
        world.say(coding, "100" if coding == world.coding_a else "900", "troops")
        world.say(coding, "200", "partners")
        world.say(world.sheet_of(coding.coder, "200"), "2", "sent")
        world.say(world.sheet_of(coding.coder, "200"), "50", "strength")
        work.submit(coding=coding)
    work.mark_gold(case=world.case, reason=SURE, by=world.curator)
    pupil = User.objects.create_user("pupil", password="secret")
    Member.objects.create(project=world.project, user=pupil, role=Member.Role.CODER)
    world.pupil = pupil  # type: ignore[attr-defined]
    return world


def pupil(world: World) -> User:
    found: User = world.pupil  # type: ignore[attr-defined]
    return found


def member(world: World, user: User) -> Member:
    return Member.objects.get(project=world.project, user=user)


def partner_of(coding: Coding, state: str) -> Coding:
    """The sheet of a partner that belongs to this sheet."""
    return Coding.objects.get(
        coder=coding.coder,
        codebook=coding.codebook,
        purpose=coding.purpose,
        case__key=f"{coding.case.key}/{state}",
    )


def practise(world: World, goal: str = "policy", partners: str = "200") -> Coding:
    """The pupil trains on the gold case and hands in."""
    coding = work.train(case=world.case, coder=pupil(world), by=world.curator)
    world.say(coding, goal)
    world.say(coding, partners, "partners")
    for state in partners.split(";"):
        world.say(partner_of(coding, state), "1", "sent")
    work.submit(coding=coding)
    return coding


def new_book(world: World, name: str, **changes: Any) -> None:
    """A further codebook in which one variable is different; every open cell is coded again."""
    variables = [v | (changes if v["name"] == name else {}) for v in DOCUMENT["variables"]]
    before = codebooks.current(world.project)
    assert before is not None
    book = codebooks.draft(project=world.project, document=DOCUMENT | {"variables": variables})
    world.codebook = codebooks.publish(codebook=book, by=world.curator)


def gold_names(world: World) -> list[str]:
    names = {e.variable_id: e.name for e in codebooks.entries(world.codebook)}
    return sorted(names[v] for v in Gold.objects.values_list("variable", flat=True))


# ------------------------------------------------------------------ gold


def test_settled_answers_of_a_case_and_its_partners_become_gold(trained: World) -> None:
    assert gold_names(trained) == ["goal", "partners", "sent", "strength"]


def test_what_is_disputed_or_said_by_one_alone_is_no_gold(world: World) -> None:
    world.say(world.coding_a, "1991", "end_date")
    world.close("regime", "policy")
    with pytest.raises(Refused, match="no settled answer"):
        work.mark_gold(case=world.case, reason=SURE, by=world.curator)

    work.verify(cell=world.cell("end_date"), by=world.adjudicator)
    world.settle("policy")
    work.mark_gold(case=world.case, reason=SURE, by=world.curator)

    assert gold_names(world) == ["end_date", "goal"]


def test_some_variables_can_be_chosen_and_marking_twice_is_marking_once(trained: World) -> None:
    goal = trained.entry("goal").variable_id
    work.take_off_gold(case=trained.case, reason="A source was forged.", by=trained.curator)
    first = work.mark_gold(case=trained.case, reason=SURE, by=trained.curator, variables=[goal])
    again = work.mark_gold(case=trained.case, reason="Again", by=trained.curator, variables=[goal])

    assert (len(first), len(again), Gold.objects.get().reason) == (1, 0, SURE)


def test_gold_taken_off_stays_in_the_history_with_its_reason(trained: World) -> None:
    sent = trained.entry("sent").variable_id
    taken = work.take_off_gold(
        case=trained.case, reason="A source was forged.", by=trained.curator, variables=[sent]
    )

    assert (taken, gold_names(trained)) == (1, ["goal", "partners", "strength"])
    last = Gold.history.filter(variable=sent).latest()
    assert (last.history_type, last.history_change_reason, last.history_user) == (
        "-",
        "A source was forged.",
        trained.curator,
    )


def test_gold_needs_a_reason_and_somebody_who_is_not_coding_the_case(trained: World) -> None:
    with pytest.raises(Refused, match="relied on"):
        work.mark_gold(case=trained.case, reason=" ", by=trained.curator)
    with pytest.raises(Refused, match="gold no more"):
        work.take_off_gold(case=trained.case, reason=" ", by=trained.curator)
    work.assign(case=trained.case, coder=trained.curator, codebook=trained.codebook)
    with pytest.raises(Refused, match="You are coding this case"):
        work.mark_gold(case=trained.case, reason=SURE, by=trained.curator)


# ------------------------------------------------------------------ training


def test_a_training_sheet_is_blind_never_opened_and_marked_when_handed_in(trained: World) -> None:
    coding = work.train(case=trained.case, coder=pupil(trained), by=trained.curator)
    assert list(blind.cells_for(pupil(trained))) == []
    assert list(blind.gold_for(pupil(trained), trained.project)) == []

    trained.say(coding, "policy")
    trained.say(coding, "200;220", "partners")
    for state in ("200", "220"):
        trained.say(trained.sheet_of(pupil(trained), state), "2", "sent")
        trained.say(trained.sheet_of(pupil(trained), state), "50", "strength")
    assert training.sheets(pupil(trained), trained.project) == []
    work.submit(coding=coding)

    assert Coding.objects.filter(purpose="training").exclude(unblinded_at=None).count() == 0
    told = {
        answer.entry.name: (answer.said, answer.gold, answer.right)
        for sheet in training.sheets(pupil(trained), trained.project)
        for answer in sheet.answers
    }
    assert told == {
        "goal": ("policy Policy change", "regime Regime change", False),
        "partners": ("United Kingdom (200); France (220)", "United Kingdom (200)", False),
        "sent": ("2 Troops", "2 Troops", True),
        "strength": ("50", "50", True),
    }


def test_a_set_is_marked_member_by_member(trained: World) -> None:
    practise(trained, partners="200;220")

    [partners] = [
        answer
        for sheet in training.sheets(pupil(trained), trained.project)
        for answer in sheet.answers
        if answer.entry.name == "partners"
    ]
    assert partners.members == [
        ("United Kingdom (200)", True, True),
        ("France (220)", True, False),
    ]


def test_training_changes_no_cell_no_opened_value_and_no_case_of_the_data_set(
    trained: World,
) -> None:
    def opened() -> reliability.Opened:
        return reliability.opened_for(trained.curator, trained.project)

    def state() -> list[object]:
        return [
            list(blind.all_cells(trained.project).order_by("pk").values()),
            list(blind.unblinded_values(trained.project).order_by("pk").values()),
            list(blind.released_cases(trained.project).values_list("pk", flat=True)),
            list(blind.spoken_for(trained.adjudicator, [trained.case.pk])),
            [(f.alpha, f.cases, f.coders) for f in reliability.figures(opened())],
        ]

    before = state()
    practise(trained, partners="200;220;255")
    work.recompute(root=trained.case)

    assert state() == before
    assert Case.objects.filter(key=f"{trained.case.key}/255").exists()


def test_rows_that_only_training_lists_count_in_no_computed_cell(world: World) -> None:
    new_book(
        world,
        "share",
        derive="siblings.size() > 1 ? 0.5 : 1.0",
        derived_from="the number of partners",
    )
    for first in (world.coding_a, world.coding_b):
        work.withdraw(coding=first, reason="older codebook", by=world.curator)
    for coder in (world.coder_a, world.coder_b):
        coding = work.assign(case=world.case, coder=coder)
        world.say(coding, "regime")
        world.say(coding, "200", "partners")
        world.say(partner_of(coding, "200"), "1", "sent")
        work.submit(coding=coding)
    work.mark_gold(case=world.case, reason=SURE, by=world.curator)
    assert world.cell("share").text == "1"

    world.pupil = world.reader  # type: ignore[attr-defined]
    Member.objects.filter(user=world.reader).update(role="coder")
    practise(world, partners="200;220")
    world.settle("policy")

    assert world.cell("share").text == "1"


def test_a_training_sheet_queues_nothing_when_a_codebook_is_published(trained: World) -> None:
    practise(trained)
    wider = [*DOCUMENT["variables"][0]["categories"], {"code": "aid", "label": "Aid"}]
    variables = [DOCUMENT["variables"][0] | {"categories": wider}, *DOCUMENT["variables"][1:]]
    draft = codebooks.draft(project=trained.project, document=DOCUMENT | {"variables": variables})
    publishing.publish(draft=draft, by=trained.curator, rulings={}, confirmed=True)

    assert not Coding.objects.filter(purpose="recode").exists()


def test_dealing_cases_passes_over_who_trained_on_them(trained: World) -> None:
    practise(trained)
    trained.project.coders_per_case = 3
    trained.project.save()

    dealt = deal_cases(
        project=trained.project,
        coders=[pupil(trained), trained.adjudicator],
        unit=trained.case.unit,
        by=trained.curator,
    )
    assert [assigned.coder for assigned in dealt] == ["adjudicator"]


def test_a_training_sheet_that_was_marked_can_neither_be_taken_back_nor_returned(
    trained: World,
) -> None:
    coding = practise(trained)

    with pytest.raises(Refused, match="stays as it is"):
        work.take_back(coding=coding)
    with pytest.raises(Refused, match="stays as it is"):
        work.give_back(coding=coding, question="Why?", by=trained.curator)


def test_a_case_trains_once_and_another_attempt_is_another_case(trained: World) -> None:
    practise(trained)

    with pytest.raises(Refused, match="a further attempt is another case"):
        work.train(case=trained.case, coder=pupil(trained), by=trained.curator)


def test_under_a_later_codebook_the_first_answer_still_counts(trained: World) -> None:
    practise(trained, "policy")
    new_book(trained, "goal", rule="Another wording.")
    practise(trained, "regime")

    books = Books(trained.project)
    marked = blind.marked(blind.trained(pupil(trained), trained.project))
    [goal] = [
        standing
        for standing in training.standings(books, member(trained, pupil(trained)), marked)
        if standing.entry.name == "goal"
    ]
    assert (goal.marks.answers, goal.marks.right) == (1, 0)
    assert Coding.objects.filter(coder=pupil(trained), case=trained.case).count() == 2


def test_assigning_training_twice_before_it_is_handed_in_is_assigning_once(
    trained: World,
) -> None:
    one = work.train(case=trained.case, coder=pupil(trained), by=trained.curator)
    two = work.train(case=trained.case, coder=pupil(trained), by=trained.curator)

    assert one == two


@pytest.mark.parametrize(
    ("who", "words"),
    [
        ("coder_a", "for the data set"),
        ("adjudicator", "settled answers"),
        ("curator", "marked the gold answers"),
        ("reader", "not a coder"),
        ("outsider", "not a coder"),
    ],
)
def test_who_knows_the_answers_does_not_train_on_them(trained: World, who: str, words: str) -> None:
    trained.settle("100", "troops")

    with pytest.raises(Refused, match=words):
        work.train(case=trained.case, coder=getattr(trained, who), by=trained.curator)


def test_training_needs_gold_that_is_asked_and_a_main_case(trained: World) -> None:
    [other] = trained.more_cases(1)
    with pytest.raises(Refused, match="no gold answer"):
        work.train(case=other, coder=pupil(trained), by=trained.curator)
    partner = Case.objects.get(key=f"{trained.case.key}/200")
    with pytest.raises(Refused, match="comes with"):
        work.train(case=partner, coder=pupil(trained), by=trained.curator)


def test_who_trains_on_a_case_cannot_code_it_for_the_data_set(trained: World) -> None:
    practise(trained)

    with pytest.raises(Refused, match="somebody else must code it"):
        work.assign(case=trained.case, coder=pupil(trained))


def test_gold_that_is_disputed_again_marks_nothing(trained: World) -> None:
    practise(trained)
    late = work.assign(case=trained.case, coder=trained.adjudicator)
    trained.say(late, "territory")
    trained.say(late, "200", "partners")
    trained.say(trained.sheet_of(trained.adjudicator, "200"), "2", "sent")
    trained.say(trained.sheet_of(trained.adjudicator, "200"), "50", "strength")
    work.submit(coding=late)

    assert trained.cell("goal").status == "disputed"
    named = [
        answer.entry.name
        for sheet in training.sheets(pupil(trained), trained.project)
        for answer in sheet.answers
    ]
    assert "goal" not in named
    assert "sent" in named


# ------------------------------------------------------------------ who sees what


def coders_marked(world: World, user: User) -> set[int]:
    return {m.coder for m in blind.marked(blind.trained(user, world.project))}


def test_marks_are_for_the_coder_and_for_curators_alone(trained: World) -> None:
    practise(trained)
    mine = {pupil(trained).pk}

    assert coders_marked(trained, pupil(trained)) == mine
    assert coders_marked(trained, trained.curator) == mine
    for who in ("coder_a", "adjudicator", "reader", "outsider"):
        assert coders_marked(trained, getattr(trained, who)) == set()


def test_a_curator_who_codes_the_case_reads_no_mark_of_it(trained: World) -> None:
    practise(trained)
    work.assign(case=trained.case, coder=trained.curator)

    assert coders_marked(trained, trained.curator) == set()
    assert training.gold_cases(trained.curator, Books(trained.project)) == []
    [mine] = [
        t
        for t in training.trainees(trained.curator, Books(trained.project))
        if t.member.user == pupil(trained)
    ]
    assert (mine.done, mine.answers) == (1, 0)


def test_values_of_a_training_sheet_stay_with_their_coder(trained: World) -> None:
    coding = practise(trained)

    for who in ("coder_a", "adjudicator", "curator"):
        seen = blind.values_for(getattr(trained, who)).filter(coding=coding)
        assert list(seen) == []


# ------------------------------------------------------------------ certificates


def certify(world: World, *names: str, user: User | None = None) -> list[Certification]:
    return work.certify(
        member=member(world, user or pupil(world)),
        variables=[world.entry(name).variable_id for name in names],
        reason="9 of 10 right",
        by=world.curator,
    )


def state_of(world: World, name: str) -> tuple[str, int | None]:
    standings = training.standings(Books(world.project), member(world, pupil(world)), [])
    [found] = [s for s in standings if s.entry.name == name]
    return found.state, found.lapsed_with


def test_a_certificate_is_given_once_and_withdrawn_with_a_reason(trained: World) -> None:
    assert len(certify(trained, "goal", "troops")) == 2
    assert certify(trained, "goal") == []

    work.withdraw_certification(
        member=member(trained, pupil(trained)),
        variables=[trained.entry("goal").variable_id],
        reason="Half of the last ten were wrong.",
        by=trained.curator,
    )

    assert (state_of(trained, "goal")[0], state_of(trained, "troops")[0]) == ("", "certified")
    last = Certification.history.filter(history_type="-").get()
    assert last.history_change_reason == "Half of the last ten were wrong."


def test_a_certificate_is_refused_to_oneself_to_readers_and_without_reason(
    trained: World,
) -> None:
    goal = [trained.entry("goal").variable_id]
    with pytest.raises(Refused, match="certifies themselves"):
        certify(trained, "goal", user=trained.curator)
    with pytest.raises(Refused, match="reader"):
        certify(trained, "goal", user=trained.reader)
    with pytest.raises(Refused, match="rests on"):
        work.certify(
            member=member(trained, pupil(trained)), variables=goal, reason="", by=trained.curator
        )
    with pytest.raises(Refused, match="Choose variables"):
        certify(trained)
    with pytest.raises(Refused, match="Choose variables"):
        certify(trained, "share")
    with pytest.raises(Refused, match="certified for none"):
        work.withdraw_certification(
            member=member(trained, pupil(trained)),
            variables=goal,
            reason="Gone",
            by=trained.curator,
        )


def test_new_words_keep_gold_and_certificate_and_a_new_meaning_lets_them_lapse(
    trained: World,
) -> None:
    certify(trained, "goal", "troops")
    new_book(trained, "goal", rule="Other words for the same.")
    assert state_of(trained, "goal") == ("certified", None)

    counted = training.lapses([trained.entry("goal").variable_id])
    wider = [*DOCUMENT["variables"][0]["categories"], {"code": "aid", "label": "Aid"}]
    new_book(trained, "goal", categories=wider)

    assert (counted.gold, counted.certifications) == (1, 1)
    assert state_of(trained, "goal") == ("lapsed", 3)
    assert state_of(trained, "troops") == ("certified", None)
    [case] = training.gold_cases(trained.curator, Books(trained.project))
    assert (case.stands, case.lapsed) == (3, 1)


def words(world: World) -> str:
    people = [member(world, pupil(world))]
    return training.certificate_words(world.project, people).get(pupil(world).pk, "")


def test_what_a_coder_is_certified_for_is_said_once_anybody_is_certified(trained: World) -> None:
    assert words(trained) == ""
    certify(trained, "goal", user=trained.coder_a)
    assert words(trained) == "not certified"
    certify(trained, "goal", "troops")
    assert words(trained) == "certified for 2 of 9 variables"


# ------------------------------------------------------------------ marks


def domain(kind: str, **more: Any) -> Domain:
    return Domain(kind=kind, missing={"-77": "Cannot be determined", "-99": "Unknown"}, **more)


def test_an_answer_within_the_tolerance_is_right() -> None:
    dated = domain("date", tolerance=7)

    assert marking.is_right("1991-02-25", "1991-02-28", dated)
    assert not marking.is_right("1991-02-18", "1991-02-28", dated)
    assert not marking.is_right(None, "1991-02-28", dated)
    assert not marking.is_right("-99", "1991-02-28", dated)


def test_percent_counts_an_empty_answer_and_alpha_leaves_it_out() -> None:
    pairs = [("1", "1"), ("2", "2"), ("1", "2"), (None, "1")]
    found = marking.marks(pairs, domain("category"), "nominal")
    expected = krippendorff_alpha([["1", "1"], ["2", "2"], ["1", "2"]], "nominal")

    assert (found.answers, found.right, found.percent) == (4, 2, 50)
    assert float(found.alpha) == float(expected)


@pytest.mark.parametrize(
    ("kind", "measure", "pairs", "ratings", "by"),
    [
        ("category", "nominal", [("-99", "1"), ("2", "2")], [["-99", "1"], ["2", "2"]], "nominal"),
        ("integer", "ratio", [("10", "9"), ("-99", "4"), ("3", "3")], [[10, 9], [3, 3]], "ratio"),
        (
            "date",
            "interval",
            [("1991-02-01", "1991-02-03"), ("1990-01-01/..", "1990-01-01")],
            [[1, 3], [-395, -395]],
            "interval",
        ),
        (
            "set",
            "nominal",
            [("200;220", "200"), ("none", "none"), ("-77", "2")],
            [
                [frozenset({"200", "220"}), frozenset({"200"})],
                [frozenset(), frozenset()],
                [frozenset({"-77"}), frozenset({"2"})],
            ],
            "masi",
        ),
    ],
)
def test_alpha_reads_each_kind_by_its_level_of_measurement(
    kind: str, measure: str, pairs: list[Any], ratings: list[Any], by: Any
) -> None:
    found = marking.marks(pairs, domain(kind), measure).alpha

    assert float(found) == pytest.approx(float(krippendorff_alpha(ratings, by)))


def test_a_missing_code_that_counts_as_nothing_said_is_left_out_of_alpha_and_not_of_percent() -> (
    None
):
    pairs = [("1", "1"), ("2", "2"), ("-99", "2")]
    found = marking.marks(pairs, domain("category"), "nominal", left_out={"-99"})

    assert (found.right, found.answers, float(found.alpha)) == (2, 3, 1.0)


def test_the_pages_of_training_and_of_reliability_give_one_figure(trained: World) -> None:
    practise(trained, "policy", "200;220")
    for case, said in zip(trained.more_cases(2), ("-99", "territory"), strict=True):
        for coder in (trained.coder_a, trained.coder_b):
            coding = Coding.objects.get(case=case, coder=coder)
            trained.say(coding, "territory")
            trained.say(coding, "255", "partners")
            trained.say(partner_of(coding, "255"), "1", "sent")
            work.submit(coding=coding)
        work.mark_gold(case=case, reason=SURE, by=trained.curator)
        coding = work.train(case=case, coder=pupil(trained), by=trained.curator)
        trained.say(coding, said)
        trained.say(coding, "255", "partners")
        trained.say(partner_of(coding, "255"), "2", "sent")
        work.submit(coding=coding)

    opened = reliability.opened_for(trained.curator, trained.project)
    there = {
        each.figure.name: each.coders[0].alpha.value for each in reliability.against_gold(opened)
    }
    marked = blind.marked(blind.trained(trained.curator, trained.project))
    standings = training.standings(Books(trained.project), member(trained, pupil(trained)), marked)
    here = {s.entry.name: s.marks.alpha.value for s in standings if s.marks.answers}
    assert here == pytest.approx(there, nan_ok=True)
    assert set(here) == {"goal", "partners", "sent", "strength"}


def test_without_answers_there_is_no_figure_and_a_reason() -> None:
    found = marking.marks([], domain("category"), "nominal")

    assert (found.answers, found.percent) == (0, None)
    assert found.alpha.reason
