"""The publish page: what is proposed, what would follow, and who may do it when."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from coding import blind, codebooks, publishing, work
from coding.models import Cell, Certification, Codebook, Coding, Gold, Member, Project, Recoding
from tests.conftest import DOCUMENT, World
from tests.test_publishing import (
    ENDED,
    GOAL,
    TROOPS,
    drafted,
    everything,
    merge,
    rename,
    say_all,
    split,
)

PAGE = "/projects/usmi/codebook/draft/publish/"
DONE = "/projects/usmi/codebook/2/recoding/"


@pytest.fixture
def curator(world: World, client: Client) -> Client:
    client.force_login(world.curator)
    return client


def sent(draft: Codebook, **said: str) -> dict[str, str]:
    """What the form sends when publish is pressed."""
    dotted = {name.replace("__", "."): text for name, text in said.items()}
    return {"act": "publish", "stamp": publishing.stamp(draft), **dotted}


def add(variables: list[dict[str, Any]]) -> None:
    variables.insert(1, variables[ENDED] | {"name": "begun", "question": "Has it begun?"})


# ------------------------------------------------------------------ what is shown


def test_each_change_is_shown_with_its_proposal_and_what_would_follow(
    world: World, curator: Client
) -> None:
    say_all(world)
    drafted(world, split, lambda v: v[TROOPS].update(question="How many soldiers?"), add)

    body = " ".join(curator.get(PAGE).content.decode().split())

    assert "1 cell touched: 0 carried by rule, 1 coded again, on 2 sheets." in body
    assert "2 top-up sheets for who has handed in already." in body
    assert '<option value="split" selected>split (proposed)</option>' in body
    assert "<del>" in body
    assert "soldiers" in body
    assert "Type <code>goal</code> to confirm" in body


def test_what_would_follow_is_worked_out_again_and_nothing_is_written(
    world: World, curator: Client
) -> None:
    say_all(world)
    draft = drafted(world, split)
    before = everything(Cell), everything(Coding), everything(Codebook)
    said = sent(draft, kind__goal="split", drawn__goal="split", take__goal="carry")
    said |= {"act": "show", "code.goal.regime": "remove", "reason.goal": "All were removals."}

    body = " ".join(curator.post(PAGE, said).content.decode().split())

    assert "1 cell touched: 1 carried by rule, 0 coded again, on 0 sheets." in body
    assert 'value="All were removals."' in body
    assert (everything(Cell), everything(Coding), everything(Codebook)) == before


def test_another_kind_brings_its_own_proposal(world: World, curator: Client) -> None:
    say_all(world)
    draft = drafted(world, merge)
    said = sent(draft, kind__goal="replaced", drawn__goal="merged", take__goal="carry")

    body = " ".join(curator.post(PAGE, said | {"act": "show"}).content.decode().split())

    assert "1 cell touched: 0 carried by rule, 1 coded again, on 2 sheets." in body


def test_gold_and_certificates_that_lapse_are_counted(world: World, curator: Client) -> None:
    say_all(world)
    goal = world.entry("goal").variable
    people = {"by": world.curator, "reason": "Shown"}
    Gold.objects.create(case=world.case, variable=goal, **people)
    member = Member.objects.get(project=world.project, user=world.coder_a)
    Certification.objects.create(member=member, variable=goal, **people)
    drafted(world, split)

    body = curator.get(PAGE).content.decode()

    assert "<b>1</b><span>gold answers lapse</span>" in body
    assert "<b>1</b><span>certificates lapse</span>" in body


def test_a_curator_who_codes_a_case_is_told_nothing_of_it(world: World, curator: Client) -> None:
    say_all(world)
    drafted(world, split)
    work.assign(case=world.case, coder=world.curator, codebook=world.codebook)

    body = " ".join(curator.get(PAGE).content.decode().split())

    assert "0 cells touched" in body
    assert "1 case that you are coding yourself is not in these counts" in body


@pytest.mark.parametrize("closed_answer", ["regime", "policy"])
def test_what_is_shown_does_not_depend_on_what_stands_on_closed_sheets(
    world: World, curator: Client, closed_answer: str
) -> None:
    world.say(world.coding_a, closed_answer)
    work.submit(coding=world.coding_a)
    drafted(world, split)

    body = " ".join(curator.get(PAGE).content.decode().split())

    assert "0 cells touched: 0 carried by rule, 0 coded again, on 1 sheet." in body


def test_the_page_asks_the_same_number_of_queries_however_much_changes(
    world: World, curator: Client
) -> None:
    say_all(world)

    def queries(*edits: Any) -> int:
        drafted(world, *edits)
        with CaptureQueriesContext(
            connection,
        ) as caught:
            assert curator.get(PAGE).status_code == 200
        return len(caught)

    few = queries(split)
    many = queries(
        split,
        lambda v: v[TROOPS].update(max=500),
        lambda v: v[7].update(
            required=False, categories=[*v[7]["categories"], {"code": 3, "label": "Money"}]
        ),
    )

    assert many == few


# ------------------------------------------------------------------ publishing


def test_published_the_curator_is_led_to_what_became_of_it(world: World, curator: Client) -> None:
    say_all(world)
    draft = drafted(world, split)

    answer = curator.post(PAGE, sent(draft, typed__goal="goal", note="Regime is split."))

    draft.refresh_from_db()
    assert (answer.status_code, answer.headers["Location"]) == (302, DONE)
    assert (draft.note, draft.published_by) == ("Regime is split.", world.curator)
    body = curator.get(DONE).content.decode()
    assert "Codebook 2 is published" in body
    assert "0 of 2 sheets handed in" in body


def test_without_the_name_typed_nothing_is_published(world: World, curator: Client) -> None:
    draft = drafted(world, split)

    answer = curator.post(PAGE, sent(draft, typed__goal="goul"))

    assert answer.status_code == 422
    assert "Type the name goal to confirm that it is split." in answer.content.decode()
    draft.refresh_from_db()
    assert draft.published_at is None


def test_overruling_without_a_reason_is_told_beside_the_change(
    world: World, curator: Client
) -> None:
    draft = drafted(world, merge)

    answer = curator.post(PAGE, sent(draft, kind__goal="broadened"))

    assert answer.status_code == 422
    assert "Say why goal is broadened and not merged." in answer.content.decode()


def test_new_words_can_be_ruled_to_mean_something_else(world: World, curator: Client) -> None:
    say_all(world)
    draft = drafted(world, lambda v: v[TROOPS].update(question="How many troops on land?"))
    said = {"kind__troops": "narrowed", "reason__troops": "Sailors counted before."}

    curator.post(PAGE, sent(draft, **said, typed__troops="troops"))

    decided = Recoding.objects.get()
    assert (decided.old, decided.kind) == (world.entry("troops").variable, "narrowed")
    cell = blind.all_cells(world.project).get(variable=decided.new)
    assert (cell.text, cell.recoding) == ("500", decided)


def test_a_draft_that_changed_meanwhile_is_shown_anew(world: World, curator: Client) -> None:
    said = sent(drafted(world, split), typed__goal="goal")
    drafted(world, merge)

    answer = curator.post(PAGE, said)

    assert answer.status_code == 409
    body = answer.content.decode()
    assert "Somebody changed this draft since the page was drawn" in body
    assert "merged (proposed)" in body
    assert codebooks.current_or_refused(world.project) == world.codebook


def test_of_two_who_publish_the_second_is_told(world: World, curator: Client) -> None:
    draft = drafted(world, merge)
    said = sent(draft)
    publishing.publish(draft=draft, by=world.curator, rulings={})

    answer = curator.post(PAGE, said)

    assert answer.status_code == 409
    assert "somebody has published it meanwhile" in answer.content.decode()
    assert Recoding.objects.count() == 1


@pytest.mark.parametrize("page", [PAGE, DONE, DONE + "assign/"])
def test_who_has_not_signed_in_is_led_to_sign_in(world: World, client: Client, page: str) -> None:
    publishing.publish(draft=drafted(world, rename), by=world.curator, rulings={})

    answer = client.post(page)

    assert (answer.status_code, answer.headers["Location"][:9]) == (302, "/sign-in/")


@pytest.mark.parametrize("who", ["coder_a", "adjudicator", "reader", "outsider"])
def test_only_curators_publish_and_assign(world: World, client: Client, who: str) -> None:
    say_all(world)
    publishing.publish(draft=drafted(world, merge), by=world.curator, rulings={})
    drafted(world, split)
    client.force_login(getattr(world, who))

    found = [client.get(PAGE), client.post(PAGE, {"act": "publish"}), client.post(DONE + "assign/")]

    assert [answer.status_code for answer in found] == [404, 404, 404]


@pytest.mark.parametrize(
    ("who", "status"), [("coder_a", 200), ("adjudicator", 200), ("reader", 404), ("outsider", 404)]
)
def test_the_team_follows_the_recoding(world: World, client: Client, who: str, status: int) -> None:
    publishing.publish(draft=drafted(world, merge), by=world.curator, rulings={})
    client.force_login(getattr(world, who))

    assert client.get(DONE).status_code == status


def test_a_project_without_a_draft_has_nothing_to_publish(world: World, curator: Client) -> None:
    answer = curator.get(PAGE)

    assert answer.status_code == 409
    assert "There is no draft to publish" in answer.content.decode()


def test_the_first_version_is_published_on_the_same_page(world: World, client: Client) -> None:
    project = Project.objects.create(slug="new", title="New")
    Member.objects.create(project=project, user=world.curator, role="curator")
    draft = codebooks.draft(project=project, document=DOCUMENT)
    client.force_login(world.curator)
    address = "/projects/new/codebook/draft/publish/"

    body = client.get(address).content.decode()
    answer = client.post(address, sent(draft))

    assert "The first version of this project." in body
    assert answer.status_code == 302
    assert codebooks.current(project) == draft


# ------------------------------------------------------------------ nobody left to ask


def test_a_case_whose_coders_left_is_told_and_can_be_given_to_somebody(
    world: World, curator: Client
) -> None:
    say_all(world)
    Member.objects.filter(user__in=[world.coder_a, world.coder_b]).delete()
    draft = drafted(world, split, add)
    body = " ".join(curator.get(PAGE).content.decode().split())
    curator.post(PAGE, sent(draft, typed__goal="goal"))
    told = " ".join(curator.get(DONE).content.decode().split())

    who = str(world.adjudicator.pk)
    for name in ("goal", "begun"):
        curator.post(DONE + "assign/", {"name": name, "coder": who})

    assert "<b>1 case with nobody left to ask</b>" in body
    assert "1 case with nobody to ask <code>goal</code>" in told
    assert "1 case with nobody to ask <code>begun</code>" in told
    made = Coding.objects.filter(coder=world.adjudicator).order_by("purpose")
    asked = [(c.purpose, [e.name for e in c.asks.all()]) for c in made]
    assert asked == [("recode", ["goal"]), ("top_up", ["begun"])]
    assert "nobody to ask" not in curator.get(DONE).content.decode()


def test_readers_and_those_who_cannot_sign_in_are_not_asked(world: World, curator: Client) -> None:
    say_all(world)
    Member.objects.filter(user=world.coder_a).update(role="reader")
    world.coder_b.is_active = False
    world.coder_b.save()

    curator.post(PAGE, sent(drafted(world, split), typed__goal="goal"))

    assert not Coding.objects.filter(purpose="recode").exists()
    answer = curator.post(DONE + "assign/", {"name": "goal", "coder": world.coder_a.pk})
    assert answer.status_code == 404


# ------------------------------------------------------------------ old against new


def recoded(world: World, one: str, other: str) -> None:
    for coding, text in zip(
        Coding.objects.filter(purpose="recode").order_by("coder__username"),
        (one, other),
        strict=True,
    ):
        entry = next(e for e in codebooks.entries(coding.codebook) if e.name == "goal")
        work.save_value(coding=coding, entry=entry, text=text)
        work.submit(coding=coding)


def test_old_and_new_values_are_set_against_each_other_once_opened(
    world: World, curator: Client
) -> None:
    say_all(world)
    draft = drafted(world, lambda v: v[GOAL]["categories"].append({"code": "aid", "label": "Aid"}))
    said = {"kind__goal": "replaced", "reason__goal": "Another question.", "typed__goal": "goal"}
    curator.post(PAGE, sent(draft, **said))
    first, second = Coding.objects.filter(purpose="recode").order_by("coder__username")
    entry = next(e for e in codebooks.entries(first.codebook) if e.name == "goal")
    work.save_value(coding=first, entry=entry, text="aid")
    work.submit(coding=first)
    before = " ".join(curator.get(DONE).content.decode().split())
    work.save_value(coding=second, entry=entry, text="regime")
    work.submit(coding=second)
    after = " ".join(curator.get(DONE).content.decode().split())

    assert "1 of 2 sheets handed in" in before
    assert "of the same; " not in before
    assert before.count("Nothing was coded again that had an answer") == 2
    assert "0.500 the same" in after


def test_what_has_no_counterpart_is_not_compared(world: World, curator: Client) -> None:
    say_all(world)
    curator.post(PAGE, sent(drafted(world, split), typed__goal="goal"))
    recoded(world, "remove", "remove")

    body = curator.get(DONE).content.decode()

    assert body.count("Nothing was coded again that had an answer") == 2
    assert '<td class="num">1</td><td class="num">0</td>' in body


def test_a_version_of_words_alone_has_nothing_to_recode(world: World, curator: Client) -> None:
    curator.post(PAGE, sent(drafted(world, rename)))

    assert "Nothing to code again" in curator.get(DONE).content.decode()
