from __future__ import annotations

import ast
import hashlib
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction

from coding import blind, codebooks, work
from coding.errors import Refused
from coding.models import (
    Case,
    Category,
    Cell,
    Certification,
    Codebook,
    Coding,
    Entry,
    FirstAnswer,
    Gold,
    Member,
    Notice,
    Project,
    Source,
    Value,
    Waiver,
)
from curation import archive, public, store
from curation.models import Release
from curation.releases import errata, verify
from tests.conftest import DOCUMENT, World
from tests.releasing import cut

Change = Callable[[bytes], bytes]


@pytest.fixture
def lived_in(world: World) -> World:
    """A project with a past: answers taken off, sheets put away, rulings, drafts, a release."""
    world.say(world.coding_a, "1991", "end_date", certainty=4, note="A\r\nnote")
    work.clear_value(coding=world.coding_a, entry=world.entry("end_date"))
    world.say(world.coding_a, "1991-02~", "end_date")
    date = world.entry("end_date")
    for locator in ("p. 7", "p. 8"):
        cited = work.add_citation(
            coding=world.coding_a, entry=date, source="Straße, 2", locator=locator, quote="“Ende”"
        )
    work.remove_citation(coding=world.coding_a, citation=cited.pk)
    world.say(world.coding_a, "200;220", "partners")
    for coding, states in ((world.coding_a, "200"), (world.coding_b, "200;255")):
        world.say(coding, "regime")
        world.say(coding, states, "partners")
        world.say(coding, "1000", "troops")
        world.say(coding, "0" if ";" in states else "1", "ended")
        for state in states.split(";"):
            world.say(world.sheet_of(coding.coder, state), "2", "sent")
            world.say(world.sheet_of(coding.coder, state), "1", "strength")
        work.submit(coding=coding)
    world.settle("200;255", "partners")
    gold_and_certifications(world)
    remembered(world)
    claims_and_views(world)
    watched_over(world)
    discussed(world)
    [closed] = world.more_cases(1)
    coding = closed.codings.get(coder=world.coder_a)
    world.say(coding, "canary")
    work.submit(coding=coding)
    drafts(world)
    cut(project=world.project, version="0.1.0", by=world.curator, allow_disputes=True)
    said_of_releases(world)
    cut(project=world.project, version="0.1.1")
    return world


def said_of_releases(world: World) -> None:
    """A release that is public, deposited, withdrawn, and has an erratum that was answered."""
    release = Release.objects.get(project=world.project)
    by = {"by": world.curator}
    public.show(project=world.project, public=True, reason="Paper is out", **by)
    public.deposited(release=release, doi="10.7910/DVN/ABC123", **by)
    public.withdraw(release=release, reason="Swapped sheets", **by)
    place = ("intervention", "US-1991-GUL", "troops")
    for words in ("Smith, p. 4", "Jones, p. 5"):
        told = errata.report(release=release, place=place, said=words, name="Ann")
    errata.answer(erratum=told, state="accepted", words="Jones is right.", **by)


def gold_and_certifications(world: World) -> None:
    """One of each that stands, and one of each that was taken off again; a waiver likewise."""
    people = {"by": world.curator, "reason": "Shown on Desert Storm"}
    member = Member.objects.get(project=world.project, user=world.coder_a)
    for name in ("goal", "troops"):
        variable = world.entry(name).variable
        gold = Gold.objects.create(case=world.case, variable=variable, **people)
        shown = Certification.objects.create(member=member, variable=variable, **people)
        waiver = Waiver.objects.create(case=world.case, variable=variable, rule=name, **people)
    gold.delete()
    shown.delete()
    waiver.delete()


def remembered(world: World) -> None:
    """A precedent that was withdrawn and one that stands, what a ruling rested on and rests on."""
    source, entry = Source.objects.get(project=world.project), world.entry("partners")
    for locator in ("p. 1", "p. 2"):
        cell = work.settle(
            cell=world.cell("partners"),
            entry=entry,
            text="200;255",
            cause="slip",
            reason="Both took part",
            by=world.adjudicator,
            rule=world.entry("goal"),
            sources=[work.Place(source, locator, "Words.")],
        )
        precedent = work.mark_precedent(cell=cell, pattern="Both", by=world.adjudicator)
        if locator == "p. 1":
            work.withdraw_precedent(precedent=precedent, reason="Unclear", by=world.curator)
    work.propose(
        project=world.project, variable=entry.variable, words="Say who counts", by=world.adjudicator
    )


