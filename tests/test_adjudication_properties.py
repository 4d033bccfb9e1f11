"""Whatever is settled, taken back and corrected, in whatever order: the codings stay, each settled
cell says why, its history ends in what it says, and the cells are what the codings give.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

from django.db import transaction
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from coding import blind, codebooks, publishing, work
from coding.bulk import BulkRule, Said, proposals
from coding.errors import Refused
from coding.models import Batch, Cell
from tests.conftest import DOCUMENT, World
from tests.test_any_order import ACTS as BEFORE
from tests.test_any_order import Act, Play, nothing_said_is_changed_or_lost, there

NAMES = ("goal", "troops")
SETTLED = ("adjudicated", "unresolved")
TROOPS = 3


def hand_in(play: Play, who: str, goal: str, troops: str) -> None:
    """A whole sheet at once, as one act of the play."""
    if who == "curator":
        play.perform(("assign", who, "production"))
    for name, text in (("goal", goal), ("troops", troops)):
        play.perform(("say", who, name, text))
    play.perform(("submit", who))


def reopen(play: Play, name: str) -> None:
    cell, curator = play.cell(name), play.world.curator
    work.reopen(chosen=[cell], reason="Look at it again.", by=curator)


def rule_in_bulk(play: Play, coders: int) -> None:
    """What most coders say, of every dispute that is open."""
    world = play.world
    open_cells = blind.disputes_for(world.adjudicator, world.project)
    cells = [(c.pk, c.case_id, c.variable_id, c.since) for c in open_cells]
    said: dict[tuple[int, int], dict[int, Said]] = {}
    for s in blind.spoken_for(world.adjudicator, [world.case.pk]):
        said.setdefault((s.case, s.variable), {})[s.coder] = Said(s.text, s.certainty)
    rule = BulkRule("majority", coders)
    listed = {key: list(by.values()) for key, by in said.items()}
    taken = proposals(rule, cells, listed, codebooks.newest_entries(world.project))
    more = {"cause": "slip", "reason": "As most read it.", "by": world.adjudicator}
    work.rule_in_bulk(project=world.project, rule=rule, proposed=taken, **more)


def correct(play: Play, name: str, text: str) -> None:
    """Out of a file."""
    cell, entry = play.cell(name), play.world.entry(name)
    said = None if text == "unresolved" else text
    fix = work.Correction(cell.pk, entry, said, "slip", "It was misread.", cell.since)
    more = {"file": "fixes.csv", "note": "Read again.", "by": play.world.adjudicator}
    work.correct_in_bulk(project=play.world.project, corrections=[fix], **more)


def undo(play: Play) -> None:
    batch = there(Batch.objects.filter(undone_at=None).order_by("pk").last())
    work.undo_batch(batch=batch, reason="The rule misled.", by=play.world.curator)


def compare_within(play: Play, near: str) -> None:
    """Another tolerance is published."""
    document = deepcopy(DOCUMENT)
    document["variables"][TROOPS] |= {"tolerance": int(near)} if near else {}
    draft = codebooks.draft(project=play.world.project, document=document)
    if draft.published_at:
        raise Refused("It says that already.")
    publishing.publish(draft=draft, by=play.world.curator, rulings={})
    play.world.codebook = there(codebooks.current(play.world.project))


OWN: dict[str, Callable[..., None]] = {
    "reopen": reopen,
    "rule_in_bulk": rule_in_bulk,
    "correct": correct,
    "undo": undo,
    "compare_within": compare_within,
}
ACTS = {word: BEFORE[word] for word in ("say", "submit", "assign", "rule", "verify")}
ACTS |= {word: BEFORE[word] for word in ("take_back", "give_back", "withdraw", "unblind")} | OWN

coder = st.sampled_from(["coder_a", "coder_b"])
goals = st.sampled_from(["regime", "regime", "policy"])
numbers = st.sampled_from(["100", "100", "104", "-99"])
name = st.sampled_from(NAMES)
act: st.SearchStrategy[Any] = st.one_of(
    st.tuples(st.just("hand_in"), st.sampled_from(["coder_b", "curator"]), goals, numbers),
    st.tuples(st.sampled_from(["take_back", "give_back", "withdraw", "submit"]), coder),
    st.tuples(st.just("rule"), st.just("goal"), goals | st.just("unresolved")),
    st.tuples(st.just("rule"), st.just("troops"), numbers | st.just("unresolved")),
    st.tuples(st.just("correct"), st.just("goal"), goals | st.just("unresolved")),
    st.tuples(st.just("correct"), st.just("troops"), numbers),
    st.tuples(st.sampled_from(["verify", "reopen"]), name),
    st.tuples(st.just("rule_in_bulk"), st.sampled_from([2, 3])),
    st.tuples(st.sampled_from(["undo", "undo", "unblind"])),
    st.tuples(st.just("compare_within"), st.sampled_from(["", "5", "150"])),
)


class Adjudication(Play):
    """The cast at work on one case, with all that an adjudicator can do."""

    def perform(self, act: Act) -> None:
        word, *arguments = act
        if word == "hand_in":
            hand_in(self, *arguments)
            return
        try:
            with transaction.atomic():
                ACTS[word](self, *arguments)
        except Refused:
            return
        self.done.append(word)


def check_the_cells(play: Play) -> None:
    """Each settled cell says why, and its history ends in what the cell says."""
    for cell in Cell.objects.all():
        past = list(Cell.history.filter(id=cell.pk).order_by("history_id"))
        assert past[0].history_type == "+"
        assert past[-1].instance == cell
        columns = [field.attname for field in Cell._meta.concrete_fields]
        assert [getattr(past[-1], c) for c in columns] == [getattr(cell, c) for c in columns]
        for row in past:
            if row.status in SETTLED:
                assert "" not in (row.cause, row.reason)
                assert row.history_change_reason
                assert (row.text is None) == (row.status == "unresolved")
    assert list(work.drift(project=play.world.project)) == []


@settings(
    deadline=None,
    max_examples=20,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.tuples(goals, numbers), st.tuples(goals, numbers), st.lists(act, min_size=4, max_size=10))
def test_whatever_is_settled_and_taken_back_no_coding_is_lost_and_each_ruling_says_why(
    world: World, one: tuple[str, str], other: tuple[str, str], later: list[Act]
) -> None:
    with transaction.atomic():
        play = Adjudication(replace(world))
        begin: list[Act] = [("hand_in", "coder_a", *one), ("hand_in", "coder_b", *other)]
        for each in [*begin, *later]:
            with nothing_said_is_changed_or_lost():
                play.perform(each)
            check_the_cells(play)
        for word in set(play.done):
            event(word)
        transaction.set_rollback(True)


def test_an_adjudicator_can_do_every_act(world: World) -> None:
    """A play that no act refuses: else the plays above would promise less than they seem to."""
    play = Adjudication(replace(world))
    script: list[Act] = [
        ("say", "coder_a", "goal", "regime"),
        ("say", "coder_a", "troops", "100"),
        ("submit", "coder_a"),
        ("take_back", "coder_a"),
        ("submit", "coder_a"),
        ("give_back", "coder_a"),
        ("submit", "coder_a"),
        ("unblind",),
        ("verify", "goal"),
        ("withdraw", "coder_b"),
        ("hand_in", "curator", "policy", "104"),
        ("reopen", "goal"),
        ("rule", "goal", "policy"),
        ("compare_within", "5"),
        ("reopen", "troops"),
        ("compare_within", ""),
        ("rule", "troops", "unresolved"),
        ("reopen", "troops"),
        ("correct", "goal", "regime"),
        ("undo",),
    ]
    for each in script:
        play.perform(each)
        check_the_cells(play)
    assert set(ACTS) - set(play.done) == {"rule_in_bulk"}
    assert [play.cell(n).status for n in NAMES] == ["adjudicated", "disputed"]
