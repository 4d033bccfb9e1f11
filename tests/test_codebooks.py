"""Codebooks: drafted from a document, published for good, shared and replaced by variable."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import Model

from coding import codebooks
from coding.errors import Refused
from coding.models import (
    Category,
    Codebook,
    Entry,
    MissingCode,
    Project,
    Unit,
    Variable,
)
from tests.conftest import DOCUMENT, World
from tests.test_documents import at, changed


def names(codebook: Codebook) -> dict[str, Variable]:
    return {e.name: e.variable for e in codebooks.entries(codebook)}


def labels(codebook: Codebook, name: str) -> list[str]:
    entry = next(e for e in codebooks.entries(codebook) if e.name == name)
    return [c.label for c in entry.categories.all()]


def published(project: Project, document: Any) -> Codebook:
    return codebooks.publish(codebook=codebooks.draft(project=project, document=document))


# ------------------------------------------------------------------ drafts


def test_a_faulty_document_is_refused_with_every_fault_and_writes_nothing(world: World) -> None:
    document = changed((at("goal", "level"), "low"), (at("troops", "unit"), "war"))
    before = Codebook.objects.count(), Variable.objects.count(), Unit.objects.count()

    with pytest.raises(ValidationError) as refused:
        codebooks.draft(project=world.project, document=document)

    assert [fault.split(":")[0] for fault in refused.value.messages] == [
        "variable goal",
        "variable troops",
    ]
    assert (Codebook.objects.count(), Variable.objects.count(), Unit.objects.count()) == before


def test_a_draft_replaces_the_draft_before_it(world: World) -> None:
    first = codebooks.draft(project=world.project, document=changed((at("goal", "rule"), "A")))
    second = codebooks.draft(project=world.project, document=changed((at("goal", "rule"), "B")))

    drafts = Codebook.objects.filter(project=world.project, published_at=None)
    assert list(drafts) == [second]
    assert (first.number, second.number) == (2, 2)
    assert next(e.rule for e in codebooks.entries(second) if e.name == "goal") == "B"


def test_a_document_equal_to_the_current_codebook_leaves_no_draft(world: World) -> None:
    codebooks.draft(project=world.project, document=changed((at("goal", "rule"), "A")))

    again = codebooks.draft(project=world.project, document=DOCUMENT)

    assert again == world.codebook
    assert list(world.project.codebooks.filter(published_at=None)) == []


def test_labels_that_an_unquoted_comma_cut_are_mended_before_they_are_read(world: World) -> None:
    cut = yaml.safe_load("[{code: 10, label: Advice, training or support}]")

    book = codebooks.draft(project=world.project, document=changed((at("goal", "categories"), cut)))

    assert labels(book, "goal") == ["Advice, training or support"]


def test_what_is_not_said_has_its_default(db: None) -> None:
    project = Project.objects.create(slug="bare", title="Bare")
    book = codebooks.draft(
        project=project,
        document={
            "codebook": {"title": "Bare", "units": [{"id": "war"}]},
            "variables": [
                {"name": "joined", "unit": "war", "type": "boolean"},
                {
                    "name": "how",
                    "unit": "war",
                    "type": "ordinal",
                    "categories": [{"code": 1, "label": "Little"}],
                },
                {
                    "name": "all_how",
                    "unit": "war",
                    "type": "multi_select",
                    "categories_from": "how",
                },
                {"name": "story", "unit": "war", "type": "text"},
            ],
        },
    )

    joined, how, all_how, story = codebooks.entries(book)
    assert (joined.question, joined.label, joined.required) == ("joined", "joined", False)
    assert (joined.variable.measure, joined.compare) == ("nominal", True)
    assert (how.variable.measure, all_how.variable.kind) == ("ordinal", "set")
    assert (all_how.variable.codes, story.compare) == (["1"], False)
    assert [labels(book, e.name) for e in (joined, how, all_how)] == [
        ["No", "Yes"],
        ["Little"],
        ["Little"],
    ]


@pytest.mark.parametrize(
    ("meaning", "said", "set_by", "needs_note"),
    [
        ("Set only by skip logic, never typed.", {}, "rule", False),
        ("Nobody has looked. Never leaves the workbench.", {}, "nobody", False),
        ("Sources conflict. A note is required.", {}, "coder", True),
        ("A search was made.", {}, "coder", False),
        ("Not by skip logic.", {"set_by": "coder"}, "coder", False),
        ("No note is required.", {"note_required": False}, "coder", False),
        ("A search was made.", {"note_required": True}, "coder", True),
    ],
)
def test_who_sets_a_missing_code_is_read_from_prose_where_no_key_says_it(
    world: World, meaning: str, said: dict[str, Any], set_by: str, needs_note: bool
) -> None:
    codes = [*DOCUMENT["codebook"]["missing_codes"], {"code": -55, "meaning": meaning, **said}]

    book = codebooks.draft(
        project=world.project, document=changed((("codebook", "missing_codes"), codes))
    )

    code = book.missing_codes.get(code="-55")
    assert (code.set_by, code.needs_note) == (set_by, needs_note)


# ------------------------------------------------------------------ published for good


def test_a_codebook_is_published_once(world: World) -> None:
    with pytest.raises(Refused, match="Codebook 1 is published already"):
        codebooks.publish(codebook=world.codebook)


def test_an_empty_codebook_is_not_published(world: World) -> None:
    empty = Codebook.objects.create(project=world.project, number=2, title="Empty")

    with pytest.raises(Refused, match="add an entry first"):
        codebooks.publish(codebook=empty)


def test_who_published_is_kept(world: World) -> None:
    draft = codebooks.draft(project=world.project, document=changed((at("goal", "rule"), "A")))

    book = codebooks.publish(codebook=draft, by=world.curator)

    assert (book.published_by, codebooks.current(world.project)) == (world.curator, book)


FROZEN: list[tuple[type[Model], str]] = [
    (Codebook, "title"),
    (Entry, "label"),
    (Variable, "pattern"),
    (Category, "label"),
    (MissingCode, "label"),
]


def first_of(model: type[Model]) -> Any:
    return model._default_manager.order_by("pk")[0]


def by_sql(statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


@pytest.mark.parametrize(("model", "column"), FROZEN)
@pytest.mark.parametrize("way", ["save", "update", "sql", "delete", "delete by sql", "replace"])
def test_a_published_codebook_cannot_be_changed_whatever_the_way(
    world: World, model: type[Model], column: str, way: str
) -> None:
    row, table = first_of(model), model._meta.db_table
    before = json.dumps(codebooks.document_of(world.codebook))
    setattr(row, column, "Other")
    ways: dict[str, Callable[[], object]] = {
        "save": row.save,
        "update": lambda: model._default_manager.filter(pk=row.pk).update(**{column: "Other"}),
        "sql": lambda: by_sql(f"UPDATE {table} SET {column} = 'Other' WHERE id = %s", row.pk),  # noqa: S608
        "delete": lambda: model._default_manager.filter(pk=row.pk)._raw_delete("default"),
        "delete by sql": lambda: by_sql(f"DELETE FROM {table} WHERE id = %s", row.pk),  # noqa: S608
        "replace": lambda: replace(row),
    }

    with pytest.raises(IntegrityError), transaction.atomic():
        ways[way]()

    assert json.dumps(codebooks.document_of(world.codebook)) == before
    assert codebooks.digest_of(world.codebook) == world.codebook.digest


def replace(row: Any) -> None:
    """INSERT OR REPLACE, which on SQLite deletes the old row without asking a DELETE trigger."""
    if connection.vendor != "sqlite":
        raise IntegrityError("PostgreSQL knows no REPLACE")
    fields = list(row._meta.concrete_fields)
    columns, marks = ", ".join(f.column for f in fields), ", ".join(["%s"] * len(fields))
    values = [f.get_db_prep_save(getattr(row, f.attname), connection) for f in fields]
    table = row._meta.db_table
    by_sql(f"INSERT OR REPLACE INTO {table} ({columns}) VALUES ({marks})", *values)  # noqa: S608


def test_nothing_can_be_added_to_a_published_codebook(world: World) -> None:
    goal = world.entry("goal")
    additions: list[Callable[[], object]] = [
        lambda: Category.objects.create(entry_id=goal.pk, code="new", label="New"),
        lambda: MissingCode.objects.create(codebook=world.codebook, code="-1", key="k", label="L"),
        lambda: Entry.objects.create(
            codebook=world.codebook,
            variable=Variable.objects.create(unit=goal.variable.unit, kind="text"),
            name="new",
            label="New",
            question="New?",
            position=99,
        ),
    ]

    for add in additions:
        with pytest.raises(IntegrityError), transaction.atomic():
            add()


def test_a_draft_can_be_changed_but_not_what_it_shares_with_a_published_one(world: World) -> None:
    draft = codebooks.draft(
        project=world.project, document=changed((at("story", "pattern"), "[a-z]+"))
    )
    entry = Entry.objects.get(codebook=draft, name="story")
    entry.question = "What happened then?"
    entry.save()
    entry.variable.pattern = "[A-Z]+"
    entry.variable.save()

    shared = Entry.objects.get(codebook=draft, name="troops").variable
    shared.maximum = None
    with pytest.raises(IntegrityError), transaction.atomic():
        shared.save()


# ------------------------------------------------------------------ what an answer has a say in


CHAIN: tuple[tuple[Any, Any], ...] = (
    (at("troops", "skip"), {"if": "end_date.latest == '1991-02-28'", "then": -88}),
    (at("story", "checks"), [{"expr": "troops > 0", "severity": "soft", "message": "Of whom?"}]),
    (at("sent", "skip"), {"if": "intervention.troops == 0", "then": -88}),
)


@pytest.mark.parametrize(
    ("name", "changes", "expected"),
    [
        ("goal", (), (["goal"], False, False)),
        ("ended", (), (["end_date", "ended"], True, False)),
        # Its own skip rule reads another answer: whether it is asked must be said again.
        ("end_date", (), (["end_date"], True, False)),
        # A partner's check and a computed share read it, but no sheet asks more or less.
        ("troops", (), (["troops"], False, False)),
        ("sent", (), (["sent", "share", "strength"], True, False)),
        ("ended", CHAIN, (["end_date", "ended", "story", "troops"], True, True)),
        # A check decides nothing: what hangs on the checked answer stays as it is.
        ("story", CHAIN, (["story"], True, False)),
    ],
)
def test_an_answer_has_a_say_along_every_chain_of_rules_and_no_further(
    world: World, name: str, changes: tuple[tuple[Any, Any], ...], expected: object
) -> None:
    book = published(world.project, changed(*changes)) if changes else world.codebook
    entry = next(e for e in codebooks.entries(book) if e.name == name)

    swayed = codebooks.swayed(book, entry)

    assert (sorted(swayed.names), swayed.by_rules, swayed.rows) == expected


def test_what_an_answer_of_a_draft_has_a_say_in_follows_the_draft(world: World) -> None:
    draft = codebooks.draft(project=world.project, document=changed(*CHAIN))
    entry = next(e for e in codebooks.entries(draft) if e.name == "end_date")
    assert codebooks.swayed(draft, entry).names == {"end_date", "story", "troops"}

    Entry.objects.filter(codebook=draft, name="troops").update(skip_if="")

    assert codebooks.swayed(draft, entry).names == {"end_date"}
