"""The next version of a codebook: what it shares, what it replaces, and its digest."""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.exceptions import ValidationError
from django.db import transaction
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from coding import codebooks, documents, work
from coding.models import Codebook, Project, State, Value
from tests.conftest import DOCUMENT, World
from tests.test_codebooks import labels, names, published
from tests.test_documents import at, changed


def say_everything(world: World) -> list[dict[str, Any]]:
    for coding in (world.coding_a, world.coding_b):
        world.say(coding, "regime")
        world.say(coding, "1000", "troops")
        world.say(coding, "200", "partners")
        world.say(world.sheet_of(coding.coder, "200"), "2", "sent")
    return stored()


def stored() -> list[dict[str, Any]]:
    return [*Value.objects.order_by("pk").values(), *Value.history.order_by("history_id").values()]


SENT = next(v["categories"] for v in DOCUMENT["variables"] if v["name"] == "sent")
EDITORIAL = changed(
    (at("goal", "rule"), "The goal that was named most."),
    (at("goal", "label"), "Goal"),
    (at("goal", "question"), "Which goal was named most?"),
    (at("goal", "categories", 0, "label"), "Change of regime"),
    (at("goal", "categories", 0, "exclude"), "Coups."),
    (at("goal", "categories"), DOCUMENT["variables"][0]["categories"][::-1]),
    (at("goal", "section"), "Ends"),
    (at("ended", "required"), True),
    (at("end_date", "skip", "if"), "ended != 1"),
    (at("strength", "checks"), []),
)


def test_a_new_version_shares_every_variable_whose_meaning_is_as_before(world: World) -> None:
    before = names(world.codebook)

    book = published(world.project, EDITORIAL)

    assert names(book) == before
    assert book.digest != world.codebook.digest


@pytest.mark.parametrize(
    ("path", "content"),
    [
        (at("goal", "categories", 0), {"code": "other", "label": "Other"}),
        (at("goal", "exclusive"), ["regime"]),
        (at("sent", "categories"), SENT[::-1]),
        (at("goal", "unit"), "objective"),
        (at("goal", "type"), "ordinal"),
        (at("goal", "level"), "ordinal"),
        (at("troops", "max"), 5),
        (at("troops", "min"), 0.25),
        (at("troops", "measure"), "persons"),
        (at("story", "pattern"), "[a-z]+"),
    ],
)
def test_a_variable_whose_meaning_changes_is_replaced_and_all_others_are_shared(
    world: World, path: tuple[str | int, ...], content: Any
) -> None:
    before = names(world.codebook)

    book = published(world.project, changed((path, content)))

    after = names(book)
    new = [name for name in after if after[name] != before[name]]
    assert new == [DOCUMENT["variables"][path[1]]["name"]]
    assert after[new[0]].replaces == before[new[0]]


def test_a_new_version_touches_no_value(world: World) -> None:
    before = say_everything(world)
    categories = [*DOCUMENT["variables"][0]["categories"], {"code": "oil", "label": "Oil"}]

    published(world.project, EDITORIAL)
    published(world.project, changed((at("goal", "categories"), categories)))
    published(world.project, changed((("variables",), DOCUMENT["variables"][1:])))

    assert stored() == before
    assert [
        v for v in codebooks.newest_entries(world.project) if v == world.entry("goal").variable_id
    ]


def test_codings_go_on_under_the_version_they_began_with(world: World) -> None:
    world.say(world.coding_a, "regime")
    published(world.project, changed((at("goal", "question"), "Why?")))

    world.say(world.coding_a, "policy")
    work.submit(coding=world.coding_a)

    world.coding_a.refresh_from_db()
    assert world.coding_a.codebook == world.codebook
    assert world.coding_a.submitted_at is not None


def renamed(name: str, before: str | None = "goal") -> Any:
    document = changed((at("goal", "name"), name))
    if before:
        document["variables"][0]["renamed_from"] = before
    return document


def test_a_renamed_entry_keeps_its_variable_and_touches_no_value(world: World) -> None:
    before = say_everything(world)

    book = published(world.project, renamed("main_goal"))

    assert names(book)["main_goal"] == world.entry("goal").variable
    assert "goal" not in names(book)
    assert stored() == before


