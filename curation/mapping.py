"""The document fixtures/mapping.yaml, with a type for each of its parts."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TypedDict, cast

import yaml

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"

Reasons = dict[str, str]


class Ruling(TypedDict):
    """What one row's own text decides, against or beside its word; None leaves it to coders."""

    code: int | None
    because: str


class Words(TypedDict):
    """How the words of a column become codes of a variable."""

    variable: str
    codes: dict[str, int]
    left_to_coders: Reasons
    cases: dict[str, Ruling]


class Ends(TypedDict):
    ongoing: int
    ended: int
    successor_within_days: int
    cases: dict[str, Ruling]


class Contributions(TypedDict):
    codes: dict[str, int]
    only_in_combat: dict[str, int]
    left_to_coders: Reasons


class Classes(TypedDict):
    combat: int
    persons: int
    access: int
    money: int
    means_persons: list[str]
    means_access: str
    means_money: str
    cases: dict[str, Ruling]


class Combat(TypedDict):
    always: list[str]
    types: list[str]
    also: dict[str, Reasons]
    but_not: dict[str, Reasons]


class NoteRule(TypedDict):
    variable: str
    words: str


class Interventions(TypedDict):
    file: str
    coder: str
    unit: str
    for_the_row: Reasons
    as_it_stands: dict[str, str]
    notes: dict[str, str]
    by_rule: Reasons
    end_status: Ends
    by_word: dict[str, Words]
    not_mapped: Reasons


class Partners(TypedDict):
    file: str
    coder: str
    unit: str
    for_the_row: Reasons
    as_it_stands: dict[str, str]
    by_rule: Reasons
    contribution_types: Contributions
    partner_class: Classes
    combat: Combat
    note_on: list[NoteRule]
    not_mapped: Reasons


class Roster(TypedDict):
    variable: str


class DataSet(TypedDict):
    coder: str
    source: str
    locator: str
    note: str


class ThreeSources(TypedDict):
    file: str
    unit: str
    variable: str
    for_the_row: Reasons
    coders: dict[str, DataSet]
    not_mapped: Reasons


class Rules(TypedDict):
    """The whole document."""

    certainty: dict[str, int]
    interventions: Interventions
    roster: Roster
    partners: Partners
    three_sources: ThreeSources


@cache
def rules() -> Rules:
    return cast(Rules, yaml.safe_load((FIXTURES / "mapping.yaml").read_text(encoding="utf-8")))
