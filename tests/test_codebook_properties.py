"""Whatever a curator changes, in whatever order: what was not touched stays to the byte, what was
touched is carried with a reference, queued, or told to have nobody to ask.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.db.models import QuerySet
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st

from coding import blind, codebooks, publishing, work
from coding.errors import Refused
from coding.models import Cell, Codebook, Coding, Entry, Member, Recoding, Value
from coding.publishing import Ruling
from curation import store
from curation.models import Release
from tests.conftest import World
from tests.releasing import cut

Document = dict[str, Any]
Edit = Callable[[list[Document], Any], None]
STEPS = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def some(variables: list[Document], draw: Any, *kinds: str) -> Document | None:
    """One of the entries of the intervention that no rule reads, of these kinds."""
    fit = [v for v in variables if v["type"] in kinds and v["unit"] == "intervention"]
    fit = [v for v in fit if v["name"] not in ("ended", "partners")]
    return draw(st.sampled_from(fit)) if fit else None


def rename(variables: list[Document], draw: Any) -> None:
    v = some(variables, draw, "category", "date", "integer", "text")
    if v and "renamed_from" not in v:
        name = f"name_{draw(st.integers(0, 5))}"
        if name not in {other["name"] for other in variables}:
            old = v["name"]
            v |= {"name": name, "renamed_from": old}
            for other in variables:
                put_name(other, old, name)


def put_name(variable: Document, old: str, new: str) -> None:
    for check in variable.get("checks", []):
        check["expr"] = check["expr"].replace(f"intervention.{old}", f"intervention.{new}")
    if "derive" in variable:
        variable["derive"] = variable["derive"].replace(
            f"intervention.{old}", f"intervention.{new}"
        )


def reorder(variables: list[Document], draw: Any) -> None:
    variables.insert(draw(st.integers(0, 3)), variables.pop(draw(st.integers(1, 4))))


def reword(variables: list[Document], draw: Any) -> None:
    v = draw(st.sampled_from(variables))
    v["question"] = v["question"] + draw(st.sampled_from([" Exactly?", "!", " In your words."]))


def add(variables: list[Document], draw: Any) -> None:
    name = draw(st.sampled_from(["more", "end_date", "story", "end_date", "story"]))
    taken = {name for v in variables for name in (v["name"], v.get("renamed_from"))}
    if name not in taken:  # what was renamed in the same draft still goes by its old name
        variables.insert(2, plain(name))


def plain(name: str) -> Document:
    return {
        "name": name,
        "unit": "intervention",
        "label": name,
        "question": f"What of {name}?",
        "type": "integer",
        "level": "ratio",
    }


def retire(variables: list[Document], draw: Any) -> None:
    v = some(variables, draw, "date", "text")
    if v:  # whose name is then free for `add`, and must not be given to another meaning
        variables.remove(v)


def split(variables: list[Document], draw: Any) -> None:
    v = some(variables, draw, "category")
    if v:
        first = v["categories"].pop(0)
        n = draw(st.integers(0, 9))
        for half in ("a", "b"):
            code = f"{str(first['code'])[:20]}_{half}{n}"
            v["categories"].append({"code": code, "label": code})


def merge(variables: list[Document], draw: Any) -> None:
    v = some(variables, draw, "category")
    if v and len(v["categories"]) > 3:
        gone = [v["categories"].pop() for _ in range(2)]
        code = f"m{draw(st.integers(0, 99))}"
        if code not in {c["code"] for c in [*gone, *v["categories"]]}:
            v["categories"].append({"code": code, "label": code})


def narrow(variables: list[Document], draw: Any) -> None:
    v = some(variables, draw, "integer")
    if v:
        v["max"] = draw(st.integers(100, 900))


def broaden(variables: list[Document], draw: Any) -> None:
    v = some(variables, draw, "integer")
    if v:
        v["max"] = draw(st.integers(200_000, 900_000))


def add_category(variables: list[Document], draw: Any) -> None:
    v = some(variables, draw, "category")
    code = f"x{draw(st.integers(0, 99))}"
    if v and code not in {c["code"] for c in v["categories"]}:
        v["categories"].append({"code": code, "label": code})


def change_kind(variables: list[Document], draw: Any) -> None:
    v = some(variables, draw, "integer")
    if v:
        v["type"] = "decimal"


EDITS: list[Edit] = [
    rename,
    reorder,
    reword,
    add,
    retire,
    split,
    merge,
    narrow,
    broaden,
    add_category,
    change_kind,
]


# ------------------------------------------------------------------ what is looked at


def cells(variables: set[int]) -> list[tuple[Any, ...]]:
    """The cells of these variables with the length of their history, to the byte."""
    rows = Cell.objects.filter(variable__in=variables).order_by("pk").values_list()
    return [(*row, Cell.history.filter(id=row[0]).count()) for row in rows]


def stored(pks: set[int]) -> list[tuple[Any, ...]]:
    return list(Value.objects.filter(pk__in=pks).order_by("pk").values_list())


def variables_of(book: Codebook) -> dict[str, int]:
    return {entry.name: entry.variable_id for entry in codebooks.entries(book)}


def bytes_of(release: Release) -> list[bytes]:
    found = []
    for file in release.manifest["files"]:
        with store.opened(file["sha256"]) as data:
            found.append(data.read())
    return found


def on_sheets() -> dict[int, dict[int, str]]:
    """By open sheet what it holds of each variable."""
    found: dict[int, dict[int, str]] = {
        pk: {} for pk in Coding.objects.values_list("pk", flat=True)
    }
    for coding, variable, text in Value.objects.values_list("coding", "variable", "text"):
        found[coding][variable] = text
    return found


def handled(world: World, recoding: Recoding, told: dict[str, work.Consequence]) -> None:
    """Every cell of the old variable is carried, on somebody's sheet, or told to have nobody."""
    name = Entry.objects.get(codebook=recoding.codebook, variable=recoding.new).name
    new = {c.case_id: c for c in Cell.objects.filter(variable=recoding.new)}
    left = 0
    for old in Cell.objects.filter(variable=recoding.old, case__in_universe=True):
        if old.case_id in new:
            assert new[old.case_id].recoding == recoding
            (line,) = Cell.history.filter(id=new[old.case_id].pk)
            assert line.history_change_reason == str(recoding)
            continue
        asking = Coding.objects.standing().filter(case=old.case_id, codebook=recoding.codebook)
        asked = asking.filter(asks__variable=recoding.new) | asking.filter(asks=None)
        if not asked.exists():
            left += 1
            assert not who_answered(world, old.case_id, recoding).exists()
    assert left == told[name].unassigned


