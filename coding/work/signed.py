"""Every row is saved with its history: what changed, why, and who did it."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Model, QuerySet
from django.utils import timezone


def sign(row: Model, *, why: str, by: User | None = None) -> None:
    """Name the reason, and the person where no request does, for the row's next history line."""
    setattr(row, "_change_reason", why or None)  # noqa: B010
    if by is not None:
        setattr(row, "_history_user", by)  # noqa: B010


def save(row: Model, *, why: str, by: User | None = None) -> None:
    """Save a row with the reason in its history."""
    sign(row, why=why, by=by)
    row.save()


def delete(row: Model, *, why: str, by: User | None = None) -> None:
    """Delete a row; its history, and the reason, stay."""
    sign(row, why=why, by=by)
    row.delete()


def remember(rows: QuerySet[Any], *, why: str, by: User | None = None) -> None:
    """Write the first history line of rows just made in bulk, by the database itself.

    Whatever columns a row has, its history has as well: they are read from the models.
    """
    past = rows.model.history.model
    tracked = past.tracked_fields
    plain = rows.order_by("pk").values_list(*(field.attname for field in tracked))
    said, values = plain.query.sql_with_params()
    quoted = connection.ops.quote_name
    signs = ("history_date", "history_type", "history_change_reason", "history_user_id")
    columns = ", ".join(quoted(name) for name in [*(f.column for f in tracked), *signs])
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {quoted(past._meta.db_table)} ({columns}) "  # noqa: S608 - own names
            f"SELECT made.*, %s, '+', %s, %s FROM ({said}) made",
            [now, why or None, by.pk if by else None, *values],
        )
