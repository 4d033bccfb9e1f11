"""What reference series say of a state at the start of a case: columns of the risk set."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from coding.models import Series
from coding.series import Lookup


class Covariate:
    """One series, asked with the place of a case or with those that lead it."""

    def __init__(self, series: Series) -> None:
        self.name, self.lookup = series.name, Lookup(series)

    def of(self, state: str, start: str, target: str, leads: Iterable[str]) -> str:
        """The value at the first day of a start, or "" where nothing is known or it is missing.

        Of a pair with several leading states, the largest.
        """
        pair = self.lookup.pair
        if pair == Series.With.TARGET:
            others: Sequence[str] = [target] if target else []
        else:
            others = sorted(leads) if pair == Series.With.LEADS else [""]
        rows = [row for other in others if (row := self.lookup.at(state, other, start))]
        return max((row.text for row in rows if not row.is_missing), key=float, default="")
