"""A codebook document is checked whole: every fault with its place, several at once, no crash."""

from __future__ import annotations

import copy
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from coding import documents
from tests.conftest import DOCUMENT

Document = dict[str, Any]
Path_ = tuple[str | int, ...]
HEAD: Path_ = ("codebook",)


def at(name: str, *more: str | int) -> Path_:
    """The way to a variable of the small codebook, and into it."""
    names = [v["name"] for v in DOCUMENT["variables"]]
    return ("variables", names.index(name), *more)


def changed(*changes: tuple[Path_, Any]) -> Document:
    """The small codebook with other content in these places."""
    document = copy.deepcopy(DOCUMENT)
    for path, content in changes:
        holder: Any = document
        for key in path[:-1]:
            holder = holder[key]
        if content is GONE:
            del holder[path[-1]]
        else:
            holder[path[-1]] = content
    return document


GONE = object()


def faults(document: object) -> list[str]:
    return [str(problem) for problem in documents.problems(document)]


def test_the_small_codebook_is_sound() -> None:
    assert faults(DOCUMENT) == []


# ------------------------------------------------------------------ each fault with its place

TWO = [{"code": 1, "label": "One"}, {"code": 2, "label": "Two"}]


@pytest.mark.parametrize(
    ("path", "content", "fault"),
    [
        # the codebook and its units
        (("codebook", "title"), "", "codebook: needs a title."),
        (("codebook", "title"), 7, "codebook: title must be text"),
        (("codebook", "units"), [], "codebook.units: needs at least one unit of analysis."),
        (("codebook", "units"), "intervention", "codebook: units must be a list"),
        (("codebook", "units", 1, "id"), "objective", "codebook.units objective: is defined twice"),
        (("codebook", "units", 1), "partner", "codebook.units 2: must be a mapping."),
        (("codebook", "units", 1, "id"), GONE, "codebook.units 2: needs id."),
        (("codebook", "units", 1, "id"), "Partner", "codebook.units Partner: the name 'Partner'"),
        (("codebook", "units", 1, "id"), "siblings", "codebook.units siblings: the name siblings"),
        (("codebook", "units", 0, "parent"), "partner", "codebook.units intervention: parent must"),
        (
            ("codebook", "units", 1, "parent"),
            "war",
            "codebook.units partner: parent must be a unit",
        ),
        (("codebook", "units", 1, "rows"), "many", "codebook.units partner: rows must be one of"),
        (("codebook", "units", 0, "rows"), "numbered", "codebook.units intervention: rows are num"),
        (("codebook", "units", 0, "labl"), "X", "codebook.units intervention: key 'labl' is unkn"),
        # missing codes
        (
            ("codebook", "missing_codes", 0, "code"),
            -99,
            "codebook.missing_codes -99: is defined tw",
        ),
        (("codebook", "missing_codes", 0, "code"), "a b", "codebook.missing_codes a b: the code"),
        (("codebook", "missing_codes", 0, "code"), "−7", "codebook.missing_codes −7: the code"),
        (("codebook", "missing_codes", 0, "code"), GONE, "codebook.missing_codes 1: needs code."),
        (("codebook", "missing_codes", 0, "set_by"), "me", "codebook.missing_codes -77: set_by mu"),
        (("codebook", "missing_codes", 0, "counts_in_reliability"), True, "codebook.missing_codes"),
        (("codebook", "missing_codes", 0, "note_reqired"), True, "codebook.missing_codes -77: key"),
        # names, kinds and levels
        (at("goal", "name"), "ended", "variable ended: is defined twice."),
        (at("goal", "name"), "Goal", "variable Goal: the name 'Goal' must be lower-case letters"),
        (at("goal", "name"), 7, "variable 7: name must be text"),
        (at("goal", "name"), GONE, "variable no. 1: the name '' must be lower-case letters"),
        (at("goal", "name"), "partner", "variable partner: the name partner is that of a unit."),
        (at("goal", "name"), "in", "variable in: the name in is a word of the expression language"),
        (at("goal", "name"), "siblings", "variable siblings: the name siblings is a word of the e"),
        (
            at("goal", "unit"),
            "war",
            "variable goal: unit 'war' is not one of intervention, partner",
        ),
        (at("goal", "unit"), GONE, "variable goal: unit None is not one of intervention, partner"),
        (at("goal", "type"), "dates", "variable goal: type 'dates' is unknown: use categorical"),
        (at("goal", "type"), GONE, "variable goal: type None is unknown: use categorical"),
        (at("goal", "level"), "low", "variable goal: level 'low' is unknown: use nominal, ordinal"),
        (at("goal", "required"), "no", "variable goal: required must be true or false, not 'no'."),
        (at("goal", "label"), 1991, "variable goal: label must be text (in quotation marks if it"),
        (at("goal", "label"), "x" * 201, "variable goal: label is longer than 200 characters."),
        (at("goal", "rule"), None, "variable goal: rule is empty: leave the key out."),
        (
            at("goal", "rule"),
            date(1991, 2, 28),
            "variable goal.rule: must be text in quotation mar",
        ),
        (at("goal", "rule"), "a\x00b", "variable goal.rule: holds a control character: remove it."),
        (at("goal", "note"), float("nan"), "variable goal.note: is no number."),
        (at("goal", "rulle"), "X", "variable goal: key 'rulle' is unknown. Did you mean rule?"),
        (at("goal", "categorys"), [], "variable goal: key 'categorys' is unknown. Did you mean ca"),
        # categories
        (at("goal", "categories"), GONE, "variable goal: needs categories."),
        (at("goal", "categories"), "regime", "variable goal: categories must be a list"),
        (at("goal", "categories"), [None], "variable goal, category 1: must be a mapping."),
        (at("goal", "categories"), [*TWO, TWO[1]], "variable goal: two categories have the code 2"),
        (at("goal", "categories"), [{"code": 1}], "variable goal: every category needs a code and"),
        (at("goal", "categories"), [{"label": "One"}], "variable goal: every category needs a cod"),
        (at("goal", "categories", 0, "code"), -77, "variable goal: the code -77 is a missing code"),
        (at("goal", "categories", 0, "code"), "a;b", "variable goal: the code 'a;b' is empty or h"),
        (
            at("goal", "categories", 0, "code"),
            1.5,
            "variable goal, category 1.5: code must be a wh",
        ),
        (at("goal", "categories", 0, "labl"), "X", "variable goal, category regime: key 'labl' is"),
        (at("goal", "categories_from"), "goals", "variable goal: categories_from 'goals' is not a"),
        (at("goal", "exclusive"), ["war"], "variable goal: exclusive code war is not among its ca"),
        (at("goal", "exclusive"), "regime", "variable goal: exclusive must be a list."),
        # numbers, texts and references
        (at("troops", "min"), 200_000, "variable troops: min 200000 is above max 100000."),
        (at("troops", "min"), "0", "variable troops: min must be a number, not '0'."),
        (at("troops", "max"), True, "variable troops: max must be a number, not True."),
        (at("troops", "max"), 1e300, "variable troops: max is too large a number."),
        (at("troops", "min"), 1e-9, "variable troops: min 1e-09 has more than 8 decimal places."),
        (at("troops", "tolerance"), -1, "variable troops: tolerance -1 is below 0."),
        (at("story", "tolerance"), 1, "variable story: tolerance is for numbers and dates only."),
        (at("end_date", "min"), 1946, "variable end_date: min is for numbers only."),
        (at("story", "pattern"), "(", "variable story: The pattern ( is no regular expression"),
        (at("story", "pattern"), "a)|(b", "variable story: The pattern a)|(b is no regular expres"),
        (at("story", "pattern"), ["a"], "variable story: pattern must be text"),
        (at("partners", "reference"), "states", "variable partners: reference 'states' is unknown"),
        (at("goal", "reference"), "state", "variable goal: reference: state needs the type set or"),
        (at("partners", "reference"), GONE, "variable partners: needs categories, or reference"),
        (at("partners", "roster_of"), "war", "variable partners: roster_of 'war' is not a unit ri"),
        (at("partners", "roster_of"), "intervention", "variable partners: roster_of 'intervention"),
        (at("partner_state", "roster_of"), "objective", "variable partner_state: roster_of needs"),
        # skip, check and derive
        (at("end_date", "skip"), "ended == 0", "variable end_date: skip must be a mapping"),
        (at("end_date", "skip"), {"if": "ended == 0"}, "variable end_date, skip: needs then."),
        (at("end_date", "skip", "els"), 1, "variable end_date, skip: key 'els' is unknown."),
        (at("end_date", "skip", "if"), "ended = 0", "variable end_date, skip: Line 1, character"),
        (at("end_date", "skip", "if"), "endet == 0", "variable end_date, skip: endet is not a va"),
        (at("end_date", "skip", "then"), -66, "variable end_date, skip: then '-66' is not an answ"),
        (at("end_date", "skip", "then"), "1 May 1991", "variable end_date, skip: then '1 May 1991"),
        (at("troops", "skip"), {"if": "true", "then": -1}, "variable troops, skip: then '-1' is n"),
        (
            at("troops", "skip"),
            {"if": "true", "then": "007"},
            "variable troops, skip: then '007' mu",
        ),
        (at("goal", "checks"), {"expr": "true"}, "variable goal: checks must be a list"),
        (at("goal", "checks"), [{"expr": "true"}], "variable goal, check 1: needs message."),
        (at("strength", "checks", 0, "severity"), "firm", "variable strength, check 1: severity m"),
        (at("strength", "checks", 0, "massage"), "X", "variable strength, check 1: key 'massage' "),
        (at("strength", "checks", 0, "expr"), "intervention.troop > 1", "variable strength, check"),
        (
            at("share", "derive"),
            "share + 1.0",
            "variable share: its skip or derive rule depends on",
        ),
        (at("share", "derive"), "sum(siblings.map(s, s.share))", "variable share: its skip or de"),
        (
            at("share", "derive"),
            "sum(siblings.map(s, s.shar))",
            "variable share, derive: shar is no",
        ),
        (at("share", "derive"), "goal == 1", "variable share, derive: goal is not a variable of p"),
        (at("partner_state", "derive"), "200", "variable partner_state: derive cannot give a st"),
        (
            at("troops", "derive"),
            "partner.sent",
            "variable troops, derive: partner is a unit b",
        ),
        (
            at("share", "derive"),
            "median(strength)",
            "variable share, derive: median is not a funct",
        ),
        (at("share", "derive"), "x" * 1001, "variable share: derive is longer than 1000 character"),
    ],
)
def test_a_fault_is_told_with_its_place(path: Path_, content: Any, fault: str) -> None:
    found = faults(changed((path, content)))

    assert [f for f in found if f.startswith(fault)] != [], found


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        (None, "document: must be a mapping with the keys codebook and variables."),
        ("codebook", "document: must be a mapping with the keys codebook and variables."),
        ([], "document: must be a mapping with the keys codebook and variables."),
        ({}, "document: needs a mapping codebook and a list variables."),
        ({"codebook": {}, "variables": []}, "document: needs a mapping codebook and a list varia"),
        ({"codebook": [], "variables": [{}]}, "document: needs a mapping codebook and a list var"),
        ({"codebook": {}, "variables": {"goal": {}}}, "document: needs a mapping codebook and a l"),
        ({"codebook": {}, "variables": [1]}, "variable no. 1: must be a mapping."),
    ],
)
def test_what_is_no_codebook_is_told_so(document: object, fault: str) -> None:
    assert faults(document)[0].startswith(fault)


