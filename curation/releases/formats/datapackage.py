"""`datapackage.json`: the tables with keys, types and codes (Data Package, version 1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from coding.documents import Document
from curation.releases.csvfile import File
from curation.releases.formats.table import Column, Table, is_whole

NAME = "datapackage.json"
KEYS = {
    "cells": ["unit", "case", "variable"],
    "risk_set": ["case", "state"],
    "states": ["code", "member_from"],
}
TYPES = {"integer": "integer", "decimal": "number", "day": "date"}
PROFILE = "tabular-data-package"


def package(
    tables: Sequence[Table], document: Document, name: str, title: str, version: str
) -> dict[str, Any]:
    """Every CSV file of the release, with what a reader needs to read it as it was meant."""
    parents = {u["id"]: u.get("parent", "") for u in document["codebook"].get("units", [])}
    return {
        "profile": PROFILE,
        "name": name.lower(),
        "title": title,
        "version": version,
        "resources": [_resource(table, parents) for table in tables],
    }


def _resource(table: Table, parents: Mapping[str, str]) -> dict[str, Any]:
    file: File = table.file
    return {
        "profile": "tabular-data-resource",
        "name": table.name.lower(),
        "title": table.label,
        "path": file.name,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": file.bytes,
        "hash": f"sha256:{file.sha256}",
        "dialect": {"delimiter": ",", "lineTerminator": "\n", "quoteChar": '"', "header": True},
        "schema": _schema(table, parents),
    }


def _schema(table: Table, parents: Mapping[str, str]) -> dict[str, Any]:
    """Missing codes are missing values of a unit's table; its fields say what each stands for."""
    missing = {code: None for column in table.columns for code in column.missing}
    schema: dict[str, Any] = {"fields": [_field(column) for column in table.columns]}
    schema["missingValues"] = ["", *missing]
    key = ["case"] if table.is_unit else KEYS.get(table.name)
    if key:
        schema["primaryKey"] = key
    if table.is_unit and (above := parents.get(table.name)):
        reference = {"resource": above.lower(), "fields": ["case"]}
        schema["foreignKeys"] = [{"fields": ["parent"], "reference": reference}]
    return schema


def _field(column: Column) -> dict[str, Any]:
    found: dict[str, Any] = {"name": column.name, "title": column.label, "type": _type(column)}
    if column.kind == "key":
        found["constraints"] = {"required": True}
    elif column.is_coded and column.labels:
        whole = found["type"] == "integer"
        found["constraints"] = {"enum": [int(c) if whole else c for c in column.labels]}
    for key in ("labels", "missing"):
        if told := getattr(column, key):
            found[key] = dict(told)
    return found


def _type(column: Column) -> str:
    if column.is_coded:
        return "integer" if column.labels and all(map(is_whole, column.labels)) else "string"
    return TYPES.get(column.kind, "string")
