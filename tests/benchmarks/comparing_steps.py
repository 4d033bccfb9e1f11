"""The steps of the benchmark of comparing, where Django is set up. See `comparing`."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client

from coding import codebooks
from coding.models import Member, Project
from coding.reading import comparison
from tests.benchmarks.serving import tell

ENTRIES = 200
TIMES = 15
AIM = 200


def document(version: int) -> dict[str, object]:
    """Every entry with words and five categories of its own; each version words half of it anew."""
    words = "that is named first in an official document of the government in the year it began"
    return {
        "codebook": {"title": "Large", "units": [{"id": "war", "label": "War"}]},
        "variables": [
            {
                "name": f"v{n}",
                "unit": "war",
                "section": f"Section {n // 20}",
                "label": f"Variable {n}",
                "question": f"Which aim {words} {n}, as of version {version if n % 2 else 1}?",
                "rule": f"The aim {words}. " * (4 + version % 2),
                "type": "category",
                "categories": [
                    {"code": c, "label": f"Aim {c}", "definition": f"An aim {words} {c * version}."}
                    for c in range(1, 6 + (version if n % 10 == 0 else 0))
                ],
            }
            for n in range(ENTRIES)
        ],
    }


def told(figure: str, act: Callable[[], object]) -> None:
    act()
    times, cpu = [], time.process_time()
    for _ in range(TIMES):
        start = time.perf_counter()
        act()
        times.append(1000 * (time.perf_counter() - start))
    cpu_ms = 1000 * (time.process_time() - cpu) / TIMES
    tell(figure, median(times), "ms", cpu_ms=round(cpu_ms, 1), aim=AIM, times=TIMES)


def measure() -> None:
    call_command("migrate", verbosity=0)
    project = Project.objects.create(slug="large", title="Large")
    curator = User.objects.create_user("curator")
    Member.objects.create(project=project, user=curator, role=Member.Role.CURATOR)
    first, second = (
        codebooks.publish(codebook=codebooks.draft(project=project, document=document(version)))
        for version in (1, 2)
    )
    third = codebooks.draft(project=project, document=document(3))
    client = Client(SERVER_NAME="localhost")
    client.force_login(curator)
    base = "/projects/large/codebook/"
    told("comparing 200 entries with their draft", lambda: comparison.compare(second, third).counts)
    told("comparing 200 entries, page", lambda: client.get(f"{base}compare/1/2/"))
    told("comparing 200 entries, page of a draft", lambda: client.get(f"{base}compare/2/3/"))
    told("comparing 200 entries, JSON", lambda: client.get(f"{base}compare/1/2.json"))
    told("comparing 200 entries, Markdown", lambda: client.get(f"{base}compare/1/2.md"))
    told("codebook of 200 entries, page", lambda: client.get(f"{base}{first.number}/"))
