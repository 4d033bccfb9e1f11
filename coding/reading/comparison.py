"""Two versions of a codebook side by side: what a page, a change log and a program read of it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import groupby

from coding import changes, codebooks, shapes
from coding.changes import Change, Kind, Pair
from coding.models import Category, Codebook, Entry, MissingCode, Unit
from coding.reading.words import GONE, NEW, Piece, marked

WORDS_OF_A_CATEGORY = ("label", *shapes.CATEGORY_WORDS)


@dataclass(frozen=True)
class Text:
    """A text before and after, with the words that changed."""

    before: str
    after: str

    @cached_property
    def pieces(self) -> list[Piece]:
        """Both in one."""
        return marked(self.before, self.after)

    @property
    def left(self) -> list[Piece]:
        """As it was, with what is gone marked."""
        return [piece for piece in self.pieces if piece.kind != NEW]

    @property
    def right(self) -> list[Piece]:
        """As it is, with what is new marked."""
        return [piece for piece in self.pieces if piece.kind != GONE]


@dataclass(frozen=True)
class Answer:
    """A category in both versions: same, added, removed or changed."""

    code: str
    state: str
    words: Mapping[str, Text]


@dataclass(frozen=True)
class Line:
    """A change with its text, as it is read."""

    kind: Kind
    part: str
    text: Text


@dataclass(frozen=True)
class Compared:
    """An entry in both versions."""

    pair: Pair

    @property
    def name(self) -> str:
        return self.pair.name

    @property
    def was(self) -> str:
        """Its name in the earlier version, where that was another."""
        old, new = self.pair.old, self.pair.new
        return old.name if old and new and old.name != new.name else ""

    @property
    def kinds(self) -> list[Kind]:
        """The kinds of its changes, each once, in the order of `Kind`."""
        found = {change.kind for change in self.pair.changes}
        return [kind for kind in Kind if kind in found]

    @property
    def entry(self) -> Entry:
        """As the later version has it; of what is retired, as it was."""
        entry = self.pair.new or self.pair.old
        assert entry is not None
        return entry

    @property
    def unit(self) -> Unit:
        return self.entry.variable.unit

    @property
    def place(self) -> tuple[str, str]:
        """Unit and section, where it stands or stood."""
        return str(self.unit), self.entry.section

    @cached_property
    def lines(self) -> list[Line]:
        """Its changes without the words of categories, which stand in `answers`."""
        found = [c for c in self.pair.changes if not c.part.startswith("category ")]
        return [Line(c.kind, c.part, Text(c.before, c.after)) for c in found]

    @cached_property
    def answers(self) -> list[Answer]:
        """Its categories, where any of them is not as before."""
        found = list(_answers(_categories(self.pair.old), _categories(self.pair.new)))
        return found if any(answer.state != "same" for answer in found) else []


@dataclass(frozen=True)
class Section:
    """Entries that stand together."""

    unit: str
    title: str
    entries: Sequence[Compared]

    @property
    def changed(self) -> list[Compared]:
        return [entry for entry in self.entries if entry.pair.changes]


@dataclass(frozen=True)
class Comparison:
    """Two versions of one project's codebook, the earlier first."""

    before: Codebook
    after: Codebook
    head: Sequence[tuple[str, Text]]
    entries: Sequence[Compared]

    @property
    def sections(self) -> list[Section]:
        """In the order of the later version; what is retired stands where it stood."""
        ordered = sorted(self.entries, key=self._rank)
        return [
            Section(unit, title, list(found))
            for (unit, title), found in groupby(ordered, key=lambda entry: entry.place)
        ]

    def _rank(self, entry: Compared) -> int:
        return self._places.setdefault(entry.place, len(self._places))

    @cached_property
    def _places(self) -> dict[tuple[str, str], int]:
        return {}

    @property
    def changed(self) -> list[Compared]:
        return [entry for entry in self.entries if entry.pair.changes]

    @property
    def counts(self) -> dict[Kind, int]:
        """How many entries have a change of each kind."""
        return counted([entry.pair for entry in self.entries])


def compare(before: Codebook, after: Codebook) -> Comparison:
    """Everything in which two versions differ; of published ones, worked out once a process."""
    if before.published_at and after.published_at:
        return _compared(before, after, before.digest, after.digest)
    return _compare(before, after)


@lru_cache(maxsize=8)
def _compared(before: Codebook, after: Codebook, *digests: str) -> Comparison:
    return _compare(before, after)


def _compare(before: Codebook, after: Codebook) -> Comparison:
    return Comparison(
        before,
        after,
        list(_head(before, after)),
        [Compared(pair) for pair in changes.compare(before, after)],
    )


def counted(pairs: Sequence[Pair]) -> dict[Kind, int]:
    """How many entries have a change of each kind, in the order of `Kind`."""
    found = Counter(kind for pair in pairs for kind in {change.kind for change in pair.changes})
    return {kind: found[kind] for kind in Kind if found[kind]}


def counts_between(before: Codebook, after: Codebook) -> dict[Kind, int]:
    """The counts alone; of published versions, which cannot change, worked out once a process."""
    if before.published_at and after.published_at:
        return _counts_between(before, after, before.digest, after.digest)
    return counted(changes.compare(before, after))


