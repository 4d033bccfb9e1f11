"""A database to measure in: coders with a sheet each, and a project with open disputes.

Sheets come from the acts that everybody uses; the many disputes are written in bulk.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import product

import yaml
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import timezone

from coding import codebooks, severity, work
from coding.models import Case, Cell, Codebook, Coding, Entry, Member, Project, State, Unit, Value
from curation import first_project
from curation.mapping import FIXTURES
from tests.benchmarks.browser import Browser, Fields

CODERS = 32
DISPUTES = 10_000
AGREED = 10_000
PARTNERS = ("200", "220")


def fill() -> None:
    coders()
    disputes()
    if connection.vendor == "postgresql":  # as its autovacuum does in a minute
        connection.cursor().execute("ANALYZE")


def browser(username: str, port: int) -> Browser:
    """A browser in which this person has signed in."""
    client = Client()
    client.force_login(User.objects.get(username=username))
    return Browser(port, {name: morsel.value for name, morsel in client.cookies.items()})


def project(slug: str) -> tuple[Project, Codebook]:
    """A project with the first project's codebook and state list."""
    made = Project.objects.create(slug=slug, title=slug.capitalize())
    State.objects.bulk_create(
        State(project=made, code=code, name=name)
        for code, name in {s["cow_code"]: s["name"] for s in first_project.read_states()}.items()
    )
    document = yaml.safe_load((FIXTURES / "codebook.yaml").read_text("utf-8"))
    draft = codebooks.draft(project=made, document=document)
    return made, codebooks.publish(codebook=draft)


def member(of: Project, username: str, role: str) -> User:
    user, _ = User.objects.get_or_create(username=username, is_active=True)
    Member.objects.create(project=of, user=user, role=role)
    return user


# ------------------------------------------------------------------ sheets


def coders() -> None:
    """Each coder has one intervention to code."""
    of, book = project("sheets")
    unit = Unit.objects.get(project=of, name="intervention")
    rows = list(first_project.case_rows())
    for number in range(CODERS):
        case = Case.objects.create(unit=unit, key=rows[number]["key"], title=rows[number]["title"])
        work.assign(case=case, coder=member(of, f"coder{number}", "coder"), codebook=book)


def asked() -> list[Entry]:
    """The questions of the intervention's sheet that its coder answers."""
    book = Codebook.objects.get(project__slug="sheets")
    unit = Unit.objects.get(project__slug="sheets", name="intervention")
    return [e for e in codebooks.entries_of(book, unit.pk) if not e.is_computed]


def said(entry: Entry, turn: int) -> Fields:
    """A valid answer, another one on each turn."""
    texts = answers(entry)
    text = texts[turn % len(texts)]
    note = "Another source says so as well." if turn % 4 == 3 else ""
    return {"text": text.split(";") if entry.domain.kind == "set" else text} | {
        "certainty": str(1 + turn % 4),
        "note": note,
    }


def answers(entry: Entry) -> list[str]:
    """Two answers in their written form."""
    kind, codes = entry.domain.kind, [*entry.domain.categories]
    if entry.domain.of_states:
        return [";".join(PARTNERS), PARTNERS[0]]
    if kind == "set":
        free = [code for code in codes if code not in entry.domain.exclusive]
        return [";".join(free[:2]), free[0]]
    if codes:
        return codes[-2:]
    if entry.variable.pattern:
        return ["678;687", "678"]
    return {
        "boolean": ["0", "1"],
        "integer": ["1200", "1300"],
        "decimal": ["0.5", "0.25"],
        "date": ["1991-01-17", "1991-02~"],
        "state": [*PARTNERS],
        "text": ["Air campaign, then a ground war of a hundred hours.", "A blockade."],
    }[kind]


# ------------------------------------------------------------------ disputes


def disputes() -> None:
    """Opened cases with partners, on whose cells two coders differ, until there are enough."""
    of, book = project("disputes")
    pair = [member(of, name, "coder") for name in ("ada", "ben")]
    member(of, "judge", "adjudicator")
    entries = [e for e in codebooks.entries(book) if not (e.is_computed or e.variable.roster_of)]
    by_unit = {name: [e for e in entries if e.variable.unit.name == name] for name in UNITS}
    cells = [(case, entry) for case in cases(of) for entry in by_unit[case.unit.name]][
        : DISPUTES + AGREED
    ]
    codings = opened({case.pk for case, _ in cells}, pair, book)
    Value.objects.bulk_create(values(cells, codings), batch_size=1000)
    Cell.objects.bulk_create(compared(cells), batch_size=1000)


UNITS = ("intervention", "partner")


def cases(of: Project) -> Iterator[Case]:
    """Interventions with two partners each, without end in sight."""
    above, below = (Unit.objects.get(project=of, name=name) for name in UNITS)
    known = list(first_project.case_rows())
    for number in range(300):
        row = known[number % len(known)]
        facts = {"region": row["fact.region"], "start_year": int(row["fact.start_year"])}
        root = Case.objects.create(
            unit=above, key=f"{row['key']}-{number}", title=row["title"], facts=facts
        )
        yield root
        for state in PARTNERS:
            yield Case.objects.create(
                unit=below,
                key=f"{root.key}/{state}",
                title=f"State {state}",
                parent=root,
                root=root,
                rostered=True,
            )


def opened(cases: set[int], pair: list[User], book: Codebook) -> dict[int, list[Coding]]:
    now = timezone.now()
    made = [
        Coding(case_id=case, coder=coder, codebook=book, submitted_at=now, unblinded_at=now)
        for case, coder in product(sorted(cases), pair)
    ]
    Coding.objects.bulk_create(made, batch_size=1000)
    found: dict[int, list[Coding]] = {}
    for coding in made:
        found.setdefault(coding.case_id, []).append(coding)
    return found


def values(cells: list[tuple[Case, Entry]], codings: dict[int, list[Coding]]) -> Iterator[Value]:
    for number, (case, entry) in enumerate(cells):
        for turn, coding in enumerate(codings[case.pk]):
            text = answers(entry)[turn if is_disputed(number) else 0]
            yield Value(coding=coding, variable_id=entry.variable_id, text=text, certainty=3)


def compared(cells: list[tuple[Case, Entry]]) -> Iterator[Cell]:
    now = timezone.now()
    for number, (case, entry) in enumerate(cells):
        cell = Cell(case=case, variable_id=entry.variable_id, coders=2)
        cell.status, cell.text = "agreed", answers(entry)[0]
        if is_disputed(number):
            cell.status, cell.text = "disputed", None
            cell.distance = severity.apart(answers(entry), entry.domain, entry.variable.measure)
        cell.since = now - timedelta(days=number % 60)
        yield cell


def is_disputed(number: int) -> bool:
    """Every second cell, so that a case holds both."""
    return number % 2 == 0
