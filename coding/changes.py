"""What changed between two codebooks, as typed changes, and what each does to coded values."""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from coding import codebooks, shapes
from coding.models import Codebook, Entry, Variable


class Kind(StrEnum):
    """The field's words for a change. Those in `TOUCHING` say what a value means anew.

    What is only compared otherwise means what it meant: every value speaks on, and the cells are
    worked out again from the same codings.
    """

    EDITORIAL = "editorial"
    CLARIFYING = "clarifying"
    RENAMED = "renamed"
    MOVED = "moved"
    COMPARED = "compared anew"
    ADDED = "added"
    RETIRED = "retired"
    CATEGORY_ADDED = "category added"
    SPLIT = "split"
    MERGED = "merged"
    NARROWED = "narrowed"
    BROADENED = "broadened"
    RESCALED = "rescaled"
    REPLACED = "replaced"


WORDS = (Kind.EDITORIAL, Kind.CLARIFYING, Kind.RENAMED, Kind.MOVED)
TOUCHING = (
    Kind.CATEGORY_ADDED,
    Kind.SPLIT,
    Kind.MERGED,
    Kind.NARROWED,
    Kind.BROADENED,
    Kind.RESCALED,
    Kind.REPLACED,
)


@dataclass(frozen=True)
class Change:
    """One typed change of one entry; `before` and `after` are what a reader compares."""

    kind: Kind
    name: str
    part: str = ""
    before: str = ""
    after: str = ""


@dataclass
class Pair:
    """An entry of the old codebook beside its successor in the new one."""

    old: Entry | None
    new: Entry | None
    changes: list[Change] = field(default_factory=list)

    @property
    def name(self) -> str:
        entry = self.new or self.old
        return entry.name if entry else ""

    @property
    def is_new_variable(self) -> bool:
        """Whether values of the old entry do not speak for the new one by themselves."""
        return bool(self.old and self.new and self.old.variable_id != self.new.variable_id)


def compare(old: Codebook, new: Codebook) -> list[Pair]:
    """Every entry of either codebook with its changes, in the new one's order.

    An entry goes on where it points at the same variable, or at one that replaces it, at once or
    over versions between.
    """
    before, after = codebooks.entries(old), codebooks.entries(new)
    predecessors = _predecessors(before, after)
    moved = _moved([e for e in after if e.pk in predecessors], before, predecessors)
    pairs = [Pair(predecessors.get(e.pk), e) for e in after]
    kept = {e.pk for e in predecessors.values()}
    pairs += [Pair(e, None) for e in before if e.pk not in kept]
    for pair in pairs:
        pair.changes = list(_changes(pair, moved))
    return pairs


def _predecessors(before: Sequence[Entry], after: Sequence[Entry]) -> dict[int, Entry]:
    by_variable = {e.variable_id: e for e in before}
    replaced = {e.variable_id: e.variable.replaces_id for e in after}
    if any(v not in by_variable and r and r not in by_variable for v, r in replaced.items()):
        unit = after[0].variable.unit
        known = Variable.objects.filter(unit__project=unit.project_id, replaces__isnull=False)
        replaced |= dict(known.values_list("pk", "replaces"))
    lines = {entry.pk: _line(entry.variable_id, replaced) for entry in after}
    pairs = {
        pk: next((by_variable[v] for v in line if v in by_variable), None)
        for pk, line in lines.items()
    }
    return {pk: old for pk, old in pairs.items() if old}


def _line(variable: int, replaced: Mapping[int, int | None]) -> list[int]:
    """A variable and all that it replaces, the nearest first."""
    line: list[int] = []
    step: int | None = variable
    while step and step not in line:
        line.append(step)
        step = replaced.get(step)
    return line


def _moved(
    kept: Sequence[Entry], before: Sequence[Entry], predecessors: dict[int, Entry]
) -> set[int]:
    """Entries whose place among the kept ones changed: all but a longest unmoved run."""
    place = {e.pk: n for n, e in enumerate(before)}
    positions = [place[predecessors[e.pk].pk] for e in kept]
    tails: list[int] = []
    ends: list[list[int]] = []
    for index, position in enumerate(positions):
        at = bisect_left(tails, position)
        run = [*(ends[at - 1] if at else []), index]
        tails[at : at + 1], ends[at : at + 1] = [position], [run]
    still = set(ends[-1]) if ends else set()
    return {e.pk for index, e in enumerate(kept) if index not in still}


def _changes(pair: Pair, moved: set[int]) -> Iterator[Change]:
    old, new = pair.old, pair.new
    if new is None:
        assert old is not None
        yield Change(Kind.RETIRED, old.name, before=old.question)
        return
    if old is None:
        yield Change(Kind.ADDED, new.name, after=new.question)
        return
    if old.name != new.name:
        yield Change(Kind.RENAMED, new.name, "name", old.name, new.name)
    if new.pk in moved or old.section != new.section:
        yield Change(Kind.MOVED, new.name, "section", old.section, new.section)
    yield from _wordings(old, new)
    yield from _rules(old, new)
    yield from _comparing(old, new)
    if pair.is_new_variable:
        yield from _meanings(new.name, old.variable, new.variable)


