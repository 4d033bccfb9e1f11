"""The charts by themselves: where things stand, what is escaped, and tables that say the same."""

from __future__ import annotations

import re
from math import nan
from xml.etree import ElementTree

import pytest
from django.template import Context, Template

from coding.charts import (
    Chart,
    Label,
    Pair,
    Point,
    Svg,
    axis,
    band,
    bar,
    control_chart,
    dot,
    heat_map,
    matrix,
)
from coding.charts.svg import short, tag, width, wrap

HOSTILE = '"><script>alert(1)</script>&amp;\' onload="x'
CODES = [Label("0", "0 No"), Label("1", "1 Yes"), Label("-77", "-77 Cannot be determined")]
COUNTS = {(0, 0): 120, (1, 0): 27, (1, 1): 43, (2, 1): 2}
MONTHS = [
    Point("Jan", 18, 20, 0.6, 1.0, begins="Codebook 1"),
    Point("Feb", 30, 33, 0.65, 1.0),
    Point("Mar", 9, 20, 0.6, 1.0, href="/mar"),
    Point("Apr", 3, 4, nan, nan, begins="Codebook 2"),
]


def heat(labels: list[Label] = CODES) -> Chart:
    return heat_map(labels, COUNTS, title="Confusions", href=lambda i, j: f"?one={i}&other={j}")


def coders() -> Chart:
    pairs = {(0, 1): Pair(0.82, 40, 41), (0, 2): Pair(nan, 1, 2)}
    return matrix([Label("c1"), Label("c2"), Label("You")], pairs, title="Coders")


def everything() -> dict[str, Svg]:
    return {
        "strip": dot(0.72, 0.6, 0.83, "goal"),
        "no figure": dot(nan, nan, nan, "goal", "Only one category was used."),
        "axis": axis(),
        "heat map": heat().svg,
        "matrix": coders().svg,
        "control chart": control_chart(MONTHS, mean=0.84, title="Over time").svg,
        "bar": bar(0.3, "Yes"),
    }


def read(svg: Svg) -> ElementTree.Element:
    return ElementTree.fromstring(svg)  # noqa: S314


def words(element: ElementTree.Element, of: str = "text") -> list[str]:
    return ["".join(e.itertext()) for e in element.iter(of)]


def circles(svg: Svg) -> list[tuple[float, str]]:
    return [(float(e.attrib["cx"]), e.attrib["class"]) for e in read(svg).iter("circle")]


# ------------------------------------------------------------------ all of them


@pytest.mark.parametrize("kind", everything())
def test_every_drawing_is_well_formed_has_a_name_and_no_hole(kind: str) -> None:
    svg = everything()[kind]
    drawn = read(svg)

    assert drawn[0].tag == "title"
    assert drawn[0].text
    assert not re.search(r"\b(nan|inf)\b", " ".join(re.findall(r'="([^"]*)"', svg)), re.IGNORECASE)
    assert not re.search(r'style=|fill="|stroke="', svg)


@pytest.mark.parametrize("kind", everything())
def test_no_word_stands_outside_its_drawing(kind: str) -> None:
    drawn = read(everything()[kind])
    wide, high = float(drawn.attrib["width"]), float(drawn.attrib["height"])

    for e in drawn.iter("text"):
        said, x, y = e.text or "", float(e.attrib["x"]), float(e.attrib["y"])
        before = {"middle": 0.5, "end": 1.0}.get(e.attrib.get("text-anchor", ""), 0.0)
        if "transform" not in e.attrib:
            assert x - before * width(said) >= -1, said
            assert x + (1 - before) * width(said) <= wide + 1, said
        assert 0 < y < high, said


def test_a_drawing_with_links_is_a_group_and_one_without_an_image() -> None:
    assert read(heat().svg).attrib["role"] == "group"
    assert read(heat_map(CODES, COUNTS, title="x").svg).attrib["role"] == "img"


