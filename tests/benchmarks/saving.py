"""Saving one value with its history, by one coder and by many at once."""

from __future__ import annotations

import asyncio
import re
import sys
import time
from dataclasses import dataclass, field

from django.urls import reverse

from coding.models import Coding, Entry, Value
from tests.benchmarks import filling
from tests.benchmarks.browser import Answer, Browser
from tests.benchmarks.serving import Server, per_one, tell

TOGETHER = (1, 8, 32)
SECONDS = 4.0  # that a run lasts
RUNS = 3
AIM = {"saves/s": 300, "p95_ms": 60}  # of 8 at once


def measure(server: Server) -> None:
    people = [seated(number, server.port) for number in range(filling.CODERS)]
    run(people[:4], server)  # so that both processes have read the codebook
    for count in TOGETHER:
        report(count, [run(people[:count], server) for _ in range(RUNS)])


# ------------------------------------------------------------------ one coder


@dataclass
class Person:
    """A coder at their own sheet, and what the server said it has kept."""

    browser: Browser
    coding: Coding
    asked: list[Entry]
    turn: int
    seen: dict[str, str] = field(default_factory=dict)
    kept: dict[int, str] = field(default_factory=dict)
    acknowledged: int = 0
    times: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return reverse("coding:sheet", args=[self.coding.pk])

    async def code_until(self, end: float) -> None:
        """Answer one question after the other, then all of them anew."""
        while time.perf_counter() < end:
            await self.save()

    async def save(self) -> None:
        round_, number = divmod(self.turn, len(self.asked))
        entry = self.asked[number]
        said = filling.said(entry, round_)
        self.turn += 1
        start = time.perf_counter()
        try:
            answer = await self.browser.post(
                f"{self.url}{entry.name}/", said | {"seen": self.seen.get(entry.name, "")}
            )
        except (OSError, asyncio.IncompleteReadError) as broken:
            self.errors.append(f"{entry.name}: {broken!r}")
            return
        self.times.append(time.perf_counter() - start)
        self._note(entry, said["text"], answer)

    def _note(self, entry: Entry, text: str | list[str], answer: Answer) -> None:
        saved = rf'data-field="{entry.name}" data-token="([^"]+)" data-saved'
        token = re.search(saved, answer.body)
        if answer.status != 200 or token is None:
            self.errors.append(f"{entry.name}: {answer.status} {answer.body[:300]}")
            return
        self.seen[entry.name] = token[1]
        self.kept[entry.variable_id] = text if isinstance(text, str) else ";".join(text)
        self.acknowledged += 1

    def lost(self) -> int:
        """Answers that the server acknowledged and the database does not hold."""
        stored = dict(Value.objects.filter(coding=self.coding).values_list("variable", "text"))
        return sum(stored.get(variable) != text for variable, text in self.kept.items())


def seated(number: int, port: int) -> Person:
    """A coder who has opened the sheet; each begins at another question."""
    name = f"coder{number}"
    coding = Coding.objects.get(coder__username=name, case__unit__name="intervention")
    person = Person(filling.browser(name, port), coding, filling.asked(), number)
    asyncio.run(person.browser.visit(person.url))
    return person


# ------------------------------------------------------------------ many at once


@dataclass(frozen=True)
class Run:
    per_second: float
    p50_ms: float
    p95_ms: float
    cpu_ms: float | None
    saves: int
    history: int
    errors: list[str]
    lost: int


def run(people: list[Person], server: Server) -> Run:
    """All of them save as fast as they are answered."""
    for person in people:
        person.times, person.errors, person.acknowledged = [], [], 0
    before, cpu, start = history(people), server.cpu_ms(), time.perf_counter()
    asyncio.run(together(people, start + SECONDS))
    took, used = time.perf_counter() - start, server.cpu_ms()
    times = sorted(1000 * seconds for person in people for seconds in person.times)
    return Run(
        per_second=len(times) / took,
        p50_ms=round(times[len(times) // 2], 1),
        p95_ms=round(times[len(times) * 95 // 100], 1),
        cpu_ms=per_one(cpu, used, len(times)),
        saves=sum(person.acknowledged for person in people),
        history=history(people) - before,
        errors=[error for person in people for error in person.errors],
        lost=sum(person.lost() for person in people),
    )


async def together(people: list[Person], end: float) -> None:
    await asyncio.gather(*(person.code_until(end) for person in people))
    for person in people:
        person.browser.close()


def history(people: list[Person]) -> int:
    return int(Value.history.filter(coding__in=[p.coding.pk for p in people]).count())


def report(count: int, runs: list[Run]) -> None:
    middle = sorted(runs, key=lambda run: run.per_second)[len(runs) // 2]
    errors = [error for run in runs for error in run.errors]
    tell(
        f"saving one value, {count} at once",
        middle.per_second,
        "saves/s",
        p50_ms=middle.p50_ms,
        p95_ms=middle.p95_ms,
        server_cpu_ms=middle.cpu_ms,
        runs=[round(run.per_second) for run in runs],
        saves=sum(run.saves for run in runs),
        history_rows=sum(run.history for run in runs),
        errors=len(errors),
        lost=sum(run.lost for run in runs),
        **({"aim": AIM} if count == 8 else {}),
    )
    sys.stderr.writelines(f"{error}\n" for error in errors[:3])
