"""Whatever the cast does, in whatever order: nothing said blind is changed or lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.contrib.auth.models import User
from django.db import transaction
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from coding import blind, codebooks, work
from coding.errors import Refused
from coding.models import Case, Cell, Coding, Unit, Value
from tests.conftest import World

CODERS = ("coder_a", "coder_b", "curator")
STATES = ("200", "220")
Act = tuple[str, ...]


@dataclass
class Play:
    """The cast at work on one case."""

    world: World
    done: list[str] = field(default_factory=list)

    def coder(self, name: str) -> User:
        coder: User = getattr(self.world, name)
        return coder

    def main(self, name: str) -> Coding:
        mine = Coding.objects.of(self.coder(name)).filter(case=self.world.case)
        return there(mine.order_by("purpose").first())

    def sheet(self, name: str, state: str) -> Coding:
        key = f"{self.world.case.key}/{state}"
        mine = Coding.objects.standing().of(self.coder(name)).filter(case__key=key)
        return there(mine.order_by("-pk").first())

    def cell(self, name: str) -> Cell:
        variable = self.world.entry(name).variable
        return there(blind.all_cells(self.world.project).filter(variable=variable).first())

    def perform(self, act: Act) -> None:
        """Do it, or be refused in words; what is not there yet cannot be acted on."""
        word, *arguments = act
        try:
            with transaction.atomic():
                ACTS[word](self, *arguments)
        except Refused:
            return
        self.done.append(word)


T = TypeVar("T")


def there(found: T | None) -> T:
    if found is None:
        raise Refused("It is not there yet.")
    return found


def say(play: Play, who: str, name: str, text: str) -> None:
    play.world.say(play.main(who), text, name)


def send(play: Play, who: str, state: str, text: str) -> None:
    play.world.say(play.sheet(who, state), text, "sent")


def submit(play: Play, who: str) -> None:
    mine = Coding.objects.open().of(play.coder(who)).order_by("pk")
    work.submit(coding=there(mine.first()))


def hand_in(play: Play, who: str, goal: str, states: str) -> None:
    """A whole sitting at once, so that plays reach their later acts."""
    play.perform(("say", who, "goal", goal))
    play.perform(("say", who, "partners", states))
    for state in STATES:
        play.perform(("send", who, state, "2" if goal == "regime" else "1"))
    for _ in STATES:
        play.perform(("submit", who))


def assign(play: Play, who: str, purpose: str) -> None:
    work.assign(case=play.world.case, coder=play.coder(who), purpose=purpose)


def on_main(act: Callable[..., object], **more: Any) -> Callable[[Play, str], None]:
    def performed(play: Play, who: str) -> None:
        act(coding=play.main(who), **more, **({"by": play.world.curator} if more else {}))

    return performed


def unblind(play: Play) -> None:
    work.unblind(case=play.world.case, reason="A court asks.", by=play.world.curator)


def rule(play: Play, name: str, text: str) -> None:
    work.settle(
        cell=play.cell(name),
        entry=play.world.entry(name),
        text=None if text == "unresolved" else text,
        cause="judgement",
        reason="Source 3",
        by=play.world.adjudicator,
    )


def verify(play: Play, name: str) -> None:
    work.verify(cell=play.cell(name), by=play.world.adjudicator)


def add_row(play: Play, who: str) -> None:
    unit = Unit.objects.get(project=play.world.project, name="objective")
    row = work.add_row(coding=play.main(who), unit=unit)
    play.world.say(row, "Free Kuwait.", "objective_text")


def recompute(play: Play) -> None:
    work.recompute(root=play.world.case)


ACTS: dict[str, Callable[..., None]] = {
    "say": say,
    "send": send,
    "submit": submit,
    "hand_in": hand_in,
    "assign": assign,
    "take_back": on_main(work.take_back),
    "give_back": on_main(work.give_back, question="Which?"),
    "withdraw": on_main(work.withdraw, reason="On leave"),
    "unblind": unblind,
    "rule": rule,
    "verify": verify,
    "add_row": add_row,
    "recompute": recompute,
}

who = st.sampled_from(CODERS)
goals = st.sampled_from(["regime", "policy", "-99"])
rosters = st.sampled_from(["none", "200", "220", "200;220", "-99"])
act: st.SearchStrategy[Any] = st.one_of(
    st.tuples(st.just("hand_in"), who, goals, rosters),
    st.tuples(st.just("say"), who, st.just("goal"), goals),
    st.tuples(st.just("say"), who, st.just("partners"), rosters),
    st.tuples(st.just("send"), who, st.sampled_from(STATES), st.sampled_from(["1", "2"])),
    st.tuples(st.sampled_from(["submit", "add_row"]), who),
    st.tuples(st.sampled_from(["take_back", "give_back"]), who),
    st.tuples(st.just("withdraw"), who),
    st.tuples(st.just("assign"), who, st.sampled_from(["production", "repeat", "training"])),
    st.tuples(st.just("rule"), st.just("goal"), goals | st.just("unresolved")),
    st.tuples(st.just("rule"), st.just("partners"), rosters | st.just("unresolved")),
    st.tuples(st.just("verify"), st.sampled_from(["goal", "partners"])),
    st.tuples(st.sampled_from(["unblind", "recompute"])),
)
acts: st.SearchStrategy[list[Act]] = st.lists(act, min_size=4, max_size=14)

Said = dict[int, tuple[Any, ...]]  # by value: its coding, when that was handed in, and its words


def handed_in() -> Said:
    rows = Value.objects.filter(coding__submitted_at__isnull=False).values_list(
        "pk", "coding", "coding__submitted_at", "text", "note", "certainty", "saved_at"
    )
    return {pk: tuple(said) for pk, *said in rows}


def opened() -> Said:
    rows = Value.objects.filter(coding__unblinded_at__isnull=False).values_list(
        "pk", "coding", "coding__unblinded_at", "text"
    )
    return {pk: tuple(said) for pk, *said in rows}


def cells() -> list[dict[str, Any]]:
    return [*Cell.objects.order_by("pk").values(), *Cell.history.order_by("history_id").values()]


@contextmanager
def nothing_said_is_changed_or_lost() -> Iterator[None]:
    before, open_before, past = handed_in(), opened(), Value.history.count()
    yield
    after, now_open = handed_in(), opened()
    still = dict(Coding.objects.values_list("pk", "submitted_at"))
    for pk, said in before.items():
        coding, submitted_at = said[0], said[1]
        if still[coding] == submitted_at:  # it was not taken back meanwhile
            assert after[pk] == said
    assert open_before.items() <= now_open.items()
    assert Value.history.count() >= past
    assert set(before) <= set(Value.objects.values_list("pk", flat=True))


def check_the_rules(play: Play) -> None:
    wordless = {"disputed", "unresolved"}
    assert all((c.text is None) == (c.status in wordless) for c in Cell.objects.all())
    assert not Coding.objects.filter(submitted_at=None).exclude(unblinded_at=None).exists()
    spoken = Cell.objects.exclude(status="derived").values_list("case", flat=True)
    assert set(spoken) <= set(
        Coding.objects.exclude(unblinded_at=None).values_list("case", flat=True)
    )
    for name in CODERS:
        me = play.coder(name)
        others = blind.values_for(me).exclude(coding__coder=me)
        assert not others.filter(coding__unblinded_at=None).exists()
        if Coding.objects.open().of(me).of_family(play.world.case.pk).exists():
            assert not others.filter(coding__case__in=family(play)).exists()


def family(play: Play) -> list[int]:
    top = play.world.case.pk
    return [top, *Case.objects.filter(root=top).values_list("pk", flat=True)]


@settings(
    deadline=None,
    max_examples=30,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.sampled_from([0, 1, 1, 2, 2]), st.tuples(goals, rosters, goals, rosters), acts)
def test_whatever_is_done_nothing_that_was_handed_in_is_changed_or_lost(
    world: World, begun: int, said: tuple[str, ...], later: list[Act]
) -> None:
    """Most plays begin when one coder or both have handed in."""
    begin = [("hand_in", "coder_a", *said[:2]), ("hand_in", "coder_b", *said[2:])]
    with transaction.atomic():
        play = Play(world)
        for each in [*begin[:begun], *later]:
            with nothing_said_is_changed_or_lost():
                play.perform(each)
            check_the_rules(play)
        before = cells()
        work.recompute(root=world.case)
        assert cells() == before
        for word in set(play.done):
            event(word)
        for status in set(Cell.objects.values_list("status", flat=True)):
            event(f"a cell is {status}")
        transaction.set_rollback(True)


def test_the_cast_can_do_every_act(world: World) -> None:
    """A play that no act refuses: else the plays above would promise less than they seem to."""
    play = Play(world)
    script: list[Act] = [
        ("say", "coder_a", "goal", "regime"),
        ("add_row", "coder_a"),
        ("hand_in", "coder_a", "regime", "200;220"),
        ("take_back", "coder_a"),
        ("submit", "coder_a"),
        ("give_back", "coder_a"),
        ("submit", "coder_a"),
        ("unblind",),
        ("hand_in", "coder_b", "regime", "200"),
        ("verify", "goal"),
        ("rule", "partners", "200;220"),
        ("send", "coder_b", "220", "1"),
        ("submit", "coder_b"),
        ("assign", "curator", "production"),
        ("withdraw", "curator"),
        ("recompute",),
    ]
    for each in script:
        play.perform(each)

    assert set(play.done) == set(ACTS)
    assert set(Cell.objects.values_list("status", flat=True)) == {
        "agreed",
        "single",
        "disputed",
        "adjudicated",
    }
    assert codebooks.current(world.project) == world.codebook