def test_every_fault_is_told_at_once_and_in_order() -> None:
    document = changed(
        (at("goal", "categories"), [*TWO, TWO[0], {"code": -77, "label": "Unclear"}]),
        (at("ended", "level"), "low"),
        (at("troops", "unit"), "war"),
        (("codebook", "title"), ""),
    )

    assert faults(document) == [
        "codebook: needs a title.",
        "variable goal: two categories have the code 1.",
        "variable goal: the code -77 is a missing code.",
        "variable ended: level 'low' is unknown: use nominal, ordinal, interval, ratio.",
        "variable troops: unit 'war' is not one of intervention, partner, objective.",
    ]


def test_every_fault_of_meaning_is_told_at_once() -> None:
    document = changed(
        (at("troops", "min"), 200_000),
        (at("story", "pattern"), "["),
        (at("end_date", "skip", "if"), "endet == 0 && gaol == 1"),
        (at("strength", "checks", 0, "expr"), "strength <= intervention.troups"),
    )

    assert [f.split(":")[0] for f in faults(document)] == [
        "variable end_date, skip",
        "variable end_date, skip",
        "variable troops",
        "variable story",
        "variable strength, check 1",
    ]


@pytest.mark.parametrize(
    ("rules", "circle"),
    [
        ({"ended": "troops == 0", "troops": "ended == 0"}, {"ended", "troops"}),
        ({"goal": "ended == 0", "ended": "story == ''", "story": "goal == 1"}, {"goal", "ended"}),
        ({"ended": "ended == 0"}, {"ended"}),
        ({"strength": "siblings.exists(s, s.strength == 1)"}, {"strength"}),
    ],
)
def test_skip_rules_that_turn_in_a_circle_are_refused(
    rules: dict[str, str], circle: set[str]
) -> None:
    document = changed(
        *((at(name, "skip"), {"if": text, "then": -88}) for name, text in rules.items())
    )

    told = {f for f in faults(document) if f.endswith("its skip or derive rule depends on itself.")}
    assert {
        f"variable {name}: its skip or derive rule depends on itself." for name in circle
    } <= told


