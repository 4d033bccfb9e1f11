from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from coding import codebooks, work
from coding.errors import Refused
from coding.models import Case, Cell, Codebook, Coding, Member, Project, State, Unit, Value
from curation import store
from curation.models import Release
from curation.releases import freeze, propose, verify
from curation.releases.cut import register
from curation.releases.manifest import digest_of
from tests.conftest import DOCUMENT, World
from tests.releasing import cut

Rows = list[dict[str, str]]


def data(release: Release, name: str) -> bytes:
    digests = {file["name"]: file["sha256"] for file in release.manifest["files"]}
    return store.get(digests[name])


def table(release: Release, name: str) -> Rows:
    text = data(release, f"{name}.csv").decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def one(rows: Rows, **where: str) -> dict[str, str]:
    found = [row for row in rows if where.items() <= row.items()]
    assert len(found) == 1, found
    return found[0]


def release(world: World, version: str = "0.1.0", **more: Any) -> Release:
    return cut(project=world.project, version=version, by=world.curator, **more)


def hand_in(world: World, coding: Coding, *, partners: str = "none", **said: str) -> None:
    """A coder answers, sends word of each partner, and hands in."""
    for name, text in {"goal": "regime", **said}.items():
        world.say(coding, text, name)
    world.say(coding, partners, "partners")
    for state in [] if partners == "none" else partners.split(";"):
        world.say(world.sheet_of(coding.coder, state), "2", "sent")
        world.say(world.sheet_of(coding.coder, state), "250", "strength")
    work.submit(coding=coding)


@pytest.fixture
def coded(world: World) -> World:
    """A case with agreed, single, disputed, adjudicated and computed cells, and a bare one."""
    world.say(
        world.coding_a, "1991-02~", "end_date", certainty=3, note="Line one\r\nline “two”\rend"
    )
    work.add_citation(
        coding=world.coding_a,
        entry=world.entry("end_date"),
        source="History, vol. 2",
        locator="p. 7",
    )
    world.say(world.coding_b, "1991-02~", "end_date", certainty=2)
    hand_in(world, world.coding_a, partners="200;220", troops="1000", story="One, “two”\nthree")
    hand_in(world, world.coding_b, partners="200;220", troops="2000")
    world.settle("1000", "troops")
    world.more_cases(1)
    return world


# ------------------------------------------------------------------ what it holds


def naive_wide(unit: Unit) -> Rows:
    """The wide table once more, cell by cell, straight from the tables."""
    book = codebooks.current(unit.project)
    assert book is not None
    rows = []
    for case in Case.objects.filter(unit=unit, in_universe=True):
        if case.rostered and not Cell.objects.filter(case=case).exists():
            continue
        row = {"case": case.key}
        if case.parent:
            row["parent"] = case.parent.key
        for entry in book.entries.order_by("position"):
            if entry.variable.unit == unit:
                cell = Cell.objects.filter(case=case, variable=entry.variable).first()
                row |= naive_fields(entry.name, entry.variable.kind, (cell and cell.text) or "")
        rows.append(row)
    return sorted(rows, key=lambda row: row["case"].encode())


def naive_fields(name: str, kind: str, text: str) -> dict[str, str]:
    if kind != "date":
        return {name: text}
    ends = {
        "": ("", "", ""),
        "-77": ("", "", ""),
        "-88": ("", "", ""),
        "1991-02~": ("1991-02-01", "1991-02-28", "month"),
    }[text]
    parts = zip(("earliest", "latest", "precision"), ends, strict=True)
    return {name: text, **{f"{name}_{part}": value for part, value in parts}}


def test_every_table_equals_the_database_cell_by_cell(coded: World) -> None:
    cut_now = release(coded)

    for unit in Unit.objects.filter(project=coded.project):
        assert table(cut_now, unit.name) == naive_wide(unit)
    assert [len(table(cut_now, name)) for name in ("intervention", "partner")] == [2, 2]


def naive_cells(world: World) -> set[tuple[str, ...]]:
    book = codebooks.current(world.project)
    assert book is not None
    names = {e.variable_id: e.name for e in book.entries.all()}
    return {
        (
            cell.case.unit.name,
            cell.case.key,
            names[cell.variable_id],
            cell.text or "",
            cell.status,
            str(cell.coders),
            cell.cause,
            cell.reason,
            str(int(cell.verified_by is not None)),
            str(int(cell.flagged)),
        )
        for cell in Cell.objects.filter(case__unit__project=world.project)
    }


