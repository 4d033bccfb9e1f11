"""A codebook as YAML or JSON: all that a document can say, in one order, fit for git."""

from __future__ import annotations

import json

from coding.documents import Document
from curation import codebook_files
from curation.formats.order import ordered
from curation.formats.said import Reading, Unmapped


def write_yaml(document: Document) -> tuple[bytes, list[Unmapped]]:
    """The document as YAML; nothing of it is left out."""
    return codebook_files.written(ordered(document)).encode(), []


def write_json(document: Document) -> tuple[bytes, list[Unmapped]]:
    """The document as JSON; nothing of it is left out."""
    return f"{json.dumps(ordered(document), ensure_ascii=False, indent=2)}\n".encode(), []


def read_yaml(raw: bytes, name: str = "codebook.yaml") -> Reading:
    """The document in a YAML text, with the line of each variable."""
    document, lines = codebook_files.parsed(raw, name)
    return Reading(document, (), {name: f"line {line}" for name, line in lines.items()})


def read_json(raw: bytes, name: str = "codebook.json") -> Reading:
    """The document in a JSON text."""
    document, _ = codebook_files.parsed(raw, name, json=True)
    return Reading(document)