def who_answered(world: World, case: int, recoding: Recoding) -> QuerySet[Member]:
    """Those who said something of the old variable on the case, and can still be asked."""
    meanings = publishing.ancestry(recoding.old)
    said = Value.objects.filter(variable__in=meanings, coding__case=case)
    able = Member.objects.filter(project=world.project).exclude(role="reader")
    return able.filter(user__in=said.values("coding__coder"))


# ------------------------------------------------------------------ the world that is changed


@pytest.fixture
def lived_in(world: World, tmp_path: Path) -> World:
    """Open, closed, half-open and disputed cases; one coder leaves after the first release."""
    cases = world.more_cases(3)
    answers = [("regime", "500"), ("territory", "50"), ("policy", "5000")]
    for case, (goal, troops) in zip(cases, answers, strict=True):
        for coder in (world.coder_a, world.coder_b):
            coding = Coding.objects.get(case=case, coder=coder)
            world.say(coding, goal)
            world.say(coding, troops if coder == world.coder_a else "500", "troops")
            world.say(coding, "1991", "end_date")
            if case != cases[2] or coder == world.coder_a:
                work.submit(coding=coding)
    world.say(world.coding_a, "policy", note="kept")
    world.say(world.coding_a, "77", "troops", certainty=2)
    cut(project=world.project, version="0.1.0", by=world.curator, allow_disputes=True)
    return world


