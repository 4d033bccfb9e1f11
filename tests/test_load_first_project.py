"""The first project as `make run` loads it."""

from __future__ import annotations

import json
import stat
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from coding import blind, codebooks
from coding.models import Case, Cell, Citation, Coding, Member, Project, State, Value
from curation import demo, first_project
from tests.conftest import World, make_project
from tests.studies.test_derived import pacts_are_taken_over_in_place
from tests.studies.test_estimators import EXTERNAL
from tests.tables import everything, run
from tests.test_first_project import disputed


@pytest.fixture(autouse=True)
def own_var(settings: Any, tmp_path: Path) -> None:
    settings.VAR, settings.DEMO_PASSWORD = tmp_path, ""


def members(project: Project) -> dict[str, tuple[str, str, bool]]:
    rows = Member.objects.filter(project=project).select_related("user")
    return {m.user.username: (m.role, m.kind, m.user.is_active) for m in rows}


def cells(project: Project, status: str) -> list[tuple[str, str]]:
    """Case and variable of the cells in a status."""
    book = codebooks.current(project)
    assert book is not None
    names = {entry.variable_id: entry.name for entry in codebooks.entries(book)}
    found = Cell.objects.filter(status=status, case__unit__project=project)
    return sorted((key, names[v]) for key, v in found.values_list("case__key", "variable"))


def test_the_first_project_is_what_the_lists_say_and_its_demo_is_blind(db: None) -> None:
    report = json.loads(run("load_first_project", "--demo", "--json"))
    project = Project.objects.get(slug="us-coalitions")
    book = codebooks.current(project)
    assert book is not None

    # Codebook, states and cases are those of the lists.
    assert (report["loaded"], report["people_made"]) == (True, True)
    assert len(codebooks.entries(book)) == 65
    assert State.objects.filter(project=project).count() == len(first_project.read_states())
    by_unit = Counter(Case.objects.values_list("unit__name", flat=True))
    assert by_unit == {"intervention": 190, "partner": 640}

    # Earlier data sets speak as members that nobody can sign in as.
    machines = dict.fromkeys(
        ["compiled-list", "tago-2005", "mip-2022"], ("coder", "machine", False)
    )
    people = {name: (str(role), "person", True) for name, role in demo.PEOPLE.items()}
    assert members(project) == machines | people
    assert not User.objects.get(username="compiled-list").has_usable_password()

    # Every value of the lists is there, with its citations, and what rules skip beside them.
    rows = list(first_project.coding_rows())
    listed = {(r["coder"], r["case"], r["variable"]): r["value"] for r in rows}
    names = {entry.variable_id: entry.name for entry in codebooks.entries(book)}
    stored = {
        (coder, case, names[variable]): text
        for coder, case, variable, text in Value.objects.values_list(
            "coding__coder__username", "coding__case__key", "variable", "text"
        )
    }
    assert stored.items() >= listed.items()
    assert {text for key, text in stored.items() if key not in listed} <= {"-88"}
    cited = {(r["coder"], r["case"], r["variable"], r["source"], r["locator"]) for r in rows}
    assert Citation.objects.count() == len(cited)

    # What the three sources dispute stands open, and nothing else.
    assert cells(project, "disputed") == [(case, "coalition") for case in disputed()]
    adjudicator = User.objects.get(username="adjudicator")
    assert blind.disputes_for(adjudicator, project).count() == 27

    # The worklist of the demo is the same for both coders, and closed.
    mine = Coding.objects.filter(case__key__in=first_project.DEMO_WORKLIST)
    for coder in demo.CODERS:
        assert mine.open().filter(coder__username=coder).count() == 12
    for name in [*demo.PEOPLE, demo.ADMIN]:
        reader = User.objects.get(username=name)
        worklist = first_project.DEMO_WORKLIST
        assert not blind.cells_for(reader).filter(case__root__key__in=worklist).exists()
        assert not blind.values_for(reader).filter(coding__case__key__in=worklist).exists()
    assert Value.objects.filter(coding__case__key__in=first_project.DEMO_WORKLIST).count() > 100

    # The administrator has the back office and no part in the research.
    admin = User.objects.get(username="admin")
    assert (admin.is_superuser, admin.memberships.count()) == (True, 0)
    assert all(
        User.objects.get(username=s.name).check_password(report["password"]) for s in demo.SIGN_INS
    )

    # Every value says in its history where it came from, and whose it is.
    past = Value.history.values_list("history_change_reason", "history_user__username")
    assert set(past.distinct()) == {
        ("listed", "compiled-list"),
        *(("imported from fixtures", name) for name in machines),
    }

    # Others' data fill what the codebook derives from them.
    if EXTERNAL.is_dir():
        pacts_are_taken_over_in_place(project)

    # A second run does nothing and says so, and prints the sign-ins again.
    before = everything()
    said = run("load_first_project", "--demo")
    assert everything() == before
    assert said.splitlines()[:3] == [
        "Project us-coalitions is there already: nothing was loaded.",
        f"Sign in with the password {report['password']} as",
        "  coder-1      coder          12 interventions to code, blind to coder-2",
    ]


def test_the_demo_password_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    first, again = demo.password(), demo.password()

    path = tmp_path / "demo_password"
    assert first == again == path.read_text()
    assert len(first) >= 12
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_demo_password_from_the_environment_is_not_kept(tmp_path: Path, settings: Any) -> None:
    settings.DEMO_PASSWORD = "from-outside"

    assert demo.password() == "from-outside"
    assert list(tmp_path.iterdir()) == []


def test_an_account_that_is_there_keeps_its_password(world: World) -> None:
    project, _ = make_project("fresh")
    demo.make_people(project)

    assert world.curator.check_password("secret")
    assert set(members(project)) == set(demo.PEOPLE)
    assert User.objects.get(username="coder-1").check_password(demo.password())
    assert demo.still_holds()


def test_a_password_that_was_changed_is_not_printed(world: World) -> None:
    demo.make_people(make_project("fresh")[0])
    coder = User.objects.get(username="coder-1")
    coder.set_password("another")
    coder.save()

    assert not demo.still_holds()
