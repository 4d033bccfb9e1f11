"""How much a dispute matters: by its distance, its weight, and where the queue shows it."""

from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from coding import blind, canonical, codebooks, severity, work
from coding.canonical import Domain
from coding.models import Case
from coding.places import Place
from tests.conftest import DOCUMENT, World
from tests.test_disputes import disputed, judge, listed, queue, queue_url

__all__ = ["judge"]

CODES = {code: code for code in ("1", "2", "3", "4", "5")}
MISSING = {"-77": "Cannot be determined", "-99": "Unknown"}
NOMINAL = Domain("category", CODES, missing=MISSING)
SET = Domain("set", CODES, missing=MISSING, can_be_empty=True)
NUMBER = Domain("integer", missing=MISSING)
LIMITED = Domain("integer", missing=MISSING, minimum=Decimal(0), maximum=Decimal(100))
TOLERANT = Domain("integer", missing=MISSING, tolerance=Decimal(5))
DATE = Domain("date", missing=MISSING)


# ------------------------------------------------------------------ the distance


@pytest.mark.parametrize(
    ("a", "b", "domain", "measure", "expected"),
    [
        ("1", "2", NOMINAL, "nominal", 1.0),
        ("1", "2", NOMINAL, "ordinal", 0.25),
        ("1", "5", NOMINAL, "ordinal", 1.0),
        ("1", "-77", NOMINAL, "ordinal", 1.0),
        ("-99", "-77", NOMINAL, "ordinal", 1.0),
        ("1;2", "2;3", SET, "nominal", 0.667),
        ("none", "2;3", SET, "nominal", 1.0),
        ("1;2", "1;2;3;4", SET, "nominal", 0.5),
        ("100", "300", NUMBER, "ratio", 0.5),
        ("-5", "5", NUMBER, "interval", 1.0),
        ("10", "60", LIMITED, "ratio", 0.5),
        ("10", "14", TOLERANT, "ratio", 0.0),
        ("1", "2", NUMBER, "nominal", 1.0),
        ("1000000", "1000001", NUMBER, "ratio", 0.001),
        ("1991-02-01", "1992-02-01", DATE, "interval", 0.5),
        ("1991-02-01", "1991-02", DATE, "interval", 0.069),
    ],
)
def test_the_distance_goes_by_the_level_of_measurement(
    a: str, b: str, domain: Domain, measure: str, expected: float
) -> None:
    assert severity.between(a, b, domain, measure) == expected


def texts(domain: Domain) -> st.SearchStrategy[str]:
    missing = st.sampled_from(sorted(MISSING))
    if domain.kind == "set":
        return missing | st.sets(st.sampled_from(sorted(CODES))).map(canonical.join)
    if domain.kind == "date":
        return missing | st.dates().map(str) | st.sampled_from(["1991", "1991-02~", "../1990"])
    if domain.categories:
        return missing | st.sampled_from(sorted(CODES))
    return missing | st.integers(-(10**18) + 1, 10**18 - 1).map(str)


two_answers = st.sampled_from([NOMINAL, SET, NUMBER, LIMITED, TOLERANT, DATE]).flatmap(
    lambda domain: st.tuples(texts(domain), texts(domain), st.just(domain))
)


@given(two_answers, st.sampled_from(["nominal", "ordinal", "interval", "ratio"]))
def test_a_distance_is_symmetric_from_0_to_1_and_0_only_where_the_answers_agree(
    answers: tuple[str, str, Domain], measure: str
) -> None:
    a, b, domain = answers

    found = severity.between(a, b, domain, measure)

    assert 0 <= found <= 1
    assert found == severity.between(b, a, domain, measure)
    assert (found == 0) == canonical.same(a, b, domain)


def test_of_several_answers_the_two_most_distant_count() -> None:
    assert severity.apart(["1", "2", "4", "2"], NOMINAL, "ordinal") == 0.75
    assert severity.apart(["1", "1"], NOMINAL, "ordinal") == 0.0


@given(st.floats(0, 9), st.integers(0, 9))
def test_every_severity_falls_into_one_band(weighs: float, heaviest: int) -> None:
    band = severity.band(weighs, heaviest)
    least, most = severity.limits(heaviest)[band]

    assert least <= weighs < most


# ------------------------------------------------------------------ the weight


def weighed(**weights: int) -> dict[str, Any]:
    document = copy.deepcopy(DOCUMENT)
    for variable in document["variables"]:
        if variable["name"] in weights:
            variable["weight"] = weights[variable["name"]]
    return document


def publish(world: World, **weights: int) -> None:
    book = codebooks.draft(project=world.project, document=weighed(**weights))
    codebooks.publish(codebook=book, by=world.curator)


def test_a_weight_is_a_part_of_the_codebook_and_1_goes_without_saying(world: World) -> None:
    assert codebooks.draft(project=world.project, document=weighed(goal=1)) == world.codebook

    publish(world, goal=5)

    book = codebooks.current(world.project)
    assert book is not None
    written = {v["name"]: v.get("weight") for v in codebooks.document_of(book)["variables"]}
    assert written == {
        v["name"]: 5 if v["name"] == "goal" else None for v in weighed()["variables"]
    }


