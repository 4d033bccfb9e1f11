"""The figures of a study, drawn from its result; each has the table that says the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from coding.charts import Effect, Svg, Tile, bars, forest, tiles

MOST_BARS = 25
Plain = Mapping[str, Any]


@dataclass(frozen=True)
class Figure:
    """A drawing with its title, and the table behind it."""

    name: str
    title: str
    svg: Svg
    head: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]
    note: str = ""


EFFECT = ("Coefficient", "Standard error", "95% from", "95% to", "p")


def figures(result: Plain) -> list[Figure]:
    """In the order in which a report shows them; none where there is nothing to show."""
    return [*_coefficients(result), *_curves(result), *_descriptives(result)]


def figure(result: Plain, name: str) -> Figure | None:
    return next((found for found in figures(result) if found.name == name), None)


def _coefficients(result: Plain) -> Iterator[Figure]:
    for estimate in result["estimates"][:1]:
        if fit := estimate["fit"]:
            named = [t for t in fit["terms"] if t["name"] in result["terms"]]
            effects = [_effect(result["terms"][t["name"]], t) for t in named]
            title = f"{estimate['label']}: coefficients with 95% intervals"
            rows = tuple((e.label, *_numbers(t)) for e, t in zip(effects, named, strict=True))
            svg = forest(effects, title=title)
            yield Figure("coefficients", title, svg, ("Term", *EFFECT), rows)


def _effect(label: str, term: Plain) -> Effect:
    return Effect(label, term["coefficient"], term["low"], term["high"], term["verdict"])


def _numbers(term: Plain) -> tuple[object, ...]:
    return tuple(term[key] for key in ("coefficient", "error", "low", "high", "p"))


def _curves(result: Plain) -> Iterator[Figure]:
    """A specification curve for each term: every reading of the data beneath the settled one."""
    specifications = result["specifications"]
    if not specifications or not specifications[0]["fit"]:
        return
    for term in specifications[0]["fit"]["terms"]:
        if label := result["terms"].get(term["name"]):
            yield _curve(label, term["name"], specifications)


def _curve(label: str, name: str, specifications: list[Plain]) -> Figure:
    effects, rows = [], []
    for each in specifications:
        found = _term(each, name)
        if found is None:
            effects.append(Effect(each["label"], reason=each["reason"]))
            rows.append((each["label"], "", "", "", "", "", each["reason"]))
        else:
            effects.append(_effect(each["label"], found))
            rows.append((each["label"], *_numbers(found), ""))
    title = f"{label}, on every reading of the data"
    head = ("Reading", *EFFECT, "Why none")
    return Figure(f"curve_{name}", title, forest(effects, title=title), head, tuple(rows))


def _term(specification: Plain, name: str) -> Plain | None:
    fit = specification["fit"]
    terms = fit["terms"] if fit else []
    return next((term for term in terms if term["name"] == name), None)


def _descriptives(result: Plain) -> Iterator[Figure]:
    for table in result["descriptives"]:
        if table["name"] == "who_joins_how_often":
            yield _map(table)
        if table["bars"] is not None:
            yield _bars(table)


def _bars(table: Plain) -> Figure:
    place, rows = table["bars"], [tuple(row) for row in table["rows"]]
    label = 2 if table["name"] == "who_joins_how_often" else 0
    is_share = table["columns"][place] == "Share"
    drawn = [
        (str(row[label]), float(row[place]), _words(row, place, is_share))
        for row in rows[:MOST_BARS]
    ]
    note = table["note"]
    if len(rows) > MOST_BARS:
        note = f"{note} The first {MOST_BARS} of {len(rows)}; the table holds all.".strip()
    svg = bars(drawn, title=table["title"])
    return Figure(table["name"], table["title"], svg, tuple(table["columns"]), tuple(rows), note)


def _words(row: tuple[Any, ...], place: int, is_share: bool) -> str:
    if is_share:
        return f"{row[place]:.0%} of {row[1]}"
    return f"{row[place]:,}"


def _map(table: Plain) -> Figure:
    """States that joined at least once, by region."""
    title = "Where those who join come from"
    states = [Tile(row[2], row[1] or row[0], row[6], row[3]) for row in table["rows"]]
    most = max(state.count for state in states)
    ordered = sorted(states, key=lambda state: state.abbreviation)
    rows = tuple((s.region, s.name, s.count) for s in ordered)
    svg = tiles(ordered, title=title, most=most)
    return Figure("map_of_joiners", title, svg, ("Region", "State", "Joined"), rows)
