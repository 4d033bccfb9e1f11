"""Rows that the database itself refuses to change: triggers for SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import RunPython
from django.db.migrations.state import StateApps

Operate = Callable[[StateApps, BaseDatabaseSchemaEditor], None]


def freeze(table: str, acts: Sequence[str], when: str, message: str) -> RunPython:
    """A migration step: `acts` on `table` fail with `message` where the SQL `when` is true.

    `when` reads the row as OLD (UPDATE, DELETE) or NEW (INSERT); write it as {row}.
    """
    return RunPython(_create(table, acts, when, message), _drop(table, acts))


def _create(table: str, acts: Sequence[str], when: str, message: str) -> Operate:
    def create(apps: StateApps, schema: BaseDatabaseSchemaEditor) -> None:
        for act in acts:
            name = f"frozen_{table}_{act.lower()}"
            condition = when.format(row="NEW" if act == "INSERT" else "OLD")
            for statement in _statements(schema.connection.vendor, name, table, act, condition):
                schema.execute(statement.replace("MESSAGE", message))

    return create


def _statements(vendor: str, name: str, table: str, act: str, condition: str) -> list[str]:
    if vendor == "sqlite":
        return [
            f"CREATE TRIGGER {name} BEFORE {act} ON {table} WHEN {condition} "
            "BEGIN SELECT RAISE(ABORT, 'MESSAGE'); END"
        ]
    back = "OLD" if act == "DELETE" else "NEW"
    return [
        f"CREATE FUNCTION {name}() RETURNS trigger AS $$ BEGIN IF {condition} THEN "
        f"RAISE EXCEPTION 'MESSAGE' USING ERRCODE = 'integrity_constraint_violation'; END IF; "
        f"RETURN {back}; END $$ LANGUAGE plpgsql",
        f"CREATE TRIGGER {name} BEFORE {act} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
    ]


def _drop(table: str, acts: Sequence[str]) -> Operate:
    def drop(apps: StateApps, schema: BaseDatabaseSchemaEditor) -> None:
        for act in acts:
            name = f"frozen_{table}_{act.lower()}"
            if schema.connection.vendor == "sqlite":
                schema.execute(f"DROP TRIGGER {name}")
            else:
                schema.execute(f"DROP FUNCTION {name}() CASCADE")

    return drop