def test_a_chain_of_skip_rules_is_no_circle() -> None:
    document = changed(
        (at("troops", "skip"), {"if": "ended == 0", "then": -88}),
        (at("story", "skip"), {"if": "troops == -88 || ended == 0", "then": -88}),
        (at("ended", "checks"), [{"expr": "ended == 0 || troops > 0", "message": "No troops."}]),
    )

    assert faults(document) == []


@pytest.mark.parametrize(
    "then", [("goal", "regime"), ("partners", "none"), ("partners", -99), ("troops", 0)]
)
def test_a_skip_rule_may_set_any_answer(then: tuple[str, Any]) -> None:
    name, answer = then

    assert faults(changed((at(name, "skip"), {"if": "ended == 0", "then": answer}))) == []


def test_a_skip_rule_sets_no_code_that_nobody_sets() -> None:
    document = changed((("codebook", "missing_codes", 1, "set_by"), "nobody"))

    assert faults(document) == [
        "variable end_date, skip: then -88 is a code that nobody sets.",
        "variable strength, skip: then -88 is a code that nobody sets.",
    ]


def test_a_set_has_no_category_that_is_called_none() -> None:
    document = changed((at("goal", "type"), "set"), (at("goal", "categories", 0, "code"), "none"))

    assert faults(document) == ["variable goal: the code none means that no category holds."]


