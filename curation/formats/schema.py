"""The JSON Schema of a codebook document, made from the shapes that an import checks.

codebook.schema.json beside this module is its published text; `manage.py codebook_schema` prints
it anew.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from coding import shapes
from coding.documents import KINDS
from coding.models import Variable
from coding.shapes import Shape

Schema = dict[str, Any]
FILE = Path(__file__).with_name("codebook.schema.json")
DIALECT = "https://json-schema.org/draft/2020-12/schema"
NAME = "^[a-z][a-z0-9_]{0,63}$"


def schema() -> Schema:
    """The schema. It says which shape a document has; what expressions say is checked beyond it."""
    head = _object(shapes.CODEBOOK, ("title", "units"), closed=False)
    head["properties"] |= {
        "title": _of_kind("text 200") | {"minLength": 1},
        "units": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/unit"}},
        "missing_codes": {"type": "array", "items": {"$ref": "#/$defs/missing_code"}},
    }
    return {
        "$schema": DIALECT,
        "title": "Codebook",
        "description": "What is coded, of what, with which answers and by which rules.",
        "type": "object",
        "required": ["codebook", "variables"],
        "properties": {
            "codebook": head,
            "variables": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/variable"}},
        },
        "additionalProperties": {"$ref": "#/$defs/prose"},
        "$defs": _definitions(),
    }


def _definitions() -> Schema:
    unit = _object(shapes.UNIT, ("id",))
    unit["properties"]["id"]["pattern"] = NAME
    return {
        "unit": unit,
        "missing_code": _object(shapes.MISSING_CODE, ("code",)),
        "variable": _variable(),
        "category": _object(shapes.CATEGORY, ("code", "label")),
        "skip": _object(shapes.SKIP, tuple(shapes.SKIP)),
        "check": _object(shapes.CHECK, ("expr", "message")),
        "prose": _prose(),
    }


def _variable() -> Schema:
    variable = _object(shapes.VARIABLE, ("name", "unit", "type"))
    variable["properties"] |= {
        "name": {"type": "string", "pattern": NAME},
        "type": {"enum": list(KINDS)},
        "level": {"enum": list(Variable.Measure.values)},
        "skip": {"$ref": "#/$defs/skip"},
        "categories": {"type": "array", "items": {"$ref": "#/$defs/category"}},
        "checks": {"type": "array", "items": {"$ref": "#/$defs/check"}},
        **{key: {"$ref": "#/$defs/prose"} for key in shapes.EXTRA},
    }
    return variable


def _prose() -> Schema:
    """Anything that JSON can say, without control characters."""
    inner = {"$ref": "#/$defs/prose"}
    return {
        "type": ["string", "number", "boolean", "null", "array", "object"],
        "pattern": f"^{_LETTERS}*$",
        "items": inner,
        "propertyNames": {"pattern": f"^{_LETTERS}*$"},
        "additionalProperties": inner,
    }


def _object(shape: Shape, needed: Sequence[str], *, closed: bool = True) -> Schema:
    return {
        "type": "object",
        "required": list(needed),
        "properties": {key: _of_kind(kind) for key, kind in shape.items()},
        "additionalProperties": False if closed else {"$ref": "#/$defs/prose"},
    }


_LETTERS = r"[^\u0000-\u0008\u000b\u000c\u000e-\u001f]"


def _of_kind(kind: str) -> Schema:
    """What a value of a kind of shape may be."""
    word, _, longest = kind.partition(" ")
    if "|" in word:
        return {"enum": word.split("|")}
    if word in ("texts", "codes"):
        return {"type": "array", "items": _of_kind(f"{word[:-1]} {longest}")}
    return _long(_KINDS[word], longest) if longest else dict(_KINDS[word])


def _long(schema: Schema, longest: str) -> Schema:
    """Limits a text, and a whole number that stands for a code, by its length."""
    limited = schema | {"maxLength": int(longest)}
    if "integer" in schema["type"]:
        limited |= {"minimum": 1 - 10 ** (int(longest) - 1), "maximum": 10 ** int(longest) - 1}
    return limited


_TEXT: Schema = {"type": "string", "pattern": f"^{_LETTERS}*$"}
_KINDS: dict[str, Schema] = {
    "text": _TEXT,
    "label": _TEXT | {"type": ["string", "number"]},
    "code": _TEXT | {"type": ["string", "integer"]},
    "number": {"type": "number", "minimum": -shapes.LARGEST, "maximum": shapes.LARGEST},
    "digit": {"type": "integer", "minimum": 0, "maximum": 9},
    "flag": {"type": "boolean"},
    "treatment": {"enum": [False, "as_category", "configurable"]},
    "mapping": {"type": "object"},
    "rows": {"type": "array"},
}


def written() -> str:
    """The schema as its published text."""
    return json.dumps(schema(), indent=2) + "\n"
