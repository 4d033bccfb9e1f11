"""The 65 variables of the first project with intervals, from the database: one JSON line.

Every variable that coders are asked is answered by two coders of 372 cases, on 70 % of them from
the same truth. The other package is given the same ratings, read already, and makes no intervals.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import krippendorff
import numpy as np
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from coding import codebooks, reliability
from coding.agreement.patterns import MISSING
from coding.models import Case, Coding, Entry, Project, Unit, Value
from coding.reliability.figures import computed
from tests.benchmarks.filling import member, project

CASES = 372
Level = Literal["nominal", "ordinal", "interval", "ratio"]


def fill() -> Project:
    """A project whose two coders have coded everything and opened it."""
    call_command("migrate", verbosity=0)
    made, book = project("everything")
    coders = [member(made, name, "coder") for name in ("ada", "ben")]
    now = timezone.now()
    for unit in Unit.objects.filter(project=made):
        cases = Case.objects.bulk_create(
            Case(unit=unit, key=f"{unit.name}-{number}", title=f"Case {number}")
            for number in range(CASES)
        )
        codings = Coding.objects.bulk_create(
            Coding(case=case, coder=coder, codebook=book, submitted_at=now, unblinded_at=now)
            for case in cases
            for coder in coders
        )
        asked = [e for e in codebooks.entries_of(book, unit.pk) if not e.is_computed]
        Value.objects.bulk_create(_values(codings, asked), batch_size=1000)
    return made


def _values(codings: list[Coding], asked: list[Entry]) -> Iterator[Value]:
    random = np.random.default_rng(7)
    for entry in asked:
        for number in range(0, len(codings), 2):
            truth = _answer(entry, random)
            for coding in codings[number : number + 2]:
                text = truth if random.random() < 0.7 else _answer(entry, random)
                yield Value(coding=coding, variable_id=entry.variable_id, text=text)


def _answer(entry: Entry, random: np.random.Generator) -> str:
    domain = entry.domain
    codes = [str(code) for code in range(200, 230)] if domain.of_states else [*domain.categories]
    if domain.kind == "set":
        some = random.choice(codes, random.integers(1, 4), replace=False)
        return ";".join(sorted(some.tolist(), key=int))
    if codes:
        return str(random.choice(codes))
    number = int(random.integers(1, 700))
    return {
        "date": f"{1946 + number % 72}-{1 + number % 12:02}-{1 + number % 28:02}",
        "state": str(200 + number % 30),
        "decimal": str(number / 1000),
    }.get(domain.kind, str(number))


def report(of: Project) -> list[reliability.Figure]:
    """Anew, as after something has opened."""
    computed.cache_clear()
    return reliability.figures(reliability.opened(of))


def queries(of: Project) -> int:
    with CaptureQueriesContext(connection) as asked:
        report(of)
    return len(asked)


def theirs(of: Project) -> list[float]:
    """Alpha of the variables that the other package has a measure for, in one estimate each."""
    return [
        float(krippendorff.alpha(data, level_of_measurement=level)) for data, level in _read(of)
    ]


def _read(of: Project) -> list[tuple[Any, Level]]:
    """Coders x units, as that package reads them."""
    opened = reliability.opened(of)
    found: list[tuple[Any, Level]] = []
    for entry in opened.entries:
        scale, ratings = opened.scale(entry), opened.ratings(entry)
        level = next(
            (m for m in ("nominal", "ordinal", "interval", "ratio") if m == scale.measure), None
        )
        if level is None or not len(ratings.cases):
            continue
        places = [scale.place(text) for text in ratings.texts]
        order = {place: n for n, place in enumerate(sorted(set(places), key=str))}
        numbers = [float(order[p]) if level in ("nominal", "ordinal") else p for p in places]
        table = np.array([*numbers, np.nan], dtype=np.float64)
        found.append((table[np.where(ratings.codes == MISSING, -1, ratings.codes)].T, level))
    return found
