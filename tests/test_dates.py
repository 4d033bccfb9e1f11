"""Dates: every way to write one, and the `edtf` package as the judge of what it means."""

from __future__ import annotations

import math
import warnings
from calendar import monthrange
from collections.abc import Callable
from time import struct_time

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from coding.canonical import Domain, Invalid, bounds, parse

with warnings.catch_warnings():  # the judge's own grammar warns while it is built
    warnings.simplefilter("ignore")
    from edtf import parse_edtf

DATE = Domain("date", missing={"-99": "Unknown"})

quick = settings(deadline=None, max_examples=150)


@pytest.mark.parametrize(
    ("raw", "written"),
    [
        ("1991", "1991"),
        ("1991-02", "1991-02"),
        ("1991-02-28", "1991-02-28"),
        ("1991-02~", "1991-02~"),
        ("1991?", "1991?"),
        ("1990-08-02/1990-08-09", "1990-08-02/1990-08-09"),
        ("1990-08 / ..", "1990-08/.."),
        ("../1990", "../1990"),
        ("1991-02-28/1991-02-28", "1991-02-28"),
        ("28 Feb 1991", "1991-02-28"),
        ("28. February, 1991", "1991-02-28"),
        ("Sept. 1991~", "1991-09~"),
        ("-99", "-99"),
    ],
)
def test_a_date_is_brought_into_its_written_form(raw: str, written: str) -> None:
    assert parse(raw, DATE) == written


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        ("1991-02-31", "1991-02-31 does not exist in the calendar."),
        ("31 Feb 1991", "1991-02-31 does not exist in the calendar."),
        ("1991-13", "1991-13 does not exist in the calendar."),
        ("0 Feb 1991", "1991-02-00 does not exist in the calendar."),
        ("1900-02-29", "1900-02-29 does not exist in the calendar."),
        ("0000", "The year 0000 does not exist."),
        ("0000-01/1991", "The year 0000 does not exist."),
        ("1991-05/1991-03", "“1991-05/1991-03” ends before it begins."),
        ("../..", "“../..” is not a date"),
        ("..", "“..” is not a date"),
        ("1991/", "“” is not a date"),
        ("1990/1991/1992", "“1990/1991/1992” is not a date"),
        ("１９９１", "“１９９１” is not a date"),
        ("Marathon 1991", "“Marathon 1991” is not a date"),
        ("Decade 1990", "“Decade 1990” is not a date"),
        ("1991~?", "“1991~?” is not a date"),
        ("28/02/1991", "“28/02/1991” is not a date"),
    ],
)
def test_what_is_no_date_is_refused_with_the_rule_it_breaks(raw: str, why: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse(raw, DATE)

    assert str(refused.value).startswith(why)


@st.composite
def points(draw: st.DrawFn) -> str:
    year = draw(st.integers(1, 9999))
    month = draw(st.integers(1, 12))
    day = draw(st.integers(1, monthrange(year, month)[1]))
    date = f"{year:04d}-{month:02d}-{day:02d}"
    return date[: draw(st.sampled_from([4, 7, 10]))] + draw(st.sampled_from(["", "~", "?", "%"]))


@st.composite
def dates(draw: st.DrawFn) -> str:
    """A written date: a point, or a range that does not end before it begins."""
    ends = [draw(points() | st.just("..")) for _ in range(draw(st.integers(1, 2)))]
    assume(set(ends) != {".."})
    assume(".." in ends or bounds(ends[0])[0] <= bounds(ends[-1])[1])
    return "/".join(ends)


@quick
@given(dates(), dates())
def test_dates_have_the_same_form_just_when_they_mean_the_same(a: str, b: str) -> None:
    def meaning(text: str) -> tuple[object, ...]:
        ends = [(bounds(end)[:2], end[-1:]) if end != ".." else end for end in text.split("/")]
        return tuple(dict.fromkeys(zip(ends, map(len, text.split("/")), strict=True)))

    assert (parse(a, DATE) == parse(b, DATE)) == (meaning(a) == meaning(b))


# ------------------------------------------------------------------ dates against an oracle


@pytest.mark.parametrize(
    ("text", "earliest", "latest", "precision"),
    [
        ("1991-02-28", "1991-02-28", "1991-02-28", "day"),
        ("1991-02", "1991-02-01", "1991-02-28", "month"),
        ("2000-02~", "2000-02-01", "2000-02-29", "month"),
        ("1991-12", "1991-12-01", "1991-12-31", "month"),
        ("9999-12", "9999-12-01", "9999-12-31", "month"),
        ("0001?", "0001-01-01", "0001-12-31", "year"),
        ("1990-08-02/1990-08", "1990-08-02", "1990-08-31", "range"),
        ("1990~/1991-02?", "1990-01-01", "1991-02-28", "range"),
        ("1990-08/..", "1990-08-01", "9999-12-31", "range"),
        ("../1990", "0001-01-01", "1990-12-31", "range"),
    ],
)
def test_a_date_has_an_earliest_and_a_latest_day_and_a_precision(
    text: str, earliest: str, latest: str, precision: str
) -> None:
    assert bounds(text) == (earliest, latest, precision)


@quick
@given(dates())
def test_every_date_that_is_accepted_is_edtf_with_the_same_first_and_last_day(text: str) -> None:
    written = parse(text, DATE)
    oracle = parse_edtf(written)

    first, last = iso(oracle.lower_strict, "0001-01-01"), iso(oracle.upper_strict, "9999-12-31")
    assert bounds(written)[:2] == (first, last)
    assert first <= last


def iso(end: Callable[[], struct_time | float], when_open: str) -> str:
    day = end()
    if isinstance(day, float):
        assert math.isinf(day)
        return when_open
    return f"{day.tm_year:04d}-{day.tm_mon:02d}-{day.tm_mday:02d}"


@quick
@given(st.from_regex(r"[0-9]{4}(-[0-9]{2}){0,2}[~?%]?(/[0-9]{4}(-[0-9]{2}){0,2}[~?%]?)?\Z"))
def test_what_has_the_shape_of_a_date_is_refused_or_ordered(raw: str) -> None:
    try:
        earliest, latest, _ = bounds(parse(raw, DATE))
    except Invalid:
        return
    assert earliest <= latest
