"""What a coder would see of an entry that is being written: drawn from its document alone."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone

from coding import canonical, codebooks, documents, entry_rows, rules
from coding.blind import Said
from coding.canonical import Invalid
from coding.documents import Document
from coding.drafting import Draft
from coding.models import Case, Category, Codebook, Coding, Entry, Unit, Variable
from coding.sittings import Sheet
from coding.views.questions import Question

_SAMPLES = {"date": "1991-02-28", "text": "An answer in a few words.", "boolean": "1"}


@dataclass(frozen=True)
class Preview:
    """An entry on a sheet with an answer made up, and its rule beside it."""

    question: Question
    entry: Entry


def preview(draft: Draft, document: Document, doubted: set[str]) -> Preview | None:
    """The entry as a coder would see it; None where too little is said yet.

    `doubted` are keys that something is wrong with: they are left out.
    """
    sound = {k: v for k, v in document.items() if k not in doubted or k in ("name", "question")}
    sound |= {"name": str(document.get("name") or "name")}
    listed = [c for c in document.get("categories", ()) if str(c["code"]) and str(c["label"])]
    if "type" not in sound or "unit" not in sound:
        return None
    sound |= {"categories": list({str(c["code"]): c for c in listed}.values())}
    entry = _entry(draft, documents.normal({"variables": [sound]})["variables"][0])
    states = codebooks.states_of(draft.project.pk) if _of_states(entry) else {}
    return Preview(_question(entry, states), entry)


def _entry(draft: Draft, document: Document) -> Entry:
    """The rows of the entry, not saved."""
    units = {unit.name: unit for unit in draft.project.units.all()}
    for said in draft.head.get("units", []):
        units.setdefault(said["id"], Unit(name=said["id"], label=said.get("label", said["id"])))
    variable = Variable(**entry_rows.meaning(document, units))
    book = Codebook.objects.prefetch_related("missing_codes").get(pk=draft.codebook.pk)
    entry = Entry(pk=0, codebook=book, variable=variable, position=0, **entry_rows.words(document))
    categories = [Category(entry=entry, **said) for said in entry_rows.categories(document)]
    entry._prefetched_objects_cache = {"categories": categories}  # type: ignore[attr-defined]
    return entry


def _of_states(entry: Entry) -> bool:
    return entry.variable.kind == Variable.Kind.STATE or entry.domain.of_states


def _question(entry: Entry, states: dict[str, str]) -> Question:
    asked = _without_rules(entry)
    answer = _sample(asked, states)
    said = {asked.name: Said(0, answer, "", 3, timezone.now())} if answer else {}
    case = Case(unit=asked.variable.unit, key="A/1", title="The row's title")
    coding = Coding(case=case, codebook=asked.codebook)
    sheet = Sheet(coding, (asked,), said, rules.Surroundings())
    return Question(asked, sheet, 1, states)


def _without_rules(entry: Entry) -> Entry:
    """The entry as it is asked where no rule skips it: rules read answers that are not there."""
    asked = Entry(
        pk=0,
        codebook=entry.codebook,
        variable=entry.variable,
        position=0,
        name=entry.name,
        label=entry.label,
        question=entry.question,
        derived_from=entry.derive or entry.derived_from,
    )
    asked._prefetched_objects_cache = {"categories": entry.categories.all()}  # type: ignore[attr-defined]
    return asked


def _sample(entry: Entry, states: dict[str, str]) -> str:
    """An answer that may stand here, made up; "" where none comes to mind."""
    variable = entry.variable
    chosen = next(iter(entry.domain.categories), "") or next(iter(states), "")
    number = str(variable.minimum.normalize()) if variable.minimum is not None else "12"
    made_up = _SAMPLES | {"integer": number, "decimal": number}
    text = made_up.get(variable.kind, chosen) if not entry.is_computed else ""
    try:
        return canonical.parse(text, entry.domain, states) if text else ""
    except Invalid:
        return ""