def _wordings(old: Entry, new: Entry) -> Iterator[Change]:
    for part in ("label", "question", "rule", "example", "sources"):
        yield from _text(new.name, part, getattr(old, part), getattr(new, part))
    before = {c.code: c for c in old.categories.all()}
    for category in new.categories.all():
        if earlier := before.get(category.code):
            for part in ("label", *shapes.CATEGORY_WORDS):
                yield from _text(
                    new.name,
                    f"category {category.code}, {part}",
                    getattr(earlier, part),
                    getattr(category, part),
                )


def _text(name: str, part: str, before: str, after: str) -> Iterator[Change]:
    if before != after:
        same = _bare(before) == _bare(after)
        yield Change(Kind.EDITORIAL if same else Kind.CLARIFYING, name, part, before, after)


def _bare(text: str) -> str:
    """A text without what only an editor sees: case, punctuation and spaces."""
    return re.sub(r"[\W_]+", "", text).casefold()


def _rules(old: Entry, new: Entry) -> Iterator[Change]:
    for part, before, after in (
        ("skip rule", _skip(old), _skip(new)),
        ("checks", _checks(old), _checks(new)),
        ("computed", old.derive or old.derived_from, new.derive or new.derived_from),
        ("required", _yes(old.required), _yes(new.required)),
    ):
        if before != after:
            yield Change(Kind.CLARIFYING, new.name, part, before, after)
    for part, before, after in (
        ("offered as a filter", _yes(old.filter), _yes(new.filter)),
        ("weight of a dispute", str(old.weight), str(new.weight)),
        ("order of categories", _order(old, new), _order(new, old)),
        ("notes", _notes(old), _notes(new)),
    ):
        if before != after:
            yield Change(Kind.EDITORIAL, new.name, part, before, after)


def _comparing(old: Entry, new: Entry) -> Iterator[Change]:
    """How near two answers have to be to agree, and whether they have to at all."""
    for part, before, after in (
        ("tolerance", _plain(old.tolerance), _plain(new.tolerance)),
        ("compared between coders", _yes(old.compare), _yes(new.compare)),
    ):
        if before != after:
            yield Change(Kind.COMPARED, new.name, part, before, after)


def _plain(number: Decimal | None) -> str:
    return "" if number is None else f"{number.normalize():f}"


def _yes(flag: bool) -> str:
    return "yes" if flag else "no"


def _order(entry: Entry, other: Entry) -> str:
    """The codes that both have, in the order of the first."""
    shared = {c.code for c in other.categories.all()}
    return "; ".join(c.code for c in entry.categories.all() if c.code in shared)


def _notes(entry: Entry) -> str:
    """What a document says of an entry beyond what coders read."""
    if not entry.extra:
        return ""
    return json.dumps(entry.extra, ensure_ascii=False, sort_keys=True, indent=1)


def _skip(entry: Entry) -> str:
    return f"{entry.skip_if} → {entry.skip_value}" if entry.skip_if else ""


def _checks(entry: Entry) -> str:
    return "\n".join(f"{c['severity']}: {c['expr']} ({c['message']})" for c in entry.checks)


def _meanings(name: str, old: Variable, new: Variable) -> Iterator[Change]:
    """What makes it another variable; where nothing is said, the curator said so: replaced."""
    found = [*_structure(name, old, new), *_codes(name, old, new), *_limits(name, old, new)]
    yield from found or [Change(Kind.REPLACED, name, "meaning", str(old.kind), str(new.kind))]


def _structure(name: str, old: Variable, new: Variable) -> Iterator[Change]:
    for part in ("kind", "reference", "roster_of", "unit"):
        if getattr(old, part) != getattr(new, part):
            yield Change(Kind.REPLACED, name, part, *_both(old, new, part))
    for part in ("measure", "unit_of_measurement", "pattern"):
        if getattr(old, part) != getattr(new, part):
            yield Change(Kind.RESCALED, name, part, *_both(old, new, part))


def _both(old: Variable, new: Variable, part: str) -> tuple[str, str]:
    return str(getattr(old, part) or ""), str(getattr(new, part) or "")


def _codes(name: str, old: Variable, new: Variable) -> Iterator[Change]:
    gone = [c for c in old.codes if c not in new.codes]
    fresh = [c for c in new.codes if c not in old.codes]
    if not gone and not fresh:
        if old.codes != new.codes or old.exclusive != new.exclusive:
            yield Change(Kind.RESCALED, name, "codes", "; ".join(old.codes), "; ".join(new.codes))
        return
    kind = {(False, True): Kind.CATEGORY_ADDED, (True, False): Kind.NARROWED}.get(
        (bool(gone), bool(fresh)), Kind.REPLACED
    )
    if gone and fresh:
        kind = Kind.SPLIT if len(fresh) > len(gone) else Kind.MERGED
    if len(gone) == len(fresh) == 1:  # one code instead of another: nothing is put together
        kind = Kind.RESCALED
    yield Change(kind, name, "codes", "; ".join(gone), "; ".join(fresh))


def _limits(name: str, old: Variable, new: Variable) -> Iterator[Change]:
    for part, sign in (("minimum", 1), ("maximum", -1)):
        before, after = getattr(old, part), getattr(new, part)
        if before == after:
            continue
        wider = after is None or (before is not None and (before - after) * sign > 0)
        kind = Kind.BROADENED if wider else Kind.NARROWED
        yield Change(kind, name, part, *_both(old, new, part))
