"""The report: a paragraph with traced numbers, a table, and files that give the same figures."""

from __future__ import annotations

import csv
import io
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pypdf
import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.template.loader import render_to_string
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import strip_tags

from coding import reliability, work
from coding.models import Case, Member
from coding.reliability import Asked
from tests.conftest import World
from tests.test_reliability import (
    ALL_GOALS,
    INDETERMINATE,
    code,
    code_with_notes,
    hand_in,
    list_partners,
)

REPORT, CSV, PDF, INPUT, CODE = (
    f"coding:reliability-{name}" for name in ("report", "csv", "pdf", "input", "code")
)


def get(client: Client, user: User, name: str, *arguments: str, **query: str) -> Any:
    client.force_login(user)
    return client.get(reverse(name, args=["usmi", *arguments]), query)


# ------------------------------------------------------------------ who, and what it holds


@pytest.mark.parametrize("name", [REPORT, CSV])
def test_adjudicators_and_curators_read_the_report_and_nobody_else(
    world: World, client: Client, name: str
) -> None:
    code(world, ALL_GOALS)
    cast = ("adjudicator", "curator", "coder_a", "reader", "outsider")

    answers = {who: get(client, getattr(world, who), name).status_code for who in cast}

    assert answers == {
        "adjudicator": 200,
        "curator": 200,
        "coder_a": 404,
        "reader": 404,
        "outsider": 404,
    }
    client.logout()
    assert client.get(reverse(name, args=["usmi"])).status_code == 302


@pytest.mark.parametrize("name", [INPUT, CODE])
def test_a_variable_is_given_out_to_those_who_read_the_report(
    world: World, client: Client, name: str
) -> None:
    code(world, ALL_GOALS)

    assert get(client, world.adjudicator, name, "goal").status_code == 200
    assert get(client, world.coder_a, name, "goal").status_code == 404
    for unfit in ("story", "share", "nothing"):  # not compared, computed, not there
        assert get(client, world.adjudicator, name, unfit).status_code == 404


def test_nothing_open_is_said_in_words(world: World, client: Client) -> None:
    page = get(client, world.curator, REPORT).content.decode()

    assert "is open yet: agreement can be told once" in page


def test_a_report_holds_nothing_of_what_is_closed_or_being_coded(
    world: World, client: Client
) -> None:
    code(world, ALL_GOALS)

    def told() -> list[bytes]:
        answers = [get(client, world.adjudicator, name) for name in (REPORT, CSV)]
        answers += [get(client, world.adjudicator, name, "goal") for name in (INPUT, CODE)]
        # The sidebar tells the adjudicator of the sheet to be coded, as it should.
        return [answer.content.split(b"<main", 1)[-1] for answer in answers]

    before = told()
    world.say(world.coding_a, "canary")
    work.submit(coding=world.coding_a)
    world.say(world.coding_b, "territory")
    work.assign(case=world.case, coder=world.adjudicator)
    work.submit(coding=world.coding_b)

    assert told() == before


def queries(client: Client) -> int:
    with CaptureQueriesContext(connection) as asked:
        assert client.get(reverse(REPORT, args=["usmi"])).status_code == 200
    return len(asked)


def test_the_report_asks_as_many_queries_of_three_variables_as_of_one(
    world: World, client: Client
) -> None:
    client.force_login(world.adjudicator)
    cases = world.more_cases(3)
    hand_in_both(world, cases[0], {"goal": "regime"})
    queries(client)
    of_one = queries(client)
    for case in cases[1:]:
        hand_in_both(world, case, {"goal": "regime", "ended": "1", "troops": "7"})

    assert queries(client) == of_one


def hand_in_both(world: World, case: Case, said: dict[str, str]) -> None:
    for coder in (world.coder_a, world.coder_b):
        hand_in(world, case, coder, said)


# ------------------------------------------------------------------ the paragraph


def paragraph(world: World, **asked: Any) -> str:
    opened = reliability.opened(world.project, Asked(**asked))
    return reliability.Report(opened).text


