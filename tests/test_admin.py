"""The back office: what it offers, and that a closed coding leaves no trace in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from coding import work
from coding.models import Case, Citation, Coding, Member, Project, Source, State, Unit, Value
from coding.models.coding import Cell
from tests.conftest import World, make_project
from tests.tables import xlsx_of
from tests.test_files import zeros

HIDDEN_SOURCE = "Diary of a quartermaster, 1991"
HIDDEN_KEY = "US-1991-GUL/200"
WALLED = (Value, Citation, Cell, Coding)


@pytest.fixture
def office(world: World, client: Client, settings: Any, tmp_path: Path) -> Client:
    """An administrator, while coder_a's open sheet lists a partner and cites a source."""
    settings.VAR = tmp_path
    world.say(world.coding_a, "200", "partners")
    world.say(world.coding_a, "A long story.", "story")
    work.add_citation(coding=world.coding_a, entry=world.entry("story"), source=HIDDEN_SOURCE)
    client.force_login(User.objects.create_superuser("root"))
    return client


def hidden_case() -> Case:
    return Case.objects.get(key=HIDDEN_KEY)


def hidden_source() -> Source:
    return Source.objects.get(citation=HIDDEN_SOURCE)


def address(name: str, *args: object, app: str = "coding") -> str:
    return reverse(f"admin:{app}_{name}", args=args)