def test_the_document_that_renamed_an_entry_can_be_read_again(world: World) -> None:
    book = published(world.project, renamed("main_goal"))

    again = codebooks.draft(project=world.project, document=renamed("main_goal"))

    assert again == book


def test_names_can_change_places(world: World) -> None:
    swapped = changed((at("goal", "name"), "story"), (at("story", "name"), "goal"))
    for variable in swapped["variables"]:
        if variable["name"] in ("goal", "story"):
            variable["renamed_from"] = "story" if variable["name"] == "goal" else "goal"

    after = names(codebooks.draft(project=world.project, document=swapped))

    before = names(world.codebook)
    assert (after["goal"], after["story"]) == (before["story"], before["goal"])


def test_a_variable_is_not_continued_twice(world: World) -> None:
    document = changed((at("troops", "renamed_from"), "goal"))

    with pytest.raises(ValidationError, match="goal: is continued by two variables"):
        codebooks.draft(project=world.project, document=document)


def test_of_two_that_could_continue_a_variable_only_the_first_does(world: World) -> None:
    document = changed((at("story", "renamed_from"), "tale"), (at("goal", "name"), "aim"))
    document["variables"][0]["renamed_from"] = "story"

    after = names(codebooks.draft(project=world.project, document=document))

    assert after["aim"].replaces == world.entry("story").variable
    assert after["story"] != world.entry("story").variable


def test_an_entry_under_another_name_that_is_not_said_to_be_renamed_is_another_variable(
    world: World,
) -> None:
    after = names(published(world.project, renamed("main_goal", before=None)))

    assert after["main_goal"] != world.entry("goal").variable
    assert after["main_goal"].replaces is None


# ------------------------------------------------------------------ the digest

TINY: dict[str, Any] = {
    "codebook": {
        "title": "Tiny",
        "units": [{"id": "war", "label": "War"}],
        "missing_codes": [{"code": -99, "label": "Unknown", "key": "unknown"}],
        "confidence": {number: f"Grade {number}" for number in range(1, 13)},
    },
    "variables": [
        {"name": "won", "unit": "war", "type": "boolean", "label": "Won", "rule": "By the peace."}
    ],
    "hypotheses": [{"id": "H1", "text": "Bigger sides win"}],
}
TINY_DIGEST = "5757a6be3b84e156c2ae47b048ace4b943ada42b7cfcc6c5cf569d4aaab091f8"


def test_the_digest_of_a_codebook_is_the_same_everywhere_and_for_ever(db: None) -> None:
    """A fixed value: were it another elsewhere, no release could be checked there."""
    project = Project.objects.create(slug="tiny", title="Tiny")

    assert published(project, TINY).digest == TINY_DIGEST


def shuffled(content: Any, lots: random.Random) -> Any:
    if isinstance(content, dict):
        keys = list(content)
        lots.shuffle(keys)
        return {key: shuffled(content[key], lots) for key in keys}
    return [shuffled(part, lots) for part in content] if isinstance(content, list) else content


def test_the_order_of_keys_in_a_file_makes_no_other_codebook(world: World) -> None:
    document = shuffled(copy.deepcopy(DOCUMENT), random.Random(7))

    assert codebooks.draft(project=world.project, document=document) == world.codebook


def test_the_order_of_variables_and_categories_makes_another_codebook(world: World) -> None:
    turned = changed((("variables",), DOCUMENT["variables"][::-1]))
    others = changed((at("goal", "categories"), DOCUMENT["variables"][0]["categories"][::-1]))

    for document in (turned, others):
        assert codebooks.draft(project=world.project, document=document) != world.codebook


def test_a_codebook_read_as_json_is_the_same_codebook(db: None) -> None:
    project = Project.objects.create(slug="tiny", title="Tiny")
    book = published(project, TINY)

    written = json.loads(json.dumps(codebooks.document_of(Codebook.objects.get(pk=book.pk))))

    assert codebooks.draft(project=project, document=written) == book
    assert codebooks.draft(project=project, document=TINY) == book
    assert documents.digest_of(written) == book.digest


# ------------------------------------------------------------------ whatever is drafted