def test_hostile_words_stay_words() -> None:
    labels = [Label(HOSTILE, HOSTILE) for _ in range(3)]
    point = Point(HOSTILE, 1, 2, 0.1, 0.9, href=f"/{HOSTILE}", begins=HOSTILE)
    drawn = [
        heat(labels).svg,
        matrix(labels, {(0, 1): Pair(0.5, 1, 1)}, title=HOSTILE, href=lambda i, j: HOSTILE).svg,
        control_chart([point], mean=0.5, title=HOSTILE).svg,
        dot(0.5, 0.4, 0.6, HOSTILE),
        dot(nan, nan, nan, HOSTILE, HOSTILE),
        bar(0.5, HOSTILE),
    ]

    for svg in drawn:
        found = {e.tag for e in read(svg).iter()}
        names = {name for e in read(svg).iter() for name in e.attrib}
        assert "script" not in found
        assert "onload" not in names


def test_templates_show_a_drawing_as_it_is_and_anything_else_escaped() -> None:
    shown = Template("{{ svg }}{{ words }}").render(Context({"svg": bar(0.5, "a"), "words": "<b>"}))

    assert shown == bar(0.5, "a") + "&lt;b&gt;"


@pytest.mark.parametrize("number", [nan, float("inf"), float("-inf")])
def test_a_number_that_is_none_is_an_error_not_a_drawing(number: float) -> None:
    with pytest.raises(ValueError, match="cannot hold"):
        tag("rect", x=number)


# ------------------------------------------------------------------ words and their room


def test_words_are_wrapped_and_shortened_to_their_room() -> None:
    lines = wrap("social_protection_and_order of a whole country and its neighbours", 150, 2)

    assert len(lines) == 2
    assert all(width(line) <= 150 for line in lines)
    assert lines[-1].endswith("…")


@pytest.mark.parametrize("said", ["−77", "中文字字字字", "ÄÖÜ", "e\u0301tat"])
def test_short_words_of_any_script_stay_whole(said: str) -> None:
    assert short(said, 100) == said
    assert wrap(said, 100, 2) == [said]


# ------------------------------------------------------------------ dot and interval


def test_a_dot_stands_where_its_figure_is_between_the_ends_of_its_interval() -> None:
    svg = dot(0.5, 0.25, 0.75, "goal")
    ends = [float(e.attrib["x1"]) for e in read(svg).iter("line") if e.get("class") == "is-end"]
    marked = [x for x, kind in circles(svg) if "is-mark" in kind]

    assert marked == [114.0]
    assert ends == [64.0, 164.0]


@pytest.mark.parametrize(
    ("value", "kind"),
    [(0.8, "enough"), (0.7999, "tentative"), (0.667, "tentative"), (0.66, "below"), (nan, "none")],
)
def test_the_lines_are_at_667_and_800(value: float, kind: str) -> None:
    assert band(value) == kind


def test_bands_differ_in_shape_and_in_words_not_in_colour_alone() -> None:
    drawn = {
        kind: dot(value, 0.1, 0.9, "x") for kind, value in (("a", 0.9), ("b", 0.7), ("c", 0.3))
    }

    assert ["is-half" in svg for svg in drawn.values()] == [False, True, False]
    assert [words(read(svg), "title")[0].split("; ")[1] for svg in drawn.values()] == [
        "at or above .800",
        "between .667 and .800",
        "below .667",
    ]


def test_what_lies_below_zero_is_drawn_at_the_edge_with_an_arrow() -> None:
    drawn = read(dot(0.2, -0.3, 0.6, "x"))

    assert [e.attrib["class"] for e in drawn.iter("polygon")] == ["is-beyond"]
    assert circles(dot(-0.4, -0.6, -0.2, "x"))[0][0] == 14.0


def test_an_undefined_figure_has_no_dot_but_its_reason() -> None:
    svg = dot(nan, nan, nan, "goal", "Only one category was used.")

    assert circles(svg) == []
    assert words(read(svg), "title") == ["goal: no figure. Only one category was used."]


# ------------------------------------------------------------------ squares


def test_each_square_with_a_count_leads_on_and_says_what_it_counts() -> None:
    links = {e.attrib["href"]: e.attrib["aria-label"] for e in read(heat().svg).iter("a")}

    assert links == {
        "?one=0&other=0": "Both said 0 No: 120 cases",
        "?one=1&other=0": "One said 1 Yes, the other 0 No: 27 cases",
        "?one=1&other=1": "Both said 1 Yes: 43 cases",
        "?one=2&other=1": "One said -77 Cannot be determined, the other 1 Yes: 2 cases",
    }


