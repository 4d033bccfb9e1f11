"""The first project out of fixtures/, through the same acts as any other project."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.contrib.auth.models import User
from django.db import transaction

from coding.models import Member, Project, State
from curation import codebook_files, demo, files, first_project
from curation.intake import import_cases, import_codebook, import_codings
from curation.mapping import FIXTURES, rules
from curation.releases import Signing, cut, gate
from curation.studies.asked import run
from curation.studies.registry import STUDIES

TITLE = "U.S. military interventions and coalition partners, 1946–2018"
DESCRIPTION = (
    "Who joined the United States in its military interventions, with what, and why others did "
    "not. What earlier lists say stands beside what coders find."
)
LOOK = "0.0.1"
WAIVED = "It is there to be looked at."
NOTE = (
    "Cut when the demonstration was loaded, to have something to look at: the lists as they were "
    "compiled, with the disputes between them left empty. No coder has checked them yet."
)
# Who could have joined: the United States leads, so it joins nobody.
RISK_SET = {
    "roster": "partners",
    "start": "start_date",
    "target": "location_state",
    "class": "partner_class",
    "leads": ["2"],
}


@dataclass(frozen=True)
class Loaded:
    """What was done; nothing where it was done before."""

    project: Project
    is_new: bool
    people_are_new: bool


@transaction.atomic
def load(*, with_demo: bool = False) -> Loaded:
    """Make what is not there yet: the project with all that is known, and the demo's people.

    The demo's worklist is assigned before anything is submitted: a case opens when all its
    codings are in, so these cases stay closed though earlier lists speak of them.
    """
    known = Project.objects.filter(slug=first_project.SLUG).first()
    project = known or _make_project()
    people_are_new = with_demo and not demo.are_there(project)
    if people_are_new:
        demo.make_people(project)
        demo.assign_worklist(project)
    if known is None:
        _record_what_is_known(project)
    if people_are_new:
        _look(project)
    return Loaded(project, known is None, people_are_new)


def _look(project: Project) -> None:
    """A first release with the studies on it, so that there is something to look at."""
    people = User.objects.filter(memberships__project=project)
    signers = [people.get(username=name) for name in ("curator", "adjudicator")]
    terms = gate.Terms(dict.fromkeys(gate.NAMES, WAIVED), strict=True)
    release = cut(project=project, version=LOOK, signing=Signing(signers), notes=NOTE, terms=terms)
    for study in STUDIES.values():
        run(study=study, release=release)


def _make_project() -> Project:
    document = codebook_files.read(FIXTURES / "codebook.yaml")
    import_codebook(slug=first_project.SLUG, document=document, title=TITLE, publish=True)
    project = Project.objects.get(slug=first_project.SLUG)
    project.description = DESCRIPTION
    project.risk_set = RISK_SET
    project.save()
    State.objects.bulk_create(_states(project))
    unit = project.units.get(name="intervention")
    table = files.table_of(first_project.case_rows())
    import_cases(project=project, unit=unit, table=table, source="fixtures/cases.csv")
    return project


def _states(project: Project) -> Iterator[State]:
    for row in first_project.read_states():
        until = row["member_until"]
        yield State(
            project=project,
            code=row["cow_code"],
            abbreviation=row["abbreviation"],
            name=row["name"],
            member_from=date.fromisoformat(row["member_from"]),
            member_until=date.fromisoformat(until) if until else None,
            region=row["region"],
        )


def _record_what_is_known(project: Project) -> None:
    """Earlier data sets speak as members: nobody can sign in as one of them."""
    data_sets = [d["coder"] for d in rules()["three_sources"]["coders"].values()]
    for name in [rules()["interventions"]["coder"], *data_sets]:
        user, made = User.objects.get_or_create(username=name, defaults={"is_active": False})
        if made:
            user.set_unusable_password()
            user.save()
        machine = Member.Kind.MACHINE
        Member.objects.create(project=project, user=user, kind=machine, pseudonym=name)
    table = files.table_of(first_project.coding_rows())
    import_codings(project=project, table=table, submit=True, source="fixtures")
