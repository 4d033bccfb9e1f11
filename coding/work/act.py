"""An act is one transaction; an act within an act is a part of it."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import transaction

P = ParamSpec("P")
R = TypeVar("R")
_within: ContextVar[bool] = ContextVar("within an act", default=False)


def act(function: Callable[P, R]) -> Callable[P, R]:
    """Do all of it or nothing.

    An act within an act makes no savepoint: either both are done or neither. PostgreSQL keeps
    each savepoint's row locks apart, and an import of thousands of values would wait for that.
    """

    @wraps(function)
    def done(*args: P.args, **kwargs: P.kwargs) -> R:
        with transaction.atomic(savepoint=not _within.get()):
            outside = _within.set(True)
            try:
                return function(*args, **kwargs)
            finally:
                _within.reset(outside)

    return done
