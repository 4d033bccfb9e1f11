"""Names that Stata and SPSS take: at most 32 characters, no word of theirs, apart in any case."""

from __future__ import annotations

from collections.abc import Sequence

LONGEST = 32
# Stata's manual, section 11.3; SPSS's Command Syntax Reference, "Variable Names". Lower case.
TAKEN = frozenset(
    [
        *("_all", "_b", "byte", "_coef", "_cons", "double", "float", "if", "in", "int", "long"),
        *("_n", "_pi", "_pred", "_rc", "_skip", "str", "strl", "using", "with", "all", "and"),
        *("by", "eq", "ge", "gt", "le", "lt", "ne", "not", "or", "to"),
    ]
)


def names_of(names: Sequence[str]) -> dict[str, str]:
    """What each column is called there."""
    found: dict[str, str] = {}
    used: set[str] = set()
    for name in names:
        found[name] = _free(name, used)
        used.add(found[name].lower())
    return found


def renamed(names: Sequence[str]) -> dict[str, str]:
    """Those that are called otherwise there."""
    return {name: there for name, there in names_of(names).items() if name != there}


def _free(name: str, used: set[str]) -> str:
    short = name[:LONGEST]
    tries = 0
    while short.lower() in TAKEN | used or (short.startswith("_") and not tries):
        tries += 1
        short = f"{name.lstrip('_')[: LONGEST - 4]}_{tries}"
    return short
