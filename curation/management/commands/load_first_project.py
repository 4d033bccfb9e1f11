from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser

from coding.models import Project
from curation import demo
from curation.first_project import SLUG
from curation.loading import Loaded, load
from curation.management.reporting import Reporting


class Command(Reporting):
    help = (
        "Load the first project, us-coalitions, from fixtures/, with what earlier data sets say. "
        "A second run changes nothing."
    )
    example = "manage.py load_first_project --demo"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--demo",
            action="store_true",
            help="Also people to sign in as, with the password DEMO_PASSWORD or one that is made.",
        )

    def act(self, options: dict[str, Any]) -> tuple[dict[str, Any], Sequence[str]]:
        if not options["json"] and not Project.objects.filter(slug=SLUG).exists():
            self.stdout.write("Loading the first project (once, about half a minute)")
            self.stdout.flush()
        loaded = load(with_demo=options["demo"])
        sign_ins = demo.SIGN_INS if options["demo"] else ()
        holds = bool(sign_ins) and demo.still_holds()
        data = {
            "project": loaded.project.slug,
            "loaded": loaded.is_new,
            "people_made": loaded.people_are_new,
            "sign_ins": [asdict(each) for each in sign_ins],
            "password": demo.password() if holds else None,
        }
        return data, [*_words(loaded), *(_table(holds) if sign_ins else [])]


def _words(loaded: Loaded) -> Iterator[str]:
    slug = loaded.project.slug
    if loaded.is_new:
        yield f"Project {slug} is loaded."
    else:
        yield f"Project {slug} is there already: nothing was loaded."


def _table(holds: bool) -> Iterator[str]:
    secret = f"the password {demo.password()}" if holds else "the passwords that were set since"
    yield f"Sign in with {secret} as"
    for each in demo.SIGN_INS:
        yield f"  {each.name:<12} {each.role:<14} {each.waiting}"
