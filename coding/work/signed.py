"""Every row is saved with its history: what changed, why, and who did it."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db.models import Model


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
