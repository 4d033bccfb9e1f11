from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import load_command_class

from coding import codebooks, work
from coding.models import Case, Coding, Member, Project
from curation import codebook_files
from tests.conftest import DOCUMENT, World
from tests.tables import LONG, csv_of, everything, refused, run

OURS = [
    "assign",
    "check_cells",
    "export_codebook",
    "import_cases",
    "import_codebook",
    "import_codings",
    "load_first_project",
]


@pytest.fixture
def codebook_file(tmp_path: Path) -> Path:
    path = tmp_path / "codebook.yaml"
    path.write_text(yaml.safe_dump(DOCUMENT, sort_keys=False), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", OURS)
def test_the_help_of_every_command_shows_an_example(name: str) -> None:
    command = load_command_class("curation", name)
    shown = command.create_parser("manage.py", name).format_help()

    assert f"Example:\n  manage.py {name} " in shown
    assert "--json" in shown


# ------------------------------------------------------------------ codebooks


def test_a_codebook_makes_its_project_and_says_so(db: None, codebook_file: Path) -> None:
    said = run("import_codebook", codebook_file, "--project", "new", "--title", "A new one")

    project = Project.objects.get(slug="new")
    draft = project.codebooks.get()
    assert (project.title, draft.published_at) == ("A new one", None)
    assert said.splitlines() == [
        "Project new did not exist and was made.",
        f"Codebook 1 of new: draft, 11 variables, {codebooks.digest_of(draft)}",
    ]


def test_a_codebook_is_published_and_then_unchanged(db: None, codebook_file: Path) -> None:
    states = []
    for _ in range(2):
        report = json.loads(
            run("import_codebook", codebook_file, "--project", "new", "--publish", "--json")
        )
        states.append((report["state"], report["number"], report["made_project"]))

    book = Project.objects.get(slug="new").codebooks.get()
    assert states == [("published", 1, True), ("unchanged", 1, False)]
    assert report["digest"] == book.digest


def test_a_draft_is_replaced_by_the_next_one(db: None, codebook_file: Path) -> None:
    run("import_codebook", codebook_file, "--project", "new")
    codebook_file.write_text(codebook_file.read_text().replace("Main goal", "Chief goal"))
    run("import_codebook", codebook_file, "--project", "new")

    draft = Project.objects.get(slug="new").codebooks.get()
    assert draft.entries.get(name="goal").label == "Chief goal"


def test_a_project_needs_a_name_that_an_address_can_hold(db: None, codebook_file: Path) -> None:
    assert refused("import_codebook", codebook_file, "--project", "not a slug")[0] == (
        "--project: “not a slug” is no name for a project: "
        "letters, digits, hyphens and underscores only."
    )


@pytest.mark.parametrize("suffix", ["yaml", "json"])
def test_an_exported_codebook_is_the_same_when_imported_again(
    world: World, tmp_path: Path, suffix: str
) -> None:
    first, second = tmp_path / "first.yaml", tmp_path / f"second.{suffix}"
    run("export_codebook", "--project", "usmi", "--out", first)
    second.write_bytes(first.read_bytes())
    if suffix == "json":
        second.write_text(json.dumps(codebook_files.read(first)))

    report = json.loads(run("import_codebook", second, "--project", "usmi", "--json"))
    copy = json.loads(run("import_codebook", second, "--project", "copy", "--publish", "--json"))
    printed = run("export_codebook", "--project", "copy")

    assert report["state"] == "unchanged"
    assert copy["digest"] == world.codebook.digest
    assert printed == first.read_text(encoding="utf-8")


def test_text_that_yaml_could_take_for_something_else_stays_text(
    world: World, tmp_path: Path
) -> None:
    odd = ["No", "1991-02-28", "012", "1e3", "1_000", "~", "null", "a: b", "- x", "Ł\u2028ö", "="]
    document = DOCUMENT | {"variables": [DOCUMENT["variables"][0] | {"example": w} for w in odd]}
    for number, variable in enumerate(document["variables"]):
        variable["name"] = f"goal_{number}"

    path = tmp_path / "t.yaml"
    path.write_text(codebook_files.written(document), encoding="utf-8")

    assert codebook_files.read(path) == document


def test_a_key_is_a_word_whatever_it_looks_like(tmp_path: Path) -> None:
    path = tmp_path / "t.yaml"
    text = codebook_files.written(DOCUMENT) + "certainty: {1: A guess, no: None}\n"
    path.write_text(text, encoding="utf-8")

    assert codebook_files.read(path)["certainty"] == {"1": "A guess", "no": "None"}


def test_an_earlier_codebook_is_exported_by_its_number(world: World, tmp_path: Path) -> None:
    changed = codebooks.document_of(world.codebook)
    changed["codebook"]["title"] = "A second codebook"
    draft = codebooks.draft(project=world.project, document=changed)
    codebooks.publish(codebook=draft)

    titles = [
        yaml.safe_load(run("export_codebook", "--project", "usmi", *number))["codebook"]["title"]
        for number in ([], ["--number", 1])
    ]

    assert titles == ["A second codebook", "A small codebook"]
    assert refused("export_codebook", "--project", "usmi", "--number", 9)[0] == (
        "--number: “9” is no codebook. There are: 1, 2."
    )


# ------------------------------------------------------------------ cases and codings


def test_cases_come_from_columns_of_any_name(world: World, tmp_path: Path) -> None:
    path = tmp_path / "wars.csv"
    path.write_text("WarNum\tWarName\tWhere\tVersion\r7\tMexican-American\tAmericas\t4\r")
    where = ("--project", "usmi", "--unit", "intervention")
    names = ("--key", "WarNum", "--title", "WarName", "--facts", "Where")

    said = run("import_cases", path, *where, *names, "--ignore-other-columns")

    made = Case.objects.get(key="7", unit__project=world.project)
    assert (made.title, made.facts) == ("Mexican-American", {"Where": "Americas"})
    assert said == "intervention of usmi: 1 new, 0 changed, 0 unchanged.\n"


def test_a_column_that_is_named_and_not_there_is_refused(world: World, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("key,name\nA,x\n")
    where = ("--project", "usmi", "--unit", "intervention")

    assert refused("import_cases", path, *where, "--title", "nome", "--facts", "fact")[:2] == [
        "line 1: “fact” is missing: this column is needed.",
        "line 1: “nome” is missing: this column is needed. Is it name?",
    ]


def test_a_dry_run_of_cases_reports_the_same_and_writes_nothing(
    world: World, tmp_path: Path
) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f"key,title\nA,x\n{world.case.key},Gulf War\n")
    command = ("import_cases", path, "--project", "usmi", "--unit", "intervention", "--json")
    before = everything()

    dry = json.loads(run(*command, "--dry-run"))
    assert everything() == before
    real = json.loads(run(*command))

    assert dry.pop("dry_run")
    assert not real.pop("dry_run")
    assert dry == real
    assert (real["created"], len(real["updated"])) == (["A"], 1)


def test_codings_come_from_a_file_and_are_handed_in(world: World, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    where = ("intervention", world.case.key, "goal")
    path.write_text(csv_of(LONG, [(c, *where, "regime") for c in ("coder_a", "coder_b")]))

    said = run("import_codings", path, "--project", "usmi", "--submit")

    assert world.cell().status == "agreed"
    assert said.splitlines() == [
        "usmi, codebook 1: 2 values with 0 citations on 2 sheets of coder_a, coder_b.",
        "The sheets are handed in.",
    ]


def test_a_guessed_encoding_is_said_before_the_report(world: World, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("key,title\nA,Nürnberg\n", encoding="latin-1")
    where = ("--project", "usmi", "--unit", "intervention")

    first, second = run("import_cases", path, *where).splitlines()

    assert first.startswith("Line 2 is not UTF-8: t.csv was read as Windows-1252.")
    assert second == "intervention of usmi: 1 new, 0 changed, 0 unchanged."
    assert Case.objects.get(key="A").title == "Nürnberg"


# ------------------------------------------------------------------ worklists


def assign(*args: object) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run("assign", "--project", "usmi", *args, "--json"))[
        "assigned"
    ]
    return found


def worklists(world: World) -> dict[str, list[str]]:
    open_codings = Coding.objects.open().filter(codebook=world.codebook).order_by("case__key")
    found: dict[str, list[str]] = {}
    for coder, key in open_codings.values_list("coder__username", "case__key"):
        found.setdefault(coder, []).append(key)
    return found


def new_cases(world: World, *keys: str) -> None:
    for key in keys:
        Case.objects.create(unit=world.case.unit, key=key, title=key)


def test_named_cases_are_assigned_to_each_coder_and_twice_is_once(world: World) -> None:
    new_cases(world, "A")

    first = assign("--coder", "coder_a", "coder_b", "--case", "A")
    again = assign("--coder", "coder_a", "coder_b", "--case", "A")

    assert [(each["coder"], each["new"]) for each in first] == [
        ("coder_a", True),
        ("coder_b", True),
    ]
    assert not any(each["new"] for each in again)
    assert worklists(world)["coder_a"] == ["A", "US-1991-GUL"]


def test_a_case_is_not_assigned_to_more_coders_than_the_project_wants(world: World) -> None:
    new_cases(world, "A")
    before = everything()

    said = refused(
        "assign", "--project", "usmi", "--coder", "curator", "--case", "A", world.case.key
    )

    assert said[0] == "--case: “US-1991-GUL” would have 3 coders: 2 code a case."
    assert everything() == before


def test_earlier_data_sets_do_not_count_as_coders(world: World) -> None:
    new_cases(world, "A")
    for member in Member.objects.filter(user__in=[world.coder_a, world.coder_b]):
        member.kind = Member.Kind.MACHINE
        member.save()
    for coder in (world.coder_a, world.coder_b):
        work.assign(case=Case.objects.get(key="A"), coder=coder)

    [assigned] = assign("--coder", "curator", "--case", "A")

    assert assigned == {"coder": "curator", "case": "A", "new": True}


def test_cases_that_lack_coders_are_dealt_evenly(world: World) -> None:
    new_cases(world, *"ABCDEF")

    assign("--coder", "coder_a", "coder_b", "curator", "--unit", "intervention", "--seed", "x")

    lists = worklists(world)
    assert [len(lists[name]) for name in ("coder_a", "coder_b", "curator")] == [5, 5, 4]
    keys = [key for mine in lists.values() for key in mine]
    assert all(keys.count(key) == 2 for key in keys)


def test_the_same_seed_deals_the_same_cases_and_no_more_than_told(world: World) -> None:
    new_cases(world, *"ABCDEF")
    deal = ("--coder", "coder_a", "coder_b", "--unit", "intervention", "--count", 2, "--seed")

    said = assign(*deal, "spring")
    keys = {each["case"] for each in said}
    for coding in Coding.objects.filter(case__key__in=keys):
        work.withdraw(coding=coding, reason="again", by=world.curator)

    assert assign(*deal, "spring") == said
    assert len(said) == 4


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (
            ("--coder", "coder_c", "--case", "US-1991-GUL"),
            "--coder: “coder_c” is no coder of usmi. Did you mean coder_b?",
        ),
        (
            ("--coder", "reader", "--case", "US-1991-GUL"),
            "--coder: “reader” is no coder of usmi. There are adjudicator, coder_a, coder_b, "
            "curator.",
        ),
        (
            ("--coder", "coder_a", "--case", "US-1991-GLU"),
            "--case: “US-1991-GLU” is no case that can be assigned. Did you mean US-1991-GUL?",
        ),
        (
            ("--coder", "coder_a", "--unit", "partner"),
            "--unit: “partner” is no unit whose cases are assigned. There are intervention.",
        ),
    ],
)
def test_who_or_what_cannot_be_assigned_is_named(
    world: World, args: tuple[str, ...], expected: str
) -> None:
    assert refused("assign", "--project", "usmi", *args)[0] == expected


def test_a_project_without_a_codebook_assigns_nothing(world: World) -> None:
    empty = Project.objects.create(slug="empty", title="Empty")
    Member.objects.create(project=empty, user=world.coder_a)

    said = refused("assign", "--project", "empty", "--coder", "coder_a", "--case", "A")

    assert said[0].startswith("--case: “A” is no case that can be assigned.")
