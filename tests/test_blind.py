"""Blindness: what each reader sees in each phase, and a canary hunted through every page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Q
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.urls.exceptions import NoReverseMatch

from coding import blind, codebooks, work
from coding.models import Case, Cell, Coding, Member, Source
from curation import public
from curation.models import Build, DraftRelease, Release
from curation.releases import errata
from curation.studies.registry import STUDIES
from tests.conftest import DOCUMENT, World
from tests.releasing import ask_to_cut, cut

VARIABLES = DOCUMENT["variables"]
CANARY = "quetzalcanary"
NOTE = "notequetzal"
QUOTE = "quotequetzal"
SOURCE = "Archive of Sourcequetzal"
LISTED = "US-1991-GUL/220"  # only coder_b lists France
WORDS = (CANARY, NOTE, QUOTE, "Sourcequetzal", LISTED)
READERS = ("coder_a", "adjudicator", "curator", "reader", "outsider", "superuser", "curator_admin")


def seen(user: User) -> list[str]:
    return sorted(blind.values_for(user).values_list("text", flat=True))


# ------------------------------------------------------------------ phases × readers


def test_coders_see_only_their_own_values_while_the_case_is_open(world: World) -> None:
    world.say(world.coding_a, "regime")
    world.say(world.coding_b, "policy")

    assert seen(world.coder_a) == ["regime"]
    assert seen(world.coder_b) == ["policy"]
    assert seen(world.adjudicator) == seen(world.curator) == seen(world.outsider) == []


def test_one_submission_opens_nothing(world: World) -> None:
    world.say(world.coding_a, "regime")
    world.say(world.coding_b, "policy")
    work.submit(coding=world.coding_a)

    assert seen(world.coder_a) == ["regime"]
    assert seen(world.coder_b) == ["policy"]
    assert seen(world.adjudicator) == seen(world.curator) == []


def test_the_last_submission_opens_the_case_to_the_team_and_to_nobody_else(world: World) -> None:
    world.close("regime", "policy")

    for member in (world.coder_a, world.coder_b, world.adjudicator, world.curator):
        assert seen(member) == ["policy", "regime"]
    assert seen(world.outsider) == seen(world.reader) == []


def test_a_late_coder_is_blind_to_a_case_that_others_have_finished(world: World) -> None:
    world.close("regime", "policy")
    work.assign(case=world.case, coder=world.adjudicator, codebook=world.codebook)

    assert seen(world.adjudicator) == []
    assert list(blind.cells_for(world.adjudicator)) == []
    assert list(blind.disputes_for(world.adjudicator, world.project)) == []


def test_a_coder_of_a_partner_is_blind_to_the_whole_family(world: World) -> None:
    for coding, states in ((world.coding_a, "200"), (world.coding_b, "200;220")):
        world.say(coding, "regime")
        world.say(coding, states, "partners")
        for state in states.split(";"):
            world.say(world.sheet_of(coding.coder, state), "2", "sent")
        work.submit(coding=coding)
    world.settle("200;220", "partners")

    others = blind.values_for(world.coder_a).exclude(coding__coder=world.coder_a)
    assert list(others) == []
    assert list(blind.cells_for(world.coder_a)) == []


def test_a_repeat_is_blind_to_the_first_time(world: World) -> None:
    world.close("regime", "policy")
    work.assign(case=world.case, coder=world.coder_a, codebook=world.codebook, purpose="repeat")

    assert seen(world.coder_a) == []


def test_opening_a_case_early_needs_a_reason_and_is_kept_with_it(world: World) -> None:
    world.say(world.coding_a, "regime")
    work.submit(coding=world.coding_a)
    work.unblind(case=world.case, reason="Coder B has left the project.", by=world.curator)

    assert seen(world.adjudicator) == ["regime"]
    assert seen(world.coder_b) == []
    kept = Coding.objects.get(pk=world.coding_a.pk).unblind_reason
    assert kept == "Coder B has left the project."


def test_a_source_that_only_a_hidden_value_cites_is_not_offered(world: World) -> None:
    let_the_canary_sing(world)

    def offered(user: User) -> list[str]:
        return [str(s) for s in blind.sources_for(user, world.project)]

    assert (offered(world.coder_a), offered(world.coder_b)) == ([], [SOURCE])


def test_coders_are_called_by_letters_in_an_order_of_each_case(world: World) -> None:
    codings = [world.coding_a, world.coding_b]
    names = [
        blind.names_in(family, world.adjudicator, "adjudicator", codings)[world.coder_a.pk]
        for family in range(1, 40)
    ]

    assert set(names) == {"Coder A", "Coder B"}


# ------------------------------------------------------------------ the canary


def let_the_canary_sing(world: World) -> None:
    """coder_b's open sheet: values, a note, a citation and a partner found nowhere else."""
    world.say(world.coding_b, "canary", note=NOTE)
    world.say(world.coding_b, f"A story of the {CANARY}.", "story", certainty=4)
    work.add_citation(
        coding=world.coding_b,
        entry=world.entry("story"),
        source=SOURCE,
        locator="p. 7",
        quote=QUOTE,
    )
    world.say(world.coding_b, "220", "partners")
    world.say(world.sheet_of(world.coder_b, "220"), "2", "sent", note=NOTE)


