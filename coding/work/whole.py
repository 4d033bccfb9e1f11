"""A whole project as plain rows, for archives: closed codings too, so never for a screen.

Rows are numbered within the project, in the order in which they were made; what was deleted but
still has a past is numbered as well. So the same project gives the same rows in any database.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Field, ForeignKey, Model, Q, QuerySet

from coding.models import (
    Batch,
    Bypass,
    Case,
    Category,
    Cell,
    Certification,
    Citation,
    Claim,
    Codebook,
    Coding,
    Comment,
    Design,
    Entry,
    FirstAnswer,
    Gold,
    Ground,
    Inquiry,
    Member,
    MissingCode,
    Move,
    Notice,
    Precedent,
    Project,
    Proposal,
    Recoding,
    Review,
    SavedView,
    SecondLook,
    Series,
    Source,
    State,
    Unit,
    Value,
    Variable,
    Verification,
    Vote,
    VoteGround,
    Waiver,
)

Plain = dict[str, Any]  # a row of JSON
Rows = QuerySet[Any, Any]

# In this order they can be written back: what is referred to comes first.
MODELS: dict[str, type[Model]] = {
    "project": Project,
    "members": Member,
    "states": State,
    "units": Unit,
    "variables": Variable,
    "codebooks": Codebook,
    "missing_codes": MissingCode,
    "entries": Entry,
    "categories": Category,
    "cases": Case,
    "sources": Source,
    "series": Series,
    "designs": Design,
    "codings": Coding,
    "asks": Coding.asks.through,
    "values": Value,
    "citations": Citation,
    "recodings": Recoding,
    "batches": Batch,
    "cells": Cell,
    "grounds": Ground,
    "first_answers": FirstAnswer,
    "precedents": Precedent,
    "proposals": Proposal,
    "second_looks": SecondLook,
    "votes": Vote,
    "vote_grounds": VoteGround,
    "bypasses": Bypass,
    "reviews": Review,
    "verifications": Verification,
    "comments": Comment,
    "inquiries": Inquiry,
    "notices": Notice,
    "moves": Move,
    "gold": Gold,
    "certifications": Certification,
    "waivers": Waiver,
    "claims": Claim,
    "saved_views": SavedView,
}
# The way from a row to what holds it.
HOLDERS = {
    "members": ("project", "project"),
    "states": ("project", "project"),
    "units": ("project", "project"),
    "variables": ("unit", "units"),
    "codebooks": ("project", "project"),
    "missing_codes": ("codebook", "codebooks"),
    "entries": ("variable", "variables"),
    "categories": ("entry", "entries"),
    "cases": ("unit", "units"),
    "sources": ("project", "project"),
    "series": ("project", "project"),
    "designs": ("project", "project"),
    "codings": ("case", "cases"),
    "asks": ("coding", "codings"),
    "values": ("coding", "codings"),
    "citations": ("value", "values"),
    "recodings": ("codebook", "codebooks"),
    "batches": ("project", "project"),
    "cells": ("case", "cases"),
    "grounds": ("cell", "cells"),
    "first_answers": ("cell", "cells"),
    "precedents": ("cell", "cells"),
    "proposals": ("project", "project"),
    "second_looks": ("project", "project"),
    "votes": ("cell", "cells"),
    "vote_grounds": ("vote", "votes"),
    "bypasses": ("project", "project"),
    "reviews": ("project", "project"),
    "verifications": ("review", "reviews"),
    "comments": ("cell", "cells"),
    "inquiries": ("comment", "comments"),
    "notices": ("comment", "comments"),
    "moves": ("comment", "comments"),
    "gold": ("case", "cases"),
    "certifications": ("member", "members"),
    "waivers": ("case", "cases"),
    "claims": ("case", "cases"),
    "saved_views": ("member", "members"),
}


@dataclass(frozen=True)
class Table:
    """The rows of a project in one table, and their past where the table keeps one."""

    name: str
    rows: Rows
    past: Rows | None


def past_of(model: type[Model]) -> type[Model] | None:
    """The model of a table's history."""
    history = getattr(model, "history", None)
    return history.model if history else None


