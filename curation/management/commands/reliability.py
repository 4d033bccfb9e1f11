from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isnan
from typing import Any

from django.core.management.base import CommandParser

from coding import reliability
from coding.agreement import Coefficient
from coding.models import Entry
from coding.reliability import BY, Asked, Figure, Opened, Pair, Part
from curation.faults import BadInput, Fault
from curation.management.reporting import Reporting, add_project, project_called

PAIR = "pair"
Parts = Sequence[Part] | Sequence[Pair]


class Command(Reporting):
    help = (
        "Agreement between coders on what was coded blind and is opened, variable by variable: "
        "Krippendorff's alpha with its interval, percent agreement and AC. Coders go by pseudonym."
    )
    example = (
        "manage.py reliability --project us-coalitions --json\n"
        "  manage.py reliability --project us-coalitions --variable coalition --by pair\n"
        "  manage.py reliability --project us-coalitions --who everybody --missing as-category"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_project(parser)
        parser.add_argument("--variable", default="", metavar="NAME", help="Only this one.")
        parser.add_argument("--by", choices=(PAIR, *BY), help="In parts as well.")
        parser.add_argument(
            "--missing",
            choices=("rule", "as-category", "exclude"),
            default="rule",
            help="What missing codes count as; by default as the codebook says of each.",
        )
        parser.add_argument(
            "--who",
            choices=("people", "machines", "everybody"),
            default="people",
            help="Whose codings; earlier data sets that were read in are machines.",
        )
        parser.add_argument(
            "--codebook", type=int, metavar="NUMBER", help="Only what was coded under this one."
        )
        parser.add_argument("--region", default="", help="Only families of this region.")
        parser.add_argument("--period", default="", help="Only families of this decade, as 1990.")

    def act(self, options: dict[str, Any]) -> tuple[dict[str, Any], Sequence[str]]:
        project = project_called(options["project"])
        cases = {name: options[name] for name in ("region", "period") if options[name]}
        asked = Asked(
            who=options["who"],
            missing=options["missing"],
            codebook=options["codebook"],
            cases=cases,
        )
        opened = reliability.opened(project, asked)
        found = [
            (reliability.figure(opened, entry), _split(opened, entry, options["by"]))
            for entry in _entries(opened, options)
        ]
        data = {
            "project": project.slug,
            "who": asked.who,
            "missing": asked.missing,
            "codebook": opened.book.number if opened.book else None,
            "variables": [_data(figure, parts, options["by"]) for figure, parts in found],
        }
        return data, list(_words(opened, found))


def _entries(opened: Opened, options: dict[str, Any]) -> Sequence[Entry]:
    number, name = options["codebook"], options["variable"]
    if opened.book is None and number is not None:
        there = ", ".join(str(book.number) for book in opened.books) or "none yet"
        rule = f"is no published codebook. There are: {there}."
        raise BadInput([Fault("--codebook", str(number), rule)])
    if not name:
        return opened.entries
    if entry := opened.entry(name):
        return (entry,)
    there = ", ".join(e.name for e in opened.entries[:20]) or "none yet"
    raise BadInput([Fault("--variable", name, f"is no variable. There are: {there}.")])


def _split(opened: Opened, entry: Entry, by: str | None) -> Parts:
    if by == PAIR:
        return reliability.pairs(opened, entry)
    return reliability.parts(opened, entry, next(b for b in BY if b == by)) if by else ()


def _data(figure: Figure, parts: Parts, by: str | None) -> dict[str, Any]:
    listed = {"by": by, "parts": [reliability.plain(part) for part in parts]} if by else {}
    return reliability.plain(figure) | listed


# ------------------------------------------------------------------ in words


def _words(opened: Opened, found: Sequence[tuple[Figure, Parts]]) -> Iterator[str]:
    book = f"codebook {opened.book.number}" if opened.book else "no published codebook"
    asked = opened.asked
    yield f"{opened.project.slug}, {book}; {asked.who}; missing codes: {asked.missing}"
    width = max((len(figure.name) for figure, _ in found), default=0)
    for figure, parts in found:
        yield f"{figure.name:<{width}}  {_line(figure)}"
        for part in parts:
            yield f"    {_label(part):<24}  {_alpha(part.alpha)}"


def _label(part: Part | Pair) -> str:
    return part.label if isinstance(part, Part) else f"{part.one.name} × {part.other.name}"


def _line(figure: Figure) -> str:
    if figure.reason:
        return figure.reason
    ac = "" if isnan(figure.ac.value) else f"  {figure.ac_name} {figure.ac.value:.3f}"
    measure = f"{figure.measure:<8}"
    return f"{measure}  {_alpha(figure.alpha)}  {figure.percent.value:.1%}{ac}"


def _alpha(alpha: Coefficient) -> str:
    if isnan(alpha.value):
        return alpha.reason
    interval = f"[{alpha.low:.3f}, {alpha.high:.3f}]"
    return f"alpha {alpha.value:6.3f} {interval}  {alpha.n_units} units"
