"""Scripts that find a study's figures again, in Python and in R, from a release's files alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def script(result: Mapping[str, Any], title: str, missing: frozenset[str], language: str) -> str:
    """The whole script, `py` or `R`, with the terms that the study's first estimate has."""
    names = [term["name"] for term in _terms(result)]
    head = _read(f"head.{language}").format(
        title=title,
        version=result["release"],
        study=result["study"],
        terms=names if language == "py" else _r(names),
        missing=_r(sorted(missing)),
        needs=" and its recommended package MASS" if result["study"] == "success" else "",
    )
    return "\n".join([head, _read(f"{result['study']}.{language}"), _read(f"tail.{language}")])


def _terms(result: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    fit = result["estimates"][0]["fit"] if result["estimates"] else None
    return [t for t in fit["terms"] if t["name"] in result["terms"]] if fit else []


def _r(words: list[str]) -> str:
    return ", ".join(f'"{word}"' for word in words)


def _read(name: str) -> str:
    return (HERE / f"{name}.txt").read_text(encoding="utf-8")