def claims_and_views(world: World) -> None:
    """A claim that was taken over, and a view of the queue."""
    work.claim(case=world.case, by=world.adjudicator)
    FirstAnswer.objects.create(cell=world.cell("troops"), by=world.adjudicator, text="5")
    work.take_over(case=world.case, reason="On leave", by=world.curator)
    member = Member.objects.get(project=world.project, user=world.curator)
    work.keep_view(member=member, name="Gravest", query="sort=-severity")


def watched_over(world: World) -> None:
    """A second look that was ended, a vote with its source, a rule passed by, a review."""
    goal, troops = world.entry("goal"), world.entry("troops")
    look = work.ask_second(
        project=world.project,
        kind="second",
        votes=2,
        variable=goal.variable,
        share=100,
        seed="s",
        reason="Hard to tell",
        by=world.curator,
    )
    said = {"text": "policy", "cause": "slip", "reason": "p. 3", "by": world.curator}
    sources = [work.Place(Source.objects.get(project=world.project), "p. 3")]
    work.settle(cell=world.cell("goal"), entry=goal, sources=sources, **said)
    work.settle_with_fewer(
        cell=world.cell("goal"), entry=goal, reason="Nobody else", by=world.curator
    )
    work.end_second(look=look, reason="Nobody else", by=world.curator)
    scope = work.Scope(kind="all", seed="s", variable=troops.variable)
    cells = [(world.cell("troops"), troops)]
    work.start_review(project=world.project, scope=scope, cells=cells, by=world.curator)
    asked = blind.verifications_for(world.curator, world.project).get()
    work.return_cell(row=asked, question="Which page?", by=world.curator)
    row = blind.questions_for(world.coder_b, world.project).get()
    work.answer_question(row=row, answer="Page 4.", by=world.coder_b)


def discussed(world: World) -> None:
    """A mention, a question that was handed on, answered and closed, and a move."""
    cell, by = world.cell("ended"), world.adjudicator
    work.comment(cell=cell, text="@curator, see p. 3", by=by)
    asked = work.inquire(cell=cell, text="Which page?", owner="curator", by=by)
    work.hand_over(inquiry=asked, text="You know", owner="adjudicator", by=world.curator)
    work.reply(inquiry=asked, text="Page 4", by=by)
    work.close(inquiry=asked, text="Thanks", by=by)
    world.settle("1991-02~", "end_date", by=world.curator)
    work.mark_mailed(notices=list(Notice.objects.values_list("pk", flat=True)[:1]))
    world.project.reconcile_by_discussion = True
    world.project.save()
    move = {"text": "1", "cause": "slip", "reason": "p. 4", "by": world.coder_b}
    work.move_to(cell=world.cell("ended"), entry=world.entry("ended"), **move)


def drafts(world: World) -> None:
    """A second codebook, and a draft that replaced a draft."""
    for words in ("Second", "Given up", "Third"):
        variables = [v | {"rule": f"{words} rule."} for v in DOCUMENT["variables"]]
        book = codebooks.draft(
            project=world.project, document=DOCUMENT | {"variables": variables}, note=words
        )
        if words == "Second":
            codebooks.publish(codebook=book, by=world.curator)


def exported(world: World, path: Path) -> Path:
    archive.export(world.project, path)
    return path


MADE_ONCE: list[bytes] = []


@pytest.fixture
def archived(request: pytest.FixtureRequest, world: World, tmp_path: Path) -> Path:
    """An archive of the project with a past; made once, since many tests spoil it."""
    path = tmp_path / "a.zip"
    if not MADE_ONCE:
        MADE_ONCE.append(exported(request.getfixturevalue("lived_in"), path).read_bytes())
    path.write_bytes(MADE_ONCE[0])
    return path


def moved_away(world: World) -> None:
    """The name becomes free, the project stays: the database is not empty."""
    Project.objects.filter(pk=world.project.pk).update(slug="moved")


# ------------------------------------------------------------------ there and back


