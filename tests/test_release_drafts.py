"""The next release while it is made: what stands before it, its draft, who signs it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from coding import work
from coding.errors import Refused
from curation import builds, store
from curation.kinds import KINDS
from curation.models import Build, DraftRelease, Release, Signature
from curation.releases import Signing, cut, draft, freeze, outlook, signatures, withholding
from curation.releases.gate import Terms
from curation.releases.groups import grouped
from curation.releases.manifest import digest_of, read
from tests.conftest import World
from tests.releasing import signed_draft
from tests.test_release_gate import fewer_than_sent, with_sources
from tests.test_releases import coded, data  # noqa: F401 - the fixture

GATE, DRAFT = "/projects/usmi/releases/gate/", "/projects/usmi/releases/draft/"
WITHHELD = "/projects/usmi/releases/withheld/"


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def body(response: Any) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


def do(world: World, act: str, who: str = "curator", **said: Any) -> Any:
    found = draft.current(world.project)
    sent = {"act": act, "draft": found.pk if found else 0, "digest": found.digest if found else ""}
    return signed_in(getattr(world, who)).post(DRAFT, sent | said)


def built(world: World, version: str = "0.1.0") -> DraftRelease:
    do(world, "begin")
    do(world, "build", version=version, notes="N")
    builds.work_off(KINDS, "worker")
    found = draft.current(world.project)
    assert found
    assert found.built_at
    return found


# ------------------------------------------------------------------ the gate


def test_what_is_told_before_a_release_is_what_it_tells_itself(
    coded: World,  # noqa: F811
) -> None:
    with_sources(coded)
    coded.project.risk_set = {
        "roster": "partners",
        "start": "end_date",
        "target": "",
        "leads": [],
    }
    coded.project.save()
    cell = coded.cell("troops")
    work.inquire(cell=cell, text="Which troops?", owner="curator", by=coded.adjudicator)

    told = outlook.outlook(coded.project, Terms())
    assert told == freeze(coded.project, "0.1.0").manifest.gate
    assert {c.name for c in told.held_up} >= {"questions", "sources"}
    assert "1 question of a thread," in next(c for c in told.held_up if c.name == "questions").told


def test_the_page_waives_with_a_reason_and_takes_it_back(world: World) -> None:
    fewer_than_sent(world)
    client = signed_in(world.curator)
    page = body(client.get(GATE))
    assert "1 of 8 conditions holds it up" in page
    assert '1 case does not meet strength-1. <a href="/projects/usmi/quality/">Mend it' in page

    client.post(GATE, {"name": "quality", "reason": "They came  later."})
    assert "Waived: They came later." in body(client.get(GATE))
    assert "Nothing holds it up" in body(client.get(GATE))
    client.post(GATE, {"name": "quality", "reason": ""})
    assert "1 of 8 conditions holds it up" in body(client.get(GATE))
    assert client.post(GATE, {"name": "weather", "reason": "Rain"}).status_code == 404


def test_the_floor_is_the_projects(world: World) -> None:
    client = signed_in(world.curator)

    assert client.post(GATE, {"act": "floor", "floor": "2"}).status_code == 422
    client.post(GATE, {"act": "floor", "floor": "0.8"})

    world.project.refresh_from_db()
    assert world.project.reliability_floor == 0.8
    assert freeze(world.project, "0.1.0").manifest.gate.floor == 0.8  # type: ignore[union-attr]


@pytest.mark.parametrize("page", [GATE, DRAFT, WITHHELD])
@pytest.mark.parametrize("who", ["coder_a", "reader", "outsider", "adjudicator"])
def test_who_may_not_make_releases_finds_nothing(world: World, page: str, who: str) -> None:
    looks = who == "adjudicator" and page != WITHHELD
    client = signed_in(getattr(world, who))

    assert client.get(page).status_code == (200 if looks else 404)
    said = {"name": "quality", "reason": "Mine", "act": "begin"}
    assert client.post(page, said).status_code == 404
    assert not DraftRelease.objects.exists()


def test_who_codes_an_open_case_again_sees_none_of_it(coded: World) -> None:  # noqa: F811
    found = built(coded)
    work.assign(case=coded.case, coder=coded.adjudicator)
    client = signed_in(coded.adjudicator)

    for page in (GATE, DRAFT):
        assert "You are coding a case that is open already" in body(client.get(page))
    assert found.digest not in body(client.get(DRAFT))
    assert client.get(f"{DRAFT}{found.pk}/files/cells.csv").status_code == 409
    assert do(coded, "sign", "adjudicator").status_code == 409


def test_the_pages_ask_as_much_of_many_cases(world: World) -> None:
    def asked(page: str) -> int:
        client = signed_in(world.curator)
        with CaptureQueriesContext(
            connection,
        ) as found:
            assert client.get(page).status_code == 200
        return len(found)

    asked(GATE)  # what is remembered of a codebook is looked up once
    few = [asked(page) for page in (GATE, WITHHELD)]
    world.more_cases(3)
    for coder in (world.coder_a, world.coder_b):
        said = {"project": world.project, "coder": coder, "by": world.curator}
        withholding.withhold(**said, reason="Asked for it")
    assert [asked(page) for page in (GATE, WITHHELD)] == few


# ------------------------------------------------------------------ from a draft to a release


def test_a_draft_is_built_looked_at_signed_by_two_and_cut(coded: World) -> None:  # noqa: F811
    found = built(coded)
    assert not Release.objects.exists()
    page = signed_in(coded.adjudicator).get(DRAFT)
    assert "not public, not to be cited" in body(page)
    kept = signed_in(coded.adjudicator).get(f"{DRAFT}{found.pk}/files/cells.csv")
    assert b"".join(kept.streaming_content).startswith(b"unit,case")  # type: ignore[attr-defined]

    assert do(coded, "sign").status_code == 302
    assert "A second person has to sign" in body(do(coded, "cut"))
    do(coded, "sign", "adjudicator")
    assert do(coded, "cut").status_code == 302
    builds.work_off(KINDS, "worker")

    made = Release.objects.get()
    assert (made.version, made.notes, made.released_by) == ("0.1.0", "N", coded.curator)
    assert DraftRelease.objects.get().state == "cut"
    signed = signatures.read(read(made.manifest))
    assert {(s.role, s.digest) for s in signed} == {
        ("curator", found.digest),
        ("adjudicator", found.digest),
    }
    alias = coded.project.members.get(user=coded.curator).pseudonym
    page_of_it = body(signed_in(coded.reader).get("/projects/usmi/releases/0.1.0/"))
    assert alias in page_of_it
    assert "No cell is disputed" in page_of_it
    rest = [f for f in made.manifest["files"] if f["name"] != "signatures.csv"]
    written = json.dumps(
        {**made.manifest, "files": rest}, ensure_ascii=False, indent=1, sort_keys=True
    )
    assert digest_of(f"{written}\n".encode()) == found.digest
    second = signed_in(coded.curator).post(DRAFT, {"act": "cut", "draft": found.pk})
    assert second.url == "/projects/usmi/releases/0.1.0/"  # type: ignore[attr-defined]
    assert signed_in(coded.curator).get(f"{DRAFT}{found.pk}/files/cells.csv").status_code == 404


def test_what_is_settled_meanwhile_makes_signatures_lapse(coded: World) -> None:  # noqa: F811
    made = signed_draft(coded.project, "0.1.0", coded.curator)
    assert draft.lacking(made) == ""
    coded.settle("2000", "troops")

    assert do(coded, "cut").status_code == 302
    builds.work_off(KINDS, "worker")

    assert not Release.objects.exists()
    now = draft.current(coded.project)
    assert now
    assert now.digest != made.digest
    page = body(signed_in(coded.curator).get(DRAFT))
    assert "2 signatures lapsed" in page
    assert re.search("Other bytes: [^<]*cells.csv", page)
    assert draft.standing(now) == []


def test_a_draft_that_does_not_meet_a_condition_is_not_cut(world: World) -> None:
    world.close("regime", "policy")
    made = signed_draft(world.project, "0.1.0", world.curator)

    answer = do(world, "cut")

    assert (answer.status_code, Build.objects.count()) == (409, 0)
    assert "It would not meet: disputes" in body(answer)
    draft.waive(draft=made, name="disputes", reason="Left empty")
    with pytest.raises(Refused, match="not built as it now stands"):
        draft.cut(draft=DraftRelease.objects.get(), by=world.curator)


def other_words(world: World, made: DraftRelease) -> None:
    draft.describe(draft=made, version="0.2.0", notes="")


def thrown_away(world: World, made: DraftRelease) -> None:
    draft.discard(draft=made)


@pytest.mark.parametrize("meanwhile", [other_words, thrown_away])
def test_what_was_changed_while_it_was_built_does_not_count(
    world: World, meanwhile: Callable[[World, DraftRelease], None]
) -> None:
    made = draft.begin(project=world.project, by=world.curator)
    old = DraftRelease.objects.get(pk=made.pk)
    meanwhile(world, made)

    with pytest.raises(Refused, match="meanwhile"):
        draft.build(draft=old)
    assert DraftRelease.objects.get().built_at is None


def test_two_who_begin_at_once_have_one_draft(world: World) -> None:
    drafts = {draft.begin(project=world.project, by=world.curator).pk for _ in range(2)}
    do(world, "build", version="0.1.0")
    do(world, "build", version="0.1.0")

    assert (len(drafts), Build.objects.count()) == (1, 1)


def test_only_what_was_looked_at_is_signed_and_once(world: World) -> None:
    made = built(world)

    with pytest.raises(Refused, match="look at what there is now"):
        draft.sign(draft=made, digest="0" * 64, by=world.curator)
    with pytest.raises(Refused, match="Only curators and adjudicators"):
        draft.sign(draft=made, digest=made.digest, by=world.coder_a)
    with pytest.raises(Refused, match="somebody else who can sign"):
        draft.sign(draft=made, digest=made.digest, by=world.curator, instead="Alone")
    for _ in range(2):
        draft.sign(draft=made, digest=made.digest, by=world.curator)
    assert Signature.objects.count() == 1


def test_a_team_of_one_says_why_and_the_release_prints_it(world: World) -> None:
    world.project.members.filter(user=world.adjudicator).update(role="coder")
    built(world)
    do(world, "sign", instead="A team  of one.")

    release = draft.cut(draft=DraftRelease.objects.get(), by=world.curator)

    assert isinstance(release, Release)
    assert b",A team of one.\n" in data(release, "signatures.csv")


def test_the_command_cuts_the_signed_draft_and_nothing_round_it(world: World) -> None:
    asked = ("cut_release", "--project", "usmi", "0.1.0")
    for more, told in (
        ((), "no draft of 0.1.0 that somebody signed"),
        (("--signed-by", "curator"), "A second person has to sign"),
        (("--signed-by", "curator", "--alone", "Me"), "A second person has to sign"),
        (("--alone", "Me"), "A curator has to sign"),
        (("--signed-by", "curator", "--signed-by", "coder_a"), "coder_a may not sign"),
        (("--signed-by", "nobody"), "is nobody here"),
    ):
        with pytest.raises(CommandError, match=told):
            call_command(*asked, *more)
    made = signed_draft(world.project, "0.1.0", world.curator)

    call_command(*asked)

    assert signatures.read(read(Release.objects.get().manifest))[0].digest == made.digest


def test_a_project_that_nobody_can_sign_for_says_why(world: World) -> None:
    world.project.members.all().delete()

    with pytest.raises(Refused, match="Say why no second person signs"):
        cut(project=world.project, version="0.1.0", signing=Signing())
    made = cut(project=world.project, version="0.1.0", signing=Signing((), "Nobody is here yet."))
    assert b"whoever runs the server,," in data(made, "signatures.csv")


def test_a_store_without_the_files_says_to_build_again(world: World) -> None:
    made = built(world)
    store.path_of(draft.manifest_of(made).file("cells.csv").sha256).unlink()  # type: ignore[union-attr]

    answer = signed_in(world.curator).get(f"{DRAFT}{made.pk}/files/cells.csv")

    assert (answer.status_code, "build the draft again" in body(answer)) == (409, True)


# ------------------------------------------------------------------ withheld, and the files


def test_a_curator_leaves_a_coder_out_and_ends_it(world: World) -> None:
    client = signed_in(world.curator)
    coder = world.coder_a.pk

    assert client.post(WITHHELD, {"coder": coder, "reason": ""}).status_code == 422
    assert client.post(WITHHELD, {"coder": world.outsider.pk, "reason": "X"}).status_code == 422
    client.post(WITHHELD, {"coder": coder, "reason": "Asked by mail"})
    assert "Asked by mail" in body(client.get(WITHHELD))
    wish = world.project.withholdings.get()
    assert client.post(WITHHELD, {"withholding": wish.pk, "reason": ""}).status_code == 422
    client.post(WITHHELD, {"withholding": wish.pk, "reason": "Changed their mind"})
    assert withholding.wished(world.project) == frozenset()


def test_every_file_stands_in_one_group(coded: World) -> None:  # noqa: F811
    files = freeze(coded.project, "0.1.0").manifest.files
    names = {group.name: {file.name for file in group.files} for group in grouped(files)}

    assert sum(map(len, names.values())) == len(files)
    assert {"intervention.csv", "intervention.dta", "tables.xlsx"} <= names["data"]
    assert names["metadata"] == {"README.md", "datapackage.json", "ddi.xml"}
