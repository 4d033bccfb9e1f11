"""What a release should meet: each condition passes, or is waived with a reason that is printed."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import CommandError, call_command

from coding import codebooks, work
from coding.errors import Refused
from coding.models import Source, State, Unit
from curation.models import Release
from curation.releases import freeze
from curation.releases.gate import NAMES, Condition, Terms
from curation.releases.manifest import Manifest, read
from tests.conftest import DOCUMENT, World
from tests.test_recodes import published, split
from tests.test_releases import coded, data, hand_in, release  # noqa: F401 - the fixture


def met(world: World, **terms: Any) -> dict[str, Condition]:
    frozen = freeze(world.project, "0.1.0", terms=Terms(**terms))
    assert frozen.manifest.gate
    return {condition.name: condition for condition in frozen.manifest.gate.conditions}


def failing(world: World) -> set[str]:
    return {name for name, condition in met(world).items() if not condition.passes}


def test_what_meets_everything_says_so(coded: World) -> None:  # noqa: F811
    made = release(coded, waivers={"reliability": "Few cases."})

    gate = read(made.manifest).gate
    assert gate
    assert [c.name for c in gate.conditions] == list(NAMES)
    assert {c.name for c in gate.conditions if not c.passes} <= {"reliability"}
    assert "- No cell is disputed: yes" in data(made, "README.md").decode()


def fewer_than_sent(world: World) -> None:
    """A partner sent 250, and the whole force is found to be 100: a check does not hold."""
    for coding in (world.coding_a, world.coding_b):
        hand_in(world, coding, partners="200", troops="1000")
    world.settle("100", "troops")


def test_a_check_that_does_not_hold_holds_a_release_up(world: World) -> None:
    fewer_than_sent(world)

    assert failing(world) == {"quality"}
    with pytest.raises(Refused, match="It would not meet: quality") as refusal:
        release(world, waivers={})
    assert refusal.value.links == [("1 case does not meet strength-1.", "/projects/usmi/quality/")]
    made = release(world, waivers={"quality": "They  came later."})
    assert (
        "1 case does not meet strength-1. Waived: They came later."
        in data(made, "README.md").decode()
    )


def test_a_waiver_of_a_case_is_enough(world: World) -> None:
    fewer_than_sent(world)
    partner = world.sheet_of(world.coder_a, "200").case
    entry = world.entry("strength")
    rule = entry.checks[0]["expr"]
    work.waive(case=partner, entry=entry, rule=rule, reason="Later", by=world.curator)

    assert failing(world) == set()


def test_a_disagreement_on_most_cases_is_below_the_floor(world: World) -> None:
    world.close("regime", "policy")
    for case, (a, b) in zip(
        world.more_cases(3),
        (("policy", "regime"), ("regime", "regime"), ("policy", "regime")),
        strict=True,
    ):
        for coding, text in zip(case.codings.order_by("coder__username"), (a, b), strict=True):
            world.say(coding, text)
            work.submit(coding=coding)

    found = met(world)["reliability"]
    assert "goal (-" in found.told
    world.project.reliability_floor = -1.0
    assert met(world)["reliability"].passes


def test_an_open_question_is_told(coded: World) -> None:  # noqa: F811
    work.propose(
        project=coded.project,
        variable=coded.entry("goal").variable,
        words="Say which goal",
        by=coded.adjudicator,
    )

    assert met(coded)["questions"].told.endswith("1 proposal for the codebook.")


def with_sources(world: World) -> None:
    """The codebook of the world, with one variable that says where to look."""
    variables = [
        v | {"sources": "Official histories"} if v["name"] == "troops" else v
        for v in DOCUMENT["variables"]
    ]
    document = DOCUMENT | {"variables": variables}
    codebooks.publish(codebook=codebooks.draft(project=world.project, document=document))


def test_a_variable_that_names_its_sources_is_cited(coded: World) -> None:  # noqa: F811
    assert "sources" not in failing(coded)
    with_sources(coded)
    assert met(coded)["sources"].told == "1 cell has no citation: troops (1)."
    source = Source.objects.get(project=coded.project)
    work.settle(
        cell=coded.cell("troops"),
        entry=coded.entry("troops"),
        text="1000",
        cause="judgement",
        reason="Page 8",
        by=coded.adjudicator,
        sources=[work.Place(source, "p. 8")],
    )
    assert "sources" not in failing(coded)


def test_a_cell_that_is_asked_again_is_of_no_codebook_yet(coded: World) -> None:  # noqa: F811
    published(coded, split)

    assert met(coded)["codebook"].told == "1 cell is asked again and not answered yet."


def test_who_took_part_was_a_state_then(coded: World) -> None:  # noqa: F811
    said = {"roster": "partners", "start": "end_date", "target": "", "leads": []}
    coded.project.risk_set = said
    coded.project.save()
    assert "states" not in failing(coded)

    State.objects.filter(project=coded.project, code="220").update(member_from="1992-01-01")
    assert met(coded)["states"].told.endswith("at the start: 220 in US-1991-GUL.")


def test_waivers_name_a_condition_and_a_reason(world: World) -> None:
    assert Unit.objects.filter(project=world.project).count() == 3
    for waivers, told in (({"weather": "Rain"}, "no condition"), ({"quality": " "}, "Say why")):
        with pytest.raises(Refused, match=told):
            freeze(world.project, "0.1.0", terms=Terms(waivers))


def test_the_command_waives(world: World) -> None:
    fewer_than_sent(world)
    signed = ("--signed-by", "curator", "--signed-by", "adjudicator")
    asked = ("cut_release", "--project", "usmi", "0.1.0", *signed)

    with pytest.raises(CommandError, match="It would not meet: quality"):
        call_command(*asked)
    call_command(*asked, "--waive", "quality", "They came later.")

    gate = read(Release.objects.get().manifest).gate
    assert gate
    assert [c.waived for c in gate.conditions if c.waived] == ["They came later."]


def test_a_manifest_comes_back_from_its_row_as_it_was(coded: World) -> None:  # noqa: F811
    made = release(coded)
    found: Manifest = read(made.manifest)
    assert found.plain() == made.manifest