def test_export_after_import_gives_the_same_bytes(lived_in: World, tmp_path: Path) -> None:
    first = exported(lived_in, tmp_path / "first.zip")
    moved_away(lived_in)

    project = archive.bring_in(first)
    archive.export(project, tmp_path / "second.zip")

    assert (tmp_path / "second.zip").read_bytes() == first.read_bytes()
    assert project.slug == "usmi"


def test_an_archive_holds_every_row_and_every_past_row(lived_in: World, tmp_path: Path) -> None:
    exported(lived_in, tmp_path / "a.zip")

    with zipfile.ZipFile(tmp_path / "a.zip") as found:
        lines = {name: len(found.read(name).splitlines()) for name in found.namelist()}

    here = {"coding__case__unit__project": lived_in.project}
    assert lines["values.jsonl"] == Value.objects.filter(**here).count()
    assert lines["values.past.jsonl"] == Value.history.count()
    assert lines["cells.past.jsonl"] == Cell.history.count()
    assert lines["citations.past.jsonl"] == 3
    assert lines["codings.past.jsonl"] == Coding.history.count()
    assert lines["releases.jsonl"] == 2
    assert (lines["precedents.jsonl"], lines["precedents.past.jsonl"]) == (2, 3)
    assert (lines["grounds.jsonl"], lines["grounds.past.jsonl"]) == (2, 4)
    assert (lines["proposals.jsonl"], lines["proposals.past.jsonl"]) == (1, 1)
    assert (lines["gold.jsonl"], lines["gold.past.jsonl"]) == (1, 3)
    assert (lines["waivers.jsonl"], lines["waivers.past.jsonl"]) == (1, 3)
    assert (lines["certifications.jsonl"], lines["certifications.past.jsonl"]) == (1, 3)
    assert (lines["second_looks.jsonl"], lines["second_looks.past.jsonl"]) == (1, 2)
    assert (lines["votes.jsonl"], lines["vote_grounds.jsonl"], lines["bypasses.jsonl"]) == (1, 1, 1)
    assert (lines["reviews.jsonl"], lines["reviews.past.jsonl"]) == (1, 1)
    assert (lines["verifications.jsonl"], lines["verifications.past.jsonl"]) == (1, 3)
    gone = Entry.history.filter(history_type="-").count()
    assert gone == len(DOCUMENT["variables"])
    elsewhere = Category.objects.filter(entry__codebook__project__slug="elsewhere").count()
    assert lines["categories.past.jsonl"] == Category.history.count() - elsewhere
    assert lines["entries.past.jsonl"] == 4 * len(DOCUMENT["variables"]) + gone


def test_another_project_is_not_in_the_archive(lived_in: World, tmp_path: Path) -> None:
    exported(lived_in, tmp_path / "a.zip")

    with zipfile.ZipFile(tmp_path / "a.zip") as found:
        written = b"".join(found.read(name) for name in found.namelist())
    assert b"elsewhere" not in written
    assert b"outsider" not in written
    assert b"coder_a" in written


def test_a_copy_stands_beside_the_original_and_work_goes_on_in_both(
    lived_in: World, tmp_path: Path
) -> None:
    copy = archive.bring_in(exported(lived_in, tmp_path / "a.zip"), slug="copy")

    for project in (lived_in.project, copy):
        case = Case.objects.get(unit__project=project, key="US-1900-X")
        coding = case.codings.get(coder=lived_in.coder_b)
        entry = next(e for e in codebooks.entries(coding.codebook) if e.name == "goal")
        work.save_value(coding=coding, entry=entry, text="regime")
        work.submit(coding=coding)
        Case.objects.create(unit=case.unit, key="US-2003-IRQ", title="Iraq")

    cells = [blind.all_cells(p).filter(status="disputed").count() for p in (lived_in.project, copy)]
    assert cells == [1, 1]


def test_closed_codings_stay_closed(lived_in: World, tmp_path: Path) -> None:
    copy = archive.bring_in(exported(lived_in, tmp_path / "a.zip"), slug="copy")
    canaries = Value.objects.filter(text="canary", coding__case__unit__project=copy)

    seen = {
        who: blind.values_for(getattr(lived_in, who)).filter(pk__in=canaries.values("pk")).count()
        for who in ("coder_a", "coder_b", "adjudicator", "curator")
    }

    assert seen == {"coder_a": 1, "coder_b": 0, "adjudicator": 0, "curator": 0}


