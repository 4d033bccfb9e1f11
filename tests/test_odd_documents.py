"""Whatever a file holds, the faults of a codebook document are told and nothing crashes."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from coding import documents
from coding.canonical import LONGEST_TEXT
from tests.conftest import DOCUMENT
from tests.test_documents import Document, Path_, at, changed, faults


def places(content: Any, path: Path_ = ()) -> Iterator[Path_]:
    pairs: list[tuple[Any, Any]] = []
    if isinstance(content, dict):
        pairs = list(content.items())
    elif isinstance(content, list):
        pairs = list(enumerate(content))
    for key, part in pairs:
        yield (*path, key)
        yield from places(part, (*path, key))


EVERYWHERE = list(places(DOCUMENT))
KEYS = sorted(
    {str(key) for path in EVERYWHERE for key in path if isinstance(key, str)}
    | {"pattern", "tolerance", "exclusive", "categories_from", "filter", "compare", "rows", "note"}
    | {"weight"}
)
WORDS = ["goal", "intervention", "set", "date", "-77", "goal == 1", "siblings", "none", "[", "x;y"]
content = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(WORDS)
    | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner),
    max_leaves=8,
)


@settings(deadline=None, max_examples=500)
@given(st.lists(st.tuples(st.sampled_from(EVERYWHERE), st.sampled_from(KEYS), content), max_size=3))
@example([(at("goal", "categories", 0), "code", {"a": 1})])
@example([(("codebook", "units", 0), "id", ["x"])])
def test_whatever_stands_in_a_document_its_faults_are_told_and_nothing_crashes(
    changes: list[tuple[Path_, str, Any]],
) -> None:
    document = copy.deepcopy(DOCUMENT)
    for path, key, odd in changes:
        put(document, path, key, odd)

    found = faults(documents.mended(document))

    assert all(": " in fault and fault[-1] in ".)?" for fault in found), found


def put(document: Document, path: Path_, key: str, odd: Any) -> None:
    """Odd content in a place: as a key of what stands there, or instead of it."""
    holder: Any = document
    try:
        for step in path[:-1]:
            holder = holder[step]
        if isinstance(holder[path[-1]], dict):
            holder, path = holder[path[-1]], (key,)
        holder[path[-1]] = odd
    except (KeyError, IndexError, TypeError):
        return


@settings(deadline=None, max_examples=200)
@given(content)
def test_whatever_is_no_document_is_told_and_nothing_crashes(odd: Any) -> None:
    assert faults(odd) != []
    assert faults({"codebook": odd, "variables": [odd]}) != []


def test_a_document_without_end_is_refused() -> None:
    deep: dict[str, Any] = {}
    for _ in range(LONGEST_TEXT):
        deep = {"more": deep}

    assert faults(changed((("codebook", "prose"), deep)))[0].endswith("is nested too deeply.")