# ------------------------------------------------------------------ labels cut by YAML


def test_labels_that_an_unquoted_comma_cut_are_put_together_again() -> None:
    cut = yaml.safe_load(
        "{codebook: {}, variables: [{categories: ["
        "{code: 10, label: Advice, training or support, definition: No combat},"
        "{code: 8, label: Citizens, forces, property}]}]}"
    )

    categories = documents.mended(cut)["variables"][0]["categories"]

    assert categories == [
        {"code": 10, "label": "Advice, training or support", "definition": "No combat"},
        {"code": 8, "label": "Citizens, forces, property"},
    ]


@pytest.mark.parametrize(
    "variables", [None, 7, "text", {}, [None], [7], [{"categories": 7}], [{"categories": [None]}]]
)
def test_mending_leaves_what_is_no_category_alone(variables: Any) -> None:
    document = {"variables": variables}

    assert documents.mended(document) == document


SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "codebook.yaml"


@pytest.mark.skipif(not SHARED.exists(), reason="../shared is not beside this checkout")
def test_the_draft_codebook_that_the_first_project_began_with_is_sound() -> None:
    document = documents.mended(yaml.safe_load(SHARED.read_text("utf-8")))

    assert faults(document) == []


# ------------------------------------------------------------------ what looks across units


def named(name: str, unit: str = "intervention") -> Document:
    return {"name": name, "unit": unit, "type": "text", "label": "Told"}


@pytest.mark.parametrize("part", ["earliest", "latest", "precision"])
def test_no_variable_takes_the_name_of_a_column_that_a_release_writes_beside_a_date(
    part: str,
) -> None:
    document = changed()
    document["variables"].append(named(f"end_date_{part}"))

    assert faults(document) == [
        f"variable end_date_{part}: a release writes the date end_date in a column of this name: "
        "take another."
    ]


def test_in_the_table_of_another_unit_or_beside_another_kind_the_name_is_free() -> None:
    document = changed()
    document["variables"] += [named("end_date_latest", "partner"), named("story_latest")]

    assert faults(document) == []


@pytest.mark.parametrize(
    ("path", "content", "fault"),
    [
        (
            at("end_date", "skip", "if"),
            "partner.size() == 0",
            "variable end_date, skip: partner is a unit below intervention: only a check may read "
            "its rows.",
        ),
        (
            at("end_date", "skip", "if"),
            "in_system(2, end_date)",
            "variable end_date, skip: in_system is for checks only: the list of states may "
            "change, the rule may not.",
        ),
        (
            at("strength", "checks", 0, "expr"),
            "objective.size() == 1",
            "variable strength, check 1: objective is not a variable of partner nor a unit above "
            "or right below it.",
        ),
        (
            at("strength", "checks", 0, "expr"),
            "intervention.partners.size() > 1 && siblings == []",
            "variable strength, check 1: siblings can only be counted and looped over, as "
            "siblings.size().",
        ),
        (
            at("goal", "checks"),
            [{"expr": "[partner].size() == 1", "message": "No."}],
            "variable goal, check 1: partner can only be counted and looped over, as "
            "partner.size().",
        ),
        (
            at("goal", "checks"),
            [{"expr": "partners.map(p, partner.size()) == []", "message": "No."}],
            "variable goal, check 1: Inside a loop there can be no partner: it could run too long.",
        ),
        (
            at("goal", "checks"),
            [{"expr": "partner.exists(p, p.goal == 'x')", "message": "No."}],
            "variable goal, check 1: p.goal: goal is not a variable of partner.",
        ),
    ],
)
def test_what_a_rule_may_not_read_across_units_is_told(
    path: Path_, content: Any, fault: str
) -> None:
    assert [f for f in faults(changed((path, content))) if "depends on" not in f] == [fault]
