"""The draft of a codebook: each act leaves it sound, and writes only what it changes."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from coding import codebooks, documents, drafts
from coding.drafting import Draft, Unsound
from coding.errors import Overtaken, Refused
from coding.models import Category, Codebook, Entry, Project, Unit, Variable
from tests.conftest import World


@pytest.fixture
def begun(world: World) -> World:
    drafts.start(project=world.project)
    return world


def draft(world: World) -> Draft:
    found = Draft.of(world.project)
    assert found is not None
    return found


def document(world: World, name: str) -> dict[str, Any]:
    return next(line.document for line in draft(world).lines if line.name == name)


def entry(world: World, name: str) -> Entry:
    return draft(world).codebook.entries.select_related("variable").get(name=name)


def save(
    world: World, name: str, codes: dict[str, str] | None = None, /, **parts: Any
) -> drafts.Saved:
    """Saves an entry with these parts changed, as a page that was just opened would."""
    stored = document(world, name)
    return drafts.save_entry(
        project=world.project,
        name=name,
        document={key: part for key, part in (stored | parts).items() if part is not None},
        stamp=drafts.stamp(stored),
        codes=codes,
    )


def names(world: World) -> list[str]:
    return [line.name for line in draft(world).lines]


# ------------------------------------------------------------------ start and discard


def test_a_draft_starts_as_the_current_codebook_over_again(begun: World) -> None:
    assert draft(begun).document == documents.normal(codebooks.document_of(begun.codebook))
    assert {e.variable_id for e in draft(begun).entries} == {
        e.variable_id for e in codebooks.entries(begun.codebook)
    }


def test_a_project_has_one_draft(begun: World) -> None:
    with pytest.raises(Refused, match="has a draft already"):
        drafts.start(project=begun.project)


def test_a_new_project_starts_with_an_empty_draft_that_cannot_be_published(db: None) -> None:
    project = Project.objects.create(slug="new", title="A new one")

    book = drafts.start(project=project)
    with pytest.raises(Refused, match="empty codebook"):
        codebooks.publish(codebook=book)
    drafts.add_entry(
        project=project,
        document={
            "name": "size",
            "unit": "event",
            "type": "integer",
            "level": "ratio",
            "categories": [],
        },
    )

    assert [e.name for e in codebooks.entries(book)] == ["size"]
    codebooks.publish(codebook=book)


def test_a_discarded_draft_leaves_no_variable_behind(begun: World) -> None:
    before = set(Variable.objects.values_list("pk", flat=True))
    save(begun, "troops", max=5)
    drafts.duplicate(project=begun.project, name="goal")

    drafts.discard(project=begun.project, stamp=drafts.whole_stamp(draft(begun)))

    assert Draft.of(begun.project) is None
    assert set(Variable.objects.values_list("pk", flat=True)) == before


def test_a_draft_that_changed_since_it_was_seen_is_not_discarded(begun: World) -> None:
    seen = drafts.whole_stamp(draft(begun))
    save(begun, "goal", rule="Another rule.")

    with pytest.raises(Overtaken):
        drafts.discard(project=begun.project, stamp=seen)

    assert document(begun, "goal")["rule"] == "Another rule."


# ------------------------------------------------------------------ one entry


def test_new_words_keep_the_variable_and_another_meaning_replaces_it(begun: World) -> None:
    old = begun.entry("troops").variable_id

    save(begun, "troops", question="How many soldiers?")
    assert entry(begun, "troops").variable_id == old

    save(begun, "troops", max=5)
    changed = entry(begun, "troops").variable
    assert (changed.pk != old, changed.replaces_id, changed.maximum) == (True, old, 5)


def test_the_old_meaning_gives_the_old_variable_back_and_leaves_no_orphan(begun: World) -> None:
    before = list(Variable.objects.values())
    save(begun, "troops", max=5)
    save(begun, "troops", max=6)
    assert Variable.objects.count() == len(before) + 1

    save(begun, "troops", max=100000)

    assert entry(begun, "troops").variable_id == begun.entry("troops").variable_id
    assert list(Variable.objects.values()) == before


def test_saving_the_same_again_leaves_no_trace(begun: World) -> None:
    before = Entry.history.count(), Variable.history.count(), Category.history.count()

    save(begun, "goal")

    assert (Entry.history.count(), Variable.history.count(), Category.history.count()) == before


def test_saving_one_entry_writes_its_rows_alone(begun: World) -> None:
    before = {e.pk: e for e in Entry.objects.all()}, Entry.history.count()
    category = document(begun, "goal")["categories"]

    save(
        begun,
        "goal",
        rule="New.",
        categories=[category[1], category[0] | {"label": "R"}, *category[2:]],
    )

    changed = [e.name for e in Entry.objects.all() if vars_of(e) != vars_of(before[0][e.pk])]
    assert (changed, Entry.history.count() - before[1]) == (["goal"], 1)
    assert [c.code for c in entry(begun, "goal").categories.all()][:2] == ["territory", "regime"]


def vars_of(row: Entry) -> dict[str, Any]:
    return {k: v for k, v in vars(row).items() if not k.startswith("_")}


def test_a_counter_example_is_kept_with_its_category(begun: World) -> None:
    first, *rest = document(begun, "goal")["categories"]

    save(begun, "goal", categories=[first | {"counter_example": "A mere rescue."}, *rest])

    assert document(begun, "goal")["categories"][0]["counter_example"] == "A mere rescue."


@pytest.mark.parametrize(
    ("parts", "rule"),
    [
        ({"skip": {"if": "nothing == 1", "then": "-88"}}, "nothing is not a variable"),
        ({"min": 7, "max": 3}, "min 7 is above max 3"),
        ({"name": "ended"}, "is defined twice"),
        ({"name": "Bad name"}, "must be lower-case"),
        ({"derive": "troops + 1"}, "depends on itself"),
        ({"unit": "planet"}, "unit 'planet' is not one of"),
    ],
)
def test_what_a_file_may_not_say_the_browser_may_not_either(
    begun: World, parts: dict[str, Any], rule: str
) -> None:
    before = draft(begun).document

    with pytest.raises(Unsound, match=rule):
        save(begun, "troops", **parts)

    assert draft(begun).document == before


def test_a_renamed_variable_is_renamed_in_every_expression_that_reads_it(begun: World) -> None:
    saved = save(begun, "troops", name="soldiers")

    assert saved.rewritten == ["strength", "share"]
    assert document(begun, "strength")["checks"][0]["expr"] == "strength <= intervention.soldiers"
    assert document(begun, "share")["derive"] == "double(strength) / double(intervention.soldiers)"
    assert entry(begun, "soldiers").variable_id == begun.entry("troops").variable_id


def test_a_category_with_another_code_is_recoded_where_it_is_compared(begun: World) -> None:
    said = document(begun, "sent")["categories"]
    saved = save(begun, "sent", {"1": "7"}, categories=[said[0] | {"code": 7}, said[1]])

    assert saved.rewritten == ["strength"]
    assert document(begun, "strength")["skip"]["if"] == "sent == 7"


def test_an_expression_that_reads_it_otherwise_is_left_and_named(begun: World) -> None:
    save(begun, "strength", skip={"if": "sent < 2", "then": "-88"})
    said = document(begun, "sent")["categories"]

    saved = save(begun, "sent", {"2": "5"}, categories=[said[0], said[1] | {"code": 5}])

    assert (saved.rewritten, saved.left) == ([], ["strength"])


def test_a_name_is_not_taken_from_a_retired_variable(begun: World) -> None:
    drafts.retire(project=begun.project, name="story")

    with pytest.raises(Unsound, match="stands for another variable"):
        save(begun, "goal", name="story")


# ------------------------------------------------------------------ add, duplicate, retire


def test_an_entry_is_added_at_the_end_of_its_section(begun: World) -> None:
    new = document(begun, "troops") | {"name": "ships", "label": "Ships"}

    drafts.add_entry(project=begun.project, document=new)

    assert names(begun)[3:6] == ["troops", "ships", "story"]
    assert entry(begun, "ships").variable.replaces is None


def test_a_copy_is_a_variable_of_its_own(begun: World) -> None:
    copy = drafts.duplicate(project=begun.project, name="goal")

    assert names(begun)[:2] == ["goal", "goal_2"]
    assert (copy.label, copy.variable.replaces) == ("Main goal (copy)", None)
    assert [c.code for c in copy.categories.all()] == list(begun.entry("goal").domain.categories)


def test_what_others_read_is_not_retired_and_the_readers_are_named(begun: World) -> None:
    with pytest.raises(Refused) as no:
        drafts.retire(project=begun.project, name="sent")

    assert no.value.links == [
        ("Strength (strength)", "/projects/usmi/codebook/draft/entries/strength/")
    ]
    assert "sent" in names(begun)


def test_a_retired_entry_comes_back_to_its_place_as_the_same_variable(begun: World) -> None:
    before = names(begun)
    drafts.retire(project=begun.project, name="story")
    assert [e.name for e in draft(begun).retired] == ["story"]

    drafts.bring_back(project=begun.project, name="story")

    assert names(begun) == before
    assert entry(begun, "story").variable_id == begun.entry("story").variable_id


# ------------------------------------------------------------------ order


def test_an_entry_moves_within_its_section_and_over_its_edge_into_the_next(begun: World) -> None:
    def move(by: int) -> tuple[list[str], str]:
        stamp = drafts.outline_stamp(draft(begun))
        drafts.move(project=begun.project, name="end_date", by=by, stamp=stamp)
        return names(begun)[:5], document(begun, "end_date")["section"]

    assert move(-1) == (["goal", "end_date", "ended", "troops", "story"], "Dates")
    assert move(-1) == (["goal", "end_date", "ended", "troops", "story"], "Aims")
    assert move(1) == (["goal", "end_date", "ended", "troops", "story"], "Dates")
    assert move(1) == (["goal", "ended", "end_date", "troops", "story"], "Dates")


def test_an_entry_is_placed_into_another_section(begun: World) -> None:
    stamp = drafts.outline_stamp(draft(begun))

    drafts.place(project=begun.project, name="troops", section="Story", after="story", stamp=stamp)

    assert names(begun)[3:5] == ["story", "troops"]
    assert document(begun, "troops")["section"] == "Story"


def test_a_move_writes_one_row(begun: World) -> None:
    before = Entry.history.count()

    drafts.move(
        project=begun.project, name="story", by=-1, stamp=drafts.outline_stamp(draft(begun))
    )

    assert names(begun)[3:5] == ["troops", "story"]
    assert Entry.history.count() - before == 1


def test_a_section_moves_and_gets_a_name_with_all_its_entries(begun: World) -> None:
    drafts.move_section(
        project=begun.project,
        unit="intervention",
        section="Dates",
        by=-1,
        stamp=drafts.outline_stamp(draft(begun)),
    )
    assert names(begun)[:4] == ["ended", "end_date", "troops", "goal"]

    drafts.rename_section(
        project=begun.project,
        unit="intervention",
        section="Dates",
        name="When",
        stamp=drafts.outline_stamp(draft(begun)),
    )
    assert [document(begun, n)["section"] for n in names(begun)[:4]] == ["When"] * 3 + ["Aims"]


# ------------------------------------------------------------------ two people


def test_the_second_of_two_editors_of_one_entry_is_told(begun: World) -> None:
    opened = document(begun, "goal")
    save(begun, "goal", rule="Theirs.")

    with pytest.raises(Overtaken):
        drafts.save_entry(
            project=begun.project,
            name="goal",
            document=opened | {"rule": "Mine."},
            stamp=drafts.stamp(opened),
        )

    assert document(begun, "goal")["rule"] == "Theirs."


def test_two_editors_of_different_entries_are_both_kept(begun: World) -> None:
    goal, story = document(begun, "goal"), document(begun, "story")

    for opened in (goal, story):
        drafts.save_entry(
            project=begun.project,
            name=opened["name"],
            document=opened | {"rule": "New."},
            stamp=drafts.stamp(opened),
        )

    assert [document(begun, n)["rule"] for n in ("goal", "story")] == ["New.", "New."]


# ------------------------------------------------------------------ units


def test_what_a_unit_says_changes_when_the_draft_is_published_and_not_before(begun: World) -> None:
    head = draft(begun).head
    units = [head["units"][0] | {"label": "Campaign"}, *head["units"][1:]]

    drafts.save_head(
        project=begun.project,
        head={"title": "Better", "units": units},
        note="Campaigns.",
        stamp=drafts.head_stamp(draft(begun)),
    )

    assert Unit.objects.get(project=begun.project, name="intervention").label == "Intervention"
    book = draft(begun).codebook
    assert (book.title, book.note) == ("Better", "Campaigns.")
    codebooks.publish(codebook=book)
    assert Unit.objects.get(project=begun.project, name="intervention").label == "Campaign"


def test_a_new_unit_takes_entries_and_goes_with_the_codebook(begun: World) -> None:
    head = draft(begun).head
    head["units"] = [*head["units"], {"id": "battle", "label": "Battle", "parent": "intervention"}]
    drafts.save_head(
        project=begun.project, head=head, note="", stamp=drafts.head_stamp(draft(begun))
    )

    drafts.add_entry(
        project=begun.project,
        document={"name": "won", "unit": "battle", "type": "boolean", "level": "nominal"}
        | {"categories": [{"code": 0, "label": "No"}, {"code": 1, "label": "Yes"}]},
    )

    assert entry(begun, "won").variable.unit.parent.name == "intervention"


def test_missing_codes_are_renewed_where_they_differ(begun: World) -> None:
    head = draft(begun).head
    codes = [*head["missing_codes"], {"code": -66, "label": "Not yet", "set_by": "nobody"}]

    drafts.save_head(
        project=begun.project,
        head={"missing_codes": codes},
        note="",
        stamp=drafts.head_stamp(draft(begun)),
    )

    assert [m.code for m in draft(begun).codebook.missing_codes.all()] == [
        "-77",
        "-88",
        "-99",
        "-66",
    ]


# ------------------------------------------------------------------ cost


def test_an_entry_of_a_long_codebook_is_saved_with_as_many_queries_as_of_a_short_one(
    begun: World,
) -> None:
    def queries() -> int:
        rule = f"Rule {Entry.history.count()}."
        with CaptureQueriesContext(
            connection,
        ) as caught:
            save(begun, "story", rule=rule)
        return len(caught)

    short = queries()
    for n in range(10):
        new = document(begun, "troops") | {"name": f"ships_{n}"}
        drafts.add_entry(project=begun.project, document=new)

    assert queries() == short


def test_a_published_codebook_is_no_draft(world: World) -> None:
    with pytest.raises(drafts.NoDraft):
        drafts.retire(project=world.project, name="story")
    assert Codebook.objects.get(pk=world.codebook.pk).entries.filter(name="story").exists()


def test_a_unit_that_only_a_discarded_draft_named_is_gone(begun: World) -> None:
    head = draft(begun).head
    head["units"] = [*head["units"], {"id": "battle", "label": "Battle", "parent": "intervention"}]
    drafts.save_head(
        project=begun.project, head=head, note="", stamp=drafts.head_stamp(draft(begun))
    )
    assert begun.project.units.filter(name="battle").exists()

    drafts.discard(project=begun.project, stamp=drafts.whole_stamp(draft(begun)))

    names_left = [unit.name for unit in begun.project.units.all()]
    assert names_left == ["intervention", "partner", "objective"]


def test_a_draft_of_a_codebook_older_than_a_rule_is_mended_entry_by_entry(begun: World) -> None:
    for name in ("troops", "story"):
        old = entry(begun, name)
        old.skip_if, old.skip_value = "nothing == 1", "-88"
        old.save()

    save(begun, "goal", rule="New.")
    with pytest.raises(Refused, match="2 faults"):
        codebooks.publish(codebook=draft(begun).codebook)
    with pytest.raises(Unsound, match="lost"):
        save(begun, "goal", skip={"if": "lost == 1", "then": -88})
    for name in ("troops", "story"):
        save(begun, name, skip=None)

    codebooks.publish(codebook=draft(begun).codebook)
