"""Corrections of cells out of a file: the same act as a ruling, all of them or none."""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from coding import blind, work
from coding.models import Batch, Cell, Coding, Ground, Source, Value
from tests.conftest import World
from tests.releasing import cut
from tests.tables import refused, run, xlsx_of
from tests.test_cells import past
from tests.test_publishing import everything

PAGE = "/projects/usmi/corrections/"
COLUMNS = "unit,case,variable,old,new,cause,reason,rule,against_precedent,source,locator,quote"
WHY = ("import_error", "The archive says so.")


@pytest.fixture
def judge(world: World, client: Client) -> Client:
    client.force_login(world.adjudicator)
    return client


def table(*rows: Sequence[str], unit: str = "intervention", case: str = "US-1991-GUL") -> str:
    """Rows from the variable on, under the header."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS.split(","))
    for row in rows:
        writer.writerow([unit, case, *row, *[""] * (10 - len(row))])
    return out.getvalue()


def look(client: Client, text: str, name: str = "fixes.csv") -> Any:
    return client.post(PAGE, {"file": SimpleUploadedFile(name, text.encode())})


def hidden(page: str) -> dict[str, str]:
    found = re.findall(r'type="hidden" name="(kept|stamp|name)" value="([^"]*)"', page)
    return {name: html.unescape(value) for name, value in found}


def confirm(client: Client, page: str, note: str = "A second archive was read.") -> Any:
    return client.post(PAGE, hidden(page) | {"note": note})


def corrected(client: Client, text: str) -> Batch:
    assert confirm(client, look(client, text).text).status_code == 302
    found = Batch.objects.order_by("pk").last()
    assert found is not None
    return found


def told(answer: Any) -> str:
    return html.unescape(" ".join(answer.text.split()))


def stand(world: World, name: str) -> tuple[str, str | None, str, str]:
    cell = world.cell(name)
    return cell.status, cell.text, cell.cause, cell.reason


def whole(world: World) -> None:
    """A dispute, an agreed and a single cell, a ruling, an unresolved and a verified cell."""
    for coding, goal, ended, end in (
        (world.coding_a, "regime", "1", "1991"),
        (world.coding_b, "policy", "1", "1992"),
    ):
        world.say(coding, goal)
        world.say(coding, ended, "ended")
        world.say(coding, end, "end_date")
    world.say(world.coding_a, "500", "troops")
    for coding in (world.coding_a, world.coding_b):
        world.say(coding, "A war.", "story")
        work.submit(coding=coding)


# ------------------------------------------------------------------ what is corrected


def test_every_kind_of_cell_is_corrected_with_what_who_and_why_in_its_history(
    world: World, judge: Client
) -> None:
    whole(world)
    world.settle(None, "end_date")
    work.verify(cell=world.cell("ended"), by=world.adjudicator)
    values = everything(Value)

    batch = corrected(
        judge,
        table(
            ("goal", "", "territory", *WHY),
            ("ended", "1", "0", *WHY),
            ("troops", "500", "600", *WHY),
            ("end_date", "", "1991-02", *WHY),
            ("story", "A war.", "[unresolved]", *WHY),
        ),
    )

    assert stand(world, "goal") == ("adjudicated", "territory", *WHY)
    assert stand(world, "ended") == ("adjudicated", "0", *WHY)
    assert stand(world, "troops") == ("adjudicated", "600", *WHY)
    assert stand(world, "end_date") == ("adjudicated", "1991-02", *WHY)
    assert stand(world, "story") == ("unresolved", None, *WHY)
    assert past(world.cell("ended"))[-1] == ("adjudicated", "0", WHY[1])
    assert world.cell("ended").verified_by is None
    newest = Cell.history.filter(id=world.cell("ended").pk).first()
    assert (newest.history_user, newest.batch) == (world.adjudicator, batch)
    assert (batch.rule, batch.file, batch.by) == ("file", "fixes.csv", world.adjudicator)
    assert batch.reason == "A second archive was read."
    assert everything(Value) == values
    assert list(work.drift(project=world.project)) == []


def test_nothing_is_written_before_it_is_confirmed(world: World, judge: Client) -> None:
    world.close("regime", "regime")
    before = everything(Cell), Cell.history.count()

    page = told(look(judge, table(("goal", "regime", "policy", *WHY))))

    assert "1 cell to correct" in page
    assert "regime Regime change" in page
    assert "<strong>policy Policy change</strong>" in page
    assert "import or mapping error: The archive says so." in page
    assert (everything(Cell), Cell.history.count()) == before


def test_a_note_is_asked_for_and_nothing_that_was_read_is_lost(world: World, judge: Client) -> None:
    world.close("regime", "regime")
    page = look(judge, table(("goal", "regime", "policy", *WHY))).text

    again = confirm(judge, page, note=" ")

    assert again.status_code == 422
    assert "Say why these cells are corrected" in again.text
    assert hidden(again.text) == hidden(page)
    assert world.cell().status == "agreed"


def test_the_rule_and_the_sources_that_decided_go_with_it(world: World, judge: Client) -> None:
    world.close("regime", "regime")
    Source.objects.create(project=world.project, citation="Atlas of wars")

    corrected(
        judge,
        table(
            ("goal", "regime", "policy", *WHY, "ended", "", "Atlas of wars", "p. 3", "It ended."),
            ("goal", "", "", "", "", "", "", "New archive", "box 2"),
        ).replace("goal,,,,,,,New", "goal,regime,policy,,,,,New"),
    )

    assert world.cell().rule == world.entry("ended")
    assert list(Ground.objects.values_list("source__citation", "locator", "quote")) == [
        ("Atlas of wars", "p. 3", "It ended."),
        ("New archive", "box 2", ""),
    ]


def test_the_cells_are_downloaded_edited_and_brought_back(world: World, judge: Client) -> None:
    whole(world)
    text = b"".join(judge.get(f"{PAGE}cells.csv?status=agreed")).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(r["variable"], r["old"]) for r in rows] == [("ended", "1")]
    rows[0] |= {"new": "0", "cause": "slip", "reason": "It goes on."}
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)

    corrected(judge, out.getvalue())

    assert stand(world, "ended") == ("adjudicated", "0", "slip", "It goes on.")


@pytest.mark.parametrize(
    ("name", "begin", "text"),
    [
        ("ended", "agreed", "0"),
        ("ended", "verified", "0"),
        ("troops", "single", "600"),
        ("goal", "adjudicated", "territory"),
        ("goal", "unresolved", "territory"),
    ],
)
def test_on_the_page_of_its_case_each_kind_of_cell_is_corrected_and_its_history_tells_of_it(
    world: World, judge: Client, name: str, begin: str, text: str
) -> None:
    whole(world)
    if begin == "verified":
        work.verify(cell=world.cell(name), by=world.adjudicator)
    if name == "goal":
        world.settle("regime" if begin == "adjudicated" else None)
    cell = world.cell(name)
    said = {"act": "settle", "text": text, "cause": "slip", "reason": "Box 3 was overlooked."}

    answer = judge.post(
        reverse("coding:settle", args=[world.case.pk, cell.pk]),
        said | {"seen": cell.since.isoformat()},
    )
    judge.force_login(world.curator)
    history = told(judge.get(reverse("coding:history", args=[world.case.pk])))

    assert answer.status_code == 303
    assert stand(world, name) == ("adjudicated", text, "slip", "Box 3 was overlooked.")
    assert "Box 3 was overlooked." in history
    assert "adjudicator" in history
    assert list(work.drift(project=world.project)) == []


def test_a_workbook_is_read_like_a_csv_and_faults_name_its_cells(
    world: World, judge: Client, tmp_path: Path
) -> None:
    world.close("regime", "regime")
    rows = [
        ["intervention", "US-1991-GUL", "goal", "regime", "oil", *WHY],
        ["intervention", "US-1991-GUL", "ended", "", "", "", ""],
    ]
    book = xlsx_of(tmp_path / "fixes.xlsx", COLUMNS.split(",")[:7], rows, title="cells")

    answer = judge.post(PAGE, {"file": SimpleUploadedFile("fixes.xlsx", book.read_bytes())})

    assert "1 cell to correct, 1 row passed over." in told(answer)
    assert "cells!E2: “oil” is not a category code" in told(answer)


# ------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (("aim", "", "x", *WHY), "line 2, column variable: “aim” is no variable of intervention."),
        (("goal", "policy", "canary", *WHY), "is not what the cell says now (“regime”)"),
        (("goal", "", "canary", *WHY), "empty, is not what the cell says now (“regime”)"),
        (("goal", "regime", "oil", *WHY), "“oil” is not a category code: choose from regime,"),
        (("goal", "regime", "", *WHY), "column new: is empty: write the value, or [unresolved]"),
        (("goal", "regime", "regime", *WHY), "is what the cell says already"),
        (("goal", "regime", "policy", "fun", "x"), "“fun” is no cause: write one of slip,"),
        (("goal", "regime", "policy", "slip", ""), "column reason: is empty."),
        (("goal", "regime", "policy", "slip", "=1+1"), "begins like a spreadsheet formula"),
        (("goal", "regime", "policy", *WHY, "gaol"), "“gaol” is no entry of the codebook. Did"),
        (("goal", "regime", "policy", *WHY, "", "", "", "p. 3"), "stands without a source."),
        (("troops", "", "5", *WHY), "has no cell there: nobody answered it."),
        (("partners", "none", "200", *WHY), "lists rows: it decides which there are"),
    ],
)
def test_each_fault_names_place_value_rule_and_way_out_and_stops_all(
    world: World, judge: Client, row: tuple[str, ...], words: str
) -> None:
    world.say(world.coding_a, "0", "ended")
    world.say(world.coding_a, "none", "partners")
    world.close("regime", "regime")
    before = everything(Cell)

    answer = look(judge, table(row, ("ended", "0", "1", *WHY)))

    assert answer.status_code == 422
    assert words in told(answer)
    assert hidden(answer.text) == {}
    assert everything(Cell) == before


def test_a_case_that_is_closed_is_not_told_from_one_that_is_not_there(
    world: World, judge: Client
) -> None:
    world.say(world.coding_a, "canary")
    work.submit(coding=world.coding_a)

    closed, absent = (
        told(look(judge, table(("goal", "", "regime", *WHY), case=key))).replace(key, "KEY")
        for key in ("US-1991-GUL", "US-1999-NOT")
    )

    assert "is no open case of intervention" in closed
    assert _without_token(closed) == _without_token(absent)


def _without_token(page: str) -> str:
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"|nonce-\S+', "", page)


def test_who_coded_a_case_corrects_none_of_its_cells(world: World, client: Client) -> None:
    world.close("regime", "regime")
    coder = world.project.members.get(user=world.coder_a)
    coder.role = "adjudicator"
    coder.save()
    client.force_login(world.coder_a)

    answer = look(client, table(("goal", "regime", "policy", *WHY)))
    cells = b"".join(client.get(f"{PAGE}cells.csv")).decode()

    assert "is a case that you coded: someone else must correct it." in told(answer)
    assert "US-1991-GUL" not in cells


def test_against_a_precedent_a_correction_says_why(world: World, judge: Client) -> None:
    world.close("regime", "policy")
    (other,) = world.more_cases(1)
    for coder, text in ((world.coder_a, "regime"), (world.coder_b, "policy")):
        coding = Coding.objects.get(case=other, coder=coder)
        world.say(coding, text)
        work.submit(coding=coding)
    goal = blind.all_cells(world.project).filter(variable=world.entry("goal").variable)
    settled = work.settle(
        cell=goal.get(case=other),
        entry=world.entry("goal"),
        text="regime",
        cause="judgement",
        reason="So it is.",
        by=world.adjudicator,
    )
    work.mark_precedent(cell=settled, pattern="Both", by=world.adjudicator)
    without = look(judge, table(("goal", "", "policy", *WHY)))
    corrected(judge, table(("goal", "", "policy", *WHY, "", "Here it was said first.")))

    assert "Case 0 is a precedent: the same answers differed there" in told(without)
    assert goal.get(case=world.case).reason == (
        "The archive says so. Against the precedent Case 0: Here it was said first."
    )


def test_what_changed_since_it_was_looked_at_stops_all(world: World, judge: Client) -> None:
    whole(world)
    page = look(judge, table(("goal", "", "policy", *WHY), ("ended", "1", "0", *WHY))).text
    world.settle("regime")

    answer = confirm(judge, page)

    assert answer.status_code == 409
    assert "A cell changed since you looked: nothing was written." in told(answer)
    assert "is not what the cell says now (“regime”)" in told(answer)
    assert stand(world, "ended")[0] == "agreed"


@pytest.mark.parametrize("who", ["coder_a", "reader", "outsider"])
def test_whoever_may_not_correct_finds_no_page(world: World, client: Client, who: str) -> None:
    client.force_login(getattr(world, who))

    assert client.get(PAGE).status_code == 404
    assert client.get(f"{PAGE}cells.csv").status_code == 404
    assert look(client, table()).status_code == 404


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty: a header and rows are needed."),
        (b"\x00\x01\x02", "NUL byte"),
        (b"unit,case\nintervention,x\n", "is missing: this column is needed."),
        (b"PK\x03\x04 not a workbook", "fixes.csv"),
        (COLUMNS.encode() + b"\n" + b"," * 11 + b"\n", "is a header without rows."),
        (COLUMNS.encode() + b"\nintervention,x,goal,regime" + b"," * 8 + b"\n", "corrects nothing"),
    ],
)
def test_what_is_no_table_of_corrections_is_refused_in_words(
    world: World, judge: Client, content: bytes, words: str
) -> None:
    answer = judge.post(PAGE, {"file": SimpleUploadedFile("fixes.csv", content)})

    assert answer.status_code == 422
    assert words in told(answer)


@pytest.mark.parametrize("kept", ["", "[]", "[[1],[2]]", "[[[],null,[],1],[[[]]]]", "[" * 9_000])
def test_a_form_that_no_page_of_ours_made_is_refused(
    world: World, judge: Client, kept: str
) -> None:
    answer = judge.post(PAGE, {"kept": kept, "stamp": "x", "note": "x", "name": "fixes.csv"})

    assert answer.status_code == 422


# ------------------------------------------------------------------ taken back


def test_a_batch_of_corrections_is_taken_back_to_what_the_cells_said(
    world: World, judge: Client
) -> None:
    whole(world)
    source = Source.objects.create(project=world.project, citation="Atlas")
    work.settle(
        cell=world.cell("end_date"),
        entry=world.entry("end_date"),
        text="1991",
        cause="judgement",
        reason="Page 3.",
        by=world.adjudicator,
        sources=[work.Place(source, "p. 3")],
    )
    work.verify(cell=world.cell("ended"), by=world.adjudicator)
    names = ("goal", "ended", "troops", "end_date", "story")
    before = [stand(world, name) for name in names]
    batch = corrected(
        judge,
        table(
            ("goal", "", "territory", *WHY),
            ("ended", "1", "0", *WHY),
            ("troops", "500", "600", *WHY),
            ("end_date", "1991", "1991-02", *WHY, "", "", "Diary", "p. 9"),
            ("story", "A war.", "Another.", *WHY),
        ),
    )
    world.settle("Yet another.", "story")

    answer = judge.post(
        f"/projects/usmi/disputes/batches/{batch.pk}/undo/", {"reason": "Wrong box."}, follow=True
    )

    assert "4 rulings taken back." in told(answer)
    assert "1 cell ruled on anew since is left as it is" in told(answer)
    assert [stand(world, name) for name in names[:-1]] == before[:-1]
    assert world.cell("ended").verified_by == world.adjudicator
    assert world.cell("story").text == "Yet another."
    assert past(world.cell("goal"))[-1][2] == "Correction taken back: Wrong box."
    assert list(Ground.objects.values_list("source__citation", "locator")) == [("Atlas", "p. 3")]
    assert list(work.drift(project=world.project)) == []


# ------------------------------------------------------------------ beside it


def test_a_corrected_cell_shows_that_it_differs_from_the_last_release(
    world: World, judge: Client
) -> None:
    world.close("regime", "regime")
    cut(project=world.project, version="1.0.0")
    before = told(judge.get(PAGE))
    corrected(judge, table(("goal", "regime", "policy", *WHY)))

    after = told(judge.get(PAGE))

    page = told(judge.get(reverse("coding:dispute", args=[world.case.pk])))
    assert "Release 1.0.0 has <b>regime Regime change</b> here: the next one will differ." in page
    assert "Every cell of it that is open to you says what it said." in before
    assert "Differs from release 1.0.0" in after
    assert "<td>regime Regime change</td><td>policy Policy change" in after


def test_the_pages_beside_it_ask_as_often_for_three_cells_as_for_one(
    world: World, judge: Client
) -> None:
    whole(world)
    cut(project=world.project, version="1.0.0", allow_disputes=True)

    def asked() -> tuple[int, int]:
        counts = []
        for address in (PAGE, "/projects/usmi/disputes/batches/"):
            judge.get(address)
            with CaptureQueriesContext(connection) as queries:
                judge.get(address)
            counts.append(len(queries))
        return counts[0], counts[1]

    corrected(judge, table(("goal", "", "policy", *WHY)))
    corrected(judge, table(("goal", "policy", "regime", *WHY)))
    once = asked()
    corrected(judge, table(("ended", "1", "0", *WHY), ("troops", "500", "600", *WHY)))
    corrected(judge, table(("ended", "0", "1", *WHY)))

    assert asked() == once


def test_the_command_corrects_in_the_name_of_a_person_and_can_run_dry(
    world: World, tmp_path: Path
) -> None:
    world.close("regime", "regime")
    file = tmp_path / "fixes.csv"
    file.write_text(table(("goal", "regime", "policy", *WHY)))
    asked = ("import_corrections", str(file), "--project", "usmi", "--by", "adjudicator")

    dry = run(*asked, "--dry-run")
    between = stand(world, "goal")
    real = run(*asked, "--note", "Archive")

    told_of = (
        "  US-1991-GUL goal: regime Regime change → policy Policy change, import or mapping error"
    )
    assert told_of in dry
    assert "Dry run: nothing was written." in dry
    assert between[:2] == ("agreed", "regime")
    assert told_of in real
    assert stand(world, "goal")[:2] == ("adjudicated", "policy")
    assert Batch.objects.get().by == world.adjudicator


def test_the_command_refuses_who_may_not_correct(world: World, tmp_path: Path) -> None:
    file = tmp_path / "fixes.csv"
    file.write_text(table(("goal", "regime", "policy", *WHY)))

    said = refused(
        "import_corrections", str(file), "--project", "usmi", "--by", "coder_a", "--note", "x"
    )

    assert said[0] == "--by: “coder_a” is no adjudicator or curator of usmi."


def test_the_preview_asks_as_often_for_three_cells_as_for_one(world: World, judge: Client) -> None:
    whole(world)
    rows = [
        ("goal", "", "policy", *WHY),
        ("ended", "1", "0", *WHY),
        ("troops", "500", "600", *WHY),
    ]

    def asked(count: int) -> int:
        with CaptureQueriesContext(connection) as queries:
            look(judge, table(*rows[:count]))
        return len(queries)

    look(judge, table(rows[0]))
    assert asked(1) == asked(3)
