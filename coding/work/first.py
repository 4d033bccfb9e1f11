"""Answering first: what an adjudicator says of a dispute before the columns are shown."""

from __future__ import annotations

from django.contrib.auth.models import User

from coding.errors import Refused
from coding.models import Cell, FirstAnswer
from coding.work import cells
from coding.work.act import act


@act
def answer_first(*, cell: Cell, text: str, by: User) -> FirstAnswer:
    """Keep what somebody says of a dispute unseen. It is said once, and it settles nothing."""
    cell = cells.held(cell, by)
    if cell.status != Cell.Status.DISPUTED:
        raise Refused("Only what is disputed is answered first: this cell is settled.")
    found, _ = FirstAnswer.objects.get_or_create(cell=cell, by=by, defaults={"text": text})
    return found