def text(response: HttpResponse) -> str:
    """What a page says, without its marks."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", response.content.decode())))


def past(client: Client, name: str, pk: int) -> list[tuple[str, ...]]:
    """Who, what and why in each line of a history."""
    page = client.get(address(f"{name}_history", pk)).content.decode()
    cells = re.findall(r"<td>(.*?)</td>", page.partition('"change-history"')[2], re.DOTALL)
    plain = [" ".join(unescape(re.sub(r"<[^>]+>", " ", cell)).split()) for cell in cells]
    return [tuple(plain[n + 1 : n + 4]) for n in range(0, len(plain), 4)]


def add(client: Client, name: str, **data: object) -> HttpResponse:
    return client.post(address(f"{name}_add"), data)


def new_case(world: World, **data: object) -> dict[str, object]:
    unit = world.project.units.get(name="intervention").pk
    blank = {"unit": unit, "title": "x", "parent": "", "facts": "{}", "superseded_by": ""}
    return blank | {"in_universe": "on"} | data


# ------------------------------------------------------------------ what is there


def test_coded_values_are_not_registered(office: Client) -> None:
    registered = {model.__name__ for model in admin.site._registry}

    assert registered & {model.__name__ for model in WALLED} == set()
    assert registered >= {"User", "Member", "Project", "Unit", "Case", "Source", "State"}
    assert registered & {"Codebook", "Entry", "Variable", "Category", "Group"} == set()


@pytest.mark.parametrize(
    "page",
    ["project", "member", "unit", "state", "case", "source", "user"],
)
def test_every_list_and_form_opens(office: Client, world: World, page: str) -> None:
    work.add_citation(coding=world.coding_a, entry=world.entry("story"), source="Another")
    Source.objects.filter(citation="Another").update(listed=True)
    app = "auth" if page == "user" else "coding"
    shown = office.get(address(f"{page}_changelist", app=app))
    first = (
        admin.site._registry[{m._meta.model_name: m for m in admin.site._registry}[page]]
        .get_queryset(shown.wsgi_request)
        .first()
    )

    pages = [shown, office.get(address(f"{page}_change", first.pk, app=app))]
    if page != "unit":
        pages.append(office.get(address(f"{page}_add", app=app)))

    assert [response.status_code for response in pages] == [200] * len(pages)


def test_no_page_of_the_office_has_scripts_or_styles_in_it(office: Client, world: World) -> None:
    pages = [
        reverse("admin:index"),
        address("case_changelist"),
        address("case_add"),
        address("case_change", world.case.pk),
        address("case_history", world.case.pk),
        address("case_import"),
        address("member_import"),
    ]
    inline = re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*json)|<style|\sstyle=|\son\w+=")

    found = [page for page in pages if inline.search(office.get(page).content.decode())]

    assert found == []


@pytest.mark.parametrize("staff", [True, False])
def test_only_staff_enters(world: World, client: Client, staff: bool) -> None:
    world.curator.is_staff = staff
    world.curator.save()
    client.force_login(world.curator)

    expected = 200 if staff else 302
    assert client.get(reverse("admin:index")).status_code == expected
    assert client.get(address("case_changelist")).status_code == (403 if staff else 302)


# ------------------------------------------------------------------ what a closed coding made


def readers(world: World, client: Client) -> Iterator[str]:
    """Every page of the office that could show a case or a source."""
    case, source, main = hidden_case().pk, hidden_source().pk, world.case.pk
    for page in ("case", "source"):
        yield address(f"{page}_changelist")
        yield address(f"{page}_changelist") + "?q=200"
        yield address(f"{page}_changelist") + "?q=quartermaster"
        yield address(f"{page}_add")
    for pk in (case, main):
        for view in ("change", "history", "delete"):
            yield address(f"case_{view}", pk)
    for view in ("change", "history", "delete"):
        yield address(f"source_{view}", source)
    for number in range(1, 4):
        yield address("case_simple_history", case, number)
        yield address("source_simple_history", source, number)
    where = "app_label=coding&model_name=case&field_name=parent"
    yield reverse("admin:autocomplete") + f"?{where}&term=GUL"
    yield address("project_delete", world.project.pk)
    yield address("unit_delete", Unit.objects.get(project=world.project, name="partner").pk)
    yield address("user_delete", world.coder_a.pk, app="auth")
    yield address("member_delete", Member.objects.get(user=world.coder_a).pk)
    yield reverse("admin:index")


def test_no_page_tells_what_only_a_closed_coding_has_made(office: Client, world: World) -> None:
    told = [
        page
        for page in readers(world, office)
        for content in [office.get(page).content.decode()]
        if HIDDEN_KEY in content or "United Kingdom" in content or HIDDEN_SOURCE in content
    ]

    assert told == []


def test_once_the_case_is_open_the_office_shows_them(office: Client, world: World) -> None:
    world.say(world.sheet_of(world.coder_a, "200"), "2", "sent")
    world.close("regime", "regime")
    pages = "".join(office.get(page).content.decode() for page in readers(world, office))

    assert HIDDEN_KEY in pages
    assert HIDDEN_SOURCE in pages


def test_what_is_hidden_is_not_there_rather_than_forbidden(office: Client) -> None:
    for page, pk in (("case", hidden_case().pk), ("source", hidden_source().pk)):
        assert office.get(address(f"{page}_history", pk)).status_code == 404
        assert office.get(address(f"{page}_change", pk)).status_code == 302  # to the start page


@pytest.mark.parametrize("query", ["children=", "codings=", "children__isnull=", "root="])
def test_a_list_cannot_be_asked_what_hangs_below_a_case(
    office: Client, world: World, query: str
) -> None:
    asked = office.get(address("case_changelist") + f"?{query}{hidden_case().pk}")

    assert asked.status_code in (302, 400)


@pytest.mark.parametrize(
    ("page", "query"),
    [("unit", "cases="), ("unit", "project__units__cases="), ("user", "codings=")],
)
def test_no_list_can_be_asked_by_the_number_of_a_hidden_row(
    office: Client, world: World, page: str, query: str
) -> None:
    app = "auth" if page == "user" else "coding"
    asked = office.get(address(f"{page}_changelist", app=app) + f"?{query}{hidden_case().pk}")

    assert asked.status_code in (302, 400)


def test_a_hidden_case_cannot_be_chosen_in_a_form(office: Client, world: World) -> None:
    data = new_case(world, key="US-2000-X", superseded_by=hidden_case().pk)

    response = add(office, "case", **data)

    assert "Select a valid choice" in text(response)
    assert not Case.objects.filter(key="US-2000-X").exists()


def test_adding_a_partner_that_a_coder_lists_tells_nothing(office: Client, world: World) -> None:
    partner = world.project.units.get(name="partner").pk
    same = new_case(world, unit=partner, key=HIDDEN_KEY, title="Britain", parent=world.case.pk)
    other = same | {"key": "US-1991-GUL/220", "title": "France"}

    first, second = add(office, "case", **same), add(office, "case", **other)

    assert (first.status_code, second.status_code) == (302, 302)
    cases = Case.objects.filter(parent=world.case).values_list("title", "rostered", "root")
    assert sorted(cases) == [("Britain", False, world.case.pk), ("France", False, world.case.pk)]
    assert Coding.objects.filter(case__title="Britain").count() == 1
    france = Case.objects.get(title="France").pk
    assert past(office, "case", hidden_case().pk) == past(office, "case", france)


def test_adding_a_source_that_a_coder_cites_tells_nothing(office: Client, world: World) -> None:
    data = {"project": world.project.pk, "citation": HIDDEN_SOURCE, "url": "", "csl": "{}"}

    assert add(office, "source", **data).status_code == 302
    assert Source.objects.get(citation=HIDDEN_SOURCE).listed
    assert Citation.objects.filter(source=hidden_source()).count() == 1
    assert past(office, "source", hidden_source().pk) == [("root", "Added", "")]


def test_a_listed_source_stays_in_the_office_whoever_cites_it(office: Client, world: World) -> None:
    data = {"project": world.project.pk, "citation": "Bush 1991", "url": "", "csl": "{}"}
    add(office, "source", **data)
    office.get(address("source_changelist"))  # takes the message of success off
    before = text(office.get(address("source_changelist")))

    work.add_citation(coding=world.coding_a, entry=world.entry("story"), source="Bush 1991")

    assert "Bush 1991" in before
    assert text(office.get(address("source_changelist"))) == before


def test_a_staff_member_who_is_coding_again_does_not_see_the_partners_that_others_listed(
    office: Client, world: World
) -> None:
    world.say(world.sheet_of(world.coder_a, "200"), "2", "sent")
    world.close("regime", "regime")
    assert HIDDEN_KEY in text(office.get(address("case_changelist")))

    root = User.objects.get(username="root")
    Member.objects.create(project=world.project, user=root)
    work.assign(case=world.case, coder=root)

    assert HIDDEN_KEY not in text(office.get(address("case_changelist")))


# ------------------------------------------------------------------ changing and deleting


def test_a_case_is_added_under_the_rules_of_an_import(office: Client, world: World) -> None:
    good = new_case(world, key="US-1989-PAN", title="Just Cause", facts='{"region": "Americas"}')
    bad = new_case(world, key="US 1989/PAN")
    odd = new_case(world, key="US-1990-X", facts='{"a": [1]}')

    assert add(office, "case", **good).status_code == 302
    assert Case.objects.get(key="US-1989-PAN").facts == {"region": "Americas"}
    assert "a key holds neither spaces nor slashes." in text(add(office, "case", **bad))
    assert "Facts are names with texts" in text(add(office, "case", **odd))


def test_a_change_is_signed_and_shown_in_the_history(office: Client, world: World) -> None:
    data = {"title": "Gulf War", "facts": "{}", "in_universe": "on", "superseded_by": ""}

    office.post(address("case_change", world.case.pk), data)

    shown = text(office.get(address("case_history", world.case.pk)))
    assert Case.objects.get(pk=world.case.pk).title == "Gulf War"
    assert "root Title: Desert Storm → Gulf War" in shown


def test_the_key_of_a_case_and_the_text_of_a_source_never_change(
    office: Client, world: World
) -> None:
    source = Source.objects.create(project=world.project, citation="Bush", listed=True)
    data = {"title": "x", "facts": "{}", "superseded_by": "", "key": "OTHER"}
    office.post(address("case_change", world.case.pk), data)
    office.post(address("source_change", source.pk), {"citation": "x", "csl": "{}", "url": ""})

    assert Case.objects.get(pk=world.case.pk).key == "US-1991-GUL"
    assert Source.objects.get(pk=source.pk).citation == "Bush"


def test_what_was_coded_cannot_be_deleted_and_what_nobody_needs_can(
    office: Client, world: World
) -> None:
    unused = Case.objects.create(unit=world.case.unit, key="X", title="X")

    kept = office.post(address("case_delete", world.case.pk), {"post": "yes"})
    office.post(address("case_delete", unused.pk), {"post": "yes"})

    assert kept.status_code == 403
    assert Case.objects.filter(unit=world.case.unit).get() == world.case


@pytest.mark.parametrize("page", ["project", "member", "state", "user", "unit"])
def test_nothing_that_codings_rest_on_can_be_deleted(
    office: Client, world: World, page: str
) -> None:
    rows = {
        "project": world.project.pk,
        "member": Member.objects.get(user=world.coder_a).pk,
        "state": State.objects.filter(project=world.project)[0].pk,
        "user": world.coder_a.pk,
        "unit": world.case.unit.pk,
    }
    app = "auth" if page == "user" else "coding"

    refused = office.post(address(f"{page}_delete", rows[page], app=app), {"post": "yes"})

    assert refused.status_code == 403


def test_what_a_person_ruled_on_is_not_told_where_the_account_cannot_be_deleted(
    office: Client, world: World
) -> None:
    world.say(world.sheet_of(world.coder_a, "200"), "2", "sent")
    world.close("regime", "regime")
    work.verify(cell=world.cell(), by=world.adjudicator)
    Member.objects.get(user=world.adjudicator).delete()

    page = address("user_delete", world.adjudicator.pk, app="auth")
    shown = text(office.get(page))
    office.post(page, {"post": "yes"})

    assert "What others have recorded of it." in shown
    assert "cell" not in shown.lower()
    assert User.objects.filter(pk=world.adjudicator.pk).exists()


def test_lists_offer_no_deletion_of_many(office: Client, world: World) -> None:
    assert "Delete selected" not in text(office.get(address("case_changelist")))


def test_units_can_be_mended_until_a_codebook_is_published(office: Client, world: World) -> None:
    draft = Project.objects.create(slug="draft", title="Draft")
    free = Unit.objects.create(project=draft, name="war", label="Wor")
    data = {"label": "War", "definition": ""}

    office.post(address("unit_change", free.pk), data)
    refused = office.post(address("unit_change", world.case.unit.pk), data)

    free.refresh_from_db()
    assert (free.label, refused.status_code) == ("War", 403)
    assert office.get(address("unit_add")).status_code == 403


def test_a_former_state_cannot_be_saved_over_the_present_one(office: Client, world: World) -> None:
    version = Case.history.filter(id=world.case.pk).latest()
    page = address("case_simple_history", world.case.pk, version.pk)

    assert office.get(page).status_code == 404
    assert office.post(page, {"title": "x"}).status_code == 404


# ------------------------------------------------------------------ tables


def upload(client: Client, page: str, content: bytes | str, **target: object) -> HttpResponse:
    raw = content.encode() if isinstance(content, str) else content
    file = SimpleUploadedFile("t.csv", raw)
    data = {"import_file": file, "format": "0", "resource": "0", **target}
    return client.post(address(f"{page}_import"), data)


def confirm(client: Client, page: str, preview: HttpResponse) -> HttpResponse:
    assert "confirm_form" in preview.context, text(preview)
    form = preview.context["confirm_form"]
    return client.post(address(f"{page}_process_import"), form.initial)


def unit_of(world: World, name: str = "intervention") -> int:
    return world.project.units.get(name=name).pk


def test_cases_are_previewed_and_written_only_when_confirmed(office: Client, world: World) -> None:
    table = "intervention_id;title;fact.region\nUS-1991-GUL;Gulf War;\nUS-1989-PAN;Just Cause;A\n"
    preview = upload(office, "case", table, unit=unit_of(world))
    before = Case.objects.filter(unit=world.case.unit).count()
    done = confirm(office, "case", preview)

    assert "<del>Desert Storm</del> <ins>Gulf War</ins>" in preview.content.decode()
    assert (before, done.status_code) == (1, 302)
    made = Case.objects.filter(unit=world.case.unit).values_list("key", "title", "facts")
    assert list(made) == [
        ("US-1989-PAN", "Just Cause", {"region": "A"}),
        ("US-1991-GUL", "Gulf War", {}),
    ]
    past = Case.history.filter(key="US-1991-GUL").latest()
    assert (past.history_user.username, past.history_change_reason) == (
        "root",
        "imported from t.csv",
    )


def test_a_table_again_is_skipped_and_leaves_no_history(office: Client, world: World) -> None:
    for _ in range(2):
        preview = upload(office, "case", "key,title\nA,x\n", unit=unit_of(world))
        confirm(office, "case", preview)

    assert "Skipped" in text(preview)
    assert Case.history.filter(key="A").count() == 1


def test_all_faults_of_a_table_are_shown_with_their_places(office: Client, world: World) -> None:
    table = "key,title\nA B,x\nA,=cmd()\nA,y\n"

    shown = text(upload(office, "case", table, unit=unit_of(world)))

    assert "line 2, column key: “A B” a key holds neither spaces nor slashes." in shown
    assert "line 3, column title: “=cmd()” begins like a spreadsheet formula" in shown
    assert "line 4, column key: “A” is the key of line 3 already." in shown
    assert "Confirm import" not in shown
    assert "Traceback" not in shown


def test_a_workbook_is_read_by_the_same_rules(office: Client, world: World, tmp_path: Path) -> None:
    good = xlsx_of(tmp_path / "t.xlsx", ["key", "title"], [["A", "x"]], "cases")
    bomb = zeros(tmp_path / "bomb.xlsx", 100, times=100)

    confirm(office, "case", upload(office, "case", good.read_bytes(), unit=unit_of(world)))
    refused = text(upload(office, "case", bomb.read_bytes(), unit=unit_of(world)))

    assert Case.objects.get(key="A").title == "x"
    assert "file: would unpack to 10,000 MB and the limit is 400 MB." in refused


def test_an_encoding_that_was_guessed_is_said(office: Client, world: World) -> None:
    table = "key,title\nA,Nürnberg\n".encode("latin-1")

    assert "was read as Windows-1252" in text(upload(office, "case", table, unit=unit_of(world)))


def test_a_table_with_a_partner_that_a_coder_lists_tells_nothing(
    office: Client, world: World
) -> None:
    table = "key,title\nUS-1991-GUL/200,United Kingdom\nUS-1991-GUL/220,France\n"
    preview = upload(office, "case", table, unit=unit_of(world, "partner"))
    rows = re.findall(r"New|Skipped|Update", text(preview).partition("Preview")[2])
    confirm(office, "case", preview)

    assert rows == ["New", "New"]
    kinds = Case.objects.filter(parent=world.case).values_list("rostered", flat=True)
    assert list(kinds) == [False, False]


def test_a_table_with_a_source_that_a_coder_cites_tells_nothing(
    office: Client, world: World
) -> None:
    table = f'citation,url\n"{HIDDEN_SOURCE}",\nBush 1991,https://example.org/b\n'
    preview = upload(office, "source", table, project=world.project.pk)
    rows = re.findall(r"New|Skipped|Update", text(preview).partition("Preview")[2])
    confirm(office, "source", preview)

    assert rows == ["New", "New"]
    listed = Source.objects.filter(listed=True).values_list("citation", "url")
    assert sorted(listed) == [("Bush 1991", "https://example.org/b"), (HIDDEN_SOURCE, "")]


def test_states_come_with_their_spells(office: Client, world: World) -> None:
    header = "code,name,member_from,member_until\n"
    bad = header + "40,Cuba,1906-09-25,1902-05-20\n2;3,X,1 Feb,\n40,Cuba,1906-09-25,\n"
    good = header + "40,Cuba,1902-05-20,1906-09-25\n40,Cuba,1909-01-23,\n"

    refused = text(upload(office, "state", bad, project=world.project.pk))
    confirm(office, "state", upload(office, "state", good, project=world.project.pk))

    assert "line 2, column member_until: “1902-05-20” lies before member_from." in refused
    assert "line 3, column code: “2;3” holds a space, comma, semicolon or slash." in refused
    assert "line 3, column member_from: “1 Feb” is no day: write 1920-01-10." in refused
    assert "line 4, column code: “40” begins on the same day on line 2." in refused
    assert State.objects.filter(project=world.project, code="40").count() == 2


def test_members_come_by_account_and_role(office: Client, world: World) -> None:
    other, _ = make_project("third")
    bad = "user,role\ncoder_c,coder\nreader,boss\nreader,reader\n"
    good = "user,role\ncoder_a,curator\ncoder_b,reader\n"

    refused = text(upload(office, "member", bad, project=other.pk))
    confirm(office, "member", upload(office, "member", good, project=other.pk))

    assert "line 2, column user: “coder_c” has no account. Did you mean coder_b?" in refused
    assert "line 3, column role: “boss” is no role: write one of coder, " in refused
    assert "line 4, column user: “reader” stands on line 3 already." in refused
    members = Member.objects.filter(project=other).values_list("user__username", "role")
    assert sorted(members) == [("coder_a", "curator"), ("coder_b", "reader")]


def test_only_who_may_add_and_change_may_import(world: World, client: Client) -> None:
    world.curator.is_staff = True
    world.curator.save()
    client.force_login(world.curator)

    assert client.get(address("case_import")).status_code == 403


@pytest.mark.parametrize("name", ["../secret_key", ".."])
def test_a_file_that_was_not_uploaded_here_is_not_read(
    office: Client, world: World, tmp_path: Path, name: str
) -> None:
    (tmp_path / "uploads").mkdir()
    data = {
        "import_file_name": name,
        "original_file_name": "t.csv",
        "format": "0",
        "resource": "0",
        "unit": unit_of(world),
    }

    assert office.post(address("case_process_import"), data).status_code == 404