def next_version(world: World, edits: list[Edit], draw: Any) -> dict[str, work.Consequence] | None:
    """One more version; None where the edits cancel out or the name was another's."""
    book = codebooks.current_or_refused(world.project)
    document = deepcopy(codebooks.document_of(book))
    for edit in edits:
        edit(document["variables"], draw)
    draft = codebooks.draft(project=world.project, document=document)
    if draft == book:
        return None
    rulings = {p.name: Ruling(typed_name=p.name) for p in publishing.proposals(draft)}
    told = publishing.consequences(draft, rulings)
    reused = publishing.faults(draft, rulings)
    if any("stood for another variable" in f for each in reused.values() for f in each):
        with pytest.raises(Refused, match="stood for another variable"):
            publishing.publish(draft=draft, by=world.curator, rulings=rulings)
        draft.delete()
        return None
    done = publishing.publish(draft=draft, by=world.curator, rulings=rulings)
    by_name = {each.name: each for each in told}
    for each in done:
        assert (each.cells, each.carried, each.queued, each.sheets, each.unassigned) == (
            by_name[each.name].cells,
            by_name[each.name].carried,
            by_name[each.name].queued,
            by_name[each.name].sheets,
            by_name[each.name].unassigned,
        )
    return {each.name: each for each in done}


@STEPS
@given(data=st.data())
def test_whatever_changes_only_what_is_touched_moves(lived_in: World, data: st.DataObject) -> None:
    with transaction.atomic():
        play(lived_in, data.draw)
        transaction.set_rollback(True)


def play(world: World, draw: Any) -> None:
    """Up to three versions, one after the other; somebody may have left before the first."""
    coders = [world.coder_a, world.coder_b]
    gone = draw(st.sampled_from([[], coders[:1], coders]))
    Member.objects.filter(user__in=gone).update(role="reader")
    release = Release.objects.get(version="0.1.0", project=world.project)
    released = bytes_of(release)
    for _ in range(draw(st.integers(1, 3))):
        was = set(variables_of(codebooks.current_or_refused(world.project)).values())
        said = set(Value.objects.values_list("pk", flat=True))
        before = stored(said), cells(was)
        sheets = on_sheets()
        opened = set(Coding.objects.open().values_list("pk", flat=True))

        done = next_version(world, draw(st.lists(st.sampled_from(EDITS), min_size=1)), draw)

        if done is None:
            continue
        after = codebooks.current_or_refused(world.project)
        # No value and no cell that was there is another; new ones are of new variables alone.
        assert (stored(said), cells(was)) == before
        fresh = Value.objects.exclude(pk__in=said).values_list("variable", flat=True)
        assert set(fresh) & was == set()
        for recoding in Recoding.objects.filter(codebook=after):
            handled(world, recoding, done)
        # Sheets that were open go on under the new codebook, and hold all that they held.
        going_on = Coding.objects.open().filter(pk__in=opened)
        assert {coding.codebook_id for coding in going_on} <= {after.pk}
        now = on_sheets()
        assert all(held.items() <= now[pk].items() for pk, held in sheets.items())
        assert all(names_keep(world, entry) for entry in codebooks.entries(after))
        assert bytes_of(release) == released
    asked = Coding.objects.open().filter(purpose__in=("recode", "top_up"))
    assert set(asked.values_list("coder", flat=True)) & {coder.pk for coder in gone} == set()
    assert all(coding.asks.exists() for coding in asked)


def names_keep(world: World, entry: Entry) -> bool:
    """Whether everything that ever had this name is the entry's variable or what it replaced."""
    line = publishing.ancestry(entry.variable)
    published = Entry.objects.filter(codebook__project=world.project, name=entry.name)
    published = published.exclude(codebook__published_at=None)
    return set(published.values_list("variable", flat=True)) <= line


def test_the_edits_reach_every_kind_of_change(lived_in: World) -> None:
    """The plays are no use if they never touch anything."""
    first = codebooks.current_or_refused(lived_in.project)
    found = set()
    for edit in EDITS:
        document = deepcopy(codebooks.document_of(first))
        edit(document["variables"], simplest)
        draft = codebooks.draft(project=lived_in.project, document=document)
        if draft != first:
            found |= {str(change) for p in publishing.proposals(draft) for change in [p.kind]}
            draft.delete()

    assert blind.all_cells(lived_in.project).count() == 6
    assert found == {
        "added",
        "broadened",
        "category added",
        "clarifying",
        "merged",
        "moved",
        "narrowed",
        "renamed",
        "replaced",
        "retired",
        "split",
    }


def simplest(strategy: Any) -> Any:
    """A draw without a run around it: the last of what there is to choose from."""
    return find(strategy, lambda _: True, settings=settings(database=None, max_examples=1))
