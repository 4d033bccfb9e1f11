"""The form made from a codebook entry: what coders may post, and the form it is kept in."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.http import QueryDict
from django.utils.http import urlencode

from coding import codebooks
from coding.forms import CitationForm, ValueForm, split_states, state_code
from tests.conftest import World

STATES = {
    "2": "United States",
    "200": "United Kingdom",
    "220": "France",
    "255": "Germany",
    "732": "Korea, South",
    "678": "Yemen",
    "679": "Yemen",
}
Fill = Callable[..., ValueForm]


@pytest.fixture
def fill(world: World) -> Fill:
    """A form of the small codebook, filled in."""

    def form(name: str, **posted: object) -> ValueForm:
        states = codebooks.states_of(world.project.pk)
        data = QueryDict(urlencode(posted, doseq=True))
        return ValueForm(data, entry=world.entry(name), states=states)

    return form


def answer(form: ValueForm) -> object:
    return form.cleaned_data["text"] if form.is_valid() else form.complaints


@pytest.mark.parametrize(
    ("name", "posted", "kept"),
    [
        ("goal", "regime", "regime"),
        ("goal", "-77", "-77"),
        ("ended", "0", "0"),
        ("end_date", "28 Feb 1991", "1991-02-28"),
        ("end_date", "1991-02~", "1991-02~"),
        ("troops", " 0540 ", "540"),
        ("story", "Line one\r\nline two", "Line one\nline two"),
        ("partner_state", "United Kingdom (200)", "200"),
        ("partner_state", "france", "220"),
        ("goal", "", ""),
    ],
)
def test_an_answer_is_kept_in_its_written_form(
    fill: Fill, name: str, posted: str, kept: str
) -> None:
    assert answer(fill(name, text=posted)) == kept


@pytest.mark.parametrize(
    ("name", "posted", "complaint"),
    [
        ("goal", "Regime change", "“Regime change” is a label: write its code, regime."),
        ("end_date", "1991-02-31", "1991-02-31 does not exist in the calendar."),
        ("troops", "100001", "100001 is above the maximum, 100000."),
        ("story", "=cmd()", "It begins like a spreadsheet formula: begin with a word."),
        ("goal", "-88", "-88 is set by a skip rule and cannot be typed: leave it out."),
        (
            "partner_state",
            "Untied Kingdom",
            "“Untied Kingdom” is not in the state list. Did you mean United Kingdom?",
        ),
        ("partner_state", "Xyz", "“Xyz” is not in the state list. Choose one from the list."),
    ],
)
def test_what_breaks_a_rule_is_told_with_the_rule(
    fill: Fill, name: str, posted: str, complaint: str
) -> None:
    assert answer(fill(name, text=posted)) == [complaint]


def test_a_range_in_a_number_is_refused(fill: Fill) -> None:
    form = fill("troops", text="6,000-10,000")

    assert not form.is_valid()
    assert form.complaints[0].startswith("“6,000-10,000” is not a whole number")


def test_states_are_ticked_and_typed_in_one_answer(fill: Fill) -> None:
    form = fill("partners", text=["255", "200"], add="France; united states")

    assert answer(form) == "2;200;220;255"


@pytest.mark.parametrize("instead", ["none", "-99"])
def test_none_and_a_missing_code_stand_instead_of_a_set(fill: Fill, instead: str) -> None:
    assert answer(fill("partners", instead=instead)) == instead


def test_an_answer_and_a_missing_code_exclude_each_other(fill: Fill) -> None:
    assert answer(fill("troops", text="500", instead="-99")) == [
        "Both an answer and -99: keep one of the two."
    ]


def test_a_note_needs_an_answer_to_belong_to(fill: Fill) -> None:
    assert answer(fill("goal", note="Two histories differ.")) == [
        "A note and a certainty belong to an answer: give one, or one of the missing codes."
    ]


@pytest.mark.parametrize(("posted", "kept"), [("1", 1), ("4", 4), ("", None)])
def test_certainty_is_one_to_four_or_not_said(fill: Fill, posted: str, kept: int | None) -> None:
    form = fill("goal", text="regime", certainty=posted)

    assert form.is_valid()
    assert form.cleaned_data["certainty"] == kept


@pytest.mark.parametrize("posted", ["0", "5", "high"])
def test_another_certainty_is_refused_beside_the_field(fill: Fill, posted: str) -> None:
    form = fill("goal", text="regime", certainty=posted)

    assert not form.is_valid()
    assert [c.split(": ")[0] for c in form.complaints] == ["Certainty"]


def test_a_state_of_two_codes_has_to_be_written_as_a_code() -> None:
    with pytest.raises(ValueError, match="names several states: write the code, 678 or 679"):
        state_code("Yemen", STATES)


def test_commas_separate_states_unless_a_name_holds_one() -> None:
    typed = "200, France; Korea, South"

    assert list(split_states(typed, STATES)) == ["200", "France", "Korea, South"]


def test_a_citation_names_its_source() -> None:
    form = CitationForm(QueryDict("source=&locator=p.+3&quote="))

    assert not form.is_valid()
    assert form.complaints == ["Name the source: choose it from the list or write it out."]