def test_every_cell_stands_in_the_list_of_cells_once(coded: World) -> None:
    rows = table(release(coded), "cells")

    columns = [
        "unit",
        "case",
        "variable",
        "value",
        "status",
        "coders",
        "cause",
        "reason",
        "verified",
        "flagged",
    ]
    assert {tuple(row[c] for c in columns) for row in rows} == naive_cells(coded)
    assert len(rows) == len(naive_cells(coded)) > 10


def test_every_opened_value_stands_in_the_list_of_codings_once(coded: World) -> None:
    rows = table(release(coded), "codings")

    names = {e.variable_id: e.name for e in coded.codebook.entries.all()}
    aliases = dict(Member.objects.filter(project=coded.project).values_list("user", "pseudonym"))
    expected = {
        (
            value.coding.case.key,
            names[value.variable_id],
            aliases[value.coding.coder_id],
            value.text,
            value.note.replace("\r\n", "\n").replace("\r", "\n"),
        )
        for value in Value.objects.filter(coding__unblinded_at__isnull=False)
    }
    columns = ("case", "variable", "coder", "value", "note")
    assert {tuple(row[c] for c in columns) for row in rows} == expected
    assert len(rows) == len(expected) > 20
    assert {row["purpose"] for row in rows} == {"production"}


def test_a_cell_says_what_it_rests_on(coded: World) -> None:
    cell = one(table(release(coded), "cells"), variable="end_date")

    assert cell == {
        "unit": "intervention",
        "case": "US-1991-GUL",
        "variable": "end_date",
        "value": "1991-02~",
        "label": "",
        "status": "agreed",
        "coders": "2",
        "certainty": "2",
        "cause": "",
        "reason": "",
        "verified": "0",
        "flagged": "0",
        "codebook": "1",
        "citations": "History, vol. 2, p. 7",
        "first_release": "0.1.0",
        "changed_release": "0.1.0",
    }


def test_a_ruling_keeps_its_cause_and_reason_and_the_evidence_of_who_said_so(
    world: World,
) -> None:
    for coding, troops, certainty in ((world.coding_a, "1000", 3), (world.coding_b, "2000", 1)):
        world.say(coding, troops, "troops", certainty=certainty)
        entry = world.entry("troops")
        work.add_citation(coding=coding, entry=entry, source=f"A source for {troops}")
        hand_in(world, coding)
    world.settle("1000", "troops")

    cell = one(table(release(world), "cells"), variable="troops")

    assert (cell["certainty"], cell["citations"]) == ("3", "A source for 1000")

    assert (cell["value"], cell["status"], cell["cause"], cell["reason"]) == (
        "1000",
        "adjudicated",
        "judgement",
        "Source 3, p. 12",
    )


@pytest.mark.parametrize(
    ("variable", "label"),
    [
        ("goal", "Regime change"),
        ("partners", "United Kingdom; France"),
        ("story", ""),
        ("troops", ""),
    ],
)
def test_codes_have_their_labels_beside_them(coded: World, variable: str, label: str) -> None:
    assert one(table(release(coded), "cells"), variable=variable)["label"] == label


def test_a_date_is_split_into_its_ends_and_precision(coded: World) -> None:
    row = one(table(release(coded), "intervention"), case="US-1991-GUL")

    assert [row[f"end_date{part}"] for part in ("", "_earliest", "_latest", "_precision")] == [
        "1991-02~",
        "1991-02-01",
        "1991-02-28",
        "month",
    ]


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("1991/..", ["1991-01-01", "", "range"]),
        ("../1991-02", ["", "1991-02-28", "range"]),
        ("-77", ["", "", ""]),
    ],
)
def test_an_open_or_missing_date_has_no_invented_ends(
    world: World, text: str, ends: list[str]
) -> None:
    for coding in (world.coding_a, world.coding_b):
        world.say(coding, text, "end_date", note="why")
        hand_in(world, coding)

    row = one(table(release(world), "intervention"))

    assert row["end_date"] == text
    assert [row[f"end_date_{part}"] for part in ("earliest", "latest", "precision")] == ends


