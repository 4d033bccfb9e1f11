"""The walls of the house, held by reading the code."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from coding.models import (
    Cell,
    Citation,
    Ground,
    Move,
    Precedent,
    Value,
    Verification,
    Vote,
    VoteGround,
)

ROOT = Path(__file__).parent.parent
SECRET = {
    "Value",
    "Citation",
    "Cell",
    "Ground",
    "Precedent",
    "Vote",
    "VoteGround",
    "Verification",
    "Move",
}
DOORS = ("coding/blind.py", "coding/work/", "coding/models/")
# Another way to the same rows: by label, by table, by the names Django gives reverse relations.
BACK_DOORS = {
    *(f"coding.{name}" for name in SECRET),
    *(f"coding_{name.lower()}" for name in SECRET),
    *(f"{name.lower()}_set" for name in SECRET),
    *(f"Historical{name}" for name in SECRET),
    "get_model",
    "get_models",
}
PANDAS_ROOMS = (
    "curation/tables.py",
    "curation/releases/",
    "curation/intake.py",
    "curation/studies/",
)


def modules() -> Iterator[tuple[str, ast.Module]]:
    for app in ("coding", "curation"):
        for path in sorted((ROOT / app).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text())


def imported(tree: ast.Module) -> Iterator[tuple[str, set[str]]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield node.module or "", {a.name for a in node.names}
        elif isinstance(node, ast.Import):
            yield from ((a.name, set()) for a in node.names)


def words(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Names, attributes and strings with their lines; prose in docstrings is not code."""
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.lineno, node.attr
        elif isinstance(node, ast.Constant) and id(node) not in prose:
            yield node.lineno, str(node.value)


def breaches(name: str, tree: ast.Module) -> list[str]:
    """Each place where a module other than the doors reaches for coded values."""
    taken = [
        f"{name} imports {found}"
        for module, names in imported(tree)
        if module.startswith("coding.models")
        for found in sorted(names & SECRET)
    ]
    whole = [name for m, names in imported(tree) if m == "coding" and "models" in names]
    named = [f"{name}:{line} says {w}" for line, w in words(tree) if w in BACK_DOORS]
    return taken + whole + named


def test_only_the_doors_touch_coded_values() -> None:
    found = [
        breach
        for name, tree in modules()
        if not name.startswith(DOORS)
        for breach in breaches(name, tree)
    ]

    assert found == []


@pytest.mark.parametrize(
    "code",
    [
        "from coding.models import Cell",
        "from coding.models.coding import Value",
        "from coding import models",
        "apps.get_model('x', 'y')",
        "coding.value_set.all()",
        "cursor.execute('coding_value')",
    ],
)
def test_each_way_around_the_doors_is_noticed(code: str) -> None:
    assert breaches("somewhere.py", ast.parse(code)) != []


def test_values_and_cells_have_no_way_back_from_other_rows() -> None:
    secret = (Value, Citation, Cell, Ground, Precedent, Vote, VoteGround, Verification, Move)
    for model in secret:
        for field in model._meta.get_fields():
            if field.many_to_one:
                assert field.remote_field.hidden, f"{model.__name__}.{field.name}"


def test_coding_never_imports_curation() -> None:
    found = [
        name
        for name, tree in modules()
        if name.startswith("coding/")
        for module, _ in imported(tree)
        if module.split(".")[0] == "curation"
    ]

    assert found == []


def test_pandas_stays_in_its_rooms() -> None:
    found = {
        name
        for name, tree in modules()
        for module, _ in imported(tree)
        if module.split(".")[0] == "pandas" and not name.startswith(PANDAS_ROOMS)
    }

    assert found == set()


def test_no_function_imports_inside_itself_and_no_signal_is_received() -> None:
    found = []
    for name, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                inner = [n for n in ast.walk(node) if isinstance(n, ast.Import | ast.ImportFrom)]
                found += [f"{name}:{n.lineno}" for n in inner]
        found += [name for module, _ in imported(tree) if module.startswith("django.dispatch")]

    assert found == []


def test_history_is_never_written_around() -> None:
    """update() leaves no history at all, bulk_create only where none is kept."""
    allowed = {
        ("coding/codebooks.py", "bulk_create"),  # missing codes have no history
        ("coding/work/moving.py", "bulk_create"),  # what a coding asks has no history
        ("coding/work/needs.py", "bulk_create"),  # with `signed.remember` after it
        ("coding/work/recodes.py", "bulk_create"),  # likewise
        ("coding/work/records.py", "bulk_create"),  # likewise
        ("coding/work/reviews.py", "bulk_create"),  # likewise
        ("coding/work/restore.py", "bulk_create"),  # brings the history along, row by row
    }
    found = [
        f"{name}:{node.lineno} {node.func.attr}"
        for name, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("bulk_create", "bulk_update", "update")
        and (name, node.func.attr) not in allowed
        and name.startswith("coding/")
        and not _updates_a_mapping(node)
    ]

    assert found == []


def _updates_a_mapping(node: ast.Call) -> bool:
    """dict.update takes no bare keywords on a queryset-like chain: objects.filter(...).update."""
    assert isinstance(node.func, ast.Attribute)
    return node.func.attr == "update" and not isinstance(node.func.value, ast.Call)
