"""Designs of double coding: balanced, connected where they can be, the same for the same seed."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coding import designs
from coding.designs import Dealt, Slot

KINDS = ("crossing", "overlap", "blocks", "core", "adaptive", "second")
people = st.integers(2, 9).map(lambda n: [f"c{i}" for i in range(n)])
seeds = st.text("abcdef0123456789", min_size=1, max_size=6)
percents = st.floats(0, 100)


def cases(count: int, *, coded_by: str = "", strata: int = 1) -> list[Slot]:
    before = (coded_by,) if coded_by else ()
    return [Slot(f"case {n}", f"s{n % strata}", before) for n in range(count)]


def deal(kind: str, slots: list[Slot], coders: list[str], seed: str, **ask: Any) -> Dealt:
    return designs.deal(kind, slots, coders, seed, ask)


def spread(counts: Any) -> int:
    found = list(counts)
    return max(found) - min(found) if found else 0


# ------------------------------------------------------------------ pairs in turn


@pytest.mark.parametrize("count", range(2, 20))
def test_every_two_coders_meet_once_and_loads_never_differ_by_more_than_one(count: int) -> None:
    coders = [f"c{n:02}" for n in range(count)]
    pairs = designs.round_robin(coders)

    assert sorted(pairs) == list(combinations(coders, 2))
    loads = Counter(dict.fromkeys(coders, 0))
    for number, pair in enumerate(pairs, 1):
        loads.update(pair)
        assert spread(loads.values()) <= 1
        connected = len(designs.components(coders, pairs[:number])) == 1
        assert connected == (number >= count - 1)


# ------------------------------------------------------------------ what each design promises


@given(people, st.integers(0, 60), seeds)
def test_blocks_share_and_load_evenly_for_any_number_of_coders_and_cases(
    coders: list[str], count: int, seed: str
) -> None:
    dealt = deal("blocks", cases(count), coders, seed)

    assert spread(dealt.pairs.values()) <= 1
    assert spread(dealt.loads.values()) <= 1
    assert (dealt.codings, dealt.double, dealt.short) == (2 * count, count, ())
    assert (len(dealt.components) == 1) == (count >= len(coders) - 1)


@given(people, st.integers(0, 60), seeds, percents)
def test_an_overlap_double_codes_its_share_and_loads_evenly(
    coders: list[str], count: int, seed: str, percent: float
) -> None:
    dealt = deal("overlap", cases(count), coders, seed, percent=percent)

    assert dealt.double == designs.share_of(count, percent)
    assert spread(dealt.loads.values()) <= 1
    assert spread(dealt.pairs.values()) <= 1
    assert set(dealt.by_case) == {slot.key for slot in cases(count)}


@given(people, st.integers(0, 60), seeds, percents, st.integers(0, 9), st.integers(1, 5))
def test_a_core_is_coded_by_everybody_and_each_stratum_by_its_share(
    coders: list[str], count: int, seed: str, percent: float, size: int, strata: int
) -> None:
    slots = cases(count, strata=strata)
    dealt = deal("core", slots, coders, seed, percent=percent, core=size)

    core = set(designs.drawn(seed, "core", [s.key for s in slots])[:size])
    assert all(dealt.by_case[key] == tuple(coders) for key in core)
    rest = [s for s in slots if s.key not in core]
    double = Counter(s.stratum for s in rest if len(dealt.by_case[s.key]) == 2)
    whole = Counter(s.stratum for s in rest)
    assert double.total() == designs.share_of(len(rest), percent)
    assert all(abs(double[s] - whole[s] * percent / 100) <= 1 for s in whole)
    assert spread(dealt.loads.values()) <= 1


@given(people, st.integers(0, 30), seeds)
def test_a_crossing_gives_every_case_to_everybody(coders: list[str], count: int, seed: str) -> None:
    dealt = deal("crossing", cases(count), coders, seed)

    assert set(dealt.loads.values()) == {count}
    assert set(dealt.pairs.values()) == {count}


@given(people, st.integers(0, 60), seeds, percents)
def test_a_second_coder_is_never_the_first(
    coders: list[str], count: int, seed: str, percent: float
) -> None:
    dealt = deal("second", cases(count, coded_by="c0"), coders, seed, percent=percent)

    assert dealt.loads["c0"] == 0
    assert dealt.double == len(dealt.by_case) == designs.share_of(count, percent)
    assert spread(load for coder, load in dealt.loads.items() if coder != "c0") <= 1


@given(
    st.sampled_from(KINDS),
    people,
    seeds,
    st.data(),
)
def test_nobody_gets_a_case_twice_nor_one_that_is_barred(
    kind: str, coders: list[str], seed: str, data: st.DataObject
) -> None:
    some = st.sets(st.sampled_from(coders), max_size=2).map(frozenset)
    bars = data.draw(st.lists(some, min_size=1, max_size=25))
    slots = [
        Slot(f"case {n}", "", ("x",) if kind == "second" else (), bar) for n, bar in enumerate(bars)
    ]
    dealt = deal(kind, slots, coders, seed, percent=50, core=2)

    for slot in slots:
        given_to = dealt.by_case.get(slot.key, ())
        assert len(set(given_to)) == len(given_to)
        assert not slot.barred & set(given_to)
    for coder, keys in dealt.orders.items():
        assert sorted(keys) == sorted(k for k, who in dealt.by_case.items() if coder in who)
    free = {s.key: len(set(coders) - s.barred) for s in slots}
    if kind in ("blocks", "adaptive"):
        assert set(dealt.short) == {key for key, n in free.items() if n < 2}
        assert all(len(dealt.by_case.get(key, ())) == min(n, 2) for key, n in free.items())


# ------------------------------------------------------------------ the lot


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_deals_the_same_whatever_the_order_of_the_words(kind: str) -> None:
    slots, coders = cases(23, strata=3, coded_by="x" if kind == "second" else ""), list("abcd")
    ask = {"percent": 40, "core": 3}

    first = designs.deal(kind, slots, coders, "spring", ask)
    again = designs.deal(kind, slots[::-1], coders[::-1], "spring", ask)
    other = designs.deal(kind, slots, coders, "autumn", ask)

    assert first == again
    assert first.digest == again.digest != other.digest


def test_each_coder_has_an_order_of_their_own() -> None:
    dealt = deal("crossing", cases(12), ["a", "b"], "s")

    assert sorted(dealt.orders["a"]) == sorted(dealt.orders["b"])
    assert dealt.orders["a"] != dealt.orders["b"]
    assert list(dealt.orders["a"]) != sorted(dealt.orders["a"])


def test_neither_place_nor_neighbours_tell_which_cases_are_double_coded() -> None:
    """Over many seeds a double-coded case stands as far down a worklist as any other."""
    places: dict[bool, list[float]] = {True: [], False: []}
    for seed in range(60):
        dealt = deal("overlap", cases(40), ["a", "b", "c"], str(seed), percent=30)
        for keys in dealt.orders.values():
            for place, key in enumerate(keys):
                places[len(dealt.by_case[key]) > 1].append(place / (len(keys) - 1))

    means = [sum(found) / len(found) for found in places.values()]
    assert means == pytest.approx([0.5, 0.5], abs=0.02)


def test_a_lot_is_a_hash_that_anyone_can_draw_again() -> None:
    """sha256 of seed, purpose and name: were it another, old designs could not be drawn again."""
    assert designs.drawn("spring", "double", ["a", "b", "c", "d"]) == ["c", "a", "b", "d"]


# ------------------------------------------------------------------ who is never compared


def test_coders_whom_no_shared_case_connects_are_told_in_groups() -> None:
    dealt = deal("blocks", cases(2), ["a", "b", "c", "d"], "s")

    assert sorted(map(len, dealt.components)) == [2, 2]
    assert deal("overlap", cases(9), ["a", "b"], "s", percent=0).components == [["a"], ["b"]]


# ------------------------------------------------------------------ somebody leaves


def test_who_has_least_takes_over_and_of_these_who_shared_least() -> None:
    slots = [Slot(f"case {n}", "", ("a",)) for n in range(4)]
    shared = {("a", "b"): 9, ("a", "c"): 0, ("a", "d"): 9}

    dealt = designs.replacements(slots, ["a", "b", "c", "d"], "s", {"b": 2, "d": 3}, shared)

    assert dealt.loads == {"a": 0, "b": 1, "c": 3, "d": 0}


def test_a_case_that_nobody_else_may_code_is_named() -> None:
    slots = [Slot("case 1", "", ("a",), frozenset("b"))]

    assert designs.replacements(slots, ["a", "b"], "s", {}, {}).short == ("case 1",)
