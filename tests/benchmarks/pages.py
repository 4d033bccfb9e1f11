"""What people wait for besides: the sheet, the queue of disputes, a case's disputes, a ruling."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from statistics import median

from django.urls import reverse

from coding.models import Cell, Value
from tests.benchmarks import filling
from tests.benchmarks.browser import Answer, Browser, Fields
from tests.benchmarks.saving import seated
from tests.benchmarks.serving import Server, per_one, tell

TIMES = 40
LEFT_OUT = 10  # until both processes have read their templates
AIM = {"sheet": 120, "queue": 150}

Act = Callable[[], Awaitable[Answer]]


def measure(server: Server) -> None:
    coder = seated(0, server.port)
    sheet = opening(coder.browser, coder.url)
    timed("opening the 31-entry sheet", coder.browser, sheet, server, aim=AIM["sheet"])
    judge = filling.browser("judge", server.port)
    path = reverse("coding:disputes", args=["disputes"])
    queue, searched = opening(judge, path), opening(judge, f"{path}?q=Gulf")
    name = f"disputes queue at {filling.DISPUTES} open"
    timed(name, judge, queue, server, aim=AIM["queue"])
    timed("disputes queue, searched", judge, searched, server)
    cells = open_cells()
    case = reverse("coding:dispute", args=[cells[0].case_id])
    timed("opening one case's disputes", judge, opening(judge, case), server)
    timed("settling one dispute", judge, [settling(judge, cell) for cell in cells], server)
    left = Cell.objects.filter(pk__in=[cell.pk for cell in cells], status="disputed").count()
    assert left == 0, f"{left} rulings are lost"


def opening(browser: Browser, path: str) -> list[Act]:
    async def once() -> Answer:
        return await browser.get(path)

    return [once] * (TIMES + LEFT_OUT)


def open_cells() -> list[Cell]:
    """Disputes of different interventions."""
    found: dict[int, Cell] = {}
    for cell in Cell.objects.filter(status="disputed", case__parent=None).order_by("case", "pk"):
        found.setdefault(cell.case_id, cell)
    return list(found.values())[: TIMES + LEFT_OUT]


def settling(judge: Browser, cell: Cell) -> Act:
    said = Value.objects.filter(variable=cell.variable_id, coding__case=cell.case_id)
    ruling: Fields = {
        "take": said.values_list("text", flat=True)[0],
        "cause": "judgement",
        "reason": "The first source is nearer to the event.",
        "seen": cell.since.isoformat(),
    }
    path = reverse("coding:settle", args=[cell.case_id, cell.pk])

    async def once() -> Answer:
        return await judge.post(path, ruling)

    return once


def timed(figure: str, browser: Browser, acts: list[Act], server: Server, **more: object) -> None:
    asyncio.run(one_by_one(browser, acts[:LEFT_OUT]))
    cpu = server.cpu_ms()
    times = sorted(asyncio.run(one_by_one(browser, acts[LEFT_OUT:])))
    tell(
        figure,
        median(times),
        "ms",
        p95_ms=round(times[len(times) * 95 // 100], 1),
        server_cpu_ms=per_one(cpu, server.cpu_ms(), len(times)),
        times=len(times),
        **more,
    )


async def one_by_one(browser: Browser, acts: list[Act]) -> list[float]:
    times = []
    for act in acts:
        start = time.perf_counter()
        answer = await act()
        times.append(1000 * (time.perf_counter() - start))
        assert answer.status == 200, answer
    browser.close()
    return times