def known_arguments(world: World) -> dict[str, list[Any]]:
    """Values for every argument that an address of the site can take."""
    return {
        "slug": [world.project.slug],
        "pk": sorted(
            {
                *Coding.objects.values_list("pk", flat=True),
                *Case.objects.values_list("pk", flat=True),
            }
        ),
        "name": ["story", "goal"],
        "file": ["cells.csv", "codings.csv", "intervention.csv"],
        "number": [1],
        "before": [1],
        "format_name": ["json"],
        "after": [1],
        "earlier": ["0.1.0"],
        "later": ["0.1.1"],
        "place": [1],
        "row": [1],
        "unit": ["objective"],
        "version": ["0.1.0"],
        "build": list(Build.objects.values_list("pk", flat=True)) or [1],
        "erratum": [1],
        "draft": list(DraftRelease.objects.values_list("pk", flat=True)) or [1],
        "study": sorted(STUDIES)[:1],
        "cell": list(Cell.objects.values_list("pk", flat=True)[:1]) or [1],
        "citation": [1],
        "member": list(world.project.members.values_list("pk", flat=True)),
    }


def patterns(resolver: URLResolver, names: tuple[str, ...] = ()) -> Iterator[tuple[str, list[str]]]:
    for p in resolver.url_patterns:
        if isinstance(p, URLResolver):
            if p.namespace != "admin":
                yield from patterns(p, (*names, p.namespace) if p.namespace else names)
        elif isinstance(p, URLPattern) and p.name:
            yield ":".join((*names, p.name)), list(p.pattern.converters)


def addresses(world: World) -> list[str]:
    """Every address of the site, with every argument that could lead to coder_b's work."""
    known = known_arguments(world)
    found: list[str] = []
    for name, arguments in patterns(get_resolver()):
        if name == "logout":  # the hunter must stay signed in
            continue
        combined: list[dict[str, Any]] = [{}]
        for argument in arguments:
            named = argument == "name" and name in ("curation:file", "curation:draft-file")
            values = known["file" if named else argument]
            combined = [c | {argument: value} for c in combined for value in values]
        found += [reverse(name, kwargs=kwargs) for kwargs in combined]
    searched = [a for a in found if a.startswith("/projects/")]
    return [*found, *(f"{a}?q=quetz&variable=story&unit=all&state=all" for a in searched)]


def back_office(world: World) -> list[str]:
    """Every list, form, history and export of Django's admin."""
    found = [reverse("admin:index")]
    for model in admin.site._registry:
        base = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        found += [reverse(f"{base}_changelist"), reverse(f"{base}_changelist") + "?q=quetz"]
        for name in ("export", "import", "add"):
            try:
                found.append(reverse(f"{base}_{name}"))
            except NoReverseMatch:
                continue
        for pk in model._default_manager.values_list("pk", flat=True)[:20]:
            for act in ("change", "history", "delete"):
                found.append(reverse(f"{base}_{act}", args=[pk]))
    return found