@pytest.mark.parametrize(("code", "label"), [("-77", "Cannot be determined"), ("-99", "Unknown")])
def test_missing_codes_are_kept_as_they_were_coded(world: World, code: str, label: str) -> None:
    for coding in (world.coding_a, world.coding_b):
        world.say(coding, code, "troops", note="why")
        hand_in(world, coding)

    cut_now = release(world)

    assert one(table(cut_now, "intervention"))["troops"] == code
    assert one(table(cut_now, "cells"), variable="troops")["label"] == label


def test_a_skipped_question_stands_as_not_applicable(world: World) -> None:
    for coding in (world.coding_a, world.coding_b):
        hand_in(world, coding, ended="0")

    assert one(table(release(world), "intervention"))["end_date"] == "-88"


def test_a_case_that_nobody_coded_stands_with_empty_fields(coded: World) -> None:
    row = one(table(release(coded), "intervention"), case="US-1900-X")

    assert {name: text for name, text in row.items() if text} == {"case": "US-1900-X"}


def test_rows_are_ordered_character_by_character(coded: World) -> None:
    unit = coded.case.unit
    for key in ("a", "B", "É", "b", "Z", "𝔸", "ﬀ", "a b", "a-b"):
        Case.objects.create(unit=unit, key=key, title=key)

    keys = [row["case"] for row in table(release(coded), "intervention")]

    assert keys == sorted(keys, key=lambda key: key.encode())
    assert len(keys) == 11


def test_a_partner_out_of_the_universe_is_in_no_table(coded: World) -> None:
    coded.settle("200", "partners")

    cut_now = release(coded)

    assert [row["case"] for row in table(cut_now, "partner")] == ["US-1991-GUL/200"]
    for file in cut_now.manifest["files"]:
        assert b"US-1991-GUL/220" not in store.get(file["sha256"])


def test_what_lies_below_a_case_that_is_out_is_out_as_well(coded: World) -> None:
    coded.case.in_universe = False
    coded.case.save()

    cut_now = release(coded)

    assert [row["case"] for row in table(cut_now, "intervention")] == ["US-1900-X"]
    assert table(cut_now, "partner") == table(cut_now, "cells") == []


# ------------------------------------------------------------------ what it must not hold


def words(release: Release) -> Iterator[bytes]:
    for file in release.manifest["files"]:
        yield store.get(file["sha256"])
    yield store.get(release.digest)


def test_nothing_of_a_closed_coding_is_in_any_file(coded: World) -> None:
    closed = Coding.objects.get(case__key="US-1900-X", coder=coded.coder_a)
    coded.say(closed, "A canary sings", "story", note="Canary note")
    coded.say(closed, "canary")
    coded.say(closed, "255", "partners")
    coded.say(Coding.objects.get(case__key="US-1900-X/255"), "1", "sent")
    work.add_citation(coding=closed, entry=coded.entry("story"), source="Canary gazette")
    work.submit(coding=closed)

    cut_now = release(coded)
    # Other formats are made from these alone, and tell the codebook's categories among the data.
    names = [file["name"] for file in cut_now.manifest["files"]]
    plain = (".csv", ".jsonl", ".md", "codebook.json")
    found = b"".join(data(cut_now, name) for name in names if name.endswith(plain))

    told = found.replace(b"`canary` **A rare bird**", b"").replace(b'"code":"canary"', b"")
    assert b"canary" not in told.lower()
    assert b"/255" not in found
    assert b"Line one" in found


def test_a_coding_that_follows_the_opening_stays_closed_in_the_release(coded: World) -> None:
    late = work.assign(case=coded.case, coder=coded.curator, codebook=coded.codebook)
    coded.say(late, "A canary sings", "story")

    assert b"canary sings" not in b"".join(words(release(coded)))


def test_people_are_told_by_pseudonym_and_earlier_data_sets_by_name(coded: World) -> None:
    Member.objects.filter(user=coded.coder_b).update(kind=Member.Kind.MACHINE)
    alias = Member.objects.get(user=coded.coder_a).pseudonym

    cut_now = release(coded)

    assert {row["coder"] for row in table(cut_now, "codings")} == {alias, "coder_b"}
    assert b"coder_a" not in b"".join(words(cut_now))


