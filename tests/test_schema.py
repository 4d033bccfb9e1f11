"""The published JSON Schema says of a document's shape what an import checks, and no more."""

from __future__ import annotations

import copy
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from coding import documents, shapes
from curation import codebook_files
from curation.formats import schema
from tests.conftest import DOCUMENT
from tests.documents_strategy import documents_of_any_kind

Document = dict[str, Any]
FIXTURE = Path(__file__).parents[1] / "fixtures" / "codebook.yaml"
VALIDATOR = Draft202012Validator(schema.schema())
few = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def test_the_published_schema_is_that_of_the_shapes() -> None:
    """If not: manage.py codebook_schema > curation/formats/codebook.schema.json"""
    assert schema.FILE.read_text("utf-8") == schema.written()


def test_the_command_prints_the_schema() -> None:
    out = io.StringIO()
    call_command("codebook_schema", stdout=out)

    assert json.loads(out.getvalue()) == schema.schema()


def test_the_schema_is_one_of_its_dialect() -> None:
    Draft202012Validator.check_schema(schema.schema())


def test_the_codebooks_at_hand_have_the_shape() -> None:
    first = codebook_files.read(FIXTURE)

    assert [e.message for d in (first, DOCUMENT) for e in VALIDATOR.iter_errors(d)] == []


@few
@given(documents_of_any_kind())
def test_every_sound_codebook_has_the_shape(document: Document) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(document)] == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("name", "Goal"),
        ("name", 7),
        ("type", "dates"),
        ("level", "low"),
        ("label", "x" * 201),
        ("required", "yes"),
        ("min", "0"),
        ("min", 10**15 + 1),
        ("rule", None),
        ("rule", "a\x00b"),
        ("rulle", "X"),
        ("exclusive", [1.5]),
        ("exclusive", [10**40]),
        ("categories", [{"code": 1}]),
        ("categories", [{"code": 1, "label": "One", "labl": ""}]),
        ("checks", {"expr": "true"}),
        ("checks", [{"expr": "true", "message": "No.", "severity": "firm"}]),
        ("skip", {"if": "true"}),
        ("known_disagreement", [{"a": "\x0b"}]),
    ],
)
def test_what_an_import_refuses_for_its_shape_the_schema_refuses(key: str, value: Any) -> None:
    document = copy.deepcopy(DOCUMENT)
    document["variables"][0][key] = value

    assert documents.problems(document) != []
    assert not VALIDATOR.is_valid(document)


ODD: list[Any] = [None, True, 7, 1.5, "", "a\x01", "x" * 300, [], [7], {}, {"a": 1}, "keyed"]


@few
@given(documents_of_any_kind(), st.data())
def test_the_schema_and_the_import_agree_on_what_is_misshapen(
    document: Document, data: st.DataObject
) -> None:
    holder, key = data.draw(st.sampled_from(list(_places(document))))
    holder[key] = data.draw(st.sampled_from(ODD))

    valid = VALIDATOR.is_valid(document)

    problems = documents.problems(document)
    shaped = isinstance(document.get("codebook"), dict) and isinstance(document["variables"], list)
    assert valid or problems != []
    assert not (shaped and valid and list(shapes.faults(document))), problems


def _places(content: Any) -> Iterator[tuple[Any, Any]]:
    """Every place of a document where something stands."""
    keys = content if isinstance(content, dict) else range(len(content))
    for key in keys:
        yield content, key
        if isinstance(content[key], dict | list):
            yield from _places(content[key])
