"""Where a case stands in the queue of disputes, and which come before and after it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, reduce
from operator import or_

from django.db.models import Count, Q

from coding import blind
from coding.disputes import Queue
from coding.filters import ORDER
from coding.models import Case


class Place:
    """Where a case stands in the queue, whether or not it has a dispute left, and its neighbours.

    Its neighbours are looked for only where they are shown. In an order of its own,
    the queue goes from case to case as its rows do.
    """

    def __init__(self, queue: Queue, case: Case) -> None:
        self._disputes, self._case = queue.narrowed, case
        self._in_order = _cases_in(queue) if queue.asked.sort else None
        self._key = (
            case.root.key if case.root else case.key,
            case.unit.position,
            case.key,
            case.pk,
        )
        counted = self._disputes.order_by().aggregate(
            disputes=Count("pk"),
            cases=Count("case", distinct=True),
            before=Count("case", distinct=True, filter=_beyond(self._key, "lt")),
        )
        self.of: int = counted["cases"]
        self.disputes: int = counted["disputes"]
        self._before: int = counted["before"]

    @property
    def number(self) -> int:
        """The how manieth case this is, or would be."""
        if self._in_order is not None and self._case.pk in self._in_order:
            return self._in_order.index(self._case.pk) + 1
        return self._before + 1

    @cached_property
    def previous(self) -> int | None:
        if self._in_order is not None:
            return self._beside(-1)
        back = [f"-{name}" for name in ORDER]
        return self._first(self._disputes.filter(_beyond(self._key, "lt")).order_by(*back))

    @cached_property
    def next(self) -> int | None:
        if self._in_order is not None:
            return self._beside(1)
        return self._first(self._disputes.filter(_beyond(self._key, "gt")).order_by(*ORDER))

    def _beside(self, step: int) -> int | None:
        """The case before or behind; where this one has no dispute left, the first is next."""
        listed = self._in_order or []
        at = listed.index(self._case.pk) + step if self._case.pk in listed else step - 1
        return listed[at] if 0 <= at < len(listed) else None

    def _first(self, found: blind.Cells) -> int | None:
        return found.values_list("case", flat=True).first()


def _cases_in(queue: Queue) -> list[int]:
    """The cases in the order in which the sorted queue first names them."""
    return list(dict.fromkeys(queue.sorted.values_list("case", flat=True)))


def _beyond(key: Sequence[object], direction: str) -> Q:
    """What comes before (lt) or after (gt) a key in ORDER."""
    levels, level = [], Q()
    for name, value in zip(ORDER, key, strict=True):
        levels.append(level & Q(**{f"{name}__{direction}": value}))
        level &= Q(**{name: value})
    return reduce(or_, levels)