def test_who_left_the_project_keeps_the_same_pseudonym(coded: World) -> None:
    first = table(release(coded), "codings")
    Member.objects.get(user=coded.coder_a).delete()

    assert table(release(coded, "0.1.1"), "codings") == first


# ------------------------------------------------------------------ disputes


def test_a_release_is_refused_while_disputes_are_open(world: World) -> None:
    world.close("regime", "policy")

    with pytest.raises(Refused, match="It would not meet: disputes") as refusal:
        release(world)

    assert refusal.value.links == [("1 cell is disputed.", "/projects/usmi/disputes/")]
    assert Release.objects.count() == 0


def test_allowed_disputes_are_left_empty_and_told(world: World) -> None:
    world.close("regime", "policy")

    cut_now = release(world, allow_disputes=True)

    cell = one(table(cut_now, "cells"), variable="goal")
    assert (cell["value"], cell["label"], cell["status"]) == ("", "", "disputed")
    assert one(table(cut_now, "intervention"))["goal"] == ""
    assert cut_now.manifest["units"][0]["cells"] == {"disputed": 1}
    assert b"| intervention | 1 | 6 | 0 | 0 | 0 | 0 | 0 | 1 | 5 |" in data(cut_now, "README.md")


def test_a_dispute_outside_the_universe_holds_nothing_up(world: World) -> None:
    world.close("regime", "policy")
    world.case.in_universe = False
    world.case.save()

    assert table(release(world), "cells") == []


def test_an_unresolved_cell_is_empty_and_says_why(world: World) -> None:
    world.close("regime", "policy")
    world.settle(None)

    cell = one(table(release(world), "cells"), variable="goal")
    assert (cell["value"], cell["status"], cell["reason"]) == (
        "",
        "unresolved",
        "Source 3, p. 12",
    )


def test_opening_early_is_printed_with_its_reason(world: World) -> None:
    hand_in(world, world.coding_a)
    work.unblind(case=world.case, reason="The other\ncoder left.", by=world.curator)

    cut_now = release(world, notes="For the workshop.\r\nNot for citation.")

    readme = data(cut_now, "README.md").decode()
    assert "- US-1991-GUL: The other coder left." in readme
    assert "For the workshop.\nNot for citation." in readme
    assert cut_now.manifest["opened_early"] == [
        {"case": "US-1991-GUL", "reason": "The other\ncoder left."}
    ]


# ------------------------------------------------------------------ bytes


def test_the_bytes_stay_when_the_cells_change(coded: World) -> None:
    first = release(coded)
    before = list(words(first))

    coded.settle("2000", "troops")
    second = release(coded, "0.1.1")

    assert list(words(first)) == before
    assert [one(table(r, "cells"), variable="troops")["value"] for r in (first, second)] == [
        "1000",
        "2000",
    ]


def test_the_same_state_gives_the_same_bytes(coded: World) -> None:
    once = freeze(coded.project, "0.1.0", notes="A note")
    again = freeze(coded.project, "0.1.0", notes="A note")

    assert again.digest == once.digest
    assert again.manifest == once.manifest


SEALED: dict[str, Any] = {
    "codebook": {
        "title": "Sealed",
        "units": [{"id": "crisis", "label": "Crisis", "key": ["crisis"], "definition": "A < B"}],
        "missing_codes": [{"code": -99, "key": "unknown", "label": "Unknown"}],
    },
    "variables": [
        {"name": "cause", "unit": "crisis", "question": "Why?", "type": "text"},
        {"name": "began", "unit": "crisis", "question": "When?", "type": "date"},
        {
            "name": "odds",
            "unit": "crisis",
            "question": "How likely?",
            "type": "decimal",
            "min": 0.5,
        },
        {"name": "who", "unit": "crisis", "question": "Who?", "type": "set", "reference": "state"},
    ],
}
SEALED_DIGEST = "51b2c211f56b556d850bb8b7d227bdc045999dc165681c9c1931f2fad327fa43"


