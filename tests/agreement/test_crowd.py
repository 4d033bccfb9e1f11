"""Dawid and Skene's model: crowd-kit's posteriors, and what EM must hold whatever was said."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coding.agreement import dawid_skene

CROWD = json.loads(Path(__file__).with_name("crowd.json").read_text())
said = st.lists(
    st.lists(st.sampled_from([0, 1, 2, None]), min_size=4, max_size=4), min_size=3, max_size=12
).filter(lambda rows: any(sum(s is not None for s in row) > 2 for row in rows))


@pytest.mark.parametrize("number", range(len(CROWD["cases"])))
def test_posteriors_are_those_of_crowd_kit(number: int) -> None:
    """Written by make_crowd.py, after as many steps: it ends by another rule."""
    case = CROWD["cases"][number]

    found = dawid_skene(case["said"], steps=CROWD["steps"], tolerance=0)

    assert found.posterior == pytest.approx(np.array(case["posterior"]), abs=1e-6)


@given(said)
@settings(max_examples=40, deadline=None)
def test_a_step_never_makes_what_was_said_less_likely(rows: list[list[int | None]]) -> None:
    reached = [dawid_skene(rows, steps=n, tolerance=0).log_likelihood for n in (1, 2, 3, 6, 12)]

    assert all(later >= before - 1e-9 for before, later in pairwise(reached))


@given(said, st.permutations([0, 1, 2]))
@settings(max_examples=40, deadline=None)
def test_other_names_for_the_categories_give_the_same(
    rows: list[list[int | None]], names: list[int]
) -> None:
    called = [[None if s is None else names[s] for s in row] for row in rows]

    first = dawid_skene(rows, categories=[0, 1, 2], steps=20)
    other = dawid_skene(called, categories=[0, 1, 2], steps=20)

    assert other.posterior[:, names] == pytest.approx(first.posterior, abs=1e-6)


@given(st.lists(st.integers(0, 2), min_size=4, max_size=20))
@settings(max_examples=20, deadline=None)
def test_where_all_say_the_same_nothing_is_open(truth: list[int]) -> None:
    found = dawid_skene([[t] * 3 for t in truth], categories=[0, 1, 2])

    assert found.posterior.argmax(axis=1).tolist() == truth
    assert found.posterior.max(axis=1) == pytest.approx(np.ones(len(truth)))