@lru_cache(maxsize=256)
def _counts_between(before: Codebook, after: Codebook, *digests: str) -> dict[Kind, int]:
    return counted(changes.compare(before, after))


# ------------------------------------------------------------------ categories


def _categories(entry: Entry | None) -> list[Category]:
    return list(entry.categories.all()) if entry else []


def _answers(before: Sequence[Category], after: Sequence[Category]) -> Iterator[Answer]:
    """In the order of the later version; what is removed follows what it followed."""
    old, new = {c.code: c for c in before}, {c.code: c for c in after}
    gone: dict[str, list[str]] = {}
    anchor = ""
    for code in old:
        if code in new:
            anchor = code
        else:
            gone.setdefault(anchor, []).append(code)
    order = list(gone.get("", []))
    for code in new:
        order += [code, *gone.get(code, [])]
    for code in order:
        yield _answer(code, old.get(code), new.get(code))


def _answer(code: str, old: Category | None, new: Category | None) -> Answer:
    words = {
        word: Text(getattr(old, word, ""), getattr(new, word, "")) for word in WORDS_OF_A_CATEGORY
    }
    state = "same"
    if old is None or new is None:
        state = "added" if new else "removed"
    elif any(text.before != text.after for text in words.values()):
        state = "changed"
    return Answer(code, state, {w: t for w, t in words.items() if t.before or t.after})


# ------------------------------------------------------------------ beyond the entries


def _head(before: Codebook, after: Codebook) -> Iterator[tuple[str, Text]]:
    """Title, units, missing codes and prose: each part in which the versions differ."""
    old, new = _parts(before), _parts(after)
    for part in [*new, *(part for part in old if part not in new)]:
        text = Text(old.get(part, ""), new.get(part, ""))
        if text.before != text.after:
            yield part, text


def _parts(codebook: Codebook) -> dict[str, str]:
    parts = {"title": codebook.title}
    head = codebook.document.get("codebook", {})
    parts |= {f"unit {unit['id']}": _lines(unit) for unit in head.get("units", [])}
    parts |= {f"missing code {code.code}": _missing(code) for code in _missing_codes(codebook)}
    rest = {key: value for key, value in codebook.document.items() if key != "codebook"}
    parts |= {key: _written(value) for key, value in head.items() if key != "units"}
    return parts | {key: _written(value) for key, value in rest.items()}


def _missing_codes(codebook: Codebook) -> list[MissingCode]:
    """At hand with the entries."""
    entries = codebooks.entries(codebook)
    return list((entries[0].codebook if entries else codebook).missing_codes.all())


def _missing(code: MissingCode) -> str:
    note = "A note is needed." if code.needs_note else ""
    told = f"Set by: {code.get_set_by_display()}. "
    told += f"In reliability: {code.get_in_reliability_display()}."
    return "\n".join(filter(None, [f"{code.label} ({code.key})", code.meaning, told, note]))


def _lines(unit: Mapping[str, object]) -> str:
    """One key a line, in one order: files may have another."""
    keys = [*shapes.UNIT, *sorted(set(unit) - set(shapes.UNIT))]
    return "\n".join(f"{key}: {_written(unit[key])}" for key in keys if key in unit and key != "id")


def _written(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return "; ".join(value)
    return json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1)


# ------------------------------------------------------------------ for programs

FORMAT = "casebook-comparison-1"


def plain(comparison: Comparison) -> dict[str, object]:
    """The comparison as plain data, of a stable shape: `format` names it.

    `counts`: entries by kind of change. `codebook`: parts beyond the entries. `entries`: those
    that changed, in the order of the later version, retired ones last; each change has a kind, a
    part and the texts before and after; of categories, all that were added, removed or changed.
    """
    return {
        "format": FORMAT,
        "project": comparison.after.project.slug,
        "before": _version(comparison.before),
        "after": _version(comparison.after),
        "counts": {str(kind): count for kind, count in comparison.counts.items()},
        "codebook": [
            {"part": part, "before": text.before, "after": text.after}
            for part, text in comparison.head
        ],
        "entries": [_entry(entry) for entry in comparison.changed],
    }


def _version(codebook: Codebook) -> dict[str, object]:
    at = codebook.published_at
    return {
        "number": codebook.number,
        "title": codebook.title,
        "published_at": at.isoformat() if at else None,
        "digest": digest_of(codebook),
    }


def digest_of(codebook: Codebook) -> str:
    """Of a draft, what it would be if it were published now."""
    return codebook.digest or codebooks.digest_of(codebook)


def _entry(entry: Compared) -> dict[str, object]:
    return {
        "name": entry.name,
        "was": entry.was or None,
        "unit": entry.unit.name,
        "section": entry.place[1],
        "changes": [_change(change) for change in entry.pair.changes],
        "categories": [_category(a) for a in entry.answers if a.state != "same"],
    }


def _change(change: Change) -> dict[str, str]:
    return {
        "kind": str(change.kind),
        "part": change.part,
        "before": change.before,
        "after": change.after,
    }


def _category(answer: Answer) -> dict[str, object]:
    before = {word: text.before for word, text in answer.words.items() if text.before}
    after = {word: text.after for word, text in answer.words.items() if text.after}
    return {
        "code": answer.code,
        "state": answer.state,
        "before": None if answer.state == "added" else before,
        "after": None if answer.state == "removed" else after,
    }
