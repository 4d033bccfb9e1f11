from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from curation.formats import schema


class Command(BaseCommand):
    help = "Print the JSON Schema (draft 2020-12) of codebook documents."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(schema.written(), ending="")
