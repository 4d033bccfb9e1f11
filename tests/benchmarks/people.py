"""A filled database, the server before it, and everybody who uses it."""

from __future__ import annotations

from django.core.management import call_command

from tests.benchmarks import filling, pages, saving
from tests.benchmarks.serving import served


def measure() -> None:
    call_command("collectstatic", verbosity=0, interactive=False)
    call_command("migrate", verbosity=0)
    filling.fill()
    with served() as server:
        saving.measure(server)
        pages.measure(server)