def test_the_methods_paragraph_counts_what_there_is(world: World) -> None:
    code(world, ALL_GOALS)

    said = re.sub(r" \[\d+\]", "", paragraph(world))

    assert said == (
        "2 coders coded 3 intervention cases, each blind to the others, under codebook 1; a case "
        "was opened when all who had it had handed in. At least two of them coded 3 intervention "
        "cases. Agreement was measured by Krippendorff’s alpha (2019) for 1 of 8 variables: 1 "
        "nominal; from 6 ratings. Its 95 % intervals come from 1000 draws of the units (BCa; Efron "
        "1987). Alpha ranges from 0.44 to 0.44 with a median of 0.44: 0 reach .800, 0 lie between "
        ".667 and .800, 1 below .667. Of 1 the interval holds .667, so that it stays open on which "
        "side they lie. Percent agreement, within the tolerance of a variable that has one, has a "
        "median of 67%. 7 variables have no coefficient: 7 because fewer than two units were coded "
        "by two coders."
    )


def test_every_number_of_the_paragraph_has_a_note_that_leads_to_its_variables(
    world: World, client: Client
) -> None:
    code_with_notes(world, INDETERMINATE)
    page = get(client, world.curator, REPORT).content.decode()
    report = reliability.Report(reliability.opened_for(world.curator, world.project))

    plain = "".join(p for s in report.paragraph for p in s if isinstance(p, str))

    # What is left as plain text are names: years of works, bounds, the level of the interval.
    assert set(re.findall(r"\d+", plain)) <= {"2019", "1987", "95", "800", "667", "77", "88", "99"}
    assert [note.note for note in report.notes] == list(range(1, len(report.notes) + 1))
    for note in report.notes:
        assert f'id="note-{note.note}"' in page
        assert f'href="#note-{note.note}"' in page
        assert all(f'id="v-{name}"' in page for name in note.names)


def test_a_count_in_the_paragraph_is_that_of_its_note(world: World) -> None:
    code(world, ALL_GOALS)
    report = reliability.Report(reliability.opened(world.project))

    counted = [note for note in report.notes if note.what.startswith("variables")]

    assert [(note.text, len(note.names)) for note in counted] == [
        (str(len(note.names)), len(note.names)) for note in counted
    ]


def test_the_paragraph_says_which_cases_were_opened_early(world: World) -> None:
    code(world, ALL_GOALS)
    world.say(world.coding_a, "regime")
    work.submit(coding=world.coding_a)
    work.unblind(case=world.case, reason="Coder B has left.", by=world.curator)

    assert "1 [5] case was opened earlier." in paragraph(world)


def test_the_paragraph_says_that_earlier_data_sets_are_not_counted(world: World) -> None:
    machine = Member.objects.get(user=world.curator)
    machine.kind = Member.Kind.MACHINE
    machine.save()
    for case in world.more_cases(2):
        work.assign(case=case, coder=world.curator)
        for coder in (world.coder_a, world.coder_b, world.curator):
            hand_in(world, case, coder, {"goal": "regime"})

    said = [re.sub(r" \[\d+\]", "", paragraph(world, who=w)) for w in ("people", "everybody")]

    assert "1 earlier data set that was read in is not counted." in said[0]
    assert "2 coders coded 2 intervention cases" in said[0]
    assert "3 coders coded 2 intervention cases" in said[1]
    assert "not counted" not in said[1]


def test_where_only_earlier_data_sets_are_open_people_have_no_figures(world: World) -> None:
    Member.objects.filter(user__in=(world.coder_a, world.coder_b)).update(kind="machine")
    code(world, ALL_GOALS)

    assert paragraph(world) == (
        "No coding of those asked for is open yet: agreement can be told once cases that two of "
        "them coded have opened. 2 [1] earlier data sets that were read in are not counted."
    )
    assert "2 [1] data sets coded 3 [2] intervention cases" in paragraph(world, who="machines")


# ------------------------------------------------------------------ files for other software


def run(outside: reliability.Outside, folder: Path) -> float:
    """The figure that the code prints, run on the file alone."""
    (folder / outside.file).write_text(outside.content, encoding="utf-8")
    (folder / "alpha.py").write_text(outside.python, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-I", "alpha.py"], cwd=folder, capture_output=True, text=True, check=True
    )
    return float(done.stdout)


SAID = {
    "goal": [*INDETERMINATE, ("territory", "policy"), ("policy", "policy")],
    "troops": [("5", "5"), ("7", "9"), ("100", "120"), ("0", "0"), ("3", "-99")],
    "end_date": [("1991-02", "1991-02-14"), ("1990", "1990/.."), ("1980-01-01", "1980-01-03")],
    "ended": [("1", "1"), ("0", "1"), ("1", "1")],
}