def hunt(world: World, client: Client, urls: list[str]) -> list[str]:
    """The addresses whose answer holds a word that only coder_b's hidden work holds."""
    return list(leaks(client, urls))


def leaks(client: Client, urls: list[str]) -> Iterator[str]:
    client.raise_request_exception = True
    for method in (client.get, client.post):
        for url in urls:
            answer = method(url)
            body = b"".join(answer) if answer.streaming else answer.content  # type: ignore[attr-defined]
            told = body.decode("utf-8", "replace") + str(answer.headers)
            yield from (f"{method.__name__} {url}: {word}" for word in WORDS if word in told)


@pytest.fixture
def hunted(world: World, settings: Any) -> World:
    settings.PRINTING = False  # seconds a page, and nobody reads a PDF here: test_printing does
    world.superuser = User.objects.create_superuser("superuser")  # type: ignore[attr-defined]
    both = User.objects.create_superuser("curator_admin")
    Member.objects.create(project=world.project, user=both, role=Member.Role.CURATOR)
    world.curator_admin = both  # type: ignore[attr-defined]
    let_the_canary_sing(world)
    cut(project=world.project, version="0.1.0", by=world.curator)
    ask_to_cut(world.project, "0.2.0", world.curator)
    public.show(project=world.project, public=True, reason="For all", by=world.curator)
    release = Release.objects.get()
    place = ("intervention", "US-1991-GUL", "troops")
    told = errata.report(release=release, place=place, said="Wrong", name="Ann", email="a@b.org")
    errata.answer(erratum=told, state="accepted", words="Right", by=world.curator)
    pattern = [v | {"pattern": "[a-z]+"} if v["name"] == "story" else v for v in VARIABLES]
    codebooks.draft(project=world.project, document=DOCUMENT | {"variables": pattern})
    cut(project=world.project, version="0.1.1", by=world.curator)
    return world


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("phase", ["typing", "submitted"])
def test_no_page_tells_anybody_else_what_is_on_a_closed_sheet(
    hunted: World, client: Client, reader: str, phase: str
) -> None:
    if phase == "submitted":
        work.submit(coding=hunted.coding_b)
    client.force_login(getattr(hunted, reader))

    assert hunt(hunted, client, [*addresses(hunted), *back_office(hunted)]) == []


def test_no_page_tells_a_visitor_who_has_not_signed_in(hunted: World, client: Client) -> None:
    assert hunt(hunted, client, [*addresses(hunted), *back_office(hunted)]) == []


def test_no_page_tells_a_late_coder_what_others_said(hunted: World, client: Client) -> None:
    hunted.say(hunted.coding_a, "regime")
    work.submit(coding=hunted.coding_a)
    work.submit(coding=hunted.coding_b)
    work.assign(case=hunted.case, coder=hunted.adjudicator, codebook=hunted.codebook)
    client.force_login(hunted.adjudicator)

    assert hunt(hunted, client, addresses(hunted)) == []


def test_the_control_sees_the_canary_on_its_own_sheet(hunted: World, client: Client) -> None:
    client.force_login(hunted.coder_b)

    caught = hunt(hunted, client, [reverse("coding:sheet", args=[hunted.coding_b.pk])])

    assert {word for word in WORDS if any(word in c for c in caught)} >= {CANARY, NOTE, QUOTE}


def test_once_opened_the_adjudicator_finds_the_canary(hunted: World, client: Client) -> None:
    hunted.say(hunted.coding_a, "regime")
    work.submit(coding=hunted.coding_a)
    work.submit(coding=hunted.coding_b)
    client.force_login(hunted.adjudicator)

    caught = " ".join(hunt(hunted, client, addresses(hunted)))

    assert [word for word in WORDS if word not in caught] == []


def all_of(model: Any) -> Callable[..., Any]:
    return lambda *_: model.objects.all()


@pytest.mark.parametrize(
    ("filter_removed", "unfiltered"),
    [
        ("readable", all_of(Coding)),
        ("cases_for", all_of(Case)),
        ("sources_for", all_of(Source)),
    ],
)
def test_the_hunt_notices_when_a_filter_of_closed_cases_is_gone(
    hunted: World,
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
    filter_removed: str,
    unfiltered: Callable[..., Any],
) -> None:
    """The mutation: a wall taken down must make the canary test fail."""
    monkeypatch.setattr(blind, filter_removed, unfiltered)
    for reader in ("coder_a", "curator"):
        client.force_login(getattr(hunted, reader))
        if any(leaks(client, addresses(hunted))):
            return
    pytest.fail("nothing was noticed")


