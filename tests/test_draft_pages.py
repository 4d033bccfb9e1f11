"""The pages of a draft: who may see them, what they refuse, and that nothing typed is lost."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from coding import codebooks, documents, drafts
from coding.drafting import Draft
from coding.entry_form import EntryForm, placed
from coding.models import Codebook, Entry, Member
from tests.conftest import World

PAGE = "/projects/usmi/codebook/draft/"
GOAL = f"{PAGE}entries/goal/"
READ = ("", "add/", "words/", "entries/goal/")
ACTS = (
    *("start/", "discard/", "outline/", "preview/", "add/", "words/", "back/story/"),
    *("entries/goal/", "entries/goal/act/"),
)


@pytest.fixture
def begun(world: World, client: Client) -> World:
    drafts.start(project=world.project)
    client.force_login(world.curator)
    return world


def draft(world: World) -> Draft:
    found = Draft.of(world.project)
    assert found is not None
    return found


def stored(world: World, name: str = "goal") -> dict[str, Any]:
    return next(line.document for line in draft(world).lines if line.name == name)


def fields(world: World, name: str = "goal", /, **typed: str) -> dict[str, Any]:
    """What the page of an entry would post, with some fields typed anew."""
    document = stored(world, name)
    form = EntryForm.of(document)
    posted: dict[str, Any] = form.fields | {"stamp": drafts.stamp(document), "entry": name} | typed
    for prefix, rows in (("c", form.categories), ("k", form.checks)):
        for key in rows[0] if rows else ():
            posted.setdefault(f"{prefix}_{key}", [row[key] for row in rows])
    return posted


# ------------------------------------------------------------------ who


@pytest.mark.parametrize("who", ["coder_a", "adjudicator", "reader", "outsider"])
def test_the_draft_is_for_curators_alone(world: World, client: Client, who: str) -> None:
    drafts.start(project=world.project)
    before = draft(world).document
    client.force_login(getattr(world, who))

    assert {client.get(PAGE + end).status_code for end in READ} == {404}
    assert {client.post(PAGE + end).status_code for end in ACTS} == {404}
    assert draft(world).document == before


def test_who_is_not_signed_in_reads_nothing_and_gets_back_what_was_typed(
    world: World, client: Client
) -> None:
    drafts.start(project=world.project)

    assert {client.get(PAGE + end).status_code for end in READ} == {302}
    answer = client.post(GOAL, {"rule": "Typed at length."})

    assert (answer.status_code, "Typed at length." in answer.content.decode()) == (401, True)


def test_the_codebook_page_leads_curators_to_the_draft(world: World, client: Client) -> None:
    def body(user: User) -> str:
        client.force_login(user)
        return client.get("/projects/usmi/codebook/").content.decode()

    assert "Start a draft" in body(world.curator)
    assert "Start a draft" not in body(world.coder_a)
    drafts.start(project=world.project)
    assert "Edit the draft" in body(world.curator)


def test_a_draft_is_started_and_discarded(world: World, client: Client) -> None:
    client.force_login(world.curator)

    assert "There is no draft" in client.get(PAGE).content.decode()
    assert client.post(f"{PAGE}start/").status_code == 302
    assert "draft of codebook 2" in client.get(PAGE).content.decode()
    assert client.post(f"{PAGE}discard/", {"stamp": "stale"}).status_code == 409
    client.post(f"{PAGE}discard/", {"stamp": drafts.whole_stamp(draft(world))})

    assert list(Codebook.objects.filter(project=world.project)) == [world.codebook]


# ------------------------------------------------------------------ one entry


def test_an_entry_saved_as_it_stands_is_not_changed(begun: World, client: Client) -> None:
    before, traces = draft(begun).document, Entry.history.count()

    for entry in draft(begun).entries:
        answer = client.post(f"{PAGE}entries/{entry.name}/", fields(begun, entry.name))
        assert answer.status_code == 302

    assert (draft(begun).document, Entry.history.count()) == (before, traces)


def test_every_part_of_the_first_projects_codebook_survives_its_page(begun: World) -> None:
    for line in draft(begun).lines:
        document = documents.normal({"variables": [line.document]})["variables"][0]
        assert EntryForm.of(document).document == document


def test_a_saved_entry_says_whose_expressions_were_rewritten(begun: World, client: Client) -> None:
    answer = client.post(
        f"{PAGE}entries/troops/", fields(begun, "troops", name="soldiers"), follow=True
    )

    assert "The expressions of strength, share were rewritten" in answer.content.decode()
    assert answer.redirect_chain[-1][0] == f"{PAGE}entries/soldiers/"


@pytest.mark.parametrize(
    ("typed", "field", "told"),
    [
        ({"skip_if": "nothing == 1", "skip_then": "-88"}, "skip_if", "nothing is not a variable"),
        ({"skip_if": "ended == 1", "skip_then": "x"}, "skip_then", "is not an answer"),
        ({"derive": "1 +"}, "derive", "Line 1"),
        ({"min": "many", "type": "integer"}, "min", "must be a number"),
        ({"name": "Goal"}, "name", "must be lower-case"),
        ({"name": "ended"}, "name", "is defined twice"),
        ({"k_expr": "lost > 1", "k_message": "No.", "k_severity": "hard"}, "k0", "lost is not"),
        ({"pattern": "(", "type": "text"}, "pattern", "pattern"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_stays(
    begun: World, client: Client, typed: dict[str, str], field: str, told: str
) -> None:
    before = draft(begun).document

    answer = client.post(GOAL, fields(begun, **typed, rule="Typed at length."))

    assert answer.status_code == 422
    assert told in " ".join(answer.context["faults"].by_field[field])
    assert "Typed at length." in answer.content.decode()
    assert draft(begun).document == before


def test_two_categories_of_one_code_are_told_beside_the_second(begun: World) -> None:
    form = EntryForm.of(stored(begun))
    form.categories[2]["code"] = "regime"

    lines = draft(begun).with_entry(0, form.document, {}).lines
    found = placed(draft(begun).faults(lines), form.document, 1)

    assert found.by_field == {"c2": ["two categories have the code regime."]}


def test_retiring_what_others_read_leads_to_them(begun: World, client: Client) -> None:
    answer = client.post(f"{PAGE}entries/sent/act/", {"act": "retire"})

    assert answer.status_code == 409
    assert f"{PAGE}entries/strength/" in answer.content.decode()


def test_an_entry_is_added_duplicated_retired_and_brought_back(
    begun: World, client: Client
) -> None:
    new = fields(begun, "troops", name="ships", label="Ships", entry="", after="story")
    assert client.post(f"{PAGE}add/", new).headers["Location"] == f"{PAGE}entries/ships/"
    copied = client.post(f"{PAGE}entries/ships/act/", {"act": "duplicate"})
    assert copied.headers["Location"] == f"{PAGE}entries/ships_2/"
    client.post(f"{PAGE}entries/story/act/", {"act": "retire"})
    assert [e.name for e in draft(begun).retired] == ["story"]
    client.post(f"{PAGE}back/story/")

    names = [line.name for line in draft(begun).lines]
    assert names[3:7] == ["troops", "story", "ships", "ships_2"]


def test_rows_move_and_come_without_a_script(begun: World, client: Client) -> None:
    def codes(act: str) -> list[str]:
        answer = client.post(GOAL, fields(begun) | {"act": act})
        return [row["code"] for row in answer.context["form"].categories]

    assert codes("category-up-1") == ["territory", "regime", "policy", "canary"]
    assert codes("category-down-0") == ["territory", "regime", "policy", "canary"]
    assert codes("category-copy-0") == ["regime", "", "territory", "policy", "canary"]
    assert codes("category-drop-3") == ["regime", "territory", "policy"]
    assert codes("category-add") == ["regime", "territory", "policy", "canary", ""]
    assert codes("category-drop-99") == ["regime", "territory", "policy", "canary"]
    assert stored(begun)["categories"][0]["code"] == "regime"


# ------------------------------------------------------------------ preview


def test_the_preview_draws_the_sheet_and_writes_nothing(begun: World, client: Client) -> None:
    before = draft(begun).document
    typed = fields(begun, question="Which goal came first?")
    typed["c_label"] = ["Regime change", "Land", "Policy change", "A rare bird"]

    body = client.post(f"{PAGE}preview/", typed).content.decode()

    assert [
        text for text in ("Which goal came first?", "<span>Land</span>") if text not in body
    ] == []
    assert draft(begun).document == before


def test_the_preview_names_what_an_expression_does_not_know(begun: World, client: Client) -> None:
    typed = fields(begun, skip_if="nothing == 1", skip_then="-88")

    body = client.post(f"{PAGE}preview/", typed).content.decode()

    assert 'data-field="skip_if"' in body
    assert "nothing is not a variable of intervention" in body.casefold()


@pytest.mark.parametrize(
    "typed",
    [
        {"type": ""},
        {"unit": "nowhere"},
        {"name": ""},
        {"type": "odd"},
        {"min": "x", "type": "integer"},
        {"reference": "planet", "type": "set"},
        {"tolerance": "1e400", "type": "decimal"},
        {"level": "odd"},
    ],
)
def test_the_preview_of_half_an_entry_is_drawn_as_far_as_it_goes(
    begun: World, client: Client, typed: dict[str, str]
) -> None:
    assert client.post(f"{PAGE}preview/", fields(begun, **typed)).status_code == 200
    assert client.post(GOAL, fields(begun, **typed)).status_code == 422
    assert client.post(f"{PAGE}preview/", {"entry": "goal"} | typed).status_code == 200


@pytest.mark.parametrize(
    "name", ["end_date", "troops", "story", "partners", "partner_state", "share"]
)
def test_every_kind_of_entry_has_a_page_with_a_preview(
    begun: World, client: Client, name: str
) -> None:
    answer = client.get(f"{PAGE}entries/{name}/")

    assert answer.status_code == 200
    assert answer.context["preview"].entry.name == name


# ------------------------------------------------------------------ two people


@pytest.fixture
def other(begun: World) -> Client:
    second = User.objects.create_user("curator_2", password="secret")
    Member.objects.create(project=begun.project, user=second, role=Member.Role.CURATOR)
    client = Client()
    client.force_login(second)
    return client


def test_two_editors_of_one_entry_see_both_versions_and_either_can_be_taken(
    begun: World, client: Client, other: Client
) -> None:
    mine, theirs = fields(begun, rule="Mine."), fields(begun, rule="Theirs.")
    other.post(GOAL, theirs)

    answer = client.post(GOAL, mine)

    body = answer.content.decode()
    assert answer.status_code == 409
    assert [
        text for text in ("curator_2 changed this entry", "Mine.", "Theirs.") if text not in body
    ] == []
    assert stored(begun)["rule"] == "Theirs."
    client.post(GOAL, mine | {"stamp": answer.context["page"].stamp})
    assert stored(begun)["rule"] == "Mine."


def test_two_editors_of_different_entries_are_both_kept(
    begun: World, client: Client, other: Client
) -> None:
    mine, theirs = fields(begun, rule="Mine."), fields(begun, "ended", rule="Theirs.")

    assert [
        other.post(f"{PAGE}entries/ended/", theirs).status_code,
        client.post(GOAL, mine).status_code,
    ] == [302, 302]

    assert (stored(begun)["rule"], stored(begun, "ended")["rule"]) == ("Mine.", "Theirs.")


def test_an_entry_that_went_meanwhile_gives_back_what_was_typed(
    begun: World, client: Client, other: Client
) -> None:
    mine = fields(begun, rule="Mine, at length.")
    other.post(f"{GOAL}act/", {"act": "retire"})

    answer = client.post(GOAL, mine)
    assert (answer.status_code, "Mine, at length." in answer.content.decode()) == (409, True)

    other.post(f"{PAGE}discard/", {"stamp": drafts.whole_stamp(draft(begun))})
    for address in (GOAL, f"{PAGE}add/", f"{PAGE}words/"):
        answer = client.post(address, mine)
        assert (answer.status_code, "Mine, at length." in answer.content.decode()) == (409, True)


def test_a_move_on_an_outline_that_changed_shows_theirs_and_can_be_made_on_it(
    begun: World, client: Client, other: Client
) -> None:
    stamp = drafts.outline_stamp(draft(begun))
    other.post(f"{PAGE}outline/", {"stamp": stamp, "up": "troops"})

    answer = client.post(f"{PAGE}outline/", {"stamp": stamp, "down": "ended"})

    assert answer.status_code == 409
    assert "You wanted to move ended down" in answer.content.decode()
    client.post(f"{PAGE}outline/", {"stamp": answer.context["stamp"], "down": "ended"})
    assert [line.name for line in draft(begun).lines][1:4] == ["troops", "ended", "end_date"]


def test_title_and_units_of_two_editors_stand_beside_each_other(
    begun: World, client: Client, other: Client
) -> None:
    def typed(title: str) -> dict[str, Any]:
        head = draft(begun).head
        return {
            "stamp": stamp,
            "title": title,
            "u_id": [u["id"] for u in head["units"]],
            "u_label": [u["label"] for u in head["units"]],
            "u_parent": [u.get("parent", "") for u in head["units"]],
            "u_key": [", ".join(u["key"]) for u in head["units"]],
            "m_code": [str(c["code"]) for c in head["missing_codes"]],
            "m_label": [c["label"] for c in head["missing_codes"]],
            "m_set_by": [c["set_by"] for c in head["missing_codes"]],
        }

    stamp = drafts.head_stamp(draft(begun))
    other.post(f"{PAGE}words/", typed("Theirs"))
    answer = client.post(f"{PAGE}words/", typed("Mine"))

    assert answer.status_code == 409
    assert [
        text for text in ("Theirs", 'value="Mine"') if text not in answer.content.decode()
    ] == []


def test_a_unit_without_a_place_is_refused_with_what_was_typed(
    begun: World, client: Client
) -> None:
    answer = client.post(
        f"{PAGE}words/",
        {
            "stamp": drafts.head_stamp(draft(begun)),
            "title": "T",
            "u_id": ["Bad Unit"],
            "u_label": ["x"],
        },
    )

    assert answer.status_code == 422
    assert "Bad Unit" in answer.content.decode()


# ------------------------------------------------------------------ the outline


def test_the_outline_says_what_is_new_changed_renamed_and_retired(
    begun: World, client: Client
) -> None:
    drafts.duplicate(project=begun.project, name="story")
    client.post(f"{PAGE}entries/troops/", fields(begun, "troops", max="5"))
    client.post(f"{PAGE}entries/ended/", fields(begun, "ended", name="over"))
    client.post(f"{GOAL}act/", {"act": "retire"})

    answer = client.get(PAGE)

    rows = [r for p in answer.context["parts"] for s in p.sections.values() for r in s.rows]
    told = {row.entry.name: row.badges for row in rows if row.badges}
    assert told["story_2"] == ["new"]
    assert told["troops"] == ["changed"]
    assert told["over"] == ["renamed"]
    assert [e.name for e in answer.context["retired"]] == ["goal"]


def test_sections_move_and_are_renamed_without_a_script(begun: World, client: Client) -> None:
    def post(**said: str) -> list[str]:
        client.post(f"{PAGE}outline/", {"stamp": drafts.outline_stamp(draft(begun))} | said)
        return [line.document.get("section", "") for line in draft(begun).lines[:4]]

    assert post(**{"section-up": "intervention/Dates"}) == ["Dates", "Dates", "Dates", "Aims"]
    assert post(unit="intervention", old="Aims", new="Goals")[3] == "Goals"
    assert post(place="goal", section="Dates", before="ended")[0] == "Dates"


def test_the_outline_costs_as_many_queries_for_three_entries_as_for_one(
    world: World, client: Client
) -> None:
    client.force_login(world.curator)

    def queries(count: int) -> int:
        document = codebooks.document_of(world.codebook)
        some = [document["variables"][n] for n in (0, 1, 4)][:count]
        codebooks.draft(project=world.project, document=document | {"variables": some})
        with CaptureQueriesContext(connection) as caught:
            assert client.get(PAGE).status_code == 200
        return len(caught)

    queries(1)
    assert queries(1) == queries(3)


def test_a_retired_category_is_named_and_comes_back(begun: World, client: Client) -> None:
    typed = fields(begun)
    for key in [key for key in typed if key.startswith("c_")]:
        typed[key] = typed[key][1:]
    client.post(GOAL, typed)

    answer = client.get(GOAL)
    assert [c["code"] for c in answer.context["page"].lost] == ["regime"]
    answer = client.post(GOAL, fields(begun) | {"act": "category-back-regime"})

    assert answer.context["form"].categories[-1]["label"] == "Regime change"


def test_the_preview_says_when_somebody_saved_meanwhile(
    begun: World, client: Client, other: Client
) -> None:
    mine = fields(begun)
    assert "Somebody saved" not in client.post(f"{PAGE}preview/", mine).content.decode()

    other.post(GOAL, fields(begun, rule="Theirs."))

    assert "Somebody saved this entry" in client.post(f"{PAGE}preview/", mine).content.decode()