def tables(project: Project) -> list[Table]:
    """Every table of a project, each in the order in which its rows were made."""
    found: dict[str, Table] = {}
    for name, model in MODELS.items():
        living, gone = Q(pk=project.pk), Q(id=project.pk)
        if name in HOLDERS:
            way, holder = HOLDERS[name]
            living = Q(**{f"{way}__in": found[holder].rows.values("pk")})
            gone = _held_by(way, found[holder])
        rows = model._default_manager.filter(living).order_by("pk")
        history = past_of(model)
        past = history._default_manager.filter(gone).order_by("history_id") if history else None
        found[name] = Table(name, rows, past)
    return list(found.values())


def _held_by(way: str, holder: Table) -> Q:
    """What a row held that is there, or one that was there."""
    there = Q(**{f"{way}_id__in": holder.rows.order_by().values("pk")})
    if holder.past is None:
        return there
    return there | Q(**{f"{way}_id__in": holder.past.order_by().values("id")})


# ------------------------------------------------------------------ numbers


class Numbers:
    """For each table, the number of a row within the project: its place among all its rows."""

    def __init__(self, listed: Sequence[Table]) -> None:
        self.names = {table.rows.model: table.name for table in listed}
        found: dict[str, set[int]] = {table.name: set() for table in listed}
        for table in listed:
            found[table.name].update(table.rows.values_list("pk", flat=True))
            if table.past is not None:
                self._remember(table.name, table.past, found)
        self.keys = {name: sorted(keys) for name, keys in found.items()}

    def _remember(self, name: str, past: Rows, found: dict[str, set[int]]) -> None:
        """Rows that only the past knows, and those that it refers to."""
        found[name].update(past.values_list("id", flat=True))
        for field in past.model._meta.concrete_fields:
            if isinstance(field, ForeignKey) and field.related_model in self.names:
                keys = past.order_by().values_list(field.attname, flat=True).distinct()
                found[self.names[field.related_model]].update(key for key in keys if key)

    def number(self, name: str, key: int) -> int:
        place = bisect_left(self.keys[name], key)
        if self.keys[name][place : place + 1] != [key]:
            raise LookupError(f"A row refers to {name} of another project.")
        return place + 1

    def counts(self) -> dict[str, int]:
        return {name: len(keys) for name, keys in self.keys.items()}


# ------------------------------------------------------------------ rows


def fields_of(model: type[Model]) -> list[Field[Any, Any]]:
    """What is written of a row. A past row's own number is its place in the file."""
    return [f for f in model._meta.concrete_fields if f.name != "history_id"]


def people_in(model: type[Model]) -> list[str]:
    """The columns that name a person."""
    fields = (f for f in fields_of(model) if isinstance(f, ForeignKey))
    return [field.name for field in fields if field.related_model is User]


def plain_rows(rows: Rows, numbers: Numbers, accounts: Mapping[int, str]) -> Iterator[Plain]:
    """Rows as JSON: references by number, people by username, moments in UTC."""
    fields = fields_of(rows.model)
    name = numbers.names.get(_living(rows.model), "")
    values = rows.values_list(*(field.attname for field in fields))
    for row in values.iterator(chunk_size=2_000):
        yield {
            field.name: _plain(field, value, name, numbers, accounts)
            for field, value in zip(fields, row, strict=True)
        }


def _living(model: type[Model]) -> type[Model]:
    """The table whose past this is; a table is its own."""
    living: type[Model] = getattr(model, "instance_type", model)
    return living


def _plain(
    field: Field[Any, Any], value: Any, name: str, numbers: Numbers, accounts: Mapping[int, str]
) -> object:
    if value is None:
        return None
    if field.name == "id":
        return numbers.number(name, value)
    if isinstance(field, ForeignKey):
        if field.related_model is User:
            return accounts.get(value)  # None where the past names a deleted account
        return numbers.number(numbers.names[field.related_model], value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return format(value.normalize(), "f") if isinstance(value, Decimal) else value