def test_the_hunt_notices_when_late_coders_are_not_blind(
    hunted: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    hunted.say(hunted.coding_a, "regime")
    work.submit(coding=hunted.coding_a)
    work.submit(coding=hunted.coding_b)
    work.assign(case=hunted.case, coder=hunted.adjudicator, codebook=hunted.codebook)
    monkeypatch.setattr(blind, "_in_family_being_coded", lambda _: Q(pk=None))
    client.force_login(hunted.adjudicator)

    assert any(leaks(client, addresses(hunted)))


# ------------------------------------------------------------------ answering first


@pytest.fixture
def compared_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Coders need to agree on the words of a text, so that they can be disputed."""
    for name in ("story", "objective_text"):
        said = next(v for v in VARIABLES if v["name"] == name)
        monkeypatch.setitem(said, "compare", True)


@pytest.fixture
def first(compared_texts: None, world: World, settings: Any) -> World:
    """All that the canary sings is disputed, in a matched row, too; and spoken of in a thread."""
    settings.PRINTING = False
    let_the_canary_sing(world)
    for name, text in {"goal": "regime", "story": "Another.", "partners": "200"}.items():
        world.say(world.coding_a, text, name)
    world.say(world.sheet_of(world.coder_a, "200"), "1", "sent")
    unit = world.project.units.get(name="objective")
    rows = [work.add_row(coding=c, unit=unit) for c in (world.coding_a, world.coding_b)]
    for row, words in zip(rows, ("Oil", f"Oil of the {CANARY}"), strict=True):
        world.say(row, words, "objective_text", note="" if words == "Oil" else NOTE)
    work.submit(coding=world.coding_a)
    work.submit(coding=world.coding_b)
    groups = [[row.case for row in rows]]
    work.align(parent=world.case, unit=unit, groups=groups, reason="One", by=world.curator)
    work.comment(cell=world.cell("story"), text=f"Look at {QUOTE}", by=world.coder_a)
    cut(project=world.project, version="0.1.0", by=world.curator, allow_disputes=True)
    world.project.blind_first = True
    world.project.save()
    return world


def where_answers_stand(world: World) -> list[str]:
    """The pages on which whoever rules reads what was said."""
    slug, story = world.project.slug, world.cell("story")
    of_project = ("disputes", "bulk", "discussion", "learning", "precedents", "reviews")
    found = [reverse(f"coding:{page}", args=[slug]) for page in of_project]
    found += [reverse("coding:reliability-cells", args=[slug, "goal"])]
    found += [reverse("coding:thread", args=[world.case.pk, story.pk])]
    found += [reverse("curation:release", args=[slug, "0.1.0"])]
    found += [reverse("curation:file", args=[slug, "0.1.0", "codings.csv"])]
    pages = ("coding:dispute", "coding:case", "coding:history")
    cases = Case.objects.filter(unit__project=world.project).values_list("pk", flat=True)
    return [*found, *(reverse(page, args=[case]) for case in cases for page in pages)]


def test_having_answered_first_the_adjudicator_finds_all_of_it(
    first: World, client: Client
) -> None:
    for cell in blind.withheld_from(first.adjudicator):
        work.answer_first(cell=cell, text="-99", by=first.adjudicator)
    client.force_login(first.adjudicator)

    caught = " ".join(hunt(first, client, where_answers_stand(first)))

    assert [word for word in WORDS if word not in caught] == []


def test_who_answers_first_finds_nothing_before_and_the_hunt_notices_when_nobody_has_to(
    first: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for reader in (first.curator, first.adjudicator):
        client.force_login(reader)
        assert hunt(first, client, where_answers_stand(first)) == []

    monkeypatch.setattr(blind, "withheld_from", lambda _: Cell.objects.none())

    assert any(leaks(client, where_answers_stand(first)))
