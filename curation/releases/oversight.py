"""How the data set was watched over: several adjudicators, what reviews found, what was passed by.

All of it stands in the manifest and is printed in the README.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isnan
from typing import Any

from coding import adjudicators, blind, codebooks, reviewing
from coding.models import Bypass, Coding, Entry, Member, Project, Review, SecondLook

NO_REASON = "No reason was given."
NOBODY = "somebody who left"


@dataclass(frozen=True)
class Asked:
    """Where several adjudicators were asked to rule."""

    kind: str
    votes: int
    variable: str
    share: int
    seed: str
    ended: str


@dataclass(frozen=True)
class Agreed:
    """What adjudicators who ruled blind to each other came to, on one variable."""

    variable: str
    cells: int
    alpha: float | None
    low: float | None
    high: float | None
    same: float | None


@dataclass(frozen=True)
class Passed:
    """A rule that was passed by."""

    rule: str
    words: str
    case: str
    variable: str
    reason: str
    by: str


@dataclass(frozen=True)
class Reviewed:
    """A review with its rate of error; the lot can be drawn again from seed and digest."""

    number: int
    kind: str
    share: int
    seed: str
    digest: str
    population: int
    looked_at: int
    wrong: int
    sentence: str
    ended: str


@dataclass(frozen=True)
class Oversight:
    second_looks: tuple[Asked, ...] = ()
    adjudicators: tuple[Agreed, ...] = ()
    passed_by: tuple[Passed, ...] = ()
    reviews: tuple[Reviewed, ...] = ()
    reconciled: int = 0  # cells that their coders settled by discussion


def oversight_of(project: Project, names: Mapping[int, str]) -> Oversight:
    """Everything of a project. `names` are pseudonyms by user."""
    entries = codebooks.newest_entries(project)
    return Oversight(
        tuple(_asked(project, entries)),
        tuple(_agreed(project)),
        tuple(_passed(project, entries, names)),
        tuple(_reviewed(project, entries)),
        blind.released_moves(project).filter(settles=True).count(),
    )


def read(plain: Mapping[str, Any] | None) -> Oversight:
    """As a manifest keeps it; older ones have none."""
    if not plain:
        return Oversight()
    return Oversight(
        tuple(Asked(**each) for each in plain["second_looks"]),
        tuple(Agreed(**each) for each in plain["adjudicators"]),
        tuple(Passed(**each) for each in plain["passed_by"]),
        tuple(Reviewed(**each) for each in plain["reviews"]),
        plain.get("reconciled", 0),
    )


def _asked(project: Project, entries: Mapping[int, Entry]) -> Iterator[Asked]:
    for look in SecondLook.objects.filter(project=project):
        entry = entries.get(look.variable_id or 0)
        name = entry.name if entry else ""
        yield Asked(look.kind, look.votes, name, look.share, look.seed, look.ended_reason)


def _agreed(project: Project) -> Iterator[Agreed]:
    for found in adjudicators.agreement_released(project):
        alpha = found.alpha
        figures = (alpha.value, alpha.low, alpha.high, found.percent.value)
        yield Agreed(found.entry.name, found.cells, *map(_number, figures))


def _number(figure: float) -> float | None:
    return None if isnan(figure) else round(figure, 6)


def _passed(
    project: Project, entries: Mapping[int, Entry], names: Mapping[int, str]
) -> Iterator[Passed]:
    found = Bypass.objects.filter(project=project).select_related("case")
    variables = dict(found.values_list("pk", "cell__variable"))
    told = False
    for each in found:
        entry = entries.get(variables[each.pk] or 0)
        case = each.case.key if each.case else ""
        by = names.get(each.by_id, NOBODY)
        told = told or each.rule == Bypass.Rule.CURATOR
        yield Passed(
            each.rule,
            str(each.get_rule_display()),
            case,
            entry.name if entry else "",
            each.reason,
            by,
        )
    if not told and _curators_coded(project):
        rule = Bypass.Rule.CURATOR
        yield Passed(rule.value, str(rule.label), "", "", NO_REASON, "")


def _curators_coded(project: Project) -> bool:
    """Whether somebody who is a curator coded what the data set rests on."""
    curators = Member.objects.filter(project=project, role=Member.Role.CURATOR).values("user")
    opened = Coding.objects.standing().filter(
        unblinded_at__isnull=False, purpose__in=blind.SPEAKING, case__unit__project=project
    )
    return opened.filter(coder__in=curators).exists()


def _reviewed(project: Project, entries: Mapping[int, Entry]) -> Iterator[Reviewed]:
    rows = reviewing.tallied(blind.released_verifications(project))
    for review in Review.objects.filter(project=project).order_by("number"):
        found = reviewing.found(review, rows[review.pk], entries)
        told = found.all.rate
        yield Reviewed(
            number=review.number,
            kind=review.kind,
            share=review.share,
            seed=review.seed,
            digest=review.digest,
            population=told.population,
            looked_at=told.of,
            wrong=told.wrong,
            sentence=found.sentence,
            ended=review.ended_reason,
        )


# ------------------------------------------------------------------ in words


def words(told: Oversight) -> Iterator[str]:
    """The lines of the README; none where nothing of the kind was done."""
    if told.second_looks:
        yield "### Several adjudicators\n"
        yield from (f"- {_asked_words(each)}" for each in told.second_looks)
        yield from (f"- {_agreed_words(each)}" for each in told.adjudicators)
        yield ""
    if told.reconciled:
        cells = "1 cell was" if told.reconciled == 1 else f"{told.reconciled} cells were"
        yield "### Reconciled by discussion\n"
        yield f"- {cells} settled by coders, who came to the same answer after discussion;"
        yield "  what they coded blind stands as it was, and reliability reads only that"
        yield ""
    if told.reviews:
        yield "### Verification\n"
        yield from (f"- Review {each.number}{_of(each)}: {each.sentence}" for each in told.reviews)
        yield ""
    if told.passed_by:
        yield "### Rules passed by\n"
        yield from (f"- {_passed_words(each)}" for each in told.passed_by)
        yield ""


def _asked_words(each: Asked) -> str:
    who = "A second adjudicator" if each.kind == "second" else f"A panel of {each.votes}"
    of = f"`{each.variable}`" if each.variable else "every variable"
    lot = f", {each.share}% of the cells, drawn by the seed `{_line(each.seed)}`"
    ended = f"; ended: {_line(each.ended)}" if each.ended else ""
    return f"{who} ruled on {of}{lot if each.share < 100 else ''}, blind to the first{ended}"


def _agreed_words(each: Agreed) -> str:
    cells = "1 cell" if each.cells == 1 else f"{each.cells} cells"
    if each.alpha is None:
        return f"Agreement of adjudicators on `{each.variable}`: no figure of {cells}"
    interval = f" ({each.low:.2f} to {each.high:.2f})" if each.low is not None else ""
    return f"Agreement of adjudicators on `{each.variable}`: α {each.alpha:.2f}{interval}, {cells}"


def _of(each: Reviewed) -> str:
    kinds = {"all": "all cells", "share": f"{each.share}% drawn by the seed `{_line(each.seed)}`"}
    return f" ({kinds.get(each.kind, 'cells chosen for doubt')})"


def _passed_words(each: Passed) -> str:
    place = f" {each.case}" if each.case else ""
    place += f", `{each.variable}`" if each.variable else ""
    by = f" ({each.by})" if each.by else ""
    return f"{each.words[0].upper()}{each.words[1:]}{by}{place}: {_line(each.reason)}"


def _line(text: str) -> str:
    return " ".join(text.split())