def test_a_published_codebook_is_closed_after_import_too(lived_in: World, tmp_path: Path) -> None:
    copy = archive.bring_in(exported(lived_in, tmp_path / "a.zip"), slug="copy")

    books = list(copy.codebooks.order_by("number"))
    assert [bool(book.published_at) for book in books] == [True, True, False]
    assert [codebooks.digest_of(book) for book in books[:2]] == [b.digest for b in books[:2]]
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE coding_codebook SET title = 'x' WHERE id = %s", [books[0].pk])


def test_releases_come_along_with_their_bytes(
    lived_in: World, tmp_path: Path, settings: Any
) -> None:
    path = exported(lived_in, tmp_path / "a.zip")
    settings.STORE_DIR = tmp_path / "another store"

    copy = archive.bring_in(path, slug="copy")

    assert [(r.release.version, r.problems) for r in verify(copy)] == [("0.1.0", ()), ("0.1.1", ())]
    assert [r.previous and r.previous.version for r in copy.releases.order_by("pk")] == [
        None,
        "0.1.0",
    ]


def test_who_has_no_account_here_gets_one_that_cannot_sign_in(
    lived_in: World, tmp_path: Path
) -> None:
    path = exported(lived_in, tmp_path / "a.zip")
    User.objects.filter(pk=lived_in.reader.pk).update(username="renamed")

    archive.bring_in(path, slug="copy")

    made = User.objects.get(username="reader")
    assert (made.is_active, made.has_usable_password(), made.is_staff) == (False, False, False)
    assert Member.objects.get(project__slug="copy", user=made).role == "reader"
    assert User.objects.get(username="coder_a") == lived_in.coder_a


def test_a_deleted_account_of_the_past_is_left_open(world: World, tmp_path: Path) -> None:
    gone = User.objects.create_user("gone")
    Member.objects.create(project=world.project, user=gone, role="reader").delete()
    gone.delete()
    first = exported(world, tmp_path / "first.zip")
    moved_away(world)

    archive.export(archive.bring_in(first), tmp_path / "second.zip")

    assert (tmp_path / "second.zip").read_bytes() == first.read_bytes()


def test_only_the_archive_reaches_for_a_whole_project() -> None:
    """Reading everything goes round the walls, so nothing a person opens may do it."""
    root = Path(__file__).parent.parent
    found = {
        path.relative_to(root).as_posix()
        for app in ("coding", "curation")
        for path in (root / app).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom)
        and (
            (node.module or "").startswith(("coding.work.whole", "coding.work.restore"))
            or {"whole", "restore"} & {a.name for a in node.names}
        )
    }

    assert found == {"curation/archive.py", "coding/work/restore.py"}


# ------------------------------------------------------------------ what is refused


