"""One version of a codebook as Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from coding.models import Category, Entry
from coding.reading import markdown
from coding.reading.comparison import digest_of
from coding.reading.described import Book, Described, Part, Section
from coding.reading.frequencies import Frequencies


def written(book: Book) -> str:
    """Every question, rule, category, missing code and expression, with what the cells hold."""
    lines = [*_top(book), *(line for part in book.parts for line in _part(part)), *_missing(book)]
    return "\n".join(lines) + "\n"


def _top(book: Book) -> Iterator[str]:
    codebook, at = book.codebook, book.codebook.published_at
    yield f"# {markdown.line(codebook.title)}"
    yield ""
    yield f"Codebook {codebook.number}, {f'published {at:%Y-%m-%d}' if at else 'a draft'}."
    yield f"sha256 `{digest_of(codebook)}`"
    if codebook.note:
        yield from ("", markdown.text(codebook.note))


def _part(part: Part) -> Iterator[str]:
    yield from ("", f"## {markdown.line(str(part.unit))}")
    if part.definition:
        yield from ("", markdown.text(part.definition))
    for section in part.sections.values():
        yield from _section(section)


def _section(section: Section) -> Iterator[str]:
    if section.title:
        yield from ("", f"### {markdown.line(section.title)}")
    for each in section.entries:
        yield from _entry(each)


def _entry(each: Described) -> Iterator[str]:
    entry = each.entry
    yield from ("", f"#### {markdown.code(entry.name)} {markdown.line(entry.question)}", "")
    words = [entry.variable.get_kind_display(), entry.variable.measure]
    words += ["required"] if entry.required else []
    words += ["computed"] if entry.is_computed else []
    yield f"{', '.join(words)}  "
    yield f"*{markdown.line(entry.label)}*"
    if entry.rule:
        yield from ("", markdown.text(entry.rule))
    categories = entry.categories.all()
    if categories:
        yield ""
        yield from (_category(entry, category) for category in categories)
    facts = list(_facts(entry))
    if facts:
        yield from ("", *facts)
    if each.frequencies:
        yield from ("", *_frequencies(each.frequencies))
    if found := each.agreement:
        yield ""
        yield (
            f"Reliability: α {found.alpha:.2f}, 95 % interval {found.low:.2f} to {found.high:.2f} "
            f"({found.measure}); percent agreement {found.percent:.2f}; "
            f"n = {found.cases} by {found.coders} coders."
        )


def _category(entry: Entry, category: Category) -> str:
    alone = " (stands alone)" if category.code in entry.variable.exclusive else ""
    said = [
        f"{word}{markdown.line(text)}"
        for word, text in (
            ("", category.definition),
            ("Includes: ", category.include),
            ("Excludes: ", category.exclude),
            ("Example: ", category.example),
            ("Not: ", category.counter_example),
        )
        if text
    ]
    head = f"- {markdown.code(category.code)} **{markdown.line(category.label)}**{alone}"
    return f"{head}: {' '.join(said)}" if said else head


def _facts(entry: Entry) -> Iterator[str]:
    variable = entry.variable
    if variable.reference:
        yield "- Codes: states of the project’s list"
    if variable.roster_of:
        yield f"- Each listed state is a row of {markdown.line(str(variable.roster_of))}"
    for word, text in (
        ("Unit", variable.unit_of_measurement),
        ("Minimum", _number(variable.minimum)),
        ("Maximum", _number(variable.maximum)),
        ("Tolerance", _number(entry.tolerance)),
        ("Weight of a dispute", str(entry.weight) if entry.weight != 1 else ""),
        ("Example", entry.example),
        ("Look in", entry.sources),
    ):
        if text:
            yield f"- {word}: {markdown.line(text)}"
    if variable.pattern:
        yield f"- Form: {markdown.code(variable.pattern)}"
    yield from _rules(entry)


def _rules(entry: Entry) -> Iterator[str]:
    if entry.skip_if:
        skip, then = markdown.code(entry.skip_if), markdown.code(entry.skip_value)
        yield f"- Skipped if {skip}, then {then}"
    for check in entry.checks:
        severity = str(check["severity"]).capitalize()
        expression = markdown.code(check["expr"])
        yield f"- {severity} check: {expression} {markdown.line(check['message'])}"
    if entry.derive:
        yield f"- Computed: {markdown.code(entry.derive)}"
    elif entry.derived_from:
        yield f"- Computed: {markdown.line(entry.derived_from)}"
    if not entry.compare:
        yield "- Compared: no, coders need not use the same words"


def _number(number: Decimal | None) -> str:
    """Stored with eight places: zeros behind the point say nothing."""
    text = "" if number is None else f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _frequencies(found: Frequencies) -> Iterator[str]:
    more = f", {found.unsettled} more not settled" if found.unsettled else ""
    others = f", {found.others} further answers" if found.others else ""
    span = "".join(f"; {word.lower()} {value}" for word, value in found.span)
    yield f"Cells: {found.cells}{more}{others}{span}"
    if found.rows:
        yield ""
        rows = [
            [f"{markdown.code(a.code)} {markdown.line(a.label)}", str(a.cells), f"{a.percent:.1f}"]
            for a in found.rows
        ]
        yield from markdown.table(["Answer", "Cells", "Percent"], rows)


def _missing(book: Book) -> Iterator[str]:
    if book.missing_codes:
        yield from ("", "## Missing codes", "")
    for code in book.missing_codes:
        meaning = f": {markdown.line(code.meaning)}" if code.meaning else ""
        told = f"Set by: {code.get_set_by_display()}. In reliability: "
        told += f"{code.get_in_reliability_display()}."
        yield f"- {markdown.code(code.code)} **{markdown.line(code.label)}**{meaning} {told}"
