"""What a release says of adjudicators, reviews and rules passed by."""

from __future__ import annotations

from coding import blind, reviewing, work
from coding.models import Coding, Member
from curation import store
from curation.models import Release
from curation.releases import manifest, verify
from tests.conftest import World
from tests.releasing import cut
from tests.test_releases import table
from tests.test_second_look import ask, join, rule


def readme(release: Release) -> str:
    digests = {file["name"]: file["sha256"] for file in release.manifest["files"]}
    return store.get(digests["README.md"]).decode()


def test_a_release_prints_second_looks_reviews_and_what_was_passed_by(world: World) -> None:
    ask(world, share=99)
    world.close("regime", "policy")
    rule(world, world.adjudicator, "regime")
    work.settle_with_fewer(
        cell=world.cell(), entry=world.entry("goal"), reason="We are\ntwo.", by=world.adjudicator
    )
    for case in world.more_cases(2):
        for coder in (world.coder_a, world.coder_b):
            coding = Coding.objects.get(case=case, coder=coder)
            world.say(coding, "regime")
            work.submit(coding=coding)
    scope = work.Scope(kind="all", seed="lot")
    cells = reviewing.pool(world.curator, world.project, scope)
    work.start_review(project=world.project, scope=scope, cells=cells, by=world.curator)
    first, second = blind.verifications_for(world.curator, world.project).order_by("place")
    work.verify(cell=first.cell, by=world.adjudicator)
    for by in (world.adjudicator, join(world, "second")):
        work.settle(
            cell=second.cell,
            entry=world.entry("goal"),
            text="policy",
            cause="slip",
            reason="p. 3",
            by=by,
        )
    release = cut(project=world.project, version="0.1.0", by=world.curator)
    told, adjudicator = readme(release), Member.objects.get(user=world.adjudicator).pseudonym

    pseudonym = dict(Member.objects.values_list("user__username", "pseudonym"))
    votes = table(release, "votes")
    assert {v["case"] for v in votes} == {"US-1991-GUL", second.cell.case.key}
    assert [
        (v["round"], v["adjudicator"], v["blind"], v["value"], v["reason"], v["codebook"])
        for v in votes
        if v["case"] == second.cell.case.key
    ] == [("1", pseudonym[who], "1", "policy", "p. 3", "1") for who in ("adjudicator", "second")]
    assert "`votes.csv`" in told

    assert "A second adjudicator ruled on every variable, 99% of the cells" in told
    assert "- Review 1 (all cells): Of 2 cells looked at, 1 was wrong: 50.0%." in told
    assert (
        f"- Fewer adjudicators ruled than the project asks for ({adjudicator}) US-1991-GUL, `goal`:"
        " We are two."
    ) in told
    assert [r.problems for r in verify(world.project)] == [()]
    assert manifest.read(release.manifest).plain() == release.manifest


def test_a_curator_who_codes_is_told_even_where_nobody_gave_a_reason(world: World) -> None:
    Member.objects.filter(user=world.coder_a).update(role=Member.Role.CURATOR)
    world.close("regime", "regime")
    silent = readme(cut(project=world.project, version="0.1.0"))
    work.pass_by(
        project=world.project, rule="curator_codes", reason="We are three.", by=world.coder_a
    )
    world.settle("policy")
    said = readme(cut(project=world.project, version="0.1.1"))

    assert "- A curator is coder as well: No reason was given." in silent
    assert "- A curator is coder as well" in said
    assert "We are three." in said
    assert "No reason was given." not in said


def test_a_release_of_before_has_nothing_of_it(world: World) -> None:
    world.close("regime", "regime")
    release = cut(project=world.project, version="0.1.0")
    plain = {name: told for name, told in release.manifest.items() if name != "oversight"}

    assert manifest.read(plain).oversight == manifest.read(release.manifest).oversight
    assert "passed by" not in readme(release)
