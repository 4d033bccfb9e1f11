"""How far a long piece of work is, for whoever waits for it; and the moment at which it counts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction


class Stopped(Exception):
    """The work was told to stop. What it wrote so far has no name yet, so nothing is half done."""


class Progress:
    """Of work that nobody watches. Work tells this after every block of rows."""

    def tell(self, done: int, of: int, doing: str = "") -> None:
        """So much is done. Raises Stopped where nobody wants the rest any more."""

    @contextmanager
    def finishing(self) -> Iterator[None]:
        """Around the rows that make the work count: all of them, or none."""
        with transaction.atomic():
            yield


UNWATCHED = Progress()