def test_the_bytes_are_the_same_on_every_database(db: None) -> None:
    """A fixed digest: were it another on SQLite than on PostgreSQL, one of them would fail."""
    project = Project.objects.create(slug="sealed", title="Sealed")
    State.objects.create(project=project, code="2", name="United States")
    book = codebooks.publish(codebook=codebooks.draft(project=project, document=SEALED))
    unit = Unit.objects.get(project=project)
    cases = [Case.objects.create(unit=unit, key=key, title=key) for key in ("b", "B", "É", "a-b")]
    for name in ("ada", "ben"):
        user = User.objects.create_user(name)
        Member.objects.create(project=project, user=user, pseudonym=f"c-{name}")
        for case, began in zip(cases, ("1991-02~", "-99", "1990/..", "1991"), strict=True):
            coding = work.assign(case=case, coder=user)
            said = {"cause": f'“{name}”,\n"said"', "began": began, "odds": "0.5", "who": "2"}
            for entry in codebooks.entries(book):
                work.save_value(coding=coding, entry=entry, text=said[entry.name], certainty=2)
            work.add_citation(coding=coding, entry=codebooks.entries(book)[1], source="Straße, 2")
            work.submit(coding=coding)

    manifest = freeze(project, "0.1.0").manifest
    plain = (".csv", ".json", ".jsonl", ".md")
    ours = tuple(file for file in manifest.files if file.name.endswith(plain))
    assert digest_of(replace(manifest, files=ours).written()) == SEALED_DIGEST


UNITS, FORMATS = ("intervention", "partner", "objective"), ("parquet", "jsonl", "dta", "sav", "rds")
FILES = [
    *(f"{name}.csv" for name in (*UNITS, "cells", "codings")),
    "provenance.jsonl",
    "why.zip",
    "reliability.csv",
    "reliability_inputs.zip",
    "fingerprints.csv",
    "verify.py",
    "codebook.html",
    "codebook.pdf",
    "formulas.csv",
    *(f"{name}.{suffix}" for name in UNITS for suffix in FORMATS),
    *(f"{name}.{suffix}" for name in ("cells", "codings") for suffix in FORMATS),
    "tables.xlsx",
    "codebook.json",
    "codebook.md",
    "README.md",
    "datapackage.json",
    "ddi.xml",
    "signatures.csv",
]


def test_every_file_stands_in_the_manifest_as_it_is(coded: World) -> None:
    cut_now = release(coded)

    manifest = store.get(cut_now.digest)
    assert json.loads(manifest) == cut_now.manifest
    assert hashlib.sha256(manifest).hexdigest() == cut_now.digest
    assert [file["name"] for file in cut_now.manifest["files"]] == FILES
    for file in cut_now.manifest["files"]:
        found = store.get(file["sha256"])
        assert file["bytes"] == len(found)
        if file["name"].endswith(".csv"):
            rows = list(csv.reader(io.StringIO(found.decode(), newline="")))
            assert (file["columns"], file["rows"]) == (rows[0], len(rows) - 1)


def test_tables_are_plain_utf_8_with_one_newline_a_row(coded: World) -> None:
    cut_now = release(coded)
    names = [file["name"] for file in cut_now.manifest["files"]]
    found = b"".join(data(cut_now, name) for name in names if name.endswith((".csv", ".md")))

    assert b"\r" not in found
    assert not found.startswith(b"\xef\xbb\xbf")
    assert '"One, “two”\nthree"'.encode() in found


def test_the_codebook_file_gives_the_codebooks_digest(coded: World) -> None:
    written = data(release(coded), "codebook.json")

    assert hashlib.sha256(written).hexdigest() == coded.codebook.digest
    assert json.loads(written) == codebooks.document_of(coded.codebook)


def test_the_readable_codebook_holds_every_question_rule_category_and_expression(
    coded: World,
) -> None:
    text = data(release(coded), "codebook.md").decode()

    for variable in DOCUMENT["variables"]:
        assert f"### {variable['name']}: {variable['label']}" in text
        assert variable["question"] in text
        for category in variable.get("categories", []):
            assert f"`{category['code']}` **{category['label']}**" in text
    assert "- Skipped if `sent == 1`: then `-88`" in text
    assert "`strength <= intervention.troops`. More than the whole force." in text
    assert "- Computed as: `double(strength) / double(intervention.troops)`" in text
    assert "- Rule: The goal named first." in text
    assert "- `-77` **Cannot be determined**" in text


# ------------------------------------------------------------------ the chain


