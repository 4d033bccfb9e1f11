"""Small codebook documents of every kind that can be, sound but odd, for property tests."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import strategies as st

from coding import documents

Document = dict[str, Any]
NASTY = [
    *("No", "yes", "~", "null", "1991-02-28", "0x1F", "1_000", "1e3", "=1+1", "@SUM(A1)", "#N/A"),
    *("-77", " padded ", "two\nlines", "tab\there", "carriage\rreturn", "_x000D_", "x005F_", "| 1"),
    *("\ufffe", "\x85", "\u2028", "a, b; c", "1, One | 2, Two", "${goal}", "[goal]", "'\"", "é 😀"),
    *(
        "trailing ",
        "# no comment",
        "key: value",
        "{a: 1}",
        "- item",
        "x" * 40,
        "&amp; <b>",
        "%",
        "!",
    ),
]
texts = st.sampled_from(NASTY) | st.text(
    st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12
)
words = st.sampled_from(["Aims", "Dates and place", "Who, and why?", "It’s “odd”", "Zwölf"])
prose = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.floats(-10, 10) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
codes = st.integers(-1, 12) | st.sampled_from(["regime", "other", "x1", "NA-2"])
KINDS = ["category", "ordinal", "boolean", "integer", "decimal", "date", "text", "state", "set"]
MISSING = [
    {"code": -66, "key": "not_yet", "label": "Not yet coded", "set_by": "nobody"},
    {"code": -77, "label": "Cannot be determined", "counts_in_reliability": "as_category"},
    {"code": -88, "key": "na", "label": "Not applicable", "set_by": "rule"},
    {"code": -99, "key": "unknown", "meaning": "Searched.\nNot found.", "note_required": True},
]


def some(**parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Document]:
    """Some of these keys, each with content of its own."""
    return st.fixed_dictionaries({}, optional=parts)


@st.composite
def documents_of_any_kind(draw: st.DrawFn) -> Document:
    """A sound document: units with units below, variables of any kind, rules that may refer."""
    units = _units(draw)
    names = [f"v{n}" for n in range(draw(st.integers(1, 5)))]
    missing = copy.deepcopy(draw(st.just(MISSING) | st.just(MISSING[2:3]) | st.none()))
    variables: list[Document] = []
    for name in names:
        unit = draw(st.sampled_from(units))
        variables.append(_variable(draw, name, unit, units, variables, missing or []))
    head = draw(some(id=texts, version=texts, language=st.just("en"), note_on_scope=prose))
    head |= {"title": draw(texts), "units": units}
    head |= {"missing_codes": missing} if missing is not None else {}
    more = draw(st.dictionaries(texts.filter(lambda k: k != "variables"), prose, max_size=2))
    document = {"codebook": head | {}, "variables": variables} | {
        k: v for k, v in more.items() if k not in ("codebook", "variables")
    }
    assert documents.problems(document) == [], documents.problems(document)
    return document


def _units(draw: st.DrawFn) -> list[Document]:
    names = ["war", "side", "end", "round"][: draw(st.integers(1, 4))]
    units: list[Document] = []
    for number, name in enumerate(names):
        unit = draw(some(label=texts, definition=texts, key=st.lists(texts, max_size=2)))
        parents = [u["id"] for u in units]
        if number and (parent := draw(st.none() | st.sampled_from(parents))):
            unit |= {"parent": parent} | draw(some(rows=st.sampled_from(["numbered", "keyed"])))
        units.append(unit | {"id": name})
    return units


def _variable(
    draw: st.DrawFn,
    name: str,
    unit: Document,
    units: list[Document],
    before: list[Document],
    missing: list[Document],
) -> Document:
    kind = draw(st.sampled_from(KINDS))
    parts = draw(
        some(
            section=words,
            label=texts,
            question=texts,
            level=st.sampled_from(["nominal", "ordinal", "interval", "ratio"]),
            required=st.booleans(),
            filter=st.booleans(),
            compare=st.booleans(),
            weight=st.integers(0, 9),
            rule=texts,
            example=texts,
            sources=texts,
            derived_from=texts,
            measure=words,
            renamed_from=st.just(f"old_{name}"),
            known_disagreement=prose.filter(lambda p: p is not None),
        )
    )
    parts |= _answers(draw, kind, unit, units)
    return (
        {"name": name, "unit": unit["id"], "type": kind}
        | parts
        | _rules(draw, name, kind, unit, units, before, missing)
    )


def _answers(draw: st.DrawFn, kind: str, unit: Document, units: list[Document]) -> Document:
    if kind in ("category", "ordinal"):
        return {"categories": draw(_categories())}
    if kind == "boolean":
        return draw(
            some(categories=st.just([{"code": 0, "label": "No"}, {"code": 1, "label": "Aye"}]))
        )
    if kind == "set":
        return _set(draw, unit, units)
    if kind == "text":
        return draw(some(pattern=st.sampled_from(["^[0-9]+$", "[a-z]{2,4}", "a|b", "x\\.y"])))
    if kind == "date":
        return draw(some(tolerance=st.integers(0, 30)))
    if kind in ("integer", "decimal"):
        low = st.integers(-5, 0) if kind == "integer" else st.sampled_from([-1.5, 0, 0.25])
        return draw(some(min=low, max=st.sampled_from([1, 7.5, 1000]), tolerance=st.just(0.5)))
    return {}


@st.composite
def _categories(draw: st.DrawFn) -> list[Document]:
    chosen = draw(st.lists(codes, min_size=1, max_size=4, unique_by=str))
    more = some(
        definition=texts, include=texts, exclude=texts, example=texts, counter_example=texts
    )
    labels = texts | st.integers(0, 3)
    return [{"code": code, "label": draw(labels)} | draw(more) for code in chosen]


def _set(draw: st.DrawFn, unit: Document, units: list[Document]) -> Document:
    below = [u["id"] for u in units if u.get("parent") == unit["id"]]
    if draw(st.booleans()):
        roster = draw(st.sampled_from([None, *below]))
        return {"reference": "state"} | ({"roster_of": roster} if roster else {})
    categories = draw(_categories())
    alone = draw(st.booleans())
    return {"categories": categories} | ({"exclusive": [categories[0]["code"]]} if alone else {})


# ------------------------------------------------------------------ rules


def _rules(
    draw: st.DrawFn,
    name: str,
    kind: str,
    unit: Document,
    units: list[Document],
    before: list[Document],
    missing: list[Document],
) -> Document:
    """Rules that read only variables before this one, so none turns in a circle."""
    seen = _seen_from(unit, units, before)
    rules: Document = {}
    if seen and missing and draw(st.booleans()):
        rules["skip"] = {"if": draw(conditions(seen)), "then": -88}
    if seen and draw(st.booleans()):
        check = st.fixed_dictionaries(
            {"expr": conditions(seen), "message": texts},
            optional={"severity": st.sampled_from(["hard", "soft", "project"])},
        )
        rules["checks"] = draw(st.lists(check, min_size=1, max_size=3))
    numbers = {way: v for way, v in seen.items() if v["type"] in ("integer", "boolean")}
    if numbers and kind == "integer" and draw(st.booleans()):
        rules["derive"] = draw(computations(numbers))
    return rules


def _seen_from(unit: Document, units: list[Document], before: list[Document]) -> Document:
    """What an expression of a unit may name, and the variables that this is."""
    parents = {u["id"]: u.get("parent") for u in units}
    ways = {unit["id"]: ""}
    above = parents[unit["id"]]
    while above:
        ways[above] = f"{above}."
        above = parents[above]
    return {f"{ways[v['unit']]}{v['name']}": v for v in before if v["unit"] in ways}


def _literal(code: Any) -> str:
    return str(code) if isinstance(code, int) else f"'{code}'"


@st.composite
def atoms(draw: st.DrawFn, seen: Document) -> str:
    """One comparison, of the kind that the variable can bear."""
    way = draw(st.sampled_from(sorted(seen)))
    v = seen[way]
    known = [_literal(c["code"]) for c in v.get("categories", [])] or ["1"]
    if v["type"] in ("integer", "decimal"):
        return f"{way} {draw(st.sampled_from(['<', '<=', '>', '>=', '==', '!=']))} 3"
    if v["type"] == "date":
        return f"{way}.latest >= {way}.earliest"
    if v["type"] == "text":
        return draw(st.sampled_from([f"{way} == 'a b'", f'{way}.startsWith("it\'s")']))
    if v["type"] == "set":
        return draw(
            st.sampled_from([f"{known[0]} in {way}", f"{way} == [{known[0]}]", f"size({way}) > 1"])
        )
    ask = [f"{way} == {known[0]}", f"{way} != {known[-1]}", f"{way} in [{', '.join(known)}]"]
    as_text = all(code.startswith("'") for code in known)  # nor is it compared with a number
    return draw(st.sampled_from(ask if as_text else [*ask, f"{way} == -77"]))


def conditions(seen: Document) -> st.SearchStrategy[str]:
    """Comparisons joined in any way, with brackets where need be and where not."""
    return st.recursive(
        atoms(seen),
        lambda inner: st.one_of(
            st.builds("{} && {}".format, inner, inner),
            st.builds("({} || {})".format, inner, inner),
            st.builds("!({})".format, inner),
            st.builds("( {} )".format, inner),
        ),
        max_leaves=3,
    ) | st.just("siblings.size() > 3")


def computations(numbers: Document) -> st.SearchStrategy[str]:
    """Sums, products and choices of whole numbers."""
    return st.recursive(
        st.sampled_from(sorted(numbers)) | st.integers(0, 9).map(str),
        lambda inner: st.one_of(
            st.builds("({} + {})".format, inner, inner),
            st.builds("{} - 2 * {}".format, inner, inner),
            st.builds("({} ? {} : {})".format, conditions(numbers), inner, inner),
        ),
        max_leaves=4,
    )