@pytest.mark.parametrize("weight", [-1, 10, 1.5, "5", True])
def test_a_weight_is_a_whole_number_from_0_to_9(world: World, weight: Any) -> None:
    with pytest.raises(ValidationError, match="variable goal: weight must be a whole number from"):
        codebooks.draft(project=world.project, document=weighed(goal=weight))


# ------------------------------------------------------------------ the queue


def two_kinds(world: World) -> Case:
    """A dispute about troops that lie 0.1 apart, and in another case one about the goal."""
    world.close("10000", "20000", "troops")
    return disputed(world, 1)[0]


def test_a_dispute_keeps_its_distance_and_the_queue_weighs_it(world: World, judge: Client) -> None:
    two_kinds(world)
    assert world.cell("troops").distance == 0.1

    publish(world, troops=8)

    rows = {row.entry.name: row for row in queue(world).rows(queue(world).page("1"))}
    assert {name: (row.severity, row.band) for name, row in rows.items()} == {
        "troops": (0.8, "low"),
        "goal": (1.0, "low"),
    }
    page = judge.get(queue_url(world)).text
    assert 'max="8" value="0.8"' in page


def test_recomputing_keeps_the_distance_and_writes_nothing(world: World) -> None:
    two_kinds(world)
    before = world.cell("troops").history.count()

    work.recompute(root=world.case)

    assert (world.cell("troops").distance, world.cell("troops").history.count()) == (0.1, before)


def test_recomputing_finds_a_distance_that_was_never_measured(world: World) -> None:
    two_kinds(world)
    blind.all_cells(world.project).update(distance=1)

    assert list(work.drift(project=world.project)) == []
    work.recompute(root=world.case)

    assert world.cell("troops").distance == 0.1


@pytest.mark.parametrize(("band", "expected"), [("high", "goal"), ("low", "troops")])
def test_a_band_of_severity_narrows_the_queue(world: World, band: str, expected: str) -> None:
    two_kinds(world)

    found = queue(world, severity=band)

    assert [name for _, name in listed(found)] == [expected]
    assert found.total == 1
    facet = next(f for f in found.facets if f.name == "severity")
    assert [(o.value, o.count) for o in facet.options] == [("high", 1), ("low", 1)]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("", ["goal", "troops"]),
        ("-case", ["troops", "goal"]),
        ("severity", ["troops", "goal"]),
        ("-severity", ["goal", "troops"]),
        ("age", ["goal", "troops"]),
        ("-age", ["troops", "goal"]),
        ("variable", ["goal", "troops"]),
        ("-variable", ["troops", "goal"]),
    ],
)
def test_the_queue_sorts_by_its_columns(world: World, sort: str, expected: list[str]) -> None:
    two_kinds(world)

    assert [name for _, name in listed(queue(world, sort=sort))] == expected


def test_the_next_case_is_the_next_in_the_order_that_was_asked_for(world: World) -> None:
    other = two_kinds(world)

    place = Place(queue(world, sort="-severity"), other)

    assert (place.number, place.of, place.previous, place.next) == (1, 2, None, world.case.pk)
    world.settle("10000", "troops")
    assert Place(queue(world, sort="-severity"), world.case).next == other.pk


def test_a_column_says_how_it_is_sorted_and_turns_round(world: World, judge: Client) -> None:
    two_kinds(world)

    first = judge.get(queue_url(world)).text
    turned = judge.get(f"{queue_url(world)}?sort=-severity&variable=goal").text

    assert '<th scope="col" aria-sort="ascending"><a href="?sort=-case">Case</a>' in first
    assert 'aria-sort="none"><a href="?sort=-severity"' in first
    assert 'aria-sort="descending"><a href="?variable=goal&amp;sort=severity"' in turned


def test_a_decade_narrows_the_queue_and_a_partner_has_that_of_its_case(world: World) -> None:
    two_kinds(world)
    Case.objects.filter(pk=world.case.pk).update(facts={"start_year": 1991})

    found = queue(world, period="1990")

    assert [name for _, name in listed(found)] == ["troops"]
    periods = next(f for f in found.facets if f.name == "period")
    assert [(o.value, o.label, o.count) for o in periods.options] == [
        ("-0", "no year", 1),
        ("1990", "1990s", 1),
    ]


def test_of_one_variable_the_answers_that_stand_against_each_other_are_counted(
    world: World, judge: Client
) -> None:
    world.close("regime", "territory")
    disputed(world, 2)

    found = queue(world, variable="goal", pair="goal:regime|territory")

    assert [key for key, _ in listed(found)] == ["US-1991-GUL"]
    assert found.total == 1
    pairs = next(f for f in found.facets if f.name == "pair")
    assert [(o.label, o.count) for o in pairs.options] == [
        ("regime Regime change against policy Policy change", 2),
        ("regime Regime change against territory Territory", 1),
    ]
    variables = next(f for f in found.facets if f.name == "variable")
    assert variables.total == 3
    page = judge.get(f"{queue_url(world)}?variable=&pair=goal:regime|territory").text
    assert "3 open in 3 cases" in page