def test_the_table_of_a_heat_map_holds_what_its_squares_say() -> None:
    chart = heat()
    counted = [w for w in words(read(chart.svg)) if w.isdigit() and w not in ("0", "1")]

    assert chart.rows == (
        ("0 No", "120", "", ""),
        ("1 Yes", "27", "43", ""),
        ("-77 Cannot be determined", "·", "2", "·"),
    )
    assert sorted(counted) == sorted(c for row in chart.rows for c in row[1:] if c.isdigit())


def test_confusions_are_shaded_among_themselves() -> None:
    classes = {
        e.attrib["aria-label"]: e.find("rect").attrib["class"]  # type: ignore[union-attr]
        for e in read(heat().svg).iter("a")
    }

    assert classes["One said 1 Yes, the other 0 No: 27 cases"].endswith("is-apart is-shade-6")
    assert classes["Both said 0 No: 120 cases"].endswith("is-same is-shade-6")


def test_the_matrix_has_the_figure_above_and_the_units_below_the_diagonal() -> None:
    assert coders().rows == (
        ("c1", "", "0.82", "–"),
        ("c2", "40 of 41", "", "·"),
        ("You", "1 of 2", "·", ""),
    )


def test_squares_do_not_touch() -> None:
    boxes = [
        (float(e.attrib["x"]), float(e.attrib["y"]), float(e.attrib["width"]))
        for e in read(coders().svg).iter("rect")
    ]

    assert len(boxes) == 9
    for n, (x, y, side) in enumerate(boxes):
        for other_x, other_y, _ in boxes[n + 1 :]:
            assert abs(x - other_x) > side or abs(y - other_y) > side


# ------------------------------------------------------------------ over time


def test_a_month_outside_the_limits_is_a_diamond_and_is_named() -> None:
    drawn = read(control_chart(MONTHS, mean=0.84, title="Over time").svg)

    assert [e.attrib["class"] for e in drawn.iter("polygon")] == ["is-mark is-outside"]
    assert words(drawn, "desc") == ["Outside the limits: Mar."]
    assert [e.attrib["href"] for e in drawn.iter("a")] == ["/mar"]


def test_codebooks_are_marked_where_they_begin() -> None:
    said = words(read(control_chart(MONTHS, mean=0.84, title="Over time").svg))

    assert [w for w in said if w.startswith("Codebook")] == ["Codebook 1", "Codebook 2"]


def test_the_table_of_the_control_chart_says_the_same() -> None:
    chart = control_chart(MONTHS, mean=0.84, title="Over time")

    assert chart.rows[2] == ("Mar", "20", "9", "45%", "60% to 100%", "outside", "")
    assert [row[-1] for row in chart.rows] == ["Codebook 1", "", "", "Codebook 2"]


def test_a_month_of_too_few_units_has_no_limits_and_is_not_judged() -> None:
    chart = control_chart(
        [Point("a", 5, 5, 0.9, 1.0), Point("b", 0, 3, nan, nan)], mean=0.6, title="x"
    )
    bands = [e for e in read(chart.svg).iter("rect") if e.get("class") == "is-limits"]

    assert [row[5] for row in chart.rows] == ["within", "too few to tell"]
    assert len(bands) == 1


def test_many_points_show_only_as_many_labels_as_fit() -> None:
    chart = control_chart(
        [Point(f"March {n}", 1, 2, 0, 1) for n in range(1950, 2010)], mean=0.5, title="x"
    )
    shown = [w for w in words(read(chart.svg)) if w.startswith("March")]

    assert len(chart.rows) == 60
    assert 3 < len(shown) < 12


def test_nothing_yet_is_an_empty_drawing() -> None:
    assert control_chart([], mean=nan, title="x").rows == ()
    assert heat_map([], {}, title="x").rows == ()


# ------------------------------------------------------------------ bars


def test_a_bar_is_as_long_as_its_share() -> None:
    lengths = [float(e.attrib["width"]) for e in read(bar(0.25, "Yes")).iter("rect")]

    assert lengths == [72.0, 18.0]
    assert len(list(read(bar(0.0, "No")).iter("rect"))) == 1
