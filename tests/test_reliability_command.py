"""The command tells what the pages tell, in words or as JSON, and names what it cannot find."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from coding import reliability, work
from coding.models import Member
from coding.reliability import Asked
from tests.conftest import World
from tests.test_reliability import ALL_GOALS, INDETERMINATE, code, code_with_notes


def told(world: World, *options: str) -> Any:
    return json.loads(said(world, *options, "--json"))


def said(world: World, *options: str) -> str:
    out = StringIO()
    call_command("reliability", "--project", world.project.slug, *options, stdout=out)
    return out.getvalue()


def test_the_command_prints_the_figures_that_the_pages_show(world: World) -> None:
    code(world, ALL_GOALS)

    found = told(world)

    opened = reliability.opened_for(world.adjudicator, world.project)
    shown = [reliability.plain(figure) for figure in reliability.figures(opened)]
    assert found["variables"] == json.loads(json.dumps(shown))
    assert (found["codebook"], found["who"], found["missing"]) == (1, "people", "rule")
    goal = next(v for v in found["variables"] if v["variable"] == "goal")
    assert goal["alpha"]["value"] == pytest.approx(1 - (2 / 6) / 0.6)
    share = next(v for v in found["variables"] if v["variable"] == "share")
    assert (share["alpha"]["value"], share["reason"]) == (None, "It is computed, never coded.")


def test_the_treatment_of_missing_codes_can_be_switched(world: World) -> None:
    code_with_notes(world, INDETERMINATE)

    excluded = told(world, "--variable", "goal", "--missing", "exclude")["variables"]
    counted = told(world, "--variable", "goal", "--missing", "as-category")["variables"]

    assert [v["alpha"]["n_units"] for v in (*excluded, *counted)] == [2, 4]
    assert excluded[0]["alpha_as_category"] == counted[0]["alpha"]


@pytest.mark.parametrize("by", ["coder", "pair", "version", "region", "period"])
def test_parts_are_those_of_the_library(world: World, by: Any) -> None:
    code(world, ALL_GOALS)
    opened, goal = reliability.opened(world.project), world.entry("goal")

    found = told(world, "--variable", "goal", "--by", by)["variables"][0]

    parts: Any = reliability.pairs if by == "pair" else reliability.parts
    expected = parts(opened, goal) if by == "pair" else parts(opened, goal, by)
    assert found["parts"] == json.loads(json.dumps([reliability.plain(p) for p in expected]))
    assert found["parts"] != []


def test_in_words_each_variable_has_a_line(world: World) -> None:
    code(world, ALL_GOALS)

    lines = said(world, "--by", "pair").splitlines()

    assert lines[0] == "usmi, codebook 1; people; missing codes: rule"
    goal = next(n for n, line in enumerate(lines) if line.startswith("goal "))
    assert "alpha  0.444 [" in lines[goal]
    assert "3 units  66.7%  AC1 0.600" in lines[goal]
    one, other = Member.objects.filter(role="coder").values_list("pseudonym", flat=True)
    assert one in lines[goal + 1]
    assert other in lines[goal + 1]


def test_coders_go_by_pseudonym_and_closed_cases_are_not_counted(world: World) -> None:
    code(world, ALL_GOALS)
    before = said(world, "--by", "coder", "--json")

    world.say(world.coding_a, "canary")
    work.submit(coding=world.coding_a)

    assert said(world, "--by", "coder", "--json") == before
    assert "coder_a" not in before


def test_cases_can_be_narrowed_by_region(world: World) -> None:
    cases = code(world, ALL_GOALS)
    for case in cases[:2]:
        case.facts = {"region": "Asia", "start_year": "1991"}
        case.save()

    region = told(world, "--variable", "goal", "--region", "Asia")["variables"][0]
    period = told(world, "--variable", "goal", "--period", "1990")["variables"][0]

    opened = reliability.opened(world.project, Asked(cases={"region": "Asia"}))
    figure = reliability.plain(reliability.figure(opened, world.entry("goal")))
    assert region == period == json.loads(json.dumps(figure))
    assert region["cases"] == 2


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        (("--variable", "gaol"), "--variable: “gaol” is no variable. There are: goal, ended"),
        (("--codebook", "7"), "--codebook: “7” is no published codebook. There are: 1."),
    ],
)
def test_what_there_is_not_is_named_with_what_there_is(
    world: World, options: tuple[str, ...], fault: str
) -> None:
    with pytest.raises(CommandError, match=fault.split(":")[0]) as refused:
        said(world, *options)

    assert fault.split(": ", 1)[1].split(" is no")[0].strip("“”") in str(refused.value)
    assert fault.split(" is no ")[1] in str(refused.value)
