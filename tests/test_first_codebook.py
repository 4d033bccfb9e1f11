"""The first project's codebook: nothing of the draft lost, every expression sound."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any

import pytest
import yaml

from coding.expressions import Context, evaluate, holds, names
from curation import first_project
from tests.first import SHARED, Answers, as_row, codebook, domain, entries, needs_shared

KINDS = {
    "categorical": "category",
    "date_with_precision": "date",
    "state_reference": "state",
    "multi_select": "set",
}
IN_LOOPS = {"o", "p", "s"}


def test_the_codebook_has_65_variables_in_three_units() -> None:
    units = Counter(entry["unit"] for entry in entries().values())

    assert units == {"intervention": 31, "partner": 25, "objective": 9}
    assert len(codebook()["variables"]) == 65


def test_every_variable_stands_in_a_section_and_sections_are_contiguous() -> None:
    runs = [
        key for key, _ in itertools.groupby(entries().values(), lambda e: (e["unit"], e["section"]))
    ]

    assert len(runs) == len(set(runs))
    assert [section for unit, section in runs if unit == "intervention"] == [
        "Identity",
        "Dates and place",
        "Operation",
        "Threat and demand",
        "Mandate",
        "Coalition",
        "Outcome",
    ]


def test_every_category_has_a_code_and_a_label_and_no_stray_words() -> None:
    allowed = {"code", "label", "definition", "include", "exclude", "example", "counter_example"}
    categories = [c for entry in entries().values() for c in entry.get("categories", [])]

    assert [c for c in categories if not {"code", "label"} <= set(c) <= allowed] == []
    assert [c for c in categories if None in c.values()] == []


def test_who_sets_which_missing_code_is_said() -> None:
    codes = codebook()["codebook"]["missing_codes"]

    assert {m["code"]: m["set_by"] for m in codes} == {
        -66: "nobody",
        -77: "coder",
        -88: "rule",
        -99: "coder",
    }
    assert [m["code"] for m in codes if m.get("note_required")] == [-77]


def expressions() -> list[tuple[str, str]]:
    found = []
    for entry in entries().values():
        found += [(entry["name"], check["expr"]) for check in entry.get("checks", [])]
        found += [(entry["name"], entry["skip"]["if"])] if "skip" in entry else []
        found += [(entry["name"], entry["derive"])] if "derive" in entry else []
    return found


def test_every_expression_compiles_and_reads_only_what_its_unit_can_see() -> None:
    unknown = []
    for name, text in expressions():
        unit = entries()[name]["unit"]
        seen = {e["name"] for e in entries().values() if e["unit"] == unit}
        below = {"partner", "objective"}
        around = {"siblings", "intervention"} if unit != "intervention" else below
        unknown += [(name, each) for each in names(text) - seen - around - IN_LOOPS]

    assert unknown == []
    assert len(expressions()) == 35


@pytest.mark.parametrize(
    ("state", "region"),
    [("2", 1), ("199", 1), ("200", 2), ("399", 2), ("400", 3), ("660", 4), ("700", 5)],
)
def test_the_region_follows_from_the_state(state: str, region: int) -> None:
    assert (
        evaluate(entries()["location_region"]["derive"], Context(as_row({"location_state": state})))
        == region
    )


def test_the_region_is_unknown_while_the_state_is() -> None:
    derive = entries()["location_region"]["derive"]

    assert evaluate(derive, Context(as_row({}))) is None
    assert evaluate(derive, Context(as_row({"location_state": "-99"}))) is None


def test_every_listed_region_is_the_computed_one() -> None:
    derive = entries()["location_region"]["derive"]
    labels = domain("location_region").categories

    wrong = [
        row["intervention_id"]
        for row in first_project.read_interventions()
        if labels[str(evaluate(derive, Context(as_row({"location_state": row["location_cow"]}))))]
        != row["region"]
    ]

    assert wrong == []


@pytest.mark.parametrize(
    ("state", "place", "answer"),
    [("51", "55", 1), ("200", "55", 0), ("750", "712", 1), ("51", "-99", None), ("51", None, None)],
)
def test_the_home_region_compares_the_partner_with_the_place(
    state: str, place: str | None, answer: int | None
) -> None:
    above = as_row({"location_state": place} if place else {})
    here = Context(as_row({"partner_state": state}), {"intervention": above})

    assert evaluate(entries()["in_home_region"]["derive"], here) == answer


def share(us: str | None, *siblings: Answers) -> object | None:
    above = as_row({"us_peak_personnel": us} if us else {})
    rows = [as_row(answers) for answers in siblings]
    return evaluate(
        entries()["contribution_share"]["derive"], Context(rows[0], {"intervention": above}, rows)
    )


def test_the_share_counts_all_who_sent_persons_and_needs_all_their_strengths() -> None:
    fighting = {"partner_class": "5", "peak_personnel": "1000"}
    paying = {"partner_class": "2"}

    assert share("2500", fighting, {"partner_class": "4", "peak_personnel": "500"}, paying) == 0.25
    assert share("2500", fighting, {"partner_class": "4"}) is None
    assert share("2500", fighting, {"partner_class": "4", "peak_personnel": "-99"}) is None
    assert share("2500", fighting, {"peak_personnel": "500"}) is None
    assert share(None, fighting) is None


def test_one_objective_is_the_main_one() -> None:
    check = entries()["objective_priority"]["checks"][0]["expr"]
    main, minor = as_row({"objective_priority": "1"}), as_row({"objective_priority": "3"})

    assert holds(check, Context(main, siblings=[main, minor])) is True
    assert holds(check, Context(main, siblings=[main, main])) is False
    assert holds(check, Context(minor, siblings=[minor, as_row({})])) is None


CORRECTED = {
    ("location_state", "rule"),
    ("location_state", "example"),
    ("partner_state", "rule"),
    ("coalition_timing", "type"),
    ("contribution_share", "rule"),
    ("contribution_share", "skip"),
    *((name, "checks") for name in ("intervention_name", "partners", "partner_state")),
    *((name, "section") for name in entries()),
    *((name, "filter") for name in ("operation_type", "coalition", "partner_class")),
    *((name, "derive") for name in ("location_region", "in_home_region", "contribution_share")),
    *((name, "derive") for name in ("defence_pact_with_us", "joint_exercises_5y")),
}


@needs_shared
def test_the_codebook_loses_nothing_of_the_draft() -> None:
    draft = yaml.safe_load((SHARED / "codebook.yaml").read_text("utf-8"))
    changed = set()
    for old in draft["variables"]:
        old["type"] = KINDS.get(old["type"], old["type"])
        old["categories"] = [mended(category) for category in old.get("categories", [])]
        new: dict[str, Any] = {"categories": []} | entries()[old["name"]]
        changed |= {(old["name"], k) for k in {*old, *new} if old.get(k) != new.get(k)}

    assert changed == CORRECTED
    assert {h["id"] for h in draft["hypotheses"]} == {h["id"] for h in codebook()["hypotheses"]}
    assert draft["note_on_nonjoiners"] == codebook()["note_on_nonjoiners"]
    head, old_head = codebook()["codebook"], draft["codebook"]
    assert {k for k in old_head if head.get(k) != old_head[k]} == {
        "units",
        "missing_codes",
        "status",
    }


def mended(category: dict[str, Any]) -> dict[str, Any]:
    """The draft's category with the half of its label that an unquoted comma cut off."""
    halves = [key for key, value in category.items() if value is None]
    kept = {key: value for key, value in category.items() if value is not None}
    return kept | {"label": ", ".join([kept["label"], *halves])}
