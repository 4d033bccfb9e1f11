"""What is asked of reliability: whose codings, of which cases, and what a missing code counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

Who = Literal["people", "machines", "everybody"]
Missing = Literal["rule", "exclude", "as-category"]


@dataclass(frozen=True)
class Asked:
    """A question to reliability; without arguments, what a methods section reports.

    who       people; machines (earlier data sets that were read in); everybody, both together.
    missing   rule: as the codebook says of each code; exclude: no missing code counts;
              as-category: every code that a coder chose is one more category.
    codebook  the number of one: its entries, and only what was coded under it. None: the entries
              of the current one, whatever the codebook they were coded under.
    unit      the name of a unit of analysis: its variables only.
    cases     filters of the list of cases (region, period, q, work, an entry's name): a family
              counts when its case passes, a row below a case also by itself.
    """

    who: Who = "people"
    missing: Missing = "rule"
    codebook: int | None = None
    unit: str = ""
    cases: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Asked:
        """From the address of a page; what it does not know is a filter of cases."""
        who, missing, number = query.get("who"), query.get("missing"), query.get("codebook", "")
        own = ("who", "missing", "codebook", "unit", "page")
        return cls(
            who=next((each for each in get_args(Who) if each == who), "people"),
            missing=next((each for each in get_args(Missing) if each == missing), "rule"),
            codebook=int(number) if number.isdecimal() and len(number) < 6 else None,
            unit=query.get("unit", ""),
            cases={k: v for k, v in query.items() if v and k not in own},
        )
