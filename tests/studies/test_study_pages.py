"""Studies in the browser and as files: asked of a release, kept with it, told to who may know."""

from __future__ import annotations

import csv
import io
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdf
import pytest
from django.contrib.auth.models import User
from django.core.management.base import CommandError
from django.db import transaction
from django.test import Client, override_settings

from coding import work
from coding.models import Case, Member, Project
from curation import builds, store
from curation.kinds import KINDS
from curation.loading import load
from curation.models import Release, StudyRun
from curation.studies import asked, results
from curation.studies.registry import STUDIES
from tests.machine import rscript
from tests.test_commands import run

STUDY = "/projects/us-coalitions/studies/"


@pytest.fixture(scope="module")
def loaded(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """The first project with its demonstration, loaded once for all tests here."""
    folder = tmp_path_factory.mktemp("studies")
    chosen = override_settings(STORE_DIR=folder, VAR=folder, DEMO_PASSWORD="demo-password")
    with django_db_blocker.unblock(), chosen, transaction.atomic():
        load(with_demo=True)
        yield folder
        transaction.set_rollback(True)


@pytest.fixture
def first(loaded: Path, db: None, settings: Any) -> Project:
    settings.STORE_DIR = loaded
    return Project.objects.get(slug="us-coalitions")


def signed_in(name: str) -> Client:
    client = Client()
    client.force_login(User.objects.get(username=name))
    return client


def body(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def got(client: Client, study: str, name: str) -> bytes:
    answer = client.get(f"{STUDY}{study}/files/{name}")
    assert answer.status_code == 200, name
    return answer.content


def frozen(release: Release, folder: Path) -> Path:
    folder.mkdir()
    for file in release.manifest["files"]:
        (folder / file["name"]).write_bytes(store.get(file["sha256"]))
    return folder


def test_a_new_user_finds_who_joins_with_two_clicks_drawn_and_told(first: Project) -> None:
    curator = signed_in("curator")

    start = body(curator, "/projects/us-coalitions/")
    assert f'href="{STUDY}"' in start
    listed = body(curator, STUDY)
    assert f'href="{STUDY}who-joins/?release=0.0.1"' in listed
    page = body(curator, f"{STUDY}who-joins/?release=0.0.1")

    told = [
        "In the state’s home region: raises the outcome",
        "cb-chart is-forest",
        "United Kingdom",
    ]
    assert [words for words in told if words not in page] == []
    assert "cite sources that no coder has checked yet" in page
    assert "Known in 0 of" in page  # what is left out, and why


def test_the_files_say_what_the_page_says_and_scripts_find_it_again(
    first: Project, tmp_path: Path
) -> None:
    """Python and R, each from the files of the release alone, give the study's figures."""
    curator, release = signed_in("curator"), first.releases.get()
    folder = frozen(release, tmp_path / "release")

    for study in ("when-a-coalition", "who-joins"):
        rows = list(csv.DictReader(io.StringIO(got(curator, study, "estimates.csv").decode())))
        wanted = {
            row["term"]: (float(row["coefficient"]), float(row["error"]))
            for row in rows
            if row["estimator"] == "logit"
        }
        for language, command in (("py", sys.executable), ("R", rscript())):
            script = tmp_path / f"{study}.{language}"
            script.write_bytes(got(curator, study, script.name))
            found = figures(command, script, folder)
            assert list(found)[1:] == list(wanted)[1:]
            for ours, theirs in zip(wanted.values(), found.values(), strict=True):
                assert theirs == pytest.approx(ours, rel=1e-4)

    assert got(curator, "who-joins", "coefficients.svg").startswith(
        b'<svg xmlns="http://www.w3.org'
    )
    assert got(curator, "who-joins", "coefficients.png").startswith(b"\x89PNG")
    assert b"Joined" in got(curator, "who-joins", "who_joins_how_often.csv")
    assert b"\\begin{tabular}" in got(curator, "who-joins", "estimates.tex")
    printed = got(curator, "who-joins", "report.pdf")
    assert printed == got(curator, "who-joins", "report.pdf")
    report = pypdf.PdfReader(io.BytesIO(printed))
    text = "\n".join(page.extract_text() for page in report.pages)
    assert "Who joins?" in text
    assert release.digest[:20] in text.replace("\n", "")


def figures(command: str, script: Path, folder: Path) -> dict[str, tuple[float, float]]:
    done = subprocess.run(
        [command, str(script), str(folder)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    rows = csv.DictReader(io.StringIO(done.stdout))
    return {row["term"]: (float(row["coefficient"]), float(row["error"])) for row in rows}


def test_asking_again_gives_the_same_bytes(first: Project) -> None:
    release = first.releases.get()
    for name, kept in asked.last_of_each(release).items():
        again = asked.run(study=STUDIES[name], release=release)
        assert results.written(again.result) == results.written(kept.result)


def test_the_command_asks_too_and_says_what_it_comes_to(first: Project, tmp_path: Path) -> None:
    out = tmp_path / "joins.json"
    said = run("run_study", "who-joins", "--project", "us-coalitions", "--out", str(out))

    kept = asked.last_of(first.releases.get(), "who-joins")
    assert kept is not None
    assert out.read_bytes() == results.written(kept.result)
    line = next(each for each in said.splitlines() if "home region" in each)
    fit = kept.result["estimates"][0]["fit"]
    [term] = [each for each in fit["terms"] if each["name"] == "in_home_region"]
    assert f"{term['coefficient']:.3f}" in line
    for words in (("who-join",), ("who-joins", "--release", "9.9.9")):
        with pytest.raises(CommandError, match=r"who-joins|0\.0\.1"):
            run("run_study", *words, "--project", "us-coalitions")


def test_a_second_click_leads_to_the_same_work_and_another_study_is_told_to_wait(
    first: Project,
) -> None:
    curator = signed_in("curator")
    once = curator.post(f"{STUDY}success/run/", {"release": "0.0.1"})

    again = curator.post(f"{STUDY}success/run/", {"release": "0.0.1"})
    other = curator.post(f"{STUDY}who-joins/run/", {"release": "0.0.1"})

    assert again["Location"] == once["Location"]
    assert other.status_code == 409
    told = other.content.decode()
    assert "is being asked of release 0.0.1, and a project asks one study at a time" in told
    assert f'href="{once["Location"]}"' in told
    assert first.builds.filter(kind="study").count() == 1


def test_a_curator_asks_and_the_work_goes_on_beside(first: Project) -> None:
    curator = signed_in("curator")
    StudyRun.objects.all().delete()
    assert "Ask release 0.0.1" in body(curator, f"{STUDY}success/")

    answer = curator.post(f"{STUDY}success/run/", {"release": "0.0.1"})
    assert answer.status_code == 302
    assert builds.work_off(KINDS, builds.new_worker()) == 1

    assert "No estimate." in body(curator, f"{STUDY}success/")
    done = body(curator, answer["Location"])
    assert "/studies/success/?release=0.0.1" in done.replace("&amp;", "&")


def test_only_curators_ask_and_strangers_find_nothing(first: Project) -> None:
    User.objects.create_user("outsider")
    for name, code in (("coder-1", 404), ("reader", 404), ("outsider", 404)):
        answer = signed_in(name).post(f"{STUDY}who-joins/run/", {"release": "0.0.1"})
        assert answer.status_code == code, name
    assert signed_in("outsider").get(f"{STUDY}who-joins/").status_code == 404
    assert signed_in("reader").get(f"{STUDY}who-joins/").status_code == 200
    for address in ("nothing/", "who-joins/?release=9.9.9", "who-joins/files/none.csv"):
        assert signed_in("curator").get(STUDY + address).status_code == 404


def test_who_codes_an_opened_case_again_reads_no_study_of_it(first: Project) -> None:
    """Studies name disputed cells: they would tell a coder what others said."""
    coder = User.objects.get(username="coder-1")
    page, file = f"{STUDY}when-a-coalition/", f"{STUDY}when-a-coalition/files/result.json"
    client = signed_in("coder-1")
    assert "US-1964-LAO" in body(client, page)

    case = Case.objects.get(key="US-1964-LAO", unit__project=first)
    work.assign(case=case, coder=coder, codebook=first.codebooks.get())

    assert "US-1964-LAO" not in body(client, page)
    assert "hand" in body(client, page)
    assert client.get(file).status_code == 409
    assert "US-1964-LAO" in body(signed_in("adjudicator"), page)


def test_a_project_without_a_release_is_told_what_a_study_needs(first: Project) -> None:
    bare = Project.objects.create(slug="bare", title="Bare")
    curator = User.objects.get(username="curator")
    Member.objects.create(project=bare, user=curator, role=Member.Role.CURATOR)

    for address in ("", "who-joins/"):
        page = body(signed_in("curator"), f"/projects/bare/studies/{address}")
        assert "No release to study yet" in page


def test_the_page_of_the_risk_set_counts_what_the_release_holds(first: Project) -> None:
    rows = list(
        csv.DictReader(io.StringIO(store.get(sha256(first, "risk_set.csv")).decode(), newline=""))
    )
    away = [row for row in rows if row["is_target"] != "1"]
    joined = sum(row["joined"] == "1" for row in away)

    page = body(signed_in("reader"), f"{STUDY}risk-set/")
    cells = re.search(r'<th scope="row">All</th>(.*?)</tr>', page, re.DOTALL)
    assert cells is not None
    counted = re.findall(r">(\d+)</td>", cells[1])
    unknown = sum(row["joined"] == "" for row in away)
    assert counted == [str(n) for n in (len({r["case"] for r in away}), len(away), unknown, joined)]

    here = [row for row in rows if row["is_target"] == "1"]
    more = body(signed_in("reader"), f"{STUDY}risk-set/?target=1")
    assert f">{len(away) + len(here)}</td>" in more
    assert "import_series" in page
    assert "Combat personnel" in page


def test_a_curator_says_what_the_risk_set_is_drawn_up_from(first: Project) -> None:
    curator, address = signed_in("curator"), f"{STUDY}risk-set/"
    said = {"roster": "partners", "start": "end_date", "target": "", "kind": "", "leads": "2 20"}

    for wrong, told in (({"start": ""}, "choose its date"), ({"leads": "2 nn"}, "Not in the list")):
        answer = curator.post(address, said | wrong)
        assert (answer.status_code, told in answer.content.decode()) == (422, True)
    assert curator.post(address, said | {"roster": "coalition"}).status_code == 422
    assert signed_in("reader").post(address, said).status_code == 404
    assert curator.post(address, said).status_code == 302

    first.refresh_from_db()
    assert first.risk_set == {
        "roster": "partners",
        "start": "end_date",
        "target": "",
        "class": "",
        "leads": ["2", "20"],
    }
    last = first.history.first()
    assert (last.history_user.username, last.history_change_reason) == (
        "curator",
        "Risk set from partners",
    )
    curator.post(address, said | {"roster": ""})
    first.refresh_from_db()
    assert first.risk_set == {}


def sha256(project: Project, name: str) -> str:
    [found] = [f for f in project.releases.get().manifest["files"] if f["name"] == name]
    digest: str = found["sha256"]
    return digest


def test_the_list_costs_no_query_more_for_a_study_more(
    first: Project, django_assert_num_queries: Any
) -> None:
    client = signed_in("curator")
    body(client, STUDY)
    with django_assert_num_queries(9) as counted:
        body(client, STUDY)
    StudyRun.objects.exclude(study="success").delete()
    with django_assert_num_queries(len(counted)):
        body(client, STUDY)