def test_each_release_names_the_one_before_it(coded: World) -> None:
    first = release(coded)
    second = release(coded, "0.2.0")

    assert first.manifest["previous"] is None
    assert second.manifest["previous"] == {"version": "0.1.0", "digest": first.digest}
    assert second.previous == first


@pytest.mark.parametrize(
    ("version", "why"),
    [
        ("1.0", "is not a version"),
        ("v1.0.0", "is not a version"),
        ("01.0.0", "is not a version"),
        ("1.0.0-rc1", "is not a version"),
        ("١.٠.٠", "is not a version"),
        ("1.0.0\n", "is not a version"),
        ("0.9.0", "not above 0.10.0"),
        ("0.10.0", "not above 0.10.0"),
    ],
)
def test_a_version_must_be_three_numbers_above_the_last(
    coded: World, version: str, why: str
) -> None:
    release(coded, "0.10.0")

    with pytest.raises(Refused, match=why):
        release(coded, version)
    assert Release.objects.count() == 1


def test_a_release_cut_while_another_was_read_is_refused(coded: World) -> None:
    """Both read the same last release; only the first may follow it."""
    late = freeze(coded.project, "0.2.0")
    release(coded, "0.1.0")

    with pytest.raises(Refused, match=r"0\.1\.0 was cut meanwhile"):
        register(coded.project, late, moment=timezone.now(), by=coded.curator, notes="")
    assert Release.objects.count() == 1


def test_nothing_is_released_under_a_codebook_that_is_no_longer_what_was_published(
    coded: World,
) -> None:
    unfreeze("coding_entry", "UPDATE coding_entry SET rule = 'Something else.'")

    with pytest.raises(Refused, match="no longer what was published"):
        release(coded)


