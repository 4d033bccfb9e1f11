from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser

from coding.models import Design
from curation.assignments import assign_cases, by_design, coders_called, deal_cases
from curation.faults import BadInput, Fault
from curation.intake.whole import hint
from curation.management.reporting import Reporting, add_project, project_called


class Command(Reporting):
    help = (
        "Put cases on the worklists of coders: named cases to each of them, or those of a unit "
        "that lack coders, dealt evenly. No case gets more coders than the project wants. With "
        "--design, those of a unit that nobody codes yet, by a design that is kept with its seed."
    )
    example = (
        "manage.py assign --project us-coalitions --coder coder-1 coder-2 --case US-1989-PAN2\n"
        "  manage.py assign --project us-coalitions --coder coder-1 coder-2 "
        "--unit intervention --count 20 --seed spring\n"
        "  manage.py assign --project us-coalitions --coder coder-1 coder-2 "
        "--unit intervention --design overlap --percent 30 --seed spring --dry-run"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_project(parser)
        parser.add_argument("--coder", nargs="+", required=True, metavar="NAME")
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--case", nargs="+", metavar="KEY", help="These cases.")
        which.add_argument("--unit", metavar="NAME", help="The cases of this unit, by lot.")
        parser.add_argument("--count", type=int, help="With --unit: at most so many to each coder.")
        parser.add_argument("--seed", default="", help="With --unit: what the lot is drawn by.")
        parser.add_argument("--design", choices=Design.Kind.values, help="With --unit: by design.")
        parser.add_argument("--percent", type=float, help="With --design: the share coded twice.")
        parser.add_argument("--core", type=int, help="With --design core: cases all coders code.")
        parser.add_argument("--fact", default="", help="With --design core: strata by this fact.")
        parser.add_argument("--note", default="", help="With --design: why this design.")
        parser.add_argument(
            "--dry-run", action="store_true", help="With --design: report, and write nothing."
        )

    def act(self, options: dict[str, Any]) -> tuple[dict[str, Any], Sequence[str]]:
        project = project_called(options["project"])
        coders = coders_called(project, options["coder"])
        if options["design"]:
            return by_design(project, options)
        if options["case"]:
            assigned = assign_cases(project=project, coders=coders, keys=options["case"])
        else:
            units = {unit.name: unit for unit in project.units.filter(parent=None)}
            if options["unit"] not in units:
                rule = f"is no unit whose cases are assigned.{hint(options['unit'], units)}"
                raise BadInput([Fault("--unit", options["unit"], rule)])
            assigned = deal_cases(
                project=project,
                coders=coders,
                unit=units[options["unit"]],
                count=options["count"],
                seed=options["seed"],
            )
        new = Counter(each.coder for each in assigned if each.new)
        before = len(assigned) - new.total()
        words = [f"{coder.username}: {new[coder.username]} new" for coder in coders]
        words += [f"{before} were assigned before."] if before else []
        return {"project": project.slug, "assigned": [asdict(each) for each in assigned]}, words
