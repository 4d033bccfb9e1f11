from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from curation import files
from curation.faults import BadInput, Fault
from curation.intake.series import About, Columns, import_series
from curation.management.reporting import Reporting, add_project, add_table, project_called


class Command(Reporting):
    help = (
        "Take over a column of somebody else's data by state and time, with its source: for the "
        "variables that the codebook derives from it, for the risk set and its studies. A series "
        "of the same name is replaced, and what is derived from it follows."
    )
    example = (
        "manage.py import_series NMC-60-abridged.csv --project us-coalitions --name capability \\\n"
        '    --title "Share of capabilities" --source "Correlates of War, NMC" --edition 6.0 \\\n'
        '    --licence "free to use with citation" --state ccode --year year --value cinc \\\n'
        "    --missing=-9\n"
        "  manage.py import_series contdird.csv --project us-coalitions --name contiguity \\\n"
        '    --title "Shares a border" --source "Correlates of War, Direct Contiguity" \\\n'
        '    --edition 3.2 --licence "free to use with citation" --state ccode1 --other ccode2 \\\n'
        "    --with target --first stdate --last enddate --value conttype \\\n"
        "    --codes 1=1 2=1 3=1 4=1 5=1 --absent 0\n"
        "  manage.py import_series atop5_0ddyr.csv --project us-coalitions --name pact \\\n"
        '    --title "Defence pact" --source "Alliance Treaty Obligations and Provisions" \\\n'
        '    --edition 5.0 --licence "free to use with citation" --state stateA --other stateB \\\n'
        "    --with leads --year year --value defense --same 255,260 --absent 0"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_table(parser)
        add_project(parser)
        for word, text in (
            ("name", "The column of the risk set that it becomes."),
            ("title", "What it is."),
            ("source", "Whose data they are, as to be cited."),
            ("edition", "Which version of them."),
            ("licence", "How they may be used."),
            ("state", "The column of the state's code."),
            ("value", "The column of the value."),
        ):
            parser.add_argument(f"--{word}", required=True, metavar="WORDS", help=text)
        for word, text in (
            ("other", "Of a pair, the column of the other state."),
            ("year", "The column of the year."),
            ("first", "Or the column of the first day,"),
            ("last", "and that of the last day; empty: until today."),
        ):
            parser.add_argument(f"--{word}", default="", metavar="COLUMN", help=text)
        parser.add_argument(
            "--with", default="", dest="pair", choices=("target", "leads"), help="Whom it pairs."
        )
        parser.add_argument(
            "--years-before", type=int, default=0, metavar="N", help="Add up the N years before."
        )
        parser.add_argument("--absent", default="", metavar="VALUE", help="What no row means.")
        parser.add_argument(
            "--missing",
            nargs="*",
            default=[],
            metavar="THEIRS=OURS",
            help="Their missing codes, and which of the project's they are; alone, a gap.",
        )
        parser.add_argument("--codes", nargs="*", default=[], metavar="THEIRS=OURS")
        parser.add_argument(
            "--same", nargs="*", default=[], metavar="CODE,CODE", help="Codes of one state."
        )

    def act(self, options: dict[str, Any]) -> tuple[dict[str, Any], Sequence[str]]:
        project = project_called(options["project"])
        table = files.read(
            Path(options["file"]), encoding=options["encoding"], sheet=options["sheet"]
        )
        places = ("state", "value", "other", "year", "first", "last")
        told = ("name", "title", "source", "licence", "pair", "years_before", "absent")
        about = About(
            **{word: options[word] for word in told},
            version=options["edition"],
            missing=dict(text.partition("=")[::2] for text in options["missing"]),
            codes=dict(_pair(text) for text in options["codes"]),
            same=tuple(frozenset(text.split(",")) for text in options["same"]),
        )
        report = import_series(
            project=project,
            table=table,
            columns=Columns(**{word: options[word] for word in places}),
            about=about,
            dry_run=options["dry_run"],
        )
        return report.as_dict(), report.lines()


def _pair(text: str) -> tuple[str, str]:
    theirs, sign, ours = text.partition("=")
    if not sign:
        raise BadInput([Fault("--codes", text, "is not written as THEIRS=OURS.")])
    return theirs, ours