def unfreeze(table: str, statement: str) -> None:
    """Damage behind the application's back, past the triggers as well."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"DROP TRIGGER frozen_{table}_update")
            cursor.execute(statement)
        else:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(statement)
            cursor.execute("SET LOCAL session_replication_role = origin")


def test_a_project_without_a_published_codebook_cannot_release(world: World) -> None:
    bare = Project.objects.create(slug="bare", title="Bare")

    with pytest.raises(Refused, match="no published codebook"):
        cut(project=bare, version="0.1.0")


@pytest.mark.parametrize(
    "statement",
    ["UPDATE curation_release SET notes = 'changed'", "DELETE FROM curation_release"],
)
def test_the_database_refuses_to_change_a_release(coded: World, statement: str) -> None:
    release(coded)

    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_date_whose_parts_take_another_columns_name_is_told(world: World) -> None:
    """A draft with such a name is refused; a codebook from before may hold one."""
    document = {**DOCUMENT, "variables": [*DOCUMENT["variables"], LATEST]}
    book = codebooks.draft(project=world.project, document=document)
    book.entries.filter(name="latest").update(name="end_date_latest")
    Codebook.objects.filter(pk=book.pk).update(
        published_at=timezone.now(), digest=codebooks.digest_of(book)
    )

    with pytest.raises(Refused, match="Two columns would be called end_date_latest"):
        release(world)


LATEST = {
    "name": "latest",
    "unit": "intervention",
    "label": "Latest",
    "question": "At the latest?",
    "type": "text",
    "level": "nominal",
}


# ------------------------------------------------------------------ verify


def damage(digest: str) -> None:
    path = store.path_of(digest)
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1] + b"!")


def test_untouched_releases_pass(coded: World) -> None:
    release(coded)
    release(coded, "0.1.1")

    reports = verify(coded.project)

    assert [(r.release.version, r.problems) for r in reports] == [("0.1.0", ()), ("0.1.1", ())]
    assert {r.files - len(r.release.manifest["files"]) for r in reports} == {1}


@pytest.mark.parametrize("name", ["intervention.csv", "codings.csv", "README.md"])
def test_one_changed_byte_is_found(coded: World, name: str) -> None:
    cut_now = release(coded)
    damage({f["name"]: f["sha256"] for f in cut_now.manifest["files"]}[name])

    [report] = verify(coded.project)

    assert [p.split(":")[0] for p in report.problems] == [name]


def test_a_damaged_and_a_missing_manifest_are_found(coded: World) -> None:
    first, second = release(coded), release(coded, "0.1.1")
    damage(first.digest)
    store.path_of(second.digest).unlink()

    found = [problem for report in verify(coded.project) for problem in report.problems]

    assert [p.split(" ")[0] for p in found] == ["manifest.json:", "manifest.json:"]
    assert ("is damaged" in found[0], "is gone" in found[1]) == (True, True)


OTHER_TITLE = {
    "sqlite": "UPDATE curation_release SET manifest = json_set(manifest, '$.title', 'Other')",
    "postgresql": (
        "UPDATE curation_release SET manifest = jsonb_set(manifest, '{title}', '\"Other\"')"
    ),
}


def test_a_row_that_names_other_files_than_its_manifest_is_found(coded: World) -> None:
    release(coded)
    unfreeze("curation_release", OTHER_TITLE[connection.vendor])

    [report] = verify(coded.project)

    assert report.problems == ("manifest.json: the database names other files than the store.",)


def test_a_broken_chain_is_found(coded: World) -> None:
    release(coded)
    release(coded, "0.1.1")
    unfreeze("curation_release", "UPDATE curation_release SET previous_id = NULL")

    reports = verify(coded.project)

    assert [len(report.problems) for report in reports] == [0, 2]


def test_a_changed_codebook_is_found(coded: World) -> None:
    release(coded)
    unfreeze("coding_entry", "UPDATE coding_entry SET rule = 'Something else.'")

    [report] = verify(coded.project)

    assert report.problems == ("codebook 1: its tables no longer give its digest.",)


# ------------------------------------------------------------------ the next version


def published(world: World, variables: list[dict[str, Any]]) -> None:
    document = {**DOCUMENT, "variables": variables}
    codebooks.publish(codebook=codebooks.draft(project=world.project, document=document))


def changed(variable: str, **changes: Any) -> list[dict[str, Any]]:
    return [v | changes if v["name"] == variable else v for v in DOCUMENT["variables"]]


def test_the_first_release_is_0_1_0(coded: World) -> None:
    assert propose(coded.project).version == "0.1.0"


def test_nothing_is_proposed_where_nothing_changed(coded: World) -> None:
    release(coded)

    proposal = propose(coded.project)

    assert (proposal.version, proposal.reason) == ("", "Nothing has changed since 0.1.0.")


def test_a_changed_cell_makes_a_patch(coded: World) -> None:
    release(coded, "1.2.3")
    coded.settle("2000", "troops")

    proposal = propose(coded.project)

    assert proposal.version == "1.2.4"
    assert proposal.reason == "Since 1.2.3: 3 changed cells."


def test_a_new_case_makes_a_minor_version(coded: World) -> None:
    release(coded, "1.2.3")
    Case.objects.create(unit=coded.case.unit, key="US-2003-IRQ", title="Iraq")

    proposal = propose(coded.project)

    assert (proposal.version, proposal.reason) == ("1.3.0", "Since 1.2.3: 1 new case.")


def test_a_new_variable_makes_a_minor_version(coded: World) -> None:
    release(coded, "1.2.3")
    published(coded, [*DOCUMENT["variables"], LATEST | {"name": "aftermath"}])

    proposal = propose(coded.project)

    assert (proposal.version, proposal.reason) == ("1.3.0", "Since 1.2.3: 1 new column.")


def test_other_words_in_the_codebook_make_a_patch(coded: World) -> None:
    release(coded, "1.2.3")
    published(coded, changed("story", rule="In your own words."))

    proposal = propose(coded.project)

    assert proposal.version == "1.2.4"
    assert proposal.reason == "Since 1.2.3: codebook 2 in place of 1."


@pytest.mark.parametrize(
    "variables",
    [
        [v for v in DOCUMENT["variables"] if v["name"] != "story"],
        changed("story", type="integer", level="ratio"),
        changed("story", name="narrative"),
    ],
    ids=["dropped", "replaced", "renamed"],
)
def test_a_lost_column_makes_a_major_version(coded: World, variables: list[dict[str, Any]]) -> None:
    release(coded, "1.2.3")
    published(coded, variables)

    proposal = propose(coded.project)

    assert proposal.version == "2.0.0"
    assert proposal.reason == "Since 1.2.3: 1 column dropped, renamed or with another meaning."