def test_a_file_that_is_there_is_not_overwritten(lived_in: World, tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_text("precious")

    with pytest.raises(Refused, match="exists already"):
        archive.export(lived_in.project, tmp_path / "a.zip")
    assert (tmp_path / "a.zip").read_text() == "precious"


def test_an_archive_is_readable_by_its_owner_alone(lived_in: World, tmp_path: Path) -> None:
    exported(lived_in, tmp_path / "a.zip")

    assert (tmp_path / "a.zip").stat().st_mode & 0o777 == 0o600
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_a_project_whose_release_is_damaged_is_not_exported(
    lived_in: World, tmp_path: Path
) -> None:
    store.path_of(Release.objects.first().digest).unlink()  # type: ignore[union-attr]

    with pytest.raises(Refused, match="is gone from the store"):
        archive.export(lived_in.project, tmp_path / "a.zip")
    assert list(tmp_path.glob("*.zip")) == []


def test_a_name_that_is_taken_is_refused(archived: Path) -> None:

    with pytest.raises(Refused, match="There is a project usmi already"):
        archive.bring_in(archived)


@pytest.mark.parametrize("slug", ["../up", "two words", "ünïcode", "x" * 80])
def test_a_name_must_fit_into_an_address(archived: Path, slug: str) -> None:
    with pytest.raises(archive.BadArchive, match=r"cannot name|at most 50"):
        archive.bring_in(archived, slug=slug)
    assert Project.objects.count() == 2


def tampered(path: Path, honest: bool = True, **changes: Change) -> Path:
    """The archive with members changed; `honest` writes their new hashes into its index."""
    with zipfile.ZipFile(path) as found:
        members = {name: found.read(name) for name in found.namelist()}
    for name, change in changes.items():
        full = (
            name.replace("__", "/") if "__" in name else f"{name.replace('_past', '.past')}.jsonl"
        )
        members[full] = change(members.get(full, b""))
    index = json.loads(members["archive.json"])
    if honest:
        index["members"] = {
            name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            for name, data in members.items()
            if name != "archive.json"
        }
    members["archive.json"] = json.dumps(index).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name, data in members.items():
            out.writestr(name, data)
    return path


def replaced(old: str, new: str) -> Change:
    def change(data: bytes) -> bytes:
        assert old.encode() in data
        return data.replace(old.encode(), new.encode(), 1)

    return change


def rows(change: Callable[[list[dict[str, Any]]], None]) -> Change:
    def on_lines(data: bytes) -> bytes:
        found = [json.loads(line) for line in data.splitlines()]
        change(found)
        return b"".join(json.dumps(row).encode() + b"\n" for row in found)

    return on_lines


def everything() -> list[int]:
    models = (Project, Member, Codebook, Case, Coding, Value, Cell, Release, User)
    return [model._default_manager.count() for model in models]


FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "a damaged table": (
        {"honest": False, "values": replaced("regime", "policy")},
        r"values\.jsonl is damaged",
    ),
    "a damaged file of a release": (
        {"honest": False, "cases": replaced("Desert Storm", "Desert Stork")},
        r"cases\.jsonl is damaged",
    ),
    "a row that is no JSON": ({"cells": lambda data: data + b"{"}, "no JSON"),
    "a row that is a list": ({"cells": lambda data: data + b"[1]\n"}, "a line is no row"),
    "JSON that never ends": ({"cells": lambda data: b"[" * 200_000}, "no JSON"),
    "an unknown column": ({"values": rows(lambda r: r[0].update(x=1))}, "other columns.*x"),
    "a missing column": ({"values": rows(lambda r: r[0].pop("note"))}, "other columns.*note"),
    "a reference to nothing": (
        {"values": rows(lambda r: r[0].update(coding=999_999))},
        "no such row of codings",
    ),
    "a reference to something deleted": (
        {"citations": rows(lambda r: r[0].update(value=1))},
        "not there",
    ),
    "a number that is text": ({"values": rows(lambda r: r[0].update(certainty="4"))}, "certainty"),
    "a truth for a number": ({"cells": rows(lambda r: r[0].update(coders=True))}, "coders"),
    "a certainty of nine": (
        {"values": rows(lambda r: r[0].update(certainty=9))},
        "the database refuses",
    ),
    "an unknown status": ({"cells": rows(lambda r: r[0].update(status="sure"))}, "choices"),
    "an unknown role": ({"members": rows(lambda r: r[0].update(role="owner"))}, "choices"),
    "an unknown person": ({"members": rows(lambda r: r[0].update(user="mallory"))}, "mallory"),
    "a name that is too long": (
        {"sources": rows(lambda r: r[0].update(citation="x" * 600))},
        "500",
    ),
    "a moment without a zone": (
        {"values": rows(lambda r: r[0].update(saved_at="2026-01-01T00:00:00"))},
        "time zone",
    ),
    "a moment that is none": (
        {"values": rows(lambda r: r[0].update(saved_at="yesterday"))},
        "yesterday",
    ),
    "half a character": ({"values": rows(lambda r: r[0].update(note="\ud800"))}, "refuses"),
    "the same row twice": ({"values": rows(lambda r: r.append(r[0]))}, "the database refuses"),
    "an empty place": ({"cells": rows(lambda r: r[0].update(case=None))}, "must not be empty"),
    "a changed codebook": ({"entries": replaced("Which states", "What states")}, "digest"),
    "a changed release": ({"releases": replaced('"0.1.1"', '"0.1.2"')}, "other files than"),
    "a way out": ({"..__..__evil": lambda data: b"x"}, "has no place"),
    "an absolute path": ({"__etc__passwd": lambda data: b"x"}, "has no place"),
    "a stranger in the store": (
        {f"store__{'0' * 64}": lambda data: b"x"},
        "another hash than its name",
    ),
    "a file of no release": (
        {f"store__{hashlib.sha256(b'x').hexdigest()}": lambda data: b"x"},
        "other files than its releases name",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_an_archive_with_a_fault_leaves_no_trace(world: World, archived: Path, fault: str) -> None:
    changes, said = FAULTS[fault]
    path = tampered(archived, **changes)
    User.objects.filter(pk=world.reader.pk).update(username="renamed")
    before = everything()

    with pytest.raises(archive.BadArchive, match=said):
        archive.bring_in(path, slug="copy")

    assert everything() == before


def with_index(path: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    with zipfile.ZipFile(path) as found:
        members = {name: found.read(name) for name in found.namelist()}
    index = json.loads(members["archive.json"])
    change(index)
    members["archive.json"] = json.dumps(index).encode()
    with zipfile.ZipFile(path, "w") as out:
        for name, data in members.items():
            out.writestr(name, data)
    return path


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda index: index.update(format="casebook-project-9"), "of the kind casebook-project-9"),
        (lambda index: index.pop("numbers"), "not what an archive"),
        (lambda index: index["numbers"].update(values=10**12), "not what an archive"),
        (lambda index: index["numbers"].update(values=-1), "not what an archive"),
        (lambda index: index.update(accounts=[["a"]]), "not what an archive"),
        (lambda index: index["accounts"].append("no name at all"), "An account cannot be made"),
        (lambda index: index["members"].pop("cells.jsonl"), r"cells\.jsonl is either not there"),
        (lambda index: index.update(slug="../up"), "cannot name a project"),
    ],
)
def test_an_index_that_does_not_fit_is_refused(
    world: World, archived: Path, change: Any, said: str
) -> None:
    path = with_index(archived, change)
    moved_away(world)
    before = everything()

    with pytest.raises(archive.BadArchive, match=said):
        archive.bring_in(path)
    assert everything() == before


