"""What one rule would rule on many disputes: worked out from what the coders said, in memory."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from coding import canonical
from coding.models import Batch, Entry

Rule = Batch.Rule


@dataclass(frozen=True)
class Said:
    """What one coder says of one cell."""

    text: str
    certainty: int | None


@dataclass(frozen=True)
class BulkRule:
    """A rule for many disputes: of at least so many coders, each sure enough to be followed."""

    rule: str
    coders: int = 3
    certainty: int | None = None

    @property
    def words(self) -> str:
        sure = f", certainty {self.certainty} or more" if self.certainty else ""
        return f"{Rule(self.rule).label}, of at least {self.coders} coders{sure}"

    def answer(self, said: Sequence[Said], entry: Entry) -> str | None:
        """What the rule takes of it; None where it takes nothing, and a person must look."""
        if len(said) < self.coders:
            return None
        if self.rule == Rule.CERTAIN:
            return self._surest(said, entry)
        if entry.domain.kind == "set" and not any(entry.domain.is_missing(s.text) for s in said):
            return self._by_member(said, entry)
        counts = Counter(s.text for s in said if self._is_sure(s))
        text, times = counts.most_common(1)[0] if counts else ("", 0)
        return text if times * 2 > len(said) else None

    def _is_sure(self, said: Said) -> bool:
        return not self.certainty or (said.certainty or 0) >= self.certainty

    def _surest(self, said: Sequence[Said], entry: Entry) -> str | None:
        """The answer of who is surer than all who say otherwise."""
        top = max((s.certainty or 0 for s in said), default=0)
        if not top or top < (self.certainty or 1):
            return None
        texts = {s.text for s in said if s.certainty == top}
        return texts.pop() if len(texts) == 1 else None

    def _by_member(self, said: Sequence[Said], entry: Entry) -> str | None:
        """The members that more than half list; nothing where the sure are not the most."""
        sure = [s for s in said if self._is_sure(s)]
        if len(sure) * 2 <= len(said):
            return None
        counts = Counter(code for s in sure for code in canonical.members(s.text))
        kept = {code for code, times in counts.items() if times * 2 > len(said)}
        if not kept and not entry.domain.can_be_empty:
            return None
        return canonical.join(kept)


@dataclass(frozen=True)
class Proposed:
    """A cell with the answer that a rule takes for it, as the cell stood then."""

    cell: int
    entry: Entry
    text: str
    since: datetime


def stamp(proposed: Sequence[Proposed]) -> str:
    """Changes as soon as one of the cells or one of the answers does."""
    each = sorted((p.cell, p.text, p.since.isoformat()) for p in proposed)
    return hashlib.sha256(repr(each).encode()).hexdigest()[:32]


def proposals(
    rule: BulkRule,
    cells: Sequence[tuple[int, int, int, datetime]],
    said: Mapping[tuple[int, int], Sequence[Said]],
    entries: Mapping[int, Entry],
) -> list[Proposed]:
    """What the rule takes for these cells (pk, case, variable, since). Rosters are left out.

    A roster decides which rows there are: one by one, never in bulk.
    """
    found = []
    for pk, case, variable, since in cells:
        entry = entries[variable]
        if entry.variable.roster_of_id:
            continue
        if (text := rule.answer(said.get((case, variable), ()), entry)) is not None:
            found.append(Proposed(pk, entry, text, since))
    return found