words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40)
numbers = st.integers(-(10**6), 10**6) | st.decimals(
    -1000, 1000, allow_nan=False, allow_infinity=False, places=8
).map(float)
codes = st.integers(-9, 99) | st.from_regex(r"[a-z0-9_+.-]{1,12}\Z")
KEYS: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(["label", "question", "section", "rule", "example", "sources"], words),
    **dict.fromkeys(["derived_from", "known_disagreement", "note", "measure"], words),
    **dict.fromkeys(["required", "filter", "compare"], st.booleans()),
    **dict.fromkeys(["min", "max", "tolerance"], numbers),
    "weight": st.integers(0, 9),
    "level": st.sampled_from(["nominal", "ordinal", "interval", "ratio"]),
    "type": st.sampled_from(list(documents.KINDS)),
    "pattern": st.sampled_from(["[a-z]+", "(a|b)*", "\\d{4}", "[", "a)|(b"]),
    "exclusive": st.lists(codes, max_size=2),
    "skip": st.fixed_dictionaries({"if": st.just("ended == 1"), "then": codes}),
    "hypotheses": st.dictionaries(words | st.integers(), words | st.lists(numbers), max_size=12),
    "categories": st.lists(
        st.fixed_dictionaries(
            {"code": codes, "label": words | st.integers() | st.floats(allow_nan=False)},
            optional={"definition": words, "include": words, "example": words},
        ),
        max_size=4,
    ),
}
additions = st.lists(
    st.sampled_from(sorted(KEYS)).flatmap(lambda key: st.tuples(st.just(key), KEYS[key])),
    max_size=4,
)


@settings(
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.lists(st.tuples(st.integers(0, 3), additions), max_size=3),
    st.dictionaries(words | st.integers(), words | numbers, max_size=12),
)
def test_a_document_is_refused_in_words_or_comes_back_out_of_the_tables_as_it_went_in(
    db: None, changes: list[tuple[int, list[tuple[str, Any]]]], prose: dict[Any, Any]
) -> None:
    document = copy.deepcopy(DOCUMENT) | {"prose": prose}
    document["variables"] = document["variables"][:4]
    for number, added in changes:
        document["variables"][number] |= dict(added)

    with transaction.atomic():
        project = Project.objects.create(slug="any", title="Any")
        try:
            book = published(project, document)
        except ValidationError as refused:
            event("refused")
            assert refused.messages  # noqa: PT017
        else:
            event("drafted")
            again = codebooks.document_of(Codebook.objects.get(pk=book.pk))
            assert codebooks.draft(project=project, document=document) == book
            assert codebooks.draft(project=project, document=again) == book
            assert documents.digest_of(json.loads(json.dumps(again))) == book.digest
        transaction.set_rollback(True)


# ------------------------------------------------------------------ the real thing

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "codebook.yaml"
FIXTURE = Path(__file__).resolve().parents[1] / "fixtures" / "codebook.yaml"


@pytest.mark.parametrize(
    "path",
    [
        FIXTURE,
        pytest.param(
            SHARED,
            marks=pytest.mark.skipif(not SHARED.exists(), reason="../shared is not here"),
        ),
    ],
)
def test_the_first_projects_codebook_is_drafted_and_read_back_the_same(
    db: None, path: Path
) -> None:
    project = Project.objects.create(slug="us", title="US")
    State.objects.create(project=project, code="2", name="United States")

    book = published(project, yaml.safe_load(path.read_text("utf-8")))

    assert len(codebooks.entries(book)) == 65
    assert codebooks.draft(project=project, document=codebooks.document_of(book)) == book
    assert "Advice, training or support" in labels(book, "operation_type")


def test_everything_that_a_document_says_stands_in_the_codebook(db: None) -> None:
    said = documents.normal(yaml.safe_load(FIXTURE.read_text("utf-8")))
    project = Project.objects.create(slug="us", title="US")

    kept = codebooks.document_of(published(project, said))

    dropped = {"categories_from"}  # written out
    lost = [
        (before["name"], key)
        for before, after in zip(said["variables"], kept["variables"], strict=True)
        for key in before.keys() - dropped
        if before[key] != after.get(key, [])
    ]
    assert lost == []
    assert {key: kept[key] for key in said if key not in ("codebook", "variables")} == {
        key: said[key] for key in said if key not in ("codebook", "variables")
    }
    heads = [{k: v for k, v in d["codebook"].items() if k != "missing_codes"} for d in (said, kept)]
    assert heads[0] == heads[1]