def test_an_archive_that_unpacks_to_too_much_is_refused_before_it_is_read(archived: Path) -> None:
    with zipfile.ZipFile(archived, "a", zipfile.ZIP_DEFLATED) as out:
        out.writestr("bomb.jsonl", b"0" * 30_000_000)

    assert archived.stat().st_size < 1_000_000
    with pytest.raises(archive.BadArchive, match=r"would unpack to 2[89] MB, more than the 20 MB"):
        archive.bring_in(archived, slug="copy", largest_mb=20)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_one_name_are_refused(archived: Path) -> None:
    with zipfile.ZipFile(archived, "a") as out:
        out.writestr("values.jsonl", b"")

    with pytest.raises(archive.BadArchive, match="two members of one name"):
        archive.bring_in(archived, slug="copy")


@pytest.mark.parametrize(
    ("data", "said"),
    [(b"", "no zip at all"), (b"PK\x03\x04 but not really", "no zip at all")],
)
def test_what_is_no_zip_is_refused(world: World, tmp_path: Path, data: bytes, said: str) -> None:
    (tmp_path / "a.zip").write_bytes(data)

    with pytest.raises(archive.BadArchive, match=said):
        archive.bring_in(tmp_path / "a.zip")


def test_a_zip_of_something_else_is_refused(world: World, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as out:
        out.writestr("holiday.jpg", b"")

    with pytest.raises(archive.BadArchive, match=r"holds no archive\.json"):
        archive.bring_in(tmp_path / "a.zip")


def test_an_archive_cut_short_is_refused(archived: Path) -> None:
    archived.write_bytes(archived.read_bytes()[:-2000])

    with pytest.raises(archive.BadArchive, match="It is damaged, or no zip at all"):
        archive.bring_in(archived, slug="copy")


def test_a_byte_that_flipped_on_the_way_is_found(archived: Path) -> None:
    with zipfile.ZipFile(archived) as found:
        member = found.getinfo("values.jsonl")
    data = bytearray(archived.read_bytes())
    data[member.header_offset + 100] ^= 1
    archived.write_bytes(data)
    before = everything()

    with pytest.raises(archive.BadArchive):
        archive.bring_in(archived, slug="copy")
    assert everything() == before