@pytest.mark.parametrize("missing", ["rule", "exclude", "as-category"])
@pytest.mark.parametrize("name", SAID)
def test_the_code_finds_the_same_alpha_in_the_downloaded_file(
    world: World, client: Client, tmp_path: Path, name: str, missing: Any
) -> None:
    if name == "goal":
        code_with_notes(world, SAID[name])
    else:
        code(world, SAID[name], name)
    opened = reliability.opened_for(world.curator, world.project, Asked(missing=missing))
    outside = reliability.outside(opened, world.entry(name))

    downloaded = get(client, world.curator, INPUT, name, missing=missing).content.decode()
    shown = get(client, world.curator, CODE, name, missing=missing).content.decode()

    alpha = reliability.figure(opened, world.entry(name)).alpha.value
    assert outside.content == downloaded
    assert "from collections import Counter" in shown
    assert run(outside, tmp_path) == pytest.approx(alpha, abs=1e-12)


def test_the_code_finds_the_alpha_of_sets_and_of_ordinal_scales(
    world: World, tmp_path: Path
) -> None:
    list_partners(world, [("200;220", "200"), ("200;255", "200;220"), ("none", "none")])
    opened = reliability.opened(world.project)

    for name in ("partners", "sent"):
        entry = world.entry(name)
        found = run(reliability.outside(opened, entry), tmp_path)
        assert found == pytest.approx(reliability.figure(opened, entry).alpha.value, abs=1e-12)


def test_the_input_has_a_row_for_each_unit_and_a_column_for_each_pseudonym(
    world: World, client: Client
) -> None:
    code_with_notes(world, INDETERMINATE)

    answer = get(client, world.curator, INPUT, "goal", missing="exclude")

    rows = list(csv.reader(io.StringIO(answer.content.decode())))
    coders = Member.objects.filter(user__in=(world.coder_a, world.coder_b))
    assert rows[0] == ["unit", *sorted(coders.values_list("pseudonym", flat=True))]
    assert [row[0] for row in rows[1:]] == ["US-1901-X", "US-1902-X", "US-1903-X"]
    assert sorted(rows[1][1:]) == ["", "regime"]  # −77 is left out
    assert rows[2][1:] == ["regime", "regime"]


def test_the_r_code_names_the_categories_that_ac1_counts(world: World) -> None:
    code(world, ALL_GOALS)

    found = reliability.outside(reliability.opened(world.project), world.entry("goal")).r

    assert 'krippen.alpha.raw(ratings, weights = "unweighted")$est' in found
    assert 'categ.labels = c("regime", "territory", "policy", "canary"))$est  # AC1: 0.6' in found


def test_the_table_holds_every_figure_of_the_pages(world: World, client: Client) -> None:
    code(world, ALL_GOALS)

    answer = get(client, world.adjudicator, CSV)

    rows = {row["variable"]: row for row in csv.DictReader(io.StringIO(answer.content.decode()))}
    figure = reliability.figure(reliability.opened(world.project), world.entry("goal"))
    goal = rows["goal"]
    assert float(goal["alpha"]) == figure.alpha.value
    assert (float(goal["alpha_low"]), float(goal["alpha_high"])) == (
        figure.alpha.low,
        figure.alpha.high,
    )
    assert (goal["units"], goal["ratings"], goal["ac_name"]) == ("3", "6", "AC1")
    assert (rows["troops"]["alpha"], rows["troops"]["reason"]) == (
        "",
        "Fewer than two units were coded by two coders.",
    )
    assert {"story", "share"} & set(rows) == set()


def test_the_report_is_printed(world: World, client: Client) -> None:
    code(world, ALL_GOALS)

    answer = get(client, world.curator, PDF)

    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert answer["Content-Disposition"] == 'attachment; filename="usmi-reliability.pdf"'
    pages = pypdf.PdfReader(io.BytesIO(answer.content)).pages
    text = " ".join(" ".join(page.extract_text().split()) for page in pages)
    assert "Reliability of Project usmi" in text
    assert "coders coded" in text
    assert "Where each number comes from" in text


def test_the_paper_says_what_the_page_says(world: World) -> None:
    code(world, ALL_GOALS)
    opened = reliability.opened_for(world.curator, world.project)
    report = reliability.Report(opened)

    html = render_to_string(
        "coding/reliability_report_paper.html",
        {"project": world.project, "opened": opened, "report": report},
    )

    assert "css/paper.css" in html
    for note in report.notes:
        assert f'id="note-{note.note}"' in html
        assert all(f'id="v-{name}"' in html for name in note.names)
    assert strip_tags(html).count("Alpha ranges from") == 1
