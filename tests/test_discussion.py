"""Threads of cells: who may read and write them, whose question it is, and who moved."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from coding import blind, work
from coding.discussion import Talk
from coding.disputes import Queue
from coding.errors import Refused
from coding.filters import Asked
from coding.models import Cell, Comment, Inquiry, Member, Notice, Vote
from coding.reconciling import Reconciled
from curation import digests
from curation.releases import oversight
from tests.conftest import World

WORDS = "wrencanary"


@pytest.fixture
def disputed(world: World) -> World:
    world.close("regime", "policy")
    return world


@pytest.fixture
def talking(disputed: World) -> World:
    """Coders may reconcile by discussion."""
    disputed.project.reconcile_by_discussion = True
    disputed.project.save()
    return disputed


def say(world: World, text: str, by: User) -> Any:
    return work.comment(cell=world.cell(), text=text, by=by)


def letter(world: World, coder: User) -> str:
    family = world.case.family_id
    return blind.letters_in(world.adjudicator, [family])[family][coder.pk].removeprefix("Coder ")


def ask(world: World, to: str, by: User, text: str = "Which page?") -> Inquiry:
    return work.inquire(cell=world.cell(), text=text, owner=to, by=by)


def read(world: World, user: User, role: str = "adjudicator") -> list[tuple[str, str]]:
    cells = list(blind.cells_for(user).filter(case=world.case).values_list("pk", flat=True))
    threads = Talk(user, world.project, role).threads(world.case, cells)
    return [(said.who, said.text) for thread in threads.values() for said in thread.said]


def move(world: World, by: User, text: str, cause: str = "slip") -> Any:
    return work.move_to(
        cell=world.cell(),
        entry=world.entry("goal"),
        text=text,
        cause=cause,
        reason="The goal named first is on p. 3.",
        by=by,
    )


# ------------------------------------------------------------------ who reads, who writes


def test_the_team_reads_a_thread_and_nobody_else(disputed: World) -> None:
    say(disputed, "See p. 7", disputed.adjudicator)

    for member in (disputed.coder_a, disputed.coder_b, disputed.curator):
        assert read(disputed, member) == [("adjudicator", "See p. 7")]
    assert read(disputed, disputed.reader) == read(disputed, disputed.outsider) == []


def test_coders_of_the_case_go_by_their_letters_to_everybody(disputed: World) -> None:
    say(disputed, "I read p. 3", disputed.coder_a)
    disputed.settle("regime")
    name = f"Coder {letter(disputed, disputed.coder_a)}"

    assert read(disputed, disputed.coder_a) == [("You", "I read p. 3")]
    for other in (disputed.coder_b, disputed.adjudicator, disputed.curator):
        assert read(disputed, other) == [(name, "I read p. 3")]


@pytest.mark.parametrize("user", ["reader", "outsider"])
def test_who_may_not_see_the_cell_may_not_write(disputed: World, user: str) -> None:
    with pytest.raises(Refused, match="closed to you"):
        say(disputed, "Hello", getattr(disputed, user))


def test_who_codes_the_case_again_neither_reads_nor_writes(disputed: World) -> None:
    say(disputed, WORDS, disputed.coder_b)
    case, coder = disputed.case, disputed.coder_a
    work.assign(case=case, coder=coder, codebook=disputed.codebook, purpose="repeat")

    assert read(disputed, coder) == []
    with pytest.raises(Refused, match="closed to you"):
        say(disputed, "Hello", coder)


def test_nothing_is_said_of_nothing(disputed: World) -> None:
    for text in ("", "  \n"):
        with pytest.raises(ValidationError, match="Write something"):
            say(disputed, text, disputed.coder_a)


def pages(world: World) -> list[str]:
    return [
        reverse("coding:case", args=[world.case.pk]),
        reverse("coding:dispute", args=[world.case.pk]),
        reverse("coding:history", args=[world.case.pk]),
        reverse("coding:thread", args=[world.case.pk, world.cell().pk]),
        *(
            reverse("coding:discussion", args=[world.project.slug]) + f"?show={show}"
            for show in ("mine", "concerns", "asked", "open")
        ),
        reverse("coding:disputes", args=[world.project.slug]),
        reverse("coding:sheet", args=[world.coding_a.pk]),
    ]


def told(world: World, client: Client, user: User, word: str = WORDS) -> list[str]:
    """The pages that tell this user a word."""
    client.force_login(user)
    return [url for url in pages(world) if word in client.get(url, follow=True).text]


def sing(world: World) -> None:
    """The canary: a comment, a question to and a mention of the adjudicator."""
    say(world, f"{WORDS} @adjudicator", world.coder_a)
    ask(world, "adjudicator", world.coder_a, f"{WORDS}?")


def test_no_page_tells_of_a_thread_while_the_reader_codes_the_case(
    disputed: World, client: Client
) -> None:
    sing(disputed)
    assert len(told(disputed, client, disputed.adjudicator)) == 7
    work.assign(case=disputed.case, coder=disputed.adjudicator, codebook=disputed.codebook)

    assert told(disputed, client, disputed.adjudicator) == []
    assert told(disputed, client, disputed.outsider) == []
    assert told(disputed, client, disputed.reader) == []


@pytest.mark.parametrize("wall", ["comments_for", "cells_for"])
def test_the_canary_is_heard_when_a_wall_is_gone(
    disputed: World, client: Client, monkeypatch: pytest.MonkeyPatch, wall: str
) -> None:
    """The mutation: without the filter the pages tell."""
    sing(disputed)
    work.assign(case=disputed.case, coder=disputed.adjudicator, codebook=disputed.codebook)
    walls = {
        "comments_for": Comment.objects.all(),
        "cells_for": Cell.objects.annotate(family=blind._family("case")),
    }
    monkeypatch.setattr(blind, wall, lambda *_: walls[wall].all())

    assert told(disputed, client, disputed.adjudicator) != []


def test_no_page_names_the_coder_behind_a_letter(disputed: World, client: Client) -> None:
    """Neither at the author, nor at the owner, nor where somebody is mentioned."""
    a = letter(disputed, disputed.coder_a)
    asked = ask(disputed, a, disputed.adjudicator, f"{WORDS} @{a}, why?")
    work.reply(inquiry=asked, text="Because.", by=disputed.coder_a)
    say(disputed, "So be it", disputed.coder_a)

    client.force_login(disputed.adjudicator)
    for url in pages(disputed)[:-1]:
        assert "coder_a" not in client.get(url).text, url


def test_no_page_names_the_coder_whose_move_settled_the_cell(
    talking: World, client: Client
) -> None:
    move(talking, talking.coder_a, "policy")

    client.force_login(talking.adjudicator)
    for url in pages(talking)[:-1]:
        assert "coder_a" not in client.get(url).text, url


def test_what_an_adjudicator_says_after_a_blind_ruling_waits_for_the_others(
    disputed: World,
) -> None:
    say(disputed, "Before", disputed.adjudicator)
    Vote.objects.create(
        cell=disputed.cell(),
        by=disputed.adjudicator,
        text="regime",
        cause="slip",
        reason="r",
        rule=disputed.entry("goal"),
    )
    say(disputed, WORDS, disputed.adjudicator)

    assert read(disputed, disputed.curator) == [("adjudicator", "Before")]
    assert read(disputed, disputed.adjudicator) == [("You", "Before"), ("You", WORDS)]


# ------------------------------------------------------------------ who is meant


def test_a_mention_by_letter_reaches_the_coder(disputed: World) -> None:
    a = letter(disputed, disputed.coder_a)
    say(disputed, f"@{a}: which edition?", disputed.adjudicator)

    assert [n.user for n in Notice.objects.all()] == [disputed.coder_a]
    assert read(disputed, disputed.coder_a)[0][1] == "@you: which edition?"
    assert read(disputed, disputed.coder_b)[0][1] == f"@Coder {a}: which edition?"


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("coder_a", "go by their letter"),
        ("reader", "nobody who reads"),
        ("outsider", "nobody who reads"),
        ("Z", "no coder of this case"),
    ],
)
def test_a_mention_that_would_tell_or_reach_nobody_is_refused(
    disputed: World, name: str, rule: str
) -> None:
    with pytest.raises(ValidationError, match=rule):
        say(disputed, f"Ask @{name}.", disputed.adjudicator)


def test_a_mention_of_somebody_who_cannot_read_yet_is_held_back(disputed: World) -> None:
    """Refusing it would tell who still codes here; it reaches them when they may read it."""
    late = User.objects.create_user("late")
    Member.objects.create(project=disputed.project, user=late, role="adjudicator")
    other = work.assign(
        case=disputed.case, coder=disputed.coder_a, codebook=disputed.codebook, purpose="repeat"
    )
    a = letter(disputed, disputed.coder_a)
    say(disputed, f"@{a} and @late, look", disputed.adjudicator)
    project = disputed.project

    assert blind.notices_for(late, project).count() == 1
    assert list(blind.notices_for(disputed.coder_a, project)) == []
    work.withdraw(coding=other, reason="Not needed", by=disputed.curator)
    assert blind.notices_for(disputed.coder_a, project).count() == 1


# ------------------------------------------------------------------ questions


def test_a_question_goes_from_its_owner_to_whoever_asked_and_is_closed(disputed: World) -> None:
    a = letter(disputed, disputed.coder_a)
    asked = ask(disputed, a, disputed.adjudicator)
    assert (asked.state, asked.owner) == ("open", disputed.coder_a)
    work.reply(inquiry=asked, text="Page 7", by=disputed.coder_a)
    asked.refresh_from_db()
    assert asked.state == "answered"
    work.close(inquiry=asked, text="Thank you", by=disputed.adjudicator)
    asked.refresh_from_db()

    assert asked.state == "closed"
    assert [text for _, text in read(disputed, disputed.curator)] == [
        "Which page?",
        "Page 7",
        "Thank you",
    ]
    assert list(asked.history.order_by("pk").values_list("state", flat=True)) == [
        "open",
        "answered",
        "closed",
    ]
    with pytest.raises(Refused, match="is closed"):
        work.reply(inquiry=asked, text="More", by=disputed.coder_a)


def test_a_question_is_handed_on_and_open_again(disputed: World) -> None:
    asked = ask(disputed, letter(disputed, disputed.coder_a), disputed.adjudicator)
    b = letter(disputed, disputed.coder_b)
    work.hand_over(inquiry=asked, text="You read it", owner=b, by=disputed.coder_a)
    asked.refresh_from_db()

    assert (asked.owner, asked.state) == (disputed.coder_b, "open")
    with pytest.raises(Refused, match="somebody else’s to answer"):
        work.reply(inquiry=asked, text="p. 7", by=disputed.coder_a)
    with pytest.raises(Refused, match="Only who asks"):
        work.close(inquiry=asked, text="Done", by=disputed.coder_b)


def test_nobody_asks_themselves_or_nobody(disputed: World) -> None:
    for owner, rule in (("adjudicator", "somebody else"), ("", "must answer")):
        with pytest.raises(ValidationError, match=rule):
            ask(disputed, owner, disputed.adjudicator)


# ------------------------------------------------------------------ pages


def test_writing_from_a_page_leads_to_the_comment(disputed: World, client: Client) -> None:
    client.force_login(disputed.adjudicator)
    url = reverse("coding:thread", args=[disputed.case.pk, disputed.cell().pk])
    answer = client.post(url, {"text": "See p. 7", "back": "dispute"})
    number = blind.comments_for(disputed.curator, disputed.project).get().pk

    assert answer["Location"].endswith(f"/disputes/#comment-{number}")
    assert f'id="comment-{number}"' in client.get(answer["Location"]).text
    client.force_login(disputed.coder_a)
    answer = client.post(url, {"text": "p. 8", "back": "dispute"})
    assert answer["Location"].startswith(f"/cases/{disputed.case.pk}/#comment-")


def test_what_is_wrong_stands_beside_what_was_typed(disputed: World, client: Client) -> None:
    client.force_login(disputed.adjudicator)
    url = reverse("coding:thread", args=[disputed.case.pk, disputed.cell().pk])
    answer = client.post(url, {"text": "Ask @coder_a", "owner": ""})

    assert answer.status_code == 422
    assert "coders go by their letter" in answer.text
    assert "Ask @coder_a</textarea>" in answer.text


def test_who_may_not_write_finds_nothing(disputed: World, client: Client) -> None:
    url = reverse("coding:thread", args=[disputed.case.pk, disputed.cell().pk])
    assert client.post(url, {"text": "Hello"}).status_code == 401
    for user in (disputed.reader, disputed.outsider):
        client.force_login(user)
        assert client.post(url, {"text": "Hello"}).status_code == 404
    assert Notice.objects.count() == 0


def test_the_way_counts_what_waits_for_an_answer(disputed: World, client: Client) -> None:
    ask(disputed, letter(disputed, disputed.coder_a), disputed.adjudicator)
    client.force_login(disputed.coder_a)
    page = client.get(reverse("coding:discussion", args=[disputed.project.slug])).text

    assert '<b class="cb-count">1<span' in page
    assert "Which page?" in page


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_of_discussion_asks_the_same_of_few_and_many(
    world: World, client: Client, django_assert_num_queries: DjangoAssertNumQueries, count: int
) -> None:
    world.close("regime", "policy")
    for n in range(count):
        say(world, f"@adjudicator {n}", world.coder_b)
        ask(world, "adjudicator", world.coder_a, f"Question {n}")
    client.force_login(world.adjudicator)
    url = reverse("coding:discussion", args=[world.project.slug])

    with django_assert_num_queries(16):
        client.get(f"{url}?show=open")


def test_the_queue_is_filtered_by_the_state_of_discussion_and_adds_up(disputed: World) -> None:
    cases = disputed.more_cases(3)
    for case in cases:
        for coder, text in ((disputed.coder_a, "regime"), (disputed.coder_b, "policy")):
            coding = case.codings.get(coder=coder)
            disputed.say(coding, text)
            work.submit(coding=coding)
    rows = blind.all_cells(disputed.project).filter(variable=disputed.entry("goal").variable)
    cells = list(rows.order_by("pk"))
    for cell in cells[:2]:
        asked = work.inquire(cell=cell, text="Why?", owner="curator", by=disputed.adjudicator)
    work.reply(inquiry=asked, text="So", by=disputed.curator)
    work.comment(cell=cells[2], text="Hm", by=disputed.adjudicator)

    queue = Queue(disputed.adjudicator, disputed.project, Asked())
    facet = next(f for f in queue.facets if f.name == "talk")
    assert {o.value: o.count for o in facet.options} == {
        "open": 1,
        "answered": 1,
        "said": 1,
        "silent": 1,
    }
    assert facet.total == queue.total
    for value in ("open", "answered", "said", "silent"):
        narrowed = Queue(disputed.adjudicator, disputed.project, Asked(talk=value))
        assert len(narrowed.rows(narrowed.page(None))) == narrowed.total == 1


# ------------------------------------------------------------------ reconcile by discussion


def test_only_where_the_project_says_so_do_coders_move(disputed: World) -> None:
    with pytest.raises(Refused, match="someone else must adjudicate"):
        move(disputed, disputed.coder_a, "policy")


def test_coders_who_come_to_the_same_settle_the_cell(talking: World) -> None:
    say(talking, "p. 3 says policy", talking.coder_b)
    moved = move(talking, talking.coder_a, "policy")
    cell = talking.cell()

    assert moved.settles
    assert (cell.status, cell.text, cell.cause) == ("adjudicated", "policy", "slip")
    assert cell.reason == "Reconciled by discussion: The goal named first is on p. 3."


def test_a_move_that_leaves_them_apart_settles_nothing(talking: World) -> None:
    move(talking, talking.coder_a, "territory")
    assert talking.cell().status == "disputed"
    move(talking, talking.coder_b, "territory")

    assert (talking.cell().status, talking.cell().text) == ("adjudicated", "territory")


def test_moves_leave_what_was_coded_blind_as_it_is(talking: World) -> None:
    """Layer 0 is frozen: the values, and all that reliability reads, stay the same."""

    def ratings() -> list[Any]:
        rated = blind.rated(talking.project)
        return sorted(blind.ratings_in(rated, [talking.entry("goal").variable_id]))

    values = list(blind.unblinded_values(talking.project).order_by("pk").values())
    before = ratings()
    move(talking, talking.coder_a, "policy")

    assert before == ratings() != []
    assert list(blind.unblinded_values(talking.project).order_by("pk").values()) == values


@pytest.mark.parametrize(
    ("user", "text", "rule"),
    [("adjudicator", "policy", "no position"), ("coder_a", "regime", "hold already")],
)
def test_who_did_not_answer_has_nothing_to_move(
    talking: World, user: str, text: str, rule: str
) -> None:
    with pytest.raises(Refused, match=rule):
        move(talking, getattr(talking, user), text)


def test_who_moved_towards_whom_is_counted(talking: World) -> None:
    move(talking, talking.coder_a, "policy")
    found = Reconciled(talking.curator, talking.project)
    [row], [pair] = found.by_variable, found.by_pair

    assert (row.cells, row.moved, row.third, row.apart) == (1, 1, 0, 0)
    assert (pair.a, pair.b, pair.to_b, pair.to_a) == ("coder_a", "coder_b", 1, 0)


def test_both_may_move_to_a_third_answer(talking: World) -> None:
    move(talking, talking.coder_a, "territory")
    assert Reconciled(talking.curator, talking.project).by_pair[0].apart == 1
    move(talking, talking.coder_b, "territory")

    [pair] = Reconciled(talking.curator, talking.project).by_pair
    assert (pair.to_a, pair.to_b, pair.third, pair.apart) == (0, 0, 1, 0)


def test_pairs_are_named_to_curators_alone(talking: World, client: Client) -> None:
    move(talking, talking.coder_a, "policy")
    url = reverse("coding:reconciled", args=[talking.project.slug])
    seen = {}
    for user in (talking.curator, talking.adjudicator):
        client.force_login(user)
        seen[user.username] = "coder_a and coder_b" in client.get(url).text

    assert seen == {"curator": True, "adjudicator": False}


def test_a_coder_moves_from_the_page(talking: World, client: Client) -> None:
    client.force_login(talking.coder_a)
    page = reverse("coding:dispute", args=[talking.case.pk])
    assert "Move here" in client.get(page).text
    cell = talking.cell()
    answer = client.post(
        reverse("coding:settle", args=[talking.case.pk, cell.pk]),
        {
            "act": "move",
            "take": "policy",
            "text": "",
            "cause": "slip",
            "reason": "p. 3",
            "seen": cell.since.isoformat(),
        },
        headers={"X-Requested-With": "fetch"},
    )

    assert answer.status_code == 200
    assert "moves to policy Policy change" in answer.text
    assert talking.cell().text == "policy"


# ------------------------------------------------------------------ mail


@pytest.fixture
def addressed(disputed: World) -> World:
    for user in (disputed.coder_a, disputed.adjudicator):
        user.email = f"{user.username}@example.org"
        user.save()
    return disputed


def sent(world: World) -> list[str]:
    """Send, and give the addresses."""
    mail.outbox.clear()
    digests.send([world.project])
    return [address for each in mail.outbox for address in each.to]


def test_a_digest_tells_once_where_there_is_something_to_read(
    addressed: World, settings: Any
) -> None:
    settings.SITE_ADDRESS = "https://casebook.example.org/"
    a = letter(addressed, addressed.coder_a)
    asked = ask(addressed, a, addressed.adjudicator, f"{WORDS}: regime?")
    say(addressed, f"@{a} {WORDS}", addressed.adjudicator)

    assert sent(addressed) == ["coder_a@example.org"]
    [told] = mail.outbox
    assert told.subject == "Project usmi: 1 question to answer, 1 mention"
    url = f"https://casebook.example.org/cases/{addressed.case.pk}/#comment-{asked.comment_id}"
    assert url in told.body
    for word in (WORDS, "regime", "policy", "coder_b", "adjudicator"):
        assert word not in told.body + told.subject
    assert sent(addressed) == []

    work.reply(inquiry=asked, text="Yes", by=addressed.coder_a)
    assert sent(addressed) == ["adjudicator@example.org"]


def test_no_mail_tells_of_what_is_closed_to_its_reader(addressed: World) -> None:
    say(addressed, f"@{letter(addressed, addressed.coder_a)} look", addressed.adjudicator)
    again = work.assign(
        case=addressed.case,
        coder=addressed.coder_a,
        codebook=addressed.codebook,
        purpose="repeat",
    )

    assert sent(addressed) == []
    work.withdraw(coding=again, reason="Not needed", by=addressed.curator)
    assert sent(addressed) == ["coder_a@example.org"]


def test_a_mail_server_that_fails_loses_nothing(addressed: World, settings: Any) -> None:
    say(addressed, f"@{letter(addressed, addressed.coder_a)} look", addressed.adjudicator)
    working = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", 9, 2
    with pytest.raises(CommandError, match="nothing is lost"):
        call_command("send_digests", project=addressed.project.slug)
    settings.EMAIL_BACKEND = working

    assert sent(addressed) == ["coder_a@example.org"]


def test_who_turns_the_mail_off_is_sent_none_and_nothing_old_when_it_is_on_again(
    addressed: World, client: Client
) -> None:
    client.force_login(addressed.coder_a)
    url = reverse("coding:digests", args=[addressed.project.slug])
    client.post(url, {"digests": "off"})
    say(addressed, f"@{letter(addressed, addressed.coder_a)} look", addressed.adjudicator)

    assert sent(addressed) == []
    client.post(url, {"digests": "on"})
    assert sent(addressed) == []
    say(addressed, f"@{letter(addressed, addressed.coder_a)} again", addressed.adjudicator)
    assert sent(addressed) == ["coder_a@example.org"]


def test_a_release_tells_how_many_cells_were_reconciled(talking: World) -> None:
    for user, text in ((talking.coder_a, "territory"), (talking.coder_b, "territory")):
        move(talking, user, text)
    told = oversight.oversight_of(talking.project, {})

    assert told.reconciled == 1
    assert "- 1 cell was settled by coders" in "\n".join(oversight.words(told))
